"""The arrears room: what may be done about an unpaid balance, and what protects against it.

Others may call the decisions named in ``__all__``; README.md says what is decided here.
"""

from meterledger.arrears import late_agreements, late_government, late_payment, timely_payment
from meterledger.arrears.deposit_continued import decide_continued_deposit
from meterledger.arrears.deposit_facts import ONE_DEFINITION, TIMELY_READING
from meterledger.arrears.deposit_final import decide_final_credit, decide_remainder
from meterledger.arrears.deposit_initial import decide_initial_deposit
from meterledger.arrears.deposit_instalments import decide_instalments
from meterledger.arrears.deposit_interest import decide_interest
from meterledger.arrears.deposit_limits import (
    decide_continued_limit,
    decide_nonresidential_limit,
    decide_residential_limit,
)
from meterledger.arrears.deposit_nonresidential import decide_nonresidential_deposit
from meterledger.arrears.deposit_notice import decide_deposit_notice
from meterledger.arrears.deposit_refunds import (
    decide_nonresidential_refund,
    decide_residential_refund,
)
from meterledger.arrears.deposit_returns import decide_apply, decide_efforts
from meterledger.arrears.deposit_rules import DEPOSIT_RULES
from meterledger.arrears.deposit_winter import decide_earlier_deposit
from meterledger.arrears.late_agreements import (
    AGREEMENT_CHARGE,
    AgreementCharge,
    AgreementFacts,
    AgreementKind,
    CustomerSide,
    decide_agreement_charge,
)
from meterledger.arrears.late_facts import Holder
from meterledger.arrears.late_government import GOVERNMENT_ACCOUNT, GovernmentFacts, GovernmentTerms
from meterledger.arrears.late_payment import (
    LATE_CHARGE,
    LateChargeFacts,
    decide_ground,
    decide_late_charge,
)
from meterledger.arrears.timely_payment import (
    DELINQUENT_DATE,
    GRACE,
    Channel,
    DelinquentDateFacts,
    GraceFacts,
    TimelyFacts,
    decide_delinquent_date,
    decide_grace,
    decide_timely,
)
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (
    *late_payment.RULES,
    *late_agreements.RULES,
    *late_government.RULES,
    *timely_payment.RULES,
    *DEPOSIT_RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "AGREEMENT_CHARGE",
    "DELINQUENT_DATE",
    "GOVERNMENT_ACCOUNT",
    "GRACE",
    "LATE_CHARGE",
    "ONE_DEFINITION",
    "RULES",
    "TIMELY_READING",
    "AgreementCharge",
    "AgreementFacts",
    "AgreementKind",
    "Channel",
    "CustomerSide",
    "DelinquentDateFacts",
    "GovernmentFacts",
    "GovernmentTerms",
    "GraceFacts",
    "Holder",
    "LateChargeFacts",
    "TimelyFacts",
    "decide_agreement_charge",
    "decide_apply",
    "decide_continued_deposit",
    "decide_continued_limit",
    "decide_delinquent_date",
    "decide_deposit_notice",
    "decide_earlier_deposit",
    "decide_efforts",
    "decide_final_credit",
    "decide_grace",
    "decide_ground",
    "decide_initial_deposit",
    "decide_instalments",
    "decide_interest",
    "decide_late_charge",
    "decide_nonresidential_deposit",
    "decide_nonresidential_limit",
    "decide_nonresidential_refund",
    "decide_remainder",
    "decide_residential_limit",
    "decide_residential_refund",
    "decide_timely",
]
