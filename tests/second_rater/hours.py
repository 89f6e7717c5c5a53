"""Local days cut into stretches of hours: which intervals of a day belong to which period.

Lives here      clock changes, seasons of a day, holidays and weekends, hours past midnight.
Lives elsewhere what is in force (``sheets``), what is charged (``bill``).
Read first      docs/reference/tariff_files.md, the kinds seasons, time_of_use and holidays.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from tests.second_rater.sheets import Sheets, Silent

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

Stretch = tuple[str, int, int]  # a period and the numbers of its intervals of the day: from, until


class Hours:
    """Answers for one book and one length of interval. It remembers days, for it is asked often."""

    def __init__(self, sheets: Sheets) -> None:
        self.sheets = sheets
        self.zone = ZoneInfo(sheets.zone)
        self._starts: dict[tuple[date, int], list[int]] = {}
        self._cut: dict[tuple[object, date, str, int], list[Stretch]] = {}
        self._seasons: dict[tuple[str, date, date, int | None], str] = {}

    def season(self, series: str, day: date, of: date, cycle: int | None) -> str:
        """The season of a day that is billed in the period in which the day ``of`` lies."""
        key = series, day, of, cycle
        if key not in self._seasons:
            self._seasons[key] = self._find_season(series, day, of, cycle)
        return self._seasons[key]

    def _find_season(self, series: str, day: date, of: date, cycle: int | None) -> str:
        own = self.sheets.entry(series, day).value
        if not self._ever_by_period(series):
            return str(own[MONTHS[day.month - 1]])
        fifteenth = self.fifteenth(of, cycle)
        speaks = self.sheets.entry(series, fifteenth).value
        if "by_period" in speaks:
            rule = self.sheets.entry("billing_period_number_rule", fifteenth)
            assert rule.value == "by_the_fifteenth"
            return str(speaks["by_period"][fifteenth.month - 1])
        table = speaks if "by_period" in own else own
        return str(table[MONTHS[day.month - 1]])

    def _ever_by_period(self, series: str) -> bool:
        return any("by_period" in one.value for one in self.sheets.entries[series])

    def fifteenth(self, of: date, cycle: int | None) -> date:
        """The one fifteenth between the reading days around a day: it names the period."""
        if cycle is None:
            raise Silent("nobody says on which days the meter is read")
        begin = of
        while begin.day != cycle:
            begin -= timedelta(days=1)
        (found,) = [
            one
            for one in (begin + timedelta(days=number) for number in range(31))
            if one.day == 15 and not any(self._read_between(begin, one, cycle))
        ]
        return found

    @staticmethod
    def _read_between(begin: date, until: date, cycle: int) -> list[bool]:
        later = (begin + timedelta(days=number) for number in range(1, (until - begin).days + 1))
        return [day.day == cycle for day in later]

    def starts(self, day: date, seconds: int) -> list[int]:
        """The minute on the wall at which each interval of the day begins: 23 or 25 hours, too."""
        key = day, seconds
        if key not in self._starts:
            begin = datetime.combine(day, time(), self.zone).astimezone(UTC)
            over = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
            wall = []
            while begin < over:
                local = begin.astimezone(self.zone)
                wall.append(local.hour * 60 + local.minute)
                begin += timedelta(seconds=seconds)
            self._starts[key] = wall
        return self._starts[key]

    def cut(self, series: str, day: date, season: str, seconds: int) -> list[Stretch]:
        """The day's stretches by the time_of_use value in force on it."""
        entry = self.sheets.entry(series, day)
        key = entry, day, season, seconds
        if key not in self._cut:
            rests = day.weekday() >= 5 or self.holiday(entry.value["holidays"], day)
            table = entry.value["weekends_and_holidays" if rests else "working_days"][season]
            names = [period_at(table, minute) for minute in self.starts(day, seconds)]
            stretches = []
            for name, group in groupby(range(len(names)), key=names.__getitem__):
                numbers = list(group)
                stretches.append((name, numbers[0], numbers[-1] + 1))
            self._cut[key] = stretches
        return self._cut[key]

    def holiday(self, series: str, day: date) -> bool:
        return day in self.sheets.entry(series, day).value


def period_at(table: dict[str, Any], minute: int) -> str:
    """Whose hours the minute is in, or the period that has all others."""
    rest = None
    for period, hours in table.items():
        if hours == "otherwise":
            rest = period
            continue
        for text in hours:
            begin, until = (int(one[:2]) * 60 + int(one[3:]) for one in str(text).split("-"))
            inside = begin <= minute < until if begin < until else minute >= begin or minute < until
            if inside:
                return str(period)
    if rest is None:
        raise Silent(f"minute {minute} is in no period")
    return rest
