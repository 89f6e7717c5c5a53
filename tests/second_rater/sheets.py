"""The second reader of a tariff book: YAML files into entries by day, and nothing else.

Lives here      which entry of a value's file is in force on a day, as the book was known then.
Lives elsewhere what a bill makes of it (``bill``); days, seasons and hours (``hours``).
Read first      docs/reference/tariff_files.md, from which this was written.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml


class Silent(Exception):
    """The book has no entry for what a bill needs on that day."""


class Entry:
    """One dated entry of one file. Two entries are the same only if they are one and the same."""

    __slots__ = ("corrects", "day_from", "day_until", "learned", "name", "value")

    def __init__(self, name: str, raw: dict[str, Any]) -> None:
        self.name = name
        self.day_from: date = raw["effective_from"]
        self.day_until: date = raw["effective_until"] or date.max
        self.learned: date = raw["learned_on"]
        self.corrects: date | None = raw.get("corrects")
        self.value: Any = raw["value"]

    def covers(self, day: date) -> bool:
        return self.day_from <= day < self.day_until


class Sheets:
    """All values of a folder by name, as known on a day."""

    def __init__(self, folder: Path, known_on: date = date.max) -> None:
        self.entries: dict[str, list[Entry]] = {}
        self.kinds: dict[str, str] = {}
        for path in sorted(folder.rglob("*.yaml")):
            if "scenarios" not in path.parts:
                self._take(path.stem, path.read_text(encoding="utf-8"), known_on)
        self.zone: str = yaml.safe_load((folder / "utility.yaml").read_text("utf-8"))["time_zone"]
        self._asked: dict[tuple[str, date], Entry] = {}

    def _take(self, name: str, text: str, known_on: date) -> None:
        raw = yaml.load(text, Loader=yaml.CSafeLoader)
        if not isinstance(raw, dict) or "kind" not in raw or "values" not in raw:
            return
        entries = [Entry(name, one) for one in raw["values"] if one["learned_on"] <= known_on]
        further_notice(entries)
        self.kinds[name] = raw["kind"]
        self.entries[name] = entries

    def entry(self, name: str, day: date) -> Entry:
        """The entry in force on a day; a correction speaks for its days before what it corrects."""
        key = name, day
        if key not in self._asked:
            there = [one for one in self.entries.get(name, ()) if one.covers(day)]
            if not there:
                raise Silent(f"{name} on {day}")
            fixes = [one for one in there if one.corrects is not None]
            self._asked[key] = (
                max(fixes, key=lambda one: one.learned)
                if fixes
                else max(there, key=lambda one: one.day_from)
            )
        return self._asked[key]

    def number(self, name: str, day: date) -> Fraction:
        return Fraction(self.entry(name, day).value)

    def named(self, kind: str) -> list[str]:
        return sorted(name for name, one in self.kinds.items() if one == kind)


def further_notice(entries: list[Entry]) -> None:
    """An open entry holds until a later one that was learned later begins: its further notice."""
    by_start: dict[bool, list[Entry]] = defaultdict(list)
    for one in entries:
        by_start[one.corrects is None].append(one)
    for one in by_start[True]:
        if one.day_until == date.max:
            later = [
                other.day_from
                for other in by_start[True]
                if other.day_from > one.day_from and other.learned >= one.learned
            ]
            one.day_until = min(later, default=date.max)
