"""Interest on a cash deposit: prime plus one point, split where the calendar year changes.

Lives here      the days that bear interest, the rate of each calendar year, when it is due, when
                it stops. Simple interest on the deposit alone, exact until the one rounding.
Lives elsewhere giving the deposit back (``deposit_refunds``, ``deposit_final``), the prime rate
                itself: a dated value of the book, unless the facts give another.
Read first      GRR VI.C.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from fractions import Fraction

from meterledger.arrears.deposit_facts import (
    CustomerKind,
    DepositFactsContradict,
    Findings,
    not_after,
    text_if_in_force,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.provisions import Clause
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

RATE = "deposits.interest.rate"
STOP = "deposits.interest.stop"
ANNUAL = "deposits.interest.residential_annual"
SIX_MONTHS = "deposits.interest.nonresidential_six_months"
PRIME = "deposit_prime_rate_november_percent"
FRIDAY = 4


class PrimeRateMissing(Refusal):
    """The prime rate of a calendar year is not given, or given for another day than the text's."""


class Occasion(Enum):
    """Why interest is worked out on the day that counts."""

    YEARLY_CREDIT = "yearly_credit"
    """The deposit stays; the day itself is the last that is counted."""
    APPLIED = "applied"
    """The deposit is applied to the account; the day itself bears no interest."""
    RETURNED = "returned"
    """The deposit goes back to the customer; the day itself bears no interest."""


@dataclass(frozen=True, slots=True)
class PrimeRate:
    """The prime bank lending rate that the Wall Street Journal published for a day."""

    published_for: date = fact("The last business day of a November.")
    percent: Fraction = fact('Percent a year, as published: "3.25".')


@dataclass(frozen=True, slots=True)
class InterestFacts:
    """A cash deposit whose interest is worked out on the day that counts."""

    customer: CustomerKind = fact("Whom the deposit is of.")
    deposit_cents: Cents = fact("The deposit held.")
    received_on: date = fact("The day it was received: the first that bears interest.")
    occasion: Occasion = fact("Why interest is worked out now.")
    prime_rates: tuple[PrimeRate, ...] = fact(
        "For each calendar year, the prime rate of the November before; [] takes the book's."
    )
    credited_through: date | None = fact(
        "Last day that an earlier yearly credit covered; null if there was none.", default=None
    )
    return_effort_on: date | None = fact(
        "The day of an earlier reasonable effort to return it; null if none.", default=None
    )


@dataclass(frozen=True, slots=True)
class Interest:
    """What interest is due now, over which days."""

    interest_cents: Cents = fact("Simple interest due now.")
    days: int = fact("Days that bear it.")
    through: date | None = fact("The last day that bears it; null if none does.")
    paid_how: str = fact("Where it goes, or why nothing does.")


def decide_interest(facts: InterestFacts, terms: Terms) -> Decision[Interest]:
    """The interest due on a deposit: GRR VI.C.3.

    :raises DepositFactsContradict: if days do not fit each other
    :raises PrimeRateMissing: if the rate of a calendar year cannot be known from the facts
    :raises NoRuleInForce: before the first text
    """
    _check(facts, terms)
    findings = Findings()
    until = _stops_before(facts, terms, findings)
    due, paid_how = _is_due(facts, terms, findings)
    since = facts.received_on
    if facts.credited_through is not None:
        since = facts.credited_through + timedelta(days=1)
    if not due or since >= until:
        if due:
            findings.add(f"no day since {since} bears interest", terms.clause(STOP))
        return Decision(Interest(Cents(0), 0, None, paid_how), findings.all())
    span = DaySpan(since, until)
    exact = _interest_cents(facts, span, terms, findings)
    whole = Interest(Cents(to_whole_half_up(exact)), span.day_count, span.last_day, paid_how)
    return Decision(whole, findings.all())


def _check(facts: InterestFacts, terms: Terms) -> None:
    if facts.deposit_cents <= 0:
        raise DepositFactsContradict(
            f"A deposit of {usd_display(facts.deposit_cents)} bears no interest",
            do="Give the deposit held",
        )
    not_after(facts.received_on, terms.day, called="The day the deposit was received")
    for day, called in (
        (facts.credited_through, "The last day credited"),
        (facts.return_effort_on, "The effort to return it"),
    ):
        if day is not None:
            not_after(day, terms.day, called=called)
            not_after(facts.received_on, day, called="The day the deposit was received")
    if facts.credited_through is not None and facts.customer is CustomerKind.NON_RESIDENTIAL:
        raise DepositFactsContradict(
            "Interest of a non-residential deposit is never credited yearly",
            do="Give null for credited_through, or correct the customer",
        )


def _stops_before(facts: InterestFacts, terms: Terms, findings: Findings) -> date:
    """The first day that bears no interest any more."""
    stop = terms.clause(STOP)
    if facts.return_effort_on is not None:
        findings.add(
            f"interest stopped with the reasonable effort to return it on {facts.return_effort_on}",
            stop,
        )
        return facts.return_effort_on
    if facts.occasion is Occasion.YEARLY_CREDIT:
        findings.add(f"still held on {terms.day}: interest runs through that day", stop)
        return terms.day + timedelta(days=1)
    findings.add(f"interest stops on {terms.day}, when the deposit is {facts.occasion.value}", stop)
    return terms.day


def _is_due(facts: InterestFacts, terms: Terms, findings: Findings) -> tuple[bool, str]:
    yearly = facts.occasion is Occasion.YEARLY_CREDIT
    if facts.customer is CustomerKind.RESIDENTIAL:
        annual = terms.text("deposits_interest_residential_annual_frequency")
        if yearly:
            findings.add(f"{annual.value} credit to the service account", annual)
            return True, "credited to the service account"
        findings.add("interest not yet credited is paid when the deposit goes back", annual)
        return True, f"with the deposit, which is {facts.occasion.value}"
    months = terms.whole("deposits_interest_nonresidential_six_months_min_months")
    kind = terms.text("deposits_interest_nonresidential_six_months_type")
    if yearly:
        findings.add(
            f"{kind.value} interest of a non-residential deposit is payable upon its return, "
            "never yearly",
            kind,
        )
        return False, "upon the return of the deposit"
    long_enough = months_after(facts.received_on, months.value) <= terms.day
    held = f"held from {facts.received_on} to {terms.day}"
    if long_enough:
        findings.add(f"{held}, {months.value} months or longer: {kind.value} interest", months)
        return True, f"with the deposit, which is {facts.occasion.value}"
    findings.add(f"{held}, shorter than {months.value} months: no interest", months)
    return False, "no interest is payable"


def _interest_cents(
    facts: InterestFacts, span: DaySpan, terms: Terms, findings: Findings
) -> Fraction:
    """The exact interest in cents: each calendar year of the span at its own rate."""
    year_days = terms.whole("deposits_interest_rate_days_per_year")
    prime = {one.published_for: one.percent for one in facts.prime_rates}
    if len(prime) < len(facts.prime_rates):
        raise DepositFactsContradict(
            "Two prime rates are given for one day", do="Give each November once"
        )
    exact = Fraction(0)
    years = range(span.from_day.year, span.last_day.year + 1)
    for part in span.split_at(date(year, 1, 1) for year in years):
        percent = _percent(part.from_day.year, prime, facts, terms, findings)
        share = Fraction(part.day_count, year_days.value)
        exact += facts.deposit_cents * percent / 100 * share
        findings.add(
            f"{usd_display(facts.deposit_cents)} at {number_text(percent)} percent for "
            f"{part.day_count} of {year_days.value} days from {part.from_day}",
            year_days,
        )
    return exact


def _percent(
    year: int, prime: dict[date, Fraction], facts: InterestFacts, terms: Terms, findings: Findings
) -> Fraction:
    """The rate of one calendar year, in percent."""
    rate = terms.clause(RATE)
    if facts.received_on < rate.version.days.from_day:
        # Only a deposit older than the text can be of years that an earlier text speaks of.
        prime_from = terms.day_of("deposits_interest_rate_prime_from")
        if year < prime_from.value.year:
            said_on = terms.on(prime_from.citation.effective)
            fixed = said_on.number("deposits_interest_rate_to_2002_12_31_percent")
            findings.add(f"{year}: the fixed rate of {number_text(fixed.value)} percent", fixed)
            return fixed.value
    points = terms.whole("deposits_interest_rate_points_above_prime")
    published_for = last_business_day_of_november(year - 1)
    percent = prime.get(published_for)
    if percent is None:
        percent = _prime_of_the_book(year, published_for, prime, rate, terms, findings)
    if percent < 0:
        raise DepositFactsContradict(
            f"A prime rate of {number_text(percent)} percent was never published",
            do="Give the rate as published",
        )
    findings.add(
        f"{year}: prime of {published_for}, {number_text(percent)}, and {points.value} point "
        f"({_rate_words(terms)})",
        points,
    )
    return percent + points.value


def _prime_of_the_book(
    year: int,
    published_for: date,
    given: Mapping[date, Fraction],
    rate: Clause,
    terms: Terms,
    findings: Findings,
) -> Fraction:
    if not given:
        try:
            prime = terms.on(published_for).number(PRIME)
        except NoRuleInForce as silence:
            raise _missing(year, published_for, given, rate) from silence
        findings.add(f"prime of {published_for}: {number_text(prime.value)} percent", prime)
        return prime.value
    raise _missing(year, published_for, given, rate)


def _missing(
    year: int, published_for: date, given: Mapping[date, Fraction], rate: Clause
) -> PrimeRateMissing:
    days = ", ".join(str(day) for day in sorted(given)) or "none, and the book holds none"
    return PrimeRateMissing(
        f"The prime rate for {year} is not given",
        why=f"It is that of {published_for} ({rate.citation.text}); given: {days}",
        do=f"Look it up and give it, or enter it in {PRIME}.yaml; do not use the rate of another "
        "year",
    )


def _rate_words(terms: Terms) -> str:
    """How the text in force states the rate: that of 2013 states it from a year on."""
    from_a_year_on = text_if_in_force(terms, "deposits_interest_rate_from_2003_01_01")
    return from_a_year_on or terms.text("deposits_interest_rate").value


def last_business_day_of_november(year: int) -> date:
    """The last weekday of November: no holiday of banks is ever on it (Thanksgiving is earlier)."""
    day = date(year, 12, 1) - timedelta(days=1)
    while day.weekday() > FRIDAY:
        day -= timedelta(days=1)
    return day


INTEREST = Rule(
    id="deposits.interest",
    title="Interest on a cash deposit",
    room="arrears",
    kind="calculation",
    chapter="grr_vi_deposits",
    provisions=(ANNUAL, SIX_MONTHS, STOP, RATE),
    governing_day="the day on which interest is credited, or the deposit is applied or returned",
    facts=InterestFacts,
    outcome=Interest,
    values=(
        "deposits_interest_residential_annual_frequency",
        "deposits_interest_nonresidential_six_months_min_months",
        "deposits_interest_nonresidential_six_months_type",
        "deposits_interest_rate_days_per_year",
        "deposits_interest_rate_points_above_prime",
        "deposits_interest_rate_prime_from",
        "deposits_interest_rate_to_2002_12_31_percent",
        "deposits_interest_rate_from_2003_01_01",
        "deposits_interest_rate",
        PRIME,
    ),
    decide=decide_interest,
)
