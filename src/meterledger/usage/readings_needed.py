"""Which readings a bill needs: the least for a billing period, and intervals that nothing replaces.

Lives here      whether a period's readings make an actual bill, and whether the register's opening
                and closing readings may stand in for intervals.
Lives elsewhere estimating what is missing (``estimation_*``, ``filling_*``), how long readings are
                kept (``retention``), what the bill shows (``billing.bill_readings``).
Read first      GRR V.D, meter readings (from 2020-07-09).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_iv_meters", "usage"
MINIMUM = "meters.readings.minimum_per_period"
LEAST_REGISTER = "meters_readings_minimum_per_period_register_reads_min_per_period"
INTERVALS_ENOUGH = "meters_readings_minimum_per_period_interval_requirement"
NO_REPLACEMENT = "meters.readings.interval_no_begin_end"
REPLACEMENT_ALLOWED = "meters_readings_interval_no_begin_end_substitution_allowed"
WHOSE = "meters_readings_interval_no_begin_end_schedule"
BILLED = "billed on it"


class ReadingsContradict(Refusal):
    """The facts given about a period's readings cannot all be true."""


class BilledOn(Enum):
    """What of the meter a bill rests on."""

    REGISTER = "register"
    INTERVALS = "intervals"


class Route(Enum):
    """What the bill of the period can be."""

    ACTUAL = "actual"
    ESTIMATE_THE_REST = "estimate the rest of the period"
    """The register was read inside the period, and not at its end."""
    ESTIMATE_MISSING_INTERVALS = "estimate the missing intervals"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True)
class PeriodReadingsFacts:
    """The readings that came for one billing period of one meter."""

    billed_on: BilledOn = fact("Whether the meter is billed on its register or on intervals.")
    register_readings: int = fact("Valid register readings after the opening one.", default=0)
    read_at_the_end: bool = fact("Whether one of them is at the period's end.", default=False)
    intervals: int = fact("How many intervals the period has; 0 on the register.", default=0)
    intervals_missing: int = fact("How many of them have no valid value.", default=0)


@dataclass(frozen=True, slots=True)
class PeriodReadings:
    """Whether the least was obtained, and what the bill can be."""

    minimum_met: bool = fact("Whether the least readings of a period were obtained.")
    route: Route = fact("What the bill can be.")


def decide_period_readings(facts: PeriodReadingsFacts, terms: Terms) -> Decision[PeriodReadings]:
    """Whether a period's readings are enough for an actual bill (GRR V.D).

    :raises ReadingsContradict: if counts are below zero, or more is missing than there is
    """
    _sound(facts)
    if facts.billed_on is BilledOn.REGISTER:
        least = terms.whole(LEAST_REGISTER)
        enough = facts.register_readings >= least.value
        got = (
            f"{facts.register_readings} register readings in the period, {least.value} is the least"
        )
        reasons = [Reason(got, least.citation)]
        if not enough:
            return Decision(PeriodReadings(False, Route.ESTIMATE), tuple(reasons))
        if facts.read_at_the_end:
            return Decision(PeriodReadings(True, Route.ACTUAL), tuple(reasons))
        found = "none of them at the period's end: the rest of it is estimated"
        reasons.append(Reason(found, terms.clause(MINIMUM).citation))
        return Decision(PeriodReadings(True, Route.ESTIMATE_THE_REST), tuple(reasons))
    rule = terms.text(INTERVALS_ENOUGH)
    have = facts.intervals - facts.intervals_missing
    found = f"{have} of {facts.intervals} intervals are valid; they must be {rule.value}"
    reason = (Reason(found, rule.citation),)
    if facts.intervals_missing == 0:
        return Decision(PeriodReadings(True, Route.ACTUAL), reason)
    route = Route.ESTIMATE_MISSING_INTERVALS if have else Route.ESTIMATE
    return Decision(PeriodReadings(False, route), reason)


def _sound(facts: PeriodReadingsFacts) -> None:
    counts = (facts.register_readings, facts.intervals, facts.intervals_missing)
    if min(counts) < 0 or facts.intervals_missing > facts.intervals:
        raise ReadingsContradict(
            "Readings are counted from zero, and no more can be missing than there are",
            where="facts",
            do="Correct register_readings, intervals or intervals_missing",
        )
    if facts.read_at_the_end and facts.register_readings == 0:
        raise ReadingsContradict(
            "The register was read at the period's end, and not at all in the period",
            where="facts.read_at_the_end",
            do="Count that reading among register_readings",
        )
    if facts.billed_on is BilledOn.INTERVALS and facts.intervals == 0:
        raise ReadingsContradict(
            "A period billed on intervals has some",
            where="facts.intervals",
            do="Give how many intervals the period has, missing ones included",
        )


@dataclass(frozen=True, slots=True)
class ReplacementFacts:
    """A bill for which somebody would use the register in place of intervals."""

    residential: bool = fact("Whether the customer is residential.")
    usage_from_intervals: bool = fact("Whether the customer's usage comes from interval data.")
    schedule_needs_periods: bool = fact(
        "Whether the schedule billed needs usage by distinct time periods."
    )
    eligible_for_such_a_schedule: bool = fact(
        "Whether the customer may choose a schedule that needs it."
    )


@dataclass(frozen=True, slots=True)
class Replacement:
    """Whether opening and closing register readings may stand in."""

    register_may_stand_in: bool = fact("Whether the register may be billed in place of intervals.")


def decide_replacement(facts: ReplacementFacts, terms: Terms) -> Decision[Replacement]:
    """Whether the register may stand in for intervals (GRR V.D).

    From 2020-12-20 on it is enough that the customer may choose a schedule by time periods.

    :raises ReadingsContradict: if the customer is billed on a schedule that is not open to them
    """
    if facts.schedule_needs_periods and not facts.eligible_for_such_a_schedule:
        raise ReadingsContradict(
            "The customer is billed by time periods and may not choose such a schedule",
            where="facts.eligible_for_such_a_schedule",
            do="Whoever is billed on a schedule is eligible for it: correct one of the two",
        )
    allowed, whose = terms.flag(REPLACEMENT_ALLOWED), terms.text(WHOSE)
    meant = (
        facts.schedule_needs_periods
        if whose.value == BILLED
        else facts.eligible_for_such_a_schedule
    )
    if facts.residential and facts.usage_from_intervals and meant:
        found = (
            "a residential customer with interval data and a schedule by time periods, "
            f"{whose.value}: readings of the register may {'' if allowed.value else 'not '}stand in"
        )
        return Decision(Replacement(allowed.value), (Reason(found, allowed.citation),))
    found = (
        "the paragraph is for residential customers with interval data and a schedule by time "
        f"periods, {whose.value}: it forbids nothing here"
    )
    return Decision(Replacement(True), (Reason(found, whose.citation),))


PERIOD_READINGS = Rule(
    id="meters.period_readings",
    title="The least readings of a billing period",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(MINIMUM,),
    governing_day="the last day of the billing period",
    facts=PeriodReadingsFacts,
    outcome=PeriodReadings,
    values=(LEAST_REGISTER, INTERVALS_ENOUGH),
    decide=decide_period_readings,
)

REPLACEMENT = Rule(
    id="meters.register_for_intervals",
    title="Register readings in place of intervals",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(NO_REPLACEMENT,),
    governing_day="the last day of the billing period",
    facts=ReplacementFacts,
    outcome=Replacement,
    values=(REPLACEMENT_ALLOWED, WHOSE),
    decide=decide_replacement,
)

RULES = (PERIOD_READINGS, REPLACEMENT)
