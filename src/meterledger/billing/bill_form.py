"""How a customer's bills come: many premises on one, without paper, and a first bill of odd length.

Lives here      combination bills, the credit for paperless billing, the bill after a due date was
                chosen.
Lives elsewhere the due date a customer may choose (``due_date_choice``), the documents themselves.
Read first      GRR V.A, V.B and V.N.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_billing", "billing"
COMBINED = "billing.combination.eligibility"
COMBINED_FORM = "billing.combination.bill_form"
LEAST_PREMISES = "billing_combination_eligibility_min_premises"
REQUEST_FORM = "billing_combination_eligibility_request_form"
DUE_CHOSEN_BY = "billing_combination_bill_form_due_date_chosen_by"
PAPERLESS = "billing.paperless.eligibility"
FIRST_TIME = "billing_paperless_eligibility_first_time_only"
ODD_LENGTH = "billing.periods.due_date_election_variation"
VARIANCE = "billing_periods_due_date_election_variation_case"


class CountBelowZero(Refusal):
    """A count of premises or bills cannot be."""


@dataclass(frozen=True, slots=True)
class CombinationFacts:
    """A customer who would have several premises on one bill."""

    premises: int = fact("For how many premises the customer is regularly responsible.")
    asked_in_writing: bool = fact("Whether the request came in writing.")


@dataclass(frozen=True, slots=True)
class Combination:
    """Whether and how they are combined."""

    combined: bool = fact("Whether one bill goes out for all.")
    due_date_chosen_by: str | None = fact("Who chooses its due date; null if not combined.")
    statement_for_each_account: bool = fact("Whether each account's charges are attached.")


def decide_combination(facts: CombinationFacts, terms: Terms) -> Decision[Combination]:
    """Whether a customer's premises come on one bill (GRR V.B).

    :raises CountBelowZero: if there are fewer than no premises
    """
    if facts.premises < 0:
        raise CountBelowZero(
            f"{facts.premises} premises cannot be",
            where="facts.premises",
            do="Count the premises for which the customer is regularly responsible",
        )
    least, form = terms.whole(LEAST_PREMISES), terms.text(REQUEST_FORM)
    no = Combination(False, None, False)
    if facts.premises < least.value:
        found = f"{facts.premises} premises, and {least.value} are the least"
        return Decision(no, (Reason(found, least.citation),))
    if not facts.asked_in_writing:
        return Decision(no, (Reason(f"a {form.value} request is needed", form.citation),))
    chooses = terms.text(DUE_CHOSEN_BY)
    reasons = (
        Reason(f"{facts.premises} premises, not fewer than {least.value}", least.citation),
        Reason(f"a {form.value} request came", form.citation),
        Reason(
            f"one bill, its due date chosen by the {chooses.value}, with a statement for each",
            chooses.citation,
        ),
    )
    return Decision(Combination(True, chooses.value, True), reasons)


@dataclass(frozen=True, slots=True)
class PaperlessFacts:
    """A customer who enrolls in paperless billing."""

    residential: bool = fact("Whether the customer is residential.")
    enrolled_now: bool = fact("Whether any account of the customer is paperless now.")
    ever_enrolled: bool = fact("Whether any account of the customer ever was.")


@dataclass(frozen=True, slots=True)
class Paperless:
    """Whether the enrollment earns the credit."""

    earns_credit: bool = fact("Whether the monthly credit is given.")


def decide_paperless(facts: PaperlessFacts, terms: Terms) -> Decision[Paperless]:
    """Whether enrolling in paperless billing earns the credit (GRR V.N). History is the customer's.

    The amount stands on a sheet that is not held (M-01): the credit is not billed until it is.
    Before the day of the paragraph, which was new then, nobody earned one.
    """
    later = terms.not_yet(PAPERLESS)
    if later is not None:
        found = f"the paragraph is new on {later.version.days.from_day}, and there was no credit"
        return Decision(Paperless(False), (Reason(found, later.citation),))
    first = terms.flag(FIRST_TIME)
    if not facts.residential:
        found = "the credit is for residential customers"
        return Decision(Paperless(False), (Reason(found, terms.clause(PAPERLESS).citation),))
    if first.value and (facts.enrolled_now or facts.ever_enrolled):
        when = "is enrolled now" if facts.enrolled_now else "was enrolled before"
        found = f"the customer {when}, and the credit is for the first time alone"
        return Decision(Paperless(False), (Reason(found, first.citation),))
    found = "a residential customer who enrolls for the first time"
    return Decision(Paperless(True), (Reason(found, first.citation),))


@dataclass(frozen=True, slots=True)
class FirstBillFacts:
    """A bill of unusual length of a customer who chose a due date."""

    chosen_on: date | None = fact("The day the due date was chosen; null if it was not.")
    bills_since: int = fact("How many bills were issued since then, this one not counted.")


@dataclass(frozen=True, slots=True)
class FirstBill:
    """Whether its length is allowed."""

    length_may_differ: bool = fact(
        "Whether the span between readings may be unusually long or short."
    )


def decide_first_bill_length(facts: FirstBillFacts, terms: Terms) -> Decision[FirstBill]:
    """Whether a bill may have an unusual length because of a chosen due date (GRR V.A, V.O).

    :raises CountBelowZero: if fewer than no bills were issued since
    """
    if facts.bills_since < 0:
        raise CountBelowZero(
            f"{facts.bills_since} bills since then cannot be",
            where="facts.bills_since",
            do="Count the bills issued since the due date was chosen",
        )
    case = terms.text(VARIANCE)
    if facts.chosen_on is None:
        found = f"no due date was chosen, and case {case.value} is for that alone"
        return Decision(FirstBill(False), (Reason(found, case.citation),))
    if facts.bills_since:
        found = f"{facts.bills_since} bills went out since: only the first may differ"
        return Decision(FirstBill(False), (Reason(found, case.citation),))
    found = f"the first bill after a due date was chosen on {facts.chosen_on} (case {case.value})"
    return Decision(FirstBill(True), (Reason(found, case.citation),))


RULES = (
    Rule(
        id="billing.combination",
        title="Many premises on one bill",
        room=ROOM,
        kind="eligibility",
        chapter=CHAPTER,
        provisions=(COMBINED, COMBINED_FORM),
        governing_day="the day of the request",
        facts=CombinationFacts,
        outcome=Combination,
        values=(LEAST_PREMISES, REQUEST_FORM, DUE_CHOSEN_BY),
        decide=decide_combination,
    ),
    Rule(
        id="billing.paperless",
        title="The credit for paperless billing",
        room=ROOM,
        kind="eligibility",
        chapter=CHAPTER,
        provisions=(PAPERLESS,),
        governing_day="the day of the enrollment",
        facts=PaperlessFacts,
        outcome=Paperless,
        values=(FIRST_TIME,),
        decide=decide_paperless,
    ),
    Rule(
        id="billing.first_bill_length",
        title="The length of the first bill after a chosen due date",
        room=ROOM,
        kind="limit",
        chapter=CHAPTER,
        provisions=(ODD_LENGTH,),
        governing_day="the day of the bill",
        facts=FirstBillFacts,
        outcome=FirstBill,
        values=(VARIANCE,),
        decide=decide_first_bill_length,
    ),
)
