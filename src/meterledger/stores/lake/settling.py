"""The newest state of a month's meter-days, put together from all files that tell them.

Whole meter-days are copied from the file that speaks last; only those that two writers at once
brought are resolved slot by slot. Every value keeps when and from which file it was learned. The
runs are made one row group at a time, so that a bucket of any size takes bounded memory.

Lives here      who speaks for each meter-day of a month; the runs of a file that replaces many.
Lives elsewhere when files are replaced (``compaction``, ``delta``), encoding runs (``files``).
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.kernel.ids import bucket_of
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import files as lake_files
from meterledger.stores.lake.files import RunValues
from meterledger.stores.lake.grid import offsets
from meterledger.stores.lake.index import Form, Run
from meterledger.stores.lake.merge import DayKey, MeterDay
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.reader import DayReader, Published, find_versions
from meterledger.stores.lake.refusals import IntervalLengthChanged, ValueTooLarge
from meterledger.stores.lake.runs import form_order

_NOBODY = -1
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of a file: the rows of its meters among all meters of its channel, and its days."""

    published: Published
    run: Run
    rows: Rows
    ordinals: Rows
    from_day: int
    until_day: int


@dataclass
class _Channel:
    """Who speaks for each meter-day of one channel."""

    name: str
    meters: list[str]
    pieces: list[_Piece]
    owner: npt.NDArray[np.int32]
    """Int32 [meters x days] number of the piece that speaks last, or -1."""
    contested: npt.NDArray[np.bool_]
    """Bool [meters x days] where that piece's file had not seen the version before it."""
    resolved: dict[tuple[int, int], MeterDay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Columns:
    """A decoded row group; ``learned_us`` and ``source`` are one number where all are alike."""

    value: npt.NDArray[np.int32]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8]
    learned_us: npt.NDArray[np.int64] | int
    source: npt.NDArray[np.int32] | int


class Settled:
    """What some files of one month say together, of all their meters or those of one bucket."""

    def __init__(
        self,
        opener: Opener,
        zone: str,
        files: Sequence[Published],
        *,
        own_source: str,
        bucket: tuple[int, int] | None = None,
        shows_last: bool = False,
    ) -> None:
        """``files`` in order of publication; ``bucket`` a number and how many there are.

        With ``shows_last``, meter-days that cannot be resolved are as the last writer said: for
        other engines, which must not be kept from all the rest. No bill is made of them.

        ``sources`` begins with ``own_source`` and grows while runs are made.
        """
        self._opener = opener
        self._zone = zone
        self._files = files
        self._bucket = bucket
        self._shows_last = shows_last
        self.sources: list[str] = [own_source]
        self._place_of = {own_source: 0}
        self._decoded: OrderedDict[tuple[str, int], _Columns] = OrderedDict()
        self.days = DaySpan(
            min(one.file.days.from_day for one in files),
            max(one.file.days.until_day for one in files),
        )

    def runs(self) -> Iterator[RunValues]:
        """The runs in file order, none larger than a row group.

        :raises IntervalLengthChanged: if two writers at once brought intervals of different length
        :raises ValueTooLarge: if their values do not fit one scale
        """
        ready: list[tuple[Form, DaySpan, _Channel, int, Rows]] = []
        for channel in self._channels:
            self._resolve(channel)
            for form, first, until, rows in self._stretches(channel):
                ready.append((form, self._span(first, until), channel, first, rows))
        for form, span, channel, first, rows in sorted(
            ready, key=lambda one: (form_order(one[0]), one[1])
        ):
            width = offsets(span, self._zone, form.interval_seconds)[-1]
            most = max(1, lake_files.GROUP_ROWS // width)
            for at in range(0, len(rows), most):
                yield self._run(form, span, channel, first, rows[at : at + most])

    def told_days(self) -> DaySpan:
        """From the first day that is told until the last one. Some day must be."""
        told = np.zeros(self.days.day_count, dtype=bool)
        for channel in self._channels:
            told |= (channel.owner != _NOBODY).any(axis=0)
        numbers = np.flatnonzero(told)
        return self._span(int(numbers[0]), int(numbers[-1]) + 1)

    def _span(self, first: int, until: int) -> DaySpan:
        start = self.days.from_day
        return DaySpan(start + timedelta(days=first), start + timedelta(days=until))

    # -------------------------------------------------------------------------- who speaks

    @cached_property
    def _channels(self) -> list[_Channel]:
        told: dict[str, list[tuple[Published, Run]]] = defaultdict(list)
        for published in self._files:
            for run in self._opener.index(published.file).runs:
                told[run.form.channel].append((published, run))
        found = [self._channel(name, runs) for name, runs in sorted(told.items())]
        return [channel for channel in found if channel.meters]

    def _channel(self, name: str, told: Sequence[tuple[Published, Run]]) -> _Channel:
        meters = sorted({meter for _, run in told for meter in run.meters if self._ours(meter)})
        row_of = {meter: row for row, meter in enumerate(meters)}
        shape = (len(meters), self.days.day_count)
        owner = np.full(shape, _NOBODY, dtype=np.int32)
        position = np.full(shape, -1, dtype=np.int64)
        channel = _Channel(name, meters, [], owner, np.zeros(shape, dtype=bool))
        for published, run in told:
            rows = np.fromiter((row_of.get(meter, -1) for meter in run.meters), np.int64)
            ordinals = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
            first = (run.days.from_day - self.days.from_day).days
            until = first + run.days.day_count
            cells = (rows[ordinals], slice(first, until))
            channel.contested[cells] = position[cells] >= published.file.after
            position[cells] = published.position
            owner[cells] = len(channel.pieces)
            channel.pieces.append(_Piece(published, run, rows[ordinals], ordinals, first, until))
        return channel

    def _ours(self, meter: str) -> bool:
        return self._bucket is None or bucket_of(meter, self._bucket[1]) == self._bucket[0]

    def _resolve(self, channel: _Channel) -> None:
        cells = list(zip(*(one.tolist() for one in np.nonzero(channel.contested)), strict=True))
        if not cells:
            return
        keys = {
            DayKey(channel.name, channel.meters[row], self._span(day, day + 1).from_day): (row, day)
            for row, day in cells
        }
        reader = DayReader(self._opener, self._zone)
        for key, places in find_versions(self._opener, self._files, keys).items():
            try:
                channel.resolved[keys[key]] = reader.resolve(key, places)
            except (IntervalLengthChanged, ValueTooLarge):
                if not self._shows_last:
                    raise
                channel.contested[keys[key]] = False

    def _stretches(self, channel: _Channel) -> Iterable[tuple[Form, int, int, Rows]]:
        """Unbroken days of one form, and the rows of the meters that have just these."""
        forms: dict[Form, int] = {}
        of_piece = np.array(
            [forms.setdefault(piece.run.form, len(forms)) for piece in channel.pieces] + [_NOBODY]
        )
        form_at = of_piece[channel.owner]  # the owner -1 finds the last: nobody
        for (row, day), settled in channel.resolved.items():
            form_at[row, day] = forms.setdefault(settled.form, len(forms))
        by_number = list(forms)
        patterns, pattern_of = np.unique(form_at, axis=0, return_inverse=True)
        found: dict[tuple[int, int, int], list[Rows]] = defaultdict(list)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(pattern_of.reshape(-1) == number)
            edges = [0, *(np.flatnonzero(np.diff(pattern)) + 1).tolist(), len(pattern)]
            for first, until in pairwise(edges):
                if pattern[first] != _NOBODY:
                    found[int(pattern[first]), first, until].append(rows)
        for (form, first, until), parts in found.items():
            yield by_number[form], first, until, np.sort(np.concatenate(parts))

    # ------------------------------------------------------------------------------ copying

    def _run(
        self, form: Form, span: DaySpan, channel: _Channel, first: int, rows: Rows
    ) -> RunValues:
        places = offsets(span, self._zone, form.interval_seconds)
        shape = (len(rows), places[-1])
        made = RunValues(
            form,
            span,
            tuple(channel.meters[row] for row in rows),
            np.empty(shape, dtype=np.int32),
            np.empty(shape, dtype=np.int8),
            np.empty(shape, dtype=np.int8),
            np.empty(shape, dtype=np.int64),
            np.empty(shape, dtype=np.int32),
        )
        for day in range(span.day_count):
            slots = slice(places[day], places[day + 1])
            self._copy_day(channel, first + day, rows, made, slots)
        return made

    def _copy_day(
        self, channel: _Channel, day: int, rows: Rows, made: RunValues, slots: slice
    ) -> None:
        owners = channel.owner[rows, day]
        for number in np.unique(owners).tolist():
            piece = channel.pieces[number]
            targets = np.flatnonzero(owners == number)
            ordinals = piece.ordinals[np.searchsorted(piece.rows, rows[targets])]
            self._copy(piece, day - piece.from_day, ordinals, made, (targets, slots))
        for target in np.flatnonzero(channel.contested[rows, day]).tolist():
            self._patch(channel.resolved[int(rows[target]), day], made, (target, slots))

    def _copy(
        self, piece: _Piece, day: int, ordinals: Rows, made: RunValues, into: tuple[Rows, slice]
    ) -> None:
        run = piece.run
        places = offsets(run.days, self._zone, run.form.interval_seconds)
        lies = slice(run.row, run.row + len(run.meters) * places[-1])
        columns = self._group(piece.published, run.group)
        for name in ("value", "quality", "method", "learned_us", "source"):
            column = getattr(columns, name)
            if isinstance(column, np.ndarray):
                whole = column[lies].reshape(-1, places[-1])
                column = whole[:, places[day] : places[day + 1]][ordinals]
            getattr(made, name)[into] = column

    def _patch(self, settled: MeterDay, made: RunValues, into: tuple[int, slice]) -> None:
        for name in ("value", "quality", "method", "learned_us"):
            getattr(made, name)[into] = getattr(settled, name)
        words, inverse = np.unique(settled.source, return_inverse=True)
        places = np.array([self._place(bytes(word).decode()) for word in words], dtype=np.int32)
        made.source[into] = places[inverse]  # type: ignore[index]

    def _group(self, published: Published, number: int) -> _Columns:
        key = (published.file.name, number)
        if key in self._decoded:
            self._decoded.move_to_end(key)
            return self._decoded[key]
        file = self._opener.open(published.file)
        places, words = file.words(number, "source")
        here = np.array([self._place(word) for word in words], dtype=np.int32)
        columns = _Columns(
            value=file.values(number, "value"),
            quality=file.values(number, "quality"),
            method=file.values(number, "method"),
            learned_us=_one_if_alike(file.instants_us(number, "learned_at")),
            source=_one_if_alike(here[places]),
        )
        self._decoded[key] = columns
        while len(self._decoded) > 2 * len(self._files) + 8:
            self._decoded.popitem(last=False)
        return columns

    def _place(self, source: str) -> int:
        place = self._place_of.setdefault(source, len(self.sources))
        if place == len(self.sources):
            self.sources.append(source)
        return place


def _one_if_alike(column: npt.NDArray[Any]) -> Any:
    first = column[0]
    return int(first) if bool((column == first).all()) else column
