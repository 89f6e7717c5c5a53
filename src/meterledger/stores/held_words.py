"""What both stores promise about held cases: which steps follow from what a run has seen.

Lives here      opening, seeing again and replacing, decided once for both; the refusals.
Lives elsewhere keeping rows (``memory/held``, ``postgres/repository/held``). PostgreSQL's triggers
                are what cannot be raced; what is found here first is found in better words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from meterledger.facts.bills import HeldBill
from meterledger.facts.held import (
    LET_GO,
    HeldAct,
    HeldCase,
    HeldStep,
    RunRecord,
    SeenHold,
)
from meterledger.kernel.people import same_person
from meterledger.kernel.span import DaySpan
from meterledger.stores.together_words import AS_ARRANGED, not_as_arranged
from meterledger.usecases.kept_back import KeptBack, KeptBackExcluded
from meterledger.usecases.ports import Conflict, NotFound

TWO_PEOPLE = "two_people_above_the_ceiling"
"""The constraint by which the database refuses a bill above the ceiling."""
EXCLUDED = "what_is_excluded_does_not_leave"
"""The constraint by which the database refuses a bill of a window that a person has excluded."""
LEFT = "what_is_left_is_not_charged"
"""The constraint by which the database refuses to charge what two people left uncharged."""
LEFT_BY_TWO = "two_people_leave_a_period"
"""The constraint by which the database refuses a bill at zero that one person alone left so."""
IN_ORDER = "held_steps_in_order"
"""The constraint by which of two that step at once one comes second, and looks again."""
TRIES = 5
"""How often a step is tried again that another run or person came before."""
PAST_DAYS = 120
"""How far before a window bills are looked for: a bound of the question, farther than any bill that
the book takes for the one before (``gate_previous_within_days``)."""


@dataclass(slots=True)
class HeldWork:
    """What is to be added: new cases, and steps to cases by their id; ``newly`` are the bills of
    which this says something that was not said: another run may have found the same before."""

    opened: list[HeldCase] = field(default_factory=list)
    newly: list[HeldBill] = field(default_factory=list)
    steps: list[tuple[HeldCase, HeldStep]] = field(default_factory=list)
    case_ids: dict[str, str] = field(default_factory=dict)


def held_work(
    known: Iterable[HeldCase], seen: Sequence[SeenHold], on: date, learned_at: datetime
) -> HeldWork:
    """What a run's holds add to the cases that are known of their agreements."""
    by_agreement: dict[str, list[HeldCase]] = {}
    for case in known:
        by_agreement.setdefault(case.agreement_id, []).append(case)
    work = HeldWork()
    for one in seen:
        held = one.held
        cases = by_agreement.setdefault(held.agreement_id, [])
        same = [case for case in cases if case.days == held.days]
        open_one = next((case for case in same if case.is_open), None)
        if open_one is not None:
            work.case_ids[held.agreement_id] = open_one.case_id
            step = _step(one, HeldAct.SEEN, on, learned_at)
            if not _says_the_same(open_one.seen, step):
                work.steps.append((open_one, step))
                work.newly.append(held)
            continue
        for case in cases:
            if case.is_open and _takes_place(held.days, case.days):
                replaced = HeldStep(HeldAct.REPLACED, on, learned_at)
                work.steps.append((case, replaced))
        opened = HeldCase(
            held.account_id,
            held.agreement_id,
            held.days,
            len(same) + 1,
            (_step(one, HeldAct.OPENED, on, learned_at),),
        )
        cases.append(opened)
        work.opened.append(opened)
        work.newly.append(held)
        work.case_ids[held.agreement_id] = opened.case_id
    return work


def not_billed(seen: Sequence[SeenHold], billed: Iterable[tuple[str, DaySpan]]) -> list[SeenHold]:
    """Those of which no day is on a live bill of their agreement (``billed``).

    A run takes its time: a bill that it found held may have left by another way meanwhile, and a
    case of it would wait for ever.
    """
    by_agreement: dict[str, list[DaySpan]] = {}
    for agreement_id, days in billed:
        by_agreement.setdefault(agreement_id, []).append(days)
    return [
        one
        for one in seen
        if one.held.days is None
        or not any(
            one.held.days.overlap(days) for days in by_agreement.get(one.held.agreement_id, ())
        )
    ]


def _step(one: SeenHold, act: HeldAct, on: date, learned_at: datetime) -> HeldStep:
    return HeldStep(
        act=act,
        on=on,
        learned_at=learned_at,
        code=one.held.code,
        sentence=one.held.sentence,
        findings=one.findings,
        total_cents=one.total_cents,
        energy_wh=one.energy_wh,
        ceiling_cents=one.ceiling_cents,
    )


def _says_the_same(before: HeldStep, now: HeldStep) -> bool:
    return (before.on, before.code, before.sentence, before.total_cents) == (
        *(now.on, now.code, now.sentence, now.total_cents),
    )


def _takes_place(new: DaySpan | None, old: DaySpan | None) -> bool:
    return new is not None and (old is None or old.overlap(new) is not None)


def refuse_step(case: HeldCase, step: HeldStep) -> None:
    """Refuse what cannot follow. :raises Conflict:"""
    where = f"case {case.case_id}"
    if not case.is_open:
        raise Conflict(
            f"The case has ended: it is {case.state.value}",
            where=where,
            why="What has ended is decided no more, and nothing was changed",
            do=f"Look at it with `meterledger held show {case.case_id}`",
        )
    decided = case.decided
    excluded = decided is not None and decided.act is HeldAct.EXCLUDED
    if decided is not None and excluded and step.act is HeldAct.EXCLUDED:
        raise Conflict(
            f"{decided.by} has excluded this bill already: {decided.reason}",
            where=where,
            why="A bill is excluded once, by one name, and nothing was changed",
            do="Nothing is to be done: no run bills it",
        )
    if decided is not None and excluded and step.act in (*LET_GO, HeldAct.APPROVED):
        raise Conflict(
            f"{decided.by} has excluded this bill: {decided.reason}",
            where=where,
            why="What one person keeps back another does not let go without taking that back",
            do=f"Reopen it first with `meterledger held reopen {case.case_id}`",
        )
    if step.act is not HeldAct.APPROVED:
        return
    release = case.released
    if release is None or decided is None or decided.act not in LET_GO:
        raise Conflict(
            "Nobody has released this bill as it is now",
            where=where,
            why="An approval is of a release: one person lets the bill go, another agrees",
            do=f"Release it first with `meterledger held release {case.case_id}`",
        )
    if same_person(release.by, step.by):
        raise Conflict(
            f"{release.by} has released this bill and cannot approve it as well"
            if release.act is HeldAct.RELEASED
            else f"{release.by} would leave this period uncharged and cannot approve it as well",
            where=where,
            why="A bill above the ceiling leaves only with two different people"
            if release.act is HeldAct.RELEASED
            else "What is forgiven takes two different people",
            do="Ask another person to approve it",
        )


def no_case(case_id: str) -> NotFound:
    """There is no held case of that name."""
    return NotFound(
        f"There is no held case {case_id[:60]}", do="List them with `meterledger held list`"
    )


def refuse_let_go(stopped: RunRecord | None, run_id: str) -> None:
    """Only a run that was stopped is let go. :raises NotFound:"""
    if stopped is None:
        raise NotFound(
            f"No run {run_id[:40]} was stopped",
            do="List the runs with `meterledger held runs`",
        )


def past_spans(days: DaySpan, shift_days: int) -> tuple[DaySpan, DaySpan]:
    """The days about a window, and about its first day a year before."""
    before = DaySpan(days.from_day - timedelta(days=PAST_DAYS), days.until_day)
    first = days.from_day
    leap = (first.month, first.day) == (2, 29)
    asked = first.replace(year=first.year - 1, day=28 if leap else first.day)
    shift = timedelta(days=shift_days)
    return before, DaySpan(asked - shift, asked + shift + timedelta(days=1))


def refuse_kept_back(case: HeldCase, bill_id: str, total_cents: int) -> None:
    """An excluded bill stays, and above the ceiling of its case it needs two. :raises KeptBack:"""
    if case.decided is not None and case.decided.act is HeldAct.EXCLUDED:
        raise is_excluded(bill_id)
    if case.left_on is not None and total_cents > 0:
        raise is_left(bill_id)
    if total_cents == 0 and _waits_for_another(case):
        raise not_left_by_two(bill_id)
    ceiling = case.seen.ceiling_cents
    if ceiling is None or total_cents <= ceiling:
        return
    approved = case.decided is not None and case.decided.act is HeldAct.APPROVED
    release = case.released
    if not approved or release is None or release.total_cents != total_cents:
        raise above_ceiling(bill_id)


def _waits_for_another(case: HeldCase) -> bool:
    """Whether the charged period would be left by one person, as it is now."""
    people = [one for one in case.steps if one.by]
    made = next((one for one in reversed(people) if one.act in LET_GO), None)
    if made is None or made.act is not HeldAct.WAIVED or not case.seen.total_cents:
        return False
    if case.seen.total_cents < 0 or people[-1].act not in (HeldAct.WAIVED, HeldAct.APPROVED):
        return False
    approved = people[-1].act is HeldAct.APPROVED
    return not approved or made.total_cents != case.seen.total_cents


def kept_back(constraint: str | None, bill_id: str) -> KeptBack | None:
    """What a constraint of the database says in words; None where it is another one."""
    if constraint == TWO_PEOPLE:
        return above_ceiling(bill_id)
    if constraint == LEFT:
        return is_left(bill_id)
    if constraint == LEFT_BY_TWO:
        return not_left_by_two(bill_id)
    if constraint == AS_ARRANGED:
        return not_as_arranged(bill_id)
    return is_excluded(bill_id) if constraint == EXCLUDED else None


def is_excluded(bill_id: str) -> KeptBack:
    """A bill (named where it is known) was about to leave whose window is excluded."""
    return KeptBackExcluded(
        f"{f'Bill {bill_id}' if bill_id else 'A bill'} is of days that a person has excluded",
        where="bills",
        why="What one person keeps back nobody else lets leave without taking that back",
        do="Look at its case with `meterledger held list`, and reopen it there",
    )


def is_left(bill_id: str) -> KeptBack:
    """A bill (named where it is known) was about to charge what two people left uncharged."""
    return KeptBack(
        f"{f'Bill {bill_id}' if bill_id else 'A bill'} charges a period that two people left "
        "uncharged",
        where="bills",
        why="What two people forgave no run asks for",
        do="Run it again: its bill comes out at zero; or reopen its held case first",
    )


def not_left_by_two(bill_id: str) -> KeptBack:
    """A bill (named where it is known) was about to ask nothing that one person alone left so."""
    return KeptBack(
        f"{f'Bill {bill_id}' if bill_id else 'A bill'} asks nothing for a period that two people "
        "have not left uncharged",
        where="bills",
        why="What is forgiven takes two different people, of the period as it is now",
        do="Have another person approve its held case, or reopen it there",
    )


def above_ceiling(bill_id: str) -> KeptBack:
    """A bill (named where it is known) was about to leave without two people."""
    return KeptBack(
        f"{f'Bill {bill_id}' if bill_id else 'A bill'} is above the ceiling and was not let go by "
        "two people",
        where="bills",
        why="One person releases such a bill and another approves it",
        do="Release and approve its held case first",
    )
