"""Credits to bank accounts: behind each is a refund that two people agreed to; on both stores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.stores.channels_of_paper import bank_of, file_of, order_of
from tests.stores.paper_town import ANALYST, LATER, account_id, payment_of, start_of
from tests.stores.settled_paper import after, ask, payee_of_account, settled

from meterledger.facts.ach_orders import AchOrder, OrderKind
from meterledger.facts.settlements import Act, SettlementCase
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.ports import Conflict, Store


def order(name: str = "refund:one", cents: int = 20_00) -> AchOrder:
    paper = order_of(kind=OrderKind.CREDIT)
    return replace(paper, order_id=name, cause=name, cents=cents)


def keep(store: Store, **what: object) -> None:
    with store.viewing(ANALYST, ["channels"]):
        store.keep_channel(ChannelChange("told", account_id(1), LATER, **what))


@pytest.fixture
def approved(store: Store) -> SettlementCase:
    """Account 1 has a credit of 50 dollars; 20 of it are to go to its bank account."""
    store.start_services([start_of(1)])
    store.record_payment(*payment_of(1))
    store.add_payee(payee_of_account(1))
    keep(store, bank_accounts=(bank_of(),))
    return settled(store, ask(1, 20_00, payee_id="bank-1"), Act.APPROVED)


@pytest.mark.parametrize(
    "other",
    [order("refund:two"), order("refund:one:2"), order("other:one"), order(cents=20_01)],
    ids=["no refund", "next sending", "no refund's name", "other cents"],
)
def test_what_no_refund_is_behind_is_not_ordered(
    store: Store, approved: SettlementCase, other: AchOrder
) -> None:
    with pytest.raises(Conflict, match="is a credit, and no refund is to be sent as it"):
        keep(store, orders=(other,))

    with store.viewing(ANALYST, ["channels"]):
        assert store.ach_orders([other.order_id]) == {}
    keep(store, orders=(order(),))


@pytest.mark.parametrize("act", [Act.REVERSED, Act.SENT])
def test_what_went_another_way_does_not_leave(
    store: Store, approved: SettlementCase, act: Act
) -> None:
    keep(store, orders=(order(),))
    store.record_settlements([after(approved, act, reference="check 7")])

    with pytest.raises(Conflict, match="no refund is to be sent as it"):
        keep(store, sent=(file_of(order()),))

    with store.viewing(ANALYST, ["channels"]):
        assert store.ach_files() == []


def test_what_left_is_marked_with_its_file_first(store: Store, approved: SettlementCase) -> None:
    keep(store, orders=(order(),))
    keep(store, sent=(file_of(order()),))

    for act, reference in ((Act.REVERSED, ""), (Act.SENT, "check 7"), (Act.UNCLAIMED, "")):
        with pytest.raises(Conflict, match="Settlement refund:one left with file 20250303A"):
            store.record_settlements([after(approved, act, reference=reference)])

    sent = after(approved, Act.SENT, reference="20250303A")
    store.record_settlements([sent])
    store.record_settlements([after(sent.case, Act.RETURNED)])
    keep(store, orders=(order("refund:one:2"),))
