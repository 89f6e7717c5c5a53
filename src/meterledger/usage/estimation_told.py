"""What an estimated bill says and leaves behind: mark, share, records, notice, ordinary rules.

Lives here      the mark with the share of estimated energy, the record of cause and efforts, the
                notice after three months (until 2020-07-09), that every other rule holds as usual.
Lives elsewhere whether it may be estimated (``estimation_allowed``).
Read first      GRR V.E.1 and V.E.3; readings/c_est_flag_interval.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.facts.estimates import EstimateCause
from meterledger.kernel.decision import Decision
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_allowed import SHARE, SHARE_OPTIONS
from meterledger.usage.estimation_facts import (
    CHAPTER,
    ROOM,
    EstimationFactsContradict,
    Findings,
    by_reading,
)

FLAG = "estimation.bill.estimated_flag"
RECORDS = "estimation.records.reasons_and_efforts"
NOTICE = "estimation.notice.three_months_no_actual"
ORDINARY = "estimation.rules.apply_to_unread_periods"


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """The energy of a bill, and how much of it was estimated."""

    billed_wh: int = fact("Watt-hours billed.")
    estimated_wh: int = fact("Watt-hours of them that were estimated.")
    any_estimated: bool = fact(
        "Whether any interval or stretch of it was estimated, even at no energy."
    )


@dataclass(frozen=True, slots=True)
class BillFlag:
    """What the bill says about estimates."""

    flagged: bool = fact("Whether the bill says that it rests on estimated usage.")
    estimated_percent: Fraction = fact("The exact share of its energy that was estimated.")
    printed_percent: Fraction = fact("The share as printed: one decimal, half up.")
    counts_toward_cap: bool = fact("Whether the period counts where estimates in a row are capped.")


def decide_bill_flag(facts: FlagFacts, terms: Terms) -> Decision[BillFlag]:
    """The mark of an estimated bill, with the share that was estimated: GRR V.E.1.

    A bill with no energy that rests on an estimate is estimated as a whole.

    :raises EstimationFactsContradict: if more is estimated than billed, or an estimate is none
    :raises NoRuleInForce: before 2014-07-27, when no text asked for a mark
    """
    _check_flag(facts)
    findings = Findings()
    clause = terms.clause(FLAG)
    if not facts.any_estimated:
        findings.add("nothing of it was estimated: no mark", clause)
        none = Fraction(0)
        return Decision(BillFlag(False, none, none, False), findings.all())
    share = Fraction(100)
    if facts.billed_wh:
        share = Fraction(100 * facts.estimated_wh, facts.billed_wh)
    printed = Fraction(to_whole_half_up(share * 10), 10)
    counts = by_reading(
        terms, SHARE, {percent: share > Fraction(percent) for percent in SHARE_OPTIONS}
    )
    findings.add(
        f"{facts.estimated_wh} of {facts.billed_wh} Wh were estimated: the bill says so, with the "
        f"share of {number_text(printed)} percent",
        clause,
    )
    findings.add(
        "the period counts toward the months in a row"
        if counts
        else "so small a share does not count toward the months in a row",
        clause,
    )
    return Decision(BillFlag(True, share, printed, counts), findings.all())


def _check_flag(facts: FlagFacts) -> None:
    if not 0 <= facts.estimated_wh <= facts.billed_wh:
        raise EstimationFactsContradict(
            f"{facts.estimated_wh} Wh of {facts.billed_wh} Wh cannot be estimated",
            do="Give the energy billed, and the part of it that was estimated",
        )
    if facts.estimated_wh and not facts.any_estimated:
        raise EstimationFactsContradict(
            f"{facts.estimated_wh} Wh were estimated, and nothing is said to be estimated",
            do="Correct any_estimated, or the energy",
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """One effort to obtain an actual reading."""

    on: date = fact("The day.")
    what: str = fact("What was done, and what came of it.")


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What is on record about an estimate."""

    cause: EstimateCause | None = fact("The cause; null if none was recorded.")
    efforts: tuple[Effort, ...] = fact("Every effort to obtain an actual reading.")


@dataclass(frozen=True, slots=True)
class RecordOfEstimate:
    """Whether the record says all that the text asks for."""

    complete: bool = fact("Whether it does.")
    missing: tuple[str, ...] = fact("What is missing from it.")


def decide_record(facts: RecordFacts, terms: Terms) -> Decision[RecordOfEstimate]:
    """Whether the record of an estimate is complete: cause and efforts, GRR V.E.1.

    The text asks for the record, and makes it no condition of the bill.

    :raises NoRuleInForce: before 2014-07-27, when no text asked for one
    """
    clause = terms.clause(RECORDS)
    missing = []
    if facts.cause is None:
        missing.append("the reason why it was estimated")
    if not facts.efforts:
        missing.append("every effort to obtain an actual reading")
    findings = Findings()
    findings.add(
        f"the record lacks {' and '.join(missing)}"
        if missing
        else f"the record has the reason and {len(facts.efforts)} efforts to obtain a reading",
        clause,
    )
    return Decision(RecordOfEstimate(not missing, tuple(missing)), findings.all())


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Whose account it is, and for how long no actual reading was obtained."""

    residential: bool = fact("Whether the account is residential.")
    months_without_actual: int = fact("Months in a row without an actual reading, this one too.")


@dataclass(frozen=True, slots=True)
class EstimateNotice:
    """Whether the customer is told, beyond the mark on the bill."""

    notice: bool = fact("Whether a notice goes to the customer.")
    tells: tuple[str, ...] = fact("What the notice says.")


def decide_notice(facts: NoticeFacts, terms: Terms) -> Decision[EstimateNotice]:
    """The notice to a residential customer after three months: GRR V.E.1 until 2020-07-09."""
    if facts.months_without_actual < 0:
        raise EstimationFactsContradict(
            f"{facts.months_without_actual} months cannot have passed", do="Give 0 or more"
        )
    findings = Findings()
    ended = terms.ended(NOTICE)
    if ended is not None:
        findings.add("the notice has left the text; the mark on the bill remains", ended)
        return Decision(EstimateNotice(False, ()), findings.all())
    trigger = terms.whole("estimation_notice_three_months_no_actual_trigger_consecutive_months")
    if not facts.residential:
        findings.add("the notice is for residential customers", trigger)
        return Decision(EstimateNotice(False, ()), findings.all())
    told = facts.months_without_actual >= trigger.value
    findings.add(
        f"{facts.months_without_actual} months without an actual reading, notice from "
        f"{trigger.value} on",
        trigger,
    )
    tells = (
        "bills are estimated",
        "an estimate may differ from real use",
        "the customer may read the meter and report usage regularly",
    )
    return Decision(EstimateNotice(told, tells if told else ()), findings.all())


@dataclass(frozen=True, slots=True)
class OrdinaryRulesFacts:
    """A bill, and whether it is estimated."""

    estimated: bool = fact("Whether its period was not read.")
    actual_use_known: bool = fact("Whether the actual use of the period became known since.")


@dataclass(frozen=True, slots=True)
class OrdinaryRules:
    """Which rules govern the bill."""

    as_any_bill: bool = fact("Whether due date, late charge and collection are those of any bill.")
    may_become_delinquent: bool = fact("Whether it can become delinquent.")
    review_uses_estimate: bool = fact(
        "Whether a budget plan's review takes the estimate: only where actual use is missing."
    )


def decide_ordinary_rules(facts: OrdinaryRulesFacts, terms: Terms) -> Decision[OrdinaryRules]:
    """That an unread period's bill is governed as any other: GRR V.E.3."""
    findings = Findings()
    clause = terms.clause(ORDINARY)
    findings.add(
        "a bill of a period that was not read is subject to every rule of bills on actual readings"
        if facts.estimated
        else "it rests on actual readings, as the rules of bills do",
        clause,
    )
    estimate = facts.estimated and not facts.actual_use_known
    return Decision(OrdinaryRules(True, True, estimate), findings.all())


FLAG_RULE = Rule(
    id="estimation.bill_flag",
    title="What an estimated bill says, and whether its period counts",
    room=ROOM,
    kind="notice",
    chapter=CHAPTER,
    provisions=(FLAG,),
    governing_day="the day the bill was rendered (bill date)",
    facts=FlagFacts,
    outcome=BillFlag,
    values=(),
    readings=(SHARE,),
    decide=decide_bill_flag,
)

RECORD_RULE = Rule(
    id="estimation.record",
    title="What must be on record about an estimate",
    room=ROOM,
    kind="data_retention",
    chapter=CHAPTER,
    provisions=(RECORDS,),
    governing_day="the billing period estimated",
    facts=RecordFacts,
    outcome=RecordOfEstimate,
    values=(),
    decide=decide_record,
)

NOTICE_RULE = Rule(
    id="estimation.notice",
    title="The notice after months without an actual reading",
    room=ROOM,
    kind="notice",
    chapter=CHAPTER,
    provisions=(NOTICE,),
    governing_day="the day the bill was rendered (bill date)",
    facts=NoticeFacts,
    outcome=EstimateNotice,
    values=("estimation_notice_three_months_no_actual_trigger_consecutive_months",),
    decide=decide_notice,
)

ORDINARY_RULE = Rule(
    id="estimation.ordinary_rules",
    title="An estimated bill is governed as any other",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(ORDINARY,),
    governing_day="the billing period estimated",
    facts=OrdinaryRulesFacts,
    outcome=OrdinaryRules,
    values=(),
    decide=decide_ordinary_rules,
)
