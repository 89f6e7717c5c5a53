"""What may happen in the months of an account: drawn by a number, lived, and made short.

An event is a name of ``MoneyLife`` with its arguments, so that a life is a list that can be
printed, kept as an example, and shortened while it still fails.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.journeys.money_checks import MoneyLife

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView

Event = tuple[Any, ...]
HOW_MUCH = ("all", "all", "part", "more", "with deposit", "so much")
STATES = ("sent", "sent", "cleared", "stopped", "returned", "noticed", "claimed", "reversed")
AGO = (0, 0, 0, 1, 2, 5, 9, 20, 45)
PLACES = ("assigned", "assigned", "sent back", "taken back")
ALWAYS = {
    "pay": 6,
    "unknown": 1,
    "known": 2,
    "bounce": 3,
    "rebill": 3,
    "special": 1,
    "forgive": 1,
    "correct_late": 2,
    "goodwill": 1,
    "ask_for_deposit": 2,
    "night": 1,
    "hand_out": 2,
    "refund": 3,
    "decide": 6,
    "go_on": 4,
    "stale": 2,
    "undo": 1,
    "stray": 2,
    "place": 3,
    "promise": 2,
    "promised": 3,
    "withdraw": 1,
    "close": 2,
}
AT_THE_END = {"transfer": 3, "write_off": 3, "recover": 3, "final_credit": 2, "hand_out": 4}
BAD_DEBT = {"write_off": 8, "decide": 6, "pay": 3, "recover": 5, "bounce": 3, "undo": 2, "stray": 1,
            "place": 1, "close": 1, "correct_late": 1}  # fmt: skip
LEFT_MONEY = {"stale": 4, "go_on": 8, "hand_over": 4, "decide": 3, "refund": 2, "pay": 1,
              "hand_out": 2, "bounce": 1, "close": 1, "undo": 1, "final_credit": 1}  # fmt: skip
OFTEN = ALWAYS | {"hand_over": 1, "transfer": 1, "write_off": 1, "recover": 1}
"""Everything that may happen, and how often where nothing is known of the life."""


def event(name: str, draw: random.Random) -> Event:
    """One event, with whatever arguments."""
    cents, small = draw.choice((draw.randint(1, 300_00), draw.randint(1, 3_00))), draw.randrange(8)
    named = draw.randrange(8) if draw.random() < 0.2 else None
    how: dict[str, tuple[Any, ...]] = {
        "pay": (draw.choice(HOW_MUCH), cents, small, draw.choice(AGO), named),
        "unknown": (cents,),
        "known": (small, draw.random() < 0.6),
        "bounce": (draw.choice((0, 0, small)), draw.random() < 0.5, draw.choice((0, 0, 3, 30))),
        "rebill": (small, draw.choice((0, draw.randint(-50_00, 300_00), draw.randint(1, 300_00)))),
        "special": (cents,),
        "forgive": (small,),
        "goodwill": (draw.randint(1, 300_00),),
        "refund": (cents, draw.random() < 0.6),
        "decide": (small, draw.random() < 0.8),
        "go_on": (small, draw.choice(STATES)),
        "undo": (small,),
        "stray": (cents, small, draw.choice(AGO)),
        "place": (small, draw.choice(PLACES)),
        "promise": (draw.choice((0, small)), draw.choice((30, 100, 100, 101)), draw.randint(1, 60)),
        "promised": (draw.choice((0, small)), draw.choice((40, 100, 100, 150))),
        "withdraw": (draw.choice((0, small)),),
        "close": (draw.choice((0, 0, 0, 1)),),
    }
    return (name, *how.get(name, ()))


def some(often: dict[str, int], count: int, draw: random.Random) -> list[Event]:
    """So many events with days between them."""
    events: list[Event] = []
    for _ in range(count):
        name = draw.choices(list(often), list(often.values()))[0]
        events += [("wait", draw.choice((0, 0, 1, 3, 7, 12))), event(name, draw)]
    return events


def a_life(seed: int) -> list[Event]:
    """Months of one account: of a good payer or a bad one, quiet or not, until its service ends;
    then it is asked for its debt, or leaves money that nobody wants."""
    draw = random.Random(seed)
    pays = draw.choice((0.99, 0.99, 0.7, 0.4, 0.1))
    busy = draw.choice((0, 1, 3, 6)) if pays > 0.9 else draw.choice((2, 4, 7))
    ends = draw.choice((draw.randint(3, 8), draw.randint(9, 30)))
    after = draw.choice(("all", "bad debt", "bad debt", "left money", "left money"))
    events: list[Event] = []
    for month in range(23):
        cents = draw.choice((draw.randint(1, 300_00),) * 4 + (draw.randint(-60_00, 60_00), 0))
        events += [("wait", 0), ("next_month", cents, month == ends)]
        if month > ends:
            events += _after_the_end(after, month - ends, busy, draw)
            continue
        if month in (3, 4, 5) and (busy < 3 or draw.random() < 0.5):
            events += [event("ask_for_deposit", draw), ("pay", "with deposit", 1, 0, 0, None)]
        if draw.random() < pays:
            events += [("wait", draw.randint(0, 24)), ("pay_in_time", draw.randrange(6))]
        events += some(OFTEN, draw.randint(0, busy), draw)
    return events


def _after_the_end(after: str, months: int, busy: int, draw: random.Random) -> list[Event]:
    if after == "all":
        return some(OFTEN | AT_THE_END, draw.randint(0, busy + 1), draw)
    if after == "bad debt":  # nobody pays for so long that the debt may be written off
        first = draw.random() < 0.15 and months == 1
        quiet = [event("transfer", draw), event("undo", draw)] if first else []
        return quiet if months < 5 else some(BAD_DEBT, draw.randint(0, 4), draw)
    if months == 1:  # more was paid than is owed, its refund is approved, and nobody comes for it
        refund = [("hand_out",), ("refund", 1, True), event("decide", draw), ("decide", 0, True)]
        sent = [("go_on", 0, "sent")] if draw.random() < 0.4 else []
        return [("pay", "more", draw.randint(1, 150_00), 0, 0, None), *refund, *sent]
    return [] if months < 8 else some(LEFT_MONEY, draw.randint(1, 4), draw)


def live(events: Sequence[Event], view: BookView) -> MoneyLife:
    """Let it happen. The account and its model are equal after each event."""
    life = MoneyLife(view)
    for place, (name, *how) in enumerate(events):
        if name == "wait":
            life.wait(*how)
        else:
            try:
                life.happens(name, how)
                life.check()
            except (AssertionError, InvariantBroken, Refusal) as different:
                raise AssertionError(
                    f"event {place}, {name}{tuple(how)}: {different}"
                ) from different
    life.check_at_the_end()
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
