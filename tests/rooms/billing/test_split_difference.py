"""The difference of two bills by cause: each cause alone, and any two bills to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.billing import split_difference
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.kernel.rounding import to_whole_half_up

FIRST = date(2025, 7, 1)


def line(code: str, group: str, unit: str, quantity: str, price: str) -> dict[str, Any]:
    cents = to_whole_half_up(Fraction(quantity) * Fraction(price) * 100)
    return {
        "code": code,
        "group": group,
        "unit": unit,
        "quantity": quantity,
        "price_usd": price,
        "usd": usd_text(cents),
    }


def bill(
    *,
    days: int = 30,
    kwh: str = "900",
    price: str = "0.15",
    rider: str = "0.01",
    month: str = "9.00",
    months: str = "1",
    kw: str = "0",
    tax: str = "0.00",
    code: str = "energy_summer",
    schedule: str = "1M-anytime",
) -> dict[str, Any]:
    lines = [
        line("customer_charge", "base", "month", months, month),
        line(code, "base", "kWh", kwh, price),
        line("fac", "rider", "kWh", kwh, rider),
    ]
    if kw != "0":
        lines.append(line("demand", "base", "kW", kw, "5.00"))
    if tax != "0.00":
        lines.append(line("municipal_gross_receipts_tax", "tax", "USD", "1", tax))
    return {
        "bill": "B-1",
        "schedule": schedule,
        "from": FIRST.isoformat(),
        "to": (FIRST + timedelta(days=days)).isoformat(),
        "lines": lines,
    }


def causes(
    before: dict[str, Any], after: dict[str, Any], weather_wh: int | None = None
) -> dict[str, int]:
    weather = None if weather_wh is None else Fraction(weather_wh)
    return {
        part.cause.value: part.cents for part in split_difference(before, after, weather_wh=weather)
    }


def estimated(record: dict[str, Any], energy_wh: int, whole_wh: int) -> dict[str, Any]:
    usage = {"energy_wh": whole_wh, "estimated": {"energy_wh": energy_wh}}
    return record | {"usage": usage}


def with_price_of_demand(record: dict[str, Any], price: str) -> dict[str, Any]:
    """The same kW at another price."""
    *others, demand = record["lines"]
    return record | {"lines": [*others, line("demand", "base", "kW", demand["quantity"], price)]}


def with_shares_of_demand(record: dict[str, Any], shares: tuple[str, ...]) -> dict[str, Any]:
    """The same kW, in lines for shares of a month."""
    *others, demand = record["lines"]
    cents = cents_from_text(demand["usd"], where="a test")
    parts = [
        demand
        | {
            "usd": usd_text(to_whole_half_up(cents * Fraction(share))),
            "arithmetic": f"{demand['quantity']} kW x $5.00 x {share} month = a sum",
        }
        for share in shares
    ]
    return record | {"lines": [*others, *parts]}


def with_line(record: dict[str, Any], **line: Any) -> dict[str, Any]:
    return record | {"lines": [*record["lines"], line]}


def netted(record: dict[str, Any], energy_wh: int) -> dict[str, Any]:
    """The same lines, of a bill on which so much was delivered and the rest received."""
    lines = [
        one | {"inputs": {"energy_is": "delivered less received, by month"}}
        if one["unit"] == "kWh"
        else one
        for one in record["lines"]
    ]
    return record | {"lines": lines, "usage": {"energy_wh": energy_wh}}


def with_blocks(record: dict[str, Any], energy_wh: int, *, riders: bool = True) -> dict[str, Any]:
    """The same lines, of a bill on which Solar Blocks replace the rest of what was delivered."""
    lines = list(record["lines"])
    for place, one in enumerate(lines):
        if one["unit"] == "kWh" and (riders or one["group"] != "rider"):
            replaced = Fraction(energy_wh, 1000) - Fraction(one["quantity"])
            lines[place] = one | {"inputs": {"solar_blocks_kwh": str(replaced)}}
    return with_line(record | {"lines": lines, "usage": {"energy_wh": energy_wh}}, **SOLAR)


SOLAR = {
    "code": "solar",
    "group": "base",
    "unit": "block",
    "quantity": "3",
    "price_usd": "11.92",
    "usd": "35.76",
}


class TestWhatAProgrammeTakesOff:
    """900 kWh at 15 cents and 1 cent of riders; the customer used neither less nor more."""

    def test_by_solar_blocks_is_no_less_use(self) -> None:
        after = with_blocks(bill(kwh="600"), 900_000)
        assert causes(bill(), after) == {"programme": 3576 - 300 * 16}
        assert causes(after, bill()) == {"programme": 300 * 16 - 3576}

    def test_by_solar_blocks_is_not_taken_off_riders_that_stay(self) -> None:
        after = with_blocks(bill(kwh="600"), 900_000, riders=False)
        (_, _, rider) = bill()["lines"]
        lines = [rider if one["code"] == "fac" else one for one in after["lines"]]
        assert causes(bill(), after | {"lines": lines}) == {"programme": 3576 - 300 * 15}

    def test_by_netting_is_no_less_use(self) -> None:
        assert causes(bill(), netted(bill(kwh="600"), 900_000)) == {"programme": -300 * 16}

    def test_leaves_less_use_as_use(self) -> None:
        """60 kWh less were used, and 300 more were received."""
        after = netted(bill(kwh="540"), 840_000)
        assert causes(bill(), after) == {"use": -60 * 16, "programme": -300 * 16}

    def test_leaves_a_revised_price_as_a_price(self) -> None:
        before = netted(bill(kwh="600"), 900_000)
        after = netted(bill(kwh="600", price="0.16"), 900_000)
        assert causes(before, after) == {"prices": 900, "programme": -300}

    def test_all_of_it_has_the_prices_of_the_other_bill(self) -> None:
        excess = {
            "code": "excess",
            "group": "base",
            "unit": "kWh",
            "quantity": "0",
            "price_usd": "0.03",
            "usd": "0.00",
            "inputs": {"credit_granted_usd": "3.00"},
        }
        empty = bill(kwh="0") | {"usage": {"energy_wh": 900_000}}
        after = with_line(empty | {"lines": empty["lines"][:1]}, **excess)
        assert causes(bill(), after) == {"programme": -900 * 16}
        assert causes(after, after) == {}


class TestOneCauseAlone:
    def test_is_days_where_the_use_of_a_day_stayed(self) -> None:
        assert causes(bill(), bill(days=32, kwh="960")) == {"days": 960}  # 60 kWh at 16 cents

    def test_is_use_where_the_days_stayed(self) -> None:
        assert causes(bill(), bill(kwh="960")) == {"use": 960}

    def test_is_prices_where_a_price_was_revised(self) -> None:
        assert causes(bill(), bill(price="0.16")) == {"prices": 900}
        assert causes(bill(), bill(month="10.00")) == {"prices": 100}

    def test_is_the_season_where_another_line_prices_the_same_use(self) -> None:
        winter = bill(price="0.10", code="energy_winter")
        assert causes(bill(), winter) == {"seasons, hours and blocks": -4500}

    def test_is_riders_where_a_rider_changed(self) -> None:
        assert causes(bill(), bill(rider="0.02")) == {"riders": 900}

    def test_is_demand_where_the_highest_hour_changed(self) -> None:
        assert causes(bill(kw="4"), bill(kw="5")) == {"demand": 500}

    def test_is_prices_where_a_kw_costs_more(self) -> None:
        """10 kW at $5.50 for $5.00; 12 kW at $5.50 are two more kW at $5.00, and the rest price."""
        dearer = with_price_of_demand(bill(kw="10"), "5.50")
        assert causes(bill(kw="10"), dearer) == {"prices": 500}
        more = with_price_of_demand(bill(kw="12"), "5.50")
        assert causes(bill(kw="10"), more) == {"prices": 600, "demand": 1000}

    def test_is_days_where_a_charge_on_demand_is_for_a_part_of_a_month(self) -> None:
        """7 of 30 days; and a revision that cuts a month into two parts is no fewer days."""
        part = with_shares_of_demand(bill(kw="30"), ("7/30",))
        assert causes(bill(kw="30"), part) == {"days": -115_00}
        cut = with_shares_of_demand(bill(kw="30"), ("7/30", "23/30"))
        assert causes(bill(kw="30"), cut) == {}

    def test_is_tax_where_only_the_tax_did(self) -> None:
        assert causes(bill(tax="5.00"), bill(tax="6.00")) == {"tax": 100}

    def test_is_the_option_where_another_one_was_chosen(self) -> None:
        other = bill(price="0.12", code="energy_overnight", schedule="1M-overnight", kw="2")
        assert causes(bill(), other) == {"rate option": -2700 + 1000}

    def test_is_days_where_a_month_was_prorated(self) -> None:
        assert causes(bill(), bill(days=15, kwh="450", months="1/2")) == {"days": -450 - 7200}

    def test_is_use_where_there_was_none_before(self) -> None:
        empty = bill(kwh="0")
        assert causes(empty, bill()) == {"use": 14400}

    def test_is_the_weather_as_far_as_it_explains_the_use(self) -> None:
        """60 kWh more at 16 cents, 40 of them by the heat."""
        assert causes(bill(), bill(kwh="960"), 40_000) == {"weather": 640, "use": 320}

    def test_is_less_use_where_the_weather_explains_more_than_there_was(self) -> None:
        assert causes(bill(), bill(kwh="960"), 100_000) == {"weather": 1600, "use": -640}

    def test_is_an_estimate_as_far_as_the_use_was_estimated(self) -> None:
        """A quarter of the later bill was not read."""
        after = estimated(bill(kwh="960"), 240_000, 960_000)
        assert causes(bill(), after) == {"use": 720, "estimate": 240}
        whole = estimated(bill(kwh="960"), 960_000, 960_000)
        assert causes(bill(), whole) == {"estimate": 960}

    def test_is_a_fee_or_a_credit_where_an_amount_of_its_own_came(self) -> None:
        paperless = {
            "code": "paperless",
            "group": "base",
            "unit": "bill",
            "quantity": "1",
            "price_usd": "",
            "usd": "-0.50",
        }
        assert causes(bill(), with_line(bill(), **paperless)) == {"fees, credits and minimums": -50}

    def test_is_the_programme_where_one_stands_beside_the_schedule(self) -> None:
        solar = {
            "code": "solar",
            "group": "base",
            "unit": "block",
            "quantity": "2",
            "price_usd": "13.91",
            "usd": "27.82",
        }
        assert causes(bill(), with_line(bill(), **solar)) == {"programme": 2782}
        credit = solar | {"unit": "USD", "usd": "-3.00", "inputs": {"lines_above_usd": "9.00"}}
        assert causes(bill(), with_line(bill(), **credit)) == {"programme": -300}


def test_a_bill_differs_from_itself_in_nothing() -> None:
    assert causes(bill(), bill()) == {}


KWH = st.integers(0, 5_000_000).map(lambda wh: f"{wh // 1000}.{wh % 1000:03d}")
PRICE = st.integers(-20_000, 500_000).map(lambda micro: str(Fraction(micro, 1_000_000)))
BILLS = st.builds(
    bill,
    days=st.integers(1, 62),
    kwh=KWH,
    price=PRICE,
    rider=PRICE,
    month=st.sampled_from(["9.00", "13.00", "0.02"]),
    months=st.sampled_from(["1", "1/2", "17/30", "6/5"]),
    kw=st.sampled_from(["0", "1.5", "12.345"]),
    tax=st.sampled_from(["0.00", "3.17"]),
    code=st.sampled_from(["energy_summer", "energy_winter"]),
    schedule=st.sampled_from(["1M-anytime", "1M-smart"]),
)


@st.composite
def bills_of_programmes(draw: st.DrawFn) -> dict[str, Any]:
    """A bill in a programme: more was measured than is billed, or nothing is billed at all."""
    record = draw(BILLS)
    measured = draw(st.integers(0, 6_000_000))
    in_it = draw(st.sampled_from([netted, with_blocks]))(record, measured)
    if draw(st.booleans()):
        return in_it | {"lines": [one for one in in_it["lines"] if one["unit"] != "kWh"]}
    return in_it


@given(
    BILLS | bills_of_programmes(),
    bills_of_programmes(),
    st.none() | st.integers(-2_000_000, 2_000_000),
)
def test_the_parts_sum_to_the_difference_in_every_programme(
    before: dict[str, Any], after: dict[str, Any], weather_wh: int | None
) -> None:
    def total(one: dict[str, Any]) -> int:
        return sum(cents_from_text(line["usd"], where="") for line in one["lines"])

    there, back = causes(before, after, weather_wh), causes(after, before, weather_wh)
    assert sum(there.values()) == total(after) - total(before)
    assert sum(back.values()) == -sum(there.values())


@given(BILLS, BILLS, st.none() | st.integers(-2_000_000, 2_000_000), st.integers(0, 900_000))
def test_the_parts_of_any_two_bills_sum_to_their_difference(
    before: dict[str, Any], after: dict[str, Any], weather_wh: int | None, estimated_wh: int
) -> None:
    after = estimated(after, estimated_wh, 900_000)

    def total(one: dict[str, Any]) -> int:
        return sum(cents_from_text(line["usd"], where="") for line in one["lines"])

    there, back = causes(before, after, weather_wh), causes(after, before, weather_wh)
    assert sum(there.values()) == total(after) - total(before)
    assert sum(back.values()) == -sum(there.values())


@pytest.mark.parametrize("cents", [1, 2, 7])
def test_no_cent_is_lost_where_causes_have_fractions(cents: int) -> None:
    before = bill(days=31, kwh="777.777", price="0.123456")
    after = bill(days=29, kwh="701.333", price=f"0.13{cents}111", rider="0.007777")
    parts = split_difference(before, after)
    assert len(parts) >= 3
    assert sum(part.cents for part in parts) == sum(
        sign * cents_from_text(line["usd"], where="")
        for sign, one in ((-1, before), (1, after))
        for line in one["lines"]
    )
