"""The tariff book as if it had never been silent: energy is the same at any price.

Lives here      a book for the years of any meter file, at any place; for measuring only.
Lives elsewhere the book itself (``rulebook``), which refuses where it is silent, and bills nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.provisions import Provision
from meterledger.rulebook.series import Series

BEFORE_ALL_FILES = date(1990, 1, 1)


class CarriedBack(BookView):
    """The book as if it had never been silent, at another place: for measuring only.

    Prices of years that nobody entered are not known, and energy is the same at any price: the
    oldest value is taken for the years before it, and each one until the next begins.
    """

    def __init__(self, book: TariffBook, known_on: date, zone: str) -> None:
        """``zone`` is where local days begin."""
        super().__init__(book, known_on)
        self.time_zone = zone

    def series(self, name: str) -> Series[Any]:
        """The series, without a day on which it is silent."""
        series = super().series(name)
        values = sorted(series.values, key=lambda dated: dated.days.from_day)
        begins = [BEFORE_ALL_FILES, *(dated.days.from_day for dated in values[1:])]
        ends = [*begins[1:], None]
        return replace(
            series,
            values=tuple(
                replace(dated, days=Validity(begin, end))
                for dated, begin, end in zip(values, begins, ends, strict=False)
            ),
        )

    def provision(self, provision: str) -> Provision:
        """The rule, its first text taken for the years before it."""
        record = super().provision(provision)
        first, *later = sorted(record.versions, key=lambda one: one.days.from_day)
        first = replace(first, days=Validity(BEFORE_ALL_FILES, first.days.until_day))
        return replace(record, versions=(first, *later))


class CarriedBackBook(TariffBook):
    """A book whose views are carried back."""

    def __init__(self, book: TariffBook, zone: str) -> None:
        """``book`` stays as it is."""
        super().__init__(
            name=book.name,
            utility=book.utility,
            time_zone=zone,
            states=book.states,
            parsed=book.parsed,
            texts=book.texts,
        )

    def as_known(self, day: date) -> BookView:
        """The book as it was known at the end of the day, carried back."""
        if day not in self._views:
            self._views[day] = CarriedBack(self, day, self.time_zone)
        return self._views[day]
