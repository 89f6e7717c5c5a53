"""What a bill shows of readings: time periods and no register readings, or the register's two.

Lives here      which of the two a bill shows.
Lives elsewhere whether the register may be billed at all (``usage.readings_needed``), the page
                itself (``entrypoints``).
Read first      GRR V.D, meter readings (from 2020-07-09).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

DISPLAY = "meters.readings.interval_bill_display"
SHOW_READINGS = "meters_readings_interval_bill_display_show_begin_end_reads"
SHOW_PERIODS = "meters_readings_interval_bill_display_show_usage_per_time_period"


@dataclass(frozen=True, slots=True)
class BillDisplayFacts:
    """A bill that is about to be printed."""

    residential: bool = fact("Whether the customer is residential.")
    schedule_needs_periods: bool = fact(
        "Whether the schedule needs usage by distinct time periods."
    )
    usage_from_intervals: bool = fact("Whether the usage comes from interval data.")


@dataclass(frozen=True, slots=True)
class BillDisplay:
    """What the bill shows of its readings."""

    register_readings: bool = fact(
        "Whether opening and closing readings of the register are shown."
    )
    usage_per_time_period: bool = fact("Whether the total of each relevant period is shown.")


def decide_bill_display(facts: BillDisplayFacts, terms: Terms) -> Decision[BillDisplay]:
    """What a bill shows of its readings (GRR V.D)."""
    if facts.residential and facts.schedule_needs_periods and facts.usage_from_intervals:
        readings, periods = terms.flag(SHOW_READINGS), terms.flag(SHOW_PERIODS)
        reasons = (
            Reason(
                f"billed by time periods from intervals: register readings are "
                f"{'' if readings.value else 'not '}shown",
                readings.citation,
            ),
            Reason(
                f"the total of each relevant period is {'' if periods.value else 'not '}shown",
                periods.citation,
            ),
        )
        return Decision(BillDisplay(readings.value, periods.value), reasons)
    found = "not a residential bill by time periods from intervals: it shows register readings"
    clause = terms.clause(DISPLAY)
    return Decision(BillDisplay(True, False), (Reason(found, clause.citation),))


RULES = (
    Rule(
        id="meters.bill_display",
        title="What a bill shows of its readings",
        room="billing",
        kind="procedure",
        chapter="grr_iv_meters",
        provisions=(DISPLAY,),
        governing_day="the day of the bill",
        facts=BillDisplayFacts,
        outcome=BillDisplay,
        values=(SHOW_READINGS, SHOW_PERIODS),
        decide=decide_bill_display,
    ),
)
