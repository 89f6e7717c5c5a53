"""Impact of a changed book: what the bills of some months would have been, account by account.

A change of prices is priced from kept determinants; where windows of time, seasons or the days of a
cut are others, the intervals are summed again. Bills that columns cannot say, or that they do not
reproduce as issued, go through the one calculation by both books. Nothing is written but
determinants, which are a copy of what the lake says.

Lives here      both prices of every bill, and the sum of them by account.
Lives elsewhere the columns (``column_prices``), kept sums (``stored_determinants``), the changed
                book (``proposals``), tables of groups (``impact_tables``), who is in an income
                programme (``income_programs``).
Read first      docs/operating/impact.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from meterledger import rating
from meterledger.facts.impact import Impact, NotPriced
from meterledger.facts.issued import IssuedBill
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.beyond_columns import beyond_columns
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.calculate_bills import DueBill
from meterledger.usecases.column_prices import (
    SAMPLE_ROWS,
    ColumnGroup,
    Lines,
    Members,
    PopulationLake,
    TaxColumns,
    Taxed,
    calculated,
    column_members,
    column_sums,
    due_now,
    lines_without_use,
    taxed_alike,
)
from meterledger.usecases.population_groups import MeterGroup
from meterledger.usecases.shadow import ShadowStore
from meterledger.usecases.stored_determinants import KeptSums, kept_sums, refitted, shape_of

Due = DueBill | Refusal | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What an impact stands on: both books, and the population as known at a moment."""

    store: ShadowStore
    lake: PopulationLake
    kept: KeptSums
    before: BookView
    after: BookView
    known_at: datetime
    at_sequence: int


@dataclass(slots=True)
class _Account:
    schedule: str
    place: str
    newest: date
    first: int
    until: int
    bills: int = 0
    energy_wh: int = 0
    issued: int = 0
    before: int = 0
    after: int = 0


@dataclass(slots=True)
class _Work:
    """What has been found so far, of all cycles."""

    old: Calculator
    new: Calculator
    accounts: dict[str, _Account] = field(default_factory=dict)
    not_priced: list[NotPriced] = field(default_factory=list)
    not_reproduced: int = 0
    first_change: date | None = None
    sums_kept: int = 0
    sums_made: int = 0
    from_intervals: int = 0
    one_by_one: int = 0


def impact_of_change(
    cycles: Iterable[int],
    *,
    since: date,
    until: date,
    basis: Basis,
    progress: Callable[[int], None] | None = None,
) -> Impact:
    """Price every live bill rendered from ``since`` until ``until`` (out) by both books.

    A corrected bill stands for the one that was rendered first: no period comes twice, or is away.

    ``progress`` is told of each cycle.

    :raises InvariantBroken: if totals do not tie, or a bill before any change is changed
    """
    work = _Work(Calculator(basis.before), Calculator(basis.after))
    for cycle in cycles:
        bills = basis.store.issued_bills(cycle, since, until, first_billed=True)
        if bills:
            _price_cycle(work, cycle, bills, basis)
        if progress is not None:
            progress(1)
    names = sorted(work.accounts)
    every = [work.accounts[name] for name in names]

    def column(key: str) -> Int64Array:
        return np.array([getattr(one, key) for one in every], dtype=np.int64)

    found = Impact(
        since=since,
        until=until,
        accounts=tuple(names),
        schedules=tuple(one.schedule for one in every),
        places=tuple(one.place for one in every),
        bills=column("bills"),
        energy_wh=column("energy_wh"),
        issued_cents=column("issued"),
        before_cents=column("before"),
        after_cents=column("after"),
        not_reproduced=work.not_reproduced,
        first_change=work.first_change,
        sums_kept=work.sums_kept,
        sums_made=work.sums_made,
        from_intervals=work.from_intervals,
        one_by_one=work.one_by_one,
        first_days=column("first"),
        until_days=column("until"),
        not_priced=tuple(work.not_priced),
    )
    ensure(found.ties, "billed revenue and the changes are the revenue after")
    return found


def _price_cycle(work: _Work, cycle: int, bills: list[IssuedBill], basis: Basis) -> None:
    services = {
        one.agreement.agreement_id: one
        for one in basis.store.services_of_cycle(cycle, basis.known_at)
    }
    work.old, work.new = work.old.of_cycle(cycle), work.new.of_cycle(cycle)
    due = [due_now(one, services.get(one.agreement_id), basis.before) for one in bills]
    members = column_members(
        bills, due, calculator=work.old, kept=basis.store, known_at=basis.known_at
    )
    count = len(bills)
    told = np.zeros(count, dtype=bool)
    before, after = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    old_taxes, new_taxes = TaxColumns(work.old), TaxColumns(work.new)
    groups, run = kept_sums(
        members,
        cycle=cycle,
        kept=basis.kept,
        lake=basis.lake,
        at_sequence=basis.at_sequence,
        ready=lambda group: _add_totals(group, due, old_taxes, before, told),
    )
    work.sums_kept += run.kept
    work.sums_made += run.made
    changed = _changed_groups(work, groups, members, due, basis)
    after[:] = before
    for group in changed:
        again = np.zeros(count, dtype=bool)
        _add_totals(group, due, new_taxes, after, again)
        told[group.rows] &= again[group.rows]
    for group in _wrong_in_sample(changed, bills, due, told, after, basis):
        told[group.rows] = False
    beyond = beyond_columns(
        bills,
        due,
        [before, after],
        views=[basis.before, basis.after],
        known_at=basis.known_at,
        kept=basis.store,
    )
    told[beyond] = False
    issued = np.array([one.total_cents for one in bills], dtype=np.int64)
    slow = ~told | (before != issued)
    _one_by_one(work, bills, due, slow, before, after, basis)
    _add_to_accounts(work, bills, due, before, after, slow)


def _add_totals(
    group: ColumnGroup,
    due: Sequence[Due],
    taxes: TaxColumns,
    totals: Int64Array,
    told: BoolArray,
) -> None:
    """Write the totals of a group's bills, tax included; of those that columns can say."""
    try:
        base = rating.charge_totals(group.plan, group.determinants)
        always = lines_without_use(group.plan)
    except Refusal:
        return
    if not always:
        return
    alike: dict[Taxed, list[int]] = {}
    for at, taxed in taxed_alike(group, due):
        alike.setdefault(taxed, []).append(at)
    for taxed, some in alike.items():
        mine = np.array(some, dtype=np.int64)
        try:
            cents = taxes.totals(group.window, taxed, base[mine], always[0])
        except Refusal:
            continue
        totals[group.rows[mine]] = base[mine] + cents
        told[group.rows[mine]] = True


def _changed_groups(
    work: _Work,
    groups: Sequence[ColumnGroup],
    members: Sequence[Members],
    due: Sequence[Due],
    basis: Basis,
) -> list[ColumnGroup]:
    """The groups that the changed book prices otherwise, with its plan and the sums for it."""
    found: list[ColumnGroup] = []
    summed_again: list[Members] = []
    for group, one in zip(groups, members, strict=True):
        try:
            plan = work.new.plan(group.schedule, group.window)
        except Refusal:  # no bill by the changed book: the whole way says why
            found.append(replace(group, complete=np.zeros(len(group.rows), dtype=bool)))
            continue
        if not _differ(work, group, plan, due):
            continue
        first = _first_difference(group, plan)
        work.first_change = min(work.first_change or first, first)
        sums = refitted(group.determinants, shape_of(group.plan), plan)
        if sums is None:
            again = MeterGroup(plan, one.group.numbers, one.group.multipliers)
            summed_again.append(replace(one, group=again))
        else:
            found.append(replace(group, plan=plan, determinants=sums))
    work.from_intervals += sum(len(one.rows) for one in summed_again)
    return found + column_sums(summed_again, lake=basis.lake, at_sequence=basis.at_sequence)


def _wrong_in_sample(
    groups: Sequence[ColumnGroup],
    bills: Sequence[IssuedBill],
    due: Sequence[Due],
    told: BoolArray,
    after: Int64Array,
    basis: Basis,
) -> list[ColumnGroup]:
    """Groups of which a few bills come out otherwise the whole way by the changed book.

    By the book in use every bill is held against the one that was issued.
    """
    rows = {
        row: group
        for group in groups
        for row in group.rows[told[group.rows]][:SAMPLE_ROWS].tolist()
    }
    wanted = [(bills[row], one) for row in rows if isinstance(one := due[row], DueBill)]
    found = _calculated(wanted, basis.after, basis)
    wrong = []
    for row, group in rows.items():
        lines = found[bills[row].bill_id]
        if isinstance(lines, str) or sum(cents for _, _, cents in lines) != after[row]:
            wrong.append(group)
    return wrong


def _differ(work: _Work, group: ColumnGroup, plan: rating.RatePlan, due: Sequence[Due]) -> bool:
    """Whether the changed book prices or taxes any bill of the group otherwise."""
    if _charged(plan) != _charged(group.plan) or shape_of(plan) != shape_of(group.plan):
        return True
    always = lines_without_use(plan)
    if not always:
        return True
    old, new = TaxColumns(work.old), TaxColumns(work.new)
    probe = np.array([1, 10_001, 1_000_003, 100_000_007], dtype=np.int64)
    for taxed in {taxed for _, taxed in taxed_alike(group, due)}:
        try:
            before = old.of(group.window, taxed, probe, always[0])
            after = new.of(group.window, taxed, probe, always[0])
        except Refusal:
            return True
        if before[0] != after[0] or (before[1] != after[1]).any():
            return True
    return False


def _charged(plan: rating.RatePlan) -> list[rating.LinePlan]:
    """The plan's lines without their clauses: what decides cents."""
    bare = plan.lines[0] if plan.lines else None
    return [
        replace(
            one,
            citations=(),
            reading_keys=(),
            standing=bare.standing if bare is not None else one.standing,
        )
        for one in plan.lines
    ]


def _first_difference(group: ColumnGroup, plan: rating.RatePlan) -> date:
    """The first day of the window of which some price, or the hours, are others."""
    for number, day in enumerate(group.window.days()):
        if _on_day(group.plan, number, day) != _on_day(plan, number, day):
            return day
    # Nothing of one day: a limit, a tax or a share of the whole window.
    old, new = _charged(group.plan), _charged(plan)
    days = [one.days.from_day for one in (*old, *new) if (one in old) != (one in new)]
    return min(days, default=group.window.last_day)


def _on_day(plan: rating.RatePlan, number: int, day: date) -> object:
    prices = {(one.rule, one.price_micro_usd) for one in plan.lines if day in one.days}
    return prices, plan.day_windows[number], plan.demand_windows[number]


def _one_by_one(
    work: _Work,
    bills: Sequence[IssuedBill],
    due: Sequence[Due],
    slow: BoolArray,
    before: Int64Array,
    after: Int64Array,
    basis: Basis,
) -> None:
    """Bills by the one path and both books; those that one of them does not make are told apart."""
    rows = np.flatnonzero(slow).tolist()
    wanted = [(bills[row], one) for row in rows if isinstance(one := due[row], DueBill)]
    work.one_by_one += len(rows)
    old = _calculated(wanted, basis.before, basis)
    new = _calculated(wanted, basis.after, basis)
    for row in rows:
        bill, one = bills[row], due[row]
        first: Lines | str = _why_not(bill, one)
        second = first
        if isinstance(one, DueBill):
            first, second = old[bill.bill_id], new[bill.bill_id]
        if isinstance(first, str) or isinstance(second, str):
            why = first if isinstance(first, str) else str(second)
            work.not_priced.append(NotPriced(bill.bill_id, bill.account_id, bill.total_cents, why))
            before[row] = after[row] = -1
            continue
        slow[row] = False
        before[row] = sum(cents for _, _, cents in first)
        after[row] = sum(cents for _, _, cents in second)
        work.not_reproduced += int(before[row] != bill.total_cents)
        if first != second:
            begins = min(day for _, day, _ in set(first) ^ set(second))
            first_day = _first_otherwise(work, bill, one, begins)
            work.first_change = min(work.first_change or first_day, first_day)


def _first_otherwise(work: _Work, bill: IssuedBill, one: Due, begins: date) -> date:
    """The first day of a bill that is priced otherwise: a line that is cut begins as it did.

    ``begins`` is the first day of its lines that differ, for what no price of one day says.
    """
    if not isinstance(one, DueBill):
        return begins
    schedule = one.service.agreement.schedule
    try:
        old, new = (each.plan(schedule, bill.days) for each in (work.old, work.new))
    except Refusal as refusal:  # priced with its programmes alone
        refusal.of_one_case()
        return begins
    for number, day in enumerate(bill.days.days()):
        if _on_day(old, number, day) != _on_day(new, number, day):
            return day
    return begins


def _calculated(
    wanted: Sequence[tuple[IssuedBill, DueBill]], view: BookView, basis: Basis
) -> dict[str, Lines | str]:
    return calculated(
        wanted,
        view=view,
        known_at=basis.known_at,
        at_sequence=basis.at_sequence,
        lake=basis.lake,
        kept=basis.store,
    )


def _why_not(bill: IssuedBill, one: Due) -> str:
    if isinstance(one, Refusal):
        return one.sentence
    return f"Agreement {bill.agreement_id} is no longer known"


def _add_to_accounts(
    work: _Work,
    bills: Sequence[IssuedBill],
    due: Sequence[Due],
    before: Int64Array,
    after: Int64Array,
    left_out: BoolArray,
) -> None:
    columns = (left_out.tolist(), before.tolist(), after.tolist())
    for bill, one, out, first, second in zip(bills, due, *columns, strict=True):
        if out or not isinstance(one, DueBill):
            continue
        schedule = one.service.agreement.schedule
        known = work.accounts.get(bill.account_id)
        first_day, until_day = bill.from_day.toordinal(), bill.until_day.toordinal()
        if known is None:
            known = _Account(schedule, one.tax_place, bill.from_day, first_day, until_day)
            work.accounts[bill.account_id] = known
        if bill.from_day >= known.newest:
            known.schedule, known.place = schedule, one.tax_place
            known.newest = bill.from_day
        known.first = min(known.first, first_day)
        known.until = max(known.until, until_day)
        known.bills += 1
        known.energy_wh += bill.energy_wh
        known.issued += bill.total_cents
        known.before += first
        known.after += second
