"""Intervals of many meters in one table of whole numbers, as a large file brings them.

The same readings as ``ChannelReadings``, without an object for each: a day file of a head-end holds
millions. Made by ``stores/gateways`` (CMEP), kept by the lake as whole days.

Lives here      the table, and its rows as channels for whoever wants them one by one.
Lives elsewhere single readings (``facts/readings``), what was decided on them (``facts/usage``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from meterledger.facts.readings import (
    Channel,
    ChannelReadings,
    ChannelTold,
    Quality,
    Reading,
    ReadingFile,
)
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import ensure

_QUALITIES = {quality.value: quality for quality in Quality}


@dataclass(frozen=True, slots=True)
class ReadingBlock:
    """Meters whose intervals have one length and begin together; a row is one channel's.

    ``channel``  what every row's channel is, but for ``meter_id`` and ``scale``
    ``meters``   [M] the meters' own numbers, each once
    ``start``    begin of the first interval, epoch seconds
    ``value``    Int32 [M x W], MISSING_VALUE where quality is 0; times ten to the power ``scale``
    ``quality``  Int8 [M x W], codes of ``Quality``
    ``scale``    Int8 [M]
    ``line``     Int64 [M x W] where in the file each value stood
    """

    channel: Channel
    meters: tuple[str, ...]
    start: int
    value: npt.NDArray[np.int32]
    quality: npt.NDArray[np.int8]
    scale: npt.NDArray[np.int8]
    line: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (len(self.meters), self.value.shape[1])
        ensure(self.channel.interval_seconds is not None, "a block's intervals have one length")
        ensure(
            self.value.shape == self.quality.shape == self.line.shape == shape
            and self.scale.shape == shape[:1],
            "a block has a value, a quality and a line for every slot of every meter",
        )

    @property
    def seconds(self) -> int:
        """How long each interval is."""
        return self.channel.interval_seconds or 0

    @property
    def until(self) -> int:
        """End of the last interval, epoch seconds."""
        return self.start + int(self.value.shape[1]) * self.seconds

    @property
    def reading_count(self) -> int:
        """How many readings there are, gaps included."""
        return int(self.value.size)

    def at_one_scale(self) -> tuple[npt.NDArray[np.int32], int, npt.NDArray[np.bool_]]:
        """The values at the finest scale of all rows, that scale, and which rows fit 31 bits so."""
        finest = int(self.scale.min(initial=0)) if len(self.meters) else 0
        steps = self.scale.astype(np.int64) - finest
        if not steps.any():
            return self.value, finest, np.ones(len(self.meters), dtype=bool)
        told = self.value != MISSING_VALUE
        largest = np.where(told, np.abs(self.value.astype(np.int64)), 0).max(axis=1, initial=0)
        fits = (steps <= 9) & (largest * 10 ** np.minimum(steps, 9) < 2**31)
        factor = np.where(fits, 10 ** np.minimum(steps, 9), 1)
        value = np.where(told, self.value * factor[:, None], MISSING_VALUE)
        return value.astype(np.int32), finest, fits

    def taking(self, rows: npt.NDArray[np.int64]) -> ReadingBlock:
        """The block of these rows alone, in this order."""
        return replace(
            self,
            meters=tuple(self.meters[row] for row in rows.tolist()),
            value=self.value[rows],
            quality=self.quality[rows],
            scale=self.scale[rows],
            line=self.line[rows],
        )

    def told(self) -> list[ChannelTold]:
        """What each row holds, without its readings."""
        is_told = self.value != MISSING_VALUE
        totals = np.where(is_told, self.value, 0).sum(axis=1, dtype=np.int64)
        return [
            ChannelTold(
                channel=replace(self.channel, meter_id=meter, scale=scale),
                readings=int(self.value.shape[1]),
                present=present,
                begin=self.start,
                until=self.until,
                total=Decimal(total).scaleb(scale),
            )
            for meter, scale, present, total in zip(
                self.meters,
                self.scale.tolist(),
                is_told.sum(axis=1).tolist(),
                totals.tolist(),
                strict=True,
            )
        ]

    def rows(self, only: Iterable[int] | None = None) -> Iterator[ChannelReadings]:
        """Each meter's readings one by one, in the order of the rows; of all rows unless named."""
        starts = range(self.start, self.until, self.seconds)
        for row in range(len(self.meters)) if only is None else only:
            channel = Channel(
                meter_id=self.meters[row],
                commodity=self.channel.commodity,
                unit=self.channel.unit,
                kind=self.channel.kind,
                flow=self.channel.flow,
                interval_seconds=self.channel.interval_seconds,
                scale=int(self.scale[row]),
                multiplier=self.channel.multiplier,
            )
            readings = tuple(
                Reading(start, self.seconds, None if code == 0 else whole, _QUALITIES[code], line)
                for start, whole, code, line in zip(
                    starts,
                    self.value[row].tolist(),
                    self.quality[row].tolist(),
                    self.line[row].tolist(),
                    strict=True,
                )
            )
            yield ChannelReadings(channel, readings)


@dataclass(frozen=True, slots=True)
class BlockFile(ReadingFile):
    """A large file as read: ``blocks`` of plain channels, and the others in ``channels``."""

    blocks: tuple[ReadingBlock, ...] = ()

    def singly(self) -> ReadingFile:
        """The same with every reading by itself, channels in the order of the file."""
        every = [(one.readings[0].line, one) for one in self.channels]
        for block in self.blocks:
            every += zip(block.line.min(axis=1).tolist(), block.rows(), strict=True)
        every.sort(key=lambda one: one[0])
        told = {one.name: getattr(self, one.name) for one in fields(ReadingFile)}
        return ReadingFile(**{**told, "channels": tuple(channel for _, channel in every)})


def blocks_of(file: ReadingFile) -> tuple[ReadingBlock, ...]:
    """The blocks of a file; none where every reading stands by itself."""
    return file.blocks if isinstance(file, BlockFile) else ()


def singly(file: ReadingFile) -> ReadingFile:
    """The file with every reading by itself."""
    return file.singly() if isinstance(file, BlockFile) else file


def meters_of(file: ReadingFile) -> list[str]:
    """The numbers of all meters that the file speaks of, in order."""
    meters = {one.channel.meter_id for one in file.channels}
    return sorted(meters.union(*(block.meters for block in blocks_of(file))))
