"""Bring the database's tables up to date, as their owner, and grant the application its part.

A program of its own (``python -m``), so that Django is imported only when there is something to
do, and configured apart from the web's settings. Reads JSON on standard input: ``owner``
(connection parameters), ``role`` (the application's) and ``stamp``. Ends with 0, or with 2 and a
sentence on standard error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.stores.postgres.addresses import STORE_APPS, django_database
from meterledger.stores.postgres.binaries import OLDEST

HERE = Path(__file__).parent
ONE_MIGRATES = 7_305_201_911  # the advisory lock of whoever migrates

APPEND_ONLY = (
    "person",
    "account",
    "agreement_put_right",
    "premise",
    "service_point",
    "meter",
    "meter_work",
    "meter_event",
    "meter_case",
    "meter_case_event",
    "meter_case_step",
    "received_file",
    "lake_version",
    "lake_file",
    "lake_superseded",
    "lake_tombstone",
    "lake_hold",
    "lake_hold_released",
    "quarantined_line",
    "quarantine_outcome",
    "intake_source",
    "intake_movement",
    "register_reading",
    "citation",
    "bill",
    "bill_line",
    "bill_correction",
    "difference_left",
    "budget_amount",
    "budget_election",
    "budget_election_back",
    "budget_bill",
    "combined_statement",
    "combined_bill",
    "held_bill",
    "held_case",
    "held_step",
    "settlement",
    "settlement_step",
    "verified_payee",
    "bill_run",
    "usage_run",
    "usage_batch",
    "usage_finding",
    "usage_finding_cleared",
    "usage_review",
    "usage_edit",
    "usage_estimate",
    "reading_effort",
    "document",
    "document_set_aside",
    "document_came_back",
    "daily_temperature",
    "bank_account",
    "bank_change_told",
    "bank_stop",
    "ach_order",
    "ach_file",
    "ach_order_end",
    "ach_returned",
    "ach_return_done",
    "autopay_question",
    "autopay_answer",
    "checkout",
    "checkout_step",
    "card_refund",
    "card_refund_step",
    "pledge",
    "pledge_step",
    "expected_bank_line",
    "entry",
    "posting",
    "payment",
    "bank_file",
    "bank_statement",
    "bank_line",
    "bank_match",
    "bank_match_line",
    "bank_match_expectation",
    "bank_line_step",
    "bank_adjustment",
    "bank_unmatch",
    "accrual",
    "accrual_line",
    "payment_file",
    "payment_file_line",
    "receipt",
    "receipt_step",
    "application",
    "late_charge",
    "late_charge_reversal",
    "late_charge_wait",
    "late_charge_run",
    "government_account",
    "period_close",
    "extension_contract",
    "extension_event",
    "relief_agreement",
    "relief_step",
    "bill_relief",
    "deposit",
    "deposit_step",
    "record",
    "read_log",
)
CLOSED_ONCE = {
    "account_holder": "known",
    "tax_place": "known",
    "sales_tax_place": "known",
    "tax_exemption": "known",
    "meter_installation": "known",
    "agreement": "known",
    "meter_configuration": "known",
    "premise_link": "known",
    "unmetered_load": "known",
    "budget_plan": "known",
    "due_date_choice": "known",
    "delivery_preference": "known",
    "combination": "known",
    "combined_account": "known",
    "billed_together": "known",
    "participation": "known",
    "autopay_enrollment": "known",
    "service_period_claim": "cancelled_by",
}
"""Tables in which one column may be set once, and that column."""
MADE_BY_CHECKS = (
    *("entry_key", "ledger_cause", "period_total", "receivable_balance", "ledger_sum"),
    *("bank_open_line", "bank_open_expectation", "bank_sum"),
)
"""Tables that the database fills by itself or a migration does: the application reads them."""
OWN_WORD = ("written_in", "written_at", "at")
"""Columns that the database fills and nobody may give: which transaction, and when."""


class CannotMigrate(Refusal):
    """The database cannot be brought to the state that this version needs."""


def code_migrations() -> list[tuple[str, str]]:
    """(app, migration) of this version, from the names of files: no Django is imported."""
    return sorted(
        (app.rpartition(".")[2], path.stem)
        for app in STORE_APPS
        for path in (HERE / app.rpartition(".")[2] / "migrations").glob("[0-9]*.py")
    )


def schema_stamp() -> str:
    """What a database that is up to date says of itself: a hash of migrations and grants."""
    return sha256_hex(
        json.dumps([code_migrations(), APPEND_ONLY, CLOSED_ONCE, MADE_BY_CHECKS, OWN_WORD]).encode()
    )


def main() -> None:
    """Migrate and grant; one process at a time."""
    request = json.load(sys.stdin)
    try:
        with psycopg.connect(**request["owner"], autocommit=True) as guard:
            guard.execute("SELECT pg_advisory_lock(%s)", [ONE_MIGRATES])
            _refuse_unfit_server(guard)
            _migrate(request["owner"])
            _grant(guard, request["role"], request["stamp"])
    except Refusal as refusal:
        print(json.dumps([refusal.what, refusal.where, refusal.why, refusal.do]), file=sys.stderr)
        sys.exit(2)


def _refuse_unfit_server(guard: psycopg.Connection[Any]) -> None:
    major = guard.info.server_version // 10_000
    if major < OLDEST:
        raise CannotMigrate(
            f"The server is PostgreSQL {major}; {OLDEST} or later is needed",
            do="Upgrade the server, or unset DATABASE_URL to use a private one",
        )
    if guard.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
        return
    applied = {
        (str(app), str(name))
        for app, name in guard.execute(
            "SELECT app, name FROM django_migrations WHERE app = ANY (%s)",
            [[app.rpartition(".")[2] for app in STORE_APPS]],
        )
    }
    unknown = sorted(applied - set(code_migrations()))
    if unknown:
        raise CannotMigrate(
            f"The database was made by a newer Meterledger: it has {'/'.join(unknown[0])}",
            do="Install that version, or one after it",
        )


def _migrate(owner: dict[str, str]) -> None:
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.postgres", *STORE_APPS],
        DATABASES={"default": django_database(owner)},
        USE_TZ=True,
        TIME_ZONE="UTC",
    )
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except django.db.utils.ProgrammingError as problem:
        raise CannotMigrate(
            f"The owner of the tables may not make them: {str(problem).splitlines()[0]}",
            do="Let METERLEDGER_OWNER_DATABASE_URL connect as the owner of the database, with "
            "the extension btree_gist installed",
        ) from problem
    finally:
        connections.close_all()


def _grant(guard: psycopg.Connection[Any], role: str, stamp: str) -> None:
    """Give the application's role what it needs: no table, no column and no function more."""
    name = sql.Identifier(role)
    with guard.transaction():
        for table in [*APPEND_ONLY, *CLOSED_ONCE]:
            guard.execute(
                sql.SQL("REVOKE ALL ON {table} FROM {role}, PUBLIC").format(
                    table=sql.Identifier(table), role=name
                )
            )
            columns = guard.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND attname <> ALL (%s)",
                [table, list(OWN_WORD)],
            ).fetchall()
            guard.execute(
                sql.SQL("GRANT SELECT, INSERT ({columns}) ON {table} TO {role}").format(
                    columns=sql.SQL(", ").join(sql.Identifier(one) for (one,) in columns),
                    table=sql.Identifier(table),
                    role=name,
                )
            )
        for table in MADE_BY_CHECKS:
            guard.execute(
                sql.SQL(
                    "REVOKE ALL ON {table} FROM {role}, PUBLIC; GRANT SELECT ON {table} TO {role}"
                ).format(table=sql.Identifier(table), role=name)
            )
        for table, column in CLOSED_ONCE.items():
            guard.execute(
                sql.SQL("GRANT UPDATE ({column}) ON {table} TO {role}").format(
                    column=sql.Identifier(column), table=sql.Identifier(table), role=name
                )
            )
        guard.execute(
            sql.SQL(
                "GRANT USAGE ON SCHEMA public TO {role};"
                "GRANT USAGE ON SEQUENCE record_number TO {role};"
                "GRANT EXECUTE ON FUNCTION ensure_month(text, date), is_viewing(), booking_opens(),"
                " lock_settled_account(text), lock_relief(text)"
                " TO {role};"
                "GRANT SELECT ON schema_stamp TO {role}"
            ).format(role=name)
        )
        guard.execute(
            "INSERT INTO schema_stamp (role_name, stamp) VALUES (%s, %s)"
            " ON CONFLICT (role_name) DO UPDATE SET stamp = excluded.stamp",
            [role, stamp],
        )


if __name__ == "__main__":
    main()
