"""Preferred due date: who may choose the day on which bills fall due, and which day.

Lives here      who may choose, and which day.
Lives elsewhere choosing again (``due_date_again``), the bills after it
                (``due_date_first_bill``), everyone else's due date (``due_day``), a
                participant's own right (``programs``).
Read first      GRR V.O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.provisions import Clause
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_late_payment", "billing"
ELIGIBLE, UNAVAILABLE = "due.preferred.eligible_customers", "due.preferred.unavailable_date"
VARIANCE = "due.preferred.variance"
CLASSES = "due_preferred_eligible_customers_classes"
EXCLUDED = "due_preferred_eligible_customers_excluded"
METER = "due_preferred_eligible_customers_meter"
VARIANCE_RULES, VARIANCE_CASE = "due_preferred_variance_rules", "due_preferred_variance_case"
PROGRAM_READING, PROGRAM_INDEPENDENT = "kc.due_date_independent", "independent"
COLLECTIONS, AGREEMENT = "active collections", "active deferred payment agreement"
LONGEST_MONTH_DAYS, SHORTEST_MONTH_DAYS = 31, 28
_RATE_CLASS = re.compile(r"[1-9][0-9]?\(M\)")


class DueDateFactsContradict(Refusal):
    """The facts given about a choice of due date cannot all be true, or do not suffice."""


class UnknownDueDateRule(Refusal):
    """The sheet states a condition in words that this calculation does not know."""


@dataclass(frozen=True, slots=True)
class ChooserFacts:
    """A customer who asks to choose the due date."""

    rate_class: str = fact('The service classification billed under, like "1(M)".')
    advanced_meter: bool = fact("Whether the meter is an advanced meter reading device.")
    active_collections: bool | None = fact(
        "Whether the account is in active collections; needed where the sheet excludes that.",
        default=None,
    )
    active_agreement: bool | None = fact(
        "Whether a deferred payment agreement is active, one just completed is not; needed where "
        "the sheet excludes that.",
        default=None,
    )
    program_enrollment: bool = fact(
        "Whether a participant chooses at enrollment into the Keeping Current program.",
        default=False,
    )


@dataclass(frozen=True, slots=True)
class Chooser:
    """Whether the customer may choose."""

    allowed: bool = fact("Whether the customer may choose the due date.")


def decide_chooser(facts: ChooserFacts, terms: Terms) -> Decision[Chooser]:
    """Decide who may choose a due date. The text in force on the day of the request governs.

    :raises DueDateFactsContradict: if a fact that the sheet asks for is not given
    :raises NoRuleInForce: for requests before there was a choice
    """
    if not _RATE_CLASS.fullmatch(facts.rate_class):
        raise DueDateFactsContradict(
            f"'{facts.rate_class[:40]}' is no service classification",
            where="facts.rate_class",
            do='Write it as the sheets do, like "1(M)"',
        )
    checks = [*_class_and_meter(facts, terms), *_excluded(facts, terms)]
    against = [why for met, why in checks if met is False]
    unknown = [why for met, why in checks if met is None]
    if against and facts.program_enrollment:
        clause = terms.clause(ELIGIBLE)
        if terms.reading(PROGRAM_READING) == PROGRAM_INDEPENDENT:
            found = (
                "a participant's choice at enrollment is a right of the program's own, to which "
                "these conditions do not apply"
            )
            return Decision(Chooser(True), (*against, because(found, clause)))
        found = "a participant's choice is subject to the conditions of the general option"
        return Decision(Chooser(False), (*against, because(found, clause)))
    if against:
        return Decision(Chooser(False), tuple(against))
    if unknown:
        raise DueDateFactsContradict(
            f"Nobody says whether this holds: {'; '.join(why.finding for why in unknown)}",
            where="facts",
            why=f"{unknown[0].citation.text} excludes it",
            do="Give active_collections and active_agreement as true or false",
        )
    met = [why for _, why in checks]
    return Decision(Chooser(True), (*met, _variance(terms)))


_Check = tuple[bool | None, Reason]
"""Whether a condition is met, None where the fact is not given; and the words for it."""


def _class_and_meter(facts: ChooserFacts, terms: Terms) -> tuple[_Check, _Check]:
    classes, meter = terms.listing(CLASSES), terms.text(METER)
    named = [one for one in classes.value if one.split()[0] == facts.rate_class]
    offered = " and ".join(classes.value)
    of_class = (
        f"served under {facts.rate_class}, for which the option is"
        if named
        else f"served under {facts.rate_class}; the option is for {offered}"
    )
    by_meter = (
        f"metered by an {meter.value}"
        if facts.advanced_meter
        else f"the meter is not an {meter.value}"
    )
    return (
        (bool(named), because(of_class, classes.citation)),
        (facts.advanced_meter, because(by_meter, meter.citation)),
    )


def _excluded(facts: ChooserFacts, terms: Terms) -> list[_Check]:
    """Who is left out by the text of the day; since 2020-06-14 nobody is."""
    excluded = terms.listing(EXCLUDED)
    known = {COLLECTIONS: facts.active_collections, AGREEMENT: facts.active_agreement}
    if not excluded.value:
        found = "neither collections nor an agreement stands against a choice"
        return [(True, because(found, excluded.citation))]
    checks: list[_Check] = []
    for condition in excluded.value:
        if condition not in known:
            raise UnknownDueDateRule(
                f"The sheet excludes '{condition}', which this calculation does not know",
                where=excluded.citation.text,
                do="Correct the value, or use a release that knows such a condition",
            )
        state = known[condition]
        words = {True: f"in {condition}", False: f"not in {condition}", None: condition}
        if condition == AGREEMENT:
            words = {True: f"an {condition}", False: f"no {condition}", None: condition}
        met = None if state is None else not state
        checks.append((met, because(words[state], excluded.citation)))
    return checks


def _variance(terms: Terms) -> Reason:
    rules, case = terms.listing(VARIANCE_RULES), terms.text(VARIANCE_CASE)
    terms.clause(VARIANCE)
    found = (
        f"the option departs from {' and '.join(rules.value)} by the variance of Case No. "
        f"{case.value}"
    )
    return because(found, case.citation)


@dataclass(frozen=True, slots=True)
class WantedDayFacts:
    """The day of the month that a customer wants, and those the utility can offer."""

    wanted_day: int = fact("The day of the month, 1 to 31.")
    available_days: tuple[int, ...] = fact("The days of the month that can be offered now.")
    current_day: int | None = fact(
        "The day of the month on which bills fall due today, if there is a usual one.", default=None
    )


@dataclass(frozen=True, slots=True)
class WantedDay:
    """Whether the customer gets the day, and what may be had instead."""

    available: bool = fact("Whether the wanted day can be had.")
    instead: tuple[int, ...] = fact("Other days that may be picked; none if the wanted one is had.")
    may_keep_current: bool = fact("Whether the customer is offered to keep the present due date.")


def decide_wanted_day(facts: WantedDayFacts, terms: Terms) -> Decision[WantedDay]:
    """Decide whether the wanted day can be had; if not, another or the old one may be.

    :raises DueDateFactsContradict: if a day is no day of a month
    :raises NoRuleInForce: for requests before there was a choice
    """
    days = (facts.wanted_day, *facts.available_days)
    days += (facts.current_day,) if facts.current_day is not None else ()
    for day in days:
        if not 1 <= day <= LONGEST_MONTH_DAYS:
            raise DueDateFactsContradict(
                f"{day} is no day of a month",
                where="facts",
                do=f"Give days from 1 to {LONGEST_MONTH_DAYS}",
            )
    clause = terms.clause(UNAVAILABLE)
    if facts.wanted_day in facts.available_days:
        found = f"day {facts.wanted_day} of the month can be had"
        if facts.wanted_day > SHORTEST_MONTH_DAYS:
            found += "; for months without that day the sheet names none, so agree on one with it"
        return Decision(WantedDay(True, (), False), (because(found, clause),))
    others = tuple(sorted(set(facts.available_days)))
    offered = f"days {', '.join(str(day) for day in others)}" if others else "no other day"
    found = (
        f"day {facts.wanted_day} of the month is not available: {offered} may be picked, or the "
        "present due date"
        + (f", day {facts.current_day}, kept" if facts.current_day is not None else " kept")
    )
    return Decision(WantedDay(False, others, True), (because(found, clause),))


def because(finding: str, source: Citation | Clause) -> Reason:
    """A reason that stands on a clause."""
    return Reason(finding, source.citation if isinstance(source, Clause) else source)


CHOOSER = Rule(
    id="due.preferred.eligible",
    title="Who may choose a preferred due date",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(ELIGIBLE, VARIANCE),
    governing_day="the day of the request",
    facts=ChooserFacts,
    outcome=Chooser,
    values=(CLASSES, EXCLUDED, METER, VARIANCE_RULES, VARIANCE_CASE),
    readings=(PROGRAM_READING,),
    decide=decide_chooser,
)

WANTED_DAY = Rule(
    id="due.preferred.day",
    title="Whether the wanted due date is available",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(UNAVAILABLE,),
    governing_day="the day of the request",
    facts=WantedDayFacts,
    outcome=WantedDay,
    values=(),
    decide=decide_wanted_day,
)

RULES = (CHOOSER, WANTED_DAY)
