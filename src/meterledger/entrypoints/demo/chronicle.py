"""What happened in the town, month by month: the records that the telling prints.

Lives here      frozen facts of the story and their JSON. No printing, no storage.
Lives elsewhere making them (``story``), proving them (``proofs``), printing them (``telling``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from meterledger.facts.bills import Bill, HeldBill
from meterledger.kernel.money import usd_text


@dataclass(frozen=True, slots=True)
class FileTold:
    """One file and what became of it. ``status`` is stored, known or refused."""

    day: date
    name: str
    status: str
    readings: int
    quarantined: int
    sentence: str = ""
    """The refusal, or why lines were set aside; empty when there is nothing to say."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunTold:
    """One run of ``bill-cycle`` or ``bill``. ``known`` bills were issued before."""

    day: date
    what: str
    bills: tuple[Bill, ...]
    held: tuple[HeldBill, ...]


@dataclass(frozen=True, slots=True)
class PaymentTold:
    """One payment handed in. ``status`` is posted, known or refused."""

    day: date
    account_id: str
    key: str
    cents: int
    status: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class LateTold:
    """What was charged as late before a cycle's bills, of so many accounts."""

    day: date
    considered: int
    charged: int
    cents: int


@dataclass(frozen=True, slots=True)
class EventTold:
    """Somebody moved in or out, or changed the rate option."""

    day: date
    sentence: str


@dataclass(frozen=True, slots=True)
class CorrectionTold:
    """A bill that was cancelled, the one in its place, and how much more that one has."""

    cancelled: str
    bill: str
    difference_cents: int
    difference_wh: int


@dataclass(frozen=True, slots=True)
class ActTold:
    """What somebody asked for or decided, with a word for its kind."""

    day: date
    word: str
    sentence: str


@dataclass(slots=True)
class MonthTold:
    """A calendar month of the town."""

    first_day: date
    files: list[FileTold] = field(default_factory=list)
    runs: list[RunTold] = field(default_factory=list)
    payments: list[PaymentTold] = field(default_factory=list)
    events: list[EventTold] = field(default_factory=list)
    nights: list[EventTold] = field(default_factory=list)
    """Days that were validated, and what a person decided about a held one."""
    acts: list[ActTold] = field(default_factory=list)
    """What customers asked for, and what people decided about held and wrong bills."""
    corrections: list[CorrectionTold] = field(default_factory=list)
    late: list[LateTold] = field(default_factory=list)
    started: int = 0
    measured_wh: int = 0
    """Energy that meters measured on the days whose readings came this month."""

    @property
    def bills(self) -> list[Bill]:
        """Bills issued this month, in order."""
        return [bill for run in self.runs for bill in run.bills]

    @property
    def held(self) -> list[tuple[date, HeldBill]]:
        """Holds of this month's runs, each with its day."""
        return [(run.day, one) for run in self.runs for one in run.held]

    @property
    def billed_wh(self) -> int:
        """Energy on this month's bills."""
        return sum(bill.usage.energy_wh for bill in self.bills)

    @property
    def billed_cents(self) -> int:
        """The sum of this month's bills."""
        return sum(bill.total_cents for bill in self.bills)

    @property
    def paid(self) -> list[PaymentTold]:
        """Payments that posted this month."""
        return [one for one in self.payments if one.status == "posted"]

    @property
    def paid_cents(self) -> int:
        """What came in this month."""
        return sum(one.cents for one in self.paid)

    @property
    def late_cents(self) -> int:
        """What was charged as late this month, by all runs; nothing where it was lived before."""
        return sum(one.cents for one in self.late)

    def as_json(self) -> dict[str, Any]:
        """The month for ``demo --json``."""
        return {
            "month": self.first_day.strftime("%Y-%m"),
            "started": self.started,
            "events": [f"{one.day} {one.sentence}" for one in self.events],
            "nights": [f"{one.day} {one.sentence}" for one in self.nights],
            "acts": [f"{one.day} {one.sentence}" for one in self.acts],
            "corrections": [
                {
                    "cancelled": one.cancelled,
                    "bill": one.bill,
                    "difference_usd": usd_text(one.difference_cents),
                    "difference_wh": str(one.difference_wh),
                }
                for one in self.corrections
            ],
            "files": [
                {
                    "day": one.day.isoformat(),
                    "file": one.name,
                    "status": one.status,
                    "readings": one.readings,
                    "quarantined": one.quarantined,
                    "sentence": one.sentence,
                }
                for one in self.files
            ],
            "measured_wh": str(self.measured_wh),
            "billed": len(self.bills),
            "billed_wh": str(self.billed_wh),
            "billed_usd": usd_text(self.billed_cents),
            "held": [f"{day} {one.sentence}" for day, one in self.held],
            "payments": {
                status: sum(one.status == status for one in self.payments)
                for status in ("posted", "known", "refused")
            },
            "paid_usd": usd_text(self.paid_cents),
            "late_charges": {
                "considered": sum(one.considered for one in self.late),
                "charged": sum(one.charged for one in self.late),
                "usd": usd_text(self.late_cents),
            },
        }
