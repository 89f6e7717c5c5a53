"""``meterledger lake``: is it wired, do the JSON shapes stay, does the right "no" come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from click.testing import Result
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.lake_world import ADA, BEN, day_of, span, values_of
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli import lake
from meterledger.stores.memory import MemoryVault

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Town:
    """The command line over a lake in a folder and a store in memory."""

    def __init__(self, folder: Path) -> None:
        self.world = KeptWorld(folder)
        self.now = NOW
        self.vault = MemoryVault()
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        lake.register(app)
        runner = CliRunner()
        self.run: Callable[..., Result] = lambda *words: runner.invoke(app, ["lake", *words])

    @contextmanager
    def open_system(self, **_: Any) -> Iterator[Any]:
        view = wiring.open_book().as_known(self.now.date())
        yield SimpleNamespace(
            store=self.world.store,
            lake=self.world.lake,
            view=view,
            book=SimpleNamespace(name="utility"),
            now=self.now,
            today=self.now.date(),
            vault=self.vault,
        )

    def answer(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    made = Town(tmp_path / "lake")
    monkeypatch.setattr(wiring, "open_system", made.open_system)
    for number in range(3):
        day = date(2020, 7, 1) + timedelta(days=number)
        made.world.ingest((ADA, day_of(day, 1)), (BEN, day_of(day, 2)))
    return made


def test_compact_puts_past_months_together(town: Town) -> None:
    (july,) = town.answer("compact")["months"]

    assert july.pop("bytes_after") < july.pop("bytes_before")
    assert july == {
        "month": "2020-07",
        "status": "compacted",
        "sequence": 4,
        "files_before": 6,
        "files_after": 2,
        "left": [],
    }
    assert town.answer("compact")["months"] == []
    assert "No month before 2026-11 has files" in town.run("compact").stdout


def test_compact_takes_months_before_the_one_named(town: Town) -> None:
    assert town.answer("compact", "--before", "2020-07") == {"before": "2020-07", "months": []}

    result = town.run("compact", "--before", "July 2020")
    assert result.exit_code == 2
    assert "'July 2020' is not a month" in result.stderr


def test_compact_says_what_stays_as_it_is(town: Town) -> None:
    day = date(2020, 8, 1)
    first = town.world.write((ADA, day_of(day, 1)))
    second = town.world.write((ADA, day_of(day, 4, seconds=3600)))
    town.world.publish(first)
    town.world.publish(second)

    result = town.run("compact")

    assert result.exit_code == 2
    assert "2020-07: 6 files are 2 now" in result.stdout
    assert "2020-08: left as it is." in result.stdout


def test_sweep_removes_what_was_replaced(town: Town) -> None:
    town.answer("compact")
    assert town.answer("sweep")["removed"] == []
    town.now += timedelta(days=8)

    tried = town.answer("sweep", "--dry-run")
    swept = town.answer("sweep")

    assert tried["removed"] == swept["removed"]
    assert [one["rows"] for one in swept["removed"]] == [96] * 6
    assert (swept["pinned_by_bills"], swept["strays"]) == (0, 0)
    assert "0 replaced files are gone" in town.run("sweep").stdout


def test_sweep_refuses_a_margin_of_no_days(town: Town) -> None:
    result = town.run("sweep", "--margin-days", "0")

    assert result.exit_code == 2
    assert "may still read what was replaced" in result.stderr


def test_retention_deletes_a_month_whose_time_is_over(town: Town) -> None:
    (july,) = town.answer("retention", "--on", "2026-07-30")["months"]
    assert (july["may_be_deleted"], july["kept_until"]) == (False, "2026-07-31")

    (tried,) = town.answer("retention", "--on", "2026-07-31", "--dry-run")["months"]
    assert values_of(town.world.usage(ADA, span(date(2020, 7, 1)))) == [1] * 96
    (july,) = town.answer("retention", "--on", "2026-07-31")["months"]

    assert tried == july
    assert len(july["deleted"]) == 6
    assert "Sheet 131" in july["reason"]
    assert "No month's time is over" in town.run("retention", "--on", "2026-07-31").stdout


def test_retention_refuses_a_day_that_is_not_here_yet(town: Town) -> None:
    result = town.run("retention", "--on", "2026-11-29")

    assert result.exit_code == 2
    assert "nothing goes before its day" in result.stderr


def test_a_hold_keeps_a_month_until_it_is_released(town: Town) -> None:
    words = ("--reason", "dispute 17", "--author", "ada", "--from", "2020-07", "--to", "2020-07")
    town.answer("hold", "H-1", *words)
    assert [one["hold"] for one in town.answer("holds")["holds"]] == ["H-1"]
    assert "H-1  2020-07 to 2020-07  dispute 17  ada" in town.run("holds").stdout

    (july,) = town.answer("retention", "--on", "2026-08-01", "--dry-run")["months"]
    assert (len(july["deleted"]), len(july["held"])) == (0, 6)
    town.answer("release", "H-1", "--reason", "settled", "--author", "ben")

    (july,) = town.answer("retention", "--on", "2026-08-01", "--dry-run")["months"]
    assert (len(july["deleted"]), len(july["held"])) == (6, 0)


def test_a_hold_says_who_why_and_which_months(town: Town) -> None:
    words = ("--reason", " ", "--author", "ada", "--from", "2020-07", "--to", "2020-07")

    result = town.run("hold", "H-1", *words)

    assert result.exit_code == 2
    assert "A hold has an id, an author, a reason" in result.stderr
