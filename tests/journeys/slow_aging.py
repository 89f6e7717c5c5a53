"""Aging as it is by its meaning: account by account, each asked for by itself, none left out.

The reference that the aging of the reports is held against.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.facts.receivables import ItemKind
from meterledger.kernel.local_days import evening_of
from meterledger.ledger import due_days_of, receivable_of_movements
from meterledger.rulebook.book import BookView
from meterledger.usecases.finance_aging import BUCKETS, AgedAccount, Aging, bucket_of
from meterledger.usecases.finance_reports import class_of


def slow_aging(at: date, *, view: BookView, store: Any) -> Aging:
    """Every account that ever owed, with all of its money."""
    found = []
    for one in store.receivable_balances(at):
        money = store.account_money([one.account_id], with_due_days=True).get(one.account_id)
        if money is None:
            continue
        stood = receivable_of_movements(
            one.account_id,
            money.movements,
            money.applications,
            due_days=due_days_of(money, at=at, known_at=evening_of(at, view.time_zone)),
            at=at,
        )
        cents = [0] * len(BUCKETS)
        for item in stood.items:
            if item.kind is not ItemKind.DEPOSIT:
                cents[bucket_of(item, at)] += item.open_cents
        if any(cents) or stood.unapplied_cents or one.cents:
            service_class = class_of(one.schedule, at, view) or "no service"
            free = stood.unapplied_cents
            found.append(AgedAccount(one.account_id, service_class, tuple(cents), free, one.cents))
    return Aging(at, tuple(found))
