"""The difference of a plan year is settled to the cent, whichever way the customer elected."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.billing.budget_calendar import Option, PlanFactsContradict
from meterledger.billing.budget_settlement import (
    SETTLEMENT,
    Settlement,
    SettlementFacts,
    equal_parts,
)
from meterledger.kernel.money import Cents

TODAY = date(2015, 3, 14)
DIFFERENCES = st.integers(min_value=-(10**9), max_value=10**9)


def settle(
    difference: int,
    option: Option | None,
    bills: int | None = None,
    enrolled: date = date(2014, 3, 14),
) -> Settlement:
    facts = SettlementFacts(enrolled, Cents(difference), option, bills)
    outcome: Settlement = ruling_on(SETTLEMENT, facts, TODAY).decision.outcome
    return outcome


class TestTheDifference:
    @given(DIFFERENCES, st.sampled_from(list(Option)), st.none() | st.integers(1, 12))
    def test_is_settled_to_the_cent(
        self, difference: int, option: Option, bills: int | None
    ) -> None:
        settled = settle(difference, option, bills)

        assert settled.on_this_bill_cents + sum(settled.instalments_cents) == difference
        wanted = 0 if option is Option.B else bills or 12
        assert len(settled.instalments_cents) == wanted

    @given(DIFFERENCES, st.integers(1, 12))
    def test_is_spread_equally_and_never_against_its_sign(
        self, difference: int, bills: int
    ) -> None:
        *equal, last = equal_parts(Cents(difference), bills)

        assert len(set(equal)) <= 1
        assert all(part * difference >= 0 for part in (*equal, last))
        assert all(0 <= abs(last) - abs(part) < bills for part in equal)

    @pytest.mark.parametrize("bills", [-1, 0, 13])
    def test_is_not_spread_over_a_year_that_cannot_be(self, bills: int) -> None:
        with pytest.raises(PlanFactsContradict, match="1 to 12, or null for a full year"):
            settle(6_000, Option.A, bills)


class TestWithoutAnElection:
    def test_a_participant_from_before_is_on_option_b(self) -> None:
        settled = settle(6_000, None, enrolled=date(2012, 3, 17))

        assert settled.option is Option.B
        assert settled.on_this_bill_cents == 6_000

    def test_everybody_else_is_asked(self) -> None:
        with pytest.raises(PlanFactsContradict) as refused:
            settle(6_000, None, enrolled=date(2012, 3, 18))

        assert "Sheet 135" in str(refused.value)
        assert "Ask the customer for option a or b" in str(refused.value)
