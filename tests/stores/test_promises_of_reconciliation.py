"""The bank's lines and ours: each in one match, once; adjusted by two people; on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import ANALYST, LATER, account_id, start_of
from tests.stores.settled_paper import after, ask, settled

from meterledger.facts.bank import (
    BankFile,
    BankLine,
    BankMatch,
    BankStatement,
    BankUnmatch,
    Expectation,
    LineAct,
    LineStep,
    MatchRule,
)
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    Receipt,
    ReceiptAct,
    ReceiptState,
    ReceiptStep,
    Totals,
)
from meterledger.facts.settlements import Act
from meterledger.ledger import entry_for_payment
from meterledger.usecases.bank_by_hand import match_by_hand, undo_match
from meterledger.usecases.payment_ports import ReceiptPosting
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store
from meterledger.usecases.reconcile_bank import decide_adjustment, propose_adjustment

DAY = LATER.date()


@pytest.fixture
def town(store: Store) -> Iterator[Store]:
    """One account, and somebody who may look."""
    store.start_service(start_of(1))
    with store.viewing(ANALYST, ["bank"]):
        yield store


def file_of(sha: str, *cents: int, day: date = DAY, opening: int = 0) -> BankFile:
    name = f"4471:{day}"
    lines = tuple(
        BankLine(f"{name}:{n}", day, one, f"R{n}", "text", "165")
        for n, one in enumerate(cents, start=1)
    )
    statement = BankStatement(name, "4471", day, opening, opening + sum(cents), lines)
    return BankFile(sha * 64, f"file {sha}", "csv", (statement,), LATER)


def pay(store: Store, key: str, cents: int) -> None:
    payment = Payment(key, account_id(1), cents, Tender.CASH, DAY, LATER)
    assert store.record_payment(payment, entry_for_payment(payment))


def step(act: LineAct, by: str, account: str = "", line: str = f"4471:{DAY}:1") -> LineStep:
    return LineStep(line, act, by, "seen", LATER, account)


def test_a_file_is_kept_whole_and_once(town: Store) -> None:
    file = file_of("a", 500, -100)
    assert town.record_bank_file(file)
    assert not town.record_bank_file(file)
    assert town.bank_file(file.sha256) == file
    assert town.bank_file("b" * 64) is None
    assert [one.line for one in town.open_bank_lines()] == list(file.statements[0].lines)
    assert town.bank_statements() == list(file.statements)


def test_another_file_of_the_same_day_is_refused_whole(town: Store) -> None:
    town.record_bank_file(file_of("a", 500))
    other = file_of("b", 400)
    earlier = file_of("b", 7, day=DAY - timedelta(days=1)).statements
    with pytest.raises(Conflict, match=r"is kept already, from the file file a"):
        town.record_bank_file(BankFile(*("b" * 64, "b", "csv"), earlier + other.statements, LATER))
    assert len(town.open_bank_lines()) == 1


def test_cash_of_the_book_is_what_we_expect(town: Store) -> None:
    pay(town, "K1", 500)
    (expected,) = town.open_expectations()
    assert (expected.cents, expected.reference, expected.day) == (500, "K1", DAY)
    assert expected.expectation_id == "payment:K1#1"
    assert town.bank_totals().expected_cents == town.trial_balance()["131"] == 500


def test_a_match_is_kept_once_and_everything_is_in_one_place(town: Store) -> None:
    pay(town, "K1", 500)
    pay(town, "K2", 70)
    town.record_bank_file(file_of("a", 500, 30))
    line, _ = (one.line for one in town.open_bank_lines())
    expected = town.open_expectations()[0]
    match = BankMatch("match:1", MatchRule.AMOUNT, (line,), (expected,))
    town.record_bank_matches([match], learned_at=LATER)
    assert town.bank_matches() == town.bank_matches(booked_on=DAY) == [match]
    assert not town.bank_matches(booked_on=DAY - timedelta(days=1))
    assert [one.line.cents for one in town.open_bank_lines()] == [30]
    assert [one.cents for one in town.open_expectations()] == [70]
    totals = town.bank_totals()
    assert (totals.bank_cents, totals.bank_matched_cents, totals.unexpected_cents) == (530, 500, 30)
    assert (totals.expected_cents, totals.expected_matched_cents) == (570, 500)
    assert (totals.lines, totals.lines_matched) == (2, 1)
    with pytest.raises(Conflict, match="matched already"):
        town.record_bank_matches(
            [BankMatch("match:2", MatchRule.AMOUNT, (line,), (expected,))], learned_at=LATER
        )
    assert len(town.bank_matches()) == 1


def test_a_step_follows_what_was_said(town: Store) -> None:
    town.record_bank_file(file_of("a", 500))
    with pytest.raises(NotFound):
        town.record_line_step(step(LineAct.EXPLAINED, "Ana", line="none"))
    with pytest.raises(Conflict, match="No adjustment of"):
        town.record_line_step(step(LineAct.APPROVED, "Ben"))
    for _ in range(2):  # told again, it is not kept again
        town.record_line_step(step(LineAct.EXPLAINED, "Ana"))
    for _ in range(2):
        town.record_line_step(step(LineAct.PROPOSED, "Ana", "253.bank"))
    with pytest.raises(Conflict, match="waits already, proposed by Ana"):
        town.record_line_step(step(LineAct.PROPOSED, "Ben", "253.bank"))
    town.record_line_step(step(LineAct.REJECTED, "Ben"))
    (line,) = town.open_bank_lines()
    assert [one.act for one in line.steps] == [
        LineAct.EXPLAINED,
        LineAct.PROPOSED,
        LineAct.REJECTED,
    ]
    assert line.proposed is None


def test_an_adjustment_is_of_two_people_and_posts_once(town: Store) -> None:
    town.record_bank_file(file_of("a", 500))
    line = town.open_bank_lines()[0].line
    town.record_line_step(step(LineAct.PROPOSED, "Ana", "253.bank"))
    entry = Entry(
        f"bank-adjustment:{line.line_id}",
        DAY,
        LATER,
        (Leg("131", 500), Leg("253.bank", -500)),
        "nobody knows whose",
    )
    with pytest.raises(Conflict, match="approved by who proposed it"):
        town.record_line_step(step(LineAct.APPROVED, " ana "), entry)
    assert not town.open_expectations()

    expected = Expectation(f"{entry.entry_id}#1", "131", DAY, 500, entry.cause)
    match = BankMatch("match:x", MatchRule.ADJUSTED, (line,), (expected,))
    town.record_line_step(step(LineAct.APPROVED, "Ben"), entry, match)
    assert not town.open_bank_lines()
    assert not town.open_expectations()
    assert town.trial_balance() == {"131": 500, "253.bank": -500}
    assert town.bank_matches()[0].rule is MatchRule.ADJUSTED
    with pytest.raises(Conflict, match="matched already"):
        town.record_line_step(step(LineAct.EXPLAINED, "Ana"))


def test_an_undone_match_is_open_on_both_sides_and_may_be_matched_again(town: Store) -> None:
    pay(town, "K1", 500)
    town.record_bank_file(file_of("a", 500))
    line, expected = town.open_bank_lines()[0].line, town.open_expectations()[0]
    match = BankMatch("match:1", MatchRule.AMOUNT, (line,), (expected,))
    town.record_bank_matches([match], learned_at=LATER)
    assert town.bank_match("match:1") == match

    undone = BankUnmatch(match, "Ana", "another customer's wire", LATER)
    town.record_bank_unmatch(undone)
    assert town.bank_matches() == []
    assert town.bank_unmatches() == [undone]
    (open_line,) = town.open_bank_lines()
    assert [(one.act, one.by) for one in open_line.steps] == [(LineAct.UNMATCHED, "Ana")]
    assert town.open_expectations() == [expected]
    totals = town.bank_totals()
    assert (totals.bank_matched_cents, totals.expected_matched_cents) == (0, 0)
    assert (totals.lines, totals.lines_matched) == (1, 0)
    for again in (lambda: town.bank_match("match:1"), lambda: town.bank_match("none")):
        with pytest.raises(NotFound, match="No match"):
            again()
    with pytest.raises(Conflict, match="was undone already"):
        town.record_bank_unmatch(undone)

    town.record_bank_matches([match], learned_at=LATER)  # its name goes on behind the first
    assert [one.match_id for one in town.bank_matches()] == ["match:1.2"]
    assert town.bank_line(line.line_id).steps == open_line.steps
    assert (town.open_bank_lines(), town.open_expectations()) == ([], [])


def test_a_match_by_hand_keeps_its_name_and_reason_and_each_piece_is_in_one(town: Store) -> None:
    pay(town, "K1", 500)
    town.record_bank_file(file_of("a", 500))
    line, expected = town.open_bank_lines()[0].line, town.open_expectations()[0]
    said = ("Ben", "it is his")
    made = BankMatch("match:1", MatchRule.BY_HAND, (line,), (expected,), *said)
    town.record_bank_matches([made], learned_at=LATER)
    assert town.bank_match_of(line.line_id) == town.bank_match_of("payment:K1#1") == made
    assert town.bank_match_of("nothing") is None
    with pytest.raises(Conflict, match="matched already"):
        town.record_bank_matches(
            [BankMatch("match:2", MatchRule.BY_HAND, (line,), (expected,), *said)],
            learned_at=LATER,
        )
    assert town.bank_unmatch_of("match:1") is None

    undone = BankUnmatch(made, "Ana", "it is not", LATER)
    town.record_bank_unmatch(undone)
    assert town.bank_unmatch_of("match:1") == undone
    assert town.bank_match_of(line.line_id) is None
    town.record_bank_matches([made], learned_at=LATER)  # of those that stand one has each piece
    assert [(one.match_id, one.by, one.reason) for one in town.bank_matches()] == [
        ("match:1.2", *said)
    ]


def test_of_many_who_match_by_hand_at_once_all_get_the_one_match(town: Store) -> None:
    pay(town, "K1", 500)
    town.record_bank_file(file_of("a", 500))
    pieces = [town.open_bank_lines()[0].line.line_id, "payment:K1#1"]

    def match(_: int) -> str:
        said: dict[str, Any] = {"by": "Ben", "reason": "it is his", "learned_at": LATER}
        with town.viewing(ANALYST, ["bank"]):
            return match_by_hand(pieces, store=town, **said).match_id

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(match, range(8))) == {town.bank_matches()[0].match_id}
    assert len(town.bank_matches()) == 1


def test_an_undone_adjustment_is_taken_back_leg_by_leg_and_the_line_adjusted_again(
    town: Store,
) -> None:
    town.record_bank_file(file_of("a", 500))

    def adjusted(to: str) -> Entry:
        propose_adjustment(**at(town), ledger_account=to, by="Ana")
        entry = decide_adjustment(**at(town), approve=True, by="Ben")
        assert entry is not None
        return entry

    first = adjusted("921")
    (match,) = town.bank_matches()
    undo_match(
        match_id=match.match_id,
        by="Ana",
        approved_by="Ben",
        reason="interest, no fee",
        learned_at=LATER,
        today=DAY,
        store=town,
    )
    assert set(town.trial_balance().values()) <= {0}
    assert not town.open_expectations()  # the entry and its reversal are each other's
    assert [one.rule for one in town.bank_matches()] == [MatchRule.TAKEN_BACK]
    assert len(town.open_bank_lines()) == 1

    second = adjusted("419")
    assert (first.entry_id, second.entry_id) == (
        f"bank-adjustment:4471:{DAY}:1",
        f"bank-adjustment:4471:{DAY}:1.2",
    )
    assert {name: cents for name, cents in town.trial_balance().items() if cents} == {
        "131": 500,
        "419": -500,
    }
    assert (town.open_bank_lines(), town.open_expectations()) == ([], [])


def at(town: Store) -> dict[str, Any]:
    return {"line_id": f"4471:{DAY}:1", "reason": "seen", "learned_at": LATER, "store": town}


def test_lines_are_read_by_viewers(store: Store) -> None:
    store.record_bank_file(file_of("a", 500))
    with pytest.raises(NotViewing):
        store.open_bank_lines()
    with pytest.raises(NotViewing):
        store.open_expectations()


def test_what_came_in_a_file_is_one_batch(town: Store) -> None:
    file = file_of_payments("lockbox-1125.txt", 12_00)
    town.post_receipts([posting_of("L-1", 12_00, file.sha256)], file=file)
    pay(town, "K1", 500)
    batches = {one.reference: one.batch for one in town.open_expectations()}
    assert batches == {"L-1": "lockbox-1125.txt", "K1": ""}


def file_of_payments(name: str, cents: int) -> PaymentFile:
    all_of_it = Totals(1, cents)
    return PaymentFile(
        sha256="e" * 64,
        name=name,
        profile="lockbox",
        deposited_day=DAY,
        received=all_of_it,
        posted=all_of_it,
        unapplied=Totals(),
        refused=Totals(),
        by="Ana",
        learned_at=LATER,
    )


def posting_of(key: str, cents: int, sha256: str) -> ReceiptPosting:
    payment = Payment(key, account_id(1), cents, Tender.CHECK, DAY, LATER)
    entry = Entry(
        f"payment:{key}",
        DAY,
        LATER,
        (Leg("131.lockbox", cents), Leg("142", -cents, account_id(1))),
        f"check payment {key}",
    )
    receipt = Receipt(
        *(key, account_id(1), cents, Tender.CHECK, Channel.LOCKBOX, DAY, LATER),
        file_sha256=sha256,
        line=1,
    )
    step = ReceiptStep(
        *(key, 1, ReceiptAct.TAKEN, ReceiptState.POSTED, DAY, "Ana", "in a file", LATER),
        entry_id=entry.entry_id,
        account_id=account_id(1),
    )
    return ReceiptPosting(receipt, step, payment, (entry,))


def test_a_refund_is_expected_under_the_number_of_its_check(town: Store) -> None:
    pay(town, "R-1", 20_00)
    case = settled(town, ask(1, 20_00), Act.APPROVED)
    town.record_settlements([after(case, Act.SENT, reference="CHK 1041")])
    out = [one for one in town.open_expectations() if one.cents < 0]
    assert [(one.ledger_account, one.cents, one.batch) for one in out] == [
        ("131", -20_00, "CHK 1041")
    ]


def test_ours_alone_cancel_each_other_and_are_open_again_when_undone(town: Store) -> None:
    pay(town, "R-1", 20_00)
    case = settled(town, ask(1, 20_00), Act.APPROVED)
    town.record_settlements([after(case, Act.SENT, reference="CHK 1041")])
    ours = town.open_expectations()
    said = {"by": "Ben", "reason": "he asked for his own check back before it was deposited"}

    made = match_by_hand([one.expectation_id for one in ours], learned_at=LATER, store=town, **said)

    assert (made.rule, made.lines, made.cancels_cents) == (MatchRule.BY_HAND, (), 20_00)
    assert town.bank_match_of("payment:R-1#1") == made
    assert town.open_expectations() == []
    totals = town.bank_totals()
    assert (totals.expected_matched_cents, totals.unseen_cents, totals.lines_matched) == (0, 0, 0)

    undo_match(
        match_id=made.match_id, **{**said, "by": "Ana"}, learned_at=LATER, today=DAY, store=town
    )
    assert town.open_expectations() == ours
    assert town.bank_matches() == []


def test_of_many_who_match_at_once_one_does(town: Store) -> None:
    pay(town, "K1", 500)
    town.record_bank_file(file_of("a", 500))
    line = town.open_bank_lines()[0].line
    expected = town.open_expectations()[0]

    def match(number: int) -> bool:
        found = BankMatch(f"match:{number}", MatchRule.AMOUNT, (line,), (expected,))
        try:
            town.record_bank_matches([found], learned_at=LATER)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(match, range(8))) == [False] * 7 + [True]
    assert len(town.bank_matches()) == 1
    assert town.bank_totals().unexpected_cents == town.bank_totals().unseen_cents == 0
