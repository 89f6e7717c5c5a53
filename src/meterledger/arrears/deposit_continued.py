"""Deposit to keep residential service: disconnection, tampering, five late bills of twelve.

Lives here      the grounds, and what forbids the deposit although one is met.
Lives elsewhere the relief for small debts (``deposit_relief``), the notice that must come first
                (``deposit_notice``), the most it may be (``deposit_limits``), what counts as paid
                in time (``timely_payment``).
Read first      GRR VI.A.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.arrears.deposit_facts import (
    ONE_DEFINITION,
    TIMELY_READING,
    ColdWeatherAgreement,
    Findings,
    Payment,
    clause_if_in_force,
    not_after,
)
from meterledger.arrears.deposit_relief import RELIEF, RELIEF_VALUES, SmallDebt, is_small_debt
from meterledger.arrears.deposit_winter import (
    BLOCK,
    WINTER_PROVISIONS,
    WINTER_READING,
    WINTER_VALUES,
    winter_suspension,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import usd_display
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

FORM = "deposits.continued.form"
DISCONNECTED = "deposits.continued.disconnected_nonpayment"
TAMPERING = "deposits.continued.tampering"
FIVE_OF_TWELVE = "deposits.continued.five_of_twelve"
NO_DEPOSIT = ("cwr.agreement.no_deposit", "psc.13_055.no_deposit")
PRACTICE = "cwr_agreement_no_deposit"


class DisconnectedFor(Enum):
    """Why service was cut off."""

    NONPAYMENT = "nonpayment"
    ACCESS_REFUSED = "access_refused"
    SAFETY = "safety"
    CUSTOMER_REQUEST = "customer_request"
    OTHER = "other"


class ContinuedGround(Enum):
    """A listed ground for a deposit to keep service."""

    DISCONNECTED_FOR_NONPAYMENT = "disconnected_for_nonpayment"
    TAMPERING_OR_DIVERSION = "tampering_or_diversion"
    FIVE_LATE_OF_TWELVE = "five_late_of_twelve"


class Spared(Enum):
    """Why no deposit is assessed although a ground is met."""

    SMALL_DEBT = "small_debt"
    COLD_WEATHER_AGREEMENT = "cold_weather_agreement"
    COLD_WEATHER_SEASON = "cold_weather_season"


@dataclass(frozen=True, slots=True)
class PastDisconnection:
    """One time that the customer's service was cut off."""

    happened_on: date = fact("The day service was cut off.")
    reason: DisconnectedFor = fact("Why.")
    bona_fide_dispute: bool = fact("Whether the account was then in genuine dispute.")


@dataclass(frozen=True, slots=True)
class ContinuedDepositFacts:
    """A residential account of which a deposit would be assessed on the day that counts."""

    disconnections: tuple[PastDisconnection, ...] = fact(
        "Each time service was cut off; [] if none."
    )
    tampered_or_diverted: bool = fact(
        "Without authority, tampered with our equipment or diverted service at the premises."
    )
    bills: tuple[Payment, ...] = fact(
        "How each bill was paid: consecutive billing periods, oldest first; only the last count."
    )
    agreement: ColdWeatherAgreement = fact(
        "Whether the customer has a Cold Weather agreement and makes its payments in time."
    )
    small_debt: SmallDebt | None = fact(
        "Needed from mid-2014 on where a ground is met; null before.", default=None
    )


@dataclass(frozen=True, slots=True)
class ContinuedDeposit:
    """Whether a deposit may be assessed, the grounds, and what spares the customer."""

    deposit_may_be_assessed: bool = fact("Whether service may be kept on a deposit or guarantee.")
    grounds: tuple[ContinuedGround, ...] = fact("The grounds that are met.")
    spared_by: tuple[Spared, ...] = fact("What forbids the deposit although a ground is met.")
    late_bills: int = fact("Undisputed bills paid late, or not at all, among those that count.")


def decide_continued_deposit(
    facts: ContinuedDepositFacts, terms: Terms
) -> Decision[ContinuedDeposit]:
    """Whether a deposit may be assessed to keep residential service: GRR VI.A.2.

    A written notice must come before it is asked for (``deposits.notice``).

    :raises DepositFactsContradict: for a day in the future, or facts that the text needs
    :raises NoRuleInForce: before the first text
    """
    form = terms.clause(FORM)
    findings = Findings()
    grounds: list[ContinuedGround] = []
    if _was_cut_off_for_nonpayment(facts.disconnections, terms, findings):
        grounds.append(ContinuedGround.DISCONNECTED_FOR_NONPAYMENT)
    tampering = terms.clause(TAMPERING)
    if facts.tampered_or_diverted:
        grounds.append(ContinuedGround.TAMPERING_OR_DIVERSION)
        findings.add("the customer tampered with equipment or diverted service", tampering)
    else:
        findings.add("no tampering or diversion is known", tampering)
    late = _late_bills(facts.bills, terms, findings)
    if late >= terms.whole("deposits_continued_five_of_twelve_late_count").value:
        grounds.append(ContinuedGround.FIVE_LATE_OF_TWELVE)
    spared = _spared(facts, terms, findings) if grounds else ()
    may = bool(grounds) and not spared
    if may:
        findings.add("a cash deposit or a written guarantee may be asked for", form)
    elif not grounds:
        findings.add("no ground is met: no deposit", form)
    return Decision(ContinuedDeposit(may, tuple(grounds), spared, late), findings.all())


def _was_cut_off_for_nonpayment(
    disconnections: tuple[PastDisconnection, ...], terms: Terms, findings: Findings
) -> bool:
    clause = terms.clause(DISCONNECTED)
    counted = False
    for one in disconnections:
        not_after(one.happened_on, terms.day, called="The day of a disconnection")
        if one.reason is not DisconnectedFor.NONPAYMENT:
            findings.add(
                f"the disconnection of {one.happened_on} was not for non-payment "
                f"({one.reason.value.replace('_', ' ')})",
                clause,
            )
        elif one.bona_fide_dispute:
            findings.add(
                f"the account disconnected on {one.happened_on} was in genuine dispute", clause
            )
        else:
            counted = True
            findings.add(f"service was cut off for non-payment on {one.happened_on}", clause)
    if not disconnections:
        findings.add("service was never cut off", clause)
    return counted


def _late_bills(bills: tuple[Payment, ...], terms: Terms, findings: Findings) -> int:
    """How many undisputed bills of the last periods were not paid by the delinquent date."""
    window = terms.whole("deposits_continued_five_of_twelve_window_periods")
    enough = terms.whole("deposits_continued_five_of_twelve_late_count")
    counted = bills[-window.value :]
    late = sum(_is_late(one, terms, findings) for one in counted)
    findings.add(
        f"{late} of the last {len(counted)} bills were undisputed and late; "
        f"{enough.value} of {window.value} are a ground",
        enough,
    )
    return late


def _is_late(bill: Payment, terms: Terms, findings: Findings) -> bool:
    if bill is not Payment.MAILED_WITHIN_GRACE:
        return bill in (Payment.LATE, Payment.UNPAID)
    # "On or before the delinquency date", and a grace for mail that another paragraph gives.
    late = terms.reading(TIMELY_READING) != ONE_DEFINITION
    counts = "late: this paragraph knows no grace" if late else "in time"
    findings.add(
        f"a bill paid by mail within the grace counts as {counts}", terms.clause(FIVE_OF_TWELVE)
    )
    return late


def _spared(facts: ContinuedDepositFacts, terms: Terms, findings: Findings) -> tuple[Spared, ...]:
    """What forbids a deposit although a ground is met; the season only where nothing else does."""
    spared: list[Spared] = []
    if clause_if_in_force(terms, RELIEF) and is_small_debt(facts.small_debt, terms, findings):
        spared.append(Spared.SMALL_DEBT)
    condition = terms.text("deposits_continued_cold_weather_block_condition")
    if facts.agreement is ColdWeatherAgreement.KEPT:
        spared.append(Spared.COLD_WEATHER_AGREEMENT)
        findings.add(
            f"the customer {condition.value} under the Cold Weather rule: no new deposit", condition
        )
        practice = terms.cents(PRACTICE)
        findings.add(
            f"with the agreement a deposit of {usd_display(practice.value)} is assessed, "
            "whatever the ground",
            practice,
        )
        rule = clause_if_in_force(terms, NO_DEPOSIT[1])
        if rule is not None:
            findings.add("the Commission's rule knows no deposit with the agreement", rule)
    elif facts.agreement is ColdWeatherAgreement.BROKEN:
        findings.add(
            "a payment under the Cold Weather agreement was missed: it no longer spares", condition
        )
    if not spared and winter_suspension(terms, findings):
        spared.append(Spared.COLD_WEATHER_SEASON)
    return tuple(spared)


CONTINUED_DEPOSIT = Rule(
    id="deposits.continued",
    title="Deposit or guarantee to keep residential service",
    room="arrears",
    kind="eligibility",
    chapter="grr_vi_deposits",
    provisions=(
        FORM,
        DISCONNECTED,
        TAMPERING,
        FIVE_OF_TWELVE,
        RELIEF,
        BLOCK,
        *NO_DEPOSIT,
        *WINTER_PROVISIONS,
    ),
    governing_day="the day on which the deposit would be assessed",
    facts=ContinuedDepositFacts,
    outcome=ContinuedDeposit,
    values=(
        "deposits_continued_five_of_twelve_late_count",
        "deposits_continued_five_of_twelve_window_periods",
        *RELIEF_VALUES,
        "deposits_continued_cold_weather_block_condition",
        PRACTICE,
        *WINTER_VALUES,
    ),
    readings=(TIMELY_READING, WINTER_READING),
    decide=decide_continued_deposit,
)
