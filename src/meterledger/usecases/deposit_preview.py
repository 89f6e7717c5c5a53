"""Look whether a deposit may be asked for, before anybody asks: the decision with its reasons.

Lives here      the decision as a page shows it, its fingerprint, and asking only for what was seen.
Lives elsewhere the decision itself (``deposit_decide``), asking for it (``deposit_ask``).
Read first      docs/operating/deposits.md, "May it be asked for".
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.facts.deposits import Part
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.deposit_ask import (
    Asked,
    DepositRefused,
    Desk,
    Wanted,
    ask_deposit,
    consider_wanted,
    prepare,
)
from meterledger.usecases.deposit_decide import Considered
from meterledger.usecases.deposit_record import Ruled


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of asking now. Nothing of it is kept."""

    considered: Considered
    rulings: tuple[Ruled, ...]
    cents: int
    """What would be asked for; zero where nothing may be."""
    parts: tuple[Part, ...]
    refusal: Refusal | None
    """Why it cannot be asked for now."""

    @property
    def seen(self) -> str:
        """A fingerprint of whether, and of the most, with the facts; whatever amount is asked."""
        told = [one.ruling.as_json() | {"facts": one.facts} for one in self.considered.rulings]
        return sha256_hex(canonical_bytes(told))[:16]


def preview_deposit(wanted: Wanted, desk: Desk) -> Preview:
    """Decide as asking would, and write nothing.

    :raises Refusal: where what is told is not enough to decide, or contradicts our books
    """
    considered = consider_wanted(wanted, desk)
    try:
        made = prepare(wanted, considered, desk)
    except DepositRefused as refusal:
        return Preview(considered, considered.rulings, 0, (), refusal)
    return Preview(considered, made.rulings, made.cents, made.parts, None)


def ask_as_seen(wanted: Wanted, seen: str, *, reason: str, desk: Desk) -> Asked:
    """Ask for a deposit whose decision somebody has seen.

    :raises DepositRefused: if it is decided otherwise now, or as ``ask_deposit``
    """
    if seen != preview_deposit(wanted, desk).seen:
        raise DepositRefused(
            "It is decided otherwise now than on the page that was looked at",
            where=f"account {wanted.account_id}",
            why="A bill or a payment came meanwhile, or other facts were told",
            do="Look at the decision again below, and ask then",
        )
    return ask_deposit(
        wanted.account_id,
        wanted.kind,
        on=wanted.on,
        told=wanted.told,
        cents=wanted.cents,
        reason=reason,
        desk=desk,
        earlier_accounts=wanted.earlier_accounts,
        notice=wanted.notice,
    )
