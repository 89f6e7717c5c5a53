"""The written notice that comes before a residential deposit is asked for.

Lives here      whether the explanation was sent, in writing and in time.
Lives elsewhere the grounds (``deposit_continued``), disconnection notices themselves (GRR VII).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.arrears.deposit_facts import DepositFactsContradict, Findings
from meterledger.kernel.decision import Decision
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

NOTICE = "deposits.notice_before"


class ExplainedIn(Enum):
    """Where the company's right to require a deposit was explained to the customer."""

    OWN_NOTICE = "own_notice"
    DISCONNECTION_NOTICES = "disconnection_notices"
    """In each written disconnection notice."""
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class DepositNoticeFacts:
    """The explanation on file when a deposit would be asked for, on the day that counts."""

    explained_in: ExplainedIn = fact("Where the right to require a deposit was explained.")
    sent_on: date | None = fact(
        "The day that notice, or the last disconnection notice, was sent; null if none was."
    )
    written: bool = fact("Whether it was in writing.")


@dataclass(frozen=True, slots=True)
class DepositNotice:
    """Whether the deposit may be asked for as far as the notice goes."""

    may_be_asked_for: bool = fact("Whether the notice came before, in the form it must have.")


def decide_deposit_notice(facts: DepositNoticeFacts, terms: Terms) -> Decision[DepositNotice]:
    """Whether the notice that GRR VI.A.2.d demands came before the deposit is asked for.

    :raises DepositFactsContradict: if a notice has no day, or a day has no notice
    :raises NoRuleInForce: before the first text
    """
    clause = terms.clause(NOTICE)
    form = terms.text("deposits_notice_before_form")
    findings = Findings()
    sent = facts.explained_in is not ExplainedIn.NOWHERE
    if sent != (facts.sent_on is not None):
        raise DepositFactsContradict(
            f"The right was explained in '{facts.explained_in.value}' and sent on {facts.sent_on}",
            do="Give the day of a notice that was sent, and null where none was",
        )
    if facts.sent_on is None:
        findings.add("no notice on file explains the right to require a deposit", clause)
        return Decision(DepositNotice(False), findings.all())
    by = facts.explained_in.value.replace("_", " ")
    if not facts.written:
        findings.add(f"the {by} was not {form.value}", form)
        return Decision(DepositNotice(False), findings.all())
    before = facts.sent_on < terms.day
    findings.add(
        f"the {form.value} {by} of {facts.sent_on} "
        f"{'came before' if before else 'did not come before'} the deposit, {terms.day}",
        clause,
    )
    return Decision(DepositNotice(before), findings.all())


DEPOSIT_NOTICE = Rule(
    id="deposits.notice",
    title="Written notice before a residential deposit is asked for",
    room="arrears",
    kind="notice",
    chapter="grr_vi_deposits",
    provisions=(NOTICE,),
    governing_day="the day on which the deposit would be asked for",
    facts=DepositNoticeFacts,
    outcome=DepositNotice,
    values=("deposits_notice_before_form",),
    decide=decide_deposit_notice,
)
