"""A tariff value over time: what it was on which days, by which clause, and since when we know.

Lives here      choosing the value in force on a day, as known on a day; refusing when silent.
Lives elsewhere reading files (``loading``), schedules (``schedule``), calendars (``calendar``).
Read first      docs/glossary.md: "dated value", "standing", "learned on".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from meterledger.kernel.citation import Citation
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.standing import Standing

Value = TypeVar("Value")

NEAREST = 2
"""How many entries on each side of a silent day a refusal names: enough to see the gap."""


class NoRuleInForce(Refusal):
    """The book has no value in force on the day asked for. It never answers with a default."""


@dataclass(frozen=True, slots=True)
class DatedValue(Generic[Value]):
    """One value, the days it is in force, the clause, how well it is known and since when."""

    value: Value
    days: Validity
    standing: Standing
    citation: Citation
    learned_on: date
    note: str = ""
    limited_by: tuple[Citation, ...] = ()
    source: str = ""
    """Where the number was found, and how sure that source is: short words for a rate analyst."""
    confidence: str = ""
    """high, medium or low: how sure the reading of the sheet is; empty where nobody said."""
    dates_inferred: bool = False
    """Whether its days were worked out because the sheet prints none."""
    gap: str = ""
    """The missing text because of which the value is carried forward, or nothing."""


@dataclass(frozen=True, slots=True)
class Unlearned:
    """A day on which no entry of a series was known, and when its and the book's first were."""

    known_on: date
    first_on: date
    book_first_on: date


@dataclass(frozen=True, slots=True)
class Series(Generic[Value]):
    """A named value's whole past, as known on one day: no two entries in force on the same day.

    ``name`` is what bills, messages and ``tariff value`` call it; ``file`` is where it stands,
    relative to the book's folder.
    """

    name: str
    meaning: str
    unit: str
    file: str
    values: tuple[DatedValue[Value], ...]
    reading_key: str = ""
    """The key of the chosen reading that the value rests on, or nothing."""
    provision: str = ""
    """The provision of the book that states the value, where one does."""
    limits: str = ""
    """The name of the value that this one caps, or nothing."""
    unlearned: Unlearned | None = None
    """Where no entry was known yet: since when there are some."""
    gap: str = ""
    """The missing text because of which no value is known at all, or nothing."""

    def covering(self, day: date) -> DatedValue[Value] | None:
        """The value in force on ``day``, or None: for limits, where none in force is no silence."""
        for dated in self.values:
            if day in dated.days:
                return dated
        return None

    def on(self, day: date) -> DatedValue[Value]:
        """The value in force on ``day``.

        :raises NoRuleInForce: naming what is known, the file, and the shortcut not to take
        """
        found = self.covering(day)
        if found is not None:
            return found
        if self.unlearned is not None and self.unlearned.known_on < self.unlearned.book_first_on:
            raise NoRuleInForce(
                f"The book knew nothing on {self.unlearned.known_on}",
                why=f"Its first entries were learned on {self.unlearned.book_first_on}",
                do=f"Ask for '{self.name}' as known on {self.unlearned.first_on} or later",
            )
        raise NoRuleInForce(
            f"No value of '{self.name}' is in force on {day}",
            why=f"None is known: the text {self.gap} is not held"
            if self.gap
            else f"Known: {self._known_near(day)}",
            do=(
                f"Find the sheet revision that covers {day} and add it to {self.file}, "
                f"or leave the bill in the review queue. Do not extend a neighboring value"
            ),
        )

    def change_days(self) -> tuple[date, ...]:
        """Every day on which this value begins, ends or changes, in order."""
        days = {dated.days.from_day for dated in self.values}
        days |= {dated.days.until_day for dated in self.values if dated.days.until_day}
        return tuple(sorted(days))

    def parts(self, span: DaySpan) -> list[tuple[DaySpan, DatedValue[Value]]]:
        """Cut the span where the value changes; each part with the value in force on it.

        :raises NoRuleInForce: if any day of the span has no value
        """
        return [(part, self.on(part.from_day)) for part in span.split_at(self.change_days())]

    def _known_near(self, day: date) -> str:
        """The entries on either side of a day without one, and how many others there are."""
        if self.unlearned is not None:
            return (
                f"nothing on {self.unlearned.known_on}; "
                f"its first entry was learned on {self.unlearned.first_on}"
            )
        if not self.values:
            return "nothing"
        after = sum(dated.days.from_day <= day for dated in self.values)
        near = self.values[max(after - NEAREST, 0) : after + NEAREST]
        known = ", ".join(str(dated.days) for dated in near)
        others = len(self.values) - len(near)
        return f"{known}, and {others} other{'s' if others > 1 else ''}" if others else known


def change_days_of(series: Iterable[Series[Value]]) -> tuple[date, ...]:
    """Every day on which any of the series changes."""
    return tuple(sorted({day for one in series for day in one.change_days()}))
