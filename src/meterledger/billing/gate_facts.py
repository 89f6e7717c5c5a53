"""What the checks of the gate are given of one bill, and how they word what they find.

Lives here      the facts of a check; which past bills a bill is compared with.
Lives elsewhere thresholds (``gate_terms``), the checks, gathering the facts (``usecases``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from meterledger.billing.corrected import ADJUSTMENT
from meterledger.billing.gate_terms import Threshold
from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.held import GateFinding, PastBill
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class GateBill:
    """As much of a bill as the checks look at, of one that was calculated or of a stored record.

    ``interval_count`` is 0 where a register was billed; estimated energy and intervals are ours.
    """

    bill_id: str
    kind: BillKind
    days: DaySpan
    schedule: str
    total_cents: int
    energy_wh: int
    line_codes: frozenset[str]
    interval_count: int = 0
    estimated_intervals: int = 0
    estimated_wh: int = 0
    counts_toward_cap: bool = False
    """Whether the sheet's cap of estimates in a row watches over it."""
    trues_up: bool = False
    """Whether it begins where an estimate of a register ended, and so takes back or makes up."""
    ahead_wh: int = 0
    """What was billed beyond the last actual reads by estimates before it: its use is with it."""
    ahead_days: int = 0
    """Days from the oldest of those reads to its first day; below zero for a read moved back."""
    bills_other_energy: bool = False
    """Whether a programme bills other energy than was delivered: netted, or replaced by blocks."""

    @classmethod
    def of(cls, bill: Bill) -> GateBill:
        """What the checks look at of a bill."""
        usage = bill.usage
        estimated = usage.estimated
        ahead = [
            (one.opening.ahead_wh, datetime.fromtimestamp(one.opening.shown_at, UTC).date())
            for one in usage.registers
            if one.opening.ahead_wh
        ]
        return cls(
            bill.bill_id,
            bill.kind,
            bill.days,
            bill.schedule,
            # What the limits leave uncharged is no measure of whether the bill was calculated well.
            sum(line.cents for line in bill.lines if line.unit != ADJUSTMENT),
            usage.energy_wh,
            frozenset([line.code for line in bill.lines]),
            0 if usage.registers else usage.interval_count,
            estimated.interval_count if estimated else 0,
            estimated.energy_wh if estimated else 0,
            estimated.counts_toward_cap if estimated else False,
            bool(ahead),
            *_together(ahead, bill.days.from_day),
            any(_of_a_program(line.unit, dict(line.inputs)) for line in bill.lines),
        )

    @classmethod
    def of_record(cls, body: Mapping[str, Any]) -> GateBill:
        """The same of a bill's record, as ``facts.bills.read_record`` gives it."""
        usage = body["usage"]
        estimated = usage.get("estimated") or {}
        days = DaySpan(date.fromisoformat(body["from"]), date.fromisoformat(body["to"]))
        openings = [one["opening"] for one in usage.get("registers", ())]
        ahead = [
            (int(one["ahead_wh"]), date.fromisoformat(one["shown_at"][:10]))
            for one in openings
            if int(one["ahead_wh"])
        ]
        return cls(
            body["bill"],
            BillKind(body["kind"]),
            days,
            body["schedule"],
            sum(
                cents_from_text(line["usd"], where=line["code"])
                for line in body["lines"]
                if line["unit"] != ADJUSTMENT
            ),
            usage["energy_wh"],
            frozenset(line["code"] for line in body["lines"]),
            0 if usage.get("registers") else usage["interval_count"],
            estimated.get("interval_count", 0),
            estimated.get("energy_wh", 0),
            estimated.get("counts_toward_cap", False),
            bool(ahead),
            *_together(ahead, days.from_day),
            any(_of_a_program(line["unit"], line["inputs"]) for line in body["lines"]),
        )


def _together(ahead: Sequence[tuple[int, date]], from_day: date) -> tuple[int, int]:
    """Watt-hours billed beyond actual reads, and the days (by UTC) since the oldest of these."""
    since = min((day for _, day in ahead), default=from_day)
    return sum(wh for wh, _ in ahead), (from_day - since).days


def _of_a_program(unit: str, inputs: Mapping[str, str]) -> bool:
    """Whether a line says that Solar Blocks or netting stand between energy and charges."""
    return unit == "block" or "credit_granted_usd" in inputs or "energy_is" in inputs


@dataclass(frozen=True, slots=True)
class Degrees:
    """How far the days were from the base of degree days: means in tenths of a degree."""

    base_tenths_f: int
    known: Mapping[date, int]

    def of(self, days: DaySpan) -> int | None:
        """Tenths of heating and cooling degree days together; None where some day is not known."""
        means = [self.known.get(day) for day in days.days()]
        known = [abs(one - self.base_tenths_f) for one in means if one is not None]
        return sum(known) if len(known) == days.day_count else None


@dataclass(frozen=True, slots=True)
class Use:
    """Watt-hours of so many days."""

    energy_wh: int
    days: int

    @classmethod
    def of(cls, past: PastBill) -> Use:
        """What a bill of before charged."""
        return cls(past.energy_wh, past.days.day_count)

    @property
    def per_day(self) -> str:
        """Energy a day in kWh with one decimal, for a sentence."""
        tenths = (self.energy_wh * 10 // self.days + 500) // 1000
        return f"{tenths // 10}.{tenths % 10} kWh a day"


@dataclass(frozen=True, slots=True)
class BillFacts:
    """One bill that was calculated, and what is known of the account's bills at that point.

    ``history``    live bills of the account at the service point, in any order
    ``expected``   codes of which the schedule has a line on every bill
    ``energy_codes``  codes of which some has a line where there is energy
    """

    bill: GateBill
    service_class: str
    history: tuple[PastBill, ...] = ()
    expected: frozenset[str] = frozenset()
    energy_codes: frozenset[str] = frozenset()
    degrees: Degrees | None = None
    """The weather of the window and of the bills before, where a station is known."""

    @property
    def days(self) -> DaySpan:
        """The service period."""
        return self.bill.days

    @property
    def use(self) -> Use:
        """What is compared with other bills: its own energy, or all since the last actual read."""
        bill = self.bill
        days = max(bill.days.day_count + bill.ahead_days, 1)
        return Use(bill.energy_wh + bill.ahead_wh, days)

    def previous(self, within_days: int) -> PastBill | None:
        """The newest bill that ends by the first day, and less than so many days before."""
        earliest = self.days.from_day - timedelta(days=within_days)
        found = [one for one in self.history if earliest < one.days.until_day <= self.days.from_day]
        return max(found, key=lambda one: one.days.until_day, default=None)

    def same_season(self, shift_days: int) -> PastBill | None:
        """The bill that lies nearest to the same days a year before, within so many days."""
        asked = year_before(self.days.from_day)
        found = [
            (abs((one.days.from_day - asked).days), one.days.from_day, one)
            for one in self.history
            if abs((one.days.from_day - asked).days) <= shift_days
        ]
        return min(found)[2] if found else None


def year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29 February."""
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def finding(
    code: str, sentence: str, limit: Threshold, evidence: Iterable[tuple[str, object]] = ()
) -> GateFinding:
    """A finding under the clause of the threshold that it went beyond."""
    told = (*((name, str(value)) for name, value in evidence), (limit.name, str(limit.value)))
    return GateFinding(code, sentence, limit.citation, told)
