"""Many at once at the database: the same answer, the same file, the same button."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from tests.rooms.rulebook_on import the_book
from tests.stores.channels_of_paper import DAY, SOON, bank_of, order_of
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.facts.checkouts import CheckoutState
from meterledger.facts.money import Tender
from meterledger.kernel.local_days import day_start_utc
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.usecases.ach_out import AchOutDesk, make_ach_file
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.checkouts import (
    CheckoutDesk,
    CheckoutRefused,
    answer_checkout,
    start_checkout,
)

pytestmark = pytest.mark.postgres
ONE = account_id(1)
MANY = 16


@pytest.fixture
def town(postgres: Any) -> Any:
    postgres.start_services([start_of(1), start_of(2)])
    postgres.record_bills([bill_of(1), bill_of(2)])
    return postgres


def at_once(town: Any, work: Callable[[], Any]) -> list[Any]:
    """The same by many callers at once."""

    def one(_: int) -> Any:
        with town.viewing(ANALYST, ["everything"]):
            return work()

    with ThreadPoolExecutor(8) as callers:
        return list(callers.map(one, range(MANY)))


def test_one_answer_heard_by_many_posts_once(town: Any) -> None:
    processor = BadProcessor()
    desk = CheckoutDesk(town, processor, the_book(), SOON)
    begun = at_once(
        town,
        lambda: start_checkout(
            "pay-0001", account_id=ONE, cents=165_19, tender=Tender.CARD, desk=desk
        ),
    )
    assert {one.checkout.checkout_id for one in begun} == {"pay-0001"}
    assert processor.starts == 1
    processor.pay("pay-0001", 165_19)
    told = processor.callbacks[0]
    heard = at_once(town, lambda: answer_checkout(told.body, told.signature, desk=desk))
    assert {one.state for one in heard} == {CheckoutState.POSTED}
    with town.viewing(ANALYST, ["everything"]):
        assert len(town.payments_of_account(ONE)) == 1
        assert town.balance_cents(ONE) == 0
        (line,) = town.expected_bank_lines(date(2025, 1, 1), date(2026, 1, 1))
    assert line.cents == 165_19
    assert sum(town.trial_balance().values()) == 0


def test_of_many_buttons_pressed_at_once_one_begins(town: Any) -> None:
    processor = BadProcessor()
    desk = CheckoutDesk(town, processor, the_book(), SOON)
    keys = iter(range(MANY))

    def press() -> str:
        try:
            return start_checkout(
                f"pay-{next(keys):04}",
                account_id=ONE,
                cents=165_19,
                tender=Tender.CARD,
                desk=desk,
            ).redirect
        except CheckoutRefused:
            return "refused"

    pressed = at_once(town, press)
    assert pressed.count("refused") == MANY - 1
    assert processor.starts == 1


def test_one_order_leaves_in_one_file(town: Any) -> None:
    order = order_of()
    change = ChannelChange("order", ONE, SOON, bank_accounts=(bank_of(),), orders=(order,))
    town.keep_channel(change)
    noon = day_start_utc(DAY, the_book().time_zone) + timedelta(hours=12)

    def made() -> Any:
        return make_ach_file(desk=AchOutDesk(_WithoutBills(town), the_book(), noon)).file

    files = [one for one in at_once(town, made) if one is not None]
    assert len(files) == 1
    with town.viewing(ANALYST, ["everything"]):
        assert town.balance_cents(ONE) == 0
        assert len(town.payments_of_account(ONE)) == 1
        assert town.sent_count() == 1


class _WithoutBills:
    """The store, for an order of a bill that was never made."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def bill(self, _: str) -> Any:
        """Any live bill."""
        return self._store.bill(bill_of(1)[0].bill_id)
