"""A rate plan: one window of one schedule, cut wherever a season, a price or a calendar changes.

Lives here      which lines a window will have, on which days, at which price, by which clause.
Lives elsewhere the usage (``determine``), the multiplication (``price``), taxes (``billing``).
Read first      rulebook/schedule.py; docs/glossary.md: "segment", "period", "block".

A plan depends on the schedule, the window and the book, not on a customer: all accounts of a
cycle on one option share one plan, and a bill of one is a batch of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.facts.billing_periods import PeriodOf
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.rating.parts import MeasuredDemand, NetPlan
from meterledger.rating.plan_shapes import LinePlan, Proration, RatePlan, Segment
from meterledger.rating.planning import Planning
from meterledger.rating.programs import Beside, programs_beside
from meterledger.rating.season_choice import METHOD, METHOD_KEY, METHOD_KNOWN, SeasonChoice
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import (
    ALL_HOURS,
    DEMAND_KINDS,
    ENERGY_KINDS,
    OF_LINES,
    PROGRAM_KINDS,
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

WHOLE = PROGRAM_KINDS | {ChargeKind.PER_BILL}
"""Kinds whose one line is for the whole window."""


def plan_window(
    *,
    view: BookView,
    schedule_code: str,
    window: DaySpan,
    proration: Proration,
    with_riders: bool = True,
    with_base: bool = True,
    programs: tuple[str, ...] = (),
    period_of: PeriodOf | None = None,
) -> RatePlan:
    """Plan the lines of one window. ``programs`` are those beside the schedule, by name.

    ``period_of`` is asked where the season goes by the number of the billing period.

    :raises NoRuleInForce: if the schedule, a price or a calendar is silent on a day of the window
    :raises ProgramNotOpen: if a programme is not for the schedule, or two exclude each other
    :raises PeriodNeeded: if ``period_of`` is asked, and is None
    """
    beside = programs_beside(view, schedule_code, window, programs) if programs else None
    which = (with_riders, with_base)
    return _Planner(view, schedule_code, window, proration, which, beside, period_of).plan()


class _Planner:
    """Gathers the book's answers for one window; lives for one call of ``plan_window``."""

    def __init__(
        self,
        view: BookView,
        schedule_code: str,
        window: DaySpan,
        proration: Proration,
        which: tuple[bool, bool],
        beside: Beside | None,
        period_of: PeriodOf | None,
    ) -> None:
        """``which`` says whether riders are planned, and whether base charges are."""
        with_riders, with_base = which
        self.view = view
        self.window = window
        self.proration = proration
        self.schedule = view.schedule(schedule_code, window.from_day)
        ensure_one_schedule(view, schedule_code, window)
        self.beside = beside
        self.seasons = SeasonChoice(view, self.schedule.seasons, window, period_of)
        if self.seasons.both_methods:
            self._reading(METHOD, METHOD_KNOWN, window)
        self.planning = Planning(view, self.schedule, window, proration, self.seasons)
        self.every = (*self.schedule.charges, *(beside.charges if beside else ()))
        self.rules = [
            rule
            for rule in self.every
            if (with_riders if rule.is_rider or rule.kind is ChargeKind.RIDER else with_base)
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
        lines = self._lines(segments, periods)
        if self.beside is not None:
            lines = self.beside.marked(lines)
        return RatePlan(
            schedule=self.schedule,
            window=self.window,
            zone=self.view.time_zone,
            segments=tuple(segments),
            periods=periods,
            lines=tuple(lines),
            segment_of_day=tuple(segment_of_day),
            day_windows=tuple(self._day_windows(windows, day) for day in days),
            demand_windows=tuple(self._day_windows(demand, day) for day in days),
            demands=tuple(
                MeasuredDemand(
                    one.name,
                    one.minutes,
                    tuple(self._day_windows(one.hours, day) for day in days),
                )
                for one in self.schedule.demands
            ),
            solar=self.beside.solar(lines) if self.beside else None,
            net=self._net(segments, lines),
            seasons=self.seasons,
        )

    def _net(self, segments: list[Segment], lines: list[LinePlan]) -> NetPlan | None:
        """Netting with its places: a value that bills no energy of this window cuts none."""
        if self.beside is None or self.beside.net is None:
            return None
        cuts = set(self._season_cuts())
        for line in lines:
            if line.rule.kind in ENERGY_KINDS:
                cuts |= {line.days.from_day, line.days.until_day}
        for rule in self._left_out():
            for run in self._runs(rule, segments):
                for part in run.split_at(self._cuts(rule)):
                    cuts |= {part.from_day, part.until_day}
        places = self.window.split_at(cuts)
        return replace(
            self.beside.net,
            places=tuple(
                next(n for n, days in enumerate(places) if segment.days.from_day in days)
                for segment in segments
            ),
        )

    def _left_out(self) -> list[ChargeRule]:
        """Charges for energy that are not asked for: what is netted is what a whole bill nets."""
        if self.beside is None or self.beside.net is None:
            return []
        return [one for one in self.every if one.kind in ENERGY_KINDS and one not in self.rules]

    def _segments(self) -> list[Segment]:
        cuts: set[date] = set(self._season_cuts())
        names = [rule.price for rule in self.rules if rule.price]
        for name in [*names, self.schedule.block_limit]:
            cuts |= set(self.view.series(name).change_days()) if name else set()
        for name in (self.schedule.windows, self.schedule.demand_window):
            cuts |= set(self.view.time_of_use(name).change_days()) if name else set()
        for rule in self.rules:
            cuts |= self.planning.cuts(rule)
        for rule in self._left_out():
            cuts |= self._cuts(rule)
        return [Segment(part, self._season(part.from_day)) for part in self.window.split_at(cuts)]

    def _season(self, day: date) -> str:
        return self.seasons.of(day)

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

    def _lines(self, segments: list[Segment], periods: tuple[str, ...]) -> list[LinePlan]:
        blocks_done: dict[tuple[str | None, str | None, DaySpan], int] = {}
        lines: list[LinePlan] = []
        for rule in self.rules:
            if rule.kind in WHOLE or rule.kind in OF_LINES:
                lines += self._whole_lines(rule, segments, lines)
                continue
            for run in self._runs(rule, segments):
                cuts = self._cuts(rule)
                for part in run.split_at(cuts):
                    key = (rule.block_set, rule.season, part)
                    group = blocks_done.setdefault(key, len(blocks_done))
                    line = self._line(rule, part, segments, periods, group)
                    lines.append(self._with_more(line, part))
        return lines

    def _whole_lines(
        self, rule: ChargeRule, segments: list[Segment], above: list[LinePlan]
    ) -> Iterable[LinePlan]:
        """Lines of the whole window, or of parts of it by the dates of a percentage."""
        every = tuple(range(len(segments)))
        if rule.kind is ChargeKind.PERCENT:
            cuts = self.view.number(rule.price).change_days()
            return [
                self.planning.percent(rule, part, every, above)
                for part in self.window.split_at(cuts)
            ]
        if rule.kind is ChargeKind.MINIMUM:
            spans = [segment.days for segment in segments]
            return [self.planning.minimum(rule, every, spans, above)]
        return [self.planning.whole(rule, every)]

    def _with_more(self, line: LinePlan, part: DaySpan) -> LinePlan:
        """The line with its demands and its block of a set, where it has any."""
        rule = line.rule
        if not (rule.demand or rule.over or rule.beyond or rule.block_set):
            return line
        found = self.planning.more(rule, part)
        citations = [dated.citation for dated in found.stands_on]
        standings = [dated.standing for dated in found.stands_on]
        keys: tuple[str, ...] = ()
        if rule.block_set is not None and self.proration.months != 1:
            citations += self.proration.citations
            standings.append(self.proration.standing)
            keys = self.proration.reading_keys
        return replace(
            line,
            demand=found.demand,
            over=found.over,
            beyond=found.beyond,
            blocks=found.blocks,
            standing=weakest((line.standing, *standings)),
            citations=tuple(dict.fromkeys((*line.citations, *citations))),
            reading_keys=tuple(dict.fromkeys((*line.reading_keys, *keys))),
        )

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
        cuts = set(self.view.price(rule.price).change_days()) | self.planning.cuts(rule)
        if rule.block_set is not None:
            for other in self.every:
                if (other.block_set, other.season) == (rule.block_set, rule.season):
                    cuts |= set(self.view.price(other.price).change_days())
        if rule.block is not None and self.schedule.block_limit is not None:
            cuts |= set(self.view.number(self.schedule.block_limit).change_days())
            for other in self.every:
                if other.block is not None and other.season == rule.season:
                    cuts |= set(self.view.price(other.price).change_days())
        calendar = self._hours_of(rule)
        if calendar is not None:
            cuts |= set(self.view.time_of_use(calendar).change_days())
        return cuts

    def _hours_of(self, rule: ChargeRule) -> str | None:
        """The calendar of hours that the rule's quantity depends on, if it depends on one."""
        if rule.kind is ChargeKind.DEMAND and rule.demand is None:
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
        has_block = rule.block is not None or rule.block_set is not None
        if has_block and len(periods) > 1:
            stands_on += self._reading("block_share_between_periods", BLOCK_SHARING, part)
            reading_keys += ("rating.block_share_between_periods",)
        if rule.season is not None and len({segment.season for segment in segments}) > 1:
            stands_on += self._reading("season_proration_basis", SEASON_BASIS, part)
            reading_keys += ("billing.season_proration_basis",)
        if rule.season is not None and self.seasons.both_methods:
            reading_keys += (METHOD_KEY,)
        by_month = rule.kind is ChargeKind.MONTHLY or rule.kind in DEMAND_KINDS
        prorated = by_month or rule.block is not None
        share = month_share if by_month else Fraction(1)
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
            found += self.seasons.stands_on(part)
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
        schedule.demands,
        schedule.billing_demands,
        schedule.block_sets,
    )


__all__ = ["LinePlan", "RatePlan", "ScheduleChanges", "UnknownReading", "plan_window"]
