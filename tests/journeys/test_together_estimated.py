"""One bill of several meters: estimates of one, days held, exclusions, a budget plan and taxes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_bills_together import SIGNED, arrange, with_a_barn
from tests.journeys.test_budget_year import Customer
from tests.journeys.test_true_up import FIRST, NOVEMBER, OCTOBER, night
from tests.journeys.town import VIEWER, even
from tests.journeys.usage_town import (
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
    with_value,
)

from meterledger.facts.bills import read_record
from meterledger.facts.charges import ChargeGroup
from meterledger.ledger import BUDGET_DEFERRED
from meterledger.usecases.budget_state import BudgetRefused
from meterledger.usecases.review_usage import accept_day, day_to_review
from meterledger.usecases.settle_held import Desk, exclude_held
from meterledger.usecases.together import CannotArrange, start_together


@pytest.fixture
def town(tmp_path: Path) -> Iterator[UsageTown]:
    """A house and a barn on one bill, over a lake of files that nights look at."""
    made = usage_town(tmp_path)
    with made.store.viewing(VIEWER, []):
        for number in (1, 2):
            if number == 1:
                made.start(1, from_day=OCTOBER, tax_place="university_city")
            else:
                with_a_barn(made, from_day=OCTOBER, tax_place="university_city")
        start_together(
            account_id=made.account_id(1), on=OCTOBER, learned_at=NIGHT - timedelta(days=1),
            view=made.view, store=made.store, **SIGNED,
        )  # fmt: skip
        made.arrive("M1", (FIRST, NOVEMBER))
        yield made


class TestAnEstimateOfOneMeter:
    @pytest.fixture
    def billed(self, town: UsageTown) -> Any:
        town.arrive("M2", (FIRST, NOVEMBER), with_gap(DAY, 0, 96))
        town.validate(known_at=NIGHT)
        (bill,) = town.bill(1, on=NOVEMBER, known_at=NIGHT).issued
        return bill

    def test_is_told_as_its_share_of_the_sum(self, town: UsageTown, billed: Any) -> None:
        house, barn = billed.usage.points
        assert house.usage.estimated is None
        assert barn.usage.estimated.interval_count == billed.usage.estimated.interval_count == 96
        assert billed.usage.estimated.energy_wh == barn.usage.estimated.energy_wh
        share = 100 * billed.usage.estimated.energy_wh / billed.usage.energy_wh
        assert abs(float(billed.usage.estimated.percent) - share) < 0.06
        marks = [one.finding for one in billed.reasons if "based on estimated usage" in one.finding]
        assert marks == [
            "this bill is based on estimated usage: 96 of 5952 intervals, "
            f"{billed.usage.estimated.percent} percent of its energy"
        ]
        assert town.replay(billed.bill_id).same_bytes

    def test_is_trued_up_by_night_on_the_one_bill(self, town: UsageTown, billed: Any) -> None:
        late_barn(town)
        (run,) = night(town).runs
        (done,) = run.corrected
        assert done.cancelled.bill_id == billed.bill_id
        assert done.bill.usage.estimated is None
        assert len(done.bill.usage.points) == 2
        assert town.replay(done.bill.bill_id).same_bytes


def late_barn(town: UsageTown) -> None:
    """The barn's day arrives after all, at three times the usual, and a person says it is so."""

    def values(day: date, count: int) -> list[int | None]:
        return [3 * (wh or 0) for wh in weekly(day, count)]

    town.arrive("M2", (DAY, DAY + timedelta(days=1)), values, learned_at=NEXT)
    town.validate(known_at=NEXT)
    for one in town.store.review_queue():
        item = day_to_review(
            one.logged.meter_id, one.logged.day, store=town.store, lake=town.lake, view=town.view
        )
        if item.open_ids:
            accept_day(item, author="Ana", reason="it is so", at=NEXT, store=town.store)


class TestADayOfOneMeterThatWaits:
    def test_holds_the_one_bill(self, town: UsageTown) -> None:
        town.arrive("M2", (FIRST, NOVEMBER), with_value(DAY, 40, 90_000))
        town.validate(known_at=NIGHT)
        (held,) = town.bill(1, on=NOVEMBER, known_at=NIGHT).held
        assert held.code == "usage.held"
        assert "meters M1 and M2" in held.sentence
        assert str(DAY) in held.sentence

    def test_that_a_person_excludes_excludes_all_of_it(self, town: UsageTown) -> None:
        (held,) = town.bill(1, on=NOVEMBER, known_at=NIGHT).held
        (case,) = town.store.held_cases(account_id=town.account_id(1))
        assert (case.agreement_id, held.code) == (held.agreement_id, "usage.of_one_meter")
        desk = Desk(town.store, town.lake, town.book, NEXT, NOVEMBER)
        exclude_held(case.case_id, by="Ana", reason="the barn burned", desk=desk)
        run = town.bill(1, on=NOVEMBER, known_at=NEXT)
        assert (run.due, run.issued_count, len(run.held), len(run.excluded)) == (1, 0, 0, 1)


def test_taxes_are_on_the_sum_once(town: UsageTown) -> None:
    town.arrive("M2", (FIRST, NOVEMBER))
    (bill,) = town.bill(1, on=NOVEMBER, known_at=NIGHT).issued
    taxes = [one for one in bill.lines if one.group is ChargeGroup.TAX]
    assert len(taxes) == 1
    assert bill.tax_place == "university_city"
    assert dict(taxes[0].inputs)["rate"]


class TestABudgetPlan:
    @pytest.fixture
    def customer(self, town: Any) -> Iterator[Customer]:
        from tests.journeys.town import Town

        plain = Town()
        with plain.store.viewing(VIEWER, []):
            made = Customer(plain)
            with_a_barn(plain, from_day=date(2025, 6, 1))
            plain.read("M2", (date(2025, 6, 1), date(2026, 12, 1)), even(20))
            yield made

    def test_asks_one_amount_for_the_sum(self, customer: Customer) -> None:
        arrange(customer.town, on=date(2025, 6, 1), at=customer.now)
        customer.months(date(2025, 7, 1), 6)
        joined = customer.join(service_point_id="")
        (bill,) = customer.bill(date(2026, 1, 1))
        assert len(bill.usage.points) == 2
        assert bill.asked is not None
        assert bill.asked_cents == joined.amount.cents != bill.total_cents
        assert customer.ledger(BUDGET_DEFERRED) == bill.asked.deferred_cents
        assert "asked" in read_record(bill.record())
        assert customer.town.replay(bill.bill_id).same_bytes

    def test_of_a_meter_that_would_lose_its_bill_is_refused(self, customer: Customer) -> None:
        customer.months(date(2025, 7, 1), 6)
        customer.join(service_point_id="SP2")
        with pytest.raises(CannotArrange, match=r"The budget plan .* is of service point SP2"):
            arrange(customer.town, on=date(2025, 12, 1), at=customer.now)

    def test_of_a_meter_that_is_to_lose_its_bill_later_is_refused(self, customer: Customer) -> None:
        """The plan would begin before the arrangement, and level no bill from then on."""
        customer.months(date(2025, 7, 1), 6)
        arrange(customer.town, on=date(2026, 2, 1), at=customer.now)
        with pytest.raises(BudgetRefused, match=r"is billed with agreement .* from 2026-02-01"):
            customer.join(service_point_id="SP2")
        customer.join(service_point_id="SP1")
