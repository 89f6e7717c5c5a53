"""A command of Meterledger at a told instant, which can be made to halt at its k-th step.

A step is what cannot be taken back: a commit that wrote, seen before and after; a file that is
opened to be written, made durable, renamed or removed; a request that leaves for the processor. At
step ``STOP_AT`` the process halts (SIGSTOP), and whoever is outside kills it there.

Lives elsewhere who starts and kills it (``test_commands_survive_anything``).
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import date, datetime
from typing import Any

import psycopg

from meterledger.entrypoints import clock

NOW = datetime.fromisoformat(os.environ["STOP_NOW"])
STOP_AT = int(os.environ.get("STOP_AT", "-1"))
FOLDER = os.environ["METERLEDGER_DATA"]
TOLD = os.environ.get("STOP_TELLS", "")
steps: list[str] = []
clock.now_utc = lambda: NOW  # before anything else is imported that reads it


def step(what: str) -> None:
    """One more step; halt if it is the one."""
    steps.append(what)
    if len(steps) - 1 == STOP_AT:
        os.kill(os.getpid(), signal.SIGSTOP)


def wrote(connection: psycopg.Connection[Any]) -> bool:
    """Whether the transaction that is about to be committed has written anything."""
    if connection.info.transaction_status is not psycopg.pq.TransactionStatus.INTRANS:
        return False
    row = connection.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").fetchone()
    return bool(row and row[0])


def watch() -> None:
    """From here on steps are counted."""
    commit, fsync = psycopg.Connection.commit, os.fsync

    def watched(connection: psycopg.Connection[Any]) -> None:
        if not wrote(connection):
            commit(connection)
            return
        step("before a commit")
        commit(connection)
        step("after a commit")

    def durable(descriptor: Any) -> None:
        step("before a file is durable")
        fsync(descriptor)

    def heard(event: str, told: tuple[Any, ...]) -> None:
        if event == "http.client.send":
            step("before a request")
        elif event in ("os.rename", "os.remove", "os.link") and _ours(told[0]):
            step(f"before {event}")
        elif event == "open" and _ours(told[0]) and _writes(told[1], told[2]):
            step("before a file is opened")

    psycopg.Connection.commit = watched  # type: ignore[method-assign]
    os.fsync = durable
    sys.addaudithook(heard)


def _ours(path: Any) -> bool:
    return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(FOLDER)


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(one in mode for one in "wax+")
    return bool(int(flags or 0) & (os.O_WRONLY | os.O_RDWR))


def main() -> None:
    """The command itself; all that was ever entered into the book is known to it."""
    from meterledger.entrypoints import issuing, wiring
    from meterledger.entrypoints.cli.main import main as command
    from meterledger.usecases import bill_batches

    issuing.refuse_wrong_clock = lambda system: None  # the instant is told, and no clock's
    bill_batches.BATCH_METERS = int(os.environ.get("STOP_BATCH", bill_batches.BATCH_METERS))
    wiring.System.view = property(lambda self: self.tariff_book.as_known(date.max))  # type: ignore[assignment]
    watch()
    try:
        command()
    finally:
        if TOLD:
            with open(os.open(TOLD, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:  # noqa: PTH123
                out.write("\n".join(steps))


if __name__ == "__main__":
    main()
