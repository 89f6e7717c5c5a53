"""Open the system of record: a private server or a real one, migrated, as the application's role.

Lives here      choosing the server, refusing a connection that may do too much, migrating when
                there is something to do.
Lives elsewhere the private server, migrating, everything that is asked afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from meterledger.stores.postgres.addresses import (
    DATABASE_VARIABLE,
    OWNER_VARIABLE,
    parameters_of,
)
from meterledger.stores.postgres.binaries import ServerUnavailable
from meterledger.stores.postgres.connections import NOT_REACHED, Connection, Connections
from meterledger.stores.postgres.migrating import CannotMigrate, schema_stamp
from meterledger.stores.postgres.private_server import OWNER, private_server
from meterledger.stores.postgres.repository import PostgresStore

# What the role may do, and which schema it was opened for. Tables that do not exist yet have no
# owner; the database's owner may drop any of them.
QUESTION = """
SELECT current_user, r.rolsuper OR r.rolbypassrls OR r.rolreplication,
       pg_has_role(current_user, d.datdba, 'MEMBER')
       OR coalesce(pg_has_role(current_user, t.relowner, 'MEMBER'), false),
       to_regclass('schema_stamp') IS NOT NULL
  FROM pg_roles r
  CROSS JOIN pg_database d
  LEFT JOIN pg_class t ON t.oid = to_regclass('entry')
 WHERE r.rolname = current_user AND d.datname = current_database()
"""


class TooMuchRight(ServerUnavailable):
    """The application's connection could change what must stay."""


@dataclass(frozen=True)
class Database:
    """Where a system of record is: the application's connection, and the owner's if known."""

    application: dict[str, str]
    owner: dict[str, str] | None
    whereabouts: str
    revive: Callable[[], None] | None = None


@contextmanager
def open_store(data_folder: Path, *, durable: bool = True) -> Iterator[PostgresStore]:
    """The system of record, ready: started, migrated, connected as the application's role.

    Without ``DATABASE_URL`` a private server in ``data_folder`` is used; ``durable`` false makes a
    new one without fsync, for tests.

    :raises ServerUnavailable: saying what is missing or closed, and what to do
    :raises CannotMigrate: if the database is of another version and cannot be brought up to date
    """
    url = os.environ.get(DATABASE_VARIABLE)
    if url:
        with open_database(_real_database(url)) as store:
            yield store
        return
    with private_server(data_folder / "postgres", durable=durable) as server:
        database = Database(
            application=server.connection(),
            owner=server.connection(OWNER),
            whereabouts=f"private server in {server.folder}",
            revive=server.ensure_running,
        )
        with open_database(database) as store:
            yield store


@contextmanager
def open_database(database: Database) -> Iterator[PostgresStore]:
    """The store in a database whose server runs. Raises as ``open_store``."""
    connections = Connections(database.application, revive=database.revive)
    try:
        try:
            connection = connections.take()
        except NOT_REACHED as problem:
            raise ServerUnavailable(
                f"The database server cannot be reached: {_first_line(problem)}",
                where=database.whereabouts,
                do=f"Start it, or correct {DATABASE_VARIABLE}; unset it to use a private server",
            ) from problem
        try:
            _prepare(connection, database)
        except psycopg.OperationalError as problem:
            raise ServerUnavailable(
                f"The database server went away: {_first_line(problem)}",
                where=database.whereabouts,
                do="Run the command again; nothing was changed",
            ) from problem
        finally:
            connections.give_back(connection)
        yield PostgresStore(connections, database.whereabouts)
    finally:
        connections.close()


def _real_database(url: str) -> Database:
    application = parameters_of(url, DATABASE_VARIABLE)
    owner_url = os.environ.get(OWNER_VARIABLE)
    host, name = application.get("host", "the local socket"), application.get("dbname", "")
    return Database(
        application=application,
        owner=parameters_of(owner_url, OWNER_VARIABLE) if owner_url else None,
        whereabouts=f"database {name} at {host}",
    )


def _prepare(connection: Connection, database: Database) -> None:
    role, is_super, is_owner, has_stamp = connection.execute(QUESTION).fetchone() or ("", 0, 0, 0)
    if is_super or is_owner:
        raise TooMuchRight(
            f"The role {role} is {'a superuser' if is_super else 'an owner'} and could change "
            "what must stay",
            where=database.whereabouts,
            do=f"Let {DATABASE_VARIABLE} connect as a role that owns nothing, and "
            f"{OWNER_VARIABLE} as the owner",
        )
    wanted = schema_stamp()
    if not has_stamp or _stamp(connection, role) != wanted:
        connection.commit()
        _migrate(database, role, wanted)
    connection.commit()


def _stamp(connection: Connection, role: str) -> str | None:
    try:
        row = connection.execute(
            "SELECT stamp FROM schema_stamp WHERE role_name = %s", [role]
        ).fetchone()
    except psycopg.errors.InsufficientPrivilege:  # made for another role: nothing granted yet
        connection.rollback()
        return None
    return str(row[0]) if row else None


def _migrate(database: Database, role: str, stamp: str) -> None:
    if database.owner is None:
        raise CannotMigrate(
            "The database is not prepared for this version and this role",
            where=database.whereabouts,
            do=f"Set {OWNER_VARIABLE} to the owner's connection once, so that tables can be made",
        )
    done = subprocess.run(
        [sys.executable, "-m", "meterledger.stores.postgres.migrating"],
        input=json.dumps({"owner": database.owner, "role": role, "stamp": stamp}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it said nothing"
    if done.returncode == 2:
        what, where, why, do = json.loads(last)
        raise CannotMigrate(what, where=where or database.whereabouts, why=why, do=do)
    raise CannotMigrate(
        f"Making the tables failed: {last}",
        where=database.whereabouts,
        do="Run the command again; tables are made in steps, each whole or not at all",
    )


def _first_line(problem: Exception) -> str:
    return (
        " ".join(str(problem).splitlines()[0].split()) if str(problem) else type(problem).__name__
    )
