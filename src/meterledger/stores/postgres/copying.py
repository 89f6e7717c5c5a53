"""The peer of the bench ``bill-cycle``: COPY of finished rows into the same tables.

Lives here      copying a private server's bills into a second, empty one, and the time it took.
Lives elsewhere the run that is compared with it (``entrypoints/bench``). Nothing else uses this.

The second server has the same tables with the same constraints and triggers. The copy connects as
its superuser, which COPY needs on tables with row-level security; what is timed is one
transaction, committed, of every table that issuing bills writes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
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
    "entry_key",
    "entry",
    "posting",
    "service_period_claim",
    "bill",
    "bill_line",
)
"""What issuing bills writes, in the order in which it refers to each other."""

MONTHLY = ("entry", "posting", "bill", "bill_line")


def seconds_to_copy_bills_again(folder: Path) -> float:
    """Copy all bills of the private server in ``folder`` into a new one, and time it."""
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
            for table in BEFORE:
                _copy(read, write, table, other)
            write.commit()
            files = {table: _dump(read, table, other) for table in TIMED}
            began = time.perf_counter()
            for table in TIMED:
                _load(write, table, files[table])
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


def _copy(read: psycopg.Connection, write: psycopg.Connection, table: str, folder: Path) -> None:
    _load(write, table, _dump(read, table, folder))


def _dump(read: psycopg.Connection, table: str, folder: Path) -> Path:
    path = folder / f"{table}.copy"
    columns = ", ".join(_columns(read, table))
    with (
        path.open("wb") as sink,
        read.cursor().copy(
            f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT binary)"
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
