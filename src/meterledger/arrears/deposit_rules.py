"""All rules of the deposit chapter (GRR VI), for the room's list."""

from __future__ import annotations

from meterledger.arrears.deposit_continued import CONTINUED_DEPOSIT
from meterledger.arrears.deposit_final import FINAL_CREDIT, FINAL_REMAINDER
from meterledger.arrears.deposit_initial import INITIAL_DEPOSIT
from meterledger.arrears.deposit_instalments import INSTALMENT_RULE
from meterledger.arrears.deposit_interest import INTEREST
from meterledger.arrears.deposit_limits import (
    CONTINUED_LIMIT,
    NON_RESIDENTIAL_LIMIT,
    RESIDENTIAL_LIMIT,
)
from meterledger.arrears.deposit_nonresidential import NON_RESIDENTIAL_DEPOSIT
from meterledger.arrears.deposit_notice import DEPOSIT_NOTICE
from meterledger.arrears.deposit_refunds import NON_RESIDENTIAL_REFUND, RESIDENTIAL_REFUND
from meterledger.arrears.deposit_returns import APPLY_DEPOSIT, RETURN_EFFORTS
from meterledger.arrears.deposit_winter import EARLIER_DEPOSIT

DEPOSIT_RULES = (
    INITIAL_DEPOSIT,
    CONTINUED_DEPOSIT,
    EARLIER_DEPOSIT,
    INSTALMENT_RULE,
    DEPOSIT_NOTICE,
    NON_RESIDENTIAL_DEPOSIT,
    RESIDENTIAL_LIMIT,
    NON_RESIDENTIAL_LIMIT,
    CONTINUED_LIMIT,
    RESIDENTIAL_REFUND,
    NON_RESIDENTIAL_REFUND,
    APPLY_DEPOSIT,
    RETURN_EFFORTS,
    INTEREST,
    FINAL_CREDIT,
    FINAL_REMAINDER,
)
