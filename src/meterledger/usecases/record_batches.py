"""Record one batch of bills while the next is calculated.

Lives here      the worker that records, one batch at a time and in order; a bill that people keep
                back meanwhile is left out alone.
Lives elsewhere calculating, and what may be handed over (``issue_bills``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meterledger.facts.bills import Bill
from meterledger.facts.money import Entry
from meterledger.ledger import entry_for_bill
from meterledger.usecases.calculate_bills import DueBill
from meterledger.usecases.kept_back import KeptBack


class BillLog(Protocol):
    """Where bills are kept."""

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills and entries; returns the ids newly recorded.

        :raises KeptBack: if people keep one of them back; nothing is kept then
        """

    def prepare_bills(
        self, bills: Sequence[tuple[Bill, Entry | None]]
    ) -> Sequence[tuple[Bill, Entry | None]]:
        """The same bills with the least left to do; nothing is asked or changed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A batch, the bills it made, and the ids of those that this run was the one to record."""

    batch: Sequence[DueBill]
    made: Sequence[Bill]
    newly: set[str]
    refused: Sequence[tuple[Bill, KeptBack]] = ()
    """Bills that people keep back meanwhile: each was refused alone, and the others were not."""


class Recorder:
    """Records one batch while the next is calculated: the database's time is not waited for.

    A batch is written out (its records, its columns) before it is handed over, while the one
    before it is recorded: the database waits for nothing but the batch.
    At most one batch is on its way, so memory stays bounded and batches are recorded in order.
    What fails to be recorded is raised by the next call, and nothing after it is recorded.
    """

    def __init__(self, store: BillLog, known_at: datetime, *, dry_run: bool) -> None:
        """``known_at`` is the instant that entries are learned at."""
        self._store = store
        self._known_at = known_at
        self._dry_run = dry_run
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record-bills")
        self._on_its_way: Future[Recorded] | None = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *exception: object) -> None:
        self._worker.shutdown(wait=True)

    def record(self, batch: Sequence[DueBill], made: Sequence[Bill]) -> list[Recorded]:
        """Hand over a batch; answers the one before it, if there was one."""
        bills: Sequence[tuple[Bill, Entry | None]] = []
        if not self._dry_run:
            bills = self._store.prepare_bills(
                [(bill, entry_for_bill(bill, learned_at=self._known_at)) for bill in made]
            )
        done = self.rest()
        self._on_its_way = self._worker.submit(self._record, batch, made, bills)
        return done

    def rest(self) -> list[Recorded]:
        """Wait for the batch that is on its way, and answer it."""
        if self._on_its_way is None:
            return []
        done = self._on_its_way.result()
        self._on_its_way = None
        return [done]

    def _record(
        self,
        batch: Sequence[DueBill],
        made: Sequence[Bill],
        bills: Sequence[tuple[Bill, Entry | None]],
    ) -> Recorded:
        if self._dry_run:
            return Recorded(batch, made, {bill.bill_id for bill in made})
        refused: list[tuple[Bill, KeptBack]] = []
        newly = self._without_kept_back(bills, refused)
        return Recorded(batch, made, newly, refused)

    def _without_kept_back(
        self, bills: Sequence[tuple[Bill, Entry | None]], refused: list[tuple[Bill, KeptBack]]
    ) -> set[str]:
        """Record them, but for those that are kept back: halves find these in few transactions."""
        try:
            return self._store.record_bills(bills)
        except KeptBack as refusal:
            if len(bills) == 1:
                refused.append((bills[0][0], refusal))
                return set()
        half = len(bills) // 2
        newly = self._without_kept_back(bills[:half], refused)
        return newly | self._without_kept_back(bills[half:], refused)
