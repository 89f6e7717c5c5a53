"""Who speaks for each meter's days of a window, for all meters of a bucket: indexes only.

The rule is that of ``blocks``: of a meter-day, what was published last. Where files cannot tell the
same day, nothing is compared at all. Meters with anything out of the ordinary (a day that two
writers changed at once, two directions, several lengths, other scales) are named as *others*.

Lives here      the meters of a bucket, and which pieces of which files tell their days.
Lives elsewhere reading those pieces (``scan``), one customer's window (``blocks``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

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

_NOBODY = -1
_DAY_LONG = 82_800
"""Intervals of this length or longer follow the clock, and are no slots of a matrix."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The meters of a run as numbers, and a key that equal ones share."""

    meters: UInt64Array
    key: bytes


class Roll:
    """Remembers the meters of runs as numbers, as ``Opener`` remembers indexes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], Numbers] = {}
        self._lock = Lock()

    def of(self, file: LakeFile, run: Run) -> Numbers:
        """The run's meters. Equal lists of meters are one array, however many files have them."""
        place = (file.name, run.group, run.row)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            meters = meter_numbers(run.meters)
            digest = hashlib.blake2b(meters.tobytes(), digest_size=16).digest()
            known = Numbers(meters, digest)
            with self._lock:
                self._known[place] = known
        return known


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
    seconds: Int64Array
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
        self._plain_forms: dict[tuple[int, int], bool] = {}
        self._runs = [
            (published, run, common, roll.of(published.file, run))
            for published in files
            for run in opener.index(published.file).runs
            if run.form.channel in BILLABLE and (common := run.days.overlap(days)) is not None
        ]

    def bucket(self, wanted: UInt64Array | None) -> Bucket:
        """The bucket's meters (those wanted, or all that have a day), and who speaks for them."""
        meters = self._population() if wanted is None else wanted
        pieces = self._pieces(meters)
        others = np.zeros(len(meters), dtype=bool)
        seconds = np.zeros(len(meters), dtype=np.int64)
        counted: list[tuple[Piece, BoolArray | None]]
        if _disjoint(pieces):
            counted = [(piece, None) for piece in pieces]
        else:
            counted = self._settle(pieces, len(meters), others)
        told = np.zeros(self._days.day_count, dtype=bool)
        for piece, counts in counted:
            told[piece.cells[1]] = True
            rows = piece.rows if counts is None else piece.rows[counts.any(axis=1)]
            length = piece.run.form.interval_seconds
            others[rows[(seconds[rows] != 0) & (seconds[rows] != length)]] = True
            seconds[rows] = length
            if not self._plain(piece.run):
                others[rows] = True
        seconds[seconds == 0] = DEFAULT_SECONDS
        return Bucket(
            meters=meters,
            pieces=list(_without(counted, others)),
            seconds=seconds,
            others=np.flatnonzero(others).astype(np.int64),
            told=told,
        )

    def _population(self) -> UInt64Array:
        lists = {numbers.key: numbers.meters for _, _, _, numbers in self._runs}
        listed = joined(sorted(lists.values(), key=lambda one: int(one[0])), np.uint64)
        if len(listed) < 2 or bool((listed[1:] > listed[:-1]).all()):
            return listed
        return np.unique(listed)

    def _pieces(self, meters: UInt64Array) -> list[Piece]:
        places: dict[bytes, tuple[Int64Array, Int64Array | None]] = {}
        found = []
        for published, run, common, numbers in self._runs:
            known = places.get(numbers.key)
            if known is None:
                known = places[numbers.key] = _rows_of(numbers.meters, meters)
            rows, ordinals = known
            if len(rows):
                first = (common.from_day - self._days.from_day).days
                found.append(Piece(published, run, common, first, rows, ordinals))
        return found

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


def _rows_of(run_meters: UInt64Array, meters: UInt64Array) -> tuple[Int64Array, Int64Array | None]:
    """Rows of a run's meters among those wanted, and their places in the run where not all are."""
    first = int(np.searchsorted(meters, run_meters[0]))
    if np.array_equal(meters[first : first + len(run_meters)], run_meters):
        return np.arange(first, first + len(run_meters), dtype=np.int64), None
    rows = np.searchsorted(meters, run_meters).astype(np.int64)
    known = meters[np.minimum(rows, len(meters) - 1)] == run_meters
    if known.all():
        return rows, None
    return rows[known], np.flatnonzero(known).astype(np.int64)


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
