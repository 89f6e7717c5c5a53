"""The bench ``bill-cycle``: a generated population from stored usage to posted bills.

Lives here      building the population, timing the run, and the peer it is set against: COPY of
                the very same finished rows into the same tables with their constraints.
Lives elsewhere the journey that is measured (``usecases/issue_bills``), unchanged.

Everything lies in a temporary folder with a private server of its own, durable as in use.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from datetime import date
from itertools import islice
from pathlib import Path

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.machine import peak_memory
from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.memory import loaded_for_good
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import System, open_system
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.usecases.issue_bills import issue_bills
from meterledger.usecases.ports import Viewer

CYCLE = 15
STARTS_AT_ONCE = 5000
WINDOW = DaySpan(date(2025, 9, 15), date(2025, 10, 15))
"""A window that crosses the season and a rider, so that bills have their full number of lines."""


def measure_bill_cycle(*, accounts: int, repeat: int) -> list[Figure]:
    """Run the bench ``repeat`` times and return the medians.

    :raises InvariantBroken: if a run does not bill every account exactly once
    """
    seconds: list[float] = []
    copies: list[float] = []
    peaks: list[int] = []
    for _ in range(repeat):
        folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-", dir=_bench_root()))
        folder.chmod(0o711)
        try:
            run_seconds, peak_bytes, copy_seconds = _run_once(folder, accounts)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        seconds.append(run_seconds)
        peaks.append(peak_bytes)
        copies.append(copy_seconds)
    run, copy = statistics.median(seconds), statistics.median(copies)
    population = f"{accounts} accounts, five options, quarter-hours of {WINDOW}"
    return [
        Figure(
            "bills_per_second",
            f"{accounts / run:.1f}",
            {"run_seconds": f"{run:.2f}"},
            population,
        ),
        Figure("over_copy", f"{run / copy:.2f}", {"copy_seconds": f"{copy:.2f}"}, population),
        Figure("peak_gb", f"{max(peaks) / 1e9:.3f}", {}, population),
    ]


def _bench_root() -> Path:
    """A folder that an unprivileged server can reach: the system's own for temporary files."""
    return Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())


def _run_once(folder: Path, accounts: int) -> tuple[float, int, float]:
    viewer = Viewer("bench", "measure billing")
    with open_system(folder, viewer=viewer, subjects=["generated population"]) as system:
        population = Population(
            count=accounts,
            cycles=(CYCLE,),
            utility=system.book.name,
            zone_name=system.view.time_zone,
        )
        _build(system, population)
        with peak_memory(folder) as memory:
            began = time.perf_counter()
            services = system.store.services_of_cycle(CYCLE, system.now)
            with loaded_for_good(), progress_bar("Billing", total=len(services)) as advance:
                run = issue_bills(
                    services=services,
                    on=WINDOW.until_day,
                    known_at=system.now,
                    store=system.store,
                    lake=system.lake,
                    book=system.book,
                    keep_bills=False,
                    progress=advance,
                )
            took = time.perf_counter() - began
        ensure(run.issued_count == accounts, f"{accounts} accounts are billed exactly once")
        ensure(not run.held, "no bill of a complete population is held")
        copy_seconds = _copy_peer(folder)
    return took, memory.peak_bytes, copy_seconds


def _build(system: System, population: Population) -> None:
    starts = population.starts(from_day=WINDOW.from_day, learned_at=system.now)
    with progress_bar("Starting service", total=population.count) as advance:
        while some := list(islice(starts, STARTS_AT_ONCE)):
            system.store.start_services(some)
            advance(len(some))
    names: list[str] = []
    source = sha256_hex(b"generated population")
    with progress_bar("Writing intervals", total=population.count) as advance:
        for block in population.blocks(WINDOW):
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


def _copy_peer(folder: Path) -> float:
    from meterledger.stores.postgres.copying import seconds_to_copy_bills_again

    return seconds_to_copy_bills_again(folder)
