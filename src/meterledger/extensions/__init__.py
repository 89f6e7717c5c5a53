"""The extensions room: what a line extension costs its customer, and what is refunded.

Others may call the decisions named in ``__all__``; README.md says what is decided here.
"""

from meterledger.extensions import (
    construction,
    guarantee,
    legacy_facilities,
    refundable_deposit,
    special_facilities,
)
from meterledger.extensions.construction import CONSTRUCTION, ConstructionFacts
from meterledger.extensions.guarantee import (
    GUARANTEE_AMOUNT,
    GUARANTEE_BILL,
    GUARANTEE_NEED,
    GuaranteeAmountFacts,
    GuaranteeBillFacts,
    GuaranteeNeedFacts,
    GuaranteeState,
)
from meterledger.extensions.legacy_facilities import (
    LEGACY_CHARGE,
    Group,
    LegacyChargeFacts,
    Option,
)
from meterledger.extensions.refundable_deposit import (
    DEPOSIT_ASKED,
    DEPOSIT_REFUND,
    REFUND_DATES,
    Connected,
    DepositAskedFacts,
    Depositor,
    DepositRefundFacts,
    RefundDatesFacts,
    RefundKey,
)
from meterledger.extensions.special_facilities import (
    CONTRIBUTION,
    FACILITY_CHANGE,
    SPECIAL_REQUEST,
    Change,
    ContributionFacts,
    FacilityChangeFacts,
    SpecialRequestFacts,
)
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (
    *refundable_deposit.RULES,
    *construction.RULES,
    *guarantee.RULES,
    *special_facilities.RULES,
    *legacy_facilities.RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "CONSTRUCTION",
    "CONTRIBUTION",
    "DEPOSIT_ASKED",
    "DEPOSIT_REFUND",
    "FACILITY_CHANGE",
    "GUARANTEE_AMOUNT",
    "GUARANTEE_BILL",
    "GUARANTEE_NEED",
    "LEGACY_CHARGE",
    "REFUND_DATES",
    "RULES",
    "SPECIAL_REQUEST",
    "Change",
    "Connected",
    "ConstructionFacts",
    "ContributionFacts",
    "DepositAskedFacts",
    "DepositRefundFacts",
    "Depositor",
    "FacilityChangeFacts",
    "Group",
    "GuaranteeAmountFacts",
    "GuaranteeBillFacts",
    "GuaranteeNeedFacts",
    "GuaranteeState",
    "LegacyChargeFacts",
    "Option",
    "RefundDatesFacts",
    "RefundKey",
    "SpecialRequestFacts",
]
