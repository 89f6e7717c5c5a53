"""Demands by name, any blocks, lines of lines, Solar Blocks and netting: both sides, many rows.

The schedules are those of the invented book, whose stories show each kind once; here stand the laws
that hold for any usage, and the windows in which something changes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rating.written_book import BEGIN, WrittenBook

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import TiledInterval, TiledUsage, UsageBatch, window_seconds
from meterledger.facts.window_facts import DemandHistory, NetCredits, WindowFacts
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rating import (
    HistoryNeeded,
    IntervalTooLong,
    ProgramNotOpen,
    Proration,
    RatePlan,
    credits_after,
    determine,
    determine_by_days,
    determine_tiled,
    lines_of,
    plan_window,
    price,
)
from meterledger.rating.blocks import blocks_wh
from meterledger.rating.netting import netted_wh, replaced_wh
from meterledger.rating.parts import NetPlan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder, load_book

PRAIRIE = default_book_folder().parent / "prairie_light_example"
WINTER = DaySpan(date(2026, 1, 5), date(2026, 2, 4))
ZONE = "America/Chicago"


@pytest.fixture(scope="module")
def prairie() -> BookView:
    return load_book(PRAIRIE).as_known(date(2026, 11, 29))


def planned(
    view: BookView, code: str, window: DaySpan = WINTER, months: Any = 1, **more: Any
) -> RatePlan:
    return plan_window(
        view=view,
        schedule_code=code,
        window=window,
        proration=Proration(Fraction(months)),
        **more,
    )


def periods(*rows: list[tuple[str, int]], new: bool = False) -> DemandHistory:
    """History of several windows: (day after the period's last, kW), newest first."""
    return DemandHistory(
        ends=np.array([[date.fromisoformat(day).toordinal() for day, _ in row] for row in rows]),
        watts=np.array([[kw * 1000 for _, kw in row] for row in rows]),
        from_service=np.array([new] * len(rows)),
    )


THREE = [("2026-01-05", 100), ("2025-12-05", 120), ("2025-11-05", 110)]


class TestDemand:
    def test_is_the_highest_of_windows_of_its_own_length(
        self, prairie: BookView, usage_of: Callable[..., UsageBatch]
    ) -> None:
        """A quarter-hour of 50 kW makes 15-minute demand 50 kW, and 30-minute demand half of it."""
        plan = planned(prairie, "PL-G3", DaySpan(date(2026, 1, 5), date(2026, 1, 7)))
        on_peak, off_peak = [0] * 192, [0] * 192
        on_peak[4 * 8] = 12_500  # Monday, 08:00: the first quarter-hour that counts
        off_peak[4 * 8 - 1] = 12_500  # 07:45: the last one before

        found = determine(usage_of(plan.window, 900, on_peak, off_peak), plan)

        assert found.demand_w is not None
        assert found.demand_w[:, 0, :].tolist() == [[50_000, 0], [0, 25_000]]

    def test_refuses_intervals_longer_than_its_window(
        self, prairie: BookView, usage_of: Callable[..., UsageBatch]
    ) -> None:
        plan = planned(prairie, "PL-G3", DaySpan(date(2026, 1, 5), date(2026, 1, 6)))

        with pytest.raises(IntervalTooLong, match="measured over 15 minutes, and inter"):
            determine(usage_of(plan.window, 1800, [1] * 48), plan)

    @pytest.mark.parametrize("code", ["PL-G3", "PL-P4"])
    @pytest.mark.parametrize(
        "window",
        [
            DaySpan(date(2026, 3, 2), date(2026, 3, 12)),  # spring forward, and the fuel rider
            DaySpan(date(2025, 10, 28), date(2025, 11, 5)),  # fall back
            DaySpan(date(2026, 5, 28), date(2026, 6, 4)),  # winter into summer
        ],
    )
    def test_is_the_same_for_slots_and_for_any_intervals(
        self,
        prairie: BookView,
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
        code: str,
        window: DaySpan,
    ) -> None:
        plan = planned(prairie, code, window)
        values = random_values(window, 900, seed=7)
        begin, until = window_seconds(window, ZONE)
        tiles = tuple(
            TiledInterval(begin + 900 * number, 900, wh) for number, wh in enumerate(values)
        )

        slots = determine(usage_of(window, 900, values), plan)
        tiled = determine_tiled(TiledUsage("m", ZONE, window, tiles), plan)

        assert until == tiles[-1].end
        assert slots.demand_w is not None
        assert tiled.demand_w is not None
        assert slots.demand_w.tolist() == tiled.demand_w.tolist()
        assert slots.energy_wh.tolist() == tiled.energy_wh.tolist()

    def test_of_a_population_is_that_of_batches(
        self,
        prairie: BookView,
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
    ) -> None:
        from meterledger.facts.stored import StoredDays
        from meterledger.rating import PopulationSums

        window = DaySpan(date(2026, 3, 2), date(2026, 3, 12))
        plan = planned(prairie, "PL-G3", window)
        rows = [random_values(window, 900, seed=seed) for seed in (1, 2, 3)]
        sums = PopulationSums(plan, 3)
        sums.add(
            StoredDays(
                days=window,
                interval_seconds=900,
                power=0,
                first_slot=0,
                values=np.array(rows, dtype=np.int32),
                rows=np.arange(3),
            )
        )

        batch = determine(usage_of(window, 900, *rows), plan)

        found = sums.determinants().demand_w
        assert found is not None
        assert batch.demand_w is not None
        assert found.tolist() == batch.demand_w.tolist()
        sums.multiply(np.array([1, 40, 1]))
        multiplied = sums.determinants().demand_w
        assert multiplied is not None
        assert (multiplied[1] == 40 * batch.demand_w[1]).all()


class TestRatchet:
    """PL-P4: eighty percent of the highest on-peak demand of three periods before."""

    def _kw(self, view: BookView, measured_kw: int, history: DemandHistory) -> list[str]:
        plan = planned(view, "PL-P4")
        shape = (len(history.ends), len(plan.segments))
        watts = np.full((*shape, 2), measured_kw * 1000)
        used = Determinants(
            energy_wh=np.ones((*shape, 2), dtype=np.int64),
            peak_wh=np.zeros(shape, dtype=np.int64),
            by_days=False,
            demand_w=watts,
        )
        priced = price(plan, used, WindowFacts(history={"on_peak_billing": history}))
        rows = [lines_of(priced, row) for row in range(shape[0])]
        return [one.quantity for lines in rows for one in lines if one.code == "demand_on_peak"]

    @pytest.mark.parametrize(
        ("measured_kw", "billed"),
        [(95, "96"), (96, "96"), (97, "97")],  # 80 percent of 120 kW
    )
    def test_sets_the_demand_where_it_is_higher(
        self, prairie: BookView, measured_kw: int, billed: str
    ) -> None:
        assert self._kw(prairie, measured_kw, periods(THREE)) == [billed]

    def test_looks_no_further_back_than_its_periods(self, prairie: BookView) -> None:
        older = [*THREE, ("2025-10-05", 900)]

        assert self._kw(prairie, 10, periods(older)) == ["96"]

    def test_takes_each_window_by_its_own_history(self, prairie: BookView) -> None:
        other = [("2026-01-05", 200), ("2025-12-05", 1), ("2025-11-05", 1)]

        assert self._kw(prairie, 10, periods(THREE, other)) == ["96", "160"]

    def test_refuses_fewer_periods_and_says_of_which_windows(self, prairie: BookView) -> None:
        short = [*THREE[:2], ("0001-01-01", 0)]
        history = periods(THREE, short)
        history.ends[1, 2] = 0

        with pytest.raises(HistoryNeeded, match="2 of 3 are known") as refused:
            self._kw(prairie, 10, history)

        assert refused.value.rows == (1,)

    @pytest.mark.parametrize("then", [1, 5])
    def test_refuses_what_any_part_of_the_window_lacks(self, then: int, tmp_path: Path) -> None:
        """The number of periods is another from 20 January on; four are known of those before."""
        book = WrittenBook(tmp_path / "b")
        book.number("periods", [(date(2017, 1, 1), str(6 - then)), (date(2026, 1, 20), str(then))])
        book.number("share", "0.8")
        book.price("kw", "1")
        billed = {"name": "billed", "highest_of": [{"demand": "any"}]}
        book.schedule(
            "X",
            [
                {"code": "e", "label": "E", "kind": "energy", "price": "kw"},
                {"code": "d", "label": "D", "kind": "demand", "price": "kw", "demand": "billed"},
            ],
            demands=[{"name": "any", "minutes": 60}],
            billing_demands=[billed | {"ratchet": {"share": "share", "periods": "periods"}}],
        )
        plan = planned(load_book(book.folder).as_known(date.max), "X")
        four = [*THREE, ("2025-10-05", 90)]
        used = Determinants(
            energy_wh=np.zeros((1, len(plan.segments), 1), dtype=np.int64),
            peak_wh=np.zeros((1, len(plan.segments)), dtype=np.int64),
            by_days=False,
            demand_w=np.zeros((1, len(plan.segments), 1), dtype=np.int64),
        )

        with pytest.raises(HistoryNeeded, match="4 of 5 are known"):
            price(plan, used, WindowFacts(history={"billed": periods(four)}))

        five = periods([*four, ("2025-09-05", 150)])
        lines = lines_of(price(plan, used, WindowFacts(history={"billed": five})), 0)
        far, near = "120", "80"  # of the highest of five, and of the last one
        assert [one.quantity for one in lines] == ([far, near] if then == 1 else [near, far])

    def test_takes_fewer_where_the_service_is_new(self, prairie: BookView) -> None:
        assert self._kw(prairie, 10, periods(THREE[:1], new=True)) == ["80"]

    @pytest.mark.parametrize(
        "wrong",
        [
            [("2026-01-06", 1), ("2025-12-05", 1), ("2025-11-05", 1)],  # ends inside the window
            [("2025-12-05", 1), ("2026-01-05", 1), ("2025-11-05", 1)],  # oldest before newest
            [("2025-12-05", 1), ("2025-12-05", 1), ("2025-11-05", 1)],  # one period twice
        ],
    )
    def test_refuses_what_are_no_periods_before(
        self, prairie: BookView, wrong: list[tuple[str, int]]
    ) -> None:
        with pytest.raises(HistoryNeeded, match="not periods before, newest first"):
            self._kw(prairie, 10, periods(wrong))


class TestBlocks:
    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_hold_all_energy_and_nothing_else(self, prairie: BookView, data: st.DataObject) -> None:
        """Over any energy of two periods, blocks of PL-R2 and hours-use of PL-G3 alike."""
        code = data.draw(st.sampled_from(["PL-R1", "PL-R2", "PL-G3"]))
        plan = planned(prairie, code)
        energy = np.array(
            [
                [
                    data.draw(
                        st.lists(
                            st.integers(0, 3_000_000),
                            min_size=len(plan.periods),
                            max_size=len(plan.periods),
                        )
                    )
                    for _ in plan.segments
                ]
            ],
            dtype=np.int64,
        )
        watts = data.draw(st.integers(0, 20_000))
        used = Determinants(
            energy_wh=energy,
            peak_wh=np.zeros(energy.shape[:2], dtype=np.int64),
            by_days=False,
            demand_w=np.full((*energy.shape[:2], len(plan.demands)), watts),
        )
        history = {"billing": periods([("2026-01-05", 1)], new=True)}

        found = blocks_wh(plan, energy, used, history)

        of_group: dict[int, int] = {}
        for (group, period), blocks in found.items():
            assert all((one >= 0).all() for one in blocks)
            of_group[group] = of_group.get(group, 0) + int(sum(one.sum() for one in blocks))
            if period >= 0:
                assert int(sum(one.sum() for one in blocks)) == int(energy[:, :, period].sum())
        assert set(of_group.values()) == {int(energy.sum())}

    @pytest.mark.parametrize(
        ("kwh", "quantities"),
        [
            (500_000, ["500"]),
            (500_001, ["500", "0.001"]),
            (1_200_000, ["500", "700"]),
            (1_200_001, ["500", "700", "0.001"]),
        ],
    )
    def test_end_at_their_last_watt_hour(
        self, prairie: BookView, kwh: int, quantities: list[str]
    ) -> None:
        plan = planned(prairie, "PL-R1", with_riders=False)

        lines = lines_of(price(plan, determine_by_days([kwh], plan)), 0)

        assert [one.quantity for one in lines if one.unit == "kWh"] == quantities

    def test_of_a_fraction_of_a_month_end_at_whole_watt_hours_below(
        self, prairie: BookView
    ) -> None:
        """A tenth of a month and a third of it: 500 kWh / 30 is 16666.6 Wh."""
        plan = planned(prairie, "PL-R1", months=Fraction(1, 30), with_riders=False)

        lines = lines_of(price(plan, determine_by_days([20_000], plan)), 0)

        assert [one.quantity for one in lines if one.unit == "kWh"] == ["16.666", "3.334"]

    def test_beyond_64_bits_are_exact(self, prairie: BookView) -> None:
        """A watt-hour count near the end of 64 bits, with a share that does not divide it."""
        plan = planned(prairie, "PL-R1", months=Fraction(10**15, 7), with_riders=False)
        wh = 3 * 10**17

        lines = lines_of(price(plan, determine_by_days([wh], plan)), 0)

        (first, *_) = [one for one in lines if one.code == "energy_winter_1"]
        limit = 500_000 * 10**15 // 7
        assert first.quantity == f"{wh // 1000}" if wh < limit else f"{limit // 1000}"
        exact = Fraction(min(wh, limit)) * 118_000 / 10_000_000
        assert first.cents == int(exact + Fraction(1, 2))


class TestLinesOfLines:
    def test_a_percentage_is_of_rounded_lines(self, prairie: BookView) -> None:
        plan = planned(prairie, "PL-R1", with_riders=False)

        lines = {one.code: one for one in lines_of(price(plan, determine_by_days([333], plan)), 0)}

        assert lines["energy_winter_1"].cents == 4  # 0.333 kWh x $0.118 = $0.0393
        assert "street_lights" not in lines  # a tenth of a cent

    def test_a_minimum_of_a_longer_window_is_prorated(self, prairie: BookView) -> None:
        window = DaySpan(date(2026, 1, 5), date(2026, 3, 6))
        plan = planned(prairie, "PL-R1", window, months=2, with_riders=False)

        lines = {one.code: one for one in lines_of(price(plan, determine_by_days([0], plan)), 0)}

        assert lines["customer"].cents == 60 * 35
        assert lines["minimum"].cents == 40_00 - 21_00
        assert lines["paperless"].cents == -75

    def test_can_be_repeated_by_hand(self, prairie: BookView) -> None:
        plan = planned(prairie, "PL-R1")

        lines = lines_of(price(plan, determine_by_days([1_300_000], plan)), 0)

        for line in lines:
            usd = f"{abs(line.cents) // 100}.{abs(line.cents) % 100:02d}"
            ends = (f"-${usd}", f"$-{usd}") if line.cents < 0 else (f"= ${usd}",)
            assert line.arithmetic.endswith(ends)
        told = {line.code: line.arithmetic for line in lines}
        assert told["customer"] == "30 days x $0.35 = $10.50"
        assert told["street_lights"] == "$131.55 x 1/40 = $3.29"
        assert all(line.standing is Standing.ASSUMED and line.citations for line in lines)


class TestManyRows:
    def test_are_priced_as_each_alone(self, prairie: BookView) -> None:
        plan = planned(prairie, "PL-G3")
        chance = np.random.default_rng(5)
        count = 40
        energy = chance.integers(0, 80_000_000, (count, len(plan.segments), 1))
        watts = chance.integers(0, 300_000, (count, len(plan.segments), 2))
        used = Determinants(energy, np.zeros(energy.shape[:2], dtype=np.int64), False, watts)
        rows = [
            [(f"2025-{month:02d}-05", int(chance.integers(0, 400)))]
            for month in chance.integers(6, 12, count)
        ]
        facts = WindowFacts(
            history={"billing": periods(*rows, new=True)},
            reactive_var=chance.integers(0, 200_000, count),
        )

        together = price(plan, used, facts).cents

        for row in range(count):
            one = slice(row, row + 1)
            alone = price(plan, used.of_rows(one), facts.of_rows(one)).cents
            assert alone.tolist() == together[one].tolist()


class TestSolarBlocks:
    @settings(max_examples=60, deadline=None)
    @given(wh=st.integers(0, 3_000_000), blocks=st.integers(0, 40))
    def test_replace_what_they_are_and_no_more_than_was_used(
        self, prairie: BookView, wh: int, blocks: int
    ) -> None:
        plan = planned(prairie, "PL-R1", programs=("prairie_solar",))
        priced = price(
            plan, determine_by_days([wh], plan), WindowFacts(solar_blocks=np.array([blocks]))
        )

        codes = [line.rule.code for line in plan.lines]
        energy = [number for number, code in enumerate(codes) if code.startswith("energy_")]
        billed = priced.quantity[0]
        assert int(billed[energy].sum()) == max(0, wh - 100_000 * blocks)
        assert int(billed[codes.index("efficiency")]) == max(0, wh - 100_000 * blocks)
        assert int(billed[codes.index("settlement")]) == wh
        assert priced.cents[0, codes.index("solar")] == 990 * blocks

    def test_take_all_where_they_are_more_than_was_used(self, prairie: BookView) -> None:
        plan = planned(prairie, "PL-R1", with_riders=False, programs=("prairie_solar",))
        codes = [line.rule.code for line in plan.lines]
        quantity = np.zeros((1, len(codes)), dtype=np.int64)
        for code, wh in (
            ("energy_winter_1", 500),
            ("energy_winter_2", 300),
            ("energy_winter_3", 200),
        ):
            quantity[0, codes.index(code)] = wh
        small = plan.solar
        assert small is not None

        found = replaced_wh(plan, quantity, np.array([1]))

        assert found.sum() == 1000  # a block is more than was used
        assert (found == quantity).all()

    def test_are_for_the_schedules_they_name(self, prairie: BookView) -> None:
        with pytest.raises(ProgramNotOpen, match="It is for PL-R1"):
            planned(prairie, "PL-R2", programs=("prairie_solar",))


class TestNetting:
    @settings(max_examples=100, deadline=None)
    @given(
        cells=st.lists(
            st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=6, max_size=6
        ),
        places=st.sampled_from([(0, 1, 2), (0, 0, 1), (0, 1, 1), (0, 0, 0)]),
    )
    def test_bills_the_net_and_loses_nothing(
        self, cells: list[tuple[int, int]], places: tuple[int, ...]
    ) -> None:
        delivered = np.array([one for one, _ in cells]).reshape(1, 3, 2)
        received = np.array([one for _, one in cells]).reshape(1, 3, 2)

        billed, excess = netted_wh(NetPlan(12, places), delivered, received)

        assert (billed >= 0).all()
        assert int(billed.sum() - excess[0]) == int(delivered.sum() - received.sum())
        assert not (billed.sum() and excess[0])
        for place in set(places):
            inside = [number for number, one in enumerate(places) if one == place]
            net = (delivered - received)[:, inside].sum(axis=1)
            assert (billed[:, inside].sum(axis=1) <= np.maximum(net, 0)).all()

    def test_is_not_moved_by_a_price_that_bills_no_energy(self, tmp_path: Path) -> None:
        """The price of the excess, a price per bill and one out of season cut no place."""

        def places(*, excess: bool, energy: bool) -> tuple[int, ...]:
            book = WrittenBook(tmp_path / f"book_{excess}_{energy}")
            inside = date(2025, 10, 10)  # a day of winter

            def price(name: str, revised: bool) -> str:
                cut = [(BEGIN, "0.10"), (inside, "0.20")]
                return book.price(name, cut if revised else cut[:1])

            charges = [
                {"code": "bill", "kind": "per_bill", "price": price("bill", excess)},
                {"code": "e_s", "kind": "energy", "price": price("s", excess), "season": "summer"},
                {"code": "e_w", "kind": "energy", "price": price("w", energy), "season": "winter"},
            ]
            book.schedule("X", [{**one, "label": one["code"]} for one in charges])
            granted = {"label": "Excess", "kind": "net_excess", "price": price("paid", excess)}
            value = {
                "name": "net",
                "schedules": ["X"],
                "net_metering": {"expires_months": book.number("months", "12")},
                "charges": [
                    {"code": "excess", **granted},
                    {"code": "credit", "label": "Credit", "kind": "net_credit"},
                ],
            }
            net = book.value("net", "program", value)
            window = DaySpan(date(2025, 9, 20), date(2025, 10, 20))
            view = load_book(book.folder).as_known(date.max)
            plan = plan_window(
                view=view,
                schedule_code="X",
                window=window,
                proration=Proration(Fraction(1)),
                programs=(net,),
            )
            assert plan.net is not None
            return plan.net.places

        assert max(places(excess=False, energy=False)) == 1  # summer and winter
        assert max(places(excess=True, energy=False)) == 1
        assert max(places(excess=False, energy=True)) == 2

    def test_credits_are_used_oldest_first_and_the_rest_stays(self, prairie: BookView) -> None:
        plan = planned(prairie, "PL-R1", programs=("prairie_net_metering",))
        issued = [date(2025, 2, 3), date(2025, 2, 4), date(2025, 6, 4)]
        credits = NetCredits(
            issued=np.array([[day.toordinal() for day in issued]]),
            cents=np.array([[500, 600, 700]]),
        )

        left = credits_after(plan, credits, np.array([650]), np.array([27]))

        assert left.cents.tolist() == [[0, 0, 650, 27]]  # the first has expired, the second is used
        assert left.issued[0, 2:].tolist() == [issued[2].toordinal(), WINTER.until_day.toordinal()]


def test_nothing_of_the_invented_book_is_said_to_be_known(prairie: BookView) -> None:
    for name in prairie.names():
        for dated in prairie.series(name).values:
            assert dated.standing is Standing.ASSUMED
            assert "invented example" in dated.source
    assert "invented" in prairie.utility
