"""Credits of net metering: granted by a bill, used by those after it, expired after months.

Lives here      what is open of an account's credits, of what its bills granted and used.
Lives elsewhere what one bill grants and uses (``rating``), reading it off the bills that were
                issued (``usecases/beside_usage``).
Read first      RSMo 386.890; docs/reference/tariff_files.md, "A programme beside a schedule".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal


class CreditsOverused(Refusal):
    """Bills used more credit than the bills before them granted."""


@dataclass(frozen=True, slots=True)
class CreditsOfBill:
    """What one bill did: ``day`` is the day after its last, on which its grant is issued.

    ``expires_months`` is how many months a credit lasted by that bill.
    """

    day: date
    used_cents: int
    granted_cents: int
    expires_months: int


@dataclass(frozen=True, slots=True)
class CreditAccount:
    """Every cent granted is used, expired or open.

    ``open`` has (day of issue, cents), oldest first.
    """

    open: tuple[tuple[date, int], ...]
    granted_cents: int = 0
    used_cents: int = 0
    expired_cents: int = 0

    @property
    def open_cents(self) -> int:
        """What may still be used."""
        return sum(cents for _, cents in self.open)


def credit_account(bills: Sequence[CreditsOfBill], on: date, expires_months: int) -> CreditAccount:
    """What is open on a day, of what an account's bills did, oldest bill first.

    A credit counts up to the day ``expires_months`` months after its issue; the oldest is used
    first.

    :raises CreditsOverused: if a bill used what no bill before it granted
    """
    left: list[tuple[date, int]] = []
    granted = used = expired = 0
    for bill in bills:
        left, gone = _expire(left, bill.day, bill.expires_months)
        expired += gone
        left = _use(left, bill)
        used += bill.used_cents
        if bill.granted_cents:
            left.append((bill.day, bill.granted_cents))
            granted += bill.granted_cents
    left, gone = _expire(left, on, expires_months)
    return CreditAccount(tuple(left), granted, used, expired + gone)


def _expire(
    left: Sequence[tuple[date, int]], on: date, months: int
) -> tuple[list[tuple[date, int]], int]:
    kept = [(issued, cents) for issued, cents in left if on <= months_after(issued, months)]
    return kept, sum(cents for _, cents in left) - sum(cents for _, cents in kept)


def _use(left: Sequence[tuple[date, int]], bill: CreditsOfBill) -> list[tuple[date, int]]:
    to_use, rest = bill.used_cents, []
    for issued, cents in left:
        taken = min(cents, to_use)
        to_use -= taken
        if cents > taken:
            rest.append((issued, cents - taken))
    if to_use:
        raise CreditsOverused(
            f"The bill until {bill.day} used {to_use} cents of credit for energy received that no "
            "bill before it grants",
            why="A bill that granted them was corrected since, and this one was not",
            do="Correct the later bill too, with `meterledger rebill`",
        )
    return rest
