"""The bench ``rating``: determinants of many windows into priced lines, to the cent.

The windows are those of one cycle over all five options of the sheet, with a change of season and
of riders inside. The peer is what somebody would write without columns: a loop over windows and
lines in ``decimal``, whose cents are compared with ours on every window it prices.

Lives here      generated determinants, the two timings, the comparison.
Lives elsewhere pricing (``rating``), which is measured unchanged.
"""

from __future__ import annotations

import statistics
import time
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import numpy as np

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.rating_pysam import measure_pysam
from meterledger.facts.determinants import Determinants
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.rating import LinePlan, RatePlan, price
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.schedule import Block, ChargeKind
from meterledger.usecases.calculate import Calculator

WINDOW = DaySpan(date(2025, 9, 15), date(2025, 10, 15))
SCHEDULES = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")
SAMPLE = 2_000
"""Windows that the decimal loop prices; its time is extrapolated from them, and it is said so."""
TENTH = 10
SEED = 20251015


def measure_rating(*, accounts: int, repeat: int) -> list[Figure]:
    """Price ``accounts`` windows, and a tenth of them, ``repeat`` times; return the medians.

    :raises InvariantBroken: if the loop finds other cents on any window
    """
    view = load_book(default_book_folder()).as_known(date.max)
    calculator = Calculator(view)
    plans = [calculator.plan(schedule, WINDOW) for schedule in SCHEDULES]
    whole, tenth = _share(accounts), _share(max(len(plans), accounts // TENTH))
    populations = {count: _populations(plans, count) for count in (whole, tenth)}
    seconds: dict[int, list[float]] = {whole: [], tenth: []}
    loops: list[float] = []
    per_plan = max(1, SAMPLE // len(plans))
    for _ in range(max(repeat, 1) + 1):  # the first round warms up
        for count in (tenth, whole):
            began = time.perf_counter()
            for plan, determinants in zip(plans, populations[count], strict=True):
                price(plan, determinants)
            seconds[count].append(time.perf_counter() - began)
        loops.append(_loop_seconds(plans, populations[whole], per_plan))
    ours = statistics.median(seconds[whole][1:])
    small = statistics.median(seconds[tenth][1:])
    loop = statistics.median(loops[1:])
    windows = whole * len(plans)
    sampled = min(per_plan, whole) * len(plans)
    extrapolated = loop / sampled * windows
    population = f"{windows} windows of {WINDOW}, five options, seed {SEED}"
    return [
        Figure(
            "vs_decimal",
            f"{extrapolated / ours:.1f}",
            {
                "decimal_loop_seconds": f"{extrapolated:.1f}",
                "ours_seconds": f"{ours:.3f}",
                "windows_in_the_loop": str(sampled),
            },
            f"{population}; the loop's time is extrapolated from {sampled} windows",
        ),
        Figure("growth_10x", f"{ours / small:.2f}", {"tenth_seconds": f"{small:.4f}"}, population),
        Figure("windows_per_second", f"{windows / ours:.0f}", {}, population),
        *measure_pysam(repeat=repeat),
    ]


def _share(accounts: int) -> int:
    return max(1, accounts // len(SCHEDULES))


def _populations(plans: list[RatePlan], count: int) -> list[Determinants]:
    random = np.random.default_rng(SEED)
    found = []
    for plan in plans:
        shape = (count, len(plan.segments), len(plan.periods))
        energy = random.integers(0, 600_000, size=shape, dtype=np.int64)
        peak = random.integers(0, 12_000, size=shape[:2], dtype=np.int64)
        found.append(Determinants(energy_wh=energy, peak_wh=peak, by_days=False))
    return found


def _loop_seconds(plans: list[RatePlan], populations: list[Determinants], count: int) -> float:
    took = 0.0
    for plan, whole in zip(plans, populations, strict=True):
        some = Determinants(
            energy_wh=whole.energy_wh[:count], peak_wh=whole.peak_wh[:count], by_days=False
        )
        energies, peaks = some.energy_wh.tolist(), some.peak_wh.tolist()
        began = time.perf_counter()
        found = [
            decimal_cents(plan, energy, peak) for energy, peak in zip(energies, peaks, strict=True)
        ]
        took += time.perf_counter() - began
        ensure(found == price(plan, some).cents.tolist(), "the loop finds the same cents")
    return took


def decimal_cents(plan: RatePlan, energy_wh: list[list[int]], peak_wh: list[int]) -> list[int]:
    """The cents of each line of one window, one line after the other, in decimal numbers."""
    cents: list[int] = []
    for line in plan.lines:
        usd_per_unit = Decimal(line.price_micro_usd) / 1_000_000
        # Divided last: a third of a month has no end in decimals, and a half cent may hang on it.
        times, over = Decimal(line.share.numerator), Decimal(line.share.denominator)
        if line.rule.kind is ChargeKind.MONTHLY:
            usd = usd_per_unit * times / over
        elif line.rule.kind is ChargeKind.DEMAND:
            kw = Decimal(max(peak_wh[segment] for segment in line.segments)) / 1000
            usd = usd_per_unit * kw * times / over
        else:
            usd = usd_per_unit * _kwh(plan, line, energy_wh)
        cents.append(int((usd * 100).quantize(Decimal(1), ROUND_HALF_UP)))
    return cents


def _kwh(plan: RatePlan, line: LinePlan, energy_wh: list[list[int]]) -> Decimal:
    of_period = [
        sum(energy_wh[segment][period] for segment in line.segments)
        for period in range(len(plan.periods))
    ]
    everything = sum(of_period)
    mine = everything if line.period is None else of_period[line.period]
    if line.block is None:
        return Decimal(mine) / 1000
    first = Decimal(min(everything, line.block_limit_wh))
    if line.period is not None:
        before = sum(of_period[: line.period])
        if everything:
            upto = (first * (before + mine) / everything).quantize(Decimal(1), ROUND_FLOOR)
            first = upto - (first * before / everything).quantize(Decimal(1), ROUND_FLOOR)
        elif line.period != len(plan.periods) - 1:
            first = Decimal(0)
    return (first if line.block is Block.FIRST else Decimal(mine) - first) / 1000
