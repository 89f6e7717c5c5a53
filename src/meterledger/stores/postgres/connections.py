"""Connections of one process to the system of record, kept open, each call one transaction.

Lives here      lending connections to threads; saying who looks; trying again after a deadlock;
                telling a lost server from a refused write; months that exist already.
Lives elsewhere what is asked (``repository``), where the server is (``opening``).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import errors

from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import Viewer

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
Answer = TypeVar("Answer")

ATTEMPTS = 5
REVIVE_SECONDS = 5
SAY_WHO = (
    "SELECT set_config('meterledger.viewer', %s, true), set_config('meterledger.purpose', %s, true)"
)
NOT_REACHED = (psycopg.OperationalError, psycopg.InterfaceError)
WORTH_ANOTHER_TRY = (errors.DeadlockDetected, errors.SerializationFailure)


class ServerLost(Refusal):
    """The database server went away in the middle of a call."""

    is_passing = True
    stops_everything = True


class DatabaseFull(Refusal):
    """The database server has no room for what was to be written."""

    is_passing = True
    stops_everything = True


class Connections:
    """Lends connections; gives every call its transaction."""

    def __init__(
        self, parameters: dict[str, str], *, revive: Callable[[], None] | None = None
    ) -> None:
        """``revive`` starts a server of our own again when it cannot be reached."""
        self._parameters = {
            **parameters,
            "application_name": "meterledger",
            "options": f"{parameters.get('options', '')} -c timezone=UTC".strip(),
        }
        self._revive = revive
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._months: set[tuple[str, int, int]] = set()

    # ------------------------------------------------------------------------------- lending

    def take(self) -> Connection:
        """A connection for the caller alone, until ``give_back``.

        :raises OperationalError: of psycopg, if no server can be reached
        """
        with self._lock:
            if self._process != os.getpid():  # after a fork: the parent's connections are not ours
                self._idle, self._process = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        deadline = time.monotonic() + REVIVE_SECONDS
        while True:
            try:
                return self._connect()
            except NOT_REACHED:
                if self._revive is None or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)  # a killed server takes a moment to be gone
            self._revive()

    def _connect(self) -> Connection:
        return psycopg.connect(**self._parameters)  # type: ignore[arg-type] # names are checked by libpq

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for the next call, unless it is broken."""
        if connection.closed or connection.broken:
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    # -------------------------------------------------------------------------- transactions

    def call(
        self,
        viewer: Viewer | None,
        work: Callable[[Connection], Answer],
        *,
        snapshot: bool = False,
    ) -> Answer:
        """Do the work in one transaction, again if another one was in its way.

        With ``snapshot`` all of it sees one moment, and may only read.

        :raises ServerLost: if the server went away; :raises DatabaseFull: if it has no room
        """
        attempt = 1
        while True:
            try:
                with self._transaction(viewer, snapshot) as connection:
                    return work(connection)
            except WORTH_ANOTHER_TRY:
                if attempt == ATTEMPTS:
                    raise
                attempt += 1
            except errors.DiskFull as problem:
                raise DatabaseFull(
                    "The database server's disk is full",
                    why="Nothing of this step was kept",
                    do="Free disk space and run the command again",
                ) from problem
            except NOT_REACHED as problem:
                if not _is_lost(problem):
                    raise
                raise _lost(problem) from problem

    @contextmanager
    def _transaction(self, viewer: Viewer | None, snapshot: bool) -> Iterator[Connection]:
        connection = self._begun(viewer, snapshot)
        try:
            yield connection
            connection.commit()
        except BaseException:
            if not connection.closed:
                try:
                    connection.rollback()
                except NOT_REACHED:
                    connection.close()
            raise
        finally:
            self.give_back(connection)

    def _begun(self, viewer: Viewer | None, snapshot: bool) -> Connection:
        """A connection whose transaction has begun and says who looks.

        An idle connection may have died with its server; nothing was sent yet, so another one
        takes its place.
        """
        while True:
            with self._lock:
                is_fresh = not self._idle
            connection = self.take()
            try:
                if snapshot:
                    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                if viewer is None:
                    connection.execute("SELECT 1")
                else:
                    connection.execute(SAY_WHO, [viewer.name, viewer.purpose])
                return connection
            except NOT_REACHED:
                connection.close()
                if is_fresh:
                    raise

    def ensure_months(self, days: Iterable[tuple[str, date]]) -> None:
        """Make the partitions that (table, day) pairs fall into, in a transaction of their own.

        Beforehand, so that no transaction that has written waits for another that makes a month.
        """
        missing = sorted(
            {
                (table, day.year, day.month)
                for table, day in days
                if (table, day.year, day.month) not in self._months
            }
        )
        if not missing:
            return

        def make(connection: Connection) -> None:
            for table, year, month in missing:
                connection.execute("SELECT ensure_month(%s, %s)", [table, date(year, month, 1)])

        self.call(None, make)
        self._months.update(missing)


def _is_lost(problem: psycopg.Error) -> bool:
    """Whether the server is gone or going (or never answered), rather than refusing a statement."""
    state = problem.sqlstate
    return state is None or state.startswith(("57P", "08"))


def _lost(problem: Exception) -> ServerLost:
    said = " ".join(str(problem).split("\n")[0].split())
    return ServerLost(
        "The database server went away in the middle of a step",
        why=f"It said: {said}" if said else "",
        do="Run the command again: what was kept is kept once, what was not is done then",
    )
