"""A meter's multiplier was recorded wrongly: what its bills would be, and putting it right.

Lives here      the page of a meter's multiplier: a look first, then the form of the decision.
Lives elsewhere the change and the look (``usecases/correct_multiplier``), its bills made anew
                (``usecases/change_then_rebill``), the queue that they wait in (``corrections``).
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
from meterledger.kernel.money import shown, whole_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.change_then_rebill import BillsWait, Signed, change_then_rebill
from meterledger.usecases.correct_multiplier import (
    MultiplierRight,
    bills_as_if,
    correct_multiplier,
)
from meterledger.usecases.find_corrections import now_of
from meterledger.usecases.meter_checks import MeterWorkRefused
from meterledger.usecases.rebill import Corrected, RebillRun
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.start_service import MULTIPLIER_MAX
from meterledger.usecases.touched_bills import touched_bills

REBILL, WAIT = "rebill", "wait"
ACTS = (REBILL, WAIT)
A_LOOK = "a look"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the forms, to show it again when it is refused."""

    right: str = ""
    act: str = REBILL
    author: str = ""
    reason: str = ""
    approver: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What would be so with another multiplier: the change, its bills, and those that cannot be."""

    change: MultiplierRight
    runs: tuple[RebillRun, ...]
    refused: tuple[tuple[str, str], ...]

    @property
    def corrected(self) -> list[Corrected]:
        """Bills that would be other ones."""
        return [one for run in self.runs for one in run.corrected]

    @property
    def difference_cents(self) -> int:
        """What they would charge less what was billed."""
        return sum(one.difference_cents for one in self.corrected)

    @property
    def found(self) -> list[tuple[str, str]]:
        """What the gate would find, each code once with its first sentence."""
        told: dict[str, str] = {}
        for one in self.corrected:
            for each in one.findings:
                told.setdefault(each.code, f"{one.cancelled.bill_id}: {each.sentence}")
        return list(told.items())


def _accounts(request: HttpRequest, system: System, meter_id: str) -> Iterator[str]:
    """Accounts of the bills that the page shows: those of the meter's last stay."""
    stays = system.store.meter_file(meter_id).installations
    if stays:
        stay = max(stays, key=lambda one: (one.days.from_day, one.began_second))
        for name in touched_bills([stay.service_point_id], stay.days.from_day, system.store):
            yield system.store.bill(name).account_id


@acting(
    "put a multiplier right",
    subjects=lambda meter_id: [meter_id],
    accounts=_accounts,
)
def multiplier_page(request: HttpRequest, system: System, meter_id: str) -> HttpResponse:
    """The multiplier of a meter's stay, what another would make of its bills, and the decision."""
    typed, refusal, look = Typed(right=str(request.GET.get("right", ""))[:100]), None, None
    if request.method == "POST":
        typed = _typed(request)
        try:
            return _decide(system, meter_id, typed)
        except Refusal as caught:
            refusal = caught.of_one_case()
    waiting = refusal.bills if isinstance(refusal, BillsWait) else ()
    if typed.right.strip() and not waiting:
        try:
            look = _look(system, meter_id, typed.right)
        except Refusal as caught:
            refusal = refusal or caught.of_one_case()
    stays = system.store.meter_file(meter_id).installations
    context = {
        "meter_id": meter_id,
        "stay": max(stays, key=lambda one: (one.days.from_day, one.began_second), default=None),
        "look": look,
        "typed": typed,
        "refusal": refusal,
        "waiting": waiting,
    }
    # What is kept was done, though its bills wait: the page says which, and nothing was refused.
    status = 200 if waiting else status_after(refusal)
    return render(request, "web/multiplier.html", context, status=status)


def right_typed(text: str) -> int:
    """A multiplier as somebody typed it.

    :raises MeterWorkRefused: if it is no whole number
    """
    number = whole_from_text(text.strip())
    if number is None or not 1 <= number <= MULTIPLIER_MAX:
        raise MeterWorkRefused(
            f"{shown(text)} is no multiplier",
            where="the multiplier",
            do=f"Give the whole number on the meter, 1 (no transformers) to {MULTIPLIER_MAX}",
        )
    return number


def _look(system: System, meter_id: str, right: str) -> Look:
    change = _change(system, meter_id, right_typed(right), A_LOOK, dry_run=True)
    runs, refused = bills_as_if(change, now=_now(system), store=system.store)
    return Look(change, tuple(runs), tuple(refused))


def _change(
    system: System,
    meter_id: str,
    right: int,
    reason: str,
    *,
    dry_run: bool,
    with_bills: bool = False,
) -> MultiplierRight:
    return correct_multiplier(
        meter_id,
        right,
        reason=reason,
        learned_at=system.now,
        store=system.store,
        with_bills=with_bills,
        dry_run=dry_run,
    )


def _typed(request: HttpRequest) -> Typed:
    def word(name: str, most: int) -> str:
        return str(request.POST.get(name, ""))[:most]

    seen = tuple(str(one)[:100] for one in request.POST.getlist("seen")[:100])
    return Typed(
        word("right", 100),
        word("act", 100),
        word("author", 2000),
        word("reason", 2000),
        word("approver", 2000),
        seen,
    )


def _decide(system: System, meter_id: str, typed: Typed) -> HttpResponse:
    """Put it right, and make its bills anew where that was chosen; the page to look at afterwards.

    :raises MeterWorkRefused: if no decision was chosen, or the multiplier cannot be
    :raises BillsWait: if it is kept, and bills of it could not be made anew
    """
    right = right_typed(typed.right)
    if typed.act not in ACTS:
        raise MeterWorkRefused(
            "No decision was chosen", where=f"meter {meter_id}", do="Choose one of the two ways"
        )
    anew = typed.act == REBILL
    if anew:
        refuse_wrong_clock(system)

    def asking(only_look: bool) -> MultiplierRight:
        made = _change(system, meter_id, right, typed.reason, dry_run=only_look, with_bills=anew)
        return made if anew else replace(made, bills=())

    _, runs = change_then_rebill(
        asking,
        kept=lambda one: one.kept,
        anew=lambda one: f"{len(one.bills)} of its bills are made anew",
        signed=Signed(typed.author, typed.reason, typed.approver, typed.seen),
        now=_now(system),
        store=system.store,
    )
    made: list[Any] = [one.bill for run in runs for one in run.corrected]
    if len(made) == 1:
        return redirect("bill", bill_id=made[0].bill_id, permanent=False)
    if made:
        return redirect("account", account_id=made[0].account_id, permanent=False)
    return redirect("usage-meter", meter_id=meter_id, permanent=False)


def _now(system: System) -> Now:
    now = now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
    return replace(now, on=system.today)
