"""A plant on 3(M) whose demand is cut in summer, and a book with invented prices of 2(M)."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.journeys.town import Town, even

from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.loading import default_book_folder

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)
BELOW, LIMIT, NORMAL = 24_975, 25_000, 50_000
"""Watt-hours of a quarter-hour: 99.9 kW, 100 kW and 200 kW."""
RIDERS = re.compile(r"      - \{code: (FAC|EEIC|RESRAM),.*\n")


def priced_book(folder: Path) -> TariffBook:
    """The book with invented prices of 2(M), and no riders of 2(M) and 3(M): none is held."""
    shutil.copytree(default_book_folder(), folder)
    for name in ("sheet_055/schedules/2M-single-phase", "sheet_056/schedules/3M"):
        path = folder / f"{name}.yaml"
        path.write_text(RIDERS.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    priced = (folder / "sheet_056/lgs_customer_usd_per_month.yaml").read_text(encoding="utf-8")
    values = priced[priced.index("values:") :]
    for name, price in (
        ("sgs_customer_single_phase_usd_per_month", "11.00"),
        ("sgs_summer_usd_per_kwh", "0.10"),
    ):
        path = folder / "sheet_055" / f"{name}.yaml"
        head = path.read_text(encoding="utf-8").replace("gap: M-24\n", "")
        told = re.sub(r'value: "[0-9.]+"', f'value: "{price}"', values)
        path.write_text(head[: head.index("values:")] + told, encoding="utf-8")
    return open_book(folder)


class Plant(Town):
    """Service begins by the book as it is known once it tells of larger customers."""

    @property
    def view(self) -> Any:
        return self.book.as_known(TOLD.date())

    def begin(self) -> None:
        """Service on 3(M) since June, whose demand is cut from June to August."""
        self.start(1, schedule="3M", from_day=JUNE, sales_tax_place="none")
        self.read("M1", (JUNE, SEPTEMBER), even(BELOW))
        self.read("M1", (SEPTEMBER, OCTOBER), even(NORMAL))
