"""The programs room: who may have which help or credit, and how much.

Others may call ``credit_account``: what is open of the credits of net metering. README.md beside
this file says what else will be decided here.
"""

from meterledger.programs.net_credits import (
    CreditAccount,
    CreditsOfBill,
    CreditsOverused,
    credit_account,
)

__all__ = ["CreditAccount", "CreditsOfBill", "CreditsOverused", "credit_account"]
