"""Intervals of many meters in one table of whole numbers, as a large file brings them.

The same readings as ``ChannelReadings``, without an object for each: a day file of a head-end holds
millions. Made by ``stores/gateways`` (CMEP), kept by the lake as whole days.

Lives here      the table, and its rows as channels for whoever wants them one by one.
Lives elsewhere single readings (``facts/readings``), what was decided on them (``facts/usage``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meterledger.facts.readings import Channel, ChannelReadings, Quality, Reading
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
