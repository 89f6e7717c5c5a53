"""The journal: payment keys once for ever, balances, entries; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of, payment_of, start_of

from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store, Viewer


def balance(store: Store, number: int = 1) -> int:
    with store.viewing(ANALYST, [account_id(number)]):
        return store.balance_cents(account_id(number))


class TestAPayment:
    def test_is_posted_once_for_its_key(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1)])

        assert store.record_payment(*payment_of(1)) is True
        assert store.record_payment(*payment_of(1, learned_at=LATER + timedelta(days=9))) is False

        assert balance(store) == 16519 - 5_000
        with store.viewing(ANALYST, [account_id(1)]):
            assert store.payments_of_account(account_id(1)) == [payment_of(1)[0]]
        assert store.trial_balance() == {"131": 5_000, "142": 11519, "440": -16519}

    @pytest.mark.parametrize("changed", ["cents", "account_id", "received_day"])
    def test_with_a_used_key_and_other_contents_is_refused(
        self, store: Store, changed: str
    ) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_payment(*payment_of(1))
        payment, entry = payment_of(1)
        other = {
            "cents": replace(payment, cents=5_001),
            "account_id": replace(payment, account_id=account_id(2)),
            "received_day": replace(payment, received_day=payment.received_day + timedelta(days=1)),
        }[changed]

        with pytest.raises(Conflict, match=r"R-1 is used already, for \$50\.00") as no:
            store.record_payment(other, entry)

        assert "received 2025-02-20" in no.value.sentence
        assert store.trial_balance() == {"131": 5_000, "142": -5_000}

    def test_of_an_account_nobody_knows_is_refused(self, store: Store) -> None:
        with pytest.raises(NotFound, match=f"There is no account {account_id(1)}"):
            store.record_payment(*payment_of(1))

        assert store.trial_balance() == {}
        store.start_service(start_of(1))
        assert store.record_payment(*payment_of(1)) is True

    def test_whose_entry_is_posted_is_refused_and_frees_its_key(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_payment(*payment_of(1))
        payment, _ = payment_of(1, "R-2")

        with pytest.raises(Conflict, match="Entry payment:R-1 is posted already"):
            store.record_payment(payment, payment_of(1)[1])

        assert store.record_payment(*payment_of(1, "R-2")) is True

    def test_by_one_key_from_sixty_four_at_once_is_posted_once(self, store: Store) -> None:
        store.start_service(start_of(1))

        with ThreadPoolExecutor(64) as pool:
            posted = list(pool.map(lambda _: store.record_payment(*payment_of(1)), range(64)))

        assert posted.count(True) == 1
        assert balance(store) == -5_000

    def test_by_one_key_with_other_amounts_at_once_is_posted_once(self, store: Store) -> None:
        store.start_service(start_of(1))

        def pay(cents: int) -> str:
            try:
                store.record_payment(*payment_of(1, cents=cents))
            except Conflict:
                return "refused"
            return "posted"

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(pay, range(100, 116)))

        assert answers.count("posted") == 1
        assert -115 <= balance(store) <= -100


class TestTheJournal:
    def test_gives_the_entries_of_an_account_oldest_first(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1, 1), bill_of(2, 0)])
        store.record_bills([bill_of(1, 0)])
        store.record_payment(*payment_of(1))

        with store.viewing(ANALYST, [account_id(1)]):
            entries = store.entries_of_account(account_id(1))

        assert entries == [bill_of(1, 0)[1], payment_of(1)[1], bill_of(1, 1)[1]]

    def test_owes_nothing_where_nothing_is_posted(self, store: Store) -> None:
        assert balance(store, 9) == 0
        assert store.trial_balance() == {}


class TestLooking:
    """Personal and usage data: by a named viewer, for a purpose, inside the one door."""

    def test_outside_the_door_is_refused(self, store: Store) -> None:
        store.start_service(start_of(1))
        account = account_id(1)

        for look in (
            lambda: store.account(account),
            store.account_ids,
            lambda: store.services_of_account(account, LATER),
            lambda: store.services_of_cycle(15, LATER),
            lambda: store.service_of_agreement("AG-1-20250101", LATER),
            lambda: store.bill("B-1"),
            lambda: store.bills_of_account(account),
            lambda: store.balance_cents(account),
            lambda: store.entries_of_account(account),
            lambda: store.payments_of_account(account),
        ):
            with pytest.raises(NotViewing, match="only by a named viewer for a stated purpose"):
                look()

    def test_ends_when_the_door_closes(self, store: Store) -> None:
        with store.viewing(ANALYST, ["all"]):
            with store.viewing(Viewer("another", "a second look"), ["all"]):
                store.account_ids()
            store.account_ids()

        with pytest.raises(NotViewing):
            store.account_ids()

    @pytest.mark.parametrize("viewer", [Viewer("", "a purpose"), Viewer("somebody", " ")])
    def test_needs_a_name_and_a_purpose(self, store: Store, viewer: Viewer) -> None:
        with pytest.raises(NotViewing), store.viewing(viewer, ["all"]):
            pass

    def test_of_one_thread_opens_no_door_for_another(self, store: Store) -> None:
        with (
            store.viewing(ANALYST, ["all"]),
            ThreadPoolExecutor(1) as pool,
            pytest.raises(NotViewing),
        ):
            pool.submit(store.account_ids).result()
