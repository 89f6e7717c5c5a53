"""Readings by the customer: the general offer of 2013 to 2020, its checks and its appointments.

Lives here      whether a customer's reading is taken, which of two readings counts, the yearly
                check and the days of appointments.
Lives elsewhere the statute's right of 2026 (RSMo 386.820, ``field``), what a bill on such a reading
                is called (GRR V.E.1, ``usage``).
Read first      GRR V.D to 2020-07-08; conflict C-CUSTOMER-READ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_iv_meters", "field"
OFFER = "meters.customer_reading.offer"
CHECK = "meters.customer_reading.annual_verification"
APPOINTMENTS = "meters.customer_reading.appointments"
COMPANY_READS = "meters.customer_reading.company_may_read"
FREQUENCY = "meters_customer_reading_offer_frequency"
CONDITION = "meters_customer_reading_offer_condition"
CHECK_MONTHS = "meters_customer_reading_annual_verification_interval_max_months"
DAYS = "meters_customer_reading_appointments_days"
OFFER_ENDS = "meters.customer_read_offer_end"
NOT_ENDED = "not_ended"
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class ReadingFactsContradict(Refusal):
    """The facts given about a customer's readings cannot all be true."""


def _last_text(terms: Terms, provision: str) -> tuple[Terms, Reason | None]:
    """The terms to read the paragraph by, and why it holds no more, where it does not.

    After its last text the paragraph has ended, unless the reading says that the offer goes on:
    then its last text is read.
    """
    ended = terms.ended(provision)
    if ended is None:
        return terms, None
    if terms.reading(OFFER_ENDS) == NOT_ENDED:
        return terms.on(ended.version.days.from_day), None
    found = "the paragraph on readings by customers has left the sheet"
    return terms, Reason(found, ended.citation)


@dataclass(frozen=True, slots=True)
class CustomerReadingFacts:
    """A reading that the customer reported for a month."""

    reports_are_regular: bool = fact("Whether the customer has reported regularly.")
    reports_are_accurate: bool = fact("Whether the reports proved accurate.")
    company_read_too: bool = fact("Whether the company read the meter for the same month.")


@dataclass(frozen=True, slots=True)
class CustomerReading:
    """What becomes of it."""

    taken: bool = fact("Whether the bill may rest on it.")
    offer_goes_on: bool = fact("Whether the customer may go on reading the meter.")


def decide_customer_reading(facts: CustomerReadingFacts, terms: Terms) -> Decision[CustomerReading]:
    """Whether the general offer lets a customer's reading be billed (GRR V.D to 2020-07-08)."""
    read_by, gone = _last_text(terms, OFFER)
    if gone is not None:
        return Decision(CustomerReading(False, False), (gone,))
    frequency, condition = read_by.text(FREQUENCY), read_by.text(CONDITION)
    regular = facts.reports_are_regular and facts.reports_are_accurate
    reports = Reason(
        f"reports are {'' if regular else 'not '}{condition.value}, as the offer asks",
        condition.citation,
    )
    if not regular:
        return Decision(CustomerReading(False, False), (reports,))
    offered = Reason(f"the customer may report {frequency.value}", frequency.citation)
    if facts.company_read_too:
        clause = read_by.clause(COMPANY_READS)
        found = "the company read the meter too, and its own reading counts"
        reasons = (reports, offered, Reason(found, clause.citation))
        return Decision(CustomerReading(False, True), reasons)
    return Decision(CustomerReading(True, True), (reports, offered))


@dataclass(frozen=True, slots=True)
class YearlyCheckFacts:
    """A customer who reads the meter, and when the company last tried to."""

    last_attempt: date = fact("When the company last read the meter, or tried to.")
    customer_told_the_day: bool = fact(
        "Whether a person told the customer the regular reading day since then."
    )


@dataclass(frozen=True, slots=True)
class YearlyCheck:
    """Whether the company owes an attempt of its own."""

    attempt_due_by: date | None = fact("The day by which an attempt is owed; null if none is.")
    overdue: bool = fact("Whether that day is over.")
    tell_the_customer: bool = fact("Whether the customer must still be told the reading day.")


def decide_yearly_check(facts: YearlyCheckFacts, terms: Terms) -> Decision[YearlyCheck]:
    """By when the company must try to read the meter itself. An attempt is owed, not success.

    :raises ReadingFactsContradict: if the attempt lies after the day that counts
    """
    if facts.last_attempt > terms.day:
        raise ReadingFactsContradict(
            f"The last attempt was on {facts.last_attempt}, after the day that counts, {terms.day}",
            where="facts.last_attempt",
            do="Correct the day, or decide on a later one",
        )
    read_by, gone = _last_text(terms, CHECK)
    if gone is not None:
        return Decision(YearlyCheck(None, False, False), (gone,))
    months = read_by.whole(CHECK_MONTHS)
    due = months_after(facts.last_attempt, months.value)
    overdue = due < terms.day
    reasons = [
        Reason(
            f"last tried on {facts.last_attempt}; at least once in {months.value} months: by {due}",
            months.citation,
        )
    ]
    if not facts.customer_told_the_day:
        found = "a person still has to tell the customer the regular reading day"
        reasons.append(Reason(found, read_by.clause(CHECK).citation))
    return Decision(YearlyCheck(due, overdue, not facts.customer_told_the_day), tuple(reasons))


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """An appointment for a reading that a customer asks for."""

    wanted_day: date = fact("The day that the customer would like.")
    in_working_hours: bool = fact("Whether the hour lies in normal working hours.")


@dataclass(frozen=True, slots=True)
class Appointment:
    """Whether it must be offered."""

    must_be_offered: bool = fact("Whether an appointment on that day and hour is owed.")


def decide_appointment(facts: AppointmentFacts, terms: Terms) -> Decision[Appointment]:
    """Whether an appointment for a reading is owed on a day (GRR V.D to 2020-07-08).

    Saturday counts here, whatever it is for other rules.
    """
    read_by, gone = _last_text(terms, APPOINTMENTS)
    if gone is not None:
        return Decision(Appointment(False), (gone,))
    days = read_by.listing(DAYS)
    name = _DAY_NAMES[facts.wanted_day.weekday()]
    owed = name in days.value and facts.in_working_hours
    found = (
        f"{facts.wanted_day} is a {name}; appointments are offered in working hours on "
        f"{', '.join(days.value)}{'' if facts.in_working_hours else ', and this is outside them'}"
    )
    return Decision(Appointment(owed), (Reason(found, days.citation),))


CUSTOMER_READING = Rule(
    id="meters.customer_reading",
    title="A reading reported by the customer",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(OFFER, COMPANY_READS),
    governing_day="the day of the reading",
    facts=CustomerReadingFacts,
    outcome=CustomerReading,
    values=(FREQUENCY, CONDITION),
    readings=(OFFER_ENDS,),
    decide=decide_customer_reading,
)

YEARLY_CHECK = Rule(
    id="meters.customer_reading_check",
    title="The yearly check of a customer's readings",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(CHECK,),
    governing_day="the day on which it is asked",
    facts=YearlyCheckFacts,
    outcome=YearlyCheck,
    values=(CHECK_MONTHS,),
    readings=(OFFER_ENDS,),
    decide=decide_yearly_check,
)

APPOINTMENT = Rule(
    id="meters.reading_appointment",
    title="An appointment for a reading",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(APPOINTMENTS,),
    governing_day="the day on which it is asked for",
    facts=AppointmentFacts,
    outcome=Appointment,
    values=(DAYS,),
    readings=(OFFER_ENDS,),
    decide=decide_appointment,
)

RULES = (CUSTOMER_READING, YEARLY_CHECK, APPOINTMENT)
