"""Which earlier days may fill a day's gaps, in the order in which they are tried.

Lives here      the rungs of the interval ladder as days to look at, and where a slot of one day
                lies on another by the clock on the wall.
Lives elsewhere the rule for one gap (``estimation_intervals``), filling many (``filling``).
Read first      GRR V.E.3.d; readings/c_est_day_definitions.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from meterledger.facts.estimates import Method
from meterledger.kernel.local_days import day_start_utc, intervals_in_day, zone
from meterledger.kernel.months import years_after
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_intervals import (
    LADDER,
    NEAREST_WEEKS,
    DayDefinitions,
    counts_as_weekend,
    day_definitions,
)
from meterledger.usage.validation_facts import Int16Array

NO_SLOT = -1


@dataclass(frozen=True, slots=True)
class FillingPlan:
    """The rungs for one day: ``days[method]`` are tried in order, then the next rung.

    ``order``     the rungs as the book has them; ``definitions`` what its days are
    ``provision``, ``citation``  the clause, for the record of an estimate
    """

    day: date
    order: tuple[Method, ...]
    days: dict[Method, tuple[date, ...]]
    definitions: DayDefinitions
    provision: str
    citation: str

    @classmethod
    def of(cls, view: BookView, day: date) -> FillingPlan:
        """The ladder as the book has it on the day.

        :raises NoRuleInForce: before 2020-07-09, or where the holidays of a year are not known
        """
        terms = Terms(view, day)
        definitions = day_definitions(terms)
        days = {
            Method.SAME_DAY: tuple(_same_days(day, definitions)),
            Method.LIKE_DAY: tuple(_like_days(day, definitions, terms)),
        }
        clause = terms.clause(LADDER)
        return cls(day, definitions.order, days, definitions, LADDER, str(clause.citation))

    @property
    def wanted_days(self) -> tuple[date, ...]:
        """Every earlier day that may be looked at, in the order of looking, each once."""
        ordered = [one for method in self.order for one in self.days.get(method, ())]
        return tuple(dict.fromkeys(ordered))


def _same_days(day: date, definitions: DayDefinitions) -> Iterator[date]:
    if definitions.by == NEAREST_WEEKS:
        for week in range(1, definitions.same_day_most_weeks + 1):
            yield day - timedelta(weeks=week)
    else:
        yield years_after(day, -1)


def _like_days(day: date, definitions: DayDefinitions, terms: Terms) -> Iterator[date]:
    """Days of the same type, nearest first and of two the later one."""
    wanted = counts_as_weekend(day, terms)
    within = definitions.like_day_within_days
    if definitions.by == NEAREST_WEEKS:
        near = [day - timedelta(days=back) for back in range(1, within + 1)]
    else:
        then = years_after(day, -1)
        near = [
            then + timedelta(days=step)
            for size in range(within + 1)
            for step in ((size, -size) if size else (0,))
        ]
    yield from (one for one in near if one < day and counts_as_weekend(one, terms) == wanted)


@lru_cache(maxsize=1024)
def _map(day: date, past: date, zone_name: str, interval_seconds: int) -> Int16Array:
    places: dict[tuple[int, int], int] = {}
    for slot, key in enumerate(_wall_times(past, zone_name, interval_seconds)):
        places.setdefault(key, slot)
    found = [
        places.get(key, places.get((key[0], 0), NO_SLOT))
        for key in _wall_times(day, zone_name, interval_seconds)
    ]
    slots = np.array(found, dtype=np.int16)
    slots.setflags(write=False)
    return slots


def slot_map(day: date, past: date, zone_name: str, interval_seconds: int) -> Int16Array:
    """Int16 [width]: for each slot of ``day``, the slot of ``past`` at the same time on the wall.

    An hour that the clock shows twice takes the first one where the past day has one only; a time
    that the past day does not have (an hour in spring) has no slot: -1.
    """
    return _map(day, past, zone_name, interval_seconds).copy()


def _wall_times(day: date, zone_name: str, interval_seconds: int) -> Iterator[tuple[int, int]]:
    """Second of the clock and whether it is the hour's second time, for each slot."""
    start = int(day_start_utc(day, zone_name).timestamp())
    for slot in range(intervals_in_day(day, zone_name, interval_seconds)):
        instant = datetime.fromtimestamp(start + slot * interval_seconds, UTC)
        local = instant.astimezone(zone(zone_name))
        yield local.hour * 3600 + local.minute * 60 + local.second, local.fold
