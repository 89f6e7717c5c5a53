"""What people do by hand to the money of a channel is expected of the bank, and so explained."""

from __future__ import annotations

from typing import Any

import pytest
from tests.journeys.channel_town import ACCOUNT, NOW, OWED, desk_of, town
from tests.journeys.test_autopay import TestIncoming as Incoming
from tests.journeys.test_refunds_by_ach import Town
from tests.journeys.test_refunds_by_ach import town as refund_town
from tests.rooms.rulebook_on import the_book
from tests.stores.paper_town import bill_of

from meterledger.facts.bank import Expectation
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ach_in import AchInDesk, take_ach_credits
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.checkouts import ask_checkout, start_checkout
from meterledger.usecases.finance_unexplained import unexplained
from meterledger.usecases.pledges import PledgeDesk, promise_pledge, receive_pledge
from meterledger.usecases.refund_credit import return_refund, send_refund, stop_refund
from meterledger.usecases.refunds_by_ach import mark_refunds_in_files, order_refunds
from meterledger.usecases.settle_payment import (
    PaymentDesk,
    ask_to_send_back,
    assign_unapplied,
    reverse_payment,
    send_back,
)
from meterledger.usecases.take_payment import How, take_payment

TODAY = NOW.date()
ITEM = f"bill:{bill_of(1)[0].bill_id}"
refunds = refund_town  # the town whose account has a credit


def apart(store: Any) -> tuple[int, int]:
    """How many channels' accounts are not what is expected of the bank, and by how much."""
    found = unexplained(TODAY, view=the_book(), store=store).items
    (one,) = (one for one in found if one.words.startswith("channels whose files"))
    return one.count, one.cents


BY_HAND = "card payments taken back by hand"
KEY = "pay-0001"


def by_hand(store: Any) -> tuple[int, int]:
    """Card payments that a person took back, before their processor said so."""
    found = unexplained(TODAY, view=the_book(), store=store).items
    (one,) = (one for one in found if one.words.startswith(BY_HAND))
    return one.count, one.cents


def goes_back(store: Any, key: str) -> None:
    desk = PaymentDesk(store, the_book(), NOW)
    ask_to_send_back(key, by="Ana", reason="nobody's", desk=desk)
    send_back(key, by="Ben", reason="seen", desk=desk)


def is_reversed(store: Any, key: str) -> None:
    desk = PaymentDesk(store, the_book(), NOW)
    reverse_payment(key, on=TODAY, by="Ana", reason="the check bounced", desk=desk)


@pytest.fixture
def pledged() -> MemoryStore:
    """An agency paid 34.81 more than its pledge's debt needed."""
    store = town()
    desk = PledgeDesk(store, the_book(), NOW)
    given: dict[str, Any] = {"account_id": ACCOUNT, "agency": "Heartland", "for_items": [ITEM]}
    promise_pledge("P-1", cents=100_00, by="Ana", desk=desk, **given)
    receive_pledge("P-1", cents=200_00, payment_key="PK-1", on=TODAY, by="Ana", desk=desk)
    assert store.receipt("PK-1").receipt.cents == OWED
    return store


class TestMoneyOfAnAgency:
    def test_that_was_not_needed_goes_back(self, pledged: MemoryStore) -> None:
        goes_back(pledged, "PK-1:rest")
        assert pledged.trial_balance()["131.agency"] == OWED
        assert apart(pledged) == (0, 0)

    def test_that_bounced_is_reversed(self, pledged: MemoryStore) -> None:
        is_reversed(pledged, "PK-1")
        is_reversed(pledged, "PK-1")
        goes_back(pledged, "PK-1:rest")
        assert pledged.trial_balance()["131.agency"] == 0
        assert apart(pledged) == (0, 0)

    def test_that_was_assigned_is_reversed_once(self, pledged: MemoryStore) -> None:
        desk = PaymentDesk(pledged, the_book(), NOW)
        assign_unapplied("PK-1:rest", ACCOUNT, by="Ana", reason="its terms", desk=desk)
        assert apart(pledged) == (0, 0)
        is_reversed(pledged, "PK-1:rest")
        assert apart(pledged) == (0, 0)

    def test_that_no_pledge_told_of_is_apart_until_it_is_reversed(
        self, pledged: MemoryStore
    ) -> None:
        take_payment(
            account_id=ACCOUNT,
            cents=5_00,
            payment_key="K-9",
            received_day=TODAY,
            learned_at=NOW,
            view=the_book(),
            store=pledged,
            how=How(Tender.CHECK, Channel.AGENCY),
        )
        assert apart(pledged) == (1, 5_00)
        is_reversed(pledged, "K-9")
        assert apart(pledged) == (0, 0)

    def test_an_event_that_lacks_is_told_also_beside_what_was_sent_back(
        self, pledged: MemoryStore
    ) -> None:
        goes_back(pledged, "PK-1:rest")
        line = Expectation("agency:lost", "131.agency", TODAY, 7_00, "pledge P-2")
        pledged.keep_channel(ChannelChange("told", ACCOUNT, NOW, expectations=(line,)))
        assert apart(pledged) == (1, -7_00)


def test_an_ach_credit_of_nobody_goes_back_and_another_is_reversed() -> None:
    store, paper = town(), Incoming()
    file = paper.credits(paper.entry("nobody", 7_00), paper.entry(ACCOUNT, 5_00))
    desk = AchInDesk(store, the_book(), NOW)
    take_ach_credits(file, name="in", sha256="c" * 64, by="Ana", desk=desk)
    assert store.trial_balance()["131.ach"] == 12_00
    keys = {one.receipt.cents: one.receipt.payment_key for one in store.receipts()}

    goes_back(store, keys[7_00])
    assert apart(store) == (0, 0)
    is_reversed(store, keys[5_00])

    assert store.trial_balance()["131.ach"] == 0
    assert apart(store) == (0, 0)


class TestACardPayment:
    """Paid at the processor, and taken back by a person before the processor says so."""

    @pytest.fixture
    def place(self) -> Any:
        store, processor = town(), BadProcessor()
        desk = desk_of(store, processor)
        start_checkout(KEY, account_id=ACCOUNT, cents=OWED, tender=Tender.CARD, desk=desk)
        processor.pay(KEY, OWED)
        ask_checkout(KEY, desk=desk_of(store, processor, minutes=5))
        assert (by_hand(store), apart(store)) == ((0, 0), (0, 0))
        return store, processor

    def test_is_told_by_itself_until_the_processor_says_so(self, place: Any) -> None:
        store, processor = place
        is_reversed(store, f"checkout:{KEY}")
        assert (by_hand(store), apart(store)) == ((1, OWED), (0, 0))
        (told,) = (one for one in unexplained(TODAY, view=the_book(), store=store).items
                   if one.words.startswith(BY_HAND))  # fmt: skip
        assert f"`meterledger checkout ask` of {KEY}: its word ends this" in told.do

        processor.charge_back(KEY)
        ask_checkout(KEY, desk=desk_of(store, processor, minutes=9))

        assert store.trial_balance()["131.card"] == 0
        assert (by_hand(store), apart(store)) == ((0, 0), (0, 0))

    def test_that_the_processor_took_back_is_none_of_these(self, place: Any) -> None:
        store, processor = place
        processor.charge_back(KEY)
        ask_checkout(KEY, desk=desk_of(store, processor, minutes=9))
        assert (by_hand(store), apart(store)) == ((0, 0), (0, 0))

    def test_does_not_hide_an_event_that_lacks(self, place: Any) -> None:
        store, _ = place
        is_reversed(store, f"checkout:{KEY}")
        line = Expectation("card:lost", "131.card", TODAY, 7_00, "checkout lost")
        store.keep_channel(ChannelChange("told", ACCOUNT, NOW, expectations=(line,)))
        assert (by_hand(store), apart(store)) == ((1, OWED), (1, -7_00))


class TestARefundByAch:
    def sent_by_hand(self, refunds: Town) -> str:
        refunds.bank()
        file, by_hand = refunds.approved(5_00), refunds.approved(20_00)
        send_refund(by_hand, by="Ana", reference="wire 7", desk=refunds.desk())
        assert apart(refunds.store) == (0, 0)  # nothing of a channel is expected yet
        order_refunds(desk=refunds.desk(), store=refunds.store)
        refunds.file()
        assert mark_refunds_in_files(by="ach", desk=refunds.desk(), store=refunds.store) == [file]
        assert apart(refunds.store) == (0, 0)
        return by_hand

    @pytest.mark.parametrize("back", [stop_refund, return_refund])
    def test_is_sent_by_hand_and_comes_back_by_hand(self, refunds: Town, back: Any) -> None:
        name = self.sent_by_hand(refunds)
        assert refunds.store.trial_balance()["131.ach"] == -25_00

        back(name, by="Ana", reason="it came back", desk=refunds.desk())
        assert refunds.store.trial_balance()["131.ach"] == -5_00
        assert apart(refunds.store) == (0, 0)

        send_refund(name, by="Ana", reference="wire 8", desk=refunds.desk())
        assert apart(refunds.store) == (0, 0)

    def test_of_a_file_that_a_person_marks_is_expected_once(self, refunds: Town) -> None:
        refunds.bank()
        name = refunds.approved(20_00)
        order_refunds(desk=refunds.desk(), store=refunds.store)
        file = refunds.file()
        assert apart(refunds.store) == (1, 20_00)

        send_refund(name, by="Ana", reference=file.file_id, desk=refunds.desk())
        assert apart(refunds.store) == (0, 0)

    def test_of_a_file_comes_back_when_the_bank_tells_of_it(self, refunds: Town) -> None:
        refunds.bank()
        name = refunds.approved(20_00)
        order_refunds(desk=refunds.desk(), store=refunds.store)
        refunds.file()
        mark_refunds_in_files(by="ach", desk=refunds.desk(), store=refunds.store)
        return_refund(name, by="Ana", reason="the bank called", desk=refunds.desk())
        assert apart(refunds.store) == (1, 20_00)  # the file of returns is to come

        line = Expectation("ach-returns:x", "131.ach", TODAY, 20_00, "file back")
        refunds.store.keep_channel(ChannelChange("told", ACCOUNT, NOW, expectations=(line,)))
        assert apart(refunds.store) == (0, 0)
