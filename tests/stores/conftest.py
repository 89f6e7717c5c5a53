"""Stores to test: dictionaries, and databases copied from one migrated template.

Lives here      one private server for each test process, a fresh database for each test.
Lives elsewhere facts to keep (``paper_town``).
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from meterledger.stores.memory import MemoryStore
from meterledger.stores.postgres.opening import Database, open_database
from meterledger.stores.postgres.private_server import (
    DATABASE,
    OWNER,
    SUPERUSER,
    PrivateServer,
    private_server,
)
from meterledger.stores.postgres.repository import PostgresStore

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def nothing_configured() -> Iterator[None]:
    """No test looks at a database that somebody has configured on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "METERLEDGER_OWNER_DATABASE_URL", "METERLEDGER_DATA"):
            patch.delenv(name, raising=False)
        for name in [name for name in os.environ if name.startswith("PG")]:
            patch.delenv(name)
        yield


def open_folder() -> Path:
    """A folder of ours that the server's account may pass: pytest's own are closed for root."""
    folder = Path(tempfile.mkdtemp(prefix="meterledger-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder that the server's account may pass."""
    made = open_folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def server() -> Iterator[PrivateServer]:
    """A private server of this test process, without fsync, whose database is migrated."""
    folder = open_folder()
    with private_server(folder / "postgres", durable=False) as server:
        with open_database(database_of(server, DATABASE)):
            pass
        yield server
    shutil.rmtree(folder)


def database_of(server: PrivateServer, name: str) -> Database:
    """One database of the server, as the application and as the owner."""
    return Database(
        application={**server.connection(), "dbname": name},
        owner={**server.connection(OWNER), "dbname": name},
        whereabouts=f"test database {name}",
        revive=server.ensure_running,
    )


@pytest.fixture
def database(server: PrivateServer) -> Iterator[Database]:
    """A fresh database: a copy of the migrated one."""
    name = f"copy_{next(NUMBERS)}"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(
            f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER} STRATEGY file_copy"
        )
        yield replace(database_of(server, name))
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres(database: Database) -> Iterator[PostgresStore]:
    """A store over a fresh database."""
    with open_database(database) as store:
        yield store


@pytest.fixture
def application(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A raw connection as the application's role: what a careless or hostile program has."""
    with psycopg.connect(**database.application) as connection:
        yield connection


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> MemoryStore | PostgresStore:
    """Each store in turn: one suite of promises for both."""
    if request.param == "memory":
        return MemoryStore()
    made: PostgresStore = request.getfixturevalue("postgres")
    return made
