"""Admit blocks: the rows of a large file that can be taken whole, without looking at each reading.

Lives here      which rows are sound from end to end; the others become readings for ``admit``.
Lives elsewhere what is objected to, and the share above which a file is refused (``admit``).
Read first      ``admit``; facts/reading_blocks.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from meterledger.facts.places import MeterInstallation
from meterledger.facts.reading_blocks import ReadingBlock
from meterledger.facts.readings import ChannelKind, ChannelReadings, Flow
from meterledger.facts.usage import MISSING_VALUE
from meterledger.metering.admit import installed_spans, largest_value


def admit_blocks(
    blocks: Sequence[ReadingBlock],
    installations: Mapping[str, Sequence[MeterInstallation]],
    *,
    zone_name: str,
    interval_kw_max: int | None = None,
) -> tuple[tuple[ReadingBlock, ...], tuple[ChannelReadings, ...]]:
    """The sound rows as blocks, and the rows of which ``admit`` must look at every reading."""
    sound: list[ReadingBlock] = []
    doubtful: list[ChannelReadings] = []
    for block in blocks:
        is_sound = _sound_rows(block, installations, zone_name, interval_kw_max)
        if is_sound.all():
            sound.append(block)
            continue
        if is_sound.any():
            sound.append(block.taking(np.flatnonzero(is_sound)))
        doubtful += block.rows(np.flatnonzero(~is_sound).tolist())
    return tuple(sound), tuple(doubtful)


def _sound_rows(
    block: ReadingBlock,
    installations: Mapping[str, Sequence[MeterInstallation]],
    zone_name: str,
    interval_kw_max: int | None,
) -> npt.NDArray[np.bool_]:
    is_told = block.value != MISSING_VALUE
    value = np.where(is_told, block.value, 0).astype(np.int64)
    sound = np.ones(len(block.meters), dtype=bool)
    if (
        block.channel.kind is ChannelKind.INTERVAL
        and block.channel.energy_wh_power is not None
        and block.channel.flow in (Flow.DELIVERED, Flow.RECEIVED)
    ):
        sound &= value.min(axis=1, initial=0) >= 0
    highest = np.abs(value).max(axis=1, initial=0)
    for row, meter in enumerate(block.meters):
        installed = installations.get(meter, ())
        spans = installed_spans(installed, zone_name)
        if not any(begin <= block.start and block.until <= end for begin, end in spans):
            sound[row] = False
            continue
        largest = largest_value(
            block.channel, int(block.scale[row]), installed, block.seconds, interval_kw_max
        )
        if largest is not None and int(highest[row]) > largest:
            sound[row] = False
    return sound
