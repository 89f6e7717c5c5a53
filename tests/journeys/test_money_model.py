"""Months of an account against a tiny model: equal after every step, whatever happens.

Lives are drawn by a number and lived whole, since much happens only after a year; Hypothesis draws
shorter ones of its own, event by event. What once failed stands in ``EXAMPLES``, made short.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.journeys.money_checks import MoneyLife
from tests.journeys.money_events import (
    AT_THE_END,
    OFTEN,
    Event,
    a_life,
    book_of_lives,
    event,
    live,
    shortest,
)

from meterledger.rulebook.book import BookView

MONTHS = 10_000
A_FEW = (5, 13, 21, 108)
"""Lives of the ordinary run: of a debt, of left money; the last three found something."""

LIVES, DRAWN_LEAST = 440, 200
KINDS: dict[str, int] = {
    "approve alone: refused": 100,
    "bill: a credit": 100,
    "bill: a debt": 100,
    "bill: nothing": 100,
    "corrected bill: a credit": 100,
    "corrected bill: a debt": 100,
    "corrected bill: nothing": 100,
    "credit: approve": 100,
    "credit: ask": 100,
    "credit: ask: refused": 25,
    "credit: asked": 100,
    "credit: said no to": 60,
    "credit: taken back": 100,
    "deposit: asked": 100,
    "deposit: given back": 100,
    "deposit: interest credited": 40,
    "deposit: its rest is asked for": 50,
    "deposit: owed back": 25,
    "deposit: refused": 85,
    "fee": 100,
    "final credit": 100,
    "final credit: refused": 10,
    "late charge": 100,
    "late charge: forgive alone: refused": 100,
    "late charge: forgiven": 100,
    "late charge: looked at again": 100,
    "late charge: taken back": 40,
    "late charge: waits": 100,
    "money of no account": 100,
    "money of no account: assigned": 100,
    "money of no account: placed twice: refused": 100,
    "money of no account: sent back": 80,
    "money of no account: sent back alone: refused": 80,
    "money of no account: taken back": 100,
    "month closed": 100,
    "month closed: refused": 60,
    "payment": 100,
    "payment of unknown outcome": 100,
    "payment of unknown outcome: came": 100,
    "payment of unknown outcome: never was": 100,
    "payment that came back": 100,
    "payment that came back: of a deposit": 100,
    "payment that came back: of a recovery": 35,
    "payment that came back: of an ended deposit": 60,
    "payment that came back: told late": 100,
    "payment: for one item": 100,
    "payment: its key again: refused": 100,
    "payment: learned of late": 100,
    "payment: of a deposit": 100,
    "payment: of a special charge": 100,
    "payment: of too much": 100,
    "pledge": 100,
    "pledge: came back": 40,
    "pledge: more came than is needed": 100,
    "pledge: received, ended": 100,
    "pledge: received, pending": 75,
    "pledge: refused": 100,
    "pledge: withdraw": 60,
    "pledge: withdraw: refused": 65,
    "record decided again": 100,
    "recovery": 60,
    "recovery: taken back": 15,
    "recovery: taken back by a person": 10,
    "refund: approve": 100,
    "refund: approve: refused": 25,
    "refund: ask": 100,
    "refund: ask: refused": 100,
    "refund: asked": 100,
    "refund: claimed": 15,
    "refund: claimed: refused": 15,
    "refund: cleared": 80,
    "refund: cleared: refused": 75,
    "refund: noticed": 55,
    "refund: noticed: refused": 100,
    "refund: returned": 75,
    "refund: returned: refused": 100,
    "refund: reversed": 50,
    "refund: reversed: refused": 100,
    "refund: said no to": 100,
    "refund: sent": 100,
    "refund: sent: refused": 100,
    "refund: stopped": 65,
    "refund: the bank shows it": 25,
    "refund: stopped: refused": 100,
    "refund: unclaimed": 40,
    "refund: unclaimed, and on its way": 20,
    "service ends": 100,
    "special charge": 100,
    "special charge: alone: refused": 100,
    "special: taken back": 40,
    "transfer": 60,
    "transfer: ask": 35,
    "transfer: ask: refused": 100,
    "transfer: late by us": 3,
    "transfer: to an account of two people: refused": 100,
    "transfer: of a credit": 20,
    "transfer: taken back": 35,
    "unclaimed: hand over": 100,
    "unclaimed: hand over alone: refused": 55,
    "unclaimed: hand over: refused": 30,
    "unclaimed: paid to the State": 30,
    "write-off": 15,
    "write-off: approve": 10,
    "write-off: approve: refused": 5,
    "write-off: ask": 40,
    "write-off: ask: refused": 100,
    "write-off: asked": 25,
    "write-off: said no to": 5,
    "write-off: take back: refused": 10,
    "write-off: taken back": 25,
}
"""All that happens, and how often it must in all months."""

EXAMPLES: dict[str, list[Event]] = {
    "a charge that is taken back bears none the same day": [
        ("next_month", 101_35),
        ("next_month", 133_06),
        ("next_month", 299_44),
        ("rebill", 2, -1_10),
    ],
    "a corrected bill between leaves the date to the next bill": [
        ("next_month", 98_28),
        ("next_month", 155_67),
        ("wait", 24),
        ("rebill", 5, 78_62),
    ],
    "what replaces a charge is of an earlier bill": [
        ("next_month", 58_66),
        ("next_month", 299_82),
        ("next_month", 46),
        ("rebill", 6, 0),
        ("rebill", 4, 0),
    ],
    "a payment told late pays a deposit in columns as by itself": [
        ("next_month", 27_03),
        ("next_month", 160_81),
        ("next_month", 134_73),
        ("ask_for_deposit",),
        ("next_month", 235_85),
        ("wait", 22),
        ("pay", "all", 31_93, 6, 9, 1),
        ("next_month", -14_85),
    ],
    "a payment that came back paid no deposit, in columns as by itself": [
        ("next_month", 158_88),
        ("next_month", 114_49),
        ("next_month", 83_85),
        ("ask_for_deposit",),
        ("pay", "with deposit", 1, 0, 0, None),
        ("wait", 24),
        ("bounce", 0, False),
        ("next_month", 281_41),
    ],
    "a refund is decided again though its final bill was corrected since": [
        ("next_month", 134_39),
        ("next_month", 94_62),
        ("next_month", 263_53),
        ("ask_for_deposit",),
        ("pay", "with deposit", 1, 0, 0, None),
        ("next_month", 0, True),
        ("hand_out",),
        ("rebill", 0, 0),
    ],
    "a deposit is decided again though what nobody knew then is known since": [
        ("next_month", 218_30),
        ("next_month", 97_18),
        ("next_month", 74_18),
        ("ask_for_deposit",),
        ("stray", 74_26, 4, 45),
        ("next_month", 261_70),
        ("wait", 4),
        ("pay_in_time", 4),
        ("place", 6, "assigned"),
        ("wait", 3),
        ("unknown", 192_30),
        ("wait", 15),
        ("ask_for_deposit",),
        ("known", 1, False),
    ],
    "what takes a charge's place is decided again as its run did it": [
        ("next_month", 180_80),
        ("stray", 91, 2, 1),
        ("next_month", 236_76),
        ("next_month", 199_30),
        ("rebill", 3, 259_70),
        ("next_month", -53_18),
        ("next_month", 247_26),
        ("pay", "all", 1, 1, 9, None),
        ("pay", "all", 175_19, 2, 45, None),
        ("correct_late",),
        ("place", 1, "assigned"),
        ("next_month", 21_13),
    ],
    "a bill is unpaid again where the deposit that had paid it came back": [
        ("next_month", 21_37),
        ("next_month", 275_25),
        ("next_month", 264_14),
        ("ask_for_deposit",),
        ("pay", "with deposit", 1, 0, 0, None),
        ("next_month", 150_00, True),
        ("bounce", 0, True, 30),
        ("night",),
    ],
    "a check that paid two deposits comes back after both were refunded": [
        ("next_month", 90_39),
        ("next_month", 199_71),
        ("next_month", 158_85),
        ("ask_for_deposit",),
        ("next_month", 248_34),
        ("pay_in_time", 2),
        ("pay", "with deposit", 1, 0, 0, None),
        ("pay", "all", 1, 5, 19, None),
        ("next_month", 270_24),
        ("wait", 22),
        ("pay_in_time", 3),
        ("next_month", -3_62),
        ("pay_in_time", 2),
        ("ask_for_deposit",),
        ("bounce", 3, True, 0, ""),
        ("next_month", 160_10),
        ("pay_in_time", 2),
        ("next_month", 0, True),
        ("hand_out",),
        ("decide", -1, True),
        ("bounce", 0, False, 30, "deposit:"),
        ("next_month", 0),
    ],
    "a refund does not leave where money came back since it was approved": [
        ("pay", "more", 92_63, 0, 0, None),
        ("refund", 1, True),
        ("decide", -1, True),
        ("bounce", 3, False, 0, ""),
        ("go_on", 0, "sent"),
    ],
    "what a corrected bill adds is late by us, also where it moves": [
        ("next_month", 167_53, True),
        ("rebill", 7, 174_89),
        ("transfer",),
    ],
    "a deposit pays no merchandise at the final bill": [
        ("next_month", 100_00),
        ("next_month", 120_00),
        ("next_month", 110_00),
        ("ask_for_deposit",),
        ("pay", "with deposit", 1, 0, 0, None),
        ("special", 90_00),
        ("next_month", 32_05, True),
        ("hand_out",),
        ("decide", -1, True),
        ("go_on", 0, "sent"),
    ],
    "a write-off is taken back after what was recovered of it": [
        ("next_month", 80_00, True),
        *[("next_month", 0)] * 6,
        ("write_off",),
        ("decide", -1, True),
        ("wait", 2),
        ("pay", "so much", 30_00, 0, 0, None),
        ("recover",),
        ("goodwill", 10_00),
        ("decide", -1, True),
        ("final_credit",),
        ("refund", 10_00, False),
        ("undo", 0),
    ],
    "what left a deposit that never was in it stays where a special charge moves": [
        ("next_month", 100_00),
        ("next_month", 120_00),
        ("next_month", 110_00),
        ("ask_for_deposit",),
        ("pay", "with deposit", 1, 0, 0, None),
        ("next_month", 5_00, True),
        ("hand_out",),
        ("decide", -1, True),
        ("bounce", 0, False, 0, ""),
        ("night",),
        ("wait", 2),
        ("special", 90_00),
        ("transfer",),
    ],
    "what pays a charge that was made since recovers nothing": [
        ("next_month", 110_04, True),
        *[("next_month", 0)] * 4,
        ("write_off",),
        ("decide", -1, True),
        ("pay", "so much", 60_44, 0, 0, None),
        ("bounce", 0, True, 0),
        ("pay", "more", 54_33, 1, 1, None),
        ("pay", "so much", 62_96, 0, 0, None),
        ("recover",),
    ],
}


@pytest.fixture(scope="session")
def view(tmp_path_factory: pytest.TempPathFactory) -> BookView:
    return book_of_lives(tmp_path_factory.mktemp("books"))


def live_or_say(events: Sequence[Event], view: BookView, name: object) -> MoneyLife:
    """Live it; where it differs from the model, say the shortest life that does."""
    try:
        return live(events, view)
    except AssertionError as different:
        short = shortest(events, view)
        raise AssertionError(f"life {name}: {different}\nshortest: {short}") from different


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_once_failed_is_that_of_the_model(name: str, view: BookView) -> None:
    live(EXAMPLES[name], view)


@pytest.mark.parametrize("seed", A_FEW)
def test_a_life_is_that_of_the_model(seed: int, view: BookView) -> None:
    live_or_say(a_life(seed), view, seed)


def test_every_event_is_drawn_often() -> None:
    """A life in which something never happens finds nothing in it."""
    drawn: Counter[str] = Counter()
    for seed in range(LIVES):
        drawn.update(name for name, *_ in a_life(seed))

    rare = {name: drawn[name] for name in OFTEN | AT_THE_END if drawn[name] < DRAWN_LEAST}
    assert not rare, rare


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_months_are_those_of_the_model(
    view: BookView, capsys: pytest.CaptureFixture[str]
) -> None:
    months = seed = 0
    seen: Counter[str] = Counter()
    while months < MONTHS:
        life = live_or_say(a_life(seed), view, seed)
        months, seed = months + life.month, seed + 1
        seen += life.seen
    with capsys.disabled():
        print(f"\n{months} months of {seed} accounts:")
        for what, times in sorted(seen.items()):
            print(f"{times:8}  {what}")
    rare = {what: seen[what] for what, least in KINDS.items() if seen[what] < least}
    assert not rare, f"too rare to find anything in: {rare}"


EVENTS = st.tuples(
    st.sampled_from([name for name, often in OFTEN.items() for _ in range(often)]),
    st.integers(0, 2**20),
).map(lambda drawn: event(drawn[0], random.Random(drawn[1])))


class Months(RuleBasedStateMachine):
    """One account, by Hypothesis: a month, or something in it."""

    view: BookView

    def __init__(self) -> None:
        super().__init__()
        self.life = MoneyLife(self.view)

    @precondition(lambda self: not self.life.over)
    @rule(cents=st.integers(-50_00, 300_00), ends=st.integers(0, 9))
    def month(self, cents: int, ends: int) -> None:
        self.life.happens("next_month", (cents, ends == 9 and self.life.month > 2))

    @rule(wait=st.integers(0, 24), what=EVENTS)
    def happens(self, wait: int, what: tuple[Any, ...]) -> None:
        self.life.wait(wait)
        name, *how = what
        self.life.happens(name, how)

    @invariant()
    def equal(self) -> None:
        self.life.check()


def test_any_order_of_events_is_that_of_the_model(view: BookView) -> None:
    Months.view = view
    few = settings(
        max_examples=4,
        stateful_step_count=24,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Months, settings=few)
