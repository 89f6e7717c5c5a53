"""Who speaks for each meter's days of a window, for all meters of a bucket: indexes only.

The rule is that of ``blocks``: of a meter-day, what was published last. Where files cannot tell the
same day, nothing is compared at all. Meters with anything out of the ordinary (a day that two
writers changed at once, two directions, several lengths, other scales) are named as *others*.

Lives here      the meters of a bucket, and which pieces of which files tell their days.
Lives elsewhere reading those pieces (``scan``), one customer's window (``blocks``).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.stored import LARGEST_POWER, UInt64Array, meter_numbers
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.blocks import DEFAULT_SECONDS
from meterledger.stores.lake.grid import tiles_day
from meterledger.stores.lake.index import BILLABLE, Run
from meterledger.stores.lake.names import LakeFile
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.reader import Published

REMEMBERED_LISTS = 1 << 16
REMEMBERED_ROSTERS = 1 << 10

_NOBODY = -1
_DAY_LONG = 82_800
"""Intervals of this length or longer follow the clock, and are no slots of a matrix."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The meters of a run as numbers, and a key that equal ones share."""

    meters: UInt64Array
    key: bytes


@dataclass(frozen=True)
class Roster:
    """All meters of some lists in order, and the rows of each list among them."""

    meters: UInt64Array
    rows: dict[bytes, Int64Array]


class Roll:
    """Remembers meters of runs as numbers, as ``Opener`` remembers indexes, and joined lists.

    Equal lists of meters are one, however many files have them: most days of a bucket do.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, int], Numbers] = OrderedDict()
        self._rosters: OrderedDict[tuple[bytes, ...], Roster] = OrderedDict()
        self._lock = Lock()

    def of(self, file: LakeFile, run: Run) -> Numbers:
        """The run's meters."""
        place = (file.name, run.group, run.row)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            meters = meter_numbers(run.meters)
            digest = hashlib.blake2b(meters.tobytes(), digest_size=16).digest()
            known = Numbers(meters, digest)
            with self._lock:
                _remember(self._known, place, known, REMEMBERED_LISTS)
        return known

    def roster(self, lists: Iterable[Numbers]) -> Roster:
        """The lists joined."""
        by_key = {one.key: one.meters for one in lists if len(one.meters)}
        keys = tuple(sorted(by_key))
        with self._lock:
            known = self._rosters.get(keys)
        if known is None:
            meters = np.unique(joined(list(by_key.values()), np.uint64))
            rows = {
                key: np.searchsorted(meters, one).astype(np.int64) for key, one in by_key.items()
            }
            known = Roster(meters, rows)
            with self._lock:
                _remember(self._rosters, keys, known, REMEMBERED_ROSTERS)
        return known


def _remember(known: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)


@dataclass(frozen=True)
class Piece:
    """The part of a run that lies in the window."""

    published: Published
    run: Run
    days: DaySpan
    first_day: int
    """Of the window."""
    rows: Int64Array
    """Rows of the bucket, one for each wanted meter of the run."""
    ordinals: Int64Array | None
    """Places of those meters in the run; None where all are wanted."""

    @property
    def cells(self) -> tuple[Int64Array, slice]:
        """The meter-days of the bucket and window that it can tell."""
        return self.rows, slice(self.first_day, self.first_day + self.days.day_count)


@dataclass
class Bucket:
    """The meters of one bucket, and which pieces tell which of their days."""

    meters: UInt64Array
    pieces: list[tuple[Piece, BoolArray | None]]
    seconds: Int64Array | int
    """Interval length of each meter, or the one of all."""
    others: Int64Array
    told: BoolArray
    """Bool [days] whether any of the meters has that day."""
    first_row: int = 0


class Survey:
    """One bucket's files, looked at once."""

    def __init__(
        self, opener: Opener, roll: Roll, files: Sequence[Published], days: DaySpan, zone: str
    ) -> None:
        self._days = days
        self._zone = zone
        self._roll = roll
        self._plain_forms: dict[tuple[int, int], bool] = {}
        self._runs = [
            (published, run, common, roll.of(published.file, run))
            for published in files
            for run in opener.index(published.file).runs
            if run.form.channel in BILLABLE and (common := run.days.overlap(days)) is not None
        ]

    def bucket(self, wanted: UInt64Array | None) -> Bucket:
        """The bucket's meters (those wanted, or all that have a day), and who speaks for them."""
        meters, pieces = self._everyone() if wanted is None else (wanted, self._some(wanted))
        others = np.zeros(len(meters), dtype=bool)
        told = np.zeros(self._days.day_count, dtype=bool)
        for piece in pieces:
            told[piece.cells[1]] = True
        counted: list[tuple[Piece, BoolArray | None]] = [(piece, None) for piece in pieces]
        if not _disjoint(pieces):
            counted = self._settle(pieces, len(meters), others)
        for piece, counts in counted:
            if not self._plain(piece.run):
                others[piece.rows if counts is None else piece.rows[counts.any(axis=1)]] = True
        lengths = {piece.run.form.interval_seconds for piece, _ in counted} or {DEFAULT_SECONDS}
        seconds: Int64Array | int = lengths.pop()
        if lengths:
            seconds = self._lengths(counted, others)
        return Bucket(
            meters=meters,
            pieces=list(_without(counted, others)),
            seconds=seconds,
            others=np.flatnonzero(others).astype(np.int64),
            told=told,
        )

    def _lengths(
        self, counted: Sequence[tuple[Piece, BoolArray | None]], others: BoolArray
    ) -> Int64Array:
        """Each meter's interval length; those that have two become others."""
        seconds = np.zeros(len(others), dtype=np.int64)
        for piece, counts in counted:
            rows = piece.rows if counts is None else piece.rows[counts.any(axis=1)]
            length = piece.run.form.interval_seconds
            others[rows[(seconds[rows] != 0) & (seconds[rows] != length)]] = True
            seconds[rows] = length
        seconds[seconds == 0] = DEFAULT_SECONDS
        return seconds

    def _everyone(self) -> tuple[UInt64Array, list[Piece]]:
        """All meters that have a day, and every piece of them."""
        roster = self._roll.roster([numbers for _, _, _, numbers in self._runs])
        return roster.meters, [
            self._piece(published, run, common, roster.rows[numbers.key], None)
            for published, run, common, numbers in self._runs
        ]

    def _some(self, meters: UInt64Array) -> list[Piece]:
        """The pieces that hold any of the meters."""
        found = []
        for published, run, common, numbers in self._runs:
            rows = np.searchsorted(meters, numbers.meters).astype(np.int64)
            known = meters[np.minimum(rows, len(meters) - 1)] == numbers.meters
            if known.any():
                ordinals = None if known.all() else np.flatnonzero(known).astype(np.int64)
                found.append(self._piece(published, run, common, rows[known], ordinals))
        return found

    def _piece(
        self,
        published: Published,
        run: Run,
        common: DaySpan,
        rows: Int64Array,
        ordinals: Int64Array | None,
    ) -> Piece:
        first = (common.from_day - self._days.from_day).days
        return Piece(published, run, common, first, rows, ordinals)

    def _settle(
        self, pieces: Sequence[Piece], count: int, others: BoolArray
    ) -> list[tuple[Piece, BoolArray | None]]:
        """Which meter-days each piece tells: those that no later file tells."""
        shape = (count, self._days.day_count)
        position = np.full(shape, _NOBODY, dtype=np.int64)
        owner = np.full(shape, _NOBODY, dtype=np.int32)
        channel = np.full(shape, _NOBODY, dtype=np.int8)
        contested = np.zeros(shape, dtype=bool)
        for number, piece in enumerate(pieces):
            cells = piece.cells
            flow = BILLABLE.index(piece.run.form.channel)
            crossed = (channel[cells] != _NOBODY) & (channel[cells] != flow)
            others[piece.rows[crossed.any(axis=1)]] = True
            contested[cells] = position[cells] >= piece.published.file.after
            position[cells] = piece.published.position
            owner[cells] = number
            channel[cells] = flow
        others |= contested.any(axis=1)
        told: list[tuple[Piece, BoolArray | None]] = []
        for number, piece in enumerate(pieces):
            counts = owner[piece.cells] == number
            if counts.all():
                told.append((piece, None))
            elif counts.any():
                told.append((piece, np.ascontiguousarray(counts)))
        return told

    def _plain(self, run: Run) -> bool:
        """Whether the run's values are whole slots of watt-hours or kilowatt-hours."""
        key = (run.form.interval_seconds, run.form.power)
        known = self._plain_forms.get(key)
        if known is None:
            seconds, power = key
            known = self._plain_forms[key] = (
                seconds < _DAY_LONG
                and 0 <= power <= LARGEST_POWER
                and all(tiles_day(day, self._zone, seconds) for day in self._days.days())
            )
        return known


def _disjoint(pieces: Sequence[Piece]) -> bool:
    """Whether no two pieces can tell the same meter-day, seen from their files alone."""
    if len({piece.run.form.channel for piece in pieces}) > 1:
        return False
    spans = sorted(
        {piece.published.file.name: piece.published.file.days for piece in pieces}.values()
    )
    return all(one.until_day <= other.from_day for one, other in pairwise(spans))


def _without(
    told: Iterable[tuple[Piece, BoolArray | None]], others: BoolArray
) -> Iterable[tuple[Piece, BoolArray | None]]:
    """The pieces without the days of others."""
    nobody = not others.any()
    for piece, counts in told:
        if nobody or not others[piece.rows].any():
            yield piece, counts
            continue
        shape = (len(piece.rows), piece.days.day_count)
        mine = np.ones(shape, dtype=bool) if counts is None else counts.copy()
        mine[others[piece.rows]] = False
        if mine.any():
            yield piece, mine


def joined(parts: list[npt.NDArray], kind: type) -> npt.NDArray:  # type: ignore[type-arg]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
