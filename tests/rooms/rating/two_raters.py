"""Whole bills by both raters: the first through its public door, the second from the YAML files.

Lives here      generated usage, both calls, and the comparison line by line.
Lives elsewhere the second rater (tests/second_rater), which knows nothing of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import numpy as np
import pytest
from tests.rooms.rulebook_on import the_book
from tests.second_rater.bill import SecondRater
from tests.second_rater.sheets import Silent
from tests.second_rater.usage import Line, Usage

from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.taxes import TaxSubject
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import default_book_folder
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.calculate import Calculator

ZONE = "America/Chicago"
PLACES = ["none", "bel_ridge", "canton", "pagedale", "university_city", "city_in_abatement"]
SALES_PLACES = ["none", "creve_coeur", "adair_county"]
# From here every value of the options is known; the riders' examples end with this year.
FIRST, END = date(2025, 6, 1), date(2027, 1, 1)

Printed = tuple[str, date, date, int]


@lru_cache(maxsize=1)
def second() -> SecondRater:
    return SecondRater(default_book_folder())


@lru_cache(maxsize=2)
def first(*, riders: bool = True) -> Calculator:
    groups = [ChargeGroup.BASE, ChargeGroup.TAX] + ([ChargeGroup.RIDER] if riders else [])
    return Calculator(the_book(), frozenset(groups))


def made_usage(window: DaySpan, seconds: int, rows: int, chance: np.random.Generator) -> UsageBatch:
    """Quiet, busy, empty and absurd homes, and hours in which nothing is used."""
    scale = chance.choice([0, 1, 40, 700, 2_500, 90_000], size=(rows, 1)) * seconds // 900 + 1
    used = chance.random((rows, 1)) < 0.9
    days = []
    for day in window.days():
        shape = (rows, intervals_in_day(day, ZONE, seconds))
        energy = (chance.random(shape) * scale * used).astype(np.int64)
        energy[chance.random(shape) < 0.05] = 0
        days.append(DayValues(day, energy, np.zeros(shape, dtype=bool)))
    return UsageBatch(tuple(f"m{row}" for row in range(rows)), seconds, ZONE, tuple(days))


def as_second_reads(batch: UsageBatch) -> list[Usage]:
    """The same usage, a list of plain whole numbers for each day."""
    by_day = [(one.day, one.energy_wh.tolist()) for one in batch.days]
    return [
        Usage(seconds=batch.interval_seconds, days={day: rows[row] for day, rows in by_day})
        for row in range(len(batch.meters))
    ]


def printed_first(lines: Sequence[ChargeLine]) -> list[Printed]:
    return [(one.code, one.days.from_day, one.days.until_day, one.cents) for one in lines]


def printed_second(lines: Sequence[Line]) -> list[Printed]:
    return [(one.code, one.day_from, one.day_until, one.cents) for one in lines]


def agree(
    schedule: str,
    window: DaySpan,
    batch: UsageBatch,
    place: str,
    story: str,
    *,
    riders: bool = True,
) -> int:
    """Both raters on every row; returns how many bills were equal line by line.

    Where the book is silent on a day of the window, both refuse, and no bill was equal.
    """
    calculator, rater = first(riders=riders), second()
    usages = as_second_reads(batch)
    known = SALES_PLACES if window.from_day >= FIRST else SALES_PLACES[-1:]
    sales = known[window.day_count % len(known)]
    subject = TaxSubject("premise", "MO", sales)
    days = window.from_day, window.until_day
    try:
        again = [
            printed_second(
                rater.bill(schedule, *days, one, tax_place=place, sales_place=sales, riders=riders)
            )
            for one in usages
        ]
    except Silent:
        with pytest.raises(NoRuleInForce):
            calculator.price_intervals(schedule, window, batch)
        return 0
    ours = calculator.price_intervals(schedule, window, batch)
    for row, other in enumerate(again):
        lines = calculator.with_tax(ours[row], window, place, schedule=schedule, subject=subject)
        one = printed_first(lines)
        assert one == other, f"{schedule} {window} {place} row {row} of {story}"
    return len(usages)
