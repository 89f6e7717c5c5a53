"""Refunds to cards at a processor that behaves badly: nothing leaves twice, none is guessed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.card_place import KEY, NOW, PAID, Place
from tests.journeys.channel_town import ACCOUNT
from tests.rooms.rulebook_on import the_book

from meterledger.entrypoints.settlement_words import settlement_words
from meterledger.facts.card_refunds import CardRefund, CardRefundState
from meterledger.facts.checkouts import HeardBy, Said
from meterledger.facts.money import Tender
from meterledger.facts.settlements import Act, Means
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.card_refunds import (
    CardDesk,
    ask_card_refunds,
    send_to_card,
    settle_card_refund,
    take_answer,
)
from meterledger.usecases.channel_ports import CallbackRefused
from meterledger.usecases.ports import Conflict
from meterledger.usecases.refund_credit import (
    ask_refund,
    return_refund,
    send_refund,
    stop_refund,
    verify_payee,
)
from meterledger.usecases.refund_left import HasLeft
from meterledger.usecases.settlements import CannotSettle, MoneyDesk, reverse_settlement
from meterledger.usecases.take_payment import How, take_payment
from meterledger.usecases.unclaimed import set_stale_apart, stale_of_unknown_outcome


@pytest.fixture
def place() -> Place:
    return Place()


class TestARefundToACard:
    def test_goes_to_the_card_that_paid_once(self, place: Place) -> None:
        name = place.approved()
        assert place.sums() == (PAID, -20_00)
        shown = settlement_words(place.store.settlement(name))
        assert f"    sent with `meterledger refund to-card {name}`" in shown
        sent = place.send(name)
        assert (sent.state, sent.refund.refund_id) == (CardRefundState.DONE, name)
        assert place.send(name) == sent
        assert place.acts(name) == [Act.ASKED, Act.APPROVED, Act.SENT]
        assert place.store.settlement(name).last.reference == "back-1"
        assert place.sums() == (PAID - 20_00, 0)
        assert place.processor.given_back(KEY) == 20_00
        assert place.processor.refunds == 1
        lines = place.store.expected_bank_lines(date(2026, 12, 1), date(2027, 1, 1))
        assert [one.cents for one in lines if one.expectation_id.startswith("card-refund")] == [
            -20_00
        ]

    def test_is_not_sent_before_another_person_agreed(self, place: Place) -> None:
        asked = ask_refund(ACCOUNT, 20_00, by="Ana", reason="why", desk=place.money())
        with pytest.raises(Conflict, match="is of no refund that is to be sent to its card"):
            place.send(asked.case.settlement_id)
        assert place.processor.refunds == 0

    def test_is_of_no_more_than_the_payment_brought(self, place: Place) -> None:
        take_payment(
            account_id=ACCOUNT,
            cents=PAID,
            payment_key="cash-1",
            received_day=NOW.date(),
            learned_at=place.money().now,
            view=the_book(),
            store=place.store,
        )
        place.send(place.approved(PAID - 1_00))
        for cents, may in ((1_00, True), (1, False)):
            name = place.approved(cents)
            if may:
                assert place.send(name).state is CardRefundState.DONE
                continue
            with pytest.raises(CannotSettle, match=r"\$0\.01 is more than \$0\.00, what is left"):
                place.send(name)
        assert place.processor.given_back(KEY) == PAID

    def test_to_a_card_that_the_processor_does_not_know_is_refused(self, place: Place) -> None:
        take_payment(
            account_id=ACCOUNT,
            cents=10_00,
            payment_key="told-1",
            received_day=NOW.date(),
            learned_at=place.money().now,
            view=the_book(),
            store=place.store,
            how=How(Tender.CARD),
        )
        asked = ask_refund(
            ACCOUNT, 5_00, by="Ana", reason="why", payment_key="told-1", desk=place.money()
        )
        name = asked.case.settlement_id
        approve_settlement(name, by="Ben", reason="seen", desk=place.money())
        with pytest.raises(CannotSettle, match="was not made at the processor's pages"):
            place.send(name)

    def test_goes_to_no_card_of_a_payee(self, place: Place) -> None:
        with pytest.raises(CannotSettle, match="paid by check or ACH"):
            verify_payee(
                "cousin",
                account_id=ACCOUNT,
                name="A cousin",
                means=Means.CARD,
                details="a card",
                by="Ana",
                evidence="said so",
                desk=place.money(),
            )


class TestAnUnknownOutcome:
    @pytest.mark.parametrize("bad", [Bad.SILENT_AFTER_ACTING, Bad.UNCLEAR, Bad.WRONG_SIGNATURE])
    def test_is_a_state_of_its_own_and_is_asked_about_never_begun_again(
        self, place: Place, bad: Bad
    ) -> None:
        name = place.approved()
        place.processor.next_bad = [bad]
        assert place.send(name).state is CardRefundState.UNKNOWN
        assert place.sums() == (PAID, -20_00)
        for no in (
            lambda: send_refund(name, by="Cleo", reference="C-1", desk=place.money()),
            lambda: reverse_settlement(name, by="Ben", reason="why", desk=place.money()),
        ):
            with pytest.raises(Conflict, match="the processor has not said that it left"):
                no()
        again = place.send(name)
        assert (again.state, again.steps[-1].heard_by) == (CardRefundState.DONE, HeardBy.ASKED)
        assert place.processor.refunds == 1
        assert place.sums() == (PAID - 20_00, 0)

    def test_that_never_began_is_refused_after_a_while_and_sent_under_another_key(
        self, place: Place
    ) -> None:
        name = place.approved()
        place.processor.next_bad = [Bad.SILENT]
        place.send(name)
        assert place.send(name).state is CardRefundState.UNKNOWN  # too early to tell
        place.minutes += 60
        (asked,) = ask_card_refunds(desk=place.desk())
        assert asked.state is CardRefundState.REFUSED
        sent = place.send(name)
        assert (sent.state, sent.refund.refund_id) == (CardRefundState.DONE, f"{name}:2")
        assert place.processor.given_back(KEY) == 20_00

    def test_is_ended_by_a_person_with_a_name_and_the_processors_word_still_counts(
        self, place: Place
    ) -> None:
        name = place.approved()
        place.processor.refunds_wait = True
        assert place.send(name).state is CardRefundState.UNKNOWN
        with pytest.raises(CannotSettle, match="Who decides"):
            settle_card_refund(name, is_done=True, by="", reason="seen", desk=place.desk())
        ended = settle_card_refund(name, is_done=True, by="Dan", reason="seen", desk=place.desk())
        assert ended.state is CardRefundState.DONE
        assert place.store.settlement(name).last.by == "Dan"
        with pytest.raises(CannotSettle, match="Its outcome is known: done"):
            settle_card_refund(name, is_done=False, by="Dan", reason="no", desk=place.desk())
        place.processor.end_refund(name, Said.REFUSED, 0)
        assert place.deliver().state is CardRefundState.CAME_BACK
        assert place.acts(name)[-2:] == [Act.SENT, Act.RETURNED]
        assert place.sums() == (PAID, -20_00)

    def test_that_left_twice_after_all_is_never_said_to_be_done(self, place: Place) -> None:
        """A person said that nothing left; it went again, and then the first one came, too."""
        name = place.approved()
        place.processor.refunds_wait = True
        place.send(name)
        settle_card_refund(name, is_done=False, by="Dan", reason="no word", desk=place.desk())
        place.processor.refunds_wait = False
        assert place.send(name).state is CardRefundState.DONE
        place.processor.end_refund(name, Said.PAID, 20_00)
        assert place.deliver().state is CardRefundState.UNKNOWN
        with pytest.raises(CannotSettle, match="The refund itself is sent already"):
            settle_card_refund(name, is_done=True, by="Dan", reason="seen", desk=place.desk())
        place.processor.end_refund(name, Said.REFUSED, 0)  # the processor takes it back
        assert place.deliver().state is CardRefundState.REFUSED
        assert place.sums() == (PAID - 20_00, 0)

    def test_of_another_amount_waits_for_a_person(self, place: Place) -> None:
        name = place.approved()
        place.processor.refunds_wait = True
        place.send(name)
        place.processor.end_refund(name, Said.PAID, 19_00)
        heard = place.deliver()
        assert heard.state is CardRefundState.UNKNOWN
        assert "$19.00 where $20.00 was asked: a person decides" in heard.steps[-1].sentence
        assert place.acts(name)[-1] is Act.APPROVED


class TestWhatTheProcessorSays:
    def test_later_twice_and_out_of_order_counts_once(self, place: Place) -> None:
        name = place.approved()
        place.processor.refunds_wait = True
        place.send(name)
        place.processor.end_refund(name, Said.OPEN, 0)
        place.processor.end_refund(name, Said.PAID, 20_00)
        done = place.deliver(-1)
        assert done.state is CardRefundState.DONE
        assert place.deliver(-2) == place.deliver(-1) == done
        assert place.acts(name).count(Act.SENT) == 1

    def test_that_it_came_back_lets_it_be_sent_again(self, place: Place) -> None:
        name = place.approved()
        place.send(name)
        place.processor.end_refund(name, Said.REFUSED, 0)
        assert place.deliver().state is CardRefundState.CAME_BACK
        assert place.sums() == (PAID, -20_00)
        assert place.send(name).refund.refund_id == f"{name}:2"
        assert place.sums() == (PAID - 20_00, 0)

    def test_is_refused_without_its_signature(self, place: Place) -> None:
        name = place.approved()
        place.processor.refunds_wait = True
        place.send(name)
        forged = place.processor.forge(name, 20_00)
        with pytest.raises(CallbackRefused):
            take_answer(
                forged.body, forged.signature, checkouts=place.checkouts(), refunds=place.desk()
            )
        assert place.acts(name)[-1] is Act.APPROVED


def test_begun_by_two_at_once_leaves_once(place: Place) -> None:
    name = place.approved()

    class Meddling(BadProcessor):
        """While the first is at the processor a second one begins."""

        def refund(self, refund: CardRefund) -> Any:
            inner = CardDesk(place.money(), place.store, place.processor)
            assert send_to_card(name, by="Eve", desk=inner).state is CardRefundState.UNKNOWN
            return place.processor.refund(refund)

    sent = send_to_card(name, by="Cleo", desk=CardDesk(place.money(), place.store, Meddling()))
    assert sent.state is CardRefundState.DONE
    assert place.processor.refunds == 1


def test_begun_and_ended_by_another_first_is_told_as_that_one_was(place: Place) -> None:
    name = place.approved()
    real = place.store.begin_card_refund

    def begin(refund: CardRefund) -> None:
        place.store.begin_card_refund = real
        send_to_card(name, by="Eve", desk=place.desk())
        real(refund)

    place.store.begin_card_refund = begin
    sent = place.send(name)
    assert (sent.state, sent.refund.by) == (CardRefundState.DONE, "Eve")
    assert place.processor.refunds == 1


@pytest.mark.parametrize("seed", range(12))
def test_whatever_goes_wrong_book_and_processor_agree_when_all_is_known(seed: int) -> None:
    """Asked until nothing is unknown, what left by the book is what the processor gave back."""
    chance, place = random.Random(seed), Place()
    names = [place.approved(cents) for cents in (7_00, 11_00, 13_00)]
    for _ in range(12):
        name = chance.choice(names)
        place.processor.next_bad = chance.choices([*Bad], k=chance.randrange(3))
        place.processor.refunds_wait = chance.random() < 0.3
        if place.store.settlement(name).is_open_refund:
            place.send(name)
        for one in place.store.card_refunds(state=CardRefundState.UNKNOWN):
            if chance.random() < 0.4 and one.refund.refund_id in place.processor._given:
                how = chance.choice([(Said.PAID, one.refund.cents), (Said.REFUSED, 0)])
                place.processor.end_refund(one.refund.refund_id, *how)
        assert sum(place.store.trial_balance().values()) == 0
    place.processor.next_bad, place.processor.refunds_wait = [], False
    for name in names:
        for one in place.store.card_refunds(settlement_id=name):
            given = place.processor._given.get(one.refund.refund_id)
            if given and given[1].said is Said.OPEN:
                place.processor.end_refund(one.refund.refund_id, Said.PAID, one.refund.cents)
    place.minutes += 120
    ask_card_refunds(desk=place.desk())
    assert not place.store.card_refunds(state=CardRefundState.UNKNOWN)
    left = sum(one.refund.cents for one in place.store.card_refunds(state=CardRefundState.DONE))
    assert place.processor.given_back(KEY) == left
    assert place.sums()[0] == PAID - left


class TestWhatIsOnACard:
    """The money is with its owner: nothing of ours sends it once more, or gives it back here."""

    def later(self, place: Place) -> MoneyDesk:
        return replace(place.money(), on=NOW.date() + timedelta(days=400))

    def test_that_is_done_is_not_stopped_nor_said_to_have_come_back(self, place: Place) -> None:
        name = place.approved()
        place.send(name)
        for way in (stop_refund, return_refund):
            with pytest.raises(HasLeft, match="the processor says that it is done") as no:
                way(name, by="Cleo", reason="lost", desk=place.money())
            assert "`meterledger refund ask-card`" in no.value.do
        assert place.processor.given_back(KEY) == 20_00
        assert place.acts(name)[-1] is Act.SENT

    def test_that_is_done_is_never_unclaimed(self, place: Place) -> None:
        place.send(place.approved())
        assert set_stale_apart(by="a run", desk=self.later(place)) == []
        assert stale_of_unknown_outcome(self.later(place)) == []

    def test_that_may_be_there_waits_for_a_person_and_stops_no_other(self, place: Place) -> None:
        place.processor.next_bad = [Bad.SILENT_AFTER_ACTING] * 3
        name = place.approved()
        assert place.send(name).state is CardRefundState.UNKNOWN
        other = place.approved(5_00)

        (apart,) = set_stale_apart(by="a run", desk=self.later(place))
        assert apart.settlement_id == other
        (waits,) = stale_of_unknown_outcome(self.later(place))
        assert waits.settlement_id == name
