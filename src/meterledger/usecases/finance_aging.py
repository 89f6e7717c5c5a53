"""Aging: what customers owe by how long it is past due, by class of service; credits apart.

Lives here      buckets, classes, the tie to the receivable.
Lives elsewhere open items (``ledger.open_items``), what they follow from (``stores``).
Read first      docs/operating/finance_reports.md; docs/glossary.md: "open item".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from meterledger.facts.finance import AccountBalance
from meterledger.facts.receivables import AccountMoney, ItemKind, OpenItem
from meterledger.kernel.local_days import evening_of
from meterledger.kernel.money import usd_text
from meterledger.ledger import due_days_of, receivable_of_movements
from meterledger.rulebook.book import BookView
from meterledger.usecases.finance_ports import FinanceReads
from meterledger.usecases.finance_reports import Tie, class_of

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
"""Days past the due day. What is on no bill yet, or is due today or later, is current."""


class AgingStore(FinanceReads, Protocol):
    """What aging needs of the store."""


@dataclass(frozen=True, slots=True)
class AgedAccount:
    """One account's open cents by bucket, and the credit that found nothing to pay."""

    account_id: str
    service_class: str
    cents: tuple[int, ...]
    credit_cents: int
    balance_cents: int

    @property
    def open_cents(self) -> int:
        """All that is open, credits apart."""
        return sum(self.cents)

    @property
    def past_due_cents(self) -> int:
        """What is past its due day."""
        return sum(self.cents[1:])

    @property
    def ties(self) -> bool:
        """Whether open items less credit are the account's balance."""
        return self.open_cents - self.credit_cents == self.balance_cents


@dataclass(frozen=True, slots=True)
class Aging:
    """All accounts on the evening of a day."""

    at: date
    accounts: tuple[AgedAccount, ...]

    @property
    def by_class(self) -> Mapping[str, tuple[int, ...]]:
        """Cents of each bucket, and last the credits, by class of service."""
        found: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
        for one in self.accounts:
            for place, cents in enumerate((*one.cents, one.credit_cents)):
                found[one.service_class][place] += cents
        return {name: tuple(cents) for name, cents in sorted(found.items())}

    @property
    def totals(self) -> tuple[int, ...]:
        """Cents of each bucket, and last the credits."""
        rows = list(self.by_class.values()) or [(0,) * (len(BUCKETS) + 1)]
        return tuple(sum(each) for each in zip(*rows, strict=True))

    @property
    def apart(self) -> tuple[AgedAccount, ...]:
        """Accounts whose open items less credit are not their balance."""
        return tuple(one for one in self.accounts if not one.ties)

    @property
    def ties(self) -> tuple[Tie, ...]:
        """Open items less credits are 142 and 143 of the journal."""
        *open_, credits_ = self.totals
        return (
            Tie(
                "open items - credits = 142 + 143, without 142.budget",
                sum(open_) - credits_,
                sum(one.balance_cents for one in self.accounts),
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """The answer of ``report aging --json``."""
        names = (*BUCKETS, "credits")
        return {
            "at": self.at.isoformat(),
            "accounts": len(self.accounts),
            "classes": {
                name: {each: usd_text(cents) for each, cents in zip(names, row, strict=True)}
                for name, row in self.by_class.items()
            },
            "totals": {
                each: usd_text(cents) for each, cents in zip(names, self.totals, strict=True)
            },
            "tie": [one.as_json() for one in self.ties],
            "ties": all(one.holds for one in self.ties),
            "apart": [one.account_id for one in self.apart],
        }


def bucket_of(item: OpenItem, at: date) -> int:
    """Which bucket an item is in: by days past its due day."""
    past = 0 if item.due_day is None else (at - item.due_day).days
    if past <= 0:
        return 0
    return min(1 + (past - 1) // 30, len(BUCKETS) - 1)


def aging(at: date, *, view: BookView, store: AgingStore) -> Aging:
    """Open items of every account that owes or is owed on the evening of ``at``.

    An account whose balance is zero has nothing open: free credit pays what is open until one of
    the two is spent, so that what is left of both is never more than the balance.
    """
    return Aging(at, tuple(store.each_owing(at, lambda one, mine: aged(one, mine, at, view))))


def aged(balance: AccountBalance, money: AccountMoney, at: date, view: BookView) -> AgedAccount:
    """One account's open items by bucket; ``money`` comes with its due days."""
    stood = receivable_of_movements(
        balance.account_id,
        money.movements,
        money.applications,
        due_days=due_days_of(money, at=at, known_at=evening_of(at, view.time_zone)),
        at=at,
    )
    cents = [0] * len(BUCKETS)
    for item in stood.items:
        if item.kind is not ItemKind.DEPOSIT:
            cents[bucket_of(item, at)] += item.open_cents
    service_class = class_of(balance.schedule, at, view) or "no service"
    return AgedAccount(
        balance.account_id, service_class, tuple(cents), stood.unapplied_cents, balance.cents
    )
