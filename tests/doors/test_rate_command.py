"""``meterledger rate`` for every kind of schedule: what it takes beside kWh, and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.rooms.rating.written_book import WrittenBook
from typer.testing import CliRunner

from meterledger.entrypoints.cli.main import build_app

JANUARY = ["--from", "2026-01-05", "--to", "2026-02-04"]
PRAIRIE = ["--book", "prairie_light_example", *JANUARY]
KNOWN = """
kvar: "63"
history:
  billing: {begins_with_service: true, periods: [{until: 2026-01-05, kw: "90"}]}
"""


def rate(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(build_app(), ["rate", *words])
    return result.exit_code, result.stdout, result.stderr


def answer(*words: str) -> dict[str, Any]:
    status, out, err = rate(*words, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)  # type: ignore[no-any-return]


@pytest.fixture
def known(tmp_path: Path) -> str:
    file = tmp_path / "known.yaml"
    file.write_text(KNOWN, encoding="utf-8")
    return str(file)


class TestAnotherBook:
    def test_is_asked_by_its_name(self) -> None:
        told = answer(*PRAIRIE, "--schedule", "PL-R1", "--kwh", "1300")

        assert told["total_usd"] == "149.79"
        assert told["standing"] == "assumed"

    def test_or_by_its_folder(self) -> None:
        folder = Path(__file__).parents[2] / "tariffs" / "prairie_light_example"

        told = answer(*JANUARY, "--book", str(folder), "--schedule", "PL-R1", "--kwh", "1300")

        assert told["total_usd"] == "149.79"

    def test_that_is_not_there_is_refused_with_those_that_are(self) -> None:
        status, _, err = rate("--book", "moon", *JANUARY, "--schedule", "PL-R1", "--kwh", "1")

        assert status == 2
        assert "There is no book 'moon'. Name one of prairie_light_example, union_elec" in err


class TestSeasonsByThePeriod:
    SHORT = ("--book", "prairie_light_example", "--schedule", "PL-G4", "--kwh", "1000", "--kw",
             "on_peak=30", "--kw", "off_peak=0", "--from", "2025-05-25", "--to", "2025-06-10",
             "--without", "riders")  # fmt: skip

    @pytest.mark.parametrize(("cycle", "season"), [("20", "summer"), ("10", "winter")])
    def test_take_the_cycle_in_which_the_days_lie(
        self, cycle: str, season: str, tmp_path: Path
    ) -> None:
        told = answer(*self.SHORT, "--cycle", cycle, "--known", self.new(tmp_path))
        codes = {line["code"] for line in told["lines"]}
        assert f"demand_{season}" in codes
        assert len([code for code in codes if code.startswith("demand")]) == 1

    def test_without_it_are_refused_in_a_sentence(self, tmp_path: Path) -> None:
        status, _, err = rate(*self.SHORT, "--known", self.new(tmp_path))
        assert status == 2
        assert "It is not known in which billing period the days from 2025-05-25" in err
        assert "Give the reading cycle" in err

    @pytest.mark.parametrize("cycle", ["0", "29"])
    def test_of_no_cycle_are_refused(self, cycle: str) -> None:
        status, _, err = rate(*self.SHORT, "--cycle", cycle)
        assert status == 2
        assert "--cycle" in err

    @staticmethod
    def new(folder: Path) -> str:
        file = folder / "known.yaml"
        text = "history: {billing: {begins_with_service: true, periods: []}}"
        file.write_text(text, encoding="utf-8")
        return str(file)


class TestADemandSchedule:
    def test_takes_each_demand_beside_the_energy(self, known: str) -> None:
        told = answer(
            *PRAIRIE, "--schedule", "PL-G3", "--kwh", "40000", "--known", known,
            "--kw", "on_peak=100", "--kw", "off_peak=60", "--without", "riders",
        )  # fmt: skip

        lines = {one["code"]: one for one in told["lines"]}
        assert lines["demand_winter"]["quantity"] == "100"
        assert lines["demand_winter"]["inputs"]["demand"] == "billing"
        assert lines["energy_1"]["inputs"]["block"] == "first 150 kWh per kW"
        assert lines["reactive"]["arithmetic"] == "13 kvar x $0.45 = $5.85"

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ([], "bills the demand on_peak and off_peak, and a quantity of kWh has no demand"),
            (
                ["--kw", "100"],
                "One demand is given, and schedule PL-G3 has the demands on_peak",
            ),
            (["--kw", "noon=100"], "no demand 'noon'. Name one of on_peak, off_peak"),
            (["--kw", "on_peak=1", "--kw", "off_peak=1", "--kw", "noon=1"], "no demand 'noon'"),
            (["--kw", "on_peak=-1"], "'on_peak=-1' is not a demand in kW"),
            (["--kw", "on_peak=1000000000.001"], "'on_peak=1000000000.001' is not a demand in kW"),
            (["--kw", "on_peak=" + "9" * 30], "is not a demand in kW"),
            (["--kw", "on_peak=1", "--kw", "on_peak=2"], "The demand on_peak is given twice"),
            (["--kw", "on_peak=1", "--kw", "off_peak=1"], "nothing is known of them"),
        ],
    )
    def test_refuses_in_a_sentence_what_it_cannot_know(
        self, tmp_path: Path, more: list[str], sentence: str
    ) -> None:
        kvar = tmp_path / "kvar.yaml"
        kvar.write_text('kvar: "1"\n', encoding="utf-8")

        status, _, err = rate(
            *PRAIRIE, "--schedule", "PL-G3", "--kwh", "40000", "--known", str(kvar), *more
        )

        assert status == 2
        assert sentence in err

    def test_of_one_demand_takes_it_without_a_name(self) -> None:
        told = answer(
            "--from", "2026-07-01", "--to", "2026-07-31", "--schedule", "3M", "--kwh", "60000",
            "--kw", "200", "--without", "riders",
        )  # fmt: skip

        assert told["total_usd"] == "8089.23"

    @pytest.mark.parametrize(
        "twice", [["--kw", "200", "--kw", "300"], ["--kw", "200", "--kw", "billing=300"]]
    )
    def test_of_one_demand_takes_it_once(self, twice: list[str]) -> None:
        status, _, err = rate(
            "--from", "2026-07-01", "--to", "2026-07-31", "--schedule", "3M", "--kwh", "60000",
            "--without", "riders", *twice,
        )  # fmt: skip

        assert status == 2
        assert "given twice" in err
        assert "Give it once" in err

    def test_says_what_is_known_in_one_place(self, known: str) -> None:
        Path(known).write_text('kw: {on_peak: "1"}\ncycle: "5"\n', encoding="utf-8")
        words = [*PRAIRIE, "--schedule", "PL-G4", "--kwh", "1", "--known", known]

        for more, sentence in (
            (["--kw", "on_peak=1"], "--kw: The demand on_peak is given twice"),
            (["--cycle", "5"], "--cycle: The file of --known says cycle, too"),
        ):
            status, _, err = rate(*words, *more)
            assert status == 2
            assert sentence in err

    def test_without_a_demand_refuses_one(self) -> None:
        status, _, err = rate(*JANUARY, "--schedule", "1M-anytime", "--kwh", "900", "--kw", "5")

        assert status == 2
        assert "schedule 1M-anytime has no demand by name. Leave the demand out" in err


class TestWhatIsKnown:
    def test_is_refused_with_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "known.yaml"
        file.write_text('programs: [prairie_solar]\nsolar_blocks: "a few"\n', encoding="utf-8")

        status, _, err = rate(*PRAIRIE, "--schedule", "PL-R1", "--kwh", "900", "--known", str(file))

        assert status == 2
        assert "line 2: 'a few' is not a number of blocks" in err

    def test_names_a_programme_once(self, tmp_path: Path) -> None:
        file = tmp_path / "known.yaml"
        file.write_text(
            'programs: [prairie_solar, prairie_solar]\nsolar_blocks: "3"\n', encoding="utf-8"
        )

        status, _, err = rate(*PRAIRIE, "--schedule", "PL-R1", "--kwh", "900", "--known", str(file))

        assert status == 2
        assert "line 1: The programme 'prairie_solar' is named twice. Name each once" in err

    def test_of_a_programme_changes_the_bill(self, tmp_path: Path) -> None:
        file = tmp_path / "known.yaml"
        file.write_text('programs: [prairie_solar]\nsolar_blocks: "3"\n', encoding="utf-8")

        told = answer(*PRAIRIE, "--schedule", "PL-R1", "--kwh", "1300", "--known", str(file))

        lines = {one["code"]: one for one in told["lines"]}
        assert lines["solar"]["arithmetic"] == "3 blocks x $9.90 = $29.70"
        assert lines["energy_winter_1"]["inputs"]["solar_blocks_kwh"] == "115.384"
        assert told["total_usd"] == "147.65"

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (
                'received_kwh: "5"',
                "Energy received is given, and nothing nets it on schedule PL-R1",
            ),
            ("credits: []", "Credits are given, and nothing takes them off on schedule PL-R1"),
            ('solar_blocks: "2"', "Solar Blocks are given, and nothing replaces energy on"),
            ('kvar: "5"', "kvar are given, and schedule PL-R1 has no charge for them"),
            (
                "history: {billing: {periods: []}}",
                "Demand before is given for 'billing', which schedule PL-R1 does not look at",
            ),
        ],
    )
    def test_and_counts_for_nothing_is_refused(
        self, tmp_path: Path, text: str, sentence: str
    ) -> None:
        file = tmp_path / "known.yaml"
        file.write_text(f"{text}\n", encoding="utf-8")

        status, _, err = rate(*PRAIRIE, "--schedule", "PL-R1", "--kwh", "9", "--known", str(file))

        assert status == 2
        assert sentence in err

    def test_of_a_demand_that_the_schedule_does_not_look_back_at_names_the_one_it_does(
        self, known: str
    ) -> None:
        Path(known).write_text(KNOWN.replace("billing:", "biling:"), encoding="utf-8")
        demands = ["--kw", "on_peak=1", "--kw", "off_peak=1"]

        status, _, err = rate(
            *PRAIRIE, "--schedule", "PL-G3", "--kwh", "9", "--known", known, *demands
        )

        assert status == 2
        assert "Demand before is given for 'biling'" in err
        assert "Name one of billing" in err

    @pytest.mark.parametrize("key", ["received_kwh", "kvar"])
    def test_and_is_more_than_a_service_has_is_refused(self, tmp_path: Path, key: str) -> None:
        file = tmp_path / "known.yaml"
        for amount in ("1000000000.001", "9" * 30):
            file.write_text(f'{key}: "{amount}"\n', encoding="utf-8")

            status, _, err = rate(
                *PRAIRIE, "--schedule", "PL-R1", "--kwh", "9", "--known", str(file)
            )

            assert status == 2
            assert f"'{amount}' is not a quantity in k" in err
            assert "no more than 1000000000" in err

    def test_that_is_no_file_is_refused(self) -> None:
        status, _, err = rate(*PRAIRIE, "--schedule", "PL-R1", "--kwh", "9", "--known", "none.yaml")

        assert status == 2
        assert "There is no file none.yaml" in err


def test_coverage_of_a_book_without_paragraphs_says_so(tmp_path: Path) -> None:
    book = WrittenBook(tmp_path / "small_light")
    (book.folder / "coverage.yaml").write_text(
        "sheets:\n"
        "  - {folder: sheet_001, sheet: Sheet 1, covers: All of it., text_held: none,"
        " standings: [assumed], missing: Nothing.}\n"
        "not_held: [{sheet: Sheet 2, why: Made up by nobody yet.}]\nlast_checked_on: 2026-01-05\n",
        encoding="utf-8",
    )
    # Another process: this one may have opened the book of its own environment already.
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from meterledger.entrypoints.cli.main import main; main()",
            "tariff",
            "coverage",
        ],
        env=os.environ | {"METERLEDGER_TARIFFS": str(book.folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "The book small_light states no paragraphs" in done.stderr


def test_stories_of_a_book_are_asked_of_that_book() -> None:
    file = Path(__file__).parents[2] / "tariffs/prairie_light_example/sheet_40_primary/scenarios"

    result = CliRunner().invoke(build_app(), ["stories", str(file / "two_demands.yaml"), "--json"])

    assert json.loads(result.stdout) == {"passed": 2, "failed": 0, "failures": []}


class TestNetMeteringFromAFile:
    """Two days of hours: 1 kWh an hour delivered, and 2 kWh an hour received from noon to two."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        rows = ["meter,start,seconds,value,unit,direction"]
        for hour in range(48):
            day, clock = divmod(hour + 6, 24)  # local midnight is 06:00 UTC in January
            start = f"2026-01-{5 + day:02d}T{clock:02d}:00:00Z"
            back = 2 if hour % 24 in (12, 13) else 0
            rows += [f"M1,{start},3600,1,kWh,delivered", f"M1,{start},3600,{back},kWh,received"]
        path = tmp_path / "two_ways.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return str(path)

    def test_bills_what_was_delivered_beyond_what_was_received(
        self, tmp_path: Path, file: str
    ) -> None:
        known = tmp_path / "known.yaml"
        known.write_text("programs: [prairie_net_metering]\ncredits: []\n", encoding="utf-8")

        told = answer(
            "--book", "prairie_light_example", "--from", "2026-01-05", "--to", "2026-01-07",
            "--schedule", "PL-R2", "--usage", file, "--received", file, "--known", str(known),
            "--without", "riders",
        )  # fmt: skip

        lines = {one["code"]: one for one in told["lines"]}
        assert sum(float(one["quantity"]) for one in told["lines"] if one["unit"] == "kWh") == 40.0
        assert (
            lines["winter_on_peak_1"]["inputs"]["energy_is"] == "delivered less received, by month"
        )

    def test_nets_the_same_where_riders_are_left_out(self, tmp_path: Path) -> None:
        """The fuel rider changes on Sunday 1 March and cuts what is netted, asked for or not.

        60 kWh came on Friday. Friday and Saturday have 3 kWh on-peak and 15 too many off-peak, the
        two days after 3 and 45: of the 36 to bill, 6/51 are on-peak. As one place it were 6 of 36.
        """
        rows = ["meter,start,interval_seconds,value,unit,direction"]
        begin = datetime(2026, 2, 27, 6, tzinfo=UTC)
        for hour in range(96):
            start = f"{begin + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"
            back = 5 if 12 <= hour < 24 else 0
            rows += [f"M1,{start},3600,1,kWh,delivered", f"M1,{start},3600,{back},kWh,received"]
        file, known = tmp_path / "two_ways.csv", tmp_path / "known.yaml"
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        known.write_text("programs: [prairie_net_metering]\ncredits: []\n", encoding="utf-8")
        words = [
            "--from", "2026-02-27", "--to", "2026-03-03", "--schedule", "PL-R2",
            "--book", "prairie_light_example", "--usage", str(file), "--received", str(file),
            "--known", str(known),
        ]  # fmt: skip

        whole, base = answer(*words), answer(*words, "--without", "riders")

        lines = {one["code"]: one for one in base["lines"]}
        assert lines["winter_on_peak_1"]["quantity"] == "4.235"
        riders = ("fuel", "efficiency")
        assert base["lines"] == [one for one in whole["lines"] if one["code"] not in riders]
        fuel = [one for one in whole["lines"] if one["code"] == "fuel"]
        assert [one["quantity"] for one in fuel] == ["2.117", "33.883"]
        assert fuel == [
            one for one in answer(*words, "--without", "base")["lines"] if one["code"] == "fuel"
        ]

    def test_without_it_is_refused(self, tmp_path: Path, file: str) -> None:
        known = tmp_path / "known.yaml"
        known.write_text("programs: [prairie_net_metering]\ncredits: []\n", encoding="utf-8")

        status, _, err = rate(
            "--book", "prairie_light_example", "--from", "2026-01-05", "--to", "2026-01-07",
            "--schedule", "PL-R2", "--usage", file, "--known", str(known),
        )  # fmt: skip

        assert status == 2
        assert "needs to know what energy was received" in err


class TestAFileOfUsage:
    """Two days of hours in January, 1 kWh each, with one thing wrong."""

    WORDS = ("--from", "2026-01-05", "--to", "2026-01-07", "--schedule", "1M-anytime")

    @staticmethod
    def written(folder: Path, **changed: str) -> str:
        rows = ["meter,start,seconds,value,unit,direction"]
        for hour in range(48):
            day, clock = divmod(hour + 6, 24)
            cells = {"value": "1", "unit": "kWh", "direction": "delivered"}
            if hour == 30 or "value" not in changed:
                cells |= changed
            start = f"2026-01-{5 + day:02d}T{clock:02d}:00:00Z"
            rows.append(f"M1,{start},3600,{','.join(cells.values())}")
        file = folder / "usage.csv"
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return str(file)

    def test_is_priced(self, tmp_path: Path) -> None:
        told = answer(*self.WORDS, "--usage", self.written(tmp_path, value="0"))

        assert {one["code"]: one["quantity"] for one in told["lines"]}["FAC"] == "47"

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            (
                {"value": "-0.001"},
                "The interval that begins at 2026-01-06T12:00:00Z has -1 Wh, and no energy is "
                "below zero. Correct the reading",
            ),
            ({"value": "1000000000"}, "is not an amount of energy used in a billing window"),
            ({"unit": "kW"}, "holds no intervals of electric energy: its intervals are of kW"),
            ({"direction": "received"}, "no energy delivered to the customer: its readings are"),
            ({"direction": "net"}, "no energy delivered to the customer: its readings are net"),
        ],
    )
    def test_is_refused_in_a_sentence(
        self, changed: dict[str, str], sentence: str, tmp_path: Path
    ) -> None:
        status, _, err = rate(*self.WORDS, "--usage", self.written(tmp_path, **changed))

        assert status == 2
        assert sentence in err

    def test_of_intervals_that_fill_no_local_days_is_not_below_zero_either(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "usage.csv"
        file.write_text(
            "meter,start,interval_seconds,value,unit\nM1,2026-01-05T06:00:00Z,172800,-1,kWh\n",
            encoding="utf-8",
        )

        status, _, err = rate(*self.WORDS, "--usage", str(file))

        assert status == 2
        assert "begins at 2026-01-05T06:00:00Z has -1000 Wh, and no energy is below zero" in err

    def test_received_is_not_below_zero_either(self, tmp_path: Path) -> None:
        known = tmp_path / "known.yaml"
        known.write_text("programs: [net_metering]\ncredits: []\n", encoding="utf-8")
        file = Path(self.written(tmp_path))
        lines = file.read_text("utf-8").splitlines()
        back = [line.replace("delivered", "received") for line in lines[1:]]
        back[3] = back[3].replace(",1,", ",-1,")
        file.write_text("\n".join(lines + back) + "\n", encoding="utf-8")

        status, _, err = rate(
            *self.WORDS, "--usage", str(file), "--received", str(file), "--known", str(known)
        )

        assert status == 2
        assert "begins at 2026-01-05T09:00:00Z has -1000 Wh, and no energy is below zero" in err
