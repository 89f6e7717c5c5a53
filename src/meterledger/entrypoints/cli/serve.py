"""``meterledger serve``: the pages, for a browser on this machine and no other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import PORT, JsonFlag, refusing
from meterledger.kernel.refusal import Refusal

if TYPE_CHECKING:
    from granian.server.common import AbstractServer

OWN_ADDRESSES = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
"""What may be asked for, and what is bound."""

THREADS = 4
SECONDS_TO_STOP = 2
"""A worker only reads; one that is idle in a wait of its own is ended after this long."""


class NotThisMachine(Refusal):
    """The address asked for can be reached by others."""


class PortRefused(Refusal):
    """The port asked for cannot be listened on."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("serve")(serve)


def serve(
    port: Annotated[int, typer.Option(click_type=PORT, help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address of this machine.")] = "127.0.0.1",
    as_json: JsonFlag = False,
) -> None:
    """Serve the pages: accounts, bills with the clause of every line, the tariff book.

    Prints the link and answers until Ctrl-C. It answers this machine only, because sign-in
    does not exist yet.
    """
    with refusing():
        address = own_address(host)
        refuse_taken_port(address, port)

        from meterledger.entrypoints.wiring import open_system

        with open_system():  # starts or finds the database once, and holds it while we answer
            answer_until_stopped(address, port, as_json=as_json)


def own_address(host: str) -> str:
    """The loopback address to bind.

    :raises NotThisMachine: for any address that others may reach
    """
    if host not in OWN_ADDRESSES:
        raise NotThisMachine(
            f"'{host[:80]}' is not this machine's own address",
            where="--host",
            why="The pages show names, addresses and usage, and sign-in does not exist yet",
            do="Leave --host out, or give one of 127.0.0.1, localhost, ::1; from another machine, "
            "reach it through an SSH tunnel",
        )
    return OWN_ADDRESSES[host]


def refuse_taken_port(address: str, port: int) -> None:
    """Say now, in words, what the server would say later in its log.

    :raises PortRefused: if the port is none, or somebody listens on it, or we may not
    """
    import socket

    if not 1 <= port <= 65_535:
        raise PortRefused(
            f"{port} is not a port", where="--port", do="Give a number from 1 to 65535"
        )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as problem:
            raise PortRefused(
                f"Port {port} cannot be used: {problem.strerror or problem}",
                where="--port",
                why="Another program listens on it, or this user may not",
                do=f"Stop the other one, or serve elsewhere: --port {min(port + 1, 65_535)}",
            ) from problem


def link(address: str, port: int) -> str:
    """What to open in a browser."""
    shown = f"[{address}]" if ":" in address else address
    return f"http://{shown}:{port}/"


def answer_until_stopped(address: str, port: int, *, as_json: bool = False) -> None:
    """Answer requests until Ctrl-C or a stop signal. The caller holds the system open."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "meterledger.entrypoints.site.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=5,
        workers_kill_timeout=SECONDS_TO_STOP,
        log_level=LogLevels.error,
    )

    _after_the_worker(server, partial(_say_when_open, address, port, as_json))
    server.serve()


def _after_the_worker(server: AbstractServer[Any], say: Callable[[], None]) -> None:
    """Say it in a thread that begins once the worker is there.

    A worker is a fork: what a thread holds just then (the lock of a module that it imports, of the
    resolver of names) is held in the worker for ever, and the first question to a processor waits
    for it, with one of our few threads after another.
    """
    import multiprocessing
    import os
    from threading import Thread

    begun: list[Thread] = []

    def begin() -> None:
        if not begun:
            begun.append(Thread(target=say, daemon=True))
            begun[0].start()

    if multiprocessing.get_start_method() == "fork":
        os.register_at_fork(after_in_parent=begin)
    else:
        server.on_startup(begin)


def _say_when_open(address: str, port: int, as_json: bool) -> None:
    """Print the link once it can be opened, not before."""
    import socket
    import time

    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    if as_json:
        print(json.dumps({"url": link(address, port)}))
    else:
        print(f"Meterledger is at {link(address, port)}  (Ctrl-C stops it)")
    sys.stdout.flush()
