"""The commission's own limits of adjustments, beside those of the sheet.

Lives here      how many periods are looked back, and over how long an undercharge may be paid.
Lives elsewhere the sheet's limits, which bills are corrected by (``adjust_residential``).
Read first      20 CSR 4240-13.025 (recalled; missing text M-19).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.billing.adjust_residential import AdjustmentContradicts, Direction
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

OVERCHARGE, UNDERCHARGE = "psc.13_025.overcharge_lookback", "psc.13_025.undercharge_lookback"
NO_LIMIT, TO_PAY = "psc.13_025.diversion_no_limit", "psc.13_025.undercharge_payment_time"
OVERCHARGE_PERIODS = "psc_13_025_overcharge_lookback_max"
UNDERCHARGE_PERIODS = "psc_13_025_undercharge_lookback_max"
MULTIPLE = "psc_13_025_undercharge_payment_time_min_multiple"


@dataclass(frozen=True, slots=True)
class LookbackFacts:
    """An error in monthly bills of a residential customer."""

    direction: Direction = fact("Whether too much or too little was billed.")
    periods: int = fact("How many monthly billing periods it lasted before it was found.")
    unauthorized_use: bool = fact("Whether service was used without right.", default=False)


@dataclass(frozen=True, slots=True)
class Lookback:
    """How far back it is adjusted."""

    periods: int = fact("How many billing periods are adjusted.")
    months_to_pay: int = fact("Over how many months an undercharge may be paid at least; else 0.")


def decide_lookback(facts: LookbackFacts, terms: Terms) -> Decision[Lookback]:
    """How many periods are adjusted, and the time to pay (20 CSR 4240-13.025).

    :raises AdjustmentContradicts: if it lasted no period
    """
    if facts.periods < 1:
        raise AdjustmentContradicts(
            f"An error of {facts.periods} periods is none",
            where="facts.periods",
            do="Give one billing period or more",
        )
    over = facts.direction is Direction.OVERCHARGE
    if facts.unauthorized_use and not over:
        clause = terms.clause(NO_LIMIT)
        periods = facts.periods
        reason = Reason("use without right: no limit of periods", clause.citation)
    else:
        most = terms.whole(OVERCHARGE_PERIODS if over else UNDERCHARGE_PERIODS)
        periods = min(facts.periods, most.value)
        reason = Reason(f"at most {most.value} monthly billing periods", most.citation)
    if over:
        return Decision(Lookback(periods, 0), (reason,))
    times = terms.whole(MULTIPLE)
    months = times.value * periods
    pay = Reason(f"{times.value} times {periods} months to pay it, {months}", times.citation)
    return Decision(Lookback(periods, months), (reason, pay))


RULES = (
    Rule(
        id="adjustments.commission_limits",
        title="The commission's limits of adjustments",
        room="billing",
        kind="limit",
        chapter="psc_rules",
        provisions=(OVERCHARGE, UNDERCHARGE, NO_LIMIT, TO_PAY),
        governing_day="the day of discovery, inquiry or notice, the earliest",
        facts=LookbackFacts,
        outcome=Lookback,
        values=(OVERCHARGE_PERIODS, UNDERCHARGE_PERIODS, MULTIPLE),
        decide=decide_lookback,
    ),
)
