"""Autopay: what is drawn on the due day, and what asks a person; thresholds are ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import terms_on

from meterledger.billing import AutopayAct, AutopayAnswer, AutopayFacts, decide_autopay
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason

DUE = date(2025, 7, 22)
SHIELD = Reason("the bill is ten times the usual", Citation("x", "y", None, "z", DUE))
FACTS = AutopayFacts("B-1", DUE, 100_00, 100_00, 0, (80_00, 90_00, 100_00), None)


def answer(**other: Any) -> AutopayAnswer:
    return decide_autopay(replace(FACTS, **other), terms_on(DUE)).outcome


def says(**other: Any) -> str:
    found = decide_autopay(replace(FACTS, **other), terms_on(DUE)).reasons
    return "; ".join(one.finding for one in found)


class TestCeiling:
    @pytest.mark.parametrize(
        ("asked_cents", "act"),
        [
            (200_00, AutopayAct.DEBIT),  # 200 percent of the highest of three bills
            (200_01, AutopayAct.ASK),
        ],
    )
    def test_is_a_share_of_the_customer_s_own_highest_bill(
        self, asked_cents: int, act: AutopayAct
    ) -> None:
        assert answer(asked_cents=asked_cents, open_cents=asked_cents).act is act

    @pytest.mark.parametrize(
        ("asked_cents", "act"), [(500_00, AutopayAct.DEBIT), (500_01, AutopayAct.ASK)]
    )
    def test_of_a_new_customer_is_an_amount(self, asked_cents: int, act: AutopayAct) -> None:
        found = answer(asked_cents=asked_cents, open_cents=asked_cents, past_cents=(1, 2))
        assert found.act is act

    @pytest.mark.parametrize(
        ("most_cents", "act"), [(100_00, AutopayAct.DEBIT), (99_99, AutopayAct.ASK)]
    )
    def test_may_be_the_customer_s_own(self, most_cents: int, act: AutopayAct) -> None:
        assert answer(most_cents=most_cents).act is act

    def test_of_past_credits_draws_nothing(self) -> None:
        assert answer(past_cents=(-5, -6, -7)).act is AutopayAct.ASK

    def test_is_said_with_its_bills(self) -> None:
        assert "200 percent of the highest of 3 bills, $100.00, is the ceiling: $200.00" in says()


class TestAmount:
    @pytest.mark.parametrize(
        ("asked_cents", "open_cents", "drawn"),
        [
            (100_00, 60_00, 60_00),  # forty were paid already
            (100_00, 180_00, 100_00),  # what came back after the statement is on the next one
            (85_00, 85_00, 85_00),  # on a budget plan the asked amount
        ],
    )
    def test_is_what_the_bill_asks_and_is_open(
        self, asked_cents: int, open_cents: int, drawn: int
    ) -> None:
        found = answer(asked_cents=asked_cents, open_cents=open_cents)
        assert (found.act, found.cents) == (AutopayAct.DEBIT, drawn)

    @pytest.mark.parametrize(
        ("other", "drawn", "word"),
        [
            ({"ordered_cents": 60_00}, 40_00, "$60.00 is being drawn already"),
            ({"ordered_cents": 60_00, "open_cents": 180_00}, 100_00, "is being drawn already"),
            ({"deferred_cents": 99_99}, 1, "$99.99 is collected later by an agreement"),
            ({"disputed_cents": 30_00, "deferred_cents": 20_00}, 50_00, "$30.00 is in dispute"),
            ({"open_cents": 60_00}, 60_00, "$40.00 of what the statement asks is paid"),
        ],
    )
    def test_is_without_what_is_drawn_or_set_apart(
        self, other: dict[str, Any], drawn: int, word: str
    ) -> None:
        found = answer(**other)
        assert (found.act, found.cents) == (AutopayAct.DEBIT, drawn)
        assert word in says(**other)

    @pytest.mark.parametrize("part", ["ordered_cents", "deferred_cents", "disputed_cents"])
    def test_is_nothing_where_all_of_it_is(self, part: str) -> None:
        assert answer(**{part: 100_00}).act is AutopayAct.NOTHING
        assert answer(**{part: 99_99}).cents == 1

    @pytest.mark.parametrize("open_cents", [0, -1])
    def test_is_nothing_where_nothing_is_open(self, open_cents: int) -> None:
        assert answer(open_cents=open_cents).act is AutopayAct.NOTHING
        assert "nothing of the bill is open" in says(open_cents=open_cents)


class TestDebit:
    @pytest.mark.parametrize(
        ("other", "word"),
        [
            ({"is_cancelled": True}, "was canceled"),
            ({"is_ordered": True}, "was drawn already"),
        ],
    )
    def test_is_not_made_twice_nor_of_a_canceled_bill(
        self, other: dict[str, Any], word: str
    ) -> None:
        assert answer(**other).act is AutopayAct.NOTHING
        assert word in says(**other)

    @pytest.mark.parametrize(
        ("other", "word"),
        [
            ({"shield": (SHIELD,)}, "ten times the usual"),
            ({"pending_cents": 1}, "its outcome is unknown"),
            ({"is_disputed_return": True}, "came back"),
            ({"stopped": "R02 account closed"}, "R02 account closed"),
        ],
    )
    def test_asks_a_person_where_anything_is_unsure(self, other: dict[str, Any], word: str) -> None:
        assert answer(**other).act is AutopayAct.ASK
        assert word in says(**other)


CENTS = st.integers(-(10**6), 10**6)


@given(CENTS, CENTS, st.lists(CENTS, max_size=13), st.none() | st.integers(0, 10**6))
def test_never_draws_above_a_ceiling_nor_what_is_not_open(
    asked: int, open_cents: int, past: list[int], most: int | None
) -> None:
    found = answer(
        asked_cents=asked, open_cents=open_cents, past_cents=tuple(past), most_cents=most
    )
    if found.act is AutopayAct.DEBIT:
        assert 0 < found.cents <= min(asked, open_cents, found.ceiling_cents)
        assert most is None or found.cents <= most
