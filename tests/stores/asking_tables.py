"""What tests ask of tables: their columns, and one of their months."""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


def columns_of(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " ORDER BY attnum",
        [table],
    )
    return [row[0] for row in rows]


def partition_of(connection: Connection, table: str) -> str:
    row = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table]
    ).fetchone()
    assert row is not None
    return str(row[0])
