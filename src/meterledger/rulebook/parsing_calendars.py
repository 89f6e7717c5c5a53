"""Values that are calendars or schedules: seasons, times of use, holidays, lists of charges.

Lives here      their form in a file and the words when they are wrong.
Lives elsewhere what they are used for (``rating``), whether the names they use exist (``loading``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from meterledger.rulebook.schedule import (
    SERVICE_CLASSES,
    Block,
    ChargeKind,
    ChargeRule,
    DayWindows,
    HourWindow,
    Seasons,
    ServiceClass,
    TimeOfUse,
)
from meterledger.rulebook.yaml_nodes import Node

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MINUTES_PER_DAY = 24 * 60
REST = "otherwise"
CHARGE_KEYS = frozenset({"code", "label", "kind", "price"})
CHARGE_MAY = frozenset({"season", "period", "block"})
SCHEDULE_KEYS = frozenset({"name", "sheet", "seasons", "charges"})
SCHEDULE_MAY = frozenset({"windows", "block_limit", "demand_window"})


@dataclass(frozen=True, slots=True)
class ScheduleBody:
    """A schedule as its file states it; the book adds its code, days and citation."""

    name: str
    sheet: str
    seasons: str
    windows: str | None
    block_limit: str | None
    demand_window: str | None
    charges: tuple[ChargeRule, ...]


def parse_seasons(node: Node) -> Seasons:
    """Months by name, each in one season."""
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
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", node.text())
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


def parse_service_class(node: Node) -> ServiceClass:
    """A class of service and the schedules that are of it."""
    keys = node.mapping(required=frozenset({"class", "schedules"}), allowed=frozenset())
    name = keys["class"].text()
    if name not in SERVICE_CLASSES:
        raise keys["class"].refuse(
            f"'{name}' is not a class of service", f"Use one of {', '.join(SERVICE_CLASSES)}"
        )
    codes = tuple(one.text() for one in keys["schedules"].items())
    if len(set(codes)) != len(codes):
        raise keys["schedules"].refuse("A schedule stands twice", "Keep one of the two")
    return ServiceClass(name, codes)


def parse_schedule(node: Node) -> ScheduleBody:
    """A rate option: its calendars by name, and its charges in the order of the bill."""
    keys = node.mapping(required=SCHEDULE_KEYS, allowed=SCHEDULE_MAY)
    charges = tuple(_charge(one) for one in keys["charges"].items())
    codes = [charge.code for charge in charges]
    for code in codes:
        if codes.count(code) > 1:
            raise keys["charges"].refuse(f"Two charges are called '{code}'", "Rename one of them")
    return ScheduleBody(
        name=keys["name"].text(),
        sheet=keys["sheet"].text(),
        seasons=keys["seasons"].text(),
        windows=keys["windows"].text() if "windows" in keys else None,
        block_limit=keys["block_limit"].text() if "block_limit" in keys else None,
        demand_window=keys["demand_window"].text() if "demand_window" in keys else None,
        charges=charges,
    )


def _charge(node: Node) -> ChargeRule:
    keys = node.mapping(required=CHARGE_KEYS, allowed=CHARGE_MAY)
    return ChargeRule(
        code=keys["code"].text(),
        label=keys["label"].text(),
        kind=_one_of(ChargeKind, keys["kind"]),
        price=keys["price"].text(),
        season=keys["season"].text() if "season" in keys else None,
        period=keys["period"].text() if "period" in keys else None,
        block=_one_of(Block, keys["block"]) if "block" in keys else None,
    )


def _one_of(words: type, node: Node):  # type: ignore[no-untyped-def]
    text = node.text()
    known = [one.value for one in words]  # type: ignore[attr-defined]
    if text not in known:
        raise node.refuse(f"'{text}' is not a {node.name}", f"Use one of {', '.join(known)}")
    return words(text)
