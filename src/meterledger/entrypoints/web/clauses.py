"""From a citation to the page of its clause, and a dated value in words a person can read.

Lives here      which entry of the book a citation stands in; values of every kind as text.
Lives elsewhere the book (``rulebook``), the pages (``book``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from meterledger.entrypoints.web.addresses import citation_page
from meterledger.entrypoints.web.words import (
    day_words,
    exact_decimal,
    list_words,
    number_words,
    period_words,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import micro_usd_text
from meterledger.kernel.written_counts import many
from meterledger.kernel.written_days import MONTH_NAMES
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import DayWindows, Seasons, TimeOfUse
from meterledger.rulebook.series import DatedValue

Place = tuple[str, date]
"""A series' name and the first day of the entry."""


@lru_cache(maxsize=8)
def _places(view: BookView) -> dict[Citation, tuple[Place, ...]]:
    """Every entry of the book by its citation."""
    found: dict[Citation, list[Place]] = {}
    for name in view.names():
        for dated in view.series(name).values:
            found.setdefault(dated.citation, []).append((name, dated.days.from_day))
    return {citation: tuple(places) for citation, places in found.items()}


def anchor(from_day: date) -> str:
    """The name of an entry on its clause page."""
    return f"from-{from_day.isoformat()}"


def series_address(view: BookView, name: str, *, known: date | None = None) -> str:
    """The page of a series; schedules have pages of their own."""
    if view.kind_of(name) == "schedule":
        address = reverse("schedule", args=[name])
    else:
        address = reverse("clause", args=[name])
    return f"{address}?{urlencode({'known': known.isoformat()})}" if known else address


def entry_address(view: BookView, name: str, day: date, *, known: date | None = None) -> str | None:
    """The entry of a series in force on a day; None where the book as known has none."""
    if name not in view.names():
        return None
    for dated in view.series(name).values:
        if day in dated.days:
            return f"{series_address(view, name, known=known)}#{anchor(dated.days.from_day)}"
    return None


def citation_address(
    view: BookView, citation: Citation, *, known: date | None = None, prefer: str = ""
) -> str | None:
    """Where a citation stands in the book, the preferred series first; None if it is not held.

    A clause that states no value leads to its printed page.
    """
    places = _places(view).get(citation, ())
    chosen = next((place for place in places if place[0] == prefer), places[0] if places else None)
    if chosen is None:
        return citation_page(view, citation)
    name, from_day = chosen
    return f"{series_address(view, name, known=known)}#{anchor(from_day)}"


@dataclass(frozen=True, slots=True)
class ValueWords:
    """A value for reading: one text, or rows of (name, text) where it is a calendar."""

    text: str
    rows: tuple[tuple[str, str], ...] = ()


def value_words(kind: str, unit: str, dated: DatedValue[Any]) -> ValueWords:
    """A value of any kind with its unit."""
    value = dated.value
    if kind == "price":
        return ValueWords(price_words(value, unit))
    if kind == "number":
        if unit.startswith("share of"):
            return ValueWords(f"{exact_decimal(value * 100)}% {unit.removeprefix('share ')}")
        return ValueWords(f"{exact_decimal(value)} {unit}")
    if kind == "seasons":
        return ValueWords("By month of service", _season_rows(value))
    if kind == "time_of_use":
        return ValueWords("By local clock time", _window_rows(value))
    if kind == "holidays":
        days = sorted(value)
        rows = tuple((f"{day:%A}", day_words(day)) for day in days)
        return ValueWords(many(len(days), "day"), rows)
    if kind in ("schedule", "program"):
        return ValueWords(f"{value.name}, {many(len(value.charges), 'charge')}")
    if kind == "service_class":
        words = value.service_class.replace("_", " ")
        return ValueWords(f"{words}: {list_words(list(value.schedules))}")
    if kind == "flag":
        return ValueWords("Yes" if value else "No")
    if kind == "day":
        return ValueWords(day_words(value))
    if kind == "list":
        return ValueWords("; ".join(one.replace("_", " ") for one in value))
    return ValueWords(str(value).replace("_", " "))


def short_meaning(meaning: str, within: str) -> str:
    """What a value means, without repeating the title of the provision under which it stands."""
    meaning, title = meaning.removesuffix("."), within.removesuffix(".")
    short = meaning.removeprefix(f"{title}: ")
    return short[0].upper() + short[1:] if title and short != meaning else meaning


def price_words(micro_usd: int, unit: str) -> str:
    """``$0.156 per kWh``; a credit is negative."""
    sign = "-" if micro_usd < 0 else ""
    per = unit.removeprefix("USD").strip()
    return f"{sign}${number_words(micro_usd_text(abs(micro_usd)))} {per}".rstrip()


def _season_rows(seasons: Seasons) -> tuple[tuple[str, str], ...]:
    names = [f"period {n}" for n in range(1, 13)] if seasons.by_period else MONTH_NAMES
    return tuple(
        (
            season.title(),
            list_words([names[n] for n, found in enumerate(seasons.months) if found == season]),
        )
        for season in dict.fromkeys(seasons.months)
    )


def _window_rows(hours: TimeOfUse) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = []
    for days, by_season in (
        ("working days", hours.working_day),
        ("weekends and holidays", hours.weekend_or_holiday),
    ):
        for season, windows in by_season.items():
            rows.append((f"{season.title()}, {days}", _hours(windows)))
    return tuple(rows)


def _hours(windows: DayWindows) -> str:
    return "; ".join(
        f"{_clock(one.from_minute)}–{_clock(one.until_minute)} {period_words(one.period)}"
        for one in windows.windows
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
