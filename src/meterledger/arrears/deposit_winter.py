"""Deposits and the cold: what the Cold Weather season and a Cold Weather agreement forbid.

Lives here      whether winter suspends a new deposit, and whether one assessed before is billed.
                The tariff spares customers who keep a Cold Weather agreement; the company's
                practice paper spares everyone in the season. A reading says which is followed.
Lives elsewhere the grounds for a deposit (``deposit_initial``, ``deposit_continued``), payment by
                instalments (``deposit_instalments``), the agreement itself (Cold Weather rules).
Read first      GRR VI.A.2.c and the Cold Weather practice paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.arrears.deposit_facts import (
    ColdWeatherAgreement,
    DepositFactsContradict,
    Findings,
    clause_if_in_force,
    not_after,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.written_days import MonthDay
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

BLOCK = "deposits.continued.cold_weather_block"
SUSPENDED = "cwr.deposits.suspended"
PAUSED = "cwr.deposits.instalments_suspended"
CANCELLED = "cwr.deposits.unpaid_portion_cancelled"
WINTER_READING = "cwr.deposit_policy"
MOST_PROTECTIVE = "most_protective"
WINTER_PROVISIONS = (SUSPENDED, "cwr.period")
WINTER_VALUES = ("cwr_period_start", "cwr_period_end")


@dataclass(frozen=True, slots=True)
class EarlierDepositFacts:
    """A residential deposit that was assessed before and is not paid, or not all of it."""

    assessed_on: date = fact("The day it was assessed.")
    unpaid_cents: Cents = fact("What is unpaid of it, instalments that are not due yet included.")
    agreement: ColdWeatherAgreement = fact(
        "Whether the customer has a Cold Weather agreement and makes its payments in time."
    )
    agreed_on: date | None = fact("The day of the agreement, kept or broken.", default=None)


@dataclass(frozen=True, slots=True)
class EarlierDeposit:
    """Whether the deposit is billed now, and what becomes of it."""

    bill_now: bool = fact("Whether it, or the next instalment of it, may be billed.")
    cancelled_cents: Cents = fact("What is given up for good.")
    still_owed_cents: Cents = fact("What remains to be paid, now or later.")
    resumes_on: date | None = fact("First day on which it is billed again, where it pauses.")


def decide_earlier_deposit(facts: EarlierDepositFacts, terms: Terms) -> Decision[EarlierDeposit]:
    """Whether a deposit assessed before is billed on a day: GRR VI.A.2.c and the practice paper.

    :raises DepositFactsContradict: if days and agreement do not fit each other
    :raises NoRuleInForce: before the first text
    """
    _check(facts, terms)
    by_tariff, tariff_says = _by_tariff(facts, terms)
    by_practice, practice_says = _by_practice(facts, terms, by_tariff, tariff_says)
    if by_practice != by_tariff and terms.reading(WINTER_READING) == MOST_PROTECTIVE:
        return Decision(by_practice, practice_says.all())
    return Decision(by_tariff, tariff_says.all())


def _check(facts: EarlierDepositFacts, terms: Terms) -> None:
    not_after(facts.assessed_on, terms.day, called="The day the deposit was assessed")
    if facts.unpaid_cents <= 0:
        raise DepositFactsContradict(
            f"A deposit of which {usd_display(facts.unpaid_cents)} is unpaid is not billed at all",
            do="Give what is unpaid of it",
        )
    if (facts.agreement is ColdWeatherAgreement.NONE) != (facts.agreed_on is None):
        raise DepositFactsContradict(
            f"The agreement is '{facts.agreement.value}', and its day is {facts.agreed_on}",
            do="Give the day of an agreement that was made, and null where none was",
        )
    if facts.agreed_on is not None:
        not_after(facts.agreed_on, terms.day, called="The day of the agreement")


def _by_tariff(facts: EarlierDepositFacts, terms: Terms) -> tuple[EarlierDeposit, Findings]:
    block = terms.clause(BLOCK)
    condition = terms.text("deposits_continued_cold_weather_block_condition")
    findings = Findings()
    kept = facts.agreement is ColdWeatherAgreement.KEPT
    if kept:
        findings.add(
            f"the customer {condition.value} under the Cold Weather rule: "
            "a deposit assessed before is not billed",
            condition,
        )
    else:
        why = (
            "there is no Cold Weather agreement"
            if facts.agreement is ColdWeatherAgreement.NONE
            else "a payment under the Cold Weather agreement was missed"
        )
        findings.add(f"{why}: {usd_display(facts.unpaid_cents)} may be billed", block)
    return EarlierDeposit(not kept, Cents(0), facts.unpaid_cents, None), findings


def _by_practice(
    facts: EarlierDepositFacts, terms: Terms, by_tariff: EarlierDeposit, tariff_says: Findings
) -> tuple[EarlierDeposit, Findings]:
    """What the practice paper gives beyond the tariff; the tariff's answer where it gives none."""
    findings = Findings()
    if facts.agreed_on is not None and facts.assessed_on <= facts.agreed_on:
        cancelled = clause_if_in_force(terms.on(facts.agreed_on), CANCELLED)
        if cancelled is not None:
            findings.add(
                f"the Cold Weather agreement of {facts.agreed_on} cancels the unpaid "
                f"{usd_display(facts.unpaid_cents)}; a later default does not revive it",
                cancelled,
            )
            return EarlierDeposit(False, facts.unpaid_cents, Cents(0), None), findings
    paused = clause_if_in_force(terms, PAUSED)
    if paused is None:
        return by_tariff, tariff_says
    resumes_on = season_over_on(terms)
    if resumes_on is None:
        tariff_says.add("outside the Cold Weather season nothing pauses", paused)
        return by_tariff, tariff_says
    resume = terms.text("cwr_deposits_instalments_suspended_resume")
    findings.add(
        f"deposits pause in the Cold Weather season and resume {resume.value}: on {resumes_on}",
        paused,
    )
    return EarlierDeposit(False, Cents(0), facts.unpaid_cents, resumes_on), findings


def winter_suspension(terms: Terms, findings: Findings) -> bool:
    """Whether a deposit that the tariff allows is suspended for the season, by the reading."""
    suspended = clause_if_in_force(terms, SUSPENDED)
    if suspended is None:
        return False
    resumes_on = season_over_on(terms)
    if resumes_on is None:
        findings.add("outside the Cold Weather season no deposit is suspended", suspended)
        return False
    if terms.reading(WINTER_READING) == MOST_PROTECTIVE:
        findings.add(
            f"all deposits are suspended in the Cold Weather season, until {resumes_on}", suspended
        )
        return True
    findings.add("the practice of suspending all deposits in winter is not followed", suspended)
    return False


def season_over_on(terms: Terms) -> date | None:
    """The first day after the Cold Weather season that this day is in, or None outside of it."""
    start = terms.month_day("cwr_period_start").value
    end = terms.month_day("cwr_period_end").value
    today = MonthDay(terms.day.month, terms.day.day)
    if start > end:  # the season runs over the new year
        if end < today < start:
            return None
        year = terms.day.year + (1 if today >= start else 0)
    elif start <= today <= end:
        year = terms.day.year
    else:
        return None
    return end.of_year(year) + timedelta(days=1)


EARLIER_DEPOSIT = Rule(
    id="deposits.earlier",
    title="Billing a residential deposit that was assessed before",
    room="arrears",
    kind="eligibility",
    chapter="grr_vi_deposits",
    provisions=(BLOCK, PAUSED, CANCELLED, "cwr.period"),
    governing_day="the day on which the deposit, or an instalment of it, would be billed",
    facts=EarlierDepositFacts,
    outcome=EarlierDeposit,
    values=(
        "deposits_continued_cold_weather_block_condition",
        "cwr_deposits_instalments_suspended_resume",
        *WINTER_VALUES,
    ),
    readings=(WINTER_READING,),
    decide=decide_earlier_deposit,
)
