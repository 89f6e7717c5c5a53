"""Switching a reading changes exactly the decisions on estimates that cite it, for any facts."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, the_book

from meterledger.facts.estimates import EstimateCause
from meterledger.usage.estimation_allowed import (
    CUSTOMER_READING_RULE,
    MAY_ESTIMATE,
    BilledPeriod,
    CustomerReadingFacts,
    MayEstimateFacts,
)
from meterledger.usage.estimation_daily_use import DAILY_USE, DailyUseFacts
from meterledger.usage.estimation_facts import BillingPeriod, Occupant, PastPeriod
from meterledger.usage.estimation_intervals import INTERVAL_LADDER, IntervalGapFacts
from meterledger.usage.estimation_rules import ESTIMATION_RULES
from meterledger.usage.estimation_similar import Candidate, Likeness, SimilarSearch
from meterledger.usage.estimation_told import FLAG_RULE, FlagFacts

CLOSING = date(2021, 6, 30)
PERIOD = BillingPeriod(2021, 6, date(2021, 5, 31), CLOSING)
OURS = Likeness("1M", "gas", "F12", "63101", 9_000_000)
CAUSES = st.sampled_from(
    [one for one in EstimateCause if one is not EstimateCause.LATE_NOTIFICATION]
)
PRIOR_YEAR = st.builds(
    PastPeriod,
    st.just(2020),
    st.just(6),
    st.just(date(2020, 6, 1)),
    st.just(date(2020, 7, 1)),
    st.integers(-10, 900_000),
    st.sampled_from(list(Occupant)),
)
SHARES = st.sampled_from([Fraction(one) for one in ("0", "0.05", "10", "10.1", "100")])

FACTS: dict[str, st.SearchStrategy[Any]] = {
    MAY_ESTIMATE.id: st.builds(
        MayEstimateFacts,
        CAUSES,
        st.lists(st.builds(BilledPeriod, st.none() | CAUSES, SHARES), max_size=5).map(tuple),
        st.booleans(),
    ),
    CUSTOMER_READING_RULE.id: st.builds(
        CustomerReadingFacts, st.integers(1_000, 9_000), st.integers(0, 1_000)
    ),
    FLAG_RULE.id: st.integers(0, 1_000).map(lambda part: FlagFacts(1_000, part, True)),
    DAILY_USE.id: st.builds(
        DailyUseFacts,
        st.just(PERIOD),
        st.just(PERIOD.from_day),
        st.lists(PRIOR_YEAR, max_size=1).map(tuple),
        st.none()
        | st.builds(lambda one: SimilarSearch(OURS, (Candidate("K1", OURS, (one,)),)), PRIOR_YEAR),
        st.booleans(),
    ),
    INTERVAL_LADDER.id: st.lists(st.integers(1, 400), max_size=12, unique=True).map(
        lambda ages: IntervalGapFacts(
            CLOSING, 4, tuple(CLOSING - timedelta(days=age) for age in ages), level_wh=9
        )
    ),
}


@given(st.data())
@settings(max_examples=300)
def test_a_reading_that_is_not_cited_changes_nothing(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from([one for one in ESTIMATION_RULES if one.id in FACTS]))
    facts = data.draw(FACTS[rule.id])
    before = ruling_on(rule, facts, CLOSING)
    for record in the_book().readings():
        if record.key in before.reading_keys:
            continue
        for option in record.options:
            after = ruling_on(rule, facts, CLOSING, readings={record.key: option})
            assert after.decision == before.decision, f"{record.key}: {option}"


@given(st.data())
@settings(max_examples=200)
def test_a_reading_that_is_cited_would_change_the_decision(data: st.DataObject) -> None:
    """One alone: where two are asked, the second may settle what the first left open."""
    rule = data.draw(st.sampled_from([one for one in ESTIMATION_RULES if one.id in FACTS]))
    facts = data.draw(FACTS[rule.id])
    before = ruling_on(rule, facts, CLOSING)
    if len(before.reading_keys) != 1:
        return
    (key,) = before.reading_keys
    record = next(one for one in the_book().readings() if one.key == key)
    answers = [
        ruling_on(rule, facts, CLOSING, readings={key: option}).decision.outcome
        for option in record.options
    ]
    assert any(one != before.decision.outcome for one in answers), key
