"""Cases of other people, with the results that their own programs published, priced by our engine.

NREL's program knows neither clock changes nor holidays, and rounds nothing: its year is 2018, whose
first day is a Monday, in a zone without clock changes. A month of ours may differ by half a cent
for each of its lines and by one cent more, for kW that are no whole watt-hours of an interval.

Not compared: generation where kWh are carried to later months or netted period by period (RSMo
386.890 does neither), the annual minimum, and reading the URDB's form. Nor, of what the first
utility published, 10.712 kW as the size of a solar system for 13,512 kWh a year: no bill, rule or
programme here sizes one. Its riders' amounts and their sum stand in ``test_the_first_book``.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.rooms.rating.written_book import WrittenBook, same_hours

from meterledger.facts.charges import ChargeLine
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.rounding import to_whole_down, to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import load_book
from meterledger.usecases.calculate import Calculator

DATA = Path(__file__).parents[2] / "data/rating"
ZONE = "Etc/GMT+6"
MONTHS = [DaySpan(date(2018, n, 1), date(2018 + n // 12, n % 12 + 1, 1)) for n in range(1, 13)]
NEW_YEAR = date(2018, 1, 1)


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "cases" / f"{name}.json").read_text("utf-8"))
    return found


def kw(file: str) -> list[float]:
    with gzip.open(DATA / "loads" / file, "rt", encoding="utf-8-sig") as text:
        return [float(line) for line in text]


def batch(kw_of_year: Sequence[float], month: DaySpan) -> UsageBatch:
    """The month's intervals in whole watt-hours."""
    width = len(kw_of_year) // 365
    wh = [round(one * 1000 * 24 / width) for one in kw_of_year]
    days = []
    for day in month.days():
        first = (day - NEW_YEAR).days * width
        row = np.array([wh[first : first + width]], dtype=np.int64)
        days.append(DayValues(day, row, np.zeros(row.shape, dtype=bool)))
    return UsageBatch(("m",), 86_400 // width, ZONE, tuple(days))


def usd(number: float) -> str:
    return f"{number:.6f}"


class FromCase(WrittenBook):
    """The tariff of a case: its month-by-hour tables become seasons and times of use."""

    def __init__(self, folder: Path, tariff: dict[str, Any]) -> None:
        super().__init__(folder, ZONE, holidays=False)
        self.charges: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}
        fixed = self.price("fixed_price", usd(tariff["fixed_charge_per_month"]))
        self.add("fixed", "monthly", fixed)
        energy = tariff["energy"]
        self.tables = list(zip(energy["weekday_12x24"], energy["weekend_12x24"], strict=True))
        self.kinds = [one for n, one in enumerate(self.tables) if one not in self.tables[:n]]
        self.season_of = [f"s{self.kinds.index(one)}" for one in self.tables]
        self.seasons(self.season_of)

    def add(self, code: str, kind: str, price: str, **more: Any) -> None:
        self.charges.append({"code": code, "label": code, "kind": kind, "price": price, **more})

    def times_of_use(self) -> None:
        self.more["windows"] = self.hours("windows", hours_of(self.kinds))

    def periods_of(self, season: str) -> list[int]:
        return sorted({period for row in self.kinds[int(season[1:])] for period in row})

    def every_period(self) -> Iterable[tuple[str, int]]:
        for season in sorted(set(self.season_of)):
            for period in sorted({n for kind in self.kinds for row in kind for n in row}):
                yield season, period

    def months(self, kw_of_year: Sequence[float]) -> list[tuple[ChargeLine, ...]]:
        self.schedule("X", self.charges, **self.more)
        calculator = Calculator(load_book(self.folder).as_known(date.max))
        return [calculator.price_usage("X", one, batch(kw_of_year, one)) for one in MONTHS]


def hours_of(kinds: Sequence[Sequence[Sequence[int]]], names: str = "p") -> dict[str, Any]:
    """Hours of each season from its weekday and its weekend row."""
    numbers = sorted({number for kind in kinds for row in kind for number in row})
    value: dict[str, Any] = {
        "periods": [f"{names}{number}" for number in numbers],
        "holidays": "holidays",
        "working_days": {},
        "weekends_and_holidays": {},
    }
    for place, kind in enumerate(kinds):
        for which, row in zip(("working_days", "weekends_and_holidays"), kind, strict=True):
            value[which][f"s{place}"] = {
                f"{names}{number}": [
                    f"{hour:02d}:00-{hour + 1:02d}:00" for hour in range(24) if row[hour] == number
                ]
                for number in sorted(set(row))
            }
    return value


def agrees(lines: Sequence[ChargeLine], expected_usd: float) -> bool:
    total = Fraction(sum(line.cents for line in lines), 100)
    return abs(total - Fraction(str(expected_usd))) <= Fraction(5 * len(lines) + 10, 1000)


def assert_months(months: Sequence[Sequence[ChargeLine]], expected: Sequence[float]) -> None:
    found = [sum(line.cents for line in lines) / 100 for lines in months]
    assert [n for n in range(12) if not agrees(months[n], expected[n])] == [], (found, expected)


def time_of_use_book(folder: Path, tariff: dict[str, Any]) -> FromCase:
    book = FromCase(folder, tariff)
    book.times_of_use()
    prices = {one["period"]: one["buy_per_kwh"] for one in tariff["energy"]["tiers"]}
    for number, price in prices.items():
        book.price(f"price_{number}", usd(price))
    for season, number in book.every_period():
        book.add(
            f"e_{season}_{number}",
            "energy",
            f"price_{number}",
            season=season,
            period=f"p{number}",
        )
    return book


TOU = [
    "Test_Residential_TOU_Rates",
    "Test_Residential_TOU_Rates_annual_minimum",
    "Test_Residential_TOU_Rates_net_billing",
    "Test_Residential_TOU_Rates_net_billing_w_sell_rates",
    "Test_Residential_TOU_Rates_net_billing_carryover_monthly_min",
    "Test_Residential_TOU_Rates_subhourly_gen_and_load",
]


class TestTimesOfUse:
    @pytest.mark.parametrize("name", TOU)
    def test_months_without_generation(self, name: str, tmp_path: Path) -> None:
        one = case(name)
        expected = one["full_result_year_1"]["without_generation"]["monthly_energy_charge"]
        assert_months(
            time_of_use_book(tmp_path / "b", one["tariff"]).months(kw(one["load_file"])), expected
        )

    @pytest.mark.parametrize("name", [one for one in TOU if "net_billing" in one])
    def test_what_was_drawn_while_generation_fell_short(self, name: str, tmp_path: Path) -> None:
        """Net billing prices what the meter delivered; what it received is another register."""
        one = case(name)
        load, made = kw(one["load_file"]), kw(one["generation_file"])
        if len(load) < len(made):
            load = [value for value in load for _ in range(len(made) // len(load))]
        delivered = [max(0.0, used - got) for used, got in zip(load, made, strict=True)]
        expected = one["full_result_year_1"]["with_generation"]["monthly_energy_charge_gross"]
        assert_months(time_of_use_book(tmp_path / "b", one["tariff"]).months(delivered), expected)

    def test_what_was_fed_in_at_the_price_of_its_period(self, tmp_path: Path) -> None:
        """A credit is a negative price: the same hours, the energy of the other register."""
        one = case("Test_Residential_TOU_Rates_net_billing_w_sell_rates")
        load, made = kw(one["load_file"]), kw(one["generation_file"])
        received = [max(0.0, got - used) for used, got in zip(load, made, strict=True)]
        for tier in one["tariff"]["energy"]["tiers"]:
            tier["buy_per_kwh"] = -tier["sell_per_kwh"]
        expected = one["full_result_year_1"]["with_generation"]["monthly_net_billing_credit"]
        months = time_of_use_book(tmp_path / "b", one["tariff"]).months(received)
        assert_months(months, [-credit for credit in expected])

    def test_three_periods_of_quarter_hours(self, tmp_path: Path) -> None:
        one = case("res_three_period_tou_15min")
        book = time_of_use_book(tmp_path / "b", one["tariff"])
        assert_months(book.months(kw(one["load_file"])), one["expected"]["monthly_bill"])


class TestBlocks:
    def test_a_declining_block_in_winter(self, tmp_path: Path) -> None:
        one = case("res_seasonal_declining_block")
        book = FromCase(tmp_path / "b", one["tariff"])
        for season in sorted(set(book.season_of)):
            (period,) = book.periods_of(season)
            add_steps(book, one["tariff"]["energy"]["tiers"], season, period, "month")
        assert_months(book.months(kw(one["load_file"])), one["expected"]["monthly_bill"])

    def test_kwh_a_day_in_six_periods(self, tmp_path: Path) -> None:
        """Limits of each day times the days of the month: a revision on the first of each month."""
        one = case("Test_Residential_TOU_Rates_w_tiers")
        book = FromCase(tmp_path / "b", one["tariff"])
        book.times_of_use()
        tiers = one["tariff"]["energy"]["tiers"]
        a_day = {season: limit_of(tiers, book.periods_of(season)) for season in book.season_of}
        limits = [
            (month.from_day, str(a_day[season] * month.day_count))
            for month, season in zip(MONTHS, book.season_of, strict=True)
        ]
        book.number("limit", [(date(2017, 1, 1), "1"), *limits])
        prices = {(tier["period"], tier["tier"]): usd(tier["buy_per_kwh"]) for tier in tiers}
        for (number, step), price in prices.items():
            book.price(f"price_{number}_{step}", price)
        for season, number in book.every_period():
            for step, block in ((1, "first"), (2, "over")):
                book.add(
                    f"e_{season}_{number}_{block}",
                    "energy",
                    f"price_{number}_{step}",
                    season=season,
                    period=f"p{number}",
                    block=block,
                )
        book.more["block_limit"] = "limit"
        expected = one["full_result_year_1"]["without_generation"]["monthly_bill"]
        assert_months(book.months(kw(one["load_file"])), expected)

    def test_hours_of_use_and_a_demand_by_season(self, tmp_path: Path) -> None:
        one = case("lgs_hours_use_demand")
        tariff = one["tariff"]
        book = FromCase(tmp_path / "b", tariff)
        book.more["demands"] = [{"name": "month", "minutes": 60}]
        for season in sorted(set(book.season_of)):
            (period,) = book.periods_of(season)
            add_steps(book, tariff["energy"]["tiers"], season, period, "kw")
        by_month = [tier["per_kw"] for tier in tariff["demand"]["monthly_tiers"]]
        for season in sorted(set(book.season_of)):
            book.price(f"kw_{season}", usd(by_month[book.season_of.index(season)]))
            book.add(f"d_{season}", "demand", f"kw_{season}", season=season, demand="month")
        assert_months(book.months(kw(one["load_file"])), one["expected"]["monthly_bill"])

    def test_hours_of_use_whose_first_block_has_steps(self, tmp_path: Path) -> None:
        """Every month goes over its first 10,000 kWh: what these cost more is a fixed amount."""
        one = case("Test_Commercial_kWh_per_kW_charges")
        book = FromCase(tmp_path / "b", one["tariff"])
        tiers = [tier for tier in one["tariff"]["energy"]["tiers"] if tier["period"] == 1]
        price = {tier["tier"]: Fraction(str(tier["buy_per_kwh"])) for tier in tiers}
        end = {tier["tier"]: tier["up_to"] for tier in tiers}
        assert (end[1], end[2], end[3], end[6], end[7]) == (200, 3000, 10_000, 400, 600)
        book.more["demands"] = [{"name": "month", "minutes": 60}]
        book.number("hours", "200")
        book.more["block_sets"] = [
            {"name": "hours_use", "limits": ["hours"] * 3, "per": "kw", "demand": "month"},
        ]
        for block, tier in enumerate((4, 6, 7, 8), start=1):
            book.price(f"hours_{block}", usd(float(price[tier])))
            book.add(
                f"e_{block}", "energy", f"hours_{block}", block_set="hours_use", block=str(block)
            )
        steps = 3000 * (price[2] - price[4]) + 7000 * (price[3] - price[4])
        book.price("steps", usd(float(steps)))
        book.add("steps", "per_bill", "steps")
        result = one["full_result_year_1"]["without_generation"]
        assert min(result["monthly_kwh"]) > 10_000
        assert max(result["monthly_peak_kw"]) * 200 < end[4]
        assert_months(book.months(kw(one["load_file"])), result["monthly_bill"])


def limit_of(tiers: Sequence[dict[str, Any]], periods: Sequence[int]) -> Fraction:
    """The limit that all periods of a season share."""
    (limit,) = {str(one["up_to"]) for one in tiers if one["period"] in periods and one["up_to"]}
    return Fraction(limit)


def add_steps(
    book: FromCase, tiers: Sequence[dict[str, Any]], season: str, period: int, per: str
) -> None:
    """Blocks of a season without times of use, from ends to widths."""
    steps = [tier for tier in tiers if tier["period"] == period]
    widths, before = [], 0
    for number, tier in enumerate(steps[:-1], start=1):
        widths.append(book.number(f"width_{season}_{number}", str(tier["up_to"] - before)))
        before = tier["up_to"]
    rule = {"name": f"steps_{season}", "limits": widths, "per": per}
    if widths:
        book.more.setdefault("block_sets", []).append(
            rule | ({"demand": "month"} if per == "kw" else {})
        )
    for number, tier in enumerate(steps, start=1):
        book.price(f"price_{season}_{number}", usd(tier["buy_per_kwh"]))
        block = {"block_set": f"steps_{season}", "block": str(number)} if widths else {}
        book.add(
            f"e_{season}_{number}", "energy", f"price_{season}_{number}", season=season, **block
        )


def test_demand_by_period_with_a_step_at_a_hundred_kilowatts(tmp_path: Path) -> None:
    """The step is a demand charge less a credit for what is over a floor of a hundred."""
    one = case("Test_Commercial_Demand_Charges")
    tariff = one["tariff"]
    book = time_of_use_book(tmp_path / "b", tariff)
    demand = tariff["demand"]
    rows = list(zip(demand["weekday_12x24"], demand["weekend_12x24"], strict=True))
    by_season = [rows[book.season_of.index(f"s{place}")] for place in range(len(book.kinds))]
    assert all(rows[n] == by_season[int(book.season_of[n][1:])] for n in range(12))
    book.number("nothing", "0")
    book.number("step_kw", "100")
    book.more["demands"], book.more["billing_demands"] = [], []
    for number in (1, 2):
        counts = [[[int(n == number) for n in row] for row in kind] for kind in by_season]
        hours = hours_of(counts, "c")
        text = json.dumps(hours).replace('"c1"', '"counts"').replace('"c0"', '"outside"')
        book.hours(f"hours_{number}", {**json.loads(text), "periods": ["counts", "outside"]})
        name = f"period_{number}"
        book.more["demands"].append({"name": name, "hours": f"hours_{number}", "minutes": 60})
        step = {
            "name": f"step_{number}",
            "highest_of": [{"demand": name, "share": "nothing"}],
            "floor": "step_kw",
        }
        book.more["billing_demands"].append(step)
        low, high = (tier for tier in demand["tou_tiers"] if tier["period"] == number)
        book.price(f"kw_{number}", usd(low["per_kw"]))
        book.price(f"kw_over_{number}", usd(high["per_kw"] - low["per_kw"]))
        book.add(f"d_{number}", "demand", f"kw_{number}", demand=name)
        book.add(f"o_{number}", "demand", f"kw_over_{number}", demand=name, over=step["name"])
    expected = one["full_result_year_1"]["without_generation"]["monthly_bill"]
    assert_months(book.months(kw(one["load_file"])), expected)


# --------------------------------------------------------------------------- worked examples

RAMP_WH = [250 * number for number in range(96)]  # as many kW as quarter-hours have passed


class OneDay(WrittenBook):
    """A made-up utility whose month is any number of days."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ZONE, holidays=False)
        self.number("regular_period_days_min", "1", unit="days")
        self.charges: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}

    def add(self, code: str, kind: str, price: str, **more: Any) -> None:
        self.price(f"price_{code}", price)
        self.charges.append(
            {"code": code, "label": code, "kind": kind, "price": f"price_{code}", **more}
        )

    def demand(self, name: str, hours: list[str] | None) -> None:
        one: dict[str, Any] = {"name": name, "minutes": 15}
        if hours:
            counts = {"counts": hours, "outside": "otherwise"}
            one["hours"] = self.hours(f"hours_{name}", same_hours(["counts", "outside"], counts))
        self.more.setdefault("demands", []).append(one)

    def bill(self, day: date, wh: Sequence[int] = RAMP_WH) -> dict[str, int]:
        self.schedule("X", self.charges, **self.more)
        row = np.array([wh], dtype=np.int64)
        usage = UsageBatch(
            ("m",), 900, ZONE, (DayValues(day, row, np.zeros(row.shape, dtype=bool)),)
        )
        calculator = Calculator(load_book(self.folder).as_known(date.max))
        lines = calculator.price_usage("X", DaySpan(day, day + timedelta(days=1)), usage)
        return {line.code: line.cents for line in lines}


def expected_of(tariff: str, word: str = "") -> dict[str, Any]:
    examples = case("expected")["examples"]
    (one,) = [
        one
        for one in examples
        if one["tariff"].startswith(tariff) and word in one.get("day", one.get("load", ""))
    ]
    found: dict[str, Any] = one
    return found


class TestWorkedExamples:
    @pytest.mark.parametrize(("load", "wh"), [("1 kW all day", [250] * 96), ("ramp", RAMP_WH)])
    def test_a_flat_price(self, load: str, wh: list[int], tmp_path: Path) -> None:
        book = OneDay(tmp_path / "b")
        book.add("energy", "energy", "0.05")
        expected = expected_of("flat 0.05", load)["energy_charges"]
        assert sum(book.bill(date(2018, 7, 10), wh).values()) == round(expected * 100)

    def test_a_credit_for_export(self, tmp_path: Path) -> None:
        book = OneDay(tmp_path / "b")
        book.add("export", "energy", "-1")
        credit = expected_of("export credit")["credit"]
        assert book.bill(date(2018, 7, 10)) == {"export": -100 * credit}

    def test_three_demand_windows(self, tmp_path: Path) -> None:
        book = OneDay(tmp_path / "b")
        book.add("energy", "energy", "0")
        for name, hours, price in (
            ("noon", ["12:00-18:00"], "1"),
            ("shoulder", ["08:30-12:00", "18:00-21:30"], "2"),
            ("any", None, "10"),
        ):
            book.demand(name, hours)
            book.add(name, "demand", price, demand=name)
        expected = expected_of("demand windows")["demand_charges"]
        assert sum(book.bill(date(2018, 7, 10)).values()) == 100 * expected

    @pytest.mark.parametrize(
        ("day", "word"), [(date(2024, 7, 10), "2024-07-10"), (date(2024, 3, 7), "2024-03-07")]
    )
    def test_a_californian_tariff_on_a_day(self, day: date, word: str, tmp_path: Path) -> None:
        """The tariff's table row by row: half hours, two seasons, demand in three windows."""
        rows = [
            row
            for row in csv.DictReader(
                (DATA / "cases/billing_pge.csv").read_text("utf-8").splitlines()
            )
            if row["utility"] == "electric"
            and row["month_start"]
            and int(row["month_start"]) <= day.month <= int(row["month_end"])
            and int(row["weekday_start"]) <= day.weekday() <= int(row["weekday_end"])
        ]
        book = OneDay(tmp_path / "b")
        hours: dict[str, list[str]] = {}
        for row in rows:
            window = f"{clock(row['hour_start'])}-{clock(row['hour_end'])}"
            if row["type"] == "energy":
                hours.setdefault(f"at_{row['charge'][2:]}", []).append(window)
        book.more["windows"] = book.hours("windows", same_hours(list(hours), hours))
        for name in hours:
            book.add(name, "energy", f"0.{name[3:]}", period=name)
        names = dict.fromkeys(row["name"] for row in rows if row["type"] == "demand")
        for name in names:
            mine = [row for row in rows if row["name"] == name]
            code = name.replace("-", "_")
            book.demand(
                code, [f"{clock(one['hour_start'])}-{clock(one['hour_end'])}" for one in mine]
            )
            book.add(code, "demand", mine[0]["charge"], demand=code)
        cents = book.bill(day)
        expected = expected_of("billing_pge", word)
        demand = sum(cents[name.replace("-", "_")] for name in names)
        energy = sum(cents[name] for name in hours)
        assert demand == round(expected["demand_charges"] * 100)
        assert abs(energy / 100 - expected["energy_charges"]) <= 0.005 * len(hours)


def published_windows() -> list[tuple[int, int, float, float]]:
    """First quarter-hour and number of them, the price, and the price over the limit."""
    told = expected_of("billing_energy_3_charge_limit")["quarter_hours_price_price_over"]
    firsts = [sum(count for count, *_ in told[:number]) for number in range(len(told))]
    return [(first, *one) for first, one in zip(firsts, told, strict=True)]


class TestATableWithALimitOnItsCharges:
    """Prices that rise by five cents over a hundred kWh, in three windows of a day.

    The other program counts the limit along the day, ours shares a block between times of use in
    proportion to their energy. Where all of a day lies in one window, or every price rises by the
    same, they agree; a load for which they do not has no published result.
    """

    DAY = date(2024, 7, 10)

    @pytest.fixture
    def book(self, tmp_path: Path) -> OneDay:
        text = (DATA / "cases/billing_energy_3_charge_limit.csv").read_text("utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        assert {row["basic_charge_limit"] for row in rows} == {"0", "100"}
        book = OneDay(tmp_path / "b")
        book.number("limit_kwh", "100", unit="kWh")
        book.more["block_limit"] = "limit_kwh"
        hours: dict[str, list[str]] = {}
        for row in rows:
            name = f"from_{row['hour_start']}"
            hours[name] = [f"{clock(row['hour_start'])}-{clock(row['hour_end'])}"]
            block = "first" if row["basic_charge_limit"] == "0" else "over"
            book.add(f"{name}_{block}", "energy", row["charge"], period=name, block=block)
        book.more["windows"] = book.hours("windows", same_hours(list(hours), hours))
        return book

    @pytest.mark.parametrize(("first", "count", "price", "over"), published_windows())
    @pytest.mark.parametrize("at_its_end", [False, True])
    def test_has_its_prices_from_the_first_quarter_hour_of_a_window_to_the_last(
        self, book: OneDay, first: int, count: int, price: float, over: float, at_its_end: bool
    ) -> None:
        """A hundred kWh, and one more, in one quarter-hour."""
        for kwh, cents in ((100, price * 10_000), (101, price * 10_000 + over * 100)):
            wh = [0] * 96
            wh[first + (count - 1 if at_its_end else 0)] = kwh * 1000
            assert sum(book.bill(self.DAY, wh).values()) == round(cents)

    def test_comes_to_what_the_other_program_says_of_a_hundred_kilowatts(
        self, book: OneDay
    ) -> None:
        cents = book.bill(self.DAY, [25_000] * 96)
        expected = expected_of("billing_energy_3_charge_limit")["energy_charges"]
        assert len(cents) == 6
        assert abs(sum(cents.values()) / 100 - expected) <= 0.005 * len(cents)


def clock(hour: str) -> str:
    return f"{int(float(hour)):02d}:{int(float(hour) % 1 * 60):02d}"


# ------------------------------------------------------------------- proration and rounding


def proration_cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = case("proration_and_rounding")["monthly_proration"]
    return found


@pytest.mark.parametrize("one", proration_cases(), ids=lambda one: str(one["upstream_test"]))
def test_shares_of_a_month(one: dict[str, Any], tmp_path: Path) -> None:
    """Each part over the days of its month, as a utility that had such a rule would bill it."""
    total = Fraction(0)
    for number, (days, over) in enumerate(one["parts_days_over_days"]):
        if over == 1:  # whole months
            total += days
            continue
        book = WrittenBook(tmp_path / f"b{number}", ZONE)
        for name in ("regular_period_days_min", "regular_period_days_max", "normal_period_days"):
            book.number(name, str(over), unit="days")
        book.price("month", "1000")
        book.price("energy", "0")
        book.schedule(
            "X",
            [
                {"code": "m", "label": "Month", "kind": "monthly", "price": "month"},
                {"code": "e", "label": "Energy", "kind": "energy", "price": "energy"},
            ],
        )
        window = DaySpan(date(2018, 3, 1), date(2018, 3, 1) + timedelta(days=days))
        calculator = Calculator(load_book(book.folder).as_known(date.max))
        (line,) = calculator.price_total("X", window, 0)
        total += Fraction(line.quantity)
        assert line.cents == to_whole_half_up(Fraction(days, over) * 100_000)
    assert abs(total - Fraction(one["total"])) < Fraction(1, 10**9)


def test_rounding_that_we_share() -> None:
    """Ours goes half away from zero; of the ties of others only "half up" is the same."""
    by_mode = case("proration_and_rounding")["rounding"]
    for one in by_mode:
        value = Fraction(one["value"])
        if one["op"] == "truncate":
            found = Fraction(to_whole_down(value * 10 ** one["places"]), 10 ** one["places"])
        else:
            base = int(one["base"])
            tie = value / base % 1 == Fraction(1, 2)
            found = Fraction(to_whole_half_up(value / base) * base)
            if tie and one["mode"] == "half even":
                assert found - Fraction(one["expected"]) == base
                continue
        assert found == Fraction(one["expected"]), one
