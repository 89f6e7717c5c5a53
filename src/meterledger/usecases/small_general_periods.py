"""A billing period of cut demand priced as Small General Service, and back by itself after it.

Lives here      the demand of the period as measured, what the rule says of it, which agreement has
                its days.
Lives elsewhere the rule (``billing.rate_relief``), ordinary changes (``change_rate``), making
                issued bills anew (``rebill``).
Read first      GRR V.H.5; docs/operating/rate_options.md.

A period is moved only once its demand is measured, and it alone: the days after it are on the
normal rate until their own demand is known. Before that the period is parted from the others, on
its own rate, so that it can be moved even where its bill has gone out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Protocol

from meterledger import rating
from meterledger.billing import (
    SMALL_SERVICE,
    LoadCause,
    SmallServiceFacts,
    next_reading_day,
    reading_day,
)
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.places import Agreement, BillableService
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.decision import Reason
from meterledger.kernel.ids import agreement_name
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.calculate_bills import BilledReadings
from meterledger.usecases.change_rate import A_MOMENT, LARGER, SMALL, RateRefused, RateStore
from meterledger.usecases.compare_schedules import usage_as_billed
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.exemptions_go_on import exemptions_going_on
from meterledger.usecases.ports import Lake
from meterledger.usecases.programs_go_on import programs_going_on, refuse_closed_programs
from meterledger.usecases.register_estimates import RegisterUsage

BILLING = "billing"
"""The demand of a schedule that stands for the billing demand."""
NO_MONEY = frozenset({ChargeGroup.TAX})
"""Measuring needs no price, and not every price of the larger classes is held."""


class SmallServiceStore(RateStore, BilledReadings, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


@dataclass(frozen=True, slots=True)
class PeriodAsked:
    """What a customer asks for, and of which period.

    ``requested``       the day the written request came; None: it was not asked in writing
    ``first_abnormal``  the first day of the first abnormal billing period
    ``from_day``        the first day of the period in question
    """

    account_id: str
    schedule: str
    cause: LoadCause
    requested: date | None
    first_abnormal: date
    from_day: date
    service_point_id: str = ""


@dataclass(frozen=True, slots=True)
class PeriodMoved:
    """What becomes of it.

    ``demand_kw``  as measured; None while the period goes on, and it is only parted from the others
    ``ruling``     of the measured demand; while the period goes on, as if there were none
    ``schedule``   the rate option that the period is on now
    ``bills``      its live bills, which ``rebill`` makes anew
    """

    agreement_id: str
    period: DaySpan
    demand_kw: Fraction | None
    ruling: Ruling
    schedule: str
    bills: tuple[str, ...] = ()


def small_general_period(
    asked: PeriodAsked,
    *,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: SmallServiceStore,
    lake: Lake,
    dry_run: bool = False,
) -> PeriodMoved:
    """Price one billing period as Small General Service if the sheet says so, and no other.

    A period that is over is decided by its demand. One that is not is parted from the others. One
    that was moved is asked again, by the demand as it is known now, and may go back. Each step at
    the store stands for itself: asked again after a failure, it goes on where it stopped.

    :raises RateRefused: naming what speaks against it, in the rule's words where it decides
    :raises ProgramNotOpen: if the service takes part in a programme that is not open to the option
    :raises UsageNotWhole: if intervals of the period are missing
    :raises Conflict: if service ends inside the period
    """
    services = store.services_of_account(asked.account_id, learned_at)
    service = _service_of(asked, services)
    normal = _normal_rate(service, services, asked, view)
    period = _period_of(service, services, asked, view)
    where = f"account {asked.account_id}, {period}"
    over = period.until_day <= on
    demand = _demand_kw(service, normal, period, learned_at, view, store, lake) if over else None
    ruling = _ruling(asked, demand or Fraction(0), view)
    granted = ruling.decision.outcome.small_general_service
    now = service.agreement.schedule
    if not granted and now == normal:
        raise RateRefused(
            f"The period stays on {normal}",
            where=where,
            why="; ".join(one.finding for one in ruling.decision.reasons),
            do="Ask for a later period, or leave it as it is",
        )
    wanted = asked.schedule if granted else normal
    if now == wanted:
        raise RateRefused(
            f"The period is on {wanted} already",
            where=where,
            do="Look at it with `meterledger service show`",
        )
    _check_discounts(ruling, asked, where, view)
    clause = ruling.decision.reasons[0].citation
    alone = Reason(f"the billing period {period} is asked for by itself", clause)
    name, parts = _parted(service, period, where)
    refuse_closed_programs(service.agreement, wanted, period.from_day, view, store)
    if not dry_run:
        _part(service.agreement, parts, alone, learned_at, view, store)
    if demand is None:
        return PeriodMoved(name, period, None, ruling, normal)
    if not dry_run:
        store.put_on_schedule(name, wanted, learned_at, ruling.decision.reasons)
    mine = [
        one.bill_id
        for one in store.bills_of_account(asked.account_id)
        if one.agreement_id == service.agreement.agreement_id and one.days.from_day in period
    ]
    return PeriodMoved(name, period, demand, ruling, wanted, tuple(mine))


def _service_of(asked: PeriodAsked, services: Sequence[BillableService]) -> BillableService:
    found = [
        one
        for one in services
        if asked.from_day in one.agreement.days
        and asked.service_point_id in ("", one.agreement.service_point_id)
    ]
    where = f"account {asked.account_id}"
    if len(found) != 1:
        named = ", ".join(one.agreement.service_point_id for one in found)
        raise RateRefused(
            f"It has {'several services' if found else 'no service'} on {asked.from_day}",
            where=where,
            do=f"Name one service point of {named}" if found else "Choose a day with service",
        )
    if found[0].joined or found[0].billed_with:
        raise RateRefused(
            "Its meters are billed together",
            where=where,
            why="One sum is priced on one rate option",
            do=f"End that first, with `meterledger together end {asked.account_id}`",
        )
    return found[0]


def _normal_rate(
    service: BillableService,
    services: Sequence[BillableService],
    asked: PeriodAsked,
    view: BookView,
) -> str:
    """The rate option of the service when no period is moved.

    :raises RateRefused: if it is of another class than those that move, or the wished one is
    """
    day, known = asked.from_day, {one.agreement.agreement_id: one for one in services}
    normal = service.agreement.schedule
    ways: tuple[Callable[[BillableService], str], ...] = (_before, _after)
    for next_of in ways:
        one: BillableService | None = service
        while one is not None and _class_of(one.agreement.schedule, day, view) == SMALL:
            one = known.get(next_of(one))
        if one is not None:
            normal = one.agreement.schedule
            break
    mine = view.service_class(normal, day).value
    where = f"account {asked.account_id}"
    if mine not in LARGER:
        raise RateRefused(
            f"{mine.replace('_', ' ').capitalize()} service does not move to Small General Service",
            where=where,
            why="The item is for Large General and Small Primary Service (GRR V.H.5)",
            do="Ask for another rate option with `meterledger service change`",
        )
    choices = [one for one in view.schedule_codes() if _class_of(one, day, view) == SMALL]
    if asked.schedule not in choices:
        raise RateRefused(
            f"'{asked.schedule[:40]}' is no rate option of Small General Service",
            where=where,
            do=f"Name one of {', '.join(choices)}",
        )
    return normal


def _before(service: BillableService) -> str:
    return service.continues


def _after(service: BillableService) -> str:
    return service.continued_by


def _class_of(schedule: str, day: date, view: BookView) -> str:
    try:
        return view.service_class(schedule, day).value
    except NoRuleInForce:  # an option without a class on that day is open to nobody
        return ""


def _period_of(
    service: BillableService,
    services: Sequence[BillableService],
    asked: PeriodAsked,
    view: BookView,
) -> DaySpan:
    """The billing period that begins on the day.

    :raises RateRefused: if none does, or the first abnormal one does not begin when it is said to
    """
    cycle = service.account.cycle
    begins = {one.agreement.days.from_day for one in services}
    for day in (asked.first_abnormal, asked.from_day):
        reads = reading_day(cycle=cycle, year=day.year, month=day.month, view=view)
        if day not in (reads, *begins):
            raise RateRefused(
                f"No billing period begins on {day}",
                where=f"account {asked.account_id}",
                do=f"Give a reading day of cycle {cycle}, like {reads}",
            )
    return DaySpan(asked.from_day, next_reading_day(asked.from_day, cycle, view))


def _demand_kw(
    service: BillableService,
    schedule: str,
    period: DaySpan,
    known_at: datetime,
    view: BookView,
    store: SmallServiceStore,
    lake: Lake,
) -> Fraction:
    """The billing demand of the period, as the normal rate measures it."""
    sequence = store.lake_sequence()
    usage = usage_as_billed(service, period, known_at, sequence, lake, store, view)
    plan = Calculator(view, NO_MONEY, service.account.cycle).plan(schedule, period)
    names = [one.name for one in plan.demands]
    if isinstance(usage, RegisterUsage) or BILLING not in names:
        raise RateRefused(
            "The billing demand of the period is not measured",
            where=f"account {service.account.account_id}, {period}",
            why="Only intervals tell it, of a schedule that says how",
            do="Let the meter deliver intervals, or leave the period on its rate",
        )
    found = (
        rating.determine(usage, plan)
        if isinstance(usage, UsageBatch)
        else rating.determine_tiled(usage, plan)
    )
    watts = found.demand_w
    highest = 0 if watts is None else int(watts[0, :, names.index(BILLING)].max())
    return Fraction(highest, 1000)


def _ruling(asked: PeriodAsked, demand_kw: Fraction, view: BookView) -> Ruling:
    facts = SmallServiceFacts(
        cause=asked.cause,
        billing_demand_kw=demand_kw,
        period_begins=asked.from_day,
        first_abnormal_period=asked.first_abnormal,
        written_request=asked.requested,
    )
    return decide_filled(rule=SMALL_SERVICE, facts=facts, day=asked.from_day, view=view)


def _check_discounts(ruling: Ruling, asked: PeriodAsked, where: str, view: BookView) -> None:
    """No charge of the option may be a discount of a rider that is not given.

    No schedule that is held has one; a book that adds it has to say how it is left out.
    """
    if not ruling.decision.outcome.small_general_service:
        return
    codes = {rule.code for rule in view.schedule(asked.schedule, asked.from_day).charges}
    given = [one for one in ruling.decision.outcome.riders_not_given if one in codes]
    if given:
        raise RateRefused(
            f"{asked.schedule} has the discount of Rider {' and Rider '.join(given)}",
            where=where,
            why="It is not given in these periods (GRR V.H.5)",
            do="Name a rate option without it",
        )


def _parted(
    service: BillableService, period: DaySpan, where: str
) -> tuple[str, tuple[tuple[str, date], ...]]:
    """The agreement that has the days of the period and no others, and those that must begin.

    :raises RateRefused: if the period was billed before it was parted from the others
    """
    agreement, until = service.agreement, service.billed_until
    begins = agreement.days.from_day == period.from_day
    ends = agreement.days.until_day == period.until_day
    if not (begins and ends) and until is not None:
        latest = period.until_day if begins else period.from_day
        if until > latest:
            raise RateRefused(
                f"It is billed until {until}, and the period was not parted from the others before",
                where=where,
                why="An issued bill keeps the days of its agreement",
                do="Ask for the period before it is billed, or for a later one",
            )
    edges = [
        day for day, is_edge in ((period.from_day, begins), (period.until_day, ends)) if not is_edge
    ]
    names = [agreement_name(agreement.account_id, agreement.service_point_id, day) for day in edges]
    return (agreement.agreement_id if begins else names[0]), tuple(zip(names, edges, strict=True))


def _part(
    agreement: Agreement,
    parts: Sequence[tuple[str, date]],
    reason: Reason,
    learned_at: datetime,
    view: BookView,
    store: SmallServiceStore,
) -> None:
    """Each step is learned a moment before the next, and the last one at ``learned_at``."""
    ends = agreement
    for left, (name, day) in zip(range(len(parts), 0, -1), parts, strict=True):
        moment = learned_at - left * A_MOMENT
        then = replace(agreement, agreement_id=name, days=Validity(day), learned_at=moment)
        programs = programs_going_on(ends, then, view, store)
        exemptions = exemptions_going_on(ends, then, store)
        store.change_agreement(ends.agreement_id, day, then, [reason], programs, exemptions)
        ends = then
