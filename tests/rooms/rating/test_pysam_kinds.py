"""Tariffs of other makes than ours, priced for a year by NREL's Utilityrate5 and by our engine.

The cases of other people (``test_outside_cases``) have fixed tariffs; these have the kinds that
theirs lack: steps of a day in three blocks, steps shared between times of use, hours of use with
times of use, a demand price of each month, demand in three steps, a minimum. The prices
are made up here. Netting over months is not compared: RSMo 386.890 carries dollars, theirs kWh.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.rooms.rating.test_outside_cases import (
    MONTHS,
    FromCase,
    assert_months,
    hours_of,
    kw,
    usd,
)

pytestmark = pytest.mark.skipif(find_spec("PySAM") is None, reason="PySAM is not installed")

NO_END = 1e38
SUMMER = (5, 6, 7, 8)  # months from 0
HOME, SHOP, PLANT = (
    "load_residential_hourly_kw.csv.gz",
    "load_commercial_hourly_kw.csv.gz",
    "load_commercial_large_hourly_kw.csv.gz",
)
QUARTERS = "load_residential_15min_kw.csv.gz"
KWH, KWH_PER_KW, KWH_A_DAY = 0, 1, 2

Table = list[list[int]]
Tier = tuple[int, int, float, int, float]
"""Period, number of its step, end of the step, unit of the end, price."""


def tables(period: Callable[[int, int, bool], int]) -> tuple[Table, Table]:
    """Period of each month (from 0) and hour, on weekdays and on weekends."""
    return (
        [[period(month, hour, False) for hour in range(24)] for month in range(12)],
        [[period(month, hour, True) for hour in range(24)] for month in range(12)],
    )


ALWAYS = tables(lambda month, hour, weekend: 1)


def their_model(
    load: Sequence[float],
    energy: tuple[Table, Table],
    tiers: Sequence[Tier],
    *,
    fixed: float = 0,
    demand: dict[str, Any] | None = None,
    least: float = 0,
) -> Any:
    """Utilityrate5 with the tariff, executed over the year; no system generates."""
    model = import_module("PySAM.Utilityrate5").new()
    model.Load.load = list(load)
    model.SystemOutput.gen = [0.0] * len(load)
    model.SystemOutput.degradation = [0]
    model.Lifetime.analysis_period = 1
    model.Lifetime.system_use_lifetime_output = 0
    model.Lifetime.inflation_rate = 0
    model.Load.load_escalation = [0]
    rates = model.ElectricityRates
    rates.rate_escalation = [0]
    rates.ur_metering_option = 0
    rates.ur_monthly_fixed_charge = fixed
    rates.ur_monthly_min_charge = least
    rates.ur_annual_min_charge = 0
    rates.ur_nm_yearend_sell_rate = 0
    rates.ur_nm_credit_month = 11
    rates.ur_nm_credit_rollover = 0
    rates.ur_ec_sched_weekday, rates.ur_ec_sched_weekend = energy
    rates.ur_ec_tou_mat = [[*tier, 0] for tier in tiers]
    rates.ur_en_ts_buy_rate = rates.ur_en_ts_sell_rate = rates.ur_sell_eq_buy = 0
    rates.TOU_demand_single_peak = 0
    rates.ur_dc_enable = int(demand is not None)
    if demand is not None:
        rates.ur_dc_sched_weekday, rates.ur_dc_sched_weekend = demand.get("hours", ALWAYS)
        rates.ur_dc_tou_mat = demand.get("steps", [[1, 1, NO_END, 0]])
        by_month = demand.get("by_month", [0] * 12)
        rates.ur_dc_flat_mat = [[month, 1, NO_END, by_month[month]] for month in range(12)]
    model.execute(0)
    return model


def their_months(load: Sequence[float], *tariff: Any, **more: Any) -> list[float]:
    model = their_model(load, *tariff, **more)
    return list(model.Outputs.year1_monthly_utility_bill_wo_sys)


def book_of(folder: Path, energy: tuple[Table, Table], fixed: float = 0) -> FromCase:
    weekday, weekend = energy
    table = {"weekday_12x24": weekday, "weekend_12x24": weekend}
    return FromCase(folder, {"fixed_charge_per_month": fixed, "energy": table})


def add_energy(book: FromCase, tiers: Sequence[Tier], demand: str | None = None) -> None:
    """Steps that all periods of a season share, as the other program shares them."""
    book.times_of_use()
    price = {(tier[0], tier[1]): usd(tier[4]) for tier in tiers}
    for (period, step), amount in price.items():
        book.price(f"p_{period}_{step}", amount)
    for season in sorted(set(book.season_of)):
        first = book.periods_of(season)[0]
        steps = [tier for tier in tiers if tier[0] == first]
        ends = [tier[2] for tier in steps[:-1]]
        widths = []
        for number, (low, high) in enumerate(zip([0.0, *ends], ends, strict=False), start=1):
            width = round(high - low, 6)
            if steps[0][3] == KWH_A_DAY:
                of_month = [(one.from_day, str(round(width * one.day_count, 6))) for one in MONTHS]
                book.number(f"w_{season}_{number}", [(date(2017, 1, 1), "1"), *of_month])
            else:
                book.number(f"w_{season}_{number}", str(width))
            widths.append(f"w_{season}_{number}")
        per = {"per": "kw", "demand": demand} if demand else {"per": "month"}
        if widths:
            one = {"name": f"b_{season}", "limits": widths, **per}
            book.more.setdefault("block_sets", []).append(one)
        for period, step in price:
            block = {"block_set": f"b_{season}", "block": str(step)} if widths else {}
            book.add(
                f"e_{season}_{period}_{step}",
                "energy",
                f"p_{period}_{step}",
                season=season,
                period=f"p{period}",
                **block,
            )


def add_demand_hours(book: FromCase, hours: tuple[Table, Table], period: int, minutes: int) -> None:
    """A demand in the hours of one period of a table."""
    rows = list(zip(*hours, strict=True))
    of_season = [rows[book.season_of.index(f"s{place}")] for place in range(len(book.kinds))]
    counts = [[[int(n == period) for n in row] for row in kind] for kind in of_season]
    text = json.dumps(hours_of(counts, "c")).replace('"c1"', '"counts"')
    value = json.loads(text.replace('"c0"', '"outside"'))
    book.hours(f"hours_{period}", {**value, "periods": ["counts", "outside"]})
    one = {"name": f"d{period}", "hours": f"hours_{period}", "minutes": minutes}
    book.more.setdefault("demands", []).append(one)


def test_three_steps_of_each_day_in_six_periods(tmp_path: Path) -> None:
    def period(month: int, hour: int, weekend: bool) -> int:
        at = 0 if 16 <= hour < 21 and not weekend else 1 if 8 <= hour < 16 else 2
        return at + (1 if month in SUMMER else 4)

    tiers = [
        (n, step, end, KWH_A_DAY, round(0.08 + 0.031 * n + 0.05 * step, 5))
        for n in range(1, 7)
        for step, end in enumerate((9.5, 22.0, NO_END), start=1)
    ]
    book = book_of(tmp_path / "b", tables(period), 7.25)
    add_energy(book, tiers)
    expected = their_months(kw(HOME), tables(period), tiers, fixed=7.25)
    assert_months(book.months(kw(HOME)), expected)


def test_four_steps_of_a_month_in_four_periods(tmp_path: Path) -> None:
    def period(month: int, hour: int, weekend: bool) -> int:
        on_peak = 13 <= hour < 19 and not weekend
        return (1 if month in SUMMER else 3) + (0 if on_peak else 1)

    tiers = [
        (n, step, end, KWH, round(0.21 - 0.013 * n - 0.027 * step, 5))
        for n in range(1, 5)
        for step, end in enumerate((120, 260.5, 480, NO_END), start=1)
    ]
    book = book_of(tmp_path / "b", tables(period), 11.4)
    add_energy(book, tiers)
    expected = their_months(kw(HOME), tables(period), tiers, fixed=11.4)
    assert_months(book.months(kw(HOME)), expected)


def test_hours_of_use_in_periods_beside_two_demand_prices(tmp_path: Path) -> None:
    def period(month: int, hour: int, weekend: bool) -> int:
        on_peak = 10 <= hour < 22 and not weekend
        return (1 if month in SUMMER else 3) + (0 if on_peak else 1)

    tiers = [
        (n, step, end, KWH_PER_KW, round(0.12 - 0.009 * n - 0.021 * step, 5))
        for n, ends in ((1, (150, 350)), (2, (150, 350)), (3, (200, 450)), (4, (200, 450)))
        for step, end in enumerate((*ends, NO_END), start=1)
    ]
    by_month = [9.1 if month in SUMMER else 4.2 for month in range(12)]
    book = book_of(tmp_path / "b", tables(period), 250)
    book.more["demands"] = [{"name": "month", "minutes": 60}]
    add_energy(book, tiers, demand="month")
    book.price("kw", usd(2.5))
    book.add("kw", "demand", "kw", demand="month")
    for season in sorted(set(book.season_of)):
        book.price(f"kw_{season}", usd(by_month[book.season_of.index(season)]))
        book.add(f"kw_{season}", "demand", f"kw_{season}", season=season, demand="month")
    demand = {"steps": [[1, 1, NO_END, 2.5]], "by_month": by_month}
    expected = their_months(kw(PLANT), tables(period), tiers, fixed=250, demand=demand)
    assert_months(book.months(kw(PLANT)), expected)


def test_a_flat_price_and_a_demand_price_of_each_month(tmp_path: Path) -> None:
    by_month = [round(4 + 0.61 * month, 2) for month in range(12)]
    book = book_of(tmp_path / "b", ALWAYS, 55)
    add_energy(book, [(1, 1, NO_END, KWH, 0.0613)])
    book.more["demands"] = [{"name": "month", "minutes": 60}]
    of_month = [(one.from_day, usd(by_month[n])) for n, one in enumerate(MONTHS)]
    book.price("kw", of_month)
    book.add("kw", "demand", "kw", demand="month")
    tiers = [(1, 1, NO_END, KWH, 0.0613)]
    expected = their_months(kw(SHOP), ALWAYS, tiers, fixed=55, demand={"by_month": by_month})
    assert_months(book.months(kw(SHOP)), expected)


def test_demand_in_three_steps_in_four_periods(tmp_path: Path) -> None:
    """Each step is a charge for what lies above a floor, less the price of the step below."""

    def period(month: int, hour: int, weekend: bool) -> int:
        on_peak = 12 <= hour < 18 and not weekend
        return (1 if month in SUMMER else 3) + (0 if on_peak else 1)

    hours, ends = tables(period), (40, 120, NO_END)
    price = {n: [round(9 - n + 3.3 * step, 2) for step in range(3)] for n in range(1, 5)}
    book = book_of(tmp_path / "b", hours, 20)
    book.price("energy", usd(0.05))
    book.add("energy", "energy", "energy")
    book.number("nothing", "0")
    book.more["billing_demands"] = []
    for end in ends[:2]:
        book.number(f"floor_{end}", str(end))
    for n, of_steps in price.items():
        add_demand_hours(book, hours, n, 60)
        for step, amount in enumerate(of_steps):
            over: dict[str, Any] = {}
            if step:
                name = f"over_{n}_{ends[step - 1]}"
                none = {"demand": f"d{n}", "share": "nothing"}
                floor = {"name": name, "highest_of": [none], "floor": f"floor_{ends[step - 1]}"}
                book.more["billing_demands"].append(floor)
                over = {"over": name}
            book.price(f"kw_{n}_{step}", usd(amount - (of_steps[step - 1] if step else 0)))
            book.add(f"kw_{n}_{step}", "demand", f"kw_{n}_{step}", demand=f"d{n}", **over)
    steps = [[n, step + 1, ends[step], price[n][step]] for n in price for step in range(3)]
    demand = {"hours": hours, "steps": steps}
    tiers = [(1, 1, NO_END, KWH, 0.05)]
    expected = their_months(kw(SHOP), ALWAYS, tiers, fixed=20, demand=demand)
    assert_months(book.months(kw(SHOP)), expected)


def test_quarter_hours_with_weekends_of_their_own_and_demand_of_fifteen_minutes(
    tmp_path: Path,
) -> None:
    def period(month: int, hour: int, weekend: bool) -> int:
        if weekend:
            return 4 if 9 <= hour < 12 else 3
        return 1 if 7 <= hour < 11 or 17 <= hour < 20 else 2

    hours = tables(lambda month, hour, weekend: 1 if 17 <= hour < 20 and not weekend else 2)
    price = {1: 6.6, 2: 1.1}
    tiers = [(n, 1, NO_END, KWH, (0.2, 0.11, 0.07, 0.09)[n - 1]) for n in range(1, 5)]
    book = book_of(tmp_path / "b", tables(period), 10)
    add_energy(book, tiers)
    for n, amount in price.items():
        add_demand_hours(book, hours, n, 15)
        book.price(f"kw_{n}", usd(amount))
        book.add(f"kw_{n}", "demand", f"kw_{n}", demand=f"d{n}")
    demand = {"hours": hours, "steps": [[n, 1, NO_END, amount] for n, amount in price.items()]}
    load = kw(QUARTERS)
    assert_months(
        book.months(load), their_months(load, tables(period), tiers, fixed=10, demand=demand)
    )


def test_a_minimum_of_a_month(tmp_path: Path) -> None:
    """Sixty dollars: some months are above it, some below."""
    energy = tables(lambda month, hour, weekend: 1 if month in SUMMER else 2)
    tiers = [(1, 1, NO_END, KWH, 0.15), (2, 1, NO_END, KWH, 0.09)]
    book = book_of(tmp_path / "b", energy, 8)
    add_energy(book, tiers)
    book.price("least", usd(60))
    book.add("least", "minimum", "least", of=[one["code"] for one in book.charges])
    expected = their_months(kw(HOME), energy, tiers, fixed=8, least=60)
    assert min(expected) == 60 < max(expected)
    assert_months(book.months(kw(HOME)), expected)


def test_a_month_that_differs_is_seen(tmp_path: Path) -> None:
    tiers = [(1, 1, NO_END, KWH, 0.1)]
    book = book_of(tmp_path / "b", ALWAYS)
    add_energy(book, [(1, 1, NO_END, KWH, 0.1002)])
    with pytest.raises(AssertionError):
        assert_months(book.months(kw(HOME)), their_months(kw(HOME), ALWAYS, tiers))
