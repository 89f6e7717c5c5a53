"""Which intervals of a local day are a meter's own, where it was exchanged inside the day.

The time before a meter was set is that of the meter before it, and the time after it left that of
the next: nothing is missing there. The interval in which it came or left is its own, too: a bill
asks both meters for it (decision 0014), and cuts what it has of each, an estimate by time.

Lives here      for how many seconds of each interval the meter was there.
Lives elsewhere when a meter was where (``facts.places``), cutting intervals of a bill (``usage``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from meterledger.facts.places import MeterInstallation
from meterledger.kernel.local_days import day_start_utc, seconds_in_day
from meterledger.usecases.usage_days import one_day


@dataclass(frozen=True, slots=True)
class OwnTime:
    """For how many ``seconds`` of each interval of a day a meter was there; all have ``length``."""

    length: int
    seconds: tuple[int, ...]

    @classmethod
    def of(cls, stays: Iterable[MeterInstallation], day: date, *, zone: str, count: int) -> OwnTime:
        """Of ``count`` intervals that tile the day; all of them where no stay touches the day."""
        if not count:
            return cls(0, ())
        length = seconds_in_day(day, zone) // count
        there = [one.stretch(zone) for one in stays if one.touches(one_day(day))]
        if not there:
            return cls(length, (length,) * count)
        midnight = int(day_start_utc(day, zone).timestamp())
        starts = (midnight + slot * length for slot in range(count))
        return cls(length, tuple(_together(there, start, start + length) for start in starts))

    @property
    def slots(self) -> tuple[int, ...]:
        """The intervals in which the meter was there, also for a part of them."""
        return tuple(slot for slot, there in enumerate(self.seconds) if there)

    @property
    def words(self) -> str:
        """The first and the last of its intervals, as a person names them."""
        return f"{self.slots[0]}-{self.slots[-1]}" if self.slots else "none"

    @property
    def others(self) -> tuple[int, ...]:
        """The intervals in which it was not there."""
        return tuple(slot for slot, there in enumerate(self.seconds) if not there)

    @property
    def cut(self) -> tuple[int, ...]:
        """The intervals in which it came or left: what it measured there is not all of them."""
        return tuple(slot for slot, there in enumerate(self.seconds) if 0 < there < self.length)


def _together(there: Iterable[tuple[int, int | None]], start: int, end: int) -> int:
    """Seconds that the stretches have of an interval."""
    return sum(
        max(0, (end if gone is None else min(end, gone)) - max(start, since))
        for since, gone in there
    )
