"""What is known of a batch's meters beside their values, for the checks of a day.

Lives here      where each meter is and who is its neighbor, what its location used before it, who
                sent the day and when, what was received, and two channels about one thing.
Lives elsewhere the checks (``usage``), what is asked of stores (``day_fact_ports``), the night's
                journey (``validate_usage``).

Everything is asked for the whole batch at once; what concerns few meters is asked for those alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import numpy as np

from meterledger.facts.day_told import ChannelDay, DayTold
from meterledger.facts.findings import Finding
from meterledger.facts.readings import Flow
from meterledger.facts.usage import MISSING_VALUE, Int64Array, window_seconds
from meterledger.facts.usage_log import MeterOnDay
from meterledger.kernel.ids import bucket_of, pseudonym
from meterledger.rulebook.book import BookView
from meterledger.rulebook.ours import whole_of_ours
from meterledger.usage import (
    GENERATES,
    INACTIVE,
    NET,
    NO_DAYS,
    NOT_KNOWN,
    VACANT,
    Check,
    DayBlock,
    DayFindings,
    History,
    Int8Array,
    Int32Array,
    Limit,
    MeterFacts,
    Source,
    ValidationTerms,
    validate_day,
)
from meterledger.usecases.day_fact_ports import (
    DayFactsStore,
    DayTelling,
    FileTold,
    MeterBefore,
    PlaceOnDay,
)
from meterledger.usecases.usage_days import DayLake, one_day, read_day

LOCATION_DAYS = 28
"""How many days before a meter was set its location is looked at, before the book said it
(``usage_location_days``).
"""
READ_AT_ONCE = 8192
NEXT_DOOR = 10
"""Houses of one street whose numbers are at most so far apart can be neighbors, before the book
said it (``usage_next_door_numbers``).
"""
DAY_MICROS = 86_400_000_000
LARGEST_FIGURE = 2**40

_NUMBER = re.compile(r"\s*(\d{1,6})\S*\s+(.*\S)\s*")
_ZIP = re.compile(r"\d{5}")
_WORDS = re.compile(rb"[A-Za-z0-9_.\-]+")


class DayFactsLake(DayLake, DayTelling, Protocol):
    """What is asked of the lake."""


ACROSS = (Check.IDENTICAL_TOTALS, Check.CROSSED_METER)
"""Checks between meters that may be in different batches."""


@dataclass(frozen=True, slots=True)
class Across:
    """What these checks found over all batches, of meters of one interval length."""

    interval_seconds: int
    findings: Mapping[str, tuple[Finding, ...]]

    def instead_of(
        self, found: DayFindings, row: int, findings: Iterable[Finding]
    ) -> list[Finding]:
        """A row's findings, those between meters as all batches together have them."""
        block = found.block
        if block.interval_seconds != self.interval_seconds:
            return list(findings)
        made = int(found.terms.made[found.facts.source[row]])
        codes = {check.code for check in ACROSS}
        allowed = {check.code for check in ACROSS if made & (1 << check)}
        ours = self.findings.get(block.meters[row], ())
        return [
            *(one for one in findings if one.code not in codes),
            *(one for one in ours if one.code in allowed),
        ]


@dataclass
class AskedOnce:
    """What is asked once for a night: files about its day, and locations of new meters."""

    begin: int
    until: int
    known: dict[str, FileTold | None] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    first_published_us: int | None = None
    location: dict[tuple[str, date], int] | None = None
    """By service point and the day its meter was set, what it used before: see ``location_use``."""
    across: Across | None = None
    """What was found between meters of all batches; None where there is one batch."""

    @classmethod
    def of(cls, day: date, zone: str) -> AskedOnce:
        """Nothing known yet about a day."""
        return cls(*window_seconds(one_day(day), zone))

    def ask(self, starts: Iterable[str], store: DayFactsStore) -> None:
        """Ask the store for files that are not known yet."""
        new = sorted(set(starts) - self.known.keys())
        if not new:
            return
        told = store.files_told(new, begin=self.begin, until=self.until)
        for start in new:
            one = self.known[start] = told.get(start)
            for channel in one.sent if one is not None else ():
                before = self.sent.get(channel.meter_id, 0)
                self.sent[channel.meter_id] = max(before, channel.readings)

    def begin_of_readings(self, store: DayFactsStore) -> int:
        """When readings began to come at all, microseconds of the UTC epoch."""
        if self.first_published_us is None:
            first = store.first_published_at()
            self.first_published_us = 0 if first is None else _micros(first)
        return self.first_published_us


def facts_of(
    block: DayBlock,
    meters: Mapping[str, MeterOnDay],
    once: AskedOnce,
    *,
    checks: ValidationTerms,
    view: BookView,
    known_at: datetime,
    store: DayFactsStore,
    lake: DayFactsLake,
    at_sequence: int,
    register_wh: Int64Array,
) -> MeterFacts:
    """All that is known of the block's meters on its day, row for row.

    ``register_wh`` as in ``MeterFacts``. Figures beyond all meters are left out.
    """
    day, names = block.day, list(block.meters)
    places = [meters[name] for name in names]
    numbers = [place.meter_id or "" for place in places]
    at = store.places_on_day([one.service_point_id for one in places], day, known_at)
    where = [at.get(one.service_point_id) for one in places]
    flows = store.flows_set_up(numbers, day, known_at)
    told = lake.day_told(names, day, at_sequence=at_sequence)
    once.ask((start for some in told.sources for start in some), store)
    if once.location is None:
        most = max(checks.limit(Limit.MULTIPLIER_DAYS, source) for source in Source)
        once.location = location_use(
            store.meters_before(day - timedelta(days=most), day, known_at),
            day,
            utility=view.name,
            lake=lake,
            at_sequence=at_sequence,
            days=whole_of_ours(view, "usage_location_days", day, LOCATION_DAYS),
        )
    apart = whole_of_ours(view, "usage_next_door_numbers", day, NEXT_DOOR)
    installed = np.array(
        [-1 if one.installed_day is None else (day - one.installed_day).days for one in places],
        dtype=np.int32,
    )
    blank = MeterFacts.unknown(len(names))
    return MeterFacts(
        source=_source(told, once, checks),
        state=_state(places, where, [flows.get(one, frozenset()) for one in numbers]),
        multiplier=blank.multiplier,
        register_wh=register_wh,
        installed_days=installed,
        location_wh=_location_wh(places, once.location),
        area=np.array([area_of(one) for one in where], dtype=np.int32),
        neighbor=neighbors(where, apart),
        received_wh=_column(names, told.received_wh),
        readings_sent=np.array([once.sent.get(one, -1) for one in numbers], dtype=np.int32),
        at_one_time=_at_one_time(numbers, told, once),
        channel_key=blank.channel_key,
        late_days=_late_days(told, once.until * 1_000_000, once.begin_of_readings(store)),
    )


def usual_received_wh(
    facts: MeterFacts,
    block: DayBlock,
    like_days: Sequence[date],
    lake: DayFactsLake,
    at_sequence: int,
) -> Int64Array:
    """Int64 [N] mean energy of the received channel on like days, for ``History``."""
    usual = History.none(len(facts)).received_wh
    rows = np.flatnonzero(facts.received_wh != NOT_KNOWN)
    if not len(rows):
        return usual
    names = [block.meters[row] for row in rows.tolist()]
    sums, days = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for each in like_days:
        told = _column(names, lake.received_wh(names, each, at_sequence=at_sequence))
        known = told != NOT_KNOWN
        sums += np.where(known, told, 0)
        days += known
    usual[rows] = np.where(days > 0, sums // np.maximum(days, 1), NOT_KNOWN)
    return usual


def channel_findings(
    meters: Sequence[str],
    day: date,
    zone: str,
    *,
    checks: ValidationTerms,
    lake: DayFactsLake,
    at_sequence: int,
) -> list[tuple[str, Finding]]:
    """What is found between the channels of meters that have two of delivered energy."""
    found: list[tuple[str, Finding]] = []
    by_length: dict[int, list[tuple[str, ChannelDay]]] = defaultdict(list)
    if not meters:
        return found
    channels = lake.delivered_channels(meters, day, at_sequence=at_sequence)
    for meter, some in channels.items():
        if len(some) == 2 and some[0].interval_seconds == some[1].interval_seconds:
            by_length[some[0].interval_seconds] += [(meter, one) for one in some]
    for seconds, rows in sorted(by_length.items()):
        energy = np.array([one.energy_wh for _, one in rows])
        missing = np.array([one.missing for _, one in rows])
        if (np.abs(energy) >= -MISSING_VALUE).any():
            continue
        value = np.where(missing, MISSING_VALUE, energy).astype(np.int32)
        names = [meter for meter, _ in rows]
        block = DayBlock(day, zone, seconds, names, value)
        blank = MeterFacts.unknown(len(rows))
        blank.channel_key[:] = np.arange(len(rows)) // 2
        found_of = validate_day(block, History.none(len(rows)), checks, blank)
        codes = (Check.DUPLICATE_CHANNEL.code, Check.OVERLAPPING_CHANNEL.code)
        found += [
            (names[row], finding)
            for row in range(0, len(rows), 2)
            for finding in found_of.findings_of(row)
            if finding.code in codes
        ]
    return found


# ------------------------------------------------------------------------------------- places


def _state(
    places: Sequence[MeterOnDay],
    where: Sequence[PlaceOnDay | None],
    flows: Sequence[frozenset[Flow]],
) -> Int8Array:
    """Vacant is a place that somebody has left; a meter nobody has had yet is not in service."""
    state = np.zeros(len(places), dtype=np.int8)
    for row, (place, at, measured) in enumerate(zip(places, where, flows, strict=True)):
        if not place.in_service:
            state[row] |= VACANT if at is None or at.was_served else INACTIVE
        if Flow.NET in measured:
            state[row] |= NET | GENERATES
        if Flow.RECEIVED in measured:
            state[row] |= GENERATES
    return state


def area_of(at: PlaceOnDay | None) -> int:
    """The postal code of the premise as a number, -1 where it has none of five digits."""
    found = None if at is None else _ZIP.match(at.postal_code.strip())
    return int(found.group()) if found else -1


def neighbors(where: Sequence[PlaceOnDay | None], apart: int = NEXT_DOOR) -> Int32Array:
    """Int32 [N] the row of each row's neighbor, -1 without one; each names the other.

    First those of one premise are paired, then the next houses of one street, in order of their
    numbers, if these are at most so far ``apart``.
    """
    neighbor = np.full(len(where), -1, dtype=np.int32)
    premises: dict[str, list[int]] = defaultdict(list)
    for row, at in enumerate(where):
        if at is not None:
            premises[at.premise_id].append(row)
    streets: dict[tuple[str, str], list[tuple[int, str, int]]] = defaultdict(list)
    for rows in premises.values():
        ordered = sorted(rows, key=lambda row: _point(where[row]))
        for one, other in zip(ordered[::2], ordered[1::2], strict=False):
            neighbor[one], neighbor[other] = other, one
        if len(ordered) % 2:
            left = where[ordered[-1]]
            house = None if left is None else _NUMBER.fullmatch(left.address)
            if left is not None and house is not None:
                street = (left.postal_code.strip(), house.group(2).casefold())
                streets[street].append((int(house.group(1)), _point(left), ordered[-1]))
    for houses in streets.values():
        houses.sort()
        at_house = 0
        while at_house + 1 < len(houses):
            (number, _, row), (next_number, _, next_row) = houses[at_house : at_house + 2]
            if next_number - number > apart:
                at_house += 1
                continue
            neighbor[row], neighbor[next_row] = next_row, row
            at_house += 2
    return neighbor


def _point(at: PlaceOnDay | None) -> str:
    return "" if at is None else at.service_point_id


def location_use(
    before: Sequence[MeterBefore],
    day: date,
    *,
    utility: str,
    lake: DayLake,
    at_sequence: int,
    days: int = LOCATION_DAYS,
) -> dict[tuple[str, date], int]:
    """Mean watt-hours of a day of each location before a meter was set, all meters together.

    Of so many ``days`` before, those that go by as ``day`` does (the same weekday) and are whole.
    Read for all locations of a night at once: the meters before are spread over all of the lake.
    """
    wanted: dict[date, dict[str, list[MeterBefore]]] = defaultdict(lambda: defaultdict(list))
    for one in before:
        name = pseudonym(one.before.meter_id, utility)
        for week in range(1, (day - one.set_day).days // 7 + days // 7 + 2):
            like = day - timedelta(days=7 * week)
            near = one.set_day - timedelta(days=days) <= like < one.set_day
            if near and like in one.before.days:
                wanted[like][name].append(one)
    sums: dict[tuple[str, date], list[int]] = defaultdict(list)
    for like, meters in sorted(wanted.items()):
        names = sorted(meters, key=lambda name: (bucket_of(name), name))
        for first in range(0, len(names), READ_AT_ONCE):
            part = names[first : first + READ_AT_ONCE]
            found, _ = read_day(lake, part, like, at_sequence=at_sequence)
            for values in found:
                energy = values.values.energy_wh.sum(axis=1)
                for row in np.flatnonzero(values.block.whole_rows()).tolist():
                    for one in meters[values.block.meters[row]]:
                        key = (one.before.service_point_id, one.set_day)
                        sums[key].append(int(energy[row]) * one.before.multiplier)
    return {key: sum(some) // len(some) for key, some in sums.items()}


def _location_wh(
    places: Sequence[MeterOnDay], location: Mapping[tuple[str, date], int]
) -> Int64Array:
    """At the scale of the present meter: what it should read, if its multiplier is right."""
    mean = [
        NOT_KNOWN
        if place.installed_day is None
        or (used := location.get((place.service_point_id, place.installed_day))) is None
        else used // place.multiplier
        for place in places
    ]
    return _possible(np.array(mean, dtype=object))


# ------------------------------------------------------------------------------------- files


def _source(told: DayTold, once: AskedOnce, checks: ValidationTerms) -> Int8Array:
    """The group that the first of the day's files is of."""
    groups = {
        start: checks.source_of(one.source) for start, one in once.known.items() if one is not None
    }
    found = [
        next((groups[start] for start in some if start in groups), Source.HEAD_END)
        for some in told.sources
    ]
    return np.array(found, dtype=np.int8)


def _at_one_time(numbers: Sequence[str], told: DayTold, once: AskedOnce) -> Int32Array:
    """Most readings of one time among those that the day's files had set aside, by meter."""
    most = np.zeros(len(numbers), dtype=np.int32)
    odd = {start: one for start, one in once.known.items() if one is not None and one.set_aside}
    if not odd:
        return most
    counts: dict[bytes, Counter[tuple[str, str]]] = defaultdict(Counter)
    wanted = {number.encode() for number in numbers}
    for start, one in odd.items():
        for reading in one.set_aside:
            for word in wanted.intersection(_WORDS.findall(reading.data)):
                counts[word][start, reading.time] += 1
    for row, number in enumerate(numbers):
        times = counts.get(number.encode())
        if times:
            most[row] = max(times.values())
    return most


def _late_days(told: DayTold, over_us: int, begin_us: int) -> Int32Array:
    """Whole days from the end of the day to its arrival; below 0 where a value was early.

    Counted from when readings began to come at all, if that was later: what was loaded when the
    system began is not late.
    """
    since = max(over_us, begin_us)
    late = np.maximum((told.arrived_us - since) // DAY_MICROS, 0)
    early = np.minimum((told.arrived_us - over_us) // DAY_MICROS, -1)
    days = np.where(told.is_early, early, late)
    return np.where(told.arrived_us < 0, NO_DAYS, days).astype(np.int32)


def _column(names: Sequence[str], known: Mapping[str, int]) -> Int64Array:
    told = [known.get(name, NOT_KNOWN) for name in names]
    return _possible(np.array(told, dtype=object))


def _possible(figures: np.ndarray[tuple[int, ...], np.dtype[np.object_ | np.int64]]) -> Int64Array:
    """What is beyond all meters is no figure."""
    return np.array(
        [one if abs(one) <= LARGEST_FIGURE else NOT_KNOWN for one in figures.tolist()],
        dtype=np.int64,
    )


def _micros(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
