"""How a checkout stands after what was heard of it. Pure; the one place that decides it.

A processor counts the changes of a checkout; an older count changes nothing, whenever it comes. So
answers may come twice, late and out of order. Money is posted when the newest count says that it
was paid, and taken back when it says that it was not after all, and holds nothing of it. Where it
holds another amount than is posted, the payment stands and a person decides. What says nothing
leaves an unknown outcome unknown.

Lives here      the decision.
Lives elsewhere asking, keeping and posting (``checkouts``).
Read first      docs/operating/payment_channels.md: "Unknown outcomes".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from meterledger.facts.checkouts import (
    SAYS_NOTHING,
    Answer,
    CheckoutOnFile,
    CheckoutState,
    HeardBy,
    Said,
)
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_display


class MoneyMove(Enum):
    """What an answer does to the ledger."""

    NONE = "none"
    POST = "post"
    TAKE_BACK = "take back"


@dataclass(frozen=True, slots=True)
class Heard:
    """How the checkout stands now, why, and what moves. ``is_news`` is false for a repetition."""

    state: CheckoutState
    sentence: str
    move: MoneyMove = MoneyMove.NONE
    is_news: bool = True


def heard(
    on_file: CheckoutOnFile,
    answer: Answer,
    heard_by: HeardBy,
    *,
    now: datetime,
    absent_after: timedelta,
) -> Heard:
    """How a checkout stands after an answer."""
    state = on_file.state
    if answer.said in SAYS_NOTHING:
        return _nothing_said(on_file, answer, heard_by, now, absent_after)
    if heard_by is not HeardBy.PERSON and answer.sequence <= on_file.newest_sequence:
        return _not_newer(on_file, answer)
    if answer.said is Said.OPEN:
        return Heard(state, "the customer is at the processor")
    if answer.said is Said.PAID:
        return _paid(on_file, answer, heard_by)
    took_back = answer.said is Said.CHARGED_BACK
    if on_file.standing_cents and answer.cents:
        return _in_doubt(on_file, answer)
    if on_file.standing_cents:
        why = "charged the payment back" if took_back else f"says {answer.said.value} after all"
        return Heard(CheckoutState.TAKEN_BACK, f"the processor {why}", MoneyMove.TAKE_BACK)
    if state is CheckoutState.TAKEN_BACK:
        return Heard(state, f"the processor says {answer.said.value}")
    said = "paid and charged back" if took_back else answer.said.value
    return Heard(CheckoutState.REFUSED, f"no money came: {said}")


def still_open(
    on_file: CheckoutOnFile, answer: Answer, heard_by: HeardBy, *, now: datetime, zone: str
) -> Heard | None:
    """The processor was asked on a later day and still has no money: that is kept, once a day."""
    if (answer.said, heard_by) != (Said.OPEN, HeardBy.ASKED):
        return None
    if on_file.state is not CheckoutState.UNKNOWN or answer.sequence != on_file.newest_sequence:
        return None
    told = [one for one in on_file.steps if one.answer.said not in SAYS_NOTHING]
    today = local_day_of(now, zone)
    if not told or told[-1].answer.said is not Said.OPEN:
        return None
    if max(local_day_of(one.learned_at, zone) for one in told) >= today:
        return None
    return Heard(on_file.state, "the customer has not paid at the processor yet")


def received_on(on_file: CheckoutOnFile, answer: Answer, *, now: datetime, zone: str) -> date:
    """The day on which the money of a checkout counts as received.

    The processor's own day where it says one. Else the day on which the customer began; but where
    the processor was asked on a later day and had no money yet, the day it first said *paid*.
    """
    began, today = local_day_of(on_file.checkout.started_at, zone), local_day_of(now, zone)
    paid = [one for one in on_file.steps if one.answer.said is Said.PAID]
    said_on = [one.answer.paid_on for one in paid] + [answer.paid_on]
    own = next((one for one in said_on[::-1] if one is not None), None)
    if own is not None:
        return min(max(own, began), today)
    waited = [
        one
        for one in on_file.steps
        if (one.answer.said, one.heard_by) == (Said.OPEN, HeardBy.ASKED)
        and local_day_of(one.learned_at, zone) > began
    ]
    if not waited:
        return began
    after = [one for one in paid if one.number > waited[-1].number]
    return local_day_of(after[0].learned_at, zone) if after else today


def _nothing_said(
    on_file: CheckoutOnFile,
    answer: Answer,
    heard_by: HeardBy,
    now: datetime,
    absent_after: timedelta,
) -> Heard:
    state = on_file.state
    if answer.said is not Said.ABSENT or state is not CheckoutState.UNKNOWN:
        return Heard(state, f"the processor gave {answer.said.value}", is_news=_first(on_file))
    was_there = on_file.newest_sequence >= 0
    if was_there or heard_by is HeardBy.START or now < on_file.checkout.started_at + absent_after:
        why = "it was there before" if was_there else "it may be on its way there still"
        return Heard(state, f"the processor does not know it, and {why}", is_news=_first(on_file))
    return Heard(CheckoutState.REFUSED, "the processor does not know it: nothing was ever begun")


def _first(on_file: CheckoutOnFile) -> bool:
    return not on_file.steps


def _not_newer(on_file: CheckoutOnFile, answer: Answer) -> Heard:
    same = any(
        (one.answer.said, one.answer.cents) == (answer.said, answer.cents)
        for one in on_file.steps
        if one.answer.sequence == answer.sequence
    )
    newest = answer.sequence == on_file.newest_sequence
    if newest and not same:
        sentence = f"the processor contradicts itself: now {answer.said.value}"
        return Heard(on_file.state, sentence)
    return Heard(on_file.state, "an answer that is known, or older than one", is_news=False)


def _in_doubt(on_file: CheckoutOnFile, answer: Answer) -> Heard:
    """A payment stands, and the processor holds a part of it: nobody knows what became of it."""
    sentence = (
        f"the processor says {answer.said.value} and holds {usd_display(answer.cents)} where "
        f"{usd_display(on_file.standing_cents)} is posted: a person decides"
    )
    return Heard(CheckoutState.UNKNOWN, sentence)


def _paid(on_file: CheckoutOnFile, answer: Answer, heard_by: HeardBy) -> Heard:
    state, asked = on_file.state, on_file.checkout.cents
    if on_file.standing_cents == answer.cents:
        return Heard(CheckoutState.POSTED, "paid, as was known")
    if on_file.standing_cents:
        return _in_doubt(on_file, answer)
    if state is CheckoutState.TAKEN_BACK:
        sentence = "paid again after it was taken back: a person posts it under another key"
        return Heard(CheckoutState.UNKNOWN, sentence)
    if any(one.state is CheckoutState.TAKEN_BACK for one in on_file.steps):
        return Heard(CheckoutState.UNKNOWN, "paid again after it was taken back")
    if answer.cents != asked and heard_by is not HeardBy.PERSON:
        sentence = (
            f"the processor holds {usd_display(answer.cents)} where {usd_display(asked)} was "
            "asked: a person decides"
        )
        return Heard(CheckoutState.UNKNOWN, sentence)
    return Heard(CheckoutState.POSTED, f"paid: {usd_display(answer.cents)}", MoneyMove.POST)
