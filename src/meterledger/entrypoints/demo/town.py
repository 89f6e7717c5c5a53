"""The town of Millbrook: 48 homes, who lives there when, on which rate option, measured how.

Lives here      homes and stays as data, and the values each meter measured.
Lives elsewhere reading and moving real series (``real_series``), simulating (``simulation``),
                what happens when (``story``). Names and addresses are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cached_property

import numpy as np

from meterledger.entrypoints.demo import real_series
from meterledger.entrypoints.demo.real_series import Moved, Value
from meterledger.entrypoints.demo.simulation import HomeTraits, day_values, traits_of
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import with_check_digit
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan

SEED = 20_250_801
FIRST_DAY = date(2025, 8, 1)
LAST_RUN_DAY = date(2026, 5, 1)
CYCLES = (1, 11, 21)
SCHEDULES = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")


class Route(Enum):
    """How a home's readings reach the utility."""

    GREEN_BUTTON = "Green Button XML"
    CMEP = "CMEP"
    CSV = "CSV"
    SAMPLE = "official Green Button sample"


@dataclass(frozen=True, slots=True)
class Simulated:
    """A home of the simulation, by its number there."""

    number: int


@dataclass(frozen=True, slots=True)
class Real:
    """A home on a published series."""

    parts: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A stay on one official Green Button sample, delivered whole when it is over."""

    file: str
    weeks: int


@dataclass(frozen=True, slots=True)
class Home:
    """One dwelling with its meter. ``cycle`` is that of every account that lives there."""

    name: str
    address: str
    city: str
    postal_code: str
    tax_place: str
    cycle: int
    route: Route
    source: Simulated | Real | Sample

    @property
    def premise_id(self) -> str:
        """The place's name."""
        return f"P-{self.name}"

    @property
    def service_point_id(self) -> str:
        """Where it is measured."""
        return f"SP-{self.name}"

    @property
    def meter_id(self) -> str:
        """The number on the meter."""
        return f"ML{self.name}"

    @property
    def interval_seconds(self) -> int:
        """Length of its intervals."""
        if isinstance(self.source, Real):
            return self.source.parts[0].series.interval_seconds
        if isinstance(self.source, Sample):
            return 900 if "15min" in self.source.file else 3_600
        return 900


@dataclass(frozen=True, slots=True)
class Stay:
    """An account at a home: from its first day until its last (out), and its change of option."""

    account_id: str
    people: tuple[tuple[str, str], ...]
    home: Home
    schedule: str
    from_day: date = FIRST_DAY
    until_day: date | None = None
    changes_to: tuple[date, str] | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """Days on which a simulated home uses so many times what the simulation says.

    ``slots`` are the quarter-hours of each day in which it does.
    """

    home_name: str
    days: DaySpan
    times: int
    slots: range = range(96)


@dataclass(frozen=True)
class Town:
    """Homes and stays, and what the meters measured."""

    homes: tuple[Home, ...]
    stays: tuple[Stay, ...]
    zone_name: str

    def values(self, home: Home, days: DaySpan) -> list[Value]:
        """What the home's meter measured on these local days, in order; a gap is left out."""
        if isinstance(home.source, Sample):
            raise TypeError(f"{home.name} is delivered as the sample file it is")
        if isinstance(home.source, Real):
            values: list[Value] = []
            for part in home.source.parts:
                common = part.days.overlap(days)
                if common is not None:
                    values += Moved(part.series, part.weeks, common).values(self.zone_name)
            return values
        return [value for day in days.days() for value in self._used(home, home.source, day)]

    def _used(self, home: Home, source: Simulated, day: date) -> list[Value]:
        values = self._simulated(source, day)
        for busy in BUSY:
            if busy.home_name == home.name and day in busy.days:
                values = [
                    (start, wh * busy.times if slot in busy.slots else wh)
                    for slot, (start, wh) in enumerate(values)
                ]
        return values

    def _simulated(self, source: Simulated, day: date) -> list[Value]:
        if day not in self._days:
            self._days[day] = day_values(
                self._traits, day, seed=SEED, zone_name=self.zone_name
            ).tolist()
        first = int(day_start_utc(day, self.zone_name).timestamp())
        wh = self._days[day][source.number]
        return [(first + 900 * slot, value) for slot, value in enumerate(wh)]

    @cached_property
    def _days(self) -> dict[date, list[list[int]]]:
        return {}

    @cached_property
    def _traits(self) -> HomeTraits:
        count = sum(isinstance(home.source, Simulated) for home in self.homes)
        return traits_of(np.arange(count), seed=SEED)

    def home_of_meter(self, meter_id: str) -> Home:
        """The home whose meter that is."""
        return next(home for home in self.homes if home.meter_id == meter_id)

    def home(self, name: str) -> Home:
        """The home of that name."""
        return next(home for home in self.homes if home.name == name)

    def stays_at(self, name: str) -> tuple[Stay, ...]:
        """Who lived there, in order."""
        return tuple(stay for stay in self.stays if stay.home.name == name)


def reading_days(cycle: int) -> list[date]:
    """The days of the story on which a cycle is read, the first after the first day of service."""
    first = FIRST_DAY.replace(day=cycle)
    days = [first.replace(year=2025 + (7 + n) // 12, month=(7 + n) % 12 + 1) for n in range(10)]
    return [day for day in days if FIRST_DAY < day <= LAST_RUN_DAY]


_PLACES = (
    ("University City", "63130", "university_city"),
    ("Pagedale", "63133", "pagedale"),
    ("Canton", "63435", "canton"),
    ("Bel-Ridge", "63121", "bel_ridge"),
    ("Millbrook", "63999", "none"),  # in no taxing municipality
)
_STREETS = ("Elm St", "Cedar Ave", "Mill Rd", "Orchard Ln", "Quarry Rd", "Depot St", "Prairie Dr")
_FIRST_NAMES = (
    "Ana",
    "Walter",
    "Imani",
    "Grace",
    "Tomas",
    "Ruth",
    "Hyun",
    "Leonard",
    "Fatima",
    "Carl",
    "Noor",
    "Edith",
)
_LAST_NAMES = (
    "Rivera",
    "Kowalski",
    "Okafor",
    "Lindqvist",
    "Haas",
    "Tran",
    "Boone",
    "Castellano",
    "Adeyemi",
    "Meyer",
    "Novak",
)

_REAL_HOMES: tuple[tuple[str, int, Route, Real], ...] = (
    ("IL-16", 1, Route.GREEN_BUTTON, Real(real_series.ILLINOIS_2016)),
    (
        "IL-17",
        11,
        Route.GREEN_BUTTON,
        Real(
            (
                *real_series.ILLINOIS_2017,
                Moved(real_series.ILLINOIS, 521, DaySpan(date(2026, 2, 5), date(2026, 5, 4))),
            )
        ),
    ),
    ("IL-15", 11, Route.GREEN_BUTTON, Real(real_series.ILLINOIS_2015)),
    ("CA-1", 1, Route.CSV, Real(real_series.FONTANA[0])),
    ("CA-2", 11, Route.CSV, Real(real_series.FONTANA[1])),
    ("CA-5", 21, Route.CSV, Real(real_series.FONTANA[2])),
    ("CA-11", 1, Route.CSV, Real(real_series.INLAND_HOME)),
    ("UK-1", 21, Route.CSV, Real(real_series.UK_HOME)),
    ("NR-1", 21, Route.CSV, Real(real_series.NREL_HOME)),
)
_SAMPLE_STAYS: tuple[tuple[str, int, Sample, DaySpan], ...] = (
    (
        "GB-1",
        21,
        Sample("green_button_hourly_november.xml.gz", 730),
        DaySpan(date(2025, 10, 28), date(2025, 11, 27)),
    ),
    (
        "GB-2",
        21,
        Sample("green_button_hourly_march.xml.gz", 782),
        DaySpan(date(2026, 2, 24), date(2026, 3, 27)),
    ),
    (
        "GB-3",
        21,
        Sample("green_button_15min_14_days.xml.gz", 730),
        DaySpan(date(2026, 2, 26), date(2026, 3, 12)),
    ),
    (
        "GB-4",
        1,
        Sample("green_button_hourly_32_days.xml.gz", 730),
        DaySpan(date(2026, 3, 29), date(2026, 4, 30)),
    ),
)
SIMULATED_HOMES = 35

CAR_HOME, CAR_DAY, CAR_SLOTS = "S-04", date(2026, 2, 18), range(44, 60)
"""A guest's car is charged, on a day whose reading is lost until later."""
KILN_HOME, KILN_DAYS = "S-05", DaySpan(date(2026, 2, 11), date(2026, 3, 11))
"""A kiln is fired, and it shows on one bill."""
UNKNOWN_HOME, UNKNOWN_DAYS = "S-10", DaySpan(date(2026, 4, 1), LAST_RUN_DAY)
"""Nobody has asked yet why so much was used."""
BUSY = (
    Busy(CAR_HOME, DaySpan(CAR_DAY, CAR_DAY + timedelta(days=1)), 12, CAR_SLOTS),
    Busy(KILN_HOME, KILN_DAYS, 8),
    Busy(UNKNOWN_HOME, UNKNOWN_DAYS, 12),
)

MOVE_DAY = date(2026, 2, 5)
"""The Illinois meter of 2017 ends here; the same meter's 2015 to 2016 goes on with new people."""
CHANGE_ASKED_DAY = date(2025, 12, 2)
CHANGE_DAY = date(2025, 12, 11)
"""The first day of the next billing period after the other option was asked for."""
CHANGED_HOME = "S-08"
SECOND_PLACES = {"IL-15": (("lindqvist-15a", "Noor Lindqvist"),)}
"""Homes that somebody of another home has, too, for some time."""
SHARED_HOMES = ("IL-16", "S-03", "S-18")


def build_town(zone_name: str, simulated_homes: int = SIMULATED_HOMES) -> Town:
    """The town: 13 homes on real series and 35 simulated ones, or fewer, but the story's eleven."""
    ensure(simulated_homes >= 11, "the story happens to simulated homes 1 to 11")
    homes: list[Home] = []
    stays: list[Stay] = []
    for name, cycle, route, source in _REAL_HOMES:
        homes.append(_home(len(homes), name, cycle, route, source))
        stays += _real_stays(homes[-1], len(stays))
    for name, cycle, sample, days in _SAMPLE_STAYS:
        homes.append(_home(len(homes), name, cycle, Route.SAMPLE, sample))
        stays.append(_stay(homes[-1], len(stays), days.from_day, days.until_day))
    for number in range(simulated_homes):
        cycle = CYCLES[number % 3]
        name = f"S-{number + 1:02d}"
        homes.append(_home(len(homes), name, cycle, Route.CMEP, Simulated(number)))
        changes = (CHANGE_DAY, "1M-overnight") if name == CHANGED_HOME else None
        stays.append(_stay(homes[-1], len(stays), FIRST_DAY, None, changes))
    return Town(tuple(homes), tuple(stays), zone_name)


def _real_stays(home: Home, number: int) -> list[Stay]:
    if home.name == "IL-17":
        return [
            _stay(home, number, FIRST_DAY, MOVE_DAY),
            _stay(home, number + 1, MOVE_DAY, None),
        ]
    if home.name == "IL-15":  # the rest of that winter is lived in IL-17
        return [_stay(home, number, date(2025, 11, 17), MOVE_DAY)]
    return [_stay(home, number, FIRST_DAY, None)]


def _home(
    number: int, name: str, cycle: int, route: Route, source: Simulated | Real | Sample
) -> Home:
    city, postal_code, tax_place = _PLACES[number % len(_PLACES)]
    street = _STREETS[number * 3 % len(_STREETS)]
    return Home(
        name=name,
        address=f"{100 + number * 7} {street}",
        city=city,
        postal_code=postal_code,
        tax_place=tax_place,
        cycle=cycle,
        route=route,
        source=source,
    )


def _stay(
    home: Home,
    number: int,
    from_day: date,
    until_day: date | None,
    changes_to: tuple[date, str] | None = None,
) -> Stay:
    last_name = _LAST_NAMES[number % len(_LAST_NAMES)]
    names = [f"{_FIRST_NAMES[number * 5 % len(_FIRST_NAMES)]} {last_name}"]
    if home.name in SHARED_HOMES:
        names.append(f"{_FIRST_NAMES[(number * 5 + 3) % len(_FIRST_NAMES)]} {last_name}")
    schedule = SCHEDULES[(number + number // 5) % len(SCHEDULES)]
    people = tuple(
        (f"{last_name.lower()}-{number + 1}{'ab'[place]}", one) for place, one in enumerate(names)
    )
    return Stay(
        account_id=with_check_digit(str(310_000_000 + number * 37)),
        people=SECOND_PLACES.get(home.name, people),
        home=home,
        schedule="1M-anytime" if changes_to else schedule,
        from_day=from_day,
        until_day=until_day,
        changes_to=changes_to,
    )


def stay_ends(stay: Stay) -> date:
    """The first day without service, or the day after the story's last day."""
    return stay.until_day or LAST_RUN_DAY + timedelta(days=1)
