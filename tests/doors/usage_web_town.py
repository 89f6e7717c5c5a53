"""A town whose usage was validated, put behind the pages: held days, estimates, a replaced bill.

Shared by the tests of the pages and those in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.journeys.usage_town import (
    BELOW_ZERO,
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    with_gap,
    with_value,
)

from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.facts.usage_log import ReadingEffort
from meterledger.usecases.ports import Viewer

FIRST, LAST = date(2025, 8, 30), date(2025, 11, 1)
OCTOBER = date(2025, 10, 1)


@dataclass
class Behind:
    """Puts a town of the usage journeys behind the pages."""

    town: UsageTown
    now: datetime = NEXT

    def system(self) -> System:
        return System(self.town.store, self.town.lake, self.town.book, self.now, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.town.book, self.now)


def held_town(folder: Path) -> UsageTown:
    """Five homes: all there, a gap estimated, below zero, never sent, read late after a bill."""
    town = usage_town(folder)
    with town.store.viewing(Viewer("test", "build"), []):
        for number in range(1, 6):
            town.start(number, from_day=OCTOBER, meter_id=f"E-20{number:02d}")
        town.arrive("E-2001", (FIRST, LAST))
        town.arrive("E-2002", (FIRST, LAST), with_gap(DAY, 10, 14))
        town.arrive("E-2003", (FIRST, LAST), with_value(DAY, 40, BELOW_ZERO))
        town.arrive("E-2005", (FIRST, LAST), with_gap(DAY, 30, 50))
        town.validate(known_at=NIGHT)
        town.bill(1, 2, 5, on=LAST, known_at=NIGHT)
        town.arrive("E-2005", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)
        town.store.record_effort(
            ReadingEffort(
                town.pseudonym("E-2004"),
                "E-2004",
                DAY,
                "on_demand_read",
                "no answer",
                "head-end",
                NIGHT,
            )
        )
    return town
