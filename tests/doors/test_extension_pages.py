"""The pages of contracts of extensions: all of them, and one with the clauses of each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import pytest
from django.test import Client
from tests.doors.web_town import WebTown
from tests.journeys.town import Town
from tests.stores.extension_town import GUARANTEE, NOON, OTHERS_DEPOSIT, Desk, facility
from tests.stores.paper_town import account_id, agreement_of, bill_of

from meterledger.entrypoints.web import system
from meterledger.usecases.extension_tellings import Told, serve_from_extension


@lru_cache(maxsize=1)
def extension_web_town() -> WebTown:
    """A developer's deposit that came back in part, a guarantee, and an old facility."""
    town = Town()
    desk = Desk(town.store)
    desk.open(OTHERS_DEPOSIT, contract="EXT-1", account_is_the_depositors=True)
    desk.pay(6_000_00)
    desk.connect("lot-1", date(2018, 7, 1), units=4)
    desk.run(date(2019, 2, 1), contract_id="EXT-1")
    desk.open(GUARANTEE, contract="EXT-2", number=2)
    agreement = agreement_of(2).agreement_id
    desk.look(
        lambda: serve_from_extension(
            "EXT-2",
            agreement,
            Told(date(2025, 1, 1), "Ana"),
            store=desk.store,
            moment=desk.moment,
        )
    )
    for month in range(5):
        desk.store.record_bills([bill_of(2, month, cents=100_00)])
    desk.open(facility(), contract="EXT-3", number=2)
    desk.run(date(2025, 7, 1), contract_id="EXT-2")
    desk.run(date(2019, 4, 1), contract_id="EXT-3")
    return WebTown(town, now=NOON.replace(day=29))


@pytest.fixture
def browser_of(watched_templates: None) -> Iterator[Client]:
    before = system.provide(extension_web_town())
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def test_the_list_has_every_contract_and_what_is_held(browser_of: Client) -> None:
    shown = page(browser_of, "/extensions/")
    assert "$4,000.00 of advances are held for 3 contracts" in shown
    assert shown.count("/extensions/EXT-") == 3


def test_a_deposit_tells_its_story_with_the_clause_of_each_step(browser_of: Client) -> None:
    shown = page(browser_of, "/extensions/EXT-1/")
    assert "$6,000.00 = $2,000.00 refunded + $0.00 kept + $4,000.00 held" in shown
    assert "next refund date August 1, 2019" in shown
    assert "the account is said to be theirs" in shown
    assert "the account is said to be theirs" not in page(browser_of, "/extensions/EXT-2/")
    assert "Half-yearly refund" in shown
    assert "4 of 12 customers connected and verified" in shown
    assert "Sheet of GRR III.O-P.2, rev. 2013, GRR III.O" in shown
    assert "/book/" in shown


def test_a_guarantee_shows_each_bill_that_was_tested(browser_of: Client) -> None:
    shown = page(browser_of, "/extensions/EXT-2/")
    assert "$150.00 a month without revenue taxes; running" in shown
    assert shown.count("A bill was held against the guarantee") == 10  # a word and its summary
    assert "$150.00 less $100.00 is $50.00" in shown


def test_a_facility_shows_its_months(browser_of: Client) -> None:
    shown = page(browser_of, "/extensions/EXT-3/")
    assert "installed June 1, 1991 for $12,000.00" in shown
    assert "the charge in place, $90.00 a month" in shown.lower()


def test_the_account_leads_to_its_contracts(browser_of: Client) -> None:
    shown = page(browser_of, f"/accounts/{account_id(2)}/")
    assert 'href="/extensions/EXT-2/"' in shown
    assert 'href="/extensions/EXT-3/"' in shown
    assert "/extensions/EXT-1/" not in shown


def test_a_contract_that_nobody_knows_is_refused(browser_of: Client) -> None:
    answer = browser_of.get("/extensions/EXT-9/")
    assert answer.status_code == 404
    assert "There is no extension EXT-9" in answer.content.decode()
