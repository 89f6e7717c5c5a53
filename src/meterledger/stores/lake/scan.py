"""Every meter's days of a window, straight from the published files, for sums over a population.

Files are taken bucket by bucket. Of each only the value column is decoded, one row group at a time
in each thread, and handed on as it lies in memory; nothing is sorted, joined or copied. Which
meter-days count is settled beforehand (``owners``). Meters out of the ordinary are left to
``IntervalLake.usage``, which settles or refuses them.

Lives here      the reading.
Lives elsewhere who speaks for a meter-day (``owners``), what is done with the days (``rating``).
Read first      facts/stored.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from math import gcd

import numpy as np
import numpy.typing as npt

from meterledger.facts.stored import StoredDays, UInt64Array, meter_numbers
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.grid import offsets
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.owners import Bucket, Piece, Roll, Survey, joined
from meterledger.stores.lake.reader import Published


@dataclass
class Scan:
    """What will be read: the meters of the population, and whose days need another way.

    ``meters``   UInt64 [N] pseudonyms as numbers (``facts.stored.meter_names``)
    ``others``   Int64 rows of meters that ``read`` leaves out: ask ``usage`` for them
    ``told``     bool [days] whether any meter has that day of the window
    ``lengths``  the interval lengths there are, in seconds
    """

    meters: UInt64Array
    others: Int64Array
    told: BoolArray
    lengths: tuple[int, ...]
    _buckets: list[Bucket] = field(repr=False)
    _opener: Opener = field(repr=False)
    _zone: str = field(repr=False)
    _threads: int = field(repr=False)

    @cached_property
    def interval_seconds(self) -> Int64Array:
        """The interval length of each meter, Int64 [N]; 900 where nothing is known of it."""
        lines = [
            np.full(len(one.meters), one.seconds, dtype=np.int64)
            if isinstance(one.seconds, int)
            else one.seconds
            for one in self._buckets
        ]
        return joined(lines, np.int64)

    @property
    def bucket_count(self) -> int:
        """How many buckets ``read`` goes through."""
        return len(self._buckets)

    def read(
        self,
        take: Callable[[StoredDays], None],
        *,
        with_quality: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Hand every stored day that counts to ``take``, once, from several threads.

        Parts that are given at the same time have no meter in common. ``progress`` is told of each
        bucket that is done.

        :raises FileMissing: if a published file is not there
        :raises FileDamaged: if it is not what was published
        """

        def one(bucket: Bucket) -> None:
            self._read(bucket, take, with_quality)
            if progress is not None:
                progress(1)

        with ThreadPoolExecutor(max_workers=self._threads) as pool:
            for done in [pool.submit(one, bucket) for bucket in self._buckets]:
                done.result()

    def _read(self, bucket: Bucket, take: Callable[[StoredDays], None], with_quality: bool) -> None:
        by_file: dict[Published, dict[int, list[tuple[Piece, BoolArray | None]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for piece, counts in bucket.pieces:
            by_file[piece.published][piece.run.group].append((piece, counts))
        for published, groups in by_file.items():
            file = self._opener.open(published.file)
            for group, pieces in groups.items():
                values = file.values(group, "value")
                codes = {}
                if with_quality and not all(piece.run.plain for piece, _ in pieces):
                    codes = {name: file.values(group, name) for name in ("quality", "method")}
                for piece, counts in pieces:
                    take(self._part(bucket, piece, counts, values, codes))

    def _part(
        self,
        bucket: Bucket,
        piece: Piece,
        counts: BoolArray | None,
        values: npt.NDArray[np.int32],
        codes: Mapping[str, npt.NDArray[np.int8]],
    ) -> StoredDays:
        run = piece.run
        places = offsets(run.days, self._zone, run.form.interval_seconds)
        lines = {name: _lines(column, piece, places[-1]) for name, column in codes.items()}
        return StoredDays(
            rows=piece.rows + bucket.first_row,
            days=piece.days,
            interval_seconds=run.form.interval_seconds,
            first_slot=places[(piece.days.from_day - run.days.from_day).days],
            power=run.form.power,
            values=_lines(values, piece, places[-1]),
            counts=counts,
            quality=lines.get("quality"),
            method=lines.get("method"),
        )


def _lines(column: npt.NDArray, piece: Piece, width: int) -> npt.NDArray:  # type: ignore[type-arg]
    """The run's part of a column as a line for each wanted meter."""
    run = piece.run
    whole = column[run.row : run.row + len(run.meters) * width].reshape(-1, width)
    return whole if piece.ordinals is None else whole[piece.ordinals]


def plan_scan(
    opener: Opener,
    roll: Roll,
    published: Sequence[Published],
    days: DaySpan,
    meters: Sequence[str] | None,
    *,
    zone: str,
    threads: int,
) -> Scan:
    """Find out who speaks for each meter-day, from indexes only; all meters unless some are named.

    A named meter of which nothing is known stands in the answer with nothing to read.

    :raises FileMissing: if a published file is not there
    :raises FileDamaged: if it is not what was published
    """
    files = [one for one in published if one.file.days.overlap(days) is not None]
    share = gcd(*(one.file.bucket_count for one in files)) or 1
    wanted: dict[int, UInt64Array] | None = None
    if meters is not None:
        asked = np.unique(meter_numbers(list(meters)))
        shares = (asked >> np.uint64(32)) % np.uint64(share)
        wanted = {int(one): asked[shares == one] for one in np.unique(shares)}
    groups: dict[int, list[Published]] = defaultdict(list)
    for one in files:
        number = one.file.bucket % share
        if wanted is None or number in wanted:
            groups[number].append(one)

    def survey(number: int) -> Bucket:
        some = None if wanted is None else wanted[number]
        return Survey(opener, roll, groups.get(number, []), days, zone).bucket(some)

    numbers = sorted(groups if wanted is None else wanted)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        buckets = list(pool.map(survey, numbers))
    row = 0
    for bucket in buckets:
        bucket.first_row = row
        row += len(bucket.meters)
    lengths: set[int] = set()
    for bucket in buckets:
        lengths |= (
            {bucket.seconds} if isinstance(bucket.seconds, int) else set(np.unique(bucket.seconds))
        )
    return Scan(
        meters=joined([bucket.meters for bucket in buckets], np.uint64),
        others=joined([bucket.others + bucket.first_row for bucket in buckets], np.int64),
        told=np.any([bucket.told for bucket in buckets], axis=0)
        if buckets
        else np.zeros(days.day_count, dtype=bool),
        lengths=tuple(sorted(int(one) for one in lengths)),
        _buckets=buckets,
        _opener=opener,
        _zone=zone,
        _threads=threads,
    )
