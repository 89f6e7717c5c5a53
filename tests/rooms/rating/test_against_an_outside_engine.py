"""Totals that another program computed for a tariff of the same make (illustrative prices).

The program is NREL's Utilityrate5 (PySAM 7.1.1.post1); load, tariff and totals stand in tests/data
with their licence. Its calendar is the year 2018 without clock changes and holidays. It does not
round; our lines are rounded once each, so totals may differ by half a cent a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.span import DaySpan
from meterledger.rating import (
    Proration,
    determine,
    determine_by_days,
    lines_of,
    plan_window,
    price,
)

NO_CLOCK_CHANGES = "Etc/GMT+6"
LOAD = Path(__file__).parents[2] / "data/rating/residential_load_2018_wh.csv"
NEW_YEAR = date(2018, 1, 1)

BLOCKS = [
    # month, kWh of the month, its bill in USD: 0.1552 in summer, else 0.1056 to 750 kWh, 0.071 over
    (1, "375.0905", "48.6096"),
    (2, "331.3295", "43.9884"),
    (3, "334.2171", "44.2933"),
    (4, "369.3640", "48.0048"),
    (5, "479.3888", "59.6235"),
    (6, "692.6916", "116.5057"),
    (7, "842.2317", "139.7144"),
    (8, "772.6297", "128.9121"),
    (9, "621.7410", "105.4942"),
    (10, "499.8663", "61.7859"),
    (11, "324.8151", "43.3005"),
    (12, "376.5343", "48.7620"),
]


def month_of(month: int) -> DaySpan:
    return DaySpan(date(2018, month, 1), date(2018 + month // 12, month % 12 + 1, 1))


def load() -> Iterator[tuple[date, list[int]]]:
    for line in LOAD.read_text(encoding="ascii").splitlines()[1:]:
        day, _, values = line.partition(",")
        yield date.fromisoformat(day), [int(wh) for wh in values.split()]


@pytest.mark.parametrize(("month", "kwh", "usd"), BLOCKS)
def test_seasons_and_a_declining_block(
    month: int, kwh: str, usd: str, second: ModuleType, paper: ModuleType
) -> None:
    def cost(micro: int, season: str, block: str | None = None) -> object:
        return second.Charge("energy", ((NEW_YEAR, None, micro),), season, None, block)

    tariff = second.Tariff(
        charges=(
            second.Charge("monthly", ((NEW_YEAR, None, 9_000_000),)),
            cost(155_200, "summer"),
            cost(105_600, "winter", "first"),
            cost(71_000, "winter", "over"),
        ),
        block_kwh=((NEW_YEAR, None, 750),),
    )
    plan = plan_window(
        view=paper.paper_book(tariff, start=NEW_YEAR),
        schedule_code="paper",
        window=month_of(month),
        proration=Proration(Fraction(1)),
    )

    lines = lines_of(price(plan, determine_by_days([round(Fraction(kwh) * 1000)], plan)), 0)

    total = Fraction(sum(line.cents for line in lines), 100)
    assert abs(total - Fraction(usd)) <= Fraction(5 * len(lines) + 1, 1000)


@pytest.mark.parametrize(
    ("month", "usd"), [(1, "44.0548"), (6, "111.6816"), (10, "55.1105")], ids=["Jan", "Jun", "Oct"]
)
def test_three_times_of_use(month: int, usd: str, second: ModuleType, paper: ModuleType) -> None:
    prices = {
        "summer": {"on": 349_400, "mid": 109_500, "off": 73_400},
        "winter": {"on": 195_500, "mid": 77_800, "off": 62_700},
    }
    rest = ((0, 360, "off"), (360, 1320, "mid"), (1320, 1440, "off"))
    tariff = second.Tariff(
        charges=(
            second.Charge("monthly", ((NEW_YEAR, None, 9_000_000),)),
            *(
                second.Charge("energy", ((NEW_YEAR, None, micro),), season, period)
                for season, by_period in prices.items()
                for period, micro in by_period.items()
            ),
        ),
        periods=("on", "mid", "off"),
        working={
            "summer": (
                *rest[:1], (360, 900, "mid"), (900, 1140, "on"), (1140, 1320, "mid"), *rest[2:],
            ),
            "winter": (
                *rest[:1], (360, 480, "on"), (480, 1080, "mid"), (1080, 1200, "on"),
                (1200, 1320, "mid"), *rest[2:],
            ),
        },
        resting={"summer": rest, "winter": rest},
    )  # fmt: skip
    book = paper.paper_book(tariff, start=NEW_YEAR)
    book.time_zone = NO_CLOCK_CHANGES
    window = month_of(month)
    plan = plan_window(
        view=book, schedule_code="paper", window=window, proration=Proration(Fraction(1))
    )
    days = [
        DayValues(day, np.array([values]), np.zeros((1, 24), dtype=bool))
        for day, values in load()
        if day in window
    ]
    assert [one.day for one in days] == [
        window.from_day + timedelta(days=number) for number in range(window.day_count)
    ]
    usage = UsageBatch(("m",), 3600, NO_CLOCK_CHANGES, tuple(days))

    lines = lines_of(price(plan, determine(usage, plan)), 0)

    assert len(lines) == 4
    total = Fraction(sum(line.cents for line in lines), 100)
    # four lines rounded to the cent, and a month of hours rounded to the watt-hour
    assert abs(total - Fraction(usd)) <= Fraction(5 * len(lines) + 10, 1000)
