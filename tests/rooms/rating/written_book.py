"""A tariff book written into a folder from a few words: for tests that make up schedules.

Lives here      the files of a book as docs/reference/tariff_files.md has them.
Lives elsewhere which books are made up (``made_up_books``), what outside cases say (test_cases).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

BEGIN = date(2017, 1, 1)
LEARNED = date(2026, 1, 5)

SUMMER_OF_FOUR = {6, 7, 8, 9}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Revisions = Sequence[tuple[date, Any]]
"""Values with the day from which each holds, in order; the last one until further notice."""


class WrittenBook:
    """Files of one made-up book. Every value holds from ``BEGIN`` unless revisions are given."""

    def __init__(
        self, folder: Path, zone: str = "America/Chicago", *, holidays: bool = True
    ) -> None:
        self.folder = folder
        self.sheet = folder / "sheet_001"
        self.sheet.mkdir(parents=True)
        utility = {
            "name": folder.name,
            "utility": "Example Light & Power, a made-up utility",
            "time_zone": zone,
            "states": ["MO"],
        }
        (folder / "utility.yaml").write_text(yaml.safe_dump(utility), encoding="utf-8")
        self.value("regular_period_days_min", "number", "26", unit="days")
        self.value("regular_period_days_max", "number", "35", unit="days")
        self.value("normal_period_days", "number", "30", unit="days")
        for name, basis in (
            ("block_share_between_periods", "pro_rata"),
            ("season_proration_basis", "intervals, else days"),
        ):
            self.value(name, "text", basis, unit="basis")
        self.seasons(
            ["summer" if number in SUMMER_OF_FOUR else "winter" for number in range(1, 13)]
        )
        self.value(
            "holidays",
            "holidays",
            revisions=[
                (date(year, 1, 1), holidays_of(year) if holidays else [a_sunday(year)])
                for year in range(2017, 2029)
            ],
            ends=True,
        )

    def value(
        self,
        name: str,
        kind: str,
        value: Any = None,
        *,
        revisions: Revisions | None = None,
        unit: str = "units",
        ends: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Write one file; returns its name, so that a charge may be written around it."""
        dated = list(revisions) if revisions is not None else [(BEGIN, value)]
        entries = []
        for number, (start, what) in enumerate(dated):
            last = number + 1 == len(dated)
            until = (date(start.year + 1, 1, 1) if ends else None) if last else dated[number + 1][0]
            cite = {
                "instrument": "E.L.P. Schedule 1",
                "sheet": "Sheet 1",
                "revision": "1st",
                "paragraph": name,
                "effective": start,
                "order": None,
            }
            entry = {"effective_from": start, "effective_until": until, "value": what}
            entry |= {"standing": "filed", "learned_on": LEARNED, "cite": cite}
            entries.append(entry)
        file = {"kind": kind, "meaning": f"Made up: {name}.", "unit": unit, **(extra or {})}
        file |= {"values": entries, "last_checked_on": LEARNED}
        text = yaml.dump(file, sort_keys=False, Dumper=Plain, allow_unicode=True)
        (self.sheet / f"{name}.yaml").write_text(text, encoding="utf-8")
        return name

    def seasons(self, of_months: Sequence[str]) -> str:
        """January to December."""
        return self.value("seasons", "seasons", dict(zip(MONTHS, of_months, strict=True)))

    def seasons_by_period(self, first: Sequence[str], then: Revisions) -> str:
        """Seasons of the twelve periods of a year, and from some days on something else."""
        self.value("cycle_read_day_rule", "text", "day_of_month", unit="rule")
        self.value("billing_period_number_rule", "text", "by_the_fifteenth", unit="rule")
        self.value("season_method_switch", "text", "calendar_year_of_the_period", unit="rule")
        revisions = [(BEGIN, {"by_period": list(first)}), *then]
        return self.value("seasons", "seasons", revisions=revisions)

    def price(self, name: str, usd: str | Revisions, unit: str = "USD per kWh") -> str:
        if isinstance(usd, str):
            return self.value(name, "price", usd, unit=unit)
        return self.value(name, "price", revisions=usd, unit=unit)

    def number(self, name: str, text: str | Revisions, unit: str = "units") -> str:
        if isinstance(text, str):
            return self.value(name, "number", text, unit=unit)
        return self.value(name, "number", revisions=text, unit=unit)

    def hours(self, name: str, value: Mapping[str, Any] | Revisions) -> str:
        if isinstance(value, Mapping):
            return self.value(name, "time_of_use", dict(value), unit="local clock time")
        return self.value(name, "time_of_use", revisions=value, unit="local clock time")

    def schedule(self, code: str, charges: list[dict[str, Any]], **more: Any) -> str:
        value = {"name": code, "sheet": "Sheet 1", "seasons": "seasons", **more}
        return self.value(code, "schedule", value | {"charges": charges}, unit="charges")


class Plain(yaml.SafeDumper):
    """Writes a list or mapping out each time it stands somewhere: a book has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def holidays_of(year: int) -> list[date]:
    return [date(year, 1, 1), date(year, 7, 4), date(year, 11, 27), date(year, 12, 25)]


def a_sunday(year: int) -> date:
    """A holiday that changes nothing: a calendar has at least one day."""
    return next(date(year, 1, day) for day in range(1, 8) if date(year, 1, day).weekday() == 6)


def same_hours(
    periods: Sequence[str],
    working: Mapping[str, Any],
    resting: Mapping[str, Any] | None = None,
    seasons: Sequence[str] = ("summer", "winter"),
) -> dict[str, Any]:
    """Hours that are the same in every season; on weekends and holidays too unless given."""
    return {
        "periods": list(periods),
        "holidays": "holidays",
        "working_days": {season: dict(working) for season in seasons},
        "weekends_and_holidays": {season: dict(resting or working) for season in seasons},
    }
