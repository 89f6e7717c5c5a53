"""Which method estimates a meter's period: by technology, what it is billed on, and its age.

Lives here      the choice between the general method (until 2020-07-09), average daily use, a
                person, the ladder of registers and the ladder of intervals; where the stretch to
                estimate begins.
Lives elsewhere the methods themselves (``estimation_general``, ``estimation_daily_use``,
                ``estimation_register``, ``estimation_intervals``).
Read first      GRR V.E.3; readings/c_est_ami_overlap.yaml, c_est_ami_no_read.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.decision import Decision
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    CHAPTER,
    ESCAPE,
    ROOM,
    BilledOn,
    EstimationFactsContradict,
    Findings,
    MeterTechnology,
    by_reading,
)

GENERAL = "estimation.general.same_month_prior_year"
BASIC = "estimation.basic.scope"
BY_HAND = "estimation.amr_interval.manual"
REGISTER = "estimation.ami_register.scope"
INTERVAL = "estimation.ami_interval.ladder"
OVERLAP = "estimation.young_ami_interval"
NO_READ = "estimation.ami_register_no_read"
LADDER_OVER_THE_PERIOD, MANUAL_ESTIMATE = "ladder_over_the_period", "manual_estimate"
MIN_PERIODS = "estimation_ami_register_scope_min_billing_periods"
AGE_LIMIT = "estimation_basic_scope_ami_age_limit_billing_periods"
AGE_COMPARISON = "estimation_basic_scope_comparison"


class EstimationMethod(Enum):
    """How a period is estimated."""

    NOTHING = "nothing_to_estimate"
    """The meter was read on the last day: its register is the whole period."""
    GENERAL = "general"
    """The same month of the prior year, or the preceding month: until 2020-07-09."""
    AVERAGE_DAILY_USE = "average_daily_use"
    BY_HAND = "by_hand"
    """A person estimates; nothing does so by itself."""
    REGISTER_LADDER = "register_ladder"
    INTERVAL_LADDER = "interval_ladder"


@dataclass(frozen=True, slots=True)
class MeterToEstimate:
    """A meter, its billing period, and what of it was measured.

    A period runs from its opening read's day until its closing read's day.
    """

    technology: MeterTechnology = fact("How the meter is read.")
    billed_on: BilledOn = fact("What its bills are worked out from.")
    periods_in_service: int = fact("Billing periods that it has been in service.")
    from_day: date = fact("The opening read's day.")
    until_day: date = fact("The closing read's day.")
    last_valid_read_on: date | None = fact(
        "The day of the last valid register read in the period, opening and closing day included; "
        "null if there is none.",
        default=None,
    )
    some_intervals_valid: bool = fact(
        "Whether any interval of the period was measured.", default=False
    )


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """The method, and what it is to estimate."""

    method: EstimationMethod = fact("How the period is estimated.")
    automatic: bool = fact("Whether it may be done without a person.")
    estimate_from: date | None = fact(
        "The first day to estimate; null where single intervals, or nothing, are to be estimated."
    )
    shape_flat: bool = fact(
        "Whether the estimated total is spread evenly over the period's intervals.", default=False
    )
    without_current_period: bool = fact(
        "Whether the steps that need data of the current period are skipped.", default=False
    )


def decide_method(facts: MeterToEstimate, terms: Terms) -> Decision[MethodChoice]:
    """Which method estimates the period: GRR V.E.3.

    :raises EstimationFactsContradict: if days or ages do not fit each other
    :raises NoRuleInForce: before the first text
    """
    _check(facts)
    findings = Findings()
    ended = terms.ended(GENERAL)
    if ended is None:
        findings.add(
            "the text of this day estimates every meter by a month's use", terms.clause(GENERAL)
        )
        general = MethodChoice(EstimationMethod.GENERAL, True, facts.from_day)
        return Decision(general, findings.all())
    if facts.technology is MeterTechnology.MANUAL:
        findings.add("it cannot communicate: average daily use", terms.clause(BASIC))
        return Decision(_basic(facts), findings.all())
    if facts.technology is MeterTechnology.AMR:
        return _amr(facts, terms, findings)
    if facts.billed_on is BilledOn.REGISTER:
        return _ami_register(facts, terms, findings)
    return _ami_interval(facts, terms, findings)


def _check(facts: MeterToEstimate) -> None:
    if facts.until_day <= facts.from_day:
        raise EstimationFactsContradict(
            f"The billing period from {facts.from_day} until {facts.until_day} has no day",
            do="Give the day of the opening read, and the later one of the closing read",
        )
    if facts.periods_in_service < 0:
        raise EstimationFactsContradict(
            f"A meter is not {facts.periods_in_service} billing periods in service",
            do="Give 0 for one in its first period",
        )
    read_on = facts.last_valid_read_on
    if read_on is not None and not facts.from_day <= read_on <= facts.until_day:
        raise EstimationFactsContradict(
            f"The read of {read_on} is not from {facts.from_day} to {facts.until_day}",
            do="Give the last valid read of the period, or null",
        )


def _basic(facts: MeterToEstimate, *, shape_flat: bool = False) -> MethodChoice:
    return MethodChoice(
        EstimationMethod.AVERAGE_DAILY_USE, True, facts.from_day, shape_flat=shape_flat
    )


def _amr(facts: MeterToEstimate, terms: Terms, findings: Findings) -> Decision[MethodChoice]:
    if facts.billed_on is BilledOn.REGISTER:
        findings.add("an AMR meter billed on its register: average daily use", terms.clause(BASIC))
        return Decision(_basic(facts), findings.all())
    automatic = terms.flag("estimation_amr_interval_manual_automation_allowed")
    findings.add(
        "an AMR meter billed on intervals: a person estimates, so that the customer's own "
        "circumstances are weighed",
        automatic,
    )
    by_hand = MethodChoice(EstimationMethod.BY_HAND, automatic.value, facts.from_day)
    return Decision(by_hand, findings.all())


def is_young(periods_in_service: int, terms: Terms, findings: Findings) -> bool:
    """Whether an AMI meter has served too few billing periods for the ladder of registers."""
    limit = terms.whole(AGE_LIMIT)
    compared = terms.text(AGE_COMPARISON)
    young = periods_in_service < limit.value
    findings.add(
        f"{periods_in_service} billing periods in service, young where {compared.value}: "
        f"{'young' if young else 'not young'}",
        limit,
    )
    return young


def _ami_register(
    facts: MeterToEstimate, terms: Terms, findings: Findings
) -> Decision[MethodChoice]:
    if is_young(facts.periods_in_service, terms, findings):
        return Decision(_basic(facts), findings.all())
    return Decision(
        register_stretch(
            facts.periods_in_service,
            facts.from_day,
            facts.until_day,
            facts.last_valid_read_on,
            terms,
            findings,
        ),
        findings.all(),
    )


def register_stretch(
    periods_in_service: int,
    from_day: date,
    until_day: date,
    read_on: date | None,
    terms: Terms,
    findings: Findings,
) -> MethodChoice:
    """What the ladder of registers estimates of a period; a read on the opening day is no read."""
    least = terms.whole(MIN_PERIODS)
    findings.add(
        f"an AMI meter billed on its register, {periods_in_service} of at least {least.value} "
        "billing periods in service",
        least,
    )
    needs_read = terms.flag("estimation_ami_register_scope_requires_valid_read_in_period")
    if read_on is not None and from_day < read_on:
        if read_on == until_day:
            findings.add(f"read on {read_on}, the last day: nothing is estimated", needs_read)
            return MethodChoice(EstimationMethod.NOTHING, True, None)
        findings.add(
            f"the valid read of {read_on} is kept, and the days from it until {until_day} are "
            "estimated",
            needs_read,
        )
        return MethodChoice(EstimationMethod.REGISTER_LADDER, True, read_on)
    findings.add("no valid read in the period: the text covers neither a nor c", needs_read)
    ladder = MethodChoice(
        EstimationMethod.REGISTER_LADDER, True, from_day, without_current_period=True
    )
    by_hand = MethodChoice(EstimationMethod.BY_HAND, False, from_day)
    chosen = by_reading(terms, NO_READ, {LADDER_OVER_THE_PERIOD: ladder, MANUAL_ESTIMATE: by_hand})
    findings.add(
        "the ladder runs over the whole period, without the steps that need its own data"
        if chosen is ladder
        else "a person estimates the period",
        terms.clause(ESCAPE),
    )
    return chosen


def _ami_interval(
    facts: MeterToEstimate, terms: Terms, findings: Findings
) -> Decision[MethodChoice]:
    ladder = MethodChoice(EstimationMethod.INTERVAL_LADDER, True, None)
    if not is_young(facts.periods_in_service, terms, findings):
        findings.add("an AMI meter billed on intervals: their ladder", terms.clause(INTERVAL))
        return Decision(ladder, findings.all())
    total = _basic(facts, shape_flat=True)
    by_intervals = ladder if facts.some_intervals_valid else total
    chosen = by_reading(
        terms,
        OVERLAP,
        {
            "by_valid_intervals": by_intervals,
            "average_daily_use": total,
            "interval_ladder": ladder,
        },
    )
    if chosen is ladder:
        findings.add(
            "an AMI meter billed on intervals: each missing one by their ladder, whatever its age",
            terms.clause(INTERVAL),
        )
    else:
        findings.add(
            "a young AMI meter: average daily use for the period, spread evenly",
            terms.clause(BASIC),
        )
    return Decision(chosen, findings.all())


METHOD = Rule(
    id="estimation.method",
    title="Which method estimates a meter's period",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(GENERAL, BASIC, BY_HAND, REGISTER, INTERVAL, ESCAPE),
    governing_day="the billing period estimated",
    facts=MeterToEstimate,
    outcome=MethodChoice,
    values=(
        AGE_LIMIT,
        AGE_COMPARISON,
        MIN_PERIODS,
        "estimation_ami_register_scope_requires_valid_read_in_period",
        "estimation_amr_interval_manual_automation_allowed",
    ),
    readings=(OVERLAP, NO_READ),
    decide=decide_method,
)
