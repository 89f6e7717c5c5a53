"""Sixty-four callers at each door of the web that moves money, while the server is killed.

A served process, asked over HTTP, killed with kill -9 and started again. Whoever gets no answer, or
one that says to come again, asks the same once more. In the end each case is posted once, everybody
was told what a calm caller is told, and the rows are those of calm callers.

Lives elsewhere the doors (``web_doors``), that none is left out
                (``test_every_web_door_is_listed``), sessions of the database that are ended under
                callers (``tests/stores/test_many_callers_and_kills``).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.faults.commands import LATER, ROOT, SECRET, AtAddress, a_processor
from tests.faults.web_door import CASES, Door, Request
from tests.faults.web_doors import DOORS
from tests.stores.conftest import NUMBERS, nothing_configured, open_folder, server
from tests.stores.falling import Place
from tests.stores.paper_town import ANALYST
from tests.stores.test_a_fault_at_every_statement import broken, tables

from meterledger.stores.postgres.private_server import DATABASE, OWNER, SUPERUSER, PrivateServer

__all__ = ["nothing_configured", "server"]
pytestmark = pytest.mark.postgres

CALLERS = 64
TRIES = 500
SECONDS_FOR_ALL = 240
KNOCKS_AGAIN = 1
"""Seconds after which a caller of a server that is gone asks it again, whether it is there or not.
"""
LOST = (OSError, http.client.HTTPException)
SAYS_WHY = re.compile(r'<p class="(?:problem|lead)">(.*?)</p>', re.DOTALL)
SOMEBODY_WAS_FASTER = ("by somebody else meanwhile", "Somebody was faster")

Answer = tuple[int, str]


def free_port() -> int:
    """A port of this process: below those that callers are given, so that no caller of another run
    beside this one has it while the server is killed."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Served:
    """The pages in a process of their own, over one database, at one instant."""

    def __init__(self, place: Place, folder: Path, behind: AtAddress, address: str) -> None:
        self.folder, self.behind = folder, behind
        secret = folder / "secret"
        secret.write_bytes(SECRET)
        self._environment = {k: v for k, v in os.environ.items() if k[:2] != "PG"} | {
            "DATABASE_URL": make_conninfo(**place.application),
            "METERLEDGER_DATA": str(folder),
            "METERLEDGER_PROCESSOR": address,
            "METERLEDGER_PROCESSOR_SECRET_FILE": str(secret),
            "STOP_NOW": LATER,
        }
        self.said = folder / "said"
        self.port = free_port()
        self.up = threading.Event()
        """Set while it answers: who lost it waits for it, and leaves the machine to its start."""

    def start(self) -> None:
        """Start; wait until it answers."""
        command = [sys.executable, "-m", "tests.faults.stopping", "serve", "--port", str(self.port)]
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("Meterledger is at")
        self.up.set()

    def kill(self) -> None:
        """Kill all of it, wherever it is."""
        self.up.clear()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def ask(self, request: Request) -> Answer:
        """What is answered: the status, and where to, or what and why not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", request.address, request.body, request.headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status == 302:
            return 302, answer.headers["Location"]
        if answer.headers["Content-Type"].startswith("application/json"):
            return answer.status, json.dumps(json.loads(text), sort_keys=True)
        return answer.status, " ".join(unescape(" ".join(SAYS_WHY.findall(text))).split())


class Storm:
    """Callers of one door; each goes on until it is told how its case came out."""

    def __init__(self, served: Served, place: Place, door: Door) -> None:
        self.served, self.place, self.door = served, place, door
        place.restore("empty")
        if door.reads_lake:  # what a process knows of a lake it knows for good: this is another one
            served.kill()
            shutil.rmtree(served.folder / "lake", ignore_errors=True)
        store = place.store()
        with store.viewing(ANALYST, ["all"]):
            door.fill(store, served.folder)
        store._connections.close()
        if door.reads_lake:
            served.start()
        self.before = place.keep("before")
        self.broken = self.verified()

    def verified(self) -> list[Any]:
        store = self.place.store()
        with store.viewing(ANALYST, ["all"]):
            found = broken(store)
        store._connections.close()
        return found

    def begin(self) -> None:
        """Everything is as before anybody came; also what a process has read and keeps for good:
        clauses of bills, files of the lake.
        """
        if self.door.reads_lake:
            self.served.kill()
        self.place.restore("before")
        if self.door.reads_lake:
            self.served.start()
        self.served.behind.processor = self.door.processor()

    def calm(self, cases: range) -> tuple[dict[int, set[Answer]], dict[str, str]]:
        """What calm callers are told of each case, first and again, and what is there then."""
        self.begin()
        told: dict[int, set[Answer]] = {}
        for case in cases:
            first = self.served.ask(self.door.ask(case))
            assert first[0] in (200, 302), f"{first}; {self.served.said.read_text()[-4000:]}"
            after = self.place.holds()
            told[case] = {first, self.served.ask(self.door.ask(case))}
            assert self.place.holds() == after, "asked again, it changes something"
        assert after != self.before, "it does nothing"
        return told, after

    def strike(self, cases: range, kills: int) -> tuple[dict[int, list[Answer]], int]:
        """All at once, and the server is killed in the middle; what each was told, and kills."""
        self.begin()
        answered = threading.Semaphore(0)
        begin = threading.Barrier(CALLERS + 1)
        done = 0

        def asking(caller: int) -> tuple[int, Answer]:
            case = cases[caller % len(cases)]
            begin.wait()
            until = time.monotonic() + SECONDS_FOR_ALL
            while time.monotonic() < until:
                try:
                    said = self.served.ask(self.door.ask(case))
                except LOST:
                    self.served.up.wait(KNOCKS_AGAIN)
                    continue
                if said[0] == 503 or any(one in said[1] for one in SOMEBODY_WAS_FASTER):
                    time.sleep(0.01)
                    continue
                answered.release()
                return case, said
            raise AssertionError("never told")

        with ThreadPoolExecutor(CALLERS) as pool:
            asked = [pool.submit(asking, caller) for caller in range(CALLERS)]
            begin.wait()
            for _ in range(kills):
                for _ in range(CALLERS // (2 * kills + 1)):
                    answered.acquire()
                self.served.kill()
                done += 1
                self.served.start()
            told: dict[int, list[Answer]] = {}
            for one in asked:
                case, said = one.result()
                told.setdefault(case, []).append(said)
        return told, done

    def blow(self, cases: range, kills: int) -> int:
        """A storm ends as calm callers end; answers the kills."""
        calm, after = self.calm(cases)
        told, done = self.strike(cases, kills)
        for case, answers in told.items():
            new = set(answers) - calm[case]
            assert not new, f"case {case}: {new}; {self.served.said.read_text()[-4000:]}"
        assert sum(map(len, told.values())) == CALLERS
        otherwise = set(tables(self.place.holds(), after)) - self.door.told_again
        # Cases come in any order, and the record is a chain: its rows name the row before.
        assert otherwise <= ({"record"} if len(cases) > 1 else set())
        assert self.verified() == self.broken
        return done


@pytest.fixture(scope="module")
def place(server: PrivateServer) -> Iterator[Place]:
    """A database for all of these tests."""
    name = f"web_{next(NUMBERS)}"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
        made = Place(server, name)
        yield made
        made.close()
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def served(place: Place) -> Iterator[Served]:
    """The pages, served."""
    folder = open_folder()
    with a_processor() as (behind, address):
        made = Served(place, folder, behind, address)
        made.start()
        yield made
        made.kill()
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["answer of the processor"])
def test_a_door_with_many_callers_posts_each_case_once(
    served: Served, place: Place, name: str
) -> None:
    assert Storm(served, place, DOORS[name]).blow(CASES, kills=1) == 1


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("cases", [range(1, 2), CASES], ids=["one case", "eight cases"])
@pytest.mark.parametrize("name", DOORS)
def test_every_door_with_many_callers_posts_each_case_once(
    served: Served, place: Place, name: str, cases: range
) -> None:
    storm = Storm(served, place, DOORS[name])
    print("kills:", storm.blow(cases, kills=3))
