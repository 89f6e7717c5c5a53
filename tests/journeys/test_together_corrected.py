"""One bill of several meters after it was issued: corrected, trued up, shadowed and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.test_bills_together import (
    AUGUST,
    BOTH,
    JULY,
    SAID,
    arrange,
    read_both,
    with_a_barn,
)
from tests.journeys.test_change_meters import CHICAGO, DAY, SCANNED, SLOTS, VISIT
from tests.journeys.town import CLASSES_TOLD, FIRST, LATER, NOON, Town, even

from meterledger.facts.bills import read_record
from meterledger.usecases.account_together import price_together
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.ports import Viewer
from meterledger.usecases.rebill import rebill
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.touched_bills import touched_bills
from meterledger.usecases.usage_replaced import usage_replaced


@pytest.fixture
def town() -> Iterator[Town]:
    """A house and a barn on one bill, billed for July."""
    made = Town()
    made.start(1)
    with_a_barn(made)
    with made.store.viewing(Viewer("test", "billing"), []):
        read_both(made)
        arrange(made)
        made.bill(1, on=AUGUST.from_day)
        yield made


def now_of(town: Town, at: datetime = CLASSES_TOLD) -> Now:
    return Now(at, date(2026, 12, 1), town.store.lake_sequence(), town.book, town.lake)


def correct(town: Town, *names: str, at: datetime = CLASSES_TOLD) -> Any:
    return rebill(
        names,
        author="Ana",
        reason="late readings",
        on=date(2026, 12, 1),
        known_at=at,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


def the_bill(town: Town) -> Any:
    (bill,) = town.store.bills_of_account(town.account_id(1))
    return bill


class TestALateReading:
    def test_of_one_meter_puts_the_one_bill_into_the_queue(self, town: Town) -> None:
        assert bills_to_correct(store=town.store, now=now_of(town)) == (1, [])
        town.read("M2", BOTH, even(17), learned_at=LATER)
        _, (found,) = bills_to_correct(store=town.store, now=now_of(town))
        assert found.stored.bill_id == the_bill(town).bill_id
        assert found.cause is not None
        assert found.cause.value == "reading"
        assert found.difference_cents is not None
        assert found.difference_cents > 0

    def test_is_corrected_for_both_points_and_replays(self, town: Town) -> None:
        old = the_bill(town)
        town.read("M2", BOTH, even(17), learned_at=LATER)
        (done,) = correct(town, old.bill_id).corrected
        assert done.bill.usage.energy_wh == 117 * 31 * 96
        assert done.bill.pins.calculation_revision == "3"
        assert town.replay(done.bill.bill_id).same_bytes
        assert town.replay(old.bill_id).same_bytes
        assert town.store.bill(old.bill_id).cancelled_by == done.bill.bill_id
        house, barn = town.services(1, known_at=CLASSES_TOLD)
        assert house.billed_until == barn.billed_until == AUGUST.from_day
        after = town.bill(1, on=AUGUST.until_day, known_at=CLASSES_TOLD + timedelta(days=1))
        assert [(one.days, len(one.usage.points)) for one in after.issued] == [(AUGUST, 2)]

    def test_that_moves_energy_between_the_meters_is_another_usage(self, town: Town) -> None:
        old = the_bill(town)
        town.read("M1", BOTH, even(97), learned_at=LATER)
        town.read("M2", BOTH, even(10), learned_at=LATER)
        _, (found,) = bills_to_correct(store=town.store, now=now_of(town))
        assert found.difference_cents == 0
        _, (told,) = usage_replaced(store=town.store, lake=town.lake, view=town.view)
        assert (told.billed_wh, told.now_wh) == (107 * 31 * 96, 107 * 31 * 96)
        assert told.meter_id == "M1 and M2"
        assert told.bill_id == old.bill_id

    def test_that_is_missing_now_says_which_meter_holds_it(self, town: Town) -> None:
        town.read("M2", BOTH, lambda _, n: [None] * n, learned_at=LATER)
        _, (found,) = bills_to_correct(store=town.store, now=now_of(town))
        assert found.difference_cents is None
        assert "What meter M2 registered" in found.why


class TestAnExchange:
    def test_inside_the_window_of_one_meter_is_on_the_one_bill(self) -> None:
        made = Town()
        made.start(1)
        with_a_barn(made)
        with made.store.viewing(Viewer("test", "billing"), []):
            made.read("M1", BOTH, even(100))
            arrange(made)
            exchange(made, SAID)
            barn_wh = read_exchanged(made)
            (bill,) = made.bill(1, on=AUGUST.from_day).issued
            house, barn = bill.usage.points
            assert [one.energy_wh for one in barn.usage.meters] == [7 * (9 * 96 + SLOTS), barn_wh]
            assert house.usage.energy_wh == 100 * 31 * 96
            assert bill.usage.energy_wh == house.usage.energy_wh + barn.usage.energy_wh
            assert "3 meters of the account, energy by sum" in [one.finding for one in bill.reasons]
            said = price_together(
                account_id=made.account_id(1), days=JULY, known_at=NOON, store=made.store,
                lake=made.lake, book=made.book,
            )  # fmt: skip
            assert said.cents == bill.total_cents
            assert made.replay(bill.bill_id).same_bytes

    def test_that_is_told_late_touches_the_bill_and_corrects_it(self, town: Town) -> None:
        old = the_bill(town)
        exchange(town, LATER)
        barn_wh = read_exchanged(town, LATER)
        assert touched_bills(["SP2"], date(2025, 7, 10), town.store) == [old.bill_id]
        assert touched_bills(["SP2"], AUGUST.from_day, town.store) == []
        _, (found,) = bills_to_correct(store=town.store, now=now_of(town))
        assert found.cause is not None
        assert {one.cause.value for one in found.parts} <= {"meter", "reading", "tax"}
        (done,) = correct(town, old.bill_id).corrected
        barn = read_record(done.bill.record())["usage"]["points"][1]["usage"]
        assert [one["energy_wh"] for one in barn["meters"]] == [7 * (9 * 96 + SLOTS), barn_wh]


def read_exchanged(town: Town, at: datetime = FIRST) -> int:
    """What both of the barn's meters report of July; what the new one measured."""

    def old(day: date, count: int) -> list[int | None]:
        return [7] * SLOTS + [None] * (count - SLOTS) if day == DAY else [7] * count

    def new(day: date, count: int) -> list[int | None]:
        first = SLOTS - 1
        return [None] * first + [3] * (count - first) if day == DAY else [3] * count

    town.read("M2", (JULY.from_day, DAY + timedelta(days=1)), old, learned_at=at)
    town.read("M9", (DAY, AUGUST.until_day), new, learned_at=at)
    return 3 * (21 * 96 + 97 - SLOTS)


def exchange(town: Town, at: datetime) -> None:
    """M9 takes the place of the barn's meter at seven past ten on 10 July."""
    visit = replace(VISIT, service_point_id="SP2")
    exchange_meter(visit, "M9", SCANNED, learned_at=at, zone_name=CHICAGO, store=town.store)
