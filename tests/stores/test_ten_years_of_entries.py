"""A customer's ledger of ten years among others: found by indexes, never by reading everybody's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from tests.stores.paper_town import ANALYST, account_id, start_of

from meterledger.stores.postgres import PostgresStore
from meterledger.stores.postgres.opening import Database
from meterledger.stores.postgres.private_server import SUPERUSER, PrivateServer
from meterledger.stores.postgres.repository import balances, ledger

pytestmark = [pytest.mark.postgres, pytest.mark.soak]

ACCOUNTS, MONTHS = 300, 120
ONE = account_id(150)
KNOWN_AT = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def console(
    server: PrivateServer, database: Database, postgres: PostgresStore
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Ten years of a bill and a payment a month for each account, as a superuser may copy them."""
    postgres.start_services([start_of(number) for number in range(1, ACCOUNTS + 1)])
    parameters = {**server.connection(SUPERUSER), "dbname": database.application["dbname"]}
    with psycopg.connect(**parameters, autocommit=True) as made:
        made.execute("SET session_replication_role = replica")
        made.execute("ALTER TABLE entry DISABLE TRIGGER remember_entries")
        made.execute("ALTER TABLE posting DISABLE TRIGGER remember_legs")
        for month in range(MONTHS):
            _copy_month(made, date(2015 + month // 12, month % 12 + 1, 1), month)
        made.execute("ANALYZE")
        yield made


def _copy_month(made: psycopg.Connection[tuple[object, ...]], first: date, month: int) -> None:
    keys, entries, legs = io.StringIO(), io.StringIO(), io.StringIO()
    for number in range(1, ACCOUNTS + 1):
        account = account_id(number)
        for kind, day, parts in (
            ("bill", 5, (("142", 16_519, account), ("440", -14_000, ""), ("241.a.b", -2_519, ""))),
            ("payment", 22, (("131.lockbox", 16_000, ""), ("142", -16_000, account))),
        ):
            name, on = f"{kind}:{number}-{month}", first.replace(day=day)
            keys.write(f"{name}\t{on}\n")
            entries.write(f"{name}\t{on}\t{on} 08:00+00\tcause\n")
            for place, (ledger_account, cents, customer) in enumerate(parts, start=1):
                whose = customer or "\\N"
                legs.write(f"{name}\t{on}\t{place}\t{ledger_account}\t{cents}\t{whose}\n")
    for table in ("entry", "posting"):
        made.execute("SELECT ensure_month(%s, %s)", [table, first])
    for target, rows in (
        ("entry_key (entry_id, effective_day)", keys),
        ("entry (entry_id, effective_day, learned_at, cause)", entries),
        (
            "posting (entry_id, effective_day, number, ledger_account, cents, customer_account_id)",
            legs,
        ),
    ):
        with made.cursor().copy(f"COPY {target} FROM STDIN".encode()) as sink:
            sink.write(rows.getvalue())


def test_is_found_by_indexes_and_adds_up(
    postgres: PostgresStore, console: psycopg.Connection[tuple[object, ...]]
) -> None:
    asked = {"account": ONE, "at": date(2024, 12, 31), "known_at": KNOWN_AT}
    for query, given in (
        (balances.OF_CUSTOMER, asked),
        (balances.OF_CUSTOMER_AS_KNOWN, asked),
        (ledger.ENTRIES, [ONE]),
    ):
        rows = console.execute(f"EXPLAIN {query}".encode(), given).fetchall()  # type: ignore[arg-type]
        plan = "\n".join(str(row[0]) for row in rows)
        assert "Seq Scan" not in plan, plan
        assert "Index" in plan

    with postgres.viewing(ANALYST, [ONE]):
        assert postgres.account_balances(ONE, at=date(2015, 1, 5)) == {"142": 16_519}
        assert postgres.account_balances(ONE) == {"142": MONTHS * 519}
        assert postgres.account_balances(ONE, known_at=KNOWN_AT) == {"142": 60 * 519}
        assert len(postgres.entries_of_account(ONE)) == 2 * MONTHS
    assert postgres.ledger_balances(at=date(2019, 12, 31))["142"] == 60 * 519 * ACCOUNTS
