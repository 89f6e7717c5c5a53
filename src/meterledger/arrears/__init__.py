"""The arrears room: what may be done about an unpaid balance, and what protects against it.

Others may call the decisions named in ``__all__``; README.md says what is decided here.
"""

from meterledger.arrears import late_agreements, late_government, late_payment, timely_payment
from meterledger.arrears.deposit_rules import DEPOSIT_RULES
from meterledger.arrears.late_agreements import decide_agreement_charge
from meterledger.arrears.late_payment import decide_ground, decide_late_charge
from meterledger.arrears.timely_payment import decide_delinquent_date, decide_grace, decide_timely
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
    "RULES",
    "decide_agreement_charge",
    "decide_delinquent_date",
    "decide_grace",
    "decide_ground",
    "decide_late_charge",
    "decide_timely",
]
