"""Deposits wait for money of unknown outcome: to be asked for, and to go back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import (
    APPLICANT,
    Home,
    begin_checkout,
    end_checkout,
    end_unknown,
    home_of,
    month_after,
    tell_unknown,
)

from meterledger.usecases.deposit_ask import DepositRefused
from meterledger.usecases.deposit_history_unknown import WaitsForPayment
from meterledger.usecases.take_payment import How

FIRST = date(2025, 8, 1)
TAMPERED = {"tampered_or_diverted": True}
WAITS = r"Nobody knows yet whether \$.* came to account .* ask the processor or the bank"


@pytest.fixture
def home(town: Any) -> Home:
    return home_of(town)


def noon(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 18, tzinfo=UTC)


def bill_and_begin(home: Home, on: date) -> int:
    """A month is billed, and its payment by card is begun a day later; what it is of."""
    bill = home.bill(on)
    assert bill is not None
    owed: int = home.town.store.balance_cents(home.account)
    begin_checkout(home, "C-1", owed, noon(on.replace(day=2)))
    return owed


class TestADepositToKeepService:
    def test_is_not_refused_its_relief_on_eleven_periods(self, home: Home) -> None:
        home.live(FIRST, 11)
        owed = bill_and_begin(home, month_after(FIRST, 11))

        with pytest.raises(WaitsForPayment, match=WAITS):
            home.notice(date(2026, 8, 1), TAMPERED)
        end_checkout(home, "C-1", cents=owed)
        with pytest.raises(DepositRefused, match=r"relief: .* in each of 12 periods"):
            home.notice(date(2026, 8, 1), TAMPERED)

    def test_is_not_refused_on_four_late_bills_where_a_fifth_may_be_one(self, home: Home) -> None:
        home.live(FIRST, 8, late=(1, 2, 3, 5))
        bill_and_begin(home, month_after(FIRST, 8))

        with pytest.raises(WaitsForPayment, match=WAITS):
            home.notice(date(2026, 5, 1))
        end_checkout(home, "C-1", cents=0)
        assert home.notice(date(2026, 5, 1)).newly

    def test_is_asked_for_once_nothing_came(self, home: Home) -> None:
        home.live(FIRST, 11)
        bill_and_begin(home, month_after(FIRST, 11))
        end_checkout(home, "C-1", cents=0)

        assert home.notice(date(2026, 8, 1), TAMPERED).newly

    def test_waits_for_a_part_that_may_spare_the_customer(self, home: Home) -> None:
        home.live(FIRST, 1)
        begin_checkout(home, "C-1", 1, noon(date(2025, 8, 30)))

        with pytest.raises(WaitsForPayment, match=WAITS):
            home.notice(date(2025, 9, 1), TAMPERED)
        end_checkout(home, "C-1", cents=0)
        assert home.notice(date(2025, 9, 1), TAMPERED).newly

    def test_of_which_no_ground_is_met_waits_for_no_part(self, home: Home) -> None:
        home.live(FIRST, 1)
        begin_checkout(home, "C-1", 1, noon(date(2025, 8, 30)))

        with pytest.raises(DepositRefused, match="no ground is met"):
            home.notice(date(2025, 9, 1))


class TestADepositOfWhichMailMayHavePaidABill:
    @pytest.mark.parametrize(("days", "waits"), [(2, True), (3, False)])
    def test_waits_for_mail_within_its_grace(self, home: Home, days: int, waits: bool) -> None:
        told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
        home.ask(date(2025, 7, 1), told=told)
        home.pay(200_00, date(2025, 7, 5))
        home.live(FIRST, 5)
        bill = home.bill(month_after(FIRST, 5))
        assert bill is not None
        assert bill.due_day == date(2026, 1, 22)  # a Thursday: Monday is the second business day
        received = bill.due_day + timedelta(days=days + 2)
        tell_unknown(home, received, How(is_mailed=True), bill.total_cents)
        home.pay(bill.total_cents, bill.due_day + timedelta(days=8))
        home.live(month_after(FIRST, 6), 7)
        home.night(date(2026, 8, 1))

        night = home.night(date(2026, 8, 25))

        assert night.counts["given back"] == 0
        assert ["Nobody knows yet" in one.sentence for one in night.refused] == [True] * waits


class TestADepositThatIsHeld:
    @pytest.fixture
    def held(self, home: Home) -> Home:
        """Six months in time, one of which nobody knows, and six in time."""
        told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
        home.ask(date(2025, 7, 1), told=told)
        home.pay(200_00, date(2025, 7, 5))
        home.live(FIRST, 6)
        bill_and_begin(home, month_after(FIRST, 6))
        home.live(month_after(FIRST, 7), 6)
        return home

    def test_goes_back_by_no_twelve_months_with_a_gap(self, held: Home) -> None:
        on = date(2026, 8, 25)
        held.night(date(2026, 8, 1))

        waits = held.night(on)

        (refused,) = waits.refused
        assert "Nobody knows yet whether" in refused.sentence
        assert waits.counts["given back"] == 0

    @pytest.mark.parametrize("is_paid", [False, True])
    def test_is_decided_once_it_is_known(self, held: Home, is_paid: bool) -> None:
        owed = held.town.store.checkout("C-1").checkout.cents
        end_checkout(held, "C-1", cents=owed if is_paid else 0)

        night = held.night(date(2026, 8, 25))

        assert (night.counts["given back"], night.refused) == (int(is_paid), [])


class TestAPartOfADeposit:
    @pytest.mark.parametrize("by_card", [False, True])
    def test_is_not_told_as_missed_while_its_payment_is_unknown(
        self, home: Home, by_card: bool
    ) -> None:
        home.ask(date(2025, 7, 1), told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"})
        if by_card:
            begin_checkout(home, "C-1", 200_00, noon(date(2025, 7, 22)))
        else:
            tell_unknown(home, date(2025, 7, 22), How(), 200_00)

        assert home.night(date(2025, 7, 23)).counts["missed"] == 0
        if by_card:
            end_checkout(home, "C-1", cents=0)
        else:
            end_unknown(home, date(2025, 7, 22))
        assert home.night(date(2025, 7, 24)).counts["missed"] == 1
