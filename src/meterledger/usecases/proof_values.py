"""The dated values of a proof file: each stands there for the days on which it is asked for.

Lives here      which value of the book a file has for which days, with its clause; what is given
                with the bill and stands on no sheet.
Lives elsewhere what asks for them (``proof_charges``, ``proof_amounts``).
Read first      docs/reference/proof_file.md, "Values".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any, cast

from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import micro_usd_text
from meterledger.kernel.span import DaySpan
from meterledger.rating import RatePlan, SeasonChoice
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import number_text
from meterledger.rulebook.schedule import DayWindows, Seasons, TimeOfUse

APPLIES = "applies"
SEASONS = "seasons"
"""The name under which a file has the calendar of seasons; all other names are the book's."""
SATURDAY = 6

Operation = str | dict[str, Any]
Parts = list[list[Any]]


def thousandths(whole: int) -> str:
    """Watt-hours as kWh, watts as kW and the like: an exact decimal."""
    return number_text(Fraction(whole, 1000))


def op(name: str, *of: Any) -> Operation:
    """An operation on others, as a file has it."""
    return {name: list(of)}


class ProofValues:
    """Gathers what a file's charges ask for; ``told`` gives it as the file has it."""

    def __init__(self, view: BookView, plan: RatePlan) -> None:
        """``plan`` says of which season each day is, and by which calendar."""
        self.view, self.window = view, plan.window
        self._seasons, self._plan = plan.schedule.seasons, plan
        self._asked: dict[str, set[date]] = {}
        self._more: dict[str, Parts] = {}
        self.uses_months = False
        self.by_period = False
        self.ask(SEASONS, self.window.days())
        self._by_date, self._named = set[date](), set[date]()
        choice = self._choice
        if choice.period is not None:
            self.by_period = True
            self._named.add(choice.period.named_on)
            self.ask(SEASONS, self._named)
        if not choice.whole:
            self._by_date.update(self.window.days())

    @property
    def _choice(self) -> SeasonChoice:
        ensure(self._plan.seasons is not None, "a plan says why its days are of their seasons")
        return cast(SeasonChoice, self._plan.seasons)

    def ask_period_ending(self, last_day: date) -> None:
        """Have in the file of which season an earlier period is, that has this last day."""
        days = self._choice.asked_of(last_day)
        self.by_period |= len(days) > 1
        self._by_date.add(last_day)
        self._named.update(days[:-1])
        self.ask(SEASONS, days)

    def season_readings(self, days: Iterable[date]) -> list[str]:
        """Readings of clauses on which the season of some days of the bill stands."""
        days, choice = list(days), self._choice
        if choice.period is None:
            return []
        return [self.ask(name, days) for name in choice.readings]

    def ask(self, name: str, days: Iterable[date]) -> str:
        """Have a value of the book in the file for some days, and the holidays that it needs."""
        days = list(days)
        self._asked.setdefault(name, set()).update(days)
        if self._kind(name) == "time_of_use":
            for day in days:
                holidays = self._holidays(self._series(name).on(day).value)
                if holidays is not None:
                    self.ask(holidays, [day])
        return name

    def value(self, name: str, days: Iterable[date]) -> Operation:
        """A value of the book on some days, as an operation."""
        return {"value": self.ask(name, days)}

    def on_first_day(self, name: str) -> Operation:
        """A value of the book on the bill's first day."""
        return {"value": f"{self.ask(name, [self.window.from_day])}@first"}

    def on_last_day(self, name: str) -> Operation:
        """A value of the book on the bill's last day."""
        return {"value": f"{self.ask(name, [self.window.last_day])}@last"}

    def months(self) -> Operation:
        """The part of the bill's months that a line's days are."""
        self.uses_months = True
        return "months"

    def give(self, name: str, value: Any, source: str, days: DaySpan | None = None) -> str:
        """Have a fact of the bill in the file that stands on no sheet; ``source`` tells where.

        It is asked for on the bill's last day, or on ``days``.
        """
        days = days or DaySpan(self.window.last_day, self.window.until_day)
        begin, until = days.from_day.isoformat(), days.until_day.isoformat()
        self._more[f"given:{name}"] = [[begin, until, value, source]]
        return f"given:{name}"

    def only_on(self, name: str, days: DaySpan, otherwise: Any) -> None:
        """Something that is given holds on some days only; on the bill's others it is that."""
        ((_, _, value, source),) = self._more[name]
        parts = self.window.split_at([days.from_day, days.until_day])
        self._more[name] = [
            [*map(str, (part.from_day, part.until_day)), value if inside else otherwise, source]
            for part, inside in ((part, part.overlap(days) is not None) for part in parts)
        ]

    def given(self, name: str, value: Any, source: str) -> Operation:
        """A number that is given, as an operation."""
        return {"value": f"{self.give(name, value, source)}@last"}

    def clause(self, name: str, citation: Citation, value: Any = APPLIES) -> str:
        """Have a clause in the file that stands on a line as it is."""
        begin, until = self.window.from_day.isoformat(), self.window.until_day.isoformat()
        self._more[name] = [[begin, until, value, citation.text]]
        return name

    def clause_on(self, name: str, citation: Citation, value: Any, day: date) -> str:
        """Have a clause in the file for one day."""
        until = day + timedelta(days=1)
        self._more[name] = [[day.isoformat(), until.isoformat(), value, citation.text]]
        return name

    def told(self) -> dict[str, Parts]:
        """Every value with its days and clause."""
        return {name: self._parts(name, sorted(days)) for name, days in self._asked.items()} | (
            self._more
        )

    def season(self, day: date) -> str:
        """The season of a day."""
        return self._choice.of(day)

    def _kind(self, name: str) -> str:
        return SEASONS if name == SEASONS else self.view.kind_of(name)

    def _series(self, name: str) -> Any:
        return self.view.series(self._seasons if name == SEASONS else name)

    def _parts(self, name: str, days: list[date]) -> Parts:
        """Runs of days with one entry of the series."""
        series = self._series(name)
        runs: Parts = []
        for (_, dated), group in groupby(
            enumerate(days), lambda one: (one[1].toordinal() - one[0], series.on(one[1]))
        ):
            run = [day for _, day in group]
            until = run[-1] + timedelta(days=1)
            told = self._text(dated.value, run)
            runs.append([run[0].isoformat(), until.isoformat(), told, dated.citation.text])
        return runs

    def _text(self, value: Any, days: list[date]) -> Any:
        """A value as the file has it: as far as it says something of these days."""
        if isinstance(value, Seasons):
            if value.by_period:
                numbers = [day.month for day in days if day in self._named]
                return {f"period {number}": value.of_period(number) for number in numbers}
            every = sorted(self._by_date) if self.by_period else days
            return {str(day.month): value.of(day) for day in every}
        if isinstance(value, TimeOfUse):
            return self._hours(value, days)
        if isinstance(value, frozenset):
            return [str(day) for day in days if day in value and day.isoweekday() < SATURDAY]
        if isinstance(value, Fraction):
            return number_text(value)
        return micro_usd_text(value) if isinstance(value, int) else str(value)

    @staticmethod
    def _holidays(calendar: TimeOfUse) -> str | None:
        """The holidays that a calendar of hours needs; None where all days are alike."""
        alike = calendar.working_day == calendar.weekend_or_holiday
        return None if alike else calendar.holidays

    def _hours(self, calendar: TimeOfUse, days: list[date]) -> dict[str, Any]:
        holidays = self._holidays(calendar)
        found: dict[str, dict[str, Any]] = {}
        for day in days:
            kind, windows = "every_day", calendar.working_day
            if holidays is not None:
                off = day in self.view.holidays(holidays).on(day).value
                rests = day.isoweekday() >= SATURDAY or off
                kind = "rest_day" if rests else "working_day"
                windows = calendar.weekend_or_holiday if rests else calendar.working_day
            season = self.season(day)
            found.setdefault(season, {})[kind] = _windows(windows[season])
        return {"by_season": found, "holidays": holidays}


def _windows(day: DayWindows) -> list[list[Any]]:
    return [[one.from_minute, one.until_minute, one.period] for one in day.windows]
