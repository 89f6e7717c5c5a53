"""Causes, reversals, sub-ledgers, periods: what PostgreSQL refuses of entries written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import errors
from tests.stores.conftest import database_of
from tests.stores.paper_town import LATER, account_id, bill_of, payment_of, start_of

from meterledger.facts.periods import PeriodClose
from meterledger.stores.postgres.opening import open_database
from meterledger.stores.postgres.private_server import (
    DATABASE,
    OWNER,
    SUPERUSER,
    PrivateServer,
)

pytestmark = pytest.mark.postgres

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def books(server: PrivateServer) -> Iterator[dict[str, str]]:
    """A database with two bills and a payment R-1; February 2025 and before are closed."""
    name = "books"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
        database = database_of(server, name)
        with open_database(database) as store:
            store.start_services([start_of(1), start_of(2)])
            store.record_bills([bill_of(1), bill_of(2)])
            store.record_payment(*payment_of(1))
            store.close_period(PeriodClose(date(2025, 2, 1), "Ana", LATER.replace(year=2026)))
        yield database.application
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def hand(books: dict[str, str]) -> Iterator[Connection]:
    """The application's role at a console. Nothing that it writes stays."""
    with psycopg.connect(**books) as connection:
        yield connection
        connection.rollback()


class TestTheCauseOfAnEntry:
    """An entry is posted because of a row that is there; a reversal because of another entry."""

    DAY = date(2025, 3, 3)

    def write(self, connection: Connection, name: str, *legs: tuple[str, int, str | None]) -> None:
        reverses = name.partition(":")[2] if name.startswith("reversal:") else None
        for table in ("entry", "posting"):
            connection.execute("SELECT ensure_month(%s, %s)", [table, self.DAY])
        connection.execute(
            "INSERT INTO entry (entry_id, effective_day, learned_at, cause, reverses)"
            " VALUES (%s, %s, '2025-03-03T00:00Z', 'by hand', %s)",
            [name, self.DAY, reverses],
        )
        for number, (account, cents, customer) in enumerate(legs, start=1):
            connection.execute(
                "INSERT INTO posting (entry_id, effective_day, number, ledger_account, cents,"
                " customer_account_id) VALUES (%s, %s, %s, %s, %s, %s)",
                [name, self.DAY, number, account, cents, customer],
            )

    @pytest.mark.parametrize("name", ["hand:1", "hand", "payment:hand", "payment:", "bill:hand"])
    def test_has_to_be_there_at_commit(self, hand: Connection, name: str) -> None:
        self.write(hand, name, ("440", 1, None), ("440", -1, None))
        with pytest.raises(errors.CheckViolation, match=f"Entry {name} has no cause"):
            hand.commit()

    def test_of_a_bill_is_a_bill_of_its_day(self, hand: Connection) -> None:
        """The bill of 31 January is no cause of an entry of 3 March."""
        name = f"bill:{bill_of(2)[0].bill_id}-v9"
        self.write(hand, name, ("440", 1, None), ("440", -1, None))
        with pytest.raises(errors.CheckViolation, match="there is no"):
            hand.commit()

    @pytest.mark.parametrize(
        "legs",
        [
            [("131", -5_000, None), ("142", 5_000, account_id(2))],
            [("131", -4_999, None), ("142", 4_999, account_id(1))],
            [("131", -2_000, None), ("131", -3_000, None), ("142", 5_000, account_id(1))],
            [("131", 5_000, None), ("142", -5_000, account_id(1))],
        ],
        ids=["another customer", "a cent less", "in two parts", "the same way round"],
    )
    def test_of_a_reversal_is_taken_back_leg_by_leg(
        self, hand: Connection, legs: list[tuple[str, int, str | None]]
    ) -> None:
        self.write(hand, "reversal:payment:R-1", *legs)
        with pytest.raises(errors.CheckViolation, match="does not take back entry payment:R-1"):
            hand.commit()

    def test_of_a_reversal_is_the_entry_that_its_name_says(self, hand: Connection) -> None:
        insert = (
            "INSERT INTO entry (entry_id, effective_day, learned_at, cause, reverses)"
            " VALUES (%s, '2025-03-03', '2025-03-03T00:00Z', 'by hand', %s)"
        )
        for name, reverses in [
            ("reversal:payment:R-1", None),
            ("reversal:payment:R-1 again", "payment:R-1"),
            ("payment:R-9", "payment:R-1"),
        ]:
            hand.execute("SELECT ensure_month('entry', %s)", [self.DAY])
            with pytest.raises(errors.CheckViolation, match="named_after_its_entry"):
                hand.execute(insert, [name, reverses])
            hand.rollback()

    def test_cannot_be_registered_by_the_application(self, hand: Connection) -> None:
        for statement in (
            "SELECT register_cause('hand', 'record', 'subject')",
            "INSERT INTO ledger_cause VALUES ('hand', 'record', 'subject', NULL)",
            "UPDATE ledger_cause SET key_column = 'account_id'",
            "DELETE FROM ledger_cause",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                hand.execute(statement)
            hand.rollback()

    @pytest.mark.parametrize(
        ("account", "customer"),
        [("142", None), ("142.budget", None), ("235", None), ("440", account_id(1))],
    )
    def test_names_a_customer_where_the_account_has_a_sub_ledger_and_only_there(
        self, hand: Connection, account: str, customer: str | None
    ) -> None:
        with pytest.raises(errors.CheckViolation, match="sub_ledgers_are_of_customers"):
            self.write(hand, "hand:2", (account, 1, customer), ("131", -1, None))

    def test_names_a_customer_who_is_there(self, hand: Connection) -> None:
        self.write(hand, "hand:3", ("142", 1, "nobody"), ("131", -1, None))
        with pytest.raises(errors.ForeignKeyViolation, match="account nobody, which nobody has"):
            hand.commit()


class TestAClosedPeriod:
    """February 2025, and what was before it."""

    @pytest.mark.parametrize(
        ("day", "booked", "is_refused"),
        [
            ("2025-02-28", None, True),
            ("2025-02-03", "2025-02-28", True),
            ("2025-02-03", "2025-03-01", False),
            ("2025-03-01", None, False),
        ],
    )
    def test_takes_no_entry_whatever_its_effective_day(
        self, hand: Connection, day: str, booked: str | None, is_refused: bool
    ) -> None:
        hand.execute("SELECT ensure_month('entry', %s)", [day])
        insert = (
            "INSERT INTO entry (entry_id, effective_day, learned_at, cause, booked_day)"
            " VALUES ('payment:R-9', %s, '2025-04-03T00:00Z', 'by hand', %s)"
        )
        if is_refused:
            with pytest.raises(errors.CheckViolation, match="2025-03-01 is the first open day"):
                hand.execute(insert, [day, booked])
        else:
            hand.execute(insert, [day, booked])
        hand.rollback()

    @pytest.mark.parametrize(
        ("month", "by", "why"),
        [
            ("2025-01-01", "Ana", "closed next is 2025-03, not 2025-01"),
            ("2025-04-01", "Ana", "closed next is 2025-03, not 2025-04"),
            ("2025-03-02", "Ana", "closed next is"),
            ("2025-03-01", " ", "a_period_is_closed_by_a_name"),
        ],
    )
    def test_is_followed_by_the_next_one_with_a_name(
        self, hand: Connection, month: str, by: str, why: str
    ) -> None:
        with pytest.raises(errors.CheckViolation, match=why):
            hand.execute(
                "INSERT INTO period_close VALUES (%s, %s, '2026-01-01T00:00Z')", [month, by]
            )

    def test_is_closed_when_it_is_over(self, hand: Connection) -> None:
        close = "INSERT INTO period_close VALUES ('2025-03-01', 'Ana', %s)"
        with pytest.raises(errors.CheckViolation, match="a_period_is_over"):
            hand.execute(close, ["2025-03-31T23:59Z"])
        hand.rollback()
        hand.execute(close, ["2025-04-01T00:00Z"])

    @pytest.mark.parametrize("table", ["period_close", "period_total", "ledger_cause"])
    def test_is_not_opened_again(self, hand: Connection, table: str) -> None:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET month = '2025-09-01'"):
            with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedColumn)):
                hand.execute(statement.encode())
            hand.rollback()

    def test_has_totals_that_nobody_writes(self, hand: Connection) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            hand.execute("INSERT INTO period_total VALUES ('2025-03-01', '142', 1, 1, 2)")

    def test_waits_for_an_entry_that_is_being_written(
        self, books: dict[str, str], hand: Connection
    ) -> None:
        """Between the entry and its commit no month can be summed without it."""
        hand.execute("SELECT booking_opens()")
        hand.execute("SET lock_timeout = '100ms'")
        with psycopg.connect(**books) as other:
            other.execute("SET lock_timeout = '100ms'")
            with pytest.raises(errors.LockNotAvailable):
                other.execute(
                    "INSERT INTO period_close VALUES ('2025-03-01', 'Ana', '2026-01-01T00:00Z')"
                )
            other.rollback()
            hand.commit()
            other.execute(
                "INSERT INTO period_close VALUES ('2025-03-01', 'Ana', '2026-01-01T00:00Z')"
            )
            other.rollback()
