"""The bench ``impact``: two tariffs over a population, from kept determinants and from intervals.

A change of prices is set against reading the determinants it is priced from; a change of the times
of use against decoding the intervals it is summed from. Kept sums are read as the journey reads
them, and priced by what the journey calls; finding each bill's meter is not part of either.

Lives here      generated determinants and a year's lake, the timings.
Lives elsewhere totals (``rating``), taxes (``column_prices``), the sums (``population_groups``).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.billed_population import bench_folder
from meterledger.entrypoints.bench.metered_lake import THREADS, MeteredLake, population
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.determinants import Determinants
from meterledger.facts.stored_sums import StoredSums, SumsKey
from meterledger.facts.usage import Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.rating import RatePlan, charge_totals, charge_totals_of
from meterledger.rulebook.book import BookView
from meterledger.stores.lake.determinants import DeterminantFiles
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.column_prices import TaxColumns, Taxed, lines_without_use
from meterledger.usecases.population_groups import MeterGroup, sum_groups
from meterledger.usecases.stored_determinants import shape_of

SCHEDULES = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")
PLACES = ("university_city", "pagedale", "canton", "bel_ridge", "none")
MONTH_STARTS = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(5, 18)]
"""From the first month that the book's prices cover: June 2025 until June 2026."""
MONTHS = [
    DaySpan(first.replace(day=15), until.replace(day=15)) for first, until in pairwise(MONTH_STARTS)
]
CALENDAR = [DaySpan(first, until) for first, until in pairwise(MONTH_STARTS)]
YEAR = DaySpan(MONTH_STARTS[0], MONTH_STARTS[-1])
TWELFTH = 12
SEED = 20_251_115
LEAST_ROUNDS = 5
RAISED_MICRO_USD = 1_000
"""The changed tariff: a tenth of a cent more on each kWh, kW and month; riders stay as they are."""


def measure_impact(*, accounts: int, repeat: int) -> list[Figure]:
    """Price ``accounts`` over twelve months twice, and sum a twelfth of them over a year again.

    :raises InvariantBroken: if totals do not tie, or energy is lost between two sets of hours
    """
    view = open_book().as_known(date.max)
    rounds = max(LEAST_ROUNDS, repeat)
    figures = [_prices(view, accounts, rounds)]
    return [*figures, _windows(view, max(100, accounts // TWELFTH), max(1, repeat))]


# -------------------------------------------------------------------------------------- prices


def _prices(view: BookView, accounts: int, rounds: int) -> Figure:
    calculator = Calculator(view)
    share = max(1, accounts // len(SCHEDULES))
    plans = {
        SumsKey(schedule, days, 1): calculator.plan(schedule, days)
        for days in MONTHS
        for schedule in SCHEDULES
    }
    with bench_folder() as folder:
        kept = DeterminantFiles(folder, files_at=lambda sequence: [])
        with progress_bar("Writing determinants", total=len(plans)) as advance:
            for key, plan in plans.items():
                kept.keep(_generated(key, plan, share))
                advance(1)
        size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        times = _timed(
            {
                "read": lambda: _read(kept, plans),
                "price": lambda: _price(kept, plans, calculator, share),
            },
            rounds,
        )
    windows = share * len(plans)
    return Figure(
        "prices_over_read",
        f"{times['price'] / times['read']:.2f}",
        {"read_seconds": f"{times['read']:.3f}", "price_seconds": f"{times['price']:.3f}"},
        f"{share * len(SCHEDULES)} accounts, {windows} windows, {size / 1e6:.0f} MB kept, two "
        f"tariffs with gross-receipts tax, medians of {rounds}",
    )


def _generated(key: SumsKey, plan: RatePlan, count: int) -> StoredSums:
    dice = np.random.default_rng([SEED, key.window.from_day.toordinal(), len(key.schedule)])
    segments, periods = len(plan.segments), len(plan.periods)
    shape = (segments, periods, count)
    energy = dice.gamma(4.0, 250_000 / (segments * periods), size=shape).astype(np.int64)
    demand = any(one is not None for one in plan.demand_windows)
    peak = dice.gamma(4.0, 1_500, size=(segments, count)).astype(np.int64)
    return StoredSums(
        key=key,
        shape=shape_of(plan),
        at_sequence=1,
        numbers=population(count),
        multipliers=np.ones(count, dtype=np.int64),
        complete=np.ones(count, dtype=bool),
        determinants=Determinants(
            energy_wh=np.moveaxis(energy, 2, 0),
            peak_wh=(peak if demand else np.zeros_like(peak)).T,
            by_days=False,
        ),
    )


def _read(kept: DeterminantFiles, plans: dict[SumsKey, RatePlan]) -> None:
    """Decode every file, two at a time; what is decoded is let go."""
    ensure(sum(1 for _ in kept.each(plans)) == len(plans), "every file is read")


def _price(
    kept: DeterminantFiles, plans: dict[SumsKey, RatePlan], calculator: Calculator, share: int
) -> None:
    """Both totals of every window, and each account's change over the year."""
    taxes = TaxColumns(calculator)
    change = {schedule: np.zeros(share, dtype=np.int64) for schedule in SCHEDULES}
    before_cents = after_cents = 0
    for sums in kept.each(plans):
        plan = plans[sums.key]
        words = lines_without_use(plan)[0]
        before, after = charge_totals_of([plan, _raised(plan)], sums.determinants)
        before, after = (_with_taxes(plan, one, taxes, words) for one in (before, after))
        change[sums.key.schedule] += after - before
        before_cents += int(before.sum())
        after_cents += int(after.sum())
    ensure(
        before_cents + sum(int(one.sum()) for one in change.values()) == after_cents,
        "changes by account make up the whole",
    )


def _with_taxes(
    plan: RatePlan, charges: Int64Array, taxes: TaxColumns, words: ChargeLine
) -> Int64Array:
    """Charges and taxes; accounts of one place lie together, a fifth of them in each."""
    total = charges.copy()
    step = -(-len(total) // len(PLACES))
    for number, place in enumerate(PLACES):
        rows = slice(number * step, (number + 1) * step)
        if len(total[rows]):
            taxed = Taxed(plan.schedule.code, place, "MO", None)
            total[rows] += taxes.totals(plan.window, taxed, total[rows], words)
    return total


def _raised(plan: RatePlan) -> RatePlan:
    lines = [
        one
        if one.group is ChargeGroup.RIDER
        else replace(one, price_micro_usd=one.price_micro_usd + RAISED_MICRO_USD)
        for one in plan.lines
    ]
    return replace(plan, lines=tuple(lines))


# ------------------------------------------------------------------------------------- windows


def _windows(view: BookView, meters: int, rounds: int) -> Figure:
    with bench_folder() as folder:
        lake = MeteredLake(folder, view.time_zone, YEAR, meters)
        with progress_bar("Writing a year", total=meters) as advance:
            lake.write(advance)
        files = [folder / name for name in lake.files_at(1)]
        size = lake.bytes_on_disk
        plans = _changed_plans(view)
        times = _timed(
            {"decode": lambda: _decode(files), "sum": lambda: _sum(lake, plans, meters)}, rounds
        )
    return Figure(
        "windows_over_decode",
        f"{times['sum'] / times['decode']:.2f}",
        {"decode_seconds": f"{times['decode']:.2f}", "sum_seconds": f"{times['sum']:.2f}"},
        f"{meters} meters, {YEAR}, {size / 1e9:.2f} GB, five options, medians of {rounds}",
    )


def _changed_plans(view: BookView) -> list[list[RatePlan]]:
    """For each month the plans of the five options, hours of the first season in both."""
    calculator = Calculator(view)
    return [[calculator.plan(schedule, days) for schedule in SCHEDULES] for days in CALENDAR]


def _sum(lake: MeteredLake, plans: list[list[RatePlan]], meters: int) -> None:
    numbers = population(meters)
    shares = [numbers[first :: len(SCHEDULES)] for first in range(len(SCHEDULES))]
    for of_month in plans:
        groups = [
            MeterGroup(plan, share, np.ones(len(share), dtype=np.int64))
            for plan, share in zip(of_month, shares, strict=True)
            if len(share)
        ]
        for group in sum_groups(groups, lake=lake.lake, at_sequence=1):
            charge_totals(group.plan, group.determinants)


def _decode(files: list[Path]) -> None:
    """Decode the values of every file into memory, a row group at a time, in two threads."""

    def one(path: Path) -> int:
        file = pq.ParquetFile(path)
        rows = 0
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=["value"], use_threads=False)
            rows += len(table.column(0).combine_chunks().to_numpy(zero_copy_only=False))
        return rows

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        ensure(sum(pool.map(one, files)) > 0, "there are values to decode")


def _timed(candidates: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Medians in seconds; candidates take turns, the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds + 1):
        for name, run in candidates.items():
            gc.collect()
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(found[1:]) for name, found in seconds.items()}
