"""The bench ``bill-cycle``: a generated population from stored usage to posted bills.

Lives here      timing the run, and the peer it is set against: COPY of the very same finished rows
                into the same tables with their constraints.
Lives elsewhere the population (``billed_population``), the journey that is measured
                (``usecases/issue_bills``), unchanged.

Everything lies in a temporary folder with a private server of its own, durable as in use, which
has come to rest after the load (``at_rest``). Runs are timed undisturbed: memory is sampled in a
further run of the size whose peak is told. A larger one and its tenth begin alike, with the
machine's memory in use (``memory_in_use``), and the tenth is taken on both sides of it: a machine
whose speed drifts is met by both in the middle.
"""

from __future__ import annotations

import statistics
import time
from contextlib import nullcontext
from pathlib import Path

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.billed_population import (
    BilledCycle,
    bench_folder,
    build,
    one_cycle,
    open_bench,
)
from meterledger.entrypoints.bench.machine import memory_in_use, peak_memory
from meterledger.entrypoints.memory import loaded_for_good, nothing_to_collect
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import System
from meterledger.kernel.ensure import ensure
from meterledger.usecases.issue_bills import issue_bills

COPIED_AT_MOST = 60_000
"""The peer and the peak of memory are stated at this size; a larger run tells the growth only."""
TENTH = 10


def measure_bill_cycle(*, accounts: int, repeat: int) -> list[Figure]:
    """Bill ``accounts``, and a tenth of them, ``repeat`` times; return the medians.

    The peer copies the larger of both that is no more than 60,000 accounts.

    :raises InvariantBroken: if a run does not bill every account exactly once
    """
    tenth = max(1, accounts // TENTH)
    measured = accounts if accounts <= COPIED_AT_MOST else min(tenth, COPIED_AT_MOST)
    peak = _peak_bytes(measured)  # first: this process keeps memory of what it did before
    runs: dict[int, list[float]] = {}
    copies: list[float] = []
    for _ in range(repeat):
        for count in _in_turn(tenth, measured, accounts):
            with bench_folder() as folder:
                with memory_in_use(folder) if accounts > COPIED_AT_MOST else nullcontext():
                    runs.setdefault(count, []).append(_seconds(folder, count))
                if count == measured:
                    copies.append(_copy_seconds(folder))
    run = {count: statistics.median(found) for count, found in runs.items()}
    copy = statistics.median(copies)
    days = one_cycle().days
    population = f"{measured} accounts, five options, quarter-hours of {days}"
    grown = f"{accounts} over {tenth} accounts, five options, quarter-hours of {days}"
    return [
        Figure(
            "bills_per_second",
            f"{measured / run[measured]:.1f}",
            {"run_seconds": f"{run[measured]:.2f}"},
            population,
        ),
        Figure(
            "over_copy", f"{run[measured] / copy:.2f}", {"copy_seconds": f"{copy:.2f}"}, population
        ),
        Figure(
            "growth_10x",
            f"{run[accounts] / run[tenth]:.2f}",
            {"whole_seconds": f"{run[accounts]:.2f}", "tenth_seconds": f"{run[tenth]:.2f}"},
            grown,
        ),
        Figure("peak_gb", f"{peak / 1e9:.3f}", {}, population),
    ]


def _in_turn(tenth: int, measured: int, accounts: int) -> list[int]:
    """The sizes of one round; where growth is told alone, the tenth before and after the whole."""
    sizes = list(dict.fromkeys((tenth, measured, accounts)))
    return [*sizes, tenth] if accounts > COPIED_AT_MOST else sizes


def _seconds(folder: Path, accounts: int) -> float:
    """Bill a population that is built in the folder, when its database has come to rest."""
    from meterledger.stores.postgres.at_rest import put_to_rest

    with open_bench(folder) as system:
        cycle = one_cycle(accounts)
        build(system, [cycle])
        put_to_rest(folder)
        return bill(system, cycle)


def _copy_seconds(folder: Path) -> float:
    """Copy the rows that a run left in the folder."""
    from meterledger.stores.postgres.copying import seconds_to_copy_bills_again

    return seconds_to_copy_bills_again(folder)


def _peak_bytes(accounts: int) -> int:
    """The memory of all processes that bill so many, at most."""
    with bench_folder() as folder, open_bench(folder) as system:
        cycle = one_cycle(accounts)
        build(system, [cycle])
        with peak_memory(folder) as memory:
            bill(system, cycle)
    return memory.peak_bytes


def bill(system: System, cycle: BilledCycle) -> float:
    """Bill a cycle that was built; the seconds that it took.

    :raises InvariantBroken: if not every account is billed exactly once
    """
    began = time.perf_counter()
    with nothing_to_collect():
        services = system.store.services_of_cycle(cycle.number, system.now)
        title = f"Billing cycle {cycle.number}"
        with loaded_for_good(), progress_bar(title, total=len(services)) as advance:
            run = issue_bills(
                services=services,
                on=cycle.days.until_day,
                known_at=system.now,
                store=system.store,
                lake=system.lake,
                book=system.book,
                keep_bills=False,
                progress=advance,
            )
    took = time.perf_counter() - began
    ensure(run.issued_count == cycle.accounts, f"{cycle.accounts} accounts are billed exactly once")
    ensure(not run.held, "no bill of a complete population is held")
    return took
