"""Lakes of a generated population, written through the lake's own writer, and corrections of them.

Lives here      who the meters are, whole windows of them on disk in parts, later versions of some
                meter-days.
Lives elsewhere the values (``metered``), how files look (``stores/lake``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from meterledger.entrypoints.bench.metered import DEFAULT_SEED, quarter_hours
from meterledger.facts.readings import Quality
from meterledger.facts.stored import UInt64Array, meter_names
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ids import BUCKET_COUNT
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.files import Partition, RunValues, WriteTerms, write_files
from meterledger.stores.lake.grid import month_of, one_day
from meterledger.stores.lake.index import BILLABLE, Form

LEARNED_AT = datetime(2025, 7, 1, 8, tzinfo=UTC)
THREADS = 2
ROWS_OF_A_PART = 6_000
"""Meters of a month generated at once, in each thread: 70 MB."""

Progress = Callable[[int], None]


@dataclass
class MeteredLake:
    """A lake of N generated meters over some days of one month, and its published files.

    ``commits`` are the names published, by commit: 1 is the population, the rest corrections.
    """

    folder: Path
    zone: str
    days: DaySpan
    count: int
    commits: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lake = IntervalLake(
            self.folder, zone=self.zone, files_at=self.files_at, threads=THREADS
        )

    def files_at(self, sequence: int) -> list[str]:
        """The names published up to a commit."""
        return [name for commit in self.commits[:sequence] for name in commit]

    @property
    def bytes_on_disk(self) -> int:
        """The size of all published files."""
        return sum((self.folder / n).stat().st_size for n in self.files_at(len(self.commits)))

    def write(self, progress: Progress) -> None:
        """Generate and write every meter's days, bucket by bucket, and publish them."""
        meters = population(self.count)
        buckets = [meters[_bucket(meters) == number] for number in range(BUCKET_COUNT)]
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            written = list(pool.map(partial(self._write_bucket, progress), buckets))
        self.commits.append([name for names in written for name in names])

    def _write_bucket(self, progress: Progress, meters: UInt64Array) -> list[str]:
        if not len(meters):
            return []
        values = np.concatenate(
            [
                quarter_hours(meters[at : at + ROWS_OF_A_PART], self.days, self.zone)
                for at in range(0, len(meters), ROWS_OF_A_PART)
            ]
        )
        names = self.lake.write_block(
            meter_names(meters),
            self.days,
            values,
            source_sha256=sha256_hex(b"generated population"),
            learned_at=LEARNED_AT,
            at_sequence=0,
        )
        progress(len(meters))
        return names

    def correct(self, share_of_days: float, progress: Progress) -> None:
        """Publish three corrections: of that share of meter-days, of half of those, of a quarter.

        Each is written as a merge writes it: by one that has seen everything published before.
        """
        meters = population(self.count)
        for version in range(3):
            terms = WriteTerms(
                zone=self.zone,
                bucket_count=BUCKET_COUNT,
                after=len(self.files_at(len(self.commits))),
                sources=(sha256_hex(f"correction {version}".encode())[:16],),
                learned_us=int(LEARNED_AT.timestamp()) * 1_000_000 + version + 1,
            )
            share = share_of_days / 2**version
            partitions = [
                Partition(
                    month_of(self.days.from_day),
                    number,
                    self.days,
                    partial(self._corrected, meters[_bucket(meters) == number], share, version),
                )
                for number in range(BUCKET_COUNT)
                if (_bucket(meters) == number).any()
            ]
            self.commits.append(write_files(self.folder, partitions, terms, threads=THREADS))
            progress(1)

    def _corrected(self, meters: UInt64Array, share: float, version: int) -> Sequence[RunValues]:
        """Other values for a share of the meter-days, those of any smaller share among them."""
        runs = []
        for day in self.days.days():
            dice = np.random.default_rng([DEFAULT_SEED, day.toordinal(), int(meters[0] % 2**31)])
            chosen = meters[dice.random(len(meters)) < share]
            if not len(chosen):
                continue
            value = quarter_hours(chosen, one_day(day), self.zone, seed=DEFAULT_SEED + version + 1)
            told = (value != MISSING_VALUE).astype(np.int8) * np.int8(Quality.VALID.value)
            runs.append(
                RunValues(
                    form=Form(BILLABLE[0], 900, "Wh", 0),
                    days=one_day(day),
                    meters=tuple(meter_names(chosen)),
                    value=value,
                    quality=told,
                    method=0,
                    learned_us=int(LEARNED_AT.timestamp()) * 1_000_000 + version + 1,
                    source=0,
                )
            )
        return runs


def population(count: int, *, seed: int = DEFAULT_SEED) -> UInt64Array:
    """Pseudonyms of N meters as numbers, in order, the same for the same seed."""
    dice = np.random.default_rng(seed)
    meters = np.unique(dice.integers(0, 2**64, count + 100, dtype=np.uint64))
    return np.sort(dice.permutation(meters)[:count])


def _bucket(meters: UInt64Array) -> UInt64Array:
    return np.asarray((meters >> np.uint64(32)) % np.uint64(BUCKET_COUNT))
