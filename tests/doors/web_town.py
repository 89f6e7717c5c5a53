"""A town to look at: five homes, billed through a season and a clock change, paid in part.

Made by the journeys themselves, so every page shows what the calculation really gives. Shared by
the tests of the pages and those in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from tests.journeys.town import LATER, NOON, VIEWER, Town

from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.usecases.take_payment import take_payment

FIRST_DAY = date(2025, 8, 20)
LAST_DAY = date(2025, 12, 15)
PEOPLE = {
    1: (("P1", "Ana Rivera"), ("P1b", "Tomás Müller-Nguyễn")),
    2: (("P2", "Grace Okafor"),),
    3: (("P3", "Li Wei"),),
    4: (("P4", "Josephine Abernathy-Featherstonehaugh"),),
    5: (("P5", "Sam Odell"),),
}
PLACES = {
    1: ("12 Elm Street", "University City", "63130", "university_city"),
    2: ("408 Pagedale Avenue, Apartment 3", "Pagedale", "63133", "pagedale"),
    3: ("7 River Road", "Wildwood", "63038", "none"),
    4: ("2210 Old Jamestown Road", "Canton", "63435", "canton"),
    5: ("31 Natural Bridge Road", "Bel-Ridge", "63121", "bel_ridge"),
}


def household(number: int) -> Any:
    """A day's quarter-hours of somebody who sleeps, cooks and cools; the same for ever."""

    def values(day: date, count: int) -> list[int | None]:
        summer = 160 if day.month in (6, 7, 8, 9) else 40
        swing = (day.toordinal() * 7 + number * 13) % 11
        found: list[int | None] = []
        for slot in range(count):
            hour = slot * 24 // count
            evening = 220 if 17 <= hour < 21 else 0
            noon = summer if 11 <= hour < 19 else 20
            jitter = (day.toordinal() * 31 + slot * 17 + number * 101) % 60
            found.append(60 + noon * (6 + swing) // 8 + evening + jitter)
        return found

    return values


@dataclass
class WebTown:
    """A provider of the pages, and the town behind it."""

    town: Town
    now: datetime = LATER

    def system(self) -> System:
        return System(self.town.store, self.town.lake, self.town.book, self.now, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.town.book, self.now)

    def bills(self, number: int) -> list[Any]:
        with self.town.store.viewing(VIEWER, []):
            return self.town.store.bills_of_account(self.town.account_id(number))

    def bill_ids(self) -> list[str]:
        return [bill.bill_id for number in PEOPLE for bill in self.bills(number)]


def build_web_town(**changed: Any) -> WebTown:
    """Build it: about fifteen bills, one account paid up, one in part, one in credit."""
    town = Town(**changed)
    with town.store.viewing(VIEWER, []):
        for number, schedule in enumerate(
            [one for one in town.view.schedule_codes() if one.startswith("1M-")], start=1
        ):
            address, city, postal_code, tax_place = PLACES[number]
            town.start(
                number,
                people=PEOPLE[number],
                schedule=schedule,
                cycle=2 * number,
                address=address,
                city=city,
                postal_code=postal_code,
                tax_place=tax_place,
                meter_id=f"E-10{number:02d}",
                from_day=FIRST_DAY,
            )
            town.read(f"E-10{number:02d}", (FIRST_DAY, LAST_DAY), household(number))
        day = FIRST_DAY
        while day <= LAST_DAY:
            town.bill(*PEOPLE, on=day)
            day += timedelta(days=1)
        _pay(town, 1, [bill.total_cents for bill in _bills(town, 1)])
        _pay(town, 2, [_bills(town, 2)[0].total_cents, 40_00])
        _pay(town, 3, [sum(bill.total_cents for bill in _bills(town, 3)) + 25_00])
    return WebTown(town)


def _bills(town: Town, number: int) -> list[Any]:
    return town.store.bills_of_account(town.account_id(number))


def _pay(town: Town, number: int, amounts: list[int]) -> None:
    for index, cents in enumerate(amounts):
        take_payment(
            account_id=town.account_id(number),
            cents=cents,
            payment_key=f"R-{number}-{index + 1}",
            received_day=date(2025, 10, 5) + timedelta(days=30 * index),
            learned_at=NOON,
            view=town.view,
            store=town.store,
        )


@lru_cache(maxsize=1)
def shared_web_town() -> WebTown:
    """The one town of a test process. Whoever looks changes nothing."""
    return build_web_town()
