"""Lamps without a meter in the invented utility's town, billed by its own book."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.journeys.town import VIEWER, Town

from meterledger.facts.meters import UnmeteredLoad
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import load_book
from meterledger.usecases.describe_meters import record_unmetered_load
from meterledger.usecases.ports import ServiceStart
from meterledger.usecases.start_service import service_start

PRAIRIE = Path(__file__).parents[2] / "tariffs" / "prairie_light_example"
KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
LEARNED = KNOWN - timedelta(hours=1)
BEGINS = date(2026, 2, 1)
DARK = ((0, 360), (1080, 1440))
ALL_DAY = ((0, 1440),)


class LampTown(Town):
    """A town whose service points may have no meter."""

    @property
    def view(self) -> BookView:
        return self.book.as_known(KNOWN.date())

    def start_without_meter(self, number: int, **changed: Any) -> ServiceStart:
        asked = {"from_day": BEGINS, "schedule": "PL-S2", "sales_tax_place": ""}
        request = self.request(number, **{**asked, **changed})
        whole = service_start(request, learned_at=LEARNED, view=self.view)
        start = ServiceStart(
            whole.persons, whole.account, whole.holders, whole.premise, whole.tax_place,
            whole.service_point, None, whole.agreement,
        )  # fmt: skip
        self.store.start_services([start])
        return start

    def light(
        self,
        number: int,
        *,
        name: str = "L-1",
        count: int = 12,
        volt_amperes: int = 150,
        hours: tuple[tuple[int, int], ...] = DARK,
        days: Validity | None = None,
        learned_at: datetime = LEARNED,
    ) -> None:
        load = UnmeteredLoad(
            name, f"SP{number}", "lighting", count, volt_amperes, hours,
            days or Validity(BEGINS), learned_at,
        )  # fmt: skip
        record_unmetered_load(load, view=self.view, store=self.store)


def lamp_town(book: TariffBook | None = None) -> LampTown:
    """One service point with twelve lamps of 150 VA, lit from six to six."""
    town = LampTown(book=book or load_book(PRAIRIE))
    with town.store.viewing(VIEWER, []):
        town.start_without_meter(1)
        town.light(1)
    return town
