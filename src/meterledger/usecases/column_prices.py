"""Amounts of many bills at once: sums of a population priced in columns, and set beside the bills.

The prices are those of ``rating.price``, which every bill comes from; here nobody writes words and
clauses. What a column cannot say is left to ``calculate_bills``: meters on registers, exchanged
meters, gaps, and any group of which a sample comes out otherwise.

Lives here      which bills can be priced so, their determinants, their amounts, the sample.
Lives elsewhere the sums (``population_groups``), what is made of a difference (``shadow``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from meterledger import rating
from meterledger.billing import tax_subject_of
from meterledger.facts.charges import ChargeLine
from meterledger.facts.determinants import Determinants
from meterledger.facts.issued import IssuedBill, read_layout
from meterledger.facts.places import BillableService
from meterledger.facts.stored import meter_numbers
from meterledger.facts.taxes import TaxSubject
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ids import is_corrected
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    DueBill,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.population_determinants import ScanningLake
from meterledger.usecases.population_groups import MeterGroup, sum_groups
from meterledger.usecases.ports import Lake
from meterledger.usecases.register_windows import files_on_registers
from meterledger.usecases.replay_bill import ReplayStore, first_bill, with_first

Lines: TypeAlias = tuple[tuple[str, date, int], ...]
"""Code, first day and cents of each line of a bill."""

METERS_AT_ONCE = 20_000
FEW_SUMS, MANY_SUMS = 3, 64
SAMPLE_ROWS = 2
"""Bills of each group that are calculated the whole way and held against the columns."""


class PopulationLake(Lake, ScanningLake, Protocol):
    """Usage of some meters, and the days of all of them as they lie."""


@dataclass(slots=True)
class ColumnGroup:
    """Bills of one window and schedule that are priced together, and their sums.

    ``rows``      places of the bills among those that were asked for
    ``complete``  Bool [N] whether a row is whole; the others count for nothing
    """

    schedule: str
    window: DaySpan
    rows: Int64Array
    plan: rating.RatePlan
    determinants: Determinants
    complete: BoolArray


@dataclass(slots=True)
class Amounts:
    """What columns say of N bills.

    ``told``   Bool [N] whether columns can say anything
    ``same``   Bool [N] whether every line has the cents that were issued
    ``total``  Int64 [N] cents; 0 where nothing is told
    """

    told: BoolArray
    same: BoolArray
    total: Int64Array
    groups: list[ColumnGroup] = field(default_factory=list)


def due_now(
    bill: IssuedBill, service: BillableService | None, view: BookView
) -> DueBill | Refusal | None:
    """The bill's period with its meters as a service is known; None where there is no service."""
    if service is None:
        return None
    try:
        return due_bill(service, window_of(service, bill.days, view), view)
    except Refusal as refusal:
        return refusal


@dataclass(slots=True)
class Members:
    """Bills of one window and schedule: their places among those asked for, and their meters."""

    schedule: str
    window: DaySpan
    rows: Int64Array
    group: MeterGroup


def column_members(
    bills: Sequence[IssuedBill],
    due: Sequence[DueBill | Refusal | None],
    *,
    calculator: Calculator,
    kept: BilledReadings,
    known_at: datetime,
) -> list[Members]:
    """The bills that columns can price, by window and schedule, the earliest windows first.

    Left out are meters on registers, exchanged ones, several meters on one bill, services in a
    programme, and windows that the book cannot plan.
    """
    on_registers = _on_registers(due, known_at, kept)
    there = [one.service.agreement.agreement_id for one in due if isinstance(one, DueBill)]
    taking_part = kept.participations(sorted(set(there)), known_at) if there else {}
    found: dict[tuple[str, DaySpan, int | None], list[int]] = {}
    seen: set[tuple[str, date, date]] = set()
    for row, (bill, one) in enumerate(zip(bills, due, strict=True)):
        if not isinstance(one, DueBill) or len(one.installations) != 1 or one.joined:
            continue
        place = (one.meter, bill.from_day, bill.until_day)
        if one.service.agreement.agreement_id in taking_part:
            continue
        if one.installations[0].meter_id in on_registers or place in seen:
            continue
        seen.add(place)
        schedule = one.service.agreement.schedule
        by_period = calculator.goes_by_period(schedule, bill.days)
        cycle = one.service.account.cycle if by_period else None
        found.setdefault((schedule, bill.days, cycle), []).append(row)
    ordered = sorted(found.items(), key=lambda each: (str(each[0][1]), each[0][0], each[0][2] or 0))
    planned = [_members(*key, rows, due, calculator) for key, rows in ordered]
    return [one for one in planned if one is not None]


def batches(members: Sequence[Members]) -> list[list[Members]]:
    """The groups in as few batches as may be, in each of which a meter has one window.

    In order of their windows, so that a batch is about a month of every meter.
    """
    if not members:
        return []
    every = np.unique(np.concatenate([one.group.numbers for one in members]))
    taken = np.zeros(len(every), dtype=bool)
    found: list[list[Members]] = [[]]
    for one in members:
        at = np.searchsorted(every, one.group.numbers)
        if taken[at].any():
            taken[:] = False
            found.append([])
        taken[at] = True
        found[-1].append(one)
    return found


def _members(
    schedule: str,
    window: DaySpan,
    cycle: int | None,
    rows: list[int],
    due: Sequence[DueBill | Refusal | None],
    calculator: Calculator,
) -> Members | None:
    if cycle is not None:
        calculator = calculator.of_cycle(cycle)
    try:
        plan = calculator.plan(schedule, window)
    except Refusal:
        return None  # the one path says why
    chosen = [one for row in rows if isinstance(one := due[row], DueBill)]
    numbers = meter_numbers([one.meter for one in chosen])
    factors = np.array([one.installations[0].multiplier for one in chosen], dtype=np.int64)
    group = MeterGroup(plan, numbers, factors)
    return Members(schedule, window, np.array(rows, dtype=np.int64), group)


def column_sums(
    members: Sequence[Members],
    *,
    lake: PopulationLake,
    at_sequence: int,
    progress: Callable[[int], None] | None = None,
) -> list[ColumnGroup]:
    """The sums of those bills, from their intervals."""
    found: list[ColumnGroup] = []
    for batch in batches(members):
        groups = [one.group for one in batch]
        sums = sum_groups(groups, lake=lake, at_sequence=at_sequence, progress=progress)
        found += [
            ColumnGroup(
                one.schedule,
                one.window,
                one.rows,
                each.plan,
                each.determinants,
                each.complete,
            )
            for one, each in zip(batch, sums, strict=True)
        ]
    return found


def _on_registers(
    due: Iterable[DueBill | Refusal | None], known_at: datetime, kept: BilledReadings
) -> set[str]:
    every = sorted(
        {each.meter_id for one in due if isinstance(one, DueBill) for each in one.installations}
    )
    found: set[str] = set()
    for first in range(0, len(every), METERS_AT_ONCE):
        found |= files_on_registers(every[first : first + METERS_AT_ONCE], known_at, kept).keys()
    return found


def price_columns(
    bills: Sequence[IssuedBill],
    due: Sequence[DueBill | Refusal | None],
    groups: Sequence[ColumnGroup],
    calculator: Calculator,
) -> Amounts:
    """Price the groups and set them beside what was issued, line by line."""
    count = len(bills)
    found = Amounts(
        np.zeros(count, dtype=bool),
        np.zeros(count, dtype=bool),
        np.zeros(count, dtype=np.int64),
        list(groups),
    )
    taxes = TaxColumns(calculator)
    for group in groups:
        try:
            priced = rating.price(group.plan, group.determinants)
            always = lines_without_use(group.plan)
        except Refusal:
            continue  # what a programme or a ratchet needs is known to the one path
        if not always:
            continue  # no line could stand for the charges that are taxed
        alike: dict[tuple[str, Taxed], list[int]] = {}
        for at, taxed in taxed_alike(group, due):
            alike.setdefault((bills[group.rows[at]].layout, taxed), []).append(at)
        for (layout, taxed), some in alike.items():
            mine = np.array(some, dtype=np.int64)
            rows = group.rows[mine]
            issued = np.array([bills[row].cents for row in rows.tolist()], dtype=np.int64)
            try:
                same, total = _beside(priced, always, mine, layout, issued, taxed, taxes)
            except Refusal:
                continue  # a tax that the book is silent of: the one path says so
            found.told[rows] = True
            found.same[rows] = same
            found.total[rows] = total
    return found


def lines_without_use(plan: rating.RatePlan) -> tuple[ChargeLine, ...]:
    """The lines that stand whatever was used: those of a window without any use."""
    segments, periods = len(plan.segments), len(plan.periods)
    nothing = Determinants(
        energy_wh=np.zeros((1, segments, periods), dtype=np.int64),
        peak_wh=np.zeros((1, segments), dtype=np.int64),
        by_days=False,
        demand_w=np.zeros((1, segments, len(plan.demands)), dtype=np.int64)
        if plan.demands
        else None,
    )
    return rating.lines_of(rating.price(plan, nothing), 0)


def _beside(
    priced: rating.PricedWindows,
    always: tuple[ChargeLine, ...],
    at: Int64Array,
    layout: str,
    issued: Int64Array,
    taxed: Taxed,
    taxes: TaxColumns,
) -> tuple[BoolArray, Int64Array]:
    plan = priced.plan
    names = [(line.rule.code, line.days.from_day) for line in plan.lines]
    standing = {(line.code, line.days.from_day) for line in always}
    shown = np.array([name in standing for name in names]) | (priced.quantity[at] != 0)
    base = np.where(shown, priced.cents[at], 0).sum(axis=1)
    tax_names, tax_cents = taxes.of(plan.window, taxed, base, always[0])
    total = base + tax_cents.sum(axis=1)
    printed = read_layout(layout)
    if len(set(names)) != len(names) or len(set(printed)) != len(printed):
        return np.zeros(len(at), dtype=bool), total
    same = np.ones(len(at), dtype=bool)
    column = {name: number for number, name in enumerate(printed)}
    for number, name in enumerate(names):
        if name in column:
            same &= shown[:, number] & (priced.cents[at, number] == issued[:, column[name]])
        else:
            same &= ~shown[:, number]
    for number, name in enumerate(tax_names):
        if name in column:
            same &= tax_cents[:, number] == issued[:, column[name]]
        else:
            same &= tax_cents[:, number] == 0
    known = {*names, *tax_names}
    if any(name not in known for name in printed):
        same[:] = False
    return same, total


class Taxed(NamedTuple):
    """What decides the taxes on a bill's charges; bills of one of them are taxed alike."""

    schedule: str
    place: str
    state: str
    sales_place: str | None


def taxed_alike(
    group: ColumnGroup, due: Sequence[DueBill | Refusal | None]
) -> Iterator[tuple[int, Taxed]]:
    """The group's rows that columns can tax. A certificate is looked at on its own bill."""
    complete = group.complete.tolist()
    for at, row in enumerate(group.rows.tolist()):
        one = due[row]
        if not complete[at] or not isinstance(one, DueBill):
            continue
        subject = tax_subject_of(one.service, group.window)
        if not subject.exemptions:
            yield at, Taxed(group.schedule, one.tax_place, subject.state, subject.sales_place)


class TaxColumns:
    """Taxes on sums of charges, each sum asked once of the one calculation."""

    def __init__(self, calculator: Calculator) -> None:
        self._calculator = calculator
        self._known: dict[tuple[DaySpan, Taxed, int], dict[tuple[str, date], int]] = {}
        self._held_against: set[tuple[DaySpan, Taxed]] = set()

    def of(
        self, window: DaySpan, taxed: Taxed, base_cents: Int64Array, words: ChargeLine
    ) -> tuple[list[tuple[str, date]], Int64Array]:
        """Code and first day of each tax line there is, and Int64 [N x lines] of their cents.

        ``words`` is any charge line of the window; it stands for all charges of a bill.

        :raises NoRuleInForce: if the book does not know the place's tax
        """
        sums, back = np.unique(base_cents, return_inverse=True)
        by_sum = [self._lines(window, taxed, one, words) for one in sums.tolist()]
        names = list(dict.fromkeys(name for lines in by_sum for name in lines))
        table = np.array(
            [[lines.get(name, 0) for name in names] for lines in by_sum], dtype=np.int64
        ).reshape(len(sums), len(names))
        return names, table[back]

    def totals(
        self, window: DaySpan, taxed: Taxed, base_cents: Int64Array, words: ChargeLine
    ) -> Int64Array:
        """All taxes on each sum of charges, Int64 [N] cents.

        One share of many sums is multiplied out in a column, if it gives what the calculation gives
        on a few of them, and on one when they are taxed alike again; anything else is asked for
        sum by sum.

        :raises NoRuleInForce: if the book does not know the place's tax
        """
        if len(base_cents) > MANY_SUMS:
            terms = self._calculator.tax_terms(window, taxed.place, taxed.schedule)
            quick = rating.shares_of(base_cents, Fraction(0) if terms is None else terms.share)
            count = 1 if (window, taxed) in self._held_against else FEW_SUMS
            few = np.linspace(0, len(base_cents) - 1, count).astype(np.int64)
            self._held_against.add((window, taxed))
            _, exact = self.of(window, taxed, base_cents[few], words)
            if quick is not None and (quick[few] == exact.sum(axis=1)).all():
                return quick
        _, cents = self.of(window, taxed, base_cents, words)
        return np.asarray(cents.sum(axis=1), dtype=np.int64)

    def _lines(
        self, window: DaySpan, taxed: Taxed, base: int, words: ChargeLine
    ) -> dict[tuple[str, date], int]:
        key = (window, taxed, base)
        if key not in self._known:
            _, *taxes = self._calculator.with_tax(
                [replace(words, cents=base)],
                window,
                taxed.place,
                schedule=taxed.schedule,
                subject=TaxSubject("", taxed.state, taxed.sales_place),
            )
            self._known[key] = {(one.code, one.days.from_day): one.cents for one in taxes}
        return self._known[key]


def sampled(groups: Sequence[ColumnGroup], amounts: Amounts) -> list[int]:
    """Places of bills that are calculated the whole way: a few of each group, always the same."""
    chosen: list[int] = []
    for group in groups:
        rows = group.rows[amounts.told[group.rows]]
        step = max(1, len(rows) // SAMPLE_ROWS)
        chosen += rows[::step][:SAMPLE_ROWS].tolist()
    return chosen


def calculated(
    wanted: Sequence[tuple[IssuedBill, DueBill]],
    *,
    view: BookView,
    known_at: datetime,
    at_sequence: int,
    lake: Lake,
    kept: ReplayStore,
    revision: str = rating.CALCULATION_REVISION,
) -> dict[str, Lines | str]:
    """Bills by the one path, by id: their lines, or the sentence that holds one.

    The period of a corrected bill was billed before: it is not late by the time that has passed.
    """
    batches: dict[tuple[DaySpan, date], list[tuple[IssuedBill, DueBill]]] = {}
    for bill, due in wanted:
        batches.setdefault((bill.days, bill.issued_day), []).append((bill, due))
    found: dict[str, Lines | str] = {}
    for batch in batches.values():
        for first in range(0, len(batch), METERS_AT_ONCE // 10):
            some = batch[first : first + METERS_AT_ONCE // 10]
            named = {due.service.agreement.agreement_id: bill.bill_id for bill, due in some}
            made, held = calculate_bills(
                [_first_billed(bill, due, kept) for bill, due in some],
                on=some[0][0].issued_day,
                known_at=known_at,
                sequence=at_sequence,
                lake=lake,
                kept=kept,
                view=view,
                revision=revision,
            )
            for one in made:
                lines = tuple((line.code, line.days.from_day, line.cents) for line in one.lines)
                found[named[one.agreement_id]] = lines
            for each in held:
                found[named[each.agreement_id]] = each.sentence
    return found


def _first_billed(bill: IssuedBill, due: DueBill, store: ReplayStore) -> DueBill:
    """With the day and the moment at which its period was first billed, as replay has them."""
    if not is_corrected(bill.bill_id):
        return replace(due, first_issued=bill.issued_day, first_known=bill.known_at)
    return with_first(due, first_bill(store.bill(bill.bill_id), store))
