"""Average daily use: the basic method for meters read by hand, AMR registers and young AMI meters.

Lives here      three steps: the matching period of the prior year, the preceding period, a similar
                customer; a customer's missing report under the statute takes own use alone.
Lives elsewhere which meters it is for (``estimation_method``), what is flawed
                (``estimation_register``).
Read first      GRR V.E.3.a; readings/c_statute_est_method.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from meterledger.facts.estimates import Method
from meterledger.kernel.decision import Decision
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    BY_HAND_SHOWN,
    CHAPTER,
    ESCAPE,
    ROOM,
    BillingPeriod,
    EstimationFactsContradict,
    Findings,
    Occupant,
    PastPeriod,
    by_reading,
    check_periods,
    daily_use,
    matching,
    month_before,
    preceding,
)
from meterledger.usage.estimation_register import DEVIATIONS, flaw_of
from meterledger.usage.estimation_similar import CRITERIA, SimilarSearch, similar_customers

PRIOR_YEAR_USE = "estimation.basic.prior_year_adu"
PRECEDING_USE = "estimation.basic.preceding_period_adu"
SIMILAR_USE = "estimation.basic.similar_or_other"
STATUTE = "opt_out.estimate_method"
OWN_USE_ONLY, WHOLE_LADDER = "own_prior_use_only", "whole_ladder"


@dataclass(frozen=True, slots=True)
class DailyUseFacts:
    """A billing period to estimate by average daily use."""

    period: BillingPeriod = fact("The billing period.")
    estimate_from: date = fact("The first day to estimate: the period's own where none was read.")
    history: tuple[PastPeriod, ...] = fact("Earlier billing periods of the location.", default=())
    similar: SimilarSearch | None = fact("Customers that may be similar.", default=None)
    report_missing: bool = fact(
        "Whether a customer who reads a traditional meter under RSMo 386.820 did not report.",
        default=False,
    )
    most_daily_wh: int | None = fact(
        "The most that the service can use in a day; null where no bound is known.", default=None
    )


@dataclass(frozen=True, slots=True)
class DailyUseEstimate:
    """The estimate, with the step that gave it."""

    energy_wh: int | None = fact("The energy estimated; null where a person must estimate.")
    days: int = fact("Days estimated.")
    rung: str | None = fact("The provision of the step that succeeded; null if none did.")
    method: str = fact("The code word of the method, as the lake keeps it.")
    inputs: tuple[str, ...] = fact("What the figure was made from. For the record, not to show.")
    failed: tuple[str, ...] = fact("Each step that was tried before, and why it failed.")
    similar_customer: bool = fact("Whether a similar customer's use went into it.")
    rests_on_an_estimate: bool = fact("Whether a period that it rests on was itself estimated.")
    shown_as: str = fact("What the customer is told of the method: never another's figures.")

    @property
    def method_code(self) -> Method:
        """The lake's code of the method."""
        return Method[self.method.upper()]


@dataclass(frozen=True, slots=True)
class _Try:
    """One step: its provision, number and method, and what it may take."""

    provision: str
    step: DatedValue[int]
    method: Method
    parts: tuple[PastPeriod, ...]
    of: str
    similar: bool = False


def decide_daily_use(facts: DailyUseFacts, terms: Terms) -> Decision[DailyUseEstimate]:
    """The estimate by average daily use times the days to estimate: GRR V.E.3.a.

    Exact until watt-hours are rounded once, half up.

    :raises EstimationFactsContradict: if days do not fit each other
    :raises NoRuleInForce: before 2020-07-09
    """
    check_periods(facts.period, facts.history)
    if not facts.period.from_day <= facts.estimate_from < facts.period.until_day:
        raise EstimationFactsContradict(
            f"The first day to estimate, {facts.estimate_from}, does not lie in the period",
            do=f"Give a day from {facts.period.from_day}, before {facts.period.until_day}",
        )
    findings = Findings()
    failed: list[str] = []
    for one in _own_steps(facts, terms):
        found = _tried(one, facts, terms, findings, failed)
        if found is not None:
            return Decision(found, findings.all())
    return Decision(_by_similar(facts, terms, findings, failed), findings.all())


def _own_steps(facts: DailyUseFacts, terms: Terms) -> Iterable[_Try]:
    own = tuple(one for one in facts.history if one.occupant is Occupant.SAME)
    yield _Try(
        PRIOR_YEAR_USE,
        terms.whole("estimation_basic_prior_year_adu_step"),
        Method.PRIOR_YEAR_DAILY_USE,
        matching(own, facts.period.year - 1, facts.period.number),
        "the matching billing period of the prior year",
    )
    yield _Try(
        PRECEDING_USE,
        terms.whole("estimation_basic_preceding_period_adu_step"),
        Method.PRECEDING_PERIOD_DAILY_USE,
        preceding(own, facts.period),
        "the immediately preceding billing period",
    )


def _by_similar(
    facts: DailyUseFacts, terms: Terms, findings: Findings, failed: list[str]
) -> DailyUseEstimate:
    """The third step; a missing report under the statute may not take it, by the reading."""
    step = terms.whole("estimation_basic_similar_or_other_step")
    criteria = terms.listing(CRITERIA)
    looked_at = [(facts.period.year - 1, facts.period.number), month_before(facts.period)]
    for one in similar_customers(facts.similar):
        for year, number in looked_at:
            parts = matching(one.history, year, number)
            if daily_use(parts) is None:
                continue
            attempt = _Try(
                SIMILAR_USE,
                step,
                Method.SIMILAR_CUSTOMER_OR_OTHER,
                parts,
                f"a similar customer ({', '.join(criteria.value)})",
                similar=True,
            )
            found = _flawless(attempt, facts)
            if found is None:
                continue
            if facts.report_missing and not by_reading(
                terms, STATUTE, {OWN_USE_ONLY: False, WHOLE_LADDER: True}
            ):
                why = "a missing report is estimated from the customer's own earlier use alone"
                findings.add(f"step {step.value} fails: {why}", step)
                return _by_hand(facts, terms, findings, [*failed, f"step {step.value}: {why}"])
            findings.add(f"step {step.value} succeeds: {attempt.of}", step)
            return replace(found, failed=tuple(failed))
    why = "no similar customer's use is known"
    findings.add(f"step {step.value} fails: {why}", step)
    return _by_hand(facts, terms, findings, [*failed, f"step {step.value}: {why}"])


def _tried(
    one: _Try, facts: DailyUseFacts, terms: Terms, findings: Findings, failed: list[str]
) -> DailyUseEstimate | None:
    use = daily_use(one.parts)
    number = one.step.value
    if use is None:
        why = f"the customer has no use of {one.of}"
    else:
        found = _flawless(one, facts)
        if found is not None:
            findings.add(
                f"step {number} succeeds: {one.of}, {use.energy_wh} Wh over {use.days} days, times "
                f"{found.days} days",
                one.step,
            )
            return replace(found, failed=tuple(failed))
        why = str(flaw_of(use.exact * _days(facts), _days(facts), facts.most_daily_wh))
        findings.add(
            f"flawed estimate of step {number}: the next one is tried", terms.listing(DEVIATIONS)
        )
    failed.append(f"step {number}: {why}")
    findings.add(f"step {number} fails: {why}", one.step)
    return None


def _days(facts: DailyUseFacts) -> int:
    return (facts.period.until_day - facts.estimate_from).days


def _flawless(one: _Try, facts: DailyUseFacts) -> DailyUseEstimate | None:
    """The estimate of a step that has a history; None if it is flawed."""
    use = daily_use(one.parts)
    days = _days(facts)
    if use is None or flaw_of(use.exact * days, days, facts.most_daily_wh) is not None:
        return None
    return DailyUseEstimate(
        energy_wh=to_whole_half_up(use.exact * days),
        days=days,
        rung=one.provision,
        method=one.method.word,
        inputs=(f"{one.of}: {number_text(use.exact)} Wh a day", f"days estimated: {days}"),
        failed=(),
        similar_customer=one.similar,
        rests_on_an_estimate=use.estimated,
        shown_as="the use of similar customers" if one.similar else f"daily use in {one.of}",
    )


def _by_hand(
    facts: DailyUseFacts, terms: Terms, findings: Findings, failed: list[str]
) -> DailyUseEstimate:
    findings.add(
        "no step succeeds: another method, by a person, as where the methods fail",
        terms.listing(DEVIATIONS),
    )
    return DailyUseEstimate(
        energy_wh=None,
        days=_days(facts),
        rung=None,
        method=Method.BY_HAND.word,
        inputs=(),
        failed=tuple(failed),
        similar_customer=False,
        rests_on_an_estimate=False,
        shown_as=BY_HAND_SHOWN,
    )


DAILY_USE = Rule(
    id="estimation.daily_use",
    title="The estimate by average daily use",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(PRIOR_YEAR_USE, PRECEDING_USE, SIMILAR_USE, ESCAPE),
    governing_day="the billing period estimated",
    facts=DailyUseFacts,
    outcome=DailyUseEstimate,
    values=(
        "estimation_basic_prior_year_adu_step",
        "estimation_basic_preceding_period_adu_step",
        "estimation_basic_similar_or_other_step",
        CRITERIA,
        DEVIATIONS,
    ),
    readings=(STATUTE,),
    decide=decide_daily_use,
)
