"""Review held usage: look at a day with its evidence, then accept, edit, estimate or reject it.

Nothing is overwritten: an edit and an estimate are new versions in the lake, the finding and the
decision stay beside each other, and the old values are those of the version before.

Lives here      one meter's day as a person needs to see it; the four ways out.
Lives elsewhere what holds a day (``validate_usage``), the ladder (``usage.filling``), the bills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np

from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import Flow, Quality, Reading
from meterledger.facts.usage import MISSING_VALUE, window_seconds
from meterledger.facts.usage_log import (
    FindingOnFile,
    LoggedEstimate,
    ReadingEffort,
    ReviewAct,
    UsageEdit,
    UsageReview,
)
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.written_counts import many
from meterledger.rulebook.book import BookView
from meterledger.usage import DayBlock, FillingPlan
from meterledger.usecases.fill_gaps import FilledDay, fill_days
from meterledger.usecases.lake_without import LakeWithout
from meterledger.usecases.look_at_day import UsageLake
from meterledger.usecases.own_time import OwnTime
from meterledger.usecases.ports import NotFound
from meterledger.usecases.usage_days import (
    one_day,
    read_day,
    read_past_day,
    row_of,
)
from meterledger.usecases.usage_ports import LakePublication, UsageLog
from meterledger.usecases.validate_usage import energy_channel

LIKE_WEEKS = (1, 2, 3, 4)


class ReviewStore(UsageLog, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed, as known now."""

    def installations_at(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[MeterInstallation]]:
        """The meters of service points by first day; points without any are left out."""


class CannotReview(Refusal):
    """The day is not one to decide, or not in this way."""


class NoRungWorks(CannotReview):
    """The sheet's ladder has no estimate for the day."""


@dataclass(frozen=True, slots=True)
class DayToReview:
    """One meter's day with all that explains it. Watt-hours are None where there is no value."""

    meter: str
    meter_id: str
    day: date
    sequence: int
    interval_seconds: int
    values: tuple[int | None, ...]
    methods: tuple[Method, ...]
    usual: tuple[int | None, ...]
    """The mean of the same intervals on the same weekday of the four weeks before."""
    findings: tuple[FindingOnFile, ...]
    estimates: tuple[LoggedEstimate, ...]
    reviews: tuple[UsageReview, ...]
    edits: tuple[UsageEdit, ...]
    efforts: tuple[ReadingEffort, ...]
    installations: tuple[MeterInstallation, ...]
    own: OwnTime
    """Which of the intervals are its own, where it came or left inside the day."""

    @property
    def open_ids(self) -> tuple[str, ...]:
        """The findings that hold it."""
        return tuple(one.logged.finding_id for one in self.findings if one.holds)

    @property
    def energy_wh(self) -> int:
        """Watt-hours of the values that are there."""
        return sum(one for one in self.values if one is not None)

    @property
    def missing(self) -> list[int]:
        """Its own intervals that have no value."""
        return [slot for slot in self.own.slots if self.values[slot] is None]

    @property
    def missing_count(self) -> int:
        """How many of its own intervals have no value."""
        return len(self.missing)

    @property
    def ways_out(self) -> tuple[ReviewAct, ...]:
        """What a person may do with it. What is missing cannot be accepted as it is.

        A day that nothing holds is billed as it is; a person who knows better may still correct it.
        """
        if not self.open_ids:
            return (ReviewAct.EDIT, ReviewAct.ESTIMATE) if self.values else ()
        if self.missing_count:
            return (ReviewAct.EDIT, ReviewAct.ESTIMATE, ReviewAct.REJECT)
        return tuple(ReviewAct)


def day_to_review(
    meter_id: str, day: date, *, store: ReviewStore, lake: UsageLake, view: BookView
) -> DayToReview:
    """One meter's day as known now.

    :raises NotFound: if no meter of that number was ever installed
    """
    installations = store.meter_installations([meter_id]).get(meter_id, [])
    if not installations:
        raise NotFound(
            f"There is no meter {meter_id[:80]}",
            do="List what waits with `meterledger review list`",
        )
    meter = pseudonym(meter_id, view.name)
    sequence = store.lake_sequence()
    block = _block(lake, meter, day, view.time_zone, sequence)
    usual = _usual(lake, meter, block, sequence) if block is not None else ()
    row = row_of(block, 0) if block is not None else ()
    codes = block.method if block is not None else None
    days = one_day(day)
    return DayToReview(
        meter=meter,
        meter_id=meter_id,
        day=day,
        sequence=sequence,
        interval_seconds=block.interval_seconds if block is not None else 900,
        values=tuple(None if wh == MISSING_VALUE else wh for wh in row),
        methods=tuple(
            Method.AS_RECEIVED if codes is None else Method(int(codes[0, slot]))
            for slot in range(len(row))
        ),
        usual=usual,
        findings=tuple(store.findings_of_meter(meter_id, days)),
        estimates=tuple(store.estimates_of_meter(meter_id, days)),
        reviews=tuple(one for one in store.reviews_of_meter(meter_id) if one.day == day),
        edits=tuple(one for one in store.edits_of_meter(meter_id) if one.day == day),
        efforts=tuple(one for one in store.efforts_of_meter(meter_id) if one.day == day),
        installations=tuple(installations),
        own=OwnTime.of(installations, day, zone=view.time_zone, count=len(row)),
    )


def _block(lake: UsageLake, meter: str, day: date, zone: str, sequence: int) -> DayBlock | None:
    """The day in the length that its neighbors have, where it has no value itself."""
    blocks, _ = read_day(lake, [meter], day, at_sequence=sequence)
    if not blocks:
        return None
    block = blocks[0].block
    if (block.value != MISSING_VALUE).any():
        return block
    for back in (1, 7):
        before, _ = read_day(lake, [meter], day - timedelta(days=back), at_sequence=sequence)
        if before and (before[0].block.value != MISSING_VALUE).any():
            seconds = before[0].block.interval_seconds
            if seconds != block.interval_seconds:
                return _empty(meter, day, zone, seconds)
    return block


def _empty(meter: str, day: date, zone: str, seconds: int) -> DayBlock:
    begin, until = window_seconds(one_day(day), zone)
    width = (until - begin) // seconds
    value = np.full((1, width), MISSING_VALUE, dtype=np.int32)
    return DayBlock(day, zone, seconds, [meter], value)


def _usual(lake: UsageLake, meter: str, block: DayBlock, sequence: int) -> tuple[int | None, ...]:
    rows = []
    for week in LIKE_WEEKS:
        past = read_past_day(
            lake,
            [meter],
            block.day - timedelta(weeks=week),
            interval_seconds=block.interval_seconds,
            zone=block.zone,
            at_sequence=sequence,
        )
        if past is not None and past.width == block.width:
            rows.append([None if wh == MISSING_VALUE else wh for wh in row_of(past, 0)])
    means: list[int | None] = []
    for slot in range(block.width):
        known = [row[slot] for row in rows if row[slot] is not None]
        told = [one for one in known if one is not None]
        means.append(sum(told) // len(told) if told else None)
    return tuple(means)


# ------------------------------------------------------------------------- the ways out


def accept_day(
    item: DayToReview, *, author: str, reason: str, at: datetime, store: ReviewStore
) -> UsageReview:
    """Bill the day as it was received.

    :raises CannotReview: if nothing holds it, intervals are missing, or name or reason is empty
    """
    review = _review(item, ReviewAct.ACCEPT, author, reason, at)
    store.record_review(review, None, None)
    return review


def reject_day(
    item: DayToReview, *, author: str, reason: str, at: datetime, store: ReviewStore
) -> UsageReview:
    """Keep the day from being billed until it is read again, edited or estimated.

    :raises CannotReview: if nothing holds it, or name or reason is empty
    """
    review = _review(item, ReviewAct.REJECT, author, reason, at)
    store.record_review(review, None, None)
    return review


def edit_day(
    item: DayToReview,
    values: Mapping[int, int],
    *,
    author: str,
    reason: str,
    at: datetime,
    store: ReviewStore,
    lake: UsageLake,
    zone: str,
) -> UsageEdit:
    """Put other watt-hours in some intervals, as a new version. Intervals count from 0 in the day.

    :raises CannotReview: if nothing is changed, an interval is not of the day, a gap would stay,
        or name or reason is empty
    """
    review = _review(item, ReviewAct.EDIT, author, reason, at)
    changed = {slot: wh for slot, wh in values.items() if _differs(item, slot, wh)}
    if not changed:
        raise CannotReview(
            "The edit changes nothing",
            where=_where(item),
            do="Give other watt-hours, or accept the day as it is",
        )
    left = sum(slot not in changed for slot in item.missing)
    if left:
        raise CannotReview(
            f"{many(left, 'interval')} would still be missing",
            where=_where(item),
            why="A gap is never a zero",
            do="Give a value for each of them, or estimate the day",
        )
    return _write(item, changed, Quality.ADJUSTED, review, store, lake, zone)


def estimate_day(
    item: DayToReview,
    *,
    author: str,
    reason: str,
    at: datetime,
    store: ReviewStore,
    lake: UsageLake,
    view: BookView,
    slots: Sequence[int] | None = None,
    cause: EstimateCause = EstimateCause.HUMAN_OR_BILLING_ERROR,
) -> UsageEdit:
    """Take the sheet's ladder for the intervals that are missing, or in place of those named.

    What was measured gives way only where ``slots`` names it, and stays in the version before.
    Written as a person's edit of estimated quality, so that a file sent again does not undo it.

    :raises CannotReview: if no rung of the ladder works, an interval is not of the day, none is
        named and none is missing, or name or reason is empty
    """
    review = _review(item, ReviewAct.ESTIMATE, author, reason, at)
    chosen = _missing(item) if slots is None else slots
    for slot in chosen:
        _differs(item, slot, 0)
        if slot in item.own.others:
            raise CannotReview(
                f"The meter was not there in interval {slot}",
                where=_where(item),
                why="The time before it came and after it left is another meter's",
                do=f"Name intervals of its own, like {item.own.words}",
            )
    filled = _ladder(item, set(chosen), cause, at, store, lake, view)
    if filled is None or filled.left:
        raise NoRungWorks(
            "No rung of the ladder works for this day",
            where=_where(item),
            why="No earlier day of the ladder was measured, and nothing bounds the gap",
            do="Edit the values, or obtain a reading",
        )
    begin = int(day_start_utc(item.day, view.time_zone).timestamp())
    made = {
        (one.start - begin) // item.interval_seconds: one.value or 0 for one in filled.readings
    }  # fmt: skip
    return _write(
        item, made, Quality.ESTIMATED, review, store, lake, view.time_zone, filled.estimates
    )


def _missing(item: DayToReview) -> list[int]:
    if not item.missing:
        raise CannotReview(
            "Every interval of the day was received, and none is named",
            where=_where(item),
            why="An estimate takes the place of a reading only where somebody says so",
            do=f"Name those that are wrong, like 40-43, or {item.own.words} for all",
        )
    return item.missing


def _ladder(
    item: DayToReview,
    chosen: set[int],
    cause: EstimateCause,
    at: datetime,
    store: ReviewStore,
    lake: UsageLake,
    view: BookView,
) -> FilledDay | None:
    """What the ladder gives for the intervals, as if they had never been received."""
    masked = LakeWithout(lake, item.meter, item.day, chosen, item.own)
    found = fill_days(
        masked,
        [item.meter],
        FillingPlan.of(view, item.day),
        zone=view.time_zone,
        at_sequence=item.sequence,
        registers={},
        first_slots={},
        served_since=_served_since(item, store, at),
        cause=cause,
        made_at=at,
    )
    return found.get(item.meter)


def _served_since(item: DayToReview, store: ReviewStore, at: datetime) -> dict[str, date]:
    """The first day of whoever has service there; on the day it left, by the meter after it."""
    numbers = [item.meter_id]
    if not any(item.day in one.days for one in item.installations):
        stays = [one for one in item.installations if one.touches(one_day(item.day))]
        points = [one.service_point_id for one in stays]
        there = store.installations_at(points, at).values()
        numbers = [one.meter_id for each in there for one in each if item.day in one.days]
    found: dict[str, date] = {}
    for one in store.meters_on_day(item.day, at, numbers):
        if one.served_since is not None:
            found[item.meter] = one.served_since
    return found


def _review(
    item: DayToReview, act: ReviewAct, author: str, reason: str, at: datetime
) -> UsageReview:
    if not item.open_ids and act not in item.ways_out:
        raise CannotReview(
            "Nothing holds this day",
            where=_where(item),
            do="List what waits with `meterledger review list`; any other day is corrected with "
            "`meterledger review edit` or `review estimate`, or by a file that says it right",
        )
    if act not in item.ways_out:
        raise CannotReview(
            f"{many(item.missing_count, 'interval')} of the day "
            f"{'is' if item.missing_count == 1 else 'are'} missing",
            where=_where(item),
            why="A gap is never a zero, and cannot be accepted",
            do="Estimate the day, or edit it with a value for each of them",
        )
    for name, text in (("author", author), ("reason", reason)):
        if not text.strip():
            raise CannotReview(
                f"The decision has no {name}",
                where=_where(item),
                why="It is kept for years, with who made it and why",
                do=f"Give --{'by' if name == 'author' else 'reason'}",
            )
    return UsageReview(
        meter=item.meter,
        meter_id=item.meter_id,
        day=item.day,
        act=act,
        author=author.strip(),
        reason=reason.strip(),
        at=at,
        finding_ids=item.open_ids,
        sequence=item.sequence,
    )


def _differs(item: DayToReview, slot: int, wh: int) -> bool:
    if not 0 <= slot < len(item.values):
        raise CannotReview(
            f"The day has no interval {slot}",
            where=_where(item),
            do=f"Count intervals from 0 to {len(item.values) - 1}",
        )
    if item.values[slot] == wh:
        return False
    if wh < 0:
        raise CannotReview(
            f"Interval {slot} cannot have {wh} Wh",
            where=_where(item),
            do="Give the watt-hours that were used, zero or more",
        )
    return True


def _where(item: DayToReview) -> str:
    return f"meter {item.meter_id}, {item.day}"


def _write(
    item: DayToReview,
    values: Mapping[int, int],
    quality: Quality,
    review: UsageReview,
    store: ReviewStore,
    lake: UsageLake,
    zone: str,
    estimates: Sequence[Estimate] = (),
) -> UsageEdit:
    """Publish the new values as a version of their own, with the decision, in one transaction."""
    seconds = item.interval_seconds
    begin = int(day_start_utc(item.day, zone).timestamp())
    slots = sorted(values)
    readings = tuple(
        Reading(begin + slot * seconds, seconds, values[slot], quality, number, Method.EDITED)
        for number, slot in enumerate(slots)
    )
    span = DaySpan(item.day - timedelta(days=28), item.day + timedelta(days=1))
    flows = lake.flows([item.meter], span, at_sequence=item.sequence)
    channel = energy_channel(
        readings,
        meter_id=item.meter_id,
        flow=flows.get(item.meter, Flow.DELIVERED),
        interval_seconds=seconds,
    )
    told = [item.meter, item.day.isoformat(), review.author, review.at.isoformat()]
    sha256 = sha256_hex(canonical_bytes([*told, item.sequence, list(map(list, values.items()))]))
    files = lake.write(
        [(item.meter, channel)],
        source_sha256=sha256,
        learned_at=review.at,
        at_sequence=item.sequence,
    )
    edit = UsageEdit(
        meter=item.meter,
        meter_id=item.meter_id,
        day=item.day,
        start=readings[0].start,
        until=readings[-1].start + seconds,
        before_wh=sum(item.values[slot] or 0 for slot in slots),
        after_wh=sum(values.values()),
        interval_count=len(slots),
        before_sequence=item.sequence,
        author=review.author,
        reason=review.reason,
        at=review.at,
    )
    name = f"{review.act.value} of {item.day} by {review.author}"
    publish = LakePublication(sha256, name, "edit", len(readings), tuple(files), item.sequence)
    logged = [
        LoggedEstimate(one, item.meter_id, item.day, "review", (one.until - one.start) // seconds)
        for one in estimates
    ]
    store.record_review(review, edit, publish, logged)
    return edit
