"""Faults as they come: a town with one of them planted, for memory and for PostgreSQL alike.

Each function plants one fault on ``DAY`` and answers with the meters it is about and the code of
the check that has to find it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.journeys.town import CHICAGO, FIRST
from tests.journeys.usage_town import DAY, NIGHT, UsageTown, Values, weekly

from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    Meter,
    MeterConfiguration,
    MeterKind,
    Register,
)
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.gateways import read_bytes
from meterledger.stores.gateways.signatures import signature_holds
from meterledger.stores.memory import MemoryVault
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.describe_meters import configure_meter
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.take_file import Delivery, Intake, take_file

OCTOBER, NOVEMBER = date(2025, 10, 1), date(2025, 11, 1)
SPAN = (date(2025, 9, 1), NOVEMBER)
EXCHANGED = date(2025, 10, 6)
ONE_DAY = (DAY, DAY + timedelta(days=1))
Found = tuple[list[str], str]
Plant = Callable[[UsageTown], Found]


def on(day: date, values: Values, otherwise: Values = weekly) -> Values:
    """Other values on one day."""
    return lambda each, count: (values if each == day else otherwise)(each, count)


def times(factor: int, values: Values = weekly) -> Values:
    return lambda day, count: [None if wh is None else wh * factor for wh in values(day, count)]


def evening(day: date, count: int) -> list[int | None]:
    """A household that is at home at night: nothing like the others."""
    return [
        900 + (day.toordinal() + slot) % 19 if slot * 24 // count >= 18 else 20 + slot % 7
        for slot in range(count)
    ]


def times_ten_after_an_exchange(town: UsageTown) -> Found:
    exchange(town, 1)
    town.arrive("M1B", (EXCHANGED, NOVEMBER), times(10))
    return ["M1B"], "usage.multiplier"


def a_multiplier_typed_wrong_at_an_exchange(town: UsageTown) -> Found:
    """The meter reads watt-hours as the one before it; on file it is behind transformers."""
    exchange(town, 10)
    town.arrive("M1B", (EXCHANGED, NOVEMBER))
    return ["M1B"], "usage.multiplier"


def exchange(town: UsageTown, multiplier: int) -> None:
    """M1 is read until it is exchanged for M1B."""
    town.start(1, from_day=OCTOBER)
    town.arrive("M1", (SPAN[0], EXCHANGED))
    at = day_start_utc(EXCHANGED, CHICAGO)
    exchange_meter(
        Visit("SP1", at, "due for its test", multiplier=multiplier),
        "M1B",
        Linked(LinkSource.INSTALLER_SCAN, 95, "scan of the label"),
        learned_at=FIRST, zone_name=CHICAGO, store=town.store,
    )  # fmt: skip


def swapped_channels(town: UsageTown) -> Found:
    """A house with solar panels whose two channels changed places."""
    town.start(1, from_day=OCTOBER)
    set_up(town, "M1", Flow.DELIVERED, Flow.RECEIVED)
    sun = times(3)
    town.arrive("M1", SPAN, on(DAY, sun))
    town.arrive("M1", SPAN, on(DAY, weekly, sun), flow=Flow.RECEIVED)
    return ["M1"], "usage.channels_swapped"


def energy_from_a_place_that_makes_none(town: UsageTown) -> Found:
    town.start(1, from_day=OCTOBER)
    town.arrive("M1", SPAN)
    town.arrive("M1", ONE_DAY, flow=Flow.RECEIVED)
    return ["M1"], "usage.channels_swapped"


def crossed_with_its_neighbor(town: UsageTown) -> Found:
    for number in (1, 2):
        town.start(number, from_day=OCTOBER)
    town.arrive("M1", SPAN, on(DAY, evening, times(4)))
    town.arrive("M2", SPAN, on(DAY, times(4), evening))
    return ["M1", "M2"], "usage.crossed_meter"


def a_clock_that_stands_still(town: UsageTown) -> Found:
    """From eight in the evening on every reading came with one time; the file says so."""
    town.start(1, from_day=OCTOBER)
    town.arrive("M1", (SPAN[0], DAY))
    stuck = 88
    start = day_start_utc(DAY, CHICAGO)
    rows = [
        f"M1,{start + timedelta(minutes=15 * min(slot, stuck)):%Y-%m-%dT%H:%MZ},{wh},Wh,900"
        for slot, wh in enumerate(weekly(DAY, 96))
    ]
    deliver(town, "\n".join(["meter,start,value,unit,interval_seconds", *rows]) + "\n")
    town.arrive("M1", (ONE_DAY[1], NOVEMBER))
    return ["M1"], "usage.frozen_clock"


def a_silence_whose_energy_is_in_one_interval(town: UsageTown) -> Found:
    def frozen(day: date, count: int) -> list[int | None]:
        told = weekly(day, count)
        told[70] = sum(wh or 0 for wh in told[70:])
        return [*told[:71], *([None] * (count - 71))]

    town.start(1, from_day=OCTOBER)
    town.arrive("M1", SPAN, on(DAY, frozen))
    return ["M1"], "usage.frozen_clock"


def a_day_sent_twice(town: UsageTown) -> Found:
    town.start(1, from_day=OCTOBER)
    before = weekly(DAY - timedelta(days=1), 96)
    town.arrive("M1", SPAN, on(DAY, lambda day, count: before))
    return ["M1"], "usage.day_sent_twice"


def a_day_of_last_year(town: UsageTown) -> Found:
    town.start(1, from_day=OCTOBER)
    last_year = DAY.replace(year=DAY.year - 1)
    town.arrive("M1", (last_year, last_year + timedelta(days=1)))
    town.arrive("M1", SPAN, on(DAY, lambda day, count: weekly(last_year, count)))
    return ["M1"], "usage.day_of_another_year"


def a_day_that_came_a_year_late(town: UsageTown) -> Found:
    town.start(1, from_day=OCTOBER)
    for first, until in ((SPAN[0], DAY), (ONE_DAY[1], NOVEMBER)):
        town.arrive("M1", (first, until), learned_at=datetime(2025, 11, 1, 9, tzinfo=UTC))
    town.arrive("M1", ONE_DAY)
    return ["M1"], "usage.day_of_another_year"


def a_day_that_came_before_it_was_over(town: UsageTown) -> Found:
    town.start(1, from_day=OCTOBER)
    town.arrive("M1", SPAN, learned_at=datetime(2025, 10, 8, 9, tzinfo=UTC))
    return ["M1"], "usage.day_of_another_year"


def one_total_across_an_area(town: UsageTown) -> Found:
    """Five meters of one area have one total, in different intervals; a sixth lives elsewhere."""
    for number in range(1, 7):
        town.start(number, from_day=OCTOBER)
        town.arrive(f"M{number}", SPAN, on(DAY, filler(number), times(number)))
    town.start(7, from_day=OCTOBER, postal_code="63105-0001")
    town.arrive("M7", SPAN, on(DAY, filler(7), weekly))
    return [f"M{number}" for number in range(1, 7)], "usage.identical_totals"


def filler(number: int) -> Values:
    def values(day: date, count: int) -> list[int | None]:
        told: list[int | None] = [100 + slot for slot in range(count)]
        told[number], told[-number] = 100 - number, 101 + count + number
        told[0] = 10_000 - sum(wh or 0 for wh in told[1:])
        return told

    return lambda day, count: [abs(wh or 0) for wh in values(day, count)]


def use_at_a_vacant_place(town: UsageTown) -> Found:
    started = town.start(1, from_day=OCTOBER)
    town.store.stop_service(started.agreement_id, DAY, FIRST)
    town.arrive("M1", SPAN)
    return ["M1"], "usage.vacant_use"


def use_on_an_inactive_meter(town: UsageTown) -> Found:
    """The meter is set; service begins a fortnight later."""
    town.start(1, from_day=date(2025, 10, 20))
    (old,) = town.store.installations_at(["SP1"])["SP1"]
    new = replace(old, days=Validity(OCTOBER, None), learned_at=NIGHT)
    town.store.change_meters(MeterChange("corrected", "SP1", FIRST, (old,), (new,)))
    town.arrive("M1", SPAN)
    return ["M1"], "usage.inactive_use"


def a_clock_that_drifted(town: UsageTown) -> Found:
    town.start(1, from_day=OCTOBER)
    late = [*evening(DAY, 96)[12:], *evening(DAY, 96)[:12]]
    town.arrive("M1", SPAN, on(DAY, lambda day, count: late, evening))
    return ["M1"], "usage.clock_drift"


def two_channels(town: UsageTown, second: Values) -> None:
    """Two writers at once bring the day on two channels; neither saw the other."""
    town.start(1, from_day=OCTOBER)
    town.arrive("M1", (SPAN[0], DAY))
    town.arrive("M1", (ONE_DAY[1], NOVEMBER))
    sequence = town.store.lake_sequence()
    both = []
    for flow, values in ((Flow.DELIVERED, weekly), (Flow.UNKNOWN, second)):
        told = told_of("M1", DAY, values(DAY, 96), flow)
        sha256 = hashlib.sha256(flow.value.encode()).hexdigest()
        names = town.lake.write(
            [(town.pseudonym("M1"), told)], source_sha256=sha256, learned_at=FIRST,
            at_sequence=sequence,
        )  # fmt: skip
        both.append((sha256, told, names))
    for sha256, told, names in both:
        record(town, sha256, told, names)


def a_duplicate_channel(town: UsageTown) -> Found:
    two_channels(town, weekly)
    return ["M1"], "usage.duplicate_channel"


def an_overlapping_channel(town: UsageTown) -> Found:
    two_channels(town, times(2))
    return ["M1"], "usage.overlapping_channel"


HOLDING: tuple[Plant, ...] = (
    times_ten_after_an_exchange,
    a_multiplier_typed_wrong_at_an_exchange,
    swapped_channels,
    energy_from_a_place_that_makes_none,
    crossed_with_its_neighbor,
    a_clock_that_stands_still,
    a_silence_whose_energy_is_in_one_interval,
    a_day_sent_twice,
    a_day_of_last_year,
    a_day_that_came_a_year_late,
    a_day_that_came_before_it_was_over,
    one_total_across_an_area,
    a_duplicate_channel,
    an_overlapping_channel,
)
"""Faults of days that are billed to somebody: the bill waits."""
UNBILLED: tuple[Plant, ...] = (use_at_a_vacant_place, use_on_an_inactive_meter)
"""Faults of places that nobody is billed for: a person looks."""


# ---------------------------------------------------------------------------------- by hand


def set_up(town: UsageTown, meter_id: str, *flows: Flow) -> None:
    """The meter is a device with a register for each direction."""
    registers = tuple(Register(flow.value, flow, "kWh", 6) for flow in flows)
    meter = Meter(meter_id, MeterKind.AMI, FIRST)
    configuration = MeterConfiguration(
        meter_id, BilledOn.INTERVAL, 900, registers, (), Validity(SPAN[0], None), FIRST
    )
    configure_meter(configuration, meter, learned_at=FIRST, store=town.store)


def told_of(
    meter_id: str, day: date, values: list[int | None], flow: Flow = Flow.DELIVERED
) -> ChannelReadings:
    """Quarter-hours from the midnight of a day on, as many as there are values."""
    start = int(day_start_utc(day, CHICAGO).timestamp())
    channel = Channel(meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, flow, 900, 0)
    return ChannelReadings(
        channel,
        tuple(
            Reading(start + 900 * slot, 900, wh, Quality.VALID, slot + 1)
            for slot, wh in enumerate(values)
        ),
    )


def record(town: UsageTown, sha256: str, told: ChannelReadings, names: list[str]) -> None:
    town.store.record_file(
        sha256=sha256, name=f"{sha256[:6]}.csv", format="csv", channels=[told], quarantined=(),
        lake_files=names, learned_at=FIRST,
    )  # fmt: skip


def deliver(town: UsageTown, text: str, source: str = "") -> None:
    """A file at the door, read, admitted and stored as every file is."""
    intake = Intake(
        store=town.store,
        lake=town.lake,
        vault=MemoryVault(),
        read=read_bytes,
        signature_holds=signature_holds,
        utility=town.view.name,
        zone_name=CHICAGO,
    )
    taken = take_file(Delivery("day.csv", text.encode(), "test", source), intake, learned_at=FIRST)
    assert taken.status == "stored", taken.refusal


def sent(town: UsageTown, meter_id: str, day: date, values: list[int | None]) -> None:
    """A file with one channel that begins with the day."""
    told = told_of(meter_id, day, values)
    sha256 = hashlib.sha256(f"{meter_id} {day} {len(values)}".encode()).hexdigest()
    names = town.lake.write(
        [(town.pseudonym(meter_id), told)], source_sha256=sha256, learned_at=FIRST,
        at_sequence=town.store.lake_sequence(),
    )  # fmt: skip
    record(town, sha256, told, names)


def span_of(day: date) -> DaySpan:
    return DaySpan(day, day + timedelta(days=1))
