"""The peer PySAM of the bench ``rating``: a year of hourly use at one home, twelve months of bills.

NREL's UtilityRate5 is the engine others would take. It knows no holidays, no clock changes and no
rounding, so that the options are those it can model, without riders and taxes: blocks (Anytime),
times of use (Overnight), times of use with a monthly demand (Ultimate, its prices given by hour
because of its holidays). Its year begins on a Monday and is never asked for a weekday here.
Every month of every home that it prices is compared with ours.

Lives here      the same prices written for that engine, both timings, the comparison.
Lives elsewhere the bench itself (``rating``); what PySAM is may be read in its own manual.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from meterledger.entrypoints.bench.bars import Figure
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.usage import DayValues, Int64Array, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rating import determine, price
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.calculate import Calculator

YEAR = 2026
HOUR = 3600
HOURS = 8760
OPTIONS = ("1M-anytime", "1M-overnight", "1M-ultimate")
MONTHS = [DaySpan(date(YEAR, n, 1), date(YEAR + n // 12, n % 12 + 1, 1)) for n in range(1, 13)]
HOMES_OF_PYSAM = 40
"""Account-years that PySAM prices in each option; its time is one account-year's mean."""
HOMES_OF_OURS = 400
SEED = 7111
HALF_CENT_USD = 0.005
"""Our lines are rounded once each; a month may be off by half a cent a line, and a float's dust."""


def measure_pysam(*, repeat: int) -> list[Figure]:
    """PySAM's time for an account-year over ours; a figure that says so where it is not installed.

    :raises InvariantBroken: if any month of any home differs by more than its lines' rounding
    """
    if find_spec("PySAM") is None:
        words = "PySAM is not installed here (lock/dev.lock has it): measured without this peer"
        return [Figure("peers_not_installed", "1", {}, words)]
    view = load_book(default_book_folder()).as_known(date.max)
    calculator = Calculator(view, frozenset({ChargeGroup.BASE}))
    random = np.random.default_rng(SEED)
    theirs, ours, months = [], [], 0
    for _ in range(max(repeat, 1) + 1):  # the first round warms up
        took_theirs = took_ours = 0.0
        for option in OPTIONS:
            clock, batches = _homes(view.time_zone, random, HOMES_OF_OURS)
            dollars, lines, seconds = _price_ours(calculator, option, batches)
            took_ours += seconds / HOMES_OF_OURS
            model = pysam_model(view, option)
            began = time.perf_counter()
            found = [pysam_months(model, home) for home in clock[:HOMES_OF_PYSAM]]
            took_theirs += (time.perf_counter() - began) / HOMES_OF_PYSAM
            off = np.abs(np.array(found) - dollars[:HOMES_OF_PYSAM])
            ensure(
                bool((off <= HALF_CENT_USD * lines + 1e-6).all()),
                f"PySAM's months of {option} are ours within half a cent a line",
            )
            months += off.size
        theirs.append(took_theirs / len(OPTIONS))
        ours.append(took_ours / len(OPTIONS))
    their_s, our_s = statistics.median(theirs[1:]), statistics.median(ours[1:])
    return [
        Figure(
            "vs_pysam",
            f"{their_s / our_s:.1f}",
            {"pysam_account_year_ms": f"{their_s * 1000:.3f}", "ours_ms": f"{our_s * 1000:.4f}"},
            f"hourly use of {YEAR}, options {', '.join(OPTIONS)} without riders; "
            f"{months} months compared, each within half a cent a line",
        )
    ]


def _homes(
    zone: str, random: np.random.Generator, homes: int
) -> tuple[list[list[float]], list[UsageBatch]]:
    """A year of hourly watt-hours: as kW by the clock on the wall for PySAM, and by local day."""
    meters = tuple(f"home {number}" for number in range(homes))
    clock = np.zeros((homes, HOURS))
    batches, place = [], 0
    for month in MONTHS:
        days = []
        for day in month.days():
            width = intervals_in_day(day, zone, HOUR)
            energy = random.integers(0, 4_000, size=(homes, width), dtype=np.int64)
            days.append(DayValues(day, energy, np.zeros(energy.shape, dtype=bool)))
            clock[:, place : place + 24] = _on_the_wall(energy) / 1000
            place += 24
        batches.append(UsageBatch(meters, HOUR, zone, tuple(days)))
    return clock.tolist(), batches


def _on_the_wall(energy: Int64Array) -> Int64Array:
    """24 hours of a day of 23, 24 or 25: the clock changes at two in the morning."""
    if energy.shape[1] == 23:
        return np.insert(energy, 2, 0, axis=1)
    if energy.shape[1] == 25:
        twice = energy[:, 1] + energy[:, 2]
        return np.concatenate((energy[:, :1], twice[:, None], energy[:, 3:]), axis=1)
    return energy


def _price_ours(
    calculator: Calculator, option: str, batches: Sequence[UsageBatch]
) -> tuple[Any, Any, float]:
    """Dollars of each home and month, how many lines each has, and seconds without the plans."""
    plans = [calculator.plan(option, month) for month in MONTHS]
    began = time.perf_counter()
    cents = [
        price(plan, determine(batch, plan)).cents
        for plan, batch in zip(plans, batches, strict=True)
    ]
    took = time.perf_counter() - began
    dollars = np.stack([one.sum(axis=1) for one in cents], axis=1) / 100
    return dollars, np.array([[one.shape[1] for one in cents]]), took


# ------------------------------------------------------------------ the same prices, for PySAM

NO_END = 1e38


def pysam_months(model: Any, kw_by_hour: list[float]) -> list[float]:
    """Dollars of each month, of one home's year."""
    model.Load.load = kw_by_hour
    model.execute(0)
    return list(model.Outputs.year1_monthly_utility_bill_wo_sys)


def pysam_model(view: BookView, option: str) -> Any:
    """One of the options with the prices of the year, as the engine wants them."""
    model = pysam_without_rates()
    rates = model.ElectricityRates
    day = date(YEAR, 1, 1)

    def usd(series: str) -> float:
        return view.price(series).on(day).value / 1_000_000

    rates.ur_monthly_fixed_charge = usd("customer_charge_usd_per_month") + usd(
        "low_income_pilot_charge_usd_per_month"
    )
    summer = [month.from_day.month in (6, 7, 8, 9) for month in MONTHS]
    if option == "1M-anytime":
        block = float(view.number("winter_block_kwh_per_month").on(day).value)
        schedule = [[1 if one else 2] * 24 for one in summer]
        rates.ur_ec_tou_mat = [
            [1, 1, NO_END, 0, usd("anytime_summer_usd_per_kwh"), 0],
            [2, 1, block, 0, usd("anytime_winter_first_block_usd_per_kwh"), 0],
            [2, 2, NO_END, 0, usd("anytime_winter_over_block_usd_per_kwh"), 0],
        ]
    elif option == "1M-overnight":
        on = [6 <= hour < 22 for hour in range(24)]
        schedule = [[(1 if o else 2) + (0 if one else 2) for o in on] for one in summer]
        names = ["summer_on", "summer_off", "winter_on", "winter_off"]
        rates.ur_ec_tou_mat = [
            [n, 1, NO_END, 0, usd(f"overnight_{name}_peak_usd_per_kwh"), 0]
            for n, name in enumerate(names, start=1)
        ]
    else:
        schedule = [[1] * 24 for _ in MONTHS]
        rates.ur_ec_tou_mat = [[1, 1, NO_END, 0, 0, 0]]
        rates.ur_en_ts_buy_rate = 1
        rates.ur_ts_buy_rate = _ultimate_by_hour(view, usd)
        counts = [[1 if 6 <= hour < 22 else 2 for hour in range(24)] for _ in MONTHS]
        counts = [
            [period + (0 if one else 2) for period in row]
            for row, one in zip(counts, summer, strict=True)
        ]
        rates.ur_dc_enable = 1
        rates.ur_dc_sched_weekday = rates.ur_dc_sched_weekend = counts
        rates.ur_dc_flat_mat = [[month, 1, NO_END, 0] for month in range(12)]
        rates.ur_dc_tou_mat = [
            [1, 1, NO_END, usd("ultimate_demand_summer_usd_per_kw")],
            [2, 1, NO_END, 0],
            [3, 1, NO_END, usd("ultimate_demand_winter_usd_per_kw")],
            [4, 1, NO_END, 0],
        ]
    rates.ur_ec_sched_weekday = rates.ur_ec_sched_weekend = schedule
    return model


def _ultimate_by_hour(view: BookView, usd: Callable[[str], float]) -> list[float]:
    """Its price at each hour on the wall, holidays among them."""
    windows = view.time_of_use("ultimate_windows")
    seasons = view.seasons("residential_seasons")
    holidays = view.holidays(windows.on(date(YEAR, 1, 1)).value.holidays)
    found = []
    for month in MONTHS:
        for day in month.days():
            hours, season = windows.on(day).value, seasons.on(day).value.of(day)
            rests = day.weekday() >= 5 or day in holidays.on(day).value
            table = (hours.weekend_or_holiday if rests else hours.working_day)[season]
            for run in table.windows:
                price_usd = usd(f"ultimate_{season}_{run.period}_usd_per_kwh")
                found += [price_usd] * ((run.until_minute - run.from_minute) // 60)
    return found


def pysam_without_rates() -> Any:
    """An engine for one year of one home without generation; rates are still to be set."""
    model = import_module("PySAM.Utilityrate5").new()
    model.Load.load = [0.0] * HOURS
    model.SystemOutput.gen = [0.0] * HOURS
    model.SystemOutput.degradation = [0]
    model.Lifetime.analysis_period = 1
    model.Lifetime.inflation_rate = 0
    model.Lifetime.system_use_lifetime_output = 0
    rates = model.ElectricityRates
    rates.en_electricity_rates = 1
    rates.rate_escalation = [0]
    rates.ur_metering_option = 2
    rates.ur_monthly_fixed_charge = rates.ur_monthly_min_charge = rates.ur_annual_min_charge = 0
    rates.ur_nm_yearend_sell_rate = rates.ur_sell_eq_buy = 0
    rates.ur_en_ts_buy_rate = rates.ur_en_ts_sell_rate = rates.ur_dc_enable = 0
    return model
