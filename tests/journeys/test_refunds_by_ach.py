"""Refunds to bank accounts: ordered once for each sending, marked when their file was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import ANALYST, account_id, start_of

from meterledger.facts.ach import BankAccountKind
from meterledger.facts.ach_orders import BankAccount, BankStop, StopKind
from meterledger.facts.money import Tender
from meterledger.facts.settlements import Act, Means
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ach_out import AchOutDesk, make_ach_file
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.ports import Conflict
from meterledger.usecases.refund_credit import (
    ask_refund,
    return_refund,
    send_refund,
    verify_payee,
)
from meterledger.usecases.refund_left import MustNotLeave
from meterledger.usecases.refunds_by_ach import mark_refunds_in_files, order_refunds
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.settlements import MoneyDesk, reverse_settlement
from meterledger.usecases.take_payment import How, take_payment

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
ONE = account_id(1)


class Town:
    """An account with a credit from an ACH payment, and a desk that moves on."""

    def __init__(self, book: Any) -> None:
        self.store, self.book, self.seconds = MemoryStore(), book, 0

    def desk(self) -> MoneyDesk:
        self.seconds += 60
        now = NOW + timedelta(seconds=self.seconds)
        return MoneyDesk(self.store, self.book, date(2026, 12, 1), now)

    def bank(self, number: int = 1) -> None:
        kept = BankAccount(
            *(f"BA-{number}", ONE, "Ana Rivera", "081000210", BankAccountKind.CHECKING),
            *("6789", f"print-{number}", b"sealed", NOW),
        )
        self.store.keep_channel(ChannelChange("bank kept", ONE, NOW, bank_accounts=(kept,)))

    def approved(self, cents: int, **to: str) -> str:
        desk = self.desk()
        asked = ask_refund(ONE, cents, by="Ana", reason="asked", desk=desk, **to)
        name = asked.case.settlement_id
        approve_settlement(name, by="Ben", reason="seen", desk=self.desk())
        return name

    def pay(self, cents: int, key: str) -> None:
        desk = self.desk()
        take_payment(
            account_id=ONE,
            cents=cents,
            payment_key=key,
            received_day=date(2026, 11, 30),
            learned_at=desk.now,
            view=desk.view,
            store=self.store,
            how=How(Tender.ACH),
        )

    def file(self) -> Any:
        desk = self.desk()
        return make_ach_file(desk=AchOutDesk(self.store, desk.view, desk.now)).file


@pytest.fixture
def town(first_book: Any) -> Iterator[Town]:
    made = Town(first_book)
    with made.store.viewing(ANALYST, ["all"]):
        made.store.start_service(start_of(1))
        made.pay(50_00, "K-1")
        yield made


def test_a_refund_goes_with_the_next_file(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)

    first = order_refunds(desk=town.desk(), store=town.store)
    again = order_refunds(desk=town.desk(), store=town.store)
    assert mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store) == []
    file = town.file()
    marked = mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store)

    assert (first.ordered, again.ordered, marked) == ([name], [name], [name])
    assert [one.order_id for one in file.entries] == [name]
    assert file.credit_cents == 20_00
    case = town.store.settlement(name)
    assert (case.last.act, case.last.reference) == (Act.SENT, file.file_id)
    assert town.store.trial_balance()["131.ach"] == -20_00
    assert mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store) == []
    assert town.file() is None


def test_what_came_back_is_ordered_again_under_another_name(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    order_refunds(desk=town.desk(), store=town.store)
    town.file()
    mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store)
    return_refund(name, by="bank", reason="R03", desk=town.desk())

    assert mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store) == []
    order_refunds(desk=town.desk(), store=town.store)
    file = town.file()
    mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store)

    assert [one.order_id for one in file.entries] == [f"{name}:2"]
    assert town.store.settlement(name).count(Act.SENT) == 2


def test_a_night_that_is_closed_in_the_morning_marks_it_on_the_day_of_its_file(town: Town) -> None:
    """Approved on the morning of 12-01, on which the night of 11-30 is closed."""
    town.bank()
    name = town.approved(20_00)

    def night() -> MoneyDesk:
        return replace(town.desk(), on=date(2026, 11, 30))

    assert order_refunds(desk=night(), store=town.store).ordered == [name]
    file = town.file()
    assert mark_refunds_in_files(by="night", desk=night(), store=town.store) == [name]

    case = town.store.settlement(name)
    assert (case.last.act, case.last.on) == (Act.SENT, file.created_day)
    assert file.created_day == date(2026, 12, 1)


def came_back(town: Town, key: str) -> None:
    desk = town.desk()
    till = PaymentDesk(town.store, desk.view, desk.now)
    reverse_payment(key, on=desk.on, by="bank", reason="R01", desk=till)


def test_what_was_paid_with_a_bad_check_is_neither_ordered_nor_sent(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    (payment,) = town.store.payments_of_account(ONE)
    came_back(town, payment.payment_key)

    made = order_refunds(desk=town.desk(), store=town.store)
    assert made.ordered == []
    ((refused, sentence),) = made.refused
    assert refused == name
    assert f"payment {payment.payment_key}, to which it goes back, came back itself" in sentence
    assert f"`meterledger settlement undo {name}`" in sentence
    with pytest.raises(MustNotLeave, match="must not leave"):
        send_refund(name, by="Cleo", reference="C-1", desk=town.desk())
    assert town.store.settlement(name).is_open_refund


def test_what_came_back_after_it_was_ordered_does_not_leave_with_the_file(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    order_refunds(desk=town.desk(), store=town.store)
    (payment,) = town.store.payments_of_account(ONE)
    came_back(town, payment.payment_key)

    assert town.file() is None
    assert mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store) == []
    reverse_settlement(name, by="Ana", reason="the check came back", desk=town.desk())
    assert town.store.balance_cents(ONE) == 0


def test_another_payment_that_came_back_before_the_approval_stands_in_no_way(town: Town) -> None:
    town.bank()
    town.pay(40_00, "K-2")
    came_back(town, "K-2")
    name = town.approved(20_00, payment_key="K-1")
    assert order_refunds(desk=town.desk(), store=town.store).ordered == [name]


def test_another_payment_that_came_back_since_and_left_a_debt_stands_in_its_way(
    town: Town,
) -> None:
    town.bank()
    town.pay(40_00, "K-2")
    name = town.approved(40_00, payment_key="K-2")
    assert town.store.balance_cents(ONE) == -50_00
    came_back(town, "K-1")
    assert order_refunds(desk=town.desk(), store=town.store).ordered == [name]  # nothing is owed

    other = Town(town.book)
    with other.store.viewing(ANALYST, ["all"]):
        other.store.start_service(start_of(1))
        other.bank()
        other.pay(50_00, "K-1")
        other.pay(60_00, "K-2")
        name = other.approved(60_00, payment_key="K-2")
        other.approved(20_00, payment_key="K-1")
        came_back(other, "K-1")
        (one, two) = order_refunds(desk=other.desk(), store=other.store).refused
    told = {one[0]: one[1], two[0]: two[1]}
    assert "came back since it was approved, and the account owes $20.00" in told[name]


def test_what_was_taken_back_meanwhile_does_not_leave(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    order_refunds(desk=town.desk(), store=town.store)
    reverse_settlement(name, by="Ana", reason="the customer stays", desk=town.desk())

    assert town.file() is None
    assert mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store) == []
    assert town.store.balance_cents(ONE) == -50_00
    assert town.store.trial_balance().get("131.ach", 0) == 0


def test_what_left_by_check_does_not_leave_again(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    order_refunds(desk=town.desk(), store=town.store)
    send_refund(name, by="Ana", reference="check 7", desk=town.desk())

    assert town.file() is None


def test_what_is_in_a_file_is_marked_before_anything_else(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    order_refunds(desk=town.desk(), store=town.store)
    town.file()

    with pytest.raises(Conflict, match="left with file 20261201A"):
        reverse_settlement(name, by="Ana", reason="it stays", desk=town.desk())
    with pytest.raises(Conflict, match="left with file 20261201A"):
        send_refund(name, by="Ana", reference="check 7", desk=town.desk())

    assert mark_refunds_in_files(by="ach", desk=town.desk(), store=town.store) == [name]
    assert town.store.trial_balance()["131.ach"] == -20_00


def test_an_order_that_was_dropped_is_not_waited_for(town: Town) -> None:
    town.bank()
    name = town.approved(20_00)
    order_refunds(desk=town.desk(), store=town.store)
    stop = BankStop(ONE, "print-1", StopKind.CLOSED, "R16", date(2026, 12, 1), NOW)
    town.store.keep_channel(ChannelChange("bank stopped", ONE, NOW, stops=(stop,)))
    assert town.file() is None

    ((refused, why),) = order_refunds(desk=town.desk(), store=town.store).refused

    assert refused == name
    assert "Its order was dropped, and will not leave" in why


def test_what_another_asks_for_at_once_is_ordered_once(town: Town) -> None:
    """It was no order when the run looked, and is one when it comes to it."""
    town.bank()
    name = town.approved(20_00)
    real = town.store.bank_accounts

    def meanwhile(account_ids: Any) -> Any:
        town.store.bank_accounts = real  # type: ignore[method-assign]
        order_refunds(desk=town.desk(), store=town.store)
        return real(account_ids)

    town.store.bank_accounts = meanwhile  # type: ignore[method-assign]

    made = order_refunds(desk=town.desk(), store=town.store)

    assert (made.ordered, made.refused) == ([name], [])
    assert [one.order_id for one in town.file().entries] == [name]


@pytest.mark.parametrize("banks", [0, 2])
def test_of_no_bank_account_or_several_nobody_guesses(town: Town, banks: int) -> None:
    for number in range(banks):
        town.bank(number + 1)
    name = town.approved(20_00)

    ((refused, why),) = order_refunds(desk=town.desk(), store=town.store).refused

    assert refused == name
    assert f"The account has {banks} bank accounts" in why


def test_a_verified_payee_names_the_bank_account(town: Town) -> None:
    town.bank(1)
    town.bank(2)
    for payee, bank in (("right", "BA-2"), ("wrong", "BA-9")):
        verify_payee(
            payee,
            account_id=ONE,
            name="Ana Rivera",
            means=Means.ACH,
            details=bank,
            by="Ana",
            evidence="a void check was seen",
            desk=town.desk(),
        )
    right, wrong = town.approved(20_00, payee_id="right"), town.approved(5_00, payee_id="wrong")

    made = order_refunds(desk=town.desk(), store=town.store)

    assert made.ordered == [right]
    assert [name for name, _ in made.refused] == [wrong]
    assert town.store.ach_orders([right])[right].bank_id == "BA-2"
