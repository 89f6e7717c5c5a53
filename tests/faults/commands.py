"""Commands that move money, each with what is there before it, and how one is started and killed.

Lives here      towns in a database and a data folder, put back as they were; a process at a time.
Lives elsewhere where a command halts (``stopping``), what must hold
                (``test_commands_survive_anything``).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from psycopg.conninfo import make_conninfo
from tests.journeys import test_autopay as autopay
from tests.journeys.desk_of_payments import NOW as DESK_NOW
from tests.journeys.desk_of_payments import RECEIVED
from tests.journeys.late_town import ISSUED
from tests.journeys.late_town import NOW as LATE_NOW
from tests.journeys.test_reconcile_bank import HEADER
from tests.stores.falling import Place
from tests.stores.money_journeys import arrears, bank, channels
from tests.stores.money_journeys.payments import billed
from tests.stores.paper_town import ANALYST, account_id

from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.wiring import open_bank_numbers, open_system
from meterledger.facts.card_refunds import CardRefund
from meterledger.facts.checkouts import Answer, Checkout
from meterledger.facts.money import Tender
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.exact_json import read_exact_json
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways.processor import SIGNATURE, answer_body, signature_of
from meterledger.stores.gateways.processor_fake import BadProcessor

THEN = ("--rendered-then", "as it was in those days")

ROOT = Path(__file__).parents[2]
SECRET = b"a secret of sixteen bytes"
LATER = "2026-12-02T18:00:00+00:00"
CYCLE, FIRST_DAY, BILLED_ON = 7, date(2025, 10, 1), date(2025, 11, 20)
PAYMENTS = f"""key,account,usd,received,tender,check,reference
A-1,{account_id(1)},165.19,{RECEIVED},cash,,
A-2,77,1.00,{RECEIVED},cash,,
A-3,{account_id(2)},2.00,{RECEIVED},check,1001,
A-4,{account_id(1)},300.00,{RECEIVED},cash,,
total,4,468.19
"""
STATEMENT = (
    f"{HEADER}opening,4471,{RECEIVED},0.00,,\n"
    + "".join(
        f"line,4471,{RECEIVED},{usd},{name},\n"
        for usd, name in (("100.00", "K-1"), ("65.19", ""), ("7.77", "WIRE"))
    )
    + f"closing,4471,{RECEIVED},172.96,,\n"
)


def a_folder_of(told: dict[str, str]) -> Callable[[Path], None]:
    """Files beside the data, as somebody sent them."""

    def fill(folder: Path) -> None:
        for name, text in told.items():
            (folder / name).write_text(text)

    return fill


def orders(store: Any, folder: Path) -> None:
    """Two accounts whose bills are to be drawn; their bank numbers are sealed with our keys."""
    channels.owing(store)
    desk = channels.Desk(store)
    desk.numbers = open_bank_numbers(folder)
    for number in (1, 2):
        desk.enroll(number, number=f"12345678{number}")
    with channels.gate(autopay.FINE):
        desk.run()


def homes(store: Any, folder: Path) -> None:
    """Twelve generated homes with quarter-hours of two windows; the second one is due."""
    del store  # the system opens its own, with the lake
    with open_system(folder, viewer=ANALYST, subjects=["all"]) as system:
        population = Population(
            count=12, cycles=(CYCLE,), utility=system.book.name, zone_name=system.view.time_zone
        )
        starts = population.starts(from_day=FIRST_DAY, learned_at=system.now)
        system.store.start_services(list(islice(starts, 12)))
        names: list[str] = []
        for block in population.blocks(DaySpan(FIRST_DAY, BILLED_ON)):
            names += system.lake.write_block(
                block.meters,
                block.days,
                block.values,
                source_sha256=sha256_hex(b"faults"),
                learned_at=system.now,
                at_sequence=0,
            )
        system.store.record_file(
            sha256=sha256_hex(b"faults"),
            name="generated",
            format="generated",
            channels=(),
            quarantined=(),
            lake_files=names,
            learned_at=system.now,
        )


def plain(town: Callable[[Any], Any]) -> Callable[[Any, Path], None]:
    """A town of the store alone."""

    def made(store: Any, folder: Path) -> None:
        del folder
        town(store)

    return made


def no_files(folder: Path) -> None:
    """Nobody sent anything."""


@dataclass(frozen=True)
class Command:
    """Words of the command line; ``FOLDER`` in them is the data folder."""

    words: tuple[str, ...]
    town: Callable[[Any, Path], None]
    now: str = LATER
    files: Callable[[Path], None] = no_files
    told_again: frozenset[str] = frozenset()
    """Tables that may end otherwise: a second call says that it was called, what it found, or how
    it heard it."""


RUN = frozenset({"record", "bill_run, of any run"})
"""A run of bills that died after its last bill leaves no row of itself, and the next one, which
finds nothing due, adds none."""
COMMANDS = {
    "payment file": Command(
        ("payment", "file", "FOLDER/told.csv", "--by", "Ana"),
        plain(billed),
        files=a_folder_of({"told.csv": PAYMENTS}),
    ),
    "ach out": Command(("ach", "out"), orders, now=f"{autopay.DUE}T18:00:00+00:00"),
    "checkout": Command(
        ("checkout", "start", account_id(1), "--usd", "165.19", "--key", "pay-0001"),
        plain(channels.owing),
        told_again=frozenset({"checkout_step", "record"}),  # begun already: it is asked about
    ),
    "bill run": Command(
        ("bill-cycle", str(CYCLE), "--on", str(BILLED_ON), *THEN),
        homes,
        told_again=RUN,
    ),
    "late-charge run": Command(
        ("late-charge", "run", "--on", str(ISSUED[1])),
        plain(arrears.late),
        now=LATE_NOW.isoformat(),
    ),
    "deposit run": Command(
        ("deposit", "run", "--on", "2026-07-23"),
        plain(arrears.a_year),
        now=arrears.LAST.isoformat(),
    ),
    "close a day": Command(("close", str(BILLED_ON), *THEN), homes, told_again=RUN),
    "bank statement": Command(
        ("bank", "take", "FOLDER/bank.csv"),
        plain(bank.received),
        now=(DESK_NOW + timedelta(hours=1)).isoformat(),
        files=a_folder_of({"bank.csv": STATEMENT}),
    ),
}


@dataclass
class Stage:
    """A command's town, as it is before it, and processes that play on it."""

    command: Command
    place: Place
    folder: Path
    environment: dict[str, str]
    processor: BadProcessor = field(default_factory=BadProcessor)

    def reset(self) -> None:
        """Everything is as before the command."""
        self.place.restore("before")
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.folder / "before", data)
        self.processor.__init__()  # type: ignore[misc]

    def start(self, stop_at: int = -1, tells: Path | None = None) -> subprocess.Popen[bytes]:
        """The command in a process of its own."""
        data = str(self.folder / "data")
        words = [one.replace("FOLDER", data) for one in self.command.words]
        more = {"STOP_AT": str(stop_at), "STOP_TELLS": str(tells or "")}
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.stopping", *words],
            env=self.environment | more,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, tells: Path | None = None) -> None:
        """The command once more, undisturbed."""
        process = self.start(tells=tells)
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said.decode()

    def holds(self) -> dict[str, str]:
        """All rows, and the files that left us, to the byte."""
        out = self.folder / "data" / "outgoing"
        files = {
            f"file {one.name}": sha256_hex(one.read_bytes())
            for one in sorted(out.glob("*"))
            if one.is_file() and not one.name.startswith(".")
        }
        return self.place.holds() | files


def killed(process: subprocess.Popen[bytes]) -> bool:
    """Wait until it halts, and kill it from outside; False if it ended by itself."""
    assert process.stderr is not None
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    halted = os.WIFSTOPPED(status)
    if halted:
        os.kill(process.pid, signal.SIGKILL)
        os.waitpid(process.pid, 0)
    process.returncode = -signal.SIGKILL if halted else os.waitstatus_to_exitcode(status)
    process.stderr.close()
    return halted


def kill_now(process: subprocess.Popen[bytes]) -> bool:
    """Kill it wherever it is; whether it was still at work."""
    was_at_work = process.poll() is None
    if was_at_work:
        process.kill()
    process.communicate()
    return was_at_work


@contextmanager
def on_stage(name: str, place: Place, folder: Path) -> Iterator[Stage]:
    """A command's town in this database and this folder."""
    command = COMMANDS[name]
    data = folder / "data"
    data.mkdir()
    command.files(data)
    url = make_conninfo(**place.application)
    with a_processor() as (at_address, address):
        secret = folder / "secret"
        secret.write_bytes(SECRET)
        environment = {name: told for name, told in os.environ.items() if name[:3] != "PG"} | {
            "DATABASE_URL": url,
            "METERLEDGER_DATA": str(data),
            "METERLEDGER_PROCESSOR": address,
            "METERLEDGER_PROCESSOR_SECRET_FILE": str(secret),
            "STOP_NOW": command.now,
            "STOP_BATCH": "4",
        }
        place.restore("empty")
        assert "DATABASE_URL" not in os.environ
        os.environ["DATABASE_URL"] = url
        try:
            store = place.store()
            with store.viewing(ANALYST, ["all"]):
                command.town(store, data)
            store._connections.close()
        finally:
            del os.environ["DATABASE_URL"]
        place.keep("before")
        shutil.copytree(data, folder / "before")
        yield Stage(command, place, folder, environment, at_address.processor)


@dataclass
class AtAddress:
    """What answers at an address now; one question at a time."""

    processor: BadProcessor = field(default_factory=BadProcessor)
    one: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, path: str, told: dict[str, Any]) -> Answer:
        """Begin a checkout, or a refund to a card."""
        if path.endswith("/refunds"):
            name, of = told["refund"], account_id(1)
            refund = CardRefund(
                *(name, name, told["checkout"], of, told["cents"], DESK_NOW, "-", "-")
            )
            return self.processor.refund(refund)
        tender = Tender(told["tender"])
        name, of = told["checkout"], account_id(1)
        return self.processor.start(Checkout(name, of, told["cents"], tender, DESK_NOW, "-"))

    def say(self, path: str) -> Answer:
        """How one stands."""
        name = unquote(path.rpartition("/")[2])
        refund = path.endswith(f"/refunds/{quote(name, safe='')}")
        return self.processor.ask_refund(name) if refund else self.processor.ask(name)


@contextmanager
def a_processor() -> Iterator[tuple[AtAddress, str]]:
    """The fake processor behind an address of this machine."""
    behind = AtAddress()

    class Desk(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """The tests' own output is enough."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = read_exact_json(body, where="a request", do="")
            with behind.one:
                answer = behind.begin(self.path, told)
            self._say(answer)

        def do_GET(self) -> None:
            with behind.one:
                answer = behind.say(self.path)
            self._say(answer)

        def _say(self, answer: Answer) -> None:
            body = answer_body(answer)
            self.send_response(200)
            self.send_header(SIGNATURE, signature_of(body, SECRET))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # whoever asked was killed meanwhile
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield behind, f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
