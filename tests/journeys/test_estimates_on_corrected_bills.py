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
from meterledger.usecases.rebill_states import CannotRebill, Now
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


def estimate(town: UsageTown, cause: EstimateCause, month: int = 10) -> None:
    """A person takes the sheet's ladder for the days of the storm."""
    for number, day in enumerate((day.replace(month=month) for day in STORM), start=1):
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


def correct(town: UsageTown, month: int = 10, **how: Any) -> RebillRun:
    bills = town.store.bills_of_account(town.account_id(1))
    (bill,) = (one for one in bills if one.days.from_day.month == month)
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


class TestInARow:
    """July to October: of some months half never came, and one was measured in water."""

    @pytest.fixture
    def months(self, tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
        made = usage_town(tmp_path, book=first_book)
        with made.store.viewing(VIEWER, []):
            made.start(1, from_day=date(2025, 7, 1))
            yield made

    def live(self, town: UsageTown, *, lost: set[int], flooded: int) -> None:
        def values(day: date, count: int) -> list[int | None]:
            if not 10 <= day.day < 26 or day.month not in {*lost, flooded}:
                return weekly(day, count)
            more = 100
            return [None if day.month in lost else (wh or 0) + more for wh in weekly(day, count)]

        town.arrive("M1", (date(2025, 6, 1), NOVEMBER), values)
        for month in (7, 8, 9, 10):
            for day in STORM:
                if month in lost:
                    town.validate(day.replace(month=month), cause=OURS)
            run = town.bill(1, on=date(2025, month + 1, 1), known_at=NEXT)
            assert run.issued_count == 1, run.held

    def test_the_fourth_is_not_billed_on_an_estimate(self, months: UsageTown) -> None:
        self.live(months, lost={7, 8, 9}, flooded=10)
        estimate(months, OURS)

        for dry_run in (True, False):
            with pytest.raises(CannotRebill) as refused:
                correct(months, dry_run=dry_run)
            assert "3 estimated in a row before it, at most 3 may be" in refused.value.what
            assert "(Sheet 131, rev. 4, GRR V.E.1)" in refused.value.what
            assert "ingest it, then correct the bill again" in refused.value.what
        assert len(months.store.bills_of_account(months.account_id(1))) == 4

    def test_the_third_is(self, months: UsageTown) -> None:
        self.live(months, lost={8, 9}, flooded=10)
        estimate(months, OURS)

        assert codes(correct(months)) == []

    def test_nor_does_a_month_before_three_make_the_last_of_them_the_fourth(
        self, months: UsageTown
    ) -> None:
        self.live(months, lost={8, 9, 10}, flooded=7)
        estimate(months, OURS, month=7)

        with pytest.raises(CannotRebill, match=r"Of bill .*-20251001-20251101, which follows: 3"):
            correct(months, month=7)

    def test_a_month_between_may_where_no_more_than_three_are(self, months: UsageTown) -> None:
        self.live(months, lost={8, 10}, flooded=9)
        estimate(months, OURS, month=9)

        assert codes(correct(months, month=9)) == []

    def test_for_a_cause_that_is_not_capped_is_asked_of_the_gate_alone(
        self, months: UsageTown
    ) -> None:
        self.live(months, lost={7, 8, 9}, flooded=10)
        estimate(months, STORMY)

        assert codes(correct(months, dry_run=True)) == ["gate.estimated"]
