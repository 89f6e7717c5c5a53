"""The bench ``intake``: a head-end's day file parsed and stored, against splitting and summing it.

Lives here      a generated CMEP day file, the run, and the peer: Python's csv module over the same
                file, with a float for each value and nothing checked.
Lives elsewhere reading (``stores/gateways``), whole days into a lake (``stores/lake/day_blocks``).

Ours checks every byte, stamp and quality, keeps whole numbers and gaps, and writes the lake's files
as the product writes them, synced; they are as large as with 1.2 million meters in 64 buckets. The
same in 64 files for this one file stands beside it. Both sides run in turns, warm; the ratio is of
medians. What comes before a file is stored (vault, admission) and its publication are not in it.
"""

from __future__ import annotations

import csv
import shutil
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from meterledger.entrypoints.bench.bars import Figure
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import BUCKET_COUNT, pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways.cmep_bulk import read_cmep_bulk
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import open_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.day_blocks import write_reading_blocks

ZONE = "America/Chicago"
DAY = DaySpan(date(2025, 9, 15), date(2025, 9, 16))
SLOTS = 96
MOST_METERS = 20_000
"""More quarter-hours than 20,000 meters have in a day do not fit one file."""

METERS_OF_A_FILE = 1_200_000 // 64
_RECEIVED_AT = datetime(2025, 9, 16, 12, tzinfo=UTC)
_SEED = 20_250_915
_MISSING_SHARE = 0.003
_MEAN_WH = 278
_FIRST_VALUE = 16


def measure_intake(*, accounts: int, repeat: int) -> list[Figure]:
    """Run both sides ``repeat`` times in turns and return the ratio of medians.

    :raises InvariantBroken: if what is stored is not what the file says
    """
    meters = min(accounts, MOST_METERS)
    folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-"))
    try:
        path = folder / "day.cmep"
        energy_wh, size = _generate(path, meters)
        few = max(2, round(meters / METERS_OF_A_FILE))
        ours, processor, many, peers = [], [], [], []
        for turn in range(repeat + 1):
            lake = folder / "lake"
            wall, cpu, total_wh = _parse_and_store(path, lake, buckets=few, check=turn == 0)
            ensure(total_wh == energy_wh, "every watt-hour of the file is stored")
            peer, total_kwh = _split_and_sum(path)
            split, _, _ = _parse_and_store(path, lake, buckets=BUCKET_COUNT, check=False)
            ensure(abs(total_kwh * 1000 - energy_wh) < 1, "the peer sums the same file")
            if turn:  # the first turn warms both sides
                ours.append(wall)
                processor.append(cpu)
                peers.append(peer)
                many.append(split)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    mine, peer = statistics.median(ours), statistics.median(peers)
    return [
        Figure(
            "cmep_vs_csv_module",
            f"{peer / mine:.2f}",
            {
                "csv_module_seconds": f"{peer:.3f}",
                "seconds": f"{mine:.3f}",
                "cpu_seconds": f"{statistics.median(processor):.3f}",
                "seconds_in_64_files": f"{statistics.median(many):.3f}",
            },
            f"{meters} meters, the quarter-hours of one day with stamps, {size / 1e6:.1f} MB, seed "
            f"{_SEED}, {_MISSING_SHARE:.1%} missing; the csv module sums floats, ours is exact",
        )
    ]


def _generate(path: Path, meters: int) -> tuple[int, int]:
    """Write the file: one record a meter, whole watt-hours as kWh. Its energy and its size."""
    dice = np.random.default_rng(_SEED)
    values = dice.gamma(1.2, _MEAN_WH / 1.2, (meters, SLOTS)).astype(np.int64)
    missing = dice.random((meters, SLOTS)) < _MISSING_SHARE
    first = datetime(2025, 9, 15, 5, 15, tzinfo=UTC)
    stamps = [
        (first + timedelta(minutes=15 * slot)).strftime("%Y%m%d%H%M") for slot in range(SLOTS)
    ]
    with path.open("w", newline="", encoding="ascii") as file:
        for meter in range(meters):
            told = ",".join(
                f"{stamp},N," if gone else f"{stamp},R,{value / 1000:.3f}"
                for stamp, value, gone in zip(
                    stamps, values[meter].tolist(), missing[meter].tolist(), strict=True
                )
            )
            file.write(
                f"MEPMD01,19970819,HEADEND,,UTILITY,,202509161000,{10_000_000 + meter},OK,E,KWH,"
                f"1.0,00000015,{SLOTS},{told}\r\n"
            )
    return int(values[~missing].sum()), path.stat().st_size


def _parse_and_store(
    path: Path, folder: Path, *, buckets: int, check: bool
) -> tuple[float, float, int]:
    """Seconds and processor seconds from the file's name to synced files, and the watt-hours."""
    shutil.rmtree(folder, ignore_errors=True)
    names: list[str] = []
    lake = IntervalLake(
        folder,
        zone=ZONE,
        files_at=lambda sequence: names if sequence else [],
        bucket_count=buckets,
    )
    began, worked = time.perf_counter(), time.process_time()
    file = open_bytes(path)
    read = read_cmep_bulk(file, believable=Believable.when_received(_RECEIVED_AT))
    written = write_reading_blocks(
        lake,
        read.blocks,
        pseudonyms={one: pseudonym(one, "bench") for block in read.blocks for one in block.meters},
        source_sha256=file.sha256,
        learned_at=_RECEIVED_AT,
        at_sequence=0,
    )
    took, worked = time.perf_counter() - began, time.process_time() - worked
    ensure(not read.rest.channels and not written.left, "a day file of a head-end is whole days")
    (block,) = read.blocks
    told = np.where(block.value == MISSING_VALUE, 0, block.value).astype(np.int64)
    ensure(block.scale.min() == block.scale.max() == -3, "values are whole watt-hours")
    total_wh = int(told.sum())
    if check:
        names += written.names
        asked = [pseudonym(one, "bench") for one in block.meters]
        (batch,) = lake.usage(asked, DAY, at_sequence=1)
        stored = sum(int(day.energy_wh[~day.missing].sum()) for day in batch.days)
        ensure(stored == total_wh, "what is read is what was written")
    return took, worked, total_wh


def _split_and_sum(path: Path) -> tuple[float, float]:
    """The csv module's seconds for the same file, and the sum it comes to."""
    began = time.perf_counter()
    total = 0.0
    with path.open(newline="", encoding="ascii") as file:
        for row in csv.reader(file):
            total += sum(map(float, filter(None, row[_FIRST_VALUE::3])))
    return time.perf_counter() - began, total
