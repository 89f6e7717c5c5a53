"""Decide a held bill: release, approve, exclude, reopen, or run it again.

A held bill never becomes an estimate by itself, and none of these makes one: a released bill is
calculated again, on the same path, and leaves only if it is the very bill that was released. What
held it is kept with its case and named there beside the bill; its bytes say nothing of it.

Lives here      the ways out, and what each asks for.
Lives elsewhere what holds a bill (``gate_bills``, ``calculate_bills``), the run (``issue_bills``),
                corrections of usage (``review_usage``) and of places and meters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    PERIOD_LEFT,
    HoldKind,
    WayOut,
    hold_kind,
    may_leave_period,
)
from meterledger.facts.held import (
    LET_GO,
    GateFinding,
    HeldAct,
    HeldCase,
    HeldState,
    HeldStep,
    RunRecord,
    RunState,
)
from meterledger.facts.places import BillableService
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.gate_bills import RunIsStopped
from meterledger.usecases.held_ports import HeldLog
from meterledger.usecases.issue_bills import BillRun, BillStore, first_due, issue_bills
from meterledger.usecases.ports import Lake, NotFound


class CannotSettle(Refusal):
    """The case cannot be decided in this way."""


class SettleStore(HeldLog, BillStore, Protocol):
    """What deciding a held bill needs of the store."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, as known then."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where decisions are made: store, lake, book, the day of rendition and the instant (UTC)."""

    store: SettleStore
    lake: Lake
    book: TariffBook
    on: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """A case after a decision, and the run that followed it, where one did."""

    case: HeldCase
    run: BillRun | None = None


def kind_of_case(case: HeldCase) -> HoldKind:
    """Owner and ways out of a case, by what the newest run found."""
    return hold_kind(case.seen.code)


def ways_out(case: HeldCase) -> tuple[WayOut, ...]:
    """What a person may do with the case now."""
    if not case.is_open:
        return ()
    kind = kind_of_case(case)
    if case.state is HeldState.EXCLUDED:
        return (WayOut.RERUN,)
    return tuple(one for one in kind.ways if one is not WayOut.RELEASE or _releasable(case))


@looks_once_more  # another may let it go at once: it is told that it has left
def release_held(case_id: str, *, by: str, reason: str, desk: Desk) -> Settled:
    """Let a bill go that the gate holds. Above the ceiling it waits for another person's approval.

    :raises CannotSettle: if nothing was calculated that could go, or by or reason is missing
    :raises Conflict: if the case has ended
    """
    case = desk.store.held_case(case_id)
    if case.is_open and WayOut.RELEASE not in ways_out(case):
        kind = kind_of_case(case)
        raise CannotSettle(
            f"A bill that is held by {case.seen.code or 'this'} cannot be released",
            where=f"case {case_id}",
            why="There is no bill that could leave as it is",
            do=kind.correct,
        )
    if case.is_open and not case.needs_two:
        _due_window(case, desk)
    case = _add(case_id, HeldAct.RELEASED, by, reason, desk)
    if case.state is HeldState.AWAITS_APPROVAL:
        return Settled(case)
    return _run_again(case, desk)


@looks_once_more  # another may let it go at once: it is told that it has left
def approve_held(case_id: str, *, by: str, reason: str, desk: Desk) -> Settled:
    """Agree, as another person, that a bill above the ceiling leaves.

    :raises CannotSettle: if by or reason is missing, or the bill needs no approval
    :raises Conflict: if nobody released it, or the same person did
    """
    case = desk.store.held_case(case_id)
    if case.is_open and not case.needs_two and not case.is_waived:
        raise CannotSettle(
            "This bill is not above the ceiling and needs no approval",
            where=f"case {case_id}",
            do=f"Release it with `meterledger held release {case_id}`",
        )
    if case.is_open:
        _due_window(case, desk)
    return _run_again(_add(case_id, HeldAct.APPROVED, by, reason, desk), desk)


def exclude_held(case_id: str, *, by: str, reason: str, desk: Desk) -> Settled:
    """Keep a window from being billed until somebody reopens it; every run counts it apart.

    :raises CannotSettle: if by or reason is missing
    """
    return Settled(_add(case_id, HeldAct.EXCLUDED, by, reason, desk))


def waive_held(case_id: str, *, by: str, reason: str, desk: Desk) -> Settled:
    """Leave this one period uncharged, once another person approves it; later ones go on.

    Its bill is made then, at zero, with the reason of its lines: the days are billed, and nothing
    is asked for them. That stays so where the bill is corrected later.

    :raises CannotSettle: if by or reason is missing, nothing was calculated that could be left, or
        the book does not let people do it
    :raises Conflict: if the case has ended, or is excluded
    """
    case = desk.store.held_case(case_id)
    total = case.seen.total_cents
    if case.is_open and (total is None or total <= 0 or case.days is None):
        raise CannotSettle(
            "There is no bill of this period that could be brought to zero"
            if total is None
            else "Nothing is charged for this period",
            where=f"case {case_id}",
            why="A period is left uncharged by a bill of it, which says what was used",
            do=f"Run it again with `meterledger held rerun {case_id}`: two people left another "
            "amount, and it comes to what is charged now"
            if total == 0 and any(one.act is HeldAct.WAIVED for one in case.steps)
            else kind_of_case(case).correct,
        )
    if case.is_open and not may_leave_period(desk.book.as_known(desk.now.date()), desk.on):
        raise CannotSettle(
            "The book does not let people leave a period uncharged",
            where=f"case {case_id}",
            why=f"It has no value of {PERIOD_LEFT} on {desk.on}",
            do="Release the bill, or exclude it until somebody reopens it",
        )
    if case.is_open:
        _due_window(case, desk)
    return Settled(_add(case_id, HeldAct.WAIVED, by, reason, desk))


def reopen_held(case_id: str, *, by: str, reason: str, desk: Desk) -> Settled:
    """Take a release or an exclusion back: the next run looks at the window as at any other.

    :raises CannotSettle: if by or reason is missing, or nothing was decided
    """
    case = desk.store.held_case(case_id)
    if case.is_open and case.decided is None:
        raise CannotSettle(
            "Nobody has decided this case, so there is nothing to take back",
            where=f"case {case_id}",
            do=f"Look at it with `meterledger held show {case_id}`",
        )
    return Settled(_add(case_id, HeldAct.REOPENED, by, reason, desk))


@looks_once_more  # another may let it go at once: it is told that it has left
def rerun_held(case_id: str, *, desk: Desk) -> Settled:
    """Calculate the window again, now: after readings came, or after a correction.

    :raises CannotSettle: if the case has ended, is excluded, or its window is due no more
    """
    case = desk.store.held_case(case_id)
    if not case.is_open or case.state is HeldState.EXCLUDED:
        raise CannotSettle(
            f"The case is {case.state.value}",
            where=f"case {case_id}",
            do=f"Reopen it first with `meterledger held reopen {case_id}`"
            if case.is_open
            else f"Look at it with `meterledger held show {case_id}`",
        )
    return _run_again(case, desk)


def let_go_run(run_id: str, *, by: str, reason: str, store: HeldLog, now: datetime) -> RunRecord:
    """Let a run go that was stopped: with these measures its next run is stopped no more that day.

    :raises NotFound: if no run of that name was stopped
    :raises CannotSettle: if by or reason is missing, or it was let go already
    """
    who, why = _named(by, reason, f"run {run_id}")
    runs = [one for one in store.bill_runs(limit=10_000) if one.run_id == run_id]
    stopped = [one for one in runs if one.state is RunState.STOPPED]
    if not stopped:
        raise NotFound(
            f"No run {run_id[:40]} was stopped", do="List the runs with `meterledger held runs`"
        )
    made = RunRecord(
        run_id=run_id,
        state=RunState.LET_GO,
        scope=stopped[0].scope,
        on=stopped[0].on,
        learned_at=now,
        findings=stopped[0].findings,
        by=who,
        reason=why,
    )
    if not store.record_run(made):
        raise CannotSettle(
            f"Run {run_id} was let go already",
            where="held let-go",
            do="Run the bills again",
        )
    return made


def findings_of_bill(bill_id: str, store: HeldLog) -> list[tuple[HeldCase, GateFinding]]:
    """What had held a bill before it left: its journal, which its bytes do not hold."""
    return [
        (case, finding)
        for case in store.held_case_of_bill(bill_id)
        for finding in case.seen.findings
    ]


def _releasable(case: HeldCase) -> bool:
    if case.seen.total_cents is None:
        return False
    kinds = [hold_kind(one.code) for one in case.seen.findings]
    return all(WayOut.RELEASE in kind.ways for kind in kinds)


def _named(by: str, reason: str, where: str) -> tuple[str, str]:
    who, why = " ".join(by.split()), " ".join(reason.split())
    if not who or not why:
        raise CannotSettle(
            "Who decides, and why, is missing",
            where=where,
            why="Both are kept with the decision, for years",
            do="Give a name and a reason",
        )
    return who[:200], why[:2000]


def _add(case_id: str, act: HeldAct, by: str, reason: str, desk: Desk) -> HeldCase:
    who, why = _named(by, reason, f"case {case_id}")
    case = desk.store.held_case(case_id)
    seen = case.seen
    releases = act in (*LET_GO, HeldAct.APPROVED)
    step = HeldStep(
        act=act,
        on=desk.on,
        learned_at=desk.now,
        by=who,
        reason=why,
        findings=seen.findings if releases else (),
        total_cents=seen.total_cents if releases else None,
        energy_wh=seen.energy_wh if releases else None,
    )
    if case.says_already(step):
        return case  # the answer was lost
    return desk.store.settle_held(case_id, step)


def _due_window(case: HeldCase, desk: Desk) -> DaySpan:
    """The window to run again; refuses, before a decision is kept, what its run would refuse.

    :raises RunIsStopped: if a run was stopped and nobody has let it go
    :raises CannotSettle: if the window is not known, or not what is due
    """
    stop = desk.store.standing_stop()
    if stop is not None:
        raise RunIsStopped.by(stop)
    if case.days is None:
        raise CannotSettle(
            "The window of this case is not known",
            where=f"case {case.case_id}",
            do="Correct what the sentence names, and run the cycle again",
        )
    service = desk.store.service_of_agreement(case.agreement_id, desk.now)
    due, held = first_due([service], desk.on, desk.book.as_known(desk.now.date()))
    if not held and [one.window.days for one in due] != [case.days]:
        raise _not_due(case)
    return case.days


def _not_due(case: HeldCase) -> CannotSettle:
    return CannotSettle(
        f"The window {case.days} is not what is due of agreement {case.agreement_id}",
        where=f"case {case.case_id}",
        why="Service was started, stopped or billed otherwise since",
        do="Run the bills of the account again",
    )


def _run_again(case: HeldCase, desk: Desk) -> Settled:
    window = _due_window(case, desk)
    service = desk.store.service_of_agreement(case.agreement_id, desk.now)
    run = issue_bills(
        services=[service],
        on=desk.on,
        known_at=desk.now,
        store=desk.store,
        lake=desk.lake,
        book=desk.book,
        scope=f"case {case.case_id}",
        only={case.agreement_id: window},
    )
    after = desk.store.held_case(case.case_id)
    if run.due == 0 and after.is_open:
        raise _not_due(case)
    ensure(run.due <= 1, "one window was run again, or another let it go meanwhile")
    return Settled(after, run)
