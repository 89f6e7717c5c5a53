"""``compare`` and ``service change``: what every option would have cost, and the way to another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from tests.journeys.town import CLASSES_TOLD, Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

SEPTEMBER = date(2025, 9, 1)


@pytest.fixture
def town() -> Town:
    made = Town()
    made.start(1)
    made.read("M1", (date(2025, 7, 1), SEPTEMBER))
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, CLASSES_TOLD, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def test_compare_takes_the_periods_there_are(ask: Any, town: Town) -> None:
    result = ask("compare", town.account_id(1), "--asked", "2025-09-10", "--json")

    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["from"], answer["to"]) == ("2025-07-01", "2025-09-01")
    assert [one["from"] for one in answer["windows"]] == ["2025-07-01", "2025-08-01"]
    assert len(answer["schedules"]) == 5
    assert answer["switch"]["ruling"]["outcome"]["takes_effect"] == "2025-10-01"


def test_compare_puts_the_cheapest_first_and_cites_the_switch(ask: Any, town: Town) -> None:
    said = ask("compare", town.account_id(1), "--asked", "2025-09-10").stdout

    rows = [line.split() for line in said.splitlines() if line.startswith("1M-")]
    assert len(rows) == 5
    totals = [float(row[1].replace(",", "")) for row in rows]
    assert totals == sorted(totals)
    assert "(now)" in said
    assert "A switch asked for on 2025-09-10 takes effect on 2025-10-01." in said
    assert "GRR V.H" in said


def test_compare_with_one_end_of_the_days_is_refused(ask: Any, town: Town) -> None:
    result = ask("compare", town.account_id(1), "--from", "2025-07-01")

    assert result.exit_code == 2
    assert "One end of the days is missing" in result.stderr
    assert "or neither for the last twelve billing periods" in result.stderr


def test_service_change_looks_first_and_then_changes(ask: Any, town: Town) -> None:
    words = ("service", "change", town.account_id(1), "--schedule", "1M-smart", "--asked")

    looked = ask(*words, "2025-09-10", "--dry-run")
    assert "would go from 1M-anytime to 1M-smart on 2025-10-01" in looked.stdout
    assert ask("service", "show", town.account_id(1)).stdout.count("1M-smart") == 0

    answer = json.loads(ask(*words, "2025-09-10", "--json").stdout)
    assert answer["from"] == "2025-10-01"
    assert answer["then"].endswith("-20251001")
    assert answer["ruling"]["reasons"]
    assert "1M-smart" in ask("service", "show", town.account_id(1)).stdout


def test_service_change_to_what_is_no_option_is_refused_in_a_sentence(ask: Any, town: Town) -> None:
    result = ask("service", "change", town.account_id(1), "--schedule", "1M-moon")

    assert result.exit_code == 2
    assert "'1M-moon' is no rate option of residential service" in result.stderr
