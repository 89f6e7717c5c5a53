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
from meterledger.extensions.construction import decide_construction
from meterledger.extensions.guarantee import (
    GuaranteeState,
    decide_guarantee_amount,
    decide_guarantee_bill,
    decide_guarantee_need,
)
from meterledger.extensions.legacy_facilities import decide_legacy_charge
from meterledger.extensions.refundable_deposit import (
    RefundKey,
    decide_deposit_asked,
    decide_deposit_refund,
    decide_refund_dates,
)
from meterledger.extensions.special_facilities import (
    decide_contribution,
    decide_facility_billing,
    decide_facility_change,
    decide_special_request,
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
    "RULES",
    "GuaranteeState",
    "RefundKey",
    "decide_construction",
    "decide_contribution",
    "decide_deposit_asked",
    "decide_deposit_refund",
    "decide_facility_billing",
    "decide_facility_change",
    "decide_guarantee_amount",
    "decide_guarantee_bill",
    "decide_guarantee_need",
    "decide_legacy_charge",
    "decide_refund_dates",
    "decide_special_request",
]
