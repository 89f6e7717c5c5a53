"""What the lines of a plan rest on beside price and energy: demands, blocks, and other lines.

Lives here      the book's numbers for a billing demand, a set of blocks, a percent and a minimum,
                and the days on which they change.
Lives elsewhere the plan's lines themselves (``plan``), the arithmetic (``demand``, ``blocks``,
                ``on_lines``).
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rating.parts import BlockUse, DemandUse, MinimumDemand, OnLines, RatchetPlan
from meterledger.rating.plan_shapes import LinePlan, Proration
from meterledger.rating.season_choice import DAYS_PER_PERIOD, MOST_PERIODS, SeasonChoice
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import (
    BillingDemandRule,
    ChargeKind,
    ChargeRule,
    Ratchet,
    Schedule,
)
from meterledger.rulebook.series import DatedValue

WATTS_PER_KW = 1000
MICRO_PER_USD = 1_000_000


class NumberUnfit(Refusal):
    """A number of the book cannot be what a schedule uses it as."""


@dataclass(frozen=True, slots=True)
class More:
    """What a line rests on beside its price, and every value that says so."""

    demand: DemandUse | None
    over: DemandUse | None
    beyond: Fraction
    blocks: BlockUse | None
    stands_on: tuple[DatedValue[Any], ...]


class Planning:
    """Looks up what lines of one window rest on."""

    def __init__(
        self,
        view: BookView,
        schedule: Schedule,
        window: DaySpan,
        proration: Proration,
        seasons: SeasonChoice,
    ) -> None:
        """``proration`` says for how many months the window counts."""
        self.view = view
        self.schedule = schedule
        self.window = window
        self.proration = proration
        self.seasons = seasons

    def month_share(self, part: DaySpan) -> Fraction:
        """The share of a month that a part of the window counts for."""
        return self.proration.months * Fraction(part.day_count, self.window.day_count)

    def cuts(self, rule: ChargeRule) -> set[Any]:
        """The days on which a number or calendar changes that the rule's demands or blocks have."""
        names = [rule.beyond, rule.demand_price]
        demands = [rule.demand, rule.over]
        if rule.block_set is not None:
            blocks = self.schedule.block_set(rule.block_set)
            names += blocks.limits
            demands.append(blocks.demand)
        for demand in demands:
            names += self._values_of(demand) if demand is not None else []
        return {day for name in names if name for day in self.view.series(name).change_days()}

    def _values_of(self, demand: str) -> list[str | None]:
        billing = self.schedule.billing_demand(demand)
        if billing is None:
            return [one.hours for one in self.schedule.demands if one.name == demand]
        names: list[str | None] = [billing.floor, *(part.share for part in billing.parts)]
        if billing.ratchet is not None:
            names += [billing.ratchet.share, billing.ratchet.periods]
        for part in billing.parts:
            names += self._values_of(part.demand)
        return names

    def more(self, rule: ChargeRule, part: DaySpan) -> More:
        """What the rule's line of a part rests on."""
        gather = _Gather(self, part)
        blocks = None
        if rule.block_set is not None:
            blocks = gather.blocks(rule.block_set, rule.block_number or 1)
        return More(
            demand=gather.demand(rule.demand) if rule.demand else None,
            over=gather.demand(rule.over) if rule.over else None,
            beyond=gather.number(rule.beyond) if rule.beyond else Fraction(0),
            blocks=blocks,
            stands_on=tuple(gather.stands_on),
        )

    def whole(self, rule: ChargeRule, segments: tuple[int, ...]) -> LinePlan:
        """A line that is never cut nor prorated. A programme's price is the first day's."""
        day = self.window.last_day
        if rule.kind is ChargeKind.SOLAR_BLOCK:
            day = self.window.from_day
        if rule.kind is ChargeKind.NET_CREDIT:
            return self._line(rule, self.window, segments, 0, Fraction(1), [])
        price = self.view.series(rule.price).on(day)
        micro = price.value
        if isinstance(micro, Fraction):
            micro *= MICRO_PER_USD
            if micro.denominator != 1:
                raise NumberUnfit(
                    f"'{rule.price}' is not a price in whole millionths of a dollar",
                    do="Write at most six decimals",
                )
        return self._line(rule, self.window, segments, int(micro), Fraction(1), [price])

    def percent(
        self, rule: ChargeRule, part: DaySpan, segments: tuple[int, ...], above: Sequence[LinePlan]
    ) -> LinePlan:
        """A share of lines above, on the days on which it is in force."""
        share = self.view.number(rule.price).on(part.from_day)
        found = OnLines(lines=_lines_of(rule, part, above), percent=share.value)
        return self._line(rule, part, segments, 0, Fraction(1), [share], found)

    def minimum(
        self,
        rule: ChargeRule,
        segments: tuple[int, ...],
        spans: Sequence[DaySpan],
        above: Sequence[LinePlan],
    ) -> LinePlan:
        """What lines above lack to a minimum. ``spans`` are the days of each segment."""
        price = self.view.price(rule.price)
        stands_on: list[DatedValue[Any]] = []
        fixed, last = Fraction(0), 0
        for part, dated in price.parts(self.window):
            stands_on.append(dated)
            fixed += dated.value * self.month_share(part)
            last = dated.value
        demands: list[MinimumDemand] = []
        if rule.demand is not None and rule.demand_price is not None:
            for part in self.window.split_at(self.cuts(rule)):
                gather = _Gather(self, part)
                per_kw = self.view.price(rule.demand_price).on(part.from_day)
                inside = [n for n, span in enumerate(spans) if span.overlap(part)]
                use = gather.demand(rule.demand)
                share = self.month_share(part)
                demands.append(MinimumDemand(use, tuple(inside), per_kw.value, share))
                stands_on += [per_kw, *gather.stands_on]
        found = OnLines(
            lines=_lines_of(rule, self.window, above), fixed_micro=fixed, demands=tuple(demands)
        )
        return self._line(rule, self.window, segments, last, Fraction(1), stands_on, found)

    def _line(
        self,
        rule: ChargeRule,
        part: DaySpan,
        segments: tuple[int, ...],
        price: int,
        share: Fraction,
        stands_on: Iterable[DatedValue[Any]],
        on_lines: OnLines | None = None,
    ) -> LinePlan:
        values = list(stands_on)
        citations: list[Citation] = [dated.citation for dated in values]
        standings: list[Standing] = [dated.standing for dated in values]
        keys: tuple[str, ...] = ()
        if rule.kind is ChargeKind.MINIMUM and self.proration.months != 1:
            citations += self.proration.citations
            standings.append(self.proration.standing)
            keys = self.proration.reading_keys
        return LinePlan(
            rule=rule,
            days=part,
            segments=segments,
            period=None,
            block=None,
            block_limit_wh=0,
            block_group=-1,
            price_micro_usd=price,
            share=share,
            standing=weakest(standings) if standings else Standing.FILED,
            citations=tuple(dict.fromkeys(citations)),
            reading_keys=keys,
            on_lines=on_lines,
        )


class _Gather:
    """Numbers of one part of the window, and the values they stood in."""

    def __init__(self, planning: Planning, part: DaySpan) -> None:
        self.planning = planning
        self.part = part
        self.stands_on: list[DatedValue[Any]] = []

    def number(self, name: str) -> Fraction:
        """A number in force on the part's first day, not negative."""
        dated = self.planning.view.number(name).on(self.part.from_day)
        self.stands_on.append(dated)
        if dated.value < 0:
            raise NumberUnfit(
                f"'{name}' is {dated.value} from {dated.days.from_day}",
                why="A limit, a share or a demand of a schedule is not negative",
                do="Correct the value",
            )
        return dated.value

    def demand(self, name: str) -> DemandUse:
        """A measured or a billing demand by its name."""
        schedule = self.planning.schedule
        measured = [one.name for one in schedule.demands]
        billing = schedule.billing_demand(name)
        if billing is None:
            self._hours(name)
            return DemandUse(name, ((measured.index(name), Fraction(1)),))
        parts = []
        for part in billing.parts:
            self._hours(part.demand)
            share = self.number(part.share) if part.share else Fraction(1)
            parts.append((measured.index(part.demand), share))
        return DemandUse(name, tuple(parts), self._floor(billing), self._ratchet(billing.ratchet))

    def _hours(self, name: str) -> None:
        view, day = self.planning.view, self.part.from_day
        hours = next(one.hours for one in self.planning.schedule.demands if one.name == name)
        if hours is None:
            return
        dated = view.time_of_use(hours).on(day)
        self.stands_on.append(dated)
        calendar = dated.value
        if calendar.working_day != calendar.weekend_or_holiday:
            holidays = view.holidays(calendar.holidays)
            self.stands_on += [one for _, one in holidays.parts(self.part)]

    def _floor(self, billing: BillingDemandRule) -> int:
        if billing.floor is None:
            return 0
        return to_whole_half_up(self.number(billing.floor) * WATTS_PER_KW)

    def _ratchet(self, rule: Ratchet | None) -> RatchetPlan | None:
        if rule is None:
            return None
        share, periods = self.number(rule.share), self.number(rule.periods)
        if periods.denominator != 1 or not 1 <= periods <= MOST_PERIODS:
            raise NumberUnfit(
                f"'{rule.periods}' is {periods}, which is no count of billing periods",
                do=f"Write a whole number from 1 to {MOST_PERIODS}",
            )
        if rule.season is None:
            return RatchetPlan(share, int(periods))
        first = self.planning.window.from_day - timedelta(days=DAYS_PER_PERIOD * (int(periods) + 2))
        days = DaySpan(first, self.planning.window.from_day).days()
        known = map(self.planning.seasons.of_period_ending, days)
        inside = [-1 if season is None else int(season == rule.season) for season in known]
        return RatchetPlan(
            share,
            int(periods),
            rule.season,
            first.toordinal(),
            np.array(inside, dtype=np.int8),
        )

    def blocks(self, name: str, number: int) -> BlockUse:
        """A block of a set: where each block ends, for this part's share of a month."""
        blocks = self.planning.schedule.block_set(name)
        share = self.planning.month_share(self.part)
        widths = [self.number(limit) for limit in blocks.limits]
        total, bounds = Fraction(0), []
        for width in widths:
            total += width
            bounds.append(total * share if blocks.demand else total * WATTS_PER_KW * share)
        ensure(1 <= number <= len(widths) + 1, "a set has the block")
        return BlockUse(
            tuple(bounds),
            number - 1,
            self.demand(blocks.demand) if blocks.demand else None,
            _width_words(widths, number, "kWh per kW" if blocks.demand else "kWh"),
        )


def _width_words(widths: Sequence[Fraction], number: int, unit: str) -> str:
    shown = [usd_text(int(width * 100)).removesuffix(".00") for width in widths]
    if number > len(widths):
        return f"over {usd_text(int(sum(widths) * 100)).removesuffix('.00')} {unit}"
    return f"{'first' if number == 1 else 'next'} {shown[number - 1]} {unit}"


def _lines_of(
    rule: ChargeRule, part: DaySpan, above: Sequence[LinePlan]
) -> tuple[tuple[int, Fraction], ...]:
    """The lines that a rule is of, each with the part of its cents that counts for the days."""
    found = []
    for number, line in enumerate(above):
        shared = line.days.overlap(part)
        if line.rule.code in rule.of and shared:
            found.append((number, Fraction(shared.day_count, line.days.day_count)))
    return tuple(found)
