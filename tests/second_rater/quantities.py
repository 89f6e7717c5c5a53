"""Watt-hours by day and period, watts of the highest window, blocks: what lines multiply.

Lives here      sums of days, sharing in whole watt-hours, demand windows, ratchets, netting.
Lives elsewhere which days a line is for, and its price (``bill``).
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate
from typing import Any

from tests.second_rater.hours import Hours
from tests.second_rater.usage import CannotPrice, Usage

Part = tuple[date, date]  # first day, the day after the last


def half_up(exact: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    whole, rest = divmod(abs(exact), 1)
    whole = int(whole) + (1 if rest >= Fraction(1, 2) else 0)
    return whole if exact >= 0 else -whole


def shared(amount: int, weights: Sequence[int]) -> list[int]:
    """Part k of a whole amount ends at the floor of its running share."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    ends = [amount * run // total for run in accumulate(weights)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def days_between(part: Part) -> list[date]:
    return [part[0] + timedelta(days=number) for number in range((part[1] - part[0]).days)]


class Meter:
    """One account's usage of one window under one schedule."""

    def __init__(
        self,
        hours: Hours,
        schedule: dict[str, Any],
        window: Part,
        usage: Usage,
        cycle: int | None = None,
    ) -> None:
        self.hours, self.schedule, self.window, self.usage = hours, schedule, window, usage
        self.cycle = cycle
        self.days = days_between(window)
        series = schedule.get("windows")
        self.periods: list[str] = (
            list(hours.sheets.entry(series, window[0]).value["periods"]) if series else [""]
        )
        # Running sums of each period over the days: a part's energy is the difference of two.
        self.delivered = self._running(usage.days, usage.total_wh)
        self.billed = self.delivered
        self.excess_wh = 0
        self._highest: dict[tuple[str, date], int] = {}

    def _running(self, intervals: dict[date, list[int]], total: int | None) -> dict[str, list[int]]:
        run: dict[str, list[int]] = {period: [0] for period in self.periods}
        series = self.schedule.get("windows")
        if total is not None:
            if series:
                raise CannotPrice("times of use are asked, and only a total is known")
            count = len(self.days)
            run[""] += [total * number // count for number in range(1, count + 1)]
            return run
        for day in self.days:
            values = intervals[day]
            if len(values) != len(self.hours.starts(day, self.usage.seconds)):
                raise CannotPrice(f"{day} is not whole")
            for sums in run.values():
                sums.append(sums[-1])
            if not series:
                run[""][-1] += sum(values)
                continue
            season = self.season(day)
            for period, begin, until in self.hours.cut(series, day, season, self.usage.seconds):
                run[period][-1] += sum(values[begin:until])
        return run

    def season(self, day: date) -> str:
        """Of a day of the window; of another, as the last day of a billing period before."""
        of = max(day, self.days[-1]) if day >= self.days[0] else day
        return self.hours.season(self.schedule["seasons"], day, of, self.cycle)

    # ------------------------------------------------------------------------------- energy

    def energy_wh(self, part: Part, period: str | None = None, *, metered: bool = False) -> int:
        run = self.delivered if metered else self.billed
        first = (part[0] - self.window[0]).days
        until = (part[1] - self.window[0]).days
        names = self.periods if period is None else [period]
        return sum(run[name][until] - run[name][first] for name in names)

    def net(self, segments: Sequence[Part]) -> None:
        """Bill what was delivered beyond what was received, over the window as a whole."""
        assert self.usage.received_wh is not None
        received = self._running(self.usage.received_wh, None)
        places = [(part, period) for part in segments for period in self.periods]
        net = []
        for part, period in places:
            first, until = ((day - self.window[0]).days for day in part)
            came_back = received[period][until] - received[period][first]
            net.append(self.energy_wh(part, period, metered=True) - came_back)
        total = sum(net)
        self.excess_wh = max(0, -total)
        bill = shared(max(0, total), [max(0, one) for one in net])
        # What is billed of a segment may stand on its first day: no line cuts a segment.
        self.billed = {period: [0] * (len(self.days) + 1) for period in self.periods}
        for (part, period), wh in zip(places, bill, strict=True):
            for number in range((part[0] - self.window[0]).days + 1, len(self.days) + 1):
                self.billed[period][number] += wh

    # ------------------------------------------------------------------------------- demand

    def _day_highest_w(self, name: str, day: date) -> int:
        """The highest window of one day whose hours count, in watts."""
        key = name, day
        if key not in self._highest:
            rule = self._rule(name)
            minutes, series = int(rule.get("minutes", 60)), rule.get("hours")
            seconds = self.usage.seconds
            if self.usage.total_wh is not None or (minutes * 60) % seconds:
                raise CannotPrice(f"no windows of {minutes} minutes in {seconds} seconds")
            width = minutes * 60 // seconds
            values = self.usage.days[day]
            counting = [True] * len(values)
            if series:
                counting = [False] * len(values)
                for period, begin, until in self.hours.cut(series, day, self.season(day), seconds):
                    if period == "counts":
                        counting[begin:until] = [True] * (until - begin)
            sums = [
                sum(values[begin : begin + width])
                for begin in range(0, len(values), width)
                if counting[begin]
            ]
            self._highest[key] = max([0, *sums]) * 60 // minutes
        return self._highest[key]

    def _rule(self, name: str) -> dict[str, Any]:
        if name == "":
            return {"hours": self.schedule.get("demand_window"), "minutes": 60}
        found = [one for one in self.schedule.get("demands", ()) if one["name"] == name]
        found += [one for one in self.schedule.get("billing_demands", ()) if one["name"] == name]
        (rule,) = found
        return dict(rule)

    def demand_w(self, name: str, part: Part) -> int:
        """Watts of a demand, measured or for billing, in the days of a part."""
        rule = self._rule(name)
        if "highest_of" not in rule:
            return max(self._day_highest_w(name, day) for day in days_between(part))
        sheets, first = self.hours.sheets, part[0]
        candidates = [self.measured_w(name, part)]
        if "floor" in rule:
            candidates.append(half_up(sheets.number(rule["floor"], first) * 1000))
        if "ratchet" in rule:
            candidates.append(self._ratchet_w(name, rule["ratchet"], first))
        return max(candidates)

    def measured_w(self, name: str, part: Part) -> int:
        """A billing demand without its floor and its ratchet."""
        sheets, highest = self.hours.sheets, 0
        for one in self._rule(name)["highest_of"]:
            share = sheets.number(one["share"], part[0]) if "share" in one else Fraction(1)
            highest = max(highest, half_up(share * self.demand_w(one["demand"], part)))
        return highest

    def _ratchet_w(self, name: str, rule: dict[str, Any], first: date) -> int:
        sheets = self.hours.sheets
        periods = int(sheets.number(rule["periods"], first))
        history = self.usage.history.get(name, [])
        before = sorted(history)
        if before and before[-1][0] > self.window[0]:
            raise CannotPrice("a period before ends after the window's first day")
        if len(before) < periods and not self.usage.from_start:
            raise CannotPrice(f"the ratchet looks at {periods} periods, {len(before)} are known")
        watts = [
            w
            for until, w in before[-periods:]
            if "season" not in rule or self.season(until - timedelta(days=1)) == rule["season"]
        ]
        return half_up(sheets.number(rule["share"], first) * max(watts, default=0))

    def demand_rests_on(self, name: str, day: date) -> tuple[object, ...]:
        """Every entry that a demand of this day rests on."""
        entry, rule = self.hours.sheets.entry, self._rule(name)
        if "highest_of" not in rule:
            return (entry(rule["hours"], day),) if rule.get("hours") else ()
        names = [one["share"] for one in rule["highest_of"] if "share" in one]
        names += [rule["floor"]] if "floor" in rule else []
        if "ratchet" in rule:
            names += [rule["ratchet"]["share"], rule["ratchet"]["periods"]]
        rests: tuple[object, ...] = tuple(entry(one, day) for one in names)
        for one in rule["highest_of"]:
            rests += self.demand_rests_on(one["demand"], day)
        return rests

    # ------------------------------------------------------------------------------- blocks

    def block_ends_wh(self, rule: dict[str, Any], part: Part, share: Fraction) -> list[int]:
        """Where each block of a part ends but the last, which has no end."""
        sheets = self.hours.sheets
        widths = [sheets.number(name, part[0]) for name in rule["limits"]]
        if rule["per"] == "month":
            scale = 1000 * share
        else:
            scale = share * self.demand_w(rule.get("demand", ""), part)
        return [int(run * scale // 1) for run in accumulate(widths)]

    def blocks_wh(
        self, rule: dict[str, Any], part: Part, share: Fraction
    ) -> dict[tuple[int, str], int]:
        """Watt-hours of each block and period, block by block out of what is left."""
        left = [self.energy_wh(part, period) for period in self.periods]
        taken, found = 0, {}
        for number, end in enumerate(self.block_ends_wh(rule, part, share), start=1):
            size = min(max(0, end - taken), sum(left))
            pieces = shared(size, left)
            taken += size
            for place, period in enumerate(self.periods):
                found[number, period] = pieces[place]
                left[place] -= pieces[place]
        for place, period in enumerate(self.periods):
            found[len(rule["limits"]) + 1, period] = left[place]
        return found
