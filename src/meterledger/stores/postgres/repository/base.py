"""What every part of the store shares: who looks, one transaction a call, the record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.stores.held_words import TRIES
from meterledger.stores.ledger_words import refusal_of_journal
from meterledger.stores.postgres.connections import Answer, Connection, Connections
from meterledger.usecases.ports import NotViewing, Viewer


class Tables:
    """Connections, and the viewer of each thread."""

    def __init__(self, connections: Connections) -> None:
        """Work over these connections."""
        self._connections = connections
        self._viewers = threading.local()

    @contextmanager
    def viewing(self, viewer: Viewer, subjects: Sequence[str]) -> Iterator[None]:
        """Allow this thread's reads of personal and usage data inside; log who, whom and why.

        The instant in the read log is the database's own: the log is evidence of what happened
        in the world, and a caller that lives through simulated days cannot date it otherwise.

        :raises NotViewing: if the viewer has no name or no purpose
        """
        if not viewer.name.strip() or not viewer.purpose.strip():
            raise NotViewing.because()
        self._connections.call(
            None,
            lambda connection: connection.execute(
                "INSERT INTO read_log (viewer, purpose, subjects) VALUES (%s, %s, %s)",
                [viewer.name, viewer.purpose, list(subjects)],
            ),
        )
        stack: list[Viewer] = self._viewers.__dict__.setdefault("stack", [])
        stack.append(viewer)
        try:
            yield
        finally:
            stack.pop()

    def _viewer(self) -> Viewer | None:
        stack = self._viewers.__dict__.get("stack")
        return stack[-1] if stack else None

    def _read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Read personal or usage data. :raises NotViewing: outside ``viewing``."""
        viewer = self._viewer()
        if viewer is None:
            raise NotViewing.because()
        return self._connections.call(viewer, work)

    def read_snapshot(self, work: Callable[[Connection], Answer]) -> Answer:
        """Ask many questions of one moment. :raises NotViewing: outside ``viewing``."""
        viewer = self._viewer()
        if viewer is None:
            raise NotViewing.because()
        return self._connections.call(viewer, work, snapshot=True)

    def _step(self, purpose: str, work: Callable[[Connection], Answer]) -> Answer:
        """Write, or sum without telling whose: no personal data leaves the store.

        A write has to see what is there; it does so as the viewer, or in its own name, and
        leaves a row in the record that says what was done.

        :raises Conflict: if the journal refuses an entry at commit
        """
        try:
            return self._connections.call(self._viewer() or Viewer("meterledger", purpose), work)
        except errors.CheckViolation as problem:
            refusal = refusal_of_journal(problem.diag.constraint_name, problem.diag.message_primary)
            if refusal is None:
                raise
            raise refusal from problem

    def _again(
        self, purpose: str, work: Callable[[Connection], Answer], only: str | None = None
    ) -> Answer:
        """A step; where another run or person came first, again with what they did in sight.

        ``only`` names the one constraint by which that is known; without it any key tells it.
        """
        for _ in range(TRIES - 1):
            try:
                return self._step(purpose, work)
            except errors.UniqueViolation as problem:
                if only is not None and problem.diag.constraint_name != only:
                    raise
        return self._step(purpose, work)

    def _note(
        self,
        connection: Connection,
        event: str,
        notes: Sequence[tuple[str, dict[str, Any], datetime]],
    ) -> None:
        """Add (subject, data, learned at) to the record of what was done."""
        viewer = self._viewer()
        connection.execute(
            "INSERT INTO record (recorded_day, event, subject, data, viewer, learned_at)"
            " SELECT (learned_at AT TIME ZONE 'UTC')::date, %s, subject, data, %s, learned_at"
            " FROM unnest(%b::text[], %b::jsonb[], %b::timestamptz[])"
            " AS n (subject, data, learned_at)",
            [
                event,
                viewer.name if viewer else "",
                [subject for subject, _, _ in notes],
                [Jsonb(data) for _, data, _ in notes],
                [learned_at for _, _, learned_at in notes],
            ],
        )


def record_day(learned_at: datetime) -> tuple[str, date]:
    """Which month of the record an event belongs to, for ``ensure_months``."""
    return "record", learned_at.astimezone(UTC).date()


def believed_row(connection: Connection, query: str, key: Sequence[Any]) -> Any:
    """The one row that a query finds, kept for this transaction; None if there is none.

    Who waits for a row that another call replaces is given none: the row that took its place is
    seen by the next statement only.
    """
    while True:
        row = connection.execute(f"{query} FOR UPDATE", key).fetchone()
        if row is not None or connection.execute(query, key).fetchone() is None:
            return row


def storable(text: str) -> str:
    """Text that PostgreSQL takes: a file's name or cell may hold a zero or bytes of no letter."""
    return (
        text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="backslashreplace").decode()
    )
