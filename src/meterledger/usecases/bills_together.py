"""One bill on the meters of several service points of an account: their usage, and what holds it.

Lives here      the usage of each point; the rule's sum; what of it cannot be billed, in a sentence.
Lives elsewhere the arrangement (``usecases/together``), which agreements stand on a window's bill
                (``joined_services``), the rule (``metering``), prices (``calculate``), putting the
                bill together (``calculate_bills``).
Read first      GRR IV.C; docs/operating/meters_together.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol, TypeAlias

from meterledger import rating
from meterledger.facts.bills import BilledUsage
from meterledger.facts.determinants import Determinants
from meterledger.facts.participation import taking_part
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.together import PointShare
from meterledger.facts.usage import TiledUsage, UsageBatch
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usage import describe_exchanged, describe_tiled, describe_together, describe_usage
from meterledger.usecases.bill_estimates import say_estimates
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.joined_services import JoinedDue, NotTogether
from meterledger.usecases.ports import Lake
from meterledger.usecases.program_ports import ProgramsAsked
from meterledger.usecases.register_windows import (
    RegisterSources,
    billed_on_registers,
    files_on_registers,
)
from meterledger.usecases.registers_together import (
    MeterHoldsAll,
    RegisterOfPoint,
    RegistersTogether,
    holds,
)
from meterledger.usecases.rule_registry import rule_named
from meterledger.usecases.window_usage import (
    KeptReadings,
    usage_of_exchange,
    usage_of_window,
)

ACCOUNT_USAGE = "meters.account_usage"
ZERO_USAGE = "meters.zero_usage_charge"
Usage: TypeAlias = UsageBatch | TiledUsage


class OneMeterSources(RegisterSources, ProgramsAsked, Protocol):
    """Where it is known what a service has that is followed for one meter only."""


class TogetherSources(KeptReadings, OneMeterSources, Protocol):
    """What is asked of the store."""


@dataclass(frozen=True, slots=True)
class PointUsage:
    """The usage of one service point: in the form that is priced, and as a bill describes it."""

    usage: Usage
    described: BilledUsage


def usage_of_point(
    installations: Sequence[MeterInstallation],
    days: DaySpan,
    *,
    sequence: int,
    lake: Lake,
    kept: KeptReadings,
    view: BookView,
) -> PointUsage:
    """The usage of one service point over days, whichever meters measured it.

    :raises MeterHoldsAll: if it is not known, naming the meter
    """
    named = " and ".join(one.meter_id for one in installations)
    try:
        if len(installations) > 1:
            exchanged = usage_of_exchange(
                installations,
                days,
                zone=view.time_zone,
                utility=view.name,
                at_sequence=sequence,
                lake=lake,
                kept=kept,
            )
            return PointUsage(exchanged.tiled, describe_exchanged(exchanged))
        meter = pseudonym(installations[0].meter_id, view.name)
        found = usage_of_window(
            {meter: installations[0]},
            days,
            zone=view.time_zone,
            at_sequence=sequence,
            lake=lake,
            kept=kept,
        )
    except MeterHoldsAll:
        raise
    except Refusal as refusal:
        raise holds(named, days, refusal.of_one_case().sentence) from refusal
    if meter in found.refused:
        raise holds(named, days, found.refused[meter].of_one_case().sentence)
    if meter in found.gaps:
        raise holds(named, days, found.gaps[meter].sentence)
    if meter in found.tiled:
        return PointUsage(found.tiled[meter], describe_tiled(found.tiled[meter]))
    (whole,) = found.whole
    return PointUsage(whole.usage, describe_usage(whole.usage)[0])


@dataclass(frozen=True, slots=True)
class UsageTogether:
    """The sum that one bill stands on, what is priced of each point, and why it is a sum."""

    usage: BilledUsage
    each: tuple[Determinants, ...]
    reasons: tuple[Reason, ...]


def usage_together(
    service: BillableService,
    window: DaySpan,
    installations: Sequence[MeterInstallation],
    joined: Sequence[JoinedDue],
    *,
    on: date,
    known_at: datetime,
    sequence: int,
    lake: Lake,
    kept: TogetherSources,
    calculator: Calculator,
) -> UsageTogether:
    """The usage of all points of one bill, as known then.

    :raises NotTogether: if it cannot be billed as one, or a meter's usage is not known
    :raises NoRuleInForce: if the book has no text of several meters on the window's last day
    """
    points = [JoinedDue(service, window, tuple(installations)), *joined]
    refuse_what_is_of_one(service, window, points, known_at, kept, calculator)
    view = calculator.view
    shares: list[PointShare] = []
    parts: list[Usage | int] = []
    read = RegistersTogether.of(points, window, known_at, on, sequence, kept, view)
    reasons: list[Reason] = []
    for one in points:
        found: PointUsage | RegisterOfPoint
        if read.has(one):
            found = read.usage(one)
            reasons += found.reasons
        else:
            found = usage_of_point(
                one.installations, one.days, sequence=sequence, lake=lake, kept=kept, view=view
            )
        told, _ = say_estimates(found.described, days=one.days, on=on, view=view)
        agreement = one.service.agreement
        alone = one.installations[0] if len(one.installations) == 1 else None
        shares.append(
            PointShare(
                agreement.agreement_id,
                agreement.service_point_id,
                one.days,
                told,
                None if alone is None else alone.multiplier,
            )
        )
        parts.append(found.usage)
    usage = describe_together(shares, window)
    each = calculator.determine_each(service.agreement.schedule, window, parts)
    by_rule = _reasons(service, shares, each, window, view)
    return UsageTogether(usage, each, (*by_rule, *reasons))


def peak_wh(of_meter: Determinants) -> int | None:
    """The highest hour, or the highest demand by name, of one meter; None where none counts."""
    highest = int(of_meter.peak_wh.max(initial=0))
    if of_meter.demand_w is not None:
        highest = max(highest, int(of_meter.demand_w.max(initial=0)))
    return highest or None


def add_by_rule(
    account: str,
    measured: Sequence[tuple[str, int, int | None]],
    energy_wh: int,
    window: DaySpan,
    view: BookView,
) -> Ruling:
    """The sum by GRR IV.C: of each meter its energy and its own peak (watts over the hour).

    :raises MetersContradict: if a meter has registered less than nothing
    :raises NoRuleInForce: if the book has no text of several meters on the last day
    """
    meters = [
        {
            "meter": meter,
            "account": account,
            "kwh": kwh_text(wh),
            "peak_kw": None if peak is None else kwh_text(peak),
        }
        for meter, wh, peak in measured
    ]
    facts = {"account": account, "meters": meters}
    ruling = decide(rule=rule_named(ACCOUNT_USAGE), facts=facts, day=window.last_day, view=view)
    ensure(
        ruling.decision.outcome.billing_kwh * 1000 == energy_wh,
        "the energy of the bill is the sum of its meters",
    )
    return ruling


def _reasons(
    service: BillableService,
    shares: Sequence[PointShare],
    each: Sequence[Determinants],
    window: DaySpan,
    view: BookView,
) -> tuple[Reason, ...]:
    """The sum by the rule, and of each meter that stood still what that means (GRR IV.C)."""
    account = service.account.account_id
    energies = [
        told
        for one, of_point in zip(shares, each, strict=True)
        for told in _measured(one.usage, peak_wh(of_point))
    ]
    ruling = add_by_rule(
        account, energies, sum(one.usage.energy_wh for one in shares), window, view
    )
    reasons = list(ruling.decision.reasons)
    for one in shares:
        still = decide(
            rule=rule_named(ZERO_USAGE),
            facts={
                "measures": "alternating-current watthours",
                "meters_on_account": len(energies),
                "kwh": kwh_text(one.usage.energy_wh),
                "estimated": one.usage.estimated is not None,
            },
            day=window.last_day,
            view=view,
        )
        if still.decision.outcome.charged:
            why = "; ".join(each.finding for each in still.decision.reasons)
            raise NotTogether(
                f"The meter at service point {one.service_point_id} registered nothing from "
                f"{one.days}",
                where=f"account {account}",
                why=f"{why}, and that text is not held",
                do="Add the text of GRR IV.B to the book; or bill each by itself, with "
                f"`meterledger together end {account}`",
            )
        if still.decision.outcome.wait_for_actual_reading:
            (last,) = still.decision.reasons
            reasons.append(replace(last, finding=f"{one.service_point_id}: {last.finding}"))
    return tuple(reasons)


def _measured(usage: BilledUsage, peak: int | None) -> list[tuple[str, int, int | None]]:
    """Each meter of a point with its energy: of an exchange every one that was there.

    The point's peak is told with the last of them.
    """
    if not usage.meters:
        return [(usage.meter, usage.energy_wh, peak)]
    last = usage.meters[-1]
    return [(one.meter, one.energy_wh, peak if one is last else None) for one in usage.meters]


def refuse_what_is_of_one(
    service: BillableService,
    window: DaySpan,
    points: Sequence[JoinedDue],
    known_at: datetime,
    kept: OneMeterSources,
    calculator: Calculator,
) -> None:
    """Programmes and demands of the year before are of one meter, as we follow them.

    A register is added where its kWh say all that is asked: on a schedule without times and
    demands, and over all days of the bill.

    :raises NotTogether: naming what is
    """
    account = service.account.account_id
    schedule = service.agreement.schedule
    plan = calculator.plan(schedule, window)
    every = [each.meter_id for one in points for each in one.installations]
    files = files_on_registers(every, known_at, kept)
    for one in points:
        if files and billed_on_registers(one.installations, one.days, files):
            _refuse_register(one, window, plan)
    # What holds on the first day of a part holds for all of it: of each point its own first day.
    first = {one.service.agreement.agreement_id: one.days.from_day for one in points}
    first[service.agreement.agreement_id] = window.from_day
    for name, known in kept.participations(sorted(first), known_at).items():
        for each in taking_part(known, first[name]):
            raise _of_one(account, window, f"Agreement {name} takes part in {each.program}")
    if plan.ratchets:
        raise _of_one(
            account, window, f"Schedule {schedule} looks back at the demand of periods before"
        )
    if plan.needs_kvar:
        raise _of_one(account, window, f"Schedule {schedule} bills reactive demand")


def _refuse_register(one: JoinedDue, window: DaySpan, plan: rating.RatePlan) -> None:
    account, meter = one.service.account.account_id, one.installations[-1].meter_id
    why = "Two reads of a register say how much was used, and not when"
    try:
        rating.determine_by_days([0], plan)
    except rating.TimesNeeded as refusal:
        raise NotTogether(
            f"Meter {meter} is billed on its register. {refusal.what}",
            where=f"account {account}, {window}",
            why=why,
            do="Set the meter up for intervals, put the account on a rate without times and "
            f"demands, or bill each by itself with `meterledger together end {account}`",
        ) from refusal
    if one.days != window:
        raise NotTogether(
            f"Meter {meter} is billed on its register, and stands on the bill from {one.days} only",
            where=f"account {account}, {window}",
            why=why,
            do="Begin and end it with a billing period, or bill each by itself with "
            f"`meterledger together end {account}`",
        )


def _of_one(account: str, window: DaySpan, what: str) -> NotTogether:
    return NotTogether(
        f"{what}, and account {account} has several meters on one bill",
        where=f"account {account}, {window}",
        why="That is followed for one meter, and for a sum of meters not yet",
        do=f"Bill each by itself, with `meterledger together end {account}`",
    )


def kwh_text(energy_wh: int) -> str:
    """Watt-hours in kilowatt-hours, exact."""
    sign, size = ("-" if energy_wh < 0 else ""), abs(energy_wh)
    return f"{sign}{size // 1000}.{size % 1000:03d}"
