"""The charge for a payment that came back unpaid.

Lives here      whether one is due for a return.
Lives elsewhere taking the payment back (payments), what a bank's return code means (channels).
Read first      docs/operating/settlements.md; gap M-01.

The amount stands on Sheet 63, which is not held: until the book has it, a charge that is due is
refused, and nothing is charged.
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.terms import Terms

CHARGE = "returned_payment_charge_usd"
WHEN = "returned_payment_charged_when"


class ChargeNotHeld(Refusal):
    """A charge is due, and the text that says how much is not held."""


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """A payment that came back."""

    our_error: bool = fact("Whether it came back by an error of ours or of our bank.")
    forbidden_by: str = fact("What forbids a charge, in words; empty if nothing does.", default="")


@dataclass(frozen=True, slots=True)
class ReturnCharge:
    """What it costs."""

    amount_cents: Cents = fact("The charge; zero if none is made.")


def decide_returned_charge(
    facts: ReturnFacts, terms: Terms, *, amount_is_held: bool
) -> Decision[ReturnCharge]:
    """What a returned payment costs. ``amount_is_held`` says whether the book has the amount.

    :raises ChargeNotHeld: if a charge is due and its amount is not in the book
    :raises NoRuleInForce: if the book is silent on the day
    """
    when = terms.text(WHEN)
    none = ReturnCharge(Cents(0))
    if facts.our_error:
        found = f"a charge is made {when.value}, and this return is an error of ours"
        return Decision(none, (Reason(found, when.citation),))
    if facts.forbidden_by:
        found = f"no charge: {facts.forbidden_by}"
        return Decision(none, (Reason(found, when.citation),))
    if not amount_is_held:
        raise ChargeNotHeld(
            "The charge for a returned payment is not in the book",
            where=f"{when.citation.sheet}, gap M-01",
            why="Nothing is charged that no text that is held states",
            do=f"Enter {CHARGE} with its sheet and day, and charge it then",
        )
    amount = terms.cents(CHARGE)
    found = f"{usd_display(amount.value)}, {when.value}"
    return Decision(ReturnCharge(amount.value), (Reason(found, amount.citation),))
