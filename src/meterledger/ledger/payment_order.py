"""Payment order: where the cents of a partial payment go, in the order the sheet gives.

Lives here      splitting one payment over previous and current charges, deposits and specials.
Lives elsewhere what is owed (``billing``, ``arrears``), the entries (``templates``).
Read first      GRR V.M (V.N to 2018-04-12); docs/glossary.md: "payment order".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_late_payment", "ledger"
CURRENT, PREVIOUS = "partial.current_only.utility_then_deposit", "partial.previous_balance.order"
SPECIAL_LAST, VARIANCE = "partial.special_charges_last", "partial.variance"
CURRENT_ORDER = "partial_current_only_utility_then_deposit_order"
PREVIOUS_ORDER = "partial_previous_balance_order"
LAST = "partial_special_charges_last"
VARIANCE_RULE, VARIANCE_CASE = "partial_variance_rule", "partial_variance_case"

PREVIOUS_UTILITY, PREVIOUS_DEPOSIT = "previous utility charges", "previous deposit requirements"
CURRENT_UTILITY, CURRENT_DEPOSIT = "utility charges", "deposit"
ALL_CURRENT = "current charges (utility, then deposit)"
SPECIAL = "special charges"


class PaymentFactsContradict(Refusal):
    """The facts given about a payment cannot all be true."""


class UnknownPaymentOrder(Refusal):
    """The sheet names something to be paid that this calculation does not know."""


@dataclass(frozen=True, slots=True)
class OpenBill:
    """What one earlier bill still has open of its utility charges."""

    bill_date: date = fact("The day on which the bill was rendered.")
    unpaid_cents: Cents = fact("Its utility charges that are unpaid.")


@dataclass(frozen=True, slots=True)
class BillPart:
    """What one earlier bill gets of a payment."""

    bill_date: date = fact("The day on which the bill was rendered.")
    paid_cents: Cents = fact("What of the payment goes to it.")


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment, and what the bill asks for."""

    payment_cents: Cents = fact("The payment.")
    current_utility_cents: Cents = fact("Utility charges of this bill.", default=Cents(0))
    current_deposit_cents: Cents = fact(
        "Deposits asked for on this bill; a deposit that is not billed yet blocks nothing.",
        default=Cents(0),
    )
    previous_utility_cents: Cents = fact(
        "Unpaid utility charges of earlier bills.", default=Cents(0)
    )
    previous_deposit_cents: Cents = fact("Unpaid deposits of earlier bills.", default=Cents(0))
    special_cents: Cents = fact(
        "Special charges: merchandise and services that are no utility service, as configured.",
        default=Cents(0),
    )
    previous_utility_bills: tuple[OpenBill, ...] = fact(
        "The earlier bills behind previous_utility_usd, if it is to be spread over them; they are "
        "paid oldest first.",
        default=(),
    )


@dataclass(frozen=True, slots=True)
class PaymentSplit:
    """Where every cent of the payment goes."""

    previous_utility_cents: Cents = fact("To unpaid utility charges of earlier bills.")
    previous_deposit_cents: Cents = fact("To unpaid deposits of earlier bills.")
    current_utility_cents: Cents = fact("To utility charges of this bill.")
    current_deposit_cents: Cents = fact("To deposits on this bill.")
    special_cents: Cents = fact("To special charges.")
    left_over_cents: Cents = fact("Paid beyond all of these: a credit of the account.")
    previous_utility_bills: tuple[BillPart, ...] = fact("To each earlier bill named, oldest first.")


def decide_payment_split(facts: PaymentFacts, terms: Terms) -> Decision[PaymentSplit]:
    """Spend a payment in the order of the sheet. Every cent goes somewhere.

    :raises PaymentFactsContradict: if an amount is below zero, or earlier bills do not sum up
    :raises UnknownPaymentOrder: if the sheet's order names something that is not known here
    """
    _check(facts)
    owed = {
        PREVIOUS_UTILITY: facts.previous_utility_cents,
        PREVIOUS_DEPOSIT: facts.previous_deposit_cents,
        CURRENT_UTILITY: facts.current_utility_cents,
        CURRENT_DEPOSIT: facts.current_deposit_cents,
        SPECIAL: facts.special_cents,
    }
    paid: dict[str, Cents] = {}
    left = facts.payment_cents
    reasons = []
    for bucket, citation in _order(facts, terms):
        ensure(bucket not in paid, f"the order names {bucket} once")
        paid[bucket] = Cents(min(left, owed[bucket]))
        left = Cents(left - paid[bucket])
        if owed[bucket]:
            reasons.append(Reason(_found(bucket, paid[bucket], owed[bucket]), citation))
    ensure(sum(paid.values()) + left == facts.payment_cents, "every cent of a payment is spent")
    reasons.append(_variance(terms))
    if left:
        found = f"{usd_display(left)} is paid beyond everything owed and stays on the account"
        reasons.append(Reason(found, terms.text(LAST).citation))
    split = PaymentSplit(
        previous_utility_cents=paid[PREVIOUS_UTILITY],
        previous_deposit_cents=paid[PREVIOUS_DEPOSIT],
        current_utility_cents=paid[CURRENT_UTILITY],
        current_deposit_cents=paid[CURRENT_DEPOSIT],
        special_cents=paid[SPECIAL],
        left_over_cents=left,
        previous_utility_bills=_oldest_first(facts.previous_utility_bills, paid[PREVIOUS_UTILITY]),
    )
    return Decision(split, tuple(reasons))


def _check(facts: PaymentFacts) -> None:
    amounts = {
        "payment_usd": facts.payment_cents,
        "current_utility_usd": facts.current_utility_cents,
        "current_deposit_usd": facts.current_deposit_cents,
        "previous_utility_usd": facts.previous_utility_cents,
        "previous_deposit_usd": facts.previous_deposit_cents,
        "special_usd": facts.special_cents,
        **{f"previous_utility_bills {one.bill_date}": one.unpaid_cents
           for one in facts.previous_utility_bills},
    }  # fmt: skip
    for key, cents in amounts.items():
        if cents < 0:
            raise PaymentFactsContradict(
                f"{usd_display(cents)} is less than nothing",
                where=f"facts.{key}",
                do="Give what is paid and what is owed as zero or above; a return is a reversal",
            )
    together = sum(one.unpaid_cents for one in facts.previous_utility_bills)
    if facts.previous_utility_bills and together != facts.previous_utility_cents:
        raise PaymentFactsContradict(
            f"The earlier bills have {usd_display(together)} open, and previous_utility_usd says "
            f"{usd_display(facts.previous_utility_cents)}",
            where="facts.previous_utility_bills",
            do="Name every earlier bill with what is open of it, or none",
        )


def _order(facts: PaymentFacts, terms: Terms) -> Iterator[tuple[str, Citation]]:
    """What is paid, first to last, each with the clause that places it there."""
    current = terms.listing(CURRENT_ORDER)
    _known(current, (CURRENT_UTILITY, CURRENT_DEPOSIT))
    if facts.previous_utility_cents or facts.previous_deposit_cents:
        order = terms.listing(PREVIOUS_ORDER)
        _known(order, (PREVIOUS_UTILITY, PREVIOUS_DEPOSIT, ALL_CURRENT))
        for word in order.value:
            if word == ALL_CURRENT:
                yield from ((bucket, order.citation) for bucket in current.value)
            else:
                yield word, order.citation
    else:
        yield PREVIOUS_UTILITY, current.citation
        yield PREVIOUS_DEPOSIT, current.citation
        yield from ((bucket, current.citation) for bucket in current.value)
    last = terms.text(LAST)
    if last.value != SPECIAL:
        raise _unknown(last.value, last.citation)
    yield SPECIAL, last.citation


def _known(order: DatedValue[tuple[str, ...]], words: tuple[str, ...]) -> None:
    """Every bucket is named once, and nothing else is."""
    for word in order.value:
        if word not in words:
            raise _unknown(word, order.citation)
    if sorted(order.value) != sorted(words):
        raise _unknown(", ".join(order.value), order.citation)


def _unknown(word: str, citation: Citation) -> UnknownPaymentOrder:
    return UnknownPaymentOrder(
        f"The order of payments names '{word}', which this calculation does not know",
        where=citation.text,
        do="Correct the value, or use a release that knows such an order",
    )


def _found(bucket: str, paid: Cents, owed: Cents) -> str:
    name = f"the {bucket}" if bucket == CURRENT_DEPOSIT else bucket
    if paid == owed:
        return f"{name} of {usd_display(owed)} paid in full"
    if paid:
        get = "gets" if bucket == CURRENT_DEPOSIT else "get"
        return f"{name} {get} what is left, {usd_display(paid)} of {usd_display(owed)}"
    return f"nothing is left for {name} of {usd_display(owed)}"


def _variance(terms: Terms) -> Reason:
    rule, case = terms.text(VARIANCE_RULE), terms.text(VARIANCE_CASE)
    found = f"the order departs from {rule.value} by the variance of Case No. {case.value}"
    return Reason(found, case.citation)


def _oldest_first(bills: tuple[OpenBill, ...], paid: Cents) -> tuple[BillPart, ...]:
    parts, left = [], paid
    for bill in sorted(bills, key=lambda one: one.bill_date):
        part = Cents(min(left, bill.unpaid_cents))
        parts.append(BillPart(bill.bill_date, part))
        left = Cents(left - part)
    ensure(not bills or left == 0, "what goes to earlier bills is spread over them")
    return tuple(parts)


PAYMENT_ORDER = Rule(
    id="partial.order",
    title="Order in which a partial payment is applied",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(CURRENT, PREVIOUS, SPECIAL_LAST, VARIANCE),
    governing_day="the day the payment is applied",
    facts=PaymentFacts,
    outcome=PaymentSplit,
    values=(CURRENT_ORDER, PREVIOUS_ORDER, LAST, VARIANCE_RULE, VARIANCE_CASE),
    decide=decide_payment_split,
)

RULES = (PAYMENT_ORDER,)
