"""Bills: a service period's lines, total, days and pins, and the record they are rebuilt from.

Made by ``billing``; kept by ``stores``; printed by ``entrypoints``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import orjson

from meterledger.facts.budget import Asked, BudgetBill
from meterledger.facts.charges import ChargeLine
from meterledger.facts.registers import RegisterShare
from meterledger.facts.relief import BillRelief
from meterledger.facts.together import PointShare
from meterledger.facts.unmetered import LoadShare
from meterledger.facts.usage_log import LoggedEstimate
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest


class BillKind(Enum):
    """Why the window has the length it has; the length band binds regular bills only."""

    INITIAL = "initial"
    REGULAR = "regular"
    FINAL = "final"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class BillPins:
    """What a bill was made with, so that the same can be made again (DESIGN.md sections 3 and 4).

    ``known_at``        the instant (UTC) as known at which places and book were read
    ``lake_sequence``   the commit sequence of the interval lake
    ``book_sha256``     of the tariff book as known on ``known_at``

    :raises InvariantBroken: if the instant is not in UTC: its text would name another
    """

    known_at: datetime
    lake_sequence: int
    book_sha256: str
    calculation_revision: str
    time_zone_data: str

    def __post_init__(self) -> None:
        ensure(self.known_at.utcoffset() == timedelta(0), "a bill pins an instant in UTC")

    def as_json(self) -> dict[str, object]:
        """As they stand in the calculation record."""
        return {
            "known_at": self.known_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lake_sequence": self.lake_sequence,
            "book_sha256": self.book_sha256,
            "calculation_revision": self.calculation_revision,
            "time_zone_data": self.time_zone_data,
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole local days that were measured together, and their energy."""

    days: DaySpan
    energy_wh: int


@dataclass(frozen=True, slots=True)
class EstimatedBy:
    """Intervals of a bill that were estimated in one way, and the rung behind it.

    Of a register ``day_count`` days are estimated, and no interval is counted. ``shown_as`` is what
    the customer is told of the method, where its code does not say it; it is no part of the record.
    """

    method: str
    provision: str
    interval_count: int
    energy_wh: int
    day_count: int = 0
    shown_as: str = ""


@dataclass(frozen=True, slots=True)
class EstimatedUsage:
    """How much of a bill's usage was estimated, and in which ways.

    ``percent`` is the share of its energy as printed, ``counts_toward_cap`` whether its period
    counts where estimates in a row are capped; both are decided with the bill (GRR V.E.1).
    """

    interval_count: int
    energy_wh: int
    by: tuple[EstimatedBy, ...]
    percent: str = ""
    counts_toward_cap: bool = False

    @property
    def day_count(self) -> int:
        """Days of a register that were estimated; 0 where intervals are counted."""
        return sum(one.day_count for one in self.by)

    def told(self, energy: Callable[[int], object]) -> dict[str, object]:
        """As it stands in the record (numbers) and in answers (strings)."""
        return {
            "interval_count": self.interval_count,
            "energy_wh": energy(self.energy_wh),
            "percent": self.percent,
            "counts_toward_cap": self.counts_toward_cap,
            "by": [
                {
                    "method": one.method,
                    "provision": one.provision,
                    "interval_count": one.interval_count,
                    "energy_wh": energy(one.energy_wh),
                    **({"day_count": one.day_count} if one.day_count else {}),
                }
                for one in self.by
            ],
        }


@dataclass(frozen=True, slots=True)
class MeterShare:
    """What one of several meters of a window measured: from when until when (UTC epoch seconds),
    and its energy with its multiplier.
    """

    meter: str
    begin: int
    until: int
    multiplier: int
    interval_count: int
    energy_wh: int
    sha256: str

    def told(self, energy: Callable[[int], object]) -> dict[str, object]:
        """As it stands in the record (numbers) and in answers (strings)."""
        return {
            "meter": self.meter,
            "from": datetime.fromtimestamp(self.begin, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "to": datetime.fromtimestamp(self.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "multiplier": self.multiplier,
            "interval_count": self.interval_count,
            "energy_wh": energy(self.energy_wh),
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class BilledUsage:
    """The usage a bill stands on: how much, how many intervals, per local day, and their hash.

    ``interval_seconds`` is None where lengths vary. Where no interval ends at some local midnight,
    days are not known one by one: ``daily_wh`` is empty then, and ``stretches`` tile the window.
    ``estimated`` is there exactly where some interval is an estimate of ours. Where meters were
    exchanged inside the window, ``meters`` has the share of each and ``meter`` is the last one.

    A meter that is billed on its register has no intervals: ``registers`` has what each one opened
    and closed on. ``estimates`` are kept in the system of record with the bill and are no part of
    what it says: another customer's figures may stand in them.
    """

    meter: str
    interval_seconds: int | None
    interval_count: int
    energy_wh: int
    daily_wh: tuple[int, ...]
    sha256: str
    stretches: tuple[Stretch, ...] = ()
    estimated: EstimatedUsage | None = None
    meters: tuple[MeterShare, ...] = ()
    registers: tuple[RegisterShare, ...] = ()
    estimates: tuple[LoggedEstimate, ...] = ()
    loads: tuple[LoadShare, ...] = ()
    """Loads without a meter that the energy was calculated from; ``meter`` names their point."""
    points: tuple[PointShare, ...] = ()
    """Service points that come on one bill, the agreement's own first; ``meter`` is its meter."""

    @property
    def meter_names(self) -> tuple[str, ...]:
        """Pseudonyms of every meter that it was measured by."""
        if self.points:
            return tuple(name for one in self.points for name in one.usage.meter_names)
        return tuple(one.meter for one in self.meters) or (self.meter,)

    def as_json(self) -> dict[str, object]:
        """As it stands in the calculation record."""
        return self.told(int)

    def as_answer(self) -> dict[str, object]:
        """As commands answer it: the same, with every quantity a string (DESIGN.md section 6).

        The record keeps its numbers: its bytes are what a bill is replayed to.
        """
        return self.told(str)

    def told(self, energy: Callable[[int], object]) -> dict[str, object]:
        """As it stands in the record (numbers) and in answers (strings)."""
        told: dict[str, object] = {
            "meter": self.meter,
            "interval_seconds": self.interval_seconds,
            "interval_count": self.interval_count,
            "energy_wh": energy(self.energy_wh),
            "daily_wh": list(map(energy, self.daily_wh)),
            "sha256": self.sha256,
        }
        if self.stretches:
            told["stretches"] = [
                {
                    "from": one.days.from_day.isoformat(),
                    "to": one.days.until_day.isoformat(),
                    "energy_wh": energy(one.energy_wh),
                }
                for one in self.stretches
            ]
        if self.estimated is not None:
            told["estimated"] = self.estimated.told(energy)
        if self.meters:
            told["meters"] = [one.told(energy) for one in self.meters]
        if self.registers:
            told["registers"] = [one.told(energy) for one in self.registers]
        if self.loads:
            told["loads"] = [one.told() for one in self.loads]
        if self.points:
            told["points"] = [one.told(energy) for one in self.points]
        return told


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill. The total is the sum of its lines; nothing else enters it.

    :raises InvariantBroken: if there is no line, or a line lies outside the service period
    """

    bill_id: str
    account_id: str
    agreement_id: str
    service_point_id: str
    schedule: str
    kind: BillKind
    days: DaySpan
    issued_day: date
    due_day: date
    usage: BilledUsage
    lines: tuple[ChargeLine, ...]
    tax_place: str
    pins: BillPins
    reasons: tuple[Reason, ...] = ()
    """Cited decisions of the bill as a whole: its window, its due day."""
    corrects: str | None = None
    """The bill that this one takes the place of, for the same service period."""
    asked: Asked | None = None
    """What is asked of the account, where a budget plan says so; None asks the total."""
    service_class: str = "residential"
    """Whose service it is, which says where its revenue is posted; no part of the record."""
    relief: BillRelief | None = None
    """What an agreement takes off it: kept and posted with the bill, and no part of the record."""

    def __post_init__(self) -> None:
        ensure(len(self.lines) > 0, f"bill {self.bill_id} has a line")
        ensure(
            (self.corrects is not None) == (self.kind is BillKind.CORRECTED),
            f"bill {self.bill_id} names the bill that it corrects, if it corrects one",
        )
        ensure(
            self.asked is None or self.asked.charges_cents == self.total_cents,
            f"what bill {self.bill_id} asks stands on its total",
        )
        for line in self.lines:
            ensure(
                self.days.from_day <= line.days.from_day
                and line.days.until_day <= self.days.until_day,
                f"line {line.code} lies within the service period of {self.bill_id}",
            )

    @property
    def total_cents(self) -> int:
        """The sum of the lines, in cents."""
        return sum(line.cents for line in self.lines)

    @property
    def asked_cents(self) -> int:
        """What is to be paid of this bill: its total, or what a budget plan asks instead."""
        return self.total_cents if self.asked is None else self.asked.asked_cents

    @property
    def joined(self) -> tuple[PointShare, ...]:
        """Other agreements' service points that are on this bill, too."""
        return tuple(one for one in self.usage.points if one.agreement_id != self.agreement_id)

    @property
    def agreement_ids(self) -> tuple[str, ...]:
        """Every agreement of which days are on this bill, its own first."""
        return (self.agreement_id, *(one.agreement_id for one in self.joined))

    @property
    def budget_bill(self) -> BudgetBill | None:
        """What is kept beside the plan of what this bill asks; None without a plan."""
        if self.asked is None:
            return None
        return BudgetBill(
            plan_id=self.asked.plan_id,
            account_id=self.account_id,
            bill_id=self.bill_id,
            days=self.days,
            kind=self.asked.kind,
            plan_amount_cents=self.asked.plan_amount_cents,
            rolled_over_part_cents=self.asked.rolled_over_part_cents,
            settlement_cents=self.asked.settlement_cents,
            charges_cents=self.asked.charges_cents,
            asked_cents=self.asked.asked_cents,
            rolled_over_cents=self.asked.rolled_over_cents,
            learned_at=self.pins.known_at,
        )

    @property
    def standing(self) -> Standing:
        """The weakest standing of any line."""
        return weakest(line.standing for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """All that the total stands on, in one JSON object, each clause where it counts."""
        return self._as_json(Citation.as_json)

    def as_answer(self) -> dict[str, Any]:
        """The bill as commands answer it, every amount and every quantity a string."""
        return self.as_json() | {"usage": self.usage.as_answer()}

    def record(self) -> bytes:
        """The canonical calculation record: what ``replay`` compares byte for byte.

        It says what ``as_json`` says, with each clause written once under ``clauses`` and named
        by its place there: a bill repeats few clauses many times. ``read_record`` puts them back.
        """
        places: dict[Citation, int] = {}
        body = self._as_json(lambda citation: places.setdefault(citation, len(places)))
        body["clauses"] = [citation.as_json() for citation in places]
        # The bytes are those of ``kernel.canonical_bytes``, which a test holds it to; a cycle of a
        # city writes hundreds of thousands of records, and this writes them in a tenth of the time.
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

    def _as_json(self, cite: Callable[[Citation], object]) -> dict[str, Any]:
        return {
            "bill": self.bill_id,
            "account": self.account_id,
            "agreement": self.agreement_id,
            "service_point": self.service_point_id,
            "schedule": self.schedule,
            "kind": self.kind.value,
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "issued": self.issued_day.isoformat(),
            "due": self.due_day.isoformat(),
            "usage": self.usage.as_json(),
            "lines": [line.as_json(cite) for line in self.lines],
            "total_usd": usd_text(self.total_cents),
            "standing": self.standing.value,
            "tax_place": self.tax_place,
            "reasons": [
                {"finding": reason.finding, "citation": cite(reason.citation)}
                for reason in self.reasons
            ],
            "pins": self.pins.as_json(),
            **({"corrects": self.corrects} if self.corrects is not None else {}),
            **({"asked": self.asked.as_json(cite)} if self.asked is not None else {}),
        }

    @property
    def record_sha256(self) -> str:
        """The hash of the canonical record."""
        return sha256_hex(self.record())


@dataclass(frozen=True, slots=True)
class HeldBill:
    """A bill that was due and did not go out: which, why, and what would release it."""

    account_id: str
    agreement_id: str
    days: DaySpan | None
    code: str
    sentence: str


def read_record(record: bytes) -> dict[str, Any]:
    """A canonical record as ``Bill.as_json`` gave it: every clause back where it counts.

    :raises RecordUnreadable: if it is no bill's record
    """
    try:
        body: dict[str, Any] = json.loads(record)
        clauses = body.pop("clauses")
        for line in body["lines"]:
            line["citations"] = [clauses[place] for place in line["citations"]]
        for reason in [*body["reasons"], *body.get("asked", {}).get("reasons", ())]:
            reason["citation"] = clauses[reason["citation"]]
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise RecordUnreadable(
            "The stored record of the bill cannot be read",
            why="It was emptied or altered, or another version wrote it",
            do="Compute the bill again with `meterledger replay`, which needs no stored record",
        ) from problem
    return body


class RecordUnreadable(Refusal):
    """What is stored as a bill's record is none."""
