"""Unbilled revenue at a month end: days that no bill has yet, priced by the one calculation.

Each agreement's days since its last bill are calculated as a bill of them would be
(``calculate_bills``: the same plans, prorated, with programmes, exchanges and registers), without
its taxes. Where usage is not known to the end, the days that are known are priced and the rest
takes their daily average; where no day is known, the daily average of the last bill's charges.
What an agreement takes off the month that is not billed yet (GRR V.H.4) is taken off here, too.
Where there is neither, the agreement is listed as not estimated. The entry of the month end is
reversed on the next day, when bills begin to say what was estimated.

Lives here      whose days, by which method, the entries and the record.
Lives elsewhere the calculation (``calculate_bills``), keeping (``stores``).
Read first      docs/operating/finance_reports.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

from meterledger.billing import reading_cycle_count
from meterledger.facts.bills import Bill
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.entry_names import ACCRUAL, entry_name
from meterledger.facts.issued import IssuedBill
from meterledger.facts.money import Entry, Leg
from meterledger.facts.places import BillableService
from meterledger.facts.taxes import TAX_OF_CODE
from meterledger.facts.unbilled import Accrual, UnbilledLine, UnbilledMethod
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.ledger import ACCRUED_REVENUE, REVENUE_OF_CLASS, reverse_entry
from meterledger.rulebook.book import BookView
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    DueBill,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.finance_ports import AccrualLog
from meterledger.usecases.finance_reports import class_of
from meterledger.usecases.joined_services import days_of_its_own
from meterledger.usecases.ports import Lake
from meterledger.usecases.relief_ports import ReliefReads
from meterledger.usecases.relieve_bills import relieved

LOOK_BACK_DAYS = 120
SHORTER_BY_DAYS = (1, 2, 3, 7, 14)
"""How many days before the month end usage is asked for again where it is not known to the end."""

Progress = Callable[[int], None]
Stretch: TypeAlias = tuple[str, date]
"""Days of an agreement that are its own to bill, by its name and their first."""


class UnbilledStore(BilledReadings, ReliefReads, Protocol):
    """What is asked of the store."""

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the cycle's accounts, joined."""

    def issued_bills(
        self, cycle: int, since: date, until: date, *, stood_on: date | None = None
    ) -> list[IssuedBill]:
        """Bills of the cycle's accounts issued on the days, in short rows: those that live, and
        those that lived on the evening of ``stood_on``.
        """

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


class NotAMonthEnd(Refusal):
    """The day is not the last of a month that is over."""


@dataclass(frozen=True, slots=True)
class _Unbilled:
    """An agreement's days without a bill, and what its last bill came to."""

    service: BillableService
    days: DaySpan
    last: IssuedBill | None


def unbilled_revenue(
    month_end: date,
    *,
    known_at: datetime,
    today: date,
    store: UnbilledStore,
    lake: Lake,
    view: BookView,
    progress: Progress | None = None,
) -> Accrual:
    """What all agreements had used and not been billed for on the evening of ``month_end``.

    Bills issued later do not count: at that evening they were not there. ``progress`` is told of
    cycles.

    :raises NotAMonthEnd: if it is not the last day of a month, or that month is not over
    """
    if (month_end + timedelta(days=1)).day != 1 or month_end >= today:
        raise NotAMonthEnd(
            f"{month_end} is not the last day of a month that is over",
            where="--month-end",
            do="Give a day like 2026-10-31, before today",
        )
    sequence = store.lake_sequence()
    lines: list[UnbilledLine] = []
    for cycle in range(1, reading_cycle_count(on=month_end, view=view) + 1):
        services = store.services_of_cycle(cycle, known_at)
        bills = _bills(cycle, month_end, today, store) if services else []
        due = list(_unbilled(services, bills, month_end))
        lines += _priced(due, known_at, sequence, store, lake, view)
        if progress is not None:
            progress(1)
    lines.sort(key=lambda one: one.agreement_id)
    record = _record(month_end, lines, known_at, sequence, view)
    return Accrual(month_end, tuple(lines), record, known_at)


def entries_of(accrual: Accrual) -> tuple[Entry, ...]:
    """The entry of the month end and its reversal on the next day; none for nothing."""
    by_account: Counter[str] = Counter()
    for one in accrual.lines:
        if one.cents:
            by_account[REVENUE_OF_CLASS[one.service_class]] += one.cents
    legs = [Leg(account, -cents) for account, cents in sorted(by_account.items()) if cents]
    total = -sum(leg.cents for leg in legs)
    if total:
        legs.insert(0, Leg(ACCRUED_REVENUE, total))
    if not legs:
        return ()
    entry = Entry(
        entry_id=entry_name(ACCRUAL, accrual.key),
        effective_day=accrual.month_end,
        learned_at=accrual.learned_at,
        legs=tuple(legs),
        cause=f"revenue not billed on {accrual.month_end}",
    )
    back = reverse_entry(
        entry,
        on=accrual.month_end + timedelta(days=1),
        learned_at=accrual.learned_at,
        cause=f"revenue not billed on {accrual.month_end}, taken back as bills follow",
    )
    return entry, back


def post_accrual(accrual: Accrual, *, store: AccrualLog) -> bool:
    """Post the month end and its reversal. False, and nothing changed, if it is posted already.

    :raises Conflict: if the month end is accrued with other contents
    """
    return store.record_accrual(accrual, entries_of(accrual))


def closed_month(month_end: date, booking_opens: date | None) -> str:
    """Why a month end that is accrued now moves no revenue of its month; empty where it does.

    ``booking_opens`` is the first day on which something may be booked, None where all may be.
    """
    if booking_opens is None or booking_opens <= month_end:
        return ""
    return (
        f"{month_end:%Y-%m} is closed: the accrual and its reversal are both booked on "
        f"{booking_opens}, so the revenue of {month_end:%Y-%m} stays without it"
    )


def by_method(accrual: Accrual) -> dict[UnbilledMethod, tuple[int, int]]:
    """Agreements and cents by method, every method of the list."""
    return {
        method: (
            sum(one.method is method for one in accrual.lines),
            sum(one.cents for one in accrual.lines if one.method is method),
        )
        for method in UnbilledMethod
    }


def _bills(cycle: int, month_end: date, today: date, store: UnbilledStore) -> list[IssuedBill]:
    """Bills that live, and those that lived on that evening: as far back as bills made since go.

    A bill is issued after its first day, so what a correction took the place of is among them.
    """
    since, until = month_end - timedelta(days=LOOK_BACK_DAYS), today + timedelta(days=1)
    bills = store.issued_bills(cycle, since, until, stood_on=month_end)
    made_since = [one.from_day for one in bills if one.issued_day > month_end]
    if min(made_since, default=since) < since:
        bills = store.issued_bills(cycle, min(made_since), until, stood_on=month_end)
    return bills


def _unbilled(
    services: Sequence[BillableService], bills: Iterable[IssuedBill], month_end: date
) -> Iterator[_Unbilled]:
    """The days of each agreement that bills issued by the month end leave.

    A bill that was corrected since was there on that evening: what took its place begins nothing.
    """
    by_agreement: dict[str, list[IssuedBill]] = {}
    for one in bills:
        by_agreement.setdefault(one.agreement_id, []).append(one)
    evening = month_end + timedelta(days=1)
    for service in services:
        agreement = service.agreement
        mine = by_agreement.get(agreement.agreement_id, [])
        billed = [one for one in mine if one.issued_day <= month_end]
        stood = [one.days for one in billed]
        later = [
            one.from_day
            for one in mine
            if one.issued_day > month_end and not any(map(one.days.overlap, stood))
        ]
        begin = service.billed_until or agreement.days.from_day
        if later:  # what was billed since tiles on from what was billed then
            begin = min(later)
        until = min(evening, agreement.days.until_day or evening)
        last = max(billed, key=lambda one: one.until_day, default=None)
        for own in days_of_its_own(service, begin, until):
            yield _Unbilled(service, own, last)


def _priced(
    due: Sequence[_Unbilled],
    known_at: datetime,
    sequence: int,
    store: UnbilledStore,
    lake: Lake,
    view: BookView,
) -> list[UnbilledLine]:
    """A line for each; the days are made shorter where usage is not known to their end."""
    found: dict[Stretch, UnbilledLine] = {}
    why: dict[Stretch, str] = {}
    open_ = {(one.service.agreement.agreement_id, one.days.from_day): one for one in due}
    for shorter in (0, *SHORTER_BY_DAYS):
        asked = {
            name: DaySpan(one.days.from_day, one.days.until_day - timedelta(days=shorter))
            for name, one in open_.items()
            if one.days.day_count > shorter
        }
        made, refused = _calculated(open_, asked, known_at, sequence, store, lake, view)
        for name, sentence in refused.items():
            why.setdefault(name, sentence)
        for name, bill in made.items():
            found[name] = _line(open_.pop(name), bill, why.get(name, ""))
    for name, one in open_.items():
        off = _goes_on_cents(one, known_at, store)
        found[name] = _estimated(one, off, why.get(name, "No usage is known"), view)
    by_agreement: dict[str, list[UnbilledLine]] = {}
    for (agreement, _), line in sorted(found.items(), key=lambda each: each[0]):
        by_agreement.setdefault(agreement, []).append(line)
    return [_one_line(lines) for lines in by_agreement.values()]


def _one_line(lines: Sequence[UnbilledLine]) -> UnbilledLine:
    """An agreement has one line; days between that stand on another's bill are not in it."""
    if len(lines) == 1:
        return lines[0]
    known = [one.energy_wh for one in lines if one.energy_wh is not None]
    methods = {one.method for one in lines}
    return replace(
        lines[0],
        days=DaySpan(lines[0].days.from_day, lines[-1].days.until_day),
        priced_days=sum(one.priced_days for one in lines),
        energy_wh=sum(known) if known else None,
        cents=sum(one.cents for one in lines),
        method=methods.pop() if len(methods) == 1 else UnbilledMethod.PRICED_IN_PART,
        why="; ".join(dict.fromkeys(one.why for one in lines if one.why)),
    )


def _calculated(
    due: Mapping[Stretch, _Unbilled],
    asked: Mapping[Stretch, DaySpan],
    known_at: datetime,
    sequence: int,
    store: UnbilledStore,
    lake: Lake,
    view: BookView,
) -> tuple[dict[Stretch, Bill], dict[Stretch, str]]:
    """Bills of the days, by stretch, and a sentence for each that cannot be calculated."""
    groups: dict[DaySpan, list[DueBill]] = {}
    refused: dict[Stretch, str] = {}
    for name, days in asked.items():
        service = due[name].service
        try:
            one = due_bill(service, window_of(service, days, view), view)
        except Refusal as refusal:
            refused[name] = refusal.sentence
            continue
        groups.setdefault(days, []).append(one)
    made: dict[Stretch, Bill] = {}
    for days, batch in sorted(groups.items(), key=lambda each: str(each[0])):
        bills, held = calculate_bills(
            batch,
            on=days.until_day,
            known_at=known_at,
            sequence=sequence,
            lake=lake,
            kept=store,
            view=view,
        )
        less = relieved(bills, store=store, view=view)
        made |= {(one.agreement_id, days.from_day): one for one in less}
        refused |= {(one.agreement_id, days.from_day): one.sentence for one in held}
    return made, refused


def _line(one: _Unbilled, bill: Bill, why: str) -> UnbilledLine:
    charged = sum(line.cents for line in bill.lines if line.group is not ChargeGroup.TAX)
    charged -= bill.relief.charge_cents if bill.relief else 0
    whole = bill.days == one.days
    cents = (
        charged
        if whole
        else to_whole_half_up(Fraction(charged * one.days.day_count, bill.days.day_count))
    )
    return UnbilledLine(
        agreement_id=bill.agreement_id,
        account_id=bill.account_id,
        schedule=bill.schedule,
        service_class=bill.service_class,
        days=one.days,
        priced_days=bill.days.day_count,
        energy_wh=bill.usage.energy_wh,
        cents=cents,
        method=UnbilledMethod.PRICED if whole else UnbilledMethod.PRICED_IN_PART,
        why="" if whole else why,
    )


def _goes_on_cents(one: _Unbilled, known_at: datetime, store: ReliefReads) -> int:
    """What was taken off the charges of the last bill, where the next month is agreed on, too.

    Where it is not, the month will be billed in full.
    """
    if one.last is None:
        return 0
    told = store.relief_of_bills([one.last.bill_id]).get(one.last.bill_id)
    if told is None:
        return 0
    point = one.service.agreement.service_point_id
    agreed = (known.as_known(known_at) for known in store.reliefs_at([point]))
    goes_on = any(known and known.adjusts(point, one.days.from_day) for known in agreed)
    return told.charge_cents if goes_on else 0


def _estimated(one: _Unbilled, off_cents: int, why: str, view: BookView) -> UnbilledLine:
    agreement = one.service.agreement
    line = UnbilledLine(
        agreement_id=agreement.agreement_id,
        account_id=agreement.account_id,
        schedule=agreement.schedule,
        service_class=class_of(agreement.schedule, one.days.last_day, view),
        days=one.days,
        priced_days=0,
        energy_wh=None,
        cents=0,
        method=UnbilledMethod.NOT_KNOWN,
        why=why,
    )
    if one.last is None or line.service_class not in REVENUE_OF_CLASS:
        return line
    charged = sum(cents for code, _, cents in one.last.lines() if code not in TAX_OF_CODE)
    charged -= off_cents
    share = Fraction(charged * one.days.day_count, one.last.days.day_count)
    return replace(line, cents=to_whole_half_up(share), method=UnbilledMethod.LAST_BILL)


def _record(
    month_end: date,
    lines: Sequence[UnbilledLine],
    known_at: datetime,
    sequence: int,
    view: BookView,
) -> bytes:
    """How it was made: pins, methods in words, and a row for each agreement."""
    return canonical_bytes(
        {
            "month_end": month_end.isoformat(),
            "known_at": known_at.isoformat(),
            "lake_sequence": sequence,
            "book_sha256": view.sha256,
            "standing": "assumed",
            "methods": [one.value for one in UnbilledMethod],
            "lines": [line_json(one) for one in lines],
            "total_usd": usd_text(sum(one.cents for one in lines)),
        }
    )


def line_json(one: UnbilledLine) -> dict[str, Any]:
    """A row of the record and of ``report unbilled-revenue --json``."""
    return {
        "agreement": one.agreement_id,
        "account": one.account_id,
        "schedule": one.schedule,
        "class": one.service_class,
        "from": one.days.from_day.isoformat(),
        "to": one.days.until_day.isoformat(),
        "days": one.days.day_count,
        "priced_days": one.priced_days,
        "energy_wh": None if one.energy_wh is None else str(one.energy_wh),
        "usd": usd_text(one.cents),
        "method": one.method.value,
        "why": one.why,
    }
