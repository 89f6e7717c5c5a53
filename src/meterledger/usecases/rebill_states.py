"""A bill on the way from what was issued to what is right: one thing changed after the other.

Lives here      computing a bill again as issued, then with today's book, service, meters and
                readings; each step through the one calculation.
Lives elsewhere the sums by cause (``billing.correction_causes``), deciding and recording
                (``rebill``), the queue (``find_corrections``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from meterledger.billing import ADJUSTMENT, BillState, state_of
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.corrections import CorrectionCause
from meterledger.facts.participation import Participation
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.bill_options import as_asked, options_of
from meterledger.usecases.calculate_bills import calculate_bills, due_bill, window_of
from meterledger.usecases.joined_services import measured_as, meters_on_bill
from meterledger.usecases.ports import Lake, StoredBill
from meterledger.usecases.register_windows import files_on_registers
from meterledger.usecases.replay_bill import (
    ReplayStore,
    first_bill,
    first_issued,
    recall_bill,
    with_first,
)


@dataclass(frozen=True, slots=True)
class Now:
    """As known now: what bills are made with that are made today."""

    known_at: datetime
    on: date
    sequence: int
    book: TariffBook
    lake: Lake

    @property
    def view(self) -> BookView:
        """The book as known now."""
        return self.book.as_known(self.known_at.date())


class CannotRebill(Refusal):
    """What is known now does not make a bill of the period."""


def right_bill(
    stored: StoredBill, store: ReplayStore, now: Now, *, on: date | None = None
) -> tuple[Bill, BillableService]:
    """The period's bill as it comes out now, under the name of a first bill; and its service.

    :raises CannotRebill: if its usage cannot be billed, or the book is silent
    """
    view = now.view
    service = store.service_of_agreement(stored.agreement_id, now.known_at)
    try:
        due = due_bill(service, window_of(service, stored.days, view), view)
    except Refusal as refusal:
        raise _cannot(stored.bill_id, refusal.sentence) from refusal
    bills, held = calculate_bills(
        [with_first(due, first_bill(stored, store))],
        on=on or now.on,
        known_at=now.known_at,
        sequence=now.sequence,
        lake=now.lake,
        kept=store,
        view=view,
    )
    if not bills:
        raise _cannot(stored.bill_id, " ".join(one.sentence for one in held))
    return bills[0], service


def asked_now(right: Bill, stored: StoredBill, store: ReplayStore, now: Now) -> Bill:
    """The right bill with what a budget plan asks of it after the corrections that ``store`` has.

    By the plan's amount of the day on which ``stored``'s period was first billed. A replay sees the
    corrections, too: the bills of one case are known from the same instant on.
    """
    options = options_of([right.account_id], now.known_at, store).get(right.account_id)
    billed_on = first_issued(stored, store)
    return as_asked(right, right.kind, options, now.view, billed_on=billed_on)


def is_same(stored: StoredBill, right: Bill) -> bool:
    """Whether the right bill charges what was issued, for the same usage."""
    record = read_record(stored.record)
    return (
        record["usage"]["sha256"] == right.usage.sha256
        and _told(record["lines"]) == _told([line.as_json() for line in right.lines])
        and bool(record["usage"].get("estimated")) == (right.usage.estimated is not None)
    )


def _told(lines: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What is charged; what an earlier correction has left as it was is no charge of its own."""
    return [
        (one["code"], one["from"], one["to"], one["quantity"], one["usd"])
        for one in lines
        if one["unit"] != ADJUSTMENT
    ]


def difference_name(right: Bill, otherwise: str = "") -> str:
    """Names what a period comes out as now: another usage, amount or due day has another name."""
    told: list[Any] = [right.usage.sha256]
    told += [[line.code, line.quantity, line.cents] for line in right.lines]
    told += [otherwise] if otherwise else []
    return sha256_hex(canonical_bytes(told))


def states_of(
    stored: StoredBill, right: Bill, store: ReplayStore, now: Now
) -> tuple[BillState, list[BillState]]:
    """The bill as issued, and after each step to the right one; a step that cannot be is left out.

    What such a step would have changed is told with the next one. A bill that begins on another day
    than it was issued for is another one for that.
    """
    issued, bare = _issued(stored)
    if read_record(stored.record)["from"] != stored.days.from_day.isoformat():
        return issued, [state_of(CorrectionCause.BEGAN, _sums(right))]
    steps = [bare] if bare.total_cents != issued.total_cents else []
    steps += [state_of(cause, _sums(bill)) for cause, bill in _between(stored, store, now)]
    return issued, [*steps, state_of(CorrectionCause.READING, _sums(right))]


def _issued(stored: StoredBill) -> tuple[BillState, BillState]:
    """As issued, and without what an earlier correction had left as it was."""
    every: list[tuple[str, int]] = []
    bare: list[tuple[str, int]] = []
    for line in read_record(stored.record)["lines"]:
        one = (line["group"], cents_from_text(line["usd"], where=stored.bill_id))
        every.append(one)
        if stored.corrects is None or line["unit"] != ADJUSTMENT:
            bare.append(one)
    return state_of(CorrectionCause.LIMIT, every), state_of(CorrectionCause.LIMIT, bare)


def _sums(bill: Bill) -> list[tuple[str, int]]:
    return [(line.group.value, line.cents) for line in bill.lines]


def _between(
    stored: StoredBill, store: ReplayStore, now: Now
) -> Iterator[tuple[CorrectionCause, Bill]]:
    """The bill computed again as issued, with today's book, then service, then meters.

    Where the meters are as they were, the last step moves by what the bills before it billed of
    their reads, as known now: an estimate is made again, a read opens otherwise.
    """
    try:
        then = recall_bill(bill_id=stored.bill_id, store=store, book=now.book)
        service = store.service_of_agreement(stored.agreement_id, now.known_at)
    except Refusal as refusal:
        refusal.of_one_case()
        return
    was = then.due.service
    moved = measured_as(service, was)
    there = meters_on_bill(service, stored.days)
    instants, meter = (then.known_at, now.known_at), CorrectionCause.METER
    if there and there == meters_on_bill(was, stored.days):
        set_up, set_up_now = (_set_up(there, at, store) for at in instants)
        meter = CorrectionCause.READING if set_up == set_up_now else meter
    steps: Sequence[tuple[CorrectionCause, BookView, BillableService, datetime]] = (
        (CorrectionCause.OURS, then.view, was, then.known_at),
        (CorrectionCause.RATE, now.view, was, then.known_at),
        (CorrectionCause.PROGRAM, now.view, moved, then.known_at),
        (meter, now.view, service, now.known_at),
    )
    first = first_bill(stored, store)
    chosen = cast(ReplayStore, ChosenAt(store, now.known_at))
    for cause, view, each, known_at in steps:
        try:
            due = due_bill(each, window_of(each, stored.days, view), view)
            bills, _ = calculate_bills(
                [with_first(due, first)],
                on=stored.issued_day,
                known_at=known_at,
                sequence=then.sequence,
                lake=now.lake,
                kept=chosen if cause is CorrectionCause.PROGRAM else store,
                view=view,
            )
        except Refusal as refusal:
            refusal.of_one_case()
            continue
        if bills:
            yield cause, bills[0]


def _set_up(
    meters: Iterable[MeterInstallation], known_at: datetime, store: ReplayStore
) -> dict[str, Any]:
    """How those of the meters are set up that are billed on a register, as known then."""
    files = files_on_registers([one.meter_id for one in meters], known_at, store)
    return {meter: file.configurations for meter, file in files.items()}


class ChosenAt:
    """A store that answers what accounts have chosen as known then, and all else as it is asked."""

    def __init__(self, store: ReplayStore, known_at: datetime) -> None:
        self._store: Any = store
        self._known_at = known_at

    def billing_options(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, AccountOptions]:
        """What the accounts have chosen, as known then: a choice learned late is its own cause."""
        return options_of(account_ids, self._known_at, self._store)

    def participations(
        self, agreement_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, tuple[Participation, ...]]:
        """What the agreements take part in, as known then."""
        found: dict[str, tuple[Participation, ...]]
        found = self._store.participations(agreement_ids, self._known_at)
        return found

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked."""
        return getattr(self._store, name)


def _cannot(bill_id: str, why: str) -> CannotRebill:
    return CannotRebill(
        "As known now there is no bill for this period",
        where=bill_id,
        why=why,
        do="Put the cause right, then correct the bill again",
    )
