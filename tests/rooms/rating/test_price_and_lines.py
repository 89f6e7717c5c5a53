"""Quantities into cents, each line once, half up; and the words a person repeats by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.citation import Citation
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rating import (
    Proration,
    ScheduleChanges,
    determine,
    determine_by_days,
    energy_cents,
    lines_of,
    plan_window,
    price,
)
from meterledger.rating.plan import UnknownReading
from meterledger.rulebook.series import NoRuleInForce

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
JANUARY = DaySpan(date(2026, 1, 1), date(2026, 2, 1))
JUNE_2025 = date(2025, 6, 1)


@pytest.fixture(scope="session")
def lines_for(paper: ModuleType, second: ModuleType) -> Callable[..., tuple[ChargeLine, ...]]:
    """Lines of a quantity without times, on a tariff or a paper book."""

    def make(
        book: Any, window: DaySpan, wh: int, proration: Proration | None = None, **parts: bool
    ) -> tuple[ChargeLine, ...]:
        view = paper.paper_book(book) if isinstance(book, second.Tariff) else book
        plan = plan_window(
            view=view,
            schedule_code="paper",
            window=window,
            proration=proration or Proration(second.months_of(window.day_count)),
            **parts,
        )
        return lines_of(price(plan, determine_by_days([wh], plan)), 0)

    return make


def cents(lines: Sequence[ChargeLine]) -> list[int]:
    return [line.cents for line in lines]


class TestTheBlockOf750:
    """Anytime in winter: 10.62 cents to 750 kWh, 7.14 cents over."""

    @pytest.mark.parametrize(
        ("wh", "first", "over"),
        [
            (749_999, "749.999", None),
            (750_000, "750", None),
            (750_001, "750", "0.001"),
            (1_000_000, "750", "250"),
            (1, "0.001", None),
        ],
    )
    def test_ends_at_the_watt_hour(
        self,
        wh: int,
        first: str,
        over: str | None,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
        options: dict[str, Any],
    ) -> None:
        energy = [
            line for line in lines_for(options["1M-anytime"], JANUARY, wh) if line.unit == "kWh"
        ]

        assert [line.quantity for line in energy] == [first, *([over] if over else [])]
        assert dict(energy[0].inputs)["block"] == "up to 750 kWh"

    @pytest.mark.parametrize(
        ("days", "limit"),
        [
            (24, "600"),
            (25, "625"),  # off-length: the block shrinks with the days
            (26, "750"),  # the shortest regular period has the whole block
            (35, "750"),
            (36, "900"),
            (31, "750"),
            (1, "25"),
        ],
    )
    def test_is_prorated_for_off_length_periods_only(
        self,
        days: int,
        limit: str,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
        options: dict[str, Any],
    ) -> None:
        window = DaySpan(date(2025, 12, 1), date.fromordinal(date(2025, 12, 1).toordinal() + days))

        lines = lines_for(options["1M-anytime"], window, 2_000_000)

        assert lines[2].quantity == limit
        assert Fraction(lines[2].quantity) + Fraction(lines[3].quantity) == 2000

    @pytest.mark.parametrize(
        ("first", "until", "winter_days", "limit"),
        [
            (date(2025, 9, 15), date(2025, 10, 15), 14, "350"),
            (date(2026, 5, 20), date(2026, 6, 19), 12, "300"),
            (date(2025, 9, 2), date(2025, 10, 2), 1, "25"),
            (date(2025, 9, 3), date(2025, 10, 4), 3, "72.58"),  # 750 x 3/31, rounded down
        ],
    )
    def test_is_scaled_by_the_winter_days_of_a_period_with_both_seasons(
        self,
        first: date,
        until: date,
        winter_days: int,
        limit: str,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
        options: dict[str, Any],
    ) -> None:
        lines = lines_for(options["1M-anytime"], DaySpan(first, until), 100_000_000)

        (block,) = [line for line in lines if dict(line.inputs).get("block", "").startswith("up")]
        assert block.days.day_count == winter_days
        assert block.quantity.startswith(limit)
        assert Fraction(block.quantity) <= Fraction(750 * winter_days, (until - first).days)

    def test_is_shared_between_periods_by_their_energy_and_says_by_which_reading(
        self,
        options: dict[str, Any],
        paper: ModuleType,
        usage_of: Callable[..., UsageBatch],
        second: ModuleType,
    ) -> None:
        values = ([0] * 9 + [2_000] * 12 + [1_000] * 3) * 31  # 24 kWh on peak, 3 kWh off, a day
        plan = plan_window(
            view=paper.paper_book(options["1M-evening-morning"]),
            schedule_code="paper",
            window=JANUARY,
            proration=Proration(Fraction(1)),
        )

        lines = lines_of(price(plan, determine(usage_of(JANUARY, 3600, values), plan)), 0)

        energy = [line for line in lines if line.unit == "kWh"]
        assert [line.quantity for line in energy] == ["666.666", "83.334", "77.334", "9.666"]
        assert all("rating.block_share_between_periods" in line.reading_keys for line in energy)
        assert all(line.standing is Standing.ASSUMED for line in energy)


class TestTheBaseTable:
    """The ten usages of the published table, in both seasons, without riders and tax."""

    @pytest.mark.parametrize(
        ("kwh", "summer", "winter"),
        [
            (0, 9_19, 9_19),
            (250, 48_19, 35_74),
            (500, 87_19, 62_29),
            (750, 126_19, 88_84),
            (751, 126_35, 88_91),
            (1000, 165_19, 106_69),
            (1250, 204_19, 124_54),
            (1500, 243_19, 142_39),
            (2000, 321_19, 178_09),
            (3000, 477_19, 249_49),
        ],
    )
    def test_agrees_in_every_row(
        self,
        kwh: int,
        summer: int,
        winter: int,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
        options: dict[str, Any],
    ) -> None:
        tariff = options["1M-anytime"]

        assert sum(cents(lines_for(tariff, JULY, kwh * 1000))) == summer
        assert sum(cents(lines_for(tariff, JANUARY, kwh * 1000))) == winter


class TestRiders:
    """A charge or a credit a kWh; published amounts for 1,000 kWh of past riders."""

    @pytest.mark.parametrize(
        ("micro_usd", "wh", "amount"),
        [
            (3_080, 1_000_000, 3_08),
            (4_140, 1_000_000, 4_14),
            (2_700, 1_000_000, 2_70),
            (6_270, 1_000_000, 6_27),
            (3_760, 1_000_000, 3_76),
            (3_670, 1_000_000, 3_67),
            (170, 1_000_000, 17),
            (-1_040, 1_000_000, -1_04),
            (-500, 1_000_000, -50),
            (350, 1_000_000, 35),
            (350, 1_022_000, 36),
            (-1_360, 1_000_000, -1_36),
            (-770, 1_000_000, -77),
            # halves, on both sides and of both signs: 5 millionths a Wh are half a cent a kWh
            (5_000, 999, 0),
            (5_000, 1_000, 1),
            (-5_000, 999, 0),
            (-5_000, 1_000, -1),
            (-5_000, 2_999, -1),
            (-5_000, 3_000, -2),
        ],
    )
    def test_are_rounded_once_half_away_from_zero(
        self,
        micro_usd: int,
        wh: int,
        amount: int,
        second: ModuleType,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
    ) -> None:
        tariff = second.Tariff((second.Charge("rider", ((JUNE_2025, None, micro_usd),)),))

        (line,) = lines_for(tariff, JULY, wh)

        assert line.cents == amount
        assert line.group is ChargeGroup.RIDER

    def test_are_cut_on_their_change_day_with_a_clause_for_each_part(
        self, second: ModuleType, lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        changes = date(2026, 2, 1)
        tariff = second.Tariff(
            (
                second.Charge("monthly", ((JUNE_2025, None, 9_000_000),)),
                second.Charge("rider", ((JUNE_2025, changes, 2_700), (changes, None, -1_040))),
            )
        )

        month, before, after = lines_for(
            tariff, DaySpan(date(2026, 1, 20), date(2026, 2, 19)), 900_000
        )

        assert month.days.day_count == 30, "what does not change is not cut"
        assert (before.days.until_day, after.days.from_day) == (changes, changes)
        assert (before.quantity, after.quantity) == ("360", "540")
        assert (before.cents, after.cents) == (97, -56)
        assert [line.citations[0].effective for line in (before, after)] == [JUNE_2025, changes]

    def test_that_change_outside_the_window_cut_nothing(
        self, second: ModuleType, lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        for changes in (JULY.from_day, JULY.until_day):
            tariff = second.Tariff(
                (second.Charge("rider", ((JUNE_2025, changes, 1), (changes, None, 2))),)
            )
            assert len(lines_for(tariff, JULY, 10**9)) == 1

    def test_can_be_left_out_and_so_can_the_rest(
        self, second: ModuleType, lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        tariff = second.Tariff(
            (
                second.Charge("monthly", ((JUNE_2025, None, 9_000_000),)),
                second.Charge("energy", ((JUNE_2025, None, 100_000),), "summer"),
                second.Charge("rider", ((JUNE_2025, None, 2_700),)),
            )
        )

        assert cents(lines_for(tariff, JULY, 1_000_000, with_riders=False)) == [9_00, 100_00]
        assert cents(lines_for(tariff, JULY, 1_000_000, with_base=False)) == [2_70]


class TestOffLengthPeriods:
    BAND = Citation("Rule", "13.015", None, "(1)", date(2014, 1, 1))

    @pytest.mark.parametrize(
        ("days", "usd_month", "prorated"),
        [
            (25, 7_50, True),  # 9.00 x 25/30
            (26, 9_00, False),
            (35, 9_00, False),
            (36, 10_80, True),
            (45, 13_50, True),
            (8, 2_40, True),
            (22, 6_60, True),
            (1, 30, True),
        ],
    )
    def test_prorate_the_monthly_charge_and_cite_why(
        self,
        days: int,
        usd_month: int,
        prorated: bool,
        second: ModuleType,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
    ) -> None:
        tariff = second.Tariff((second.Charge("monthly", ((JUNE_2025, None, 9_000_000),)),))
        window = DaySpan(date(2025, 7, 1), date.fromordinal(date(2025, 7, 1).toordinal() + days))
        months = second.months_of(days)
        given = Proration(
            months,
            () if months == 1 else (self.BAND,),
            Standing.FILED if months == 1 else Standing.CARRIED_FORWARD,
            () if months == 1 else ("gaps.carry_forward",),
        )

        (line,) = lines_for(tariff, window, 0, given)

        assert line.cents == usd_month
        assert (self.BAND in line.citations) is prorated
        assert ("gaps.carry_forward" in line.reading_keys) is prorated
        assert line.standing is (Standing.CARRIED_FORWARD if prorated else Standing.FILED)

    def test_do_not_change_what_a_kwh_costs(
        self, options: dict[str, Any], lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        short = DaySpan(date(2025, 7, 1), date(2025, 7, 11))
        given = Proration(Fraction(1, 3), (self.BAND,), Standing.ASSUMED, ("gaps.carry_forward",))

        energy = lines_for(options["1M-anytime"], short, 100_000, given)[-1]

        assert energy.cents == 15_60
        assert self.BAND not in energy.citations
        assert energy.standing is Standing.FILED

    def test_scale_the_demand_charge(
        self,
        options: dict[str, Any],
        paper: ModuleType,
        usage_of: Callable[..., UsageBatch],
    ) -> None:
        window = DaySpan(date(2025, 7, 1), date(2025, 7, 16))
        plan = plan_window(
            view=paper.paper_book(options["1M-ultimate"]),
            schedule_code="paper",
            window=window,
            proration=Proration(Fraction(1, 2)),
        )
        values = [0] * (15 * 24)
        values[12] = 4_000

        lines = lines_of(price(plan, determine(usage_of(window, 3600, values), plan)), 0)

        (demand,) = [line for line in lines if line.unit == "kW"]
        assert demand.cents == 18_56  # 4 kW x 9.28 x 1/2
        assert demand.arithmetic == "4 kW x $9.28 x 1/2 month = $18.56"


class TestALine:
    def test_shows_arithmetic_a_person_can_repeat(
        self, options: dict[str, Any], lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        lines = lines_for(options["1M-anytime"], JANUARY, 812_345)

        assert [line.arithmetic for line in lines] == [
            "1 month x $9.00 = $9.00",
            "1 month x $0.19 = $0.19",
            "750 kWh x $0.1062 = $79.65",
            "62.345 kWh x $0.0714 = $4.45",
        ]
        assert dict(lines[3].inputs) == {
            "price_series": "price_4",
            "price_unit": "USD per kWh",
            "days": "31",
            "energy_of_days_kwh": "812.345",
            "period": "all",
            "block": "over 750 kWh",
        }

    def test_of_no_energy_is_left_out_and_a_monthly_charge_stands(
        self, options: dict[str, Any], lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        assert cents(lines_for(options["1M-anytime"], JULY, 0)) == [9_00, 19]

    def test_says_when_energy_was_shared_by_days(
        self, options: dict[str, Any], lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        both = DaySpan(date(2025, 9, 15), date(2025, 10, 15))

        lines = lines_for(options["1M-anytime"], both, 600_000)

        energy = [line for line in lines if line.unit == "kWh"]
        assert all("billing.season_proration_basis" in line.reading_keys for line in energy)
        assert {dict(line.inputs)["energy_by"] for line in energy} == {
            "days, for want of interval times"
        }
        inside = lines_for(options["1M-anytime"], JULY, 600_000)
        assert all("billing.season_proration_basis" not in line.reading_keys for line in inside)

    def test_is_known_as_well_as_the_weakest_value_it_used(
        self,
        options: dict[str, Any],
        paper: ModuleType,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
    ) -> None:
        book = paper.paper_book(options["1M-anytime"])
        book.put("block", [(JUNE_2025, None, Fraction(750))], Standing.SECOND_HAND)
        book.put("seasons", [(JUNE_2025, None, book.seasons("seasons").values[0].value)],
                 Standing.CARRIED_FORWARD)  # fmt: skip

        month, _, first, over = lines_for(book, JANUARY, 1_000_000)
        summer = lines_for(book, JULY, 1_000_000)[-1]

        assert month.standing is Standing.FILED
        assert first.standing is over.standing is Standing.SECOND_HAND
        assert summer.standing is Standing.CARRIED_FORWARD

    def test_cites_each_calendar_in_force_on_its_first_and_on_its_last_day(
        self, options: dict[str, Any], paper: ModuleType, usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = DaySpan(date(2025, 12, 16), date(2026, 1, 15))
        new_year = date(2026, 1, 1)
        book = paper.paper_book(options["1M-smart"])
        book.put(
            "holidays",
            [
                (JUNE_2025, new_year, frozenset({date(2025, 12, 25)})),
                (new_year, None, frozenset({new_year})),
            ],
        )
        plan = plan_window(
            view=book, schedule_code="paper", window=window, proration=Proration(Fraction(1))
        )

        lines = lines_of(price(plan, determine(usage_of(window, 3600, [1] * 30 * 24), plan)), 0)

        for line in [line for line in lines if line.unit == "kWh"]:
            named = {(cite.sheet, cite.effective) for cite in line.citations}
            assert ("Sheet of holidays", JUNE_2025) in named
            assert ("Sheet of holidays", new_year) in named


class TestARevisedCalendarOfHours:
    def test_cuts_the_lines_that_depend_on_it_and_no_other(
        self, options: dict[str, Any], paper: ModuleType, usage_of: Callable[..., UsageBatch]
    ) -> None:
        cut = date(2025, 7, 15)
        book = paper.paper_book(options["1M-ultimate"])
        hours = book.time_of_use("hours").values[0].value
        book.put("hours", [(JUNE_2025, cut, hours), (cut, None, hours)])
        plan = plan_window(
            view=book, schedule_code="paper", window=JULY, proration=Proration(Fraction(1))
        )

        lines = lines_of(price(plan, determine(usage_of(JULY, 3600, [1_000] * 31 * 24), plan)), 0)

        assert [(line.unit, line.days.day_count) for line in lines] == [
            ("month", 31),
            ("month", 31),
            ("kW", 31),  # demand has hours of its own
            ("kWh", 14),
            ("kWh", 17),
            ("kWh", 14),
            ("kWh", 17),
        ]


class TestEnergyAtOnePrice:
    """500 Wh at one cent a kWh are half a cent."""

    @pytest.mark.parametrize(
        ("energy_wh", "price_micro_usd", "in_cents"),
        [
            (499, 10_000, 0),
            (500, 10_000, 1),  # the half goes up
            (499, -10_000, 0),
            (500, -10_000, -1),  # and away from zero for a credit
            (0, 156_000, 0),
            (10**12, 999_999, 99_999_900_000),
        ],
    )
    def test_is_rounded_once_and_half_up(
        self, energy_wh: int, price_micro_usd: int, in_cents: int
    ) -> None:
        assert energy_cents(energy_wh, price_micro_usd) == in_cents

    def test_costs_what_the_line_of_a_bill_says(
        self, options: dict[str, Any], lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        for wh in (1, 499, 500, 123_457, 10**9):
            for line in lines_for(options["1M-anytime"], JULY, wh):
                if line.unit == "kWh":
                    price_micro_usd = int(Fraction(line.price_usd) * 1_000_000)
                    assert energy_cents(wh, price_micro_usd) == line.cents


class TestHugeNumbers:
    def test_are_priced_exactly_beyond_sixty_four_bits(
        self,
        second: ModuleType,
        paper: ModuleType,
    ) -> None:
        """A made-up price and energy whose product needs 80 bits."""
        tariff = second.Tariff(
            (second.Charge("energy", ((JUNE_2025, None, 10**12 + 7),), "summer"),)
        )
        plan = plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=JULY,
            proration=Proration(Fraction(1)),
        )
        energy = 10**12 + 3

        priced = price(plan, determine_by_days([energy, 1], plan))

        exact = Fraction(energy * (10**12 + 7), 10_000_000)
        assert int(priced.cents[0, 0]) == round(exact)  # not near a half
        assert abs(exact - round(exact)) < Fraction(1, 2)
        assert int(priced.cents[1, 0]) == 100_000


class TestSilence:
    def test_no_price_on_a_day_of_the_window_refuses_the_window(
        self, options: dict[str, Any], lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        before = DaySpan(date(2025, 5, 31), date(2025, 6, 30))

        with pytest.raises(NoRuleInForce) as refused:
            lines_for(options["1M-anytime"], before, 1)

        assert "is in force on 2025-05-31. Known: 2025-06-01 until further notice." in str(
            refused.value
        )
        assert str(refused.value).endswith("Do not extend a neighboring value.")

    @pytest.mark.parametrize("season_of_gap", ["inside", "last day"])
    def test_a_gap_of_one_day_inside_refuses_too(
        self,
        season_of_gap: str,
        second: ModuleType,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
    ) -> None:
        day = date(2025, 7, 15) if season_of_gap == "inside" else date(2025, 7, 31)
        after = date.fromordinal(day.toordinal() + 1)
        tariff = second.Tariff(
            (second.Charge("rider", ((JUNE_2025, day, 1_000), (after, None, 1_000))),)
        )

        with pytest.raises(NoRuleInForce) as refused:
            lines_for(tariff, JULY, 1_000)

        sentence = str(refused.value)
        assert f"No value of 'price_0' is in force on {day}" in sentence
        assert f"Known: 2025-06-01 until {day}, {after} until further notice" in sentence
        assert "add it to price_0.yaml" in sentence

    def test_a_price_of_the_other_season_is_not_asked_for(
        self, second: ModuleType, lines_for: Callable[..., tuple[ChargeLine, ...]]
    ) -> None:
        tariff = second.Tariff(
            (
                second.Charge("energy", ((JUNE_2025, None, 100_000),), "summer"),
                second.Charge("energy", ((date(2025, 10, 1), None, 50_000),), "winter"),
            )
        )

        assert cents(lines_for(tariff, JULY, 1_000_000)) == [100_00]


class TestAnOpenQuestion:
    """Where the sheets do not say, the book chooses a reading; another than ours is refused."""

    @pytest.mark.parametrize(
        ("name", "code", "window", "known"),
        [
            ("block_share_between_periods", "1M-evening-morning", JANUARY, "pro_rata"),
            (
                "season_proration_basis",
                "1M-anytime",
                DaySpan(date(2025, 9, 15), date(2025, 10, 15)),
                "intervals, else days",
            ),
        ],
    )
    def test_read_in_a_way_we_do_not_know_is_refused(
        self,
        name: str,
        code: str,
        window: DaySpan,
        known: str,
        options: dict[str, Any],
        paper: ModuleType,
    ) -> None:
        book = paper.paper_book(options[code])
        book.put(name, [(JUNE_2025, None, "in some other way")])

        with pytest.raises(UnknownReading) as refused:
            plan_window(
                view=book, schedule_code="paper", window=window, proration=Proration(Fraction(1))
            )

        assert f"The book reads '{name}' as 'in some other way'" in str(refused.value)
        assert f"or state it as '{known}'." in str(refused.value)

    def test_that_does_not_arise_is_not_asked(
        self, options: dict[str, Any], paper: ModuleType
    ) -> None:
        book = paper.paper_book(options["1M-anytime"])
        for name in ("block_share_between_periods", "season_proration_basis"):
            book.put(name, [(JUNE_2025, None, "in some other way")])

        assert plan_window(
            view=book, schedule_code="paper", window=JANUARY, proration=Proration(Fraction(1))
        )

    def test_names_its_key_on_the_lines_of_both_seasons(
        self, options: dict[str, Any], paper: ModuleType, usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = DaySpan(date(2025, 9, 15), date(2025, 10, 15))
        plan = plan_window(
            view=paper.paper_book(options["1M-anytime"]),
            schedule_code="paper",
            window=window,
            proration=Proration(Fraction(1)),
        )

        lines = lines_of(price(plan, determine(usage_of(window, 3600, [500] * 720), plan)), 0)

        keyed = [
            line.unit for line in lines if "billing.season_proration_basis" in line.reading_keys
        ]
        assert keyed == ["kWh", "kWh"]


class TestAScheduleThatChanges:
    @pytest.mark.parametrize("what", ["charges", "block_limit"])
    def test_inside_the_window_is_refused_with_what_to_do(
        self,
        what: str,
        options: dict[str, Any],
        paper: ModuleType,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
    ) -> None:
        book = paper.paper_book(options["1M-anytime"])
        cut = date(2026, 1, 15)
        first = book.schedule("paper", JUNE_2025)
        changed = {"charges": first.charges[:-1], "block_limit": "another_block"}[what]
        book.put("another_block", [(JUNE_2025, None, Fraction(500))])
        put(paper, book, first, cut, **{what: changed})

        with pytest.raises(ScheduleChanges) as refused:
            lines_for(book, JANUARY, 1_000)

        assert str(refused.value) == (
            "The terms of schedule paper change on 2026-01-15, inside 2026-01-01 to 2026-02-01. "
            "Bill until 2026-01-15 and from 2026-01-15 on as two windows."
        )

    def test_on_the_first_day_or_on_the_day_after_the_last_is_no_change(
        self,
        options: dict[str, Any],
        paper: ModuleType,
        lines_for: Callable[..., tuple[ChargeLine, ...]],
    ) -> None:
        for cut in (JANUARY.from_day, JANUARY.until_day):
            book = paper.paper_book(options["1M-anytime"])
            first = book.schedule("paper", JUNE_2025)
            put(paper, book, first, cut, charges=first.charges[:-1])
            assert lines_for(book, JANUARY, 1_000)


def put(paper: ModuleType, book: Any, first: Any, cut: date, **changed: Any) -> None:
    from dataclasses import replace

    book.schedules["paper"] = paper.series_of(
        "paper", [(JUNE_2025, cut, first), (cut, None, replace(first, **changed))]
    )
