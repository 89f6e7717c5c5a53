"""Reactive demand in the system of record: held without it, billed and replayed with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_reactive_demand import flat, open_town, reactive
from tests.journeys.town import VIEWER

from meterledger.facts.bills import read_record


@pytest.mark.postgres
def test_in_the_system_of_record_the_same(postgres: Any, tmp_path: Path) -> None:
    town = open_town(tmp_path, store=postgres)
    with town.store.viewing(VIEWER, ["everything"]):
        town.begin(1, "PL-G3")
        town.arrive("kWh", flat(25))
        assert town.february()[0] == []
        town.arrive("kvarh", flat(10, 16))

        ((bill,), held) = town.february()

        assert held == []
        assert [line.quantity for line in reactive(bill)] == ["14"]
        assert town.replay(bill.bill_id).same_bytes
        told = read_record(town.store.bill(bill.bill_id).record)["lines"]
        assert [one["usd"] for one in told if one["code"] == "reactive"] == ["6.30"]
