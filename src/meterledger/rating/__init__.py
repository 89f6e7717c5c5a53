"""The rating room: usage into determinants, determinants into priced lines; columnar and exact.

Others may call ``plan_window``, ``determine``, ``determine_by_days``, ``price`` and ``lines_of``,
in that order. ``CALCULATION_REVISION`` changes whenever the same inputs could give another bill,
and is recorded with every bill.
"""

from meterledger.rating.determine import (
    IntervalTooLong,
    TimesNeeded,
    determine,
    determine_by_days,
)
from meterledger.rating.lines import lines_of, lines_of_all
from meterledger.rating.plan import Proration, RatePlan, ScheduleChanges, plan_window
from meterledger.rating.price import PricedWindows, price

CALCULATION_REVISION = "1"

__all__ = [
    "CALCULATION_REVISION",
    "IntervalTooLong",
    "PricedWindows",
    "Proration",
    "RatePlan",
    "ScheduleChanges",
    "TimesNeeded",
    "determine",
    "determine_by_days",
    "lines_of",
    "lines_of_all",
    "plan_window",
    "price",
]
