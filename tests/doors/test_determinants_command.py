"""``meterledger determinants``: the answer's shape, its file, and the words of every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import Result
from tests.journeys.town import LATER, Town
from tests.stores.lake.lake_world import LakeWorld, day_of, slots
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.facts.readings import Flow
from meterledger.kernel.ids import pseudonym
from meterledger.usecases.ports import Viewer

JULY_3 = date(2025, 7, 3)
WINDOW = ("--from", "2025-07-03", "--to", "2025-07-05", "--schedule", "1M-ultimate")

Ask = Callable[..., Result]


class ReadingTown(Town):
    """A town whose store publishes what a lake of files holds."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.world = LakeWorld(folder)

    def pseudonym(self, meter: str) -> str:
        return pseudonym(meter, self.book.name)


@pytest.fixture
def town(tmp_path: Path) -> ReadingTown:
    made = ReadingTown(tmp_path / "lake")
    made.start(1)
    made.start(2)
    for number in range(2):
        day = JULY_3 + timedelta(days=number)
        made.world.ingest(
            (made.pseudonym("M1"), day_of(day, 10)), (made.pseudonym("M2"), day_of(day, None, 20))
        )
    return made


@pytest.fixture
def ask(town: ReadingTown, monkeypatch: pytest.MonkeyPatch) -> Ask:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        monkeypatch.setattr(town.store, "lake_sequence", lambda: town.world.sequence)
        with town.store.viewing(viewer, subjects):
            yield wiring.System(
                town.store,
                town.world.lake,
                town.book,
                LATER,
                None,  # type: ignore[arg-type]
            )

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), ["determinants", *map(str, words)])


class TestTheAnswer:
    def test_of_all_has_totals_and_counts(self, ask: Ask) -> None:
        result = ask(*WINDOW, "--json")

        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout) == {
            "schedule": "1M-ultimate",
            "from": "2025-07-03",
            "to": "2025-07-05",
            "sequence": 2,
            "meters": 2,
            "complete": 1,
            "missing_intervals": "2",
            "estimated_intervals": "0",
            "totals": [
                {"season": "summer", "period": "on_peak", "energy_wh": "480"},
                {"season": "summer", "period": "off_peak", "energy_wh": "5240"},
            ],
            "refused": {"count": 0, "first": []},
            "by_meter": [],
        }

    def test_of_a_meter_has_its_periods_and_highest_hours(self, ask: Ask) -> None:
        result = ask(*WINDOW, "--meter", "M2", "--json")

        assert result.exit_code == 0, result.output
        (one,) = json.loads(result.stdout)["by_meter"]
        assert one == {
            "meter": "M2",
            "missing_intervals": "2",
            "estimated_intervals": "0",
            "energy": [
                {"season": "summer", "period": "on_peak", "energy_wh": "320"},
                {"season": "summer", "period": "off_peak", "energy_wh": "3480"},
            ],
            "highest_hours": [{"season": "summer", "energy_wh": "80"}],
        }

    def test_in_words_says_what_is_missing(self, ask: Ask) -> None:
        result = ask(*WINDOW, "--meter", "M2")

        assert result.exit_code == 0, result.output
        assert (
            "1M-ultimate, 2025-07-03 to 2025-07-05. Meters: 1, complete: 0. "
            "Intervals missing: 2, estimated: 0\n"
        ) in result.stdout
        assert "Meter M2" in result.stdout
        assert "3.480 kWh" in " ".join(result.stdout.split())
        assert "0.080 kW" in " ".join(result.stdout.split())

    def test_has_the_multiplier_of_the_installation(self, town: ReadingTown, ask: Ask) -> None:
        town.start(3, multiplier=40)
        days = [JULY_3, JULY_3 + timedelta(days=1)]
        town.world.ingest(*((town.pseudonym("M3"), day_of(day, 1)) for day in days))

        for words in ((), ("--meter", "M3")):
            answer = json.loads(ask(*WINDOW, *words, "--json").stdout)
            total = sum(int(one["energy_wh"]) for one in answer["totals"])
            assert total == 192 * 40 + (0 if words else 5720)

    def test_leaves_out_a_meter_with_its_sentence(self, town: ReadingTown, ask: Ask) -> None:
        other = (town.pseudonym("M1"), slots(JULY_3, {0: 5}, flow=Flow.UNKNOWN))
        town.world.publish(town.world.write(other, at_sequence=0))

        answer = json.loads(ask(*WINDOW, "--meter", "M1", "--json").stdout)
        (refused,) = answer["refused"]["first"]

        assert answer["refused"]["count"] == 1
        assert refused["meter"] == "M1"
        assert "energy on both" in refused["why"]
        assert "Meter M1 is left out. " in ask(*WINDOW, "--meter", "M1").stdout


class TestTheFile:
    def test_has_a_row_for_each_meter(self, town: ReadingTown, ask: Ask, tmp_path: Path) -> None:
        other = (town.pseudonym("M1"), slots(JULY_3, {0: 5}, flow=Flow.UNKNOWN))
        town.world.publish(town.world.write(other, at_sequence=0))
        path = tmp_path / "june.parquet"

        result = ask(*WINDOW, "--out", path)

        assert result.exit_code == 0, result.output
        rows = {row["meter"]: row for row in pl.read_parquet(path).to_dicts()}
        assert rows[town.pseudonym("M2")] == {
            "meter": town.pseudonym("M2"),
            "summer_on_peak_wh": 320,
            "summer_off_peak_wh": 3480,
            "summer_highest_hour_wh": 80,
            "missing_intervals": 2,
            "estimated_intervals": 0,
            "refused": None,
        }
        assert rows[town.pseudonym("M1")]["summer_on_peak_wh"] is None
        assert "energy on both" in rows[town.pseudonym("M1")]["refused"]
        assert sorted(one.name for one in tmp_path.iterdir()) == ["june.parquet", "lake"]

    def test_in_no_folder_is_refused_before_anything_is_read(
        self, ask: Ask, tmp_path: Path
    ) -> None:
        result = ask(*WINDOW, "--out", tmp_path / "none" / "june.parquet")

        assert result.exit_code == 2
        assert "is not a file that can be written" in result.stderr
        assert "Name a file in a folder that is there" in result.stderr


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (
                ("--from", "2025-07-05", "--to", "2025-07-05", "--schedule", "1M-smart"),
                "The days from 2025-07-05 to 2025-07-05 are none",
            ),
            (
                ("--from", "July", "--to", "2025-07-05", "--schedule", "1M-smart"),
                "'July' is not a day between 1990 and 2100",
            ),
            (
                ("--from", "2025-07-03", "--to", "2025-07-09", "--schedule", "1M-smart"),
                "No interval of any meter is known of 2025-07-05, and of 3 more days",
            ),
            ((*WINDOW, "--meter", "M9"), "Nothing is known of meter M9 from 2025-07-03"),
            (
                ("--from", "2025-07-03", "--to", "2025-07-05", "--schedule", "1M-dearest"),
                "1M-dearest",
            ),
            (
                ("--from", "2019-07-03", "--to", "2019-07-05", "--schedule", "1M-smart"),
                "1M-smart",
            ),
        ],
    )
    def test_say_what_is_wrong_and_what_to_do(
        self, words: Sequence[str], sentence: str, ask: Ask
    ) -> None:
        result = ask(*words, "--json")

        assert result.exit_code == 2
        assert sentence in result.stderr
        assert result.stdout == ""


def test_shape_is_the_same_with_and_without_meters(ask: Ask) -> None:
    everyone: dict[str, Any] = json.loads(ask(*WINDOW, "--json").stdout)
    one: dict[str, Any] = json.loads(ask(*WINDOW, "--meter", "M1", "--json").stdout)

    assert list(everyone) == list(one)
