"""Blocks of readings as a large file brings them, written as whole local days where they are that.

A day file of a head-end is a matrix already. Where it is exactly whole local days of meters of
which the lake knows nothing yet, no reading is looked at by itself; whatever is not goes back to
``write``, which merges slot by slot.

Lives here      which rows are whole days and may be written so.
Lives elsewhere writing them (``lake``), blocks (``facts/reading_blocks``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from meterledger.facts.reading_blocks import ReadingBlock
from meterledger.facts.readings import ChannelReadings
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.grid import epoch_seconds, tiles_day
from meterledger.stores.lake.index import BILLABLE, channel_key
from meterledger.stores.lake.lake import IntervalLake
from meterledger.stores.lake.refusals import DayKnownAlready

_LONGEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class WrittenBlocks:
    """``names`` of the lake files written, and what ``IntervalLake.write`` has to merge."""

    names: tuple[str, ...]
    left: tuple[tuple[str, ChannelReadings], ...]


def write_reading_blocks(
    lake: IntervalLake,
    blocks: Sequence[ReadingBlock],
    *,
    pseudonyms: Mapping[str, str],
    source_sha256: str,
    learned_at: datetime,
    at_sequence: int,
) -> WrittenBlocks:
    """Write what is whole local days of meters of which those days are not known yet.

    ``pseudonyms`` names every meter of the blocks as the lake knows it. Nothing is visible until
    the names are published, together with those of a ``write`` of what is left.

    :raises LakeNotWritable: if the disk refuses
    """
    told = Counter(
        (_family(block), meter) for block in blocks for meter in block.meters if len(blocks) > 1
    )
    names: list[str] = []
    left: list[tuple[str, ChannelReadings]] = []
    for block in blocks:
        days = _whole_days(block, lake.zone)
        value, scale, fits = block.at_one_scale()
        family = _family(block)
        if told:
            fits &= np.array([told[family, meter] == 1 for meter in block.meters], dtype=bool)
        chosen = np.flatnonzero(fits) if days is not None else np.array([], dtype=np.int64)
        if len(chosen) and days is not None:
            every = len(chosen) == len(block.meters)
            try:
                names += lake.write_block(
                    [pseudonyms[block.meters[row]] for row in chosen.tolist()],
                    days,
                    value if every else value[chosen],
                    quality=block.quality if every else block.quality[chosen],
                    interval_seconds=block.seconds,
                    unit=block.channel.unit,
                    scale=scale,
                    channel=channel_key(block.channel),
                    source_sha256=source_sha256,
                    learned_at=learned_at,
                    at_sequence=at_sequence,
                )
            except DayKnownAlready:  # one of them is known: write() merges them all
                chosen = chosen[:0]
        others = np.setdiff1d(np.arange(len(block.meters)), chosen).tolist()
        left += ((pseudonyms[one.channel.meter_id], one) for one in block.rows(others))
    return WrittenBlocks(tuple(names), tuple(left))


def _family(block: ReadingBlock) -> str:
    """The channel, or one word for all that could be what was delivered."""
    key = channel_key(block.channel)
    return BILLABLE[0] if key in BILLABLE else key


def _whole_days(block: ReadingBlock, zone: str) -> DaySpan | None:
    """The local days that the block's intervals fill exactly, from midnight to midnight."""
    first = local_day_of(datetime.fromtimestamp(block.start, UTC), zone)
    last = local_day_of(datetime.fromtimestamp(block.until - 1, UTC), zone)
    days = DaySpan(first, last + timedelta(days=1))
    if days.day_count > _LONGEST_DAYS:
        return None
    if (
        epoch_seconds(first, zone) != block.start
        or epoch_seconds(days.until_day, zone) != block.until
    ):
        return None
    return days if all(tiles_day(day, zone, block.seconds) for day in days.days()) else None
