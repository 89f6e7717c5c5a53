"""Flat exports of head-ends that read registers: Badger Meter Beacon, Itron's register report.

Each has its own header, by which it is known. Times are of a local clock that the file does not
name, so that ``--zone`` has to; what a register showed is loaded, never what an export computes
from it. Columns that hold names and addresses are not read.

Lives here      which columns an export has, and its rows as readings of registers.
Lives elsewhere tables in our own words (``table``), local clocks (``csv_times``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways.csv_times import BadTime, LocalClock
from meterledger.stores.gateways.csv_words import Unusable, cells_of, lines_of
from meterledger.stores.gateways.exact import BLANKS, Exact, read_exact
from meterledger.stores.gateways.gather import NO_LAST_LINE_END, ChannelKey, RawReading, Sieve
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile, decode
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    NothingToLoad,
    TooManyReadings,
)
from meterledger.stores.gateways.settling import is_meter_id, named, settled_channels
from meterledger.stores.gateways.table import Options

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?", re.ASCII)
_AMERICAN = re.compile(
    r"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.\d{1,9})?",
    re.ASCII,
)
_UNITS = {
    "ccf": "CCF",
    "cf": "CF",
    "cubic feet": "CF",
    "gallon": "gal",
    "gallons": "gal",
    "gal": "gal",
    "m3": "m3",
    "cubic meters": "m3",
    "kwh": "kWh",
    "therm": "therm",
}
_COMMODITIES = {
    "WAT": Commodity.WATER,
    "GAS": Commodity.GAS,
    "ELE": Commodity.ELECTRICITY,
}
_MAX_LINE = 16_000


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of export: its name, the columns that make it known, and those that are read.

    ``meter``     columns that name the meter, the first that is not empty counts
    ``american``  times are month/day/year, as this export always writes them
    ``commodity`` what flows; None where the unit's ending says it (``CF_WAT``)
    """

    format: str
    marks: frozenset[str]
    meter: tuple[str, ...]
    time: str
    value: str
    unit: str
    estimated: str = ""
    american: bool = False
    commodity: Commodity | None = None


EXPORTS = (
    Export(
        format="badger-beacon",
        marks=frozenset({"meter_sn", "read", "read_time", "read_unit", "endpoint_sn"}),
        meter=("meter_id", "meter_sn"),
        time="read_time",
        value="read",
        unit="read_unit",
        estimated="estimated_flag",
        commodity=Commodity.WATER,
    ),
    Export(
        format="itron-register",
        marks=frozenset({"timestamp", "read_value", "meter_serial_number", "read_units"}),
        meter=("meter_serial_number",),
        time="timestamp",
        value="read_value",
        unit="read_units",
        american=True,
    ),
)


def export_of(cells: Sequence[str]) -> Export | None:
    """The export that a first line is the header of, if it is one."""
    words = {cell.strip(BLANKS).lower() for cell in cells}
    return next((one for one in EXPORTS if one.marks <= words), None)


class _Row(NamedTuple):
    key: ChannelKey
    local: datetime
    value: Exact | None
    quality: Quality
    line: int
    place: tuple[int, int]


def read_export(
    file: OpenedFile, export: Export, *, believable: Believable, options: Options
) -> ReadingFile:
    """Read an export of register readings.

    :raises FileRefused: of the kind that fits, naming the line, the column or the option
    """
    return _File(file, export, believable, options).read()


class _File:
    """One export on its way to channels."""

    def __init__(
        self, file: OpenedFile, export: Export, believable: Believable, options: Options
    ) -> None:
        self.file = file
        self.export = export
        self.believable = believable
        self.options = options
        self.text = decode(file.name, file.data)
        self.sieve = Sieve(file.name, "line")
        self.columns: dict[str, int] = {}

    def read(self) -> ReadingFile:
        lines = lines_of(self.text)
        _, (begin, until) = next(lines)
        self._header(self.text[begin:until])
        rows: dict[ChannelKey, list[_Row]] = defaultdict(list)
        total = 0
        for number, place in lines:
            if not self.text[place[0] : place[1]].strip(BLANKS):
                continue
            total += 1
            if total > MAX_READINGS:
                raise TooManyReadings.of(self.file.name)
            try:
                row = self._row(number, place)
            except Unusable as problem:
                self.sieve.set_aside(number, self.text[place[0] : place[1]].encode(), str(problem))
            else:
                rows[row.key].append(row)
        if total == 0:
            raise NothingToLoad(
                "The export has a header and no rows", where=self.file.name, do="Ask for it again"
            )
        streams = {(key, 0): list(self._readings(members)) for key, members in rows.items()}
        channels = settled_channels(streams, sieve=self.sieve, bytes_of=self._bytes)
        self.sieve.refuse_if_too_much(total)
        return ReadingFile(
            name=self.file.name,
            sha256=self.file.sha256,
            format=self.export.format,
            channels=named(channels, self.options.meter, self.file.name),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=() if self.text.endswith("\n") else (NO_LAST_LINE_END,),
        )

    def _header(self, line: str) -> None:
        try:
            words = [cell.strip(BLANKS).lower() for cell in cells_of(line, ",")]
        except Unusable as problem:
            raise EnvelopeBroken(
                "The header cannot be read",
                where=f"{self.file.name}, line 1",
                why=str(problem),
                do="Ask for the export again",
            ) from problem
        wanted = {self.export.time, self.export.value, self.export.unit, *self.export.meter}
        wanted.add(self.export.estimated)
        for place, word in enumerate(words):
            if word in wanted and word in self.columns:
                raise EnvelopeBroken(
                    f"The header names the column '{word}' twice",
                    where=f"{self.file.name}, line 1",
                    do="Remove one of them",
                )
            if word in wanted:
                self.columns[word] = place

    def _row(self, line: int, place: tuple[int, int]) -> _Row:
        text = self.text[place[0] : place[1]]
        if len(text) > _MAX_LINE:
            raise Unusable(f"It is longer than {_MAX_LINE} characters")
        cells = cells_of(text, ",")

        def cell(column: str) -> str:
            at = self.columns.get(column)
            if at is None:
                return ""
            if at >= len(cells):
                raise Unusable(f"It has {len(cells)} columns, and '{column}' is number {at + 1}")
            return cells[at].strip(BLANKS)

        meter = next((said for one in self.export.meter if (said := cell(one))), "")
        if not is_meter_id(meter):
            raise Unusable("It names no meter")
        unit, commodity = self._unit(cell(self.export.unit))
        value_text = cell(self.export.value)
        value = read_exact(value_text) if value_text else None
        if value_text and value is None:
            raise Unusable(f"Its reading '{value_text[:40]}' is not a number we can keep exactly")
        quality = Quality.MISSING if value is None else self._quality(cell(self.export.estimated))
        return _Row(
            key=ChannelKey(meter, commodity, unit, ChannelKind.REGISTER, Flow.DELIVERED),
            local=self._time(cell(self.export.time)),
            value=value,
            quality=quality,
            line=line,
            place=place,
        )

    def _unit(self, text: str) -> tuple[str, Commodity]:
        base, commodity = text, self.export.commodity
        if commodity is None:
            base, _, ending = text.rpartition("_")
            commodity = _COMMODITIES.get(ending.upper())
        unit = _UNITS.get(base.lower())
        if unit is None or commodity is None:
            raise Unusable(f"Its unit is '{text[:20]}', which is not known")
        return unit, commodity

    @staticmethod
    def _quality(flag: str) -> Quality:
        if flag in ("", "0"):
            return Quality.RAW
        if flag == "1":
            return Quality.ESTIMATED
        raise Unusable(f"Its estimated flag is '{flag[:20]}', not 0 or 1")

    def _time(self, text: str) -> datetime:
        match = (_AMERICAN if self.export.american else _ISO).fullmatch(text)
        if match is None:
            raise Unusable(f"Its time is '{text[:40]}', not as this export writes it")
        if self.export.american:
            parts = [match[name] for name in ("year", "month", "day", "hour", "minute", "second")]
        else:
            parts = [part or "0" for part in match.groups()]
        try:
            return datetime(*map(int, parts))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            raise Unusable(f"There is no time '{text}'") from None

    def _readings(self, rows: Sequence[_Row]) -> Iterator[RawReading]:
        clock = LocalClock(self.file.name, self.options.zone, [row.local for row in rows])
        for row in rows:
            try:
                start = clock.start(row.local)
                doubt = self.believable.doubt(start, 0)
                if doubt is not None:
                    raise BadTime(doubt)
            except BadTime as problem:
                data = self.text[row.place[0] : row.place[1]].encode()
                self.sieve.set_aside(row.line, data, str(problem))
                continue
            yield RawReading(start, 0, row.value, row.quality, row.line, row.place)

    def _bytes(self, reading: RawReading) -> bytes:
        begin, until = reading.place
        return self.text[begin:until].encode()
