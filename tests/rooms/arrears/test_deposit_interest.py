"""Interest on deposits: GRR VI.C.3 by the real book, all three revisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_facts import CustomerKind, DepositFactsContradict
from meterledger.arrears.deposit_interest import (
    INTEREST,
    PRIME,
    Interest,
    InterestFacts,
    Occasion,
    PrimeRate,
    PrimeRateMissing,
    last_business_day_of_november,
)
from meterledger.kernel.money import Cents
from meterledger.kernel.months import months_after
from meterledger.kernel.standing import Standing

PRIMES = {
    2012: "3.25",
    2013: "3.25",
    2014: "3.25",
    2015: "3.25",
    2016: "3.50",
    2017: "4.25",
    2018: "5.25",
    2019: "4.75",
    2020: "3.25",
    2021: "3.25",
    2022: "7.00",
}
KNOWN = tuple(
    PrimeRate(last_business_day_of_november(year), Fraction(percent))
    for year, percent in PRIMES.items()
)
HOME = InterestFacts(
    CustomerKind.RESIDENTIAL, Cents(240_00), date(2022, 7, 1), Occasion.YEARLY_CREDIT, KNOWN
)
SHOP = InterestFacts(
    CustomerKind.NON_RESIDENTIAL, Cents(1_000_00), date(2021, 1, 1), Occasion.RETURNED, KNOWN
)


def interest(facts: InterestFacts, today: date) -> Interest:
    outcome = ruling_on(INTEREST, facts, today).decision.outcome
    assert isinstance(outcome, Interest)
    return outcome


class TestTheRate:
    def test_changes_with_the_calendar_year(self) -> None:
        found = interest(HOME, date(2023, 6, 30))

        exact = Fraction(240) * (Fraction("0.0425") * 184 + Fraction("0.08") * 181) / 365
        assert found.interest_cents == 14_66
        assert abs(exact * 100 - found.interest_cents) <= Fraction(1, 2)
        assert (found.days, found.through) == (365, date(2023, 6, 30))

    def test_on_both_sides_of_new_year(self) -> None:
        large = replace(HOME, deposit_cents=Cents(365_000_00))

        last = interest(replace(large, credited_through=date(2022, 12, 30)), date(2022, 12, 31))
        first = interest(replace(large, credited_through=date(2022, 12, 31)), date(2023, 1, 1))

        assert (last.interest_cents, first.interest_cents) == (42_50, 80_00)

    @pytest.mark.parametrize(
        ("year", "day"),
        [(2014, 28), (2013, 29), (2015, 30), (2019, 29), (2020, 30), (2025, 28)],
    )
    def test_is_of_the_last_business_day_of_november(self, year: int, day: int) -> None:
        assert last_business_day_of_november(year) == date(year, 11, day)

    def test_is_the_books_where_no_fact_gives_one(self) -> None:
        ruling = ruling_on(INTEREST, replace(HOME, prime_rates=()), date(2023, 6, 30))

        assert ruling.decision.outcome == interest(HOME, date(2023, 6, 30))
        assert PRIME in ruling.values
        assert ruling.standing is Standing.SECOND_HAND

    def test_that_the_book_does_not_hold_yet_is_refused(self) -> None:
        far = replace(HOME, prime_rates=(), received_on=date(2031, 2, 1))
        with pytest.raises(
            PrimeRateMissing, match=r"2030-11-29.*the book holds none.*percent\.yaml"
        ):
            interest(far, date(2031, 3, 1))

    def test_that_is_missing_is_refused_and_never_borrowed(self) -> None:
        with pytest.raises(
            PrimeRateMissing, match=r"prime rate for 2023.*2022-11-30.*another year"
        ):
            interest(replace(HOME, prime_rates=KNOWN[:-1]), date(2023, 6, 30))

    def test_given_twice_or_below_zero_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match="each November once"):
            interest(replace(HOME, prime_rates=(*KNOWN, KNOWN[-1])), date(2023, 6, 30))
        below = (PrimeRate(date(2021, 11, 30), Fraction(-1)),)
        with pytest.raises(DepositFactsContradict, match="never published"):
            interest(replace(HOME, prime_rates=below), date(2022, 8, 1))

    @pytest.mark.parametrize("today", [date(2013, 9, 30), date(2014, 5, 1), date(2016, 5, 1)])
    def test_was_fixed_through_2002_by_the_original_whatever_text_is_in_force(
        self, today: date
    ) -> None:
        facts = replace(
            HOME,
            deposit_cents=Cents(1_000_00),
            received_on=date(2002, 12, 31),
            occasion=Occasion.RETURNED,
            return_effort_on=date(2003, 1, 2),
            prime_rates=(PrimeRate(date(2002, 11, 29), Fraction("4.25")),),
        )

        found = interest(facts, today)

        # A day at 9.5 percent, a day at 5.25: 26.03 and 14.38 cents, rounded once.
        assert (found.days, found.interest_cents) == (2, 40)

    def test_of_years_after_2002_asks_for_no_earlier_text(self) -> None:
        ruling = ruling_on(INTEREST, HOME, date(2023, 6, 30))

        assert {block for _, block in ruling.provisions} == {"141-2"}
        assert "deposits_interest_rate_prime_from" not in ruling.values


class TestInterest:
    @given(
        cents=st.integers(1, 10**8),
        cut=st.integers(1, 1500),
        days=st.integers(2, 1500),
    )
    def test_credited_in_two_parts_is_within_a_cent_of_one(
        self, cents: int, cut: int, days: int
    ) -> None:
        start = date(2018, 6, 1)
        facts = replace(HOME, deposit_cents=Cents(cents), received_on=start)
        end, middle = start + timedelta(days=days), start + timedelta(days=min(cut, days - 1))

        whole = interest(facts, end)
        first = interest(facts, middle)
        second = interest(replace(facts, credited_through=middle), end)

        assert first.days + second.days == whole.days == days + 1
        assert abs(first.interest_cents + second.interest_cents - whole.interest_cents) <= 1

    @given(st.integers(1, 10**8), st.integers(0, 1000))
    def test_is_simple_and_grows_with_the_deposit_alone(self, cents: int, days: int) -> None:
        today = date(2018, 6, 1) + timedelta(days=days)
        facts = replace(HOME, received_on=date(2018, 6, 1), deposit_cents=Cents(cents))
        tenfold = interest(replace(facts, deposit_cents=Cents(10 * cents)), today)

        assert abs(tenfold.interest_cents - 10 * interest(facts, today).interest_cents) <= 5

    def test_does_not_run_on_the_day_of_return_or_application(self) -> None:
        for occasion in (Occasion.RETURNED, Occasion.APPLIED):
            found = interest(replace(HOME, occasion=occasion), date(2022, 7, 2))
            assert (found.days, found.through) == (1, date(2022, 7, 1))

    def test_stops_with_a_reasonable_effort_to_return(self) -> None:
        facts = replace(HOME, occasion=Occasion.RETURNED, return_effort_on=date(2022, 8, 1))

        assert interest(facts, date(2022, 12, 1)).through == date(2022, 7, 31)
        assert interest(facts, date(2023, 12, 1)).days == 31

    def test_is_nothing_where_all_days_are_credited(self) -> None:
        facts = replace(
            HOME, credited_through=date(2022, 12, 31), return_effort_on=date(2022, 8, 1)
        )

        found = interest(facts, date(2022, 12, 31))

        assert (found.interest_cents, found.days, found.through) == (0, 0, None)

    def test_of_three_months_is_paid_to_a_residential_customer(self) -> None:
        found = interest(replace(HOME, occasion=Occasion.RETURNED), date(2022, 10, 1))

        assert (found.days, found.interest_cents) == (92, 2_57)

    @pytest.mark.parametrize(
        "facts",
        [
            replace(HOME, deposit_cents=Cents(0)),
            replace(HOME, received_on=date(2023, 7, 1)),
            replace(HOME, return_effort_on=date(2023, 7, 1)),
            replace(HOME, return_effort_on=date(2022, 6, 30)),
            replace(HOME, credited_through=date(2022, 6, 30)),
            replace(SHOP, credited_through=date(2022, 6, 30)),
        ],
    )
    def test_of_facts_that_contradict_is_refused(self, facts: InterestFacts) -> None:
        with pytest.raises(DepositFactsContradict):
            interest(facts, date(2023, 6, 30))


class TestANonResidentialDeposit:
    @pytest.mark.parametrize(
        ("returned", "cents"),
        [
            (date(2021, 6, 30), 0),  # one day short of six months
            (date(2021, 7, 1), 21_08),  # six months to the day: interest for all of it
            (date(2021, 7, 2), 21_19),
        ],
    )
    def test_bears_interest_from_six_months_on(self, returned: date, cents: int) -> None:
        assert interest(SHOP, returned).interest_cents == cents

    @pytest.mark.parametrize("today", [date(2013, 12, 30), date(2014, 5, 1), date(2014, 8, 30)])
    def test_did_so_under_every_revision(self, today: date) -> None:
        enough = replace(SHOP, received_on=months_after(today, -6))
        short = replace(SHOP, received_on=months_after(today, -6) + timedelta(days=1))

        assert interest(enough, today).interest_cents > 0
        assert interest(short, today).interest_cents == 0

    def test_is_credited_nothing_yearly(self) -> None:
        found = interest(replace(SHOP, occasion=Occasion.YEARLY_CREDIT), date(2021, 12, 31))

        assert (found.interest_cents, found.days) == (0, 0)

    def test_needs_no_prime_rate_where_nothing_is_due(self) -> None:
        assert interest(replace(SHOP, prime_rates=()), date(2021, 6, 30)).interest_cents == 0


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2021, 1, 1), 6, date(2021, 7, 1)),
        (date(2020, 8, 31), 6, date(2021, 2, 28)),
        (date(2019, 8, 31), 6, date(2020, 2, 29)),
        (date(2016, 2, 29), -12, date(2015, 2, 28)),
        (date(2016, 12, 31), 1, date(2017, 1, 31)),
        (date(2016, 1, 15), -1, date(2015, 12, 15)),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_last(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then
