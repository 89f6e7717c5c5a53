"""Joining and leaving a programme: what the book opens to a rate, on days that are not billed yet.

Lives here      which service of an account, whether the programme is open to it, what is told.
Lives elsewhere what a bill has of it (``beside_usage``), keeping it (``stores``).
Read first      docs/operating/programs.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.meters import BilledOn
from meterledger.facts.participation import Participation
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.programs import CreditAccount
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import Program
from meterledger.usecases.looked_back import credits_on
from meterledger.usecases.meter_ports import MeterFile
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.program_ports import Programs


class ProgramStore(Programs, Protocol):
    """What these journeys need of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """The account's agreements, joined."""

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, cancelled ones too, oldest first."""

    def meters_on_registers(self, meter_ids: Sequence[str], known_at: datetime) -> set[str]:
        """Which of the meters are set up, on some day, to be billed on their register."""

    def meter_file(self, meter_id: str, known_at: datetime | None = None) -> MeterFile:
        """All that is known of a meter."""


class ProgramRefused(Refusal):
    """A service cannot join or leave a programme so."""


@dataclass(frozen=True, slots=True)
class TakesPart:
    """A participation as people are told it; ``credits`` where the programme nets."""

    participation: Participation
    program_name: str
    credits: CreditAccount | None = None


def join_program(
    *,
    account_id: str,
    program: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: ProgramStore,
    blocks: int | None = None,
    agreement_id: str | None = None,
    dry_run: bool = False,
) -> Participation:
    """Let a service take part in a programme from a day on.

    It counts from the first billing period that begins on that day or later.

    :raises ProgramRefused: if the book has no such programme, it is not open to the rate, blocks
        are missing or not asked for, another programme stands against it, or days are billed; if
        the programme nets, and the meter of that day is billed on its register
    :raises Conflict: if the service is in it already
    """
    service = _service(store, account_id, on, learned_at, agreement_id)
    agreement = service.agreement
    known_names = [one for one in view.names() if view.kind_of(one) == "program"]
    if program not in known_names:
        raise ProgramRefused(
            f"The book has no programme '{program[:80]}'",
            where=f"account {account_id}",
            do=f"Name one of {', '.join(known_names)}" if known_names else "Add it to the book",
        )
    found: Program = view.of_kind(program, "program").on(on).value
    where = f"account {account_id}, agreement {agreement.agreement_id}"
    if agreement.schedule not in found.schedules:
        raise ProgramRefused(
            f"{found.name} is not open to rate {agreement.schedule}",
            where=where,
            why=f"It is for {', '.join(found.schedules)}",
            do="Change the rate option first, or leave the programme out",
        )
    if (found.solar is not None) != (blocks is not None) or (blocks is not None and blocks < 1):
        raise ProgramRefused(
            f"{found.name} is joined with a number of Solar Blocks"
            if found.solar is not None
            else f"{found.name} has no Solar Blocks",
            where=where,
            do="Say how many with --blocks" if found.solar is not None else "Leave out --blocks",
        )
    days = Validity(on)
    known = store.participations([agreement.agreement_id]).get(agreement.agreement_id, ())
    for other in known:
        theirs: Program = view.of_kind(other.program, "program").on(on).value
        if other.program != program and other.days.overlaps(days) and _about_energy(theirs, found):
            raise ProgramRefused(
                f"{found.name} and {theirs.name} exclude each other",
                where=where,
                why="Each says which energy of the same window is billed",
                do=f"Leave {other.program} first, with `meterledger program leave`",
            )
    if found.net_metering is not None:
        _refuse_register(service, on, where, found, learned_at, store)
    _refuse_billed(service, on, where)
    made = Participation(
        agreement.agreement_id, account_id, program, days, learned_at, blocks=blocks
    )
    if not dry_run:
        store.join_program(made)
    return made


def leave_program(
    *,
    account_id: str,
    program: str,
    on: date,
    learned_at: datetime,
    store: ProgramStore,
    agreement_id: str | None = None,
) -> str:
    """End a participation; the day given is the first without it. Answers the agreement.

    :raises ProgramRefused: if days are billed already
    :raises NotFound: if the service is not in the programme then
    """
    service = _service(store, account_id, on, learned_at, agreement_id)
    name = service.agreement.agreement_id
    _refuse_billed(service, on, f"account {account_id}, agreement {name}")
    store.leave_program(name, program, on, learned_at)
    return name


def programs_of_account(
    *, account_id: str, on: date, known_at: datetime, view: BookView, store: ProgramStore
) -> list[TakesPart]:
    """What an account's services take part in, with the credits of net metering on a day."""
    services = store.services_of_account(account_id, known_at)
    by_name = {one.agreement.agreement_id: one for one in services}
    told = []
    for name, rows in sorted(store.participations(sorted(by_name), known_at).items()):
        service = by_name[name]
        point = service.agreement.service_point_id
        for one in rows:
            found: Program = view.of_kind(one.program, "program").on(one.days.from_day).value
            account = None
            if found.net_metering is not None:
                bills = store.bills_at([point]).get(point, [])
                account = credits_on(service, on, [one.program], bills, known_at, view)
            until = service.agreement.days.until_day
            if until is not None and (one.days.until_day is None or until < one.days.until_day):
                # It goes on with the agreement that continues this one, if any.
                one = replace(one, days=Validity(one.days.from_day, until))
            told.append(TakesPart(one, found.name, account))
    return told


def _about_energy(one: Program, other: Program) -> bool:
    def billed(program: Program) -> bool:
        return program.solar is not None or program.net_metering is not None

    return billed(one) and billed(other)


def _service(
    store: ProgramStore,
    account_id: str,
    on: date,
    known_at: datetime,
    agreement_id: str | None,
) -> BillableService:
    found = [
        one
        for one in store.services_of_account(account_id, known_at)
        if on in one.agreement.days and agreement_id in (None, one.agreement.agreement_id)
    ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.agreement.agreement_id for one in found)
    raise ProgramRefused(
        f"Account {account_id} has {len(found) or 'no'} services on {on}",
        why=f"They are {names}" if found else "",
        do="Say which with --agreement" if found else "Name a day on which there is service",
    )


def _refuse_register(
    service: BillableService,
    on: date,
    where: str,
    program: Program,
    known_at: datetime,
    store: ProgramStore,
) -> None:
    there = [one.meter_id for one in service.installations if on in one.days]
    for meter in sorted(store.meters_on_registers(there, known_at)):
        for one in store.meter_file(meter, known_at).configurations:
            if on in one.days and one.billed_on is BilledOn.REGISTER:
                raise ProgramRefused(
                    f"{program.name} is not for a meter that is billed on its register: {meter}",
                    where=where,
                    why="A register does not tell what was received in which hour",
                    do="Set the meter up for intervals of both directions with `meterledger meter "
                    "configure`, or exchange it, and join from that day on",
                )


def _refuse_billed(service: BillableService, on: date, where: str) -> None:
    until = service.billed_until
    if until is not None and on < until:
        raise ProgramRefused(
            f"The days until {until} are billed already",
            where=where,
            why="What a bill rests on is not changed behind it",
            do=f"Name {until} or a later day",
        )
