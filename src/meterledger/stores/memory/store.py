"""Everything but the lake in dictionaries, answering ``usecases.ports.Store``.

One suite of promises (tests/stores) runs against this store and PostgreSQL alike. A lock makes
each call all or nothing for threads of one process; nothing is kept beyond it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from meterledger.facts.bills import Bill, HeldBill
from meterledger.facts.money import Entry, Payment
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    BillableService,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.readings import ChannelKind, ChannelReadings, QuarantinedLine
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.usecases.ports import (
    Conflict,
    NotFound,
    NotViewing,
    ReceivedFile,
    ServiceStart,
    StoredBill,
    Viewer,
)

RECEIVABLE = "142"


class MemoryStore:
    """Promises in dictionaries."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.RLock()
        self._viewers: list[Viewer] = []
        self.read_log: list[tuple[Viewer, tuple[str, ...]]] = []
        self._persons: dict[str, Person] = {}
        self._accounts: dict[str, Account] = {}
        self._premises: dict[str, Premise] = {}
        self._points: dict[str, ServicePoint] = {}
        self._holders: TwoClocks[AccountHolder] = TwoClocks(
            "account holder", lambda one: f"{one.account_id}/{one.person_id}"
        )
        self._tax_places: TwoClocks[TaxPlace] = TwoClocks(
            "tax place of premise", lambda one: one.premise_id
        )
        self._installations: TwoClocks[MeterInstallation] = TwoClocks(
            "meter or service point",
            lambda one: f"service point {one.service_point_id}",
            lambda one: f"meter {one.meter_id}",
        )
        self._agreements: TwoClocks[Agreement] = TwoClocks(
            "service point", lambda one: one.service_point_id
        )
        self._files: dict[str, ReceivedFile] = {}
        self._lake_files: list[tuple[int, str]] = []
        self.registers: list[tuple[str, ChannelReadings]] = []
        self.quarantined: list[tuple[str, QuarantinedLine]] = []
        self._bills: dict[str, StoredBill] = {}
        self._claims: list[tuple[str, DaySpan, str]] = []
        self._entries: dict[str, Entry] = {}
        self._payments: dict[str, Payment] = {}
        self.held: list[tuple[HeldBill, date, datetime]] = []

    # ------------------------------------------------------------------------------- viewing

    @contextmanager
    def viewing(self, viewer: Viewer, subjects: Sequence[str]) -> Iterator[None]:
        """Allow reads of personal and usage data inside, and log who, whom and why."""
        self.read_log.append((viewer, tuple(subjects)))
        self._viewers.append(viewer)
        try:
            yield
        finally:
            self._viewers.pop()

    def _look(self) -> None:
        if not self._viewers:
            raise NotViewing.because()

    # -------------------------------------------------------------------------------- places

    def start_service(self, start: ServiceStart) -> None:
        """Record a start of service, all of it or nothing."""
        self.start_services([start])

    def start_services(self, starts: Sequence[ServiceStart]) -> None:
        """Record many starts of service, all of them or nothing."""
        with self._lock:
            before = self._snapshot()
            try:
                for start in starts:
                    self._start(start)
            except Conflict:
                self._restore(before)
                raise

    def _start(self, start: ServiceStart) -> None:
        for person in start.persons:
            self._once(self._persons, person.person_id, person, "person")
        if start.account is not None:
            self._once(self._accounts, start.account.account_id, start.account, "account")
        if start.premise is not None:
            self._once(self._premises, start.premise.premise_id, start.premise, "premise")
        if start.service_point is not None:
            point = start.service_point
            self._once(self._points, point.service_point_id, point, "service point")
        for holder in start.holders:
            if not self._holds_already(self._holders, holder):
                self._holders.check(holder, holder.days)
                self._holders.add(holder, holder.days, holder.learned_at)
        if start.tax_place is not None and not self._holds_already(
            self._tax_places, start.tax_place
        ):
            self._tax_places.check(start.tax_place, start.tax_place.days)
            self._tax_places.add(start.tax_place, start.tax_place.days, start.tax_place.learned_at)
        installation = start.installation
        if installation is not None and not self._holds_already(self._installations, installation):
            self._installations.check(installation, installation.days)
            self._installations.add(installation, installation.days, installation.learned_at)
        agreement = start.agreement
        self._agreements.check(agreement, agreement.days)
        self._agreements.add(agreement, agreement.days, agreement.learned_at)

    @staticmethod
    def _once(table: dict[str, Any], key: str, fact: Any, noun: str) -> None:
        """Keep a fact under its key; the same contents again change nothing."""
        known = table.get(key)
        if known is None:
            table[key] = fact
        elif _contents(known) != _contents(fact):
            raise Conflict(
                f"{noun.capitalize()} {key} is known with other contents",
                where=f"{noun} {key}",
                do="Use the contents that are known, or another name",
            )

    @staticmethod
    def _holds_already(table: TwoClocks[Any], fact: Any) -> bool:
        """Whether the same fact is believed already on all of the fact's days."""
        for known in table.known():
            same = _contents(replace(known, days=fact.days)) == _contents(fact)
            if same and _covers(known.days, fact.days):
                return True
        return False

    def _snapshot(self) -> tuple[list[list[Any]], list[dict[str, Any]]]:
        return [one.copy_rows() for one in self._dated()], [dict(one) for one in self._plain()]

    def _restore(self, before: tuple[list[list[Any]], list[dict[str, Any]]]) -> None:
        for table, rows in zip(self._dated(), before[0], strict=True):
            table.put_rows(rows)
        for known, contents in zip(self._plain(), before[1], strict=True):
            known.clear()
            known.update(contents)

    def _dated(self) -> list[TwoClocks[Any]]:
        return [self._holders, self._tax_places, self._installations, self._agreements]

    def _plain(self) -> list[dict[str, Any]]:
        return [self._persons, self._accounts, self._premises, self._points]

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement on ``last_day_out`` (out)."""
        with self._lock:
            agreement = next(
                (one for one in self._agreements.known() if one.agreement_id == agreement_id),
                None,
            )
            if agreement is None:
                raise NotFound.of("agreement", agreement_id)
            billed = self._billed_until(agreement_id)
            refuse_stop(agreement, last_day_out, billed)
            ended = replace(
                agreement,
                days=Validity(agreement.days.from_day, last_day_out),
                learned_at=learned_at,
            )
            self._agreements.replace(agreement, ended, ended.days, learned_at)

    def account(self, account_id: str) -> Account:
        """The account."""
        self._look()
        if account_id not in self._accounts:
            raise NotFound.of("account", account_id)
        return self._accounts[account_id]

    def account_ids(self) -> list[str]:
        """All account ids, in order."""
        self._look()
        return sorted(self._accounts)

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""
        return self._services(known_at, lambda one: one.account_id == account_id)

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the cycle's accounts, joined, by account and first day."""
        return self._services(known_at, lambda one: self._accounts[one.account_id].cycle == cycle)

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, as known then."""
        found = self._services(known_at, lambda one: one.agreement_id == agreement_id)
        if not found:
            raise NotFound.of("agreement", agreement_id)
        return found[0]

    def _services(
        self, known_at: datetime, wanted: Callable[[Agreement], bool]
    ) -> list[BillableService]:
        self._look()
        with self._lock:
            chosen = [one for one in self._agreements.known(known_at) if wanted(one)]
            return [
                self._joined(one, known_at)
                for one in sorted(chosen, key=lambda one: (one.account_id, one.days.from_day))
            ]

    def _joined(self, agreement: Agreement, known_at: datetime) -> BillableService:
        premise = self._premises[self._points[agreement.service_point_id].premise_id]
        holders = sorted(
            (
                one.person_id
                for one in self._holders.known(known_at)
                if one.account_id == agreement.account_id and one.days.overlaps(agreement.days)
            ),
        )
        return BillableService(
            agreement=agreement,
            account=self._accounts[agreement.account_id],
            premise=premise,
            installations=tuple(
                sorted(
                    (
                        one
                        for one in self._installations.known(known_at)
                        if one.service_point_id == agreement.service_point_id
                    ),
                    key=lambda one: one.days.from_day,
                )
            ),
            tax_places=tuple(
                sorted(
                    (
                        one
                        for one in self._tax_places.known(known_at)
                        if one.premise_id == premise.premise_id
                    ),
                    key=lambda one: one.days.from_day,
                )
            ),
            billed_until=self._billed_until(agreement.agreement_id),
            holders=tuple(self._persons[person].name for person in holders),
        )

    def _billed_until(self, agreement_id: str) -> date | None:
        ends = [
            one.days.until_day for one in self._bills.values() if one.agreement_id == agreement_id
        ]
        return max(ends, default=None)

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed, as known now."""
        wanted = set(meter_ids)
        found: dict[str, list[MeterInstallation]] = {}
        for one in self._installations.known():
            if one.meter_id in wanted:
                found.setdefault(one.meter_id, []).append(one)
        return {
            meter: sorted(those, key=lambda one: one.days.from_day)
            for meter, those in found.items()
        }

    # ------------------------------------------------------------------------------ readings

    def received_file(self, sha256: str) -> ReceivedFile | None:
        """The file of that hash, if it is stored already."""
        return self._files.get(sha256)

    def record_file(
        self,
        *,
        sha256: str,
        name: str,
        format: str,
        channels: Sequence[ChannelReadings],
        quarantined: Sequence[QuarantinedLine],
        lake_files: Sequence[str],
        learned_at: datetime,
    ) -> ReceivedFile:
        """Publish one file as the next commit sequence."""
        with self._lock:
            if sha256 in self._files:
                raise Conflict(
                    f"A file with the hash {sha256[:16]}... is stored already",
                    where=name,
                    do="Nothing is to be done: its readings are kept",
                )
            sequence = self.lake_sequence() + 1
            received = ReceivedFile(
                sha256=sha256,
                name=name,
                format=format,
                reading_count=sum(len(one.readings) for one in channels),
                quarantined_count=len(quarantined),
                learned_at=learned_at,
                lake_sequence=sequence,
            )
            self._files[sha256] = received
            self._lake_files += [(sequence, one) for one in lake_files]
            self.registers += [
                (sha256, one) for one in channels if one.channel.kind is ChannelKind.REGISTER
            ]
            self.quarantined += [(sha256, one) for one in quarantined]
            return received

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""
        return max((one.lake_sequence for one in self._files.values()), default=0)

    def lake_files(self, at_sequence: int) -> list[str]:
        """Lake files published up to and including the sequence."""
        return [name for sequence, name in self._lake_files if sequence <= at_sequence]

    def lake_sequence_known_at(self, known_at: datetime) -> int:
        """The newest commit sequence learned by that instant."""
        return max(
            (one.lake_sequence for one in self._files.values() if one.learned_at <= known_at),
            default=0,
        )

    # --------------------------------------------------------------------------------- bills

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills whose service period is not billed yet, with their entries."""
        newly: set[str] = set()
        with self._lock:
            for bill, entry in bills:
                if any(
                    point == bill.service_point_id and days.overlap(bill.days)
                    for point, days, _ in self._claims
                ):
                    continue
                self._claims.append((bill.service_point_id, bill.days, bill.bill_id))
                self._bills[bill.bill_id] = StoredBill(
                    bill_id=bill.bill_id,
                    account_id=bill.account_id,
                    agreement_id=bill.agreement_id,
                    days=bill.days,
                    issued_day=bill.issued_day,
                    due_day=bill.due_day,
                    total_cents=bill.total_cents,
                    record=bill.record(),
                    record_sha256=bill.record_sha256,
                    known_at=bill.pins.known_at,
                    lake_sequence=bill.pins.lake_sequence,
                    previous_balance_cents=self._balance(bill.account_id),
                )
                if entry is not None:
                    self._entries[entry.entry_id] = entry
                newly.add(bill.bill_id)
        return newly

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep what was held, and why."""
        with self._lock:
            self.held += [(one, on, learned_at) for one in held]

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""
        self._look()
        if bill_id not in self._bills:
            raise NotFound.of("bill", bill_id)
        return self._bills[bill_id]

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Bills of the account, oldest first."""
        self._look()
        return sorted(
            (one for one in self._bills.values() if one.account_id == account_id),
            key=lambda one: (one.days.from_day, one.bill_id),
        )

    # -------------------------------------------------------------------------------- ledger

    def record_payment(self, payment: Payment, entry: Entry) -> bool:
        """Post a payment once."""
        with self._lock:
            known = self._payments.get(payment.payment_key)
            if known is not None:
                if _contents(known) != _contents(payment):
                    raise Conflict.of_payment(payment.payment_key, known)
                return False
            self._payments[payment.payment_key] = payment
            self._entries[entry.entry_id] = entry
            return True

    def balance_cents(self, account_id: str) -> int:
        """What the account owes now."""
        self._look()
        return self._balance(account_id)

    def _balance(self, account_id: str) -> int:
        return sum(
            leg.cents
            for entry in self._entries.values()
            for leg in entry.legs
            if leg.customer_account_id == account_id and leg.ledger_account == RECEIVABLE
        )

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""
        self._look()
        return sorted(
            (
                entry
                for entry in self._entries.values()
                if any(leg.customer_account_id == account_id for leg in entry.legs)
            ),
            key=lambda entry: (entry.effective_day, entry.learned_at, entry.entry_id),
        )

    def payments_of_account(self, account_id: str) -> list[Payment]:
        """Payments of the account, oldest first."""
        self._look()
        return sorted(
            (one for one in self._payments.values() if one.account_id == account_id),
            key=lambda one: (one.received_day, one.payment_key),
        )

    def trial_balance(self) -> dict[str, int]:
        """Sum of legs by ledger account."""
        sums: dict[str, int] = {}
        for entry in self._entries.values():
            for leg in entry.legs:
                sums[leg.ledger_account] = sums.get(leg.ledger_account, 0) + leg.cents
        return dict(sorted(sums.items()))


def refuse_stop(agreement: Agreement, last_day_out: date, billed_until: date | None) -> None:
    """The reasons for which an agreement cannot end on a day, the same in every store.

    :raises Conflict: if it has ended already, ends before it began, or is billed past the day
    """
    where = f"agreement {agreement.agreement_id}"
    if agreement.days.until_day is not None:
        raise Conflict(
            f"It has ended already on {agreement.days.until_day}",
            where=where,
            do="Look at it with `service show`",
        )
    if last_day_out <= agreement.days.from_day:
        raise Conflict(
            f"It begins on {agreement.days.from_day} and cannot end on {last_day_out}",
            where=where,
            do="Give the first day without service, after the first day with it",
        )
    if billed_until is not None and last_day_out < billed_until:
        raise Conflict(
            f"It is billed until {billed_until}, past {last_day_out}",
            where=where,
            do="Give a day from there on; correcting an issued bill is another journey",
        )


def _covers(outer: Validity, inner: Validity) -> bool:
    ends_later = outer.until_day is None or (
        inner.until_day is not None and inner.until_day <= outer.until_day
    )
    return outer.from_day <= inner.from_day and ends_later


def _contents(fact: Any) -> Any:
    """A fact without the instant it was learned and without days a caller merely guessed."""
    changed: dict[str, Any] = {"learned_at": None}
    if isinstance(fact, Account):
        changed["opened_day"] = None
    return replace(fact, **changed)
