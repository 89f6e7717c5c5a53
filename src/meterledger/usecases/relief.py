"""Agree that charges of named months are adjusted, where a load is disturbed for a time.

Lives here      asking, agreeing as another person, ending; what each is decided on and keeps.
Lives elsewhere the rule (``billing.rate_relief``), what it takes off a bill (``relieve_bills``,
                ``billing.bill_relief``), deciding it again (``relief_replay``).
Read first      GRR V.H.4; docs/operating/relief.md.

How far charges are adjusted is for the company to say: an agreement names the lines and the share
or the amount. It is made by two people, and before the first of its months is over its first day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import (
    RELIEF,
    LoadCause,
    ReliefFacts,
    next_reading_day,
    reading_day,
)
from meterledger.facts.places import Account, BillableService
from meterledger.facts.relief import (
    ReliefAct,
    ReliefAgreement,
    ReliefStep,
    ReliefTerm,
    percent_text,
)
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.money import usd_text
from meterledger.kernel.people import same_person
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.relief_ports import Reliefs

PERSON_MAX, REASON_MAX = 100, 1000
RESIDENTIAL = "residential"


class ReliefStore(Reliefs, Protocol):
    """What these journeys need of the store."""

    def account(self, account_id: str) -> Account:
        """The account. :raises NotFound:"""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""


class ReliefRefused(Refusal):
    """Charges cannot be adjusted as asked."""


@dataclass(frozen=True, slots=True)
class ReliefDesk:
    """Where relief is decided: store, book, the day that counts and the instant (UTC)."""

    store: ReliefStore
    book: TariffBook
    on: date
    now: datetime

    @property
    def view(self) -> BookView:
        """The book as known now."""
        return self.book.as_known(self.now.date())


@dataclass(frozen=True, slots=True)
class ReliefAsked:
    """What is asked for. ``months`` are first days of billing periods."""

    account_id: str
    cause: LoadCause
    months: tuple[date, ...]
    terms: tuple[ReliefTerm, ...]
    service_point_id: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement after a journey; ``is_new`` is False where it was done before."""

    agreement: ReliefAgreement
    rulings: tuple[Ruling, ...] = ()
    is_new: bool = True


def ask_relief(
    asked: ReliefAsked, *, by: str, reason: str, desk: ReliefDesk, dry_run: bool = False
) -> Agreed:
    """Ask for an agreement; another person agrees to it. Asked twice, it is one.

    :raises ReliefRefused: naming what speaks against it, in the rule's words where it decides
    :raises NotFound: if there is no such account
    """
    who, why = _named(by, reason, f"account {asked.account_id}")
    account = desk.store.account(asked.account_id)
    where = f"account {asked.account_id}"
    if not asked.months or not asked.terms:
        raise ReliefRefused(
            "It is not said what is adjusted, or in which months",
            where=where,
            why="How far charges are adjusted is for the company to say, and the agreement says it",
            do="Name months with --month 2026-07-01 and charges with --less demand_charge=50%",
        )
    _refuse_twice(asked, where)
    months = tuple(_month(day, account, asked, desk) for day in sorted(dict.fromkeys(asked.months)))
    service = _service(asked, months[0].from_day, desk)
    schedule = _schedule_of(service, asked, months, desk)
    agreement = ReliefAgreement(
        relief_id=_name_of(asked, service, months, desk),
        account_id=asked.account_id,
        service_point_id=service.agreement.service_point_id,
        schedule=schedule,
        cause=asked.cause.value,
        months=months,
        terms=asked.terms,
        steps=(ReliefStep(ReliefAct.ASKED, desk.on, who, why, desk.now, b""),),
    )
    if not dry_run:
        known = _known(agreement.relief_id, desk.store)
        if known is not None:
            return Agreed(known, is_new=False)
    rulings = rulings_of(agreement, desk.on, desk.view)
    _refuse_ruled(agreement, rulings)
    _refuse_billed(service, months, where)
    agreement = with_record(agreement, rulings, desk.view)
    if dry_run:
        return Agreed(agreement, rulings)
    return Agreed(agreement, rulings, desk.store.record_relief(agreement))


def approve_relief(relief_id: str, *, by: str, reason: str, desk: ReliefDesk) -> Agreed:
    """Agree, as another person than who asked: from then on it is an agreement.

    :raises ReliefRefused: if it was asked for too long ago, and a month has begun or is billed
    :raises Conflict: if who asked agrees, or it stands otherwise by now, or another agreement has
        one of the months
    :raises NotFound: if there is no such agreement
    """
    where = f"relief {relief_id[:80]}"
    who, why = _named(by, reason, where)
    agreement = desk.store.relief(relief_id)
    if same_person(agreement.asked.by, who):
        raise Conflict(
            f"{agreement.asked.by} has asked for this and cannot approve it",
            where=where,
            why="Money that is forgiven needs two different people",
            do="Let another person approve it",
        )
    if agreement.state is not ReliefAct.ASKED:
        raise cannot_follow(agreement, ReliefAct.APPROVED)
    step = ReliefStep(ReliefAct.APPROVED, desk.on, who, why, desk.now, b"")
    _refuse_earlier(agreement, desk)
    agreement = replace(agreement, steps=(*agreement.steps, step))
    rulings = rulings_of(agreement, desk.on, desk.view)
    _refuse_ruled(agreement, rulings)
    agreement = with_record(agreement, rulings, desk.view)
    return Agreed(agreement, rulings, desk.store.record_relief(agreement))


def end_relief(
    relief_id: str, *, from_day: date | None = None, by: str, reason: str, desk: ReliefDesk
) -> Agreed:
    """End an agreement from one of its months on, or withdraw one that nobody agreed to.

    What was agreed for months that have begun stays agreed.

    :raises ReliefRefused: if the day is no first day of its months, or the month has begun
    :raises Conflict: if it has ended
    :raises NotFound: if there is no such agreement
    """
    where = f"relief {relief_id[:80]}"
    who, why = _named(by, reason, where)
    agreement = desk.store.relief(relief_id)
    if agreement.state is ReliefAct.ENDED:
        raise cannot_follow(agreement, ReliefAct.ENDED)
    _refuse_earlier(agreement, desk)
    first: date | None = None
    if agreement.state is ReliefAct.APPROVED:
        starts = [one.from_day for one in agreement.months]
        left = [day for day in starts if day > desk.on]
        first = from_day or (left[0] if left else None)
        if first not in left:
            shown = ", ".join(map(str, left)) or "none"
            raise ReliefRefused(
                f"It cannot end from {first} on"
                if first is not None
                else "All of its months have begun",
                where=where,
                why="What was agreed for a month stays agreed once the month has begun",
                do=f"Name the first day of a month that has not begun: {shown}",
            )
    elif from_day is not None:
        raise ReliefRefused(
            "Nobody has agreed to it, so that no month of it ends",
            where=where,
            do="Leave out --from: it is withdrawn as a whole",
        )
    step = ReliefStep(ReliefAct.ENDED, desk.on, who, why, desk.now, b"", from_day=first)
    agreement = with_record(replace(agreement, steps=(*agreement.steps, step)), (), desk.view)
    return Agreed(agreement, (), desk.store.record_relief(agreement))


def cannot_follow(agreement: ReliefAgreement, act: ReliefAct) -> Conflict:
    """An act that may not come after where the agreement stands."""
    return Conflict(
        f"It is {agreement.state.value}, and cannot be {act.value} now",
        where=f"relief {agreement.relief_id}",
        why="Nothing was changed",
        do=f"Look at it with `meterledger service relief list {agreement.account_id}`",
    )


# ------------------------------------------------------------------------------- its record


def rulings_of(agreement: ReliefAgreement, agreed_on: date, view: BookView) -> tuple[Ruling, ...]:
    """What the rule says of each month, agreed on a day.

    :raises NoRuleInForce: if the book is silent on a month
    """
    return tuple(
        ruling_of_month(agreement, month, agreed_on, agreement.schedule, view)
        for month in agreement.months
    )


def ruling_of_month(
    agreement: ReliefAgreement,
    month: DaySpan,
    agreed_on: date | None,
    schedule: str,
    view: BookView,
) -> Ruling:
    """What the rule says of one month of service on a rate option."""
    facts = ReliefFacts(
        residential=view.service_class(schedule, month.from_day).value == RESIDENTIAL,
        cause=LoadCause(agreement.cause),
        agreed_on=agreed_on,
        first_month=month.from_day,
    )
    return decide_filled(rule=RELIEF, facts=facts, day=month.from_day, view=view)


def with_record(
    agreement: ReliefAgreement, rulings: Sequence[Ruling], view: BookView
) -> ReliefAgreement:
    """The agreement whose last step has its record: canonical JSON."""
    *before, step = agreement.steps
    told: dict[str, Any] = {
        "relief": agreement.relief_id,
        "account": agreement.account_id,
        "service_point": agreement.service_point_id,
        "schedule": agreement.schedule,
        "cause": agreement.cause,
        "months": [_days(one) for one in agreement.months],
        "less": [term_json(one) for one in agreement.terms],
        "act": step.act.value,
        "on": step.on.isoformat(),
        "by": step.by,
        "reason": step.reason,
        "from": None if step.from_day is None else step.from_day.isoformat(),
        "rulings": [one.as_json() for one in rulings],
        "pins": {
            "known_at": step.learned_at.isoformat().replace("+00:00", "Z"),
            "book_sha256": view.sha256,
        },
    }
    return replace(agreement, steps=(*before, replace(step, record=canonical_bytes(told))))


def term_json(term: ReliefTerm) -> dict[str, Any]:
    """A term as it stands in records and answers."""
    return {
        "code": term.code,
        "share": None if term.share is None else percent_text(term.share),
        "usd": None if term.cents is None else usd_text(term.cents),
    }


def _days(days: DaySpan) -> dict[str, str]:
    return {"from": days.from_day.isoformat(), "to": days.until_day.isoformat()}


# --------------------------------------------------------------------------- what is refused


def _named(by: str, reason: str, where: str) -> tuple[str, str]:
    who, why = " ".join(by.split()), " ".join(reason.split())
    if not who or not why:
        raise ReliefRefused(
            "Who decides, and why, is missing",
            where=where,
            why="Both are kept with the agreement, for years",
            do="Give a name and a reason",
        )
    if len(who) > PERSON_MAX or len(why) > REASON_MAX or not (who + why).isprintable():
        raise ReliefRefused(
            f"The name has at most {PERSON_MAX} characters, the reason {REASON_MAX}",
            where=where,
            do="Write it shorter, in plain characters",
        )
    return who, why


def _refuse_twice(asked: ReliefAsked, where: str) -> None:
    codes = [one.code for one in asked.terms]
    twice = sorted({one for one in codes if codes.count(one) > 1})
    if twice:
        raise ReliefRefused(
            f"The charge {twice[0]} is adjusted twice",
            where=where,
            do="Say once what is taken off it",
        )


def _service(asked: ReliefAsked, day: date, desk: ReliefDesk) -> BillableService:
    services = [
        one
        for one in desk.store.services_of_account(asked.account_id, desk.now)
        if day in one.agreement.days
        and asked.service_point_id in ("", one.agreement.service_point_id)
    ]
    where = f"account {asked.account_id}"
    if len(services) != 1:
        named = ", ".join(one.agreement.service_point_id for one in services)
        raise ReliefRefused(
            f"It has {'several services' if services else 'no service'} on {day}",
            where=where,
            do=f"Name one service point of {named}" if services else "Choose months with service",
        )
    if services[0].billed_with:
        raise ReliefRefused(
            "Its service is on the bill of another service point",
            where=where,
            why="What is adjusted are the charges of a bill",
            do="Name the service point whose bill it is",
        )
    return services[0]


def _month(day: date, account: Account, asked: ReliefAsked, desk: ReliefDesk) -> DaySpan:
    """The billing period that begins on a day. :raises ReliefRefused: if none does"""
    service = _service(asked, day, desk)
    reads = reading_day(cycle=account.cycle, year=day.year, month=day.month, view=desk.view)
    if day not in (reads, service.agreement.days.from_day):
        raise ReliefRefused(
            f"No billing period begins on {day}",
            where=f"account {account.account_id}",
            do=f"Give a reading day of cycle {account.cycle}, like {reads}",
        )
    return DaySpan(day, next_reading_day(day, account.cycle, desk.view))


def _schedule_of(
    service: BillableService, asked: ReliefAsked, months: Sequence[DaySpan], desk: ReliefDesk
) -> str:
    """The rate option of the months, which has the charges that are named.

    :raises ReliefRefused: if a charge is none of the option's, or a tax
    """
    schedule = service.agreement.schedule
    for month in months:
        charges = {one.code for one in desk.view.schedule(schedule, month.from_day).charges}
        for term in asked.terms:
            if term.code not in charges:
                raise ReliefRefused(
                    f"{term.code[:40]} is no charge of {schedule} on {month.from_day}",
                    where=f"account {asked.account_id}",
                    why="What is adjusted are charges of the bill; taxes follow them",
                    do=f"Name charges of {', '.join(sorted(charges))}",
                )
    return schedule


def _refuse_ruled(agreement: ReliefAgreement, rulings: Sequence[Ruling]) -> None:
    for month, ruling in zip(agreement.months, rulings, strict=True):
        if not ruling.decision.outcome.may_be_adjusted:
            raise ReliefRefused(
                f"The charges of {month} cannot be adjusted",
                where=f"account {agreement.account_id}",
                why="; ".join(
                    f"{one.finding} ({one.citation.text})" for one in ruling.decision.reasons
                ),
                do="Leave the month out, or bill it as it is",
            )


def _refuse_billed(service: BillableService, months: Sequence[DaySpan], where: str) -> None:
    until = service.billed_until
    if until is not None and until > months[0].from_day:
        raise ReliefRefused(
            f"It is billed until {until}",
            where=where,
            why="A month whose bill has gone out is not adjusted by agreement any more",
            do=f"Name months from {until} on",
        )


def _refuse_earlier(agreement: ReliefAgreement, desk: ReliefDesk) -> None:
    last = agreement.steps[-1]
    if desk.now <= last.learned_at or desk.on < last.on:
        raise ReliefRefused(
            f"It was {last.act.value} on {last.on}, and nothing happens before that",
            where=f"relief {agreement.relief_id}",
            do="Look at the clock, and do it later",
        )


def _name_of(
    asked: ReliefAsked, service: BillableService, months: Sequence[DaySpan], desk: ReliefDesk
) -> str:
    """The name that the same question has again; one that was ended can be asked anew."""
    told = [
        *(asked.account_id, service.agreement.service_point_id, asked.cause.value),
        [one.from_day.isoformat() for one in months],
        sorted(map(str, (term_json(one) for one in asked.terms))),
    ]
    before = 0
    while True:
        name = f"RL-{sha256_hex(canonical_bytes([*told, before]))[:16]}"
        known = _known(name, desk.store)
        if known is None or known.state is not ReliefAct.ENDED:
            return name
        before += 1


def _known(relief_id: str, store: Reliefs) -> ReliefAgreement | None:
    try:
        return store.relief(relief_id)
    except NotFound:
        return None
