"""What is expected of the bank and open is read by its marks: what was matched long ago is left.

Blocks that the planner reads are counted, never time. The years behind the open ones are written
as a restored backup would be, with every guard off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from meterledger.stores.postgres.opening import Database
from meterledger.stores.postgres.private_server import SUPERUSER, PrivateServer
from meterledger.stores.postgres.repository.reconciliation import EXPECTED
from meterledger.stores.postgres.repository.store import PostgresStore

pytestmark = [pytest.mark.postgres, pytest.mark.soak]

OPEN = 50
MANY, MORE = 2_000, 100_000
ADD = """
INSERT INTO entry_key (entry_id, effective_day)
SELECT 'payment:' || n, date '2025-01-01' + n %% 360
  FROM generate_series(%(from)s::int, %(to)s::int) n;
INSERT INTO entry (entry_id, effective_day, learned_at, cause)
SELECT entry_id, effective_day, now(), 'payment' FROM entry_key
 WHERE substr(entry_id, 9)::int BETWEEN %(from)s::int AND %(to)s::int;
INSERT INTO posting (entry_id, effective_day, number, ledger_account, cents)
SELECT entry_id, effective_day, 1, '131', 100 FROM entry_key
 WHERE substr(entry_id, 9)::int BETWEEN %(from)s::int AND %(to)s::int;
"""
MARK = """
INSERT INTO bank_open_expectation (expectation_id, entry_id, number, effective_day, cents)
SELECT entry_id || '#1', entry_id, 1, effective_day, 100 FROM entry_key
 ORDER BY entry_id LIMIT %(open)s;
"""


@pytest.fixture
def years(
    postgres: PostgresStore, server: PrivateServer, database: Database
) -> Iterator[psycopg.Connection[Any]]:
    parameters = {**server.connection(SUPERUSER), "dbname": database.application["dbname"]}
    with psycopg.connect(**parameters) as connection:
        for month in range(1, 13):
            for table in ("entry", "posting"):
                connection.execute("SELECT ensure_month(%s, %s)", [table, f"2025-{month:02}-01"])
        connection.execute("SET session_replication_role = replica")
        for table, trigger in connection.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A'"
        ).fetchall():
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield connection


def blocks_read(connection: psycopg.Connection[Any]) -> int:
    """Blocks that the question about open expectations touches."""
    for table in ("entry", "posting", "bank_open_expectation", "receipt", "settlement_step"):
        connection.execute(f"ANALYZE {table}")
    row = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {EXPECTED}").fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    assert plan["Actual Rows"] == OPEN
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_fifty_times_the_history_is_hardly_more_to_read(years: psycopg.Connection[Any]) -> None:
    def add(first: int, last: int) -> None:
        for statement in ADD.split(";")[:-1]:
            years.execute(statement, {"from": first, "to": last})

    add(1, MANY)
    years.execute(MARK, {"open": OPEN})
    few = blocks_read(years)
    add(MANY + 1, MORE)
    many = blocks_read(years)
    print(f"{few} blocks of {MANY} payments, {many} of {MORE}")
    assert many < 3 * few
