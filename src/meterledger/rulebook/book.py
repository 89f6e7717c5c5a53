"""The tariff book on two clocks: what was in force on a day, as the book was known on a day.

Lives here      views of the book as known on a day, typed answers, and the hash a bill pins.
Lives elsewhere reading files (``loading``), the words of silence (``series``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.parsing import Entry, ParsedSeries
from meterledger.rulebook.parsing_calendars import ScheduleBody
from meterledger.rulebook.schedule import Schedule, Seasons, TimeOfUse
from meterledger.rulebook.series import DatedValue, Series


class NoSuchValue(Refusal):
    """The book has no series of that name, or it is of another kind."""


class TariffBook:
    """Everything that was ever entered. Immutable; ask it through ``as_known``."""

    def __init__(
        self, *, name: str, utility: str, time_zone: str, parsed: dict[str, ParsedSeries]
    ) -> None:
        """``parsed`` is what ``loading.load_book`` read and checked."""
        self.name = name
        self.utility = utility
        self.time_zone = time_zone
        self.parsed = parsed
        self._views: dict[date, BookView] = {}

    def as_known(self, day: date) -> BookView:
        """The book as it was known at the end of ``day``: entries learned later are not seen."""
        if day not in self._views:
            self._views[day] = BookView(self, day)
        return self._views[day]


class BookView:
    """The book as known on one day. Series, schedules and calendars by name."""

    def __init__(self, book: TariffBook, known_on: date) -> None:
        """Choose, for every series, the entries known on ``known_on``."""
        self.name = book.name
        self.utility = book.utility
        self.time_zone = book.time_zone
        self.known_on = known_on
        self._parsed = book.parsed
        self._series: dict[str, Series[Any]] = {}
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """The hash of every entry known on that day; later entries do not change it."""
        if self._sha256 is None:
            known = {
                name: {
                    "kind": parsed.kind,
                    "meaning": parsed.meaning,
                    "unit": parsed.unit,
                    "values": [entry.record for entry in _known(parsed, self.known_on)],
                }
                for name, parsed in sorted(self._parsed.items())
                if _known(parsed, self.known_on)
            }
            record = {"name": self.name, "time_zone": self.time_zone, "series": known}
            self._sha256 = sha256_hex(canonical_bytes(record))
        return self._sha256

    def names(self) -> list[str]:
        """All series names, in order."""
        return sorted(self._parsed)

    def kind_of(self, name: str) -> str:
        """The kind of a series: price, number, text, seasons, time_of_use, holidays, schedule."""
        return self._find(name).kind

    def file_of(self, name: str) -> str:
        """The file a series stands in, relative to the book's folder."""
        return self._find(name).file

    def last_checked_on(self, name: str) -> date:
        """The day on which somebody last looked whether the series is still right."""
        return self._find(name).last_checked_on

    def source_of(self, name: str, dated: DatedValue[Any]) -> str:
        """Where a value of a series was read, as its file says; empty where it says nothing.

        :raises NoSuchValue: naming the nearest names
        """
        for entry in _known(self._find(name), self.known_on):
            same = entry.dated.learned_on == dated.learned_on
            if same and dated.days.from_day in entry.dated.days:
                return str(entry.record.get("source", ""))
        return ""

    def series(self, name: str) -> Series[Any]:
        """A series of any kind.

        :raises NoSuchValue: naming the nearest names
        """
        if name not in self._series:
            self._series[name] = self._build(self._find(name))
        return self._series[name]

    def price(self, name: str) -> Series[int]:
        """A price in whole millionths of a US dollar."""
        return self._of_kind(name, "price")

    def number(self, name: str) -> Series[Fraction]:
        """An exact number: a count, a share, kWh, days."""
        return self._of_kind(name, "number")

    def text(self, name: str) -> Series[str]:
        """A word, such as a chosen reading."""
        return self._of_kind(name, "text")

    def seasons(self, name: str) -> Series[Seasons]:
        """A season calendar."""
        return self._of_kind(name, "seasons")

    def time_of_use(self, name: str) -> Series[TimeOfUse]:
        """Windows of the day by season."""
        return self._of_kind(name, "time_of_use")

    def holidays(self, name: str) -> Series[frozenset[date]]:
        """Explicit holidays; each entry covers the days it is in force."""
        return self._of_kind(name, "holidays")

    def schedule_codes(self) -> list[str]:
        """The codes of all schedules, in order."""
        return sorted(name for name, parsed in self._parsed.items() if parsed.kind == "schedule")

    def schedule_series(self, code: str) -> Series[Schedule]:
        """A schedule over time.

        :raises NoSuchValue: naming the schedules there are
        """
        if code not in self._parsed or self._parsed[code].kind != "schedule":
            raise NoSuchValue(
                f"There is no schedule '{code[:60]}'",
                do=f"Name one of {', '.join(self.schedule_codes())}",
            )
        return self._of_kind(code, "schedule")

    def schedule(self, code: str, day: date) -> Schedule:
        """The schedule in force on a day.

        :raises NoSuchValue: if there is no such schedule
        :raises NoRuleInForce: if it is not in force on the day
        """
        return self.schedule_series(code).on(day).value

    def _find(self, name: str) -> ParsedSeries:
        if name not in self._parsed:
            raise NoSuchValue(
                f"The book has no value called '{name[:60]}'",
                do=f"Names like it: {', '.join(_nearest(name, tuple(self.names())))}",
            )
        return self._parsed[name]

    def _of_kind(self, name: str, kind: str) -> Series[Any]:
        found = self._find(name)
        if found.kind != kind:
            raise NoSuchValue(
                f"'{name}' is a {found.kind}, and a {kind} is needed",
                where=found.file,
                do="Name a value of that kind",
            )
        return self.series(name)

    def _build(self, parsed: ParsedSeries) -> Series[Any]:
        values = [_value(parsed, dated) for dated in _in_force(parsed, self.known_on)]
        return Series(
            parsed.name,
            parsed.meaning,
            parsed.unit,
            parsed.file,
            tuple(values),
            parsed.reading_key,
        )


def _known(parsed: ParsedSeries, known_on: date) -> list[Entry]:
    return [entry for entry in parsed.entries if entry.dated.learned_on <= known_on]


def _in_force(parsed: ParsedSeries, known_on: date) -> list[DatedValue[Any]]:
    """Entries known on the day, each cut back by what was learned later, in order of days.

    A correction takes the days it states from what it corrects. Any other entry learned later is
    the further notice until which an earlier one held, and ends that one for good.
    """
    found: list[DatedValue[Any]] = []
    for entry in sorted(_known(parsed, known_on), key=lambda one: one.dated.learned_on):
        days = entry.dated.days
        cut = days if entry.corrects else Validity(days.from_day)
        kept = [part for earlier in found for part in _outside(earlier, cut, entry)]
        found = [*kept, entry.dated]
    return sorted(found, key=lambda dated: dated.days.from_day)


def _outside(earlier: DatedValue[Any], cut: Validity, later: Entry) -> list[DatedValue[Any]]:
    """What remains of an earlier value on days outside ``cut``, if the later entry touches it."""
    days = earlier.days
    if not days.overlaps(later.dated.days):
        return [earlier]
    parts: list[Validity] = []
    if days.from_day < cut.from_day:
        parts.append(Validity(days.from_day, cut.from_day))
    if cut.until_day is not None and (days.until_day is None or cut.until_day < days.until_day):
        parts.append(Validity(cut.until_day, days.until_day))
    return [replace(earlier, days=part) for part in parts]


def _value(parsed: ParsedSeries, dated: DatedValue[Any]) -> DatedValue[Any]:
    if not isinstance(dated.value, ScheduleBody):
        return dated
    body = dated.value
    schedule = Schedule(
        code=parsed.name,
        name=body.name,
        sheet=body.sheet,
        charges=body.charges,
        seasons=body.seasons,
        windows=body.windows,
        block_limit=body.block_limit,
        demand_window=body.demand_window,
        days=dated.days,
        citation=dated.citation,
        standing=dated.standing,
    )
    return replace(dated, value=schedule)


@lru_cache(maxsize=256)
def _nearest(name: str, names: tuple[str, ...]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, names, n=5, cutoff=0.3) or list(names[:5])
