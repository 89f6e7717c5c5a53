"""Issue bills: find due windows, read usage, price, assemble, record. Safe to run twice.

Each batch of one window and one lake bucket is recorded in one transaction, and the store lets
one service period be billed once, so a run may be killed anywhere, doubled, and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Protocol

from meterledger import rating
from meterledger.billing import (
    BillWindow,
    UnknownTaxPlace,
    assemble_bill,
    decide_due_day,
    due_windows,
    tax_place_on,
)
from meterledger.facts.bills import Bill, BilledUsage, BillPins, HeldBill
from meterledger.facts.charges import ChargeLine
from meterledger.facts.findings import Finding
from meterledger.facts.money import Entry
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import bucket_of, pseudonym
from meterledger.kernel.local_days import time_zone_data_version
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import entry_for_bill
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usage import UsageNotTiled, WindowHasGap, describe_tiled, describe_usage
from meterledger.usecases.bill_estimates import (
    EstimateHolds,
    beyond_cap,
    held_days,
    held_sentence,
    say_estimates,
)
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.ports import Lake
from meterledger.usecases.window_usage import KeptReadings, usage_of_window

BATCH_METERS = 2048
"""Enough bills that a commit costs little for each, few enough that a month of a batch's usage
stays below some hundred MB."""


class BillStore(KeptReadings, EstimateHolds, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills and entries; returns the ids newly recorded."""

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep what was held, and why."""


@dataclass(frozen=True, slots=True)
class DueBill:
    """One window of one service that is due."""

    service: BillableService
    window: BillWindow
    installation: MeterInstallation
    tax_place: str
    meter: str


@dataclass(slots=True)
class BillRun:
    """What a run did. Accounts due = billed + held + excluded."""

    issued: list[Bill] = field(default_factory=list)
    held: list[HeldBill] = field(default_factory=list)
    known: int = 0
    """Bills that somebody else recorded meanwhile: nothing was done twice."""
    energy_billed_wh: int = 0
    issued_count: int = 0
    issued_cents: int = 0


Progress = Callable[[int], None]


def issue_bills(
    *,
    services: Iterable[BillableService],
    on: date,
    known_at: datetime,
    store: BillStore,
    lake: Lake,
    book: TariffBook,
    dry_run: bool = False,
    keep_bills: bool = True,
    progress: Progress | None = None,
) -> BillRun:
    """Bill every window of the services that is due on ``on`` and not billed yet.

    ``on`` is the day of rendition. ``known_at`` is the instant as known at which book and places
    were read; with the lake's sequence it is pinned on every bill. ``keep_bills`` false keeps
    counts only (a cycle of a city does not fit a list). ``progress`` is told how many windows
    were settled.
    """
    view = book.as_known(known_at.date())
    sequence = store.lake_sequence()
    run = BillRun()
    # An account named twice is one account: its bills are made, recorded and counted once.
    waiting = list({service.agreement.agreement_id: service for service in services}.values())
    with _Recorder(store, known_at, dry_run=dry_run) as recorder:
        while waiting:
            due, held = _first_due(waiting, on, view)
            _keep_held(run, held, on, known_at, store, dry_run)
            settled: list[BillableService] = []
            for batch in _batches(due):
                free, waiting_review = _without_held_days(batch, store)
                _keep_held(run, waiting_review, on, known_at, store, dry_run)
                if not free:
                    continue
                made, batch_held = calculate_bills(
                    free,
                    on=on,
                    known_at=known_at,
                    sequence=sequence,
                    lake=lake,
                    kept=store,
                    view=view,
                )
                made, capped = _within_cap(free, made, view, store)
                _keep_held(run, [*batch_held, *capped], on, known_at, store, dry_run)
                for done in recorder.record(free, made):
                    settled += _settle(run, done, keep_bills=keep_bills, progress=progress)
            for done in recorder.rest():
                settled += _settle(run, done, keep_bills=keep_bills, progress=progress)
            waiting = settled
    return run


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A batch, the bills it made, and the ids of those that this run was the one to record."""

    batch: Sequence[DueBill]
    made: Sequence[Bill]
    newly: set[str]


class _Recorder:
    """Records one batch while the next is calculated: the database's time is not waited for.

    At most one batch is on its way, so memory stays bounded and batches are recorded in order.
    What fails to be recorded is raised by the next call, and nothing after it is recorded.
    """

    def __init__(self, store: BillStore, known_at: datetime, *, dry_run: bool) -> None:
        self._store = store
        self._known_at = known_at
        self._dry_run = dry_run
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record-bills")
        self._on_its_way: Future[_Recorded] | None = None

    def __enter__(self) -> _Recorder:
        return self

    def __exit__(self, *exception: object) -> None:
        self._worker.shutdown(wait=True)

    def record(self, batch: Sequence[DueBill], made: Sequence[Bill]) -> list[_Recorded]:
        """Hand over a batch; answers the one before it, if there was one."""
        done = self.rest()
        self._on_its_way = self._worker.submit(self._record, batch, made)
        return done

    def rest(self) -> list[_Recorded]:
        """Wait for the batch that is on its way, and answer it."""
        if self._on_its_way is None:
            return []
        done = self._on_its_way.result()
        self._on_its_way = None
        return [done]

    def _record(self, batch: Sequence[DueBill], made: Sequence[Bill]) -> _Recorded:
        if self._dry_run:
            return _Recorded(batch, made, {bill.bill_id for bill in made})
        entries = [(bill, entry_for_bill(bill, learned_at=self._known_at)) for bill in made]
        return _Recorded(batch, made, self._store.record_bills(entries))


def _settle(
    run: BillRun, done: _Recorded, *, keep_bills: bool, progress: Progress | None
) -> list[BillableService]:
    """Count a recorded batch; answers the services that go on to their next window.

    Only what this run recorded goes on: where another run was first, what it knew (an end of
    service, say) may be newer than what we read.
    """
    billed_until: dict[str, date] = {}
    for bill in done.made:
        if bill.bill_id not in done.newly:
            run.known += 1
            continue
        run.issued_count += 1
        run.issued_cents += bill.total_cents
        run.energy_billed_wh += bill.usage.energy_wh
        billed_until[bill.agreement_id] = bill.days.until_day
        if keep_bills:
            run.issued.append(bill)
    if progress is not None:
        progress(len(done.batch))
    return [
        _billed(one.service, billed_until[one.service.agreement.agreement_id])
        for one in done.batch
        if one.service.agreement.agreement_id in billed_until
    ]


def _billed(service: BillableService, until: date) -> BillableService:
    return replace(service, billed_until=until)


def _keep_held(
    run: BillRun,
    held: Sequence[HeldBill],
    on: date,
    known_at: datetime,
    store: BillStore,
    dry_run: bool,
) -> None:
    run.held += held
    if held and not dry_run:
        store.record_held(held, on=on, learned_at=known_at)


def _first_due(
    services: Iterable[BillableService], on: date, view: BookView
) -> tuple[list[DueBill], list[HeldBill]]:
    """The oldest due window of each service; later ones wait, so that periods tile."""
    due: list[DueBill] = []
    held: list[HeldBill] = []
    for service in services:
        window: BillWindow | None = None
        try:
            windows = due_windows(
                agreement=service.agreement,
                cycle=service.account.cycle,
                billed_until=service.billed_until,
                on=on,
                view=view,
            )
            if not windows:
                continue
            window = windows[0]
            due.append(due_bill(service, window, view))
        except Refusal as refusal:
            held.append(_held(service, window.days if window else None, refusal))
    return due, held


def _without_held_days(
    batch: Sequence[DueBill], store: EstimateHolds
) -> tuple[list[DueBill], list[HeldBill]]:
    """Those whose window has no day that waits for a person, and the others held."""
    found = held_days([one.meter for one in batch], batch[0].window.days, store)
    held = [
        HeldBill(
            account_id=one.service.account.account_id,
            agreement_id=one.service.agreement.agreement_id,
            days=one.window.days,
            code="usage.held",
            sentence=f"{_where(one)}: {held_sentence(found[one.meter])}",
        )
        for one in batch
        if one.meter in found
    ]
    return [one for one in batch if one.meter not in found], held


def _within_cap(
    batch: Sequence[DueBill], made: Sequence[Bill], view: BookView, store: EstimateHolds
) -> tuple[list[Bill], list[HeldBill]]:
    """The bills that may go out, and those of which only an actual reading can be billed."""
    by_agreement = {one.service.agreement.agreement_id: one for one in batch}
    bills: list[Bill] = []
    held: list[HeldBill] = []
    for bill in made:
        one = by_agreement[bill.agreement_id]
        why = beyond_cap(
            account_id=bill.account_id,
            agreement_id=bill.agreement_id,
            meter_ids={
                pseudonym(each.meter_id, view.name): each.meter_id
                for each in one.service.installations
            }
            if bill.usage.estimated is not None
            else {},
            usage=bill.usage,
            days=bill.days,
            view=view,
            store=store,
        )
        if why is None:
            bills.append(bill)
        else:
            code, sentence = "usage.estimate_cap", f"{_where(one)}: {why}"
            held.append(HeldBill(bill.account_id, bill.agreement_id, bill.days, code, sentence))
    return bills, held


class MeterNotWhole(Refusal):
    """No single meter measured the service point for the whole window."""


def due_bill(service: BillableService, window: BillWindow, view: BookView) -> DueBill:
    """One due window with the meter that measured it and the municipality it is taxed in.

    :raises MeterNotWhole: if no one meter was installed on all days of the window
    :raises UnknownTaxPlace: if nobody has said in which municipality the premise lies
    """
    whole = [
        installation
        for installation in service.installations
        if installation.days.within(window.days) == window.days
    ]
    if len(whole) != 1:
        raise MeterNotWhole(
            f"No one meter measured service point {service.agreement.service_point_id} from "
            f"{window.days}",
            why="A meter exchanged inside a window is not billed yet",
            do="Record which meter was installed on which days, or hold this bill for a person",
        )
    return DueBill(
        service=service,
        window=window,
        installation=whole[0],
        tax_place=tax_place_on(service.tax_places, window.days, service.premise.premise_id),
        meter=pseudonym(whole[0].meter_id, view.name),
    )


def _batches(due: Sequence[DueBill]) -> Iterator[list[DueBill]]:
    """Cut into batches of one window and neighboring lake buckets."""

    def place(one: DueBill) -> tuple[DaySpan, int, str]:
        return (one.window.days, bucket_of(one.meter), one.meter)

    for _, same_days in groupby(sorted(due, key=place), key=lambda one: one.window.days):
        batch: list[DueBill] = []
        last_bucket = -1
        for one in same_days:
            bucket = bucket_of(one.meter)
            if len(batch) >= BATCH_METERS and bucket != last_bucket:
                yield batch
                batch = []
            batch.append(one)
            last_bucket = bucket
        yield batch


def calculate_bills(
    batch: Sequence[DueBill],
    *,
    on: date,
    known_at: datetime,
    sequence: int,
    lake: Lake,
    kept: KeptReadings,
    view: BookView,
) -> tuple[list[Bill], list[HeldBill]]:
    """Bills of one window for many services, and those held; records nothing.

    This is the calculation itself: issuing, dry runs and replay all come through here.
    """
    calculator = Calculator(view)
    window = batch[0].window.days
    pins = BillPins(
        known_at=known_at,
        lake_sequence=sequence,
        book_sha256=view.sha256,
        calculation_revision=rating.CALCULATION_REVISION,
        time_zone_data=time_zone_data_version(),
    )
    by_meter = {one.meter: one for one in batch}
    found = usage_of_window(
        {one.meter: one.installation for one in batch},
        window,
        zone=view.time_zone,
        at_sequence=sequence,
        lake=lake,
        kept=kept,
    )
    bills: list[Bill] = []
    held = [_refused(by_meter[meter], refusal) for meter, refusal in found.refused.items()]
    held += [_gap(by_meter[meter], finding) for meter, finding in found.gaps.items()]
    for whole in found.whole:
        rows = [by_meter[meter] for meter in whole.usage.meters]
        described = describe_usage(whole.usage) if whole.complete else []
        by_schedule: dict[str, list[int]] = {}
        for row in whole.complete:
            by_schedule.setdefault(rows[row].service.agreement.schedule, []).append(row)
        for schedule, members in sorted(by_schedule.items()):
            try:
                priced = calculator.price_intervals(schedule, window, _rows(whole.usage, members))
            except Refusal as refusal:  # nobody on this schedule can be priced
                held += [_held(rows[row].service, window, refusal) for row in members]
                continue
            for row, lines in zip(members, priced, strict=True):
                try:
                    bills.append(_bill(rows[row], lines, described[row], on, pins, calculator))
                except Refusal as refusal:  # one account's matter: its neighbors' bills go out
                    held.append(_held(rows[row].service, window, refusal))
    for meter, tiled in found.tiled.items():
        one = by_meter[meter]
        try:
            lines = calculator.price_tiled(one.service.agreement.schedule, window, tiled)
            bills.append(_bill(one, lines, describe_tiled(tiled), on, pins, calculator))
        except Refusal as refusal:
            held.append(_held(one.service, window, refusal))
    return bills, held


def _gap(one: DueBill, finding: Finding) -> HeldBill:
    return HeldBill(
        account_id=one.service.account.account_id,
        agreement_id=one.service.agreement.agreement_id,
        days=one.window.days,
        code=finding.code,
        sentence=f"{_where(one)}: {finding.sentence} "
        "Ingest the missing readings, then run the bill again.",
    )


def _refused(one: DueBill, refusal: Refusal) -> HeldBill:
    """A meter whose usage cannot be given; what does not tile the window says which meter's."""
    held = _held(one.service, one.window.days, refusal)
    if isinstance(refusal, UsageNotTiled):
        return replace(held, sentence=f"{_where(one)}: {refusal.sentence}")
    return replace(held, code="usage.refused")


def _where(one: DueBill) -> str:
    account = one.service.account.account_id
    return f"Account {account}, meter {one.installation.meter_id}, {one.window.days}"


def _rows(usage: UsageBatch, members: Sequence[int]) -> UsageBatch:
    """The batch with some of its rows, in the order given."""
    if len(members) == len(usage.meters):
        return usage
    chosen = list(members)
    return UsageBatch(
        meters=tuple(usage.meters[row] for row in chosen),
        interval_seconds=usage.interval_seconds,
        zone=usage.zone,
        days=tuple(values.of_rows(chosen) for values in usage.days),
        at_sequence=usage.at_sequence,
    )


def _bill(
    one: DueBill,
    lines: tuple[ChargeLine, ...],
    usage: BilledUsage,
    on: date,
    pins: BillPins,
    calculator: Calculator,
) -> Bill:
    window = one.window.days
    usage, estimates = say_estimates(usage, days=window, on=on, view=calculator.view)
    return assemble_bill(
        agreement=one.service.agreement,
        window=one.window,
        lines=calculator.with_tax(lines, window, one.tax_place),
        usage=usage,
        tax_place=one.tax_place,
        issued_day=on,
        due_day=decide_due_day(issued_day=on, view=calculator.view),
        reasons=(*calculator.window_reasons(window), *estimates),
        pins=pins,
    )


def _held(service: BillableService, days: DaySpan | None, refusal: Refusal) -> HeldBill:
    return HeldBill(
        account_id=service.account.account_id,
        agreement_id=service.agreement.agreement_id,
        days=days,
        code=_hold_code(refusal),
        sentence=f"Account {service.account.account_id}: {refusal.sentence}",
    )


def _hold_code(refusal: Refusal) -> str:
    """Whose queue a held bill belongs in; what is not told apart here is the book's."""
    if isinstance(refusal, MeterNotWhole):
        return "meter.not_whole"
    if isinstance(refusal, UnknownTaxPlace):
        return "premise.tax_place"
    if isinstance(refusal, rating.IntervalTooLong):
        return "usage.interval_too_long"
    if isinstance(refusal, WindowHasGap):
        return "usage.gap"
    if isinstance(refusal, UsageNotTiled):
        return "usage.not_tiled"
    return "book.silent"
