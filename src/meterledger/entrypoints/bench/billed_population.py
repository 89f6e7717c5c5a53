"""Populations for the benches of billing: accounts of one or of many cycles, and their intervals.

Lives here      the folder with its own server, who is in which cycle, writing both.
Lives elsewhere who the homes are and what they use (``demo/population``).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from meterledger.billing import reading_day
from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import System, open_system
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.ports import Viewer

CYCLE = 15
YEAR, FROM_MONTH, UNTIL_MONTH = 2025, 9, 10
"""Windows that cross the season and a rider, so that bills have their full number of lines."""
ACCOUNTS_OF_A_CYCLE = 60_000
STARTS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class BilledCycle:
    """Accounts of one cycle, numbered from ``first``, and the window they are billed for."""

    number: int
    days: DaySpan
    accounts: int
    first: int = 0


def one_cycle(accounts: int = ACCOUNTS_OF_A_CYCLE) -> BilledCycle:
    """All accounts in one cycle, as a night bills them."""
    return BilledCycle(CYCLE, DaySpan(date(2025, 9, 15), date(2025, 10, 15)), accounts)


def many_cycles(accounts: int, view: BookView, *, cycles: int = 20) -> list[BilledCycle]:
    """The accounts in cycles of 60,000, or in ``cycles`` equal ones where those would be more.

    Fewer accounts than a cycle has are in two, so that windows differ.
    """
    count = max(2, min(cycles, -(-accounts // ACCOUNTS_OF_A_CYCLE)))
    found, first = [], 0
    for number in range(1, count + 1):
        share = accounts * number // count - first
        days = DaySpan(
            reading_day(cycle=number, year=YEAR, month=FROM_MONTH, view=view),
            reading_day(cycle=number, year=YEAR, month=UNTIL_MONTH, view=view),
        )
        found.append(BilledCycle(number, days, share, first))
        first += share
    return found


@contextmanager
def bench_folder() -> Iterator[Path]:
    """A folder that an unprivileged server can reach, removed afterwards."""
    root = Path("/var/tmp") if Path("/var/tmp").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-", dir=root))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def open_bench(folder: Path) -> Iterator[System]:
    """A system of its own in the folder."""
    viewer = Viewer("bench", "measure billing")
    with open_system(folder, viewer=viewer, subjects=["generated population"]) as system:
        yield system


def build(system: System, cycles: Sequence[BilledCycle]) -> None:
    """Start every account's service and write its intervals, all published as one file."""
    homes = [(one, _population(system, one)) for one in cycles]
    total = sum(one.accounts for one in cycles)
    with progress_bar("Starting service", total=total) as advance:
        for cycle, population in homes:
            starts = population.starts(from_day=cycle.days.from_day, learned_at=system.now)
            while some := list(islice(starts, STARTS_AT_ONCE)):
                system.store.start_services(some)
                advance(len(some))
    names: list[str] = []
    source = sha256_hex(b"generated population")
    with progress_bar("Writing intervals", total=total) as advance:
        for cycle, population in homes:
            for block in population.blocks(cycle.days):
                names += system.lake.write_block(  # type: ignore[attr-defined]
                    block.meters,
                    block.days,
                    block.values,
                    source_sha256=source,
                    learned_at=system.now,
                    at_sequence=0,
                )
                advance(len(block.meters))
    system.store.record_file(
        sha256=source,
        name="generated population",
        format="generated",
        channels=(),
        quarantined=(),
        lake_files=names,
        learned_at=system.now,
    )


def _population(system: System, cycle: BilledCycle) -> Population:
    return Population(
        count=cycle.accounts,
        cycles=(cycle.number,),
        utility=system.book.name,
        zone_name=system.view.time_zone,
        first=cycle.first,
    )
