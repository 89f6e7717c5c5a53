"""Many desks at once take payments of one account: one key once, other keys in turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tests.journeys.desk_of_payments import NOW, RECEIVED, TODAY, bill_item, desk_of, view
from tests.journeys.test_payment_files import file_of
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.ledger import receivable_of_movements
from meterledger.usecases.payment_files import take_payment_file
from meterledger.usecases.ports import Conflict, Store
from meterledger.usecases.settle_payment import reverse_payment
from meterledger.usecases.take_payment import take_payment


def billed(store: Store) -> Store:
    view()  # read once, before all of them ask for it
    store.start_services([start_of(1)])
    store.record_bills([bill_of(1, 0), bill_of(1, 1)])
    return store


def pay(store: Store, key: str, cents: int) -> tuple[Any, bool]:
    with store.viewing(ANALYST, [account_id(1)]):
        return take_payment(
            account_id=account_id(1),
            cents=cents,
            payment_key=key,
            received_day=RECEIVED,
            learned_at=NOW,
            view=view(),
            store=store,
        )


def test_one_key_from_sixty_four_is_posted_once_with_one_answer(store: Store) -> None:
    billed(store)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: pay(store, "R-1", 50_00), range(64)))

    assert len({payment for payment, _ in answers}) == 1
    assert [newly for _, newly in answers].count(True) == 1
    assert store.trial_balance()["131"] == 50_00
    with store.viewing(ANALYST, [account_id(1)]):
        assert [one.cents for one in store.applications_of("payment:R-1")] == [50_00]


def test_one_key_with_other_amounts_is_posted_once_and_refused_to_the_others(store: Store) -> None:
    billed(store)

    def take(cents: int) -> str:
        try:
            pay(store, "R-1", cents)
        except Conflict:
            return "refused"
        return "posted"

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(take, range(100, 116)))

    assert (answers.count("posted"), answers.count("refused")) == (1, 15)


def test_a_file_from_four_and_its_payments_in_another_are_posted_once(store: Store) -> None:
    billed(store)
    file = file_of([(account_id(1), 1_00)] * 50 + [("77", 5)])
    longer = replace(
        file,
        lines=(
            *file.lines[:1],
            *(replace(one, key=f"{one.key}:more", line=one.line + 100) for one in file.lines[:50]),
        ),
        stated_cents=51_00,
    )

    def take(number: int) -> bool:
        with store.viewing(ANALYST, ["a file"]):
            if number % 2:
                return take_payment_file(
                    longer, sha256="b" * 64, name="b", by="", desk=desk_of(store)
                )[1]
            return take_payment_file(file, sha256="a" * 64, name="a", by="", desk=desk_of(store))[1]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(take, range(8)))

    assert answers.count(True) == 2
    assert store.trial_balance()["131.lockbox"] == 100_00 + 5
    with store.viewing(ANALYST, ["files"]):
        refused = [one.refused.count for one in store.payment_files()]
    assert sorted(refused) == [0, 1]


def test_keys_of_one_account_are_spent_in_turn_and_taken_back_in_any(store: Store) -> None:
    billed(store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: pay(store, f"R-{n}", 25_00), range(12)))

    def opened() -> tuple[dict[str, int], int]:
        with store.viewing(ANALYST, [account_id(1)]):
            money = store.account_money([account_id(1)])[account_id(1)]
            found = receivable_of_movements(
                account_id(1), money.movements, money.applications, due_days={}, at=TODAY
            )
            given = sum(one.cents for one in money.applications)
        items = {one.item_id: one.open_cents for one in found.items if one.open_cents}
        assert sum(items.values()) - found.unapplied_cents == 2 * 165_19 - given
        return items, given

    assert opened() == ({bill_item(1): 30_38}, 12 * 25_00)

    def undo(number: int) -> None:
        with store.viewing(ANALYST, [account_id(1)]):
            desk = desk_of(store, minutes=5)
            reverse_payment(f"R-{number}", on=TODAY, by="Ana", reason="a test", desk=desk)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(undo, [*range(12), *range(12)]))
    assert opened() == ({bill_item(0): 165_19, bill_item(1): 165_19}, 0)
    assert store.trial_balance()["131"] == 0
