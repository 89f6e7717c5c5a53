"""Energy in equals energy billed, to the watt-hour, on every real series that we ship.

Through the end of summer (2025-10-01), the long day (2025-11-02) and the short one (2026-03-08).
"""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from importlib import resources
from itertools import pairwise

import pytest
from tests.town.towns import LivedTown

from meterledger.entrypoints.demo import real_series, weather
from meterledger.entrypoints.demo.proofs import record_of
from meterledger.entrypoints.demo.town import Home, Real, Route, Sample, build_town
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan

ZONE = "America/Chicago"
HOMES = [home for home in build_town(ZONE).homes if isinstance(home.source, (Real, Sample))]
WHOLE = [home for home in HOMES if home.name != "UK-1"]
LONG_DAY, SHORT_DAY = date(2025, 11, 2), date(2026, 3, 8)


def files_of(home: Home) -> set[str]:
    if isinstance(home.source, Sample):
        return {home.source.file}
    if isinstance(home.source, Real):
        return {part.series.file for part in home.source.parts}
    return set()


def one_day(day: date) -> DaySpan:
    return DaySpan(day, day + timedelta(days=1))


def billed(lived: LivedTown, home: Home) -> tuple[int, list[DaySpan], dict[date, int]]:
    """The watt-hours on a home's bills, their periods, and their daily watt-hours."""
    total, periods, daily = 0, [], {}
    for stay in lived.town.stays_at(home.name):
        for bill in lived.utility.store.bills_of_account(stay.account_id):
            usage = record_of(bill)["usage"]
            total += usage["energy_wh"]
            periods.append(bill.days)
            daily |= dict(zip(bill.days.days(), usage["daily_wh"], strict=True))
    return total, periods, daily


def test_every_file_we_ship_is_somebodys_meter_or_the_file_that_is_refused() -> None:
    folder = resources.files("meterledger.entrypoints.demo").joinpath("data")
    shipped = {one.name for one in folder.iterdir() if one.name.endswith(".gz")}
    used = {file for home in HOMES for file in files_of(home)}
    assert shipped == used | {"green_button_not_green_button.xml.gz", weather.FILE}
    readme = folder.joinpath("README.md").read_text(encoding="utf-8")
    assert [name for name in shipped if name.startswith("green") and name not in readme] == []


def test_what_we_ship_is_small() -> None:
    folder = resources.files("meterledger.entrypoints.demo").joinpath("data")
    sizes = [len(one.read_bytes()) for one in folder.iterdir() if one.name.endswith(".gz")]
    assert sum(sizes) < 5_000_000


class TestEveryRealHome:
    @pytest.mark.parametrize("home", WHOLE, ids=lambda home: home.name)
    def test_energy_in_is_energy_billed(self, lived: LivedTown, home: Home) -> None:
        measured = {one.home.name: one.measured_wh for one in lived.energy[-1]}[home.name]
        total, periods, _ = billed(lived, home)
        assert measured > 1_000_000
        assert total == measured, f"{home.name} over {min(periods)} to {max(periods)}"

    def test_a_home_with_a_gap_has_the_rest_held(self, lived: LivedTown) -> None:
        (uk,) = [one for one in lived.energy[-1] if one.home.name == "UK-1"]
        total, periods, _ = billed(lived, uk.home)
        assert max(periods).until_day == date(2025, 12, 21)
        assert total == uk.billed_wh
        assert uk.measured_wh == total + uk.held_wh

    @pytest.mark.parametrize(
        "home",
        [home for home in WHOLE if home.name != "IL-15" and home.route is not Route.SAMPLE],
        ids=lambda home: home.name,
    )
    def test_both_clock_changes_are_billed(self, lived: LivedTown, home: Home) -> None:
        _, _, daily = billed(lived, home)
        for day, hours in ((LONG_DAY, 25), (SHORT_DAY, 23)):
            values = lived.town.values(home, one_day(day))
            assert len(values) * home.interval_seconds == hours * 3_600
            assert daily[day] == sum(wh for _, wh in values)

    @pytest.mark.parametrize(
        ("name", "day", "intervals", "wh"),
        [
            ("GB-1", LONG_DAY, 25, None),
            ("GB-2", SHORT_DAY, 23, None),
            ("GB-3", SHORT_DAY, 92, None),
            ("GB-4", None, 24, 2_354_843),
        ],
    )
    def test_an_official_sample_keeps_its_own_clock_change(
        self, lived: LivedTown, name: str, day: date | None, intervals: int, wh: int | None
    ) -> None:
        home = lived.town.home(name)
        total, periods, daily = billed(lived, home)
        assert total == real_series.sample_total_wh(next(iter(files_of(home))))
        assert wh is None or total == wh
        if day is not None:
            assert intervals_in_day(day, ZONE, home.interval_seconds) == intervals
            assert daily[day] > 0
        assert sum(one.day_count for one in periods) == len(daily)


class TestMovedSeries:
    @pytest.mark.parametrize(
        ("series", "total_wh"),
        [
            (real_series.ILLINOIS, 21_927_130),
            (real_series.FONTANA_1, 10_583_353),
            (real_series.FONTANA_2, 9_353_601),
            (real_series.FONTANA_5, 8_807_643),
            (real_series.NREL, 6_019_899),
            (real_series.INLAND, 8_343_306),
        ],
        ids=lambda one: getattr(one, "file", ""),
    )
    def test_whole_watt_hours_keep_the_published_total(
        self, series: real_series.Series, total_wh: int
    ) -> None:
        assert sum(wh for _, wh in series.values()) == total_wh

    def test_repeated_rows_count_once(self) -> None:
        rows = gzip.decompress(
            resources.files("meterledger.entrypoints.demo")
            .joinpath("data", real_series.UK.file)
            .read_bytes()
        ).splitlines()
        assert len(rows) - 1 == 22_536
        assert len(real_series.UK.values()) == 22_536 - 15

    @pytest.mark.parametrize(
        "parts",
        [
            real_series.ILLINOIS_2015,
            real_series.ILLINOIS_2016,
            real_series.ILLINOIS_2017,
            *real_series.FONTANA,
            real_series.NREL_HOME,
            real_series.INLAND_HOME,
        ],
        ids=lambda parts: f"{parts[0].series.file[:12]}-{parts[0].weeks}",
    )
    def test_every_local_day_is_whole(self, parts: tuple[real_series.Moved, ...]) -> None:
        for part in parts:
            length = part.series.interval_seconds
            values = part.values(ZONE)
            expected = sum(intervals_in_day(day, ZONE, length) for day in part.days.days())
            steps = {later - earlier for (earlier, _), (later, _) in pairwise(values)}
            assert (len(values), steps) == (expected, {length})

    def test_the_british_series_keeps_its_one_gap(self) -> None:
        missing = [
            day
            for part in real_series.UK_HOME
            for day in part.days.days()
            if len(real_series.Moved(part.series, part.weeks, one_day(day)).values(ZONE))
            != intervals_in_day(day, ZONE, 1_800)
        ]
        assert missing == [date(2026, 1, 14)]

    def test_the_illinois_clock_changes_fall_on_ours(self) -> None:
        """One hour of its own long day, 2016-11-06 01:00 told twice, lands in ours."""
        shift = 469 * real_series.WEEK_SECONDS
        own = dict(real_series.ILLINOIS.values())
        second_one_o_clock = 1_478_415_600 + shift  # 2016-11-06 01:00 -06:00, 0.27 kWh
        ours = dict(real_series.ILLINOIS_2016[0].values(ZONE))
        assert own[1_478_415_600] == ours[second_one_o_clock] == 270
        assert second_one_o_clock == 1_762_066_800  # 2025-11-02 01:00 -06:00
