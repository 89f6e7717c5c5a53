"""All rules of the chapter on estimates (GRR V.E), and the ones that journeys call directly.

Lives here      the room's list of estimation rules; calls without forms, over a book and a day.
Lives elsewhere each rule, in the module it comes from.
"""

from __future__ import annotations

from datetime import date

from meterledger.kernel.decision import Decision
from meterledger.rulebook.book import BookView
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_allowed import (
    CUSTOMER_READING_RULE,
    MAY_ESTIMATE,
    MayEstimate,
    MayEstimateFacts,
    decide_may_estimate,
)
from meterledger.usage.estimation_daily_use import (
    DAILY_USE,
    DailyUseEstimate,
    DailyUseFacts,
    decide_daily_use,
)
from meterledger.usage.estimation_first_last import ADJUSTMENT, FIRST_LAST
from meterledger.usage.estimation_general import GENERAL_METHOD
from meterledger.usage.estimation_intervals import (
    INTERVAL_LADDER,
    IntervalFill,
    IntervalGapFacts,
    decide_interval_fill,
)
from meterledger.usage.estimation_method import (
    METHOD,
    MeterToEstimate,
    MethodChoice,
    decide_method,
)
from meterledger.usage.estimation_register import (
    REGISTER_LADDER,
    LadderEstimate,
    RegisterLadderFacts,
    decide_register_ladder,
)
from meterledger.usage.estimation_told import (
    FLAG_RULE,
    NOTICE_RULE,
    ORDINARY_RULE,
    RECORD_RULE,
)

ESTIMATION_RULES: tuple[Rule, ...] = (
    MAY_ESTIMATE,
    CUSTOMER_READING_RULE,
    NOTICE_RULE,
    RECORD_RULE,
    FLAG_RULE,
    ORDINARY_RULE,
    FIRST_LAST,
    ADJUSTMENT,
    GENERAL_METHOD,
    METHOD,
    DAILY_USE,
    REGISTER_LADDER,
    INTERVAL_LADDER,
)


def may_estimate(facts: MayEstimateFacts, *, view: BookView, day: date) -> Decision[MayEstimate]:
    """Whether a bill may be estimated; ``day`` is the last of the billing period. GRR V.E.1."""
    return decide_may_estimate(facts, Terms(view, day, rule=MAY_ESTIMATE))


def choose_method(facts: MeterToEstimate, *, view: BookView, day: date) -> Decision[MethodChoice]:
    """Which method estimates a meter's period. Equal facts give equal answers. GRR V.E.3."""
    return decide_method(facts, Terms(view, day, rule=METHOD))


def run_register_ladder(
    facts: RegisterLadderFacts, *, view: BookView, day: date
) -> Decision[LadderEstimate]:
    """The estimate of an AMI register's tail, with rung and inputs. GRR V.E.3.c."""
    return decide_register_ladder(facts, Terms(view, day, rule=REGISTER_LADDER))


def run_daily_use_ladder(
    facts: DailyUseFacts, *, view: BookView, day: date
) -> Decision[DailyUseEstimate]:
    """The estimate by average daily use, with step and inputs. GRR V.E.3.a."""
    return decide_daily_use(facts, Terms(view, day, rule=DAILY_USE))


def choose_interval_fill(
    facts: IntervalGapFacts, *, view: BookView, day: date
) -> Decision[IntervalFill]:
    """What fills one day's missing intervals: the reference of the bulk filling. GRR V.E.3.d."""
    return decide_interval_fill(facts, Terms(view, day, rule=INTERVAL_LADDER))
