"""The command line as a whole: words that cannot be used get one sentence, not a manual."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meterledger.entrypoints import verification, wiring
from meterledger.entrypoints.cli.answer import BadArgument, day_from
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.cli.replay import verdict_on
from meterledger.entrypoints.cli.words import dollars, worked


def meterledger(*words: str) -> subprocess.CompletedProcess[str]:
    program = "from meterledger.entrypoints.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )


class TestACommandThatIsMisused:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (
                ["rate"],
                "meterledger rate: Missing option '--schedule'. See `meterledger rate --help`.\n",
            ),
            (
                ["rate", "--nonesuch"],
                "meterledger rate: No such option: --nonesuch. See `meterledger rate --help`.\n",
            ),
            (["nope"], "meterledger: No such command 'nope'. See `meterledger --help`.\n"),
            (
                ["bill-cycle", "x", "--on", "2025-08-15"],
                "cycle: 'x' is not a whole number from 0 to 9999. Write it in digits alone.\n",
            ),
        ],
    )
    def test_is_refused_in_one_sentence(self, words: list[str], sentence: str) -> None:
        result = meterledger(*words)
        assert (result.returncode, result.stdout, result.stderr) == (2, "", sentence)

    @pytest.mark.parametrize("words", [[], ["tariff"], ["service"]])
    def test_is_shown_the_commands_where_none_was_named(self, words: list[str]) -> None:
        result = meterledger(*words)
        assert (result.returncode, result.stderr) == (0, "")
        assert "Commands:" in result.stdout

    def test_keeps_the_exit_status_of_a_refusal(self) -> None:
        result = meterledger(
            "rate", "--schedule", "1M-anytime", "--from", "x", "--to", "x", "--kwh", "1"
        )
        assert result.returncode == 2
        assert result.stderr.startswith("--from: 'x' is not a day between 1990 and 2100.")


class TestAWordThatIsNotText:
    def test_is_refused_before_anything_is_opened(self) -> None:
        result = meterledger("why", "B-\udcff")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            "meterledger why: The word 'B-\\udcff' is not UTF-8. "
            "Write it in UTF-8, and give a file a name that is.\n"
        )

    def test_may_be_the_name_of_a_meter_file(self) -> None:
        result = meterledger("ingest", "--dry-run", "/nowhere/\udcff")
        assert result.returncode == 2
        assert "The file cannot be read. The system says: No such file" in result.stderr


class TestADayOnTheCommandLine:
    def test_is_year_month_day(self) -> None:
        assert day_from("2025-07-01", option="--on") == date(2025, 7, 1)

    @pytest.mark.parametrize(
        "text",
        ["2025-W27-1", "20250701", "2025-7-1", "2025-02-30", "1989-12-31", "２０２５-07-01", ""],
    )
    def test_is_nothing_else(self, text: str) -> None:
        with pytest.raises(BadArgument, match="Write it as year-month-day"):
            day_from(text, option="--on")


class TestLeavingOutPartsOfABill:
    def test_leaves_something_to_price(self) -> None:
        words = "rate --schedule 1M-anytime --from 2025-07-01 --to 2025-08-01 --kwh 1000 --without"
        result = meterledger(*words.split(), "base,riders,taxes")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            "--without: Nothing is left to price without riders, taxes and base. "
            "Leave out one or two of them.\n"
        )


class TestDollarsInWords:
    @pytest.mark.parametrize(
        ("usd", "words"), [("2.89", "$2.89"), ("-2.89", "-$2.89"), ("0.00", "$0.00")]
    )
    def test_have_their_sign_first(self, usd: str, words: str) -> None:
        assert dollars(usd) == words

    def test_and_so_in_the_arithmetic_of_a_line(self) -> None:
        told = "334.89 kWh x $-0.00042 = $-0.14"
        assert worked(told) == "334.89 kWh x -$0.00042 = -$0.14"


class TestVerify:
    @pytest.mark.parametrize(
        ("broken", "code", "said"),
        [([], 0, "2 of 2 hold over everything stored."), (["B-1: 2"], 2, "1 of 2 hold over")],
    )
    def test_ends_with_how_many_hold(
        self, monkeypatch: pytest.MonkeyPatch, broken: list[str], code: int, said: str
    ) -> None:
        results = [
            {"name": "lines sum", "checked": 3, "broken": broken},
            {"name": "entries balance", "checked": 5, "broken": []},
        ]
        monkeypatch.setattr(wiring, "open_system", lambda **_: nullcontext())
        monkeypatch.setattr(verification, "verify_system", lambda _: results)
        answer = CliRunner().invoke(build_app(), ["verify"])
        assert answer.exit_code == code
        assert answer.stdout.splitlines()[-1].startswith(said)
        assert ("BROKEN  lines sum (3 checked)" in answer.stdout) == bool(broken)


class TestTheDoctor:
    def test_says_what_to_do_once(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("METERLEDGER_TARIFFS", str(tmp_path))
        monkeypatch.setenv("DATABASE_URL", "garbage")
        result = meterledger("doctor")
        assert (result.returncode, result.stderr) == (2, "")
        assert f"MISSING  tariff book: There is no tariff book in {tmp_path}." in result.stdout
        assert result.stdout.count("Name a folder of tariffs/") == 1
        assert result.stdout.count("Write it like postgresql://") == 1


class TestTheVerdictOfAReplay:
    def test_is_on_the_bytes(self) -> None:
        assert verdict_on(True, ()) == "the same bytes"

    def test_does_not_alarm_where_only_the_pins_differ(self) -> None:
        pins = "pins.lake_sequence: issued 1, computed 2"
        assert verdict_on(False, (pins,)) == "the same lines and total; only the pins differ"
        assert verdict_on(False, ('total_usd: issued "1.00", computed "1.01"', pins)) == (
            "other bytes than were issued"
        )
