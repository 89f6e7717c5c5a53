"""Estimates on a bill: the mark with its share, the rung behind each part, and the cap in a row.

Lives here      asking the room what a bill with estimated usage says; holding a bill beyond the
                cap, and one whose window has days that wait for a person.
Lives elsewhere how much was estimated (``usage``), the rules (``usage.estimation_*``), the
                calculation (``issue_bills``).

What a bill says follows from the lake and the book alone, so that replay says it too. What holds a
bill is asked only when it is issued: a finding made later does not unmake a bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from meterledger.facts.bills import BilledUsage, EstimatedBy, read_record
from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.usage_log import FindingOnFile, LoggedEstimate
from meterledger.kernel.decision import Reason
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage import (
    CAPPED_CAUSES,
    BilledPeriod,
    FlagFacts,
    MayEstimateFacts,
    decide_bill_flag,
    decide_may_estimate,
    method_words,
)
from meterledger.usecases.ports import StoredBill

GAP = "usage.gap"
"""Found by the bill itself as long as it is there: a late file releases it without a new look."""


class EstimateHolds(Protocol):
    """What is asked of the store when bills are issued."""

    def open_holds(self, meters: Sequence[str], days: DaySpan) -> list[FindingOnFile]:
        """Findings that keep days of the meters (pseudonyms) from being billed."""

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter (by its number)."""

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, canceled ones too, oldest first."""


def say_estimates(
    usage: BilledUsage, *, days: DaySpan, on: date, view: BookView
) -> tuple[BilledUsage, tuple[Reason, ...]]:
    """The usage with its share as printed, and what the bill says: the mark, then each rung.

    A bill without an estimate says nothing and stays as it was, to the byte.

    :raises NoRuleInForce: if the text of the day of rendition has no mark, or no such rung
    """
    estimated = usage.estimated
    if estimated is None:
        return usage, ()
    billed_wh = max(usage.energy_wh, 0)
    facts = FlagFacts(billed_wh, min(max(estimated.energy_wh, 0), billed_wh), any_estimated=True)
    decision = decide_bill_flag(facts, Terms(view, on))
    tenths = to_whole_half_up(decision.outcome.printed_percent * 10)
    percent = f"{tenths // 10}.{tenths % 10}"
    part = f"{estimated.interval_count} of {usage.interval_count} intervals"
    if usage.registers:
        part = f"{estimated.day_count} of {days.day_count} days"
    mark = Reason(
        f"this bill is based on estimated usage: {part}, {percent} percent of its energy",
        decision.reasons[0].citation,
    )
    told = replace(estimated, percent=percent, counts_toward_cap=decision.outcome.counts_toward_cap)
    rungs = tuple(_rung(one, days, view) for one in estimated.by)
    return replace(usage, estimated=told), (mark, *rungs)


def _rung(one: EstimatedBy, days: DaySpan, view: BookView) -> Reason:
    words = method_words(Method[one.method.upper()])
    clause = Terms(view, days.last_day).clause(one.provision)
    if one.day_count:
        noun = "day" if one.day_count == 1 else "days"
        told = f"{one.day_count} {noun} estimated by {one.shown_as}"
        return Reason(told, clause.citation)
    intervals = "interval" if one.interval_count == 1 else "intervals"
    return Reason(f"{one.interval_count} {intervals} estimated by {words}", clause.citation)


def held_days(
    meters: Sequence[str], days: DaySpan, store: EstimateHolds
) -> dict[str, list[FindingOnFile]]:
    """By pseudonym, the findings of the window that wait for a person."""
    found: dict[str, list[FindingOnFile]] = {}
    for one in store.open_holds(meters, days):
        if one.logged.finding.code != GAP:
            found.setdefault(one.logged.meter, []).append(one)
    return found


def held_sentence(findings: Sequence[FindingOnFile]) -> str:
    """Which days are held, and by which findings."""
    by_day: dict[date, list[str]] = {}
    for one in findings:
        by_day.setdefault(one.logged.day, []).append(one.logged.finding.code)
    told = [f"{day} ({', '.join(dict.fromkeys(codes))})" for day, codes in sorted(by_day.items())]
    shown = ", ".join(told[:5]) + (f" and {len(told) - 5} more days" if len(told) > 5 else "")
    count = "1 day" if len(told) == 1 else f"{len(told)} days"
    return (
        f"The usage of {count} is held for review: {shown}. "
        "See it with `meterledger review list` and decide it, or validate the day again if "
        "readings have come since; then run the bill again."
    )


def beyond_cap(
    *,
    account_id: str,
    service_point_id: str,
    meter_ids: Mapping[str, str],
    usage: BilledUsage,
    days: DaySpan,
    view: BookView,
    store: EstimateHolds,
) -> str | None:
    """Why the bill must wait for an actual reading; None where it may go out (GRR V.E.1).

    ``meter_ids`` gives the number of each meter of the service point by its pseudonym. Only
    periods of which enough was estimated count, for the capped causes alone. Another rate option
    is no actual reading: the customer's bills at the place are counted, on whichever option.
    """
    cause = counted_cause(usage, days, meter_ids, store)
    if cause not in CAPPED_CAUSES:
        return None
    earlier = []
    for bill in store.bills_at([service_point_id]).get(service_point_id, ()):
        lives = bill.cancelled_by is None and bill.account_id == account_id
        if lives and bill.days.until_day <= days.from_day:
            earlier.append(billed_period(bill, meter_ids, store))
    why = beyond_cap_after(cause, earlier, Terms(view, days.last_day))
    return f"{why} Obtain an actual reading, ingest it, then run the bill again." if why else None


def beyond_cap_after(
    cause: EstimateCause, earlier: Sequence[BilledPeriod], terms: Terms
) -> str | None:
    """Why a period after these may not be billed on an estimate; None where it may."""
    decision = decide_may_estimate(MayEstimateFacts(cause, tuple(earlier)), terms)
    if decision.outcome.allowed:
        return None
    last = decision.reasons[-1]
    return f"{last.finding[:1].upper()}{last.finding[1:]} ({last.citation.text})."


def is_capped(
    usage: BilledUsage, days: DaySpan, meter_ids: Mapping[str, str], store: EstimateHolds
) -> bool:
    """Whether the sheet's cap of estimates in a row watches over a bill: of the capped causes."""
    return counted_cause(usage, days, meter_ids, store) in CAPPED_CAUSES


def was_capped(stored: StoredBill, meter_ids: Mapping[str, str], store: EstimateHolds) -> bool:
    """The same of a bill as it was issued, by the estimates that it was made with."""
    usage = read_record(stored.record)["usage"]
    if not (usage.get("estimated") or {}).get("counts_toward_cap", False):
        return False
    made_with = [
        one
        for meter in meters_of_record(usage)
        for one in store.estimates_of_meter(meter_ids.get(meter, ""), stored.days)
        if one.sequence <= stored.lake_sequence
    ]
    return _cause(made_with) in CAPPED_CAUSES


def counted_cause(
    usage: BilledUsage, days: DaySpan, meter_ids: Mapping[str, str], store: EstimateHolds
) -> EstimateCause | None:
    """Why a period was estimated of which enough was to count; None where it does not count."""
    if usage.estimated is None or not usage.estimated.counts_toward_cap:
        return None
    return _cause(
        usage.estimates
        or [
            one
            for meter in usage.meter_names
            for one in store.estimates_of_meter(meter_ids[meter], days)
        ]
    )


def billed_period(
    bill: StoredBill, meter_ids: Mapping[str, str], store: EstimateHolds
) -> BilledPeriod:
    """Why a bill's period was estimated, and how much of it, as the estimates are known now."""
    usage = read_record(bill.record)["usage"]
    estimated = usage.get("estimated")
    meters = meters_of_record(usage)
    numbers = [meter_ids[meter] for meter in meters if meter in meter_ids]
    if estimated is None or not numbers:
        return BilledPeriod(None)
    share = Fraction(100)
    if usage["energy_wh"] > 0:
        share = min(Fraction(100), Fraction(100 * estimated["energy_wh"], usage["energy_wh"]))
    estimates = [one for name in numbers for one in store.estimates_of_meter(name, bill.days)]
    return BilledPeriod(_cause(estimates), max(share, Fraction()))


def meters_of_record(usage: Mapping[str, Any]) -> list[str]:
    """Pseudonyms of every meter that a bill's usage was measured by, as its record tells them."""
    if "points" in usage:
        return [name for one in usage["points"] for name in meters_of_record(one["usage"])]
    return [one["meter"] for one in usage.get("meters", ())] or [usage["meter"]]


def logged_cause(estimates: Iterable[LoggedEstimate]) -> EstimateCause | None:
    """Why a period was estimated: the capped cause of most intervals, else the cause of most.

    None where nothing was logged.
    """
    counts: dict[EstimateCause, int] = {}
    for one in estimates:
        cause = one.estimate.cause
        counts[cause] = counts.get(cause, 0) + one.interval_count
    if not counts:
        return None
    capped = {cause: count for cause, count in counts.items() if cause in CAPPED_CAUSES}
    chosen = capped or counts
    return max(chosen, key=lambda cause: (chosen[cause], cause.value))


def _cause(estimates: Iterable[LoggedEstimate]) -> EstimateCause:
    """The same; an estimate that no record explains counts as our own error, which is capped."""
    return logged_cause(estimates) or EstimateCause.HUMAN_OR_BILLING_ERROR
