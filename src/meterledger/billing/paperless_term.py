"""How long the credit for paperless billing lasts, and what it comes to.

Lives here      whether a bill is one of the months of the credit; its amount, if the book has it.
Lives elsewhere who earns the credit (``bill_form``), its line on a bill (``paperless_credit``).
Read first      GRR V.N; missing text M-01: the amount stands on a sheet that is not held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_billing", "billing"
TERM = "billing.paperless.credit_term"
TERM_MONTHS = "billing_paperless_credit_term_max_term_months"
AMOUNT = "billing_paperless_credit_term_amount_usd"
AMOUNT_SOURCE = "billing_paperless_credit_term_amount_source"


class TermContradicts(Refusal):
    """What is told of a paperless credit cannot all be true."""


class CreditAmountNotHeld(Refusal):
    """The credit is earned, and the sheet that says how much it is is not held."""


@dataclass(frozen=True, slots=True)
class PaperlessTermFacts:
    """A bill of a customer who earned the credit by a first enrollment."""

    enrolled_on: date = fact("The first day of the first enrollment in paperless billing.")
    left_on: date | None = fact(
        "The day from which bills are on paper again, whatever came later; null while they are not."
    )
    period_ends: date = fact("The last day of the bill's billing period.")
    credited_periods: tuple[date, ...] = fact(
        "The last days of the billing periods whose bills had the credit before, oldest first."
    )


@dataclass(frozen=True, slots=True)
class PaperlessTerm:
    """Whether the bill has the monthly credit."""

    credited: bool = fact("Whether the bill has the credit.")
    last_day: date = fact("The last day on which a bill can be issued with it.")
    bill_number: int | None = fact("Which of the bills with it this one is; null if it has none.")
    amount_from: str | None = fact(
        "Where the amount stands, if the bill has the credit and the book has no amount; else null."
    )


def decide_paperless_term(facts: PaperlessTermFacts, terms: Terms) -> Decision[PaperlessTerm]:
    """Whether a bill has the monthly credit: from the next billing month on, a year at most.

    A month is that of the period's last day; periods before the enrollment share its month. What
    was not credited by the end is not made up for.

    :raises TermContradicts: if the enrollment ended before it began
    """
    if facts.left_on is not None and facts.left_on <= facts.enrolled_on:
        raise TermContradicts(
            f"Bills are on paper again from {facts.left_on}, and electronic from "
            f"{facts.enrolled_on} on",
            where="facts.left_on",
            do="Give the day on which the first enrollment ended, after the day it began",
        )
    most = terms.whole(TERM_MONTHS)
    ends = months_after(facts.enrolled_on, most.value)
    last_day = min(ends, facts.left_on or ends) - timedelta(days=1)
    why_not = _why_not(facts, terms.day, ends, most.value)
    if why_not:
        outcome = PaperlessTerm(False, last_day, None, None)
        return Decision(outcome, (Reason(why_not, most.citation),))
    number = len(facts.credited_periods) + 1
    found = f"bill {number} of at most {most.value}, paperless from {facts.enrolled_on}"
    reasons = (Reason(found, most.citation),)
    if terms.holds(AMOUNT):
        return Decision(PaperlessTerm(True, last_day, number, None), reasons)
    source = terms.text(AMOUNT_SOURCE)
    elsewhere = Reason(f"the amount stands elsewhere: {source.value}", source.citation)
    return Decision(PaperlessTerm(True, last_day, number, source.value), (*reasons, elsewhere))


def _why_not(facts: PaperlessTermFacts, issued: date, ends: date, most: int) -> str:
    """Why a bill has no credit; nothing if it has one."""
    if issued < facts.enrolled_on:
        return (
            f"the enrollment begins on {facts.enrolled_on}, after the bill: the credit begins with "
            "the next billing month"
        )
    if facts.left_on is not None and issued >= facts.left_on:
        return (
            f"bills are on paper again from {facts.left_on}: the credit stops, and no later "
            "enrollment brings back what is left of it"
        )
    if issued >= ends:
        return f"the {most} months from {facts.enrolled_on} on have ended before {ends}"
    if len(facts.credited_periods) >= most:
        return f"{len(facts.credited_periods)} bills had the credit, and {most} are the most"
    month = _billing_month(facts.period_ends, facts.enrolled_on)
    if month in {_billing_month(one, facts.enrolled_on) for one in facts.credited_periods}:
        return f"the billing month {month} has had its credit"
    return ""


def _billing_month(last_day: date, since: date) -> str:
    """The month of a period's last day; all before the enrollment wait for that one's month."""
    return f"{max(last_day, since):%Y-%m}"


@dataclass(frozen=True, slots=True)
class PaperlessAmountFacts:
    """Bills that have the credit."""

    bills: int = fact("How many bills have it.")


@dataclass(frozen=True, slots=True)
class PaperlessAmount:
    """What the credit comes to."""

    monthly_cents: Cents = fact("The credit of one bill.")
    total_cents: Cents = fact("The credit of all of them.")


def decide_paperless_amount(facts: PaperlessAmountFacts, terms: Terms) -> Decision[PaperlessAmount]:
    """What the credit comes to on so many bills, where the book has its amount.

    :raises TermContradicts: if that many bills cannot have it
    :raises CreditAmountNotHeld: if no sheet that is held says how much it is
    """
    most = terms.whole(TERM_MONTHS)
    if not 1 <= facts.bills <= most.value:
        raise TermContradicts(
            f"{facts.bills} bills with the credit cannot be",
            where="facts.bills",
            do=f"Count the bills that have it, from 1 to {most.value}",
        )
    if not terms.holds(AMOUNT):
        source = terms.text(AMOUNT_SOURCE)
        raise CreditAmountNotHeld(
            "The amount of the paperless credit is not in the book",
            where=f"{source.citation.sheet}, gap M-01",
            why=f"It stands on {source.value}, and nothing is credited that no text held here says",
            do=f"Enter {AMOUNT} with its sheet and day",
        )
    amount = terms.cents(AMOUNT)
    noun = "bill" if facts.bills == 1 else "bills"
    reasons = (
        Reason(f"{usd_display(amount.value)} a month on {facts.bills} {noun}", amount.citation),
        Reason(f"not more than {most.value} months", most.citation),
    )
    return Decision(PaperlessAmount(amount.value, Cents(amount.value * facts.bills)), reasons)


RULES = (
    Rule(
        id="billing.paperless_term",
        title="How long the credit for paperless billing lasts",
        room=ROOM,
        kind="calculation",
        chapter=CHAPTER,
        provisions=(TERM,),
        governing_day="the day on which the bill's period was first billed",
        facts=PaperlessTermFacts,
        outcome=PaperlessTerm,
        values=(TERM_MONTHS, AMOUNT, AMOUNT_SOURCE),
        decide=decide_paperless_term,
    ),
    Rule(
        id="billing.paperless_amount",
        title="What the credit for paperless billing comes to",
        room=ROOM,
        kind="calculation",
        chapter=CHAPTER,
        provisions=(TERM,),
        governing_day="the day on which the bill's period was first billed",
        facts=PaperlessAmountFacts,
        outcome=PaperlessAmount,
        values=(TERM_MONTHS, AMOUNT, AMOUNT_SOURCE),
        decide=decide_paperless_amount,
    ),
)
