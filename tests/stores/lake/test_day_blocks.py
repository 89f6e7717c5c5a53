"""A head-end's day file as a matrix: kept as the same readings kept one by one would be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from meterledger.facts.reading_blocks import ReadingBlock
from meterledger.facts.readings import Channel, ChannelKind, Commodity, Flow
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.day_blocks import write_reading_blocks

ZONE = "America/Chicago"
GAP = -(2**31)
METERS = tuple(f"M{n}" for n in range(5))
NAMES = {meter: pseudonym(meter, "test") for meter in METERS}
LEARNED = datetime(2026, 6, 1, tzinfo=UTC)


class Published:
    """A lake whose files are published as they are written."""

    def __init__(self, folder: Path) -> None:
        self.names: list[str] = []
        self.lake = IntervalLake(folder, zone=ZONE, files_at=lambda sequence: self.names[:])

    def take(self, *blocks: ReadingBlock) -> int:
        """Keep blocks; how many channels went to ``write``."""
        written = write_reading_blocks(
            self.lake,
            blocks,
            pseudonyms=NAMES,
            source_sha256="ab" * 32,
            learned_at=LEARNED,
            at_sequence=0,
        )
        merged = self.one_by_one(written.left) if written.left else []
        self.names += [*written.names, *merged]
        return len(written.left)

    def one_by_one(self, channels: Sequence[object]) -> list[str]:
        return self.lake.write(
            channels,  # type: ignore[arg-type]
            source_sha256="ab" * 32,
            learned_at=LEARNED,
            at_sequence=0,
        )

    def usage(self, days: DaySpan) -> list[list[int]]:
        (batch,) = self.lake.usage([NAMES[one] for one in METERS], days, at_sequence=1)
        return [
            np.concatenate(
                [np.where(day.missing[row], GAP, day.energy_wh[row]) for day in batch.days]
            ).tolist()
            for row in range(len(METERS))
        ]


def block_of(
    first: date,
    count: int,
    *,
    scales: Sequence[int] = (-3,) * 5,
    shift: int = 0,
    days: int = 1,
    flow: Flow = Flow.DELIVERED,
    value: int | None = None,
) -> ReadingBlock:
    start = int(day_start_utc(first, ZONE).timestamp()) + shift
    values = np.arange(len(METERS) * count, dtype=np.int32).reshape(len(METERS), count)
    if value is not None:
        values[:] = value
    quality = np.full(values.shape, 2, np.int8)
    values[1, 3], quality[1, 3] = GAP, 0
    return ReadingBlock(
        channel=Channel("", Commodity.ELECTRICITY, "kWh", ChannelKind.INTERVAL, flow, 900, 0),
        meters=METERS,
        start=start,
        value=values,
        quality=quality,
        scale=np.array(scales, np.int8),
        line=np.zeros(values.shape, np.int64),
    )


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2026, 3, 8), 92), (date(2026, 6, 1), 96), (date(2025, 11, 2), 100)],
    ids=["spring forward", "ordinary day", "fall back"],
)
@pytest.mark.parametrize("scales", [(-3,) * 5, (-3, -2, -1, 0, -3)], ids=["one scale", "several"])
def test_a_whole_day_is_kept_as_its_readings_one_by_one_would_be(
    tmp_path: Path, day: date, count: int, scales: tuple[int, ...]
) -> None:
    block = block_of(day, count, scales=scales)
    at_once, singly = Published(tmp_path / "a"), Published(tmp_path / "b")

    assert at_once.take(block) == 0
    singly.names += singly.one_by_one([(NAMES[one.channel.meter_id], one) for one in block.rows()])

    window = DaySpan(day, day + timedelta(days=1))
    assert at_once.usage(window) == singly.usage(window)


@pytest.mark.parametrize(("shift", "count"), [(900, 96), (0, 95), (0, 97), (-900, 96)])
def test_what_is_no_whole_local_day_is_merged_slot_by_slot(
    tmp_path: Path, shift: int, count: int
) -> None:
    kept = Published(tmp_path)
    assert kept.take(block_of(date(2026, 6, 1), count, shift=shift)) == len(METERS)
    told = np.array(kept.usage(DaySpan(date(2026, 5, 31), date(2026, 6, 3))))
    assert (told != GAP).sum() == len(METERS) * count - 1


def test_a_day_that_is_known_already_is_merged(tmp_path: Path) -> None:
    day = date(2026, 6, 1)
    kept = Published(tmp_path)
    kept.take(block_of(day, 96, value=1))
    assert kept.take(block_of(day, 96, value=2)) == len(METERS)
    told = kept.usage(DaySpan(day, day + timedelta(days=1)))
    assert set(told[0]) == {2}
    assert told[1][3] == GAP


def test_a_value_that_does_not_fit_beside_finer_ones_goes_by_itself(tmp_path: Path) -> None:
    block = block_of(date(2026, 6, 1), 96, scales=(-9, -3, -3, -3, -3), value=3000)
    assert Published(tmp_path).take(block) == 4


def test_two_blocks_about_one_meter_and_channel_are_left_to_who_can_tell(tmp_path: Path) -> None:
    day = date(2026, 6, 1)
    kept = Published(tmp_path)
    again = block_of(day + timedelta(days=1), 96)
    assert kept.take(block_of(day, 96), again) == 2 * len(METERS)
    received = block_of(day, 96, flow=Flow.RECEIVED)
    assert Published(tmp_path / "b").take(block_of(day, 96), received) == 0
