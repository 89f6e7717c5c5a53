"""A balance that moves to another account: each part keeps its age and its kind.

Account 1's bills of January and February 2025 are of $165.19 each, due on the 21st of February and
the 23rd of March; its service ends on the second of March. Account 3 is of the same person.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.late_town import CORRECTED, DUE, ISSUED, NOW, PaperAccount
from tests.journeys.settling_town import AT, FINDERS, ONE, SAME, Settling, begin, owes
from tests.stores.paper_town import ANALYST, LEARNED, bill_of, start_of

from meterledger.entrypoints.cli.settlement import answer
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.money import Entry, Leg
from meterledger.facts.receivables import ItemKind, Movement
from meterledger.facts.settlements import Act, SettlementKind, is_late_by_us
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import AgedTransferFacts, due_days_of, receivable_of_movements
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.memory import MemoryStore
from meterledger.usecases import transfer_balance as transfer_balance_module
from meterledger.usecases.finance_aging import aging
from meterledger.usecases.late_charge_base import SaidElsewhere, unpaid_after
from meterledger.usecases.late_charge_columns import decide_columns
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import CannotSettle, new_settlement, reverse_settlement
from meterledger.usecases.transfer_balance import _decided_as_whole, transfer_balance

MARCH = date(2025, 3, 10)
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
JANUARY_DUE, FEBRUARY_DUE = date(2025, 2, 21), date(2025, 3, 23)


@pytest.fixture(scope="module")
def book(first_book: Any) -> TariffBook:
    found: TariffBook = first_book
    return found


def new_town(book: TariffBook) -> Settling:
    made = Settling(MemoryStore(), book)
    begin(made.store)
    return made


@pytest.fixture
def town(book: TariffBook) -> Iterator[Settling]:
    made = new_town(book)
    with made.store.viewing(ANALYST, ["all"]):
        yield made


def charge(town: Settling, name: str, cents: int, day: date, at: datetime = AT) -> None:
    """Something account 1 is charged for beside its bills."""
    legs = (Leg("142", cents, ONE), Leg("450", -cents))
    town.store._entries[name] = Entry(name, day, at, legs, name)
    town.store._entries_of.setdefault(ONE, []).append(name)


def open_of(town: Settling, account: str, at: date) -> dict[tuple[ItemKind, date | None], int]:
    """What an account has open by kind and due day."""
    money = town.store.account_money([account], with_due_days=True)[account]
    found = receivable_of_movements(
        *(account, money.movements, money.applications),
        due_days=due_days_of(money, at=at, known_at=LONG_AFTER),
        at=at,
    )
    sums: dict[tuple[ItemKind, date | None], int] = {}
    for one in found.items:
        if one.open_cents:
            of = (one.kind, one.due_day)
            sums[of] = sums.get(of, 0) + one.open_cents
    return sums


class TestAge:
    def test_of_each_bill_stays_what_it_was(self, town: Settling) -> None:
        owes(town.store)

        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert [(one.cents, one.by_day) for one in (moved.case, *moved.beside)] == [
            (165_19, JANUARY_DUE),
            (165_19, FEBRUARY_DUE),
        ]
        assert b"it stays overdue since 2025-02-21" in moved.case.record
        assert b"it stays due on 2025-03-23" in moved.beside[0].record
        assert moved.cents == town.store.balance_cents(SAME) == 330_38
        assert town.store.balance_cents(ONE) == 0

    @pytest.mark.parametrize("moves_on", [MARCH, FEBRUARY_DUE, date(2025, 3, 24)])
    @pytest.mark.parametrize(
        ("at", "buckets"),
        [  # current, 1-30, 31-60, 61-90, 90+
            (date(2025, 3, 23), (165_19, 165_19, 0, 0, 0)),
            (date(2025, 3, 24), (0, 165_19, 165_19, 0, 0)),
            (date(2025, 4, 22), (0, 165_19, 165_19, 0, 0)),
            (date(2025, 4, 23), (0, 0, 165_19, 165_19, 0)),
            (date(2025, 5, 22), (0, 0, 165_19, 165_19, 0)),
            (date(2025, 5, 23), (0, 0, 0, 165_19, 165_19)),
            (date(2025, 6, 21), (0, 0, 0, 165_19, 165_19)),
            (date(2025, 6, 22), (0, 0, 0, 0, 330_38)),
        ],
    )
    def test_by_buckets_is_the_same_moved_or_not(
        self, book: TariffBook, moves_on: date, at: date, buckets: tuple[int, ...]
    ) -> None:
        for moves in (False, True):
            town = new_town(book)
            with town.store.viewing(ANALYST, ["all"]):
                owes(town.store)
                if moves:
                    transfer_balance(ONE, SAME, desk=town.desk(moves_on), **FINDERS)
                told = aging(at, view=town.desk().view, store=town.store)
            assert told.totals == (*buckets, 0), moves

    def test_of_a_part_that_was_paid_in_part_is_of_what_is_left(self, town: Settling) -> None:
        owes(town.store)
        town.pay(ONE, 165_18, "K-1")

        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert [(one.cents, one.by_day) for one in (moved.case, *moved.beside)] == [
            (1, JANUARY_DUE),
            (165_19, FEBRUARY_DUE),
        ]

    def test_stays_when_it_moves_on(self, town: Settling) -> None:
        owes(town.store)
        transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        town.store.stop_service("AG-3-20250101", date(2025, 3, 5), AT)

        back = transfer_balance(SAME, ONE, desk=town.desk(date(2025, 3, 12)), **FINDERS)

        days = [one.by_day for one in (back.case, *back.beside)]
        assert days == [JANUARY_DUE, FEBRUARY_DUE]
        assert open_of(town, ONE, MARCH + timedelta(days=9)) == {
            (ItemKind.UTILITY, JANUARY_DUE): 165_19,
            (ItemKind.UTILITY, FEBRUARY_DUE): 165_19,
        }


class TestKind:
    @pytest.mark.parametrize(
        ("name", "kind", "word"),
        [
            ("late:x", ItemKind.LATE_CHARGE, "late-charge"),
            ("fee:x", ItemKind.SERVICE_FEE, "service-fee"),
            ("special-facility:x", ItemKind.SPECIAL, "special"),
            ("ext-guarantee:x", ItemKind.SPECIAL, "special"),
        ],
    )
    def test_stays_what_it_was(self, town: Settling, name: str, kind: ItemKind, word: str) -> None:
        owes(town.store, months=1)
        charge(town, name, 12_00, date(2025, 2, 20))

        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        (part,) = moved.beside
        assert part.key == f"{moved.case.key}.{word}"
        assert (part.cents, part.by_day) == (12_00, None)
        assert b"yet: the account's next bill does" in part.record
        assert open_of(town, SAME, MARCH) == {
            (ItemKind.UTILITY, JANUARY_DUE): 165_19,
            (kind, None): 12_00,
        }
        assert "charges moved from account" in town.store.entries_of_account(SAME)[-1].cause

    def test_has_the_due_day_of_the_bill_that_asked_for_it(self, town: Settling) -> None:
        for day in (31, 32):
            on = date(2024, 12, 31) + timedelta(days=day)
            charge(town, f"late:{day}", day, on, LEARNED)
        owes(town.store, months=1)  # of the 31st of January

        transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert open_of(town, SAME, MARCH) == {
            (ItemKind.UTILITY, JANUARY_DUE): 165_19,
            (ItemKind.LATE_CHARGE, JANUARY_DUE): 31,
            (ItemKind.LATE_CHARGE, None): 32,
        }

    @pytest.mark.parametrize(("cents", "special"), [(165_18, 12_00), (165_19, 12_00),
                                                    (165_20, 11_99)])  # fmt: skip
    def test_special_is_still_paid_last(self, town: Settling, cents: int, special: int) -> None:
        charge(town, "special-facility:x", 12_00, date(2025, 1, 20))  # older than the bill
        owes(town.store, months=1)
        transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        town.pay(SAME, cents, "K-9")

        left = open_of(town, SAME, date(2025, 4, 1))
        assert sum(one for (kind, _), one in left.items() if kind is ItemKind.SPECIAL) == special
        assert sum(left.values()) == 177_19 - cents


class TestLateCharges:
    """The other account's bill of $100.00 is due on its day; what moved to it bears charges too."""

    @pytest.mark.parametrize(
        ("days_after", "new", "arrears"), [(-1, 100_00, 50_00), (0, 150_00, 0), (1, 100_00, 0)]
    )
    def test_are_on_what_is_due_by_the_delinquent_date(
        self, book: TariffBook, days_after: int, new: int, arrears: int
    ) -> None:
        history = with_moved(book, "transfer:X", days_after)
        bill = history.bills[-1]

        found = unpaid_after(
            *(DUE[0], bill, history),
            on=ISSUED[1],
            view=book.as_known(NOW.date()),
            said=SaidElsewhere(),
        )

        assert (found.of("new_cents"), found.of("arrears_cents")) == (new, arrears)

    @pytest.mark.parametrize(
        ("word", "base", "code"),
        [
            ("", 150_00, "again"),
            (".late-charge", 150_00, "compound"),
            (".special", 100_00, ""),
            (".late-by-us", 100_00, "our_delay"),
            (".late-by-us.2", 100_00, "our_delay"),
        ],
    )
    def test_are_on_each_kind_as_before(
        self, book: TariffBook, word: str, base: int, code: str
    ) -> None:
        history = with_moved(book, f"transfer:X{word}", -1)

        found = consider(history, on=ISSUED[1], known_at=NOW, view=book.as_known(NOW.date()))

        (made,) = found.charges
        assert made.base_cents == base
        assert not code or code in made.codes

    def test_know_when_each_part_is_due(self, town: Settling) -> None:
        owes(town.store)
        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        history = town.store.late_histories([SAME], town.desk().now)[SAME]

        assert history.moved_due == {
            moved.case.settlement_id: JANUARY_DUE,
            moved.beside[0].settlement_id: FEBRUARY_DUE,
        }


class TestLateByUs:
    """What we billed late bears no late charge, on whichever account it is owed."""

    @pytest.mark.parametrize(("days", "spared"), [(35, 0), (36, 165_19)])
    def test_stays_so_on_the_other_account(self, town: Settling, days: int, spared: int) -> None:
        bill, entry = bill_of(1)
        assert entry is not None
        issued = bill.days.until_day + timedelta(days=days)
        bill = replace(bill, issued_day=issued, due_day=issued + timedelta(days=21))
        town.store.record_bills([(bill, replace(entry, effective_day=issued)), bill_of(1, 1)])
        moved = transfer_balance(ONE, SAME, desk=town.desk(issued), **FINDERS)

        of = {one.settlement_id: one for one in (moved.case, *moved.beside)}
        ours = sum(one.cents for name, one in of.items() if is_late_by_us(name))

        assert (ours, moved.cents) == (spared, 330_38)
        town.store.record_bills([bill_of(3, 4, cents=10_00)])
        history = town.store.late_histories([SAME], town.desk().now)[SAME]
        last = history.bills[-1]
        at = {"on": last.due_day + timedelta(days=9), "view": town.desk().view}
        found = unpaid_after(last.due_day, last, history, **at, said=SaidElsewhere())
        assert found.of("our_delay_cents") == spared
        assert found.chargeable_cents == 340_38 - spared
        assert all(replay_settlement(one, town.desk()) for one in of.values())
        words = [one for one in town.store.entries_of_account(SAME) if one.entry_id in of]
        assert [one.cause.endswith(", late by us") for one in words].count(True) == bool(spared)

    def test_is_of_a_bill_what_its_correction_adds(self, book: TariffBook) -> None:
        town, paper = corrected(book)
        with paper.store.viewing(ANALYST, ["all"]):
            moved = transfer_balance(ONE, SAME, desk=town.desk(ISSUED[2]), **FINDERS)

            parts = (moved.case, *moved.beside)
            assert [(one.key.partition(".")[2], one.cents) for one in parts] == [
                ("", 100_00),
                ("late-by-us", 40_00),
            ]
            assert parts[0].by_day == parts[1].by_day
            assert b"bears no late charge on the other account either" in parts[1].record
            assert b"bears no late charge" not in parts[0].record
            told = [town.store.applications_of(one.settlement_id) for one in parts]
            assert [[one.cents for one in each] for each in told] == [[100_00], [40_00]]
            assert open_of(town, ONE, ISSUED[3]) == {}
            assert [replay_settlement(one, town.desk()) for one in parts] == [True, True]

    def test_is_paid_last(self, book: TariffBook) -> None:
        town, paper = corrected(book)
        paper.pay("K-1", 100_01, ISSUED[1], learned_at=CORRECTED)
        with paper.store.viewing(ANALYST, ["all"]):
            moved = transfer_balance(ONE, SAME, desk=town.desk(ISSUED[2]), **FINDERS)

            assert (moved.case.key.partition(".")[2], moved.cents) == ("late-by-us", 39_99)
            town.store.stop_service("AG-3-20250101", ISSUED[2], town.desk().now)
            back = transfer_balance(SAME, ONE, desk=town.desk(ISSUED[3]), **FINDERS)
            assert (back.case.key.partition(".")[2], back.cents) == ("late-by-us", 39_99)

    def test_is_not_told_apart_in_records_of_before(
        self, book: TariffBook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town, paper = corrected(book)
        with paper.store.viewing(ANALYST, ["all"]):
            with monkeypatch.context() as then:
                then.setattr(transfer_balance_module, "late_by_us_cents", lambda *_: 0)
                then.setattr(transfer_balance_module, "TransferFacts", as_before)
                moved = transfer_balance(ONE, SAME, desk=town.desk(ISSUED[2]), **FINDERS)

            assert (moved.cents, moved.beside) == (140_00, ())
            assert b"late_by_us" not in moved.case.record
            assert replay_settlement(moved.case, town.desk())


def as_before(*, late_by_us: bool, **facts: Any) -> AgedTransferFacts:
    """The facts as a release wrote them that did not ask for it."""
    return AgedTransferFacts(**facts)


def corrected(book: TariffBook) -> tuple[Settling, PaperAccount]:
    """An account that owes a bill of $140.00 in the place of one of $100.00; its service ended."""
    paper = PaperAccount(book)
    paper.bill(0)
    third = start_of(3)
    same = replace(third.holders[0], person_id="person-1")
    paper.store.start_service(replace(third, persons=(), holders=(same,)))
    paper.store.stop_service("AG-1-20250101", ISSUED[0], NOW)
    paper.correct(0, 140_00, ISSUED[1] - timedelta(days=3))
    return Settling(paper.store, book, seconds=int((CORRECTED - AT).total_seconds()) + 60), paper


def with_moved(book: TariffBook, name: str, days_after: int) -> Any:
    """An unpaid bill of $100.00, and $50.00 that moved before it, due so many days after it."""
    paper = PaperAccount(book)
    paper.bill(0)
    with paper.store.viewing(ANALYST, [paper.account]):
        history = paper.store.late_histories([paper.account], NOW)[paper.account]
    moved = Movement(name, ISSUED[0] - timedelta(days=2), NOW - timedelta(hours=1), 50_00)
    due = {name: DUE[0] + timedelta(days=days_after)}
    return replace(history, movements=(moved, *history.movements), moved_due=due)


class TestParts:
    def test_move_together_once_a_day(self, town: Settling) -> None:
        owes(town.store)
        first = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        again = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert not again.is_new
        assert (again.case, again.beside) == (first.case, first.beside)

    def test_that_were_taken_back_move_anew(self, town: Settling) -> None:
        owes(town.store)
        first = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        reverse_settlement(first.case.settlement_id, desk=town.desk(MARCH), **FINDERS)

        second = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        again = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert (second.is_new, again.is_new) == (True, False)
        assert (second.case.key, again.case) == (f"{first.case.key}-2", second.case)
        assert (second.cents, again.cents) == (330_38, 330_38)
        assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [0, 330_38]
        parts = (second.case, *second.beside)
        assert all(replay_settlement(one, town.desk()) for one in parts)

        reverse_settlement(second.beside[0].settlement_id, desk=town.desk(MARCH), **FINDERS)
        third = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        assert third.case.key == f"{first.case.key}-3"

    def test_of_a_new_charge_on_the_day_move_beside(self, town: Settling) -> None:
        owes(town.store, months=1)
        first = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        charge(town, "late:x", 1, MARCH)

        second = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert second.is_new
        assert (second.case.key, second.cents) == (f"{first.case.key}-2.late-charge", 1)
        assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [0, 165_20]
        again = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        assert (again.case, again.is_new) == (second.case, False)

    @pytest.mark.parametrize("which", [0, 1])
    def test_go_back_together(self, town: Settling, which: int) -> None:
        owes(town.store)
        before = open_of(town, ONE, MARCH)
        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        name = (moved.case, *moved.beside)[which].settlement_id

        undone = reverse_settlement(name, desk=town.desk(MARCH), **FINDERS)

        assert undone.case.settlement_id == name
        assert [one.last.act for one in (undone.case, *undone.beside)] == [Act.REVERSED] * 2
        assert (open_of(town, ONE, MARCH), open_of(town, SAME, MARCH)) == (before, {})

    def test_are_decided_again_to_the_byte(self, town: Settling) -> None:
        owes(town.store)
        charge(town, "late:x", 2_48, date(2025, 3, 2))
        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        parts = (moved.case, *moved.beside)
        town.pay(SAME, 50_00, "K-1")

        assert [replay_settlement(one, town.desk()) for one in parts] == [True] * 3
        other = json.loads(parts[0].record)
        other["facts"]["delinquent_since"] = "2025-02-22"
        assert not replay_settlement(
            replace(parts[0], record=json.dumps(other).encode()), town.desk()
        )

    def test_that_are_told_otherwise_are_not_the_same(self, town: Settling) -> None:
        owes(town.store)
        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert not replay_settlement(replace(moved.case, cents=165_18), town.desk())

    def test_are_all_answered(self, town: Settling, capsys: pytest.CaptureFixture[str]) -> None:
        owes(town.store)
        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        answer(moved.case, as_json=True, beside=moved.beside)
        told = json.loads(capsys.readouterr().out)
        answer(moved.case, as_json=False, beside=moved.beside)

        assert [one["by_day"] for one in (told, *told["beside"])] == ["2025-02-21", "2025-03-23"]
        assert capsys.readouterr().out.count("$165.19") == 2

    def test_of_what_stands_on_143_stay_where_they_are(self, town: Settling) -> None:
        charge(town, "special:x", 12_00, date(2025, 2, 20))
        entry = town.store._entries["special:x"]
        legs = (Leg("143", 12_00, ONE), Leg("415", -12_00))
        town.store._entries["special:x"] = replace(entry, legs=legs)

        with pytest.raises(CannotSettle, match="owes nothing"):
            transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        owes(town.store, months=1)
        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        assert (moved.cents, moved.beside) == (165_19, ())


class TestWhatMoved:
    """The credit that a part leaves behind pays what moved, and nothing that comes after it."""

    def test_leaves_nothing_for_a_later_bill(self, town: Settling) -> None:
        owes(town.store, months=1)
        charge(town, "special-facility:x", 12_00, date(2025, 2, 20))
        transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        town.store.record_bills([bill_of(1, 1, cents=20_00)])

        moved = {(ItemKind.UTILITY, JANUARY_DUE): 165_19, (ItemKind.SPECIAL, None): 12_00}
        assert open_of(town, ONE, MARCH) == {(ItemKind.UTILITY, FEBRUARY_DUE): 20_00}
        assert open_of(town, SAME, MARCH) == moved

        town.store.stop_service("AG-3-20250101", date(2025, 3, 5), AT)
        back = transfer_balance(SAME, ONE, desk=town.desk(MARCH), **FINDERS)
        assert [(one.cents, one.last.act) for one in (back.case, *back.beside)] == [
            (165_19, Act.APPROVED),
            (12_00, Act.APPROVED),
        ]
        left = open_of(town, ONE, MARCH)
        assert left == moved | {(ItemKind.UTILITY, FEBRUARY_DUE): 20_00}
        assert open_of(town, SAME, MARCH) == {}

    def test_stays_moved_when_a_payment_of_it_comes_back(self, town: Settling) -> None:
        owes(town.store)
        town.pay(ONE, 100_00, "K-1")
        transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        town.bring_back("K-1")

        at = date(2025, 4, 1)
        assert open_of(town, ONE, at) == {(ItemKind.UTILITY, JANUARY_DUE): 100_00}
        assert open_of(town, SAME, at) == {
            (ItemKind.UTILITY, JANUARY_DUE): 65_19,
            (ItemKind.UTILITY, FEBRUARY_DUE): 165_19,
        }

    def test_is_told_item_by_item(self, town: Settling) -> None:
        owes(town.store, months=1)
        for number, cents in ((1, 31), (2, 32)):
            charge(town, f"late:{number}", cents, date(2025, 2, 20))

        moved = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)

        (late,) = moved.beside
        told = town.store.applications_of(late.settlement_id)
        assert [(one.item_id, one.cents, one.applied_day) for one in told] == [
            ("late:1", 31, MARCH),
            ("late:2", 32, MARCH),
        ]

    def test_that_another_paid_at_once_is_looked_at_again(
        self, town: Settling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owes(town.store)
        kept, paid = town.store.record_settlements, []

        def paid_meanwhile(writes: Any) -> list[bool]:
            if not paid:
                paid.append(town.pay(ONE, 100_00, "K-1"))
            return kept(writes)

        monkeypatch.setattr(town.store, "record_settlements", paid_meanwhile)

        later = replace(town.desk(MARCH), now=AT + timedelta(hours=1))
        moved = transfer_balance(ONE, SAME, desk=later, **FINDERS)

        assert [one.cents for one in (moved.case, *moved.beside)] == [65_19, 165_19]
        assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [0, 230_38]

    @pytest.mark.parametrize("hours", [1, 2])
    def test_knows_what_was_learned_a_moment_later_and_kept_before(
        self, town: Settling, hours: int
    ) -> None:
        owes(town.store)
        desk = town.desk(MARCH)
        town.seconds += hours * 3600 - 1
        town.pay(ONE, 100_00, "K-1")  # just after the desk's instant, or later than any journey
        if hours > 1:
            with pytest.raises(Refusal):
                transfer_balance(ONE, SAME, desk=desk, **FINDERS)
            return

        moved = transfer_balance(ONE, SAME, desk=desk, **FINDERS)

        assert moved.cents == 230_38
        assert moved.case.asked.learned_at == town.desk().now - timedelta(seconds=1)
        assert all(replay_settlement(one, town.desk()) for one in (moved.case, *moved.beside))


class TestABalanceThatMovedAsAWhole:
    """As until 2026-11-29: one settlement, as old as its oldest bill, and no kind in its record."""

    @pytest.fixture
    def moved(self, town: Settling) -> Any:
        owes(town.store)
        charge(town, "special-facility:x", 12_00, date(2025, 2, 20))
        desk = town.desk(MARCH)
        write = new_settlement(
            SettlementKind.TRANSFER,
            f"{ONE}-{SAME}-20250310",
            _decided_as_whole(ONE, SAME, False, desk),
            account_id=ONE,
            to_account_id=SAME,
            cents=342_38,
            by="Ana",
            reason="asked",
            desk=desk,
            approved=True,
            by_day=JANUARY_DUE,
        )
        town.store.record_settlements([write])
        return write.case

    def test_reads_as_it_did(self, town: Settling, moved: Any) -> None:
        assert open_of(town, SAME, MARCH) == {(ItemKind.UTILITY, JANUARY_DUE): 342_38}
        assert town.store.late_histories([SAME], town.desk().now)[SAME].moved_due == {}

    def test_is_decided_again_to_the_byte(self, town: Settling, moved: Any) -> None:
        told = json.loads(moved.record)
        assert sorted(told["facts"]) == [
            *("delinquent_since", "disputed", "from_class"),
            *("same_customer", "service_ended", "to_class"),
        ]
        assert told["reasons"][1]["finding"] == "it stays overdue since 2025-02-21"

        assert replay_settlement(moved, town.desk())

    def test_is_known_and_goes_back_by_itself(self, town: Settling, moved: Any) -> None:
        again = transfer_balance(ONE, SAME, desk=town.desk(MARCH), **FINDERS)
        assert (again.case, again.is_new, again.beside) == (moved, False, ())

        reverse_settlement(moved.settlement_id, desk=town.desk(MARCH), **FINDERS)

        assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [342_38, 0]


CHARGED = st.lists(
    st.tuples(
        st.sampled_from(["late", "fee", "special-facility", "recovery", "ext-guarantee"]),
        st.integers(1, 200_00),
        st.integers(0, 68),  # to the first day on which it moves
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(
    months=st.integers(0, 2),
    charged=CHARGED,
    paid=st.lists(st.integers(1, 200_00), max_size=3),
    moves_after=st.integers(0, 120),
)
def test_what_leaves_one_account_arrives_on_the_other_by_kind_and_age(
    months: int, charged: list[tuple[str, int, int]], paid: list[int], moves_after: int
) -> None:
    town = new_town(_the_book())
    on = MARCH + timedelta(days=moves_after)
    with town.store.viewing(ANALYST, ["all"]):
        if months:
            owes(town.store, months=months)
        for number, (prefix, cents, day) in enumerate(charged):
            charge(town, f"{prefix}:{number}", cents, date(2025, 1, 1) + timedelta(days=day))
        for number, cents in enumerate(paid):
            town.pay(ONE, cents, f"K-{number}")
        before, owed = open_of(town, ONE, on), town.store.balance_cents(ONE)
        if owed <= 0:
            with pytest.raises(CannotSettle, match="owes nothing"):
                transfer_balance(ONE, SAME, desk=town.desk(on), **FINDERS)
            return

        moved = transfer_balance(ONE, SAME, desk=town.desk(on), **FINDERS)

        assert moved.cents == owed == sum(before.values())
        assert (open_of(town, ONE, on), open_of(town, SAME, on)) == ({}, before)
        assert sum(town.store.trial_balance().values()) == 0
        assert all(replay_settlement(one, town.desk()) for one in (moved.case, *moved.beside))
        reverse_settlement(moved.case.settlement_id, desk=town.desk(on), **FINDERS)
        assert (open_of(town, ONE, on), open_of(town, SAME, on)) == (before, {})


@settings(max_examples=40, deadline=None)
@given(
    charged=CHARGED,
    paid=st.lists(st.integers(1, 200_00), max_size=3),
    moves_after=st.integers(0, 30),
    later=CHARGED,
    come_back=st.sets(st.integers(0, 2)),
)
def test_what_comes_after_a_move_is_owed_as_if_nothing_had_moved(
    charged: list[tuple[str, int, int]],
    paid: list[int],
    moves_after: int,
    later: list[tuple[str, int, int]],
    come_back: set[int],
) -> None:
    """New charges, and payments that come back: both accounts together, by kind and due day."""
    on, at = MARCH + timedelta(days=moves_after), MARCH + timedelta(days=60)
    found = []
    for moves in (False, True):
        town = new_town(_the_book())
        with town.store.viewing(ANALYST, ["all"]):
            owes(town.store)
            for number, (prefix, cents, day) in enumerate(charged):
                charge(town, f"{prefix}:{number}", cents, date(2025, 1, 1) + timedelta(days=day))
            for number, cents in enumerate(paid):
                town.pay(ONE, cents, f"K-{number}")
            if town.store.balance_cents(ONE) <= 0:
                return
            if moves:
                transfer_balance(ONE, SAME, desk=town.desk(on), **FINDERS)
                moved = open_of(town, SAME, at)
            for number, (prefix, cents, day) in enumerate(later):
                charge(town, f"{prefix}:new-{number}", cents, date(2025, 2, 1) + timedelta(day))
            for number in sorted(come_back):
                if number < len(paid):
                    town.bring_back(f"K-{number}")
            found.append(Counter(open_of(town, ONE, at)) + Counter(open_of(town, SAME, at)))
            if moves:
                assert open_of(town, SAME, at) == moved
            _alike_in_columns(town)
    assert found[0] == found[1]


def _alike_in_columns(town: Settling) -> None:
    """Late charges come to the same by themselves and in columns."""
    view, known_at, on = town.desk().view, town.desk().now, date(2025, 9, 28)
    told = town.store.late_histories([ONE, SAME], known_at)
    found = decide_columns(town.store.late_columns([ONE, SAME], known_at), on=on, view=view)
    for place, history in enumerate(told[one] for one in (ONE, SAME)):
        alone = consider(history, on=on, known_at=known_at, view=view)
        if not found.one_by_one[place]:
            assert found.cents[place] == alone.cents


def _the_book() -> TariffBook:
    if not BOOKS:
        BOOKS.append(open_book(default_book_folder()))
    return BOOKS[0]


BOOKS: list[TariffBook] = []
