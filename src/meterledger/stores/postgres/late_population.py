"""The population of the bench ``late-charges``: accounts with bills, payments and arrears, as rows.

Lives here      generating the rows inside a private server. Nothing else uses this.
Lives elsewhere deciding on them (``usecases/late_charge_columns``), timing (``entrypoints/bench``).

The rows are those that the journeys would write, without the bills' lines and records, which late
charges do not read; triggers are off while they are written, and only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from meterledger.stores.postgres.initialize import DATABASE
from meterledger.stores.postgres.private_server import SUPERUSER, private_server

BEFORE, NEWEST, ON = date(2025, 10, 1), date(2025, 10, 31), date(2025, 12, 1)
"""Two bills of each account, due 21 days later, and the day of the next one."""
TABLES = (
    "account",
    "bill",
    "entry",
    "posting",
    "payment",
    "receipt",
    "receipt_step",
    "application",
    "late_charge",
)
FIRST_ACCOUNT = 5_000_000_000
AT = "TIMESTAMPTZ '2026-01-02 12:00+00'"

# What an account does is told by its number: of a hundred, 80 pay both bills in time, 8 leave the
# newest unpaid, 5 both and owe a late charge, 3 pay a part, 2 pay by mail within the grace, 1 pays
# late, and 1 has a payment that came back.
WHO = f"""
CREATE TEMP TABLE who ON COMMIT DROP AS
SELECT ({FIRST_ACCOUNT} + i)::text AS account, i, i %% 100 AS habit,
       3000 + (i * 7919) %% 37000 AS before, 3000 + (i * 104729) %% 37000 AS newest
  FROM generate_series(1::bigint, %(accounts)s::bigint) AS i
"""
ROWS = (
    f"INSERT INTO account SELECT account, 1 + i % 21, '2020-01-01', {AT} FROM who",
    """
    CREATE TEMP TABLE bills ON COMMIT DROP AS
    SELECT account, habit, 'B-' || account || '-1' AS bill, DATE '2025-10-01' AS issued,
           before AS cents FROM who
    UNION ALL
    SELECT account, habit, 'B-' || account || '-2', DATE '2025-10-31', newest FROM who
    """,
    f"""
    INSERT INTO bill (bill_id, issued_day, account_id, agreement_id, service_point_id, schedule,
           kind, days, due_day, energy_wh, total_cents, line_count, standing, tax_place,
           previous_balance_cents, entry_id, known_at, lake_sequence, book_sha256, record,
           record_sha256)
    SELECT bill, issued, account, 'AG-' || account, 'SP-' || account, '1M-anytime', 'regular',
           daterange(issued - 30, issued), issued + 21, 900000, cents, 1, 'filed', 'none', 0,
           'bill:' || bill, {AT}, 1, repeat('b', 64), '\\x00'::bytea,
           encode(sha256('\\x00'::bytea), 'hex')
      FROM bills
    """,
    """
    CREATE TEMP TABLE paid ON COMMIT DROP AS
    SELECT account, 'P-' || account || '-1' AS key, 'B-' || account || '-1' AS bill,
           DATE '2025-10-20' AS day, before AS cents, i % 2 = 0 AS mailed, false AS back
      FROM who WHERE habit < 88 OR habit >= 93
    UNION ALL
    SELECT account, 'P-' || account || '-2', 'B-' || account || '-2',
           CASE WHEN habit IN (96, 97) THEN DATE '2025-11-25' WHEN habit = 98
                THEN DATE '2025-11-27' ELSE DATE '2025-11-20' END,
           CASE WHEN habit IN (93, 94, 95) THEN newest / 2 ELSE newest END,
           habit IN (96, 97) OR i % 2 = 0, habit = 99
      FROM who WHERE habit < 80 OR habit >= 93
    """,
    """
    CREATE TEMP TABLE moved ON COMMIT DROP AS
    SELECT account, 'bill:' || bill AS entry, issued AS day, cents, '440' AS other,
           NULL::text AS reverses FROM bills
    UNION ALL
    SELECT account, 'payment:' || key, day, -cents, '131.lockbox', NULL FROM paid
    UNION ALL
    SELECT account, 'reversal:payment:' || key, day + 5, cents, '131.lockbox', 'payment:' || key
      FROM paid WHERE back
    UNION ALL
    SELECT account, 'late:' || account || ':2025-10-22', DATE '2025-10-31', before * 15 / 1000,
           '450', NULL FROM who WHERE habit BETWEEN 88 AND 92
    """,
    f"""
    INSERT INTO entry (entry_id, effective_day, learned_at, cause, reverses)
    SELECT entry, day, {AT}, entry, reverses FROM moved
    """,
    """
    INSERT INTO posting (entry_id, effective_day, number, ledger_account, cents,
                         customer_account_id)
    SELECT entry, day, 1, '142', cents, account FROM moved
    UNION ALL SELECT entry, day, 2, other, -cents, NULL FROM moved
    """,
    f"""
    INSERT INTO payment (payment_key, account_id, cents, tender, received_day, learned_at, entry_id)
    SELECT key, account, cents, 'check', day, {AT}, 'payment:' || key FROM paid
    """,
    f"""
    INSERT INTO receipt (payment_key, account_told, cents, tender, channel, received_day,
                         learned_at, is_mailed, reference, check_number)
    SELECT key, account, cents, 'check', 'lockbox', day, {AT}, mailed, '', '' FROM paid
    """,
    f"""
    INSERT INTO receipt_step (payment_key, number, act, state, on_day, by, reason, learned_at,
                              entry_id, account_id)
    SELECT key, 1, 'taken', 'posted', day, '', '', {AT}, 'payment:' || key, account FROM paid
    """,
    f"""
    INSERT INTO application (application_id, source_entry_id, item_id, kind, account_id, cents,
                             applied_day, learned_at)
    SELECT 'bill:' || bill || '#1', 'payment:' || key, 'bill:' || bill, 'utility', account, cents,
           day, {AT} FROM paid
    """,
    f"""
    INSERT INTO late_charge (late_charge_id, account_id, bill_id, delinquent_day, on_day, cents,
           base_cents, codes, rests_on, clause, standing, record, record_sha256, book_sha256,
           known_at)
    SELECT account || ':2025-10-22', account, 'B-' || account || '-1', '2025-10-22', '2025-10-31',
           before * 15 / 1000, before, ARRAY['new'], ARRAY['bill:B-' || account || '-1'],
           'Sheet 136', 'carried_forward', '\\x00'::bytea, encode(sha256('\\x00'::bytea), 'hex'),
           repeat('b', 64), {AT}
      FROM who WHERE habit BETWEEN 88 AND 92
    """,
)


def write_late_population(folder: Path, accounts: int) -> None:
    """Write the rows of so many accounts into the private server of ``folder``."""
    with private_server(folder / "postgres") as server:
        parameters = {**server.connection(SUPERUSER), "dbname": DATABASE}
        with psycopg.connect(make_conninfo(**parameters)) as connection:
            months = [
                (table, day)
                for table in ("bill", "entry", "posting")
                for day in (BEFORE, date(2025, 11, 1))
            ]
            for table, day in months:
                connection.execute("SELECT ensure_month(%s, %s)", [table, day])
            with _without_triggers(connection):
                connection.execute(WHO, {"accounts": accounts})
                for query in ROWS:
                    connection.execute(query)
            connection.commit()
            connection.autocommit = True
            connection.execute("ANALYZE")


@contextmanager
def _without_triggers(connection: psycopg.Connection) -> Iterator[None]:
    for table in TABLES:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield
    for table in TABLES:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
