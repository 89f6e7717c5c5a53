"""The ladder of AMI intervals: the same day, a like day, a flat line, for one local day's gaps.

Lives here      which earlier day fills a day's missing intervals, what a same day and a like day
                are, the flat line, and the order of the three.
Lives elsewhere filling many meters' days at once (``filling_*``), by the same values.
Read first      GRR V.E.3.d; readings/c_est_day_definitions.yaml.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from meterledger.facts.estimates import Method
from meterledger.kernel.decision import Decision
from meterledger.kernel.months import years_after
from meterledger.kernel.rounding import share_whole
from meterledger.rulebook.business_days import HOLIDAYS, on_a_weekend
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    CHAPTER,
    ESCAPE,
    ROOM,
    EstimationFactsContradict,
    Findings,
    by_reading,
)
from meterledger.usage.estimation_register import DEVIATIONS

LADDER = "estimation.ami_interval.ladder"
ORDER = "estimation_ami_interval_ladder_order"
SAME_DAY_WEEKS = "estimation_day_definitions_same_day_most_weeks"
LIKE_DAY_DAYS = "estimation_day_definitions_like_day_within_days"
DEFINITIONS = "estimation.day_definitions"
NEAREST_WEEKS, LAST_YEAR = "nearest_weeks_by_day_type", "last_year_same_date"
SAME_DAY, LIKE_DAY, FLAT_LINE = "same day historical", "like day historical", "flat line"
WEEK = timedelta(days=7)

Finders: TypeAlias = dict[Method, Callable[[], date | None]]


@dataclass(frozen=True, slots=True)
class DayDefinitions:
    """What the ladder of intervals goes by, for whoever fills many days at once."""

    order: tuple[Method, ...]
    """The rungs in the book's order."""
    by: str
    """The option of the reading ``estimation.day_definitions``."""
    same_day_most_weeks: int
    like_day_within_days: int


def day_definitions(terms: Terms) -> DayDefinitions:
    """The order of the rungs and the definitions of days, as the book has them on a day.

    :raises NoRuleInForce: before 2020-07-09
    """
    order = terms.listing(ORDER)
    return DayDefinitions(
        order=tuple(_method(word) for word in order.value),
        by=terms.reading(DEFINITIONS),
        same_day_most_weeks=terms.whole(SAME_DAY_WEEKS).value,
        like_day_within_days=terms.whole(LIKE_DAY_DAYS).value,
    )


def _method(word: str) -> Method:
    known = {
        SAME_DAY: Method.SAME_DAY,
        LIKE_DAY: Method.LIKE_DAY,
        FLAT_LINE: Method.FLAT_LINE,
    }
    if word not in known:
        raise TariffFileBroken(
            f"'{word}' is no rung that the ladder of intervals knows",
            where=ORDER,
            do=f"Use {', '.join(known)}, or teach the ladder the new word",
        )
    return known[word]


@dataclass(frozen=True, slots=True)
class IntervalGapFacts:
    """One local day of an AMI meter billed on intervals, with intervals missing."""

    day: date = fact("The local day.")
    missing_intervals: int = fact("How many of its intervals have no value.")
    valid_days: tuple[date, ...] = fact(
        "Earlier days on which the same intervals were measured, every one of them."
    )
    register_gap_wh: int | None = fact(
        "The register's difference over the day's missing intervals, less what was measured "
        "between; null unless both bounding reads exist.",
        default=None,
    )
    level_wh: int | None = fact(
        "Where no reads bound the gap: the energy of a measured interval beside it, to go on "
        "with; null if there is none.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class IntervalFill:
    """What fills the missing intervals."""

    rung: int | None = fact("The rung that works, from 1; null if none does.")
    method: str = fact("The code word of the method, as the lake keeps it.")
    source_day: date | None = fact("The day whose intervals are taken; null for a flat line.")
    energy_wh: int | None = fact("The energy of a flat line; null where a day's own is taken.")
    interval_wh: tuple[int, ...] = fact("A flat line's watt-hours of each missing interval.")
    failed: tuple[str, ...] = fact("Each rung that was tried before, and why it failed.")


Source: TypeAlias = tuple[Method, date]
"""A historical rung that works, and the day whose intervals it takes."""


def decide_interval_fill(facts: IntervalGapFacts, terms: Terms) -> Decision[IntervalFill]:
    """What fills a day's missing intervals, by the first rung that works: GRR V.E.3.d.

    :raises EstimationFactsContradict: if nothing is missing, or a valid day is not an earlier one
    :raises NoRuleInForce: before 2020-07-09, or where the holidays of a year are not known
    """
    _check(facts)
    findings = Findings()
    order = terms.listing(ORDER)
    rungs = tuple(_method(word) for word in order.value)
    source = _source(facts, rungs, terms)
    failed: list[str] = []
    for number, method in enumerate(rungs, start=1):
        word = order.value[number - 1]
        if source is not None and source[0] is method:
            findings.add(f"{word}: the intervals of {source[1]}", order)
            fill = IntervalFill(number, method.word, source[1], None, (), tuple(failed))
            return Decision(fill, findings.all())
        if method is Method.FLAT_LINE:
            flat = _flat(facts, number, tuple(failed), terms, findings, order)
            if flat is not None:
                return Decision(flat, findings.all())
            why = "no reads bound the gap, and no measured interval lies beside it"
        else:
            why = "no such day was measured"
        failed.append(f"{word}: {why}")
        findings.add(f"{word} fails: {why}", order)
    findings.add("no rung works: a person estimates", terms.listing(DEVIATIONS))
    by_hand = IntervalFill(None, Method.BY_HAND.word, None, None, (), tuple(failed))
    return Decision(by_hand, findings.all())


def _check(facts: IntervalGapFacts) -> None:
    if facts.missing_intervals <= 0:
        raise EstimationFactsContradict(
            f"{facts.missing_intervals} intervals are missing: there is nothing to estimate",
            do="Give the number of intervals without a value",
        )
    for one in facts.valid_days:
        if one >= facts.day:
            raise EstimationFactsContradict(
                f"The measured day {one} is not before {facts.day}", do="Give earlier days"
            )


def _source(facts: IntervalGapFacts, rungs: tuple[Method, ...], terms: Terms) -> Source | None:
    """The first historical rung that works; the reading is asked only where its options differ."""
    nearest_weeks: Finders = {
        Method.SAME_DAY: lambda: _same_weekday(facts, terms),
        Method.LIKE_DAY: lambda: _nearest(facts, facts.day, terms),
    }
    last_year: Finders = {
        Method.SAME_DAY: lambda: _same_date(facts),
        Method.LIKE_DAY: lambda: _nearest(facts, years_after(facts.day, -1), terms),
    }

    def first(finders: Finders) -> Source | None:
        for rung in rungs:
            found = finders[rung]() if rung in finders else None
            if found is not None:
                return rung, found
        return None

    return by_reading(
        terms, DEFINITIONS, {NEAREST_WEEKS: first(nearest_weeks), LAST_YEAR: first(last_year)}
    )


def _same_weekday(facts: IntervalGapFacts, terms: Terms) -> date | None:
    """The same weekday of the nearest earlier week that was measured."""
    weeks = terms.whole(SAME_DAY_WEEKS)
    days = (facts.day - count * WEEK for count in range(1, weeks.value + 1))
    return next((one for one in days if one in facts.valid_days), None)


def _same_date(facts: IntervalGapFacts) -> date | None:
    """The same date of the year before."""
    date_then = years_after(facts.day, -1)
    return date_then if date_then in facts.valid_days else None


def _nearest(facts: IntervalGapFacts, to: date, terms: Terms) -> date | None:
    """The measured day of the same type nearest to a date, within so many days; of two, the later.

    Only days before the gap's own are looked at: ``_check`` has seen to that.
    """
    within = terms.whole(LIKE_DAY_DAYS)
    wanted = counts_as_weekend(facts.day, terms)
    found = [
        one
        for one in facts.valid_days
        if abs((one - to).days) <= within.value and counts_as_weekend(one, terms) == wanted
    ]
    return min(found, key=lambda one: (abs((one - to).days), to - one), default=None)


def counts_as_weekend(day: date, terms: Terms) -> bool:
    """Whether a like day of it is one of a weekend: holidays count as weekend.

    :raises NoRuleInForce: if the book has no holidays for the day's year
    """
    return on_a_weekend(day) or day in terms.on(day).holidays(HOLIDAYS).value


def _flat(
    facts: IntervalGapFacts,
    number: int,
    failed: tuple[str, ...],
    terms: Terms,
    findings: Findings,
    order: DatedValue[tuple[str, ...]],
) -> IntervalFill | None:
    count = facts.missing_intervals
    method = Method.FLAT_LINE.word
    gap = facts.register_gap_wh
    if gap is not None and gap >= 0:
        each = tuple(share_whole(gap, [1] * count))
        findings.add(
            f"flat line: {gap} Wh between the bounding reads, spread evenly over {count} intervals",
            order,
        )
        return IntervalFill(number, method, None, gap, each, failed)
    if gap is not None:
        findings.add(
            "flawed estimate: the register moved less than the measured intervals say",
            terms.listing(DEVIATIONS),
        )
        return None
    if facts.level_wh is None:
        return None
    if facts.level_wh < 0:
        findings.add("flawed estimate: a level below zero", terms.listing(DEVIATIONS))
        return None
    findings.add(
        f"flat line: {facts.level_wh} Wh, as measured beside the gap, in each of {count} intervals",
        order,
    )
    each = (facts.level_wh,) * count
    return IntervalFill(number, method, None, sum(each), each, failed)


INTERVAL_LADDER = Rule(
    id="estimation.interval_ladder",
    title="What fills the missing intervals of a day",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(LADDER, ESCAPE),
    governing_day="the billing period estimated",
    facts=IntervalGapFacts,
    outcome=IntervalFill,
    values=(ORDER, SAME_DAY_WEEKS, LIKE_DAY_DAYS, DEVIATIONS, HOLIDAYS),
    readings=(DEFINITIONS,),
    decide=decide_interval_fill,
)
