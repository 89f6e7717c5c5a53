"""A plain table of readings: ``meter,start,value,unit[,quality][,end|interval_seconds]``.

What a table does not say is not guessed: options say it (``--meter``, ``--unit``, ``--zone``), or
the file is refused with the option that would help.

Lives here      what the columns are, and rows of words into readings, however a table is kept.
Lives elsewhere a table's rows as words (``csv_profile``, ``parquet_profile``), times
                (``csv_times``), repeats and contradictions (``gather``).
Read first      README.md beside this file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    Quality,
    ReadingFile,
)
from meterledger.stores.gateways.csv_times import (
    BadTime,
    LocalClock,
    WrittenTime,
    lengths_from_starts,
    read_time,
    usual_length,
)
from meterledger.stores.gateways.csv_words import (
    COLUMNS,
    HEADER,
    METER_ID,
    MISSING_WORDS,
    UNITS,
    Unusable,
    commodity_of,
    flow_of,
    length_of,
    quality_of,
    word_of,
)
from meterledger.stores.gateways.exact import BLANKS, Exact, read_exact
from meterledger.stores.gateways.gather import (
    ChannelKey,
    RawReading,
    Sieve,
    repeat_reason,
    settle,
    to_channel,
)
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    FormatUnknown,
    MeterNotNamed,
    NothingToLoad,
    TooManyReadings,
    UnitNotNamed,
)

Place = tuple[int, int]
"""Where a row stands in its file, from and until: what a source finds its bytes by."""


class Source(Protocol):
    """A table as rows of words.

    ``format``  the name that the stored file keeps
    ``top``     where the names of the columns stand, for messages: ``line 1``
    """

    name: str
    sha256: str
    format: str
    top: str

    def header(self) -> list[str]:
        """The names of the columns. :raises EnvelopeBroken: if they cannot be read"""

    def rows(self) -> Iterator[tuple[int, Place]]:
        """Number (as a person counts) and place of every row that is not empty."""

    def cells(self, place: Place) -> list[str]:
        """The words of a row. :raises Unusable: if it cannot be taken apart"""

    def data(self, place: Place) -> bytes:
        """The row as it is kept where it is set aside."""

    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file as a whole."""


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    place: Place
    key: ChannelKey
    start: WrittenTime
    end: WrittenTime | None
    seconds: int | None
    value: Exact | None
    quality: Quality


@dataclass(frozen=True, slots=True)
class Options:
    """What the person says where the table does not."""

    meter: str | None = None
    unit: str | None = None
    zone: str | None = None


def known_header(cells: Sequence[str]) -> bool:
    """Whether a first line is a header of this profile."""
    columns = {COLUMNS.get(word_of(cell)) for cell in cells}
    return {"start", "value"} <= columns


def read_table(source: Source, *, believable: Believable, options: Options) -> ReadingFile:
    """Read a table of readings.

    Values are energy delivered unless a ``direction`` column says otherwise: that is what this
    profile means, as its documentation says.

    :raises FileRefused: of the kind that fits, naming the line, the column or the option
    """
    return _Table(source, believable, options).read()


class _Table:
    """One table on its way to channels."""

    def __init__(self, source: Source, believable: Believable, options: Options) -> None:
        self.source = source
        self.name = source.name
        self.top = f"{source.name}, {source.top}"
        self.believable = believable
        self.options = options
        self.sieve = Sieve(source.name, "line")

    def read(self) -> ReadingFile:
        columns = self._columns(self.source.header())
        rows: dict[ChannelKey, list[_Row]] = defaultdict(list)
        total = 0
        for number, place in self.source.rows():
            total += 1
            if total > MAX_READINGS:
                raise TooManyReadings.of(self.name)
            try:
                row = self._row(number, place, columns)
            except (Unusable, BadTime) as problem:
                self._set_aside(number, place, str(problem))
            else:
                rows[row.key].append(row)
        if total == 0:
            raise NothingToLoad(
                "The table has a header and no rows", where=self.name, do="Ask for it again"
            )
        channels = [
            channel
            for key, members in rows.items()
            if (channel := self._channel(key, members)) is not None
        ]
        self.sieve.refuse_if_too_much(total)
        return ReadingFile(
            name=self.name,
            sha256=self.source.sha256,
            format=self.source.format,
            channels=tuple(channels),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=self.source.notes(),
        )

    # -------------------------------------------------------------------------------- header

    def _columns(self, header: Sequence[str]) -> dict[str, int]:
        columns: dict[str, int] = {}
        for place, cell in enumerate(header):
            column = COLUMNS.get(word_of(cell))
            if column in columns:
                raise EnvelopeBroken(
                    f"The header names the column '{column}' twice",
                    where=self.top,
                    do="Remove one of them",
                )
            if column is not None:
                columns[column] = place
        if not {"start", "value"} <= columns.keys():
            raise FormatUnknown(
                f"The header is '{','.join(header)[:80]}'",
                where=self.top,
                why=f"A table of readings has the header {HEADER}",
                do="Rename its columns, or ask the sender for Green Button or CMEP",
            )
        if "meter" not in columns and self.options.meter is None:
            raise MeterNotNamed(
                "The table has no column 'meter'",
                where=self.top,
                do="Name the meter with --meter",
            )
        if "unit" not in columns and self.options.unit is None:
            raise UnitNotNamed(
                "The table has no column 'unit'",
                where=self.top,
                why="A unit is never guessed: Wh taken for kWh makes a bill a thousandfold",
                do="Name the unit of its values with --unit, like --unit kWh",
            )
        if "unit" in columns and self.options.unit is not None:
            raise UnitNotNamed(
                "The table has a column 'unit' and --unit was given too",
                where=self.top,
                do="Leave out --unit, or remove the column",
            )
        if self.options.unit is not None and word_of(self.options.unit) not in UNITS:
            raise UnitNotNamed(
                f"'{self.options.unit[:20]}' is not a unit that is known",
                where="--unit",
                do=f"Use one of {', '.join(UNITS.values())}",
            )
        return columns

    # ---------------------------------------------------------------------------------- rows

    def _row(self, number: int, place: Place, columns: Mapping[str, int]) -> _Row:
        cells = self.source.cells(place)

        def cell(column: str) -> str:
            at = columns.get(column)
            if at is None:
                return ""
            if at >= len(cells):
                raise Unusable(f"It has {len(cells)} columns, and '{column}' is number {at + 1}")
            return cells[at].strip(BLANKS)

        unit = UNITS.get(word_of(self.options.unit or cell("unit")))
        if unit is None:
            raise Unusable(
                f"Its unit is '{cell('unit')[:20]}', not one of {', '.join(UNITS.values())}"
            )
        meter = self.options.meter or cell("meter")
        if not METER_ID.fullmatch(meter):
            raise Unusable("It names no meter")
        if self.options.meter is not None and cell("meter") not in ("", self.options.meter):
            raise MeterNotNamed(
                f"The row is of meter '{cell('meter')[:40]}', and --meter names "
                f"'{self.options.meter[:40]}'",
                where=f"{self.name}, line {number}",
                do="Leave out --meter, or give a table of that meter only",
            )
        value_text = cell("value")
        value = None
        if value_text.lower() not in MISSING_WORDS:
            value = read_exact(value_text)
            if value is None:
                raise Unusable(
                    f"Its value '{value_text[:40]}' is not a number written with digits and one "
                    "point, or has more digits than can be kept exactly"
                )
        quality = quality_of(cell("quality"))
        if value is None or quality is Quality.MISSING:
            value, quality = None, Quality.MISSING
        return _Row(
            line=number,
            place=place,
            key=ChannelKey(
                meter=meter,
                commodity=commodity_of(cell("commodity"), unit),
                unit=unit,
                kind=ChannelKind.INTERVAL,
                flow=flow_of(cell("direction"), unit),
            ),
            start=read_time(cell("start")),
            end=read_time(cell("end")) if "end" in columns else None,
            seconds=length_of(cell("interval_seconds")) if "interval_seconds" in columns else None,
            value=value,
            quality=quality,
        )

    # ------------------------------------------------------------------------------ channels

    def _channel(self, key: ChannelKey, rows: Sequence[_Row]) -> ChannelReadings | None:
        raw = list(self._with_lengths(self._with_starts(rows)))
        while True:
            settled = settle(raw)
            struck = {
                one.line: pair.sentence
                for pair in settled.contradictions
                for one in (pair.first, pair.second)
            }
            if not struck:
                break
            for one in raw:
                if one.line in struck:
                    self._set_aside(one.line, one.place, f"{struck[one.line]}; neither was kept")
            raw = [one for one in raw if one.line not in struck]
        for repeat in settled.repeats:
            self.sieve.set_repeat_aside(
                repeat.line, self.source.data(repeat.place), repeat_reason(repeat)
            )
        channel, too_large = to_channel(key, settled.readings)
        for one in too_large:
            self._set_aside(one.line, one.place, "Its value does not fit 63 bits")
        return channel

    def _with_starts(self, rows: Sequence[_Row]) -> list[tuple[_Row, int, LocalClock | None]]:
        clock: LocalClock | None = None
        local_times = [
            row.start.local
            for row in rows
            if row.start.epoch is None and row.start.local is not None
        ]
        if local_times:
            clock = LocalClock(self.name, self.options.zone, local_times)
        started: list[tuple[_Row, int, LocalClock | None]] = []
        for row in rows:
            try:
                if row.start.epoch is not None:
                    started.append((row, row.start.epoch, None))
                elif clock is not None and row.start.local is not None:
                    started.append((row, clock.start(row.start.local), clock))
            except BadTime as problem:
                self._set_aside(row.line, row.place, str(problem))
        return started

    def _with_lengths(
        self, started: Sequence[tuple[_Row, int, LocalClock | None]]
    ) -> Iterator[RawReading]:
        usual = usual_length(
            [
                int((row.end.local - row.start.local).total_seconds())
                for row, _, _ in started
                if row.end is not None and row.end.local is not None and row.start.local is not None
            ]
        )
        bare = [at for row, at, _ in started if row.end is None and row.seconds is None]
        stepped = lengths_from_starts(bare, name=self.name) if bare else {}
        for row, start, clock in started:
            try:
                seconds = self._seconds(row, start, clock, usual, stepped)
                if row.seconds not in (None, seconds):
                    raise Unusable(
                        f"Its interval_seconds is {row.seconds} and its end says {seconds}"
                    )
                doubt = self.believable.doubt(start, seconds)
                if seconds <= 0:
                    doubt = f"It lasts {seconds} seconds, and an interval has a length"
                if doubt is not None:
                    raise Unusable(doubt)
            except (Unusable, BadTime) as problem:
                self._set_aside(row.line, row.place, str(problem))
                continue
            yield RawReading(start, seconds, row.value, row.quality, row.line, row.place)

    @staticmethod
    def _seconds(
        row: _Row,
        start: int,
        clock: LocalClock | None,
        usual: int | None,
        stepped: Mapping[int, int],
    ) -> int:
        if row.seconds is not None and row.end is None:
            return row.seconds
        if row.end is None:
            return stepped[start]
        if row.end.epoch is not None:
            return row.end.epoch - start
        if clock is None or row.end.local is None or row.start.local is None:
            raise Unusable("Its start has an offset and its end has none")
        return clock.end(start, row.start.local, row.end.local, usual) - start

    def _set_aside(self, line: int, place: Place, reason: str) -> None:
        self.sieve.set_aside(line, self.source.data(place), reason)
