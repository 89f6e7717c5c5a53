"""What is known beside the energy, made up at random, and bills with it by both raters.

Lives here      histories of demand, kvar, Solar Blocks, energy received, credits; one comparison.
Lives elsewhere plain bills of the real book (``two_raters``), made-up schedules (made_up_books).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.rooms.rating.two_raters import (
    Printed,
    as_second_reads,
    made_usage,
    printed_first,
    printed_second,
)
from tests.second_rater.bill import CannotPrice, SecondRater
from tests.second_rater.usage import Usage

from meterledger.facts.usage import UsageBatch
from meterledger.facts.window_facts import DemandHistory, NetCredits, WindowFacts
from meterledger.kernel.span import DaySpan
from meterledger.rating import HistoryNeeded, determine, excess_line, lines_of, price
from meterledger.usecases.calculate import Calculator

HOMES = 3


class Asked(NamedTuple):
    """A schedule with the programmes beside it, and what they need to know."""

    schedule: str
    programs: tuple[str, ...] = ()
    ratchets: tuple[str, ...] = ()
    netted: bool = False


class Known(NamedTuple):
    """What is known of one home beside its use, in the words of the second rater."""

    history: dict[str, list[tuple[date, int]]]
    from_start: bool
    reactive_var: int
    solar_blocks: int
    credits: list[tuple[date, int]]


def some_facts(asked: Asked, window: DaySpan, dice: Random) -> Known:
    """Periods before of odd lengths; credits, some of them too old."""
    from_start = dice.random() < 0.4
    history = {}
    for name in asked.ratchets:
        end, periods = window.from_day + timedelta(days=dice.choice([0, 0, 0, -5])), []
        for _ in range(dice.randint(0, 13) if from_start else 14):
            periods.append((end, dice.choice([0, 1, 999, dice.randrange(400_000)])))
            end -= timedelta(days=dice.randint(26, 35))
        history[name] = periods
    credits, issued = [], window.until_day
    for _ in range(dice.randint(0, 14)):
        issued -= timedelta(days=dice.choice([26, 30, 31, 61]))
        credits.append((issued, dice.choice([0, 1, 250, dice.randrange(100_000)])))
    blocks = dice.choice([0, 1, 3, 60])
    return Known(history, from_start, dice.randrange(200_000), blocks, credits[::-1])


def columns(rows: Sequence[Sequence[tuple[date, int]]]) -> tuple[Any, Any]:
    """Days as ordinals and figures, a row for each home, zeros where it has fewer."""
    width = max(1, *(len(row) for row in rows))
    days = np.zeros((len(rows), width), dtype=np.int64)
    figures = np.zeros((len(rows), width), dtype=np.int64)
    for place, row in enumerate(rows):
        for number, (day, figure) in enumerate(row):
            days[place, number], figures[place, number] = day.toordinal(), figure
    return days, figures


def by_the_first(
    calculator: Calculator,
    asked: Asked,
    window: DaySpan,
    delivered: UsageBatch,
    received: UsageBatch,
    known: Sequence[Known],
) -> list[list[Printed]]:
    plan = calculator.plan(asked.schedule, window, asked.programs)
    facts = WindowFacts(
        history={
            name: DemandHistory(
                *columns([one.history[name] for one in known]),
                from_service=np.array([one.from_start for one in known]),
            )
            for name in asked.ratchets
        },
        reactive_var=np.array([one.reactive_var for one in known], dtype=np.int64),
        solar_blocks=np.array([one.solar_blocks for one in known], dtype=np.int64),
        received=determine(received, plan) if asked.netted else None,
        credits=NetCredits(*columns([one.credits for one in known])),
    )
    priced = price(plan, determine(delivered, plan), facts)
    found = [printed_first(lines_of(priced, row)) for row in range(len(known))]
    place = excess_line(plan)
    if place is not None:  # what is granted is no line's amount: compare it as one
        for row, lines in enumerate(found):
            granted = int(priced.basis[row, place]) if priced.basis is not None else 0
            lines.append(("granted", window.from_day, window.until_day, granted))
    return found


def by_the_second(
    rater: SecondRater, asked: Asked, window: DaySpan, usage: Usage, cycle: int | None = None
) -> list[Printed]:
    days = window.from_day, window.until_day
    lines = rater.bill(asked.schedule, *days, usage, programs=asked.programs, cycle=cycle)
    found = printed_second(lines)
    if asked.netted:
        granted = sum(line.granted_cents for line in lines)
        found.append(("granted", window.from_day, window.until_day, granted))
    return found


def agree_with_facts(
    calculator: Calculator,
    rater: SecondRater,
    asked: Asked,
    window: DaySpan,
    seed: int,
    story: str,
    cycle: int | None = None,
) -> int:
    """Some homes of one window by both; returns how many bills were equal line by line.

    Where a history is too short for a ratchet, both refuse, and no bill was equal.
    """
    if cycle is not None:
        calculator = calculator.of_cycle(cycle)
    chance, dice = np.random.default_rng(seed), Random(seed)
    delivered = made_usage(window, 900, HOMES, chance)
    received = made_usage(window, 900, HOMES, chance)
    known = [some_facts(asked, window, dice) for _ in range(HOMES)]
    usages = [
        Usage(
            days=one.days,
            received_wh=other.days,
            history=row.history,
            from_start=row.from_start,
            reactive_var=row.reactive_var,
            solar_blocks=row.solar_blocks,
            credits=row.credits,
        )
        for one, other, row in zip(
            as_second_reads(delivered), as_second_reads(received), known, strict=True
        )
    ]
    try:
        again = [by_the_second(rater, asked, window, usage, cycle) for usage in usages]
    except CannotPrice:
        with pytest.raises(HistoryNeeded):
            by_the_first(calculator, asked, window, delivered, received, known)
        return 0
    found = by_the_first(calculator, asked, window, delivered, received, known)
    assert found == again, f"{asked.schedule} {asked.programs} {window} of {story}"
    return HOMES
