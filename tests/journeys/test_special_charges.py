"""Charges that are no part of electric service: two people, paid last, and no late charge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, home_of
from tests.journeys.settling_town import FINDERS, JULY, ONE, OTHER, SAME, TWO, Settling, begin, owes
from tests.journeys.test_moved_balances import open_of
from tests.stores.paper_town import ANALYST, bill_of

from meterledger.facts.receivables import ItemKind
from meterledger.facts.settlements import Act, kind_of_moved
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import SpecialKind
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_history import account_history
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.late_charge_base import SaidElsewhere, unpaid_after
from meterledger.usecases.ports import Conflict
from meterledger.usecases.refund_credit import give_credit
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import (
    MoneyDesk,
    Settled,
    refuse_settlement,
    reverse_settlement,
)
from meterledger.usecases.special_charges import ask_special_charge
from meterledger.usecases.transfer_balance import transfer_balance

REPAIR = "Repair of a water heater"
FEBRUARY = date(2025, 2, 10)


@pytest.fixture
def town(first_book: Any) -> Iterator[Settling]:
    made = Settling(MemoryStore(), first_book)
    begin(made.store)
    with made.store.viewing(ANALYST, ["all"]):
        yield made


@pytest.fixture
def whole(towns: Any, first_book: Any) -> Iterator[Any]:
    """A town whose meters are read and whose bills are made."""
    made = towns.Town(book=first_book)
    with made.store.viewing(towns.VIEWER, []):
        yield made


def ask(town: Settling, account: str = ONE, cents: int = 80_00, **changed: Any) -> Settled:
    told = {"kind": SpecialKind.NON_UTILITY, "what": REPAIR, **FINDERS, **changed}
    on = told.pop("on", FEBRUARY)
    return ask_special_charge(account, cents, desk=town.desk(on), **told)


def charge(town: Settling, account: str = ONE, **changed: Any) -> Settled:
    name = ask(town, account, **changed).case.settlement_id
    return approve_settlement(name, desk=town.desk(FEBRUARY), **OTHER)


class TestTwoPeople:
    def test_ask_and_agree_and_then_it_is_owed(self, town: Settling) -> None:
        asked = ask(town)
        assert town.store.balance_cents(ONE) == 0
        assert not ask(town).is_new  # said twice, asked once

        name = asked.case.settlement_id
        done = approve_settlement(name, desk=town.desk(FEBRUARY), **OTHER)

        assert done.case.last.act is Act.APPROVED
        assert town.store.trial_balance() == {"142": 80_00, "415": -80_00}
        entry = town.store.entries_of_account(ONE)[-1]
        assert (entry.entry_id, entry.cause) == (
            name,
            "Repair of a water heater (no part of your electric service)",
        )
        assert b"GRR V.M" in done.case.record
        assert replay_settlement(done.case, town.desk())

    @pytest.mark.parametrize("again", ["Ana", " ana "])
    def test_are_two_and_not_one(self, town: Settling, again: str) -> None:
        name = ask(town).case.settlement_id
        with pytest.raises(Conflict, match="Ana has asked for this and cannot approve it"):
            approve_settlement(name, by=again, reason="mine", desk=town.desk(FEBRUARY))
        assert town.store.balance_cents(ONE) == 0

    def test_may_say_no_or_take_it_back(self, town: Settling) -> None:
        refuse_settlement(ask(town).case.settlement_id, desk=town.desk(FEBRUARY), **OTHER)
        done = charge(town, key="2")
        reverse_settlement(done.case.settlement_id, desk=town.desk(FEBRUARY), **FINDERS)
        assert town.store.balance_cents(ONE) == 0

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"what": "  "}, "What the charge is for is missing"),
            ({"what": "x" * 61}, "up to 60 plain characters"),
            ({"what": "a\x00b"}, "plain characters"),
            ({"cents": 0}, "of more than nothing"),
            ({"cents": -1}, "of more than nothing"),
            ({"cents": 1_000_000_01}, r"at most \$1,000,000\.00"),
            ({"key": "a-b"}, "does not tell two charges apart"),
            ({"key": "a" * 21}, "does not tell two charges apart"),
            ({"reason": ""}, "Who decides, and why, is missing"),
            ({"account": "4000000099"}, "There is no account"),
        ],
    )
    def test_are_told_what_is_missing(
        self, town: Settling, changed: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(Refusal, match=says):
            ask(town, **changed)
        assert town.store.settlements(account_id=ONE) == []

    @pytest.mark.parametrize(
        "edge", [{"what": "x" * 60}, {"cents": 1}, {"cents": 1_000_000_00}, {"key": "a" * 20}]
    )
    def test_may_go_to_the_edge(self, town: Settling, edge: dict[str, Any]) -> None:
        assert ask(town, **edge).is_new

    def test_do_not_give_one_charge_two_meanings(self, town: Settling) -> None:
        ask(town)
        with pytest.raises(Conflict):
            ask(town, what="Sale of a heater")


class TestWhatFollows:
    def test_payments_come_to_it_last(self, town: Settling) -> None:
        """It is older than February's bill, and paid after it all the same."""
        owes(town.store)
        charge(town)

        town.pay(ONE, 330_37, "K-1")
        left = dict.fromkeys((ItemKind.UTILITY, ItemKind.SPECIAL), 0)
        for (kind, _), cents in open_of(town, ONE, JULY).items():
            left[kind] += cents
        assert left == {ItemKind.UTILITY: 1, ItemKind.SPECIAL: 80_00}
        town.pay(ONE, 2, "K-2")
        assert sum(open_of(town, ONE, JULY).values()) == 79_99

    def test_no_late_charge_is_put_on_it(self, town: Settling) -> None:
        charge(town, TWO)
        town.store.record_bills([bill_of(2, 1, cents=20_00)])
        history = town.store.late_histories([TWO], town.desk().now)[TWO]
        (bill,) = history.bills

        at = {"on": JULY, "view": town.desk().view, "said": SaidElsewhere()}
        found = unpaid_after(bill.due_day, bill, history, **at)

        assert (found.chargeable_cents, found.of("special_cents")) == (20_00, 80_00)

    def test_it_is_in_no_utility_arrears(self, town: Settling) -> None:
        charge(town, TWO)

        desk = town.desk(JULY)
        history = account_history(TWO, on=JULY, known_at=desk.now, store=town.store, view=desk.view)

        assert (history.open_utility_cents, history.special_cents) == (0, 80_00)
        assert history.oldest_unpaid == ()

    def test_it_stays_special_where_it_moves(self, town: Settling) -> None:
        owes(town.store, months=1)
        charge(town)

        moved = transfer_balance(ONE, SAME, desk=town.desk(date(2025, 3, 10)), **FINDERS)

        kinds = {kind_of_moved(one.key): one.cents for one in (moved.case, *moved.beside)}
        assert kinds == {ItemKind.UTILITY: 165_19, ItemKind.SPECIAL: 80_00}

    def test_before_the_sheet_nothing_is_charged(self, town: Settling) -> None:
        with pytest.raises(Refusal, match="partial_special_charges_last"):
            ask(town, on=date(2013, 6, 29))
        assert ask(town, on=date(2013, 6, 30)).is_new


@pytest.mark.parametrize("heater", [0, 90_00])
def test_a_deposit_pays_none_of_it_and_what_remains_goes_out(whole: Any, heater: int) -> None:
    """GRR VI.C: a deposit is credited to the final bill, and merchandise is none of it."""
    home = home_of(whole)
    store, told = whole.store, {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
    home.ask(date(2025, 7, 1), told=told)
    home.pay(200_00, date(2025, 7, 5))
    home.live(date(2025, 8, 1), 3)
    agreement = store.services_of_account(home.account, home.now)[0].agreement
    store.stop_service(agreement.agreement_id, date(2025, 10, 20), home.now)
    home.bill(date(2025, 10, 22))
    owed = store.balance_cents(home.account)

    def desk() -> MoneyDesk:
        home.now += timedelta(minutes=1)
        return MoneyDesk(store, whole.book, date(2025, 10, 22), home.now)

    if heater:
        told = {"kind": SpecialKind.MERCHANDISE, "what": "A heater", **FINDERS}
        name = ask_special_charge(home.account, heater, desk=desk(), **told).case.settlement_id
        approve_settlement(name, desk=desk(), **OTHER)

    run = home.night(date(2025, 10, 22))

    assert run.cents["applied"] == owed < 110_00  # so that it would have been enough for both
    assert store.balance_cents(home.account) == heater
    out = hand_out_remainders(on=date(2025, 10, 22), desk=home.desk(), refunds=desk())
    assert (len(out.asked), out.refused) == (1, [])
    (name,) = out.asked
    approve_settlement(name, desk=desk(), **OTHER)
    assert store.trial_balance()["232.refunds"] == -(200_00 + run.cents["interest added"] - owed)
    home.check()
    (deposit,) = home.deposits()
    assert replay_deposit(deposit.deposit_id, store=store, book=whole.book).same


class TestAskedAnew:
    """What was refused or taken back is over: the same of that day is asked for once more."""

    def special(self, town: Settling) -> Settled:
        return ask(town, key="7")

    def goodwill(self, town: Settling) -> Settled:
        return give_credit(ONE, 9_00, desk=town.desk(FEBRUARY), **FINDERS)

    @pytest.mark.parametrize("asks", [special, goodwill])
    def test_after_it_was_refused_and_after_it_was_taken_back(
        self, town: Settling, asks: Any
    ) -> None:
        first = asks(self, town)
        again = asks(self, town)
        assert (again.is_new, again.case.settlement_id) == (False, first.case.settlement_id)
        refuse_settlement(first.case.settlement_id, desk=town.desk(FEBRUARY), **OTHER)

        second = asks(self, town)
        assert second.is_new
        assert second.case.settlement_id == f"{first.case.settlement_id}-2"
        approve_settlement(second.case.settlement_id, desk=town.desk(FEBRUARY), **OTHER)
        stood = town.store.balance_cents(ONE)
        assert stood != 0
        assert not asks(self, town).is_new  # it stands: said twice, asked once
        reverse_settlement(second.case.settlement_id, desk=town.desk(FEBRUARY), **FINDERS)
        assert town.store.balance_cents(ONE) == 0

        third = asks(self, town)
        assert third.case.settlement_id == f"{first.case.settlement_id}-3"
        approve_settlement(third.case.settlement_id, desk=town.desk(FEBRUARY), **OTHER)
        assert town.store.balance_cents(ONE) == stood
        assert all(replay_settlement(one, town.desk()) for one in town.store.settlements())

    def test_with_another_meaning_is_told_while_it_stands(self, town: Settling) -> None:
        ask(town)
        with pytest.raises(Conflict):
            ask(town, what="Another heater")
