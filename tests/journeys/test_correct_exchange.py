"""An exchange was recorded wrongly: the visit as it was speaks, and what was recorded stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.meters import LinkSource, RegisterRead
from meterledger.usecases.change_meters import correct_exchange, exchange_meter
from meterledger.usecases.meter_checks import Linked, MeterWorkRefused, Visit
from meterledger.usecases.usage_replaced import usage_replaced

CHICAGO = "America/Chicago"
JULY, AUGUST, DAY = date(2025, 7, 1), date(2025, 8, 1), date(2025, 7, 10)
TEN = datetime(2025, 7, 10, 15, tzinfo=UTC)
NOON = TEN + timedelta(hours=2)
VISIT = Visit("SP1", TEN, "due", (RegisterRead("kWh", "04321"),), (RegisterRead("kWh", "00000"),))
RIGHT = Visit("SP1", NOON, "the sheet says noon")


@pytest.fixture
def correct(town: Any, towns: ModuleType) -> Any:
    """M9 took the place of M1 at noon, and ten o'clock was recorded."""
    how = {"learned_at": towns.FIRST, "zone_name": CHICAGO, "store": town.store}
    town.start(1)
    exchange_meter(VISIT, "M9", Linked(LinkSource.INSTALLER_SCAN, 95, "a scan"), **how)

    def do(visit: Visit = RIGHT, wrong_at: datetime = TEN) -> Any:
        return correct_exchange(wrong_at, visit, **how)

    return do


def read(town: Any) -> None:
    town.read("M1", (JULY, DAY), lambda day, count: [100] * count)
    town.read("M1", (DAY, DAY + timedelta(days=1)), lambda day, count: [100] * 48 + [0] * 48)
    town.read("M9", (DAY, DAY + timedelta(days=1)), lambda day, count: [0] * 48 + [7] * 48)
    town.read("M9", (DAY + timedelta(days=1), AUGUST), lambda day, count: [7] * count)


class TestAWrongInstant:
    def test_holds_the_bill_and_its_correction_releases_it(self, town: Any, correct: Any) -> None:
        read(town)
        (held,) = town.bill(1, on=AUGUST).held
        assert "meter M1: It reports energy from 2025-07-10T15:00:00Z" in held.sentence
        assert "meterledger meter correct" in held.sentence

        correct()

        (bill,) = town.bill(1, on=AUGUST).issued
        assert [one.energy_wh for one in bill.usage.meters] == [
            100 * (9 * 96 + 48),
            7 * (48 + 21 * 96),
        ]
        assert town.replay(bill.bill_id).same_bytes

    def test_moves_to_another_day_with_the_premise_link(self, town: Any, correct: Any) -> None:
        correct(replace(RIGHT, at=NOON + timedelta(days=3)))

        file = town.store.meter_file("M9")
        assert [str(one.days) for one in file.links] == ["2025-07-13 until further notice"]
        assert [one.days.from_day for one in file.installations] == [date(2025, 7, 13)]

    def test_tells_the_bill_that_was_made_before_it(
        self, town: Any, towns: ModuleType, correct: Any
    ) -> None:
        day = (DAY, DAY + timedelta(days=1))
        for meter, wh in (("M1", 100), ("M9", 7)):
            town.read(meter, (JULY, AUGUST), lambda day, count, wh=wh: [wh] * count)
        town.read("M1", day, lambda day, count: [100] * 40 + [0] * 56)
        town.read("M9", day, lambda day, count: [0] * 40 + [7] * 56)
        (bill,) = town.bill(1, on=AUGUST).issued
        work = correct()

        _, (replaced,) = usage_replaced(
            store=town.store,
            lake=town.lake,
            view=town.view,
            known_at=max(work.learned_at, towns.NOON) + timedelta(minutes=1),
        )

        assert (replaced.bill_id, replaced.now_wh) == (bill.bill_id, None)
        assert "meter M9: It reports energy from 2025-07-10T15:00:00Z" in replaced.why

    def test_twice_is_once(self, town: Any, correct: Any) -> None:
        assert correct() == correct()

        assert len(town.store.meter_file("M9").work) == 1

    def test_is_corrected_again_from_what_is_known(self, town: Any, correct: Any) -> None:
        correct()
        later = replace(RIGHT, at=NOON + timedelta(hours=1), reason="one, the customer says")

        correct(later, wrong_at=NOON)

        (work,) = town.store.meter_file("M9").work
        assert work.at == later.at
        assert [one.began_second for one in town.store.installations_at(["SP1"])["SP1"]] == [
            0,
            13 * 3600,
        ]

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            (datetime(2025, 7, 1, 15, tzinfo=UTC), "M1 came on 2025-07-01"),
            (datetime(2025, 6, 1, 15, tzinfo=UTC), "cannot have been at 2025-06-01T15:00:00Z"),
            (datetime(2027, 6, 1, 15, tzinfo=UTC), "is not yet"),
        ],
    )
    def test_is_not_corrected_to_what_cannot_be(
        self, at: datetime, words: str, town: Any, correct: Any
    ) -> None:
        before = town.services(1)

        with pytest.raises(MeterWorkRefused, match=words):
            correct(replace(RIGHT, at=at))

        assert town.services(1) == before


class TestWrongReadings:
    def test_are_corrected_and_the_instant_stays(self, town: Any, correct: Any) -> None:
        right = Visit("SP1", TEN, "read again", (RegisterRead("kWh", "04312"),))

        correct(right)
        correct(right)

        (work,) = town.store.meter_file("M1").work
        assert (work.closing, work.opening) == (right.closing, VISIT.opening)
        assert work.corrects == "exchange:SP1:20250710T150000Z"
