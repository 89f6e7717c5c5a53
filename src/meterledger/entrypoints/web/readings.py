"""Conflicts of the texts with the reading chosen for each, and values of which one caps another.

Lives here      gathering what these pages show.
Lives elsewhere the records (``rulebook.readings``), the rules that ask for them (rooms).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.addresses import (
    citation_page,
    provision_address,
    reading_address,
    rule_address,
)
from meterledger.entrypoints.web.clauses import series_address, value_words
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.shelf import stories
from meterledger.entrypoints.web.story_rows import story_row
from meterledger.entrypoints.web.system import Library
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.readings import Changes, ReadingRecord
from meterledger.rulebook.series import DatedValue
from meterledger.usecases.rule_registry import RULES

CHANGES_WORDS = {
    Changes.RULES: "Decisions of rules",
    Changes.VALUE: "A value that bills use",
    Changes.NOTHING: "No decision",
}


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A conflict in the list."""

    record: ReadingRecord
    address: str
    chosen: str
    changes: str


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One way to read it."""

    option: str
    says: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of two values that overlap."""

    meaning: str
    address: str
    words: str
    clause: str
    clause_address: str | None
    instrument: str
    applies: bool


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """Days on which one instrument's value caps another's."""

    days: Validity
    value: Side
    cap: Side
    starts: str
    """The key of the reading that sets the cap's first day, or nothing."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """The value, then the limit over it."""
        return self.value, self.cap


@public("read how the tariff book's conflicts were read")
def readings_page(request: HttpRequest, library: Library) -> HttpResponse:
    """Every conflict with the option chosen, and every overlap of values."""
    view = library.view
    rows = [_row(view, one) for one in view.readings()]
    context = {
        "groups": [
            (words, [row for row in rows if row.record.changes is changes])
            for changes, words in CHANGES_WORDS.items()
        ],
        "count": len(rows),
        "overlaps": overlaps(view),
    }
    return render(request, "web/readings.html", context)


@public("read how a conflict of the tariff book was read")
def reading_page(request: HttpRequest, library: Library, key: str) -> HttpResponse:
    """One conflict: positions, options, the choice, why, and who must confirm it.

    :raises NoSuchReading: naming the nearest keys
    """
    view = library.view
    record = view.reading(key)
    chosen = view.reading_option(key)
    known = {one.id: one for one in view.provisions()}
    context = {
        "record": record,
        "kind": record.kind.replace("_", " "),
        "changes": CHANGES_WORDS[record.changes],
        "chosen": chosen,
        "options": [
            OptionRow(option, says, option == chosen) for option, says in record.options.items()
        ],
        "choices": [one for one in record.choices if one.learned_on <= view.known_on],
        "provisions": [
            (known[one].title, provision_address(one)) if one in known else (one, "")
            for one in record.provisions
        ],
        "value": _value(view, record),
        "rules": [(rule, rule_address(rule.id)) for rule in RULES.values() if key in rule.readings],
        "stories": [story_row(one) for one in stories(library).of_reading.get(key, ())],
    }
    return render(request, "web/reading.html", context)


def overlaps(view: BookView) -> list[OverlapRow]:
    """Every stretch of days on which a value and a limit over it are both in force."""
    found = []
    for name in view.names():
        for cap in view.limits_over(name):
            for value in view.series(name).values:
                for limit in view.series(cap).values:
                    days = _both(value.days, limit.days)
                    if days is not None:
                        lower = limit.value < value.value
                        found.append(
                            OverlapRow(
                                days=days,
                                value=_side(view, name, value, applies=not lower),
                                cap=_side(view, cap, limit, applies=lower),
                                starts=view.starts_of(cap),
                            )
                        )
    return found


def _row(view: BookView, record: ReadingRecord) -> ReadingRow:
    return ReadingRow(
        record=record,
        address=reading_address(record.key),
        chosen=view.reading_option(record.key),
        changes=CHANGES_WORDS[record.changes],
    )


def _value(view: BookView, record: ReadingRecord) -> tuple[str, str] | None:
    """The value that carries the choice: (meaning, address)."""
    if not record.value:
        return None
    return view.series(record.value).meaning, series_address(view, record.value)


def _both(one: Validity, other: Validity) -> Validity | None:
    """The days that are in both."""
    if not one.overlaps(other):
        return None
    ends = [day for day in (one.until_day, other.until_day) if day is not None]
    return Validity(max(one.from_day, other.from_day), min(ends) if ends else None)


def _side(view: BookView, name: str, dated: DatedValue[Any], *, applies: bool) -> Side:
    series = view.series(name)
    return Side(
        meaning=series.meaning,
        address=series_address(view, name),
        words=value_words(view.kind_of(name), series.unit, dated).text,
        clause=dated.citation.text,
        clause_address=citation_page(view, dated.citation),
        instrument=dated.citation.instrument,
        applies=applies,
    )
