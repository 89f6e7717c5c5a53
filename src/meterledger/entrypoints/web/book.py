"""The tariff book: contents, the page of a clause, the page of a rate option.

Lives here      gathering what the pages show, as the book is or was known on a day.
Lives elsewhere values in words (``clauses``), the book itself (``rulebook``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.web.clauses import (
    ValueWords,
    anchor,
    entry_address,
    series_address,
    value_words,
)
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.system import Library
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import ChargeRule, Schedule
from meterledger.rulebook.series import DatedValue, Series


class NotADay(Refusal):
    """The day in an address is not one."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One dated value as its clause page shows it."""

    anchor: str
    dated: DatedValue[Any]
    words: ValueWords
    source: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series in the table of contents, with its value today."""

    name: str
    meaning: str
    address: str
    now: ValueWords | None
    standing: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge of a rate option, with its price today and the way to its clause."""

    rule: ChargeRule
    price: str | None
    address: str


@public("read the tariff book")
def contents(request: HttpRequest, library: Library) -> HttpResponse:
    """Every schedule and every value, by the folder its file stands in."""
    view, today = _view(request, library), library.now.date()
    folders: dict[str, list[SeriesRow]] = {}
    schedules: list[SeriesRow] = []
    for name in view.names():
        row = _series_row(view, name, today)
        if view.kind_of(name) == "schedule":
            schedules.append(row)
        else:
            folders.setdefault(_folder_words(view.file_of(name)), []).append(row)
    context = {
        "view": view,
        "folders": sorted(folders.items()),
        "schedules": schedules,
        "today": today,
    }
    return render(request, "web/book.html", context)


@public("read a clause of the tariff book")
def clause_page(request: HttpRequest, library: Library, name: str) -> HttpResponse:
    """One value's whole past: days, standing, citation, note and source of every entry."""
    view, today = _view(request, library), library.now.date()
    if view.kind_of(name) == "schedule":
        return redirect("schedule", code=name)
    series = view.series(name)
    context = {
        "series": series,
        "kind": view.kind_of(name).replace("_", " "),
        "entries": _entries(view, series, today),
        "used_by": _used_by(view, name),
        "last_checked_on": view.last_checked_on(name),
        "known": _known_of(request),
        "today": today,
    }
    return render(request, "web/clause.html", context)


@public("read a rate option of the tariff book")
def schedule_page(request: HttpRequest, library: Library, code: str) -> HttpResponse:
    """One rate option: its charges, calendars and citations."""
    view, today = _view(request, library), library.now.date()
    series = view.schedule_series(code)
    current = _on(series, today) or series.values[-1]
    schedule = current.value
    context = {
        "schedule": schedule,
        "charges": [_charge(view, rule, today) for rule in schedule.charges],
        "calendars": _calendars(view, schedule, today),
        "entries": _entries(view, series, today),
        "known": _known_of(request),
        "today": today,
    }
    return render(request, "web/schedule.html", context)


def _known_of(request: HttpRequest) -> date | None:
    """The day as known on which the address asks; None for today.

    :raises NotADay: saying how a day is written
    """
    text = request.GET.get("known")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotADay(
            f"'{text[:20]}' is not a day",
            where="known",
            do="Write it as year-month-day, like 2026-11-25, or leave it out",
        ) from None


def _view(request: HttpRequest, library: Library) -> BookView:
    known = _known_of(request)
    return library.book.as_known(known) if known else library.view


def _on(series: Series[Any], day: date) -> DatedValue[Any] | None:
    return next((dated for dated in series.values if day in dated.days), None)


def _entries(view: BookView, series: Series[Any], today: date) -> list[EntryRow]:
    """Newest first."""
    kind = view.kind_of(series.name)
    return [
        EntryRow(
            anchor=anchor(dated.days.from_day),
            dated=dated,
            words=value_words(kind, series.unit, dated),
            source=view.source_of(series.name, dated),
            in_force=today in dated.days,
        )
        for dated in reversed(series.values)
    ]


def _series_row(view: BookView, name: str, today: date) -> SeriesRow:
    series = view.series(name)
    now = _on(series, today)
    return SeriesRow(
        name=name,
        meaning=series.meaning,
        address=series_address(view, name),
        now=value_words(view.kind_of(name), series.unit, now) if now else None,
        standing=now.standing.value.replace("_", " ") if now else "",
    )


def _folder_words(file: str) -> str:
    """``sheet_054/…`` as ``Sheet 54``; a rule's folder as its words."""
    folder = file.split("/", 1)[0] if "/" in file else "Other"
    words = folder.split("_")
    if words[0] == "sheet" and len(words) == 2 and words[1].isdigit():
        return f"Sheet {int(words[1])}"
    if words[0] == "grr":
        return f"General rules and regulations {words[1].upper()}: {' '.join(words[2:])}"
    return " ".join(words).capitalize()


def _used_by(view: BookView, name: str) -> list[tuple[str, str]]:
    """Rate options that use a series, today or on another day: (name, address)."""
    found = []
    for code in view.schedule_codes():
        for dated in view.schedule_series(code).values:
            schedule = dated.value
            named = {rule.price for rule in schedule.charges}
            named |= {schedule.seasons, schedule.windows or "", schedule.block_limit or ""}
            named.add(schedule.demand_window or "")
            if name in named:
                found.append((schedule.name, series_address(view, code)))
                break
    return found


def _charge(view: BookView, rule: ChargeRule, today: date) -> ChargeRow:
    series = view.series(rule.price)
    now = _on(series, today)
    return ChargeRow(
        rule=rule,
        price=value_words("price", series.unit, now).text if now else None,
        address=entry_address(view, rule.price, today) or series_address(view, rule.price),
    )


def _calendars(view: BookView, schedule: Schedule, today: date) -> list[tuple[str, str, str]]:
    """(what it says, its meaning, its address) of every calendar and limit of a schedule."""
    named = (
        ("Seasons", schedule.seasons),
        ("Times of use", schedule.windows),
        ("First block", schedule.block_limit),
        ("Hours that count for demand", schedule.demand_window),
    )
    return [
        (
            title,
            view.series(name).meaning,
            entry_address(view, name, today) or series_address(view, name),
        )
        for title, name in named
        if name
    ]
