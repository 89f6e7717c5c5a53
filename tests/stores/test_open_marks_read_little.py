"""What is open at the bank, owed and in the books is read by marks and sums kept beside the legs,
and an account's money by its own: years of matched payments and of others are left.

Blocks that the planner reads are counted, never time. The years behind the open ones are written
as a restored backup would be, with every guard off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from meterledger.stores.finance_words import DEFERRED
from meterledger.stores.postgres.opening import Database
from meterledger.stores.postgres.private_server import SUPERUSER, PrivateServer
from meterledger.stores.postgres.repository.finance import BALANCES
from meterledger.stores.postgres.repository.ledger import TRIAL
from meterledger.stores.postgres.repository.payments import MOVEMENTS
from meterledger.stores.postgres.repository.reconciliation import EXPECTED, TOTALS
from meterledger.stores.postgres.repository.settlements import IN_CREDIT
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
INSERT INTO posting (entry_id, effective_day, number, ledger_account, cents, customer_account_id)
SELECT entry_id, effective_day, 2, '142', -100,
       CASE WHEN substr(entry_id, 9)::int <= 20 THEN 'A-0'
            ELSE 'A-' || 1 + substr(entry_id, 9)::int %% 49 END FROM entry_key
 WHERE substr(entry_id, 9)::int BETWEEN %(from)s::int AND %(to)s::int;
"""
MARK = """
INSERT INTO bank_open_expectation (expectation_id, entry_id, number, effective_day, cents)
SELECT entry_id || '#1', entry_id, 1, effective_day, 100 FROM entry_key
 ORDER BY entry_id LIMIT %(open)s;
"""
KEPT = """
INSERT INTO receivable_balance (account_id, cents, deferred_cents, since_day, last_day)
SELECT 'A-' || n, -100, 0, '2025-01-01', '2025-12-27' FROM generate_series(0, 49) n;
INSERT INTO ledger_sum (ledger_account, shard, cents)
SELECT name, shard, 100 FROM unnest(array['131', '142']) name, generate_series(0, 63) shard;
"""
QUESTIONS: dict[str, tuple[str, Any, int]] = {
    "accounts in credit": (IN_CREDIT, None, 50),
    "balances of an evening": (BALANCES, {"at": "2025-12-31", "deferred": DEFERRED}, 50),
    "totals of the bank": (TOTALS, None, 1),
    "trial balance": (TRIAL, None, 2),
    "money of one account": (MOVEMENTS, [["A-0"]], 20),
}
"""Each question with what it is asked with, and its rows."""


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


def blocks_read(connection: psycopg.Connection[Any], question: str, asked: Any, rows: int) -> int:
    """Blocks that a question touches."""
    for table in (*("entry", "posting", "bank_open_expectation", "receipt", "settlement_step"),
                  *("receivable_balance", "ledger_sum", "bank_sum", "agreement")):  # fmt: skip
        connection.execute(f"ANALYZE {table}")
    cursor = psycopg.ClientCursor(connection)
    row = cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {question}", asked).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    assert plan["Actual Rows"] == rows
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def add(years: psycopg.Connection[Any], first: int, last: int) -> None:
    for statement in ADD.split(";")[:-1]:
        years.execute(statement, {"from": first, "to": last})


def test_fifty_times_the_history_is_hardly_more_to_read(years: psycopg.Connection[Any]) -> None:
    add(years, 1, MANY)
    years.execute(MARK, {"open": OPEN})
    years.execute(KEPT)
    few = {name: blocks_read(years, *one) for name, one in QUESTIONS.items()}
    few["open at the bank"] = blocks_read(years, EXPECTED, None, OPEN)
    add(years, MANY + 1, MORE)
    many = {name: blocks_read(years, *one) for name, one in QUESTIONS.items()}
    many["open at the bank"] = blocks_read(years, EXPECTED, None, OPEN)
    print(f"blocks of {MANY} payments {few}, of {MORE} {many}")
    assert [name for name in few if many[name] >= 3 * few[name]] == []
