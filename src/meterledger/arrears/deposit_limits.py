"""The most a deposit may be. A limit rounds down: it is never passed by a part of a cent.

Lives here      one sixth of a year, the largest month and thirty days more, twice the highest
                bill; that all of them rest on actual readings and undisputed amounts; and that a
                limit holds over what is held and asked for already.
Lives elsewhere whether a deposit may be asked for (``deposit_initial``, ``deposit_continued``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.arrears.deposit_facts import (
    Cited,
    DepositFactsContradict,
    Findings,
    not_after,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.provisions import Clause
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

REPRESENTATIVE = "deposits.limit.representative_usage"
FORMULA_READING = "deposits.nonres_limit_formula"
AVERAGE_USAGE = "average_usage"
CHAPTER = "grr_vi_deposits"


class NoSafeBase(Refusal):
    """No bill or estimate is left on which a deposit's level may rest."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What the estimate of charges rests on."""

    actual_readings: bool = fact("The periods used represent actual meter readings.")
    undisputed_amounts: bool = fact("The billed amounts used are not in dispute.")


@dataclass(frozen=True, slots=True)
class ResidentialLimitFacts:
    """What a residential applicant's year is estimated to cost."""

    estimated_annual_bill_cents: Cents = fact("The estimated bills of one year.")
    basis: Basis = fact("What the estimate rests on.")
    held_or_asked_cents: Cents = fact(
        "What is held, guaranteed or asked for of the account's other deposits.", default=Cents(0)
    )


@dataclass(frozen=True, slots=True)
class NonResidentialLimitFacts:
    """What a non-residential applicant's largest month, and year, are estimated to cost."""

    largest_month_cents: Cents = fact("Charges of the largest monthly billing period, estimated.")
    largest_month_days: int = fact("Days of that billing period.")
    estimated_year_cents: Cents = fact("Charges of one year, estimated.")
    year_days: int = fact("Days of the year that was estimated.")
    basis: Basis = fact("What the estimates rest on.")
    held_or_asked_cents: Cents = fact(
        "What is held, guaranteed or asked for of the account's other deposits.", default=Cents(0)
    )


@dataclass(frozen=True, slots=True)
class PastBill:
    """A bill of the customer."""

    billed_on: date = fact("The day of the bill.")
    amount_cents: Cents = fact("What it came to.")
    disputed: bool = fact("Whether its amount is in dispute.")
    estimated: bool = fact("Whether it rests on an estimate that actual readings do not bear out.")


@dataclass(frozen=True, slots=True)
class ContinuedLimitFacts:
    """The bills of a customer, residential or not, before the day on which a deposit is asked."""

    bills: tuple[PastBill, ...] = fact("Bills of the preceding months; older ones do not count.")
    held_or_asked_cents: Cents = fact(
        "What is held, guaranteed or asked for of the account's other deposits.", default=Cents(0)
    )


@dataclass(frozen=True, slots=True)
class DepositLimit:
    """The most that may be asked."""

    most_cents: Cents = fact("The deposit may not be more than this; beside others, what is left.")


def decide_residential_limit(facts: ResidentialLimitFacts, terms: Terms) -> Decision[DepositLimit]:
    """The most an initial residential deposit may be: a share of the estimated year, GRR VI.C.1.

    :raises NoSafeBase: if the estimate does not rest on actual readings and undisputed amounts
    :raises DepositFactsContradict: if the estimate is no amount
    """
    findings = Findings()
    _check_basis(facts.basis, terms, findings)
    _must_be_positive(facts.estimated_annual_bill_cents, "The estimated annual bill")
    share = terms.number("deposits_limit_initial_residential_fraction")
    most = Cents(to_whole_down(facts.estimated_annual_bill_cents * share.value))
    findings.add(
        f"at most {number_text(share.value)} of the estimated annual bill, "
        f"{usd_display(facts.estimated_annual_bill_cents)}: {usd_display(most)}, rounded down",
        share,
    )
    return _beside(facts.held_or_asked_cents, most, share, findings)


def decide_nonresidential_limit(
    facts: NonResidentialLimitFacts, terms: Terms
) -> Decision[DepositLimit]:
    """The most an initial non-residential deposit may be: largest month and more days, GRR VI.C.1.

    :raises NoSafeBase: if the estimates do not rest on actual readings and undisputed amounts
    :raises DepositFactsContradict: if an estimate is no amount, or the month passes the year
    """
    findings = Findings()
    _check_basis(facts.basis, terms, findings)
    _must_be_positive(facts.largest_month_cents, "The estimate of the largest month")
    _must_be_positive(facts.largest_month_days, "The length of the largest month")
    _must_be_positive(facts.estimated_year_cents, "The estimated year")
    if facts.year_days < facts.largest_month_days:
        raise DepositFactsContradict(
            f"The largest month has {facts.largest_month_days} days, the year {facts.year_days}",
            do="Correct the two",
        )
    month = Fraction(facts.largest_month_cents, facts.largest_month_days)
    average = Fraction(facts.estimated_year_cents, facts.year_days)
    if average > month:
        raise DepositFactsContradict(
            "An average day of the year costs more than a day of the largest month",
            do="Correct the estimates: no month is larger than the largest",
        )
    basis = terms.text("deposits_limit_initial_nonresidential_basis")
    extra = terms.whole("deposits_limit_initial_nonresidential_extra_days")
    by_month = Cents(to_whole_down(facts.largest_month_cents + extra.value * month))
    by_average = Cents(to_whole_down(facts.largest_month_cents + extra.value * average))
    words = f"{basis.value}: {usd_display(facts.largest_month_cents)} and {extra.value} days"
    if by_month != by_average and terms.reading(FORMULA_READING) == AVERAGE_USAGE:
        findings.add(
            f"{words} of an average day of the year: {usd_display(by_average)}, rounded down", extra
        )
        return _beside(facts.held_or_asked_cents, by_average, extra, findings)
    findings.add(
        f"{words} at the daily charge of that month: {usd_display(by_month)}, rounded down", extra
    )
    return _beside(facts.held_or_asked_cents, by_month, extra, findings)


def decide_continued_limit(facts: ContinuedLimitFacts, terms: Terms) -> Decision[DepositLimit]:
    """The most a deposit for continued service may be: a multiple of the highest bill, GRR VI.C.1.

    Bills in dispute, and estimated ones that actual readings do not bear out, are passed over.

    :raises NoSafeBase: if no bill of the preceding months is left
    :raises DepositFactsContradict: for a bill dated after the day that counts
    """
    representative = terms.clause(REPRESENTATIVE)
    months = terms.whole("deposits_limit_continued_lookback_months")
    multiple = terms.whole("deposits_limit_continued_multiple")
    findings = Findings()
    since = months_after(terms.day, -months.value)
    counted = []
    for bill in facts.bills:
        not_after(bill.billed_on, terms.day, called="The day of a bill")
        named = f"the bill of {bill.billed_on}, {usd_display(bill.amount_cents)},"
        if not since <= bill.billed_on < terms.day:
            findings.add(f"{named} is not of the preceding {months.value} months", months)
        elif bill.disputed:
            findings.add(f"{named} is in dispute", representative)
        elif bill.estimated:
            findings.add(f"{named} does not represent actual readings", representative)
        else:
            counted.append(bill)
    if not counted:
        raise _no_base(
            f"No undisputed bill on actual readings is left of the {months.value} months before "
            f"{terms.day}",
            representative,
        )
    highest = max(counted, key=lambda bill: bill.amount_cents)
    if highest.amount_cents <= 0:
        raise NoSafeBase(
            f"The highest undisputed bill of the {months.value} months before {terms.day} is "
            f"{usd_display(highest.amount_cents)}, of {highest.billed_on}: nothing can be asked",
            why=f"A deposit is at most {multiple.value} times that bill ({multiple.citation.text})",
            do="Ask once a bill asks for something",
        )
    most = Cents(highest.amount_cents * multiple.value)
    findings.add(
        f"at most {multiple.value} times the highest undisputed bill, "
        f"{usd_display(highest.amount_cents)} of {highest.billed_on}: {usd_display(most)}",
        multiple,
    )
    return _beside(facts.held_or_asked_cents, most, multiple, findings)


def _beside(
    held_or_asked: Cents, most: Cents, limit: Cited, findings: Findings
) -> Decision[DepositLimit]:
    """What a limit leaves beside other deposits: several are together no more than one may be.

    :raises DepositFactsContradict: if the others are less than nothing
    """
    if held_or_asked < 0:
        raise DepositFactsContradict(
            f"{usd_display(held_or_asked)} is held or asked for, less than nothing",
            do="Give what other deposits of the account come to, or zero",
        )
    left = Cents(max(0, most - held_or_asked))
    if held_or_asked:
        findings.add(
            f"of which {usd_display(held_or_asked)} is held or asked for already: "
            f"{usd_display(left)} is left",
            limit,
        )
    return Decision(DepositLimit(left), findings.all())


def _check_basis(basis: Basis, terms: Terms, findings: Findings) -> None:
    clause = terms.clause(REPRESENTATIVE)
    if not basis.actual_readings:
        raise _no_base("The estimate does not rest on actual readings", clause)
    if not basis.undisputed_amounts:
        raise _no_base("The estimate rests on amounts in dispute", clause)
    findings.add("the estimate rests on actual readings and undisputed amounts", clause)


def _no_base(what: str, clause: Clause) -> NoSafeBase:
    return NoSafeBase(
        what,
        why=f"Every deposit level rests on such periods ({clause.citation.text})",
        do="Leave the deposit in the review queue until there is a reading or a settled bill",
    )


def _must_be_positive(amount: int, what: str) -> None:
    if amount <= 0:
        raise DepositFactsContradict(f"{what} is not above zero", do="Give what was worked out")


RESIDENTIAL_LIMIT = Rule(
    id="deposits.limit.initial_residential",
    title="The most an initial residential deposit may be",
    room="arrears",
    kind="limit",
    chapter=CHAPTER,
    provisions=("deposits.limit.initial_residential", REPRESENTATIVE),
    governing_day="the day on which the deposit is asked for",
    facts=ResidentialLimitFacts,
    outcome=DepositLimit,
    values=("deposits_limit_initial_residential_fraction",),
    decide=decide_residential_limit,
)

NON_RESIDENTIAL_LIMIT = Rule(
    id="deposits.limit.initial_nonresidential",
    title="The most an initial non-residential deposit may be",
    room="arrears",
    kind="limit",
    chapter=CHAPTER,
    provisions=("deposits.limit.initial_nonresidential", REPRESENTATIVE),
    governing_day="the day on which the deposit is asked for",
    facts=NonResidentialLimitFacts,
    outcome=DepositLimit,
    values=(
        "deposits_limit_initial_nonresidential_basis",
        "deposits_limit_initial_nonresidential_extra_days",
    ),
    readings=(FORMULA_READING,),
    decide=decide_nonresidential_limit,
)

CONTINUED_LIMIT = Rule(
    id="deposits.limit.continued",
    title="The most a deposit for continued service may be",
    room="arrears",
    kind="limit",
    chapter=CHAPTER,
    provisions=("deposits.limit.continued", REPRESENTATIVE),
    governing_day="the day on which the deposit is asked for",
    facts=ContinuedLimitFacts,
    outcome=DepositLimit,
    values=("deposits_limit_continued_multiple", "deposits_limit_continued_lookback_months"),
    decide=decide_continued_limit,
)
