"""The bench ``late-charges``: deciding every account in columns, over reading their rows.

Lives here      timing both; one account of each kind is decided by itself and has to be the same.
Lives elsewhere the population (``stores/postgres/late_population``), what is measured
                (``usecases/late_charge_columns``), unchanged.

Both are of one run, one after the other: the rows of a cycle of accounts as whole numbers, then
outcome, reasons and cents of each account. Nothing is posted.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.billed_population import bench_folder, open_bench
from meterledger.entrypoints.bench.machine import peak_memory
from meterledger.entrypoints.wiring import System
from meterledger.facts.late_charges import mask_of, reasons_of_mask
from meterledger.facts.late_columns import LateColumns
from meterledger.kernel.ensure import ensure
from meterledger.stores.postgres.late_population import ON, write_late_population
from meterledger.usecases.late_charge_columns import LateDecided, decide_columns
from meterledger.usecases.late_charge_decide import consider


def measure_late_charges(*, accounts: int, repeat: int) -> list[Figure]:
    """Decide so many accounts ``repeat`` times, after one time that is not counted; the medians.

    :raises InvariantBroken: if an account comes to something else by itself
    """
    reading: list[float] = []
    deciding: list[float] = []
    with bench_folder() as folder:
        with open_bench(folder):
            pass  # makes the tables
        write_late_population(folder, accounts)
        with open_bench(folder) as system, peak_memory(folder) as memory:
            for number in range(repeat + 1):
                began = time.perf_counter()
                columns = system.store.late_columns(None, system.now)
                read = time.perf_counter()
                found = decide_columns(columns, on=ON, view=system.view)
                done = time.perf_counter()
                if number:
                    reading.append(read - began)
                    deciding.append(done - read)
            told = _same_by_itself(system, columns, found)
    read_seconds, decide_seconds = statistics.median(reading), statistics.median(deciding)
    population = f"{accounts} accounts, {columns.row_count} rows; {told}"
    return [
        Figure(
            "over_read",
            f"{decide_seconds / read_seconds:.3f}",
            {"read_seconds": f"{read_seconds:.2f}", "decide_seconds": f"{decide_seconds:.2f}"},
            population,
        ),
        Figure("accounts_per_second", f"{accounts / decide_seconds:.0f}", {}, population),
        Figure("peak_gb", f"{memory.peak_bytes / 1e9:.3f}", {}, population),
    ]


def _same_by_itself(system: System, columns: LateColumns, found: LateDecided) -> str:
    """Decide one account of each mask of reasons by itself; how many reasons and charges."""
    masks, first = np.unique(found.reasons, return_index=True)
    names = [columns.accounts[place] for place in first.tolist()]
    histories = system.store.late_histories(names, system.now)
    for mask, place, name in zip(masks.tolist(), first.tolist(), names, strict=True):
        alone = consider(histories[name], on=ON, known_at=system.now, view=system.view)
        ensure(
            bool(found.one_by_one[place])
            or (mask_of(alone.reasons), alone.cents) == (mask, int(found.cents[place])),
            f"account {name} comes to the same in columns and by itself",
        )
    codes = {reason.value for mask in masks.tolist() for reason in reasons_of_mask(mask)}
    charged = int((found.cents > 0).sum())
    return f"{charged} charged, {int(found.one_by_one.sum())} rare, reasons: {', '.join(codes)}"
