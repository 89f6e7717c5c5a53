"""A corrected bill that rests on estimates is asked by the gate as a run's own bill is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import AFTER, NEXT, UsageTown, usage_town, weekly

from meterledger.facts.corrections import WrongFact
from meterledger.facts.estimates import EstimateCause
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.put_right import put_right
from meterledger.usecases.rebill import RebillRun, rebill
from meterledger.usecases.rebill_gate import FoundByTheGate
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.review_usage import day_to_review, estimate_day
from meterledger.usecases.settle_held import Desk, release_held

OCTOBER, NOVEMBER = date(2025, 10, 1), date(2025, 11, 1)
STORM = [OCTOBER.replace(day=day) for day in range(10, 26)]
FOUND_ON = date(2025, 11, 20)
STORMY, OURS = EstimateCause.WEATHER_EMERGENCY, EstimateCause.REMOTE_DEVICE_FAILED


def flooded(day: date, count: int) -> list[int | None]:
    """A meter that stood in water told more than was used."""
    more = 100 if day in STORM else 0
    return [None if wh is None else wh + more for wh in weekly(day, count)]


def silent(day: date, count: int) -> list[int | None]:
    return [None] * count if day in STORM else weekly(day, count)


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        made.start(1, from_day=OCTOBER)
        yield made


@pytest.fixture
def billed(town: UsageTown) -> UsageTown:
    """October is billed as measured; of more than half of it the meter told too much."""
    town.arrive("M1", (date(2025, 9, 1), NOVEMBER), flooded)
    assert town.bill(1, on=NOVEMBER, known_at=NEXT).issued_count == 1
    return town


def estimate(town: UsageTown, cause: EstimateCause) -> None:
    """A person takes the sheet's ladder for the days of the storm."""
    for number, day in enumerate(STORM, start=1):
        item = day_to_review("M1", day, store=town.store, lake=town.lake, view=town.view)
        estimate_day(
            item,
            author="Dana Cole",
            reason="the meter stood in water",
            at=NEXT + timedelta(minutes=number),
            store=town.store,
            lake=town.lake,
            view=town.view,
            slots=range(len(item.values)),
            cause=cause,
        )


def correct(town: UsageTown, **how: Any) -> RebillRun:
    (bill,) = town.store.bills_of_account(town.account_id(1))
    return rebill(
        [bill.bill_id],
        author="Ana",
        reason="the meter stood in water",
        on=FOUND_ON,
        known_at=AFTER,
        store=town.store,
        lake=town.lake,
        book=town.book,
        **how,
    )


def codes(run: RebillRun) -> list[str]:
    (one,) = run.corrected
    assert one.bill.usage.estimated is not None
    assert one.bill.usage.estimated.counts_toward_cap
    return [each.code for each in one.findings]


class TestMoreThanHalfEstimated:
    def test_for_a_cause_that_the_sheet_does_not_cap_is_to_be_seen(self, billed: UsageTown) -> None:
        """No cap of the sheet watches over it: a run would have held the bill."""
        estimate(billed, STORMY)

        assert codes(correct(billed, dry_run=True)) == ["gate.estimated"]
        with pytest.raises(FoundByTheGate, match="1536 of 2976 intervals and") as found:
            correct(billed)
        assert found.value.codes == ("gate.estimated",)
        assert "`--seen gate.estimated`" in found.value.do
        assert len(correct(billed, seen=["gate.estimated"]).corrected) == 1

    def test_for_a_cause_that_it_caps_leaves_as_from_a_run(self, billed: UsageTown) -> None:
        estimate(billed, OURS)

        assert codes(correct(billed)) == []

    def test_as_it_was_released_before_is_not_found_again(self, town: UsageTown) -> None:
        """The rate option is put right later; of what was estimated nothing has changed."""
        town.arrive("M1", (date(2025, 9, 1), NOVEMBER), silent)
        for day in STORM:
            town.validate(day, cause=STORMY)
        (held,) = town.bill(1, on=NOVEMBER, known_at=NEXT).held
        assert held.code == "gate.estimated"
        (case,) = town.store.held_cases(account_id=town.account_id(1))
        desk = Desk(town.store, town.lake, town.book, NOVEMBER, NEXT + timedelta(hours=1))
        released = release_held(case.case_id, by="Ana", reason="it was the storm", desk=desk)
        assert released.run is not None
        assert released.run.issued_count == 1

        (service,) = town.services(1, known_at=AFTER)
        made = put_right(
            agreement_id=service.agreement.agreement_id,
            fact=WrongFact.SCHEDULE,
            is_now="1M-overnight",
            signed=Signed("Ana", "entered wrong"),
            now=Now(AFTER, FOUND_ON, town.store.lake_sequence(), town.book, town.lake),
            store=town.store,
            dry_run=True,
        )

        assert "gate.estimated" not in codes(made.run)
