"""Why a bill was estimated, and every effort to read the meter: on record beside the bill.

GRR V.E.1 asks for accurate records of both, and makes neither a condition of the bill: what a
record lacks is told, and holds nothing.

Lives here      putting together what the logs have of a bill's estimates, meter by meter; the
                estimated bills of a utility with it.
Lives elsewhere whether a record is complete (``usage.estimation_told``), writing an effort down
                (``try_reading``, ``review effort``), the mark on the bill (``bill_estimates``).
Read first      docs/decisions/0032-the-record-of-an-estimate-holds-no-bill.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from meterledger.facts.bills import read_record
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.places import BillableService
from meterledger.facts.usage_log import FindingOnFile, LoggedEstimate, ReadingEffort
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.pinned import as_pinned
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms
from meterledger.usage import Effort, RecordFacts, RecordOfEstimate, decide_record
from meterledger.usecases.bill_estimates import logged_cause
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.register_windows import days_looked_ahead

ESTIMATED = b'"estimated":{'
"""What stands in the record of a bill of which something was estimated, and in no other."""
NIGHT = "usage:"
"""How the name of a night's run begins, as ``validate_usage`` gives it."""
FOUND_MISSING = ("usage.gap", "usage.by_hand")
"""The findings of a night that say that readings of a day had not come."""
ACCOUNTS_AT_ONCE = 200

Progress = Callable[[int], None]


class RecordStore(Protocol):
    """What is asked of the store."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined, as known then."""

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter, of all days or of these."""

    def findings_of_meter(self, meter_id: str, days: DaySpan | None = None) -> list[FindingOnFile]:
        """Findings of a meter, of all days or of these."""

    def efforts_of_meter(self, meter_id: str) -> list[ReadingEffort]:
        """Efforts to obtain readings of a meter, oldest first."""


class BilledRecords(RecordStore, Protocol):
    """What the list of estimated bills needs of the store besides."""

    def account_ids(self) -> list[str]:
        """All account ids, in order."""

    def bills_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """All bills that the accounts were ever sent, cancelled ones too, oldest first."""


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """A night that looked for the scheduled readings of a day, and found some missing."""

    day: date
    at: datetime
    run: str


@dataclass(frozen=True, slots=True)
class MeterOnRecord:
    """What is on record of a meter's estimates on a bill.

    ``cause`` is None where none was logged; ``missing`` says what the record lacks, by the text of
    ``citation``, which is None where no text asked for a record.
    """

    meter_id: str
    cause: EstimateCause | None
    looks: tuple[Look, ...]
    efforts: tuple[ReadingEffort, ...]
    missing: tuple[str, ...]
    citation: Citation | None

    @property
    def looked_days(self) -> tuple[date, ...]:
        """The days whose scheduled readings a night missed, each once."""
        return tuple(sorted({one.day for one in self.looks}))

    def as_json(self) -> dict[str, Any]:
        """As commands answer it."""
        return {
            "meter": self.meter_id,
            "cause": self.cause.value if self.cause else None,
            "scheduled": [
                {"day": one.day.isoformat(), "missed_at": one.at.isoformat(), "run": one.run}
                for one in self.looks
            ],
            "efforts": [
                {
                    "day": one.day.isoformat(),
                    "kind": one.kind,
                    "outcome": one.outcome,
                    "by": one.by,
                    "at": one.at.isoformat(),
                }
                for one in self.efforts
            ],
            "missing": list(self.missing),
            "citation": self.citation.as_json() if self.citation else None,
        }


@dataclass(frozen=True, slots=True)
class EstimatedBill:
    """A bill with estimated usage, and what is on record of it."""

    bill: StoredBill
    percent: str
    meters: tuple[MeterOnRecord, ...]

    @property
    def lacks(self) -> bool:
        """Whether the record of some meter is not what the text asks for."""
        return any(one.missing for one in self.meters)

    def as_json(self) -> dict[str, Any]:
        """As commands answer it."""
        return {
            "bill": self.bill.bill_id,
            "account": self.bill.account_id,
            "from": self.bill.days.from_day.isoformat(),
            "to": self.bill.days.until_day.isoformat(),
            "issued": self.bill.issued_day.isoformat(),
            "estimated_percent": self.percent,
            "meters": [one.as_json() for one in self.meters],
        }


def records_of(
    bill: StoredBill, *, store: RecordStore, view: BookView
) -> tuple[MeterOnRecord, ...]:
    """What is on record of each estimated meter of a bill; nothing where none was estimated.

    ``view`` is the book that the bill was made by. Estimates and nights are those that the bill
    stood on; efforts are told as known now: one that is written down late is on record, too. Where
    no estimate was logged at all, every meter of the bill is named, without a cause.
    """
    if ESTIMATED not in bill.record:
        return ()
    service = store.service_of_agreement(bill.agreement_id, bill.known_at)
    names = list(dict.fromkeys(one.meter_id for one in meters_on_bill(service, bill.days)))
    logged = {
        name: [
            one
            for one in store.estimates_of_meter(name, bill.days)
            if one.sequence <= bill.lake_sequence
        ]
        for name in names
    }
    chosen = [name for name in names if logged[name]] or names
    return tuple(_of_meter(name, logged[name], bill, store, view) for name in chosen)


def efforts_for(
    meter_id: str, days: DaySpan, *, store: RecordStore, view: BookView
) -> tuple[ReadingEffort, ...]:
    """The efforts to read a meter for a window: of its days, and of those its reads may lie on."""
    until = days.until_day + timedelta(days=days_looked_ahead(days, view))
    return tuple(
        one for one in store.efforts_of_meter(meter_id) if days.from_day <= one.day < until
    )


def decision_on(
    cause: EstimateCause | None, efforts: Sequence[Effort], *, day: date, view: BookView
) -> Decision[RecordOfEstimate] | None:
    """Whether a record is what the text of the day asks for; None before any text asked."""
    try:
        return decide_record(RecordFacts(cause, tuple(efforts)), Terms(view, day))
    except NoRuleInForce:
        return None


def estimated_bills(
    *,
    store: BilledRecords,
    book: TariffBook,
    accounts: Sequence[str] | None = None,
    issued: DaySpan | None = None,
    progress: Progress | None = None,
) -> Iterator[EstimatedBill]:
    """The live bills with estimated usage, each with what is on record, by account and days.

    ``accounts`` and ``issued`` (the days of issue) choose bills; all of them are told without.
    """
    chosen = store.account_ids() if accounts is None else list(accounts)
    for first in range(0, len(chosen), ACCOUNTS_AT_ONCE):
        batch = chosen[first : first + ACCOUNTS_AT_ONCE]
        bills = store.bills_of_accounts(batch)
        for bill in (one for account in batch for one in bills.get(account, ())):
            if bill.cancelled_by is not None or ESTIMATED not in bill.record:
                continue
            if issued is not None and bill.issued_day not in issued:
                continue
            view = as_pinned(book, bill.known_at.date(), bill.book_sha256)
            estimated = read_record(bill.record)["usage"].get("estimated") or {}
            percent = str(estimated.get("percent", ""))
            yield EstimatedBill(bill, percent, records_of(bill, store=store, view=view))
        if progress is not None:
            progress(len(batch))


def _of_meter(
    meter_id: str,
    logged: Sequence[LoggedEstimate],
    bill: StoredBill,
    store: RecordStore,
    view: BookView,
) -> MeterOnRecord:
    cause = logged_cause(logged)
    looks = _looks(meter_id, logged, bill, store)
    efforts = efforts_for(meter_id, bill.days, store=store, view=view)
    tried = [
        Effort(
            local_day_of(one.at, view.time_zone),
            f"the scheduled readings of {one.day} were looked for, and had not all come",
        )
        for one in looks
    ]
    tried += [Effort(one.day, f"{one.kind}: {one.outcome}") for one in efforts]
    decision = decision_on(cause, tried, day=bill.days.last_day, view=view)
    return MeterOnRecord(
        meter_id,
        cause,
        looks,
        efforts,
        missing=() if decision is None else decision.outcome.missing,
        citation=None if decision is None else decision.reasons[0].citation,
    )


def _looks(
    meter_id: str, logged: Sequence[LoggedEstimate], bill: StoredBill, store: RecordStore
) -> tuple[Look, ...]:
    """The nights that estimated days of the bill, or found them waiting, before it was made."""
    days = {one.day for one in logged}
    found = {
        Look(one.day, one.estimate.made_at, one.run)
        for one in logged
        if one.run.startswith(NIGHT)
    }  # fmt: skip
    if days:
        found |= {
            Look(one.logged.day, one.logged.learned_at, one.logged.run)
            for one in store.findings_of_meter(meter_id, bill.days)
            if one.logged.finding.code in FOUND_MISSING
            and one.logged.run.startswith(NIGHT)
            and one.logged.day in days
            and one.logged.learned_at <= bill.known_at
        }
    return tuple(sorted(found))
