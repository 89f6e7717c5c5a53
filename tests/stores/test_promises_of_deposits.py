"""Deposits with their steps: added to, never changed; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from tests.stores.deposit_paper import (
    ASKED_ON,
    KIND,
    PAID_ON,
    asked_step,
    name_of,
    pay_deposit,
    step_of,
    work_of,
)
from tests.stores.paper_town import (
    ANALYST,
    CORRECTED_AT,
    FIRST_DAY,
    LATER,
    account_id,
    bill_of,
    rebill_of,
    start_of,
)

from meterledger.facts.deposits import Deposit, DepositAct, DepositStep, deposit_id_of
from meterledger.kernel.span import DaySpan
from meterledger.ledger import entry_for_deposit_step, entry_that_undoes
from meterledger.stores import deposit_words
from meterledger.stores.postgres import PostgresStore
from meterledger.stores.postgres.repository import deposits
from meterledger.usecases.deposit_money import deposit_money, sub_ledger_cents
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store


@pytest.fixture
def asked(store: Store) -> Store:
    """A store with a deposit of 100 dollars that account 1 was asked for."""
    store.start_services([start_of(1), start_of(2)])
    assert store.record_deposits([work_of(1, 0, asked_step())])
    return store


def deposit(store: Store, number: int = 1) -> Deposit:
    with store.viewing(ANALYST, [account_id(number)]):
        return store.deposit(name_of(number))


def applied(cents: int, on: date = PAID_ON, key: str = "applied.B-1") -> DepositStep:
    return step_of(1, DepositAct.APPLIED, key, on=on, cents=cents)


def move_of(by: str, approved_by: str) -> list[DepositWork]:
    """What was paid for the deposit of account 1 moves to account 2."""
    new = deposit_id_of(account_id(2), KIND, PAID_ON)
    of = {"on": PAID_ON, "cents": 100_00, "by": by, "approved_by": approved_by}
    out = step_of(1, DepositAct.MOVED_OUT, "moved.x", note=new, **of)
    come = step_of(1, DepositAct.MOVED_IN, "moved_in", note=name_of(1), **of)
    entry = entry_for_deposit_step(out, account_id(1), to_account_id=account_id(2))
    assert entry is not None
    return [
        DepositWork(name_of(1), account_id(1), KIND, 1, (out,), (entry,)),
        DepositWork(new, account_id(2), KIND, 0, (replace(come, deposit_id=new),)),
    ]


class TestAMove:
    @pytest.mark.parametrize("other", ["", " ", "\u200b", "Ana", " ANA\u00a0"])
    def test_takes_two_people(self, asked: Store, other: str) -> None:
        pay_deposit(asked)

        with pytest.raises(Conflict, match="A deposit is moved by two different people"):
            asked.record_deposits(move_of("Ana", other))

        assert len(deposit(asked).steps) == 1
        assert asked.record_deposits(move_of("Ana", "Ben"))
        assert deposit(asked).steps[-1].approved_by == "Ben"

    def test_takes_two_people_for_the_database(
        self, postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        postgres.start_services([start_of(1), start_of(2)])
        postgres.record_deposits([work_of(1, 0, asked_step())])
        pay_deposit(postgres)
        monkeypatch.setattr(deposit_words, "TAKES_TWO", ())

        for other in ("", "ana "):
            with pytest.raises(Conflict, match="A deposit is moved by two different people"):
                postgres.record_deposits(move_of("Ana", other))

        assert len(deposit(postgres).steps) == 1
        assert postgres.record_deposits(move_of("Ana", "Ben"))


class TestAnEffort:
    """Kept by Ana; it is taken back once, of its day, by another person."""

    def back(self, by: str, **other: Any) -> list[DepositWork]:
        told = {"note": "effort", "by": by} | other
        return [work_of(1, 2, step_of(1, DepositAct.EFFORT_BACK, "effort.taken_back", **told))]

    def test_is_taken_back_by_another(self, asked: Store) -> None:
        asked.record_deposits([work_of(1, 1, step_of(1, DepositAct.EFFORT, note="a letter"))])
        assert len(deposit(asked).efforts) == 1
        for who in ("Ana", " ANA "):
            with pytest.raises(Conflict, match="by another person than who kept it"):
                asked.record_deposits(self.back(who))
        for other in ({"note": "asked"}, {"on": PAID_ON}):
            with pytest.raises(Conflict, match="What is undone does not stand like that"):
                asked.record_deposits(self.back("Ben", **other))

        assert asked.record_deposits(self.back("Ben"))

        assert deposit(asked).efforts == ()
        again = replace(self.back("Zoe")[0].steps[0], key="again")
        with pytest.raises(Conflict):
            asked.record_deposits([work_of(1, 3, again)])

    def test_is_taken_back_with_what_it_had_kept_of_a_year(self, asked: Store) -> None:
        """The year was credited while it stood: both or neither."""
        pay_deposit(asked)
        effort = step_of(1, DepositAct.EFFORT, note="a letter")
        year = step_of(1, DepositAct.INTEREST_CREDITED, "interest.2025-02-01", cents=12)
        rest = replace(year, key="interest.2025-02-01.rest.1", by="Ben", cents=30)
        asked.record_deposits([work_of(1, 1, effort, year)])
        (back,) = self.back("Ben")
        (step,) = back.steps

        with pytest.raises(Conflict, match="by another person than who kept it"):
            asked.record_deposits([work_of(1, 3, replace(step, by="Ana"), rest)])
        assert asked.trial_balance()["431"] == 12
        assert asked.record_deposits([work_of(1, 3, step, rest)])
        assert not asked.record_deposits([work_of(1, 3, step, rest)])

        assert asked.trial_balance()["431"] == 42
        assert deposit(asked).efforts == ()

    def test_is_so_for_the_database(
        self, postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        postgres.start_services([start_of(1), start_of(2)])
        postgres.record_deposits([work_of(1, 0, asked_step())])
        postgres.record_deposits([work_of(1, 1, step_of(1, DepositAct.EFFORT, note="a letter"))])
        monkeypatch.setattr(deposit_words, "_refuse_effort_back", lambda *_: None)

        with pytest.raises(Conflict, match="by another person than who kept it"):
            postgres.record_deposits(self.back("ana "))
        with pytest.raises(Conflict, match="What is undone does not stand like that"):
            postgres.record_deposits(self.back("Ben", on=PAID_ON))
        assert postgres.record_deposits(self.back("Ben"))
        again = replace(self.back("Zoe")[0].steps[0], key="again")
        with pytest.raises(Conflict, match="Somebody else took a step"):
            postgres.record_deposits([work_of(1, 3, again)])


class TestADeposit:
    def test_is_kept_with_its_steps(self, asked: Store) -> None:
        found = deposit(asked)

        assert found.steps == (asked_step(),)
        assert (found.account_id, found.state) == (account_id(1), "asked")

    def test_asks_for_an_open_item_from_its_day_on(self, asked: Store) -> None:
        with asked.viewing(ANALYST, [account_id(1)]):
            assert asked.asked_deposits(account_id(1), ASKED_ON - timedelta(days=1)) == ()
            (item,) = asked.asked_deposits(account_id(1), ASKED_ON)

        assert (item.item_id, item.open_cents) == (f"deposit:{name_of(1)}", 100_00)

    def test_known_again_later_changes_nothing(self, asked: Store) -> None:
        later = replace(asked_step(), learned_at=CORRECTED_AT, record=b'{"a":2}\n')

        assert not asked.record_deposits([work_of(1, 0, later)])
        assert deposit(asked).steps == (asked_step(),)

    def test_of_another_amount_is_refused(self, asked: Store) -> None:
        with pytest.raises(Conflict, match=r"'asked' was taken already, with other contents"):
            asked.record_deposits([work_of(1, 0, asked_step(cents=90_00))])

    def test_of_nobody_is_refused(self, asked: Store) -> None:
        with pytest.raises(NotFound, match="There is no account"):
            asked.record_deposits([work_of(9, 0, asked_step(9))])
        with asked.viewing(ANALYST, ["x"]), pytest.raises(NotFound, match="There is no deposit D-"):
            asked.deposit(name_of(9))

    def test_does_not_begin_with_its_end(self, asked: Store) -> None:
        with pytest.raises(NotFound, match="There is no deposit"):
            asked.record_deposits([work_of(2, 0, step_of(2, DepositAct.GIVEN_BACK))])

    def test_is_not_read_without_a_viewer(self, asked: Store) -> None:
        for read in (
            lambda: asked.deposit(name_of(1)),
            lambda: asked.deposits_of_accounts([account_id(1)]),
            asked.deposit_accounts,
        ):
            with pytest.raises(NotViewing):
                read()


class TestAStep:
    def test_of_somebody_else_meanwhile_refuses_the_call(self, asked: Store) -> None:
        asked.record_deposits([work_of(1, 1, step_of(1, DepositAct.DISPUTED, "disputed.x"))])

        with pytest.raises(Conflict, match="Somebody else took a step of this deposit meanwhile"):
            asked.record_deposits([work_of(1, 1, step_of(1, DepositAct.MISSED, "missed.x"))])

    def test_after_the_end_is_refused_unless_it_is_told_of_the_remainder(
        self, asked: Store
    ) -> None:
        asked.record_deposits([work_of(1, 1, step_of(1, DepositAct.GIVEN_BACK, cents=5_00))])

        with pytest.raises(Conflict, match="The deposit has ended"):
            asked.record_deposits([work_of(1, 2, step_of(1, DepositAct.MISSED))])
        assert asked.record_deposits([work_of(1, 2, step_of(1, DepositAct.REQUESTED))])
        with asked.viewing(ANALYST, ["x"]):
            assert asked.deposit_accounts() == []
            assert asked.deposit_accounts(with_closed=True) == [account_id(1)]

    def test_that_begins_another_deposit_has_looked_at_all_of_the_account(
        self, asked: Store
    ) -> None:
        """Limits are of all deposits together: one that was begun meanwhile refuses the call."""
        named = deposit_id_of(account_id(1), KIND, PAID_ON)
        step = replace(asked_step(), deposit_id=named, on=PAID_ON)
        blind = DepositWork(named, account_id(1), KIND, 0, (step,), beside=frozenset())

        with pytest.raises(Conflict, match=f"Deposit {name_of(1)} of the account was begun"):
            asked.record_deposits([blind])
        assert asked.record_deposits([replace(blind, beside=frozenset({name_of(1)}))])
        assert not asked.record_deposits([blind])  # it is known: nothing is refused

    def test_of_which_two_begin_at_once_one_is_kept(self, asked: Store) -> None:
        def begin(number: int) -> bool:
            on = PAID_ON + timedelta(days=number)
            named = deposit_id_of(account_id(1), KIND, on)
            step = replace(asked_step(), deposit_id=named, on=on)
            seen = frozenset({name_of(1)})
            work = DepositWork(named, account_id(1), KIND, 0, (step,), beside=seen)
            try:
                return bool(asked.record_deposits([work]))
            except Conflict:
                return False

        with ThreadPoolExecutor(8) as workers:
            assert list(workers.map(begin, range(8))).count(True) == 1

    def test_is_taken_once_by_many_at_once(self, asked: Store) -> None:
        pay_deposit(asked)
        step = step_of(1, DepositAct.INTEREST_CREDITED, "interest.2025-02-01", cents=12)

        def take(_: int) -> bool:
            try:
                return bool(asked.record_deposits([work_of(1, 1, step)]))
            except Conflict:
                return False

        with ThreadPoolExecutor(8) as workers:
            done = list(workers.map(take, range(16)))

        assert done.count(True) == 1
        assert asked.trial_balance()["431"] == 12


class TestMoney:
    def test_that_is_paid_is_held(self, asked: Store) -> None:
        pay_deposit(asked)

        with asked.viewing(ANALYST, [account_id(1)]):
            money = deposit_money(account_id(1), [asked.deposit(name_of(1))], asked)
            entries = asked.entries_of_account(account_id(1))

        assert money[name_of(1)].held_cents == sub_ledger_cents(entries, account_id(1)) == 100_00
        assert money[name_of(1)].first_received == PAID_ON

    def test_that_is_not_held_does_not_leave(self, asked: Store) -> None:
        pay_deposit(asked, cents=60_00)

        with pytest.raises(Conflict, match="More would leave the deposits of this account"):
            asked.record_deposits([work_of(1, 1, applied(60_01))])

        assert asked.trial_balance()["235"] == -60_00
        assert asked.record_deposits([work_of(1, 1, applied(60_00))])
        assert asked.trial_balance().get("235", 0) == 0


def undoing(step: DepositStep, key: str = "", **other: Any) -> DepositStep:
    """The step that takes another one back, on its day and by as much."""
    made = step_of(1, DepositAct.UNDONE, key or f"undone.{step.key}", on=step.on, cents=step.cents)
    return replace(made, note=step.key, **other)


class TestUndoing:
    """A payment came back: what was applied is taken back, and what is there is applied anew."""

    @pytest.fixture
    def used(self, asked: Store) -> Store:
        pay_deposit(asked)
        assert asked.record_deposits([work_of(1, 1, applied(60_00))])
        last = step_of(1, DepositAct.GIVEN_BACK, cents=40_00)
        assert asked.record_deposits([work_of(1, 2, last)])
        return asked

    def undo(self, cents: int, **other: Any) -> DepositWork:
        step = applied(60_00)
        again = replace(step, key="applied.B-1.again.1", cents=cents)
        back = undoing(step, **other)
        steps = (back, again) if cents else (back,)
        entries = [entry_that_undoes(undoing(step), step, account_id(1))]
        entries += [one for one in (entry_for_deposit_step(again, account_id(1)),) if one and cents]
        return DepositWork(name_of(1), account_id(1), KIND, 3, steps, tuple(entries))

    def test_is_told_of_a_deposit_that_has_ended_and_once(self, used: Store) -> None:
        assert used.record_deposits([self.undo(25_00)])
        assert not used.record_deposits([self.undo(25_00)])

        assert used.trial_balance()["235"] == -75_00
        assert used.trial_balance()["142"] == -25_00
        found = deposit(used)
        assert [one.cents for one in found.standing(DepositAct.APPLIED)] == [25_00]
        assert found.is_closed
        with used.viewing(ANALYST, [account_id(1)]):
            money = deposit_money(account_id(1), [found], used)[name_of(1)]
            entries = used.entries_of_account(account_id(1))
        assert money.held_cents == sub_ledger_cents(entries, account_id(1)) == 75_00

    @pytest.mark.parametrize(
        ("cents", "other"),
        [
            (60_00, {}),  # as much as was undone: then nothing was to be undone
            (25_00, {"cents": 59_99}),
            (25_00, {"on": PAID_ON + timedelta(days=1)}),
            (25_00, {"note": "given back"}),
            (0, {"note": "applied.B-2"}),
        ],
    )
    def test_of_what_does_not_stand_like_that_is_refused(
        self, used: Store, cents: int, other: dict[str, Any]
    ) -> None:
        before = used.trial_balance()
        work = self.undo(cents)
        first = replace(work.steps[0], **other)
        entries = work.entries
        if "note" in other:
            reverses = f"deposit-applied:{name_of(1)}.{first.note}"
            entries = (
                replace(entries[0], entry_id=f"reversal:{reverses}", reverses=reverses),
                *entries[1:],
            )

        with pytest.raises(Conflict, match="What is undone does not stand like that"):
            used.record_deposits([replace(work, steps=(first, *work.steps[1:]), entries=entries)])

        assert used.trial_balance() == before

    def test_what_is_owed_back_fills_what_left_and_was_not_there(self, used: Store) -> None:
        owed = step_of(1, DepositAct.OWED, "owed.1", on=PAID_ON, cents=40_00)

        assert used.record_deposits([work_of(1, 3, owed)])

        assert used.trial_balance()["143"] == 40_00
        assert used.trial_balance()["235"] == -80_00


class TestBillsOfAPlace:
    def test_are_those_that_were_live_then(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, entry = bill_of(1)
        store.record_bills([(bill, entry)])
        made = rebill_of(1)
        store.record_rebills([made])
        year = DaySpan(FIRST_DAY, date(2026, 1, 1))

        with store.viewing(ANALYST, ["SP-1"]):
            before = store.bills_at_point("SP-1", year, LATER)
            after = store.bills_at_point("SP-1", year, CORRECTED_AT)

        assert [one.bill_id for one in before] == [bill.bill_id]
        assert [one.bill_id for one in after] == [made.bill.bill_id]
        assert after[0].total_cents == made.bill.total_cents


@pytest.mark.postgres
class TestTheDatabase:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"note": "asked"},
            {"cents": 59_99},
            {"on": PAID_ON + timedelta(days=1)},
            {"act": DepositAct.APPLIED, "key": "applied.B-1.again.1", "note": ""},
        ],
    )
    def test_refuses_by_itself_to_undo_what_does_not_stand(
        self, postgres: PostgresStore, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        postgres.start_services([start_of(1)])
        postgres.record_deposits([work_of(1, 0, asked_step())])
        pay_deposit(postgres)
        step = applied(60_00)
        postgres.record_deposits([work_of(1, 1, step)])
        entry = entry_that_undoes(undoing(step), step, account_id(1))
        monkeypatch.setattr(deposit_words, "_undoes", lambda *_: True)
        monkeypatch.setattr(deposits, "entries_match", lambda _: True)
        work = DepositWork(name_of(1), account_id(1), KIND, 2, (undoing(step),), (entry,))

        with pytest.raises(Conflict, match="What is undone does not stand like that"):
            postgres.record_deposits([replace(work, steps=(replace(work.steps[0], **wrong),))])
        assert postgres.record_deposits([work])

    def test_refuses_a_step_that_moves_other_money_than_it_says(
        self, postgres: PostgresStore
    ) -> None:
        postgres.start_services([start_of(1)])
        postgres.record_deposits([work_of(1, 0, asked_step())])
        pay_deposit(postgres)
        work = work_of(1, 1, applied(60_00))
        lying = replace(work, steps=(replace(work.steps[0], cents=50_00),))

        with pytest.raises(psycopg.errors.CheckViolation, match="moves 5000 cents and its entry"):
            postgres.record_deposits([lying])

        assert postgres.trial_balance()["235"] == -100_00
