"""Settling a budget plan in the month of re-evaluation: rolled over, or all on one bill.

Lives here      what becomes of the difference between actual cost and budget bills.
Lives elsewhere the difference itself (given, from the ledger), plans that end
                (``budget_ending``).
Read first      GRR V.I.3 and V.I.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.billing.budget_calendar import (
    CHAPTER,
    ROOM,
    Option,
    PlanFactsContradict,
    because,
)
from meterledger.billing.budget_elections import LEGACY, LEGACY_VALUES, early_participant
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_text
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

DIFFERENCE = (
    "Actual cost less what the plan has billed, since enrollment or the last settlement, "
    "rolled-over parts not yet billed included: above zero the customer owes it, below zero it is "
    "the customer's."
)


@dataclass(frozen=True, slots=True)
class SettlementFacts:
    """What has built up through the month of re-evaluation, and what the customer elected."""

    enrolled: date = fact("The day on which the customer was enrolled.")
    difference_cents: Cents = fact(DIFFERENCE)
    option: Option | None = fact(
        "a: roll the difference over; b: all of it on this bill; null: nothing was elected."
    )
    bills_in_next_plan_year: int | None = fact(
        "Monthly bills of the next plan year where it is shorter than a full one; null for a full "
        "year.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What stands on this bill, and what on the bills of the next plan year."""

    option: Option = fact("The option that holds.")
    on_this_bill_cents: Cents = fact("Added to the bill of the re-evaluation month.")
    instalments_cents: tuple[Cents, ...] = fact(
        "Added to each monthly bill of the next plan year, in order; empty under option b."
    )


def decide_settlement(facts: SettlementFacts, terms: Terms) -> Decision[Settlement]:
    """What becomes of the difference in the month of re-evaluation (GRR V.I.3).

    The instalments sum to the difference exactly. They are equal but for the last, which carries
    the cents that do not divide.

    :raises PlanFactsContradict: if nothing was elected by a customer who has to, or the next plan
        year has more bills than a year
    """
    option, reasons = _option_that_holds(facts, terms)
    if option is Option.B:
        rule = terms.text("budget_settlement_election_option_b")
        found = f"(b) {rule.value}: {_words(facts.difference_cents)}"
        return Decision(
            Settlement(option, facts.difference_cents, ()),
            (*reasons, because(found, rule.citation)),
        )
    rule = terms.text("budget_settlement_election_option_a")
    spread = terms.whole("budget_settlement_election_spread_months")
    count = facts.bills_in_next_plan_year
    if count is not None and not 1 <= count <= spread.value:
        raise PlanFactsContradict(
            f"A plan year of {count} bills cannot be",
            where="facts.bills_in_next_plan_year",
            why=f"A full plan year has {spread.value}",
            do=f"Give 1 to {spread.value}, or null for a full year",
        )
    parts = equal_parts(facts.difference_cents, spread.value if count is None else count)
    found = f"(a) {rule.value}: {_words(facts.difference_cents)} {_in_parts(parts)}"
    return Decision(
        Settlement(option, Cents(0), parts),
        (*reasons, because(found, spread.citation)),
    )


def equal_parts(total: Cents, count: int) -> tuple[Cents, ...]:
    """Equal whole-cent parts, none with the other sign; what does not divide is in the last."""
    sign = -1 if total < 0 else 1
    each = sign * (abs(total) // count)
    parts = (*([Cents(each)] * (count - 1)), Cents(total - each * (count - 1)))
    ensure(sum(parts) == total, "instalments sum to the difference")
    return parts


def _option_that_holds(facts: SettlementFacts, terms: Terms) -> tuple[Option, tuple[Reason, ...]]:
    if facts.option is not None:
        return facts.option, ()
    legacy, reason = early_participant(facts.enrolled, terms)
    if legacy:
        return Option.B, (reason,)
    raise PlanFactsContradict(
        "The customer has not elected how the difference is settled",
        where="facts.option",
        why=f"{reason.finding} ({reason.citation}); only those are on option (b) without electing",
        do="Ask the customer for option a or b, and settle then",
    )


def _in_parts(parts: tuple[Cents, ...]) -> str:
    first, last = usd_text(parts[0]), usd_text(parts[-1])
    if len(parts) == 1:
        return f"on one bill, {last}"
    if first == last:
        return f"in {len(parts)} parts, {first} each"
    return f"in {len(parts)} parts, {first} each and {last} the last"


def _words(cents: Cents) -> str:
    if cents == 0:
        return "nothing is open"
    who = "owed by the customer" if cents > 0 else "the customer's"
    return f"{usd_text(abs(cents))} {who}"


SETTLEMENT = Rule(
    id="budget.settlement",
    title="Settling the difference in the month of re-evaluation",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=("budget.settlement.election", LEGACY),
    governing_day="the bill of the re-evaluation month (bill date)",
    facts=SettlementFacts,
    outcome=Settlement,
    values=(
        "budget_settlement_election_option_a",
        "budget_settlement_election_option_b",
        "budget_settlement_election_spread_months",
        *LEGACY_VALUES,
    ),
    decide=decide_settlement,
)

RULES = (SETTLEMENT,)
