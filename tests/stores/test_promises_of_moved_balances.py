"""Parts of a balance that moved keep their age and kind; on memory and PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of, start_of
from tests.stores.settled_paper import write_of

from meterledger.facts.late_columns import KIND_LATE, KIND_OTHER
from meterledger.facts.receivables import ItemKind
from meterledger.facts.settlements import SettlementKind
from meterledger.ledger import receivable_of_movements
from meterledger.usecases.ports import Store


def test_parts_of_a_balance_move_together_each_of_its_age(store: Store) -> None:
    """One of service, one of late charges; one that moved as a whole tells no age of its own"""
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(1)])
    since = bill_of(1)[0].due_day
    parts = [
        write_of(SettlementKind.TRANSFER, cents, key, to=2, approve=True)
        for key, cents in (("one", 100_00), ("one.late-charge", 65_00), ("two", 19))
    ]
    told = (b'{"facts":{"kind":"utility"}}', b'{"facts":{"kind":"late charge"}}')
    records = (*told, b'{"facts":{}}')
    parts = [
        replace(write, case=replace(write.case, by_day=since, record=record))
        for write, record in zip(parts, records, strict=True)
    ]
    assert store.record_settlements(parts) == [True] * 3

    account = account_id(2)
    with store.viewing(ANALYST, ["both"]):
        money = store.account_money([account], with_due_days=True)[account]
        history = store.late_histories([account], LATER)[account]
        columns = store.late_columns([account], LATER)
    due = {"transfer:one": since, "transfer:one.late-charge": since}
    assert dict(money.due_days) == due | {"transfer:two": since}
    assert history.moved_due == due
    found = receivable_of_movements(
        *(account, money.movements, ()), due_days=dict(money.due_days), at=date(2027, 1, 1)
    )
    assert {one.item_id: one.kind for one in found.items} == {
        "transfer:one": ItemKind.UTILITY,
        "transfer:one.late-charge": ItemKind.LATE_CHARGE,
        "transfer:two": ItemKind.UTILITY,
    }
    kinds = dict(
        zip(columns.movements.cents.tolist(), columns.movements.kind.tolist(), strict=True)
    )
    assert kinds == {100_00: KIND_OTHER, 65_00: KIND_LATE, 19: KIND_OTHER}
