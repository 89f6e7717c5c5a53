"""Months of an account on PostgreSQL: what both stores hold is equal after every step.

Lives here      the same life on both stores; what they hold of its money, all of it.
Lives elsewhere the lives and the model that each is held against (tests/journeys/money_*).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.journeys.money_checks import MoneyLife
from tests.journeys.money_events import Event, a_life, book_of_lives
from tests.journeys.money_life import ONE, OTHER
from tests.stores.conftest import database_of
from tests.stores.paper_town import FIRST_DAY

from meterledger.facts.money import Entry
from meterledger.rulebook.book import BookView
from meterledger.stores.postgres import verify_invariants
from meterledger.stores.postgres.opening import open_database
from meterledger.stores.postgres.private_server import (
    DATABASE,
    OWNER,
    SUPERUSER,
    PrivateServer,
)
from meterledger.stores.postgres.repository import PostgresStore
from meterledger.usecases.finance_aging import aging

pytestmark = pytest.mark.postgres

MONTHS = 200


@pytest.fixture(scope="session")
def view(tmp_path_factory: pytest.TempPathFactory) -> BookView:
    return book_of_lives(Path(tmp_path_factory.mktemp("books")))


@pytest.fixture
def databases(server: PrivateServer) -> Iterator[Any]:
    """Fresh stores, each in a database of its own."""
    made: list[str] = []

    def fresh() -> Any:
        name = f"life_{len(made)}"
        made.append(name)
        with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
            administrator.execute(
                f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER} STRATEGY file_copy"
            )
        return open_database(database_of(server, name))

    yield fresh
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        for name in made:
            administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


def held(life: MoneyLife) -> dict[str, Any]:
    """All that a store says of the money of a life; at some evening, as known at some instant."""
    store, draw = life.store, random.Random(life.model.step)
    at = FIRST_DAY + timedelta(draw.randint(0, (life.today - FIRST_DAY).days))
    known_at = draw.choice(life.moments)
    both, until = [ONE, OTHER], life.today + timedelta(1)
    found: dict[str, Any] = {
        "entries": [_entry(one) for who in both for one in store.entries_of_account(who)],
        "payments": store.payments_of_account(ONE),
        "money": {who: _money(one) for who, one in
                  store.account_money(both, with_due_days=True).items()},
        "trial": store.trial_balance(),
        "months": store.closed_periods(),
        "then": store.ledger_balances(at=at, known_at=known_at),
        "booked": store.ledger_balances(booked_until=store.booking_opens()),
        "mine": [store.account_balances(who, at=at, known_at=known_at) for who in both],
        "aging": aging(at, view=life.book.view, store=store),
        "balances": store.receivable_balances(at),
        "in credit": store.accounts_in_credit(),
        "bank": store.bank_totals(),
        "receipts": store.receipts(limit=5_000),
        "totals": store.receipt_totals(FIRST_DAY, until),
        "settlements": store.settlements(),
        "bills": store.issued_bills_of_account(ONE),
        "late": store.late_charges_of_account(ONE),
        "late histories": [store.late_histories([ONE], one) for one in (known_at, life.known_at)],
        "deposits": store.deposits_of_accounts(both),
        "pledges": store.pledges(),
        "pending": store.pending_money(both, life.today),
    }  # fmt: skip
    found["forgiven"] = [store.late_charge_reversal(one.late_charge_id) for one in found["late"]]
    return found


def _entry(one: Entry) -> Entry:
    told = sorted(one.legs, key=lambda leg: (leg.ledger_account, leg.cents))
    return replace(one, legs=tuple(told))


def _money(one: Any) -> Any:
    return replace(
        one,
        movements=tuple(sorted(one.movements, key=lambda each: each.entry_id)),
        applications=tuple(sorted(one.applications, key=lambda each: each.application_id)),
        due_days=tuple(sorted(one.due_days)),
    )


def live_on_both(events: Sequence[Event], view: BookView, store: PostgresStore) -> MoneyLife:
    """The same on both. What they hold is equal after each event, and to the model at the end."""
    kept, plain = MoneyLife(view, store), MoneyLife(view)
    for place, (name, *how) in enumerate(events):
        for life in (kept, plain):
            if name == "wait":
                life.wait(*how)
            else:
                life.happens(name, how)
        if name != "wait":
            mine, wanted = held(kept), held(plain)
            for what, value in wanted.items():
                assert mine[what] == value, f"event {place}, {name}{tuple(how)}: {what}"
            assert kept.seen == plain.seen
    kept.check()
    kept.check_at_the_end()
    broken = [(name, told) for name, _, told in verify_invariants(store) if told]
    assert not broken, broken
    return kept


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_months_are_the_same_on_both_stores(
    view: BookView, databases: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    months = seed = 0
    seen: Counter[str] = Counter()
    while months < MONTHS:
        with databases() as store:
            life = live_on_both(a_life(seed), view, store)
        months, seed = months + life.month, seed + 1
        seen += life.seen
    with capsys.disabled():
        print(f"\n{months} months on both stores, {seen.total()} outcomes of {len(seen)} kinds")
