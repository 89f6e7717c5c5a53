"""Reviews of the monthly amount of a budget plan: yearly, and twice between.

Lives here      by when a plan is re-evaluated and its new amount; the interim reviews, which only
                raise; no adjustment in two months running.
Lives elsewhere the recurring month (``budget_elections``), what a year is expected to cost
                (given), the balance built up (``budget_settlement``).
Read first      GRR V.I.2 and V.I.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.billing.budget_calendar import (
    CHAPTER,
    ROOM,
    Month,
    PlanFactsContradict,
    UnknownPlanRule,
    because,
    month_of,
    month_words,
    months_between,
    not_after,
)
from meterledger.billing.budget_plan import monthly_share
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display, usd_text
from meterledger.kernel.months import months_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

GAP = "budget_adjust_not_two_in_a_row_min_gap_months"
REVIEW_MONTHS = "budget_adjust_fourth_eighth_month_review_months_before"
LEAST_RAISE = "budget_adjust_fourth_eighth_month_min_increase_usd"
DIRECTION = "budget_adjust_fourth_eighth_month_direction"
COMPARISON = "budget_adjust_fourth_eighth_month_comparison"
LAST_ADJUSTED = (
    "The bill on which the monthly amount was last adjusted; null if it never was. The first "
    "amount is no adjustment."
)


@dataclass(frozen=True, slots=True)
class ReevaluationFacts:
    """A plan that is to be re-evaluated to actual use."""

    last_evaluated: date = fact("The day of the last re-evaluation, or of enrollment.")
    current_cents: Cents = fact("The monthly amount today.")
    annual_cost_on_actual_use_cents: Cents | None = fact(
        "The yearly cost as re-evaluated on actual use; null while it is only asked by when.",
        default=None,
    )
    last_adjusted: date | None = fact(LAST_ADJUSTED, default=None)


@dataclass(frozen=True, slots=True)
class Reevaluation:
    """By when the plan is re-evaluated, and the amount that comes of it."""

    due_by: date = fact("The last day on which the re-evaluation is in time.")
    overdue: bool = fact("Whether that day is over.")
    new_amount_cents: Cents | None = fact(
        "The monthly amount from this bill on; null while no yearly cost is given."
    )


def decide_reevaluation(facts: ReevaluationFacts, terms: Terms) -> Decision[Reevaluation]:
    """By when a plan is to be re-evaluated, and its new monthly amount (GRR V.I.2).

    Unlike an interim review it may lower the amount.

    :raises PlanFactsContradict: if a day of the past lies after the day that counts, or an amount
        is below zero
    """
    not_after(
        facts.last_evaluated, terms.day, key="last_evaluated", what="The plan was last evaluated"
    )
    _not_negative(facts.current_cents, "current_usd")
    interval = terms.whole("budget_reevaluation_at_least_yearly_max_interval_months")
    due_by = months_after(facts.last_evaluated, interval.value)
    overdue = terms.day > due_by
    found = (
        f"evaluated on {facts.last_evaluated} and again within {interval.value} months: by "
        f"{due_by}, {'which is over' if overdue else 'in time'} on {terms.day}"
    )
    reasons = (because(found, interval.citation),)
    if facts.annual_cost_on_actual_use_cents is None:
        return Decision(Reevaluation(due_by, overdue, None), reasons)
    fraction = terms.number("budget_amount_initial_fraction")
    annual = facts.annual_cost_on_actual_use_cents
    amount = monthly_share(annual, fraction.value)
    share = because(
        f"{fraction.value} of {usd_text(annual)} on actual use is {usd_text(amount)} a month, "
        f"until now {usd_text(facts.current_cents)}",
        fraction.citation,
    )
    running, gap = False, tuple[Reason, ...]()
    if amount != facts.current_cents:
        running, gap = _two_in_a_row(facts.last_adjusted, terms)
    new_amount = facts.current_cents if running else amount
    return Decision(Reevaluation(due_by, overdue, new_amount), (*reasons, share, *gap))


def _two_in_a_row(last_adjusted: date | None, terms: Terms) -> tuple[bool, tuple[Reason, ...]]:
    """Whether an adjustment today would follow another too closely; nothing to say without one."""
    if last_adjusted is None:
        return False, ()
    not_after(last_adjusted, terms.day, key="last_adjusted", what="The amount was last adjusted")
    least = terms.whole(GAP)
    months = months_between(last_adjusted, terms.day)
    running = months < least.value
    found = (
        f"last adjusted in {month_words(last_adjusted)}, {months} "
        f"month{'' if months == 1 else 's'} before {month_words(terms.day)}: "
        f"{least.value} at least lie between adjustments, so that "
        f"{'this one is left out' if running else 'this one may be made'}"
    )
    return running, (because(found, least.citation),)


def _not_negative(cents: Cents, key: str) -> None:
    if cents < 0:
        raise PlanFactsContradict(
            f"A monthly amount cannot be {usd_display(cents)}",
            where=f"facts.{key}",
            do="Give the amount billed each month; a credit is settled, not budgeted",
        )


@dataclass(frozen=True, slots=True)
class InterimReviewFacts:
    """A plan in a month before its re-evaluation, and what its amount would be today."""

    reevaluation_month: Month = fact("The yearly month of re-evaluation.")
    current_cents: Cents = fact("The monthly amount today.")
    recalculated_cents: Cents = fact("The monthly amount as recalculated for this bill.")
    last_adjusted: date | None = fact(LAST_ADJUSTED, default=None)


@dataclass(frozen=True, slots=True)
class InterimReview:
    """Whether the plan is reviewed this month, and the monthly amount that holds."""

    reviewed: bool = fact("Whether this month is one of review.")
    adjusted: bool = fact("Whether the monthly amount changes.")
    new_amount_cents: Cents = fact("The monthly amount from this bill on.")
    review_months: tuple[Month, ...] = fact(
        "The months of review before the re-evaluation, the earliest first."
    )


def decide_interim_review(facts: InterimReviewFacts, terms: Terms) -> Decision[InterimReview]:
    """Whether a plan's monthly amount is raised between two re-evaluations (GRR V.I.5).

    :raises PlanFactsContradict: if an amount is below zero or the last adjustment lies ahead
    :raises UnknownPlanRule: if the sheet states the reviews in words that are not known here
    """
    _not_negative(facts.current_cents, "current_usd")
    _not_negative(facts.recalculated_cents, "recalculated_usd")
    before = terms.counts(REVIEW_MONTHS)
    counts = sorted(before.value, reverse=True)
    months = tuple(facts.reevaluation_month.before(count) for count in counts)
    this_month = month_of(terms.day)
    schedule = (
        f"re-evaluated in {facts.reevaluation_month.value}: reviewed in "
        f"{' and '.join(one.value for one in months)}"
    )
    if this_month not in months:
        found = f"{schedule}; {this_month.value} is no month of review"
        return Decision(
            InterimReview(False, False, facts.current_cents, months),
            (because(found, before.citation),),
        )
    reason = because(f"{schedule}; this is {this_month.value}", before.citation)
    enough, why = _is_enough(facts, terms)
    if not enough:
        return _left(facts, months, reason, *why)
    running, gap = _two_in_a_row(facts.last_adjusted, terms)
    if running:
        return _left(facts, months, reason, *why, *gap)
    return Decision(
        InterimReview(True, True, facts.recalculated_cents, months), (reason, *why, *gap)
    )


def _left(
    facts: InterimReviewFacts, months: tuple[Month, ...], *reasons: Reason
) -> Decision[InterimReview]:
    return Decision(InterimReview(True, False, facts.current_cents, months), reasons)


def _is_enough(facts: InterimReviewFacts, terms: Terms) -> tuple[bool, tuple[Reason, ...]]:
    """Whether the recalculated amount is higher by as much as the sheet asks for."""
    direction, comparison = terms.text(DIRECTION), terms.text(COMPARISON)
    if direction.value != "increase only" or comparison.value not in (">=", ">"):
        raise UnknownPlanRule(
            f"The sheet adjusts on '{direction.value}' where '{comparison.value}' the amount",
            why="Known here: increases only, by the amount stated or more (>=), or by more (>)",
            do="Correct the value, or use a release that knows it",
        )
    least = terms.cents(LEAST_RAISE)
    rise = facts.recalculated_cents - facts.current_cents
    at_least = comparison.value == ">="
    enough = rise >= least.value if at_least else rise > least.value
    asked = f"{usd_text(least.value)}{' or more' if at_least else ' exceeded'}"
    change = f"higher by {usd_text(rise)}" if rise > 0 else f"not higher ({usd_text(rise)})"
    found = (
        f"{usd_text(facts.recalculated_cents)} instead of {usd_text(facts.current_cents)} is "
        f"{change}; {direction.value}, and {asked} is needed"
    )
    return enough, (because(found, least.citation),)


REEVALUATION = Rule(
    id="budget.reevaluation",
    title="Yearly re-evaluation of a budget plan",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(
        "budget.reevaluation.at_least_yearly",
        "budget.amount.initial",
        "budget.adjust.not_two_in_a_row",
    ),
    governing_day="the bill that is to show the re-evaluated amount (bill date)",
    facts=ReevaluationFacts,
    outcome=Reevaluation,
    values=(
        "budget_reevaluation_at_least_yearly_max_interval_months",
        "budget_amount_initial_fraction",
        GAP,
    ),
    decide=decide_reevaluation,
)

INTERIM_REVIEW = Rule(
    id="budget.interim_review",
    title="Interim review of a budget plan",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=("budget.adjust.fourth_eighth_month", "budget.adjust.not_two_in_a_row"),
    governing_day="the bill of the month that may be one of review (bill date)",
    facts=InterimReviewFacts,
    outcome=InterimReview,
    values=(REVIEW_MONTHS, LEAST_RAISE, DIRECTION, COMPARISON, GAP),
    decide=decide_interim_review,
)

RULES = (REEVALUATION, INTERIM_REVIEW)
