"""Energy in equals energy billed on real files as they are, nothing moved: what the tool finds.

Every file of ``tests/data`` that holds delivered electricity, at the place where its days begin,
through its own clock changes; on the store in memory. The book is carried back to their years.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.tidy.house import ROOT
from tests.town.towns import first_book
from tools.real_files.carried_back import CarriedBackBook
from tools.real_files.measured import Measured
from tools.real_files.measuring import Utility, measure_file, measure_folder

from meterledger.entrypoints.demo.story import book_completed_at
from meterledger.facts.usage import KnownInterval
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Viewer

DATA = ROOT / "tests" / "data"
CHICAGO, NEW_YORK, STANDARD = "America/Chicago", "America/New_York", "Etc/GMT+6"
BRISBANE = "Australia/Brisbane"
FINER = ("1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")
Measure = Callable[..., Measured]


class ForgetfulStore(MemoryStore):
    """A store that gives back a watt-hour too little of every kept interval."""

    def kept_intervals(self, *given: Any, **named: Any) -> dict[str, list[KnownInterval]]:
        found = super().kept_intervals(*given, **named)
        return {
            meter: [
                KnownInterval(one.start, one.seconds, one.value * 10**one.power - 1, 0)
                for one in intervals
            ]
            for meter, intervals in found.items()
        }


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Utility]]:
    """A utility at a place."""
    with ExitStack() as stack:

        def at(zone: str, store: MemoryStore | None = None) -> Utility:
            kept = store or MemoryStore()
            folder = tmp_path / f"lake-{len(list(tmp_path.iterdir()))}"
            lake = IntervalLake(folder, zone=zone, files_at=kept.lake_files)
            viewer = Viewer("test", "measure real files")
            stack.enter_context(kept.viewing(viewer, ["real files"]))
            book = CarriedBackBook(first_book(), zone)
            return Utility(kept, lake, book, book_completed_at(first_book()))

        yield at


@pytest.fixture
def measure(opened: Callable[..., Utility]) -> Measure:
    """The one meter of a file of ``tests/data``."""

    def one(name: str, zone: str, store: MemoryStore | None = None) -> Measured:
        (measured,) = measure_file(DATA / name, name, opened(zone, store), 0)
        assert measured.read_as == "refused" or measured.energy_in == sum(
            (measured.billed_wh, measured.held, measured.outside, measured.below_a_watt_hour),
            Fraction(0),
        )
        return measured

    return one


class TestEveryRealFile:
    """Expected sums and counts are those published with the files (see tests/data/README.md)."""

    @pytest.mark.parametrize(
        ("name", "zone", "windows", "billed_wh"),
        [
            ("greenbutton/12MonthlyUpdates.xml.gz", NEW_YORK, 12, 48_348_966),  # both changes
            ("greenbutton/15minLP_15Days.xml.gz", NEW_YORK, 1, 1_397_734),
            ("greenbutton/1hrLP_32Days.xml.gz", NEW_YORK, 2, 2_354_843),
            ("greenbutton/1hrLP_32Days_Additional3_M.xml.gz", NEW_YORK, 2, 2_354_843),
            ("greenbutton/Electric.xml", NEW_YORK, 2, 5_965_053),
            ("greenbutton/MonthlyOnlyElectricData.xml", NEW_YORK, 14, 9_567_000),  # both changes
            ("greenbutton/hourlyForMonthMar.xml.gz", NEW_YORK, 1, 2_278_213),  # the short day
            ("greenbutton/hourlyForMonthNov.xml.gz", NEW_YORK, 1, 2_213_810),  # the long day
            ("timeseries/illinois_daily.csv.gz", CHICAGO, 28, 21_925_830),
            ("timeseries/illinois_billing_monthly.csv.gz", STANDARD, 26, 21_290_170),
            ("timeseries/illinois_billing_bimonthly.csv.gz", STANDARD, 13, 21_563_690),
            ("headend/Example_NEM12_actual_interval.csv", BRISBANE, 1, 53_328),
            ("headend/Example_NEM12_month_solar.csv.gz", BRISBANE, 1, 270_738),
            ("headend/Example_NEM12_multiple_quality.csv", BRISBANE, 1, 896_990),
            ("headend/Example_NEM12_substituted_interval.csv", BRISBANE, 1, 110_976),
        ],
    )  # fmt: skip
    def test_is_billed_to_the_watt_hour_where_its_days_begin(
        self, name: str, zone: str, windows: int, billed_wh: int, measure: Measure
    ) -> None:
        measured = measure(name, zone)

        assert measured.differences == []
        assert (measured.windows_billed, measured.windows_held) == (windows, 0)
        assert (measured.billed_wh, measured.outside) == (billed_wh, 0)
        assert measured.options["1M-anytime"] == (windows, 0)
        finer = {measured.options[code] for code in FINER}
        shortest = int(measured.lengths.replace(",", "").split()[0])
        assert finer == ({(windows, 0)} if shortest <= 3_600 else {(0, windows)})

    @pytest.mark.parametrize(
        ("name", "hours_outside", "outside_wh"),
        [
            ("greenbutton/hourlyForMonthMar.xml.gz", 24, 69_068),
            ("greenbutton/hourlyForMonthNov.xml.gz", 24, 69_838),
            ("greenbutton/15minLP_15Days.xml.gz", 24, 93_105),
            ("greenbutton/1hrLP_32Days.xml.gz", 24, 71_397),
            ("headend/spec_cases.cmep", 0, 1_235),
        ],
    )
    def test_in_another_zone_loses_no_more_than_the_broken_days_at_its_ends(
        self, name: str, hours_outside: int, outside_wh: int, opened: Callable[..., Utility]
    ) -> None:
        """Hours of Eastern days: one before the first Central day, 23 after the last."""
        measured = measure_file(DATA / name, name, opened(CHICAGO), 0)[0]

        assert measured.differences == []
        assert measured.outside == outside_wh
        assert measured.billed_wh == measured.energy_in - outside_wh
        assert measured.windows_held == 0

    def test_of_several_registers_is_several_meters(self, opened: Callable[..., Utility]) -> None:
        name = "headend/Example_NEM12_different_interval_length.csv"

        found = measure_file(DATA / name, name, opened(BRISBANE), 0)

        assert {one.meter: one.billed_wh for one in found} == {
            "C123-E1": 254_000,
            "C123-E2": 120_000,
        }
        assert [one.differences for one in found] == [[], []]


class TestWhatCannotBeBilled:
    def test_says_which_interval_lies_across_which_edge(self, measure: Measure) -> None:
        """Days and months of Eastern time begin at 23:00 Central time."""
        for name in ("12MonthlyUpdates.xml.gz", "Electric.xml", "MonthlyOnlyElectricData.xml"):
            measured = measure(f"greenbutton/{name}", CHICAGO)
            assert (measured.billed_wh, measured.windows_billed) == (0, 0)
            assert measured.held == measured.energy_in
            assert len(measured.sentences) == measured.windows_held
            for sentence in measured.sentences:
                assert "lies across the beginning of" in sentence
                assert "Bill a window that begins and ends where intervals do" in sentence

    def test_in_summer_leaves_the_winter_billed(self, measure: Measure) -> None:
        """A meter whose days begin at midnight standard time: windows that do so too are billed."""
        measured = measure("timeseries/illinois_billing_monthly.csv.gz", CHICAGO)

        assert measured.differences == []
        assert (measured.windows_billed, measured.billed_wh) == (8, 7_809_700)
        assert measured.held == measured.energy_in - 7_809_700

    def test_says_which_option_needs_finer_readings(self, measure: Measure) -> None:
        measured = measure("greenbutton/Electric.xml", NEW_YORK)

        assert measured.sentences == []
        assert set(measured.option_sentences) == set(FINER)
        for sentence in measured.option_sentences.values():
            assert "from 2012-04-01T04:00:00Z until 2012-05-01T04:00:00Z goes on past" in sentence

    def test_is_of_no_whole_day(self, measure: Measure) -> None:
        measured = measure("greenbutton/electric_containerized.xml", NEW_YORK)

        assert measured.sentences == ["It holds no whole local day of this place."]
        assert measured.outside == measured.energy_in == 4_086

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            (
                "greenbutton/Inland_Single_Family_Jan_1_2011_to_Jan_1_2012.xml.gz",
                "Two readings say different things of 2011-03-13T17:00:00Z",
            ),
            ("greenbutton/1hrLP_32DaysM_D000_BAD.xml", "a Green Button file begins with an Atom"),
            ("headend/Example_NEM12_missing_header.csv", "without its header record 100"),
            ("headend/Example_NEM12_incomplete_interval.csv", "A day of 30 minutes has 48 values"),
            ("headend/Example_NEM12_15min_200_30min_300.csv", "A day of 15 minutes has 96 values"),
        ],
    )
    def test_is_refused_with_a_sentence(self, name: str, words: str, measure: Measure) -> None:
        measured = measure(name, CHICAGO)

        assert measured.read_as == "refused"
        assert words in measured.sentences[0]


def series(folder: Path, *rows: str, header: str = "start,value") -> None:
    (folder / "series.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")


class TestAFolder:
    def test_with_a_gap_holds_that_window_and_bills_those_around_it(
        self, tmp_path: Path, opened: Callable[..., Utility]
    ) -> None:
        folder = tmp_path / "files"
        folder.mkdir()
        rows = [
            f"2013-{month:02d}-{day:02d} {hour:02d}:00:00,0.{hour + 100}"
            for month in (1, 2, 3)
            for day in range(1, 29)
            for hour in range(24)
            if (month, day, hour) != (2, 9, 7)
        ]
        series(folder, *rows, rows[500])  # one row is there twice

        ((measured,),) = measure_folder(folder, opened(STANDARD))

        assert measured.differences == []
        assert measured.intervals == 3 * 28 * 24 - 1
        assert (measured.windows_billed, measured.windows_held) == (1, 2)  # January has 28 days
        gap = [one for one in measured.sentences if "2013-02-01 to 2013-03-01" in one]
        assert "1 of 672 intervals is missing, at 2013-02-09T13:00:00Z" in gap[0]
        assert measured.billed_wh == 28 * sum(100 + hour for hour in range(24))

    def test_of_minutes_in_kilowatts_bills_the_exact_energy_rounded_down_once(
        self, tmp_path: Path, opened: Callable[..., Utility]
    ) -> None:
        """A kilowatt for a minute is no decimal of a watt-hour; a day of it is."""
        folder = tmp_path / "files"
        folder.mkdir()
        rows = [f"5/2/2007;{n // 60:02d}:{n % 60:02d}:00;0.{n % 7 + 370};x" for n in range(1_440)]
        series(folder, *rows, header="Date;Time;Global_active_power;Global_reactive_power")

        ((measured,),) = measure_folder(folder, opened(STANDARD))

        watt_minutes = sum(n % 7 + 370 for n in range(1_440))
        assert measured.billed_wh == watt_minutes // 60
        assert measured.differences == []

    def test_that_loses_a_watt_hour_is_told(self, opened: Callable[..., Utility]) -> None:
        path = DATA / "greenbutton" / "Electric.xml"

        (broken,) = measure_file(path, path.name, opened(NEW_YORK, ForgetfulStore()), 0)

        assert broken.differences == [
            "2012-04-01 to 2012-05-01: 4702205 Wh came in and 4702204 Wh are billed",
            "2012-05-01 to 2012-05-12: 1262848 Wh came in and 1262847 Wh are billed",
            "2 Wh are unaccounted for",
        ]


@pytest.mark.postgres
class TestTheCommand:
    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "tools" / "measure_real_files.py"), *arguments],
            capture_output=True,
            text=True,
        )

    def test_bills_on_a_database_of_its_own_and_prints_both_sides(self, tmp_path: Path) -> None:
        name = "MonthlyOnlyElectricData.xml"
        (tmp_path / name).write_bytes((DATA / "greenbutton" / name).read_bytes())

        done = self.run("--files", str(tmp_path), "--zone", NEW_YORK)

        assert done.returncode == 0, done.stderr
        assert (
            "in 9567000 Wh = billed 9567000 + held 0 + outside 0 + below a Wh 0: equal"
        ) in done.stdout
        assert "windows billed 14, held 0 (1M-anytime 14+0" in done.stdout

    def test_of_no_folder_is_refused(self, tmp_path: Path) -> None:
        done = self.run("--files", str(tmp_path / "nowhere"))

        assert done.returncode == 2
        assert "There is no such folder" in done.stderr
