"""What making documents needs of storage, of the press and of what customers prefer.

Lives here      the ports.
Lives elsewhere the journeys (``make_documents``, ``one_document``), the nouns
                (``facts/documents``), the rest of storage (``ports``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from meterledger.facts.billing_options import Delivery as Medium
from meterledger.facts.documents import (
    PAPER,
    CameBack,
    DeadMailbox,
    Delivery,
    IssuedDocument,
    SetAside,
)
from meterledger.facts.money import Entry
from meterledger.facts.statements import Statement
from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.span import DaySpan
from meterledger.usecases.billing_option_ports import OptionsAsked

if TYPE_CHECKING:
    from meterledger.usecases.ports import StoredBill


class Weather(Protocol):
    """Daily mean temperatures, on two clocks: what was learned last speaks."""

    def record_temperatures(self, days: Sequence[DailyTemperature]) -> int:
        """Keep what is not known already; how many were new. All or nothing."""

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Tenths of a degree Fahrenheit of the days that are known, as known then."""


class DocumentLog(Protocol):
    """Documents, what was set aside, what came back: append-only. Reads are personal data."""

    def record_documents(
        self, documents: Sequence[IssuedDocument], set_aside: Sequence[SetAside] = ()
    ) -> int:
        """Keep documents and what was set aside; how many documents were new.

        An original is kept once for each bill and channel, another kind once for each hash; a bill
        is set aside once in a run. What is known already is left as it was.
        """

    def documents_of_bills(self, bill_ids: Sequence[str]) -> dict[str, list[IssuedDocument]]:
        """Documents of the bills, oldest first; bills without one are left out."""

    def documents_of_run(self, run_id: str) -> list[IssuedDocument]:
        """What a run made, by bill."""

    def set_aside_of_bill(self, bill_id: str) -> list[SetAside]:
        """In which runs and why no document of the bill could be made, oldest first."""

    def record_came_back(self, back: CameBack) -> bool:
        """Keep that an electronic document was not delivered; False if that is known."""

    def came_back_of_bills(self, bill_ids: Sequence[str]) -> dict[str, list[CameBack]]:
        """What came back of the bills, oldest first; bills of which nothing did are left out."""

    def later_due_days(self, bill_ids: Sequence[str]) -> Mapping[str, date]:
        """Until when bills that went out late may be paid; the others are left out."""

    def dead_mailboxes(self, account_ids: Sequence[str]) -> list[DeadMailbox]:
        """Addresses from which bills of the accounts came back, by account and address, each with
        when we learned it last."""

    def waiting_for_paper(self) -> list[str]:
        """Bills that came back and were not printed yet, in order."""

    def left_without_document(self, before: date) -> list[str]:
        """Bills that left on their own day and no run took, in order: those issued before the day,
        from the day of the bill that had the first document, that stand (nobody cancelled them),
        and have neither a document nor a reason why they were set aside.
        """

    def days_without_document(self, before: date) -> list[tuple[int, date, int]]:
        """Cycle, day of issue and how many bills of that day stand and have no document, set aside
        or not; days before ``before``, oldest first. What is not rendered waits for none.
        """

    def bills_issued(self, cycle: int, on: date) -> list[StoredBill]:
        """Bills of the cycle's accounts that were issued on the day, by account and bill."""

    def bills_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """All bills that the accounts were ever sent, cancelled ones too, oldest first."""

    def entries_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[Entry]]:
        """Entries that touch the accounts, oldest first."""

    def documents_kept(self) -> list[IssuedDocument]:
        """Every document, for `verify`."""


class Deliveries(Protocol):
    """How accounts want their bills."""

    def deliveries(self, account_ids: Sequence[str], on: date) -> Mapping[str, Delivery]:
        """By account; one that is left out gets paper."""


class PaperForAll:
    """Nobody has asked for anything else."""

    def deliveries(self, account_ids: Sequence[str], on: date) -> Mapping[str, Delivery]:
        """Paper."""
        return dict.fromkeys(account_ids, PAPER)


@dataclass(frozen=True)
class PreferredDeliveries:
    """What accounts have asked for, as kept in the store and known now."""

    options: OptionsAsked
    known_at: datetime

    def deliveries(self, account_ids: Sequence[str], on: date) -> Mapping[str, Delivery]:
        """As preferred on the day; who has said nothing gets paper."""
        chosen = self.options.billing_options(account_ids, self.known_at)
        found = dict.fromkeys(account_ids, PAPER)
        for account, options in chosen.items():
            preferred = options.delivery_on(on)
            if preferred is not None and preferred.medium is Medium.ELECTRONIC:
                found[account] = Delivery(True, preferred.address, preferred.learned_at)
        return found


@dataclass(frozen=True)
class StatedDeliveries:
    """What a list says, before what the others say; who is on neither gets paper."""

    by_account: Mapping[str, Delivery]
    others: Deliveries = field(default_factory=PaperForAll)

    def deliveries(self, account_ids: Sequence[str], on: date) -> Mapping[str, Delivery]:
        """As listed, or as the others say."""
        return {**self.others.deliveries(account_ids, on)} | {
            one: self.by_account[one] for one in account_ids if one in self.by_account
        }


@dataclass(frozen=True, slots=True)
class Printed:
    """Paper, and how many pages it has."""

    pdf: bytes
    page_count: int


@dataclass(frozen=True, slots=True)
class Unprintable:
    """Why a content cannot be set, in one sentence."""

    reason: str


class Press(Protocol):
    """Sets contents as paper: pure, the same bytes for the same content."""

    @property
    def revision(self) -> str:
        """The template's revision."""

    @property
    def revision_sha256(self) -> str:
        """The template's hash."""

    @property
    def compiler(self) -> str:
        """What sets, with its version."""

    def set(self, contents: Iterable[bytes]) -> Iterator[Printed | Unprintable]:
        """Each content as paper, or why not, in order."""

    def content(self, statement: Statement, duplicate_on: date | None = None) -> bytes:
        """What the paper of a statement says."""
