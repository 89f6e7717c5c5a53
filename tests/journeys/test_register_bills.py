"""Bills of meters that are billed on their register: two reads, exchanges, estimates by rung."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.journeys.register_town import RegisterTown, months
from tests.journeys.town import VIEWER

JUNE, JULY, AUGUST = months(date(2025, 6, 1), 3)


@pytest.fixture
def town(first_book: Any) -> Iterator[RegisterTown]:
    made = RegisterTown(book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


def only(run: Any) -> Any:
    assert [held.sentence for held in run.held] == []
    (bill,) = run.issued
    return bill


class TestTwoReads:
    def test_the_difference_is_billed_and_both_reads_are_told(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 4_321), (JULY, 5_000))

        bill = only(town.bill_month(1, JUNE))

        assert bill.usage.energy_wh == 679_000
        told = json.loads(bill.record())["usage"]
        assert told["registers"] == [
            {
                "meter": town.pseudonym("M1"),
                "register": "kWh",
                "unit": "kWh",
                "multiplier": 1,
                "opening": {
                    "figures": "04321",
                    "basis": "actual",
                    "shown": 4321,
                    "shown_at": "2025-06-01T05:00:00Z",
                    "ahead_wh": 0,
                },
                "closing": {
                    "figures": "05000",
                    "basis": "actual",
                    "shown": 5000,
                    "shown_at": "2025-07-01T05:00:00Z",
                    "ahead_wh": 0,
                },
                "rolled_over": False,
                "measured_wh": 679_000,
                "energy_wh": 679_000,
            }
        ]
        assert "estimated" not in told
        assert bill.as_answer()["usage"]["registers"][0]["energy_wh"] == "679000"
