"""Many call each journey of money at once, while sessions are ended under them: it is done once.

Every caller goes on until it is told how the journey came out; whoever was lost on the way asks
again. The end is, row by row, that of one undisturbed caller.

Lives elsewhere the journeys (``money_journeys``), one fall at a time
                (``test_a_fault_at_every_statement``).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from psycopg import errors
from tests.stores.falling import Place, said_by
from tests.stores.paper_town import ANALYST
from tests.stores.test_a_fault_at_every_statement import (
    EACH,
    IN_PARTS,
    WORTH_ASKING_AGAIN,
    Disturbed,
    broken,
    place,
)

from meterledger.stores.postgres import ServerLost

__all__ = ["place"]
pytestmark = pytest.mark.postgres

A_FEW = ["payment file", "approve a refund"]
OF_A_RACE = {
    "undo an adjustment": "was undone",
    "tell of a changed bank account": "There is word to the customer",
    "final credit of a pledge": "is_new=False",
    "take a budget plan back": "There is no budget plan",
    "take a due date back": "has chosen nothing that begins on",
    "take a delivery back": "has chosen nothing that begins on",
    "take a rate option back": "There is no agreement",
    "take an election back": "Nothing was elected from",
}
"""What else is told to whoever looked before another's word was there, and wrote after it: true,
and in other words than those of a second call."""
TRIES = 400


class Killer:
    """Ends sessions of the application at random instants, so many in all."""

    def __init__(self, place: Place, kills: int, seed: int) -> None:
        self.place, self.left, self.chance = place, kills, random.Random(seed)
        self.done = 0
        self.stop = threading.Event()

    def __enter__(self) -> Killer:
        self.thread = threading.Thread(target=self._kill)
        self.thread.start()
        return self

    def _kill(self) -> None:
        while self.left > 0 and not self.stop.wait(self.chance.uniform(0.001, 0.03)):
            ended = self.place.end_sessions(
                lambda pids: self.chance.sample(pids, min(len(pids), self.chance.randint(1, 3)))
            )
            self.left -= ended
            self.done += ended

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


def called(made: Disturbed, callers: int, kills: int, seed: int) -> tuple[list[str], int]:
    """What all callers are told in the end, and how many sessions were ended."""
    store = made.place.store()
    outside = made.journey.outside()
    begin = threading.Barrier(callers)

    def asking(_: int) -> str:
        begin.wait()
        for _ in range(TRIES):
            said = look(lambda: made.journey.act(store, outside))
            if not said.startswith(WORTH_ASKING_AGAIN) and "Do it again" not in said:
                return said
        raise AssertionError(f"never told: {said}")

    def look(work: Callable[[], Any]) -> str:
        try:
            with store.viewing(ANALYST, ["money"]):
                return said_by(work)
        except ServerLost:
            return "ServerLost"
        except (errors.DeadlockDetected, errors.SerializationFailure) as problem:
            raise AssertionError("callers lock each other out") from problem

    with (
        closing(store._connections),  # also where a caller fails: no later case pays for it
        ThreadPoolExecutor(callers) as pool,
        Killer(made.place, kills, seed) as killer,
    ):
        answers = list(pool.map(asking, range(callers)))
    return answers, killer.done


def disturb(place: Place, name: str, callers: int, kills: int, seed: int = 7) -> int:
    """Many callers; the end and the answers are those of one."""
    made = Disturbed(EACH[name], place)
    place.restore("before")
    answers, ended = called(made, callers, kills, seed)
    if made.journey.ends_alike:
        other = made.otherwise(place.holds())
        assert not other, f"{other} end otherwise"
        # Of several parts a caller may see those that another has done, and not yet the rest.
        told = [one for one in set(answers) if not made.is_known(one)]
        assert name in IN_PARTS or all(OF_A_RACE.get(name, "\0") in one for one in told), told
    assert made.do(broken) == made.broken
    return ended


@pytest.mark.parametrize("name", A_FEW)
def test_eight_callers_and_some_kills_come_to_one_end(place: Place, name: str) -> None:
    disturb(place, name, callers=8, kills=6)


@pytest.mark.soak
@pytest.mark.parametrize("name", EACH)
def test_sixty_four_callers_and_many_kills_come_to_one_end(place: Place, name: str) -> None:
    print("kills:", disturb(place, name, callers=64, kills=40))
