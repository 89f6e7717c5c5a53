"""Changing the rate: the term of a rate, the first ninety days, and when a new one takes effect.

Lives here      a customer's request for another rate; that nobody but the customer chooses.
Lives elsewhere temporary relief (``rate_relief``), which rates are open to whom (``rulebook``).
Read first      GRR V.H.1 to 3, 6 and 7; conflict C-RATE-TERM-TRANSITION.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.provisions import Clause
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_adjustments", "billing"
FIRST_TERM = "rate_change.initial_term"
EARLY = "rate_change.ninety_day_switch"
AFTERWARDS = "rate_change.after_initial_term"
DUTY = "rate_change.customer_duty"
NEXT_PERIOD = "rate_change.effective_next_period"
NO_EVASION = "rate_change.no_evasion"
RESIDENTIAL = "rate_change.residential_only_3_and_6"
TERM_MONTHS = "rate_change_initial_term_min_term_months"
EARLY_DAYS = "rate_change_ninety_day_switch_window_days"
BACK_TO = "rate_change_ninety_day_switch_retroactive_to"
LATER_TERM = "rate_change_after_initial_term_min_term"
EFFECTIVE = "rate_change_effective_next_period_effective"
ITEMS = "rate_change_residential_only_3_and_6_applicable_items"
BASIS = "rate_change.residential_switch_basis"
START_OF_TERM = "start_of_the_term"


class RateFactsContradict(Refusal):
    """The facts given about a request for another rate cannot all be true."""


@dataclass(frozen=True, slots=True)
class RateRequestFacts:
    """A customer's request for another rate. The day that counts is the day it is received."""

    residential: bool = fact("Whether the service is residential.")
    service_since: date = fact("The first day of service at the premises.")
    rate_since: date = fact("The first day of the present rate; the same day for the first one.")
    next_period_begins: date = fact(
        "The first day of the billing period after the one in which the request is received."
    )
    rate_term_months: int | None = fact(
        "The present rate's own least term in months; null for the first rate or if it has none.",
        default=None,
    )
    new_rate_term_months: int | None = fact(
        "The wished rate's own least term in months; null if it has none.", default=None
    )
    service_interrupted: bool = fact(
        "Whether the customer ended service for a time and came back to the same premises.",
        default=False,
    )
    given_back: bool = fact(
        "Whether the present rate was itself given back to the start of service, on an earlier "
        "request.",
        default=False,
    )


@dataclass(frozen=True, slots=True)
class RateRequest:
    """What becomes of it."""

    takes_effect: date | None = fact("The first day of the new rate; null if it must wait.")
    back_to_the_start: bool = fact("Whether bills since the start of service are made anew.")
    may_be_asked_again_from: date | None = fact(
        "If it must wait: the day on which the present term is over; else null."
    )
    held_until: date | None = fact("Until when the new rate then stays; null if it has no term.")


def decide_rate_request(facts: RateRequestFacts, terms: Terms) -> Decision[RateRequest]:
    """When a rate that the customer asks for takes effect (GRR V.H).

    Day 1 of the ninety is the first day of service. A rate that was given back to it is kept for
    its year: it is given back once. From 2020-04-01 residential service has neither
    term nor switch back; whether a term that ran on that day fell away is a reading, which is asked
    for only where it makes a difference.

    :raises RateFactsContradict: if days are out of order, or a term is below zero
    """
    _sound(facts, terms)
    only = _residential_text(terms) if facts.residential else None
    if only is None:
        return _with_term(facts, terms, asked=terms.day)
    free = _without_term(facts, terms, only)
    since = only.version.days.from_day
    if facts.rate_since >= since:
        return free
    older = _with_term(facts, terms.on(facts.rate_since), asked=terms.day)
    if older.outcome == free.outcome or terms.reading(BASIS) != START_OF_TERM:
        return free
    return older


def _residential_text(terms: Terms) -> Clause | None:
    """The paragraph that leaves residential service two items; None before it."""
    try:
        return terms.clause(RESIDENTIAL)
    except NoRuleInForce:
        return None


def _without_term(facts: RateRequestFacts, terms: Terms, only: Clause) -> Decision[RateRequest]:
    items = terms.listing(ITEMS)
    reasons = (
        Reason(
            f"for residential service only items {' and '.join(items.value)} apply: no term, no "
            "switch back",
            items.citation,
        ),
        _next_period(facts, terms),
    )
    held = _held_until(facts, facts.next_period_begins)
    return Decision(RateRequest(facts.next_period_begins, False, None, held), reasons)


def _with_term(facts: RateRequestFacts, terms: Terms, *, asked: date) -> Decision[RateRequest]:
    """By the text that knows terms; ``terms`` are of the day whose text governs."""
    reasons: list[Reason] = []
    if facts.service_interrupted:
        clause = terms.clause(NO_EVASION)
        found = "service that was ended for a time and begun again counts as one"
        reasons.append(Reason(found, clause.citation))
    first_rate = facts.rate_since == facts.service_since
    if first_rate:
        days = terms.whole(EARLY_DAYS)
        number = (asked - facts.service_since).days + 1
        if number <= days.value and not facts.given_back:
            back = terms.text(BACK_TO)
            months = terms.whole(TERM_MONTHS)
            reasons += [
                Reason(f"asked on day {number} of the first {days.value}", days.citation),
                Reason(f"applied back to the {back.value}, {facts.service_since}", back.citation),
                Reason(f"and kept for {months.value} months from then", months.citation),
            ]
            held = months_after(facts.service_since, months.value)
            return Decision(RateRequest(facts.service_since, True, None, held), tuple(reasons))
        reasons.append(_too_late(facts, terms, number, days))
        months = terms.whole(TERM_MONTHS)
        ends = months_after(facts.service_since, months.value)
        found = f"the first rate is kept for {months.value} months, to {ends}"
        over = Reason(found, months.citation)
    else:
        own = terms.text(LATER_TERM)
        ends = months_after(facts.rate_since, facts.rate_term_months or 0)
        over = Reason(f"a later rate is kept for the {own.value}: to {ends}", own.citation)
    reasons.append(over)
    if asked < ends:
        return Decision(RateRequest(None, False, ends, None), tuple(reasons))
    reasons.append(_next_period(facts, terms))
    held_until = _held_until(facts, facts.next_period_begins)
    return Decision(RateRequest(facts.next_period_begins, False, None, held_until), tuple(reasons))


def _too_late(facts: RateRequestFacts, terms: Terms, number: int, days: DatedValue[int]) -> Reason:
    if facts.given_back:
        found = (
            f"the present rate was given back to the start of service, {facts.service_since}, on "
            "an earlier request, and it is given back once"
        )
        return Reason(found, terms.clause(EARLY).citation)
    return Reason(f"asked on day {number}, after {days.value} days", days.citation)


def _next_period(facts: RateRequestFacts, terms: Terms) -> Reason:
    when = terms.text(EFFECTIVE)
    found = f"a rate takes effect in the {when.value}: from {facts.next_period_begins}"
    return Reason(found, when.citation)


def _held_until(facts: RateRequestFacts, effective: date) -> date | None:
    if not facts.new_rate_term_months:
        return None
    return months_after(effective, facts.new_rate_term_months)


def _sound(facts: RateRequestFacts, terms: Terms) -> None:
    if not facts.service_since <= facts.rate_since <= terms.day:
        raise RateFactsContradict(
            f"Service since {facts.service_since}, the rate since {facts.rate_since} and a request "
            f"on {terms.day} are out of order",
            where="facts",
            do="Service begins first, then its rate, and then another is asked for",
        )
    if facts.next_period_begins <= terms.day:
        raise RateFactsContradict(
            f"The next billing period begins on {facts.next_period_begins}, not after the request "
            f"of {terms.day}",
            where="facts.next_period_begins",
            why="A request on the first day of a period counts from the period after it",
            do="Give the first day of the period that follows",
        )
    if facts.given_back and facts.rate_since != facts.service_since:
        raise RateFactsContradict(
            f"A rate of {facts.rate_since} was not given back to {facts.service_since}",
            where="facts.given_back",
            why="What is given back holds from the first day of service",
            do="Give the first day of service as the first day of the rate, or leave it out",
        )
    if min(facts.rate_term_months or 0, facts.new_rate_term_months or 0) < 0:
        raise RateFactsContradict(
            "A term of fewer than no months cannot be",
            where="facts",
            do="Give the terms in months, or null where a rate has none",
        )


@dataclass(frozen=True, slots=True)
class ComplaintFacts:
    """A customer who finds later that another rate would have cost less."""

    day_of_service: int = fact("The day of service on which it is made, counted from 1.")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Whether bills are made anew for it."""

    company_owes_a_better_rate: bool = fact("Whether the company had to choose the rate.")


def decide_rate_complaint(facts: ComplaintFacts, terms: Terms) -> Decision[Complaint]:
    """Who has to choose the rate: the customer (GRR V.H.3).

    :raises RateFactsContradict: if the day of service is below one
    """
    if facts.day_of_service < 1:
        raise RateFactsContradict(
            f"Day {facts.day_of_service} of service cannot be",
            where="facts.day_of_service",
            do="Count the days of service from 1",
        )
    clause = terms.clause(DUTY)
    found = (
        f"on day {facts.day_of_service} as on the first, the customer chooses the rate; nothing is "
        "billed anew but by a request in the first days of service, where the sheet knows one"
    )
    return Decision(Complaint(False), (Reason(found, clause.citation),))


REQUEST = Rule(
    id="rate_change.request",
    title="A request for another rate",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(FIRST_TERM, EARLY, AFTERWARDS, NEXT_PERIOD, NO_EVASION, RESIDENTIAL),
    governing_day="the day on which the request is received",
    facts=RateRequestFacts,
    outcome=RateRequest,
    values=(TERM_MONTHS, EARLY_DAYS, BACK_TO, LATER_TERM, EFFECTIVE, ITEMS),
    readings=(BASIS,),
    decide=decide_rate_request,
)

COMPLAINT = Rule(
    id="rate_change.complaint",
    title="Who chooses the rate",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(DUTY,),
    governing_day="the day of the complaint",
    facts=ComplaintFacts,
    outcome=Complaint,
    values=(),
    decide=decide_rate_complaint,
)

RULES = (REQUEST, COMPLAINT)
