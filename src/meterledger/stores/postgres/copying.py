"""The peer of the benches ``bill-cycle`` and ``lockbox``: COPY of finished rows.

Lives here      copying a private server's bills or payments into a second one, and the time it
                took.
Lives elsewhere the run that is compared with it (``entrypoints/bench``). Nothing else uses this.

The second server has the same tables with the same constraints and triggers. The copy connects as
its superuser, which COPY needs on tables with row-level security; what is timed is one
transaction, committed, of every table that issuing bills, or posting a file, writes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from meterledger.stores.postgres.initialize import DATABASE
from meterledger.stores.postgres.opening import open_store
from meterledger.stores.postgres.private_server import (
    SUPERUSER,
    PrivateServer,
    private_server,
)

Rows = Sequence[tuple[str, str]]
"""Tables with the condition of what is copied of each."""

BEFORE = (
    "person",
    "account",
    "premise",
    "service_point",
    "account_holder",
    "tax_place",
    "meter_installation",
    "agreement",
    "citation",
)
"""What bills refer to: copied first, not timed."""

TIMED = (
    "entry",
    "posting",
    "service_period_claim",
    "bill",
    "bill_line",
)
"""What issuing bills writes, in the order in which it refers to each other; what the database makes
of it, keys of entries and balances, comes with it."""

PAYMENTS = (
    "payment_file",
    "payment_file_line",
    "receipt",
    "receipt_step",
    "payment",
    "entry",
    "posting",
    "application",
)
"""What posting a file of payments writes; of the journal, what is no bill's."""

OF_A_BILL = "entry_id LIKE 'bill:%'"
OF_JOURNAL = ("entry", "posting")

MONTHLY = ("entry", "posting", "bill", "bill_line")


def seconds_to_copy_bills_again(folder: Path) -> float:
    """Copy all bills of the private server in ``folder`` into a new one, and time it."""
    return _seconds(folder, [(table, "") for table in BEFORE], [(table, "") for table in TIMED])


def seconds_to_copy_payments_again(folder: Path) -> float:
    """Copy all payments of the private server in ``folder`` into a new one that has the bills."""
    before = [(table, OF_A_BILL if table in OF_JOURNAL else "") for table in (*BEFORE, *TIMED)]
    no_bill = f"NOT {OF_A_BILL}"
    timed = [(table, no_bill if table in OF_JOURNAL else "") for table in PAYMENTS]
    return _seconds(folder, before, timed)


def _seconds(folder: Path, before: Rows, timed: Rows) -> float:
    with tempfile.TemporaryDirectory(prefix="copy-", dir=folder) as name:
        other = Path(name)
        other.chmod(0o711)
        with (
            private_server(folder / "postgres") as source,
            open_store(other),
            private_server(other / "postgres") as target,
            _connect(source) as read,
            _connect(target) as write,
        ):
            for table in MONTHLY:
                _make_months(read, write, table)
            write.commit()
            for table, where in before:
                _load(write, table, _dump(read, table, where, other))
            write.commit()
            files = [(table, _dump(read, table, where, other)) for table, where in timed]
            began = time.perf_counter()
            for table, file in files:
                _load(write, table, file)
            write.commit()
            return time.perf_counter() - began


def _connect(server: PrivateServer) -> psycopg.Connection:
    parameters = {**server.connection(SUPERUSER), "dbname": DATABASE}
    return psycopg.connect(make_conninfo(**parameters))


def _make_months(read: psycopg.Connection, write: psycopg.Connection, table: str) -> None:
    column = "issued_day" if table.startswith("bill") else "effective_day"
    months = read.execute(f"SELECT DISTINCT date_trunc('month', {column})::date FROM {table}")
    for (month,) in months.fetchall():
        write.execute("SELECT ensure_month(%s, %s)", [table, month])


def _dump(read: psycopg.Connection, table: str, where: str, folder: Path) -> Path:
    path = folder / f"{table}.copy"
    only = f" WHERE {where}" if where else ""
    columns = ", ".join(_columns(read, table))
    with (
        path.open("wb") as sink,
        read.cursor().copy(
            f"COPY (SELECT {columns} FROM {table}{only}) TO STDOUT (FORMAT binary)"
        ) as rows,
    ):
        for data in rows:
            sink.write(data)
    return path


def _load(write: psycopg.Connection, table: str, path: Path) -> None:
    columns = ", ".join(_columns(write, table))
    with (
        path.open("rb") as stream,
        write.cursor().copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)") as rows,
    ):
        while data := stream.read(1 << 20):
            rows.write(data)


def _columns(connection: psycopg.Connection, table: str) -> Iterable[str]:
    """Columns that the application writes: what the table fills in by itself is left out."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND NOT atthasdef AND attidentity <> 'a' AND attgenerated = '' "
        "ORDER BY attname",
        [table],
    )
    return [f'"{name}"' for (name,) in found.fetchall()]
