"""The bench ``shadow``: a billed population beside its shadow, per account over a bill-cycle.

Both are of one run over the same accounts. Before the shadow, readings of a few days come late: it
has to find those bills, and no other.

Lives here      the two timings, the planted corrections.
Lives elsewhere the population (``billed_population``), the journeys (``usecases``), unchanged.
"""

from __future__ import annotations

import statistics
import time
from datetime import date, timedelta

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.bill_cycle import bill
from meterledger.entrypoints.bench.billed_population import (
    BilledCycle,
    bench_folder,
    build,
    many_cycles,
    open_bench,
)
from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.memory import loaded_for_good
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import System
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.facts.shadow import ShadowCause
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.usecases.shadow import Shadow, shadow_bills

LATE_OF_A_CYCLE = 20
LATE_WH = 2_500
"""An even load that no generated home has all day: every late day changes its bill."""


def measure_shadow(*, accounts: int, repeat: int) -> list[Figure]:
    """Bill ``accounts`` in cycles of 60,000, then shadow them, ``repeat`` times; the medians.

    :raises InvariantBroken: if the shadow does not find exactly the bills whose readings were late
    """
    billing: list[float] = []
    shadows: list[float] = []
    told = ""
    for _ in range(repeat):
        with bench_folder() as folder, open_bench(folder) as system:
            cycles = many_cycles(accounts, system.view)
            build(system, cycles)
            billing.append(sum(bill(system, one) for one in cycles))
            late = sum(_late(system, one) for one in cycles)
            shadows.append(_shadow(system, cycles, late))
            told = f"{accounts} accounts in {len(cycles)} cycles, {late} late readings"
    run, shadow = statistics.median(billing), statistics.median(shadows)
    return [
        Figure(
            "over_bill_cycle",
            f"{shadow / run:.3f}",
            {"bill_cycle_seconds": f"{run:.2f}", "shadow_seconds": f"{shadow:.2f}"},
            told,
        ),
        Figure("bills_per_second", f"{accounts / shadow:.0f}", {}, told),
    ]


def _late(system: System, cycle: BilledCycle) -> int:
    """One day of a few meters comes again, with other values; how many."""
    count = min(LATE_OF_A_CYCLE, cycle.accounts // 10)
    if not count:
        return 0
    zone, day = system.view.time_zone, cycle.days.from_day + timedelta(days=7)
    homes = Population(
        count=cycle.accounts, utility=system.book.name, zone_name=zone, first=cycle.first
    )
    step = cycle.accounts // count
    channels = [
        _day_of(homes.meter_id(cycle.first + step * one), day, zone) for one in range(count)
    ]
    source = sha256_hex(f"late readings of cycle {cycle.number}".encode())
    names = system.lake.write(
        [(pseudonym(one.channel.meter_id, system.book.name), one) for one in channels],
        source_sha256=source,
        learned_at=system.now,
        at_sequence=system.store.lake_sequence(),
    )
    system.store.record_file(
        sha256=source,
        name=f"late readings of cycle {cycle.number}",
        format="generated",
        channels=channels,
        quarantined=(),
        lake_files=names,
        learned_at=system.now,
    )
    return count


def _day_of(meter_id: str, day: date, zone: str) -> ChannelReadings:
    start = int(day_start_utc(day, zone).timestamp())
    channel = Channel(
        meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, 900, 0
    )
    readings = tuple(
        Reading(start + slot * 900, 900, LATE_WH, Quality.VALID, slot)
        for slot in range(intervals_in_day(day, zone, 900))
    )
    return ChannelReadings(channel, readings)


def _shadow(system: System, cycles: list[BilledCycle], late: int) -> float:
    began = time.perf_counter()
    with loaded_for_good(), progress_bar("Shadow", total=len(cycles)) as advance:
        run = shadow_bills(
            [one.number for one in cycles],
            since=min(one.days.until_day for one in cycles),
            until=max(one.days.until_day for one in cycles) + timedelta(days=1),
            shadow=Shadow(
                store=system.store,
                lake=system.lake,  # type: ignore[arg-type]
                book=system.book,
                view=system.view,
                known_at=system.now,
                at_sequence=system.store.lake_sequence(),
            ),
            progress=advance,
        )
    took = time.perf_counter() - began
    accounts = sum(one.accounts for one in cycles)
    ensure(run.bills == accounts, "every bill is looked at once")
    ensure(len(run.different) == late, "exactly the bills with late readings differ")
    causes = {cause for cause, (count, _) in run.causes.items() if count}
    ensure(causes <= {ShadowCause.READING} and not run.not_made, "late readings are the cause")
    return took
