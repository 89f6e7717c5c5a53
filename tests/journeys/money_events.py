"""What may happen in the months of an account: drawn by a number, lived, and made short.

An event is a name of ``MoneyLife`` with its arguments, so that a life is a list that can be
printed, kept as an example, and shortened while it still fails.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.journeys.money_checks import MoneyLife

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder, load_book

Event = tuple[Any, ...]
HOW_MUCH = ("all", "all", "part", "more", "with deposit", "so much")
STATES = ("sent", "sent", "cleared", "stopped", "returned", "noticed", "claimed", "reversed")
AGO = (0, 0, 0, 1, 2, 5, 9, 20, 45)
PLACES = ("assigned", "sent back", "taken back")
ALWAYS = {
    "pay": 6,
    "unknown": 3,
    "known": 6,
    "bounce": 3,
    "rebill": 4,
    "special": 1,
    "forgive": 2,
    "correct_late": 3,
    "goodwill": 4,
    "ask_for_deposit": 2,
    "night": 1,
    "hand_out": 2,
    "refund": 3,
    "decide": 7,
    "go_on": 4,
    "stale": 2,
    "undo": 2,
    "stray": 3,
    "place": 7,
    "promise": 6,
    "promised": 4,
    "withdraw": 1,
    "close": 2,
}
AT_THE_END = {"transfer": 3, "write_off": 3, "recover": 3, "final_credit": 2, "hand_out": 4}
WRITTEN_OFF = {"pay": 4, "recover": 6, "bounce": 4, "undo": 2, "decide": 2, "write_off": 2,
               "stray": 1, "place": 1, "close": 1, "correct_late": 1}  # fmt: skip
MOVED = {"transfer": 5, "undo": 4, "final_credit": 4, "pay": 2, "bounce": 3, "decide": 2}
REFUNDED = {"go_on": 9, "refund": 2, "decide": 3, "hand_out": 2, "pay": 2, "bounce": 2, "undo": 1}
LEFT_MONEY = REFUNDED | {"stale": 4, "hand_over": 3, "close": 1, "final_credit": 1}
DEBTOR = ALWAYS | {"ask_for_deposit": 0, "pay": 2, "stray": 1, "goodwill": 1}
OFTEN = ALWAYS | {"hand_over": 1, "transfer": 1, "write_off": 1, "recover": 1}
"""Everything that may happen, and how often where nothing is known of the life."""


def event(name: str, draw: random.Random) -> Event:
    """One event, with whatever arguments."""
    cents, small = draw.choice((draw.randint(1, 300_00), draw.randint(1, 3_00))), draw.randrange(8)
    named = draw.randrange(8) if draw.random() < 0.35 else None
    how: dict[str, tuple[Any, ...]] = {
        "pay": (draw.choice(HOW_MUCH), cents, small, draw.choice(AGO), named),
        "unknown": (cents,),
        "known": (small, draw.random() < 0.6),
        "bounce": (
            draw.choice((0, 0, small)),
            draw.random() < 0.5,
            draw.choice((0, 0, 3, 30)),
            draw.choice(("", "", "deposit:")),
        ),
        "rebill": (small, draw.choice((0, draw.randint(-50_00, -1), draw.randint(1, 300_00)))),
        "special": (cents,),
        "forgive": (small,),
        "goodwill": (draw.randint(1, 300_00),),
        "refund": (cents, draw.random() < 0.6),
        "decide": (small, draw.random() < 0.7),
        "go_on": (draw.choice((0, small)), draw.choice((*range(8), *STATES))),
        "undo": (small,),
        "stray": (cents, small, draw.choice(AGO)),
        "place": (small, draw.choice(PLACES)),
        "promise": (
            draw.choice((0, small)),
            draw.choice((30, 60, 100, 100, 100, 101)),
            draw.randint(1, 60),
        ),
        "promised": (draw.choice((0, small)), draw.choice((40, 100, 100, 150))),
        "withdraw": (draw.choice((0, small)),),
        "close": (draw.choice((0, 0, 1)),),
    }
    return (name, *how.get(name, ()))


def some(often: dict[str, int], count: int, draw: random.Random) -> list[Event]:
    """So many events with days between them."""
    events: list[Event] = []
    for _ in range(count):
        name = draw.choices(list(often), list(often.values()))[0]
        events += [("wait", draw.choice((0, 0, 1, 3, 7, 12))), event(name, draw)]
        if name == "promise":  # what was promised last comes soon, or is withdrawn
            more = event(draw.choice(("promised", "promised", "withdraw", "night")), draw)
            last = (more[0], 0, *more[2:]) if more[1:] else more
            events += [("wait", draw.randint(0, 9)), last]
    return events


AFTER = ("all", "moved", "kept", *("bad debt",) * 5, *("left money",) * 4, "refunded", "refunded")


def a_life(seed: int) -> list[Event]:
    """Months of one account: of a good payer or a bad one, quiet or not, until its service ends;
    then it is asked for its debt, or leaves money that nobody wants. Some keep it to the end."""
    draw = random.Random(seed)
    after = draw.choice(AFTER)
    owes = after == "bad debt" or (after == "moved" and draw.random() < 0.5)
    pays = draw.choice((0.5, 0.2, 0.1) if owes or after == "kept" else (0.99, 0.99, 0.7, 0.4, 0.1))
    busy = draw.choice((0, 1, 3, 6)) if pays > 0.9 else draw.choice((2, 4, 7))
    ends = draw.choice((draw.randint(3, 8), draw.randint(3, 8), draw.randint(9, 30)))
    ends = draw.randint(17, 30) if after == "kept" else ends
    ends = draw.randint(3, 8) if after == "bad debt" else ends
    small = owes and draw.random() < 0.5
    events: list[Event] = []
    for month in range(23):
        cents = draw.choice((draw.randint(1, 300_00),) * 4 + (draw.randint(-60_00, 60_00), 0))
        if owes and month in (ends - 1, ends):
            cents = draw.randint(20_00, 300_00)
        cents = abs(cents) // 25 + 1 if small else cents
        events += [("wait", 0), ("next_month", cents, month == ends)]
        if month > ends:
            events += _after_the_end(after, month, month - ends, draw)
            continue
        asks = not owes and (after == "kept" or busy < 3 or draw.random() < 0.5)
        if month in (3, 4, 5) and asks:
            events += [event("ask_for_deposit", draw), ("pay", "with deposit", 1, 0, 0, None)]
            if draw.random() < 0.15:
                events += [("wait", draw.randint(0, 20)), event("bounce", draw)]
        if draw.random() < 0.15:  # it had been paid in time, and we learn of it after the charge
            how, ago = draw.randrange(8), draw.randint(9, 20)
            events += [("pay", "all", 1, how, ago, None), ("correct_late",)]
        if draw.random() < pays:
            events += [("wait", draw.randint(0, 24)), ("pay_in_time", draw.randrange(6))]
        events += some(DEBTOR if owes else OFTEN, draw.randint(0, busy), draw)
        events += a_scene(draw, owes) if draw.random() < 0.5 else []
    return events


def a_scene(draw: random.Random, owes: bool) -> list[Event]:
    """A few things that belong together and are rare when they are drawn one by one."""
    cents, how, days = draw.randint(1, 200_00), draw.randrange(8), ("wait", draw.randint(0, 6))
    credit: list[Event] = [("goodwill", cents), ("decide", 7, draw.random() < 0.6), ("undo", how)]
    scenes: list[list[Event]] = [
        [event("promise", draw), days, event("promised", draw)],
        [event("promise", draw), days, ("withdraw", 0)],
        [("unknown", cents), days, event("known", draw)],
        [("stray", cents, how, draw.randint(0, 45)), days, event("place", draw)],
        [("special", cents), ("pay", "all", cents, how, 0, draw.randrange(8))],
        [event("rebill", draw), event("forgive", draw), event("close", draw)],
    ]
    refund: list[Event] = [
        ("pay", "more", cents, 0, 0, None),
        ("refund", 1, True),
        ("decide", -1, draw.random() < 0.7),
        ("go_on", 0, "sent"),
        *_of_the_bank(cents),
        ("go_on", 0, draw.choice(("cleared", "returned", "stopped", "reversed"))),
    ]
    return draw.choice(scenes if owes else [*scenes, credit, refund])


def _of_the_bank(cents: int) -> list[Event]:
    """The bank's statement tells of one refund in four, by its amount."""
    return [] if cents % 4 else [("bank_pays",)]


def _after_the_end(after: str, month: int, since: int, draw: random.Random) -> list[Event]:
    few = draw.randint(0, 4)
    if since in (2, 3) and draw.random() < 0.35:  # a payment of a deposit that has ended comes back
        return [event("bounce", draw)[:4] + ("deposit:",), ("night",)]
    if after in ("all", "kept"):
        return some(OFTEN | AT_THE_END, few, draw)
    if after == "moved":
        return some(MOVED, few, draw)
    if after == "bad debt":
        return _of_a_debt(since, few, draw)
    if since == 1:  # more was paid than is owed, its refund is approved, and nobody comes for it
        refund = [("hand_out",), ("refund", 1, True), ("decide", -1, True), ("decide", -1, True)]
        sent: list[Event] = [("go_on", 0, "sent")] if draw.random() < 0.5 else []
        cents = draw.randint(1, 150_00)
        sent += _of_the_bank(cents)  # what it has paid is no money that nobody comes for
        return [("pay", "more", cents, 0, 0, None), *refund, *sent]
    if after == "refunded":
        ways = draw.sample(("cleared", "returned", "stopped", "sent", "reversed"), 3)
        more = [("go_on", 0, one) for one in ("sent", *ways)]
        again = [("pay", "more", draw.randint(1, 150_00), 0, 0, None), ("refund", 1, True),
                 ("decide", -1, draw.random() < 0.8), *more]  # fmt: skip
        return [*again, *some(REFUNDED, few, draw)] if draw.random() < 0.6 else []
    if month in (20, 22):
        return [("go_on", 0, "noticed"), ("go_on", 1, "noticed"), ("hand_over",)]
    if month == 19:
        return [("hand_over",)]
    if since == 10:
        came: list[list[Event]] = [
            [("go_on", 0, "noticed")],
            [("go_on", 0, "claimed"), ("go_on", 0, "sent")],
            [],
        ]
        return draw.choice(came)
    return [("stale",)] if since == 9 else some(LEFT_MONEY, few, draw) if since > 9 else []


def _of_a_debt(since: int, few: int, draw: random.Random) -> list[Event]:
    """Nobody pays for so long that it may be written off; then some of it comes all the same."""
    if since < 6 or since % 6 == 5:
        return []
    if since == 10 and draw.random() < 0.5:
        return [("undo", 0), ("write_off",), ("decide", -1, draw.random() < 0.5)]
    begins: list[Event] = []
    if since == 6:
        # Some of it may be paid while it waits for another person: there is less to write off.
        paid: list[Event] = [("pay", "so much", 5_00, 0, 0, None)] if few == 0 else []
        begins = [("write_off",), *paid, ("decide", -1, draw.random() < 0.7)]
        begins += [("wait", 1), ("write_off",), ("decide", -1, True)]
    if draw.random() < 0.6:
        begins += [("pay", "so much", draw.randint(1, 90_00), 0, 0, None), ("recover",)]
        begins += [("bounce", 0, draw.random() < 0.7, 0)] if draw.random() < 0.5 else []
    return [*begins, *some(WRITTEN_OFF, few, draw)]


def book_of_lives(folder: Path) -> BookView:
    """The book as if Sheet 63 had been found, with a charge of 25 dollars for what came back; and
    what nobody claims is abandoned after a month, so that a life is long enough for it."""
    book = folder / "union_electric_mo6"
    shutil.copytree(default_book_folder(), book)
    named = book / "settlements" / "unclaimed_named_usd.yaml"
    told = named.read_text(encoding="utf-8")
    fee = told.replace('"50.00"', '"25.00"').replace("1998-08-28\n", "2013-06-30\n", 1)
    (named.parent / "returned_payment_charge_usd.yaml").write_text(fee, encoding="utf-8")
    dormant = named.parent / "unclaimed_dormant_months.yaml"
    months = dormant.read_text(encoding="utf-8").replace('"60"', '"1"')
    dormant.write_text(months, encoding="utf-8")
    return load_book(book).as_known(date(2026, 12, 31))


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
