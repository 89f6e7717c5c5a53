"""The usage room: which watt-hours are billable, and how we know.

Others may call ``find_gaps`` (what is missing from a window) and ``describe_usage`` (what a bill
stands on) for whole local days of many meters; ``tile_window`` and ``describe_tiled`` for one
meter's intervals of any length, ``tile_exchanged`` and ``describe_exchanged`` for meters exchanged
inside a window, and catch ``UsageNotTiled`` and its kinds. Estimates (GRR V.E): ``may_estimate``,
``choose_method``, ``run_register_ladder``, ``run_daily_use_ladder`` and ``choose_interval_fill``
decide over a book and a day; ``estimate_record`` is what is kept of a ladder's answer.
``validate_day`` checks a day of many meters by the validation file (``check_run`` and
``finish_day`` where it is read in parts), ``fill_missing`` fills its gaps by the interval ladder,
and ``agree_with_register`` makes estimates sum to the register. ``doubts_of`` checks reactive
energy before a bill charges for it.
"""

from meterledger.rulebook.rules import Rule
from meterledger.usage import readings_needed, retention
from meterledger.usage.complete import describe_usage, find_gaps, scale_by_multipliers
from meterledger.usage.estimated import (
    CAPPED_CAUSES,
    PROVISIONS,
    estimated_rows,
    estimated_slots,
    estimated_tiled,
    method_words,
)
from meterledger.usage.estimation_allowed import (
    BilledPeriod,
    CustomerReadingFacts,
    CustomerReadingUse,
    MayEstimate,
    MayEstimateFacts,
    count_estimated_periods,
    decide_customer_reading,
    decide_may_estimate,
)
from meterledger.usage.estimation_daily_use import DailyUseEstimate, DailyUseFacts
from meterledger.usage.estimation_facts import (
    BilledOn,
    BillingPeriod,
    EstimationFactsContradict,
    MeterTechnology,
    Occupant,
    PastPeriod,
)
from meterledger.usage.estimation_first_last import (
    AdjustedRead,
    AdjustFacts,
    FirstLastFacts,
    FirstLastReading,
    FirstLastRoute,
    decide_adjustment,
    decide_first_last,
)
from meterledger.usage.estimation_general import Case as GeneralCase
from meterledger.usage.estimation_general import GeneralEstimate, GeneralFacts, decide_general
from meterledger.usage.estimation_intervals import (
    DayDefinitions,
    IntervalFill,
    IntervalGapFacts,
    counts_as_weekend,
    day_definitions,
)
from meterledger.usage.estimation_method import EstimationMethod, MeterToEstimate, MethodChoice
from meterledger.usage.estimation_record import estimate_record
from meterledger.usage.estimation_register import LadderEstimate, RegisterLadderFacts, ValidRead
from meterledger.usage.estimation_rules import (
    ESTIMATION_RULES,
    choose_interval_fill,
    choose_method,
    may_estimate,
    run_daily_use_ladder,
    run_register_ladder,
)
from meterledger.usage.estimation_rungs import ElapsedPart, GoodDay
from meterledger.usage.estimation_similar import Candidate, Likeness, SimilarSearch
from meterledger.usage.estimation_told import (
    BillFlag,
    Effort,
    EstimateNotice,
    FlagFacts,
    NoticeFacts,
    RecordFacts,
    RecordOfEstimate,
    decide_bill_flag,
    decide_notice,
    decide_record,
)
from meterledger.usage.exchanged import (
    EnergyOutOfPlace,
    ExchangedUsage,
    MeterStay,
    describe_exchanged,
    tile_exchanged,
)
from meterledger.usage.filling import Filled, Gaps, estimates_of, fill_missing
from meterledger.usage.filling_plan import FillingPlan
from meterledger.usage.filling_register import Agreed, RegisterCannotAgree, agree_with_register
from meterledger.usage.other_flows import known_of, on_slots
from meterledger.usage.readings_needed import BilledOn as ReadingsBilledOn
from meterledger.usage.readings_needed import (
    PeriodReadingsFacts,
    ReplacementFacts,
    decide_period_readings,
    decide_replacement,
)
from meterledger.usage.retention import RetentionFacts, decide_retention
from meterledger.usage.tiling import (
    IntervalCrossesEdge,
    IntervalsOverlap,
    UsageNotTiled,
    WindowHasGap,
    describe_tiled,
    instant_text,
    tile_window,
)
from meterledger.usage.together import describe_together, on_all_days
from meterledger.usage.validation import (
    DayFindings,
    check_run,
    day_marks,
    finish_day,
    history_of,
    mark_key,
    register_agrees,
    validate_day,
)
from meterledger.usage.validation_evidence import Evidence
from meterledger.usage.validation_facts import (
    EVERYWHERE,
    GENERATES,
    INACTIVE,
    NET,
    NO_DAYS,
    NOT_KNOWN,
    VACANT,
    Check,
    DayBlock,
    History,
    Int8Array,
    Int32Array,
    MeterFacts,
    Source,
    Storm,
)
from meterledger.usage.validation_reactive import (
    DaysBefore,
    Doubt,
    ReactiveCheck,
    ReactiveTerms,
    UnusableReactiveThreshold,
    doubts_of,
    reactive_values,
    without,
)
from meterledger.usage.validation_terms import (
    Limit,
    UnknownCheck,
    UnusableThreshold,
    ValidationTerms,
    validation_values,
)

RULES: tuple[Rule, ...] = (
    *ESTIMATION_RULES,
    *readings_needed.RULES,
    *retention.RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "CAPPED_CAUSES",
    "EVERYWHERE",
    "GENERATES",
    "INACTIVE",
    "NET",
    "NOT_KNOWN",
    "NO_DAYS",
    "PROVISIONS",
    "RULES",
    "VACANT",
    "AdjustFacts",
    "AdjustedRead",
    "Agreed",
    "BillFlag",
    "BilledOn",
    "BilledPeriod",
    "BillingPeriod",
    "Candidate",
    "Check",
    "CustomerReadingFacts",
    "CustomerReadingUse",
    "DailyUseEstimate",
    "DailyUseFacts",
    "DayBlock",
    "DayDefinitions",
    "DayFindings",
    "DaysBefore",
    "Doubt",
    "Effort",
    "ElapsedPart",
    "EnergyOutOfPlace",
    "EstimateNotice",
    "EstimationFactsContradict",
    "EstimationMethod",
    "Evidence",
    "ExchangedUsage",
    "Filled",
    "FillingPlan",
    "FirstLastFacts",
    "FirstLastReading",
    "FirstLastRoute",
    "FlagFacts",
    "Gaps",
    "GeneralCase",
    "GeneralEstimate",
    "GeneralFacts",
    "GoodDay",
    "History",
    "Int8Array",
    "Int32Array",
    "IntervalCrossesEdge",
    "IntervalFill",
    "IntervalGapFacts",
    "IntervalsOverlap",
    "LadderEstimate",
    "Likeness",
    "Limit",
    "MayEstimate",
    "MayEstimateFacts",
    "MeterFacts",
    "MeterStay",
    "MeterTechnology",
    "MeterToEstimate",
    "MethodChoice",
    "NoticeFacts",
    "Occupant",
    "PastPeriod",
    "PeriodReadingsFacts",
    "ReactiveCheck",
    "ReactiveTerms",
    "ReadingsBilledOn",
    "RecordFacts",
    "RecordOfEstimate",
    "RegisterCannotAgree",
    "RegisterLadderFacts",
    "ReplacementFacts",
    "RetentionFacts",
    "SimilarSearch",
    "Source",
    "Storm",
    "UnknownCheck",
    "UnusableReactiveThreshold",
    "UnusableThreshold",
    "UsageNotTiled",
    "ValidRead",
    "ValidationTerms",
    "WindowHasGap",
    "agree_with_register",
    "check_run",
    "choose_interval_fill",
    "choose_method",
    "count_estimated_periods",
    "counts_as_weekend",
    "day_definitions",
    "day_marks",
    "decide_adjustment",
    "decide_bill_flag",
    "decide_customer_reading",
    "decide_first_last",
    "decide_general",
    "decide_may_estimate",
    "decide_notice",
    "decide_period_readings",
    "decide_record",
    "decide_replacement",
    "decide_retention",
    "describe_exchanged",
    "describe_tiled",
    "describe_together",
    "describe_usage",
    "doubts_of",
    "estimate_record",
    "estimated_rows",
    "estimated_slots",
    "estimated_tiled",
    "estimates_of",
    "fill_missing",
    "find_gaps",
    "finish_day",
    "history_of",
    "instant_text",
    "known_of",
    "mark_key",
    "may_estimate",
    "method_words",
    "on_all_days",
    "on_slots",
    "reactive_values",
    "register_agrees",
    "run_daily_use_ladder",
    "run_register_ladder",
    "scale_by_multipliers",
    "tile_exchanged",
    "tile_window",
    "validate_day",
    "validation_values",
    "without",
]
