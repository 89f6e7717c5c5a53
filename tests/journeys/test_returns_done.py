"""What came back from a bank waits for a person until somebody says how it was dealt with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.test_autopay import Place
from tests.stores.channels_of_paper import DAY, everything

from meterledger.usecases.ports import NotFound
from meterledger.usecases.returns_done import ReturnNotDone, mark_return_done

HOW: dict[str, Any] = {"by": "Ana", "reason": "the refund was sent again by check"}


@pytest.fixture
def store() -> Any:
    """x:1 is drawn again by itself; x:2 asks a person."""
    place = Place()
    change = everything()
    place.store.keep_channel(
        type(change)("returns", "file", change.learned_at, returned=change.returned)
    )
    return place.store


def mark(store: Any, name: str = "x:2", **other: Any) -> Any:
    now = everything().learned_at
    return mark_return_done(name, **(HOW | other), on=DAY, now=now, store=store)


def test_waits_until_it_is_done_and_is_listed_by_its_day_then(store: Any) -> None:
    assert [one.returned_id for one in store.returns_waiting()] == ["x:2"]

    entry, done = mark(store)

    assert (done.by, done.reason, done.on) == ("Ana", HOW["reason"], DAY)
    assert store.returns_waiting() == []
    assert store.returns_done(DAY, DAY + timedelta(days=1)) == [(entry, done)]
    assert store.returns_done(DAY + timedelta(days=1), DAY + timedelta(days=2)) == []
    assert len(store.returned_entries()) == 2


def test_is_done_once(store: Any) -> None:
    assert mark(store) == mark(store)
    with pytest.raises(ReturnNotDone, match=f"Ana dealt with it on {DAY}: the refund was"):
        mark(store, by="Ben")


@pytest.mark.parametrize("other", [{"by": " "}, {"reason": ""}, {"reason": "x" * 501}])
def test_names_who_and_how(store: Any, other: dict[str, str]) -> None:
    with pytest.raises(ReturnNotDone, match="Who dealt with it, and how"):
        mark(store, **other)


def test_what_asks_nobody_is_not_marked(store: Any) -> None:
    with pytest.raises(ReturnNotDone, match="It is drawn again by itself"):
        mark(store, "x:1")
    with pytest.raises(NotFound, match="x:9"):
        mark(store, "x:9")
