"""Processes that move money are killed from outside, two at once, and one more ends their work.

Lives elsewhere servers that are killed (``test_kills``), sessions that are ended
                (``test_many_callers_and_kills``), files that leave us (``vault/test_outgoing``).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from typing import Any

import pytest
from tests.stores.falling import At, Fall, Fate, FellOver, Place, said_by
from tests.stores.money_journeys.channels import KEY, LATER, ONE, desk_of, owing
from tests.stores.paper_town import ANALYST
from tests.stores.test_a_fault_at_every_statement import (
    EACH,
    Disturbed,
    broken,
    place,
)

from meterledger.facts.money import Tender
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.usecases.checkouts import answer_checkout, start_checkout

__all__ = ["place"]
pytestmark = pytest.mark.postgres

RUNS = [
    *("payment file", "ach in", "ach out", "ach returns", "autopay run"),
    *("late charge run", "deposit run: given back", "deposit run: applied"),
    *("extension run: guarantee", "extension run: credit", "take a bank file", "match the bank"),
    *("issue bills", "rebill", "hand over", "recoveries", "close a month"),
    *("order refunds", "mark refunds in files", "correct late charges", "set stale apart"),
    *("hand out a remainder", "move a final credit"),
]
"""What commands do without anybody watching: files, nights, ends of months."""


def begin(made: Disturbed) -> int:
    """A process of its own that does the journey; answers its id."""
    process = os.fork()
    if process:
        return process
    try:  # from here on nothing of the parent's is used, and nothing is cleaned up
        with contextlib.suppress(BaseException):
            made.act()
    finally:
        os._exit(0)


def kill(process: int) -> bool:
    """Kill it; whether it was still at work."""
    found, _ = os.waitpid(process, os.WNOHANG)
    if found:
        return False
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


def killed(place: Place, name: str, rounds: int, seed: int = 11) -> int:
    """Rounds of two processes, of which both are killed; answers how many were at work then."""
    chance = random.Random(seed)
    made = Disturbed(EACH[name], place)
    began = time.monotonic()
    place.restore("before")
    made.act()
    usual = time.monotonic() - began
    done = 0
    for _ in range(rounds):
        place.restore("before")
        two = [begin(made), begin(made)]
        for process in chance.sample(two, 2):
            time.sleep(chance.uniform(0, usual / 2))
            done += kill(process)
        assert made.is_known(made.act())
        assert not made.otherwise(place.holds())
    assert made.do(broken) == made.broken
    return done


@pytest.mark.parametrize("name", ["late charge run"])
def test_two_that_are_killed_leave_what_one_more_ends(place: Place, name: str) -> None:
    killed(place, name, rounds=2)


@pytest.mark.soak
@pytest.mark.parametrize("name", RUNS)
def test_two_that_are_killed_often_leave_what_one_more_ends(place: Place, name: str) -> None:
    print("kills:", killed(place, name, rounds=30))


def test_a_checkout_that_falls_over_is_begun_once_and_its_money_is_posted_once(
    place: Place,
) -> None:
    """Between us and the processor, wherever we die: what it took is posted, and only that."""
    place.restore("empty")
    store = place.store()
    with store.viewing(ANALYST, ["money"]):
        owing(store)
    store._connections.close()
    place.keep("before")
    number = 0
    while True:
        place.restore("before")
        processor, fate = BadProcessor(), Fate()
        store = place.store(fate)
        with store.viewing(ANALYST, ["money"]):
            fate.steps.clear()
            fate.number, fate.how = number, (Fall.PROGRAM, Fall.SERVER)[number % 2]
            with contextlib.suppress(FellOver):
                said_by(lambda store=store, processor=processor: press(store, processor))
            if not fate.fell:
                break
            where = f"step {number}: {fate.steps[-1][0].value}"
            said = said_by(lambda store=store, processor=processor: press(store, processor))
            assert "CheckoutOnFile" in said, where
            assert processor.starts <= 1, where
            processor.pay(KEY, 165_19)
            for told in processor.callbacks * 2:
                desk = desk_of(store, processor)
                answer_checkout(told.body, told.signature, desk=desk)
            assert 165_19 - store.balance_cents(ONE) == processor.holds(KEY), where
        store._connections.close()
        number += 1
    store._connections.close()
    assert number > 10
    assert [at for at, _ in fate.steps].count(At.ANSWER) >= 2


def press(store: Any, processor: BadProcessor) -> Any:
    """The customer presses the button."""
    desk = desk_of(store, processor, now=LATER)
    return start_checkout(KEY, account_id=ONE, cents=165_19, tender=Tender.CARD, desk=desk)
