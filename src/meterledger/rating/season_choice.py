"""Of which season each day of a window is priced: by itself, or by the number of its period.

A book may say by dates that the season goes by the number of the billing period. A window is
priced whole by the method of the year that its period belongs to (C-SEASON-2021), and everything
that counts by season asks here: lines, blocks, hours and ratchets.

Lives here      which revision of a season calendar speaks for a window, and why.
Lives elsewhere which period a day lies in (``billing``), the calendar (rulebook).
Read first      docs/decisions/0030; GRR V.A.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from meterledger.facts.billing_periods import BillingPeriod, PeriodOf
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import Schedule, Seasons
from meterledger.rulebook.series import DatedValue, Series

NUMBERED_BY = "billing_period_number_rule"
METHOD = "season_method_switch"
METHOD_KNOWN = "calendar_year_of_the_period"
METHOD_KEY = "billing.season_method_switch"
LONGEST = timedelta(days=31)
"""No billing period is longer, from a reading day to the next."""
DAYS_PER_PERIOD = 40
"""More days than a billing period has: how far back seasons of periods before are looked up."""
MOST_PERIODS = 36
LOOK_BACK = timedelta(days=DAYS_PER_PERIOD * (MOST_PERIODS + 2))


class PeriodNeeded(Refusal):
    """The season goes by the number of the billing period, and nobody says which it is."""


def season_goes_by_period(
    series: Series[Seasons], window: DaySpan, schedule: Schedule | None = None
) -> bool:
    """Whether the season of some day of the window, or of its period, may go by its number.

    With a schedule, or that of a period before which its ratchets look back at.
    """
    ratchets = [one.ratchet for one in schedule.billing_demands] if schedule else []
    looks_back = any(one is not None and one.season is not None for one in ratchets)
    begins = window.from_day - (LOOK_BACK if looks_back else LONGEST)
    near = Validity(begins, window.until_day + LONGEST)
    return any(one.value.by_period and one.days.overlaps(near) for one in series.values)


class SeasonChoice:
    """The seasons of one window by one season calendar.

    ``period``        the billing period that the window lies in, or ends in; None where it decides
                      nothing, since days have their seasons by themselves
    ``both_methods``  whether some days, or the period, stand under one method and others under
                      the other
    """

    def __init__(
        self, view: BookView, calendar: str, window: DaySpan, period_of: PeriodOf | None
    ) -> None:
        """:raises PeriodNeeded: if the period decides and ``period_of`` is None
        :raises NoRuleInForce: if the book is silent on a day of the window, or of the period's
        """
        self.series: Series[Seasons] = view.seasons(calendar)
        self.window = window
        self.period: BillingPeriod | None = None
        self.both_methods = False
        self._view, self._period_of = view, period_of
        if season_goes_by_period(self.series, window):
            parts = [one for _, one in self.series.parts(window)]
            period = self._period_at(window.last_day)
            decides = self.series.on(period.named_on)
            methods = {one.value.by_period for one in (*parts, decides)}
            if True in methods:
                self.period, self._decides = period, decides
                self.both_methods = len(methods) > 1

    @property
    def whole(self) -> bool:
        """Whether the window is of one season, by the number of its period."""
        return self.period is not None and self._decides.value.by_period

    def of(self, day: date) -> str:
        """The season of a day of the window."""
        if self.period is None:
            return self.series.on(day).value.of(day)
        if self._decides.value.by_period:
            return self._decides.value.of_period(self.period.number)
        own = self.series.on(day)
        return (self._decides if own.value.by_period else own).value.of(day)

    def of_period_ending(self, last_day: date) -> str | None:
        """The season of an earlier billing period with this last day; None if it is not known."""
        dated = self.series.covering(last_day)
        about = DaySpan(last_day, last_day + timedelta(days=1))
        if season_goes_by_period(self.series, about):
            period = self._known_period(last_day)
            if period is None:
                return None
            decides = self.series.covering(period.named_on)
            if decides is not None and decides.value.by_period:
                return decides.value.of_period(period.number)
            dated = decides if dated is None or dated.value.by_period else dated
        return None if dated is None else dated.value.of(last_day)

    def asked_of(self, last_day: date) -> tuple[date, ...]:
        """The days on which the calendar is asked of which season the period of a day is."""
        about = DaySpan(last_day, last_day + timedelta(days=1))
        goes = season_goes_by_period(self.series, about)
        period = self._known_period(last_day) if goes else None
        return (last_day,) if period is None else (period.named_on, last_day)

    def stands_on(self, part: DaySpan) -> list[DatedValue[Any]]:
        """Every value that says of which season these days of the window are."""
        if self.period is None:
            return [one for _, one in self.series.parts(part)]
        found: list[DatedValue[Any]] = [one for _, one in self.series.parts(part)]
        found += [self._decides] if self._decides not in found else []
        for name in self.readings:
            found += [one for _, one in self._view.text(name).parts(part)]
        return found

    @property
    def readings(self) -> tuple[str, ...]:
        """The names of the book's values by which the window is of its period's season."""
        if self.period is None:
            return ()
        return (NUMBERED_BY, METHOD) if self.both_methods else (NUMBERED_BY,)

    def reasons(self) -> tuple[Reason, ...]:
        """Why the window is of its season; nothing where days have their seasons by themselves."""
        if self.period is None:
            return ()
        found: list[Reason] = []
        if self.both_methods:
            read = self._view.text(METHOD).on(self.period.named_on)
            found.append(
                Reason(
                    f"{self.period} is priced whole by the method of the year that it belongs to",
                    read.citation,
                )
            )
        said = "each day by its date"
        if self._decides.value.by_period:
            said = f"{self.of(self.window.last_day)} by its number, whatever its days"
        numbered = self._view.text(NUMBERED_BY).on(self.period.named_on)
        return (
            *found,
            Reason(
                f"the days lie in {self.period}, which has the fifteenth of its month",
                numbered.citation,
            ),
            Reason(f"the season of {self.period}: {said}", self._decides.citation),
        )

    def _known_period(self, day: date) -> BillingPeriod | None:
        """An earlier day's period; where it is not known, its season is unknown like any other."""
        try:
            return self._period_at(day)
        except Refusal as refusal:
            refusal.of_one_case()
            return None

    def _period_at(self, day: date) -> BillingPeriod:
        if self._period_of is None:
            raise PeriodNeeded(
                f"The season goes by the number of the billing period on days from {self.window}",
                why="Nobody says in which billing period they lie",
                do="Give the reading cycle",
            )
        return self._period_of(day)
