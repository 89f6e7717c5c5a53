"""A final balance that nobody pays: when it is written off, and what is set aside for it before.

Lives here      the criteria and the ceiling of a write-off, the monthly provision, what of a later
                payment is a recovery.
Lives elsewhere the entries (``settlement_entries``), aging (reports), agencies that collect.
Read first      docs/operating/settlements.md.

A debt that is written off is owed as before; it stands no more among the receivables. Debt that was
sold, or is with an agency, is not written off here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact
from meterledger.rulebook.terms import Terms

AFTER_DAYS, ALONE = "write_off_after_days", "write_off_alone_usd"
PERCENT = "uncollectible_percent_of_revenue"


@dataclass(frozen=True, slots=True)
class WriteOffFacts:
    """An unpaid balance, and what is known of it."""

    balance_cents: Cents = fact("What the account owes.")
    in_service: bool = fact("Whether the account takes service on the day.")
    final_due: date | None = fact("The due day of its last bill; null if it was never billed.")
    last_paid: date | None = fact("The day of its last payment; null if it never paid.")
    disputed: bool = fact("Whether the balance is in dispute.", default=False)
    under_agreement: bool = fact(
        "Whether it is being paid under a payment agreement.", default=False
    )
    with_agency: bool = fact("Whether it was sold or given to an agency.", default=False)


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Whether it is written off."""

    may_be_written_off: bool = fact("Whether every criterion holds.")
    needs_two: bool = fact("Whether it is above the ceiling, and two people are needed.")
    ceiling_cents: Cents = fact("What one person may write off.")
    from_day: date | None = fact("The first day on which it may be; null if no day is known.")


def decide_write_off(facts: WriteOffFacts, terms: Terms) -> Decision[WriteOff]:
    """Whether a balance is written off. Each criterion that fails is told, not the first alone.

    :raises NoRuleInForce: if the book is silent on the day
    """
    after, alone = terms.whole(AFTER_DAYS), terms.cents(ALONE)
    against: list[str] = []
    if facts.balance_cents <= 0:
        against.append("nothing is owed")
    if facts.in_service:
        against.append("the account takes service, and its balance is collected there")
    if facts.disputed:
        against.append("the balance is in dispute")
    if facts.under_agreement:
        against.append("it is being paid under an agreement")
    if facts.with_agency:
        against.append("it was sold or is with an agency, which this does not cover")
    from_day = None
    if facts.final_due is None:
        against.append("no bill of it is known")
    else:
        quiet = max(facts.final_due, facts.last_paid or facts.final_due)
        from_day = quiet + timedelta(days=after.value)
        if terms.day < from_day:
            since = "it was due" if quiet == facts.final_due else "it was last paid on"
            against.append(
                f"{(terms.day - quiet).days} days have passed since {since}, of {after.value}"
            )
    needs_two = facts.balance_cents > alone.value
    if against:
        no = WriteOff(False, needs_two, alone.value, from_day)
        return Decision(no, tuple(Reason(one, after.citation) for one in against))
    how = "above" if needs_two else "not above"
    reasons = (
        Reason(f"{after.value} days without payment have passed, on {from_day}", after.citation),
        Reason(
            f"{usd_display(facts.balance_cents)} is {how} {usd_display(alone.value)}, what one "
            "person writes off",
            alone.citation,
        ),
    )
    return Decision(WriteOff(True, needs_two, alone.value, from_day), reasons)


@dataclass(frozen=True, slots=True)
class ProvisionFacts:
    """A month's revenue."""

    revenue_cents: Cents = fact("What the month's entries brought of sales of electricity.")


@dataclass(frozen=True, slots=True)
class Provided:
    """What is set aside."""

    amount_cents: Cents = fact("What is expensed and set aside for what will not be paid.")


def decide_provision(facts: ProvisionFacts, terms: Terms) -> Decision[Provided]:
    """What of a month's revenue is set aside; nothing of a month that brought none.

    :raises NoRuleInForce: if the book is silent on the day
    """
    percent = terms.number(PERCENT)
    cents = Cents(max(0, to_whole_half_up(facts.revenue_cents * percent.value / 100)))
    found = f"{usd_display(cents)} of a revenue of {usd_display(facts.revenue_cents)}"
    return Decision(Provided(cents), (Reason(found, percent.citation),))


@dataclass(frozen=True, slots=True)
class RecoveryFacts:
    """A payment of an account of which something was written off."""

    paid_cents: Cents = fact("What of the payment is credit of the account, and pays nothing else.")
    written_off_cents: Cents = fact("What is written off and was not recovered yet.")


@dataclass(frozen=True, slots=True)
class Recovered:
    """What of it is a recovery."""

    amount_cents: Cents = fact("What goes back to the provision.")


def decide_recovery(facts: RecoveryFacts, terms: Terms) -> Decision[Recovered]:
    """What of a payment recovers what was written off: no more than is written off, or is paid.

    :raises NoRuleInForce: if the book is silent on the day
    """
    citation = terms.cents(ALONE).citation
    cents = Cents(max(0, min(facts.paid_cents, facts.written_off_cents)))
    there = usd_display(facts.written_off_cents)
    found = f"{usd_display(cents)} of {there} that is written off is paid"
    return Decision(Recovered(cents), (Reason(found, citation),))
