"""The most a deposit may be: GRR VI.C.1 by the real book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_facts import DepositFactsContradict
from meterledger.arrears.deposit_limits import (
    CONTINUED_LIMIT,
    NON_RESIDENTIAL_LIMIT,
    RESIDENTIAL_LIMIT,
    Basis,
    ContinuedLimitFacts,
    DepositLimit,
    NonResidentialLimitFacts,
    NoSafeBase,
    PastBill,
    ResidentialLimitFacts,
)
from meterledger.kernel.money import Cents
from meterledger.rulebook.rules import Rule

IN_2013, IN_2016 = date(2013, 9, 3), date(2016, 5, 1)
SAFE = Basis(True, True)
SHOP = NonResidentialLimitFacts(Cents(930_00), 31, Cents(7_300_00), 365, SAFE)
AVERAGE = {"deposits.nonres_limit_formula": "average_usage"}


def most(
    rule: Rule, facts: object, today: date = IN_2016, readings: dict[str, str] | None = None
) -> int:
    outcome = ruling_on(rule, facts, today, readings=readings).decision.outcome
    assert isinstance(outcome, DepositLimit)
    return outcome.most_cents


class TestTheInitialResidentialLimit:
    @pytest.mark.parametrize("today", [IN_2013, date(2014, 7, 26), date(2014, 7, 27), IN_2016])
    @pytest.mark.parametrize(
        ("year", "limit"), [(1_440_00, 240_00), (1_000_00, 166_66), (6, 1), (5, 0)]
    )
    def test_is_a_sixth_of_the_year_rounded_down(self, year: int, limit: int, today: date) -> None:
        assert most(RESIDENTIAL_LIMIT, ResidentialLimitFacts(Cents(year), SAFE), today) == limit

    @given(st.integers(1, 10**10))
    def test_is_never_passed_by_a_part_of_a_cent(self, year: int) -> None:
        limit = most(RESIDENTIAL_LIMIT, ResidentialLimitFacts(Cents(year), SAFE))

        assert 6 * limit <= year < 6 * (limit + 1)

    def test_of_no_year_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match="annual bill is not above zero"):
            most(RESIDENTIAL_LIMIT, ResidentialLimitFacts(Cents(0), SAFE))

    @pytest.mark.parametrize(
        ("basis", "words"),
        [(Basis(False, True), "actual readings"), (Basis(True, False), "amounts in dispute")],
    )
    def test_without_a_safe_base_waits_for_a_person(self, basis: Basis, words: str) -> None:
        with pytest.raises(NoSafeBase, match=f"{words}.*GRR VI.C.1.*review queue"):
            most(RESIDENTIAL_LIMIT, ResidentialLimitFacts(Cents(1_440_00), basis))


class TestTheInitialNonResidentialLimit:
    def test_is_the_largest_month_and_thirty_days_at_its_daily_charge(self) -> None:
        assert most(NON_RESIDENTIAL_LIMIT, SHOP) == 930_00 + 30 * 30_00
        assert most(NON_RESIDENTIAL_LIMIT, SHOP, IN_2013) == 930_00 + 30 * 30_00

    def test_may_be_read_with_average_days(self) -> None:
        assert most(NON_RESIDENTIAL_LIMIT, SHOP, readings=AVERAGE) == 930_00 + 30 * 20_00

    @given(st.integers(1, 10**9), st.integers(1, 45))
    def test_rounds_down(self, month: int, days: int) -> None:
        facts = replace(SHOP, largest_month_cents=Cents(month), largest_month_days=days)
        facts = replace(facts, estimated_year_cents=Cents(1), year_days=365 * 45)

        exact = Fraction(month, days) * (days + 30)

        assert 0 <= exact - most(NON_RESIDENTIAL_LIMIT, facts) < 1

    @pytest.mark.parametrize(
        ("facts", "words"),
        [
            (replace(SHOP, largest_month_cents=Cents(0)), "largest month is not above zero"),
            (replace(SHOP, largest_month_days=0), "length of the largest month"),
            (replace(SHOP, estimated_year_cents=Cents(0)), "estimated year is not above zero"),
            (replace(SHOP, year_days=30), "has 31 days, the year 30"),
            (replace(SHOP, estimated_year_cents=Cents(10_950_01)), "no month is larger"),
        ],
    )
    def test_of_estimates_that_contradict_is_refused(
        self, facts: NonResidentialLimitFacts, words: str
    ) -> None:
        with pytest.raises(DepositFactsContradict, match=words):
            most(NON_RESIDENTIAL_LIMIT, facts)


def bill(day: date, cents: int, *, disputed: bool = False, estimated: bool = False) -> PastBill:
    return PastBill(day, Cents(cents), disputed, estimated)


ORDINARY = bill(date(2015, 8, 15), 155_00)


class TestTheLimitOfContinuedService:
    @pytest.mark.parametrize(
        ("other", "limit"),
        [
            (bill(date(2015, 7, 15), 183_27), 366_54),
            (bill(date(2015, 7, 15), 983_27, disputed=True), 310_00),
            (bill(date(2015, 7, 15), 983_27, estimated=True), 310_00),
            (bill(date(2015, 5, 1), 200_00), 400_00),  # twelve months ago to the day
            (bill(date(2015, 4, 30), 200_00), 310_00),  # a day too old
            (bill(date(2016, 4, 30), 200_00), 400_00),  # yesterday's
            (bill(date(2016, 5, 1), 200_00), 310_00),  # today's does not precede
        ],
    )
    def test_is_twice_the_highest_bill_that_counts(self, other: PastBill, limit: int) -> None:
        assert most(CONTINUED_LIMIT, ContinuedLimitFacts((ORDINARY, other))) == limit

    def test_was_the_same_in_2013(self) -> None:
        facts = ContinuedLimitFacts((bill(date(2013, 7, 15), 183_27),))

        assert most(CONTINUED_LIMIT, facts, IN_2013) == 366_54

    @pytest.mark.parametrize(
        "bills",
        [
            (),
            (bill(date(2015, 7, 15), 500_00, estimated=True),),
            (bill(date(2015, 7, 15), 500_00, disputed=True), bill(date(2014, 1, 1), 1_00)),
        ],
    )
    def test_without_a_bill_that_counts_waits_for_a_person(
        self, bills: tuple[PastBill, ...]
    ) -> None:
        with pytest.raises(NoSafeBase, match="No undisputed bill on actual readings is left"):
            most(CONTINUED_LIMIT, ContinuedLimitFacts(bills))

    def test_of_a_bill_to_come_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match="The day of a bill is 2016-05-02"):
            most(CONTINUED_LIMIT, ContinuedLimitFacts((bill(date(2016, 5, 2), 1_00),)))

    @pytest.mark.parametrize(("cents", "says"), [(-5_00, r"-\$5.00"), (0, r"\$0.00")])
    def test_of_bills_that_ask_for_nothing_says_which_and_what_to_do(
        self, cents: int, says: str
    ) -> None:
        words = f"12 months before 2016-05-01 is {says}, of 2015-07-15: nothing.*Ask once a bill"
        with pytest.raises(NoSafeBase, match=words):
            most(CONTINUED_LIMIT, ContinuedLimitFacts((bill(date(2015, 7, 15), cents),)))
        assert most(CONTINUED_LIMIT, ContinuedLimitFacts((bill(date(2015, 7, 15), 1),))) == 2


class TestSeveralDeposits:
    """A limit is one of all deposits of an account together."""

    @pytest.mark.parametrize(
        ("others", "left"), [(0, 240_00), (100_00, 140_00), (239_99, 1), (240_00, 0), (300_00, 0)]
    )
    def test_leave_what_the_others_do_not_take(self, others: int, left: int) -> None:
        year, held = Cents(1_440_00), Cents(others)
        a_bill = (bill(date(2016, 4, 1), 120_00),)

        assert most(RESIDENTIAL_LIMIT, ResidentialLimitFacts(year, SAFE, held)) == left
        assert most(CONTINUED_LIMIT, ContinuedLimitFacts(a_bill, held)) == left
        shop = replace(SHOP, held_or_asked_cents=Cents(1_590_00 + others))
        assert most(NON_RESIDENTIAL_LIMIT, shop) == left

    def test_say_what_is_held_and_what_is_left_beside_the_clause(self) -> None:
        facts = ResidentialLimitFacts(Cents(1_440_00), SAFE, Cents(100_00))
        last = ruling_on(RESIDENTIAL_LIMIT, facts, IN_2016).decision.reasons[-1]

        assert last.finding == ("of which $100.00 is held or asked for already: $140.00 is left")
        assert "GRR VI.C.1" in last.citation.text

    def test_of_less_than_nothing_are_refused(self) -> None:
        facts = ResidentialLimitFacts(Cents(1_440_00), SAFE, Cents(-1))
        with pytest.raises(DepositFactsContradict, match=r"-\$0.01 is held or asked for"):
            most(RESIDENTIAL_LIMIT, facts)
