"""Half-open spans of local days: the first day is in, the last day is out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True, order=True)
class DaySpan:
    """Days from ``from_day`` (in) until ``until_day`` (out). Never empty.

    :raises InvariantBroken: if the span holds no day
    """

    from_day: date
    until_day: date

    def __post_init__(self) -> None:
        ensure(self.from_day < self.until_day, f"{self.from_day} to {self.until_day} holds a day")

    @property
    def day_count(self) -> int:
        """How many days are in the span."""
        return (self.until_day - self.from_day).days

    @property
    def last_day(self) -> date:
        """The last day that is in the span."""
        return self.until_day - timedelta(days=1)

    def days(self) -> Iterator[date]:
        """Every day of the span, in order."""
        for number in range(self.day_count):
            yield self.from_day + timedelta(days=number)

    def __contains__(self, day: date) -> bool:
        return self.from_day <= day < self.until_day

    def overlap(self, other: DaySpan) -> DaySpan | None:
        """The days in both spans, or None when there is none."""
        from_day = max(self.from_day, other.from_day)
        until_day = min(self.until_day, other.until_day)
        return DaySpan(from_day, until_day) if from_day < until_day else None

    def split_at(self, cut_days: Iterable[date]) -> list[DaySpan]:
        """Cut before each day given; days outside the span cut nothing. The parts tile the span."""
        inner = sorted({day for day in cut_days if self.from_day < day < self.until_day})
        edges = [self.from_day, *inner, self.until_day]
        return [DaySpan(start, end) for start, end in pairwise(edges)]

    def __str__(self) -> str:
        return f"{self.from_day} to {self.until_day}"


@dataclass(frozen=True, slots=True, order=True)
class Validity:
    """Days from ``from_day`` (in) until ``until_day`` (out), or until further notice (None).

    :raises InvariantBroken: if the span holds no day
    """

    from_day: date
    until_day: date | None = None

    def __post_init__(self) -> None:
        ensure(
            self.until_day is None or self.from_day < self.until_day,
            f"{self.from_day} to {self.until_day} holds a day",
        )

    def __contains__(self, day: date) -> bool:
        return self.from_day <= day and (self.until_day is None or day < self.until_day)

    def within(self, span: DaySpan) -> DaySpan | None:
        """The days of ``span`` on which this holds, or None when there is none."""
        from_day = max(self.from_day, span.from_day)
        until_day = min(self.until_day or span.until_day, span.until_day)
        return DaySpan(from_day, until_day) if from_day < until_day else None

    def overlaps(self, other: Validity) -> bool:
        """Whether some day is in both."""
        starts_before_end = self.until_day is None or other.from_day < self.until_day
        return starts_before_end and (other.until_day is None or self.from_day < other.until_day)

    def __str__(self) -> str:
        return f"{self.from_day} until {self.until_day or 'further notice'}"


def tiles(spans: Sequence[DaySpan]) -> bool:
    """Whether the spans, in order, follow each other with no gap and no overlap."""
    return all(before.until_day == after.from_day for before, after in pairwise(spans))
