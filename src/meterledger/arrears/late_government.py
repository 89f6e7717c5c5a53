"""Accounts of the State and of the United States: the charge and its dates may be others by law.

Lives here      whether an account has terms of its own, and which.
Lives elsewhere the charge (``late_payment``), the ordinary delinquent date (``timely_payment``).
Read first      GRR V.J (V.K to 2018-04-12), the sentence on government accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.arrears.late_facts import (
    CHAPTER,
    ROOM,
    Holder,
    LateFactsContradict,
    because,
)
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

GOVERNMENT = "late.charge.government_accounts"
ENTITIES = "late_charge_government_accounts_entities"
RATE = "late_charge_rate_percent"


@dataclass(frozen=True, slots=True)
class GovernmentTerms:
    """What the law demands for one account, as it is stored with the account."""

    holder: Holder = fact("Whose account it is.")
    legal_basis: str | None = fact("The law or regulation that demands other terms.", default=None)
    percent_by_law: Fraction | None = fact(
        "The late charge in percent that it demands; null if it leaves the charge alone.",
        default=None,
    )
    delinquent_date_by_law: date | None = fact(
        "The delinquent date that it demands; null if it leaves the date alone.", default=None
    )


@dataclass(frozen=True, slots=True)
class GovernmentFacts:
    """An account that may be a government's, and the delinquent date it would have otherwise."""

    account: GovernmentTerms = fact("The account's holder, and what the law demands for it.")
    delinquent_date: date = fact("The delinquent date that the ordinary rule gives the bill.")


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """The percent and the delinquent date that count for the account."""

    own_terms: bool = fact("Whether the law gives the account terms of its own.")
    late_charge_percent: Fraction = fact("The late charge in percent of the base.")
    delinquent_date: date = fact("The delinquent date that counts.")
    legal_basis: str | None = fact("What the terms of its own rest on; null without such terms.")


def decide_government_account(facts: GovernmentFacts, terms: Terms) -> Decision[AccountTerms]:
    """Find the terms of an account: those the law demands for a named government, else the sheet's.

    :raises LateFactsContradict: if terms of its own are given without the law behind them
    """
    account = facts.account
    may, why = may_differ(account, terms)
    percent = account.percent_by_law if may else None
    demanded = account.delinquent_date_by_law if may else None
    own = percent is not None or demanded is not None
    reasons = [why]
    if percent is None:
        ordinary = terms.number(RATE)
        percent = ordinary.value
        found = f"the ordinary charge of {number_text(percent)} percent applies"
        reasons.append(because(found, ordinary.citation))
    outcome = AccountTerms(
        own, percent, demanded or facts.delinquent_date, account.legal_basis if own else None
    )
    return Decision(outcome, tuple(reasons))


def may_differ(account: GovernmentTerms, terms: Terms) -> tuple[bool, Reason]:
    """Whether the law's terms replace the sheet's for this account, and why.

    :raises LateFactsContradict: if terms of its own are given without the law behind them
    """
    entities = terms.listing(ENTITIES)
    demanded = account.percent_by_law is not None or account.delinquent_date_by_law is not None
    holder = "another holder" if account.holder is Holder.OTHER else f"a {account.holder.value}"
    if account.holder.value not in entities.value:
        found = (
            f"an account of {holder}: only {' and '.join(entities.value)} may have terms of their "
            "own, so the ordinary rule holds"
        )
        return False, because(found, entities.citation)
    holder = f"an account of the {account.holder.value}"
    if not demanded:
        found = f"{holder}, for which no law is known to demand other terms"
        return False, because(found, entities.citation)
    if account.legal_basis is None:
        raise LateFactsContradict(
            f"Terms of its own are given for {holder}, and no law that demands them",
            where="facts.legal_basis",
            why="The sheet lets terms differ only where law or regulation demands it",
            do="Name the law or regulation, or leave its terms out",
        )
    if account.percent_by_law is not None and account.percent_by_law < 0:
        raise LateFactsContradict(
            f"A late charge of {number_text(account.percent_by_law)} percent would be a credit",
            where="facts.percent_by_law",
            do="Give the percent as zero or above",
        )
    own = [
        *(
            [f"a charge of {number_text(account.percent_by_law)} percent"]
            if account.percent_by_law is not None
            else []
        ),
        *(
            [f"the delinquent date {account.delinquent_date_by_law}"]
            if account.delinquent_date_by_law is not None
            else []
        ),
    ]
    found = f"{holder}: {account.legal_basis} demands {' and '.join(own)}"
    return True, because(found, entities.citation)


GOVERNMENT_ACCOUNT = Rule(
    id="late.government_account",
    title="Late charge and delinquent date of State and federal accounts",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(GOVERNMENT, "late.charge.rate"),
    governing_day="the bill on which the charge is shown (bill date)",
    facts=GovernmentFacts,
    outcome=AccountTerms,
    values=(ENTITIES, RATE),
    decide=decide_government_account,
)

RULES = (GOVERNMENT_ACCOUNT,)
