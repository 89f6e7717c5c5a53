"""Proration of off-length periods: all components by days over the normal period's days.

Lives here      whether a window counts as one month or as a share of one.
Lives elsewhere applying the share to charges and blocks (``rating``).
Read first      GRR V.E.3 (carried forward, C-PRORATION-GAP); 20 CSR 4240-13.015 for the band.
"""

from __future__ import annotations

from fractions import Fraction

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView

READING_KEY = "gaps.carry_forward"


def prorate(window: DaySpan, view: BookView) -> tuple[Decision[Fraction], Standing]:
    """How many months a window counts for: 1 inside the regular band, else days over normal days.

    :raises NoRuleInForce: if the band or the normal length is silent on the window's last day
    """
    day = window.last_day
    shortest = view.number("regular_period_days_min").on(day)
    longest = view.number("regular_period_days_max").on(day)
    if shortest.value <= window.day_count <= longest.value:
        finding = (
            f"{window.day_count} days are within {shortest.value} to {longest.value}: "
            "a regular period, no proration"
        )
        reasons = (Reason(finding, shortest.citation), Reason(finding, longest.citation))
        return Decision(Fraction(1), reasons[:1] if reasons[0] == reasons[1] else reasons), weakest(
            (shortest.standing, longest.standing)
        )
    normal = view.number("normal_period_days").on(day)
    months = Fraction(window.day_count) / normal.value
    finding = (
        f"{window.day_count} days are outside {shortest.value} to {longest.value}: every component "
        f"is prorated by {window.day_count}/{normal.value}"
    )
    decision = Decision(
        months,
        (Reason(finding, normal.citation), Reason(finding, shortest.citation)),
        (READING_KEY,),
    )
    return decision, weakest((normal.standing, shortest.standing, longest.standing))
