"""One bill on the meters of several service points of an account: their usage, and what holds it.

Lives here      which agreements stand on a window's bill and whether they are billed alike; the
                usage of each point; the rule's sum; what of it cannot be billed, in a sentence.
Lives elsewhere the arrangement (``usecases/together``), the rule (``metering``), prices
                (``calculate``), putting the bill together (``calculate_bills``).
Read first      GRR IV.C; docs/operating/meters_together.md.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol, TypeAlias

from meterledger.billing import tax_place_on, tax_subject_of
from meterledger.facts.bills import BilledUsage
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
from meterledger.usecases.decide import decide
from meterledger.usecases.ports import Lake
from meterledger.usecases.program_ports import ProgramsAsked
from meterledger.usecases.register_windows import (
    RegisterSources,
    billed_on_registers,
    files_on_registers,
)
from meterledger.usecases.rule_registry import rule_named
from meterledger.usecases.window_usage import (
    KeptReadings,
    meters_of_window,
    usage_of_exchange,
    usage_of_window,
)

ACCOUNT_USAGE = "meters.account_usage"
ZERO_USAGE = "meters.zero_usage_charge"
Usage: TypeAlias = UsageBatch | TiledUsage


class NotTogether(Refusal):
    """Meters of an account cannot be billed as one. ``code`` says whose queue the bill is in."""

    code = "together.refused"


class MeterHoldsAll(NotTogether):
    """One meter of several holds the one bill: a sum with a part missing is no sum."""

    code = "usage.of_one_meter"


class OneMeterSources(RegisterSources, ProgramsAsked, Protocol):
    """Where it is known what a service has that is followed for one meter only."""


class TogetherSources(KeptReadings, OneMeterSources, Protocol):
    """What is asked of the store."""


@dataclass(frozen=True, slots=True)
class JoinedDue:
    """Another agreement of the account on a window's bill: its days of it, and its meters."""

    service: BillableService
    days: DaySpan
    installations: tuple[MeterInstallation, ...]


def joined_due(service: BillableService, window: DaySpan, view: BookView) -> tuple[JoinedDue, ...]:
    """The other agreements that stand on the bill of a window, in order of their service points.

    :raises NotTogether: if one of them is not billed as the agreement is
    :raises MeterNotWhole: if at some time of its days no meter measured a service point
    """
    found: list[JoinedDue] = []
    for one in service.joined:
        days = one.days.within(window)
        days = None if days is None else one.service.agreement.days.within(days)
        if days is None:
            continue
        refuse_unlike(service, one.service, days)
        point = one.service.agreement.service_point_id
        there = meters_of_window(point, one.service.installations, days, view.time_zone)
        found.append(JoinedDue(one.service, days, there))
    return tuple(found)


def measured_as(service: BillableService, other: BillableService) -> BillableService:
    """The service with the meters of ``other``, a service of the same agreement; so its points."""
    theirs = {one.service.agreement.agreement_id: one.service for one in other.joined}
    return replace(
        service,
        installations=other.installations,
        joined=tuple(
            replace(one, service=replace(one.service, installations=theirs[name].installations))
            if (name := one.service.agreement.agreement_id) in theirs
            else one
            for one in service.joined
        ),
    )


def meters_on_bill(service: BillableService, days: DaySpan) -> list[MeterInstallation]:
    """Every meter that measured some of a bill's days: its own, and those of the other points."""
    found = [one for one in service.installations if one.touches(days)]
    for joined in service.joined:
        inner = joined.days.within(days)
        if inner is not None:
            found += [one for one in joined.service.installations if one.touches(inner)]
    return found


def refuse_unlike(service: BillableService, other: BillableService, days: DaySpan) -> None:
    """One sum is priced on one schedule and taxed in one place.

    :raises NotTogether: naming what differs
    """
    mine, its = _told(service, days), _told(other, days)
    for what, one, two in zip(("schedules", "tax places", "sales-tax places"), mine, its,
                              strict=True):  # fmt: skip
        if one != two:
            raise NotTogether(
                f"The meters of account {service.account.account_id} are on several {what}: "
                f"{one or 'unknown'} at {service.agreement.service_point_id} and {two or 'unknown'}"
                f" at {other.agreement.service_point_id}",
                where=f"account {service.account.account_id}, {days}",
                why="One sum is priced on one schedule and taxed in one place (GRR IV.C)",
                do="Bill each by itself: end the arrangement with `meterledger together end`",
            )
    for each in (*service.tax_exemptions, *other.tax_exemptions):
        if each.agreement_id and each.days.within(days) is not None:
            raise NotTogether(
                f"Agreement {each.agreement_id} of account {service.account.account_id} has a tax "
                "exemption of its own",
                where=f"account {service.account.account_id}, {days}",
                why="One bill is taxed as a whole, and a certificate for a part of it is not",
                do="Bill each by itself, or record the certificate for the whole account",
            )


def _told(service: BillableService, days: DaySpan) -> tuple[str, str, str]:
    subject = tax_subject_of(service, days)
    place = tax_place_on(service.tax_places, days, service.premise.premise_id)
    return service.agreement.schedule, place, f"{subject.state} {subject.sales_place or ''}".strip()


def refuse_unbilled_before(service: BillableService, joined: Sequence[JoinedDue]) -> None:
    """Days before the one bill are billed first: they would be behind it, and nobody's.

    :raises NotTogether: naming the agreement with such days
    """
    for one in joined:
        agreement = one.service.agreement
        until = one.service.billed_until or agreement.days.from_day
        if until != one.days.from_day:
            raise NotTogether(
                f"Agreement {agreement.agreement_id} is billed until {until} only, and its meters "
                f"stand on the bill of agreement {service.agreement.agreement_id} from "
                f"{one.days.from_day} on",
                where=f"account {agreement.account_id}",
                why="Its days between would be on no bill",
                do="Look at its own bill first with `meterledger held list`",
            )


def as_billed(service: BillableService, billed: Mapping[str, date]) -> BillableService:
    """The service with what this run has billed of the agreements that stand on its bill."""
    return replace(
        service,
        joined=tuple(
            replace(one, service=replace(one.service, billed_until=billed[name]))
            if (name := one.service.agreement.agreement_id) in billed
            else one
            for one in service.joined
        ),
    )


def waits_for(service: BillableService, names: Container[str]) -> bool:
    """Whether an agreement on its bill has days before that this round still bills."""
    return any(
        (one.service.billed_until or one.service.agreement.days.from_day) < one.days.from_day
        and one.service.agreement.agreement_id in names
        for one in service.joined
    )


def carried_on(
    services: Sequence[BillableService], carried: Container[str], billed: Mapping[str, date]
) -> list[BillableService]:
    """Services of which another agreement's bill of this round had days: they go on, too."""
    return [
        replace(one, billed_until=billed[name])
        for one in services
        if one.billed_with and (name := one.agreement.agreement_id) in carried
        if one.billed_until is None or one.billed_until < billed[name]
    ]


def stands_on_another(service: BillableService, window: DaySpan) -> bool:
    """Whether the window, or its first days, are billed with another agreement.

    :raises NotTogether: if an arrangement has the days, and the agreement of the bill has ended
    """
    for one in service.billed_with:
        days = one.days.within(window)
        if days is None:
            continue
        carried = one.service.within(days)
        if carried is not None and carried.from_day == window.from_day:
            return True
        raise NotTogether(
            f"Agreement {service.agreement.agreement_id} is billed with agreement "
            f"{one.agreement_id}, {one.days}, and that one has service {one.service}",
            where=f"account {service.account.account_id}, {window}",
            why="Nobody has said whose bill the days are on",
            do=f"End the arrangement on the last day of both with `meterledger together end "
            f"{service.account.account_id}`",
        )
    return False


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
        raise _holds(named, days, refusal.of_one_case().sentence) from refusal
    if meter in found.refused:
        raise _holds(named, days, found.refused[meter].of_one_case().sentence)
    if meter in found.gaps:
        raise _holds(named, days, found.gaps[meter].sentence)
    if meter in found.tiled:
        return PointUsage(found.tiled[meter], describe_tiled(found.tiled[meter]))
    (whole,) = found.whole
    return PointUsage(whole.usage, describe_usage(whole.usage)[0])


def _holds(meter: str, days: DaySpan, why: str) -> MeterHoldsAll:
    return MeterHoldsAll(
        f"What meter {meter} registered from {days} is not known",
        where=f"meter {meter}",
        why=f"{why.rstrip('.')}. A sum with a part missing is no sum, so it holds the one bill",
        do="Ingest its missing readings, or estimate them with `meterledger validate`, then run "
        "the bill again",
    )


@dataclass(frozen=True, slots=True)
class UsageTogether:
    """The sum that one bill stands on, each point's usage as it is priced, and why it is a sum."""

    usage: BilledUsage
    parts: tuple[Usage, ...]
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
    parts: list[Usage] = []
    for one in points:
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
    return UsageTogether(usage, tuple(parts), _reasons(service, shares, window, view))


def _reasons(
    service: BillableService, shares: Sequence[PointShare], window: DaySpan, view: BookView
) -> tuple[Reason, ...]:
    """The sum by the rule, and of each meter that stood still what that means (GRR IV.C)."""
    account = service.account.account_id
    energies = [pair for one in shares for pair in _energies(one.usage)]
    facts = {
        "account": account,
        "meters": [
            {"meter": meter, "account": account, "kwh": kwh_text(wh)} for meter, wh in energies
        ],
    }
    ruling = decide(rule=rule_named(ACCOUNT_USAGE), facts=facts, day=window.last_day, view=view)
    ensure(
        ruling.decision.outcome.billing_kwh * 1000 == sum(one.usage.energy_wh for one in shares),
        "the energy of the bill is the sum of its meters",
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


def _energies(usage: BilledUsage) -> list[tuple[str, int]]:
    """Each meter of a point with its energy: of an exchange every one that was there."""
    if usage.meters:
        return [(one.meter, one.energy_wh) for one in usage.meters]
    return [(usage.meter, usage.energy_wh)]


def refuse_what_is_of_one(
    service: BillableService,
    window: DaySpan,
    points: Sequence[JoinedDue],
    known_at: datetime,
    kept: OneMeterSources,
    calculator: Calculator,
) -> None:
    """Registers, programmes and demands of the year before are of one meter, as we follow them.

    :raises NotTogether: naming what is
    """
    account = service.account.account_id
    every = [each.meter_id for one in points for each in one.installations]
    files = files_on_registers(every, known_at, kept)
    for one in points:
        if files and billed_on_registers(one.installations, one.days, files):
            meter = one.installations[-1].meter_id
            raise _of_one(account, window, f"Meter {meter} is billed on its register")
    names = sorted({one.service.agreement.agreement_id for one in points}
                   | {service.agreement.agreement_id})  # fmt: skip
    for name, known in kept.participations(names, known_at).items():
        for each in taking_part(known, window.from_day):
            raise _of_one(account, window, f"Agreement {name} takes part in {each.program}")
    schedule = service.agreement.schedule
    plan = calculator.plan(schedule, window)
    if plan.ratchets:
        raise _of_one(
            account, window, f"Schedule {schedule} looks back at the demand of periods before"
        )
    if plan.needs_kvar:
        raise _of_one(account, window, f"Schedule {schedule} bills reactive demand")


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
