"""Meters of one account on one bill from a day on, and each on its own again: who said so, and why.

Lives here      what the rule is asked, on which days such an arrangement may begin and end, what
                the store is told.
Lives elsewhere the rule (``metering``), the bill (``bills_together``), keeping (``stores``).
Read first      GRR IV.C; docs/operating/meters_together.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import is_reading_day, next_reading_day
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile
from meterledger.facts.places import BillableService, JoinedService
from meterledger.facts.together import BilledTogether
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.bills_together import (
    ACCOUNT_USAGE,
    OneMeterSources,
    refuse_what_is_of_one,
)
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.joined_services import JoinedDue, joined_due
from meterledger.usecases.rule_registry import rule_named
from meterledger.usecases.together_ports import TogetherLog
from meterledger.usecases.window_usage import meters_of_window


class CannotArrange(Refusal):
    """Meters of an account cannot come on one bill, or on their own again, as asked."""


class ExtensionReads(Protocol):
    """Where it is known what an extension serves."""

    def extensions(self, *, account_id: str | None = None) -> list[ExtensionOnFile]:
        """Contracts in order of their names."""


class TogetherStore(TogetherLog, OneMeterSources, OptionsAsked, ExtensionReads, Protocol):
    """What these journeys need of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """An account's arrangements as they are known, and the agreements that stand in them."""

    account_id: str
    rows: tuple[BilledTogether, ...]


def start_together(
    *,
    account_id: str,
    with_agreement: str = "",
    joined: Sequence[str] = (),
    on: date,
    by: str,
    reason: str,
    learned_at: datetime,
    view: BookView,
    store: TogetherStore,
    dry_run: bool = False,
) -> Arranged:
    """Bill the meters of several service points of an account on one bill from ``on`` on.

    ``with_agreement`` is whose bill it is (the one that began first, unless given), ``joined`` are
    the others (every other one with service on the day, unless given).

    :raises CannotArrange: if nobody signs, there are not two, or the day cuts a bill in two
    :raises NotTogether: if they are not billed alike
    :raises NoRuleInForce: if the book has no text of several meters on the day
    :raises Conflict: if one is billed with another then, or past the day
    """
    refuse_unsigned(by, reason)
    there = [one for one in store.services_of_account(account_id, learned_at)
             if on in one.agreement.days]  # fmt: skip
    service, others = _chosen(account_id, there, with_agreement, joined, on)
    for one in others:  # the bill's own agreement may go on over the day: it is on that bill anyway
        _refuse_cut(one, on, view)
    rows = tuple(
        BilledTogether(
            account_id=account_id,
            agreement_id=service.agreement.agreement_id,
            joined_agreement=one.agreement.agreement_id,
            days=Validity(on),
            by=by.strip(),
            reason=reason.strip(),
            reasons=_reasons(on, len(others) + 1, view),
            learned_at=learned_at,
        )
        for one in others
    )
    _refuse_served_by_an_extension([service, *others], store)
    _refuse_plan_of_another(account_id, others, on, learned_at, store)
    _refuse_unbillable(service, others, on, learned_at, view, store)
    if not dry_run:
        store.begin_together(rows)
    return Arranged(account_id, rows)


def end_together(
    *,
    account_id: str,
    on: date,
    by: str,
    reason: str,
    learned_at: datetime,
    view: BookView,
    store: TogetherStore,
) -> Arranged:
    """Bill each meter of the account on its own again; ``on`` is the first day of that.

    An arrangement that would have no day is taken back: it was a mistake, or what it was for ended
    before it began.

    :raises CannotArrange: if nobody signs, or the day cuts a bill in two
    :raises NotFound: if none of its meters are billed together then
    :raises Conflict: if days after are billed already
    """
    refuse_unsigned(by, reason)
    services = store.services_of_account(account_id, learned_at)
    by_id = {one.agreement.agreement_id: one for one in services}
    for row in store.together_of_account(account_id):
        if on <= row.days.from_day or (row.days.until_day is not None and row.days.until_day <= on):
            continue
        pair = [by_id[name] for name in (row.agreement_id, row.joined_agreement) if name in by_id]
        if on in {one.agreement.days.until_day for one in pair}:
            continue
        for one in pair:
            if not is_reading_day(on, one.account.cycle, view):
                raise _cuts(one, on, view)
    rows = store.end_together(
        account_id, on, by=by.strip(), reason=reason.strip(), learned_at=learned_at
    )
    return Arranged(account_id, tuple(rows))


def refuse_unsigned(by: str, reason: str) -> None:
    """Whose bill a meter stands on is said by a name and for a reason. :raises CannotArrange:"""
    for what, text in (("Nobody", by), ("No reason", reason)):
        if not text.strip():
            raise CannotArrange(
                f"{what} is named for what comes on one bill",
                why="It changes what is charged, for as long as it lasts",
                do="Give a name and a reason, like --by 'Ana Rivera' --reason 'asked on 3 May'",
            )


def _chosen(
    account_id: str,
    there: Sequence[BillableService],
    with_agreement: str,
    joined: Sequence[str],
    on: date,
) -> tuple[BillableService, list[BillableService]]:
    by_id = {one.agreement.agreement_id: one for one in there}
    for name in (with_agreement, *joined):
        if name and name not in by_id:
            raise CannotArrange(
                f"Account {account_id} has no agreement {name} with service on {on}",
                where=f"account {account_id}",
                do="Name agreements of the account, as `meterledger service show` lists them",
            )
    first = min(there, key=lambda one: (one.agreement.days.from_day, one.agreement.agreement_id),
                default=None)  # fmt: skip
    service = by_id[with_agreement] if with_agreement else first
    names = list(dict.fromkeys(joined)) or sorted(by_id)
    others = [by_id[name] for name in names if by_id[name] is not service]
    if service is None or not others:
        raise CannotArrange(
            f"Account {account_id} has {len(there)} service points on {on}, and two or more are "
            "billed together",
            where=f"account {account_id}",
            do="Name a day on which it has two or more",
        )
    return service, others


def _refuse_cut(service: BillableService, on: date, view: BookView) -> None:
    """A period begins on the day: else its days before would be on no bill."""
    if on != service.agreement.days.from_day and not is_reading_day(
        on, service.account.cycle, view
    ):
        raise _cuts(service, on, view)


def _cuts(service: BillableService, on: date, view: BookView) -> CannotArrange:
    cycle = service.account.cycle
    return CannotArrange(
        f"A billing period of agreement {service.agreement.agreement_id} goes on over {on}",
        where=f"account {service.account.account_id}",
        why="Its days before and after would come on two bills of one period",
        do=f"Name a day on which its cycle is read, like {next_reading_day(on, cycle, view)}",
    )


def _reasons(on: date, count: int, view: BookView) -> tuple[Reason, ...]:
    rule = rule_named(ACCOUNT_USAGE)
    clause = Terms(view, on, rule=rule).clause(rule.provisions[0])
    return (Reason(f"the energy of {count} meters of the account is added", clause.citation),)


def _refuse_served_by_an_extension(
    services: Sequence[BillableService], store: ExtensionReads
) -> None:
    """The revenue of an extension is that of the bills of what it serves, and of nothing else."""
    names = {one.agreement.agreement_id for one in services}
    for contract in store.extensions():
        for event in contract.of(ExtensionAct.SERVED):
            if event.about in names:
                raise CannotArrange(
                    f"Agreement {event.about} is served by extension "
                    f"{contract.contract.contract_id}, and its revenue is held against that",
                    where=f"extension {contract.contract.contract_id}",
                    why="A bill of several service points has one revenue for all of them",
                    do="Bill each by itself until the extension is settled",
                )


def _refuse_plan_of_another(
    account_id: str,
    others: Sequence[BillableService],
    on: date,
    known_at: datetime,
    store: OptionsAsked,
) -> None:
    """A budget plan is of the service point whose bills it levels: those must go on."""
    options = store.billing_options([account_id], known_at).get(account_id)
    points = {one.agreement.service_point_id for one in others}
    for plan in options.plans if options is not None else ():
        if plan.service_point_id in points and plan.days.overlaps(Validity(on)):
            raise CannotArrange(
                f"The budget plan {plan.plan_id} is of service point {plan.service_point_id}, and "
                "its meter would have no bill of its own",
                where=f"account {account_id}",
                do="Name its agreement with --with, or end the plan first",
            )


def _refuse_unbillable(
    service: BillableService,
    others: Sequence[BillableService],
    on: date,
    learned_at: datetime,
    view: BookView,
    store: TogetherStore,
) -> None:
    """What would hold the first bill is said now: schedules, places, meters, registers."""
    window = DaySpan(on, next_reading_day(on, service.account.cycle, view))
    ends = [one.agreement.days.until_day for one in (service, *others)]
    window = DaySpan(on, min([window.until_day, *(day for day in ends if day is not None)]))
    days = Validity(on)
    planned = replace(service, joined=tuple(JoinedService(one, days) for one in others))
    point = service.agreement.service_point_id
    mine = meters_of_window(point, service.installations, window, view.time_zone)
    points = [JoinedDue(service, window, mine), *joined_due(planned, window, view)]
    calculator = Calculator(view, cycle=service.account.cycle)
    refuse_what_is_of_one(planned, window, points, learned_at, store, calculator)
