"""A tariff book on paper: what rating asks of a book, from a few plain facts, no files.

It lets a test put a change of price, block, calendar or schedule on any day, which the real book
has only where the sheets have it.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.kernel.citation import Citation
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.schedule import (
    Block,
    ChargeKind,
    ChargeRule,
    DayWindows,
    HourWindow,
    Schedule,
    Seasons,
    TimeOfUse,
)
from meterledger.rulebook.series import DatedValue, Series

START = date(2025, 6, 1)


class NotOnPaper(Refusal):
    """The paper book does not know it."""


def cited(name: str, start: date) -> Citation:
    return Citation("Paper schedule", f"Sheet of {name}", None, f"from {start}", start)


def series_of(
    name: str, values: list[tuple[date, date | None, Any]], standing: Standing = Standing.FILED
) -> Series[Any]:
    """A series with one citation for each value, so that a test sees which one a line used."""
    return Series(
        name=name,
        meaning=name,
        unit="",
        file=f"{name}.yaml",
        values=tuple(
            DatedValue(value, Validity(start, end), standing, cited(name, start), start)
            for start, end, value in values
        ),
    )


class PaperBook:
    """Answers like a view of the tariff book."""

    name = "paper"
    time_zone = "America/Chicago"
    sha256 = "0" * 64

    def __init__(self, start: date = START) -> None:
        self.all: dict[str, Series[Any]] = {}
        self.schedules: dict[str, Series[Schedule]] = {}
        self.put(
            "seasons", [(start, None, Seasons(("winter",) * 5 + ("summer",) * 4 + ("winter",) * 3))]
        )
        self.put("block_share_between_periods", [(start, None, "pro_rata")], Standing.ASSUMED)
        self.put("season_proration_basis", [(start, None, "intervals, else days")])
        self.put("holidays", [(start, None, frozenset())])

    def put(
        self,
        name: str,
        values: list[tuple[date, date | None, Any]],
        standing: Standing = Standing.FILED,
    ) -> None:
        self.all[name] = series_of(name, values, standing)

    def series(self, name: str) -> Series[Any]:
        if name not in self.all:
            raise NotOnPaper(f"There is no '{name}'")
        return self.all[name]

    price = number = text = time_of_use = seasons = holidays = series

    def schedule_series(self, code: str) -> Series[Schedule]:
        if code not in self.schedules:
            raise NotOnPaper(f"There is no schedule '{code}'")
        return self.schedules[code]

    def schedule(self, code: str, day: date) -> Schedule:
        return self.schedule_series(code).on(day).value

    def schedule_codes(self) -> tuple[str, ...]:
        return tuple(self.schedules)


def day_windows(hours: Any) -> DayWindows:
    return DayWindows(tuple(HourWindow(*one) for one in hours))


def paper_book(tariff: Any, code: str = "paper", start: date = START) -> PaperBook:
    """The book of one tariff stated in the plain words of the second calculation."""
    book = PaperBook(start)
    rules = []
    for number, charge in enumerate(tariff.charges):
        name = f"price_{number}"
        book.put(name, list(charge.prices))
        rules.append(
            ChargeRule(
                code=name,
                label=f"Charge {number}",
                kind=ChargeKind(charge.kind),
                price=name,
                season=charge.season,
                period=charge.period
                or ("all" if charge.kind == "energy" and not tariff.periods else None),
                block=Block(charge.block) if charge.block else None,
            )
        )
    if tariff.by_number:
        first, until = date(start.year, 1, 1), tariff.by_number_until
        by_month = book.seasons("seasons").values[0].value
        seasons = [(first, until, Seasons(tariff.by_number, by_period=True))]
        book.put("seasons", seasons + ([(until, None, by_month)] if until else []))
        for name, rule in (
            ("cycle_read_day_rule", "day_of_month"),
            ("billing_period_number_rule", "by_the_fifteenth"),
            ("season_method_switch", "calendar_year_of_the_period"),
        ):
            book.put(name, [(first, None, rule)])
    if tariff.block_kwh:
        book.put("block", [(start, end, Fraction(kwh)) for start, end, kwh in tariff.block_kwh])
    book.put("holidays", [(start, None, tariff.holidays)])
    if tariff.periods:
        of_day = TimeOfUse(
            periods=tariff.periods,
            working_day={season: day_windows(hours) for season, hours in tariff.working.items()},
            weekend_or_holiday={
                season: day_windows(hours) for season, hours in tariff.resting.items()
            },
            holidays="holidays",
        )
        book.put("hours", [(start, None, of_day)])
    if any(charge.kind == "demand" for charge in tariff.charges):
        begin, end = tariff.demand_minutes
        counts = day_windows(
            [(0, begin, "outside"), (begin, end, "counts"), (end, 1440, "outside")]
        )
        by_season = {"summer": counts, "winter": counts}
        book.put(
            "demand_hours",
            [(start, None, TimeOfUse(("counts", "outside"), by_season, by_season, "holidays"))],
        )
    put_schedule(book, code, [(start, None, tuple(rules))], tariff)
    return book


def put_schedule(book: PaperBook, code: str, versions: list[Any], tariff: Any) -> None:
    demand = any(charge.kind == "demand" for charge in tariff.charges)
    book.schedules[code] = series_of(
        code,
        [
            (
                start,
                end,
                Schedule(
                    code=code,
                    name=code,
                    sheet="Paper",
                    charges=rules,
                    seasons="seasons",
                    windows="hours" if tariff.periods else None,
                    block_limit="block" if tariff.block_kwh else None,
                    demand_window="demand_hours" if demand else None,
                    days=Validity(start, end),
                    citation=cited(code, start),
                    standing=Standing.FILED,
                ),
            )
            for start, end, rules in versions
        ],
    )


__all__ = ["PaperBook", "paper_book", "put_schedule", "series_of"]
