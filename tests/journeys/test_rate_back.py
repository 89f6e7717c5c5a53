"""A rate given back to the start of service: its agreement is on it, its bills are made anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import meterledger.usecases.change_rate as module
from meterledger.facts.corrections import CorrectionCause
from meterledger.usecases.change_rate import RateChange, RateRefused, change_rate
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.rebill import RebillRun, rebill

JULY, AUGUST, SEPTEMBER = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)
BILLED = datetime(2026, 12, 1, 9, tzinfo=UTC)
TOLD = BILLED + timedelta(days=1)
LATER = TOLD + timedelta(days=1)


@pytest.fixture
def shop(town: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Service since July 1, billed for July and August, to which the terms of a business apply.

    No sheet that is held prices two options of a class with terms: those of a home stand in.
    """
    monkeypatch.setattr(module, "RESIDENTIAL", "nobody: the rule is asked as for a business")
    town.start(1)
    town.read("M1", (JULY, SEPTEMBER), lambda day, count: [500] * count)
    town.bills = town.bill(1, on=SEPTEMBER, known_at=BILLED).issued
    assert len(town.bills) == 2
    return town


def asked(town: Any, on: date, **how: Any) -> RateChange:
    wanted: dict[str, Any] = {"schedule": "1M-smart", "learned_at": TOLD, **how}
    return change_rate(
        account_id=town.account_id(1),
        asked=on,
        view=town.book.as_known(TOLD.date()),
        store=town.store,
        **wanted,
    )


def anew(town: Any, change: RateChange) -> RebillRun:
    return rebill(
        change.bills,
        author="Ana",
        reason="asked within ninety days",
        on=date(2025, 9, 28),
        known_at=TOLD,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


def test_within_ninety_days_the_agreement_is_on_it_from_its_first_day(shop: Any) -> None:
    change = asked(shop, date(2025, 9, 28))  # day 90

    (service,) = shop.store.services_of_account(shop.account_id(1), TOLD)
    assert (service.agreement.schedule, service.agreement.days.from_day) == ("1M-smart", JULY)
    (before,) = shop.store.services_of_account(shop.account_id(1), BILLED)
    assert before.agreement.schedule == "1M-anytime"
    assert service.agreement.agreement_id == before.agreement.agreement_id
    assert set(change.bills) == {one.bill_id for one in shop.bills}


def test_its_bills_are_made_anew_each_on_its_own_days(shop: Any) -> None:
    change = asked(shop, date(2025, 9, 28))
    owed = shop.store.balance_cents(shop.account_id(1))

    run = anew(shop, change)

    assert [one.bill.days for one in run.corrected] == [one.days for one in shop.bills]
    assert {one.bill.schedule for one in run.corrected} == {"1M-smart"}
    for one in run.corrected:
        causes = {part.cause for part in one.parts if part.cents}
        assert CorrectionCause.PROGRAM in causes
        assert causes <= {CorrectionCause.PROGRAM, CorrectionCause.TAX}
        assert shop.replay(one.bill.bill_id).same_bytes
        assert shop.replay(one.cancelled.bill_id).same_bytes
    moved = shop.store.balance_cents(shop.account_id(1)) - owed
    assert moved == sum(one.difference_cents for one in run.corrected) != 0
    now = now_of(shop.store, known_at=TOLD, book=shop.book, lake=shop.lake)
    assert bills_to_correct(store=shop.store, now=now)[1] == []


def test_until_then_they_wait_in_the_queue_of_corrections(shop: Any) -> None:
    change = asked(shop, date(2025, 9, 28))

    now = now_of(shop.store, known_at=TOLD, book=shop.book, lake=shop.lake)
    found = bills_to_correct(store=shop.store, now=now)[1]

    assert {one.stored.bill_id for one in found} == set(change.bills)
    assert {one.cause for one in found} == {CorrectionCause.PROGRAM}


def test_looked_at_first_changes_nothing_and_names_the_bills(shop: Any) -> None:
    change = asked(shop, date(2025, 9, 28), dry_run=True)

    assert len(change.bills) == 2
    (service,) = shop.store.services_of_account(shop.account_id(1), TOLD)
    assert service.agreement.schedule == "1M-anytime"


def test_a_day_later_the_first_rate_is_kept_for_its_year(shop: Any) -> None:
    with pytest.raises(RateRefused, match="The present rate stays until 2026-07-01"):
        asked(shop, date(2025, 9, 29))


def test_a_rate_is_given_back_once(shop: Any) -> None:
    asked(shop, date(2025, 9, 10))  # day 72

    with pytest.raises(RateRefused, match="The present rate stays until 2026-07-01") as refused:
        asked(shop, date(2025, 9, 28), schedule="1M-anytime", learned_at=LATER)  # day 90

    assert "it is given back once" in refused.value.sentence
    (service,) = shop.store.services_of_account(shop.account_id(1), LATER)
    assert service.agreement.schedule == "1M-smart"


def test_another_end_of_service_is_no_rate_given_back(shop: Any) -> None:
    (service,) = shop.store.services_of_account(shop.account_id(1), BILLED)
    name = service.agreement.agreement_id
    shop.store.stop_service(name, date(2026, 5, 1), TOLD)

    assert asked(shop, date(2025, 9, 28), learned_at=LATER).outcome.back_to_the_start
