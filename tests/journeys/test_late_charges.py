"""Late charges on the day of the next bill: both sides of every boundary, on paper months."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.late_town import DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST

from meterledger.kernel.ensure import InvariantBroken


@pytest.fixture
def paper(first_book: Any) -> PaperAccount:
    return PaperAccount(first_book)


class TestOneBill:
    def test_unpaid_costs_one_and_a_half_percent_on_the_next_bill(
        self, paper: PaperAccount
    ) -> None:
        name = paper.bill(0)

        run = paper.run(ISSUED[1])

        (charge,) = run.charges
        assert (charge.cents, charge.base_cents, charge.bill_id) == (150, 10_000, name)
        assert charge.delinquent_day == DUE[0]
        assert charge.codes == ("new",)
        assert charge.standing == "carried_forward"
        assert b"late.rate_after_2022_02_28" in charge.record
        assert b"Sheet 136" in charge.record
        assert paper.balance == 10_150
        assert paper.replays(charge)

    def test_run_twice_posts_once(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])

        again = paper.run(ISSUED[1], NOW + timedelta(minutes=1))

        assert again.charges == []
        assert dict(again.by_code) == {"known": 1}
        assert paper.balance == 10_150

    def test_that_is_paid_between_both_readings_of_a_run_is_read_again(
        self, paper: PaperAccount, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paper.bill(0)
        read = paper.store.late_columns
        paid: list[str] = []

        def then_somebody_pays(*asked: Any) -> Any:
            columns = read(*asked)
            if not paid:
                paid.append("R-1")
                paper.pay("R-1", 10_000, DUE[0])
            return columns

        monkeypatch.setattr(paper.store, "late_columns", then_somebody_pays)
        run = paper.run(ISSUED[1])

        assert (run.charges, dict(run.by_code)) == ([], {"paid": 1})

    def test_that_columns_see_otherwise_each_time_stops_the_run(
        self, paper: PaperAccount, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paper.bill(0)
        with paper.store.viewing(ANALYST, [paper.account]):
            stale = paper.store.late_columns([paper.account], NOW)
        paper.pay("R-1", 10_000, DUE[0])
        monkeypatch.setattr(paper.store, "late_columns", lambda *asked: stale)

        with pytest.raises(InvariantBroken, match="the same in columns and by itself"):
            paper.run(ISSUED[1])

    def test_paid_on_the_due_day_costs_nothing(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.pay("R-1", 10_000, DUE[0])

        run = paper.run(ISSUED[1])

        assert (run.charges, dict(run.by_code)) == ([], {"paid": 1})

    def test_paid_a_day_late_costs_the_charge(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.pay("R-1", 10_000, DUE[0] + timedelta(days=1))

        (charge,) = paper.run(ISSUED[1]).charges

        assert charge.cents == 150
        assert paper.balance == 150

    def test_paid_in_part_costs_on_the_rest(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.pay("R-1", 6_000, DUE[0])

        (charge,) = paper.run(ISSUED[1]).charges

        assert (charge.cents, charge.base_cents) == (60, 4_000)

    def test_is_not_decided_before_it_is_delinquent(self, paper: PaperAccount) -> None:
        paper.bill(0)

        assert dict(paper.run(DUE[0]).by_code) == {"no_bill": 1}

    def test_waits_while_mail_may_be_in_time(self, paper: PaperAccount) -> None:
        paper.bill(0)
        # Due on Friday, September 19: mail is in time on Monday and on Tuesday, the 23rd.
        assert dict(paper.run(DUE[0] + timedelta(days=4)).by_code) == {"grace": 1}
        assert len(paper.run(DUE[0] + timedelta(days=5)).charges) == 1

    def test_of_which_a_third_of_a_dollar_is_unpaid_costs_nothing(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        paper.pay("R-1", 10_000 - 33, DUE[0])

        assert dict(paper.run(ISSUED[1]).by_code) == {"new": 1, "too_small": 1}


class TestTwoBillsDeep:
    def test_arrears_and_the_earlier_charge_bear_it_again(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.run(ISSUED[1])
        paper.bill(1, 5_000)

        (charge,) = paper.run(ISSUED[2], NOW + timedelta(minutes=1)).charges

        # 5,000 new, 10,000 of the bill before, and its charge of 150: 1.5 percent of 15,150.
        assert (charge.cents, charge.base_cents) == (227, 15_150)
        assert charge.codes == ("new", "again", "compound")
        assert b"late.compound" in charge.record
        assert paper.replays(charge)

    def test_a_bill_paid_in_time_leaves_the_arrears_to_bear_it_again(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        paper.bill(1, 5_000)
        paper.pay("R-1", 10_000, DUE[1])

        run = paper.run(ISSUED[2])

        # A payment pays what is oldest first: 5,000 of the second bill are open.
        assert [(one.cents, one.base_cents) for one in run.charges] == [(75, 5_000)]

    def test_a_date_that_fell_to_an_earlier_bill_is_not_charged_later(
        self, paper: PaperAccount
    ) -> None:
        paper.bill(0)
        paper.bill(1, 5_000)

        run = paper.run(ISSUED[2])

        assert [one.delinquent_day for one in run.charges] == [DUE[1]]
