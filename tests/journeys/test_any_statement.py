"""Whatever a bank tells of whatever was expected: each line is matched once, and sums hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.desk_of_payments import NOW, RECEIVED, TODAY, new_store, pay, view
from tests.journeys.test_reconcile_bank import match, statement, take

from meterledger.facts.bank import BankMatch
from meterledger.usecases.bank_by_hand import undo_match
from meterledger.usecases.reconcile_bank import BankPosition, bank_position

CENTS = st.sampled_from((10_00, 10_00, 20_00, 30_00, 12_34))
PAYMENTS = st.lists(st.tuples(CENTS, st.integers(0, 6)), max_size=6)
LINES = st.lists(
    st.tuples(st.sampled_from(("10.00", "20.00", "30.00", "12.34", "-10.00", "5.00")),
              st.sampled_from(("", "", "K-0", "K-1", "K-2", "FEE"))),
    max_size=7,
)  # fmt: skip


def pieces(position: BankPosition) -> tuple[list[str], list[str]]:
    return (sorted(one.line.line_id for one in position.open_lines),
            sorted(one.expectation_id for one in position.unseen))  # fmt: skip


def in_them(matches: list[BankMatch]) -> tuple[list[str], list[str]]:
    return ([one.line_id for each in matches for one in each.lines],
            [one.expectation_id for each in matches for one in each.expectations])  # fmt: skip


@settings(max_examples=12)
@given(PAYMENTS, LINES, st.randoms())
def test_each_line_is_matched_once_and_undone_matches_restore(
    payments: list[tuple[int, int]], lines: list[tuple[str, str]], order: Any
) -> None:
    store = new_store()
    for number, (cents, ago) in enumerate(payments):
        pay(store, cents, f"K-{number}", received_day=RECEIVED - timedelta(days=ago))
    take(store, statement(*lines))
    before = bank_position(on=TODAY, view=view(), store=store)
    all_lines, all_expected = pieces(before)
    assert (len(all_lines), len(all_expected)) == (len(lines), len(payments))
    assert before.ties

    run = match(store)
    lines_in, expected_in = in_them(list(run.matches))
    open_lines, unseen = pieces(run.position)
    assert sorted(lines_in + open_lines) == all_lines
    assert sorted(expected_in + unseen) == all_expected
    for one in run.matches:
        shown = sum(line.cents for line in one.lines)
        assert shown == sum(each.cents for each in one.expectations), one
    assert run.position.ties
    assert not match(store).matches

    some = list(run.matches)
    order.shuffle(some)
    for one in some:
        undo_match(match_id=one.match_id, by="Ana", reason="it is other money", learned_at=NOW,
                   today=TODAY, store=store)  # fmt: skip
        assert bank_position(on=TODAY, view=view(), store=store).ties
    after = bank_position(on=TODAY, view=view(), store=store)
    assert pieces(after) == (all_lines, all_expected)
    assert (after.unexpected_cents, after.unseen_cents) == (
        before.unexpected_cents,
        before.unseen_cents,
    )

    again = match(store)
    parted = {frozenset(each) for one in some for each in _pairs(one)}
    assert not parted & {frozenset(each) for one in again.matches for each in _pairs(one)}
    assert again.position.ties


def _pairs(one: BankMatch) -> list[tuple[str, str]]:
    if one.lines and one.expectations:
        return [(line.line_id, each.expectation_id) for line in one.lines
                for each in one.expectations]  # fmt: skip
    ids = [each.line_id for each in one.lines] + [each.expectation_id for each in one.expectations]
    return [(a, b) for a in ids for b in ids if a < b]
