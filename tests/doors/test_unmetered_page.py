"""The page of a bill whose energy is calculated: it says so, and names the loads."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.test import Client
from tests.doors.web_town import WebTown
from tests.journeys.town import VIEWER
from tests.journeys.unmetered_town import KNOWN, lamp_town

from meterledger.entrypoints.web import system


def test_the_bill_says_that_nothing_was_read(watched_templates: None) -> None:
    town = lamp_town()
    with town.store.viewing(VIEWER, []):
        bill = town.bill(1, on=date(2026, 4, 16), known_at=KNOWN).issued[1]
    before = system.provide(WebTown(town, now=KNOWN + timedelta(days=1)))
    try:
        client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        answer = client.get(f"/bills/{bill.bill_id}/")
    finally:
        system.provide(before)
    assert answer.status_code == 200
    words = " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())
    assert (
        "This service has no meter. Its energy is calculated: 12 x lighting of 150 volt-amperes, "
        "on from 00:00 to 06:00 and 18:00 to 24:00 by the local clock, March 1 to "
        "March 31, 2026." in words
    )
    assert "Your meter measures" not in words
    assert "12 units x 1 month x $2.35 = $28.20" in words
    assert "634410 Wh are calculated, not measured" in words
    assert "Sheet 51, Service without a meter, rev. Original, Billing" in words
