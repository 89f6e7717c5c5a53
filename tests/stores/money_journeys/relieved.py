"""Relief: asked for, agreed, ended; bills of its months issued and corrected."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.journeys import test_relief as relief
from tests.journeys.plant_town import AUGUST, JULY, JUNE, NORMAL, TOLD, Plant, priced_book
from tests.journeys.town import VIEWER, PaperLake, even
from tests.stores.money_journeys.journey import journey

from meterledger.rulebook.book import TariffBook
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.rebill import rebill
from meterledger.usecases.relief import approve_relief, end_relief

FOLDER = tempfile.TemporaryDirectory(prefix="meterledger-book-")


@lru_cache(maxsize=1)
def the_priced_book() -> TariffBook:
    """The book with prices of the plant; its folder goes with the process."""
    return priced_book(Path(FOLDER.name) / "union_electric_mo6")


def plant_of(store: Any, lake: Any = None) -> Plant:
    return Plant(store, lake or PaperLake(), the_priced_book())


def plant(store: Any) -> Plant:
    """A plant whose hall burned."""
    made = plant_of(store)
    made.begin()
    return made


def asked(store: Any) -> Plant:
    """And for which relief was asked."""
    made = plant(store)
    relief.asked(made, months=(JULY, AUGUST))
    return made


def approved(store: Any) -> Plant:
    """And agreed on."""
    made = plant(store)
    relief.approved(made, months=(JULY, AUGUST))
    return made


def billed(store: Any) -> Plant:
    """And whose July was billed, before its readings were known."""
    made = approved(store)
    relief.billed(made, on=AUGUST)
    made.read("M1", (JULY, AUGUST), even(NORMAL), learned_at=relief.LATER + timedelta(hours=1))
    return made


def known(town: Any) -> Any:
    """The lake of a town: another town of the same words has the same."""

    def made() -> PaperLake:
        store = MemoryStore()
        with store.viewing(VIEWER, ["all"]):
            lake: PaperLake = town(store).lake
            return lake

    return made


def name_of(store: Any) -> str:
    (one,) = store.reliefs()
    name: str = one.relief_id
    return name


@journey("ask for relief", plant)
def ask_for_relief(store: Any, outside: Any) -> Any:
    return relief.asked(plant_of(store)).agreement


@journey("approve relief", asked)
def approve(store: Any, outside: Any) -> Any:
    desk = relief.desk(plant_of(store), JUNE, 1)
    return approve_relief(name_of(store), by="Ben", reason="as agreed", desk=desk).agreement


@journey("end relief", approved)
def end(store: Any, outside: Any) -> Any:
    desk = relief.desk(plant_of(store), JULY, 2)
    return end_relief(name_of(store), by="Ana", reason="rebuilt", desk=desk).agreement


@journey("issue bills, relieved", approved, known(approved))
def issue(store: Any, lake: Any) -> Any:
    made = plant_of(store, lake)
    made.bill(1, on=AUGUST, known_at=relief.LATER)
    return [one.bill_id for one in store.bills_of_account(made.account_id(1))]


@journey("rebill, relieved", billed, known(billed))
def correct(store: Any, lake: Any) -> Any:
    (july,) = [
        one.bill_id
        for one in store.issued_bills_of_account(plant_of(store).account_id(1))
        if one.days.from_day == JULY and one.corrects is None
    ]
    rebill(
        [july],
        author="Ana",
        reason="readings",
        approved_by="Ben",
        on=AUGUST,
        known_at=TOLD + timedelta(days=1),
        store=store,
        lake=lake,
        book=the_priced_book(),
    )
    account = plant_of(store).account_id(1)
    return [one.bill_id for one in store.bills_of_account(account)]
