"""A fact of an agreement was entered wrong: what its bills would be, and putting it right.

Lives here      the page of an agreement's facts: a look first, then the form of the decision.
Lives elsewhere the fact and its bills (``usecases/put_right``), their limits and their gate
                (``usecases/rebill``), the queue of other corrections (``corrections``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.issuing import refuse_wrong_clock
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.corrections import WrongFact
from meterledger.facts.places import BillableService
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.find_corrections import now_of
from meterledger.usecases.ports import NotFound
from meterledger.usecases.put_right import CannotPutRight, Righted, put_right
from meterledger.usecases.rebill import Corrected

FACTS = {
    "schedule": WrongFact.SCHEDULE,
    "first-day": WrongFact.FIRST_DAY,
    "cycle": WrongFact.CYCLE,
}
ACTS = tuple(FACTS)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the forms, to show it again when it is refused."""

    act: str = ""
    should: str = ""
    author: str = ""
    reason: str = ""
    approver: str = ""
    seen: tuple[str, ...] = ()
    stands: str = ""
    """What was looked at, as the page named it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What would be so with the fact put right."""

    made: Righted

    @property
    def corrected(self) -> list[Corrected]:
        """Bills that would be other ones."""
        return self.made.run.corrected

    @property
    def difference_cents(self) -> int:
        """What they would charge less what was billed."""
        return sum(one.difference_cents for one in self.corrected)

    @property
    def stands(self) -> str:
        """A name of the fact as it was and of each bill as it would be: what is decided of."""
        right, run = self.made.right, self.made.run
        told: list[Any] = [right.fact.value, right.was, right.is_now]
        told += [[one.cancelled.bill_id, one.bill.total_cents] for one in run.corrected]
        told += [[one.bill_id, one.difference_cents, "left"] for one in run.left]
        return sha256_hex(canonical_bytes(told))

    @property
    def found(self) -> list[tuple[str, str]]:
        """What the gate would find, each code once with its first sentence."""
        told: dict[str, str] = {}
        for one in self.corrected:
            for each in one.findings:
                told.setdefault(each.code, f"{one.cancelled.bill_id}: {each.sentence}")
        return list(told.items())


def _accounts(request: HttpRequest, system: System, agreement_id: str) -> Iterator[str]:
    """The account of the agreement, where there is such a one."""
    try:
        yield system.store.service_of_agreement(agreement_id, system.now).account.account_id
    except NotFound:
        return


@acting(
    "put an agreement right",
    subjects=lambda agreement_id: [agreement_id],
    accounts=_accounts,
)
def correct_service_page(request: HttpRequest, system: System, agreement_id: str) -> HttpResponse:
    """The facts of an agreement, what another would make of its bills, and the decision."""
    service = system.store.service_of_agreement(agreement_id, system.now)
    typed, refusal, look = _asked(request), None, None
    if request.method == "POST":
        typed = _typed(request)
        try:
            _refuse_another_look(system, agreement_id, typed)
            _put_right(system, agreement_id, typed, dry_run=False)
            return redirect("account", account_id=service.account.account_id, permanent=False)
        except Refusal as caught:
            refusal = caught.of_one_case()
    if typed.should.strip():
        try:
            look = Look(_put_right(system, agreement_id, typed, dry_run=True))
        except Refusal as caught:
            refusal = refusal or caught.of_one_case()
    context = {
        "agreement": service.agreement,
        "service": service,
        "facts": _facts(service),
        "choices": _choices(service, system),
        "look": look,
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "web/correct_service.html", context, status=status_after(refusal))


def _facts(service: BillableService) -> list[tuple[str, str, str]]:
    """Each fact that may be put right: its name in the form, in words, and as it is believed."""
    agreement = service.agreement
    return [
        ("schedule", "Rate option", agreement.schedule),
        ("first-day", "First day of service", agreement.days.from_day.isoformat()),
        ("cycle", "Reading cycle, of the whole account", str(service.account.cycle)),
    ]


def _choices(service: BillableService, system: System) -> list[str]:
    """Other rate options, those of the same classification first."""
    is_now = service.agreement.schedule
    mine = is_now.partition("-")[0]
    others = [one for one in system.view.schedule_codes() if one != is_now]
    return sorted(others, key=lambda one: one.partition("-")[0] != mine)


def _asked(request: HttpRequest) -> Typed:
    return Typed(str(request.GET.get("act", ""))[:100], str(request.GET.get("should", ""))[:100])


def _typed(request: HttpRequest) -> Typed:
    def word(name: str, most: int) -> str:
        return str(request.POST.get(name, ""))[:most]

    return Typed(
        word("act", 100),
        word("should", 100),
        word("author", 2000),
        word("reason", 2000),
        word("approver", 2000),
        tuple(str(one)[:100] for one in request.POST.getlist("seen")[:100]),
        word("stands", 100),
    )


def _refuse_another_look(system: System, agreement_id: str, typed: Typed) -> None:
    """What is decided is decided of the bills that the page showed.

    :raises CannotPutRight: if the fact or its bills have changed since
    """
    if not typed.stands:
        return
    if typed.stands != Look(_put_right(system, agreement_id, typed, dry_run=True)).stands:
        raise CannotPutRight(
            "Its bills are not what they were when this page was opened",
            where=f"agreement {agreement_id}",
            why="One was issued or corrected since, readings have come, or somebody has put "
            "something right",
            do="Look at them again below, and decide then",
        )


def _put_right(system: System, agreement_id: str, typed: Typed, *, dry_run: bool) -> Righted:
    """Put the fact right, or look at what that would do.

    :raises CannotPutRight: if no fact was chosen, or what was typed is none
    """
    fact, is_now = _told(agreement_id, typed)
    if not dry_run:
        refuse_wrong_clock(system)
    now = now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
    return put_right(
        agreement_id=agreement_id,
        fact=fact,
        is_now=is_now,
        signed=Signed(typed.author, typed.reason, typed.approver, typed.seen),
        now=replace(now, on=system.today),
        store=system.store,
        dry_run=dry_run,
    )


def _told(agreement_id: str, typed: Typed) -> tuple[WrongFact, str]:
    """Which fact it is, and what it should be, as the journey takes it."""
    fact, should = FACTS.get(typed.act), typed.should.strip()
    where = f"agreement {agreement_id}"
    if fact is None:
        raise CannotPutRight(
            "No fact was chosen",
            where=where,
            do="Choose the rate option, the first day or the reading cycle",
        )
    if fact is WrongFact.FIRST_DAY:
        day = day_from_text(should)
        if day is None:
            raise CannotPutRight(
                f"{shown(should)} is not a day", where=where, do="Give a day, like 2025-07-09"
            )
        return fact, day.isoformat()
    if not should:
        raise CannotPutRight(
            f"Nothing is given for the {fact.value}", where=where, do="Give what it should be"
        )
    return fact, should
