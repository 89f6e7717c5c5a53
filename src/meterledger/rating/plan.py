"""A rate plan: one window of one schedule, cut wherever a season, a price or a calendar changes.

Lives here      which lines a window will have, on which days, at which price, by which clause.
Lives elsewhere the usage (``determine``), the multiplication (``price``), taxes (``billing``).
Read first      rulebook/schedule.py; docs/glossary.md: "segment", "period", "block".

A plan depends on the schedule, the window and the book, not on a customer: all accounts of a
cycle on one option share one plan, and a bill of one is a batch of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.facts.charges import ChargeGroup
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import (
    ALL_HOURS,
    Block,
    ChargeKind,
    ChargeRule,
    DayWindows,
    Schedule,
)
from meterledger.rulebook.series import DatedValue, Series

WATT_HOURS_PER_KWH = 1000


class ScheduleChanges(Refusal):
    """The charges or calendars of a schedule are others on some days of a window."""


class UnknownReading(Refusal):
    """The book's chosen reading of an open question is one this calculation does not know."""


BLOCK_SHARING = "pro_rata"
SEASON_BASIS = "intervals, else days"
"""The readings this calculation carries out; another in the book is refused, never ignored."""

COUNTS = "counts"
"""The period of a demand-window calendar whose hours count for demand."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of the window on which nothing changes."""

    days: DaySpan
    season: str


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One line of the bill before its quantity is known.

    ``segments``     whose energy or demand it takes (indexes into the plan's segments)
    ``period``       index of the period whose energy it takes, or None for all hours
    ``block``        with ``block_limit_wh``: which side of the limit it prices
    ``block_group``  lines of one limit (all periods, both blocks) share this number
    ``share``        months for a monthly charge, share of a month for a demand charge, else 1
    """

    rule: ChargeRule
    days: DaySpan
    segments: tuple[int, ...]
    period: int | None
    block: Block | None
    block_limit_wh: int
    block_group: int
    price_micro_usd: int
    share: Fraction
    standing: Standing
    citations: tuple[Citation, ...]
    reading_keys: tuple[str, ...]

    @property
    def group(self) -> ChargeGroup:
        """Riders are shown apart from base charges."""
        return ChargeGroup.RIDER if self.rule.kind is ChargeKind.RIDER else ChargeGroup.BASE


@dataclass(frozen=True, slots=True)
class RatePlan:
    """A window of a schedule, ready for any number of meters' usage.

    ``day_windows``    for each day of the window: its time-of-use windows, or None (all hours)
    ``demand_windows`` for each day: the windows in which an hour counts for demand, or None
    ``segment_of_day`` for each day: its segment's index
    """

    schedule: Schedule
    window: DaySpan
    zone: str
    segments: tuple[Segment, ...]
    periods: tuple[str, ...]
    lines: tuple[LinePlan, ...]
    segment_of_day: tuple[int, ...]
    day_windows: tuple[DayWindows | None, ...]
    demand_windows: tuple[DayWindows | None, ...]


@dataclass(frozen=True, slots=True)
class Proration:
    """How many months a window counts for, decided by ``billing``: 1, or days over normal days.

    ``citations`` stand on every line that the share changes; empty when ``months`` is 1.
    """

    months: Fraction
    citations: tuple[Citation, ...] = ()
    standing: Standing = Standing.FILED
    reading_keys: tuple[str, ...] = ()


def plan_window(
    *,
    view: BookView,
    schedule_code: str,
    window: DaySpan,
    proration: Proration,
    with_riders: bool = True,
    with_base: bool = True,
) -> RatePlan:
    """Plan the lines of one window.

    :raises NoRuleInForce: if the schedule, a price or a calendar is silent on a day of the window
    """
    return _Planner(view, schedule_code, window, proration, with_riders, with_base).plan()


class _Planner:
    """Gathers the book's answers for one window; lives for one call of ``plan_window``."""

    def __init__(
        self,
        view: BookView,
        schedule_code: str,
        window: DaySpan,
        proration: Proration,
        with_riders: bool,
        with_base: bool,
    ) -> None:
        self.view = view
        self.window = window
        self.proration = proration
        self.schedule = view.schedule(schedule_code, window.from_day)
        ensure_one_schedule(view, schedule_code, window)
        self.rules = [
            rule
            for rule in self.schedule.charges
            if (with_riders if rule.kind is ChargeKind.RIDER else with_base)
        ]

    def plan(self) -> RatePlan:
        days = list(self.window.days())
        segments = self._segments()
        segment_of_day = [
            index for index, part in enumerate(segments) for _ in range(part.days.day_count)
        ]
        windows = self.schedule.windows
        periods = self._periods()
        demand = self.schedule.demand_window
        return RatePlan(
            schedule=self.schedule,
            window=self.window,
            zone=self.view.time_zone,
            segments=tuple(segments),
            periods=periods,
            lines=tuple(self._lines(segments, periods)),
            segment_of_day=tuple(segment_of_day),
            day_windows=tuple(self._day_windows(windows, day) for day in days),
            demand_windows=tuple(self._day_windows(demand, day) for day in days),
        )

    def _segments(self) -> list[Segment]:
        cuts: set[date] = set(self._season_cuts())
        names = [rule.price for rule in self.rules]
        for name in [*names, self.schedule.block_limit]:
            cuts |= set(self.view.series(name).change_days()) if name else set()
        for name in (self.schedule.windows, self.schedule.demand_window):
            cuts |= set(self.view.time_of_use(name).change_days()) if name else set()
        return [Segment(part, self._season(part.from_day)) for part in self.window.split_at(cuts)]

    def _season(self, day: date) -> str:
        return self.view.seasons(self.schedule.seasons).on(day).value.of(day)

    def _season_cuts(self) -> list[date]:
        cuts: list[date] = []
        before = None
        for day in self.window.days():
            season = self._season(day)
            if before is not None and season != before:
                cuts.append(day)
            before = season
        return cuts

    def _periods(self) -> tuple[str, ...]:
        if self.schedule.windows is None:
            return (ALL_HOURS,)
        periods: list[str] = []
        for _, dated in self.view.time_of_use(self.schedule.windows).parts(self.window):
            periods += [period for period in dated.value.periods if period not in periods]
        return tuple(periods)

    def _day_windows(self, name: str | None, day: date) -> DayWindows | None:
        if name is None:
            return None
        calendar = self.view.time_of_use(name).on(day).value
        if calendar.working_day == calendar.weekend_or_holiday:
            return calendar.working_day[self._season(day)]  # no holiday calendar is needed
        holidays = self.view.holidays(calendar.holidays).on(day).value
        resting = day.weekday() >= 5 or day in holidays
        by_season = calendar.weekend_or_holiday if resting else calendar.working_day
        return by_season[self._season(day)]

    def _lines(self, segments: list[Segment], periods: tuple[str, ...]) -> Iterable[LinePlan]:
        blocks_done: dict[tuple[str | None, DaySpan], int] = {}
        for rule in self.rules:
            for run in self._runs(rule, segments):
                cuts = self._cuts(rule)
                for part in run.split_at(cuts):
                    group = blocks_done.setdefault((rule.season, part), len(blocks_done))
                    yield self._line(rule, part, segments, periods, group)

    def _runs(self, rule: ChargeRule, segments: list[Segment]) -> list[DaySpan]:
        """The unbroken stretches of the window in the rule's season; the window itself if none."""
        if rule.season is None:
            return [self.window]
        runs: list[DaySpan] = []
        for segment in segments:
            if segment.season != rule.season:
                continue
            if runs and runs[-1].until_day == segment.days.from_day:
                runs[-1] = DaySpan(runs[-1].from_day, segment.days.until_day)
            else:
                runs.append(segment.days)
        return runs

    def _cuts(self, rule: ChargeRule) -> set[date]:
        """Where the rule's line is cut: at its own revisions, those of its block and its hours."""
        cuts = set(self.view.price(rule.price).change_days())
        if rule.block is not None and self.schedule.block_limit is not None:
            cuts |= set(self.view.number(self.schedule.block_limit).change_days())
            for other in self.rules:
                if other.block is not None and other.season == rule.season:
                    cuts |= set(self.view.price(other.price).change_days())
        calendar = self._hours_of(rule)
        if calendar is not None:
            cuts |= set(self.view.time_of_use(calendar).change_days())
        return cuts

    def _hours_of(self, rule: ChargeRule) -> str | None:
        """The calendar of hours that the rule's quantity depends on, if it depends on one."""
        if rule.kind is ChargeKind.DEMAND:
            return self.schedule.demand_window
        return self.schedule.windows if rule.period is not None else None

    def _line(
        self,
        rule: ChargeRule,
        part: DaySpan,
        segments: list[Segment],
        periods: tuple[str, ...],
        block_group: int,
    ) -> LinePlan:
        price = self.view.price(rule.price).on(part.from_day)
        stands_on: list[DatedValue[Any]] = [price, *self._calendars_of(rule, part)]
        reading_keys: tuple[str, ...] = ()
        month_share = self.proration.months * Fraction(part.day_count, self.window.day_count)
        limit_wh = 0
        if rule.block is not None:
            ensure(self.schedule.block_limit is not None, f"{rule.code} has a block limit")
            limit = self.view.number(str(self.schedule.block_limit)).on(part.from_day)
            stands_on.append(limit)
            # A limit leaves room for no more than whole watt-hours below it: rounded down.
            limit_wh = to_whole_down(limit.value * WATT_HOURS_PER_KWH * month_share)
            if len(periods) > 1:
                stands_on += self._reading("block_share_between_periods", BLOCK_SHARING, part)
                reading_keys += ("rating.block_share_between_periods",)
        if rule.season is not None and len({segment.season for segment in segments}) > 1:
            stands_on += self._reading("season_proration_basis", SEASON_BASIS, part)
            reading_keys += ("billing.season_proration_basis",)
        prorated = rule.kind in (ChargeKind.MONTHLY, ChargeKind.DEMAND) or rule.block is not None
        share = month_share if rule.kind in (ChargeKind.MONTHLY, ChargeKind.DEMAND) else Fraction(1)
        citations = [dated.citation for dated in stands_on]
        standings = [dated.standing for dated in stands_on]
        if prorated and self.proration.months != 1:
            citations += self.proration.citations
            standings.append(self.proration.standing)
            reading_keys += self.proration.reading_keys
        return LinePlan(
            rule=rule,
            days=part,
            segments=tuple(
                index for index, segment in enumerate(segments) if segment.days.overlap(part)
            ),
            period=periods.index(rule.period) if rule.period is not None else None,
            block=rule.block,
            block_limit_wh=limit_wh,
            block_group=block_group,
            price_micro_usd=price.value,
            share=share,
            standing=weakest(standings),
            citations=tuple(dict.fromkeys(citations)),
            reading_keys=reading_keys,
        )

    def _reading(self, name: str, known: str, part: DaySpan) -> list[DatedValue[Any]]:
        """A chosen reading of the book, if it is the one that is carried out here."""
        chosen = _all(self.view.text(name), part)
        for dated in chosen:
            if dated.value != known:
                raise UnknownReading(
                    f"The book reads '{name}' as '{dated.value}'",
                    where=f"{self.schedule.code}, {part}",
                    do=f"Use a release that knows this reading, or state it as '{known}'",
                )
        return chosen

    def _calendars_of(self, rule: ChargeRule, part: DaySpan) -> list[DatedValue[Any]]:
        """The calendars a line's quantity depends on: season, times of use, holidays.

        A calendar that is revised within the line's days counts with each of its versions: a
        line is not cut at New Year because the holidays of the next year stand in another entry.
        """
        found: list[DatedValue[Any]] = []
        if rule.season is not None:
            found += _all(self.view.seasons(self.schedule.seasons), part)
        name = self._hours_of(rule)
        if name is not None:
            calendar = self.view.time_of_use(name).on(part.from_day)
            found.append(calendar)
            if calendar.value.working_day != calendar.value.weekend_or_holiday:
                found += _all(self.view.holidays(calendar.value.holidays), part)
        return found


def _all(series: Series[Any], part: DaySpan) -> list[DatedValue[Any]]:
    """Every value of the series that is in force on some day of the part."""
    return [dated for _, dated in series.parts(part)]


def ensure_one_schedule(view: BookView, code: str, window: DaySpan) -> None:
    """A window must lie in days on which the schedule has one list of charges and one of calendars.

    :raises ScheduleChanges: if charges, calendars or the block's limit are others inside the window
    """
    parts = view.schedule_series(code).parts(window)
    for part, dated in parts[1:]:
        if _terms(dated.value) != _terms(parts[0][1].value):
            raise ScheduleChanges(
                f"The terms of schedule {code} change on {part.from_day}, inside {window}",
                do=f"Bill until {part.from_day} and from {part.from_day} on as two windows",
            )


def _terms(schedule: Schedule) -> tuple[Any, ...]:
    """What a plan takes from a schedule: numbers may change inside a window, these may not."""
    return (
        schedule.charges,
        schedule.seasons,
        schedule.windows,
        schedule.block_limit,
        schedule.demand_window,
    )
