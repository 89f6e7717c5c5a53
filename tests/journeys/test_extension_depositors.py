"""Whose account a contract stands on, where another party gives the deposit: GRR III.O.

What comes back is a credit of the account, and the sheet has it go back to the depositor.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from tests.stores.extension_town import DEPOSIT, OTHERS_DEPOSIT, Desk, facility, the_book
from tests.stores.paper_town import account_id

from meterledger.facts.settlements import SettlementCase
from meterledger.kernel.refusal import Refusal
from meterledger.stores.memory import MemoryStore
from meterledger.usecases import extension_contracts
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.depositor_refunds import (
    ask_depositor_refund,
    ask_depositor_refunds,
    due_to_depositor,
)
from meterledger.usecases.extension_money import return_extension_payment
from meterledger.usecases.extension_records import ExtensionRefused
from meterledger.usecases.extension_replay import replay_extension
from meterledger.usecases.extension_tellings import Told
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.refund_credit import ask_refund, send_refund
from meterledger.usecases.refund_left import MustNotLeave
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import (
    CannotSettle,
    Settled,
    refuse_settlement,
    reverse_settlement,
)

FIRST_DATE, SECOND_DATE = date(2018, 8, 1), date(2019, 2, 1)
TODAY = date(2026, 11, 30)


@pytest.fixture
def desk() -> Desk:
    return Desk(MemoryStore())


def record_of(desk: Desk) -> bytes:
    return bytes(desk.on_file().contract.record)


def assert_replays(desk: Desk) -> None:
    for one in desk.look(lambda: replay_extension("EXT-1", store=desk.store, book=the_book())):
        assert one.is_same, one.name


class TestADepositOfAnotherParty:
    def test_is_refused_until_the_account_is_said_to_be_theirs(self, desk: Desk) -> None:
        with pytest.raises(ExtensionRefused) as refused:
            desk.open(OTHERS_DEPOSIT)
        said = refused.value.sentence
        assert "nobody says that account 4000000010 is theirs" in said
        assert "goes to the depositor (GRR III.O)" in said
        assert "Start an account for the depositor and open the contract there" in said
        assert "--account-is-the-depositors" in said
        assert desk.look(desk.store.extensions) == []

        assert desk.open(OTHERS_DEPOSIT, account_is_the_depositors=True)
        assert not desk.open(OTHERS_DEPOSIT, account_is_the_depositors=True)

    def test_keeps_what_was_said_beside_what_was_given(self, desk: Desk) -> None:
        desk.open(OTHERS_DEPOSIT, account_is_the_depositors=True)
        told = json.loads(record_of(desk))
        assert told["account_is_the_depositors"] is True
        assert "account_is_the_depositors" not in json.dumps(told["given"])
        assert_replays(desk)

    def test_opened_before_anybody_was_asked_stays_as_it_is(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as before:
            before.setattr(extension_contracts, "_refuse_account_of_another", lambda *_: None)
            desk.open(OTHERS_DEPOSIT)
        assert "account_is_the_depositors" not in json.loads(record_of(desk))
        assert_replays(desk)
        assert not desk.open(OTHERS_DEPOSIT)


class TestADepositOfTheCustomer:
    def test_needs_nothing_said_and_its_record_says_nothing(self, desk: Desk) -> None:
        assert desk.open(DEPOSIT)
        assert "account_is_the_depositors" not in json.loads(record_of(desk))
        assert_replays(desk)

    @pytest.mark.parametrize("terms", [DEPOSIT, facility()])
    def test_is_not_said_to_be_another_partys(self, desk: Desk, terms: dict[str, Any]) -> None:
        with pytest.raises(ExtensionRefused, match="no deposit of another responsible party"):
            desk.open(terms, account_is_the_depositors=True)
        assert desk.look(desk.store.extensions) == []


class TestADepositorWhoIsNamed:
    """A developer gives 6,000.00 on the customer's account; 4 of 12 units earn 2,000.00 back."""

    @pytest.fixture
    def desk(self, desk: Desk) -> Desk:
        desk.open(OTHERS_DEPOSIT, depositor=desk.developer())
        desk.pay(6_000_00)
        desk.connect("lot 1", FIRST_DATE, units=4)
        return desk

    def ask(self, desk: Desk, on: date = TODAY) -> Settled:
        def act() -> Settled:
            return ask_depositor_refund("EXT-1", by="Ana", reason="earned", desk=desk.money(on))

        return desk.look(act)  # type: ignore[no-any-return]

    def step(self, desk: Desk, act: Any, case: SettlementCase, **how: Any) -> SettlementCase:
        done = desk.look(lambda: act(case.settlement_id, by="Ben", desk=desk.money(TODAY), **how))
        return done.case  # type: ignore[no-any-return]

    def due(self, desk: Desk) -> int:
        refunds = desk.look(lambda: desk.store.settlements(account_id=account_id(1)))
        return due_to_depositor(desk.on_file(), refunds)

    def test_is_in_the_record_which_replays(self, desk: Desk) -> None:
        desk.run(FIRST_DATE)
        assert json.loads(record_of(desk))["depositor"] == "DEV-1"
        assert_replays(desk)

    def test_gets_it_by_two_people_and_its_decision_replays(self, desk: Desk) -> None:
        with pytest.raises(CannotSettle, match="Nothing is due to its depositor now"):
            self.ask(desk)
        desk.run(FIRST_DATE)
        asked = self.ask(desk)
        assert (asked.is_new, self.ask(desk).is_new) == (True, False)
        with pytest.raises(Conflict, match="Ana has asked for this and cannot approve it"):
            desk.look(
                lambda: approve_settlement(
                    asked.case.settlement_id, by="ana", reason="x", desk=desk.money(TODAY)
                )
            )
        approved = self.step(desk, approve_settlement, asked.case, reason="right")
        sent = self.step(desk, send_refund, approved, reference="C-7")
        assert desk.sums() == {"131": 4_000_00, "232.refunds": 0, "252": -4_000_00,
                               "252.depositors": 0}  # fmt: skip
        assert self.due(desk) == 0
        assert desk.look(lambda: replay_settlement(sent, desk.money(TODAY)))
        with pytest.raises(CannotSettle, match="Nothing is due"):
            self.ask(desk)

    def test_is_asked_for_by_night_and_told_once(self, desk: Desk) -> None:
        desk.run(FIRST_DATE)
        refused: list[tuple[str, str]] = []

        def night() -> list[SettlementCase]:
            return ask_depositor_refunds(by="meterledger", desk=desk.money(TODAY), refused=refused)

        (asked,) = desk.look(night)
        assert (asked.cents, asked.awaits_approval) == (2_000_00, True)
        assert desk.look(night) == refused == []

    def test_gets_what_came_back_since_as_another_refund(self, desk: Desk) -> None:
        desk.run(FIRST_DATE)
        first = self.ask(desk).case
        desk.connect("lot 2", FIRST_DATE, units=2)
        desk.run(SECOND_DATE)
        second = self.ask(desk).case
        assert (first.cents, second.cents) == (2_000_00, 1_000_00)
        assert first.settlement_id != second.settlement_id

    def test_that_was_refused_may_be_asked_for_anew(self, desk: Desk) -> None:
        desk.run(FIRST_DATE)
        first = self.ask(desk).case
        self.step(desk, refuse_settlement, first, reason="another address")
        again = self.ask(desk)
        assert again.is_new
        assert again.case.settlement_id == f"{first.settlement_id}-2"

    def test_is_no_credit_of_the_customer(self, desk: Desk) -> None:
        desk.run(FIRST_DATE)
        self.ask(desk)
        assert desk.look(lambda: desk.store.balance_cents(account_id(1))) == 0
        with pytest.raises(Refusal, match=r"credit is \$0.00"):
            desk.look(
                lambda: ask_refund(account_id(1), 1, by="Ana", reason="x", desk=desk.money(TODAY))
            )

    def test_whose_deposit_bounced_gets_nothing_of_what_had_come_back(self, desk: Desk) -> None:
        desk.run(FIRST_DATE)
        case = self.step(desk, approve_settlement, self.ask(desk).case, reason="right")
        desk.look(
            lambda: return_extension_payment(
                "EXT-1", "R-1", Told(FIRST_DATE, "Ana", "no funds"),
                store=desk.store, moment=desk.moment,
            )
        )  # fmt: skip
        assert desk.sums()["252.depositors"] == 2_000_00
        with pytest.raises(MustNotLeave, match=r"\$2,000.00 more went back of it than is due"):
            self.step(desk, send_refund, case, reference="C-7")
        self.step(desk, reverse_settlement, case, reason="it bounced")
        assert set(desk.sums().values()) == {0}
        assert self.due(desk) == 0
        assert_replays(desk)

    def test_is_one_of_the_accounts_payees(self, desk: Desk) -> None:
        desk.developer(2, "DEV-2")
        with pytest.raises(ExtensionRefused, match="Payee DEV-2 is verified for another account"):
            desk.open(OTHERS_DEPOSIT, contract="EXT-2", depositor="DEV-2")
        with pytest.raises(NotFound, match="no verified payee DEV-9"):
            desk.open(OTHERS_DEPOSIT, contract="EXT-2", depositor="DEV-9")

    def test_is_named_only_where_another_party_gives_the_deposit(self, desk: Desk) -> None:
        with pytest.raises(ExtensionRefused, match="no deposit of another responsible party"):
            desk.open(DEPOSIT, contract="EXT-2", depositor="DEV-1")
        with pytest.raises(ExtensionRefused, match="and not both"):
            desk.open(
                OTHERS_DEPOSIT,
                contract="EXT-2",
                depositor="DEV-1",
                account_is_the_depositors=True,
            )

    def test_of_an_account_that_is_theirs_has_a_credit_to_ask_for(self, desk: Desk) -> None:
        desk.open(OTHERS_DEPOSIT, contract="EXT-2", account_is_the_depositors=True)
        with pytest.raises(CannotSettle, match="is a credit of its account"):
            desk.look(
                lambda: ask_depositor_refund("EXT-2", by="Ana", reason="x", desk=desk.money(TODAY))
            )
