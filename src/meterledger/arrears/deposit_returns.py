"""Giving a deposit back: against charges on a bill, or into the customer's hands.

Lives here      what of a refundable deposit may be set against a bill; the efforts to return it.
Lives elsewhere whether it is refundable (``deposit_refunds``), its interest (``deposit_interest``),
                the final bill (``deposit_final``), posting it (``ledger``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.arrears.deposit_facts import DepositFactsContradict, Findings, not_after
from meterledger.kernel.decision import Decision
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_display
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

APPLY = "deposits.refund.apply_to_charges"
EFFORTS = "deposits.refund.efforts_and_records"
STOP = "deposits.interest.stop"


@dataclass(frozen=True, slots=True)
class ApplyFacts:
    """A deposit that is due to go back, and the bill that it may be set against."""

    refundable_cents: Cents = fact("The deposit that is subject to refund.")
    interest_cents: Cents = fact("Interest accrued on it and not yet credited.")
    undisputed_utility_cents: Cents = fact("Utility charges owed and not in dispute.")
    disputed_utility_cents: Cents = fact("Utility charges in dispute.")
    special_cents: Cents = fact("Charges that are not for utility service.")
    shown_on_bill: bool = fact("Whether the bill identifies and discloses the amount.")


@dataclass(frozen=True, slots=True)
class Applied:
    """What may be set against the bill, and what goes to the customer."""

    may_apply_cents: Cents = fact("At most this may be set against undisputed utility charges.")
    to_return_cents: Cents = fact("What is left to return if that much is applied.")
    utility_still_owed_cents: Cents = fact("Undisputed utility charges left.")


def decide_apply(facts: ApplyFacts, terms: Terms) -> Decision[Applied]:
    """What of a refundable deposit may pay undisputed utility charges: GRR VI.C.2.

    :raises DepositFactsContradict: for a negative amount, or nothing to refund
    :raises NoRuleInForce: before the first text
    """
    clause = terms.clause(APPLY)
    needs_line = terms.flag("deposits_refund_apply_to_charges_disclosure_required")
    for cents in (
        facts.interest_cents,
        facts.undisputed_utility_cents,
        facts.disputed_utility_cents,
        facts.special_cents,
    ):
        if cents < 0:
            raise DepositFactsContradict(
                f"{usd_display(cents)} is below zero", do="Give what is owed, or zero"
            )
    if facts.refundable_cents <= 0:
        raise DepositFactsContradict(
            "No deposit is subject to refund", do="Give the deposit that is to go back"
        )
    findings = Findings()
    whole = facts.refundable_cents + facts.interest_cents
    applied = min(whole, facts.undisputed_utility_cents)
    if needs_line.value and not facts.shown_on_bill:
        applied = 0
        findings.add("the bill does not show the amount on a line of its own", needs_line)
    else:
        findings.add(
            f"{usd_display(applied)} of {usd_display(whole)} may pay undisputed utility charges of "
            f"{usd_display(facts.undisputed_utility_cents)}, shown on the bill",
            clause,
        )
    for cents, kind in (
        (facts.disputed_utility_cents, "charges in dispute"),
        (facts.special_cents, "special charges"),
    ):
        if cents:
            findings.add(f"nothing pays {kind} of {usd_display(cents)}", clause)
    left = facts.undisputed_utility_cents - applied
    ensure(0 <= applied <= whole and left >= 0, "no more is applied than there is and is owed")
    return Decision(Applied(Cents(applied), Cents(whole - applied), Cents(left)), findings.all())


@dataclass(frozen=True, slots=True)
class Effort:
    """One attempt to return a deposit."""

    made_on: date = fact("The day of it.")
    how: str = fact("What was done: a check mailed, a letter, a call.")
    recorded: bool = fact("Whether a record of it is kept.")
    failed: bool = fact("Whether it came back, or did not reach the customer.")


@dataclass(frozen=True, slots=True)
class EffortsFacts:
    """A deposit that the customer is entitled to, and what was done to return it."""

    entitled_on: date = fact("The day from which the customer is entitled to it.")
    efforts: tuple[Effort, ...] = fact("Attempts, in the order of their days; [] if none.")


@dataclass(frozen=True, slots=True)
class Efforts:
    """Whether more must be done, and from when the deposit bears no interest."""

    effort_needed: bool = fact("Whether another attempt is to be made.")
    records_missing: int = fact("Attempts of which no record is kept.")
    interest_stopped_on: date | None = fact("First day without interest; null: it still runs.")


def decide_efforts(facts: EffortsFacts, terms: Terms) -> Decision[Efforts]:
    """Whether all reasonable efforts were made and recorded: GRR VI.C.2, since mid-2014.

    :raises DepositFactsContradict: for an attempt out of order, too early or in the future
    :raises NoRuleInForce: before the text that demands it
    """
    clause = terms.clause(EFFORTS)
    not_after(facts.entitled_on, terms.day, called="The day of the entitlement")
    findings = Findings()
    if list(facts.efforts) != sorted(facts.efforts, key=lambda effort: effort.made_on):
        raise DepositFactsContradict(
            "The attempts are not in the order of their days", do="Give the earliest first"
        )
    for effort in facts.efforts:
        not_after(effort.made_on, terms.day, called="The day of an attempt")
        if effort.made_on < facts.entitled_on:
            raise DepositFactsContradict(
                f"An attempt of {effort.made_on} is before the entitlement, {facts.entitled_on}",
                do="Correct the days, or leave it out",
            )
        after = (
            "came back: log it and try again" if effort.failed else "is not known to have failed"
        )
        findings.add(f"{effort.how} of {effort.made_on} {after}", clause)
    missing = sum(not effort.recorded for effort in facts.efforts)
    if missing:
        findings.add(f"of {missing} attempts no record is kept, and one must be", clause)
    needed = not facts.efforts or facts.efforts[-1].failed
    stopped = min((effort.made_on for effort in facts.efforts), default=None)
    if stopped is None:
        findings.add(f"entitled since {facts.entitled_on}, and nothing was done", clause)
    else:
        findings.add(f"interest stopped with the first effort, on {stopped}", terms.clause(STOP))
    return Decision(Efforts(needed, missing, stopped), findings.all())


APPLY_DEPOSIT = Rule(
    id="deposits.refund.apply",
    title="Setting a refundable deposit against charges on a bill",
    room="arrears",
    kind="procedure",
    chapter="grr_vi_deposits",
    provisions=(APPLY,),
    governing_day="the date of the bill that would show it",
    facts=ApplyFacts,
    outcome=Applied,
    values=("deposits_refund_apply_to_charges_disclosure_required",),
    decide=decide_apply,
)

RETURN_EFFORTS = Rule(
    id="deposits.refund.efforts",
    title="Efforts to return a deposit, and their records",
    room="arrears",
    kind="data_retention",
    chapter="grr_vi_deposits",
    provisions=(EFFORTS, STOP),
    governing_day="the day on which the efforts are looked at",
    facts=EffortsFacts,
    outcome=Efforts,
    values=(),
    decide=decide_efforts,
)
