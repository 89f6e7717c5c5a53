"""NEM12 and NEM13 (AEMO's meter data file format, Australia): a foreign check of our reading.

A day of values stands in one record 300; which register, in which unit and length, in the record
200 before it; the quality of parts of the day in records 400 after it. Times are of the market:
+10:00 all year. The records lean on each other, so that a broken one refuses the whole file.

Lives here      the records, the suffixes that name registers, the quality letters.
Lives elsewhere repeats and contradictions (``settling``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways.csv_words import Unusable, cells_of, lines_of
from meterledger.stores.gateways.exact import BLANKS, Exact, read_exact
from meterledger.stores.gateways.gather import ChannelKey, RawReading, Sieve
from meterledger.stores.gateways.instants import Believable, epoch_of
from meterledger.stores.gateways.opening import OpenedFile, decode
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    NothingToLoad,
    TooManyReadings,
)
from meterledger.stores.gateways.settling import is_meter_id, named, settled_channels
from meterledger.stores.gateways.table import Options

FORMATS = {"NEM12": "nem12", "NEM13": "nem13"}
_MARKET = timedelta(hours=10)
_DAY_MINUTES = 1_440
_MAX_CELLS = 2_000
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?", re.ASCII)
_QUALITY = re.compile(r"[AEFNS](?:\d\d)?|V", re.ASCII)
_QUALITIES = {
    "A": Quality.VALID,
    "E": Quality.ESTIMATED,
    "F": Quality.SUBSTITUTED,
    "S": Quality.SUBSTITUTED,
    "N": Quality.MISSING,
}
_VARIABLE = "V"
_UNITS = {
    "": "",
    "wh": "Wh", "kwh": "kWh", "mwh": "MWh",
    "vah": "VAh", "kvah": "kVAh", "mvah": "MVAh",
    "varh": "VArh", "kvarh": "kVArh", "mvarh": "MVArh",
    "w": "W", "kw": "kW", "mw": "MW",
    "var": "VAr", "kvar": "kVAr", "mvar": "MVAr",
    "va": "VA", "kva": "kVA", "mva": "MVA",
    "v": "V", "kv": "kV", "a": "A", "ka": "kA", "pf": "power factor",
}  # fmt: skip
_FLOWS = {
    "E": Flow.DELIVERED, "D": Flow.DELIVERED, "F": Flow.DELIVERED,
    "P": Flow.DELIVERED, "Q": Flow.DELIVERED, "R": Flow.DELIVERED,
    "A": Flow.RECEIVED, "B": Flow.RECEIVED, "C": Flow.RECEIVED,
    "J": Flow.RECEIVED, "K": Flow.RECEIVED, "L": Flow.RECEIVED,
    "N": Flow.NET,
}  # fmt: skip
"""By the suffix's letter. The market's export is energy that a customer takes from it."""

_SECOND = {"A": "average", "C": "check", "D": "average", "F": "check", "J": "average"} | {
    "L": "check",
    "P": "average",
    "R": "check",
}
"""Registers that measure again what a master register measures; never counted beside it."""


@dataclass(slots=True)
class _Register:
    """A record 200: what the days after it are of."""

    key: ChannelKey
    seconds: int


@dataclass(slots=True)
class _Day:
    """A record 300, and what records 400 say of its intervals."""

    register: _Register
    start: int
    values: list[str]
    quality: str
    line: int
    place: tuple[int, int]
    parts: list[str | None] = field(default_factory=list)


def read_nem(file: OpenedFile, *, believable: Believable, options: Options) -> ReadingFile:
    """Read a NEM12 or NEM13 file.

    :raises FileRefused: of the kind that fits, naming the line and what its record should hold
    """
    return _File(file, believable, options).read()


class _File:
    """One file on its way to channels."""

    def __init__(self, file: OpenedFile, believable: Believable, options: Options) -> None:
        self.file = file
        self.believable = believable
        self.options = options
        self.text = decode(file.name, file.data)
        self.sieve = Sieve(file.name, "line")
        self.streams: dict[tuple[ChannelKey, int], list[RawReading]] = defaultdict(list)
        self.passed_by: Counter[str] = Counter()
        self.notes: list[str] = []
        self.form = ""
        self.register: _Register | None = None
        self.day: _Day | None = None
        self.count = 0
        self.days = 0
        self.line = 0

    def read(self) -> ReadingFile:
        ended = False
        for number, (begin, until) in lines_of(self.text):
            self.line = number
            if not self.text[begin:until].strip(BLANKS):
                continue
            cells = self._cells(begin, until)
            if ended and cells[0] != "100":
                self._broken("Records follow the end of the data (900)")
            ended = self._record(cells, (begin, until))
        if not ended:
            self._broken("The file ends without its last record (900): it may have been cut off")
        channels = settled_channels(self.streams, sieve=self.sieve, bytes_of=self._bytes)
        self.sieve.refuse_if_too_much(self.days)
        if not channels:
            raise NothingToLoad(
                f"The {self.form} file holds no readings",
                where=self.file.name,
                do="Ask the sender for the readings themselves (records 200 and 300, or 250)",
            )
        for what, count in sorted(self.passed_by.items()):
            self.notes.append(f"{count} records were not loaded: {what}")
        return ReadingFile(
            name=self.file.name,
            sha256=self.file.sha256,
            format=FORMATS[self.form],
            channels=named(channels, self.options.meter, self.file.name),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _broken(self, what: str) -> NoReturn:
        raise EnvelopeBroken(
            what,
            where=f"{self.file.name}, line {self.line}",
            why="The records of this format lean on each other; nothing of the file was kept",
            do="Ask the sender for a sound file",
        )

    def _cells(self, begin: int, until: int) -> list[str]:
        line = self.text[begin:until]
        if line.count(",") > _MAX_CELLS:
            self._broken(f"A record has more than {_MAX_CELLS} fields")
        if '"' not in line:
            return [cell.strip(BLANKS) for cell in line.split(",")]
        try:
            return [cell.strip(BLANKS) for cell in cells_of(line, ",")]
        except Unusable as problem:
            self._broken(str(problem))

    # ------------------------------------------------------------------------------- records

    def _record(self, cells: list[str], place: tuple[int, int]) -> bool:
        """Take one record; true where it ends the data."""
        kind = cells[0]
        if kind != "400":
            self._close_day()
        if kind == "100":
            self._header(cells)
        elif not self.form:
            self._broken("The file begins without its header record 100")
        elif kind == "200" and self.form == "NEM12":
            self.register = self._register(cells)
        elif kind == "300" and self.form == "NEM12":
            self.day = self._open_day(cells, place)
        elif kind == "400" and self.form == "NEM12":
            self._part_of_day(cells)
        elif kind == "250" and self.form == "NEM13":
            self._accumulated(cells, place)
        elif kind in ("500", "550"):
            self.passed_by[f"record {kind}, of how a reading came about"] += 1
        elif kind != "900":
            self._broken(f"'{kind[:20]}' is no record of {self.form}")
        return kind == "900"

    def _header(self, cells: list[str]) -> None:
        form = cells[1] if len(cells) > 1 else ""
        if form not in FORMATS:
            self._broken(f"The header calls the file '{form[:20]}', not NEM12 or NEM13")
        if self.form and self.form != form:
            self._broken("One file holds NEM12 and NEM13")
        self.form, self.register = form, None

    def _register(self, cells: list[str]) -> _Register:
        if not 9 <= len(cells) <= 10:
            self._broken(f"A record 200 has nine or ten fields, and this one {len(cells)}")
        length = cells[8]
        minutes = int(length) if re.fullmatch(r"\d{1,4}", length, re.ASCII) else 0
        if minutes == 0 or _DAY_MINUTES % minutes:
            self._broken(f"Intervals of '{length[:10]}' minutes do not fill a day")
        key = self._key(cells[1], cells[4], cells[7], None)
        return _Register(key._replace(stream=str(minutes)), minutes * 60)

    def _key(self, nmi: str, suffix: str, uom: str, flow: Flow | None) -> ChannelKey:
        unit = _UNITS.get(uom.lower())
        if unit is None:
            self._broken(f"The unit is '{uom[:20]}', which the format does not know")
        meter = f"{nmi}-{suffix}"
        if not nmi or not suffix or not is_meter_id(meter):
            self._broken("The record does not name its metering point (NMI) and register (suffix)")
        letter = suffix[0].upper()
        if unit and letter in _SECOND and flow is None:
            unit = f"{unit} ({_SECOND[letter]})"
        return ChannelKey(
            meter=meter,
            commodity=Commodity.ELECTRICITY if unit else Commodity.OTHER,
            unit=unit,
            kind=ChannelKind.INTERVAL,
            flow=flow or _FLOWS.get(letter, Flow.UNKNOWN),
        )

    # ----------------------------------------------------------------------------------- days

    def _open_day(self, cells: list[str], place: tuple[int, int]) -> _Day:
        register = self.register
        if register is None:
            self._broken("A day of values (300) comes before any record 200 that says of what")
        count = 86_400 // register.seconds
        values, rest = cells[2 : 2 + count], cells[2 + count :]
        quality = rest[0] if rest else ""
        if len(values) < count or not _QUALITY.fullmatch(quality):
            minutes = register.seconds // 60
            told = next((n for n, one in enumerate(cells[2:]) if read_exact(one) is None), 0)
            self._broken(
                f"A day of {minutes} minutes has {count} values and then its quality, and this "
                f"record has {told} values and then "
                + repr("".join(cells[2 + told : 3 + told])[:10])
            )
        match = _DAY.fullmatch(cells[1])
        start = None if match is None else _market_instant(match)
        if start is None:
            self._broken(f"The day is '{cells[1][:20]}', and there is no such day")
        self.count += count
        if self.count > MAX_READINGS:
            raise TooManyReadings.of(self.file.name)
        return _Day(register, start, values, quality, self.line, place, [None] * count)

    def _part_of_day(self, cells: list[str]) -> None:
        day = self.day
        if day is None:
            self._broken("A record 400 does not follow a day of values (300)")
        if day.quality != _VARIABLE:
            self._broken(f"A record 400 follows a day whose quality is {day.quality}, not V")
        said = [cells[at] if len(cells) > at else "" for at in (1, 2, 3)]
        if not all(re.fullmatch(r"\d{1,4}", one, re.ASCII) for one in said[:2]):
            self._broken("A record 400 does not say from which interval to which")
        first, last, quality = int(said[0]), int(said[1]), said[2]
        if not 1 <= first <= last <= len(day.values):
            self._broken(
                f"A record 400 is of intervals {first} to {last}, and the day has {len(day.values)}"
            )
        if not _QUALITY.fullmatch(quality) or quality == _VARIABLE:
            self._broken(f"The quality of intervals {first} to {last} is '{quality[:10]}'")
        if any(one is not None for one in day.parts[first - 1 : last]):
            self._broken(f"Two records 400 speak of one interval between {first} and {last}")
        day.parts[first - 1 : last] = [quality] * (last - first + 1)

    def _close_day(self) -> None:
        day, self.day = self.day, None
        if day is None:
            return
        variable = day.quality == _VARIABLE
        if variable and None in day.parts:
            silent = day.parts.index(None) + 1
            self._broken(
                f"The quality of the day on line {day.line} varies, and no record 400 says it of "
                f"interval {silent}"
            )
        seconds = day.register.seconds
        readings = []
        for at, text in enumerate(day.values):
            start = day.start + at * seconds
            quality = _QUALITIES[(day.parts[at] or day.quality)[0]]
            value = None if quality is Quality.MISSING else self._number(text, day.line, at + 1)
            readings.append(RawReading(start, seconds, value, quality, day.line, day.place))
        self.days += 1
        doubt = self.believable.doubt(day.start, 0) or self.believable.doubt(start, seconds)
        if doubt is not None:
            begin, until = day.place
            self.sieve.set_aside(day.line, self.text[begin:until].encode(), doubt)
            return
        self.streams[day.register.key, 0] += readings

    def _number(self, text: str, line: int, place: int) -> Exact:
        value = read_exact(text)
        if value is None:
            self.line = line
            self._broken(f"Value {place} is '{text[:30]}', not a number that can be kept exactly")
        return value

    # ----------------------------------------------------------------------------- registers

    def _accumulated(self, cells: list[str], place: tuple[int, int]) -> None:
        """A record 250: a register read twice, and what was used between."""
        if not 20 <= len(cells) <= 23:
            self._broken(f"A record 250 has 23 fields, and this one {len(cells)}")
        flow = {"E": Flow.DELIVERED, "I": Flow.RECEIVED}.get(cells[7].upper())
        if flow is None:
            self._broken(f"The direction is '{cells[7][:10]}', not E or I")
        key = self._key(cells[1], cells[4], cells[19], flow)
        spans = [_STAMP.fullmatch(cells[at]) for at in (9, 14)]
        times = [None if one is None else _market_instant(one) for one in spans]
        start, end = times
        if start is None or end is None:
            self._broken("A record 250 does not say when its register was read, and when before")
        quality = cells[15]
        if not _QUALITY.fullmatch(quality) or quality[0] == _VARIABLE:
            self._broken(f"The quality of the reading is '{quality[:10]}'")
        known = _QUALITIES[quality[0]]
        value = None if known is Quality.MISSING else self._number(cells[18], self.line, 1)
        self._compare(cells, value)
        self.days += 1
        doubt = self.believable.doubt(start, end - start)
        if end <= start:
            doubt = "Its register was read before the reading that it follows"
        if doubt is not None:
            self.sieve.set_aside(self.line, self.text[place[0] : place[1]].encode(), doubt)
            return
        self.streams[key, 0].append(RawReading(start, end - start, value, known, self.line, place))

    def _compare(self, cells: list[str], quantity: Exact | None) -> None:
        """Note where the two readings of the register do not differ by the quantity."""
        before, after = read_exact(cells[8]), read_exact(cells[13])
        if before is None or after is None or quantity is None:
            return
        low = min(before.exponent, after.exponent)
        ran = Exact(after.at_scale(low) - before.at_scale(low), low)
        if not ran.same_as(quantity):
            self.notes.append(
                f"Line {self.line} says that {quantity} were used, and its register ran {ran}: a "
                "multiplier or a turn of the register"
            )

    def _bytes(self, reading: RawReading) -> bytes:
        begin, until = reading.place
        return self.text[begin:until].encode()


def _market_instant(match: re.Match[str]) -> int | None:
    """Epoch seconds of a time of the market (+10:00, no clock changes); None if there is none."""
    try:
        return epoch_of(
            datetime(*(int(part or 0) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
            - _MARKET
        )
    except (ValueError, OverflowError):
        return None
