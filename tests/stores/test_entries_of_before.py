"""A database that had entries before causes and periods keeps them when it is migrated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from tests.stores.conftest import database_of
from tests.stores.paper_town import ANALYST, LATER, account_id
from tests.stores.test_the_intake_is_added import UP_TO

from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.facts.periods import PeriodClose, PeriodTotal
from meterledger.stores.postgres import verify_invariants
from meterledger.stores.postgres.opening import open_database
from meterledger.stores.postgres.private_server import OWNER, SUPERUSER, PrivateServer

pytestmark = pytest.mark.postgres

NAME = "before_the_causes"
ONE, DAY = account_id(1), date(2025, 2, 20)
OLD = f"""
SELECT ensure_month('entry', '{DAY}'), ensure_month('posting', '{DAY}');
INSERT INTO account (account_id, cycle, opened_day, learned_at)
    VALUES ('{ONE}', 15, '2025-01-01', '{LATER}');
INSERT INTO entry_key VALUES ('payment:R-1', '{DAY}');
INSERT INTO entry (entry_id, effective_day, learned_at, cause)
    VALUES ('payment:R-1', '{DAY}', '{LATER}', 'cash payment R-1');
INSERT INTO posting VALUES ('payment:R-1', '{DAY}', 1, '131', 500, NULL),
                           ('payment:R-1', '{DAY}', 2, '142', -500, '{ONE}');
INSERT INTO payment (payment_key, account_id, cents, tender, received_day, learned_at, entry_id)
    VALUES ('R-1', '{ONE}', 500, 'cash', '{DAY}', '{LATER}', 'payment:R-1');
"""


@pytest.fixture
def old(server: PrivateServer) -> Iterator[None]:
    """The database as it was, with one payment."""
    owner = {**server.connection(OWNER), "dbname": NAME}
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")
        with psycopg.connect(
            **{**server.connection(SUPERUSER), "dbname": NAME}, autocommit=True
        ) as inside:
            inside.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        up_to = UP_TO.replace('"readings", "0001_initial"', '"bills", "0002_corrections"')
        subprocess.run(
            [sys.executable, "-c", up_to], input=json.dumps(owner), text=True, check=True
        )
        with psycopg.connect(**owner) as hand:
            hand.execute(OLD.encode())
        yield
        administrator.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.mark.usefixtures("old")
def test_entries_of_before_are_kept_closed_and_added_to(server: PrivateServer) -> None:
    with open_database(database_of(server, NAME)) as store:
        with store.viewing(ANALYST, [ONE]):
            (before,) = store.entries_of_account(ONE)
            assert (before.entry_id, before.booked_day) == ("payment:R-1", None)
        store.close_period(PeriodClose(date(2025, 2, 1), "Ana", LATER.replace(year=2026)))
        (closed,) = store.closed_periods()
        assert closed.totals == (PeriodTotal("131", 500, 0, 1), PeriodTotal("142", 0, 500, 1))

        payment = Payment("R-2", ONE, 70, Tender.CASH, DAY, LATER)
        legs = (Leg("131", 70), Leg("142", -70, ONE))
        entry = Entry("payment:R-2", DAY, LATER, legs, "cash payment R-2")
        assert store.record_payment(payment, entry) is True
        with store.viewing(ANALYST, [ONE]):
            assert store.entries_of_account(ONE) == [
                before,
                replace(entry, booked_day=date(2025, 3, 1)),
            ]
            said = {name: broken for name, _, broken in verify_invariants(store)}
    assert [name for name, broken in said.items() if broken] == []
