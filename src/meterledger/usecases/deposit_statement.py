"""What a final bill says of the deposit that was credited to it, from the journal.

Lives here      the sentences, from entries that are read for the statement anyway.
Lives elsewhere crediting it (``deposit_back``), the statement (``make_statement``).
Read first      GRR VI.C.4.
"""

from __future__ import annotations

from collections.abc import Sequence

from meterledger.facts.deposits import AGAIN
from meterledger.facts.money import Entry
from meterledger.kernel.money import usd_display
from meterledger.ledger import DEPOSITS, RECEIVABLE

APPLIED = "deposit-applied:"


def deposit_messages(
    bill_id: str, account_id: str, entries: Sequence[Entry], *, asked_cents: int
) -> tuple[str, ...]:
    """Sentences for the bill that a deposit was credited to; none for any other bill.

    ``asked_cents`` is what the bill asks without it.
    """
    credits_ = [one for one in entries if _is_credit(one.reverses or one.entry_id, bill_id)]
    if not credits_:
        return ()
    if not _of(credits_, RECEIVABLE, account_id):
        return (
            "The deposit that had paid this bill was paid with money that came back: please pay "
            f"{usd_display(asked_cents)}.",
        )
    credited = -_of(credits_, RECEIVABLE, account_id)
    left = asked_cents - credited
    rest = f"please pay {usd_display(left)}" if left > 0 else "nothing is left to pay"
    told = [f"{usd_display(credited)} of your deposit, with its interest, pay this bill: {rest}."]
    until = max(one.effective_day for one in credits_)
    held = -_of([one for one in entries if one.effective_day <= until], DEPOSITS, account_id)
    if held > 0 and not any(one.reverses for one in credits_):
        told.append(f"{usd_display(held)} of the deposit remain, and are yours.")
    return tuple(told)


def _is_credit(entry_id: str, bill_id: str) -> bool:
    """Whether an entry credits a deposit to a bill, first or anew after a payment came back."""
    return entry_id.startswith(APPLIED) and entry_id.partition(AGAIN)[0].endswith(
        f".applied.{bill_id}"
    )


def _of(entries: Sequence[Entry], ledger_account: str, account_id: str) -> int:
    return sum(
        leg.cents
        for entry in entries
        for leg in entry.legs
        if leg.ledger_account == ledger_account and leg.customer_account_id == account_id
    )
