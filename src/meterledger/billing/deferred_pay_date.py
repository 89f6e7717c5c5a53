"""Deferred pay date: a later due date for retired or disabled customers, ended on 2018-04-12.

Lives here      who qualified, how far the due date moved, whether its bills were paid in full.
Lives elsewhere the due date of everyone else (``due_day``), choosing one (``due_date_choice``).
Read first      GRR V.J of 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.provisions import Clause
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_late_payment", "billing"
EXTENSION = "due.deferred_pay_date.extension"
PERSON = "due.deferred_pay_date.condition_person"
PAYMENT = "due.deferred_pay_date.condition_payment"
MAX_DAYS = "due_deferred_pay_date_extension_max_days_from_bill_date"
APPLICATION = "due_deferred_pay_date_extension_application_required"
MIN_AGE = "due_deferred_pay_date_condition_person_min_age"
ALTERNATIVE = "due_deferred_pay_date_condition_person_alternative"
END_READING = "due.deferred_pay_end"
ENDED_FOR_ALL = "no_grandfathering"


class PayDateFactsContradict(Refusal):
    """The facts given about a deferred pay date cannot all be true, or do not suffice."""


@dataclass(frozen=True, slots=True)
class PayDateFacts:
    """A customer who applies for a later due date, and the bill it is for."""

    bill_date: date | None = fact(
        "The bill date printed on the bill; null if no bill is in question yet.", default=None
    )
    age: int | None = fact(
        "Age in whole years on the day of the application; or give birth_date.", default=None
    )
    birth_date: date | None = fact("Day of birth, in place of age.", default=None)
    retired: bool = fact("Whether the customer is permanently retired.", default=False)
    disabled: bool = fact("Whether the customer is disabled.", default=False)
    ssi: bool = fact("Whether the customer receives Supplemental Security Income.", default=False)
    residential: bool = fact("Whether the account is on the residential rate.", default=True)
    applied_on: date | None = fact(
        "The day of the application; null if it is the day that counts.", default=None
    )
    never_applied: bool = fact("Whether the customer has never applied.", default=False)
    enrolled_before_end: bool = fact(
        "Whether the customer had the later due date when the program left the tariff.",
        default=False,
    )
    wanted_due_date: date | None = fact(
        "The due date that the customer wants; null to ask for the latest.", default=None
    )


@dataclass(frozen=True, slots=True)
class PayDate:
    """Whether the customer may have a later due date, and how late it may be."""

    available: bool = fact("Whether the tariff has the program for this customer on the day.")
    qualifies: bool = fact("Whether the customer may have the later due date.")
    latest_due_date: date | None = fact("The latest due date; null without the right or a bill.")
    due_date: date | None = fact(
        "The due date granted, and with it the delinquent date; null if none is."
    )


_NOT_AVAILABLE = PayDate(False, False, None, None)
_NOT_QUALIFIED = PayDate(True, False, None, None)


def decide_pay_date(facts: PayDateFacts, terms: Terms) -> Decision[PayDate]:
    """Decide whether a customer has a deferred pay date, and until which day.

    :raises PayDateFactsContradict: if the facts contradict each other or do not suffice
    :raises NoRuleInForce: for bills before the first text that is held
    """
    age = _age(facts, terms.day)
    terms = terms.on(facts.bill_date) if facts.bill_date else terms
    reasons: list[Reason] = []
    ended = terms.ended(EXTENSION)
    if ended is not None:
        keeps, why = _after_the_end(facts, ended, terms)
        reasons.append(why)
        last_day = ended.version.days.until_day
        if not keeps or last_day is None:
            return Decision(_NOT_AVAILABLE, tuple(reasons))
        terms = terms.on(last_day - timedelta(days=1))
    may, why = _may_apply(facts, terms)
    reasons.append(why)
    if not may:
        return Decision(_NOT_QUALIFIED, tuple(reasons))
    qualifies, why = _person(facts, age, terms)
    reasons.append(why)
    if not qualifies:
        return Decision(_NOT_QUALIFIED, tuple(reasons))
    reasons.append(
        _because("each bill must be paid in full by the extended date", terms.clause(PAYMENT))
    )
    if facts.bill_date is None:
        return Decision(PayDate(True, True, None, None), tuple(reasons))
    return _granted(facts, facts.bill_date, terms, reasons)


def _granted(
    facts: PayDateFacts, bill_date: date, terms: Terms, reasons: list[Reason]
) -> Decision[PayDate]:
    days = terms.whole(MAX_DAYS)
    latest = bill_date + timedelta(days=days.value)
    wanted = facts.wanted_due_date or latest
    if wanted < bill_date:
        raise PayDateFactsContradict(
            f"A bill of {bill_date} cannot be due on {wanted}, before it",
            where="facts.wanted_due_date",
            do="Correct one of the two days",
        )
    granted = wanted <= latest
    found = f"the due date may be as late as {latest}, {days.value} days from the bill date; " + (
        f"the due and delinquent date is {wanted}" if granted else f"{wanted} is later"
    )
    reasons.append(_because(found, days.citation))
    return Decision(PayDate(True, True, latest, wanted if granted else None), tuple(reasons))


def _after_the_end(facts: PayDateFacts, ended: Clause, terms: Terms) -> tuple[bool, Reason]:
    """Whether the customer keeps a right that the tariff no longer has; nobody joins any more."""
    found = f"the program left the tariff on {ended.version.days.until_day}"
    if not facts.enrolled_before_end:
        return False, _because(f"{found}: nobody may join any more", ended)
    if terms.reading(END_READING) == ENDED_FOR_ALL:
        return False, _because(f"{found}, for customers who had it, too", ended)
    return True, _because(f"{found}, and customers who had it keep it", ended)


def _may_apply(facts: PayDateFacts, terms: Terms) -> tuple[bool, Reason]:
    clause = terms.clause(EXTENSION)
    if not facts.residential:
        return False, _because("the account is not on the residential rate", clause)
    required = terms.flag(APPLICATION)
    if required.value and facts.never_applied:
        found = "the later due date is given on application, and none was made"
        return False, _because(found, required.citation)
    return True, _because("a residential customer who applied", required.citation)


def _person(facts: PayDateFacts, age: int | None, terms: Terms) -> tuple[bool, Reason]:
    """Old enough and retired, or what the sheet says instead."""
    least, instead = terms.whole(MIN_AGE), terms.text(ALTERNATIVE)
    if facts.disabled and facts.ssi:
        return True, _because(f"{instead.value}, at any age", instead.citation)
    if age is None:
        raise PayDateFactsContradict(
            "Neither the age nor the day of birth is given",
            where="facts",
            why=f"A customer who is not {instead.value} must be {least.value} or older",
            do="Give age or birth_date",
        )
    old = age >= least.value
    if old and facts.retired:
        return True, _because(
            f"{age} years old and retired; {least.value} is enough", least.citation
        )
    lacks = [
        *([] if old else [f"{age} years old where {least.value} are asked"]),
        *([] if facts.retired else ["not permanently retired"]),
        f"not {instead.value}",
    ]
    return False, _because(", ".join(lacks), least.citation)


def _age(facts: PayDateFacts, today: date) -> int | None:
    """Age in whole years on the day of the application.

    :raises PayDateFactsContradict: if both age and birth date are given, or days do not fit
    """
    applied = facts.applied_on or today
    if applied > today:
        raise PayDateFactsContradict(
            f"The application was made on {applied}, after {today}, the day that counts",
            where="facts.applied_on",
            do="Correct the fact, or ask for a later day",
        )
    if facts.birth_date is None:
        if facts.age is not None and facts.age < 0:
            raise PayDateFactsContradict(
                f"Nobody is {facts.age} years old", where="facts.age", do="Correct the age"
            )
        return facts.age
    if facts.age is not None or facts.birth_date > applied:
        raise PayDateFactsContradict(
            "Age and day of birth are both given"
            if facts.age is not None
            else f"Nobody born on {facts.birth_date} applied on {applied}",
            where="facts.birth_date",
            do="Give one of age and birth_date, and a day of birth before the application",
        )
    had_birthday = (applied.month, applied.day) >= (facts.birth_date.month, facts.birth_date.day)
    return applied.year - facts.birth_date.year - (not had_birthday)


@dataclass(frozen=True, slots=True)
class PaymentReceived:
    """One payment on the bill."""

    received: date = fact("The day on which it was received.")
    paid_cents: Cents = fact("How much was paid.")


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """One month's bill of a customer with a deferred pay date, and what was paid on it."""

    bill_cents: Cents = fact("The whole bill.")
    extended_due_date: date = fact("The extended due date of the bill.")
    payments: tuple[PaymentReceived, ...] = fact("Every payment on the bill.")


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether the condition of payment was kept this month."""

    kept: bool = fact("Whether the bill was paid in full by the extended due date.")
    short_cents: Cents = fact("What was missing on that day.")


def decide_kept(facts: KeptFacts, terms: Terms) -> Decision[Kept]:
    """Decide whether one month's bill was paid in full on or before the extended due date.

    :raises PayDateFactsContradict: if an amount is below zero
    :raises NoRuleInForce: for bills since the program left the tariff
    """
    if facts.bill_cents < 0 or any(one.paid_cents < 0 for one in facts.payments):
        raise PayDateFactsContradict(
            "A bill or a payment is less than nothing",
            where="facts",
            do="Give amounts of zero or above; leave out a payment that was returned",
        )
    clause, day = terms.clause(PAYMENT), facts.extended_due_date
    in_time = sum(one.paid_cents for one in facts.payments if one.received <= day)
    short = Cents(max(0, facts.bill_cents - in_time))
    paid = f"{usd_display(in_time)} of {usd_display(facts.bill_cents)} was paid by {day}"
    if short == 0:
        return Decision(Kept(True, short), (_because(f"{paid}: in full and in time", clause),))
    found = (
        f"{paid}, {usd_display(short)} short: the condition is broken this month; whether one "
        "lapse ends the right for good the sheet does not say"
    )
    return Decision(Kept(False, short), (_because(found, clause),))


def _because(finding: str, source: Citation | Clause) -> Reason:
    return Reason(finding, source.citation if isinstance(source, Clause) else source)


PAY_DATE = Rule(
    id="due.deferred_pay_date",
    title="Deferred pay date for retired and disabled customers, to 2018-04-12",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(EXTENSION, PERSON, PAYMENT),
    governing_day="the bill date; the day of the application where no bill is in question",
    facts=PayDateFacts,
    outcome=PayDate,
    values=(MAX_DAYS, APPLICATION, MIN_AGE, ALTERNATIVE),
    readings=(END_READING,),
    decide=decide_pay_date,
)

PAY_DATE_KEPT = Rule(
    id="due.deferred_pay_date.kept",
    title="Whether a deferred pay date's condition of full payment was kept",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(PAYMENT,),
    governing_day="the bill date of the bill paid",
    facts=KeptFacts,
    outcome=Kept,
    values=(),
    decide=decide_kept,
)

RULES = (PAY_DATE, PAY_DATE_KEPT)
