"""What may happen in the months of an account: drawn by a number, lived, and made short.

An event is a name of ``MoneyLife`` with its arguments, so that a life is a list that can be
printed, kept as an example, and shortened while it still fails.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.journeys.money_life_out import MoneyLife

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView

Event = tuple[Any, ...]
HOW_MUCH = ("all", "all", "part", "more", "with deposit", "so much")
STATES = ("sent", "sent", "cleared", "stopped", "returned", "claimed", "reversed")
OFTEN = {
    "pay": 6,
    "unknown": 1,
    "known": 2,
    "bounce": 3,
    "rebill": 3,
    "special": 1,
    "forgive": 1,
    "goodwill": 1,
    "ask_for_deposit": 2,
    "night": 1,
    "hand_out": 2,
    "refund": 3,
    "decide": 6,
    "go_on": 4,
    "stale": 2,
    "undo": 1,
}
LONG_AFTER = {"write_off": 6, "decide": 6, "pay": 3, "recover": 5, "bounce": 2, "undo": 1}
AT_THE_END = {"transfer": 2, "write_off": 3, "recover": 3, "final_credit": 2, "hand_out": 3}


def event(name: str, draw: random.Random) -> Event:
    """One event, with whatever arguments."""
    cents, small = draw.choice((draw.randint(1, 300_00), draw.randint(1, 3_00))), draw.randrange(8)
    named = draw.randrange(8) if draw.random() < 0.2 else None
    how: dict[str, tuple[Any, ...]] = {
        "pay": (draw.choice(HOW_MUCH), cents, small, draw.choice((0, 0, 0, 1, 2, 5, 9)), named),
        "unknown": (cents,),
        "known": (small, draw.random() < 0.6),
        "bounce": (draw.choice((0, 0, small)), draw.random() < 0.5),
        "rebill": (small, draw.choice((0, draw.randint(-50_00, 300_00), draw.randint(1, 300_00)))),
        "special": (cents,),
        "forgive": (small,),
        "goodwill": (draw.randint(1, 260_00),),
        "refund": (cents, draw.random() < 0.6),
        "decide": (small, draw.random() < 0.8),
        "go_on": (small, draw.choice(STATES)),
        "undo": (small,),
    }
    return (name, *how.get(name, ()))


def a_life(seed: int) -> list[Event]:
    """Months of one account: of a good payer or a bad one, quiet or not, until its service ends."""
    draw = random.Random(seed)
    pays = draw.choice((0.99, 0.99, 0.7, 0.4, 0.1))
    busy = draw.choice((0, 1, 3, 6)) if pays > 0.9 else draw.choice((2, 4, 7))
    ends, quiet = draw.randint(5, 30), draw.random() < 0.6
    events: list[Event] = []
    for month in range(23):
        cents = draw.choice((draw.randint(1, 300_00),) * 4 + (draw.randint(-60_00, 60_00),))
        events.append(("wait", 0))
        events.append(("next_month", cents, month == ends))
        often = OFTEN if month <= ends else OFTEN | AT_THE_END
        if quiet and ends < month <= ends + 4:
            continue  # nobody pays for so long that the debt may be written off
        if quiet and month > ends + 4:
            often = LONG_AFTER
        if busy < 3 and month in (3, 4, 5):
            events += [event("ask_for_deposit", draw), ("pay", "with deposit", 1, 0, 0, None)]
        if draw.random() < pays and month <= ends:
            events += [("wait", draw.randint(0, 24)), ("pay_in_time", draw.randrange(6))]
        for _ in range(draw.randint(0, busy)):
            name = draw.choices(list(often), list(often.values()))[0]
            events += [("wait", draw.choice((0, 0, 1, 3, 7, 12))), event(name, draw)]
    return events


def live(events: Sequence[Event], view: BookView) -> MoneyLife:
    """Let it happen. The account and its model are equal after each event."""
    life = MoneyLife(view)
    for place, (name, *how) in enumerate(events):
        if name == "wait":
            life.wait(*how)
        else:
            try:
                getattr(life, name)(*how)
                life.check()
            except (AssertionError, InvariantBroken, Refusal) as different:
                raise AssertionError(
                    f"event {place}, {name}{tuple(how)}: {different}"
                ) from different
    return life


def shortest(events: Sequence[Event], view: BookView) -> list[Event]:
    """A life that fails, without whatever can be left out while it still fails."""

    def fails(some: Sequence[Event]) -> bool:
        try:
            live(some, view)
        except AssertionError:
            return True
        return False

    found, size = list(events), max(1, len(events) // 2)
    while size:
        place = 0
        while place < len(found):
            tried = found[:place] + found[place + size :]
            if fails(tried):
                found = tried
            else:
                place += size
        size //= 2
    return found
