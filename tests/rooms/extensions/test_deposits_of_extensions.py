"""Advance refundable deposits: GRR III.O of 2013 by the real book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.extensions import (
    DEPOSIT_REFUND,
    REFUND_DATES,
    Connected,
    DepositRefundFacts,
    RefundDatesFacts,
    RefundKey,
)
from meterledger.extensions.extension_facts import ExtensionFactsContradict
from meterledger.extensions.refundable_deposit import DepositRefund
from meterledger.kernel.money import Cents
from meterledger.rulebook.provisions import ReviewNeeded

REQUESTED, RECEIVED = date(2018, 2, 1), date(2018, 2, 1)
FIRST, LAST = date(2018, 8, 1), date(2023, 2, 1)
DEPOSIT = DepositRefundFacts(
    deposit_cents=Cents(6_000_00),
    received_on=RECEIVED,
    on=FIRST,
    today=FIRST,
    key=RefundKey.CUSTOMERS,
    expected_units=Fraction(12),
    connected=(),
    refunded_before_cents=Cents(0),
)


def connected(on: date, units: int = 1, verified: date | None = None) -> Connected:
    return Connected(on, True, Fraction(units), on, verified or on)


def refund(**changes: object) -> DepositRefund:
    facts = replace(DEPOSIT, **changes)  # type: ignore[arg-type]
    outcome = ruling_on(DEPOSIT_REFUND, facts, REQUESTED).decision.outcome
    assert isinstance(outcome, DepositRefund)
    return outcome


@pytest.mark.parametrize(
    ("after", "earned"), [(timedelta(days=-1), 500_00), (timedelta(0), 500_00), (timedelta(1), 0)]
)
def test_a_connection_counts_up_to_the_date(after: timedelta, earned: int) -> None:
    found = refund(connected=(connected(FIRST + after),), today=FIRST + timedelta(days=9))
    assert found.refund_cents == earned


@pytest.mark.parametrize(("deposit", "cents"), [(1, 1), (3, 2), (100, 50), (101, 51)])
def test_half_a_cent_is_rounded_up_once(deposit: int, cents: int) -> None:
    found = refund(
        deposit_cents=Cents(deposit), expected_units=Fraction(2), connected=(connected(FIRST),)
    )
    assert found.refund_cents == cents


@given(
    deposit=st.integers(1, 10**9),
    expected=st.fractions(Fraction(1, 4), 500),
    steps=st.lists(st.tuples(st.integers(0, 1900), st.integers(1, 60)), max_size=8),
)
def test_what_goes_back_on_all_dates_and_what_is_kept_are_the_deposit(
    deposit: int, expected: Fraction, steps: list[tuple[int, int]]
) -> None:
    dates = ruling_on(REFUND_DATES, RefundDatesFacts(RECEIVED), REQUESTED).decision.outcome.dates
    told = tuple(connected(RECEIVED + timedelta(days=after), units) for after, units in steps)
    given_back = kept = 0
    for day in dates:
        found = refund(
            deposit_cents=Cents(deposit),
            expected_units=expected,
            connected=told,
            on=day,
            today=day,
            refunded_before_cents=Cents(given_back),
        )
        assert found.refund_cents >= 0
        assert found.earned_cents + found.held_cents + found.forfeited_cents == deposit
        given_back += found.refund_cents
        kept += found.forfeited_cents
    counted = sum(units for after, units in steps if RECEIVED + timedelta(days=after) <= LAST)
    share = min(counted / expected, Fraction(1))
    assert given_back + kept == deposit
    assert abs(given_back - deposit * share) <= Fraction(1, 2)


class TestFacts:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"on": FIRST + timedelta(days=1), "today": LAST}, "is no refund date"),
            ({"today": FIRST - timedelta(days=1)}, "is before 2018-08-01"),
            ({"expected_units": Fraction(0)}, "units expected is not above zero"),
            ({"refunded_before_cents": Cents(6_000_01)}, "was refunded of a deposit of"),
            ({"connected": (connected(FIRST, 0),)}, "What a connection counts is not above zero"),
        ],
    )
    def test_that_cannot_be_are_refused(self, changes: dict[str, object], words: str) -> None:
        with pytest.raises(ExtensionFactsContradict, match=words):
            refund(**changes)

    def test_of_a_request_after_the_text_go_to_a_person(self) -> None:
        with pytest.raises(ReviewNeeded, match=r"2019-04-01.*review queue.*M-09"):
            ruling_on(DEPOSIT_REFUND, DEPOSIT, date(2019, 4, 1))
