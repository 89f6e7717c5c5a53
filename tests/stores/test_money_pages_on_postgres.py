"""Pages of money are the same on both stores, and a year asks no more of them than a month."""

from __future__ import annotations

import os
from typing import Any

import django
import pytest
from tests.doors.web_town import WebTown
from tests.journeys.desk_of_payments import NOW, RECEIVED, TODAY, pay, view
from tests.journeys.town import CLASSES_TOLD, Town
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.entrypoints.web import system
from meterledger.stores.gateways.bank_files import bank_file_of
from meterledger.stores.gateways.opening import opened
from meterledger.stores.memory import MemoryStore
from meterledger.stores.postgres import PostgresStore
from meterledger.stores.postgres.connections import Connections
from meterledger.usecases.reconcile_bank import match_bank, take_bank_file

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")
django.setup()

from django.test import Client  # noqa: E402 - Django is set up first

pytestmark = pytest.mark.postgres

STATEMENT = (
    "kind,bank_account,day,amount_usd,reference,text\n"
    f"opening,4471,{RECEIVED},0.00,,\nline,4471,{RECEIVED},200.00,K-1,deposit\n"
    f"line,4471,{RECEIVED},7.77,FT,wire\nclosing,4471,{RECEIVED},207.77,,\n"
)
PAGES = (
    f"/accounts/{account_id(1)}/ledger/",
    f"/accounts/{account_id(2)}/ledger/",
    "/finance/?month=2025-02",
    f"/finance/?month={RECEIVED:%Y-%m}",
    "/finance/ledger/142/?month=2025-02",
    f"/finance/ledger/131/?month={RECEIVED:%Y-%m}",
    "/finance/aging/?bucket=90%2B",
    "/finance/bank/",
)


def filled(store: Any, months: int = 3) -> Any:
    store.start_services([start_of(1), start_of(2)])
    for month in range(months):
        store.record_bills([bill_of(1, month), bill_of(2, month)])
    with store.viewing(ANALYST, ["all"]):
        pay(store, 200_00, "K-1")
        pay(store, 900_00, "K-2", number=2)
        file = bank_file_of(opened("bank.csv", STATEMENT.encode()), learned_at=NOW)
        take_bank_file(file, today=TODAY, store=store)
        match_bank(on=TODAY, learned_at=NOW, view=view(), store=store)
    return store


def shown(store: Any) -> dict[str, str]:
    before = system.provide(WebTown(Town(store=store), CLASSES_TOLD))
    try:
        browser = Client(headers={"host": "127.0.0.1"})
        answers = {one: browser.get(one) for one in PAGES}
    finally:
        system.provide(before)
    assert {one.status_code for one in answers.values()} == {200}
    return {address: one.content.decode() for address, one in answers.items()}


def test_pages_of_money_are_the_same_on_both_stores(postgres: PostgresStore) -> None:
    kept = shown(filled(postgres))
    for address, page in shown(filled(MemoryStore())).items():
        assert kept[address] == page, address
        assert "IS NOT" not in page


def test_a_long_story_asks_no_more_of_the_store_than_a_short_one(
    postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    call = Connections.call

    def counted(self: Connections, *args: Any, **kwargs: Any) -> Any:
        asked.append(1)
        return call(self, *args, **kwargs)

    monkeypatch.setattr(Connections, "call", counted)

    def questions() -> int:
        before = system.provide(WebTown(Town(store=postgres), CLASSES_TOLD))
        asked.clear()
        Client(headers={"host": "127.0.0.1"}).get(PAGES[0])
        system.provide(before)
        return len(asked)

    filled(postgres, months=1)
    short = questions()
    for month in range(1, 12):
        postgres.record_bills([bill_of(1, month)])
    assert questions() == short <= 6
