"""Money that went in and out and that no statement shows: a person says that it cancels itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import NOW, RECEIVED, TODAY, desk_of, new_store, pay, view
from tests.journeys.test_reconcile_bank import at, by_hand, match, statement, take

from meterledger.facts.bank import MatchRule
from meterledger.usecases.bank_by_hand import match_by_hand, undo_match
from meterledger.usecases.finance_unexplained import unexplained
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.reconcile_bank import LineRefused, bank_position
from meterledger.usecases.settle_payment import reverse_payment

WHY = "keyed twice; the lockbox had one check"
LATE = TODAY + timedelta(days=30)


@pytest.fixture
def store() -> Any:
    """A payment that was returned, and no statement of its days: no rule may take it."""
    made = new_store()
    pay(made, 50_00, "K-1")
    reverse_payment("K-1", on=TODAY, by="Ana", reason="returned", desk=desk_of(made, minutes=5))
    assert not match(made).matches
    return made


def cancel(store: Any, *pieces: str) -> Any:
    return match_by_hand(pieces, by="Ben", reason=WHY, learned_at=NOW, store=store)


def overdue(store: Any) -> tuple[int, int]:
    found = unexplained(LATE, view=view(), store=store).items[1]
    return found.count, found.cents


def test_a_payment_and_its_return_cancel_each_other_by_a_person_with_a_reason(store: Any) -> None:
    before = bank_position(on=LATE, view=view(), store=store)
    assert overdue(store) == (2, 0)

    made = cancel(store, "payment:K-1#1", "reversal:payment:K-1#1")

    assert (made.rule, made.lines, made.by, made.reason) == (MatchRule.BY_HAND, (), "Ben", WHY)
    assert made.cancels_cents == 50_00
    assert cancel(store, "reversal:payment:K-1#1", "payment:K-1#1") == made  # the answer was lost
    after = bank_position(on=LATE, view=view(), store=store)
    assert after.unseen == ()
    assert after.ties
    assert after.tie()[-1] == before.tie()[-1]  # what bank and book differ by is what it was
    assert overdue(store) == (0, 0)


def test_it_is_undone_as_any_match_and_no_rule_joins_it_again(store: Any) -> None:
    made = cancel(store, "payment:K-1#1", "reversal:payment:K-1#1")

    undo_match(match_id=made.match_id, by="Ana", reason="the bank shows both", **at(store))

    assert overdue(store) == (2, 0)
    first = RECEIVED - timedelta(days=1)
    take(store, statement(("1.00", "A"), day=first))
    take(store, statement(("1.00", "B"), day=TODAY, opening=1))
    run = match(store)
    assert not run.matches
    assert run.position.ties
    assert cancel(store, *made.pieces).match_id == f"{made.match_id}.2"


def test_a_correction_of_a_deposit_is_all_of_it_to_the_cent() -> None:
    store = new_store()
    for number, key in ((1, "K-1"), (2, "K-2")):
        pay(store, 30_00, key, number=number)
    pay(store, 7_00, "K-3")
    for key in ("K-1", "K-2"):
        reverse_payment(key, on=TODAY, by="Ana", reason="twice", desk=desk_of(store, minutes=5))
    ours = ["payment:K-1#1", "payment:K-2#1"]
    back = [f"reversal:{one}" for one in ours]
    with pytest.raises(
        LineRefused, match=r"No line of the bank is named, and ours come to \$60\.00"
    ):
        cancel(store, *ours)
    with pytest.raises(LineRefused, match=r"ours come to \$7\.00"):
        cancel(store, *ours, *back, "payment:K-3#1")
    with pytest.raises(LineRefused, match=r"ours come to -\$30\.00"):
        cancel(store, "payment:K-1#1", *back)
    assert not store.bank_matches()

    assert cancel(store, *ours, *back).cancels_cents == 60_00
    assert [one.expectation_id for one in store.open_expectations()] == ["payment:K-3#1"]


def test_half_a_word_is_refused_and_a_piece_is_in_one_match(store: Any) -> None:
    both = ("payment:K-1#1", "reversal:payment:K-1#1")
    with pytest.raises(LineRefused, match="two of ours that cancel each other"):
        cancel(store, both[0], both[0])
    with pytest.raises(LineRefused, match="has a name and a reason"):
        by_hand(store, *both, by=" ")
    with pytest.raises(NotFound, match="Nothing open is named reversal:payment:K-9#1"):
        cancel(store, both[0], "reversal:payment:K-9#1")
    made = cancel(store, *both)
    with pytest.raises(Conflict, match=f"is matched already, in {made.match_id}"):
        by_hand(store, *both)
