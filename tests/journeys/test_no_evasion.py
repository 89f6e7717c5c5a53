"""Who ends service and begins it again on another rate has changed the rate (GRR V.H.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import meterledger.usecases.change_rate as module
from meterledger.usecases.change_rate import RateRefused, change_rate
from meterledger.usecases.no_evasion import RateIsKept
from meterledger.usecases.ports import Conflict
from meterledger.usecases.start_service import start_service

TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATER = TOLD + timedelta(days=1)
ENDED, AGAIN = date(2026, 1, 10), date(2026, 2, 1)


@pytest.fixture
def shop(town: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Service from July 1 to January 10, to which the terms of a business apply.

    No sheet that is held prices two options of a class with terms: those of a home stand in.
    """
    monkeypatch.setattr(module, "RESIDENTIAL", "nobody: the rule is asked as for a business")
    return ended(town)


def ended(town: Any) -> Any:
    agreement = town.start(1)
    town.store.stop_service(agreement.agreement_id, ENDED, TOLD)
    return town


def again(town: Any, on: date = AGAIN, **how: Any) -> Any:
    request = town.request(1, from_day=on, **how)
    view = town.book.as_known(LATER.date())
    return start_service(request, learned_at=LATER, view=view, store=town.store)


def change(town: Any, asked: date) -> Any:
    return change_rate(
        account_id=town.account_id(1), schedule="1M-smart", asked=asked,
        learned_at=LATER + timedelta(days=1), view=town.book.as_known(LATER.date()),
        store=town.store, dry_run=True,
    )  # fmt: skip


def test_on_another_rate_inside_the_term_is_refused(shop: Any) -> None:
    with pytest.raises(RateIsKept, match="The same people had 1M-anytime at SP1") as no:
        again(shop, schedule="1M-smart")
    assert "it is kept until 2026-07-01" in no.value.what
    assert "counts as one" in no.value.why or "is kept for 12 months" in no.value.why
    assert no.value.do.startswith("Begin service on 1M-anytime")
    assert len(shop.store.agreements_at("SP1", LATER)) == 1


def test_the_term_ends_a_year_after_service_began(shop: Any) -> None:
    with pytest.raises(RateIsKept, match="kept until 2026-07-01"):
        again(shop, date(2026, 6, 30), schedule="1M-smart")
    assert again(shop, date(2026, 7, 1), schedule="1M-smart").schedule == "1M-smart"


def test_on_the_same_rate_it_goes_on_and_its_term_with_it(shop: Any) -> None:
    """Neither ninety days nor a year are counted from the new beginning."""
    again(shop)
    with pytest.raises(RateRefused, match="The present rate stays until 2026-07-01") as no:
        change(shop, date(2026, 2, 20))
    assert "ended for a time and begun again counts as one" in no.value.why
    assert change(shop, date(2026, 7, 1)).outcome.takes_effect == date(2026, 8, 1)


def test_after_the_term_it_is_a_service_of_its_own(shop: Any) -> None:
    again(shop, date(2026, 8, 1))
    told = change(shop, date(2026, 9, 1))  # day 32 of its own ninety
    assert told.outcome.back_to_the_start


def test_another_customer_at_the_place_is_not_asked(shop: Any) -> None:
    told = {"people": (("P2", "Person 2"),), "account_id": shop.account_id(2)}
    assert again(shop, schedule="1M-smart", **told).schedule == "1M-smart"


def test_another_account_of_the_same_people_is(shop: Any) -> None:
    with pytest.raises(RateIsKept):
        again(shop, schedule="1M-smart", account_id=shop.account_id(2))


def test_two_of_whom_one_was_not_there_are_other_people(shop: Any) -> None:
    both = (("P1", "Person 1"), ("P2", "Person 2"))
    made = again(shop, schedule="1M-smart", account_id=shop.account_id(2), people=both)
    assert made.schedule == "1M-smart"


def test_a_home_has_no_term_and_begins_on_what_it_likes(town: Any) -> None:
    assert again(ended(town), schedule="1M-smart").schedule == "1M-smart"


def test_what_has_not_ended_is_refused_as_ever(town: Any) -> None:
    town.start(1)
    with pytest.raises(Conflict, match="is taken already"):
        again(town, schedule="1M-smart")
