"""A bill's page against the bill before it: the causes sum to the difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from tests.doors.web_town import PEOPLE, WebTown, shared_web_town

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.before import against_before
from meterledger.usecases.ports import Viewer


@pytest.fixture
def web_town() -> WebTown:
    return shared_web_town()


@pytest.fixture
def client(web_town: WebTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(web_town)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def test_the_causes_of_every_bill_sum_to_its_difference(web_town: WebTown) -> None:
    opened = web_town.system()
    with opened.store.viewing(Viewer("test", "look"), ["all"]):
        for number in PEOPLE:
            bills = web_town.bills(number)
            assert against_before(opened, bills[0]) is None
            for before, bill in pairwise(bills):
                found = against_before(opened, bill)
                assert found is not None
                assert found.before.bill_id == before.bill_id
                assert found.difference_cents == bill.total_cents - before.total_cents
                assert sum(cents for _, cents in found.parts) == found.difference_cents


def test_the_page_tells_them_and_links_the_bill_before(client: Any, web_town: WebTown) -> None:
    before, bill = web_town.bills(2)[:2]

    page = client.get(f"/bills/{bill.bill_id}/").content.decode()

    section = page[page.index('id="against"') :]
    section = section[: section.index("</section>")]
    assert f'href="/bills/{before.bill_id}/"' in section
    rows = re.findall(r'<th scope="row">([^<]+)</th><td class="n">(-?)\$([0-9.,]+)</td>', section)
    told = {cause: int(sign + usd.replace(",", "").replace(".", "")) for cause, sign, usd in rows}
    together = told.pop("Together")
    assert sum(told.values()) == together == bill.total_cents - before.total_cents
    assert "Days" in told
    assert "Weather is not told apart" in section


def test_the_first_bill_stands_alone(client: Any, web_town: WebTown) -> None:
    page = client.get(f"/bills/{web_town.bills(2)[0].bill_id}/").content.decode()
    assert 'id="against"' not in page
