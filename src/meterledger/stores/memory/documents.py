"""Documents and daily temperatures, in dictionaries."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from meterledger.facts.documents import (
    CameBack,
    Channel,
    DeadMailbox,
    DocumentKind,
    IssuedDocument,
    SetAside,
)
from meterledger.facts.money import Entry
from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.span import DaySpan
from meterledger.stores.believed import refuse_unknown
from meterledger.usecases.ports import StoredBill


class MemoryDocuments:
    """The part of the store that keeps what was issued, and how warm it was."""

    _lock: threading.RLock
    _bills: dict[str, StoredBill]
    _account_known: Any

    def __init__(self) -> None:
        """Nothing is issued."""
        super().__init__()
        self._documents: list[IssuedDocument] = []
        self._set_aside: list[SetAside] = []
        self._came_back: list[CameBack] = []
        self._temperatures: dict[tuple[str, date], list[DailyTemperature]] = {}

    # ----------------------------------------------------------------------------- documents

    def record_documents(
        self, documents: Sequence[IssuedDocument], set_aside: Sequence[SetAside] = ()
    ) -> int:
        """Keep documents and what was set aside; how many documents were new."""
        with self._lock:
            named = [one.bill_id for one in documents] + [one.bill_id for one in set_aside]
            for bill_id in named:
                if bill_id not in self._bills:
                    refuse_unknown("bill", bill_id, "documents")
            known = {_document_key(one) for one in self._documents}
            newly = 0
            for document in documents:
                if _document_key(document) not in known:
                    known.add(_document_key(document))
                    self._documents.append(document)
                    newly += 1
            aside = {(one.bill_id, one.run_id) for one in self._set_aside}
            self._set_aside += [one for one in set_aside if (one.bill_id, one.run_id) not in aside]
            if named:
                first: IssuedDocument | SetAside = documents[0] if documents else set_aside[0]
                self._note("documents made", first.run_id, first.made_at)
            return newly

    def documents_of_bills(self, bill_ids: Sequence[str]) -> dict[str, list[IssuedDocument]]:
        """Documents of the bills, oldest first."""
        self._look()
        found: dict[str, list[IssuedDocument]] = {}
        wanted = set(bill_ids)
        for one in self._documents:
            if one.bill_id in wanted:
                found.setdefault(one.bill_id, []).append(one)
        return found

    def documents_of_run(self, run_id: str) -> list[IssuedDocument]:
        """What a run made, by bill."""
        self._look()
        found = [one for one in self._documents if one.run_id == run_id]
        return sorted(found, key=lambda one: one.bill_id)

    def set_aside_of_bill(self, bill_id: str) -> list[SetAside]:
        """In which runs and why no document of the bill could be made."""
        self._look()
        return [one for one in self._set_aside if one.bill_id == bill_id]

    def record_came_back(self, back: CameBack) -> bool:
        """Keep that an electronic document was not delivered; False if that is known."""
        with self._lock:
            if back.bill_id not in self._bills:
                refuse_unknown("bill", back.bill_id, "documents")
            if any(
                (one.bill_id, one.sha256) == (back.bill_id, back.sha256) for one in self._came_back
            ):
                return False
            self._came_back.append(back)
            self._note("document came back", back.bill_id, back.learned_at)
            return True

    def came_back_of_bills(self, bill_ids: Sequence[str]) -> dict[str, list[CameBack]]:
        """What came back of the bills, oldest first."""
        self._look()
        found: dict[str, list[CameBack]] = {}
        wanted = set(bill_ids)
        for one in self._came_back:
            if one.bill_id in wanted:
                found.setdefault(one.bill_id, []).append(one)
        return found

    def later_due_days(self, bill_ids: Sequence[str]) -> dict[str, date]:
        """Until when bills that went out late may be paid; the others are left out."""
        self._look()
        return self._due_later(bill_ids)

    def _due_later(
        self, bill_ids: Collection[str], known_at: datetime | None = None
    ) -> dict[str, date]:
        until = known_at or datetime.max.replace(tzinfo=UTC)
        found = {
            name: [due for made_at, due in days if made_at <= until]
            for name, days in self._days_later(bill_ids).items()
        }
        return {name: max(days) for name, days in found.items() if days}

    def _days_later(
        self, bill_ids: Collection[str]
    ) -> dict[str, tuple[tuple[datetime, date], ...]]:
        """When documents of bills that went out late were made, each with its due day, in order."""
        found: dict[str, list[tuple[datetime, date]]] = {}
        for one in self._documents:
            if one.due_day is None or one.kind is DocumentKind.DUPLICATE:
                continue
            if one.bill_id in bill_ids:
                found.setdefault(one.bill_id, []).append((one.made_at, one.due_day))
        return {name: tuple(sorted(days)) for name, days in found.items()}

    def _not_delivered(self, known_at: datetime | None = None) -> set[str]:
        """Bills that came back, or were set aside, and have not gone out since, as known then."""
        until = known_at or datetime.max.replace(tzinfo=UTC)
        made = [
            one
            for one in self._documents
            if one.made_at <= until and one.kind is not DocumentKind.DUPLICATE
        ]
        printed = {one.bill_id for one in made if one.channel is Channel.PRINT}
        back = {one.bill_id for one in self._came_back if one.learned_at <= until}
        aside = {one.bill_id for one in self._set_aside if one.made_at <= until}
        return (back - printed) | (aside - {one.bill_id for one in made})

    def dead_mailboxes(self, account_ids: Sequence[str]) -> list[DeadMailbox]:
        """Addresses from which bills of the accounts came back, by account and address."""
        self._look()
        sent = {
            (one.bill_id, one.sha256): one.address
            for one in self._documents
            if one.channel is Channel.ELECTRONIC
        }
        found: dict[tuple[str, str], datetime] = {}
        for back in self._came_back:
            address = sent.get((back.bill_id, back.sha256))
            if address is not None and back.account_id in account_ids:
                key = (back.account_id, address)
                found[key] = max(back.learned_at, found.get(key, back.learned_at))
        return [DeadMailbox(*key, found[key]) for key in sorted(found)]

    def waiting_for_paper(self) -> list[str]:
        """Bills that came back and were not printed yet, in order."""
        self._look()
        printed = {
            one.bill_id
            for one in self._documents
            if one.channel is Channel.PRINT and one.kind is not DocumentKind.DUPLICATE
        }
        return sorted({one.bill_id for one in self._came_back} - printed)

    def left_without_document(self, before: date) -> list[str]:
        """Bills that left on their own day and no run took, in order."""
        self._look()
        if not self._documents:
            return []
        since = self._bills[self._documents[0].bill_id].issued_day
        aside = {one.bill_id for one in self._set_aside}
        return sorted(
            one.bill_id
            for one in self._without_document(before)
            if one.issued_day >= since and one.bill_id not in aside
        )

    def days_without_document(self, before: date) -> list[tuple[int, date, int]]:
        """Cycle, day of issue and how many bills of it stand and have no document."""
        self._look()
        days = Counter(
            (one.issued_day, self._account_known(one.account_id).cycle)
            for one in self._without_document(before)
        )
        return [(cycle, day, days[day, cycle]) for day, cycle in sorted(days)]

    def _without_document(self, before: date) -> list[StoredBill]:
        made = {one.bill_id for one in self._documents}
        made |= {one.bill_id for one in self._set_aside if one.is_not_rendered}
        return [
            one
            for one in self._bills.values()
            if one.issued_day < before and not one.cancelled_by and one.bill_id not in made
        ]

    def documents_kept(self) -> list[IssuedDocument]:
        """Every document."""
        self._look()
        return list(self._documents)

    # -------------------------------------------------------------------- reading for many

    def bills_issued(self, cycle: int, on: date) -> list[StoredBill]:
        """Bills of the cycle's accounts that were issued on the day, by account and bill."""
        self._look()
        found = [
            one
            for one in self._bills.values()
            if one.issued_day == on and self._account_known(one.account_id).cycle == cycle
        ]
        return sorted(found, key=lambda one: (one.account_id, one.bill_id))

    def bills_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """All bills that the accounts were ever sent, oldest first."""
        return {
            one: bills
            for one in dict.fromkeys(account_ids)
            if (bills := self.issued_bills_of_account(one))
        }

    def entries_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[Entry]]:
        """Entries that touch the accounts, oldest first."""
        return {
            one: entries
            for one in dict.fromkeys(account_ids)
            if (entries := self.entries_of_account(one))
        }

    # ------------------------------------------------------------------------------- weather

    def record_temperatures(self, days: Sequence[DailyTemperature]) -> int:
        """Keep what is not known already; how many were new."""
        newly = 0
        with self._lock:
            for one in days:
                known = self._temperatures.setdefault((one.station, one.day), [])
                if known and known[-1].mean_tenths_f == one.mean_tenths_f:
                    continue
                known.append(one)
                newly += 1
            if newly:
                self._note("temperatures", days[0].station, days[0].learned_at)
        return newly

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Tenths of a degree Fahrenheit of the days that are known, as known then."""
        found: dict[date, int] = {}
        for day in days.days():
            for one in self._temperatures.get((station, day), ()):
                if one.learned_at <= known_at:
                    found[day] = one.mean_tenths_f
        return found

    # -------------------------------------------------------------------------------- inside

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Of the store."""
        raise NotImplementedError

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Of the store."""
        raise NotImplementedError


def _document_key(one: IssuedDocument) -> tuple[str, ...]:
    """What a document is kept once by."""
    if one.kind is DocumentKind.DUPLICATE:
        return (one.bill_id, one.channel.value, "duplicate", one.sha256)
    return (one.bill_id, one.channel.value, "first", "")
