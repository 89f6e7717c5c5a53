"""Deposits to keep residential service: GRR VI.A.2 by the real book, all revisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_continued import (
    CONTINUED_DEPOSIT,
    ContinuedDeposit,
    ContinuedDepositFacts,
    ContinuedGround,
    DisconnectedFor,
    PastDisconnection,
    Spared,
)
from meterledger.arrears.deposit_facts import (
    ColdWeatherAgreement,
    DepositFactsContradict,
    Payment,
)
from meterledger.arrears.deposit_relief import SmallDebt, SteadyPeriod
from meterledger.kernel.money import Cents

IN_2013, IN_2016 = date(2013, 9, 3), date(2016, 5, 2)
GOOD, LATE = Payment.BEFORE_THE_DAY, Payment.LATE
LARGE = SmallDebt(Cents(50_000), False, ())
CLEAN = ContinuedDepositFacts((), False, (GOOD,) * 12, ColdWeatherAgreement.NONE, LARGE)
FIVE_LATE = replace(CLEAN, bills=(LATE,) * 5 + (GOOD,) * 7)


def asked(facts: ContinuedDepositFacts, today: date = IN_2016) -> ContinuedDeposit:
    outcome = ruling_on(CONTINUED_DEPOSIT, facts, today).decision.outcome
    assert isinstance(outcome, ContinuedDeposit)
    return outcome


class TestLateBills:
    @pytest.mark.parametrize("late", range(13))
    def test_are_a_ground_from_five_of_twelve(self, late: int) -> None:
        found = asked(replace(CLEAN, bills=(LATE,) * late + (GOOD,) * (12 - late)))

        assert found.late_bills == late
        assert found.deposit_may_be_assessed is (late >= 5)

    def test_roll_out_of_the_window_with_each_new_bill(self) -> None:
        assert asked(FIVE_LATE).grounds == (ContinuedGround.FIVE_LATE_OF_TWELVE,)
        assert asked(replace(FIVE_LATE, bills=(*FIVE_LATE.bills, GOOD))).grounds == ()

    def test_of_a_short_history_count_as_they_are(self) -> None:
        assert asked(replace(CLEAN, bills=(LATE,) * 5)).deposit_may_be_assessed
        assert not asked(replace(CLEAN, bills=(LATE,) * 4)).deposit_may_be_assessed
        assert not asked(replace(CLEAN, bills=())).deposit_may_be_assessed

    @pytest.mark.parametrize(
        ("payment", "late"),
        [
            (Payment.BEFORE_THE_DAY, False),
            (Payment.ON_THE_DAY, False),
            (Payment.MAILED_WITHIN_GRACE, False),
            (Payment.DISPUTED, False),
            (Payment.LATE, True),
            (Payment.UNPAID, True),
        ],
    )
    def test_are_those_unpaid_after_the_day(self, payment: Payment, late: bool) -> None:
        found = asked(replace(CLEAN, bills=(LATE,) * 4 + (payment,) + (GOOD,) * 7))

        assert found.deposit_may_be_assessed is late

    @given(st.lists(st.sampled_from(list(Payment)), max_size=30).map(tuple))
    def test_depend_on_the_last_twelve_only(self, bills: tuple[Payment, ...]) -> None:
        assert asked(replace(CLEAN, bills=bills)) == asked(replace(CLEAN, bills=bills[-12:]))


class TestDisconnection:
    @pytest.mark.parametrize("why", list(DisconnectedFor))
    @pytest.mark.parametrize("disputed", [False, True])
    def test_is_a_ground_for_undisputed_nonpayment_only(
        self, why: DisconnectedFor, disputed: bool
    ) -> None:
        one = PastDisconnection(date(2016, 4, 12), why, disputed)

        found = asked(replace(CLEAN, disconnections=(one,)))

        counts = why is DisconnectedFor.NONPAYMENT and not disputed
        assert (ContinuedGround.DISCONNECTED_FOR_NONPAYMENT in found.grounds) is counts

    def test_of_tomorrow_is_refused(self) -> None:
        one = PastDisconnection(date(2016, 5, 3), DisconnectedFor.NONPAYMENT, False)

        with pytest.raises(DepositFactsContradict, match="The day of a disconnection is"):
            asked(replace(CLEAN, disconnections=(one,)))


def steady(paid: int, owed: int, *, periods: int = 12, balance: int = 30_000) -> SmallDebt:
    one = SteadyPeriod(Cents(paid), Cents(owed))
    return SmallDebt(Cents(balance), False, (one,) * periods)


class TestTheReliefOfASmallDebt:
    @pytest.mark.parametrize(
        ("debt", "spared"),
        [
            (steady(75_00, 500_00), True),  # exactly $300 owed, exactly $75 paid
            (steady(75_00, 500_00, balance=300_01), False),
            (steady(74_99, 500_00), False),
            (steady(60_00, 240_00), True),  # exactly a quarter
            (steady(59_99, 240_00), False),
            (steady(60_00, 240_01), False),  # a cent more was owed
            (steady(0, 0), True),  # nothing owed: a quarter of it is nothing
            (steady(75_00, 500_00, periods=11), False),
            (steady(75_00, 500_00, periods=13), True),
            (replace(steady(75_00, 500_00), on_payment_plan=True), False),
        ],
    )
    def test_needs_all_three_conditions(self, debt: SmallDebt, spared: bool) -> None:
        found = asked(replace(FIVE_LATE, small_debt=debt))

        assert found.spared_by == ((Spared.SMALL_DEBT,) if spared else ())
        assert found.deposit_may_be_assessed is not spared

    @given(missed=st.integers(0, 11))
    def test_is_lost_by_any_one_period(self, missed: int) -> None:
        good, bad = SteadyPeriod(Cents(75_00), Cents(500_00)), SteadyPeriod(Cents(0), Cents(1_00))
        periods = tuple(bad if number == missed else good for number in range(12))

        found = asked(replace(FIVE_LATE, small_debt=SmallDebt(Cents(1), False, periods)))

        assert found.deposit_may_be_assessed

    def test_looks_at_the_previous_twelve_only(self) -> None:
        good, bad = SteadyPeriod(Cents(75_00), Cents(500_00)), SteadyPeriod(Cents(0), Cents(1_00))
        debt = SmallDebt(Cents(1), False, (bad,) + (good,) * 12)

        assert asked(replace(FIVE_LATE, small_debt=debt)).spared_by == (Spared.SMALL_DEBT,)

    def test_began_on_2014_07_27(self) -> None:
        facts = replace(FIVE_LATE, small_debt=steady(75_00, 500_00))

        assert asked(facts, date(2014, 7, 26)).deposit_may_be_assessed
        assert not asked(facts, date(2014, 7, 27)).deposit_may_be_assessed

    def test_is_looked_up_and_never_guessed(self) -> None:
        with pytest.raises(
            DepositFactsContradict, match=r"told what the customer owes.*'small_debt'"
        ):
            asked(replace(FIVE_LATE, small_debt=None))
        assert asked(replace(FIVE_LATE, small_debt=None), IN_2013).deposit_may_be_assessed
        assert not asked(replace(CLEAN, small_debt=None)).deposit_may_be_assessed

    def test_of_a_negative_payment_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match="Billing period 1 has a negative amount"):
            asked(replace(FIVE_LATE, small_debt=steady(-1, 100)))


class TestAColdWeatherAgreement:
    def test_spares_while_it_is_kept(self) -> None:
        for agreement, spares in (
            (ColdWeatherAgreement.NONE, False),
            (ColdWeatherAgreement.KEPT, True),
            (ColdWeatherAgreement.BROKEN, False),
        ):
            found = asked(replace(FIVE_LATE, agreement=agreement))
            assert (Spared.COLD_WEATHER_AGREEMENT in found.spared_by) is spares
            assert found.deposit_may_be_assessed is not spares

    def test_kept_in_the_season_needs_no_reading(self) -> None:
        facts = replace(FIVE_LATE, agreement=ColdWeatherAgreement.KEPT)

        assert ruling_on(CONTINUED_DEPOSIT, facts, date(2016, 1, 15)).reading_keys == ()


class TestTheSeason:
    @pytest.mark.parametrize(
        ("today", "suspended"),
        [
            (date(2015, 10, 31), False),
            (date(2015, 11, 1), True),
            (date(2016, 2, 29), True),
            (date(2016, 3, 31), True),
            (date(2016, 4, 1), False),
        ],
    )
    def test_suspends_all_deposits_from_november_to_march(
        self, today: date, suspended: bool
    ) -> None:
        ruling = ruling_on(CONTINUED_DEPOSIT, FIVE_LATE, today)

        assert ruling.decision.outcome.deposit_may_be_assessed is not suspended
        assert ruling.reading_keys == (("cwr.deposit_policy",) if suspended else ())

    def test_suspends_nothing_by_the_tariff_alone(self) -> None:
        ruling = ruling_on(
            CONTINUED_DEPOSIT,
            FIVE_LATE,
            date(2016, 1, 15),
            readings={"cwr.deposit_policy": "tariff_only"},
        )

        assert ruling.decision.outcome.deposit_may_be_assessed
        assert ruling.reading_keys == ("cwr.deposit_policy",)

    def test_does_not_matter_where_no_ground_is_met(self) -> None:
        ruling = ruling_on(CONTINUED_DEPOSIT, CLEAN, date(2016, 1, 15))

        assert (ruling.reading_keys, ruling.standing.value) == ((), "filed")
