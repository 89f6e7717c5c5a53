"""Shadow billing: every live bill beside the one that would be made now, each cent explained.

A whole population is priced in columns; a bill whose lines all come out as issued is the same, and
nothing more is asked of it. What is not the same goes through the one calculation, with one thing
changed after the other: this program, its revision, the meter, the tax place, the service, the
readings, the book. What a step makes of the total is its cause's. Nothing is written.

Lives here      the run, the steps, the sums that must tie.
Lives elsewhere columns (``column_prices``), the calculation (``calculate_bills``), correcting what
                turns out wrong (``rebill``), pages (``entrypoints``).
Read first      docs/operating/shadow.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol, cast

import numpy as np

from meterledger import rating
from meterledger.facts.issued import IssuedBill
from meterledger.facts.places import BillableService
from meterledger.facts.shadow import ShadowBill, ShadowCause, ShadowRun
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.beyond_columns import beyond_columns
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.calculate_bills import DueBill, due_bill, window_of
from meterledger.usecases.column_prices import (
    Amounts,
    ColumnGroup,
    Lines,
    PopulationLake,
    calculated,
    column_members,
    column_sums,
    due_now,
    price_columns,
    sampled,
)
from meterledger.usecases.issued_ports import IssuedBills
from meterledger.usecases.joined_services import measured_as
from meterledger.usecases.rebill_states import ChosenAt
from meterledger.usecases.replay_bill import Recalled, ReplayStore, recall_bill, replay_bill
from meterledger.usecases.shadow_held import HeldAsked, shadow_of_held

BILLS_AT_ONCE = 250_000
"""So many bills share one reading of the lake: a gigabyte, and few readings for a utility."""

Progress = Callable[[int], None]


class ShadowStore(ReplayStore, IssuedBills, HeldAsked, Protocol):
    """What is asked of the store."""

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the cycle's accounts, joined."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """What the shadow stands on. ``view`` is the book that prices it, as known at ``known_at``.

    ``book`` is the book in use: issued bills are recalled from it.
    """

    store: ShadowStore
    lake: PopulationLake
    book: TariffBook
    view: BookView
    known_at: datetime
    at_sequence: int


def shadow_bills(
    cycles: Iterable[int],
    *,
    since: date,
    until: date,
    shadow: Shadow,
    progress: Progress | None = None,
) -> ShadowRun:
    """Set every live bill of the cycles beside its shadow.

    Bills rendered on days from ``since`` until ``until`` (out). ``progress`` is told of cycles of
    which every bill is compared.

    :raises FileMissing: if a published file of the lake is not there
    :raises InvariantBroken: if the totals do not tie
    """
    run = ShadowRun(since, until)
    cycles = list(cycles)
    bills: list[IssuedBill] = []
    services: dict[str, BillableService] = {}
    calculator = Calculator(shadow.view)
    told, looked_at = progress or (lambda _: None), 0
    for cycle in cycles:
        found = shadow.store.issued_bills(cycle, since, until)
        if found:
            every = shadow.store.services_of_cycle(cycle, shadow.known_at)
            services |= {one.agreement.agreement_id: one for one in every}
            bills += found
        looked_at += 1
        if len(bills) >= BILLS_AT_ONCE:
            _compare(run, bills, services, calculator, shadow)
            bills, services = [], {}
            told(looked_at)
            looked_at = 0
    _compare(run, bills, services, calculator, shadow)
    told(looked_at)
    run.held = shadow_of_held(
        cycles,
        until=until,
        store=shadow.store,
        lake=shadow.lake,
        view=shadow.view,
        known_at=shadow.known_at,
        at_sequence=shadow.at_sequence,
    )
    ensure(run.ties, "stored total and causes are the shadow's total")
    return run


def _compare(
    run: ShadowRun,
    bills: Sequence[IssuedBill],
    services: Mapping[str, BillableService],
    calculator: Calculator,
    shadow: Shadow,
) -> None:
    if not bills:
        return
    due = [due_now(one, services.get(one.agreement_id), shadow.view) for one in bills]
    members = column_members(
        bills, due, calculator=calculator, kept=shadow.store, known_at=shadow.known_at
    )
    groups = column_sums(members, lake=shadow.lake, at_sequence=shadow.at_sequence)
    amounts = price_columns(bills, due, groups, calculator)
    beyond = beyond_columns(
        bills,
        due,
        [amounts.total],
        views=[shadow.view],
        known_at=shadow.known_at,
        kept=shadow.store,
    )
    amounts.told[beyond] = False
    amounts.same[beyond] = False
    run.sampled += _hold_against_sample(bills, due, groups, amounts, shadow)
    run.bills += len(bills)
    run.issued_cents += sum(one.total_cents for one in bills)
    run.in_columns += int(amounts.same.sum())
    same = sum(one.total_cents for one, is_same in zip(bills, amounts.same, strict=True) if is_same)
    _count_same(run, int(amounts.same.sum()), same)
    rest = np.flatnonzero(~amounts.same).tolist()
    _look_closer(run, [(bills[row], due[row]) for row in rest], services, shadow)


def _count_same(run: ShadowRun, count: int, cents: int) -> None:
    run.same += count
    run.compared_cents += cents
    run.shadow_cents += cents


def _hold_against_sample(
    bills: Sequence[IssuedBill],
    due: Sequence[DueBill | Refusal | None],
    groups: Sequence[ColumnGroup],
    amounts: Amounts,
    shadow: Shadow,
) -> int:
    """Calculate a few bills of each group the whole way; a group that errs is told by nobody."""
    rows = sampled(groups, amounts)
    wanted = [(bills[row], one) for row in rows if isinstance(one := due[row], DueBill)]
    whole = _now(wanted, shadow)
    wrong = set()
    for row in rows:
        lines = whole.get(bills[row].bill_id, "")
        total = None if isinstance(lines, str) else sum(cents for _, _, cents in lines)
        if total != amounts.total[row] or (lines == bills[row].lines()) != amounts.same[row]:
            wrong.add(row)
    for group in groups:
        if not wrong.isdisjoint(group.rows.tolist()):
            amounts.told[group.rows] = False
            amounts.same[group.rows] = False
    return len(wanted)


def _now(wanted: Sequence[tuple[IssuedBill, DueBill]], shadow: Shadow) -> dict[str, Lines | str]:
    return calculated(
        wanted,
        view=shadow.view,
        known_at=shadow.known_at,
        at_sequence=shadow.at_sequence,
        lake=shadow.lake,
        kept=shadow.store,
    )


def _look_closer(
    run: ShadowRun,
    rest: Sequence[tuple[IssuedBill, DueBill | Refusal | None]],
    services: Mapping[str, BillableService],
    shadow: Shadow,
) -> None:
    """The whole way for what columns did not find the same: the bill of now, then its causes."""
    wanted = [(bill, one) for bill, one in rest if isinstance(one, DueBill)]
    now = _now(wanted, shadow)
    for bill, one in rest:
        if isinstance(one, Refusal):
            now[bill.bill_id] = one.sentence
        elif one is None:
            now[bill.bill_id] = f"Agreement {bill.agreement_id} is no longer known"
    differing = []
    for bill, _ in rest:
        if now[bill.bill_id] == bill.lines():
            _count_same(run, 1, bill.total_cents)
        else:
            differing.append((bill, services.get(bill.agreement_id)))
    for found in explain(differing, now, shadow):
        if found.shadow_cents is None:
            run.not_made.append(found)
            continue
        run.different.append(found)
        run.compared_cents += found.issued_cents
        run.shadow_cents += found.shadow_cents


@dataclass(frozen=True, slots=True)
class _State:
    """What a bill is calculated from at one step; ``due`` is a sentence where it cannot be.

    ``chosen_at`` is as known when the account's choices and programmes are asked.
    """

    cause: ShadowCause
    due: DueBill | str
    known_at: datetime
    chosen_at: datetime
    at_sequence: int
    view: BookView
    revision: str


def explain(
    differing: Sequence[tuple[IssuedBill, BillableService | None]],
    now: dict[str, Lines | str],
    shadow: Shadow,
) -> list[ShadowBill]:
    """Causes of bills that are not the same now; ``now`` has their lines or why there are none."""
    ways: dict[str, list[_State]] = {}
    refused: dict[str, str] = {}
    for bill, service in differing:
        try:
            ways[bill.bill_id] = _steps(bill, service, shadow)
        except Refusal as refusal:
            ways[bill.bill_id], refused[bill.bill_id] = [], refusal.of_one_case().sentence
    reached = _calculate_steps({bill.bill_id: bill for bill, _ in differing}, ways, shadow)
    for bill, _ in differing:
        reached[bill.bill_id] = _as_read_then(bill, reached[bill.bill_id], shadow)
    return [
        _explained(bill, reached[bill.bill_id], now[bill.bill_id], refused.get(bill.bill_id))
        for bill, _ in differing
    ]


def _as_read_then(
    bill: IssuedBill, reached: list[tuple[ShadowCause, Lines | str]], shadow: Shadow
) -> list[tuple[ShadowCause, Lines | str]]:
    """The steps, of which the first is the calculation's where a replay knows how it was read then.

    A rule that was read otherwise before has no revision of its own: the bill's bytes tell.
    """
    if not reached or reached[0][0] is not ShadowCause.UNEXPLAINED:
        return reached
    (_, lines), *rest = reached
    if isinstance(lines, str) or lines == bill.lines():
        return reached
    again = replay_bill(
        bill_id=bill.bill_id, store=shadow.store, lake=shadow.lake, book=shadow.book
    )
    made = tuple((line.code, line.days.from_day, line.cents) for line in again.bill.lines)
    as_issued = again.same_bytes and made == bill.lines()
    return [(ShadowCause.CALCULATION, lines), *rest] if as_issued else reached


def _steps(bill: IssuedBill, service: BillableService | None, shadow: Shadow) -> list[_State]:
    """The states from the one in which the bill was made up to the one before today's.

    :raises Refusal: if what the bill was made from cannot be recalled
    """
    then = recall_bill(bill_id=bill.bill_id, store=shadow.store, book=shadow.book)
    first = ShadowCause.LIMIT if then.stored.corrects else ShadowCause.UNEXPLAINED
    newest = rating.REVISION_TOGETHER if then.due.joined else rating.CALCULATION_REVISION
    at, sequence = then.known_at, then.sequence
    how: dict[str, Any]
    states = [_State(first, then.due, at, at, sequence, then.view, then.revision)]
    if then.revision != newest:
        window = window_of(then.due.service, bill.days, then.view, newest)
        how = {"due": replace(then.due, window=window), "revision": newest}
        states.append(replace(states[-1], cause=ShadowCause.CALCULATION, **how))
    if service is None:
        return states
    for cause, changed in _services(then, service):
        due: DueBill | str
        try:
            due = due_bill(changed, window_of(changed, bill.days, then.view), then.view)
        except Refusal as refusal:
            due = refusal.sentence
        chosen_at = shadow.known_at if cause is ShadowCause.OPTION else then.known_at
        how = {"known_at": shadow.known_at, "chosen_at": chosen_at}
        states.append(replace(states[-1], cause=cause, due=due, **how))
    if then.sequence != shadow.at_sequence:
        states.append(
            replace(states[-1], cause=ShadowCause.READING, at_sequence=shadow.at_sequence)
        )
    if then.view.sha256 != shadow.view.sha256:
        states.append(replace(states[-1], cause=ShadowCause.BOOK, view=shadow.view))
    return states


def _services(
    then: Recalled, service: BillableService
) -> list[tuple[ShadowCause, BillableService]]:
    was = then.due.service
    metered = measured_as(was, service)
    moved = replace(metered, tax_places=service.tax_places, premise=service.premise)
    steps = [(ShadowCause.METER, metered)]
    steps += [(ShadowCause.TAX, moved)] if moved != metered else []
    return [*steps, (ShadowCause.OPTION, service)]  # what the account chose, too, is known now


def _calculate_steps(
    bills: dict[str, IssuedBill], ways: dict[str, list[_State]], shadow: Shadow
) -> dict[str, list[tuple[ShadowCause, Lines | str]]]:
    """Every state of every bill, calculated; bills that share what they stand on go together."""
    reached: dict[str, list[tuple[ShadowCause, Lines | str]]] = {one: [] for one in ways}
    for step in range(max(map(len, ways.values()), default=0)):
        together: dict[
            tuple[datetime, datetime, int, str, str], list[tuple[str, DueBill, _State]]
        ] = {}
        for name, states in ways.items():
            if step >= len(states):
                continue
            one = states[step]
            if isinstance(one.due, str):
                reached[name].append((one.cause, one.due))
                continue
            key = (one.known_at, one.chosen_at, one.at_sequence, one.view.sha256, one.revision)
            together.setdefault(key, []).append((name, one.due, one))
        for (known_at, chosen_at, sequence, _, revision), some in together.items():
            kept = shadow.store
            if chosen_at != known_at:
                kept = cast(ShadowStore, ChosenAt(kept, chosen_at))
            found = calculated(
                [(bills[name], due) for name, due, _ in some],
                view=some[0][2].view,
                known_at=known_at,
                at_sequence=sequence,
                lake=shadow.lake,
                kept=kept,
                revision=revision,
            )
            for name, _, state in some:
                reached[name].append((state.cause, found[name]))
    return reached


def _explained(
    bill: IssuedBill,
    reached: Sequence[tuple[ShadowCause, Lines | str]],
    now: Lines | str,
    refused: str | None,
) -> ShadowBill:
    """The difference by cause: each step's own; what no step reaches is not explained."""
    parts: dict[ShadowCause, int] = {}
    why = refused or ""
    before: Lines = bill.lines()
    first = reached[0][1] if reached else ""
    if refused is not None or isinstance(first, str):
        # Nothing says that this program gives what was issued, so no later step may be blamed.
        reached = [(ShadowCause.UNEXPLAINED, now)]
        why = why or str(first)
    elif not isinstance(now, str) and reached[-1][1] != now:
        reached = [*reached, (ShadowCause.UNEXPLAINED, now)]
    stopped = None
    for cause, lines in reached:
        if isinstance(lines, str):
            stopped = stopped or cause
            continue
        if lines != before:
            parts[cause] = parts.get(cause, 0) + _total(lines) - _total(before)
            before = lines
    if isinstance(now, str):
        parts = {stopped or ShadowCause.UNEXPLAINED: 0}
        why = why or now
    return ShadowBill(
        bill_id=bill.bill_id,
        account_id=bill.account_id,
        agreement_id=bill.agreement_id,
        schedule=bill.schedule,
        days=bill.days,
        issued_cents=bill.total_cents,
        shadow_cents=None if isinstance(now, str) else _total(now),
        parts=parts,
        why=why,
    )


def _total(lines: Lines) -> int:
    return sum(cents for _, _, cents in lines)
