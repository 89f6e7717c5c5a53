"""Replay: compute a bill again from readings and book, as known then, and compare the bytes.

Only the bill's header is trusted: which agreement, which days, when rendered, as known when. Its
stored lines and documents are not read for the calculation, so the answer is evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from meterledger import rating
from meterledger.billing import PAPERLESS_CREDIT
from meterledger.facts.bills import Bill, BillKind, RecordUnreadable, read_record
from meterledger.facts.corrections import Correction
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    DueBill,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.correction_record import corrected_again
from meterledger.usecases.ports import Lake, NotFound, StoredBill
from meterledger.usecases.words_of_before import SPOKEN, as_worded_before


class ReplayStore(BilledReadings, Protocol):
    """What this journey needs of the store."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined, as known then."""

    def lake_sequence_known_at(self, known_at: datetime) -> int:
        """The newest commit sequence learned by that instant."""

    def correction_of(self, bill_id: str) -> Correction | None:
        """The correction that made this bill; None where it corrects none."""


class CannotReplay(Refusal):
    """What the bill was made from cannot be computed as known at that moment."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The bill computed again, and how it compares with what was issued.

    ``read_as`` says by which reading of before the bytes are the same; empty by today's.
    """

    bill: Bill
    same_bytes: bool
    as_known_at: datetime
    differences: tuple[str, ...]
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A rule as it was read when a bill was made: its record does not name it, its bytes tell."""

    words: str = ""
    deposit_refunded: bool | None = None
    plan_asked_on: date | None = None
    plan_goes_on: bool = False
    plan_of_every_place: bool = False
    by_last_cycle: bool = False
    paperless_by_calendar: bool = False
    paperless_of_its_day: bool = False


TODAY = _Reading()


def replay_bill(
    *,
    bill_id: str,
    store: ReplayStore,
    lake: Lake,
    book: TariffBook,
    as_known: datetime | None = None,
) -> Replay:
    """Compute the bill again as known when it was issued, or as known at ``as_known``.

    :raises NotFound: if there is no such bill
    :raises CannotReplay: if what was known then does not make a bill (a gap, a silent book)
    """
    recalled = recall_bill(bill_id=bill_id, store=store, book=book, as_known=as_known)
    stored, known_at = recalled.stored, recalled.known_at
    bill = _made_again(recalled, recalled.revision, store, lake)
    for again, words in _ways(bill, recalled, store, lake):
        same = _as_issued(again, stored, words)
        if same is not None:
            return Replay(same[0], True, known_at, (), same[1])
    return Replay(bill, False, known_at, tuple(_differences(stored.record, bill)))


def _ways(
    bill: Bill, recalled: Recalled, store: ReplayStore, lake: Lake
) -> Iterator[tuple[Bill, str]]:
    """The bill, and how else it may have come out when it was made; each with its reading."""
    stored = recalled.stored
    yield bill, ""
    revisions = [recalled.revision]
    if not stored.record:
        # The record would name the revision it was made by; without it the hash tells which.
        before = [one for one in rating.CALCULATION_REVISIONS if one != recalled.revision]
        for revision in before:
            yield _made_again(recalled, revision, store, lake), ""
        revisions += reversed(before)
    if recalled.known_at == stored.known_at:  # as known at another moment the pins always differ
        for reading in _older_readings(bill, recalled):
            for revision in revisions:
                again = _made_again(recalled, revision, store, lake, reading=reading)
                yield again, reading.words


def _as_issued(again: Bill, stored: StoredBill, words: str) -> tuple[Bill, str] | None:
    """The bill that was issued, by today's words or those of before, with how it was read."""
    if again.record_sha256 == stored.record_sha256:
        return again, words
    worded = as_worded_before(again)
    if worded is None or worded.record_sha256 != stored.record_sha256:
        return None
    return worded, f"{words}; {SPOKEN}" if words else SPOKEN


def _older_readings(bill: Bill, recalled: Recalled) -> list[_Reading]:
    """How rules were read before that may have made a bill like this one, the newest first."""
    found: list[_Reading] = []
    stored = recalled.stored
    if bill.corrects is not None and bill.asked is not None:
        words = (
            "by its budget plan as it stood on the day of the correction, not on that of the bill "
            "that it corrects"
        )
        found.append(_Reading(words, plan_asked_on=bill.issued_day))
        settles = "without settling its budget plan, though service ended with it"
        found += [
            _Reading(settles, plan_goes_on=True),
            replace(found[0], words=f"{words}; {settles}", plan_goes_on=True),
        ]
    if bill.kind in (BillKind.FINAL, BillKind.CORRECTED):
        words = "without asking whether a deposit goes back through it"
        found += _each(found, words, deposit_refunded=False)
    if bill.asked is not None or not stored.record or b'"asked":' in stored.record:
        words = "with the bills of all places of its account in the difference of its budget plan"
        found += _each(found, words, plan_of_every_place=True)
    if recalled.due.service.earlier_cycles:
        words = "with a change of the rate option told by the reading cycle that was put right"
        found += _each(found, words, by_last_cycle=True)
    credited = any(line.code == PAPERLESS_CREDIT for line in bill.lines)
    credited = credited or not stored.record or PAPERLESS_CREDIT.encode() in stored.record
    if credited and bill.corrects is not None:
        words = "with a paperless credit by what was told on the day of the first bill, after it"
        found += _each(found, words, paperless_of_its_day=True)
    if credited:
        words = "with a paperless credit by the calendar alone: neither bills nor accounts counted"
        found += _each(found, words, paperless_by_calendar=True)
    return found


def _each(found: Sequence[_Reading], words: str, **how: bool) -> list[_Reading]:
    """Today's reading and those found so far, each read otherwise in one thing more."""
    made = []
    for one in (TODAY, *found):
        told: Any = {"words": f"{one.words}; {words}" if one.words else words, **how}
        made.append(replace(one, **told))
    return made


def _made_again(
    recalled: Recalled,
    revision: str,
    store: ReplayStore,
    lake: Lake,
    *,
    reading: _Reading = TODAY,
) -> Bill:
    stored = recalled.stored
    window = window_of(
        recalled.due.service,
        stored.days,
        recalled.view,
        revision,
        by_last_cycle=reading.by_last_cycle,
    )
    first = first_bill(stored, store)
    bills, held = calculate_bills(
        [
            replace(
                with_first(recalled.due, first),
                window=window,
                deposit_refunded=reading.deposit_refunded,
                plan_asked_on=reading.plan_asked_on,
                plan_goes_on=reading.plan_goes_on,
                plan_of_every_place=reading.plan_of_every_place,
                paperless_by_calendar=reading.paperless_by_calendar,
                paperless_of_its_day=reading.paperless_of_its_day,
            )
        ],
        on=stored.issued_day,
        known_at=recalled.known_at,
        sequence=recalled.sequence,
        lake=lake,
        kept=store,
        view=recalled.view,
        revision=revision,
    )
    if not bills:
        why = " ".join(one.sentence for one in held)
        raise _cannot(stored.bill_id, recalled.known_at, why)
    correction = store.correction_of(stored.bill_id) if stored.corrects else None
    if correction is None:
        return bills[0]
    decision, name = correction.decision, stored.bill_id
    return corrected_again(bills[0], bill_id=name, decision=decision, view=recalled.view)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a bill was made from, as known at a moment: book, window, service, lake, revision."""

    stored: StoredBill
    view: BookView
    due: DueBill
    known_at: datetime
    sequence: int
    revision: str


def recall_bill(
    *, bill_id: str, store: ReplayStore, book: TariffBook, as_known: datetime | None = None
) -> Recalled:
    """Find what the bill was made from, as known when it was issued or at ``as_known``.

    :raises NotFound: if there is no such bill
    :raises CannotReplay: if its agreement or its meter was not known then
    """
    stored = store.bill(bill_id)
    known_at = (as_known or stored.known_at).astimezone(UTC)  # a store may answer in its own zone
    sequence = stored.lake_sequence if as_known is None else store.lake_sequence_known_at(known_at)
    try:
        service = store.service_of_agreement(stored.agreement_id, known_at)
    except NotFound as refusal:
        why = f"Agreement {stored.agreement_id} was not known yet"
        raise _cannot(bill_id, known_at, why) from refusal
    view = (
        as_pinned(book, known_at.date(), stored.book_sha256)
        if as_known is None
        else book.as_known(known_at.date())
    )
    revision = revision_of(stored)
    try:
        due = due_bill(service, window_of(service, stored.days, view, revision), view)
    except Refusal as refusal:
        raise _cannot(bill_id, known_at, refusal.sentence) from refusal
    return Recalled(stored, view, due, known_at, sequence, revision)


def first_issued(stored: StoredBill, store: ReplayStore) -> date:
    """The day on which the bill's period was first billed: a correction bills it once more."""
    return first_bill(stored, store).issued_day


def first_bill(stored: StoredBill, store: ReplayStore) -> StoredBill:
    """The bill with which the bill's period was first billed; itself, if it corrects none."""
    while stored.corrects is not None:
        stored = store.bill(stored.corrects)
    return stored


def with_first(due: DueBill, first: StoredBill) -> DueBill:
    """The window with the bill by which its period was first billed."""
    return replace(due, first_issued=first.issued_day, first_known=first.known_at)


def revision_of(stored: StoredBill) -> str:
    """The revision of the calculation that made a bill; the newest where its record is away."""
    try:
        return str(read_record(stored.record)["pins"]["calculation_revision"])
    except (RecordUnreadable, KeyError):
        return rating.CALCULATION_REVISION


def _cannot(bill_id: str, known_at: datetime, why: str) -> CannotReplay:
    return CannotReplay(
        f"As known at {known_at:%Y-%m-%dT%H:%M:%SZ} there is no bill for this period",
        where=bill_id,
        why=why,
        do="Ask for another moment with --as-known, or replay as known when it was issued",
    )


def _differences(stored_record: bytes, bill: Bill) -> list[str]:
    if not stored_record:
        return ["the stored record is not available; its hash differs from the computed one"]
    try:
        issued = read_record(stored_record)
    except RecordUnreadable:
        return ["the stored record cannot be read; its hash differs from the computed one"]
    found: list[str] = []
    _compare("", issued, bill.as_json(), found)
    return found


def _compare(path: str, issued: Any, computed: Any, found: list[str]) -> None:
    if isinstance(issued, dict) and isinstance(computed, dict):
        for key in sorted(issued.keys() | computed.keys()):
            _compare(f"{path}.{key}" if path else key, issued.get(key), computed.get(key), found)
    elif isinstance(issued, list) and isinstance(computed, list) and len(issued) == len(computed):
        for number, (one, other) in enumerate(zip(issued, computed, strict=True)):
            _compare(f"{path}[{number}]", one, other, found)
    elif issued != computed:
        found.append(f"{path}: issued {json.dumps(issued)}, computed {json.dumps(computed)}")
