"""Advance refundable deposit: who gives one, its ten dates, what comes back and what is kept.

Lives here      whether it may be asked for, beside a guarantee too; half-yearly dates; the refund
                and the rest after five years.
Lives elsewhere that nothing is built before it is paid (``construction``), the deposit on a
                guarantee (``guarantee``), money (``ledger``), bills' deposits (``arrears``).
Read first      GRR III.O of 2013; glossary: "advance refundable deposit", "refund key".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.extensions.extension_facts import (
    CHAPTER,
    REQUEST_DAY,
    ROOM,
    ExtensionFactsContradict,
    Findings,
    above_zero,
    in_order,
    not_negative,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.months import months_after
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

MAY_BE_REQUIRED = "ext.deposit.may_be_required"
GUARANTEE_TOO = "ext.deposit.guarantee_too"
PRO_RATA = "ext.deposit.refund_pro_rata"
SEMIANNUAL = "ext.deposit.semiannual"
FIVE_YEARS = "ext.deposit.forfeit_five_years"
INTERVAL = "ext_deposit_semiannual_interval_months"
YEARS = "ext_deposit_forfeit_five_years"
KEPT_IN = "ext_deposit_forfeit_five_years_ledger"
BASIS = "ext_deposit_refund_pro_rata_basis"
INTEREST = "ext_deposit_refund_pro_rata_interest"
DISCRETION = "ext_deposit_guarantee_too_discretion"


class Depositor(Enum):
    """Who gives the deposit."""

    CUSTOMER = "customer"
    OTHER_PARTY = "other_responsible_party"
    """A developer, for instance."""


class RefundKey(Enum):
    """What the contract shares the deposit by: the sheet says pro rata, the contract of what."""

    CUSTOMERS = "customers"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class DepositAskedFacts:
    """An extension for which section III may call for a deposit."""

    section_calls_for_it: bool = fact(
        "Whether section III calls for an advance deposit for all or part of this extension."
    )
    depositor: Depositor = fact("Who would give it.")
    guarantee_asked: bool = fact("Whether the company asks for a guarantee agreement, too.")
    deposit_cents: Cents = fact("The deposit asked for.")
    guarantee_cents: Cents = fact("The amount guaranteed beside it; 0 without a guarantee.")
    extension_cost_cents: Cents = fact("What the extension costs.")


@dataclass(frozen=True, slots=True)
class DepositAsked:
    """What may be asked for."""

    deposit_may_be_required: bool = fact("Whether the deposit may be asked for.")
    guarantee_may_be_required: bool = fact("Whether a guarantee may be asked for beside it.")
    secured_above_cost: bool = fact(
        "Whether deposit and guarantee together pass the cost: allowed, and better avoided."
    )


def decide_deposit_asked(facts: DepositAskedFacts, terms: Terms) -> Decision[DepositAsked]:
    """Whether an advance refundable deposit may be asked for, and a guarantee with it: GRR III.O.

    :raises ExtensionFactsContradict: for amounts below zero, or a guarantee nobody asks for
    :raises ReviewNeeded: from 2019-04-01 on, where the text is not held
    """
    clause = terms.clause(MAY_BE_REQUIRED)
    not_negative(facts.deposit_cents, "The deposit")
    not_negative(facts.guarantee_cents, "The amount guaranteed")
    above_zero(facts.extension_cost_cents, "The cost of the extension")
    if facts.guarantee_cents and not facts.guarantee_asked:
        raise ExtensionFactsContradict(
            "An amount is guaranteed, and no guarantee is asked for",
            do="Say that a guarantee is asked for, or give 0.00",
        )
    findings = Findings()
    if not facts.section_calls_for_it:
        findings.add("section III calls for no deposit for this extension", clause)
        return Decision(DepositAsked(False, False, False), findings.all())
    who = "the customer" if facts.depositor is Depositor.CUSTOMER else "another responsible party"
    findings.add(f"{who} may have to give {usd_display(facts.deposit_cents)} in advance", clause)
    too = terms.clause(GUARANTEE_TOO)
    choice = terms.text(DISCRETION)
    above = (
        facts.guarantee_asked
        and facts.deposit_cents + facts.guarantee_cents > facts.extension_cost_cents
    )
    if facts.guarantee_asked:
        findings.add(f"a guarantee beside it is at the discretion of the {choice.value}", choice)
    if above:
        both = usd_display(facts.deposit_cents + facts.guarantee_cents)
        findings.add(
            f"deposit and guarantee are {both}, above the cost of "
            f"{usd_display(facts.extension_cost_cents)}: allowed by the wording, better avoided",
            too,
        )
    return Decision(DepositAsked(True, facts.guarantee_asked, above), findings.all())


@dataclass(frozen=True, slots=True)
class RefundDatesFacts:
    """A deposit that was received."""

    received_on: date = fact("The day on which the whole deposit was in.")


@dataclass(frozen=True, slots=True)
class RefundDates:
    """When refunds happen."""

    dates: tuple[date, ...] = fact("Half-yearly dates, the first to the last.")
    last_on: date = fact("The last of them: what is not refunded by it is kept.")


def decide_refund_dates(facts: RefundDatesFacts, terms: Terms) -> Decision[RefundDates]:
    """The half-yearly dates of a deposit, clamped to the ends of months: GRR III.O.

    :raises ReviewNeeded: for a request from 2019-04-01 on
    """
    findings = Findings()
    months, years = terms.whole(INTERVAL), terms.whole(YEARS)
    count = years.value * 12 // months.value
    dates = tuple(
        months_after(facts.received_on, months.value * number) for number in range(1, count + 1)
    )
    findings.add(
        f"every {months.value} months from {facts.received_on}: {dates[0]} is the first date",
        months,
    )
    findings.add(f"{years.value} years make {count} dates; {dates[-1]} is the last", years)
    return Decision(RefundDates(dates, dates[-1]), findings.all())


@dataclass(frozen=True, slots=True)
class Connected:
    """Customers, or revenue, that the depositor says have taken service on the tract."""

    connected_on: date = fact("The day on which service was taken.")
    permanent: bool = fact("Whether the service is permanent; temporary service does not count.")
    units: Fraction = fact("What it counts by the contract's key: customers, or dollars a year.")
    notified_on: date | None = fact("When the depositor told us; null: not yet.")
    verified_on: date | None = fact("When we verified it; null: not yet.")


@dataclass(frozen=True, slots=True)
class DepositRefundFacts:
    """A deposit, its contract's key, and what was connected, on one of its dates."""

    deposit_cents: Cents = fact("The deposit received.")
    received_on: date = fact("The day on which the whole deposit was in.")
    on: date = fact("The half-yearly date of the refund.")
    today: date = fact("The day on which it is worked out: on that date, or later.")
    key: RefundKey = fact("What the contract shares the deposit by.")
    expected_units: Fraction = fact("How many units earn the whole deposit back.")
    connected: tuple[Connected, ...] = fact("What was connected.")
    refunded_before_cents: Cents = fact("What was refunded on earlier dates.")


@dataclass(frozen=True, slots=True)
class DepositRefund:
    """What goes back on this date, and what becomes of the rest."""

    earned_cents: Cents = fact("What the connections have earned back in all.")
    refund_cents: Cents = fact("What is refunded now, without interest.")
    held_cents: Cents = fact("What is left after it.")
    number: int = fact("Which of the dates this is, from 1.")
    forfeited_cents: Cents = fact("What is kept for good: the rest on the last date.")
    waits_for_verification: bool = fact(
        "Whether the last date leaves open a connection that was told in time and not verified."
    )


def decide_deposit_refund(facts: DepositRefundFacts, terms: Terms) -> Decision[DepositRefund]:
    """What one half-yearly date gives back of a deposit, pro rata, and what it keeps: GRR III.O.

    The part earned is of everything connected so far, rounded half up once, less what was
    refunded before; so the parts of all dates add up to it.

    :raises ExtensionFactsContradict: for a day that is none of the deposit's dates, a working day
        before it, no expected units, or more refunded than the deposit
    """
    clause = terms.clause(PRO_RATA)
    above_zero(facts.deposit_cents, "The deposit")
    above_zero(facts.expected_units, "The number of units expected")
    not_negative(facts.refunded_before_cents, "What was refunded before")
    in_order(facts.on, facts.today, called="The working day is not before the refund's date")
    if facts.refunded_before_cents > facts.deposit_cents:
        raise ExtensionFactsContradict(
            f"{usd_display(facts.refunded_before_cents)} was refunded of a deposit of "
            f"{usd_display(facts.deposit_cents)}",
            do="Look at the contract's entries: one of the two is wrong",
        )
    planned = decide_refund_dates(RefundDatesFacts(facts.received_on), terms)
    dates = planned.outcome.dates
    if facts.on not in dates:
        after = next((day for day in dates if day > facts.on), None)
        raise ExtensionFactsContradict(
            f"{facts.on} is no refund date of a deposit received on {facts.received_on}",
            where="facts.on",
            why=f"The dates are {', '.join(map(str, dates))}",
            do=f"Refund on {after}" if after else "No date is left",
        )
    findings = Findings()
    counted = Fraction(0)
    waits = False
    for one in facts.connected:
        reason = _why_not(one, facts)
        if reason is None:
            counted += one.units
        else:
            findings.add(reason, clause)
            waits = waits or _told_in_time(one, facts.on)
    number = dates.index(facts.on) + 1
    basis, interest = terms.text(BASIS), terms.number(INTEREST)
    share = min(counted / facts.expected_units, Fraction(1))
    earned = max(to_whole_half_up(facts.deposit_cents * share), facts.refunded_before_cents)
    refund = earned - facts.refunded_before_cents
    findings.add(
        f"{basis.value}: {number_text(counted)} of {number_text(facts.expected_units)} "
        f"{facts.key.value} connected and verified earn {usd_display(earned)} of "
        f"{usd_display(facts.deposit_cents)}; {usd_display(facts.refunded_before_cents)} was "
        f"refunded before",
        basis,
    )
    findings.add(f"no interest ({number_text(interest.value)} percent)", interest)
    months = terms.whole(INTERVAL)
    findings.add(f"date {number} of {len(dates)}, {facts.on}", months)
    held = facts.deposit_cents - earned
    if facts.on != dates[-1]:
        return Decision(
            DepositRefund(Cents(earned), Cents(refund), Cents(held), number, Cents(0), False),
            findings.all(),
        )
    years, kept_in = terms.whole(YEARS), terms.text(KEPT_IN)
    waits = waits and held > 0
    if waits:
        findings.add(
            "a connection of before the last date was told in time and is not verified: the rest "
            "is held until it is",
            years,
        )
    else:
        findings.add(
            f"after {years.value} years {usd_display(held)} is kept ({kept_in.value})", kept_in
        )
    kept = 0 if waits else held
    return Decision(
        DepositRefund(Cents(earned), Cents(refund), Cents(held - kept), number, Cents(kept), waits),
        findings.all(),
    )


def _why_not(one: Connected, facts: DepositRefundFacts) -> str | None:
    """Why a connection does not count on this date; None if it does."""
    above_zero(one.units, "What a connection counts")
    named = f"the connection of {one.connected_on}"
    if not one.permanent:
        return f"{named} is of temporary service and does not count"
    if one.connected_on > facts.on:
        return f"{named} is after this date"
    if one.notified_on is None or one.notified_on > facts.today:
        return f"{named} was not told by the depositor: no refund"
    if one.verified_on is None or one.verified_on > facts.today:
        return f"{named} is not verified yet"
    return None


def _told_in_time(one: Connected, on: date) -> bool:
    return (
        one.permanent
        and one.connected_on <= on
        and one.notified_on is not None
        and one.notified_on <= on
    )


DEPOSIT_ASKED = Rule(
    id="ext.deposit.asked",
    title="Advance refundable deposit for an extension, and a guarantee beside it",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(MAY_BE_REQUIRED, GUARANTEE_TOO),
    governing_day=REQUEST_DAY,
    facts=DepositAskedFacts,
    outcome=DepositAsked,
    values=(DISCRETION,),
    decide=decide_deposit_asked,
)

REFUND_DATES = Rule(
    id="ext.deposit.dates",
    title="When parts of an extension's deposit are refunded",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(SEMIANNUAL, FIVE_YEARS),
    governing_day=REQUEST_DAY,
    facts=RefundDatesFacts,
    outcome=RefundDates,
    values=(INTERVAL, YEARS),
    decide=decide_refund_dates,
)

DEPOSIT_REFUND = Rule(
    id="ext.deposit.refund",
    title="What a half-yearly date refunds of an extension's deposit, and what is kept",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(PRO_RATA, SEMIANNUAL, FIVE_YEARS),
    governing_day=REQUEST_DAY,
    facts=DepositRefundFacts,
    outcome=DepositRefund,
    values=(BASIS, INTEREST, INTERVAL, YEARS, KEPT_IN),
    decide=decide_deposit_refund,
)

RULES = (DEPOSIT_ASKED, REFUND_DATES, DEPOSIT_REFUND)
