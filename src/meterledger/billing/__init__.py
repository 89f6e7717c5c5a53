"""The billing room: windows, proration, taxes, due dates, and the assembly of a bill.

Others may call ``due_windows``, ``prorate``, ``decide_due_day``, ``tax_terms``,
``tax_line`` and ``assemble_bill``; each returns a fact or a cited decision.
"""

from meterledger.billing import (
    adjust_bounds,
    adjust_commission,
    adjust_residential,
    bill_contents,
    bill_form,
    bill_readings,
    budget_elections,
    budget_ending,
    budget_plan,
    budget_review,
    budget_settlement,
    deferred_pay_date,
    due_date_again,
    due_date_choice,
    due_date_commission,
    due_date_first_bill,
    estimate_trueup,
    final_floor,
    our_delay,
    period_length,
    proration,
    rate_relief,
    rate_term,
    rent_inclusion,
    rule_variances,
    sales_tax,
    seasons,
    tax_exemptions,
)
from meterledger.billing.assemble import assemble_bill
from meterledger.billing.bill_contents import (
    CONTACT_VALUES,
    ChannelFacts,
    ContentsFacts,
    contact_route,
    decide_bill_channel,
    decide_bill_contents,
    degree_day_base_f,
    weather_station,
)
from meterledger.billing.bill_readings import BillDisplayFacts, decide_bill_display
from meterledger.billing.budget_asked import BilledPeriod, ask_again, decide_asked
from meterledger.billing.budget_calendar import Month, Option
from meterledger.billing.budget_elections import (
    CHANGE_OF_ELECTION,
    EARLY_PARTICIPANT,
    REEVALUATION_MONTH,
    ChangeOfElectionFacts,
    EarlyParticipantFacts,
    ReevaluationMonthFacts,
)
from meterledger.billing.budget_ending import (
    END_BY_COMPANY,
    LEAVING,
    ColdWeatherAgreement,
    LeavingFacts,
    MissedPaymentFacts,
)
from meterledger.billing.budget_plan import (
    FIRST_AMOUNT,
    JOINING,
    BillMedium,
    FirstAmountFacts,
    JoiningFacts,
)
from meterledger.billing.budget_review import (
    INTERIM_REVIEW,
    REEVALUATION,
    InterimReviewFacts,
    ReevaluationFacts,
)
from meterledger.billing.budget_year import PastCost, estimate_year
from meterledger.billing.corrected import ADJUSTMENT, Billed, corrected_bill
from meterledger.billing.correction_causes import (
    BillState,
    CausePart,
    main_cause,
    split_by_cause,
    state_of,
)
from meterledger.billing.correction_limits import (
    BillInError,
    CorrectionEvidence,
    LimitedCorrection,
    RepaymentOffer,
    decide_correction,
)
from meterledger.billing.deferred_pay_date import PAY_DATE
from meterledger.billing.due_date_again import NEXT_CHOICE, NextChoiceFacts
from meterledger.billing.due_date_choice import (
    CHOOSER,
    WANTED_DAY,
    ChooserFacts,
    WantedDayFacts,
)
from meterledger.billing.due_date_commission import AGREED, AgreedDateFacts
from meterledger.billing.due_date_own import (
    decide_own_due_day,
    first_chosen_day,
    pay_date_facts,
)
from meterledger.billing.due_day import decide_due_day
from meterledger.billing.gate import decide_collection, decide_gate, gate_findings
from meterledger.billing.gate_clock import ClockIsOff, refuse_clock_off
from meterledger.billing.gate_facts import BillFacts, Degrees, GateBill
from meterledger.billing.gate_owners import HoldKind, WayOut, hold_kind, owners
from meterledger.billing.gate_run import RunTally, enough_for_breaker, run_findings
from meterledger.billing.gate_terms import GateTerms, gate_terms, gate_values
from meterledger.billing.our_delay import decide_our_delay, may_late_charge_cover
from meterledger.billing.paperless_credit import has_paperless_amount, paperless_line
from meterledger.billing.proration import LengthTerms, length_terms, prorate
from meterledger.billing.rate_term import REQUEST as RATE_REQUEST
from meterledger.billing.rate_term import RateRequest, RateRequestFacts
from meterledger.billing.sales_tax import (
    SalesTaxTerms,
    UnknownSalesTaxPlace,
    names_classes,
    sales_tax_lines,
    sales_tax_terms,
    tax_subject_of,
)
from meterledger.billing.split_difference import split_difference
from meterledger.billing.tax_exemptions import (
    LARGE_USE,
    LargeUseFacts,
    Levy,
    exempted,
    exemption_day,
    exemption_of,
    grounds_of,
    provision_of_ground,
)
from meterledger.billing.taxes import (
    NO_TAX_PLACE,
    RESIDENTIAL,
    TAX_CODE,
    TaxTerms,
    UnknownTaxPlace,
    tax_line,
    tax_place_on,
    tax_terms,
)
from meterledger.billing.uncharged import without_uncharged
from meterledger.billing.weather_of_use import weather_wh
from meterledger.billing.window import (
    BillWindow,
    due_windows,
    is_reading_day,
    kind_of,
    next_reading_day,
    reading_cycle_count,
    reading_day,
)
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (
    *budget_plan.RULES,
    *budget_elections.RULES,
    *budget_review.RULES,
    *budget_settlement.RULES,
    *budget_ending.RULES,
    *due_date_choice.RULES,
    *due_date_commission.RULES,
    *due_date_again.RULES,
    *due_date_first_bill.RULES,
    *deferred_pay_date.RULES,
    *bill_readings.RULES,
    *bill_contents.RULES,
    *adjust_residential.RULES,
    *adjust_bounds.RULES,
    *rate_term.RULES,
    *rate_relief.RULES,
    *seasons.RULES,
    *proration.RULES,
    *final_floor.RULES,
    *estimate_trueup.RULES,
    *adjust_commission.RULES,
    *our_delay.RULES,
    *period_length.RULES,
    *bill_form.RULES,
    *rent_inclusion.RULES,
    *rule_variances.RULES,
    *tax_exemptions.RULES,
    *sales_tax.RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "ADJUSTMENT",
    "AGREED",
    "CHANGE_OF_ELECTION",
    "CHOOSER",
    "CONTACT_VALUES",
    "EARLY_PARTICIPANT",
    "END_BY_COMPANY",
    "FIRST_AMOUNT",
    "INTERIM_REVIEW",
    "JOINING",
    "LARGE_USE",
    "LEAVING",
    "NEXT_CHOICE",
    "NO_TAX_PLACE",
    "PAY_DATE",
    "RATE_REQUEST",
    "REEVALUATION",
    "REEVALUATION_MONTH",
    "RESIDENTIAL",
    "RULES",
    "TAX_CODE",
    "WANTED_DAY",
    "AgreedDateFacts",
    "BillDisplayFacts",
    "BillFacts",
    "BillInError",
    "BillMedium",
    "BillState",
    "BillWindow",
    "Billed",
    "BilledPeriod",
    "CausePart",
    "ChangeOfElectionFacts",
    "ChannelFacts",
    "ChooserFacts",
    "ClockIsOff",
    "ColdWeatherAgreement",
    "ContentsFacts",
    "CorrectionEvidence",
    "Degrees",
    "EarlyParticipantFacts",
    "FirstAmountFacts",
    "GateBill",
    "GateTerms",
    "HoldKind",
    "InterimReviewFacts",
    "JoiningFacts",
    "LargeUseFacts",
    "LeavingFacts",
    "LengthTerms",
    "Levy",
    "LimitedCorrection",
    "MissedPaymentFacts",
    "Month",
    "NextChoiceFacts",
    "Option",
    "PastCost",
    "RateRequest",
    "RateRequestFacts",
    "ReevaluationFacts",
    "ReevaluationMonthFacts",
    "RepaymentOffer",
    "RunTally",
    "SalesTaxTerms",
    "TaxTerms",
    "UnknownSalesTaxPlace",
    "UnknownTaxPlace",
    "WantedDayFacts",
    "WayOut",
    "ask_again",
    "assemble_bill",
    "contact_route",
    "corrected_bill",
    "decide_asked",
    "decide_bill_channel",
    "decide_bill_contents",
    "decide_bill_display",
    "decide_collection",
    "decide_correction",
    "decide_due_day",
    "decide_gate",
    "decide_our_delay",
    "decide_own_due_day",
    "degree_day_base_f",
    "due_windows",
    "enough_for_breaker",
    "estimate_year",
    "exempted",
    "exemption_day",
    "exemption_of",
    "first_chosen_day",
    "gate_findings",
    "gate_terms",
    "gate_values",
    "grounds_of",
    "has_paperless_amount",
    "hold_kind",
    "is_reading_day",
    "kind_of",
    "length_terms",
    "main_cause",
    "may_late_charge_cover",
    "names_classes",
    "next_reading_day",
    "owners",
    "paperless_line",
    "pay_date_facts",
    "prorate",
    "provision_of_ground",
    "reading_cycle_count",
    "reading_day",
    "refuse_clock_off",
    "run_findings",
    "sales_tax_lines",
    "sales_tax_terms",
    "split_by_cause",
    "split_difference",
    "state_of",
    "tax_line",
    "tax_place_on",
    "tax_subject_of",
    "tax_terms",
    "weather_station",
    "weather_wh",
    "without_uncharged",
]
