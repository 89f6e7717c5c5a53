"""Errors of billing and requests for another rate: what holds for any facts."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.billing.adjust_residential import (
    ADJUSTMENT,
    REPAYMENT_OFFER,
    Direction,
    RepaymentFacts,
    ResidentialErrorFacts,
    WrongPeriod,
)
from meterledger.billing.rate_term import REQUEST, RateRequest, RateRequestFacts
from meterledger.kernel.money import Cents
from meterledger.kernel.months import months_after

TODAY = date(2021, 6, 30)


def periods(amounts: list[int], newest: date) -> tuple[WrongPeriod, ...]:
    count = len(amounts)
    return tuple(
        WrongPeriod(
            begins=months_after(newest, number + 1 - count),
            billed_cents=Cents(10_000 + amount),
            correct_cents=Cents(10_000),
        )
        for number, amount in enumerate(amounts)
    )


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=90))
def test_a_credit_is_the_sum_of_its_newest_sixty_periods_or_nothing(amounts: list[int]) -> None:
    wrong = periods(amounts, date(2021, 6, 1))
    facts = ResidentialErrorFacts(Direction.OVERCHARGE, wrong, discovered=TODAY)

    outcome = ruling_on(ADJUSTMENT, facts, TODAY).decision.outcome

    due = sum(amounts[-60:])
    assert outcome.amount_cents == (due if due >= 100 else 0)
    assert outcome.periods_too_old == max(0, len(amounts) - 60)
    assert outcome.interest_cents == 0


@given(st.integers(1, 60), st.integers(1, 10**7), st.none() | st.integers(1, 60))
def test_instalments_repay_the_undercharge_to_the_cent(
    count: int, undercharge: int, wished: int | None
) -> None:
    facts = RepaymentFacts(count, Cents(undercharge), TODAY, wished)

    outcome = ruling_on(REPAYMENT_OFFER, facts, TODAY).decision.outcome

    paid = outcome.instalment_cents * (outcome.months - 1) + outcome.last_instalment_cents
    assert paid == undercharge
    assert outcome.months <= outcome.months_offered <= 24


def request(service_days: int, *, residential: bool) -> RateRequest:
    since = TODAY - timedelta(days=service_days)
    facts = RateRequestFacts(
        residential=residential,
        service_since=since,
        rate_since=since,
        next_period_begins=TODAY + timedelta(days=10),
    )
    outcome = ruling_on(REQUEST, facts, TODAY).decision.outcome
    assert isinstance(outcome, RateRequest)
    return outcome


@given(st.integers(0, 455))
def test_a_home_that_began_after_april_2020_never_waits_and_never_goes_back(days: int) -> None:
    found = request(days, residential=True)
    assert found.takes_effect == TODAY + timedelta(days=10)
    assert not found.back_to_the_start


@given(st.integers(0, 800))
def test_a_shop_goes_back_waits_or_changes_and_never_two_of_them(days: int) -> None:
    found = request(days, residential=False)
    since = TODAY - timedelta(days=days)
    if days < 90:
        assert (found.takes_effect, found.back_to_the_start) == (since, True)
    elif months_after(since, 12) > TODAY:
        assert (found.takes_effect, found.may_be_asked_again_from) == (
            None,
            months_after(since, 12),
        )
    else:
        assert (found.takes_effect, found.back_to_the_start) == (TODAY + timedelta(days=10), False)
