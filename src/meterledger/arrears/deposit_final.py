"""The deposit when service ends: credited to the final bill, and what remains goes back.

Lives here      the credit, the one-dollar threshold, the days within which a remainder is returned.
Lives elsewhere the final bill itself (``billing``), the interest (``deposit_interest``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.arrears.deposit_facts import DepositFactsContradict, Findings, not_after
from meterledger.kernel.decision import Decision
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_display
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CREDIT = "deposits.final.credit"
THRESHOLD = "deposits.final.refund_threshold"
DOLLAR_READING = "money.one_dollar_exact"
ON_REQUEST_ONLY = "on_request_only"


@dataclass(frozen=True, slots=True)
class FinalCreditFacts:
    """A deposit held when service ends, on the day that counts."""

    final_bill_cents: Cents = fact("What the final bill comes to without the deposit.")
    deposit_cents: Cents = fact("The deposit held.")
    interest_cents: Cents = fact("Interest accrued on it and not yet credited.")


@dataclass(frozen=True, slots=True)
class FinalCredit:
    """The final bill with the deposit in it."""

    credited_cents: Cents = fact("Deposit and interest, credited to the final bill.")
    left_to_pay_cents: Cents = fact("What the customer still owes.")
    remaining_cents: Cents = fact("What remains of the deposit after the bill.")
    final_bill_is_issued: bool = fact("The credit needs a final bill, however small.")


def decide_final_credit(facts: FinalCreditFacts, terms: Terms) -> Decision[FinalCredit]:
    """Credit deposit and interest to the final bill: GRR VI.C.4.

    :raises DepositFactsContradict: for a negative amount, or no deposit
    :raises NoRuleInForce: before the first text
    """
    clause = terms.clause(CREDIT)
    if facts.deposit_cents <= 0 or facts.interest_cents < 0 or facts.final_bill_cents < 0:
        raise DepositFactsContradict(
            f"A deposit of {usd_display(facts.deposit_cents)}, interest of "
            f"{usd_display(facts.interest_cents)} and a final bill of "
            f"{usd_display(facts.final_bill_cents)} do not fit each other",
            do="Give the deposit held, and the other two at zero or above",
        )
    credited = facts.deposit_cents + facts.interest_cents
    left = max(facts.final_bill_cents - credited, 0)
    remaining = max(credited - facts.final_bill_cents, 0)
    ensure(facts.final_bill_cents - credited == left - remaining, "the credit is spent exactly")
    findings = Findings()
    findings.add(
        f"{usd_display(credited)} is credited to the final bill of "
        f"{usd_display(facts.final_bill_cents)}: {usd_display(left)} is left to pay, "
        f"{usd_display(remaining)} remains",
        clause,
    )
    return Decision(
        FinalCredit(Cents(credited), Cents(left), Cents(remaining), True), findings.all()
    )


@dataclass(frozen=True, slots=True)
class RemainderFacts:
    """What remains of a deposit after the final bill, when service ended."""

    remaining_cents: Cents = fact("What remains after the final bill.")
    service_ended_on: date = fact("The day service ended.")
    customer_asked: bool = fact("Whether the customer asked for it.")


@dataclass(frozen=True, slots=True)
class Remainder:
    """Whether the remainder goes back by itself, on request, or not."""

    automatic: bool = fact("Whether it goes back without being asked for.")
    on_request: bool = fact("Whether it goes back if the customer asks.")
    return_now_cents: Cents = fact("What is to be returned as things stand.")
    return_by: date | None = fact("The last day for it; null where the text sets none.")


def decide_remainder(facts: RemainderFacts, terms: Terms) -> Decision[Remainder]:
    """Whether a remainder is returned, and by when: GRR VI.C.4.

    :raises DepositFactsContradict: for a negative remainder, or an end of service to come
    :raises NoRuleInForce: before the first text
    """
    threshold = terms.cents("deposits_final_refund_threshold_usd")
    days = terms.whole("deposits_final_refund_threshold_days")
    if facts.remaining_cents < 0:
        raise DepositFactsContradict(
            f"{usd_display(facts.remaining_cents)} does not remain: it is owed",
            do="Give zero where nothing remains",
        )
    not_after(facts.service_ended_on, terms.day, called="The end of service")
    findings = Findings()
    remaining, limit = usd_display(facts.remaining_cents), usd_display(threshold.value)
    if facts.remaining_cents == 0:
        findings.add("nothing remains of the deposit", threshold)
        return Decision(Remainder(False, False, Cents(0), None), findings.all())
    if _goes_by_itself(facts.remaining_cents, threshold.value, terms):
        how = (
            "is above" if facts.remaining_cents > threshold.value else "is read with what is above"
        )
        by = facts.service_ended_on + timedelta(days=days.value)
        findings.add(f"{remaining} {how} {limit}: it goes back without being asked for", threshold)
        findings.add(f"within {days.value} days of the end of service: by {by}", days)
        return Decision(Remainder(True, False, facts.remaining_cents, by), findings.all())
    how = "is below" if facts.remaining_cents < threshold.value else "is read with what is below"
    asked = "and the customer asked" if facts.customer_asked else "and nobody asked yet"
    findings.add(f"{remaining} {how} {limit}: it goes back on request, {asked}", threshold)
    now = facts.remaining_cents if facts.customer_asked else Cents(0)
    return Decision(Remainder(False, True, now, None), findings.all())


def _goes_by_itself(remaining: int, threshold: int, terms: Terms) -> bool:
    if remaining != threshold:
        return remaining > threshold
    # "More than" goes by itself and "less than" on request: of the amount itself nothing is said.
    return terms.reading(DOLLAR_READING) != ON_REQUEST_ONLY


FINAL_CREDIT = Rule(
    id="deposits.final.credit",
    title="Deposit credited to the final bill",
    room="arrears",
    kind="calculation",
    chapter="grr_vi_deposits",
    provisions=(CREDIT,),
    governing_day="the day on which service ends",
    facts=FinalCreditFacts,
    outcome=FinalCredit,
    values=(),
    decide=decide_final_credit,
)

FINAL_REMAINDER = Rule(
    id="deposits.final.remainder",
    title="What remains of a deposit after the final bill",
    room="arrears",
    kind="deadline",
    chapter="grr_vi_deposits",
    provisions=(THRESHOLD,),
    governing_day="the day on which service ends",
    facts=RemainderFacts,
    outcome=Remainder,
    values=("deposits_final_refund_threshold_usd", "deposits_final_refund_threshold_days"),
    readings=(DOLLAR_READING,),
    decide=decide_remainder,
)
