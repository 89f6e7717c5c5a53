"""Killing ``bill-cycle``, or PostgreSQL under it, at any instant; two at once; and run again.

Real processes, a real server in a folder of its own, kill -9 from outside. After the last
undisturbed run every account is billed exactly once, the journal sums to zero, receivables equal
bills, and every bill replays to the same bytes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.wiring import open_system
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.span import DaySpan, tiles
from meterledger.usecases.ports import Viewer
from meterledger.usecases.replay_bill import replay_bill

THEN = ("--rendered-then", "as it was in those days")

CYCLES = (3, 7, 12, 18)
HOMES_PER_CYCLE = 25
FIRST_DAY = date(2025, 10, 1)
VIEWER = Viewer("fault test", "look for bills")

# The command itself, with batches of a few meters, so that a kill falls between transactions.
COMMAND = (
    "import meterledger.usecases.bill_batches as journey\n"
    "journey.BATCH_METERS = 2\n"
    "from meterledger.entrypoints.cli.main import main\n"
    "main()\n"
)

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A town of generated homes, service started and a month and more of quarter-hours stored."""
    with tempfile.TemporaryDirectory(prefix="ml-faults-", dir="/var/tmp") as name:
        data = Path(name)
        data.chmod(0o711)
        # A durable server, as in use: one that may lose its last commits when it is killed would
        # lose a period that the run has gone on from.
        with open_system(data, viewer=VIEWER, subjects=["all"]) as system:
            population = Population(
                count=len(CYCLES) * HOMES_PER_CYCLE,
                cycles=CYCLES,
                utility=system.book.name,
                zone_name=system.view.time_zone,
            )
            starts = population.starts(from_day=FIRST_DAY, learned_at=system.now)
            system.store.start_services(list(islice(starts, population.count)))
            names: list[str] = []
            for block in population.blocks(DaySpan(FIRST_DAY, date(2025, 11, 20))):
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
            yield data


def start_run(folder: Path, cycle: int) -> subprocess.Popen[str]:
    """``bill-cycle`` in a process of its own, over the folder's data."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            COMMAND,
            "bill-cycle",
            str(cycle),
            "--on",
            "2025-11-20",
            "--json",
            *THEN,
        ],
        env={**os.environ, "METERLEDGER_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(run: subprocess.Popen[str]) -> dict[str, object]:
    """The answer of a run that nobody disturbs."""
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    answer: dict[str, object] = json.loads(out)
    return answer


def kill_server(folder: Path, run: subprocess.Popen[str]) -> None:
    """kill -9 of the postmaster, as a machine's memory killer would.

    Where a server was killed before, the run is the one to start it again: it is waited for.
    """
    give_up = time.monotonic() + 60
    while run.poll() is None and time.monotonic() < give_up:
        for pid_file in folder.glob("postgres/**/postmaster.pid"):
            try:
                os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
                break  # left behind by the server killed before, or just being written
            return
        time.sleep(0.02)


def check_everything(folder: Path, cycle: int) -> None:
    """Exactly one bill for each account and window; money and bytes are right."""
    with open_system(folder, viewer=VIEWER, subjects=["all"]) as system:
        services = system.store.services_of_cycle(cycle, system.now)
        assert len(services) == HOMES_PER_CYCLE
        for number, service in enumerate(services):
            account = service.account.account_id
            bills = system.store.bills_of_account(account)
            assert [bill.days.from_day for bill in bills][:1] == [FIRST_DAY]
            assert tiles([bill.days for bill in bills])
            assert service.billed_until == date(2025, 11, cycle)
            assert system.store.balance_cents(account) == sum(bill.total_cents for bill in bills)
            if number % 10 == 0:
                for bill in bills:
                    again = replay_bill(
                        bill_id=bill.bill_id,
                        store=system.store,
                        lake=system.lake,
                        book=system.book,
                    )
                    assert again.same_bytes, again.differences
        assert sum(system.store.trial_balance().values()) == 0


def delays(seed: int, count: int) -> list[float]:
    """Seconds after the start at which to strike: from before connecting to the last batches."""
    chance = random.Random(seed)
    return [chance.uniform(0.3, 3.0) for _ in range(count)]


class TestBillCycle:
    """Each test has a cycle of its own, so that none finds another's bills."""

    def test_killed_again_and_again_and_then_left_alone_bills_everybody_once(
        self, folder: Path
    ) -> None:
        for delay in delays(seed=1, count=4):
            run = start_run(folder, 3)
            time.sleep(delay)
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
        finish(start_run(folder, 3))
        check_everything(folder, 3)

    def test_two_at_once_bill_everybody_once_between_them(self, folder: Path) -> None:
        runs = [start_run(folder, 7), start_run(folder, 7)]
        answers = [finish(run) for run in runs]
        last = finish(start_run(folder, 7))
        billed = [int(str(answer["billed"])) for answer in (*answers, last)]
        assert sum(billed) == 2 * HOMES_PER_CYCLE, "two windows for each home, each billed once"
        check_everything(folder, 7)

    def test_of_two_at_once_one_may_be_killed(self, folder: Path) -> None:
        doomed, other = start_run(folder, 12), start_run(folder, 12)
        time.sleep(delays(seed=3, count=1)[0])
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.communicate()
        finish(other)
        finish(start_run(folder, 12))
        check_everything(folder, 12)

    def test_survives_the_server_being_killed_under_it(self, folder: Path) -> None:
        for delay in delays(seed=4, count=2):
            run = start_run(folder, 18)
            time.sleep(delay)
            kill_server(folder, run)
            _, err = run.communicate(timeout=120)
            if run.returncode != 0:
                assert run.returncode == 2, err
                assert "Traceback" not in err
                assert len(err.split()) >= 6, f"a sentence says what happened: {err!r}"
        finish(start_run(folder, 18))
        check_everything(folder, 18)
