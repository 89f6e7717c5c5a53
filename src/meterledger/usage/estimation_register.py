"""The ladder of AMI registers: fifteen steps in order, the first that succeeds is the estimate.

Lives here      walking the steps as the book's values describe them, why each failed, what makes a
                result flawed, what the customer is shown.
Lives elsewhere what one step finds (``estimation_rungs``), when this ladder is used
                (``estimation_method``), similar customers (``estimation_similar``).
Read first      GRR V.E.3.c; readings/c_est_ami_no_read.yaml, c_ladder_former_occupant.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.facts.estimates import Method
from meterledger.kernel.decision import Decision
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    BY_HAND_SHOWN,
    CHAPTER,
    ESCAPE,
    ROOM,
    BillingPeriod,
    EstimationFactsContradict,
    Findings,
    PastPeriod,
    check_periods,
)
from meterledger.usage.estimation_method import (
    MIN_PERIODS,
    NO_READ,
    REGISTER,
    EstimationMethod,
    register_stretch,
)
from meterledger.usage.estimation_rungs import (
    STEPS,
    ElapsedPart,
    GoodDay,
    RungInputs,
    RungResult,
    Step,
    read_step,
    rung_values,
    try_step,
)
from meterledger.usage.estimation_similar import SimilarSearch

DISPLAY = "estimation.location_history_display"
USED_NEVER_SHOWN, NOT_USED = "used_never_shown", "not_used"
ORDER = "estimation_ami_register_scope_order"
DEVIATIONS = "estimation_methods_general_and_escape_deviation_reasons"


@dataclass(frozen=True, slots=True)
class ValidRead:
    """A valid register read in the billing period."""

    on: date = fact("The day on which it was read.")
    register_wh: int = fact("The register, in watt-hours.")


@dataclass(frozen=True, slots=True)
class RegisterLadderFacts:
    """An AMI meter billed on its register, and all that is known for its estimate."""

    period: BillingPeriod = fact("The billing period.")
    periods_in_service: int = fact("Billing periods that the meter has been in service.")
    opening_wh: int = fact("The register at the opening read, in watt-hours.")
    last_valid_read: ValidRead | None = fact("The last valid read in the period; null if none.")
    history: tuple[PastPeriod, ...] = fact("Earlier billing periods of the location.", default=())
    elapsed: tuple[ElapsedPart, ...] = fact(
        "Stretches of this period that were measured.", default=()
    )
    good_days: tuple[GoodDay, ...] = fact("Days of the location that were measured.", default=())
    similar: SimilarSearch | None = fact("Customers that may be similar.", default=None)
    most_daily_wh: int | None = fact(
        "The most that the service can use in a day; null where no bound is known.", default=None
    )


@dataclass(frozen=True, slots=True)
class LadderEstimate:
    """An estimate, with the rung that gave it and what is kept beside it."""

    energy_wh: int | None = fact("The energy estimated; null where a person must estimate.")
    closing_wh: int | None = fact("The closing register: the last valid read and the estimate.")
    days: int = fact("Days estimated.")
    rung: str | None = fact("The provision of the step that succeeded; null if none did.")
    method: str = fact("The code word of the method, as the lake keeps it.")
    inputs: tuple[str, ...] = fact("What the figure was made from. For the record, not to show.")
    failed: tuple[str, ...] = fact("Each step that was tried before, and why it failed.")
    former_occupant: bool = fact("Whether another customer's use at the location went into it.")
    similar_customer: bool = fact("Whether a similar customer's use went into it.")
    rests_on_an_estimate: bool = fact("Whether a period that it rests on was itself estimated.")
    shown_as: str = fact("What the customer is told of the method: never another's figures.")

    @property
    def method_code(self) -> Method:
        """The lake's code of the method."""
        return Method[self.method.upper()]


def decide_register_ladder(facts: RegisterLadderFacts, terms: Terms) -> Decision[LadderEstimate]:
    """The estimate of the days after the last valid read, by the first step that succeeds.

    Exact until watt-hours are rounded once, half up. GRR V.E.3.c.

    :raises EstimationFactsContradict: if facts do not fit each other, or the meter is too young
    :raises NoRuleInForce: before 2020-07-09
    """
    _check(facts, terms)
    findings = Findings()
    stretch = register_stretch(
        facts.periods_in_service,
        facts.period.from_day,
        facts.period.until_day,
        facts.last_valid_read.on if facts.last_valid_read else None,
        terms,
        findings,
    )
    if stretch.method is EstimationMethod.NOTHING:
        return Decision(_nothing(facts), findings.all())
    if stretch.method is EstimationMethod.BY_HAND or stretch.estimate_from is None:
        period = facts.period
        return Decision(_by_hand((period.until_day - period.from_day).days, ()), findings.all())
    inputs = RungInputs(
        period=facts.period,
        estimate_from=stretch.estimate_from,
        history=facts.history,
        elapsed=() if stretch.without_current_period else facts.elapsed,
        good_days=facts.good_days,
        similar=facts.similar,
    )
    return Decision(_climb(facts, inputs, terms, findings), findings.all())


def _check(facts: RegisterLadderFacts, terms: Terms) -> None:
    check_periods(facts.period, facts.history)
    least = terms.whole(MIN_PERIODS)
    if facts.periods_in_service < least.value:
        raise EstimationFactsContradict(
            f"A meter of {facts.periods_in_service} billing periods is not estimated by this "
            "ladder",
            why=f"It takes {least.value} ({least.citation.text})",
            do="Ask the rule 'estimation.daily_use'",
        )
    read = facts.last_valid_read
    if read is not None:
        if not facts.period.from_day <= read.on <= facts.period.until_day:
            raise EstimationFactsContradict(
                f"The read of {read.on} is not from {facts.period.from_day} to "
                f"{facts.period.until_day}",
                do="Give the last valid read of the period, or null",
            )
        if read.register_wh < facts.opening_wh:
            raise EstimationFactsContradict(
                f"The register went from {facts.opening_wh} back to {read.register_wh} Wh",
                do="Unwind a register that rolled over, or hold the reading",
            )


def _nothing(facts: RegisterLadderFacts) -> LadderEstimate:
    read = facts.last_valid_read
    return LadderEstimate(
        energy_wh=0,
        closing_wh=read.register_wh if read else facts.opening_wh,
        days=0,
        rung=None,
        method=Method.AS_RECEIVED.word,
        inputs=(),
        failed=(),
        former_occupant=False,
        similar_customer=False,
        rests_on_an_estimate=False,
        shown_as="an actual reading",
    )


def _by_hand(days: int, failed: tuple[str, ...]) -> LadderEstimate:
    return LadderEstimate(
        energy_wh=None,
        closing_wh=None,
        days=days,
        rung=None,
        method=Method.BY_HAND.word,
        inputs=(),
        failed=failed,
        former_occupant=False,
        similar_customer=False,
        rests_on_an_estimate=False,
        shown_as=BY_HAND_SHOWN,
    )


def _climb(
    facts: RegisterLadderFacts, inputs: RungInputs, terms: Terms, findings: Findings
) -> LadderEstimate:
    order = terms.text(ORDER)
    findings.add(f"the steps in their order: {order.value}", order)
    failed: list[str] = []
    for provision in STEPS:
        step = read_step(provision, terms)
        result = try_step(step, inputs, terms)
        why = _why_not(step, result, facts, inputs, terms, findings)
        if why is None and result.exact is not None:
            findings.add(f"step {step.number.value} succeeds: {result.says}", step.subject)
            return _succeeded(step, result, result.exact, facts, inputs, tuple(failed))
        failed.append(f"step {step.number.value}: {why}")
        findings.add(f"step {step.number.value} fails: {why}", step.subject)
    findings.add(
        "no step succeeds: a person estimates, as where the methods fail", terms.listing(DEVIATIONS)
    )
    return _by_hand(inputs.days, tuple(failed))


def _why_not(
    step: Step,
    result: RungResult,
    facts: RegisterLadderFacts,
    inputs: RungInputs,
    terms: Terms,
    findings: Findings,
) -> str | None:
    """Why a step does not give the estimate; None where it does."""
    if result.exact is None:
        return result.says
    flaw = flaw_of(result.exact, inputs.days, facts.most_daily_wh)
    if flaw is not None:
        reasons = terms.listing(DEVIATIONS)
        findings.add(f"flawed estimate of step {step.number.value}: the next one is tried", reasons)
        return flaw
    if result.former and terms.reading(DISPLAY) == NOT_USED:
        return "another customer's use of the location is not used"
    return None


def flaw_of(exact_wh: Fraction, days: int, most_daily_wh: int | None) -> str | None:
    """What makes a result flawed: below nothing, or more than the service can use. None if fine.

    Without figures: a flawed result may be another customer's.
    """
    if exact_wh < 0:
        return "the result is below zero"
    if most_daily_wh is not None and exact_wh > most_daily_wh * days:
        return "the result is more than the service can use"
    return None


def _succeeded(
    step: Step,
    result: RungResult,
    exact: Fraction,
    facts: RegisterLadderFacts,
    inputs: RungInputs,
    failed: tuple[str, ...],
) -> LadderEstimate:
    energy_wh = to_whole_half_up(exact)
    read = facts.last_valid_read
    start_wh = facts.opening_wh
    if read is not None and read.on == inputs.estimate_from:
        start_wh = read.register_wh
    return LadderEstimate(
        energy_wh=energy_wh,
        closing_wh=start_wh + energy_wh,
        days=inputs.days,
        rung=step.provision,
        method=step.method.word,
        inputs=result.inputs,
        failed=failed,
        former_occupant=result.former,
        similar_customer=result.similar,
        rests_on_an_estimate=result.chained,
        shown_as=result.shown_as,
    )


REGISTER_LADDER = Rule(
    id="estimation.register_ladder",
    title="The ladder of fifteen steps for AMI registers",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(REGISTER, *STEPS, ESCAPE),
    governing_day="the billing period estimated",
    facts=RegisterLadderFacts,
    outcome=LadderEstimate,
    values=(
        MIN_PERIODS,
        "estimation_ami_register_scope_requires_valid_read_in_period",
        ORDER,
        DEVIATIONS,
        *rung_values(),
    ),
    readings=(NO_READ, DISPLAY),
    decide=decide_register_ladder,
)
