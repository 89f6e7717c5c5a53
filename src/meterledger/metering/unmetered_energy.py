"""The energy of loads without a meter: devices x volt-amperes x power factor x hours of local days.

Lives here      the seconds in which a load takes energy, and quarter-hours of whole watt-hours.
Lives elsewhere which loads may go without a meter (``unmetered``), prices (``rating``).
Read first      GRR IV.E of 2013; docs/operating/unmetered.md.

Hours are those of the wall clock. A load that is on all day takes 23 hours of energy on the day on
which clocks go forward and 25 on the day on which they go back; a load from 01:00 to 03:00 takes
one hour then, and three.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from meterledger.facts.meters import UnmeteredLoad
from meterledger.facts.unmetered import LoadShare
from meterledger.kernel.local_days import day_start_utc, seconds_in_day, zone
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan

SLOT_SECONDS = 900
SECONDS_IN_AN_HOUR = 3600
_MINUTE = 60


class NoLoadThen(Refusal):
    """On some day of a window no load without a meter is known."""


@dataclass(frozen=True, slots=True)
class CalculatedEnergy:
    """Quarter-hours of whole watt-hours, by day of the window, and each load's share.

    The sum up to the end of any quarter-hour is the exact energy until then, rounded half up once:
    the window's total is off by half a watt-hour at most, however many quarter-hours it has.
    """

    by_day: tuple[tuple[int, ...], ...]
    shares: tuple[LoadShare, ...]

    @property
    def energy_wh(self) -> int:
        """The energy of the window."""
        return sum(map(sum, self.by_day))


def calculate_energy(
    loads: Sequence[UnmeteredLoad], window: DaySpan, zone_name: str, power_factor: Fraction
) -> CalculatedEnergy:
    """The energy of the loads over the window (GRR IV.E of 2013: "calculated").

    :raises NoLoadThen: if on some day of the window no load is in force: a gap is never a zero
    """
    seconds = [0] * len(loads)
    reckoned = 0
    before = 0
    by_day: list[tuple[int, ...]] = []
    for day in window.days():
        there = [place for place, one in enumerate(loads) if day in one.days]
        if not there:
            raise NoLoadThen(
                f"No load without a meter is known on {day}",
                where=f"service {window}",
                why="What nobody measured and nobody described is not known, and is never a zero",
                do="Record it with `meterledger meter load`, or the day service ended",
            )
        on = {place: _seconds_of_slots(loads[place].hours, day, zone_name) for place in there}
        slots: list[int] = []
        for slot in range(seconds_in_day(day, zone_name) // SLOT_SECONDS):
            for place in there:
                seconds[place] += on[place][slot]
                reckoned += loads[place].count * loads[place].volt_amperes * on[place][slot]
            until = to_whole_half_up(reckoned * power_factor / SECONDS_IN_AN_HOUR)
            slots.append(until - before)
            before = until
        by_day.append(tuple(slots))
    return CalculatedEnergy(tuple(by_day), tuple(_shares(loads, window, seconds)))


def _shares(
    loads: Sequence[UnmeteredLoad], window: DaySpan, seconds: Sequence[int]
) -> Iterable[LoadShare]:
    for load, taken in zip(loads, seconds, strict=True):
        days = load.days.within(window)
        if days is not None:
            yield LoadShare.of(load, days.from_day, days.until_day, taken)


@lru_cache(maxsize=4096)
def _seconds_of_slots(
    hours: tuple[tuple[int, int], ...], day: date, zone_name: str
) -> tuple[int, ...]:
    """Of each quarter-hour of the local day, the seconds whose wall clock lies in the hours."""
    begin, local = day_start_utc(day, zone_name), zone(zone_name)
    found = [0] * (seconds_in_day(day, zone_name) // SLOT_SECONDS)
    for minute in range(seconds_in_day(day, zone_name) // _MINUTE):
        at = (begin + timedelta(seconds=minute * _MINUTE)).astimezone(local)
        of_day = at.hour * 60 + at.minute
        if any(first <= of_day < last for first, last in hours):
            found[minute * _MINUTE // SLOT_SECONDS] += _MINUTE
    return tuple(found)
