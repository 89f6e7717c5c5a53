"""The rating room: usage into determinants, determinants into priced lines; columnar and exact.

Others may call ``plan_window``, one of ``determine`` (slots of local days, many meters),
``determine_tiled`` (one meter's intervals of any length) and ``determine_by_days`` (a total without
times), then ``price`` and ``lines_of``; ``energy_cents`` is what a line of one price costs.
``PopulationSums`` makes determinants of a whole population's days as they are stored.
``CALCULATION_REVISION`` changes whenever the same inputs could give another bill, and is recorded
with every bill.
"""

from meterledger.rating.demand import HistoryNeeded, KvarNeeded, measured_w
from meterledger.rating.determine import (
    IntervalTooLong,
    TimesNeeded,
    determine,
    determine_by_days,
    highest_var,
)
from meterledger.rating.lines import lines_of, lines_of_all
from meterledger.rating.netting import ProgramFactsNeeded, credits_after, excess_line
from meterledger.rating.plan import ScheduleChanges, plan_window
from meterledger.rating.plan_shapes import LinePlan, Proration, RatePlan
from meterledger.rating.population import PopulationSums
from meterledger.rating.price import PricedWindows, energy_cents, price
from meterledger.rating.programs import ProgramNotOpen
from meterledger.rating.season_choice import SeasonChoice, season_goes_by_period
from meterledger.rating.tiled import determine_tiled
from meterledger.rating.together import add_meters
from meterledger.rating.totals import charge_totals, charge_totals_of, shares_of

CALCULATION_REVISIONS = ("1", "2", "3")
"""Every revision that can be calculated still, oldest first: a bill is replayed by its own.

``2``  a change of the rate option is no end of service: the bills before and after it are regular
``3``  service points of one account that come on one bill; a bill of one point is made by 2 still
"""

CALCULATION_REVISION = "2"
"""What a bill of one service point is made by."""

REVISION_TOGETHER = CALCULATION_REVISIONS[-1]
"""What one bill of several service points is made by."""

__all__ = [
    "CALCULATION_REVISION",
    "CALCULATION_REVISIONS",
    "REVISION_TOGETHER",
    "HistoryNeeded",
    "IntervalTooLong",
    "KvarNeeded",
    "LinePlan",
    "PopulationSums",
    "PricedWindows",
    "ProgramFactsNeeded",
    "ProgramNotOpen",
    "Proration",
    "RatePlan",
    "ScheduleChanges",
    "SeasonChoice",
    "TimesNeeded",
    "add_meters",
    "charge_totals",
    "charge_totals_of",
    "credits_after",
    "determine",
    "determine_by_days",
    "determine_tiled",
    "energy_cents",
    "excess_line",
    "highest_var",
    "lines_of",
    "lines_of_all",
    "measured_w",
    "plan_window",
    "price",
    "season_goes_by_period",
    "shares_of",
]
