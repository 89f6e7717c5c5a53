"""A fact of an agreement that was entered wrong, put right; its bills are made again with it.

Lives here      the journey: which bills stand on the fact, making them again as if it had been so
                from the first, and keeping all of it in one transaction.
Lives elsewhere a change that the customer asks for (``change_rate``), an end of service
                (``end_billed_service``), the correction, its limits and its gate (``rebill``), what
                stands by the rules of another class (``put_right_class``).
Read first      GRR V.G; docs/operating/corrections.md, "Entered wrong".

What was known before stays known, so a bill that was issued on the wrong fact is replayed to the
byte. No rule of the sheet is asked whether the option may be changed: it never was another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import is_reading_day, reading_cycle_count
from meterledger.facts.bills import read_record
from meterledger.facts.corrections import LeftDifference, PutRight, Rebill, WrongFact
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.bill_options import options_of
from meterledger.usecases.change_then_rebill import NobodyDecides, Signed
from meterledger.usecases.option_availability import MetersNamed, meters_on, refuse_not_open
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.program_ports import ProgramsAsked
from meterledger.usecases.programs_go_on import refuse_closed_programs
from meterledger.usecases.put_right_class import (
    StandsByClass,
    classes_of,
    refuse_what_is_not_for_it,
    told_of_class,
)
from meterledger.usecases.rebill import NothingToCorrect, RebillRun, RebillStore, rebill
from meterledger.usecases.rebill_states import Now

A_LOOK = "a look, of which nothing is kept"


class PutRightStore(RebillStore, ProgramsAsked, MetersNamed, StandsByClass, Protocol):
    """What this journey needs of the store."""

    def put_right(self, right: PutRight, left: Sequence[LeftDifference] = ()) -> None:
        """Believe that a fact is as it is put right, or NotFound, or Conflict."""


class CannotPutRight(Refusal):
    """The fact cannot be put right so."""


def is_so_already(agreement_id: str, fact: WrongFact, is_now: str) -> CannotPutRight:
    """What is told to who would put right what is so, or was put right meanwhile."""
    return CannotPutRight(
        f"Its {fact.value} is {is_now} already",
        where=f"agreement {agreement_id}",
        do="Name what it should be",
    )


@dataclass(frozen=True, slots=True)
class Righted:
    """What is believed otherwise, and what became of the bills that stood on it."""

    right: PutRight
    run: RebillRun
    """Bills that came out as they were issued are ``unchanged``, and ``left`` may not be adjusted.
    """
    told: tuple[str, ...] = ()
    """What stands by the rules of another class of service, where it was entered as that."""


def put_right(
    *,
    agreement_id: str,
    fact: WrongFact,
    is_now: str,
    signed: Signed,
    now: Now,
    store: PutRightStore,
    dry_run: bool = False,
) -> Righted:
    """Believe that a fact of an agreement is ``is_now``, and make again the bills that stand on it.

    ``is_now`` is a rate option, a day or a cycle, as ``fact`` says. Of a rate option these are all
    bills of the agreement, on their own days; of a first day the first one, which begins on it; a
    cycle says when a period ends and makes no bill wrong.

    :raises NotFound: if no such agreement is known
    :raises CannotPutRight: if it is so already, or cannot be
    :raises StandsInTheWay: if a budget plan or a due date is not for the class that is right
    :raises OptionNotOpen: if the option was not open to the meter that was there on the first day
    :raises NobodyDecides: if there is no name or no reason, and it is no look (``dry_run``)
    :raises Conflict: if it was changed meanwhile, or another has service on those days
    :raises Refusal: as ``rebill`` does, of the bills: then nothing is put right
    """
    service = store.service_of_agreement(agreement_id, now.known_at)
    was = _was(service, fact)
    where = f"agreement {agreement_id}"
    if was == is_now:
        raise is_so_already(agreement_id, fact, is_now)
    if not signed.is_complete and not dry_run:
        raise NobodyDecides(
            f"The {fact.value} of agreement {agreement_id} would be {is_now} and not {was}: nobody "
            "is named who decides",
            where="--by",
            do="Give a name and a reason (`--by`, `--reason`), or look first (`--dry-run`)",
        )
    if not signed.is_complete:
        signed = replace(signed, author=A_LOOK, reason=A_LOOK)
    right = PutRight(
        agreement_id,
        service.agreement.account_id,
        fact,
        was,
        is_now,
        signed.author.strip(),
        signed.reason.strip(),
        now.known_at,
    )
    seen = _StoreOfRight(store, right, _believed(service, right, now.view, store))
    if fact is WrongFact.CYCLE:
        _refuse_booked_change(service, int(is_now), now, store)
    bills = _bills_on(service, right, store)
    told = _told(service, right, now, store)  # it may be refused: before anything is kept
    run = RebillRun()
    if bills:
        try:
            run = rebill(
                bills,
                author=signed.author,
                reason=signed.reason,
                approved_by=signed.approved_by,
                seen=signed.seen,
                on=now.on,
                known_at=now.known_at,
                store=seen,
                lake=now.lake,
                book=now.book,
                dry_run=dry_run,
            )
        except NothingToCorrect:
            run = RebillRun(unchanged=list(bills))
    if run.left and fact is WrongFact.FIRST_DAY:
        raise CannotPutRight(
            f"Bill {run.left[0].bill_id} may not be adjusted, and stays on its days",
            where=where,
            why=run.left[0].reason,
            do="Leave the first day as it was billed",
        )
    if not run.corrected and not dry_run:
        store.put_right(right, run.left)
    return Righted(right, run, told)


def _told(
    service: BillableService, right: PutRight, now: Now, store: PutRightStore
) -> tuple[str, ...]:
    if right.fact is not WrongFact.SCHEDULE:
        return ()
    classes = classes_of(service, right.is_now, now.view)
    if classes is None:
        return ()
    services = store.services_of_account(right.account_id, now.known_at)
    return told_of_class(service, classes, services, store, now.view)


def _was(service: BillableService, fact: WrongFact) -> str:
    if fact is WrongFact.SCHEDULE:
        return service.agreement.schedule
    if fact is WrongFact.FIRST_DAY:
        return service.agreement.days.from_day.isoformat()
    return str(service.account.cycle)


def _believed(
    service: BillableService, right: PutRight, view: BookView, store: PutRightStore
) -> BillableService:
    """The service as it is believed with the fact put right."""
    agreement = service.agreement
    where = f"agreement {agreement.agreement_id}"
    if right.fact is WrongFact.CYCLE:
        cycles = reading_cycle_count(on=agreement.days.from_day, view=view)
        cycle = int(right.is_now) if right.is_now.isascii() and right.is_now.isdigit() else 0
        if not 1 <= cycle <= cycles or str(cycle) != right.is_now:
            raise CannotPutRight(
                f"There is no reading cycle {right.is_now[:10]}",
                where=where,
                do=f"Name a cycle from 1 to {cycles}",
            )
        return replace(service, account=replace(service.account, cycle=cycle))
    if service.joined or service.billed_with:
        raise CannotPutRight(
            f"It is billed together with others of account {agreement.account_id}",
            where=where,
            why="One bill stands on the rate option and the days of all of them",
            do=f"End that first, with `meterledger together end {agreement.account_id}`",
        )
    learned_at = right.learned_at
    if right.fact is WrongFact.SCHEDULE:
        first = agreement.days.from_day
        view.schedule(right.is_now, first)
        if classes_of(service, right.is_now, view) is not None:
            account = agreement.account_id
            options = options_of([account], learned_at, store).get(account)
            refuse_what_is_not_for_it(service, right.is_now, options, view)
        refuse_not_open(
            right.is_now,
            meters_on(service, first),
            on=first,
            known_at=learned_at,
            view=view,
            store=store,
        )
        refuse_closed_programs(agreement, right.is_now, first, view, store)
        instead = replace(agreement, schedule=right.is_now, learned_at=learned_at)
        return replace(service, agreement=instead)
    return _beginning(service, date.fromisoformat(right.is_now), learned_at)


def _refuse_booked_change(
    service: BillableService, cycle: int, now: Now, store: PutRightStore
) -> None:
    """A change of the rate option is booked for a reading day: on another it would cut a period.

    :raises CannotPutRight: if the days before one are not billed, and it would
    """
    services = store.services_of_account(service.agreement.account_id, now.known_at)
    for one in services:
        day = one.agreement.days.until_day
        billed = one.billed_until or one.agreement.days.from_day
        if not one.continued_by or day is None or billed >= day:
            continue
        if not is_reading_day(day, cycle, now.view):
            raise CannotPutRight(
                f"Another rate option is booked from {day} on, which is no reading day of cycle "
                f"{cycle}",
                where=f"agreement {one.agreement.agreement_id}",
                why="A rate begins with a billing period (GRR V.H.3), and the days before it are "
                "not billed yet",
                do="Take it back with `meterledger take-back rate "
                f"{one.agreement.account_id}`, put the cycle right and ask for the rate again; or "
                f"put the cycle right when the days until {day} are billed",
            )


def _beginning(service: BillableService, first: date, learned_at: datetime) -> BillableService:
    """The service with another first day, and what was told with it on that day, too."""
    agreement = service.agreement
    was, until = agreement.days.from_day, agreement.days.until_day
    where = f"agreement {agreement.agreement_id}"
    if service.continues:
        raise CannotPutRight(
            f"It continues agreement {service.continues}, which ends on {was}",
            where=where,
            why="Service begins with the first of them",
            do="Put the first day of that one right; a change of the rate option on a wrong day is "
            "taken back and asked for again",
        )
    if until is not None and until <= first:
        raise CannotPutRight(
            f"It ends on {until} and cannot begin on {first}",
            where=where,
            do="Give a first day before its end",
        )
    _refuse_before_meter(service, first)

    def moved(facts: Sequence[Any]) -> tuple[Any, ...]:
        """As ``began_with_it`` of the stores: what began that day begins earlier with it."""
        return tuple(
            replace(one, days=Validity(first, one.days.until_day), learned_at=learned_at)
            if first < one.days.from_day == was and not getattr(one, "began_second", 0)
            else one
            for one in facts
        )

    return replace(
        service,
        agreement=replace(agreement, days=Validity(first, until), learned_at=learned_at),
        installations=moved(service.installations),
        tax_places=moved(service.tax_places),
        sales_tax_places=moved(service.sales_tax_places),
    )


def _refuse_before_meter(service: BillableService, first: date) -> None:
    """A first day moved later leaves the meter on its day, from which an earlier one takes it.

    :raises CannotPutRight: if no meter is there on the day, and one came before the present one
    """
    agreement = service.agreement
    was = agreement.days.from_day
    if any(first in one.days for one in service.installations):
        return
    came = [one for one in service.installations if first < one.days.from_day < was]
    if not came:
        return
    meter = min(came, key=lambda one: one.days.from_day)
    day = meter.days.from_day
    raise CannotPutRight(
        f"Meter {meter.meter_id} is there from {day} on, and none on {first}",
        where=f"agreement {agreement.agreement_id}",
        why="A meter begins earlier with the first day only where it began on it",
        do=f"Put the first day to {day} first, then to {first}: the meter comes along; or record "
        "the one that was there before with `meterledger meter install --before`",
    )


def _bills_on(service: BillableService, right: PutRight, store: PutRightStore) -> list[str]:
    """Live bills that stand on the fact, oldest first.

    :raises CannotPutRight: if the first one has no day left
    """
    agreement = service.agreement
    bills = sorted(
        (
            one
            for one in store.bills_of_account(agreement.account_id)
            if one.agreement_id == agreement.agreement_id
        ),
        key=lambda one: one.days.from_day,
    )
    if right.fact is WrongFact.CYCLE or not bills:
        return []
    together = [one for one in bills if "points" in read_record(one.record)["usage"]]
    if together:
        raise CannotPutRight(
            f"Bill {together[0].bill_id} is of several service points",
            where=f"agreement {agreement.agreement_id}",
            why="One bill stands on the rate option and the days of all of them",
            do="Settle what is wrong with the customer",
        )
    if right.fact is WrongFact.SCHEDULE:
        return [one.bill_id for one in bills]
    first = bills[0]
    if first.days.until_day <= date.fromisoformat(right.is_now):
        raise CannotPutRight(
            f"Bill {first.bill_id} until {first.days.until_day} has no day since {right.is_now}",
            where=f"agreement {agreement.agreement_id}",
            why="The first bill alone is made again, for a cancelled bill needs one of its last "
            "days in its place",
            do=f"Give a day before {first.days.until_day}, and settle the rest with the customer",
        )
    return [first.bill_id]


class _StoreOfRight:
    """A store that answers as if the fact had been put right, and keeps it with the first bill."""

    def __init__(self, store: Any, right: PutRight, service: BillableService) -> None:
        self._store: Any = store
        self._right = right
        self._service = service

    def bill(self, bill_id: str) -> StoredBill:
        """A bill, on the days that it is made again for."""
        return self._moved(self._store.bill(bill_id))

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first, on the days that they are made again for."""
        return [self._moved(one) for one in self._store.bills_of_account(account_id)]

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined; as it is put right where it is known then."""
        return self._seen(self._store.service_of_agreement(agreement_id, known_at), known_at)

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""
        known = self._store.services_of_account(account_id, known_at)
        return [self._seen(one, known_at) for one in known]

    def record_rebills(self, rebills: Sequence[Rebill]) -> set[str]:
        """Keep the fact with the bills that are made again, in one transaction."""
        first, *others = rebills
        kept: set[str] = self._store.record_rebills(
            [replace(first, put_right=self._right), *others]
        )
        return kept

    def leave_difference(self, left: LeftDifference) -> bool:
        """Bills are left with the fact, and not before it."""
        return True

    def _seen(self, service: BillableService, known_at: datetime) -> BillableService:
        name = self._service.agreement.agreement_id
        right_then = known_at >= self._right.learned_at
        return self._service if right_then and service.agreement.agreement_id == name else service

    def _moved(self, one: StoredBill) -> StoredBill:
        right = self._right
        if right.fact is not WrongFact.FIRST_DAY or one.agreement_id != right.agreement_id:
            return one
        if one.days.from_day.isoformat() != right.was or one.cancelled_by is not None:
            return one
        return replace(one, days=DaySpan(date.fromisoformat(right.is_now), one.days.until_day))

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked."""
        return getattr(self._store, name)
