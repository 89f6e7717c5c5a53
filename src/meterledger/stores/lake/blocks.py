"""A window of many meters as whole blocks: decode values alone, put each row where it belongs.

For every cell (meter, day) the file that speaks last owns it. A piece of a file is decoded once and
its rows are copied straight into the window's block; nothing is sorted or joined. Cells that two
writers wrote at once are resolved slot by slot (``merge.resolve``).

Lives here      the block, its owners, watt-hours out of stored values.
Lives elsewhere choosing files (``reader``), the shape that is promised (``facts.usage``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.usage import MISSING_VALUE, DayValues, UsageBatch
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.files import PLAIN_QUALITY
from meterledger.stores.lake.grid import nominal_seconds, offsets, tiles_day
from meterledger.stores.lake.incoming import two_flows
from meterledger.stores.lake.index import BILLABLE, Run
from meterledger.stores.lake.merge import DayKey
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.reader import DayReader, Published, find_versions
from meterledger.stores.lake.refusals import (
    IntervalLengthChanged,
    MetersRefused,
    NotTiling,
    ValueTooLarge,
)

DEFAULT_SECONDS = 900
_NOBODY = -1


@dataclass(frozen=True)
class _Piece:
    """The part of a run that falls into the window."""

    number: int
    published: Published
    run: Run
    flow: int
    """Place in the window's channels."""
    rows: npt.NDArray[np.int64]
    """Rows of the window, one for each wanted meter of the run."""
    ordinals: npt.NDArray[np.int64]
    """Places of those meters in the run."""
    from_day: int
    until_day: int
    """Days of the window, by number."""


@dataclass
class Window:
    """What is known of some meters over some days, before any value is decoded."""

    meters: tuple[str, ...]
    days: DaySpan
    zone: str
    pieces: list[_Piece]
    owner: npt.NDArray[np.int32]
    """Int32 [flows x meters x days] number of the piece that speaks last, or -1."""
    contested: npt.NDArray[np.bool_]
    """Bool [flows x meters x days] where the owner's file had not seen the version before it."""
    files: Sequence[Published]
    channels: tuple[str, ...] = BILLABLE
    refused: dict[str, Refusal] = field(default_factory=dict)

    def day(self, number: int) -> date:
        """The day of that number."""
        return self.days.from_day + timedelta(days=number)


def survey(
    opener: Opener,
    files: Sequence[Published],
    meters: Sequence[str],
    days: DaySpan,
    zone: str,
    channels: tuple[str, ...] = BILLABLE,
) -> Window:
    """Find who speaks last for every cell. Opens indexes only."""
    row_of = {meter: row for row, meter in enumerate(meters)}
    shape = (len(channels), len(meters), days.day_count)
    owner = np.full(shape, _NOBODY, dtype=np.int32)
    position = np.full(
        shape, -1, dtype=np.int64
    )  # in the order of publication, of the owner's file
    contested = np.zeros(shape, dtype=bool)
    window = Window(tuple(meters), days, zone, [], owner, contested, files, channels)
    for published in files:
        for run in opener.index(published.file).runs:
            piece = _piece(len(window.pieces), published, run, row_of, days, channels)
            if piece is None:
                continue
            cells = (piece.flow, piece.rows, slice(piece.from_day, piece.until_day))
            window.contested[cells] = position[cells] >= published.file.after
            position[cells] = published.position
            window.owner[cells] = piece.number
            window.pieces.append(piece)
    return window


def _piece(
    number: int,
    published: Published,
    run: Run,
    row_of: dict[str, int],
    days: DaySpan,
    channels: tuple[str, ...],
) -> _Piece | None:
    common = run.days.overlap(days)
    if common is None or run.form.channel not in channels:
        return None
    rows = np.fromiter((row_of.get(meter, -1) for meter in run.meters), np.int64, len(run.meters))
    ordinals = np.flatnonzero(rows >= 0)
    if not len(ordinals):
        return None
    return _Piece(
        number=number,
        published=published,
        run=run,
        flow=channels.index(run.form.channel),
        rows=rows[ordinals],
        ordinals=ordinals,
        from_day=(common.from_day - days.from_day).days,
        until_day=(common.until_day - days.from_day).days,
    )


def batches(window: Window, opener: Opener, *, at_sequence: int, threads: int) -> list[UsageBatch]:
    """The window in batches of one interval length, meters in order.

    :raises MetersRefused: naming every meter whose usage cannot be given, and why
    """
    _refuse_two_flows(window)
    lengths = _interval_lengths(window)
    patches = _resolve_contested(window, opener, lengths)
    if window.refused:
        raise MetersRefused(window.refused)
    made: list[UsageBatch] = []
    for seconds in sorted({int(one) for one in lengths}):
        rows = np.flatnonzero(lengths == seconds)
        block = _Block(window, rows, seconds, patches)
        block.fill(opener, threads)
        made.append(
            UsageBatch(
                meters=tuple(window.meters[row] for row in rows),
                interval_seconds=seconds,
                zone=window.zone,
                days=block.day_values(threads),
                at_sequence=at_sequence,
            )
        )
    return made


def _refuse_two_flows(window: Window) -> None:
    if len(window.channels) < 2:
        return
    owned = window.owner != _NOBODY
    for row, day in zip(*np.nonzero(owned.sum(axis=0) > 1), strict=True):
        meter = window.meters[row]
        told = [window.channels[flow] for flow in np.flatnonzero(owned[:, row, day])]
        keys = [DayKey(channel, meter, window.day(int(day))) for channel in told]
        window.refused.setdefault(meter, two_flows(keys[0], keys[1]))


def _interval_lengths(window: Window) -> npt.NDArray[np.int64]:
    """The interval length of each meter, Int64 [meters]; 900 where nothing is known."""
    lengths = np.zeros(len(window.meters), dtype=np.int64)
    for piece in window.pieces:
        owned = _owned(window, piece)
        for seconds, first, until in _by_nominal(window, piece):
            rows = piece.rows[owned[:, first - piece.from_day : until - piece.from_day].any(axis=1)]
            for row in rows[(lengths[rows] != 0) & (lengths[rows] != seconds)]:
                _refuse_two_lengths(window, int(row), int(lengths[row]), seconds)
            lengths[rows] = seconds
    lengths[lengths == 0] = DEFAULT_SECONDS
    for seconds in {int(one) for one in lengths}:
        broken = [day for day in window.days.days() if not tiles_day(day, window.zone, seconds)]
        if broken:
            for row in np.flatnonzero(lengths == seconds):
                _refuse_not_tiling(window, int(row), seconds, broken[0])
    return lengths


def _by_nominal(window: Window, piece: _Piece) -> Iterable[tuple[int, int, int]]:
    """The piece's days, cut where the nominal length changes (day-long intervals only)."""
    seconds = piece.run.form.interval_seconds
    first = piece.from_day
    before = nominal_seconds(window.day(first), window.zone, seconds)
    if before == seconds and seconds < 82_800:  # not day-long: the same on every day
        return [(seconds, first, piece.until_day)]
    return [
        (nominal_seconds(window.day(number), window.zone, seconds), number, number + 1)
        for number in range(first, piece.until_day)
    ]


def _owned(window: Window, piece: _Piece) -> npt.NDArray[np.bool_]:
    cells = window.owner[piece.flow, piece.rows, piece.from_day : piece.until_day]
    return np.asarray(cells == piece.number)


def _refuse_two_lengths(window: Window, row: int, first: int, second: int) -> None:
    meter = window.meters[row]
    window.refused.setdefault(
        meter,
        IntervalLengthChanged(
            f"Meter {meter} has intervals of {min(first, second)} and of {max(first, second)} "
            f"seconds from {window.days}",
            why="A bill is made of intervals of one length",
            do="Send all days of the window in one interval length",
        ),
    )


def _refuse_not_tiling(window: Window, row: int, seconds: int, day: date) -> None:
    meter = window.meters[row]
    window.refused.setdefault(
        meter,
        NotTiling(
            f"Meter {meter} has intervals of {seconds} seconds, which do not fill {day} "
            "without remainder",
            where=f"window {window.days}",
            why="The clock changes on that day, and part of its energy would have no interval",
            do="Send that window in intervals of an hour or less",
        ),
    )


@dataclass(frozen=True)
class _Patch:
    """A resolved cell: its values, with their power of ten of watt-hours."""

    value: npt.NDArray[np.int64]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8]
    power: int

    @property
    def plain(self) -> bool:
        """Whether every value is as received, and valid or raw."""
        return int(self.quality.max()) <= PLAIN_QUALITY and not self.method.any()


def _resolve_contested(
    window: Window, opener: Opener, lengths: npt.NDArray[np.int64]
) -> dict[tuple[int, int], _Patch]:
    keys = {
        DayKey(window.channels[flow], window.meters[row], window.day(int(day))): (
            int(row),
            int(day),
        )
        for flow, row, day in zip(*np.nonzero(window.contested), strict=True)
    }
    if not keys:
        return {}
    reader = DayReader(opener, window.zone)
    patches: dict[tuple[int, int], _Patch] = {}
    for key, places in find_versions(opener, window.files, keys).items():
        row, day = keys[key]
        try:
            settled = reader.resolve(key, places)
        except (IntervalLengthChanged, ValueTooLarge) as refusal:
            window.refused.setdefault(key.meter, refusal)
            continue
        seconds = nominal_seconds(key.day, window.zone, settled.form.interval_seconds)
        if seconds != lengths[row]:
            _refuse_two_lengths(window, row, int(lengths[row]), seconds)
        patches[(row, day)] = _Patch(
            settled.value, settled.quality, settled.method, settled.form.power
        )
    return patches


class _Block:
    """The values of some meters over the window, rows by meter, slots by time."""

    def __init__(
        self,
        window: Window,
        rows: npt.NDArray[np.int64],
        seconds: int,
        patches: Mapping[tuple[int, int], _Patch],
    ) -> None:
        self.window = window
        self.rows = rows
        self.place = np.full(len(window.meters), -1, dtype=np.int64)
        self.place[rows] = np.arange(len(rows))
        self.offsets = offsets(window.days, window.zone, seconds)
        pieces = [piece for piece in window.pieces if (self.place[piece.rows] >= 0).any()]
        self.pieces = [piece for piece in pieces if _owned(window, piece).any()]
        shape = (len(rows), self.offsets[-1])
        self.patches = {
            (int(self.place[row]), day): patch
            for (row, day), patch in patches.items()
            if self.place[row] >= 0
        }
        self.value = np.full(shape, MISSING_VALUE, dtype=np.int32)
        self.power = np.zeros((len(rows), window.days.day_count), dtype=np.int8)
        """Power of ten of watt-hours, of every meter-day; 0 nearly everywhere."""
        self.told = self._told_days()
        """Bool [days] on which some value is not as received, and valid or raw."""
        self.codes = {
            column: np.zeros(shape, dtype=np.int8)
            for column in ("quality", "method")
            if self.told.any()
        }
        """Quality and method, Int8 like ``value``; looked at on the days told, and only there."""

    def _told_days(self) -> npt.NDArray[np.bool_]:
        told = np.zeros(self.window.days.day_count, dtype=bool)
        for piece in self.pieces:
            if not piece.run.plain:
                told[piece.from_day : piece.until_day] |= _owned(self.window, piece).any(axis=0)
        for (_, day), patch in self.patches.items():
            told[day] |= not patch.plain
        return told

    def fill(self, opener: Opener, threads: int) -> None:
        """Decode every piece and copy it into place; then the cells that were contested."""
        by_file: dict[Published, list[_Piece]] = defaultdict(list)
        for piece in self.pieces:
            by_file[piece.published].append(piece)
        with ThreadPoolExecutor(max_workers=threads) as pool:
            list(pool.map(lambda one: self._fill_from(opener, *one), by_file.items()))
        for (at, day), patch in self.patches.items():
            self.value[at, self.offsets[day] : self.offsets[day + 1]] = patch.value
            self.power[at, day] = patch.power
            if self.codes:
                slots = slice(self.offsets[day], self.offsets[day + 1])
                self.codes["quality"][at, slots] = patch.quality
                self.codes["method"][at, slots] = patch.method

    def _fill_from(self, opener: Opener, published: Published, pieces: Sequence[_Piece]) -> None:
        file = opener.open(published.file)
        by_group: dict[int, list[_Piece]] = defaultdict(list)
        for piece in pieces:
            by_group[piece.run.group].append(piece)
        for group, members in by_group.items():
            columns = {"value": file.values(group, "value")}
            if any(self.told[piece.from_day : piece.until_day].any() for piece in members):
                columns |= {name: file.values(group, name) for name in self.codes}
            for piece in members:
                self._copy(piece, columns)

    def _copy(self, piece: _Piece, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        run, window = piece.run, self.window
        places = offsets(run.days, window.zone, run.form.interval_seconds)
        shape = (len(run.meters), places[-1])
        lies = slice(run.row, run.row + shape[0] * shape[1])
        stored = {name: column[lies].reshape(shape) for name, column in columns.items()}
        shift = (window.days.from_day - run.days.from_day).days
        owned = _owned(window, piece)
        ours = self.place[piece.rows] >= 0
        for first, until, mine in _rectangles(owned & ours[:, None]):
            day, end = piece.from_day + first, piece.from_day + until
            target = self.place[piece.rows[mine]]
            from_slots = slice(places[shift + day], places[shift + end])
            slots = slice(self.offsets[day], self.offsets[end])
            for name, column in stored.items():
                into = self.value if name == "value" else self.codes[name]
                into[_rows(target), slots] = column[:, from_slots][_rows(piece.ordinals[mine])]
            self.power[target, day:end] = run.form.power

    def day_values(self, threads: int) -> tuple[DayValues, ...]:
        """One DayValues for each day, in watt-hours."""
        days = range(self.window.days.day_count)
        if not self.power.any():
            with ThreadPoolExecutor(max_workers=threads) as pool:
                return tuple(pool.map(self._whole_day, days))
        missing = self.value == MISSING_VALUE
        energy = _watt_hours(self, missing)
        return tuple(
            DayValues(
                self.window.day(day),
                np.ascontiguousarray(energy[:, self.offsets[day] : self.offsets[day + 1]]),
                np.ascontiguousarray(missing[:, self.offsets[day] : self.offsets[day + 1]]),
                *self._codes_of(day),
            )
            for day in days
        )

    def _whole_day(self, day: int) -> DayValues:
        stored = self.value[:, self.offsets[day] : self.offsets[day + 1]]
        missing = stored == MISSING_VALUE
        energy = stored.astype(np.int64)
        if missing.any():
            energy[missing] = 0
        return DayValues(self.window.day(day), energy, missing, *self._codes_of(day))

    def _codes_of(self, day: int) -> list[npt.NDArray[np.int8] | None]:
        """Quality and method of the day; None twice where all came as received."""
        slots = slice(self.offsets[day], self.offsets[day + 1])
        if not self.told[day]:
            return [None, None]
        quality, method = (np.ascontiguousarray(one[:, slots]) for one in self.codes.values())
        if int(quality.max(initial=0)) <= PLAIN_QUALITY and not method.any():
            return [None, None]
        return [quality, method]


def _rows(places: npt.NDArray[np.int64]) -> slice | npt.NDArray[np.int64]:
    """Rows as a slice where they follow each other, which copies much faster."""
    first, count = int(places[0]), len(places)
    if int(places[-1]) - first == count - 1 and (count < 3 or bool((np.diff(places) == 1).all())):
        return slice(first, first + count)
    return places


def _rectangles(
    cells: npt.NDArray[np.bool_],
) -> Iterable[tuple[int, int, npt.NDArray[np.int64]]]:
    """Cover the true cells with (first day, until day, rows): days with equal rows together."""
    first = 0
    for day in range(1, cells.shape[1] + 1):
        if day == cells.shape[1] or not np.array_equal(cells[:, day], cells[:, first]):
            rows = np.flatnonzero(cells[:, first])
            if len(rows):
                yield first, day, rows
            first = day


def _watt_hours(block: _Block, missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Whole watt-hours of each interval, where values are stored at other powers of ten.

    Where a meter measures finer than watt-hours, the running sum from the window's first interval
    is cut to whole watt-hours and each interval gets its difference: no interval is off by a whole
    watt-hour, and the sum over any first part of the window is the exact energy, rounded down once.

    :raises MetersRefused: if energy could pass 64 bits
    """
    widths = np.diff(block.offsets)
    energy = np.where(missing, 0, block.value).astype(np.int64)
    for row in np.flatnonzero(block.power.any(axis=1)):
        steps = block.power[row].astype(np.int64)
        lowest = min(0, int(steps.min()))
        largest = int(np.abs(energy[row]).max()) * 10 ** (int(steps.max()) - lowest)
        if lowest < -18 or largest * energy.shape[1] >= 2**62:
            meter = block.window.meters[int(block.rows[row])]
            raise MetersRefused({meter: _unequal_scales(meter, block.window)})
        line = energy[row] * np.repeat(10 ** (steps - lowest), widths)
        if lowest < 0:
            line = np.diff(np.cumsum(line) // 10**-lowest, prepend=0)
        energy[row] = line
    return energy


def _unequal_scales(meter: str, window: Window) -> ValueTooLarge:
    return ValueTooLarge(
        f"Meter {meter} has values of very different scale from {window.days}",
        why="Their sum in whole watt-hours could pass 64 bits",
        do="Send the window's readings again at one scale",
    )
