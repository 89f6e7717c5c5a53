"""A file of payments: whole or none, once, every line and cent of it accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import (
    A_BILL,
    RECEIVED,
    TODAY,
    bill_item,
    desk_of,
    new_store,
    paid,
    pay,
)
from tests.stores.paper_town import account_id

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, PaymentFile, ReceiptState, RefusedLine, Totals
from meterledger.facts.remittances import RemittanceFile, RemittanceLine
from meterledger.usecases.payment_files import PaymentFileRefused, take_payment_file


def file_of(
    lines: Sequence[tuple[str, int]], refused: Sequence[RefusedLine] = ()
) -> RemittanceFile:
    """A lockbox file of (account, cents)."""
    made = tuple(
        RemittanceLine(number, f"lockbox:7:{number}", account, cents, Tender.CHECK, RECEIVED)
        for number, (account, cents) in enumerate(lines, start=4)
    )
    stated = sum(cents for _, cents in lines) + sum(one.cents for one in refused)
    return RemittanceFile("test", Channel.LOCKBOX, True, RECEIVED, made, tuple(refused), stated)


def take(store: Any, file: RemittanceFile, sha256: str = "a" * 64) -> tuple[PaymentFile, bool]:
    return take_payment_file(file, sha256=sha256, name="box.txt", by="Ana", desk=desk_of(store))


def take_lines(store: Any, lines: Sequence[tuple[str, int]]) -> PaymentFile:
    return take(store, file_of(lines))[0]


class TestAFile:
    def test_posts_what_has_an_account_and_keeps_the_rest_for_it(self) -> None:
        store = new_store()
        lines = [(account_id(1), A_BILL), ("77", 1_00), (account_id(2), 2_00), (account_id(1), 3)]
        taken = take_lines(store, lines)

        assert taken.received == Totals(4, A_BILL + 1_00 + 2_00 + 3)
        assert taken.posted == Totals(3, A_BILL + 2_00 + 3)
        assert taken.unapplied == Totals(1, 1_00)
        assert taken.refused == Totals()
        assert paid(store, "lockbox:7:4") == [(bill_item(0), A_BILL)]
        assert paid(store, "lockbox:7:7") == [(bill_item(1), 3)]
        assert store.trial_balance()["131.lockbox"] == taken.received.cents
        (waiting,) = store.receipts(state=ReceiptState.UNAPPLIED)
        assert waiting.steps[0].reason == "Nobody has the account '77'"
        assert waiting.receipt.is_mailed

    def test_twice_changes_nothing(self) -> None:
        store = new_store()
        file = file_of([(account_id(1), A_BILL)])
        first, newly = take(store, file)
        again, newly_again = take(store, file)
        assert (newly, newly_again) == (True, False)
        assert again == first
        assert store.trial_balance()["131.lockbox"] == A_BILL

    def test_of_other_bytes_with_the_same_payments_posts_none_of_them(self) -> None:
        store = new_store()
        file = file_of([(account_id(1), A_BILL)] * 60)
        take(store, file)
        more = RemittanceLine(99, "lockbox:7:99", account_id(2), 5, Tender.CHECK, RECEIVED)
        both = replace(
            file, lines=(*file.lines[:1], *(
                replace(more, line=200 + n, key=f"lockbox:8:{n}") for n in range(60))),
            stated_cents=A_BILL + 60 * 5,
        )  # fmt: skip
        taken, newly = take(store, both, "b" * 64)
        assert newly
        assert (taken.posted, taken.refused) == (Totals(60, 60 * 5), Totals(1, A_BILL))
        assert "known already: this money was taken before" in taken.refused_lines[0].why

    @pytest.mark.parametrize(("good", "is_taken"), [(49, True), (48, False)])
    def test_is_refused_whole_above_a_share_of_bad_lines(self, good: int, is_taken: bool) -> None:
        store = new_store()
        bad = RefusedLine(3, "6 ???", 9_00, "no amount")
        file = file_of([(account_id(1), 1)] * good, [bad])
        if is_taken:
            taken, _ = take(store, file)
            assert taken.refused == Totals(1, 9_00)
            return
        with pytest.raises(PaymentFileRefused, match="1 of its 49 lines cannot be taken, more"):
            take(store, file)
        assert store.receipts() == []

    @pytest.mark.parametrize(("days", "is_taken"), [(0, True), (1, False)])
    def test_of_a_day_to_come_is_refused(self, days: int, is_taken: bool) -> None:
        store = new_store()
        file = replace(file_of([(account_id(1), 1)]), deposited_day=TODAY + timedelta(days=days))
        if is_taken:
            assert take(store, file)[1]
            return
        with pytest.raises(PaymentFileRefused, match="It is of 2026-12-02, and today is"):
            take(store, file)

    def test_of_an_account_that_was_opened_later_waits(self) -> None:
        store = new_store()
        early = replace(
            file_of([(account_id(1), 1)]).lines[0],
            received_day=store.account(account_id(1)).opened_day - timedelta(days=1),
        )
        taken, _ = take(store, replace(file_of([(account_id(1), 1)]), lines=(early,)))
        assert taken.unapplied == Totals(1, 1)

    def test_accounts_for_every_receipt_of_a_day_however_it_stands_now(self) -> None:
        store = new_store()
        take_lines(store, [(account_id(1), 5_00), ("77", 1_00)])
        pay(store, 7_00, "R-9")
        totals = store.receipt_totals(RECEIVED, TODAY)
        assert sum((one.received for one in totals), Totals()) == Totals(3, 13_00)
        for one in totals:
            assert sum((part for _, part in one.by_state), Totals()) == one.received
