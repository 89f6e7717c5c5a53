"""Everything but the lake in dictionaries, answering ``usecases.ports.Store``.

One suite of promises (tests/stores) runs against this store and PostgreSQL alike. A lock makes
each call all or nothing for threads of one process; nothing is kept beyond it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from meterledger.facts.bills import Bill, HeldBill
from meterledger.facts.intake import (
    RELEASED,
    STORED,
    Arrival,
    Movement,
    QuarantinedItem,
    QuarantineOutcome,
    totals_of_release,
    totals_of_stored,
)
from meterledger.facts.money import Entry, Payment
from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    ChannelTold,
    QuarantinedLine,
)
from meterledger.facts.usage import KnownInterval
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.span import DaySpan
from meterledger.stores.believed import contents, refuse_unknown
from meterledger.stores.kept import KeptVersion, is_delivered_energy, speaking_last
from meterledger.stores.memory.billing_options import MemoryBillingOptions
from meterledger.stores.memory.card_refunds import MemoryCardRefunds
from meterledger.stores.memory.channels import MemoryChannels
from meterledger.stores.memory.combinations import MemoryCombinations
from meterledger.stores.memory.corrections import Claim, MemoryCorrections
from meterledger.stores.memory.day_facts import MemoryDayFacts
from meterledger.stores.memory.deposits import MemoryDeposits
from meterledger.stores.memory.documents import MemoryDocuments
from meterledger.stores.memory.extensions import MemoryExtensions
from meterledger.stores.memory.finance import MemoryFinance
from meterledger.stores.memory.held import MemoryHeld
from meterledger.stores.memory.intake import MemoryIntake
from meterledger.stores.memory.issued import MemoryIssued
from meterledger.stores.memory.journal import MemoryJournal
from meterledger.stores.memory.lake_log import MemoryLakeLog
from meterledger.stores.memory.late_charges import MemoryLateCharges
from meterledger.stores.memory.meters import MemoryMeters
from meterledger.stores.memory.payments import MemoryPayments
from meterledger.stores.memory.programs import MemoryPrograms
from meterledger.stores.memory.reconciliation import MemoryReconciliation
from meterledger.stores.memory.register_values import MemoryRegisters
from meterledger.stores.memory.relief import MemoryRelief
from meterledger.stores.memory.usage_log import MemoryUsageLog
from meterledger.stores.together_words import points_of
from meterledger.usecases.ports import (
    Conflict,
    NotFound,
    NotViewing,
    ReceivedFile,
    StoredBill,
    Viewer,
)


class MemoryStore(
    MemoryJournal,
    MemoryDocuments,
    MemoryRelief,  # before corrections, which take it back
    MemoryCorrections,
    MemoryBillingOptions,
    MemoryCombinations,
    MemoryPrograms,
    MemoryReconciliation,
    MemoryFinance,
    MemoryCardRefunds,  # settlements, before payments: due days of balances that were moved
    MemoryPayments,
    MemoryDeposits,
    MemoryChannels,
    MemoryExtensions,
    MemoryHeld,
    MemoryLakeLog,
    MemoryLateCharges,
    MemoryIntake,
    MemoryIssued,
    MemoryUsageLog,
    MemoryMeters,
    MemoryRegisters,
    MemoryDayFacts,
):
    """Promises in dictionaries."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._viewers = threading.local()
        self.read_log: list[tuple[Viewer, tuple[str, ...]]] = []
        self.record: list[tuple[str, str, datetime]] = []
        """What was done: event, subject, instant learned."""
        self._files: dict[str, ReceivedFile] = {}
        self._versions: list[tuple[datetime, tuple[str, ...]]] = []
        self.registers: list[tuple[str, ChannelReadings]] = []
        self.held: list[tuple[HeldBill, date, datetime]] = []
        self._bills: dict[str, StoredBill] = {}
        self._bills_of: dict[str, list[str]] = {}
        self._bills_at: dict[str, list[str]] = {}
        self._claims: dict[str, list[Claim]] = {}
        self._agreements_of: dict[str, tuple[str, ...]] = {}

    # ------------------------------------------------------------------------------- viewing

    @contextmanager
    def viewing(self, viewer: Viewer, subjects: Sequence[str]) -> Iterator[None]:
        """Allow this thread's reads of personal and usage data inside; log who, whom and why."""
        if not viewer.name.strip() or not viewer.purpose.strip():
            raise NotViewing.because()
        self.read_log.append((viewer, tuple(subjects)))
        stack: list[Viewer] = self._viewers.__dict__.setdefault("stack", [])
        stack.append(viewer)
        try:
            yield
        finally:
            stack.pop()

    def _look(self) -> None:
        if not self._viewers.__dict__.get("stack"):
            raise NotViewing.because()

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        self.record.append((event, subject, learned_at))

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
        based_on: int | None = None,
        beside: Sequence[ChannelReadings] = (),
        arrival: Arrival | None = None,
        releases: tuple[QuarantinedItem, QuarantineOutcome] | None = None,
        told: Sequence[ChannelTold] = (),
    ) -> ReceivedFile:
        """Publish one file as the next commit sequence, with its row of the intake's book."""
        with self._lock:
            if sha256 in self._files:
                raise Conflict.of_file(sha256, name)
            if based_on is not None and based_on != len(self._versions):
                raise Conflict.of_lake(based_on, len(self._versions), name)
            published = {one for _, names in self._versions for one in names}
            again = sorted(published & set(lake_files))
            if again:
                raise Conflict.of_lake_file(again[0], name)
            came = arrival or Arrival(name, sha256, None)
            self._refuse_sequence(came)
            if releases is None:
                totals = totals_of_stored(channels, quarantined, told)
                moved, status = self._movement_to(sha256, totals), STORED
            else:
                self._keep_outcome(*releases)
                moved, status = totals_of_release(releases[0], channels), RELEASED
            self._move(Movement(came, format, status, None, moved, learned_at))
            received = ReceivedFile(
                sha256=sha256,
                name=name,
                format=format,
                reading_count=sum(len(one.readings) for one in channels)
                + sum(one.readings for one in told),
                quarantined_count=len(quarantined),
                learned_at=learned_at,
                lake_sequence=len(self._versions) + 1,
            )
            newest = self._versions[-1][0] if self._versions else learned_at
            self._files[sha256] = received
            read = (ChannelTold.of(one) for one in channels if one.readings)
            self._told_of[sha256] = (*read, *told)
            self._versions.append((max(newest, learned_at), tuple(lake_files)))
            self.quarantined += [(sha256, line) for line in quarantined]
            self.registers += [
                (sha256, one) for one in channels if one.channel.kind is ChannelKind.REGISTER
            ]
            self.registers += [(sha256, one) for one in beside]
            self._note("file received", sha256, learned_at)
            return received

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch the stretch."""
        self._look()
        wanted = set(meter_ids)
        return speaking_last(
            KeptVersion(one.channel, sequence, reading.start, reading.seconds, reading.value)
            for sha256, one in self.registers
            if (sequence := self._files[sha256].lake_sequence) <= at_sequence
            and one.channel.meter_id in wanted
            and is_delivered_energy(one.channel)
            for reading in one.readings
            if reading.seconds > 0
            and reading.value is not None
            and reading.start < until
            and begin < reading.start + reading.seconds
        )

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""
        return len(self._versions)

    def lake_files(self, at_sequence: int) -> list[str]:
        """Lake files published up to the sequence, in order of publication."""
        return [name for _, names in self._versions[:at_sequence] for name in names]

    def lake_sequence_known_at(self, known_at: datetime) -> int:
        """The newest commit sequence learned by that instant."""
        return sum(learned_at <= known_at for learned_at, _ in self._versions)

    # --------------------------------------------------------------------------------- bills

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills whose service period is not billed yet, with their entries."""
        newly: list[tuple[Bill, Entry | None]] = []
        with self._lock:
            for bill, entry in sorted(bills, key=_by_service_period):
                if any(
                    one.days.overlap(days)
                    for _, _, point, days in points_of(bill)
                    for one in self._claims.get(point, ())
                ):
                    continue
                self._refuse_bill(bill, entry)
                self._claim(bill)
                newly.append((bill, entry))
            for bill, entry in newly:
                self._keep_bill(bill, entry)
            if newly:
                learned_at = max(bill.pins.known_at for bill, _ in newly)
                self._note("bills issued", f"{len(newly)} bills", learned_at)
        return {bill.bill_id for bill, _ in newly}

    @staticmethod
    def prepare_bills(
        bills: Sequence[tuple[Bill, Entry | None]],
    ) -> Sequence[tuple[Bill, Entry | None]]:
        """The same: nothing is written here."""
        return bills

    def _refuse_bill(self, bill: Bill, entry: Entry | None) -> None:
        try:
            if bill.account_id not in self._accounts:
                refuse_unknown("account", bill.account_id, f"bill {bill.bill_id}")
            if entry is not None and entry.entry_id in self._entries:
                raise Conflict.of_entry(entry.entry_id)
            if entry is None and bill.total_cents != 0:
                raise Conflict.of_missing_entry(bill.bill_id)
            self._refuse_held(bill)
            self._refuse_not_as_arranged(bill)
            self._refuse_bill_relief(bill)
        except Conflict:
            for claims in self._claims.values():  # nothing of this call stays
                claims[:] = [one for one in claims if one.bill_id in self._bills]
            raise

    def _keep_bill(self, bill: Bill, entry: Entry | None) -> None:
        self._end_held(bill)
        record = bill.record()
        self._bills[bill.bill_id] = StoredBill(
            bill_id=bill.bill_id,
            account_id=bill.account_id,
            agreement_id=bill.agreement_id,
            days=bill.days,
            issued_day=bill.issued_day,
            due_day=bill.due_day,
            total_cents=bill.total_cents,
            record=record,
            record_sha256=sha256_hex(record),
            known_at=bill.pins.known_at,
            lake_sequence=bill.pins.lake_sequence,
            previous_balance_cents=self._balance(bill.account_id),
            book_sha256=bill.pins.book_sha256,
            corrects=bill.corrects,
        )
        self._agreements_of[bill.bill_id] = bill.agreement_ids
        self._bills_of.setdefault(bill.account_id, []).append(bill.bill_id)
        self._bills_at.setdefault(bill.service_point_id, []).append(bill.bill_id)
        self._estimates += bill.usage.estimates
        self._keep_asked(bill)
        if entry is not None:
            self._keep_entry(entry)
        self._keep_bill_relief(bill)

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""
        self._look()
        if bill_id not in self._bills:
            raise NotFound.of("bill", bill_id)
        return self._bills[bill_id]

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""
        bills = self.issued_bills_of_account(account_id)
        return [one for one in bills if one.cancelled_by is None]

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""
        self._look()
        bills = [self._bills[name] for name in self._bills_of.get(account_id, ())]
        return sorted(bills, key=lambda one: (one.days.from_day, one.known_at, one.bill_id))

    def bills_with_days_of(self, service_point_ids: Sequence[str]) -> list[StoredBill]:
        """Live bills of other agreements that have days of the service points."""
        self._look()
        names = {
            claim.bill_id
            for point in service_point_ids
            for claim in self._claims.get(point, ())
            if claim.agreement_id != self._bills[claim.bill_id].agreement_id
        }
        return sorted(map(self._bills.__getitem__, names), key=lambda one: one.days.from_day)

    def _bills_issued_at(self, service_point_id: str) -> list[str]:
        return self._bills_at.get(service_point_id, [])

    def _live_days(self) -> list[tuple[str, DaySpan]]:
        return [(one.agreement_id, one.days) for each in self._claims.values() for one in each]

    def _billed_until(self, agreement_id: str, service_point_id: str) -> date | None:
        claims = self._claims.get(service_point_id, ())
        ends = [one.days.until_day for one in claims if one.agreement_id == agreement_id]
        return max(ends, default=None)

    def _billed_from(self, agreement_id: str) -> date | None:
        claims = (claim for found in self._claims.values() for claim in found)
        return min(
            (one.days.from_day for one in claims if one.agreement_id == agreement_id), default=None
        )

    def _newest_bill_known_at(self, agreement_id: str, account_id: str) -> datetime | None:
        bills = [self._bills[name] for name in self._bills_of.get(account_id, ())]
        return max(
            (b.known_at for b in bills if agreement_id in self._agreements_of[b.bill_id]),
            default=None,
        )

    def _newest_bill_at(self, service_point_id: str) -> datetime | None:
        claims = self._claims.get(service_point_id, ())
        return max((self._bills[one.bill_id].known_at for one in claims), default=None)

    # -------------------------------------------------------------------------------- ledger

    def record_payment(self, payment: Payment, entry: Entry) -> bool:
        """Post a payment once."""
        with self._lock:
            known = self._payments.get(payment.payment_key)
            if known is not None:
                if contents(known) != contents(payment):
                    raise Conflict.of_payment(payment.payment_key, known)
                return False
            if payment.account_id not in self._accounts:
                raise NotFound.of("account", payment.account_id)
            if entry.entry_id in self._entries:
                raise Conflict.of_entry(entry.entry_id)
            self._refuse_entry(entry, arriving=[payment.payment_key])
            self._payments[payment.payment_key] = payment
            self._keep_entry(entry)
            self._note("payment posted", payment.account_id, payment.learned_at)
            return True

    def payments_of_account(self, account_id: str) -> list[Payment]:
        """Payments of the account, oldest first."""
        self._look()
        return sorted(
            (one for one in self._payments.values() if one.account_id == account_id),
            key=lambda one: (one.received_day, one.learned_at, one.payment_key),
        )

    def _is_account(self, account_id: str) -> bool:
        return account_id in self._accounts

    def describe(self) -> str:
        """What this store is, for `doctor`."""
        return f"in memory, {len(self._accounts)} accounts"


def _by_service_period(pair: tuple[Bill, Entry | None]) -> tuple[str, date]:
    return pair[0].service_point_id, pair[0].days.from_day
