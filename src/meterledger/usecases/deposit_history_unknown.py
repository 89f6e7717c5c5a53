"""Money of which nobody knows whether it came: what of it an account's history waits for.

Lives here      checkouts whose outcome is unknown, and the refusal to decide before it is known.
Lives elsewhere receipts of unknown outcome and the history itself (``deposit_history``), asking the
                processor (``checkouts``).
Read first      docs/operating/deposits.md, "What our own books say".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from meterledger.facts.checkouts import CheckoutOnFile, CheckoutState
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal


class UnknownMoney(NamedTuple):
    """The day on which it came, if it came, cents, and whether it came by mail."""

    day: date
    cents: int
    is_mailed: bool = False


class WaitsForPayment(Refusal):
    """The answer rests on money of which nobody knows whether it came."""


class CheckoutReads(Protocol):
    """What this needs of the store."""

    def checkouts(
        self, *, account_ids: Collection[str] | None = None, state: CheckoutState | None = None
    ) -> Sequence[CheckoutOnFile]:
        """Payments by card or wallet that were begun, the oldest first."""

    def unknown_receipt_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, int]:
        """Cents of receipts whose outcome was unknown at the instant; other accounts are left
        out."""


def unknown_checkouts(
    account_id: str, known_at: datetime, store: CheckoutReads, *, time_zone: str
) -> list[UnknownMoney]:
    """Checkouts whose outcome was not known at an instant; one that was paid came when it began."""
    found = []
    for one in store.checkouts(account_ids=[account_id]):
        if one.checkout.started_at > known_at:
            continue
        steps = tuple(step for step in one.steps if step.learned_at <= known_at)
        if CheckoutOnFile(one.checkout, steps).may_have_come:
            day = local_day_of(one.checkout.started_at, time_zone)
            found.append(UnknownMoney(day, one.checkout.cents))
    return found


def any_unknown_cents(
    account_id: str, known_at: datetime, store: CheckoutReads, *, time_zone: str
) -> int:
    """All that may have come to the account, on whatever day."""
    checkouts = unknown_checkouts(account_id, known_at, store, time_zone=time_zone)
    receipts = store.unknown_receipt_cents([account_id], known_at).get(account_id, 0)
    return receipts + sum(one.cents for one in checkouts)


def waits_for(account_id: str, cents: int) -> WaitsForPayment:
    """The refusal to decide while so much may have come to the account."""
    return WaitsForPayment(
        f"Nobody knows yet whether {usd_display(Cents(cents))} came to account {account_id}",
        where=f"account {account_id}",
        why="How its bills were paid, and what it owes, depends on that payment",
        do="Decide once the outcome is known: ask the processor or the bank",
    )
