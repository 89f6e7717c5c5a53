"""Issue bills: find due windows, read usage, price, assemble, pass the gate, record.

Each batch of one window and one lake bucket is recorded in one transaction, and the store lets
one service period be billed once, so a run may be killed anywhere, doubled, and run again.

Lives here      the run: which windows, in which batches, what is held, when the run stops.
Lives elsewhere the calculation (``calculate_bills``), the gate (``gate_bills``), recording beside
                calculating (``record_batches``), deciding held bills (``settle_held``), how
                windows are cut into batches (``bill_batches``).

**When the breaker can stop a run.** Every batch is judged after it was calculated and before it is
handed to the recorder, with the figures of the whole run so far. The batch that is being recorded
at that instant was judged the same way and finishes; nothing after it leaves. Until enough windows
were looked at for a share to say something, batches are kept back, not recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol, cast

from meterledger.billing import (
    BillWindow,
    due_windows,
)
from meterledger.facts.bills import Bill, HeldBill
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.held import (
    GateFinding,
    HeldCase,
    RunCounts,
    RunRecord,
    RunState,
    SeenHold,
    run_id_of,
)
from meterledger.facts.places import Agreement, BillableService
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.bill_batches import batches_of
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    DueBill,
    calculate_bills,
    due_bill,
    goes_on,
    held_bill,
)
from meterledger.usecases.dry_bills import StoreOfDryRun
from meterledger.usecases.estimate_waits import within_cap, without_held_days
from meterledger.usecases.gate_bills import Gate, GateStore, RunIsStopped
from meterledger.usecases.joined_services import (
    as_billed,
    carried_on,
    refuse_unbilled_before,
    stands_on_another,
    waits_for,
)
from meterledger.usecases.kept_back import KeptBack, KeptBackTogether
from meterledger.usecases.ports import Lake
from meterledger.usecases.record_batches import BillLog, Recorded, Recorder
from meterledger.usecases.relief_ports import ReliefReads
from meterledger.usecases.relieve_bills import relieved

STOPPED = "gate.run_stopped"
"""The code of windows that wait because the run was stopped."""


class BillStore(BilledReadings, GateStore, BillLog, ReliefReads, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep what was held, and why."""


@dataclass(slots=True)
class BillRun:
    """What a run did, in windows: due = billed + held + excluded, billed = issued + known."""

    issued: list[Bill] = field(default_factory=list)
    held: list[HeldBill] = field(default_factory=list)
    known: int = 0
    """Bills that somebody else recorded meanwhile: nothing was done twice."""
    energy_billed_wh: int = 0
    issued_count: int = 0
    issued_cents: int = 0
    due: int = 0
    excluded: list[HeldCase] = field(default_factory=list)
    """Windows that a person has excluded, each with its reason."""
    waiting: int = 0
    """Windows that were due and wait because the run was stopped; held, with one reason for all."""
    stopped: RunRecord | None = None
    gate_note: str = ""
    """What is to be said of the gate itself: that the book had none."""
    record: RunRecord | None = None

    @property
    def held_count(self) -> int:
        """Windows held, one by one or by the stop of the run."""
        return len(self.held) + self.waiting


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
    scope: str = "accounts",
    only: Mapping[str, DaySpan] | None = None,
) -> BillRun:
    """Bill every window of the services that is due on ``on`` and not billed yet.

    ``on`` is the day of rendition. ``known_at`` is the instant as known at which book and places
    were read; with the lake's sequence it is pinned on every bill. ``keep_bills`` false keeps
    counts only (a cycle of a city does not fit a list). ``progress`` is told how many windows
    were settled. ``cause`` is why registers were not read, where somebody has told. ``scope`` says
    in the record of the run whom it was about; ``only`` names one window of each agreement, and no
    other is billed.

    :raises RunIsStopped: if a run was stopped before and nobody has let it go
    :raises NoRuleInForce: if the book has half a gate
    """
    stop = None if dry_run else store.standing_stop()
    if stop is not None:
        raise RunIsStopped.by(stop)
    view = book.as_known(known_at.date())
    dry = StoreOfDryRun(store) if dry_run else None
    made = _Run(
        run=BillRun(),
        gate=Gate.open(view, on, store, scope, known_at),
        store=store,
        seen=cast(BillStore, dry) if dry is not None else store,
        dry=dry,
        on=on,
        known_at=known_at,
        sequence=store.lake_sequence(),
        lake=lake,
        view=view,
        cause=cause,
        keep_bills=keep_bills,
        progress=progress,
    )
    made.run.gate_note = made.gate.note
    # An account named twice is one account: its bills are made, recorded and counted once.
    waiting = list({service.agreement.agreement_id: service for service in services}.values())
    with Recorder(store, known_at, dry_run=dry_run) as recorder:
        while waiting and made.beyond is None:
            waiting = made.next_windows(waiting, recorder, only)
            if only is not None:
                break
    return made.finish()


@dataclass(slots=True)
class _Run:
    """One run: what it was asked, and what has become of it so far."""

    run: BillRun
    gate: Gate
    store: BillStore
    seen: BillStore
    dry: StoreOfDryRun | None
    on: date
    known_at: datetime
    sequence: int
    lake: Lake
    view: BookView
    cause: EstimateCause | None
    keep_bills: bool
    progress: Progress | None
    codes: Counter[str] = field(default_factory=Counter)
    beyond: tuple[GateFinding, ...] | None = None
    """Why the run was stopped; empty where another run's stop stands."""
    billed: dict[str, date] = field(default_factory=dict)
    """Until when this run has billed agreements that may stand on another one's bill."""
    carried: set[str] = field(default_factory=set)
    """Agreements that were billed with another one."""

    def next_windows(
        self,
        services: Sequence[BillableService],
        recorder: Recorder,
        only: Mapping[str, DaySpan] | None,
    ) -> list[BillableService]:
        """Bill the oldest due window of each service; those that go on to their next one."""
        services = [as_billed(one, self.billed) if one.joined else one for one in services]
        names = {one.agreement.agreement_id for one in services if one.billed_with}
        follow = set() if only is not None else follows_another(services)
        now: list[BillableService] = []
        later: list[BillableService] = []
        for one in services:
            # Sorted by what they are, not compared with each other: everybody who ever changed a
            # rate is among those that wait, which is a good part of a cycle.
            waits = one.agreement.agreement_id in follow or waits_for(one, names)
            (later if waits and only is None else now).append(one)
        services = now
        due, held = first_due(services, self.on, self.view)
        if only is not None:
            due = [
                one
                for one in due
                if only.get(one.service.agreement.agreement_id) == one.window.days
            ]
        self.run.due += len(due) + len(held)
        self.gate.looked_at(len(held), held=len(held))
        self._hold(held)
        settled: list[BillableService] = []
        kept_back: list[tuple[list[DueBill], list[Bill]]] = []
        for batch in batches_of(due):
            kept_back.append(self._calculate(batch))
            self._judge()
            if self.beyond is not None:
                kept_back.clear()
                break
            if self.gate.may_leave:
                settled += self._let_leave(kept_back, recorder)
        settled += self._let_leave(kept_back, recorder)
        for done in recorder.rest():
            settled += self._settle(done)
        return settled + later + carried_on(services, self.carried, self.billed)

    def _let_leave(
        self, lots: list[tuple[list[DueBill], list[Bill]]], recorder: Recorder
    ) -> list[BillableService]:
        settled: list[BillableService] = []
        for batch, made in lots:
            for done in recorder.record(batch, made):
                settled += self._settle(done)
        lots.clear()
        return settled

    def _calculate(self, batch: list[DueBill]) -> tuple[list[DueBill], list[Bill]]:
        """The bills of a batch that may leave; the others are held, and kept as such.

        A run takes its time: what people exclude or take back meanwhile is asked for each batch.
        """
        batch, excluded = self.gate.without_excluded(batch)
        self.run.excluded += [case for _, case in excluded]
        if not batch:
            return [], []
        free, waiting_review = without_held_days(batch, self.store)
        made: list[Bill] = []
        gated: list[SeenHold] = []
        others = list(waiting_review)
        if free:
            made, batch_held = calculate_bills(
                free,
                on=self.on,
                known_at=self.known_at,
                sequence=self.sequence,
                lake=self.lake,
                kept=self.seen,
                view=self.view,
                cause=self.cause,
            )
            made, capped = within_cap(free, made, self.view, self.seen)
            made, gated = self.gate.check(free, made, self.lake, self.sequence)
            made = relieved(made, store=self.store, view=self.view)
            if self.dry is not None:
                self.dry.remember(made)
                self.gate.remember(made)
            others += [*batch_held, *capped]
        self.gate.looked_at(len(batch), held=len(others) + len(gated))
        self._hold(others, gated)
        return free, made

    def _judge(self) -> None:
        """Stop the run where the breaker says so, or where another run was stopped meanwhile."""
        found = self.gate.beyond()
        if found:
            self.beyond = tuple(found)
        elif self.dry is None and self.store.standing_stop() is not None:
            self.beyond = ()

    def _hold(self, held: Sequence[HeldBill], gated: Sequence[SeenHold] = ()) -> None:
        every = [*held, *(one.held for one in gated)]
        self.run.held += every
        self.codes.update(one.code for one in every)
        if every and self.dry is None:
            cases = [*map(SeenHold, held), *gated]
            self.store.see_held(cases, on=self.on, learned_at=self.known_at)

    def _settle(self, done: Recorded) -> list[BillableService]:
        """Count a recorded batch; answers the services that may have another window due.

        Only what this run recorded goes on: where another run was first, what it knew (an end of
        service, say) may be newer than what we read.
        """
        run = self.run
        billed_until: dict[str, date] = {}
        kept_back = self._keep_back(done.refused)
        for bill in done.made:
            if bill.bill_id in kept_back:
                continue
            if bill.bill_id not in done.newly:
                run.known += 1
                continue
            run.issued_count += 1
            run.issued_cents += bill.total_cents
            run.energy_billed_wh += bill.usage.energy_wh
            billed_until[bill.agreement_id] = bill.days.until_day
            for share in bill.joined:
                self.billed[share.agreement_id] = share.days.until_day
                self.carried.add(share.agreement_id)
            if self.keep_bills:
                run.issued.append(bill)
        if self.progress is not None:
            self.progress(len(done.batch))
        onward: list[BillableService] = []
        for one in done.batch:
            until = billed_until.get(one.service.agreement.agreement_id)
            if until is None:
                continue
            if one.service.billed_with:
                self.billed[one.service.agreement.agreement_id] = until
            # A window after the day of the run is not due: of a city's cycle nobody has another,
            # and what is kept of each lies among what the next batches make.
            if until < self.on:
                onward.append(replace(one.service, billed_until=until))
        return onward

    def _keep_back(self, refused: Sequence[tuple[Bill, KeptBack]]) -> set[str]:
        """Count what people keep back since the gate looked: the open case says how it leaves."""
        for bill, refusal in refused:
            case = self.gate.excluded_now(bill) if refusal.excluded else None
            if case is not None:
                self.run.excluded.append(case)
                continue
            code = refusal.code
            held = HeldBill(bill.account_id, bill.agreement_id, bill.days, code, refusal.sentence)
            if isinstance(refusal, KeptBackTogether):  # no case is open of it yet
                self._hold([held])
                continue
            self.run.held.append(held)
            self.codes.update([code])
            self.store.record_held([held], on=self.on, learned_at=self.known_at)
        return {bill.bill_id for bill, _ in refused}

    def finish(self) -> BillRun:
        """The run with its record: due = billed + held + excluded, or something was lost."""
        run = self.run
        billed = run.issued_count + run.known
        run.waiting = run.due - billed - len(run.held) - len(run.excluded)
        ensure(
            run.waiting == 0 or (run.waiting > 0 and self.beyond is not None),
            "windows due are billed, held or excluded",
        )
        if run.waiting:
            self.codes[STOPPED] += run.waiting
        is_stop = bool(self.beyond)
        sentence = ""
        if self.beyond is not None:
            told = "; ".join(one.sentence for one in self.beyond) or "another run was stopped"
            wait = "window waits" if run.waiting == 1 else "windows wait"
            sentence = f"{told[0].upper()}{told[1:]}: {run.waiting} {wait}"
        run.record = RunRecord(
            run_id=run_id_of(self.gate.scope, self.on, self.known_at),
            state=RunState.STOPPED if is_stop else RunState.FINISHED,
            scope=self.gate.scope,
            on=self.on,
            learned_at=self.known_at,
            counts=RunCounts(
                due=run.due,
                billed=billed,
                held=run.held_count,
                excluded=len(run.excluded),
                known=run.known,
                total_cents=run.issued_cents,
                energy_wh=run.energy_billed_wh,
                estimated=self.gate.tally.estimated,
                zero=self.gate.tally.zero,
                by_code=tuple(sorted(self.codes.items())),
            ),
            findings=self.beyond or (),
            sentence=sentence or self.gate.note,
        )
        if self.beyond is not None:
            run.stopped = run.record
        if self.dry is None and run.due:
            self.store.record_run(run.record)
        return run


def follows_another(services: Iterable[BillableService]) -> set[str]:
    """Agreements that wait for an earlier one of their account at the place: its bills come first.

    What they look back at, like credits and demand, is then there in the run that makes both.
    """
    at_place: dict[tuple[str, str], list[Agreement]] = {}
    for one in services:
        agreement = one.agreement
        key = (agreement.account_id, agreement.service_point_id)
        at_place.setdefault(key, []).append(agreement)
    return {
        agreement.agreement_id
        for found in at_place.values()
        if len(found) > 1
        for agreement in found
        if agreement.days.from_day > min(one.days.from_day for one in found)
    }


def first_due(
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
            if service.billed_with and stands_on_another(service, window.days):
                continue
            one = due_bill(service, window, view)
            refuse_unbilled_before(service, one.joined)
            due.append(one)
        except Refusal as refusal:
            held.append(held_bill(service, window.days if window else None, refusal))
    return due, held
