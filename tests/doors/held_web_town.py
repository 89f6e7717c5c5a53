"""A town with held bills behind the pages: far from usual, above the ceiling, a gap, excluded.

Shared by the tests of the pages and those in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.journeys.town import VIEWER, Town, Values, even

from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.usecases.settle_held import Desk, exclude_held

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
BEGIN, APRIL, MAY = date(2025, 12, 1), date(2026, 4, 1), date(2026, 5, 1)
FAR, HIGH, GAP, OUT, EARLY = 1, 2, 3, 4, 5
"""Homes by what holds their April."""


@dataclass
class HeldTown:
    """Puts the town behind the pages."""

    town: Town
    cases: dict[int, str] = field(default_factory=dict)
    now: datetime = NOW

    def system(self) -> System:
        return System(self.town.store, self.town.lake, self.town.book, self.now, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.town.book, self.now)


def _then(before: int, april: int) -> Values:
    return lambda day, count: [before + 3 * day.month if day < APRIL else april] * count


def held_town() -> HeldTown:
    """Five homes billed until April, whose bills of April are held."""
    town = Town()
    made = HeldTown(town)
    with town.store.viewing(VIEWER, ["the town"]):
        for number in (FAR, HIGH, GAP, OUT, EARLY):
            town.start(number, from_day=BEGIN, meter_id=f"E-30{number:02d}")
        for number, april in ((FAR, 5600), (HIGH, 90_000), (OUT, 5700), (EARLY, 5300)):
            town.read(f"E-30{number:02d}", (BEGIN, MAY), _then(700, april), seconds=3600)
        town.read(f"E-30{GAP:02d}", (BEGIN, APRIL), even(700), seconds=3600)
        for day in (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), APRIL, MAY):
            town.bill(FAR, HIGH, GAP, OUT, EARLY, on=day, known_at=AT)
        for number in (FAR, HIGH, GAP, OUT, EARLY):
            (case,) = town.store.held_cases(account_id=town.account_id(number))
            made.cases[number] = case.case_id
        desk = Desk(town.store, town.lake, town.book, MAY, NOW)
        exclude_held(made.cases[OUT], by="Ben Ito", reason="In dispute since April", desk=desk)
    return made
