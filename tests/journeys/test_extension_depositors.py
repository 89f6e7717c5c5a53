"""Whose account a contract stands on, where another party gives the deposit: GRR III.O.

What comes back is a credit of the account, and the sheet has it go back to the depositor.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.stores.extension_town import DEPOSIT, OTHERS_DEPOSIT, Desk, facility, the_book

from meterledger.stores.memory import MemoryStore
from meterledger.usecases import extension_contracts
from meterledger.usecases.extension_records import ExtensionRefused
from meterledger.usecases.extension_replay import replay_extension


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
