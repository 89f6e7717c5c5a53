"""May a bill be estimated: the causes of the text, and at most three in a row for three of them.

Lives here      the causes, the cap and its count, the customer's own reading in place of ours.
Lives elsewhere first and last readings (``estimation_first_last``), how an estimate is made
                (``estimation_method``, the ladders), what the customer is told
                (``estimation_told``).
Read first      GRR V.E.1; readings/c_est_cap_count.yaml, c_est_flag_interval.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterledger.facts.estimates import EstimateCause
from meterledger.kernel.decision import Decision
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    CHAPTER,
    ROOM,
    EstimationFactsContradict,
    Findings,
    by_reading,
    clause_if_in_force,
)

OUTSIDE = "estimation.when.not_feasible_or_uncontrollable"
EQUIPMENT = "estimation.when.undetectable_equipment_failure"
CAPPED = "estimation.when.three_capped_causes"
CAP = "estimation.limit.three_consecutive_months"
CUSTOMER_READING = "estimation.source.customer_reading"
COUNTING = "estimation.cap_counting"
SHARE = "estimation.flag_threshold"
OFFER_END = "meters.customer_read_offer_end"
TOGETHER, ALONE = "causes_together", "each_cause_alone"
SHARE_OPTIONS = ("10", "0")
"""Percent of a period's energy, as the reading's options say it."""
NOT_ENDED = "not_ended"

OUTSIDE_WORDS = {
    EstimateCause.NOT_FEASIBLE: "not feasible",
    EstimateCause.WEATHER_EMERGENCY: "weather emergency",
    EstimateCause.WORK_STOPPAGE: "work stoppage",
    EstimateCause.NO_ACCESS: "no access",
}
CAPPED_WORDS = {
    EstimateCause.HUMAN_OR_BILLING_ERROR: "human or billing-system error",
    EstimateCause.REMOTE_DEVICE_FAILED: "remote device transmission failure",
    EstimateCause.UNDETECTED_USE_WHILE_VACANT: "undetected usage on vacant-status meter",
}
"""What the lists of the book call each cause."""


@dataclass(frozen=True, slots=True)
class BilledPeriod:
    """How one billing period before this one was billed."""

    cause: EstimateCause | None = fact("Why it was estimated; null if on actual readings alone.")
    estimated_percent: Fraction = fact(
        'Percent of its energy that was estimated: "100" where no reading was obtained.',
        default=Fraction(100),
    )


@dataclass(frozen=True, slots=True)
class MayEstimateFacts:
    """A billing period without a usable reading, and the periods before it."""

    cause: EstimateCause = fact("Why there is no usable reading. Exactly one cause.")
    earlier: tuple[BilledPeriod, ...] = fact("The billing periods before it, the oldest first.")
    detectable: bool = fact(
        "Of an equipment failure: whether a flag or a report showed it earlier.", default=False
    )


@dataclass(frozen=True, slots=True)
class MayEstimate:
    """Whether the bill may be estimated."""

    allowed: bool = fact("Whether the bill may rest on an estimate.")
    capped: bool = fact("Whether the cause is one of those that are capped.")
    in_a_row: int = fact("Estimated periods of capped causes in a row before this one.")
    actual_reading_needed: bool = fact("Whether only an actual reading can be billed now.")


def count_estimated_periods(
    earlier: Sequence[BilledPeriod],
    *,
    capped: frozenset[EstimateCause],
    above_percent: Fraction,
) -> int:
    """Periods in a row, back from the newest, that were billed on estimates for a capped cause.

    ``earlier`` is the oldest first. A period of which no more than ``above_percent`` was estimated
    rests on actual readings: it ends the row, as one without any estimate does. A period that was
    estimated for another cause neither counts nor ends it.
    """
    count = 0
    for one in reversed(earlier):
        if one.cause is None or one.estimated_percent <= above_percent:
            break
        count += one.cause in capped
    return count


def decide_may_estimate(facts: MayEstimateFacts, terms: Terms) -> Decision[MayEstimate]:
    """Whether a bill may be estimated for this cause: GRR V.E.1.

    :raises EstimationFactsContradict: for late notice, which V.E.2 governs, or a share beyond all
    :raises NoRuleInForce: before the first text
    """
    _check(facts)
    findings = Findings()
    if facts.cause in OUTSIDE_WORDS:
        causes = terms.listing("estimation_when_not_feasible_or_uncontrollable_causes")
        word = OUTSIDE_WORDS[facts.cause]
        allowed = word in causes.value
        findings.add(f"{word}: an estimate is allowed, and no number of them is too many", causes)
        return Decision(MayEstimate(allowed, False, 0, not allowed), findings.all())
    if facts.cause is EstimateCause.UNDETECTABLE_EQUIPMENT_FAILURE:
        return _equipment(facts, terms, findings)
    return _capped(facts, terms, findings)


def _check(facts: MayEstimateFacts) -> None:
    if facts.cause is EstimateCause.LATE_NOTIFICATION:
        raise EstimationFactsContradict(
            "A late notice is no cause of GRR V.E.1",
            why="Readings for a first or last bill are governed by GRR V.E.2",
            do="Ask the rule 'estimation.first_last'",
        )
    for one in facts.earlier:
        if not 0 <= one.estimated_percent <= 100:
            raise EstimationFactsContradict(
                f"{number_text(one.estimated_percent)} percent of a period cannot be estimated",
                do="Give a share from 0 to 100 percent",
            )


def _equipment(facts: MayEstimateFacts, terms: Terms, findings: Findings) -> Decision[MayEstimate]:
    if clause_if_in_force(terms, EQUIPMENT) is None:
        return _not_in_the_text(facts, terms, findings)
    cause = terms.text("estimation_when_undetectable_equipment_failure_cause")
    if facts.detectable:
        findings.add(
            f"a flag or a report showed the failure earlier: it is no {cause.value}",
            cause,
        )
        return Decision(MayEstimate(False, False, 0, True), findings.all())
    findings.add(f"{cause.value}: an estimate is allowed, and is not capped", cause)
    return Decision(MayEstimate(True, False, 0, False), findings.all())


def _not_in_the_text(
    facts: MayEstimateFacts, terms: Terms, findings: Findings
) -> Decision[MayEstimate]:
    """The first text knows the causes outside of the company's control alone."""
    words = facts.cause.value.replace("_", " ")
    findings.add(f"{words} is no cause that the text of this day names", terms.clause(OUTSIDE))
    return Decision(MayEstimate(False, False, 0, True), findings.all())


def _capped(facts: MayEstimateFacts, terms: Terms, findings: Findings) -> Decision[MayEstimate]:
    if clause_if_in_force(terms, CAPPED) is None:
        return _not_in_the_text(facts, terms, findings)
    causes = terms.listing("estimation_when_three_capped_causes")
    most = terms.whole("estimation_limit_three_consecutive_months_max_consecutive_months")
    word = CAPPED_WORDS[facts.cause]
    capped = frozenset(one for one, said in CAPPED_WORDS.items() if said in causes.value)
    in_a_row = _in_a_row(facts, capped, terms)
    allowed = in_a_row < most.value
    findings.add(f"{word}: one of the causes that are capped together", causes)
    if allowed:
        findings.add(
            f"{in_a_row} estimated in a row before it, at most {most.value} may be: it may be, too",
            most,
        )
    else:
        findings.add(
            f"{in_a_row} estimated in a row before it, at most {most.value} may be: only an actual "
            "reading can be billed",
            most,
        )
    return Decision(MayEstimate(allowed, True, in_a_row, not allowed), findings.all())


def _in_a_row(facts: MayEstimateFacts, capped: frozenset[EstimateCause], terms: Terms) -> int:
    """The count before this period. A reading is asked only where its options count apart."""

    def counted(causes: frozenset[EstimateCause]) -> dict[str, int]:
        return {
            percent: count_estimated_periods(
                facts.earlier, capped=causes, above_percent=Fraction(percent)
            )
            for percent in SHARE_OPTIONS
        }

    counts = {TOGETHER: counted(capped), ALONE: counted(frozenset({facts.cause}))}
    return by_reading(terms, SHARE, by_reading(terms, COUNTING, counts))


@dataclass(frozen=True, slots=True)
class CustomerReadingFacts:
    """A reading that the customer supplied for a period the company could not read."""

    register_wh: int = fact("The register as the customer read it, in watt-hours.")
    opening_wh: int = fact("The opening register of the period, in watt-hours.")


@dataclass(frozen=True, slots=True)
class CustomerReadingUse:
    """Whether the bill is computed from the customer's reading."""

    used: bool = fact("Whether it stands in place of the company's estimate.")
    energy_wh: int | None = fact("The energy of the period by it; null where it is not used.")
    flagged: bool = fact("Whether the bill still says that it is estimated.")


def decide_customer_reading(
    facts: CustomerReadingFacts, terms: Terms
) -> Decision[CustomerReadingUse]:
    """Whether a customer's own reading stands in place of an estimate: GRR V.E.1 until 2020-07-09.

    :raises EstimationFactsContradict: if the register went backwards
    """
    if facts.register_wh < facts.opening_wh:
        raise EstimationFactsContradict(
            f"The customer's reading of {facts.register_wh} Wh lies below the opening one of "
            f"{facts.opening_wh} Wh",
            do="Ask the customer again, or read the meter; a register that rolled over is unwound "
            "before",
        )
    findings = Findings()
    ended = terms.ended(CUSTOMER_READING)
    if ended is not None and terms.reading(OFFER_END) != NOT_ENDED:
        findings.add("customers' readings have left the text on estimates", ended)
        return Decision(CustomerReadingUse(False, None, True), findings.all())
    clause = ended or terms.clause(CUSTOMER_READING)
    findings.add(
        "the customer's reading stands in place of the company's estimate; the bill is an "
        "estimated bill all the same",
        clause,
    )
    energy = facts.register_wh - facts.opening_wh
    return Decision(CustomerReadingUse(True, energy, True), findings.all())


MAY_ESTIMATE = Rule(
    id="estimation.may_estimate",
    title="Whether a bill may be estimated, by cause and count",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(OUTSIDE, EQUIPMENT, CAPPED, CAP),
    governing_day="the last day of the billing period that is estimated",
    facts=MayEstimateFacts,
    outcome=MayEstimate,
    values=(
        "estimation_when_not_feasible_or_uncontrollable_causes",
        "estimation_when_undetectable_equipment_failure_cause",
        "estimation_when_three_capped_causes",
        "estimation_limit_three_consecutive_months_max_consecutive_months",
    ),
    readings=(COUNTING, SHARE),
    decide=decide_may_estimate,
)

CUSTOMER_READING_RULE = Rule(
    id="estimation.customer_reading",
    title="A customer's own reading in place of an estimate",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(CUSTOMER_READING,),
    governing_day="the last day of the billing period",
    facts=CustomerReadingFacts,
    outcome=CustomerReadingUse,
    values=(),
    readings=(OFFER_END,),
    decide=decide_customer_reading,
)
