"""Deposits, whole life: asked for, paid, bearing interest, given back; winter, refusals, replay."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, home_of


@pytest.fixture
def home(town: Any) -> Home:
    return home_of(town)


class TestTheWholeLife:
    def test_from_asking_to_the_remainder(self, home: Home) -> None:
        told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}

        asked = home.ask(date(2025, 7, 1), told=told)

        assert asked.deposit.asked_cents == 200_00
        assert (
            home.town.store.asked_deposits(home.account, date(2025, 7, 1))[0].open_cents == 200_00
        )
        home.pay(200_00, date(2025, 7, 5))
        assert home.held() == 200_00
        home.check()
        home.live(date(2025, 8, 1), 12)
        run = home.night(date(2026, 7, 4))
        assert run.counts["interest credited"] == 1
        home.check()
