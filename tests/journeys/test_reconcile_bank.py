"""A day at the bank: what we took in is on the statement, what is not is somebody's, by name."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import NOW, RECEIVED, TODAY, desk_of, new_store, pay, view

from meterledger.facts.bank import BankFile, MatchRule
from meterledger.stores.gateways.bank_files import bank_file_of
from meterledger.stores.gateways.opening import opened
from meterledger.usecases.bank_by_hand import match_by_hand, undo_match
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.reconcile_bank import (
    BankRun,
    LineRefused,
    bank_position,
    decide_adjustment,
    explain_line,
    match_bank,
    propose_adjustment,
    take_bank_file,
)
from meterledger.usecases.settle_payment import reverse_payment

HEADER = "kind,bank_account,day,amount_usd,reference,text\n"


def statement(*lines: tuple[str, str], day: date = RECEIVED, opening: int = 0) -> BankFile:
    cents = sum(int(amount.replace(".", "")) for amount, _ in lines)
    text = HEADER + f"opening,4471,{day},{opening}.00,,\n"
    text += "".join(f"line,4471,{day},{amount},{ref},\n" for amount, ref in lines)
    whole = opening * 100 + cents
    sign = "-" if whole < 0 else ""
    text += f"closing,4471,{day},{sign}{abs(whole) // 100}.{abs(whole) % 100:02d},,\n"
    name = hashlib.sha256(text.encode()).hexdigest()[:6]
    return bank_file_of(opened(f"{name}.csv", text.encode()), learned_at=NOW)


def take(store: Any, file: BankFile) -> bool:
    return take_bank_file(file, today=TODAY, store=store)


def match(store: Any, on: date = TODAY) -> BankRun:
    return match_bank(on=on, learned_at=NOW, view=view(), store=store)


def test_a_day_is_matched_by_reference_by_amount_and_as_a_batch() -> None:
    store = new_store()
    pay(store, 100_00, "K-1")
    pay(store, 65_19, "K-2", number=2)
    pay(store, 12_34, "K-3", received_day=RECEIVED - timedelta(days=3))
    assert take(store, statement(("165.19", ""), ("12.34", "K-3")))
    run = match(store)
    assert {one.rule for one in run.matches} == {MatchRule.REFERENCE, MatchRule.BATCH}
    assert run.position.ties
    assert not run.position.open_lines
    assert not run.position.unseen
    assert run.by_rule["many to one, as a batch"] == (1, 165_19)

    assert not match(store).matches


def test_a_known_file_changes_nothing() -> None:
    store = new_store()
    file = statement(("1.00", ""))
    assert take(store, file)
    assert not take(store, file)


def test_a_statement_of_tomorrow_is_refused() -> None:
    with pytest.raises(LineRefused, match="tells of 2026-12-02, and today is 2026-12-01"):
        take(new_store(), statement(("1.00", ""), day=TODAY + timedelta(days=1)))


def test_everything_is_in_one_of_three_places_with_its_age() -> None:
    store = new_store()
    pay(store, 100_00, "K-1")
    take(store, statement(("7.77", "WIRE")))
    position = match(store, on=TODAY + timedelta(days=6)).position
    assert [one.line.cents for one in position.open_lines] == [7_77]
    assert [position.age(one) for one in position.unseen] == [7]
    assert not position.overdue
    later = bank_position(on=TODAY + timedelta(days=7), view=view(), store=store)
    assert [one.cause for one in later.overdue] == [later.unseen[0].cause]
    assert position.ties
    assert position.as_json()["unexpected_usd"] == "7.77"


def test_a_missing_statement_is_told() -> None:
    store = new_store()
    take(store, statement(("1.00", ""), day=RECEIVED - timedelta(days=2)))
    take(store, statement(("1.00", ""), opening=5))
    (gap,) = bank_position(on=TODAY, view=view(), store=store).gaps
    assert "2026-11-28 closed with $1.00 and 2026-11-30 opens with $5.00; a" in gap


def test_a_returned_check_is_out_of_the_way_once_statements_cover_its_days() -> None:
    store = new_store()
    pay(store, 12_34, "K-1", received_day=date(2026, 11, 10))
    reverse_payment(
        "K-1", on=date(2026, 11, 12), by="Ana", reason="no funds", desk=desk_of(store, minutes=5)
    )
    take(store, statement(("1.00", ""), day=date(2026, 11, 25), opening=1))
    assert not match(store).matches  # nobody told of the days before

    take(store, statement(("1.00", ""), day=date(2026, 11, 9), opening=5))
    assert not match(store).matches  # it closes with 6.00, and the next opens with 1.00

    take(store, statement(("-5.00", ""), day=date(2026, 11, 20), opening=6))
    assert [one.rule for one in match(store).matches] == [MatchRule.TAKEN_BACK]


def test_a_line_that_nobody_expected_is_explained_and_adjusted_by_two() -> None:
    store = new_store()
    take(store, statement(("7.77", "WIRE")))
    name = match(store).position.open_lines[0].line.line_id
    words = {"by": "Ana", "reason": "a wire that names no account", "learned_at": NOW}
    explain_line(line_id=name, store=store, **words)
    with pytest.raises(LineRefused, match=r"cannot post to 142"):
        propose_adjustment(line_id=name, ledger_account="142", store=store, **words)
    with pytest.raises(LineRefused, match=r"cannot post to 253\.unapplied"):
        propose_adjustment(line_id=name, ledger_account="253.unapplied", store=store, **words)
    with pytest.raises(LineRefused, match="is no account of the chart"):
        propose_adjustment(line_id=name, ledger_account="999", store=store, **words)
    propose_adjustment(line_id=name, ledger_account="419", store=store, **words)
    assert not match(store).matches
    with pytest.raises(Conflict, match="approved by who proposed it"):
        decide_adjustment(line_id=name, approve=True, store=store, **words)
    entry = decide_adjustment(
        line_id=name, approve=True, store=store, **{**words, "by": "Ben", "reason": "seen"}
    )
    assert entry is not None
    assert entry.entry_id == f"bank-adjustment:{name}"
    position = bank_position(on=TODAY, view=view(), store=store)
    assert position.ties
    assert not position.open_lines
    assert store.trial_balance()["419"] == -7_77


def test_a_word_without_a_name_is_refused() -> None:
    store = new_store()
    take(store, statement(("7.77", "WIRE")))
    with pytest.raises(LineRefused, match="has a name and a reason"):
        explain_line(line_id="x", by=" ", reason="y", learned_at=NOW, store=store)


def test_the_banks_mistake_goes_with_its_correction() -> None:
    store = new_store()
    take(store, statement(("9.00", "ERR"), ("-9.00", "ERR")))
    assert [one.rule for one in match(store).matches] == [MatchRule.BANKS_OWN]


def test_a_wrong_match_is_undone_by_a_name_and_the_right_one_is_found_next() -> None:
    store = new_store()
    pay(store, 50_00, "K-1")
    take(store, statement(("50.00", "")))
    (wrong,) = match(store).matches
    pay(store, 50_00, "K-2", number=2)
    undone = undo_match(
        match_id=wrong.match_id, by="Ana", reason="K-1 was cash that was lost", **at(store)
    )
    assert undone.match == wrong
    position = bank_position(on=TODAY, view=view(), store=store)
    assert position.ties
    assert (position.unexpected_cents, position.unseen_cents) == (50_00, 100_00)

    (right,) = match(store).matches
    assert [one.reference for one in right.expectations] == ["K-2"]
    assert match(store).position.ties
    with pytest.raises(NotFound, match="No match match:4471"):
        undo_match(match_id=wrong.match_id, by="Ana", reason="again", **at(store))


def test_an_adjustment_that_two_people_posted_is_taken_back_by_two() -> None:
    store = new_store()
    before = {name: cents for name, cents in store.trial_balance().items() if cents}
    take(store, statement(("-7.10", "FEE")))
    (open_,) = store.open_bank_lines()
    line: dict[str, Any] = {"line_id": open_.line.line_id, "reason": "seen", "learned_at": NOW}
    propose_adjustment(**line, ledger_account="921", by="Ana", store=store)
    decide_adjustment(**line, approve=True, by="Ben", store=store)
    (match_,) = store.bank_matches()
    undo: dict[str, Any] = {"match_id": match_.match_id, "reason": "interest", **at(store)}
    with pytest.raises(LineRefused, match="two take it back"):
        undo_match(by="Ana", **undo)
    with pytest.raises(LineRefused, match="Ana cannot approve what"):
        undo_match(by="ana ", approved_by="Ana", **undo)
    with pytest.raises(LineRefused, match="a name and a reason"):
        undo_match(by=" ", approved_by="Ana", **undo)
    assert store.bank_matches() == [match_]

    undo_match(by="Ana", approved_by="Ben", **undo)
    assert {name: cents for name, cents in store.trial_balance().items() if cents} == before
    position = match(store).position
    assert position.ties
    assert [one.line.cents for one in position.open_lines] == [-7_10]
    assert not position.unseen
    # The adjustment and its reversal stay one: apart, the line would be matched to what is no more.
    (gone,) = store.bank_matches()
    assert gone.rule is MatchRule.TAKEN_BACK
    with pytest.raises(LineRefused, match="is taken back for good"):
        undo_match(by="Ana", approved_by="Ben", **{**undo, "match_id": gone.match_id})
    propose_adjustment(**line, ledger_account="419", by="Ana", store=store)
    decide_adjustment(**line, approve=True, by="Ben", store=store)
    assert match(store).position.ties
    assert not match(store).position.open_lines


def test_a_match_undone_by_mistake_is_matched_again_by_hand() -> None:
    store = new_store()
    pay(store, 50_00, "K-1")
    take(store, statement(("50.00", "")))
    (first,) = match(store).matches
    undo_match(match_id=first.match_id, by="Ana", reason="not his", **at(store))
    assert not match(store).matches  # no rule joins them again
    line, ours = first.lines[0].line_id, first.expectations[0].expectation_id

    made = by_hand(store, line, ours)
    assert (made.rule, made.by, made.reason) == (MatchRule.BY_HAND, "Ben", "it was his after all")
    assert made.match_id == f"{first.match_id}.2"
    assert by_hand(store, ours, line, by=" Ben ") == made  # the answer was lost
    assert store.bank_matches() == [made]
    position = match(store).position
    assert position.ties
    assert not position.open_lines
    assert not position.unseen

    undone = undo_match(match_id=made.match_id, by="Ana", reason="truly not", **at(store))
    assert undo_match(match_id=made.match_id, by="Ana", reason="truly not", **at(store)) == undone
    assert not match(store).matches
    assert by_hand(store, line, ours).match_id == f"{first.match_id}.3"


def test_a_person_says_which_of_two_that_no_rule_may_take() -> None:
    store = new_store()
    pay(store, 50_00, "K-1")
    pay(store, 50_00, "K-2", number=2)
    take(store, statement(("50.00", "")))
    assert not match(store).matches
    (open_,) = store.open_bank_lines()
    by_hand(store, open_.line.line_id, "payment:K-2#1")
    position = match(store).position
    assert (position.unexpected_cents, position.unseen_cents) == (0, 50_00)
    assert position.ties


def test_several_lines_and_payments_are_one_match_by_hand_to_the_cent() -> None:
    store = new_store()
    pay(store, 50_00, "K-1")
    pay(store, 20_01, "K-2", number=2)
    take(store, statement(("30.00", "A"), ("40.01", "B"), ("7.00", "C")))
    a, b, c = (one.line.line_id for one in store.open_bank_lines())
    with pytest.raises(LineRefused, match=r"The bank shows \$77\.01, and ours is \$70\.01"):
        by_hand(store, a, b, c, "payment:K-1#1", "payment:K-2#1")
    made = by_hand(store, a, b, "payment:K-1#1", "payment:K-2#1")
    assert len(made.lines) == len(made.expectations) == 2


def test_a_match_by_hand_is_refused_in_a_sentence() -> None:
    store = new_store()
    pay(store, 50_00, "K-1")
    take(store, statement(("50.00", ""), ("9.00", "WIRE")))
    (first,) = match(store).matches
    line, ours = first.lines[0].line_id, first.expectations[0].expectation_id
    (open_,) = store.open_bank_lines()
    with pytest.raises(Conflict, match=f"{line} is matched already, in {first.match_id}"):
        by_hand(store, line, ours)
    with pytest.raises(NotFound, match="Nothing open is named payment:NO#1"):
        by_hand(store, open_.line.line_id, "payment:NO#1")
    with pytest.raises(LineRefused, match="of two pieces or more"):
        by_hand(store, open_.line.line_id, open_.line.line_id)
    with pytest.raises(LineRefused, match="has a name and a reason"):
        by_hand(store, open_.line.line_id, ours, by=" ")
    undo_match(match_id=first.match_id, by="Ana", reason="not his", **at(store))
    propose_adjustment(
        line_id=line, ledger_account="419", by="Ana", reason="x", learned_at=NOW, store=store
    )
    with pytest.raises(LineRefused, match=f"An adjustment of {line} waits for a second person"):
        by_hand(store, line, ours)


def by_hand(store: Any, *pieces: str, by: str = "Ben") -> Any:
    reason = "it was his after all"
    return match_by_hand(pieces, by=by, reason=reason, learned_at=NOW, store=store)


def at(store: Any) -> dict[str, Any]:
    return {"learned_at": NOW, "today": TODAY, "store": store}
