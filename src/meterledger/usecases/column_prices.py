"""Amounts of many bills at once: sums of a population priced in columns, and set beside the bills.

The prices are those of ``rating.price``, which every bill comes from; here nobody writes words and
clauses. What a column cannot say is left to ``calculate_bills``: meters on registers, exchanged
meters, gaps, and any group of which a sample comes out otherwise.

Lives here      which bills can be priced so, their determinants, their amounts, the sample.
Lives elsewhere the sums (``population_groups``), what is made of a difference (``shadow``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol, TypeAlias

import numpy as np

from meterledger import rating
from meterledger.facts.charges import ChargeLine
from meterledger.facts.determinants import Determinants
from meterledger.facts.issued import IssuedBill, read_layout
from meterledger.facts.places import BillableService
from meterledger.facts.stored import meter_numbers
from meterledger.facts.usage import BoolArray, Int64Array
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
from meterledger.usecases.population_groups import GroupSums, MeterGroup, sum_groups
from meterledger.usecases.ports import Lake
from meterledger.usecases.register_windows import files_on_registers

Lines: TypeAlias = tuple[tuple[str, date, int], ...]
"""Code, first day and cents of each line of a bill."""

METERS_AT_ONCE = 20_000
SAMPLE_ROWS = 2
"""Bills of each group that are calculated the whole way and held against the columns."""


class PopulationLake(Lake, ScanningLake, Protocol):
    """Usage of some meters, and the days of all of them as they lie."""


@dataclass(slots=True)
class ColumnGroup:
    """Bills of one window and schedule that are priced together, and their sums.

    ``rows``      places of the bills among those that were asked for
    ``complete``  Bool [N] as ``GroupSums`` has it
    """

    schedule: str
    window: DaySpan
    rows: Int64Array
    sums: GroupSums


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


def column_sums(
    bills: Sequence[IssuedBill],
    due: Sequence[DueBill | Refusal | None],
    *,
    calculator: Calculator,
    lake: PopulationLake,
    kept: BilledReadings,
    known_at: datetime,
    at_sequence: int,
    progress: Callable[[int], None] | None = None,
) -> list[ColumnGroup]:
    """The sums of the bills that columns can price, by window and schedule."""
    on_registers = _on_registers(due, known_at, kept)
    rounds: list[dict[tuple[str, DaySpan], list[int]]] = []
    times: dict[str, int] = {}
    for row, (bill, one) in enumerate(zip(bills, due, strict=True)):
        if not isinstance(one, DueBill) or len(one.installations) != 1:
            continue
        if one.installations[0].meter_id in on_registers:
            continue
        turn = times.get(one.meter, 0)  # a meter has one window in each reading of the lake
        times[one.meter] = turn + 1
        if turn == len(rounds):
            rounds.append({})
        rounds[turn].setdefault((one.service.agreement.schedule, bill.days), []).append(row)
    found: list[ColumnGroup] = []
    for members in rounds:
        groups: list[MeterGroup] = []
        keys: list[tuple[str, DaySpan, list[int]]] = []
        for (schedule, window), rows in members.items():
            try:
                plan = calculator.plan(schedule, window)
            except Refusal:
                continue  # the one path says why
            chosen = [one for row in rows if isinstance(one := due[row], DueBill)]
            numbers = meter_numbers([one.meter for one in chosen])
            factors = [one.installations[0].multiplier for one in chosen]
            groups.append(MeterGroup(plan, numbers, np.array(factors, dtype=np.int64)))
            keys.append((schedule, window, rows))
        sums = sum_groups(groups, lake=lake, at_sequence=at_sequence, progress=progress)
        found += [
            ColumnGroup(schedule, window, np.array(rows, dtype=np.int64), one)
            for (schedule, window, rows), one in zip(keys, sums, strict=True)
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
        priced = rating.price(group.sums.plan, group.sums.sums.determinants())
        always = _lines_without_use(group.sums.plan)
        if not always:
            continue  # no line could stand for the charges that are taxed
        places: dict[tuple[str, str], list[int]] = {}
        complete = group.sums.complete.tolist()
        for at, row in enumerate(group.rows.tolist()):
            one = due[row]
            if complete[at] and isinstance(one, DueBill):
                places.setdefault((bills[row].layout, one.tax_place), []).append(at)
        for (layout, place), some in places.items():
            mine = np.array(some, dtype=np.int64)
            rows = group.rows[mine]
            issued = np.array([bills[row].cents for row in rows.tolist()], dtype=np.int64)
            try:
                same, total = _beside(priced, always, mine, layout, issued, place, taxes)
            except Refusal:
                continue  # a tax that the book is silent of: the one path says so
            found.told[rows] = True
            found.same[rows] = same
            found.total[rows] = total
    return found


def _lines_without_use(plan: rating.RatePlan) -> tuple[ChargeLine, ...]:
    """The lines that stand whatever was used: those of a window without any use."""
    segments, periods = len(plan.segments), len(plan.periods)
    nothing = Determinants(
        energy_wh=np.zeros((1, segments, periods), dtype=np.int64),
        peak_wh=np.zeros((1, segments), dtype=np.int64),
        by_days=False,
    )
    return rating.lines_of(rating.price(plan, nothing), 0)


def _beside(
    priced: rating.PricedWindows,
    always: tuple[ChargeLine, ...],
    at: Int64Array,
    layout: str,
    issued: Int64Array,
    place: str,
    taxes: TaxColumns,
) -> tuple[BoolArray, Int64Array]:
    plan = priced.plan
    names = [(line.rule.code, line.days.from_day) for line in plan.lines]
    standing = {(line.code, line.days.from_day) for line in always}
    shown = np.array([name in standing for name in names]) | (priced.quantity[at] != 0)
    base = np.where(shown, priced.cents[at], 0).sum(axis=1)
    tax_names, tax_cents = taxes.of(plan.window, place, base, always[0])
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


class TaxColumns:
    """Taxes on sums of charges, each sum asked once of the one calculation."""

    def __init__(self, calculator: Calculator) -> None:
        self._calculator = calculator
        self._known: dict[tuple[DaySpan, str, int], dict[tuple[str, date], int]] = {}

    def of(
        self, window: DaySpan, place: str, base_cents: Int64Array, words: ChargeLine
    ) -> tuple[list[tuple[str, date]], Int64Array]:
        """Code and first day of each tax line there is, and Int64 [N x lines] of their cents.

        ``words`` is any charge line of the window; it stands for all charges of a bill.

        :raises NoRuleInForce: if the book does not know the place's tax
        """
        sums, back = np.unique(base_cents, return_inverse=True)
        by_sum = [self._lines(window, place, one, words) for one in sums.tolist()]
        names = list(dict.fromkeys(name for lines in by_sum for name in lines))
        table = np.array(
            [[lines.get(name, 0) for name in names] for lines in by_sum], dtype=np.int64
        ).reshape(len(sums), len(names))
        return names, table[back]

    def _lines(
        self, window: DaySpan, place: str, base: int, words: ChargeLine
    ) -> dict[tuple[str, date], int]:
        key = (window, place, base)
        if key not in self._known:
            _, *taxes = self._calculator.with_tax([replace(words, cents=base)], window, place)
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
    kept: BilledReadings,
    revision: str = rating.CALCULATION_REVISION,
) -> dict[str, Lines | str]:
    """Bills by the one path, by id: their lines, or the sentence that holds one."""
    batches: dict[tuple[DaySpan, date], list[tuple[IssuedBill, DueBill]]] = {}
    for bill, due in wanted:
        batches.setdefault((bill.days, bill.issued_day), []).append((bill, due))
    found: dict[str, Lines | str] = {}
    for batch in batches.values():
        for first in range(0, len(batch), METERS_AT_ONCE // 10):
            some = batch[first : first + METERS_AT_ONCE // 10]
            named = {due.service.agreement.agreement_id: bill.bill_id for bill, due in some}
            made, held = calculate_bills(
                [due for _, due in some],
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
