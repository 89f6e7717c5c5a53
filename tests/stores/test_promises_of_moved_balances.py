"""Parts of a balance that moved keep their age and kind; on memory and PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of, start_of
from tests.stores.settled_paper import DAY, after, write_of

from meterledger.facts.late_columns import KIND_LATE, KIND_OTHER
from meterledger.facts.receivables import Application, ItemKind
from meterledger.facts.settlements import Act, SettlementKind
from meterledger.ledger import receivable_of_movements
from meterledger.usecases.payment_ports import Moved
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


def test_what_moves_is_applied_to_its_items_with_it_or_not_at_all(store: Store) -> None:
    """The credit of the entry is bound to them; late charges read it in rows and in columns"""
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(1)])
    item, account = f"bill:{bill_of(1)[0].bill_id}", account_id(1)

    def applied(key: str, cents: int, place: int) -> Application:
        source, kind = f"transfer:{key}", ItemKind.UTILITY
        name = f"{item}#{place}"
        return Application(name, source, item, kind, account, cents, DAY, LATER)

    one, two, three = (
        replace(
            write_of(SettlementKind.TRANSFER, cents, key, to=2, approve=True),
            applications=(applied(key, cents, place),),
        )
        for key, cents, place in (("one", 100_00, 1), ("two", 19, 2), ("three", 18, 2))
    )
    assert store.record_settlements([one]) == [True]
    assert store.record_settlements([one]) == [False]
    with pytest.raises(Moved, match="What is open was changed"):
        store.record_settlements([two, three])
    with store.viewing(ANALYST, ["both"]):
        assert store.account_money([account])[account].applications == one.applications
        assert [done.settlement_id for done in store.settlements(account_id=account)] == [
            "transfer:one"
        ]
        store.record_settlements([two])
        store.record_settlements([after(two.case, Act.REVERSED)])

        kept = (*one.applications, *two.applications)
        assert store.applications_of("transfer:one") == list(one.applications)
        money = store.account_money([account])[account]
        history = store.late_histories([account], LATER)[account]
        columns = store.late_columns([account], LATER)
    assert sorted(money.applications, key=lambda one: one.application_id) == list(kept)
    assert sorted(history.applications, key=lambda one: one.application_id) == list(kept)
    rows = columns.applications
    assert sorted(rows.cents.tolist()) == [19, 100_00]
    moved = columns.movements
    names = dict(zip(moved.key.tolist(), moved.cents.tolist(), strict=True))
    assert {names[key] for key in rows.source.tolist()} == {-19, -100_00}
    assert {names[key] for key in rows.item.tolist()} == {165_19}
    found = receivable_of_movements(
        *(account, money.movements, money.applications), due_days={}, at=date(2027, 1, 1)
    )
    assert [(one.item_id, one.open_cents) for one in found.items] == [(item, 65_19)]
