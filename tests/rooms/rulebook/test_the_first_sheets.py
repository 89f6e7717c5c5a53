"""The first sheets as data: every published figure, both sides of every day that counts.

Expected figures are those of the published sources that each file names; prices of the options
are written down a second time in ``tests/rooms/rating/sheet_54_facts.py``.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from fractions import Fraction

import pytest

from meterledger.kernel.rounding import to_cents_half_up
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView
from meterledger.rulebook.coverage import coverage_problems, read_coverage
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.schedule import ChargeKind
from meterledger.rulebook.series import NoRuleInForce

RIDERS = ("fac_usd_per_kwh", "eeic_usd_per_kwh", "resram_usd_per_kwh")


def test_the_book_loads_quickly() -> None:
    def seconds() -> float:
        start = time.process_time()
        load_book(default_book_folder())
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 2


def test_the_statement_of_coverage_agrees_with_the_files(view: BookView) -> None:
    assert coverage_problems(read_coverage(default_book_folder()), view) == []


class TestStandings:
    def test_no_price_of_a_sheet_that_was_not_read_is_filed(self, view: BookView) -> None:
        for name in view.names():
            if view.kind_of(name) == "price":
                standings = {dated.standing for dated in view.series(name).values}
                assert standings <= {Standing.SECOND_HAND, Standing.ASSUMED}, name

    def test_what_is_filed_was_read_in_a_revision(self, view: BookView) -> None:
        filed = {
            name
            for name in view.names()
            for dated in view.series(name).values
            if dated.standing is Standing.FILED and dated.learned_on < date(2026, 11, 25)
        }
        assert filed == {"residential_seasons", "normal_period_days"}

    def test_every_second_hand_value_names_its_source(self, view: BookView) -> None:
        for name in view.names():
            for dated in view.series(name).values:
                if dated.standing in (Standing.SECOND_HAND, Standing.ASSUMED):
                    assert dated.source, f"{name} {dated.days}"

    def test_a_cancelled_text_carried_forward_is_an_entry_of_its_own_with_its_gap(
        self, view: BookView
    ) -> None:
        series = view.number("normal_period_days")
        before, after = series.on(date(2020, 7, 8)), series.on(date(2020, 7, 9))

        assert (before.standing, after.standing) == (Standing.FILED, Standing.CARRIED_FORWARD)
        assert before.value == after.value == 30
        assert "C-PRORATION-GAP" in after.note
        assert series.reading_key == ""  # bills cite the key of C-PRORATION-GAP themselves

    def test_chosen_readings_carry_their_keys(self, view: BookView) -> None:
        keys = {
            name: view.series(name).reading_key
            for name in view.names()
            if view.series(name).reading_key
        }
        assert keys == {
            "block_share_between_periods": "rating.block_share_between_periods",
            "cycle_read_day_rule": "billing.cycle_read_day",
            "gross_receipts_governing_day": "taxes.gross_receipts_governing_day",
            "gross_receipts_gross_up": "taxes.gross_receipts_gross_up",
            "sales_tax_governing_day": "taxes.sales_tax_governing_day",
            "season_proration_basis": "billing.season_proration_basis",
        }


class TestSeasons:
    @pytest.mark.parametrize(
        ("day", "season"),
        [
            (date(2025, 5, 31), "winter"),
            (date(2025, 6, 1), "summer"),
            (date(2025, 9, 30), "summer"),
            (date(2025, 10, 1), "winter"),
            (date(2021, 1, 1), "winter"),
            (date(2024, 2, 29), "winter"),
        ],
    )
    def test_go_by_the_service_date(self, day: date, season: str, view: BookView) -> None:
        dated = view.seasons("residential_seasons").on(day)
        assert dated.value.of(day) == season
        assert dated.citation.text == "Sheet 130, rev. 2nd, GRR V.A"
        assert dated.citation.order == "ER-2019-0335"

    def test_are_not_known_by_service_date_before_2021(self, view: BookView) -> None:
        with pytest.raises(NoRuleInForce, match="is in force on 2020-12-31"):
            view.seasons("residential_seasons").on(date(2020, 12, 31))


FAC, EEIC, RESRAM = RIDERS
PUBLISHED = [
    (FAC, "2014-01-27", "2014-05-27", 1100, 2_97),
    (FAC, "2014-05-27", "2014-09-24", 1100, 3_63),
    (FAC, "2017-01-27", "2017-06-01", 1015, 1_26),
    (FAC, "2017-06-01", "2017-09-24", 1015, 70),
    (FAC, "2018-01-27", "2018-06-01", 1015, 27),
    (FAC, "2018-06-01", "2018-09-24", 1015, 2_34),
    (FAC, "2019-05-27", "2019-09-24", 1000, -1_76),
    (FAC, "2019-09-24", "2020-01-27", 1000, -1_36),
    (FAC, "2020-01-27", "2020-05-27", 1000, -77),
    (FAC, "2020-05-27", "2020-09-24", 1000, -2_07),
    (FAC, "2021-06-01", "2021-10-01", 1000, 3_08),
    (FAC, "2021-10-01", "2022-02-01", 1000, 4_14),
    (FAC, "2022-02-01", "2022-06-01", 1000, 2_79),
    (FAC, "2022-10-01", "2023-02-01", 1000, 2_70),
    (FAC, "2023-02-01", "2023-06-01", 1000, 6_27),
    (FAC, "2023-06-01", "2023-10-01", 1000, 5_26),
    (RESRAM, "2020-02-01", "2021-02-01", 1000, 44),
    (RESRAM, "2021-02-01", "2022-02-01", 1000, 17),
    (RESRAM, "2022-02-01", "2022-02-28", 1000, -1_04),
    (RESRAM, "2022-02-28", "2023-02-01", 1000, -50),
    (RESRAM, "2023-02-01", "2024-02-01", 1000, 35),
    (RESRAM, "2023-02-01", "2024-02-01", 1022, 36),
    (RESRAM, "2024-02-01", "2025-02-01", 1000, 2_04),
    (EEIC, "2022-02-01", "2023-02-01", 1000, 3_76),
    (EEIC, "2023-02-01", "2024-02-01", 1000, 3_67),
]


class TestRiders:
    @pytest.mark.parametrize(("name", "from_day", "until_day", "kwh", "cents"), PUBLISHED)
    def test_reproduce_every_published_amount_from_the_first_day_to_the_last(
        self, name: str, from_day: str, until_day: str, kwh: int, cents: int, view: BookView
    ) -> None:
        first = date.fromisoformat(from_day)
        last = date.fromisoformat(until_day) - timedelta(days=1)
        for day in (first, last):
            dated = view.price(name).on(day)
            assert dated.standing is Standing.SECOND_HAND
            assert to_cents_half_up(Fraction(dated.value * kwh, 1_000_000)) == cents
            assert dated.value % 10 == 0, "five decimals, as factors are filed"

    def test_hold_no_other_published_amount(self, view: BookView) -> None:
        held = {
            (name, str(dated.days.from_day))
            for name in RIDERS
            for dated in view.price(name).values
            if dated.standing is Standing.SECOND_HAND
        }
        assert held == {(name, from_day) for name, from_day, *_ in PUBLISHED}

    @pytest.mark.parametrize(
        ("name", "assumed_from"),
        [
            (FAC, date(2023, 10, 1)),
            (EEIC, date(2024, 2, 1)),
            (RESRAM, date(2025, 2, 1)),
        ],
    )
    def test_are_ours_and_say_so_after_the_last_published_until_they_end(
        self, name: str, assumed_from: date, view: BookView
    ) -> None:
        series = view.price(name)
        day = assumed_from
        while day < date(2027, 1, 1):
            assert series.on(day).standing is Standing.ASSUMED
            day += timedelta(days=1)
        assert series.on(assumed_from - timedelta(days=1)).standing is Standing.SECOND_HAND
        with pytest.raises(NoRuleInForce):
            series.on(date(2027, 1, 1))

    def test_change_where_bills_must_be_cut(self, view: BookView) -> None:
        assert date(2025, 10, 1) in view.price(FAC).change_days()
        for name in RIDERS:
            assert date(2026, 2, 1) in view.price(name).change_days()
        assert view.price(RESRAM).on(date(2026, 2, 1)).value < 0, "a credit among them"

    def test_changes_of_the_fuel_clause_fall_on_its_days(self, view: BookView) -> None:
        later = [day for day in view.price(FAC).change_days() if day >= date(2021, 6, 1)]
        assert {(day.month, day.day) for day in later} == {(2, 1), (6, 1), (10, 1), (1, 1)}


class TestMunicipalTaxes:
    @pytest.mark.parametrize(
        ("place", "share", "since"),
        [
            ("university_city", "0.09", date(2013, 3, 11)),
            ("pagedale", "0.06", date(2013, 2, 14)),
            ("canton", "0.05", date(2011, 9, 19)),
            ("bel_ridge", "0.02", date(2016, 1, 1)),
        ],
    )
    def test_are_those_of_the_city_codes(
        self, place: str, share: str, since: date, view: BookView
    ) -> None:
        series = view.number(f"municipal_gross_receipts_{place}")
        dated = series.on(since)
        assert dated.value == Fraction(share)
        assert dated.standing is Standing.SECOND_HAND
        assert "municipal code" in dated.citation.instrument
        with pytest.raises(NoRuleInForce):
            series.on(since - timedelta(days=1))


def western_easter(year: int) -> date:
    """Gauss's rule with its two exceptions, for 1900 to 2099."""
    d = (19 * (year % 19) + 24) % 30
    e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + 5) % 7
    days = 22 + d + e
    if d == 29 and e == 6:
        days -= 7
    if d == 28 and e == 6 and year % 19 > 10:
        days -= 7
    return date(year, 3, 1) + timedelta(days=days - 1)


def holidays_of(year: int) -> set[date]:
    """The nine days by their names; a weekend does not move them."""
    november = [date(year, 11, day) for day in range(1, 31)]
    thanksgiving = [day for day in november if day.weekday() == 3][3]
    may = [date(year, 5, day) for day in range(1, 32)]
    september = [date(year, 9, day) for day in range(1, 8)]
    return {
        date(year, 1, 1),
        western_easter(year) - timedelta(days=2),
        [day for day in may if day.weekday() == 0][-1],
        date(year, 7, 4),
        next(day for day in september if day.weekday() == 0),
        thanksgiving,
        thanksgiving + timedelta(days=1),
        date(year, 12, 24),
        date(year, 12, 25),
    }


class TestHolidays:
    @pytest.mark.parametrize("year", range(2023, 2031))
    def test_are_the_nine_days_of_each_year(self, year: int, view: BookView) -> None:
        dated = view.holidays("residential_tou_holidays").on(date(year, 12, 31))

        assert dated.value == {day for day in holidays_of(year) if day in dated.days}
        assert dated.standing is Standing.ASSUMED

    def test_of_a_year_that_nobody_entered_are_refused(self, view: BookView) -> None:
        with pytest.raises(NoRuleInForce, match="is in force on 2031-01-01"):
            view.holidays("residential_tou_holidays").on(date(2031, 1, 1))
        with pytest.raises(NoRuleInForce, match="is in force on 2023-07-08"):
            view.holidays("residential_tou_holidays").on(date(2023, 7, 8))


def period_at(view: BookView, name: str, season: str, clock: str, *, resting: bool) -> str:
    value = view.time_of_use(name).on(date(2025, 7, 1)).value
    days = value.weekend_or_holiday if resting else value.working_day
    hour, minute = map(int, clock.split(":"))
    at = hour * 60 + minute
    return next(
        one.period for one in days[season].windows if one.from_minute <= at < one.until_minute
    )


class TestTimesOfUse:
    @pytest.mark.parametrize(
        ("name", "season", "resting", "clocks"),
        [
            ("evening_morning_windows", "summer", False, "08:59 off 09:00 on 20:59 on 21:00 off"),
            ("evening_morning_windows", "winter", True, "08:59 off 09:00 on 20:59 on 21:00 off"),
            ("overnight_windows", "summer", True, "05:59 off 06:00 on 21:59 on 22:00 off"),
            ("overnight_windows", "winter", False, "05:59 off 06:00 on 21:59 on 22:00 off"),
            ("smart_windows", "summer", False,
             "05:59 off 06:00 mid 14:59 mid 15:00 on 18:59 on 19:00 mid 21:59 mid 22:00 off"),
            ("smart_windows", "winter", False,
             "05:59 off 06:00 on 07:59 on 08:00 mid 17:59 mid 18:00 on 19:59 on 20:00 mid"),
            ("smart_windows", "summer", True, "05:59 off 06:00 mid 15:00 mid 21:59 mid 22:00 off"),
            ("smart_windows", "winter", True, "05:59 off 06:00 mid 18:00 mid 21:59 mid 22:00 off"),
            ("ultimate_windows", "summer", False, "14:59 off 15:00 on 18:59 on 19:00 off"),
            ("ultimate_windows", "winter", False,
             "05:59 off 06:00 on 07:59 on 08:00 off 17:59 off 18:00 on 19:59 on 20:00 off"),
            ("ultimate_windows", "summer", True, "00:00 off 15:00 off 23:59 off"),
            ("ultimate_windows", "winter", True, "06:00 off 18:00 off"),
        ],
    )  # fmt: skip
    def test_begin_and_end_on_the_minute(
        self, name: str, season: str, resting: bool, clocks: str, view: BookView
    ) -> None:
        words = clocks.split()
        for clock, period in zip(words[::2], words[1::2], strict=True):
            found = period_at(view, name, season, clock, resting=resting)
            assert found == f"{period}_peak", f"{clock} of {name}"

    @pytest.mark.parametrize("season", ["summer", "winter"])
    @pytest.mark.parametrize("resting", [False, True])
    def test_of_demand_count_from_six_to_ten_at_night_on_every_day(
        self, season: str, resting: bool, view: BookView
    ) -> None:
        for clock, period in (
            ("05:59", "outside"),
            ("06:00", "counts"),
            ("21:59", "counts"),
            ("22:00", "outside"),
        ):
            found = period_at(view, "ultimate_demand_window", season, clock, resting=resting)
            assert found == period


class TestTheFiveOptions:
    def test_carry_the_fixed_charges_and_the_three_riders(self, view: BookView) -> None:
        for code in [one for one in view.schedule_codes() if one.startswith("1M-")]:
            charges = view.schedule(code, date(2025, 7, 1)).charges
            assert [one.code for one in charges[:2]] == ["customer_charge", "low_income_charge"]
            assert [one.code for one in charges if one.kind is ChargeKind.RIDER] == [
                "FAC",
                "EEIC",
                "RESRAM",
            ]
            assert all(one.label[0].isupper() for one in charges), "labels are for customers"

    def test_begin_with_the_rate_case_of_2023(self, view: BookView) -> None:
        for code in [one for one in view.schedule_codes() if one.startswith("1M-")]:
            view.schedule(code, date(2023, 7, 9))
            with pytest.raises(NoRuleInForce):
                view.schedule(code, date(2023, 7, 8))

    @pytest.mark.parametrize(
        ("name", "before", "after"),
        [
            ("anytime_winter_first_block_usd_per_kwh", 93_000, 106_200),
            ("anytime_winter_over_block_usd_per_kwh", 63_000, 71_400),
            ("anytime_summer_usd_per_kwh", 137_300, 156_000),
            ("ultimate_demand_winter_usd_per_kw", 3_370_000, 3_830_000),
            ("overnight_winter_on_peak_usd_per_kwh", 91_000, 103_000),
            ("customer_charge_usd_per_month", 9_000_000, 9_000_000),
        ],
    )
    def test_changed_their_prices_on_1_june_2025(
        self, name: str, before: int, after: int, view: BookView
    ) -> None:
        series = view.price(name)
        assert series.on(date(2025, 5, 31)).value == before
        assert series.on(date(2025, 6, 1)).value == after
        assert series.on(date(2025, 6, 1)).citation.order == "ER-2024-0319"

    def test_are_not_known_before_june_2025_where_no_source_tells(self, view: BookView) -> None:
        for name in (
            "low_income_pilot_charge_usd_per_month",
            "overnight_summer_on_peak_usd_per_kwh",
            "smart_summer_on_peak_usd_per_kwh",
            "ultimate_winter_on_peak_usd_per_kwh",
        ):
            with pytest.raises(NoRuleInForce):
                view.price(name).on(date(2025, 5, 31))
