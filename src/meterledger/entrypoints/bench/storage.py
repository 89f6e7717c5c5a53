"""The bench ``storage``: how small a day is stored, and what writing and reading it cost.

Lives here      a generated day with gaps and estimates, its bits, and two peers: the same rows in a
                plain Parquet file, and plain decoding of the very files that we wrote.
Lives elsewhere the layout (``stores/lake/files``), the population (``demo/population``).

Files are as large as with 1.2 million meters in 64 buckets, however many accounts are measured.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.demo.population import Population
from meterledger.facts.estimates import Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.names import read_name
from meterledger.stores.lake.opening import Opener

ZONE = "America/Chicago"
DAY = DaySpan(date(2025, 9, 15), date(2025, 9, 16))
LEARNED_AT = datetime(2025, 9, 16, 8, tzinfo=UTC)
METERS_OF_A_FILE = 1_200_000 // 64
METERS_WITH_A_GAP = 100
"""One meter of so many has a gap of 32 quarter-hours; every other gap is estimated."""


@dataclass(frozen=True, slots=True)
class _Day:
    meters: tuple[str, ...]
    value: npt.NDArray[np.int32]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8]


def measure_storage(*, accounts: int, repeat: int) -> list[Figure]:
    """Run the bench ``repeat`` times and return the medians.

    :raises InvariantBroken: if what is read is not what was written
    """
    day = _generated_day(accounts)
    folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-"))
    try:
        return _measure(day, folder, repeat)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(day: _Day, folder: Path, repeat: int) -> list[Figure]:
    names: list[str] = []
    lake = IntervalLake(
        folder / "lake",
        zone=ZONE,
        files_at=lambda sequence: names if sequence else [],
        bucket_count=max(1, round(len(day.meters) / METERS_OF_A_FILE)),
    )
    writes, plain_writes, reads, plain_reads = [], [], [], []
    for _ in range(repeat):
        shutil.rmtree(lake.folder, ignore_errors=True)
        names.clear()
        seconds, written = _cpu(_write, lake, day)
        names += written
        writes.append(seconds)
        plain_writes.append(_cpu(_write_plain, folder / "plain.parquet", day)[0])
        _check(lake, day)
        opener = Opener(lake.folder, ZONE)
        for name in names:
            opener.index(read_name(name))
        reads.append(_cpu(_read_published, lake, opener)[0])
        plain_reads.append(_cpu(_read_plain, lake.folder, names)[0])
    count = day.value.size
    stored = sum((lake.folder / name).stat().st_size for name in names)
    plain = (folder / "plain.parquet").stat().st_size
    write, plain_write = statistics.median(writes), statistics.median(plain_writes)
    read, plain_read = statistics.median(reads), statistics.median(plain_reads)
    told = (
        f"{len(day.meters)} meters, the quarter-hours of one day, {len(names)} files; "
        f"{float((day.quality == Quality.MISSING.value).mean()):.3%} missing, "
        f"{float((day.method != 0).mean()):.3%} estimated"
    )
    return [
        Figure(
            "bits_per_quarter_hour",
            f"{stored * 8 / count:.3f}",
            {"plain_parquet_bits": f"{plain * 8 / count:.3f}"},
            told,
        ),
        Figure(
            "write_over_plain",
            f"{write / plain_write:.2f}",
            {"cpu_seconds": f"{write:.3f}", "plain_cpu_seconds": f"{plain_write:.3f}"},
            told,
        ),
        Figure(
            "read_over_plain",
            f"{read / plain_read:.2f}",
            {"cpu_seconds": f"{read:.3f}", "plain_cpu_seconds": f"{plain_read:.3f}"},
            told,
        ),
    ]


def _generated_day(accounts: int) -> _Day:
    """A seeded population's day; some meters have a gap, and half of the gaps are estimated."""
    population = Population(count=accounts, utility="bench", zone_name=ZONE)
    blocks = list(population.blocks(DAY))
    value = np.concatenate([block.values for block in blocks])
    quality = np.full(value.shape, Quality.VALID.value, dtype=np.int8)
    method = np.zeros(value.shape, dtype=np.int8)
    for number, row in enumerate(range(0, len(value), METERS_WITH_A_GAP)):
        gap = slice(row % 64, row % 64 + 32)
        if number % 2:
            quality[row, gap], method[row, gap] = Quality.ESTIMATED.value, Method.LIKE_DAY.value
        else:
            value[row, gap], quality[row, gap] = MISSING_VALUE, Quality.MISSING.value
    return _Day(tuple(m for block in blocks for m in block.meters), value, quality, method)


def _write(lake: IntervalLake, day: _Day) -> list[str]:
    return lake.write_block(
        day.meters,
        DAY,
        day.value,
        quality=day.quality,
        method=day.method,
        source_sha256=sha256_hex(b"generated day"),
        learned_at=LEARNED_AT,
        at_sequence=0,
    )


def _write_plain(path: Path, day: _Day) -> None:
    """The same rows as a user of pyarrow would write them: every column, all defaults."""
    slots = day.value.shape[1]
    count = day.value.size
    begin = int(datetime(2025, 9, 15, 5, tzinfo=UTC).timestamp()) * 1_000_000
    starts = begin + np.arange(slots, dtype=np.int64) * 900_000_000
    instant = pa.timestamp("us", tz="UTC")

    def one_word(word: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(np.zeros(count, dtype=np.int8), [word])

    epoch_day = (DAY.from_day - date(1970, 1, 1)).days
    learned_us = int(LEARNED_AT.timestamp()) * 1_000_000
    rows = pa.table(
        {
            "meter": pa.DictionaryArray.from_arrays(
                np.repeat(np.arange(len(day.meters), dtype=np.int32), slots), list(day.meters)
            ),
            "channel": one_word("electricity/delivered/energy"),
            "starts_at": pa.array(np.tile(starts, len(day.meters))).view(instant),
            "value": pa.array(day.value.reshape(-1)),
            "quality": pa.array(day.quality.reshape(-1)),
            "method": pa.array(day.method.reshape(-1)),
            "learned_at": pa.array(np.full(count, learned_us)).view(instant),
            "source": one_word(sha256_hex(b"generated day")[:16]),
            "interval_seconds": pa.array(np.full(count, 900, dtype=np.int32)),
            "unit": one_word("Wh"),
            "scale": pa.array(np.zeros(count, dtype=np.int8)),
            "local_day": pa.array(np.full(count, epoch_day, dtype=np.int32)).view(pa.date32()),
        }
    )
    pq.write_table(rows, path, compression="zstd")


def _read_published(lake: IntervalLake, opener: Opener) -> None:
    """Every value by the published list, as determinants are made: our own way in."""
    for name in lake.published(1):
        file = opener.open(read_name(name))
        for group in range(file.parquet.metadata.num_row_groups):
            file.values(group, "value")


def _read_plain(folder: Path, names: list[str]) -> None:
    """Every value of the same files, by somebody who knows their paths and nothing else."""
    for name in names:
        file = pq.ParquetFile(folder / name, memory_map=True)
        for group in range(file.metadata.num_row_groups):
            file.read_row_group(group, columns=["value"], use_threads=False)


def _check(lake: IntervalLake, day: _Day) -> None:
    (batch,) = lake.usage(day.meters, DAY, at_sequence=1)
    (read,) = batch.days
    ensure(
        np.array_equal(np.where(read.missing, MISSING_VALUE, read.energy_wh), day.value)
        and read.method is not None
        and np.array_equal(read.method, day.method),
        "what is read is what was written",
    )


def _cpu(work: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Processor seconds of all threads: they hardly move when a neighbor is busy."""
    began = time.process_time()
    result = work(*given)
    return time.process_time() - began, result
