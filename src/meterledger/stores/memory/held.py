"""Held cases and runs in dictionaries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.bills import Bill, BillKind, HeldBill
from meterledger.facts.held import (
    HeldAct,
    HeldCase,
    HeldStep,
    PastBill,
    RunRecord,
    RunState,
    SeenHold,
    StoreClock,
)
from meterledger.kernel.span import DaySpan
from meterledger.stores.held_words import (
    held_work,
    no_case,
    not_billed,
    past_spans,
    refuse_kept_back,
    refuse_let_go,
    refuse_step,
)
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.usecases.ports import StoredBill


class MemoryHeld(MemoryPlaces):
    """The part of the store that keeps held cases and runs."""

    record: list[tuple[str, str, datetime]]
    held: list[tuple[HeldBill, date, datetime]]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._held_cases: dict[str, HeldCase] = {}
        self._bill_runs: list[RunRecord] = []
        self._past: dict[str, tuple[str, str, PastBill]] = {}
        self.server_clock: datetime | None = None
        """What a test says that the server's clock says."""

    def see_held(
        self, seen: Sequence[SeenHold], *, on: date, learned_at: datetime
    ) -> dict[str, str]:
        """Open a case for each window, or add to the one that is open what was seen of it."""
        with self._lock:
            free = not_billed(seen, self._live_days())
            work = held_work(self._held_cases.values(), free, on, learned_at)
            for case in work.opened:
                self._held_cases[case.case_id] = case
            for case, step in work.steps:
                self._add_step(self._held_cases[case.case_id], step)
            self._log_held(work.newly, on, learned_at)
            if work.opened or work.steps:
                self._note("held cases", f"{len(seen)} held", learned_at)
            return work.case_ids

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep in the log of what runs held that these were, and why."""
        with self._lock:
            self._log_held(held, on, learned_at)

    def _log_held(self, held: Sequence[HeldBill], on: date, learned_at: datetime) -> None:
        if held:
            self.held += [(one, on, learned_at) for one in held]
            self._note("bills held", f"{len(held)} bills", learned_at)

    def _live_days(self) -> list[tuple[str, DaySpan]]:
        """Agreement and days of every live bill."""
        raise NotImplementedError  # the store beside this part keeps them

    def _add_step(self, case: HeldCase, step: HeldStep) -> HeldCase:
        made = replace(case, steps=(*case.steps, step))
        self._held_cases[case.case_id] = made
        return made

    def settle_held(self, case_id: str, step: HeldStep) -> HeldCase:
        """Add what a person decided."""
        with self._lock:
            case = self.held_case(case_id)
            if case.says_already(step):
                return case
            refuse_step(case, step)
            self._note("held case settled", case_id, step.learned_at)
            return self._add_step(case, step)

    def held_case(self, case_id: str) -> HeldCase:
        """A case by its id."""
        self._look()
        if case_id not in self._held_cases:
            raise no_case(case_id)
        return self._held_cases[case_id]

    def held_cases(
        self, *, account_id: str | None = None, with_ended: bool = False
    ) -> list[HeldCase]:
        """Open cases, the oldest first."""
        self._look()
        found = [
            one
            for one in list(self._held_cases.values())
            if (account_id is None or one.account_id == account_id) and (with_ended or one.is_open)
        ]
        return sorted(found, key=lambda one: (one.opened.on, one.opened.learned_at, one.case_id))

    def held_case_of_bill(self, bill_id: str) -> list[HeldCase]:
        """The cases that a bill ended."""
        found = self.held_cases(with_ended=True)
        return [one for one in found if one.steps[-1].bill_id == bill_id]

    def decided_holds(self) -> list[HeldCase]:
        """Open cases on which a person has decided something."""
        return [one for one in self.held_cases() if any(step.by for step in one.steps)]

    def waived_holds(self, agreement_ids: Collection[str]) -> list[HeldCase]:
        """Cases of the agreements of which somebody left the period uncharged."""
        self._look()
        return [
            one
            for one in self._held_cases.values()
            if one.agreement_id in agreement_ids
            and any(step.act is HeldAct.WAIVED for step in one.steps)
        ]

    def bills_before(
        self, account_ids: Sequence[str], days: DaySpan, shift_days: int
    ) -> dict[tuple[str, str], list[PastBill]]:
        """Live bills of the accounts about the window and about the same days a year before."""
        self._look()
        wanted, spans = set(account_ids), past_spans(days, shift_days)
        live = {one.bill_id for account in wanted for one in self.bills_of_account(account)}
        found: dict[tuple[str, str], list[PastBill]] = {}
        for account, point, past in list(self._past.values()):
            if past.bill_id in live and any(past.days.overlap(one) for one in spans):
                found.setdefault((account, point), []).append(past)
        return found

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""
        raise NotImplementedError  # the store beside this part keeps them

    def _refuse_held(self, bill: Bill) -> None:
        """Before a bill is kept: nobody excluded it, and above its ceiling two let it go."""
        for case in self._cases_over(bill):
            refuse_kept_back(case, bill.bill_id, bill.total_cents)

    def _end_held(self, bill: Bill) -> None:
        """A bill is kept: the open cases of its days have ended."""
        past = PastBill(bill.bill_id, bill.days, bill.usage.energy_wh, bill.total_cents)
        self._past[bill.bill_id] = (bill.account_id, bill.service_point_id, past)
        if bill.kind is BillKind.CORRECTED:  # of days that were billed: it ends no case
            return
        for case in self._cases_over(bill):
            step = HeldStep(
                HeldAct.BILLED,
                bill.issued_day,
                bill.pins.known_at,
                total_cents=bill.total_cents,
                energy_wh=bill.usage.energy_wh,
                bill_id=bill.bill_id,
            )
            self._add_step(case, step)

    def _cases_over(self, bill: Bill) -> list[HeldCase]:
        return [
            one
            for one in list(self._held_cases.values())
            if one.agreement_id in bill.agreement_ids
            and one.is_open
            and (one.days is None or one.days.overlap(bill.days))
        ]

    def record_run(self, run: RunRecord) -> bool:
        """Keep what a run came to, or that it was let go."""
        with self._lock:
            if any((one.run_id, one.state) == (run.run_id, run.state) for one in self._bill_runs):
                return False
            if run.state is RunState.LET_GO:
                refuse_let_go(self._stopped(run.run_id), run.run_id)
            self._bill_runs.append(run)
            self._note(f"bill run {run.state.value}", run.run_id, run.learned_at)
            return True

    def _stopped(self, run_id: str) -> RunRecord | None:
        found = [one for one in self._bill_runs if one.run_id == run_id]
        return next((one for one in found if one.state is RunState.STOPPED), None)

    def bill_runs(self, *, on: date | None = None, limit: int = 100) -> list[RunRecord]:
        """Runs, the newest first."""
        found = [one for one in self._bill_runs if on is None or one.on == on]
        return found[::-1][:limit]

    def standing_stop(self) -> RunRecord | None:
        """The oldest run that was stopped and not let go."""
        let_go = {one.run_id for one in self._bill_runs if one.state is RunState.LET_GO}
        for one in self._bill_runs:
            if one.state is RunState.STOPPED and one.run_id not in let_go:
                return one
        return None

    def clock(self) -> StoreClock:
        """What time it is for the system of record, and the newest it has kept."""
        newest = max((at for _, _, at in self.record), default=None)
        days = [one.on for one in self._bill_runs if one.counts.billed]
        return StoreClock(self.server_clock, newest, max(days, default=None))
