"""The private server's parent process: starts PostgreSQL, and stops it when nobody uses it.

A program of its own, run by path with the standard library only. It holds ``keeper.lock`` while
it lives and waits for the exclusive lock on ``users.lock``, of which every running command holds
a shared one. The kernel gives up a dead command's lock, so ``kill -9`` of the last command stops
the server like an ordinary end does. As the server's parent it also reaps it, so that no zombie
is taken for a running server.

Lives here      starting the server in the background, waiting, stopping it when nobody is left.
Lives elsewhere who may start it, and when it is ready (``private_server``).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import threading
from typing import Any


def main() -> None:
    """Read one request (JSON on standard input), go to the background and keep the server."""
    request: dict[str, Any] = json.load(sys.stdin)
    own_lock = os.open(request["keeper_lock"], os.O_RDWR)
    fcntl.flock(own_lock, fcntl.LOCK_EX)  # waits for the keeper of a server that just ended
    if os.fork() > 0:  # the caller waits for this process only; the lock stays with the child
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _leave_the_terminal(request["log"])
    if request["adopt"] is None:
        server = subprocess.Popen(
            request["command"],
            env=request["environment"],
            stdin=subprocess.DEVNULL,
            cwd="/",
            umask=0o077,
            **request["run_as"],
        )
        _stop_when_unused(server.pid, request["users_lock"])
        server.wait()
    else:
        _stop_when_unused(request["adopt"], request["users_lock"])
        _wait_for_stranger(request["adopt"])


def _leave_the_terminal(log: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)


def _stop_when_unused(server: int, users_lock: str) -> None:
    users = os.open(users_lock, os.O_RDWR)

    def wait_then_stop() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)  # held until this process ends: newcomers wait
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGINT)  # "fast": end sessions, write a checkpoint

    threading.Thread(target=wait_then_stop, daemon=True).start()


def _wait_for_stranger(server: int) -> None:
    """Wait for a server that another keeper started and left behind."""
    try:
        handle = os.pidfd_open(server)
    except ProcessLookupError:
        return
    select.select([handle], [], [])


if __name__ == "__main__":
    main()
