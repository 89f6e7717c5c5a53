"""The tariff book's values: the page of a clause, the page of a rate option.

Lives here      gathering what these pages show, as the book is or was known on a day.
Lives elsewhere values in words (``clauses``), the texts (``chapters``, ``provisions``,
                ``sheets``), the book itself (``rulebook``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.chapter_words import chapter_title
from meterledger.entrypoints.web.addresses import (
    chapter_address,
    citation_page,
    gap_address,
    provision_address,
    reading_address,
)
from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.clauses import (
    ValueWords,
    anchor,
    entry_address,
    series_address,
    value_words,
)
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.system import Library
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import ChargeRule, Schedule
from meterledger.rulebook.series import DatedValue, Series


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One dated value as its clause page shows it."""

    anchor: str
    dated: DatedValue[Any]
    words: ValueWords
    source: str
    in_force: bool
    page_address: str | None
    """Where its printed page is shown, if it is held."""
    gap_address: str
    not_held: str
    """Why the sheet that it cites is not held, if it is known not to be."""


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge of a rate option, with its price today and the way to its clause."""

    rule: ChargeRule
    price: str | None
    address: str


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
        "chapter": _chapter(view, name),
        "provision": _provision(view, series),
        "caps": [
            (view.series(cap).meaning, series_address(view, cap)) for cap in view.limits_over(name)
        ],
        "caps_over": _capped(view, series),
        "reading": (series.reading_key, reading_address(series.reading_key))
        if _has_reading(view, series)
        else None,
        "last_checked_on": view.last_checked_on(name),
        "known": day_asked(request, "known"),
        "today": today,
    }
    return render(request, "web/clause.html", context)


@public("read a rate option of the tariff book")
def schedule_page(request: HttpRequest, library: Library, code: str) -> HttpResponse:
    """One rate option: its charges, calendars and citations."""
    view, today = _view(request, library), library.now.date()
    series = view.schedule_series(code)
    # Nothing of it known by then: the book's own words of silence, as for any value.
    current = _on(series, today) or (series.values[-1] if series.values else series.on(today))
    schedule = current.value
    context = {
        "schedule": schedule,
        "charges": [_charge(view, rule, today) for rule in schedule.charges],
        "calendars": _calendars(view, schedule, today),
        "entries": _entries(view, series, today),
        "known": day_asked(request, "known"),
        "today": today,
    }
    return render(request, "web/schedule.html", context)


def _view(request: HttpRequest, library: Library) -> BookView:
    known = day_asked(request, "known")
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
            page_address=citation_page(view, dated.citation),
            gap_address=gap_address(dated.gap) if dated.gap else "",
            not_held=view.pages.not_held.get((dated.citation.instrument, dated.citation.sheet), ""),
        )
        for dated in reversed(series.values)
    ]


def _chapter(view: BookView, name: str) -> tuple[str, str]:
    """The chapter in whose folder a value stands: (title, address)."""
    folder = view.file_of(name).partition("/")[0]
    return chapter_title(folder), chapter_address(folder)


def _provision(view: BookView, series: Series[Any]) -> tuple[str, str] | None:
    """The provision that states a value: (title, address)."""
    if not series.provision:
        return None
    return view.provision(series.provision).title, provision_address(series.provision)


def _capped(view: BookView, series: Series[Any]) -> tuple[str, str] | None:
    """The value that this one caps: (meaning, address)."""
    if not series.limits:
        return None
    return view.series(series.limits).meaning, series_address(view, series.limits)


def _has_reading(view: BookView, series: Series[Any]) -> bool:
    return any(one.key == series.reading_key for one in view.readings())


def _used_by(view: BookView, name: str) -> list[tuple[str, str]]:
    """Rate options that use a series, today or on another day: (name, address)."""
    found = []
    for code in view.schedule_codes():
        for dated in view.schedule_series(code).values:
            schedule = dated.value
            if name in schedule.names():
                found.append((schedule.name, series_address(view, code)))
                break
    return found


def _charge(view: BookView, rule: ChargeRule, today: date) -> ChargeRow:
    series = view.series(rule.price)
    now = _on(series, today)
    return ChargeRow(
        rule=rule,
        price=value_words(view.kind_of(rule.price), series.unit, now).text if now else None,
        address=entry_address(view, rule.price, today) or series_address(view, rule.price),
    )


def _calendars(view: BookView, schedule: Schedule, today: date) -> list[tuple[str, str, str]]:
    """(what it says, its meaning, its address) of every calendar and limit of a schedule."""
    charged = {rule.price for rule in schedule.charges}
    named = [
        ("Seasons", schedule.seasons),
        ("Times of use", schedule.windows),
        ("First block", schedule.block_limit),
        ("Hours that count for demand", schedule.demand_window),
    ]
    known = {name for _, name in named}
    named += [("Demand and blocks", name) for name in sorted(schedule.names() - charged - known)]
    return [
        (
            title,
            view.series(name).meaning,
            entry_address(view, name, today) or series_address(view, name),
        )
        for title, name in named
        if name
    ]
