"""Guarantee agreements: GRR III.P of 2013 by the real book, against a tiny model of its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.extensions import (
    GUARANTEE_AMOUNT,
    GUARANTEE_BILL,
    GuaranteeAmountFacts,
    GuaranteeBillFacts,
    GuaranteeState,
)
from meterledger.extensions.extension_facts import ExtensionFactsContradict
from meterledger.kernel.money import Cents
from meterledger.kernel.months import months_after

REQUESTED = date(2016, 4, 1)
FIRST_BILL = date(2016, 7, 5)


@dataclass
class Held:
    """What was posted with one bill."""

    state: GuaranteeState
    deficiency: int
    credit: int
    lapsed: int


def life(cost: int, monthly: int, revenues: list[int]) -> list[Held]:
    """Bills of a month each, held against a guarantee one after the other."""
    tested: list[Held] = []
    state, started = GuaranteeState.NOT_BEGUN, None
    for number, revenue in enumerate(revenues, start=1):
        facts = GuaranteeBillFacts(
            total_cost_cents=Cents(cost),
            monthly_payment_cents=Cents(monthly),
            bill_number=number,
            bill_day=months_after(FIRST_BILL, number - 1),
            started_on=started,
            net_revenue_cents=Cents(revenue),
            revenue_before_cents=Cents(sum(revenues[: number - 1])),
            deficiency_before_cents=Cents(sum(one.deficiency for one in tested)),
            credited_before_cents=Cents(sum(one.credit for one in tested)),
            state_before=state,
        )
        found: Any = ruling_on(GUARANTEE_BILL, facts, REQUESTED).decision.outcome
        state, started = found.state, found.started_on
        tested.append(Held(state, found.deficiency_cents, found.credit_cents, found.lapsed_cents))
    return tested


@settings(max_examples=60, deadline=None)
@given(
    cost=st.integers(1_200, 2_000_000),
    revenues=st.lists(st.integers(-5_000, 300_000), min_size=1, max_size=18),
)
def test_a_life_of_bills_is_what_the_words_say(cost: int, revenues: list[int]) -> None:
    monthly = -(-cost // 12)
    charged = 0
    done = False
    tested = life(cost, monthly, revenues)
    for number, (revenue, found) in enumerate(zip(revenues, tested, strict=True), start=1):
        total = sum(revenues[:number])
        in_period = 4 <= number < 16
        done = done or (in_period and total >= cost)
        wanted = max(0, monthly - revenue) if in_period and not done else 0
        assert found.deficiency == wanted
        charged += wanted
        done = done or (in_period and total + charged >= cost)
        assert (found.state is GuaranteeState.RUNNING) == (in_period and not done)
    credited = sum(one.credit for one in tested)
    assert all(0 <= one.credit <= max(0, bill) for one, bill in zip(tested, revenues, strict=True))
    assert credited + sum(one.lapsed for one in tested) <= charged
    assert sum(one.lapsed > 0 for one in tested) <= 1


@pytest.mark.parametrize(
    ("cost", "monthly"), [(12_000_00, 1_000_00), (12_000_01, 1_000_01), (1, 1)]
)
def test_a_twelfth_is_never_less(cost: int, monthly: int) -> None:
    facts = GuaranteeAmountFacts(Cents(cost), Cents(0), Cents(0))
    found: Any = ruling_on(GUARANTEE_AMOUNT, facts, REQUESTED).decision.outcome
    assert found.monthly_payment_cents == monthly
    assert 12 * found.monthly_payment_cents >= cost


def test_what_is_free_is_not_guaranteed() -> None:
    facts = GuaranteeAmountFacts(Cents(5_00), Cents(5_00), Cents(0))
    with pytest.raises(ExtensionFactsContradict, match="Nothing of the cost is chargeable"):
        ruling_on(GUARANTEE_AMOUNT, facts, REQUESTED)
