"""What journeys need from storage. ``stores`` implement it; one suite of promises tests them all.

Every call is all or nothing. Instants are UTC and given by the caller: stores read no clock.
``known_at`` asks for what was known at that instant; a record learned later is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bills import Bill
from meterledger.facts.intake import Arrival, QuarantinedItem, QuarantineOutcome
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
from meterledger.facts.readings import ChannelReadings, ChannelTold, Flow, QuarantinedLine
from meterledger.facts.taxes import SalesTaxPlace
from meterledger.facts.usage import KnownInterval, UsageBatch
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.agreement_ports import AgreementChanges
from meterledger.usecases.billing_option_ports import BillingOptions
from meterledger.usecases.combination_ports import Combinations
from meterledger.usecases.correction_ports import Corrections
from meterledger.usecases.day_fact_ports import DayFactsStore, DayTelling
from meterledger.usecases.document_ports import DocumentLog, Weather
from meterledger.usecases.held_ports import HeldLog
from meterledger.usecases.intake_ports import IntakeLog
from meterledger.usecases.issued_ports import IssuedBills
from meterledger.usecases.lake_ports import LakeLog
from meterledger.usecases.meter_ports import Meters
from meterledger.usecases.money_ports import Money
from meterledger.usecases.name_people import PeopleStore
from meterledger.usecases.program_ports import Programs, ReceivedEnergy
from meterledger.usecases.register_ports import Registers
from meterledger.usecases.tax_ports import TaxLog
from meterledger.usecases.usage_ports import UsageLog


class Conflict(Refusal):
    """The store holds something that forbids this write, or holds it with other contents."""

    @classmethod
    def of_payment(cls, payment_key: str, known: Payment) -> Conflict:
        """The key is used for another payment."""
        return cls(
            f"Payment key {payment_key} is used already, for "
            f"{usd_display(known.cents)} on account {known.account_id}, "
            f"received {known.received_day}",
            where="payment",
            why="A key posts once, for ever, and nothing was changed",
            do="Use the key of this receipt, or correct the amount, account or day",
        )

    @classmethod
    def of_period(cls, month: date, closed_by: str) -> Conflict:
        """An accounting period is closed once."""
        return cls(
            f"The period {month:%Y-%m} is closed already, by {closed_by}",
            where="ledger",
            why="A period is closed once, by one name, and nothing was changed",
            do="Nothing is to be done: what it came to is kept",
        )

    @classmethod
    def of_file(cls, sha256: str, name: str) -> Conflict:
        """The file is stored already."""
        return cls(
            f"A file with the hash {sha256[:16]}... is stored already",
            where=name,
            do="Nothing is to be done: its readings are kept",
        )

    @classmethod
    def of_quarantined(cls, quarantine_id: int) -> Conflict:
        """A line leaves the quarantine once."""
        return cls(
            f"Line {quarantine_id} of the quarantine has its outcome already",
            where="quarantine",
            why="A line is released or rejected once, for ever, and nothing was changed",
            do=f"Look at it with `meterledger quarantine show {quarantine_id}`",
        )

    @classmethod
    def of_sequence(cls, source: str, sequence: int) -> Conflict:
        """A number of a source is used once."""
        return cls(
            f"The source {source} has sent a file with the number {sequence} already",
            where="intake",
            why="A number of a source is used once, and nothing of this file is stored",
            do="Ask the source for a new number",
        )

    @classmethod
    def of_lake(cls, based_on: int, newest: int, name: str) -> Conflict:
        """Somebody else published meanwhile; what was merged with an older version is stale."""
        return cls(
            f"The lake was at sequence {based_on} when this file was read and is at {newest} now",
            where=name,
            why="Another file was published meanwhile, and nothing of this one is stored",
            do="Read it again",
        )

    @classmethod
    def of_lake_file(cls, lake_file: str, name: str) -> Conflict:
        """A lake file is published once."""
        return cls(
            f"The lake file {lake_file} is published already",
            where=name,
            do="Write the readings under a new name",
        )

    @classmethod
    def of_entry(cls, entry_id: str) -> Conflict:
        """An entry's name is used once, for ever."""
        return cls(
            f"Entry {entry_id} is posted already",
            where="ledger",
            why="An entry's name says what it means, and is used once, for ever",
            do="Look at the account's entries; reverse the entry if it is wrong",
        )

    @classmethod
    def of_cancelled(cls, bill_id: str, by: str) -> Conflict:
        """A bill is cancelled once."""
        return cls(
            f"Bill {bill_id} is cancelled already, by bill {by}",
            where="bills",
            why="A bill is cancelled once, and nothing was changed",
            do=f"Look at bill {by}, and correct that one if it is wrong",
        )

    @classmethod
    def of_other_period(cls, bill_id: str, new_id: str) -> Conflict:
        """A corrected bill is for the service period of the bill that it corrects."""
        return cls(
            f"Bill {new_id} is not for the service period of bill {bill_id}",
            where="bills",
            why="A corrected bill is for the same agreement, place and days",
            do="Correct each bill on its own service period",
        )

    @classmethod
    def of_missing_entry(cls, bill_id: str) -> Conflict:
        """A bill of money is posted with its entry, in one transaction."""
        return cls(
            f"Bill {bill_id} comes without its entry",
            where="ledger",
            do="Give the entry of every bill whose total is not zero",
        )


WHERE_LISTED = {
    "bank line": "bank open",
    "checkout": "checkout unknown",
    "file of entries": "ach list",
    "late charge": "late-charge list",
    "pledge": "pledge list",
    "receipt": "payment list",
}
"""The command that lists what was looked for; of all others an account's page has them."""


class NotFound(Refusal):
    """There is no such thing in the store. Says what was looked for, and where to look."""

    @classmethod
    def of(cls, noun: str, name: str) -> NotFound:
        """No ``noun`` of that name."""
        command = WHERE_LISTED.get(noun, "service show")
        return cls(
            f"There is no {noun} {name[:80]}",
            do=f"List what there is with `meterledger {command}`",
        )

    @classmethod
    def of_quarantined(cls, quarantine_id: int) -> NotFound:
        """No line of that number was set aside."""
        return cls(
            f"There is no line {quarantine_id} in the quarantine",
            do="List what there is with `meterledger quarantine list`",
        )

    @classmethod
    def of_case(cls, case_id: str) -> NotFound:
        """No case of that name."""
        return cls(
            f"There is no case {case_id[:80]}",
            do="List what there is with `meterledger meter cases`",
        )


class NotViewing(Refusal):
    """Personal or usage data was asked for without saying who looks and why."""

    @classmethod
    def because(cls) -> NotViewing:
        """The one reason there is."""
        return cls(
            "Personal and usage data can be read only by a named viewer for a stated purpose",
            do="Read inside store.viewing(Viewer(name, purpose), subjects)",
        )


class MetersRefused(Refusal):
    """Usage of some meters cannot be given; of the others it can, if they are asked alone.

    ``by_meter`` has each refused meter's own refusal, so that a journey may hold those bills with
    their sentences and ask again for the rest.
    """

    def __init__(self, by_meter: Mapping[str, Refusal]) -> None:
        """``by_meter`` is not empty."""
        self.by_meter = dict(by_meter)
        first = next(iter(self.by_meter.values()))
        several = f"Usage of {len(self.by_meter)} meters cannot be given; the first: {first.what}"
        super().__init__(
            several if len(self.by_meter) > 1 else first.what,
            where=first.where,
            why=first.why,
            do=first.do,
        )


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads or acts, and for which purpose. Every read of personal or usage data is logged."""

    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class ServiceStart:
    """Everything that starting service records at once; parts that exist already are None/empty."""

    persons: tuple[Person, ...]
    account: Account | None
    holders: tuple[AccountHolder, ...]
    premise: Premise | None
    tax_place: TaxPlace | None
    service_point: ServicePoint | None
    installation: MeterInstallation | None
    agreement: Agreement
    sales_tax_place: SalesTaxPlace | None = None


class Places(AgreementChanges, PeopleStore, Protocol):
    """Customers and places on two clocks. Overlaps are impossible, whoever races."""

    def start_service(self, start: ServiceStart) -> None:
        """Record a start of service.

        :raises Conflict: naming the record that overlaps or exists with other contents
        """

    def start_services(self, starts: Sequence[ServiceStart]) -> None:
        """Record many starts of service in one transaction: all of them or nothing."""

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement on ``last_day_out`` (out). The old record stays as known before.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if it has ended already, or ends before it began, or is billed past it
        """

    def account(self, account_id: str) -> Account:
        """The account. :raises NotFound: if there is none."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the accounts of a reading cycle, joined, by account and first day."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, as known then; ``billed_until`` as of now. :raises NotFound:"""

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed, as known now; unknown meters are left out."""

    def account_ids(self) -> list[str]:
        """All account ids, in order."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file of readings that is stored, under its hash."""

    sha256: str
    name: str
    format: str
    reading_count: int
    quarantined_count: int
    learned_at: datetime
    lake_sequence: int


class ReadingLog(Protocol):
    """Which files came, what was set aside, register readings; publishes lake versions."""

    def received_file(self, sha256: str) -> ReceivedFile | None:
        """The file of that hash, if it is stored already."""

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
        """Publish one file: its lake files become visible as the next commit sequence.

        ``arrival`` says how it came; the intake's book gets its row in the same transaction.
        With ``releases`` it is a line that leaves the quarantine. ``told`` are channels of a large
        file, all of whose readings are in ``lake_files``.
        Register channels among ``channels`` are kept here, and with them those ``beside`` the
        lake: intervals that are no slots of local days. Other intervals are in ``lake_files``.
        ``based_on`` is the sequence that the lake files were merged with (``Lake.write``).

        :raises Conflict: if a file of that hash is stored already, or if ``based_on`` is given
            and somebody else has published since
        """

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch ``[begin, until)``.

        The instants are UTC epoch seconds; meters of which nothing is kept are left out; intervals
        are in order of time. As known at the commit sequence: of one meter's equal intervals (start
        and length) the one published last, and where one file says two things of it, both. A gap
        takes nothing away. Directions are those that ``Lake.usage`` returns.
        """

    def lake_sequence(self) -> int:
        """The newest published commit sequence; 0 when nothing is published."""

    def lake_files(self, at_sequence: int) -> list[str]:
        """Lake files published up to and including the sequence, in order of publication."""

    def lake_sequence_known_at(self, known_at: datetime) -> int:
        """The newest commit sequence learned by that instant; 0 when there is none."""


class Lake(DayTelling, ReceivedEnergy, Protocol):
    """Interval values of meters (pseudonyms), versions added and never overwritten."""

    def write(
        self,
        channels: Sequence[tuple[str, ChannelReadings]],
        *,
        source_sha256: str,
        learned_at: datetime,
        at_sequence: int,
    ) -> list[str]:
        """Write new versions of the local meter-days that the readings touch, merged with what
        was known at ``at_sequence``. Nothing is visible until the files are published.

        ``channels`` pairs a meter pseudonym with its interval readings. Returns file names.
        """

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        """Delivered energy of the meters over the days, as known at the sequence.

        One batch per interval length, meters in the order given. A meter of which nothing is
        known stands in a batch of the default length (900 s) with every interval missing.

        :raises MetersRefused: naming every meter whose usage cannot be given, and why
        """

    def flows(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> dict[str, Flow]:
        """In which direction each meter's delivered energy is kept on the days."""

    def known_intervals(
        self, meter: str, days: DaySpan, *, at_sequence: int
    ) -> list[KnownInterval]:
        """Every interval of one meter's delivered energy that has a value, exact, in order of time.

        For windows that ``usage`` cannot give as whole days of one interval length.

        :raises MetersRefused: if the meter's energy of some day cannot be given, and why
        """

    def verify(self, at_sequence: int) -> tuple[int, list[str]]:
        """How many published files were looked at, and a sentence for each that is not sound."""


class Bills(Protocol):
    """Issued bills: append-only, at most one live bill for a service point's day."""

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills with their lines and entries (None for a bill of zero), in one transaction.

        Returns the ids newly recorded. A bill whose service period is already billed is left out:
        two runs at once bill every account once. Estimates of its usage are kept with a bill.

        :raises KeptBack: if people keep one of them back (``kept_back``); nothing is kept then
        """

    def prepare_bills(
        self, bills: Sequence[tuple[Bill, Entry | None]]
    ) -> Sequence[tuple[Bill, Entry | None]]:
        """The same bills as ``record_bills`` takes them with the least left to do. Nothing that is
        stored is asked or changed: it may be called while other bills are recorded.
        """

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored. :raises NotFound:"""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first: those that were cancelled are left out."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, cancelled ones too, oldest first."""


@dataclass(frozen=True, slots=True)
class StoredBill:
    """An issued bill as stored: its canonical record, and the balance carried into it."""

    bill_id: str
    account_id: str
    agreement_id: str
    days: DaySpan
    issued_day: date
    due_day: date
    total_cents: int
    record: bytes
    record_sha256: str
    known_at: datetime
    lake_sequence: int
    previous_balance_cents: int
    book_sha256: str
    corrects: str | None = None
    """The bill whose place this one took."""
    cancelled_by: str | None = None
    """The bill with which it was cancelled (``cancelled_bills``); None as long as it is live."""
    cancelled_at: datetime | None = None

    def was_live(self, known_at: datetime) -> bool:
        """Whether no correction of it was known at that instant."""
        return self.cancelled_at is None or known_at < self.cancelled_at


class Store(
    Places,
    Meters,
    ReadingLog,
    Registers,
    IntakeLog,
    Bills,
    IssuedBills,
    Corrections,
    Money,
    UsageLog,
    DayFactsStore,
    LakeLog,
    DocumentLog,
    Weather,
    HeldLog,
    BillingOptions,
    Combinations,
    Programs,
    TaxLog,
    Protocol,
):
    """Everything but the lake, in one system of record."""

    def viewing(self, viewer: Viewer, subjects: Sequence[str]) -> AbstractContextManager[None]:
        """Within it, reads of personal and usage data are allowed, and logged with who, whom, why.

        Outside it they are refused.
        """
