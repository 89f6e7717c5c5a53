"""Relief from a deposit: a small debt, no payment plan, and enough paid in time for a year.

Lives here      the three conditions of GRR VI.A.2.c.i, since mid-2014.
Lives elsewhere the grounds that it is a relief from (``deposit_continued``).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.arrears.deposit_facts import DepositFactsContradict, Findings, must_have
from meterledger.kernel.money import Cents, usd_display
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.terms import Terms

RELIEF = "deposits.continued.relief_300"
RELIEF_VALUES = (
    "deposits_continued_relief_300_max_balance_usd",
    "deposits_continued_relief_300_min_payment_usd",
    "deposits_continued_relief_300_min_payment_percent_of_balance",
    "deposits_continued_relief_300_periods",
    "deposits_continued_relief_300_logic",
)


@dataclass(frozen=True, slots=True)
class SteadyPeriod:
    """What was paid in time in one billing period, and what was outstanding in it."""

    paid_in_time_cents: Cents = fact("Paid on or before the delinquent date.")
    outstanding_cents: Cents = fact("Total outstanding balance of which it was paid.")


@dataclass(frozen=True, slots=True)
class SmallDebt:
    """The balance, and the payments of the previous billing periods, oldest first."""

    balance_cents: Cents = fact("Outstanding balance on the day that counts.")
    on_payment_plan: bool = fact("Whether payments are made under an earlier payment plan.")
    periods: tuple[SteadyPeriod, ...] = fact("Previous consecutive billing periods, oldest first.")


def is_small_debt(given: SmallDebt | None, terms: Terms, findings: Findings) -> bool:
    """Whether the relief of GRR VI.A.2.c.i spares the customer a deposit: all three conditions."""
    logic = terms.text("deposits_continued_relief_300_logic")
    debt = must_have(
        given,
        missing="what the customer owes, and paid in time of the last bills",
        why=f"A small debt spares the customer a deposit: {logic.value}",
        do="Take both from the account's ledger and tell them as 'small_debt': 'balance_usd', "
        "'on_payment_plan' and the 'periods'",
    )
    most = terms.cents("deposits_continued_relief_300_max_balance_usd")
    if debt.balance_cents > most.value:
        findings.add(
            f"no relief: the balance of {usd_display(debt.balance_cents)} is above "
            f"{usd_display(most.value)}",
            most,
        )
        return False
    if debt.on_payment_plan:
        findings.add("no relief: an earlier payment plan is being paid", logic)
        return False
    needed = terms.whole("deposits_continued_relief_300_periods")
    counted = debt.periods[-needed.value :]
    if len(counted) < needed.value:
        findings.add(
            f"no relief: {len(counted)} previous billing periods, and {needed.value} are needed",
            needed,
        )
        return False
    for number, period in enumerate(counted, start=1):
        if not _is_steady(period, number, terms, findings):
            return False
    findings.add(
        f"relief: {usd_display(debt.balance_cents)} is not above {usd_display(most.value)}, "
        f"no plan, and enough was paid in time in each of {needed.value} periods ({logic.value})",
        most,
    )
    return True


def _is_steady(period: SteadyPeriod, number: int, terms: Terms, findings: Findings) -> bool:
    if period.paid_in_time_cents < 0 or period.outstanding_cents < 0:
        raise DepositFactsContradict(
            f"Billing period {number} has a negative amount",
            do="Give what was paid in time, and the balance it was paid of; zero if none",
        )
    least = terms.cents("deposits_continued_relief_300_min_payment_usd")
    share = terms.number("deposits_continued_relief_300_min_payment_percent_of_balance")
    paid, owed = period.paid_in_time_cents, period.outstanding_cents
    if paid >= least.value or paid * 100 >= owed * share.value:
        return True
    findings.add(
        f"no relief: in period {number} {usd_display(paid)} was paid in time, less than "
        f"{usd_display(least.value)} and less than {number_text(share.value)} percent of "
        f"{usd_display(owed)}",
        least,
    )
    return False
