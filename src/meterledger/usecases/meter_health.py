"""Meter health and communication: who sent, who did not, how much is missing, what was found.

Lives here      one row for each meter on a day, from its last thirty days.
Lives elsewhere checks (``usage``), the queue (``review_usage``), the night (``validate_usage``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import numpy as np

from meterledger.facts.usage import DayValues, KnownInterval, window_seconds
from meterledger.facts.usage_log import MeterOnDay
from meterledger.kernel.ids import bucket_of, pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.ours import whole_of_ours
from meterledger.usage import estimated_slots
from meterledger.usecases.usage_days import DayLake, one_day, read_window
from meterledger.usecases.usage_ports import UsageLog

WINDOW_DAYS = 30
"""Before the book said it (``meter_health_days``)."""
BATCH_METERS = 4096

Progress = Callable[[int], None]


class HealthStore(UsageLog, Protocol):
    """What this report needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch the stretch."""


@dataclass(frozen=True, slots=True)
class MeterHealth:
    """One meter on a day. Shares are of the intervals due on the days it was installed.

    ``last_seen``          the newest day of the window with a received value; None: not one
    ``sent``               intervals received of the day itself, and how many were due
    ``missing``            intervals without a value in the window, and how many were due
    ``estimated_in_a_row`` days up to this one on which nothing was received
    ``findings``           how many findings of the window, by code, cleared ones left out
    ``why``                why its usage cannot be given, where that is so
    """

    meter_id: str
    service_point_id: str
    last_seen: date | None
    sent: int
    sent_due: int
    missing: int
    missing_due: int
    estimated: int
    estimated_in_a_row: int
    in_service: bool
    findings: dict[str, int] = field(default_factory=dict)
    why: str = ""

    @property
    def silent(self) -> bool:
        """Whether nothing of the day was received."""
        return self.sent == 0

    @property
    def healthy(self) -> bool:
        """Whether there is nothing to look at."""
        return self.sent == self.sent_due and not self.findings and not self.why

    @property
    def missing_percent(self) -> str:
        """The share that is missing, in percent with one decimal."""
        if not self.missing_due:
            return "0.0"
        tenths = (2000 * self.missing + self.missing_due) // (2 * self.missing_due)
        return f"{tenths // 10}.{tenths % 10}"

    def as_json(self) -> dict[str, Any]:
        """As commands answer it."""
        return {
            "meter": self.meter_id,
            "service_point": self.service_point_id,
            "in_service": self.in_service,
            "last_seen": self.last_seen.isoformat() if self.last_seen else None,
            "sent": self.sent,
            "sent_due": self.sent_due,
            "missing_percent": self.missing_percent,
            "estimated": self.estimated,
            "days_without_reading": self.estimated_in_a_row,
            "findings": dict(sorted(self.findings.items())),
            "why": self.why,
        }


@dataclass(slots=True)
class HealthReport:
    """A day's communication: meters = whole + in part + silent, and places without a meter."""

    day: date
    meters: list[MeterHealth] = field(default_factory=list)
    without_meter: list[str] = field(default_factory=list)

    @property
    def whole(self) -> int:
        """Meters of which every interval of the day was received."""
        return sum(one.sent == one.sent_due for one in self.meters)

    @property
    def in_part(self) -> int:
        """Meters of which some were."""
        return sum(0 < one.sent < one.sent_due for one in self.meters)

    @property
    def silent(self) -> list[MeterHealth]:
        """Meters that did not send."""
        return [one for one in self.meters if one.silent and one.sent_due]


def meter_health(
    day: date,
    *,
    known_at: datetime,
    store: HealthStore,
    lake: DayLake,
    view: BookView,
    meter_ids: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> HealthReport:
    """The health of every meter that was installed on the day, or of those that are named."""
    places = store.meters_on_day(day, known_at, meter_ids)
    report = HealthReport(
        day, without_meter=[one.service_point_id for one in places if one.meter_id is None]
    )
    days = whole_of_ours(view, "meter_health_days", day, WINDOW_DAYS)
    window = DaySpan(day - timedelta(days=days - 1), day + timedelta(days=1))
    counts = store.finding_counts(window)
    sequence = store.lake_sequence()
    for batch in _batches(places, view):
        report.meters += _batch(batch, day, window, counts, sequence, store, lake, view)
        if progress is not None:
            progress(len(batch))
    report.meters.sort(key=lambda one: (one.service_point_id, one.meter_id))
    return report


def _batches(places: Sequence[MeterOnDay], view: BookView) -> Iterator[dict[str, MeterOnDay]]:
    named = {
        pseudonym(one.meter_id, view.name): one for one in places if one.meter_id is not None
    }  # fmt: skip
    ordered = sorted(named, key=lambda meter: (bucket_of(meter), meter))
    for first in range(0, len(ordered), BATCH_METERS):
        yield {meter: named[meter] for meter in ordered[first : first + BATCH_METERS]}


def _batch(
    places: dict[str, MeterOnDay],
    day: date,
    window: DaySpan,
    counts: dict[str, dict[str, int]],
    sequence: int,
    store: HealthStore,
    lake: DayLake,
    view: BookView,
) -> list[MeterHealth]:
    groups, refused = read_window(lake, list(places), window, at_sequence=sequence)
    begin, until = window_seconds(one_day(day), view.time_zone)
    numbers = [one.meter_id or "" for one in places.values()]
    beside = store.kept_intervals(numbers, begin=begin, until=until, at_sequence=sequence)
    found: list[MeterHealth] = []
    for days in groups:
        received = np.stack([_received(one.values) for one in days], axis=1)
        absent = np.stack([one.values.missing.sum(axis=1) for one in days], axis=1)
        widths = np.array([one.values.missing.shape[1] for one in days], dtype=np.int64)
        estimated = np.stack([_estimated(one.values) for one in days], axis=1)
        for row, meter in enumerate(days[-1].block.meters):
            place = places[meter]
            first = _first_column(place, window)
            seen = np.flatnonzero(received[row, first:] > 0)
            last = None if not len(seen) else window.from_day + timedelta(int(seen[-1]) + first)
            is_beside = (place.meter_id or "") in beside and last is None
            found.append(
                MeterHealth(
                    meter_id=place.meter_id or "",
                    service_point_id=place.service_point_id,
                    last_seen=day if is_beside else last,
                    sent=int(widths[-1]) if is_beside else int(received[row, -1]),
                    sent_due=int(widths[-1]),
                    missing=0 if is_beside else int(absent[row, first:].sum()),
                    missing_due=int(widths[first:].sum()),
                    estimated=int(estimated[row, first:].sum()),
                    estimated_in_a_row=0 if is_beside else _row_of_silence(received[row, first:]),
                    in_service=place.in_service,
                    findings=counts.get(place.meter_id or "", {}),
                )
            )
    for meter, refusal in refused.items():
        place = places[meter]
        found.append(
            MeterHealth(
                place.meter_id or "",
                place.service_point_id,
                None,
                0,
                0,
                0,
                0,
                0,
                0,
                place.in_service,
                counts.get(place.meter_id or "", {}),
                refusal.sentence,
            )
        )
    return found


def _received(values: DayValues) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many values of each row were received."""
    present = ~values.missing
    slots = estimated_slots(values)
    return np.asarray((present if slots is None else present & ~slots).sum(axis=1))


def _estimated(values: DayValues) -> np.ndarray[Any, np.dtype[np.int64]]:
    slots = estimated_slots(values)
    if slots is None:
        return np.zeros(len(values.missing), dtype=np.int64)
    return np.asarray(slots.sum(axis=1))


def _first_column(place: MeterOnDay, window: DaySpan) -> int:
    """The first day of the window on which the meter was installed."""
    if place.installed_day is None or place.installed_day <= window.from_day:
        return 0
    return (place.installed_day - window.from_day).days


def _row_of_silence(received: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    count = 0
    for each in received[::-1].tolist():
        if each:
            break
        count += 1
    return count
