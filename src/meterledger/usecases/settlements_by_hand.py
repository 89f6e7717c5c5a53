"""What one person asks for on an account by hand, and another approves: credits and charges.

Lives here      the name of the ask, once a day, and the settlement that waits.
Lives elsewhere what may be asked for (``refund_credit.give_credit``, ``special_charges``), what a
                second person does (``approve_settlement``, ``settlements``).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

from meterledger.facts.settlements import SettlementKind
from meterledger.usecases.deposit_remainders import next_name
from meterledger.usecases.settlements import (
    CannotSettle,
    Decided,
    MoneyDesk,
    Settled,
    kept,
    new_settlement,
)

KEY_MAX = 20


def ask_by_hand(
    kind: SettlementKind,
    noun: str,
    decided: Decided,
    *,
    account_id: str,
    cents: int,
    by: str,
    reason: str,
    desk: MoneyDesk,
    key: str,
    about: str = "",
) -> Settled:
    """Ask for it; another person approves it. ``key`` tells two of one day and amount apart.

    The same of one day is asked for once; after it was refused or taken back it may be asked for
    anew, under the next number.

    :raises CannotSettle: if ``key`` is not made of letters and digits, or too long
    :raises Conflict: if the same was asked with another meaning
    """
    if key and not (len(key) <= KEY_MAX and key.isascii() and key.isalnum()):
        raise CannotSettle(
            f"'{key[:40]}' does not tell two {noun} apart",
            where=f"account {account_id}",
            do=f"Give up to {KEY_MAX} letters and digits",
        )
    name = f"{account_id}-{desk.on:%Y%m%d}-{cents}" + (f".{key}" if key else "")
    name, _ = next_name(name, account_id, desk, kind=kind)
    write = new_settlement(
        kind,
        name,
        decided,
        account_id=account_id,
        cents=cents,
        by=by,
        reason=reason,
        desk=desk,
        approved=False,
        needs_two=True,
        about=about,
    )
    return Settled(*kept(write, desk))
