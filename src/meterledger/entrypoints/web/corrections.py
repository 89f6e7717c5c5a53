"""Corrections: the queue of bills that would be other ones now, one of them, and what was done.

Lives here      gathering what the two pages show, and what a bill's page says of its correction.
Lives elsewhere the queue and the ways out (``usecases/find_corrections``, ``rebill``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.issuing import refuse_wrong_clock
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.corrections import Correction
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.find_corrections import bills_to_correct, leave_bill, now_of
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill import RebillRefused, RebillRun, rebill
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.usage_replaced import ReplacedUsage, usage_replaced

MOST_ACCOUNTS = 500
MOST_ROWS = 500
REBILL, LEAVE = "rebill", "leave"


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause and what it makes of the difference."""

    words: str
    cents: int


@dataclass(frozen=True, slots=True)
class OfferWords:
    """How an undercharge may be repaid."""

    amount_cents: int
    months: int
    instalment_cents: int
    last_cents: int


@dataclass(frozen=True, slots=True)
class Told:
    """A correction as a bill's page tells it, from either side."""

    cancelled: str
    corrected: str
    cancelled_cents: int
    corrected_cents: int
    author: str
    reason: str
    corrected_on: date
    causes: tuple[CauseRow, ...]
    reasons: tuple[tuple[str, Citation], ...]
    offer: OfferWords | None
    found: tuple[str, ...] = ()
    """What the gate found of it, in sentences."""
    approved_by: str = ""
    leaves_nothing: bool = False
    """Whether it was wholly of days after the end of service."""

    @property
    def difference_cents(self) -> int:
        """What the corrected bill charges less what the cancelled one did."""
        return self.corrected_cents - self.cancelled_cents


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = REBILL
    author: str = ""
    reason: str = ""
    approver: str = ""
    """Who else agrees; asked for above the ceiling alone."""
    seen: tuple[str, ...] = ()
    """Codes of the gate's findings that were ticked."""


def correction_context(system: System, stored: StoredBill) -> dict[str, Any]:
    """What a bill's page says of corrections: of its own, and of those since the bill before."""
    store = system.store
    every = store.corrections_of_account(stored.account_id)
    own = {one.corrected_bill: one for one in every if not one.leaves_nothing}
    of_cancelled = {one.cancelled_bill: one for one in every}
    before = max(
        (
            one.known_at
            for one in store.issued_bills_of_account(stored.account_id)
            if one.known_at < stored.known_at and one.corrects is None
        ),
        default=None,
    )
    since = [
        one
        for one in every
        if before is not None
        and stored.corrects is None
        and before < one.learned_at <= stored.known_at
    ]
    by = of_cancelled.get(stored.bill_id)
    made = own.get(stored.bill_id)
    return {
        "cancelled": _told(system, by) if by else None,
        "corrects": _told(system, made) if made else None,
        "corrected_since": [_told(system, one) for one in since],
    }


def _told(system: System, one: Correction) -> Told:
    kept = json.loads(one.decision)
    offer = kept["repayment"]
    made = system.store.bill(one.corrected_bill)
    return Told(
        cancelled=one.cancelled_bill,
        corrected=one.corrected_bill,
        cancelled_cents=system.store.bill(one.cancelled_bill).total_cents,
        corrected_cents=0 if one.leaves_nothing else made.total_cents,
        leaves_nothing=one.leaves_nothing,
        author=one.author,
        reason=one.reason,
        corrected_on=made.issued_day,
        causes=tuple(CauseRow(part["cause"], _cents(part["usd"])) for part in kept["causes"]),
        reasons=tuple(
            (each["finding"], Citation.from_json(each["citation"])) for each in kept["reasons"]
        ),
        offer=None
        if offer is None
        else OfferWords(
            _cents(offer["amount_usd"]),
            offer["months_offered"],
            _cents(offer["instalment_usd"]),
            _cents(offer["last_instalment_usd"]),
        ),
        found=tuple(each["sentence"] for each in kept.get("gate", {}).get("found", ())),
        approved_by=one.approved_by,
    )


def _cents(text: str) -> int:
    return cents_from_text(text, where="the record of a correction")


@personal("look at the queue of corrections", subjects=lambda: ["all accounts"])
def queue_page(request: HttpRequest, system: System) -> HttpResponse:
    """Issued bills that would be other ones now: by how much, by which causes."""
    accounts = system.store.account_ids()
    too_many = len(accounts) > MOST_ACCOUNTS
    looked_at, found = (
        (0, [])
        if too_many
        else bills_to_correct(store=system.store, now=_now(system), accounts=accounts)
    )
    found = sorted(found, key=lambda one: (one.stored.days.from_day, one.stored.bill_id))
    done = [one for each in accounts for one in system.store.corrections_of_account(each)]
    done.sort(key=lambda one: one.learned_at, reverse=True)
    context = {
        "too_many": too_many,
        "looked_at": looked_at,
        "found": found[:MOST_ROWS],
        "more": max(0, len(found) - MOST_ROWS),
        "count": len(found),
        "night": sum(one.trues_up for one in found),
        "done": done[:MOST_ROWS],
    }
    return render(request, "web/corrections.html", context)


@acting(
    "correct a bill",
    subjects=lambda bill_id: [bill_id],
    accounts=lambda request, system, bill_id: [system.store.bill(bill_id).account_id],
)
def correction_page(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """One bill of the queue: what would take its place, and the form of the decision."""
    stored = system.store.bill(bill_id)
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            return redirect("bill", bill_id=_decide(system, bill_id, typed), permanent=False)
        except Refusal as caught:
            refusal = caught
    trial, why = _trial(system, bill_id)
    context = {
        "stored": stored,
        "made": trial.corrected[0] if trial and trial.corrected else None,
        "left": trial.left[0] if trial and trial.left else None,
        "decision": trial.decision if trial else None,
        "known": trial.known[0][1] if trial and trial.known else None,
        "why": why,
        "replaced": _replaced(system, stored) if trial and (trial.corrected or trial.left) else [],
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "web/correction.html", context, status=status_after(refusal))


def _replaced(system: System, stored: StoredBill) -> list[ReplacedUsage]:
    """What of its usage is another one now, with the days, to look at before deciding."""
    _, found = usage_replaced(
        store=system.store,
        lake=system.lake,
        view=system.view,
        accounts=[stored.account_id],
        issued=DaySpan(stored.issued_day, stored.issued_day + timedelta(days=1)),
        known_at=system.now,
    )
    return [one for one in found if one.bill_id == stored.bill_id]


def _trial(system: System, bill_id: str) -> tuple[RebillRun | None, Refusal | None]:
    """What correcting it would do; records nothing."""
    try:
        return _rebill(system, bill_id, "nobody yet", "a look", dry_run=True), None
    except Refusal as refusal:
        return None, refusal.of_one_case()


def _rebill(
    system: System,
    bill_id: str,
    author: str,
    reason: str,
    *,
    approved_by: str = "",
    seen: tuple[str, ...] = (),
    dry_run: bool = False,
) -> RebillRun:
    return rebill(
        [bill_id],
        author=author,
        reason=reason,
        on=system.today,
        known_at=system.now,
        store=system.store,
        lake=system.lake,
        book=system.book,
        approved_by=approved_by,
        seen=seen,
        dry_run=dry_run,
    )


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    seen = tuple(str(one)[:100] for one in request.POST.getlist("seen")[:100])
    return Typed(word("act"), word("author"), word("reason"), word("approver"), seen)


def _decide(system: System, bill_id: str, typed: Typed) -> str:
    """Make the decision of a form; the bill to look at afterwards.

    :raises RebillRefused: if no decision was chosen
    """
    if typed.act == REBILL:
        refuse_wrong_clock(system)
        run = _rebill(
            system,
            bill_id,
            typed.author,
            typed.reason,
            approved_by=typed.approver,
            seen=typed.seen,
        )
        return run.corrected[0].bill.bill_id if run.corrected else bill_id
    if typed.act == LEAVE:
        leave_bill(
            bill_id,
            author=typed.author,
            reason=typed.reason,
            store=system.store,
            now=_now(system),
        )
        return bill_id
    raise RebillRefused("No decision was chosen", do="Choose one of the ways out")


def _now(system: System) -> Now:
    return now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
