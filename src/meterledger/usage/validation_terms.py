"""The validation file as it stood on a day: which checks are made, and their thresholds by group.

Lives here      reading ``tariffs/…/validation`` by the book's terms; refusing what is no check.
Lives elsewhere what a check does with its threshold (``validation_kernel``).
Read first      tariffs/union_electric_mo6/validation/README.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

import numpy as np

from meterledger.facts.usage import Int64Array
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage.validation_facts import Check, Source


class UnknownCheck(Refusal):
    """The validation file names a check that there is not."""


class UnusableThreshold(Refusal):
    """A threshold of the validation file cannot be what it says."""


class Limit(IntEnum):
    """The thresholds; the number is their place in a row of ``ValidationTerms.limits``.

    The name in lower case is the value's name in the book, after ``validation_``.
    """

    HISTORY_DAYS_MIN = 0
    SPIKE_PERCENT = 1
    SPIKE_FLOOR_WATTS = 2
    HIGH_PERCENT = 3
    HIGH_FLOOR_WH = 4
    LOW_PERCENT = 5
    LOW_FLOOR_WH = 6
    FLAT_RUN_MINUTES = 7
    ZERO_RUN_MINUTES = 8
    VACANT_FLOOR_WH = 9
    INACTIVE_FLOOR_WH = 10
    REGISTER_TOLERANCE_WH = 11
    REGISTER_TOLERANCE_PERCENT = 12
    MULTIPLIER_FACTOR = 13
    MULTIPLIER_DAYS = 14
    MULTIPLIER_FLOOR_WH = 15
    IDENTICAL_METERS = 16
    IDENTICAL_FLOOR_WH = 17
    DRIFT_OWN_PERCENT = 18
    DRIFT_BEST_PERCENT = 19
    DRIFT_HOURS = 20
    DRIFT_FLOOR_WH = 21
    SWAPPED_FLOOR_WH = 22
    CROSSED_OWN_PERCENT = 23
    CROSSED_BEST_PERCENT = 24
    CROSSED_FLOOR_WH = 25
    FROZEN_MINUTES = 26
    FROZEN_PERCENT = 27
    FROZEN_READINGS = 28
    TWICE_CHANGES = 29
    LATE_DAYS = 30

    @property
    def value_name(self) -> str:
        """The name of its value in the book."""
        return f"validation_{self.name.lower()}"


CHECKS = {source: f"validation_{source.word}_checks" for source in Source}
SOURCES = {
    source: f"validation_{source.word}_sources"
    for source in Source
    if source is not Source.HEAD_END
}
HOLDING = "validation_checks_that_hold"
STORM_DEFERRED = "validation_storm_deferred_checks"
STORM_NOTED = "validation_storm_noted_checks"

LARGEST_LIMIT = 10**9
AT_LEAST = {
    Limit.HISTORY_DAYS_MIN: 1,
    Limit.FLAT_RUN_MINUTES: 1,
    Limit.ZERO_RUN_MINUTES: 1,
    Limit.MULTIPLIER_FACTOR: 2,
    Limit.IDENTICAL_METERS: 2,
    Limit.FROZEN_MINUTES: 1,
    Limit.FROZEN_READINGS: 2,
}
AT_MOST = {
    Limit.DRIFT_HOURS: 12,
    **{one: 10**5 for one in Limit if one.name.endswith(("_PERCENT", "_FACTOR"))},
} | {Limit.FROZEN_PERCENT: 1000}
"""With these, and no meter beyond 2**40 Wh a day, no product of the checks leaves 64 bits."""


@dataclass(frozen=True, slots=True)
class ValidationTerms:
    """The checks and thresholds on one day.

    ``limits``    Int64 [3 x 31]  whole thresholds by ``Source`` and ``Limit``
    ``made``      Int64 [3]       bits of the checks that are made, by ``Source``
    ``holding``, ``deferred``, ``noted``  bits of the checks that hold a day; that a storm puts off;
                                  that a storm only notes
    ``names``     by group and threshold, the name of the value in the book that was used
    ``standing``  of the weakest value
    ``sources``   the group of each registered source that is not of the head end
    """

    day: date
    limits: Int64Array
    made: Int64Array
    holding: int
    deferred: int
    noted: int
    names: Mapping[tuple[Source, Limit], str] = field(repr=False)
    standing: Standing = Standing.ASSUMED
    sources: Mapping[str, Source] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, view: BookView, day: date) -> ValidationTerms:
        """The validation file on a day, with each group's own thresholds before the general ones.

        :raises NoRuleInForce: if a threshold has no value on the day
        :raises UnknownCheck: if a list names a check that there is not
        :raises UnusableThreshold: if a threshold is too small or too large to be one
        """
        terms = Terms(view, day)
        known = frozenset(view.names())
        names = {
            (source, limit): _name(source, limit, known) for source in Source for limit in Limit
        }
        limits = np.array(
            [[_whole(terms, names[source, limit], limit) for limit in Limit] for source in Source],
            dtype=np.int64,
        )
        made = np.array([_bits(terms, CHECKS[source]) for source in Source], dtype=np.int64)
        return cls(
            day=day,
            limits=limits,
            made=made,
            holding=_bits(terms, HOLDING),
            deferred=_bits(terms, STORM_DEFERRED),
            noted=_bits(terms, STORM_NOTED),
            names=names,
            sources={
                str(name): source
                for source, listed in SOURCES.items()
                for name in terms.listing(listed).value
            },
            standing=max(terms.memory.standings, key=lambda one: one.weakness),
        )

    def source_of(self, name: str) -> Source:
        """The group of days that came from a registered source of that name."""
        return self.sources.get(name, Source.HEAD_END)

    def limit(self, limit: Limit, source: Source = Source.HEAD_END) -> int:
        """A threshold for a source group."""
        return int(self.limits[source, limit])

    def holds(self, check: Check, *, storm: bool = False) -> bool:
        """Whether the check's finding holds the day."""
        bit = 1 << check
        return bool(self.holding & bit) and not (storm and self.noted & bit)


def validation_values(known: Iterable[str]) -> frozenset[str]:
    """The names of the book's values that validation asks for, given the names there are."""
    names = frozenset(known)
    lists = {*CHECKS.values(), *SOURCES.values(), HOLDING, STORM_DEFERRED, STORM_NOTED}
    return frozenset(lists | {_name(one, limit, names) for one in Source for limit in Limit})


def _name(source: Source, limit: Limit, known: frozenset[str]) -> str:
    own = f"validation_{source.word}_{limit.name.lower()}"
    return own if own in known else limit.value_name


def _whole(terms: Terms, name: str, limit: Limit) -> int:
    value = terms.whole(name).value
    lowest, highest = AT_LEAST.get(limit, 0), AT_MOST.get(limit, LARGEST_LIMIT)
    if not lowest <= value <= highest:
        raise UnusableThreshold(
            f"'{name}' is {value} on {terms.day}",
            where="validation file",
            why=f"It can be {lowest} to {highest}",
            do="Correct the value",
        )
    return value


def _bits(terms: Terms, name: str) -> int:
    bits = 0
    for word in terms.listing(name).value:
        try:
            bits |= 1 << Check[word.upper()] if word == word.lower() else _none(word)
        except KeyError:
            raise UnknownCheck(
                f"'{name}' names the check '{word[:40]}' on {terms.day}, and there is none",
                where="validation file",
                do=f"Name checks of {', '.join(check.word for check in Check)}",
            ) from None
    return bits


def _none(word: str) -> int:
    raise KeyError(word)
