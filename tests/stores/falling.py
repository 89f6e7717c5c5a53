"""A store that falls over at the k-th thing it does, and what all of its tables hold.

Lives here      connections that count statements and commits and fall over at one of them; a digest
                of every row, and rows put back as they were.
Lives elsewhere what is done (``money_journeys``), that it is all or nothing
                (``test_a_fault_at_every_statement``).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, PGconn, TransactionStatus

from meterledger.kernel.refusal import Refusal
from meterledger.stores.postgres.connections import Connections
from meterledger.stores.postgres.private_server import SUPERUSER, PrivateServer
from meterledger.stores.postgres.repository import PostgresStore

SAYS_WHO = ("SELECT set_config('meterledger.viewer'", "SELECT 1")
NO_LINE = PGconn.connect_start(b"port=no")
"""A connection that is closed."""
WRITES = ("INSERT", "UPDATE", "DELETE", "COPY", "close_period", "SELECT ensure_month")


class FellOver(Exception):
    """The program went away in the middle; nothing after it was done."""


class Fall(Enum):
    """How it falls over."""

    PROGRAM = "the program goes away"
    SERVER = "the server ends the session"


class At(Enum):
    """What is about to happen, or has just happened and its answer is lost."""

    STATEMENT = "before a statement"
    COMMIT = "before a commit"
    ANSWER = "after a commit"


@dataclass
class Fate:
    """Counts what is done, and falls over once at the step of that number (from 0)."""

    number: int | None = None
    how: Fall = Fall.PROGRAM
    steps: list[tuple[At, bool]] = field(default_factory=list)
    """What each step was, and whether its transaction had written by then."""
    fell: bool = False
    is_writing: bool = False
    after_commit: Callable[[bool], None] = lambda wrote: None
    """Called after each commit, with whether it wrote."""

    def step(self, at: At, connection: FallingConnection, said: str = "") -> None:
        """One more thing is done. :raises FellOver: or an error of psycopg, if it is this one"""
        if said:
            self.is_writing |= any(word in said for word in WRITES)
        self.steps.append((at, self.is_writing))
        if at is At.ANSWER:
            self.after_commit(self.is_writing)
            self.is_writing = False
        if self.number != len(self.steps) - 1 or self.fell:
            return
        self.fell = True
        if self.how is Fall.PROGRAM:
            connection.leave()
            raise FellOver
        if at is At.ANSWER:  # what the caller sees of a server that is gone before it answers
            connection.close()
            raise psycopg.OperationalError("the connection was closed unexpectedly")
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.Connection.execute(connection, "SELECT pg_terminate_backend(pg_backend_pid())")


class FallingCursor(psycopg.Cursor[Any]):
    """A cursor whose connection has a fate."""

    def execute(self, query: Any, *more: Any, **how: Any) -> Any:
        _count(self, query)
        return super().execute(query, *more, **how)

    def executemany(self, query: Any, *more: Any, **how: Any) -> Any:
        _count(self, query)
        return super().executemany(query, *more, **how)

    def copy(self, query: Any, *more: Any, **how: Any) -> Any:
        _count(self, query)
        return super().copy(query, *more, **how)


class FallingConnection(psycopg.Connection[Any]):
    """A connection that counts."""

    shared: FallingConnections

    def leave(self) -> None:
        """Whoever had it is gone, and it is closed to him; the session waits for somebody else."""
        raw, self.pgconn = self.pgconn, NO_LINE
        self.shared.sessions.put(raw)

    def commit(self) -> None:
        self.shared.fate.step(At.COMMIT, self)
        super().commit()
        self.shared.fate.step(At.ANSWER, self)


def _count(cursor: Any, query: Any) -> None:
    said = str(query)
    if not said.startswith("SELECT pg_terminate_backend"):
        cursor.connection.shared.fate.step(At.STATEMENT, cursor.connection, said)


class Sessions:
    """Sessions of the server whose program is gone, made as new.

    What a program leaves in the middle is rolled back, as the server does when a line breaks, and
    nothing is left of what was said or prepared. Only what the server has read of its own catalog
    is still there: to read it anew takes a session longer than all that it is asked here.
    """

    def __init__(self) -> None:
        self._waiting: list[PGconn] = []
        self._process = os.getpid()

    def put(self, raw: PGconn) -> None:
        """Make it as new, and keep it."""
        if raw.status == ConnStatus.OK and raw.transaction_status != TransactionStatus.ACTIVE:
            ended = [raw.exec_(said).status for said in (b"ROLLBACK", b"DISCARD ALL")]
            if ended == [ExecStatus.COMMAND_OK] * 2:
                self._waiting.append(raw)
                return
        raw.finish()

    def take(self) -> PGconn | None:
        """One of them, if any; it is of nobody else then."""
        if self._process != os.getpid():  # after a fork: the parent's sessions are not ours
            self._waiting, self._process = [], os.getpid()
        return self._waiting.pop() if self._waiting else None

    def close(self) -> None:
        """End them all."""
        while self._waiting:
            self._waiting.pop().finish()


class FallingConnections(Connections):
    """Connections of one fate."""

    def __init__(self, parameters: dict[str, str], fate: Fate, sessions: Sessions) -> None:
        super().__init__(parameters)
        self.fate, self.sessions = fate, sessions

    def turn(self, fate: Fate) -> None:
        """From now on all that is done has this fate."""
        self.fate = fate

    def _connect(self) -> Any:
        raw = self.sessions.take()
        if raw is None:
            made = FallingConnection.connect(**self._parameters)  # type: ignore[arg-type]
        else:
            made = FallingConnection(raw)
        made.cursor_factory, made.shared = FallingCursor, self
        return made

    def leave(self) -> None:
        """The program ends: others may have its sessions."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.leave()  # type: ignore[attr-defined]


def said_by(work: Callable[[], Any]) -> str:
    """What a caller is told: the answer, or the sentence of the refusal."""
    try:
        return repr(work())
    except Refusal as refusal:
        return f"{type(refusal).__name__}: {refusal.sentence}"


# ------------------------------------------------------------------------------------ the place

NOT_STATE = {"read_log", "django_migrations"}
"""Who looked is logged apart, in transactions of its own."""
OF_ITS_RUN = {
    "bill_run": "due billed held excluded known_already total_cents energy_wh estimated zero"
    " by_code findings sentence",
    "late_charge_run": "considered charged not_charged refused charges cents by_code",
}
"""Columns that tell how a run went, of tables of which a second run adds another row, or the same
one: less is left to do."""
IN_PARTS = {
    "ledger_sum": (
        "(SELECT ledger_account, sum(cents) AS cents FROM ledger_sum GROUP BY 1) whole",
        ["ledger_account", "cents"],
    )
}
"""Sums kept in parts: which part a server process moved is no state, what they come to is."""
COLUMNS = """
SELECT c.relname, a.attname, a.attidentity = ''
       AND coalesce(pg_get_expr(d.adbin, d.adrelid), '') !~
           'now\\(\\)|clock_timestamp|pg_current_xact_id|nextval',
       a.attgenerated = ''
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
 ORDER BY 1, a.attnum
"""

ALWAYS = """
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE t.tgenabled = 'A' AND NOT t.tgisinternal AND t.tgparentid = 0
"""
"""What refuses a change even to a superuser's copy; here it refuses the application only."""


class Place:
    """A database whose tables can be looked at, and put back as they were.

    Identities and instants that the database gives itself are no part of what they hold.
    """

    def __init__(self, server: PrivateServer, name: str) -> None:
        """``name`` is a migrated database of this server, of nobody else."""
        self.application = {**server.connection(), "dbname": name}
        self._hand = psycopg.connect(
            **{**server.connection(SUPERUSER), "dbname": name}, autocommit=True
        )
        # Tables are small: workers that help to read them cost ten times what they read.
        self._hand.execute("SET max_parallel_workers_per_gather = 0")
        # Rows are put back as they were written: they were checked then.
        self._hand.execute("SET session_replication_role = replica")
        for table, trigger in self._hand.execute(ALWAYS).fetchall():
            self._hand.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER "{trigger}"')
        self._hand.execute("CREATE SCHEMA IF NOT EXISTS kept")
        told: dict[str, list[str]] = {}
        self._columns: dict[str, list[str]] = {}
        for table, column, is_state, is_given in self._hand.execute(COLUMNS).fetchall():
            if table in NOT_STATE:
                continue
            names = told.setdefault(table, [])  # none where the database gives all of a row
            if is_state:
                names.append(f'"{column}"')
            if is_given:
                self._columns.setdefault(table, []).append(f'"{column}"')
        self._question = " UNION ALL ".join(
            f"SELECT '{name}', md5(coalesce(string_agg({each} t.r, '|' ORDER BY t.r), ''))"
            f" FROM (SELECT md5(ROW({', '.join(names)})::text) AS r FROM {table}) t"
            for name, table, names, each in self._digests(told)
        )
        self._kept: dict[str, dict[str, str]] = {}
        self._sessions = Sessions()
        self.keep("empty")

    def _digests(self, told: dict[str, list[str]]) -> Iterator[tuple[str, str, list[str], str]]:
        """What is digested: every table, and what runs must tell alike of themselves."""
        for table, names in told.items():
            yield (table, *IN_PARTS.get(table, (f'"{table}"', names)), "")
        for table, apart in OF_ITS_RUN.items():
            alike = [one for one in told[table] if one.strip('"') not in apart.split()]
            assert len(told[table]) - len(alike) == len(apart.split()), f"columns of {table}"
            yield f"{table}, of any run", f'"{table}"', alike, "DISTINCT"

    def close(self) -> None:
        """Let the database go."""
        self._sessions.close()
        self._hand.close()

    def holds(self) -> dict[str, str]:
        """A digest of each table."""
        return dict(self._hand.execute(self._question, prepare=True).fetchall())  # type: ignore[arg-type]

    def keep(self, name: str) -> dict[str, str]:
        """Remember what is there under a name; answers its digest."""
        now = self.holds()
        for table in self._columns:
            digest = now[table]
            self._hand.execute(f'DROP TABLE IF EXISTS kept."{name}.{table}"')
            if digest != NO_ROWS:
                self._hand.execute(
                    f'CREATE UNLOGGED TABLE kept."{name}.{table}" AS SELECT * FROM "{table}"'
                )
        self._kept[name] = now
        return now

    def restore(self, name: str, now: dict[str, str] | None = None) -> None:
        """Put everything back as it was under that name; ``now`` is what it holds, if known."""
        before, now = self._kept[name], now or self.holds()
        for table in self._columns:
            digest = before[table]
            if now[table] == digest:
                continue
            names = ", ".join(self._columns[table])
            self._hand.execute(f'DELETE FROM "{table}"')
            if digest != NO_ROWS:
                self._hand.execute(
                    f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE'
                    f' SELECT {names} FROM kept."{name}.{table}"'
                )

    def store(self, fate: Fate | None = None) -> PostgresStore:
        """A store over it; with a fate, one that may fall over."""
        if fate is None:
            return PostgresStore(Connections(self.application), "a test")
        return PostgresStore(FallingConnections(self.application, fate, self._sessions), "a test")

    def end_sessions(self, choose: Callable[[list[int]], list[int]]) -> int:
        """End sessions of the application, as an administrator would; answers how many."""
        found = self._hand.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'meterledger' AND state <> 'idle'"
        ).fetchall()
        chosen = choose([pid for (pid,) in found])
        for pid in chosen:
            self._hand.execute("SELECT pg_terminate_backend(%s)", [pid])
        return len(chosen)


NO_ROWS = hashlib.md5(b"", usedforsecurity=False).hexdigest()
