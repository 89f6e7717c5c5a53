"""The lake as it would be had some intervals of one day never come: what an estimate is made from.

Where the meter was exchanged inside the day, the time of another meter is no gap there, and says
nothing of how much flows; nor does the interval in which it came or left, of which it has a part.

Lives here      the answer with those intervals missing; nothing is written.
Lives elsewhere what estimates them (``review_usage``, ``fill_gaps``), the lake (``stores/lake``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from meterledger.facts.readings import Quality
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.span import DaySpan
from meterledger.usecases.look_at_day import UsageLake
from meterledger.usecases.own_time import OwnTime


@dataclass(frozen=True, slots=True)
class LakeWithout:
    """A lake, a meter, and the intervals of one day that are taken as missing.

    ``own`` says which intervals of the day are the meter's.
    """

    lake: UsageLake
    meter: str
    day: date
    slots: set[int]
    own: OwnTime

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        """The lake's answer without them."""
        batches = self.lake.usage(meters, days, at_sequence=at_sequence)
        return [
            replace(
                batch,
                days=tuple(
                    self._without(values) if values.day == self.day else values
                    for values in batch.days
                ),
            )
            for batch in batches
        ]

    def _without(self, values: DayValues) -> DayValues:
        missing, energy = values.missing.copy(), values.energy_wh.copy()
        chosen = [slot for slot in self.slots if slot < missing.shape[1]]
        missing[:, chosen], energy[:, chosen] = True, 0
        quality = None if values.quality is None else values.quality.copy()
        method = values.method
        others, cut = list(self.own.others), list(self.own.cut)
        if (others or cut) and missing.shape[1] == len(self.own.seconds):
            missing[:, others], energy[:, others] = False, 0
            if quality is None:
                quality = np.full(missing.shape, Quality.VALID.value, np.int8)
                method = np.zeros(missing.shape, np.int8)
            quality[:, [*others, *cut]] = Quality.MISSING.value
        if quality is not None:
            quality[:, chosen] = Quality.MISSING.value
        return replace(values, energy_wh=energy, missing=missing, quality=quality, method=method)
