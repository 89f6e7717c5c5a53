"""Amounts under a payment agreement: no late charge while it is kept, one on what is missed.

Lives here      what of an agreement bears a late charge, and how much.
Lives elsewhere the charge on everything else (``late_payment``), making and ending agreements
                (with their chapters), the rest of the Cold Weather Rule.
Read first      GRR V.J (V.K to 2018-04-12), its last two sentences.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from meterledger.arrears.late_facts import CHAPTER, ROOM, because, no_credits
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

EXEMPT = "late.agreement.exempt_while_kept"
MISSED = "late.agreement.missed_payment_only"
EXEMPT_FLAG = "late_agreement_exempt_while_kept_exempt"
EXEMPT_CUSTOMERS = "late_agreement_exempt_while_kept_customers"
MISSED_RATE = "late_agreement_missed_payment_only_rate_percent"
MISSED_BASE = "late_agreement_missed_payment_only_base"
COLD_WEATHER = "cwr.agreement.no_late_charges"
COLD_WEATHER_CHARGE = "cwr_agreement_no_late_charges_late_charge"
COLD_WEATHER_READING = "cwr.missed_instalment_late_charge"
NO_CHARGE = "no_late_charge"
RESIDENTIAL, NON_RESIDENTIAL = "residential", "non-residential"


class AgreementKind(Enum):
    """What kind of agreement it is."""

    DEFERRED_PAYMENT = "deferred payment"
    SETTLEMENT = "settlement"
    COLD_WEATHER = "cold weather"


class CustomerSide(Enum):
    """On which side of the tariff the customer is served."""

    RESIDENTIAL = RESIDENTIAL
    NON_RESIDENTIAL = NON_RESIDENTIAL


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """An agreement on the day of the bill, with what is not due yet and what was missed."""

    kind: AgreementKind = fact("The kind of agreement.")
    customer: CustomerSide = fact("Whether the customer is residential.")
    balance_not_due_cents: Cents = fact("What the agreement still collects in later instalments.")
    missed_instalment_cents: Cents = fact(
        "What is unpaid of instalments that came due; of one paid short, the part not paid.",
        default=Cents(0),
    )
    ended_by_default: bool = fact(
        "Whether the agreement was cancelled because it was not kept.", default=False
    )
    paid_as_agreed_cents: Cents = fact(
        "What of the debt was paid by instalments on their days, after its own delinquent date.",
        default=Cents(0),
    )


@dataclass(frozen=True, slots=True)
class AgreementCharge:
    """The late charge on the agreement, and what of it goes into the ordinary base."""

    late_charge_cents: Cents = fact("The late charge on what was missed.")
    charged_on_cents: Cents = fact("The missed amount that it is computed on.")
    spared_cents: Cents = fact("What of the agreement bears no late charge.")
    to_ordinary_base_cents: Cents = fact(
        "What is outside the exemption altogether: part of the ordinary base from now on."
    )


def decide_agreement_charge(facts: AgreementFacts, terms: Terms) -> Decision[AgreementCharge]:
    """Decide what of an agreement bears a late charge, rounded once, halves up.

    :raises LateFactsContradict: if an amount is below zero
    """
    missed, later = facts.missed_instalment_cents, facts.balance_not_due_cents
    paid = facts.paid_as_agreed_cents
    told = {"missed_instalment_usd": missed, "balance_not_due_usd": later}
    no_credits(told | {"paid_as_agreed_usd": paid})
    spared, why = agreement_is_spared(facts.customer, terms)
    if not spared:
        ordinary = Cents(missed + later + paid)
        return Decision(AgreementCharge(Cents(0), Cents(0), Cents(0), ordinary), (why,))
    if not paid:
        return _of_the_rest(facts, why, terms)
    rest = _of_the_rest(facts, why, terms)
    found = f"{usd_display(paid)} were paid as agreed, and bear no late charge"
    outcome = replace(rest.outcome, spared_cents=Cents(rest.outcome.spared_cents + paid))
    reasons = (*rest.reasons, because(found, why.citation))
    return Decision(outcome, reasons, rest.reading_keys)


def _of_the_rest(facts: AgreementFacts, why: Reason, terms: Terms) -> Decision[AgreementCharge]:
    """What of a residential customer's agreement bears a charge, beside what was paid as agreed."""
    missed, later = facts.missed_instalment_cents, facts.balance_not_due_cents
    if facts.ended_by_default:
        found = (
            "the agreement was not kept and has ended: its remaining "
            f"{usd_display(missed + later)} belong to the ordinary base from now on"
        )
        return Decision(
            AgreementCharge(Cents(0), Cents(0), Cents(0), Cents(missed + later)),
            (because(found, why.citation),),
        )
    if missed == 0:
        kept = because(f"it is kept: {usd_display(later)} bear no late charge", why.citation)
        return Decision(AgreementCharge(Cents(0), Cents(0), later, Cents(0)), (why, kept))
    cold_weather = facts.kind is AgreementKind.COLD_WEATHER
    if cold_weather and terms.reading(COLD_WEATHER_READING) == NO_CHARGE:
        return _cold_weather(Cents(missed + later), why, terms)
    percent, base = terms.number(MISSED_RATE), terms.text(MISSED_BASE)
    charge = Cents(to_whole_half_up(missed * percent.value / 100))
    found = (
        f"{usd_display(missed)} missed: {number_text(percent.value)} percent on the {base.value} "
        f"alone is {usd_display(charge)}; {usd_display(later)} not due yet bear none"
    )
    outcome = AgreementCharge(charge, missed, later, Cents(0))
    return Decision(outcome, (why, because(found, percent.citation)))


def agreement_is_spared(customer: CustomerSide, terms: Terms) -> tuple[bool, Reason]:
    """Whether the sheet spares amounts under this customer's agreements, and why."""
    exempt, whose = terms.flag(EXEMPT_FLAG), terms.text(EXEMPT_CUSTOMERS)
    if exempt.value and customer.value == whose.value:
        found = f"under an agreement with a {whose.value} customer, which bears no charge if kept"
        return True, because(found, exempt.citation)
    found = (
        f"an agreement with a {customer.value} customer is not spared: the exemption is for "
        f"{whose.value} customers"
        if exempt.value
        else "the sheet spares no agreement"
    )
    return False, because(found, exempt.citation)


def _cold_weather(balance: Cents, why: Reason, terms: Terms) -> Decision[AgreementCharge]:
    """A Cold Weather agreement with a missed instalment, read by the more protective text."""
    practice, tariff = terms.cents(COLD_WEATHER_CHARGE), terms.clause(MISSED)
    found = (
        f"on a Cold Weather agreement the company's own practice is a late charge of "
        f"{usd_display(practice.value)}, whatever was missed"
    )
    instead = "the charge on a missed payment gives way to the more protective practice"
    return Decision(
        AgreementCharge(practice.value, Cents(0), balance, Cents(0)),
        (why, because(instead, tariff), because(found, practice.citation)),
    )


AGREEMENT_CHARGE = Rule(
    id="late.agreement",
    title="Late charge on a missed instalment of an agreement",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(EXEMPT, MISSED, COLD_WEATHER),
    governing_day="the bill on which the charge is shown (bill date)",
    facts=AgreementFacts,
    outcome=AgreementCharge,
    values=(EXEMPT_FLAG, EXEMPT_CUSTOMERS, MISSED_RATE, MISSED_BASE, COLD_WEATHER_CHARGE),
    readings=(COLD_WEATHER_READING,),
    decide=decide_agreement_charge,
)

RULES = (AGREEMENT_CHARGE,)
