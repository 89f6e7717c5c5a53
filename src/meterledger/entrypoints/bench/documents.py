"""The bench ``documents``: a cycle's paper, kept, bound and indexed, over setting the bare pages.

Lives here      building the population, timing the run, and the peer it is set against: the very
                same contents set by the very same processes, and nothing done with them.
Lives elsewhere the journey that is measured (``usecases/make_documents``), unchanged.

Everything lies in a temporary folder with a private server of its own, durable as in use. Both
sides have their processes started and their fonts read before the clock runs.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.documents.files import write_run
from meterledger.entrypoints.documents.pool import AT_ONCE, Presses, presses
from meterledger.entrypoints.wiring import System, open_system
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.usecases.document_ports import PaperForAll, Printed
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.issue_bills import issue_bills
from meterledger.usecases.make_documents import Paper, make_cycle_documents
from meterledger.usecases.ports import Viewer

CYCLE = 15
WINDOW = DaySpan(date(2025, 9, 15), date(2025, 10, 15))
"""A window that crosses the season and a rider, so that bills have their full number of lines."""


def measure_documents(*, accounts: int, repeat: int) -> list[Figure]:
    """Run the bench ``repeat`` times and return the medians.

    :raises InvariantBroken: if a run does not print every bill, or the peer sets other pages
    """
    ratios: list[float] = []
    runs: list[float] = []
    bares: list[float] = []
    for _ in range(repeat):
        folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-", dir=_bench_root()))
        folder.chmod(0o711)
        try:
            ours, bare = _run_once(folder, accounts)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        runs.append(ours)
        bares.append(bare)
        ratios.append(ours / bare)
    ours, bare = statistics.median(runs), statistics.median(bares)
    population = f"{accounts} bills of five options, two pages each, one process for each core"
    return [
        Figure(
            "over_bare_compile",
            f"{statistics.median(ratios):.2f}",
            {"run_seconds": f"{ours:.2f}", "bare_seconds": f"{bare:.2f}"},
            population,
        ),
        Figure("bills_per_second", f"{accounts / ours:.1f}", {}, population),
    ]


def _bench_root() -> Path:
    """A folder that an unprivileged server can reach: the system's own for temporary files."""
    return Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())


def _run_once(folder: Path, accounts: int) -> tuple[float, float]:
    viewer = Viewer("bench", "measure documents")
    with (
        open_system(folder, viewer=viewer, subjects=["generated population"]) as system,
        presses() as press,
    ):
        _issue(system, accounts)
        first = system.store.bills_issued(CYCLE, WINDOW.until_day)[0]
        statement = statement_of(first, store=system.store, book=system.book, known_at=system.now)
        _warm(press, press.content(statement))
        began = time.perf_counter()
        run = make_cycle_documents(
            cycle=CYCLE,
            on=WINDOW.until_day,
            made_at=system.now,
            store=system.store,
            vault=system.documents,
            press=press,
            deliveries=PaperForAll(),
            book=system.book,
        )
        write_run(run, folder / "out", vault=system.documents, portal="http://127.0.0.1:8000")
        ours = time.perf_counter() - began
        ensure(len(run.printed) == accounts, f"{accounts} bills are printed")
        paper = Paper(system.documents)
        contents = [paper.content(one.document) for one in run.printed]
        began = time.perf_counter()
        bare = list(press.set(contents))
        took = time.perf_counter() - began
    ensure(
        all(
            isinstance(page, Printed) and sha256_hex(page.pdf) == one.document.sha256
            for page, one in zip(bare, run.printed, strict=True)
        ),
        "the peer sets the very same pages",
    )
    return ours, took


def _issue(system: System, accounts: int) -> None:
    """A billed cycle of so many homes."""
    population = Population(
        count=accounts,
        cycles=(CYCLE,),
        utility=system.book.name,
        zone_name=system.view.time_zone,
    )
    starts = list(population.starts(from_day=WINDOW.from_day, learned_at=system.now))
    system.store.start_services(starts)
    source = sha256_hex(b"generated population")
    names: list[str] = []
    for block in population.blocks(WINDOW):
        names += system.lake.write_block(  # type: ignore[attr-defined]
            block.meters,
            block.days,
            block.values,
            source_sha256=source,
            learned_at=system.now,
            at_sequence=0,
        )
    system.store.record_file(
        sha256=source,
        name="generated population",
        format="generated",
        channels=(),
        quarantined=(),
        lake_files=names,
        learned_at=system.now,
    )
    run = issue_bills(
        services=system.store.services_of_cycle(CYCLE, system.now),
        on=WINDOW.until_day,
        known_at=system.now,
        store=system.store,
        lake=system.lake,
        book=system.book,
        keep_bills=False,
    )
    ensure(run.issued_count == accounts, f"{accounts} accounts are billed exactly once")


def _warm(press: Presses, content: bytes) -> None:
    """Start every process and let it read its fonts."""
    list(press.set([content] * (AT_ONCE * (os.cpu_count() or 1) * 2)))
