"""Gather what statements need, of one bill or of many at once.

Lives here      reading in batches; the temperatures and the contact route beside each bill.
Lives elsewhere making a statement (``make_statement``), its paper (``make_documents``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import bill_messages, contact_route, weather_station
from meterledger.facts.ach_orders import Enrollment
from meterledger.facts.combination import CombinedAccount
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.places import BillableService
from meterledger.facts.statements import Statement
from meterledger.facts.weather import MeanTemperature, mean_temperature
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.pinned import as_pinned
from meterledger.rulebook.terms import Terms
from meterledger.usecases.bill_estimates import logged_cause
from meterledger.usecases.document_ports import DocumentLog, Weather
from meterledger.usecases.estimate_records import ESTIMATED
from meterledger.usecases.estimated_by_hand import HandLog, rungs_of
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.make_statement import Beside, Temperatures, make_statement
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.relief_ports import ReliefReads


class StatementStore(DocumentLog, Weather, HandLog, ReliefReads, Protocol):
    """What is read for statements."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, as known then."""

    def combined_accounts(self, account_ids: Collection[str]) -> list[CombinedAccount]:
        """When the accounts are in which combination, as known now."""

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Whose bills are drawn, on which days, as known now."""

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of a cycle's accounts, joined."""


class Services:
    """Agreements as known when bills were made; a whole cycle's are read at once."""

    def __init__(self, store: StatementStore, cycle: int | None = None) -> None:
        """``cycle`` is where most of the agreements asked for are; None reads one by one."""
        self._store = store
        self._cycle = cycle
        self._known: dict[datetime, dict[str, BillableService]] = {}

    def of(self, bill: StoredBill) -> BillableService:
        """The bill's agreement as known when the bill was made."""
        known = self._known.get(bill.known_at)
        if known is None:
            found = (
                self._store.services_of_cycle(self._cycle, bill.known_at)
                if self._cycle is not None
                else []
            )
            known = {one.agreement.agreement_id: one for one in found}
            self._known[bill.known_at] = known
        if bill.agreement_id not in known:
            known[bill.agreement_id] = self._store.service_of_agreement(
                bill.agreement_id, bill.known_at
            )
        return known[bill.agreement_id]


class Surroundings:
    """What stands beside bills of any day as known now: messages, whom to call, temperatures."""

    def __init__(self, store: StatementStore, view: BookView, known_at: datetime) -> None:
        """``view`` and ``known_at`` are of now: a document keeps what it was made with."""
        self._store = store
        self._view = view
        self._known_at = known_at
        self._terms: dict[date, Beside] = {}
        self._temperatures: dict[tuple[str, DaySpan], MeanTemperature | None] = {}

    def beside(self, bill: StoredBill) -> Beside:
        """What the bill shows beside its charges."""
        if bill.issued_day not in self._terms:
            terms = Terms(self._view, bill.issued_day)
            self._terms[bill.issued_day] = Beside(
                contact=contact_route(terms),
                temperatures=self._at(weather_station(terms)),
                messages=bill_messages(terms),
            )
        return self._terms[bill.issued_day]

    def _at(self, station: str) -> Temperatures:
        def asked(days: DaySpan) -> MeanTemperature | None:
            if not station:
                return None
            if (station, days) not in self._temperatures:
                known = self._store.temperatures(station, days, self._known_at)
                self._temperatures[station, days] = mean_temperature(station, days, known)
            return self._temperatures[station, days]

        return asked


def statement_of(
    bill: StoredBill, *, store: StatementStore, book: TariffBook, known_at: datetime
) -> Statement:
    """The statement of one bill. ``known_at`` is now: whom to call is as known now.

    :raises NotViewing: outside ``viewing``
    """
    beside = Surroundings(store, book.as_known(known_at.date()), known_at)
    return next(iter(statements_of([bill], store=store, book=book, beside=beside)))


def statements_of(
    bills: Sequence[StoredBill],
    *,
    store: StatementStore,
    book: TariffBook,
    beside: Surroundings,
    services: Services | None = None,
    history: Mapping[str, Sequence[StoredBill]] | None = None,
    later: Mapping[str, date] | None = None,
) -> Iterator[Statement]:
    """The statements of bills, in order; history and entries of all of them are read at once.

    ``later`` is until when bills may be paid that went out late; asked of the store unless given.
    """
    accounts = list(dict.fromkeys(one.account_id for one in bills))
    known = services or Services(store)
    earlier = store.bills_of_accounts(accounts) if history is None else history
    entries = store.entries_of_accounts(accounts)
    reliefs = store.relief_of_bills([one.bill_id for one in bills])
    later = store.later_due_days([one.bill_id for one in bills]) if later is None else later
    views = _Views(book)
    members: dict[str, list[CombinedAccount]] = {}
    for one in store.combined_accounts(accounts):
        members.setdefault(one.account_id, []).append(one)
    drawn: dict[str, tuple[Validity, ...]] = {}
    for each in store.enrollments(account_ids=accounts):
        drawn[each.account_id] = (*drawn.get(each.account_id, ()), each.days)
    for bill in bills:
        service = known.of(bill)
        view = views.of(bill)
        made = make_statement(
            bill,
            service=service,
            history=earlier.get(bill.account_id, ()),
            entries=entries.get(bill.account_id, ()),
            view=view,
            beside=beside.beside(bill),
            cause=_cause_of_estimates(bill, service, store),
            rungs=rungs_of(bill, service=service, view=view, store=store),
            relief=reliefs.get(bill.bill_id),
            later_due=later.get(bill.bill_id),
            combination=combination_of_bill(
                bill, earlier.get(bill.account_id, ()), members.get(bill.account_id, ())
            ),
        )
        is_live = bill.cancelled_by is None
        yield replace(made, autopay=drawn.get(bill.account_id, ())) if is_live else made


def combination_of_bill(
    bill: StoredBill, history: Sequence[StoredBill], members: Sequence[CombinedAccount]
) -> str:
    """The combination whose statement asks for a bill; empty where it asks by itself.

    It is the one that the account was in when the bill was issued; a correction goes by what it
    corrects.
    """
    by_name = {one.bill_id: one for one in history} if bill.corrects else {}
    first = bill
    while first.corrects is not None and first.corrects in by_name:
        first = by_name[first.corrects]
    return next((one.combination_id for one in members if first.issued_day in one.days), "")


def _cause_of_estimates(
    bill: StoredBill, service: BillableService, store: StatementStore
) -> EstimateCause | None:
    """Why the bill was estimated, as it was logged until it was made; None where it was not."""
    if ESTIMATED not in bill.record:
        return None
    meters = dict.fromkeys(one.meter_id for one in meters_on_bill(service, bill.days))
    return logged_cause(
        one
        for meter in meters
        for one in store.estimates_of_meter(meter, bill.days)
        if one.sequence <= bill.lake_sequence
    )


class _Views:
    def __init__(self, book: TariffBook) -> None:
        self._book = book
        self._views: dict[tuple[date, str], BookView] = {}

    def of(self, bill: StoredBill) -> BookView:
        """The book that the bill was made by."""
        key = (bill.known_at.date(), bill.book_sha256)
        if key not in self._views:
            self._views[key] = as_pinned(self._book, *key)
        return self._views[key]


def in_batches(bills: Iterable[StoredBill], count: int) -> Iterator[list[StoredBill]]:
    """So many at a time."""
    batch: list[StoredBill] = []
    for bill in bills:
        batch.append(bill)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch
