"""Who says the same as another at once is told what the other one was told."""

from __future__ import annotations

import pytest

from meterledger.kernel.refusal import Refusal
from meterledger.usecases.at_once import looks_once_more


class Lost(Refusal):
    """The database is gone."""

    stops_everything = True


class Desk:
    """A journey that is refused so often, and then answers."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals, self.calls = list(refusals), 0

    @looks_once_more
    def ask(self, name: str) -> str:
        self.calls += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return f"{name} is done"


def test_a_journey_that_was_refused_looks_once_more() -> None:
    desk = Desk(Refusal("Nothing is owed"))
    assert desk.ask("K-1") == "K-1 is done"
    assert desk.calls == 2


def test_a_journey_that_is_refused_twice_is_refused() -> None:
    desk = Desk(Refusal("Nothing is owed"), Refusal("Nothing is owed still"))
    with pytest.raises(Refusal, match="Nothing is owed still"):
        desk.ask("K-1")


def test_a_lost_database_is_not_asked_again() -> None:
    desk = Desk(Lost("The database went away"))
    with pytest.raises(Lost):
        desk.ask("K-1")
    assert desk.calls == 1
