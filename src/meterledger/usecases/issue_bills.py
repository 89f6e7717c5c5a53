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
from typing import Protocol, cast

from meterledger.billing import (
    BillWindow,
    due_windows,
)
from meterledger.facts.bills import Bill, HeldBill
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.money import Entry
from meterledger.facts.places import BillableService
from meterledger.kernel.ids import bucket_of, pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import entry_for_bill
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.bill_estimates import (
    EstimateHolds,
    beyond_cap,
    held_days,
    held_sentence,
)
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    DueBill,
    calculate_bills,
    due_bill,
    goes_on,
    held_bill,
    where_of,
)
from meterledger.usecases.dry_bills import StoreOfDryRun
from meterledger.usecases.ports import Lake

BATCH_METERS = 2048
"""Enough bills that a commit costs little for each, few enough that a month of a batch's usage
stays below some hundred MB."""


class BillStore(BilledReadings, EstimateHolds, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills and entries; returns the ids newly recorded."""

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep what was held, and why."""


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
    cause: EstimateCause | None = None,
) -> BillRun:
    """Bill every window of the services that is due on ``on`` and not billed yet.

    ``on`` is the day of rendition. ``known_at`` is the instant as known at which book and places
    were read; with the lake's sequence it is pinned on every bill. ``keep_bills`` false keeps
    counts only (a cycle of a city does not fit a list). ``progress`` is told how many windows
    were settled. ``cause`` is why registers were not read, where somebody has told.
    """
    view = book.as_known(known_at.date())
    sequence = store.lake_sequence()
    run = BillRun()
    # An account named twice is one account: its bills are made, recorded and counted once.
    waiting = list({service.agreement.agreement_id: service for service in services}.values())
    dry = StoreOfDryRun(store)
    seen = cast(BillStore, dry) if dry_run else store
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
                    kept=seen,
                    view=view,
                    cause=cause,
                )
                made, capped = _within_cap(free, made, view, seen)
                if dry_run:
                    dry.remember(made)
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
            continues, continued = goes_on(service, view)
            windows = due_windows(
                agreement=service.agreement,
                cycle=service.account.cycle,
                billed_until=service.billed_until,
                on=on,
                view=view,
                continues=continues,
                continued=continued,
            )
            if not windows:
                continue
            window = windows[0]
            due.append(due_bill(service, window, view))
        except Refusal as refusal:
            held.append(held_bill(service, window.days if window else None, refusal))
    return due, held


def _without_held_days(
    batch: Sequence[DueBill], store: EstimateHolds
) -> tuple[list[DueBill], list[HeldBill]]:
    """Those whose window has no day that waits for a person, and the others held."""
    every = [meter for one in batch for meter in one.meters]
    by_meter = held_days(every, batch[0].window.days, store)
    found = {
        one.meter: [finding for meter in one.meters for finding in by_meter.get(meter, ())]
        for one in batch
        if not by_meter.keys().isdisjoint(one.meters)
    }
    held = [
        HeldBill(
            account_id=one.service.account.account_id,
            agreement_id=one.service.agreement.agreement_id,
            days=one.window.days,
            code="usage.held",
            sentence=f"{where_of(one)}: {held_sentence(found[one.meter])}",
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
            code, sentence = "usage.estimate_cap", f"{where_of(one)}: {why}"
            held.append(HeldBill(bill.account_id, bill.agreement_id, bill.days, code, sentence))
    return bills, held


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
