"""What was written off is owed as before: a credit pays it before anything goes back.

Lives here      the refusal, and the way out in words.
Lives elsewhere refunds and final credits (``refund_credit``), write-offs (``write_off``).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

from meterledger.kernel.money import usd_display
from meterledger.usecases.settlements import CannotSettle, MoneyDesk, credit_cents
from meterledger.usecases.write_off import written_off_cents

PAYS_FIRST = (
    "take the write-off back with `meterledger settlement undo`, so that the credit pays what is "
    "owed, and write off what is left"
)


def refuse_written_off(account_id: str, cents: int, desk: MoneyDesk) -> None:
    """What was written off is owed as before: credit that comes later is the customer's beyond it.

    :raises CannotSettle: naming how much is written off, and the way out
    """
    written_off = written_off_cents(account_id, desk)
    if written_off > 0 and cents > credit_cents(account_id, desk) - written_off:
        raise CannotSettle(
            f"{usd_display(written_off)} of account {account_id} is written off and not recovered",
            where=f"account {account_id}",
            why="It is owed as before, and a credit pays it before anything goes back",
            do=f"{PAYS_FIRST[0].upper()}{PAYS_FIRST[1:]}",
        )
