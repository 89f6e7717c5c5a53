"""A final bill of a few cents: issued or not.

Lives here      the floor under a final bill, and the refund that goes through it all the same.
Lives elsewhere writing the amount off (``ledger``), the deposit's own remainder (``arrears``).
Read first      GRR V.E.2; conflict C-ONE-DOLLAR.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

FLOOR = "billing.final.minimum_amount"
FLOOR_USD = "billing_final_minimum_amount_floor_usd"
EXCEPTION = "billing_final_minimum_amount_exception"


class UsageBelowZero(Refusal):
    """A final bill's charge for usage is below zero."""


@dataclass(frozen=True, slots=True)
class FinalBillFacts:
    """A final bill that is about to be issued."""

    usage_charge_cents: Cents = fact("Its charge for electric usage.")
    deposit_refunded: bool = fact("Whether a deposit is returned through this account.")


@dataclass(frozen=True, slots=True)
class FinalBill:
    """What becomes of it."""

    issued: bool = fact("Whether it is issued.")
    written_off_cents: Cents = fact("What is written off by an entry of its own, if it is not.")


def decide_final_bill(facts: FinalBillFacts, terms: Terms) -> Decision[FinalBill]:
    """Whether a final bill is issued (GRR V.E.2). A bill of the floor itself is.

    :raises UsageBelowZero: if the charge for usage is a credit
    """
    if facts.usage_charge_cents < 0:
        raise UsageBelowZero(
            f"A charge for usage of {usd_display(facts.usage_charge_cents)} is a credit",
            where="facts.usage_charge_usd",
            why="The floor is for small debts; a credit is refunded",
            do="Give the charge for usage, zero or above",
        )
    floor = terms.cents(FLOOR_USD)
    amount = usd_display(facts.usage_charge_cents)
    if facts.usage_charge_cents >= floor.value:
        found = f"{amount} is not less than {usd_display(floor.value)}"
        return Decision(FinalBill(True, Cents(0)), (Reason(found, floor.citation),))
    less = Reason(f"{amount} is less than {usd_display(floor.value)}", floor.citation)
    if facts.deposit_refunded:
        exception = terms.text(EXCEPTION)
        found = f"and it is issued all the same, for a {exception.value}"
        return Decision(FinalBill(True, Cents(0)), (less, Reason(found, exception.citation)))
    return Decision(FinalBill(False, facts.usage_charge_cents), (less,))


def floor_clause(view: BookView, day: date) -> Citation | None:
    """The clause by which a final bill of less is not rendered; None where the book has none."""
    if FLOOR_USD not in view.names():
        return None
    found = view.number(FLOOR_USD).covering(day)
    return None if found is None else found.citation


RULES = (
    Rule(
        id="billing.final_bill",
        title="A final bill of a few cents",
        room="billing",
        kind="limit",
        chapter="grr_v_billing",
        provisions=(FLOOR,),
        governing_day="the day on which the final bill would be issued",
        facts=FinalBillFacts,
        outcome=FinalBill,
        values=(FLOOR_USD, EXCEPTION),
        decide=decide_final_bill,
    ),
)
