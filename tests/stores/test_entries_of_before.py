"""A database that had entries before causes and periods keeps them when it is migrated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from tests.stores.conftest import database_of
from tests.stores.paper_town import ANALYST, LATER, account_id
from tests.stores.test_the_intake_is_added import UP_TO

from meterledger.facts.ach_orders import AutopayAnswered
from meterledger.facts.bank import BankTotals
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


MATCHED = f"""
INSERT INTO bank_file (sha256, name, format, learned_at) VALUES ('f', 'bank.csv', 'csv', '{LATER}');
INSERT INTO bank_statement (statement_id, sha256, bank_account, as_of_day, opening_cents,
                            closing_cents) VALUES ('S', 'f', '4471', '{DAY}', 0, 530);
INSERT INTO bank_line (line_id, statement_id, number, booked_day, cents, reference, text,
                       code)
                      VALUES ('S:1', 'S', 1, '{DAY}', 500, '', '', ''),
                             ('S:2', 'S', 2, '{DAY}', 20, '', '', ''),
                             ('S:3', 'S', 3, '{DAY}', 10, '', '', '');
INSERT INTO bank_match (match_id, rule, learned_at) VALUES ('M-1', 'by amount and days', '{LATER}');
INSERT INTO bank_match_line (line_id, match_id) VALUES ('S:1', 'M-1');
INSERT INTO bank_match_expectation (expectation_id, match_id, entry_id, number, effective_day,
                                    cents)
    VALUES ('payment:R-1#1', 'M-1', 'payment:R-1', 1, '{DAY}', 500);
INSERT INTO bank_unmatch (match_id, "by", approved_by, reason, learned_at)
    VALUES ('M-1', 'Ana', '', 'not his', '{LATER}');
INSERT INTO bank_match (match_id, rule, learned_at)
    VALUES ('M-1.2', 'by amount and days', '{LATER}');
INSERT INTO bank_match_line (line_id, match_id) VALUES ('S:1', 'M-1.2');
INSERT INTO bank_match_expectation (expectation_id, match_id, entry_id, number, effective_day,
                                    cents)
    VALUES ('payment:R-1#1', 'M-1.2', 'payment:R-1', 1, '{DAY}', 500);
"""


ASKED = f"""
INSERT INTO autopay_question (bill_id, account_id, on_day, cents, reasons, learned_at)
    VALUES ('B-1', '{ONE}', '{DAY}', 70, '{{why}}', '{LATER}'),
           ('B-2', '{ONE}', '{DAY}', 80, '{{why}}', '{LATER}');
INSERT INTO autopay_answer (bill_id, is_drawn, "by", reason, learned_at)
    VALUES ('B-1', true, 'Ana', 'she called', '{LATER}');
"""


@pytest.fixture
def old(server: PrivateServer) -> Iterator[None]:
    """The database as it was, with one payment."""
    yield from made_before(server, '"bills", "0002_corrections"', OLD)


@pytest.fixture
def matched(server: PrivateServer) -> Iterator[None]:
    """The database as it was, with a payment that the bank has shown, and undone once before."""
    yield from made_before(server, '"reconciliation", "0002_matches_undone"', OLD + MATCHED)


@pytest.fixture
def asked(server: PrivateServer) -> Iterator[None]:
    """The database as it was, with an answered question of autopay and an open one."""
    yield from made_before(server, '"payment_channels", "0004_bank_account_versions"', OLD + ASKED)


def made_before(server: PrivateServer, last: str, told: str) -> Iterator[None]:
    """A database of the migrations up to one, with what is told in it."""
    owner = {**server.connection(OWNER), "dbname": NAME}
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")
        with psycopg.connect(
            **{**server.connection(SUPERUSER), "dbname": NAME}, autocommit=True
        ) as inside:
            inside.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        up_to = UP_TO.replace('"readings", "0001_initial"', last)
        subprocess.run(
            [sys.executable, "-c", up_to], input=json.dumps(owner), text=True, check=True
        )
        with psycopg.connect(**owner) as hand:
            hand.execute(told.encode())
        yield
        administrator.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.mark.usefixtures("old")
def test_entries_of_before_are_kept_closed_and_added_to(server: PrivateServer) -> None:
    with open_database(database_of(server, NAME)) as store:
        with store.viewing(ANALYST, [ONE]):
            (before,) = store.entries_of_account(ONE)
            assert (before.entry_id, before.booked_day) == ("payment:R-1", None)
            assert store.accounts_in_credit() == {ONE: 500}
            assert [one.cents for one in store.receivable_balances(DAY)] == [-500]
            assert not store.receivable_balances(DAY - timedelta(days=1))
        assert store.trial_balance() == {"131": 500, "142": -500}
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


@pytest.mark.usefixtures("matched")
def test_what_the_bank_showed_before_is_summed(server: PrivateServer) -> None:
    with open_database(database_of(server, NAME)) as store, store.viewing(ANALYST, ["bank"]):
        assert store.bank_totals() == BankTotals(530, 500, 500, 500, lines=3, lines_matched=1)
        (standing,) = store.bank_matches()
        assert (standing.match_id, standing.by) == ("M-1.2", "")
        said = {name: broken for name, _, broken in verify_invariants(store)}
    assert [name for name, broken in said.items() if broken] == []


@pytest.mark.usefixtures("asked")
def test_questions_of_autopay_of_before_are_the_first_of_their_bills(server: PrivateServer) -> None:
    with open_database(database_of(server, NAME)) as store, store.viewing(ANALYST, [ONE]):
        (open_,) = store.autopay_questions()
        assert (open_.bill_id, open_.number, open_.reasons) == ("B-2", 1, ("why",))
        assert store.autopay_answers(["B-1", "B-2"]) == {
            "B-1": AutopayAnswered("B-1", True, "Ana", "she called", LATER)
        }
