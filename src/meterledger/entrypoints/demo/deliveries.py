"""Which files reach the utility on which day, mishaps included.

Lives here      the files of the story: name, bytes, and why each is as it is.
Lives elsewhere how each format is written (``writers``), what the meters measured (``town``).

A cycle's readings come on its reading day, from the last reading day until then: one CMEP file
of the simulated homes, one CSV file, and one Green Button file for each home that downloads its
own. The mishaps are those that a utility meets in any month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from meterledger.entrypoints.demo import real_series, writers
from meterledger.entrypoints.demo.town import (
    CAR_HOME,
    CAR_SLOTS,
    FIRST_DAY,
    Home,
    Route,
    Sample,
    Town,
    reading_days,
    stay_ends,
)
from meterledger.entrypoints.demo.writers import Value
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan

CORRECTED_HOME = "S-06"
CORRECTED_DAY = date(2025, 12, 3)
READ_EARLY_ON = date(2025, 12, 9)
CORRECTED_ON = date(2025, 12, 15)
GAP_HOME = "S-11"
GAP_DAY = date(2026, 1, 5)
GAP_QUARTERS = range(12, 20)
GAP_FILLED_ON = date(2026, 1, 15)
ESTIMATED_HOME = CAR_HOME
LOST_QUARTERS = CAR_SLOTS
TWICE_HOME = "S-07"
NIGHT_DAY = date(2026, 2, 18)
"""The day on which one home's hour is lost and another's day before was sent in its place."""
NIGHT_ON = date(2026, 3, 1)
DECIDED_ON = date(2026, 3, 4)
LATE_ON = date(2026, 3, 12)
TOO_HIGH_HOME = "S-09"
TOO_HIGH_DAYS = DaySpan(date(2026, 1, 21), date(2026, 2, 21))
TOO_HIGH_TIMES = 8
READ_AGAIN_ON = date(2026, 2, 24)
REAL_GAP_HOME = "UK-1"
STRANGE_METER = "ML-NOBODY"
GAS_HOME = "S-01"
CUT_HOME = "IL-17"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file that arrives on a day. ``note`` is what a reader should know of it."""

    day: date
    name: str
    make: Callable[[], bytes]
    note: str = ""
    energy: tuple[tuple[str, DaySpan], ...] = ()
    """Meters whose energy of these days this file brings for the first time."""


def deliveries(town: Town) -> list[Delivery]:
    """Every file of the story, in order of arrival."""
    found: list[Delivery] = []
    for cycle in sorted({home.cycle for home in town.homes}):
        days = reading_days(cycle)
        for from_day, until_day in zip([FIRST_DAY, *days[:-1]], days, strict=True):
            found += _of_cycle(town, cycle, DaySpan(from_day, until_day))
    found += _samples(town)
    found += _mishaps(town)
    return sorted(found, key=lambda one: (one.day, one.name))


def _of_cycle(town: Town, cycle: int, days: DaySpan) -> Iterator[Delivery]:
    homes = [home for home in town.homes if home.cycle == cycle]
    at = _morning(days.until_day)
    cmep_homes = [home for home in homes if home.route is Route.CMEP]
    yield Delivery(
        days.until_day,
        f"cycle_{cycle:02d}.cmep",
        partial(_cmep, town, cmep_homes, days, at),
        energy=tuple((home.meter_id, days) for home in cmep_homes),
    )
    csv_homes = [home for home in homes if home.route is Route.CSV]
    if csv_homes:
        yield Delivery(
            days.until_day,
            f"cycle_{cycle:02d}.csv",
            partial(_csv, town, csv_homes, days),
            energy=tuple((home.meter_id, days) for home in csv_homes),
        )
    for home in homes:
        served = _served(town, home, days)
        if home.route is Route.GREEN_BUTTON and served is not None:
            yield Delivery(
                days.until_day,
                f"{home.name}.xml",
                partial(_green_button, town, home, served, at),
                energy=((home.meter_id, served),),
            )


def _served(town: Town, home: Home, days: DaySpan) -> DaySpan | None:
    """The days on which somebody had service there; a Green Button download has no others."""
    stays = town.stays_at(home.name)
    from_day = max(days.from_day, min(stay.from_day for stay in stays))
    until_day = min(days.until_day, max(stay_ends(stay) for stay in stays))
    return DaySpan(from_day, until_day) if from_day < until_day else None


def _green_button(town: Town, home: Home, days: DaySpan, made_at: datetime) -> bytes:
    return writers.green_button(
        home.meter_id,
        town.values(home, days),
        interval_seconds=home.interval_seconds,
        made_at=made_at,
        zone_name=town.zone_name,
    )


def _sent(town: Town, home: Home, days: DaySpan) -> list[Value]:
    """What a cycle's file holds of a home: a lost stretch is absent, an early one has come."""
    if home.name == CORRECTED_HOME and CORRECTED_DAY in days:
        days = DaySpan(READ_EARLY_ON, days.until_day)
    values = town.values(home, days)
    if home.name == GAP_HOME and GAP_DAY in days:
        lost = set(_quarters(town, GAP_DAY, GAP_QUARTERS))
        values = [value for value in values if value[0] not in lost]
    if home.name == ESTIMATED_HOME and NIGHT_DAY in days:
        lost = set(_quarters(town, NIGHT_DAY, LOST_QUARTERS))
        values = [value for value in values if value[0] not in lost]
    if home.name == TOO_HIGH_HOME and days.from_day in TOO_HIGH_DAYS:
        values = [(start, wh * TOO_HIGH_TIMES) for start, wh in values]
    if home.name == TWICE_HOME and NIGHT_DAY in days:
        before = iter(town.values(home, _one(NIGHT_DAY - timedelta(days=1))))
        doubled = set(_quarters(town, NIGHT_DAY, range(96)))
        values = [
            (start, next(before)[1]) if start in doubled else (start, wh) for start, wh in values
        ]
    return values


def _quarters(town: Town, day: date, slots: range) -> list[int]:
    first = int(day_start_utc(day, town.zone_name).timestamp())
    return [first + 900 * slot for slot in slots]


def _samples(town: Town) -> Iterator[Delivery]:
    """Official samples arrive whole, as one download when the stay is over."""
    for stay in town.stays:
        source = stay.home.source
        if isinstance(source, Sample) and stay.until_day is not None:
            yield Delivery(
                stay.until_day,
                f"{stay.home.name}.xml",
                partial(
                    real_series.moved_green_button,
                    source.file,
                    weeks=source.weeks,
                    meter_id=stay.home.meter_id,
                ),
                note="an official Green Button sample, moved by whole weeks",
                energy=((stay.home.meter_id, DaySpan(stay.from_day, stay.until_day)),),
            )


def _mishaps(town: Town) -> Iterator[Delivery]:
    yield from _refused_and_repeated(town)
    yield from _corrected(town)
    gap = town.home(GAP_HOME)
    yield Delivery(
        GAP_FILLED_ON,
        f"{gap.name}_resend.cmep",
        partial(_resend, town, gap, _one(GAP_DAY), GAP_FILLED_ON),
        note="the day with the two lost hours, sent again whole",
    )
    late = town.home(ESTIMATED_HOME)
    yield Delivery(
        LATE_ON,
        f"{late.name}_late.cmep",
        partial(_resend, town, late, _one(NIGHT_DAY), LATE_ON),
        note="the lost hours after all: they take the place of the estimate that was billed",
    )
    high = town.home(TOO_HIGH_HOME)
    yield Delivery(
        READ_AGAIN_ON,
        f"{high.name}_read_again.cmep",
        partial(_resend, town, high, TOO_HIGH_DAYS, READ_AGAIN_ON),
        note="read again at the meter: an eighth of what had come",
    )
    gas = town.home(GAS_HOME)
    september = DaySpan(date(2025, 9, 1), date(2025, 10, 1))
    yield Delivery(
        september.until_day,
        f"{gas.name}_gas.cmep",
        partial(_gas, town, gas, september),
        note="gas, relayed by the electric meter: kept in CCF, never billed",
    )


def _refused_and_repeated(town: Town) -> Iterator[Delivery]:
    cut = town.home(CUT_HOME)
    first = DaySpan(date(2025, 8, 11), date(2025, 9, 11))
    second = DaySpan(date(2025, 9, 11), date(2025, 10, 11))
    yield Delivery(
        date(2025, 9, 1),
        "a_download.xml",
        partial(real_series.data_bytes, "green_button_not_green_button.xml.gz"),
        note="the official test kit's file that is not Green Button",
    )
    whole = partial(_green_button, town, cut, first, _morning(date(2025, 9, 11)))
    yield Delivery(
        date(2025, 9, 10),
        f"{cut.name}_broken_off.xml",
        partial(_half, whole),
        note="a download that broke off half-way; the whole file follows",
    )
    yield Delivery(
        date(2025, 10, 13),
        f"{cut.name}_again.xml",
        partial(_green_button, town, cut, second, _morning(date(2025, 10, 11))),
        note="the same bytes under another name",
    )
    one_day = DaySpan(date(2025, 10, 20), date(2025, 10, 21))
    yield Delivery(
        date(2025, 10, 21),
        "stranger.cmep",
        partial(_strange, town, one_day),
        note="a meter that is installed nowhere",
    )


def _corrected(town: Town) -> Iterator[Delivery]:
    home = town.home(CORRECTED_HOME)
    window_start = date(2025, 11, 21)
    yield Delivery(
        READ_EARLY_ON,
        f"{home.name}_early.cmep",
        partial(_with_wrong_day, town, home, DaySpan(window_start, READ_EARLY_ON)),
        note=f"{CORRECTED_DAY} is ten times too high, and nobody knows it yet",
    )
    yield Delivery(
        CORRECTED_ON,
        f"{home.name}_correction.cmep",
        partial(_resend, town, home, _one(CORRECTED_DAY), CORRECTED_ON),
        note=f"{CORRECTED_DAY} as it was, twelve days late",
    )


def _cmep(town: Town, homes: list[Home], days: DaySpan, made_at: datetime) -> bytes:
    return writers.cmep(
        [(home.meter_id, _sent(town, home, days)) for home in homes],
        interval_seconds=900,
        made_at=made_at,
    )


def _csv(town: Town, homes: list[Home], days: DaySpan) -> bytes:
    return writers.plain_csv(
        [(home.meter_id, home.interval_seconds, town.values(home, days)) for home in homes]
    )


def _resend(town: Town, home: Home, days: DaySpan, on: date) -> bytes:
    return writers.cmep(
        [(home.meter_id, town.values(home, days))],
        interval_seconds=900,
        made_at=_morning(on),
        purpose="RESEND",
    )


def _with_wrong_day(town: Town, home: Home, days: DaySpan) -> bytes:
    wrong = set(_quarters(town, CORRECTED_DAY, range(96)))
    values = [(start, wh * 10 if start in wrong else wh) for start, wh in town.values(home, days)]
    return writers.cmep(
        [(home.meter_id, values)], interval_seconds=900, made_at=_morning(days.until_day)
    )


def _strange(town: Town, days: DaySpan) -> bytes:
    values = town.values(town.home("S-01"), days)
    return writers.cmep(
        [(STRANGE_METER, values)], interval_seconds=900, made_at=_morning(days.until_day)
    )


def _gas(town: Town, home: Home, days: DaySpan) -> bytes:
    """Hundredths of a CCF by the hour: made up from when somebody is at home."""
    quarters = town.values(home, days)
    hours = [quarters[at : at + 4] for at in range(0, len(quarters), 4)]
    burned = [(hour[0][0], sum(wh for _, wh in hour) // 250) for hour in hours]
    return writers.cmep(
        [(home.meter_id, burned)],
        interval_seconds=3_600,
        made_at=_morning(days.until_day),
        measure=writers.GAS_CCF,
    )


def _half(whole: Callable[[], bytes]) -> bytes:
    data = whole()
    return data[: len(data) // 2]


def _one(day: date) -> DaySpan:
    return DaySpan(day, day + timedelta(days=1))


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
