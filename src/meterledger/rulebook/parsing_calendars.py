"""Values that are calendars: seasons, times of use, holidays.

Lives here      their form in a file and the words when they are wrong.
Lives elsewhere schedules and programmes (``parsing_schedules``), what they are used for
                (``rating``), whether the names they use exist (``names``).
"""

from __future__ import annotations

import re
from datetime import date

from meterledger.rulebook.schedule import DayWindows, HourWindow, Seasons, TimeOfUse
from meterledger.rulebook.yaml_nodes import Node

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
BY_PERIOD = "by_period"
MINUTES_PER_DAY = 24 * 60
REST = "otherwise"


def parse_seasons(node: Node) -> Seasons:
    """Months by name, each in one season; or the twelve billing periods of a year, in order."""
    if node.kind == "map" and BY_PERIOD in node.value:
        keys = node.mapping(required=frozenset({BY_PERIOD}), allowed=frozenset())
        periods = keys[BY_PERIOD].items()
        if len(periods) != len(MONTHS):
            raise keys[BY_PERIOD].refuse(
                f"{len(periods)} seasons stand for the twelve billing periods of a year",
                "Write one season for each period, the first period's first",
            )
        return Seasons(tuple(one.text() for one in periods), by_period=True)
    keys = node.mapping(required=frozenset(MONTHS), allowed=frozenset())
    return Seasons(tuple(keys[month].text() for month in MONTHS))


def parse_holidays(node: Node) -> frozenset[date]:
    """An explicit list of days; an entry covers the days it is in force and no others."""
    days = [one.day() for one in node.items()]
    if len(set(days)) != len(days):
        raise node.refuse("A holiday stands twice", "Keep one of the two")
    return frozenset(days)


def parse_time_of_use(node: Node) -> TimeOfUse:
    """Windows by season for working days, and for weekends and holidays."""
    keys = node.mapping(
        required=frozenset({"periods", "holidays", "working_days", "weekends_and_holidays"}),
        allowed=frozenset(),
    )
    periods = tuple(one.text() for one in keys["periods"].items())
    if len(set(periods)) != len(periods):
        raise keys["periods"].refuse("A period stands twice", "Keep one of the two")
    return TimeOfUse(
        periods=periods,
        working_day=_by_season(keys["working_days"], periods),
        weekend_or_holiday=_by_season(keys["weekends_and_holidays"], periods),
        holidays=keys["holidays"].text(),
    )


def _by_season(node: Node, periods: tuple[str, ...]) -> dict[str, DayWindows]:
    if node.kind != "map" or not node.value:
        raise node.refuse("Windows are given by season", "Write season: {period: [hours]}")
    return {season: _day_windows(one, periods) for season, one in node.value.items()}


def _day_windows(node: Node, periods: tuple[str, ...]) -> DayWindows:
    keys = node.mapping(required=frozenset(), allowed=frozenset(periods))
    minute_period: list[str | None] = [None] * MINUTES_PER_DAY
    rest: str | None = None
    for period, hours in keys.items():
        if hours.kind == "text" and hours.text() == REST:
            if rest is not None:
                raise hours.refuse(f"Two periods are '{REST}'", "One period takes the rest")
            rest = period
            continue
        for window in hours.items():
            start, stop = _clock_window(window)
            for minute in _minutes(start, stop):
                if minute_period[minute] is not None:
                    raise window.refuse(
                        f"{_clock(minute)} is in two periods, {minute_period[minute]} and {period}",
                        "Windows of one day may not overlap",
                    )
                minute_period[minute] = period
    filled = [period or rest for period in minute_period]
    if None in filled:
        raise node.refuse(
            f"{_clock(filled.index(None))} is in no period",
            f"Windows fill the day; name one period '{REST}'",
        )
    return DayWindows(tuple(_runs([str(period) for period in filled])))


def _runs(minute_period: list[str]) -> list[HourWindow]:
    edges = [
        minute
        for minute in range(MINUTES_PER_DAY)
        if minute == 0 or minute_period[minute] != minute_period[minute - 1]
    ]
    return [
        HourWindow(start, stop, minute_period[start])
        for start, stop in zip(edges, [*edges[1:], MINUTES_PER_DAY], strict=True)
    ]


def _minutes(start: int, stop: int) -> list[int]:
    """Minutes from start until stop, past midnight where stop is not later."""
    if start < stop:
        return list(range(start, stop))
    return [*range(start, MINUTES_PER_DAY), *range(stop)]


def _clock_window(node: Node) -> tuple[int, int]:
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", node.text(), re.ASCII)
    numbers = [int(part) for part in match.groups()] if match else []
    if not numbers or max(numbers[0], numbers[2]) > 24 or max(numbers[1], numbers[3]) > 59:
        raise node.refuse(
            f"'{node.value}' is not a window of the day", 'Write it as "15:00-19:00", in quotes'
        )
    start = numbers[0] * 60 + numbers[1]
    stop = numbers[2] * 60 + numbers[3]
    if start in (stop, MINUTES_PER_DAY) or max(start, stop) > MINUTES_PER_DAY:
        raise node.refuse(
            f"'{node.value}' is not a window of the day", 'Write it as "15:00-19:00", in quotes'
        )
    return start, stop


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
