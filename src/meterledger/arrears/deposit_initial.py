"""Deposit before residential service begins: which of the listed reasons an applicant meets.

Lives here      the unpaid bill, diversion, and the decision over all reasons.
Lives elsewhere credit, risk score and identity (``deposit_credit``), how much it may be
                (``deposit_limits``), what winter forbids (``deposit_winter``), deposits of
                customers who have service (``deposit_continued``).
Read first      GRR VI.A.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.arrears.deposit_credit import (
    CREDIT_2013,
    CREDIT_VALUES,
    EAER,
    IDENTITY,
    CreditTests,
    ProofOfIdentity,
    ServiceAndScore,
    credit_is_established,
    identity_is_not_proved,
    score_is_low,
)
from meterledger.arrears.deposit_facts import (
    DepositFactsContradict,
    Findings,
    clause_if_in_force,
    listed,
    not_after,
)
from meterledger.arrears.deposit_winter import (
    WINTER_PROVISIONS,
    WINTER_READING,
    WINTER_VALUES,
    winter_suspension,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.months import years_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

FORM = "deposits.initial.form"


class UtilityService(Enum):
    """What a utility delivers. Only electricity is of the same type as ours."""

    ELECTRIC = "electric"
    GAS = "gas"
    WATER = "water"
    OTHER = "other"


class BillDispute(Enum):
    """Whether a bill is in dispute."""

    NONE = "none"
    REGISTERED = "registered"
    """A dispute is on file; nobody has found it genuine."""
    BONA_FIDE = "bona_fide"


class InitialReason(Enum):
    """A listed reason for a deposit before service begins."""

    UNPAID_BILL = "unpaid_bill"
    DIVERSION = "diversion"
    NO_CREDIT_ESTABLISHED = "no_credit_established"
    LOW_ENERGY_RISK_SCORE = "low_energy_risk_score"
    NO_PROOF_OF_IDENTITY = "no_proof_of_identity"


@dataclass(frozen=True, slots=True)
class EarlierBill:
    """A bill of the applicant that is unpaid when service is asked for."""

    accrued_on: date = fact("The day the debt arose.")
    unpaid_cents: Cents = fact("What is unpaid of it.")
    service: UtilityService = fact("What the utility delivered, ours or another.")
    dispute: BillDispute = fact("Whether it is in dispute; bona_fide once found genuine.")


@dataclass(frozen=True, slots=True)
class Diversion:
    """Interference with a utility's service, or its diversion, by the applicant."""

    happened_on: date = fact("The last day of it.")
    authorized: bool = fact("Whether the utility had allowed it.")
    service: UtilityService = fact("What the utility delivered, ours or another.")


@dataclass(frozen=True, slots=True)
class InitialDepositFacts:
    """An application for residential service. Its day is the day that counts."""

    unpaid_bills: tuple[EarlierBill, ...] = fact("Unpaid bills with any utility; [] if none.")
    diversions: tuple[Diversion, ...] = fact("Interference or diversion; [] if none.")
    credit: CreditTests | None = fact("Needed by the text of 2013; null after it.", default=None)
    score: ServiceAndScore | None = fact("Needed from 2014 on; null before.", default=None)
    identity: ProofOfIdentity | None = fact("Needed from 2014 on; null before.", default=None)


@dataclass(frozen=True, slots=True)
class InitialDeposit:
    """Whether a deposit may be asked of an applicant, why, and how it may be met."""

    deposit_may_be_required: bool = fact("Whether service may wait for it.")
    met: tuple[InitialReason, ...] = fact("The listed reasons that are met.")
    suspended_for_winter: bool = fact("Whether a reason is met and winter suspends all deposits.")
    may_be_met_by: tuple[str, ...] = fact("What the applicant may give; [] if nothing is asked.")


def decide_initial_deposit(facts: InitialDepositFacts, terms: Terms) -> Decision[InitialDeposit]:
    """Whether the company may ask a deposit or guarantee before residential service begins.

    GRR VI.A.1. Every listed reason of the text in force is looked at; any one suffices.

    :raises DepositFactsContradict: for a day in the future, or facts that the text needs
    :raises NoRuleInForce: before the first text
    """
    form = terms.clause(FORM)
    findings = Findings()
    met: list[InitialReason] = []
    if _has_unpaid_bill(facts.unpaid_bills, terms, findings):
        met.append(InitialReason.UNPAID_BILL)
    if _has_diverted(facts.diversions, terms, findings):
        met.append(InitialReason.DIVERSION)
    if clause_if_in_force(terms, EAER) is None:
        if not credit_is_established(facts.credit, terms, findings):
            met.append(InitialReason.NO_CREDIT_ESTABLISHED)
    else:
        if score_is_low(facts.score, terms, findings):
            met.append(InitialReason.LOW_ENERGY_RISK_SCORE)
        if identity_is_not_proved(facts.identity, terms, findings):
            met.append(InitialReason.NO_PROOF_OF_IDENTITY)
    suspended = bool(met) and winter_suspension(terms, findings)
    required = bool(met) and not suspended
    ways = terms.listing("deposits_initial_form_alternatives").value
    if required:
        findings.add(f"the applicant may give a {listed(ways)}", form)
    elif not met:
        findings.add("no listed reason is met: no deposit", form)
    return Decision(
        InitialDeposit(required, tuple(met), suspended, ways if required else ()), findings.all()
    )


def _has_unpaid_bill(bills: tuple[EarlierBill, ...], terms: Terms, findings: Findings) -> bool:
    years = terms.whole("deposits_initial_unpaid_bill_lookback_years")
    counted = False
    for bill in bills:
        not_after(bill.accrued_on, terms.day, called="The day an unpaid bill accrued")
        if bill.unpaid_cents <= 0:
            raise DepositFactsContradict(
                f"An unpaid bill of {usd_display(bill.unpaid_cents)} is not unpaid",
                do="Leave it out, or give what is unpaid of it",
            )
        owed = f"{usd_display(bill.unpaid_cents)} of {bill.accrued_on}"
        if bill.service is not UtilityService.ELECTRIC:
            findings.add(f"{owed} is for {bill.service.value}, not the same type of service", years)
        elif years_after(bill.accrued_on, years.value) < terms.day:
            findings.add(f"{owed} accrued more than {years.value} years ago", years)
        elif _dispute_stands(bill.dispute, owed, terms, findings):
            continue
        else:
            counted = True
            findings.add(f"{owed} is unpaid and accrued within {years.value} years", years)
    if not bills:
        findings.add("no unpaid bill with any utility", years)
    return counted


def _dispute_stands(dispute: BillDispute, owed: str, terms: Terms, findings: Findings) -> bool:
    """Whether a dispute keeps the bill from counting. The texts of 2013 and 2014 differ in it."""
    if dispute is BillDispute.NONE:
        return False
    kind = terms.text("deposits_initial_unpaid_bill_dispute_that_blocks")
    if dispute is BillDispute.BONA_FIDE:
        findings.add(f"{owed} is in a genuine dispute", kind)
        return True
    any_dispute = {
        "wording_of_the_day": kind.value == ANY_DISPUTE,
        "any_dispute": True,
        "bona_fide_only": False,
    }[terms.reading("deposits.dispute_test")]
    if any_dispute:
        findings.add(f"{owed} is in dispute, and any dispute on file keeps it from counting", kind)
    else:
        findings.add(f"{owed} is in a dispute that nobody has found genuine", kind)
    return any_dispute


ANY_DISPUTE = "any dispute"
"""The word of the book for the text by which every dispute on file counts."""


def _has_diverted(diversions: tuple[Diversion, ...], terms: Terms, findings: Findings) -> bool:
    years = terms.whole("deposits_initial_diversion_lookback_years")
    counted = False
    for one in diversions:
        not_after(one.happened_on, terms.day, called="The day of a diversion")
        if one.authorized:
            findings.add(f"the interference of {one.happened_on} was authorized", years)
        elif one.service is not UtilityService.ELECTRIC:
            findings.add(
                f"the diversion of {one.happened_on} was of {one.service.value}, "
                "not the same type of service",
                years,
            )
        elif years_after(one.happened_on, years.value) < terms.day:
            findings.add(
                f"the diversion of {one.happened_on} is more than {years.value} years ago", years
            )
        else:
            counted = True
            findings.add(
                f"service was diverted on {one.happened_on}, within {years.value} years; "
                "a fee paid for it changes nothing",
                years,
            )
    if not diversions:
        findings.add("no interference or diversion is known", years)
    return counted


INITIAL_DEPOSIT = Rule(
    id="deposits.initial",
    title="Deposit or guarantee before residential service begins",
    room="arrears",
    kind="eligibility",
    chapter="grr_vi_deposits",
    provisions=(
        FORM,
        "deposits.initial.unpaid_bill",
        "deposits.initial.diversion",
        CREDIT_2013,
        EAER,
        IDENTITY,
        *WINTER_PROVISIONS,
    ),
    governing_day="the day on which service is asked for",
    facts=InitialDepositFacts,
    outcome=InitialDeposit,
    values=(
        "deposits_initial_form_alternatives",
        "deposits_initial_unpaid_bill_lookback_years",
        "deposits_initial_unpaid_bill_dispute_that_blocks",
        "deposits_initial_diversion_lookback_years",
        *CREDIT_VALUES,
        *WINTER_VALUES,
    ),
    readings=("deposits.dispute_test", WINTER_READING),
    decide=decide_initial_deposit,
)
