"""A payment is posted once for its key, for ever, and the walk ends in a paid bill."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.take_payment import PaymentRefused, take_payment


@pytest.fixture
def owed(town: Any, towns: ModuleType) -> tuple[Any, str, int]:
    """A town in which account 1 owes its bill of July."""
    town.start(1)
    town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
    (bill,) = town.bill(1, on=date(2025, 8, 1)).issued
    return town, bill.account_id, bill.total_cents


@pytest.fixture
def pay(towns: ModuleType) -> Any:
    def take(town: Any, account_id: str, cents: int, key: str = "R-1", **how: Any) -> Any:
        return take_payment(
            account_id=account_id,
            cents=cents,
            payment_key=key,
            received_day=how.get("received_day", date(2026, 11, 25)),
            learned_at=how.get("learned_at", towns.NOON),
            view=town.view,
            store=town.store,
        )

    return take


class TestAPayment:
    def test_pays_the_bill(self, owed: Any, pay: Any) -> None:
        town, account, cents = owed

        payment, newly = pay(town, account, cents)

        assert newly
        assert payment.cents == cents
        assert town.store.balance_cents(account) == 0
        assert sum(town.store.trial_balance().values()) == 0
        assert town.store.trial_balance()["131"] == cents

    def test_of_more_than_is_owed_leaves_a_credit(self, owed: Any, pay: Any) -> None:
        town, account, cents = owed

        pay(town, account, cents + 5_00)

        assert town.store.balance_cents(account) == -5_00

    def test_twice_with_its_key_is_posted_once(
        self, owed: Any, pay: Any, towns: ModuleType
    ) -> None:
        town, account, cents = owed
        pay(town, account, 10_00)

        _, newly = pay(town, account, 10_00, key=" R-1 ", learned_at=towns.LATER)

        assert not newly
        assert town.store.balance_cents(account) == cents - 10_00

    @pytest.mark.parametrize("how", [{"cents": 10_01}, {"received_day": date(2026, 11, 24)}])
    def test_with_a_used_key_and_other_contents_is_a_conflict(
        self, how: dict[str, Any], owed: Any, pay: Any
    ) -> None:
        town, account, cents = owed
        pay(town, account, 10_00)

        with pytest.raises(Conflict, match="R-1"):
            pay(town, account, how.pop("cents", 10_00), **how)

        assert town.store.balance_cents(account) == cents - 10_00

    def test_of_another_account_with_a_used_key_is_a_conflict(self, owed: Any, pay: Any) -> None:
        town, account, _ = owed
        other = town.start(2).account_id
        pay(town, account, 10_00)

        with pytest.raises(Conflict, match="R-1"):
            pay(town, other, 10_00)

        assert town.store.balance_cents(other) == 0


class TestWhatCannotBeTaken:
    @pytest.mark.parametrize("cents", [0, -1, 10**13 + 1])
    def test_is_an_amount_of_nothing_or_beyond_reason(
        self, cents: int, owed: Any, pay: Any
    ) -> None:
        town, account, _ = owed

        with pytest.raises(PaymentRefused) as refused:
            pay(town, account, cents)

        assert str(refused.value).startswith(f"account {account}: A payment of ")
        assert str(refused.value).endswith("Give an amount above zero, at most 100000000000.00.")

    @pytest.mark.parametrize(
        "key", ["", " ", "x" * 65, "R\n1", "R\x001", "квитанция", "R\u00a01"], ids=ascii
    )
    def test_is_a_key_that_is_none(self, key: str, owed: Any, pay: Any) -> None:
        town, account, _ = owed

        with pytest.raises(PaymentRefused) as refused:
            pay(town, account, 10_00, key=key)

        assert "is not a payment key" in str(refused.value)
        assert "Give the receipt's own number" in str(refused.value)

    @pytest.mark.parametrize("key", ["R", "x" * 64, "R 1/2"])
    def test_is_not_any_plain_key(self, key: str, owed: Any, pay: Any) -> None:
        town, account, _ = owed
        assert pay(town, account, 10_00, key=key)[1]

    def test_is_money_received_tomorrow(self, owed: Any, pay: Any) -> None:
        town, account, cents = owed

        with pytest.raises(PaymentRefused) as refused:
            pay(town, account, 10_00, received_day=date(2026, 11, 26))

        assert "received on 2026-11-26, and today is 2026-11-25" in str(refused.value)
        assert town.store.balance_cents(account) == cents

    @pytest.mark.parametrize(
        ("learned_at", "taken"),
        [
            (datetime(2026, 11, 26, 5, 59, tzinfo=UTC), False),  # a minute to midnight there
            (datetime(2026, 11, 26, 6, 0, tzinfo=UTC), True),  # midnight in Missouri
        ],
    )
    def test_is_money_of_a_day_that_has_not_begun_where_the_utility_is(
        self, learned_at: datetime, taken: bool, owed: Any, pay: Any
    ) -> None:
        town, account, _ = owed
        day = date(2026, 11, 26)

        if taken:
            assert pay(town, account, 10_00, received_day=day, learned_at=learned_at)[1]
        else:
            with pytest.raises(PaymentRefused, match="and today is 2026-11-25"):
                pay(town, account, 10_00, received_day=day, learned_at=learned_at)

    def test_is_money_received_before_the_account_was_opened(self, owed: Any, pay: Any) -> None:
        town, account, cents = owed
        opened = town.store.account(account).opened_day

        with pytest.raises(PaymentRefused) as refused:
            pay(town, account, 10_00, received_day=opened - timedelta(days=1))

        assert str(refused.value) == (
            f"account {account}, key R-1: The payment is said to be received on "
            f"{opened - timedelta(days=1)}, before the account was opened on {opened}. "
            "Give the day the money was received, or the account it was paid for."
        )
        assert town.store.balance_cents(account) == cents
        assert pay(town, account, 10_00, received_day=opened)[1]  # on the day itself it is taken

    def test_is_money_for_nobody(self, town: Any, pay: Any) -> None:
        with pytest.raises(NotFound, match="0000000018"):
            pay(town, town.account_id(1), 10_00)

        assert town.store.trial_balance() == {}
