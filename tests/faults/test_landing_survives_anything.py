"""A landing folder emptied by runs that are killed, two at once: each file is stored once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.journeys.test_receive_readings import VIEWER, day_of_quarter_hours, installed
from tests.stores.conftest import open_folder

from meterledger.entrypoints.wiring import open_system
from meterledger.facts.intake import ControlTotals
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.stores.postgres import PostgresStore, open_store, verify_invariants

pytestmark = pytest.mark.postgres

FILES = 24
FIRST = date(2026, 2, 1)
RUN = """
import sys
from dataclasses import replace
from pathlib import Path
from meterledger.entrypoints import landing
from meterledger.entrypoints.clock import now_utc
from meterledger.entrypoints.wiring import open_system
from meterledger.stores.landing import LandingFolder
take = landing._one_file
def told(*given):
    answer = take(*given)
    print(answer["status"], flush=True)
    return answer
landing._one_file = told
folder = LandingFolder(Path(sys.argv[2]))
with open_system(Path(sys.argv[1])) as system:
    landing.one_round(folder, replace(system, now=now_utc()), settle_seconds=0)
"""


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder with one meter installed."""
    for name in ("DATABASE_URL", "METERLEDGER_OWNER_DATABASE_URL", "METERLEDGER_DATA"):
        monkeypatch.delenv(name, raising=False)
    folder = open_folder()
    with open_store(folder, durable=False) as store, store.viewing(VIEWER, []):
        installed(store)  # type: ignore[arg-type]
    yield folder
    shutil.rmtree(folder)


def landed(folder: Path) -> Path:
    """A day of February in each file, every quarter-hour of a day alike."""
    landing = folder / "landing"
    landing.mkdir()
    for number in range(FILES):
        day = FIRST + timedelta(days=number)
        start = datetime(day.year, day.month, day.day, 6, 15, tzinfo=UTC)
        text = day_of_quarter_hours(wh=100 + number).replace("202603090515", f"{start:%Y%m%d%H%M}")
        path = landing / f"{number:02}.cmep"
        path.write_text(text)
        then = time.time() - 60
        os.utime(path, (then, then))
    return landing


def start(data: Path, landing: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(data), str(landing)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.parametrize("lines", [1, 9])
def test_every_file_is_stored_once(data: Path, lines: int) -> None:
    landing = landed(data)

    with start(data, landing) as killed, start(data, landing) as other:
        assert killed.stdout is not None
        for _ in range(lines):
            killed.stdout.readline()
        killed.kill()
        killed.communicate()
        other.communicate()
        assert other.returncode == 0
    with start(data, landing) as last:
        last.communicate()
        assert last.returncode == 0

    assert sorted(path.name for path in landing.iterdir()) == ["taken"]
    assert len(list((landing / "taken").iterdir())) == FILES
    everything_is_there_once(data)


def everything_is_there_once(data: Path) -> None:
    with open_system(data, viewer=VIEWER, subjects=["all"]) as system:
        assert len(system.vault.hashes()) == FILES
        assert system.vault.verify()[1] == []
        today = system.today
        days = system.store.intake_days(
            today - timedelta(days=1), today, zone_name="America/Chicago"
        )
        totals = ControlTotals.sum_of(one.totals for one in days)
        energy_wh = sum(96 * (100 + number) for number in range(FILES))
        assert totals.stored.files == totals.received.files == FILES
        assert totals.stored.energy_wh == totals.received.energy_wh == energy_wh
        (batch,) = system.lake.usage(
            [pseudonym("M1", system.view.name)],
            DaySpan(FIRST, FIRST + timedelta(days=FILES)),
            at_sequence=system.store.lake_sequence(),
        )
        assert int(batch.total_wh[0]) == energy_wh
        store = system.store
        assert isinstance(store, PostgresStore)
        assert [said for _, _, said in verify_invariants(store) if said] == []
