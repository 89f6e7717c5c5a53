"""Switching a reading changes exactly the deposit decisions that cite it, whatever the facts."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, the_book

from meterledger.arrears.deposit_continued import (
    CONTINUED_DEPOSIT,
    ContinuedDepositFacts,
    PastDisconnection,
)
from meterledger.arrears.deposit_credit import CreditTests, ProofOfIdentity, ServiceAndScore
from meterledger.arrears.deposit_facts import ColdWeatherAgreement, Payment
from meterledger.arrears.deposit_final import FINAL_REMAINDER, RemainderFacts
from meterledger.arrears.deposit_initial import (
    INITIAL_DEPOSIT,
    Diversion,
    EarlierBill,
    InitialDepositFacts,
)
from meterledger.arrears.deposit_limits import (
    NON_RESIDENTIAL_LIMIT,
    Basis,
    NonResidentialLimitFacts,
)
from meterledger.arrears.deposit_refunds import RESIDENTIAL_REFUND, ResidentialRefundFacts
from meterledger.arrears.deposit_relief import SmallDebt, SteadyPeriod
from meterledger.arrears.deposit_rules import DEPOSIT_RULES
from meterledger.arrears.deposit_winter import EARLIER_DEPOSIT, EarlierDepositFacts
from meterledger.kernel.money import Cents
from meterledger.rulebook.rules import Rule

DAYS = st.dates(date(2013, 7, 1), date(2027, 12, 31))
PAST = st.dates(date(2005, 1, 1), date(2013, 6, 30))
CENTS = st.integers(1, 200_00).map(Cents)
PAYMENTS = st.lists(st.sampled_from(list(Payment)), max_size=14).map(tuple)


def few(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=3).map(tuple)


INITIAL = st.builds(
    InitialDepositFacts,
    few(st.builds(EarlierBill, PAST, CENTS)),
    few(st.builds(Diversion, PAST)),
    st.builds(CreditTests, employed_full_time_since=st.none() | PAST),
    st.builds(ServiceAndScore, st.none() | PAST, st.none() | st.integers(600, 800)),
    st.builds(ProofOfIdentity),
)
CONTINUED = st.builds(
    ContinuedDepositFacts,
    few(st.builds(PastDisconnection, PAST)),
    st.booleans(),
    PAYMENTS,
    st.sampled_from(list(ColdWeatherAgreement)),
    st.builds(
        SmallDebt,
        st.integers(299_00, 301_00).map(Cents),
        st.booleans(),
        st.lists(st.builds(SteadyPeriod, CENTS, CENTS), min_size=11, max_size=13).map(tuple),
    ),
)
EARLIER = st.one_of(
    st.builds(EarlierDepositFacts, PAST, CENTS, st.just(ColdWeatherAgreement.NONE)),
    st.builds(
        EarlierDepositFacts,
        st.dates(date(2012, 1, 1), date(2013, 7, 1)),
        CENTS,
        st.sampled_from([ColdWeatherAgreement.KEPT, ColdWeatherAgreement.BROKEN]),
        st.dates(date(2012, 1, 1), date(2013, 7, 1)),
    ),
)
FACTS: list[tuple[Rule, st.SearchStrategy[Any]]] = [
    (INITIAL_DEPOSIT, INITIAL),
    (CONTINUED_DEPOSIT, CONTINUED),
    (EARLIER_DEPOSIT, EARLIER),
    (RESIDENTIAL_REFUND, st.builds(ResidentialRefundFacts, months=PAYMENTS)),
    (
        FINAL_REMAINDER,
        st.builds(
            RemainderFacts,
            st.integers(98, 102).map(Cents),
            st.just(date(2013, 7, 1)),
            st.booleans(),
        ),
    ),
    (
        NON_RESIDENTIAL_LIMIT,
        st.builds(
            NonResidentialLimitFacts,
            st.integers(300, 600).map(Cents),
            st.just(30),
            st.integers(1, 3600).map(Cents),
            st.just(360),
            st.just(Basis(True, True)),
        ),
    ),
]
CASES = st.one_of(*(st.tuples(st.just(rule), facts) for rule, facts in FACTS))


def test_every_deposit_rule_with_a_reading_is_tried_here() -> None:
    assert {rule.id for rule in DEPOSIT_RULES if rule.readings} == {rule.id for rule, _ in FACTS}


@settings(max_examples=200)
@given(CASES, DAYS)
def test_switching_a_reading_changes_exactly_the_decisions_that_cite_it(
    case: tuple[Rule, Any], today: date
) -> None:
    rule, facts = case
    book = the_book()

    as_chosen = ruling_on(rule, facts, today)

    for key in rule.readings:
        chosen = book.reading_option(key)
        others = [option for option in book.reading(key).options if option != chosen]
        switched = [
            ruling_on(rule, facts, today, readings={key: option}).decision for option in others
        ]
        if key in as_chosen.reading_keys:
            assert any(decision != as_chosen.decision for decision in switched)
        else:
            assert all(decision == as_chosen.decision for decision in switched)
