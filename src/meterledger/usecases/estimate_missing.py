"""Estimate what is missing of several days of a meter, because a person says so.

A held bill never becomes an estimate by itself: somebody names the cause and signs it, as of one
day. Days of which all has come stay as they are; one that the ladder cannot estimate is named.

Lives here      the days one after the other, each a decision of its own.
Lives elsewhere one day (``review_usage``), the ladder (``usage.filling``), the bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.usage_log import UsageEdit
from meterledger.rulebook.book import BookView
from meterledger.usecases.look_at_day import UsageLake
from meterledger.usecases.review_usage import (
    NoRungWorks,
    ReviewStore,
    day_to_review,
    estimate_day,
)


@dataclass(frozen=True, slots=True)
class EstimatedDays:
    """What was estimated, and the days of which something is still missing."""

    edits: tuple[UsageEdit, ...]
    left: tuple[date, ...]

    @property
    def interval_count(self) -> int:
        """Intervals that have an estimate now."""
        return sum(one.interval_count for one in self.edits)


def estimate_missing(
    meter_id: str,
    days: Iterable[date],
    *,
    author: str,
    reason: str,
    cause: EstimateCause,
    at: datetime,
    store: ReviewStore,
    lake: UsageLake,
    view: BookView,
) -> EstimatedDays:
    """Take the sheet's ladder for every interval that is missing, day by day, the oldest first.

    Done again after it broke off, it does what is left.

    :raises CannotReview: if name or reason is empty
    """
    edits: list[UsageEdit] = []
    left: list[date] = []
    for day in sorted(days):
        item = day_to_review(meter_id, day, store=store, lake=lake, view=view)
        if not item.missing_count:
            continue
        try:
            made = estimate_day(
                item,
                author=author,
                reason=reason,
                at=at,
                store=store,
                lake=lake,
                view=view,
                cause=cause,
            )
        except NoRungWorks:
            left.append(day)
        else:
            edits.append(made)
    return EstimatedDays(tuple(edits), tuple(left))
