"""Bank lines and expectations: named rules, nothing guessed, and no cent lost between the two."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.bank import BankLine, BankMatch, BankUnmatch, Expectation, MatchRule
from meterledger.kernel.span import DaySpan
from meterledger.ledger.bank_match import MatchWindow, match_bank_lines

DAY = date(2026, 11, 25)
WINDOW = MatchWindow(days_after=5, days_before=1)


def line(name: str, cents: int, reference: str = "", days: int = 0) -> BankLine:
    return BankLine(name, DAY + timedelta(days=days), cents, reference)


def ours(
    name: str, cents: int, reference: str = "", days: int = 0, account: str = "131", batch: str = ""
) -> Expectation:
    day = DAY + timedelta(days=days)
    return Expectation(name, account, day, cents, f"event {name}", reference, batch)


def matched(
    lines: list[BankLine],
    expected: list[Expectation],
    seen: DaySpan | None = None,
    apart: Collection[frozenset[str]] = (),
) -> dict[MatchRule, list[BankMatch]]:
    found: dict[MatchRule, list[BankMatch]] = {}
    for one in match_bank_lines(lines, expected, WINDOW, seen=seen, apart=apart):
        found.setdefault(one.rule, []).append(one)
    return found


def test_the_same_reference_and_amount_match_whatever_the_day_is() -> None:
    found = matched([line("b", 500, "R1", days=90)], [ours("e", 500, "R1"), ours("f", 500, "R2")])
    assert [one.expectations[0].expectation_id for one in found[MatchRule.REFERENCE]] == ["e"]


def test_what_a_person_took_apart_no_rule_brings_together_and_the_other_is_found() -> None:
    lines, expected = [line("b", 500)], [ours("e", 500), ours("f", 500)]
    assert not matched(lines, expected)  # two answers: neither is taken
    (found,) = matched(lines, expected, apart=[frozenset(("b", "e"))])[MatchRule.AMOUNT]
    assert [one.expectation_id for one in found.expectations] == ["f"]
    undone = BankUnmatch(found, "Ana", "wrong", datetime(2025, 9, 2, tzinfo=UTC))
    assert not matched(lines, expected, apart=[*undone.apart, frozenset(("b", "e"))])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("b", 500, "R1")], [("e", 500, "R1")]),
        ([("b", 500, "R1"), ("c", -500, "R1")], []),
        ([("b", 700, "")], [("e", 500, "R1"), ("f", 200, "R2")]),
        ([], [("e", 500, "R1"), ("f", -500, "R1")]),
    ],
    ids=["reference", "the bank's own", "batch", "taken back"],
)
def test_each_rule_keeps_apart_what_was_taken_apart(lines: Any, expected: Any) -> None:
    told = DaySpan(DAY - timedelta(days=20), DAY + timedelta(days=20))
    pieces = [line(*one) for one in lines], [ours(*one) for one in expected]
    ((match,),) = matched(*pieces, told).values()
    undone = BankUnmatch(match, "Ana", "wrong", datetime(2025, 9, 2, tzinfo=UTC))
    assert undone.apart
    assert not matched(*pieces, told, undone.apart)


def test_a_reference_with_another_amount_matches_nothing() -> None:
    assert not matched([line("b", 501, "R1", days=90)], [ours("e", 500, "R1")])


@pytest.mark.parametrize(("days", "holds"), [(-2, False), (-1, True), (5, True), (6, False)])
def test_by_amount_the_line_is_within_the_days(days: int, holds: bool) -> None:
    assert bool(matched([line("b", 500, days=days)], [ours("e", 500)])) is holds


def test_two_of_one_amount_are_a_question_for_a_person() -> None:
    assert not matched([line("b", 500)], [ours("e", 500), ours("f", 500, days=1)])
    assert not matched([line("b", 500), line("c", 500)], [ours("e", 500)])


def test_a_days_deposit_of_one_channel_is_one_line() -> None:
    found = matched(
        [line("b", 900, days=1)],
        [ours("e", 500), ours("f", 400), ours("g", 400, account="131.lockbox")],
    )
    (batch,) = found[MatchRule.BATCH]
    assert {one.expectation_id for one in batch.expectations} == {"e", "f"}


def test_money_out_of_a_batch_may_be_a_line_of_its_own_or_taken_off() -> None:
    expected = [ours("e", 500), ours("f", 400), ours("g", -100)]
    assert MatchRule.BATCH in matched([line("b", 800)], expected)
    both = matched([line("b", 900), line("c", -100)], expected)
    assert MatchRule.BATCH in both
    assert MatchRule.AMOUNT in both


def test_a_file_is_a_batch_by_its_name_whatever_days_its_payments_have() -> None:
    expected = [ours("e", 500, batch="LB-9"), ours("f", 400, days=-3, batch="LB-9")]
    assert MatchRule.REFERENCE in matched([line("b", 900, "LB-9", days=30)], expected)
    assert MatchRule.BATCH in matched([line("b", 900, days=1)], expected)


def test_what_was_taken_back_waits_until_the_bank_has_told_its_days() -> None:
    expected = [ours("e", 500, "K1"), ours("f", -500, "K1", days=1)]
    day = timedelta(days=1)
    assert not matched([], expected, seen=DaySpan(DAY, DAY + 6 * day))
    found = matched([], expected, seen=DaySpan(DAY, DAY + 7 * day))
    assert found[MatchRule.TAKEN_BACK][0].lines == ()


def test_what_was_taken_back_before_the_first_statement_stays_open() -> None:
    expected = [ours("e", 500, "K1"), ours("f", -500, "K1", days=1)]
    seen = DaySpan(DAY + timedelta(days=1), DAY + timedelta(days=90))
    assert not matched([], expected, seen=seen)


def test_the_banks_mistake_and_its_correction_are_nobodys_money() -> None:
    found = matched([line("b", 500, "ERR"), line("c", -500, "ERR", days=1)], [])
    assert found[MatchRule.BANKS_OWN][0].expectations == ()


PIECES = st.tuples(
    st.integers(-3, 3).filter(bool).map(lambda n: n * 100),
    st.sampled_from(["", "R1", "R2", "R3"]),
    st.integers(-8, 8),
    st.sampled_from(["131", "131.lockbox", "131.ach"]),
    st.sampled_from(["", "F1"]),
)


@given(st.lists(PIECES, max_size=12), st.lists(PIECES, max_size=12), st.randoms())
def test_bank_total_is_matched_and_unexpected(
    seen: list[tuple[int, str, int, str, str]],
    expected: list[tuple[int, str, int, str, str]],
    order: random.Random,
) -> None:
    """Every piece is in one match or open, the money of a match is the same on both sides, and
    the order in which pieces come decides nothing."""
    lines = [line(f"b{n}", one[0], one[1], one[2]) for n, one in enumerate(seen)]
    open_ = [ours(f"e{n}", *one) for n, one in enumerate(expected)]
    found = match_bank_lines(lines, open_, WINDOW, seen=DaySpan(DAY - timedelta(days=20), DAY))
    taken = [one.line_id for match in found for one in match.lines]
    spent = [one.expectation_id for match in found for one in match.expectations]
    assert len(taken) == len(set(taken))
    assert len(spent) == len(set(spent))
    for match in found:
        assert sum(one.cents for one in match.lines) == sum(one.cents for one in match.expectations)
    by_match = sum(one.cents for match in found for one in match.expectations)
    unexpected = sum(one.cents for one in lines if one.line_id not in set(taken))
    assert sum(one.cents for one in lines) == by_match + unexpected

    order.shuffle(lines)
    order.shuffle(open_)
    again = match_bank_lines(lines, open_, WINDOW, seen=DaySpan(DAY - timedelta(days=20), DAY))
    assert {one.match_id: one.rule for one in again} == {one.match_id: one.rule for one in found}
