"""Refunds to cards: of an approved refund, no more than was taken, one at a time; both stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.journeys.card_place import KEY, PAID, Place
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.facts.card_refunds import CardRefund, CardRefundState
from meterledger.facts.settlements import Act
from meterledger.stores.gateways.processor_fake import Bad
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import Conflict, NotFound, Store
from meterledger.usecases.refund_credit import send_refund
from meterledger.usecases.settlements import reverse_settlement


@pytest.fixture
def place(store: Store) -> Iterator[Place]:
    """An account that paid $50.00 too much by card."""
    store.start_service(start_of(1))
    store.record_bills([bill_of(1)])
    with store.viewing(ANALYST, ["card refunds"]):
        yield Place(store)


def refund_of(place: Place, name: str, cents: int = 20_00, key: str = KEY) -> CardRefund:
    return CardRefund(
        *(name, name, key, account_id(1), cents, place.money().now, "bad processor", "Cleo")
    )


def test_what_was_heard_is_kept_with_the_money_that_it_moved(place: Place) -> None:
    name = place.approved()
    place.processor.next_bad = [Bad.SILENT_AFTER_ACTING]
    place.send(name)
    sent = place.send(name)
    assert place.store.card_refund(name) == sent
    assert place.store.card_refunds(settlement_id=name) == [sent]
    assert place.store.card_refunds(checkout_id=KEY, state=CardRefundState.DONE) == [sent]
    assert not place.store.card_refunds(state=CardRefundState.UNKNOWN)
    assert place.sums() == (PAID - 20_00, 0)
    with pytest.raises(Moved):
        place.store.hear_card_refund(sent.steps[-1])
    with pytest.raises(NotFound):
        place.store.card_refund("refund:none")


def test_is_of_a_refund_that_two_people_agreed_to(place: Place) -> None:
    name = place.approved()
    for wrong in (
        refund_of(place, name, 20_01),
        refund_of(place, "refund:none"),
        replace(refund_of(place, name), account_id=account_id(2)),
    ):
        with pytest.raises(Conflict, match="of no refund that is to be sent to its card"):
            place.store.begin_card_refund(wrong)
    place.store.begin_card_refund(refund_of(place, name))
    with pytest.raises(Conflict, match=r"(?i)card refund"):
        place.store.begin_card_refund(refund_of(place, name))
    again = replace(refund_of(place, name), refund_id=f"{name}:2")
    with pytest.raises(Conflict, match="of no refund"):  # the first has no known outcome
        place.store.begin_card_refund(again)


def test_no_more_goes_back_than_was_taken(place: Place) -> None:
    place.pay("pay-0002", PAID)
    place.send(place.approved(PAID - 1_00))
    name = place.approved(1_01)
    with pytest.raises(Conflict, match=r"\$1\.01 is more than is left of checkout pay-0001"):
        place.store.begin_card_refund(refund_of(place, name, 1_01))


def test_while_it_is_unknown_the_refund_goes_no_other_way(place: Place) -> None:
    name = place.approved()
    with pytest.raises(Conflict, match="the processor has not said that it left"):
        send_refund(name, by="Cleo", reference="C-1", desk=place.money())
    place.processor.next_bad = [Bad.SILENT]
    place.send(name)
    with pytest.raises(Conflict, match="the processor has not said that it left"):
        reverse_settlement(name, by="Ben", reason="why", desk=place.money())
    place.minutes += 60
    assert place.send(name).state is CardRefundState.REFUSED  # it never began
    reverse_settlement(name, by="Ben", reason="why", desk=place.money())
    assert place.acts(name)[-1] is Act.REVERSED
