"""``meterledger close``: what it prints, its answer in JSON, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.close_town import CLOSED_AT, close_town
from tests.journeys.conftest import town_module
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

Ask = Callable[..., Result]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """The command line over a town that has three accounts to bill."""
    store = MemoryStore()
    with store.viewing(town_module().VIEWER, ["everyone"]):
        town = close_town(tmp_path, store=store)

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with store.viewing(viewer, subjects):
            yield wiring.System(store, town.lake, town.book, CLOSED_AT, tmp_path)

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def test_prints_each_step_and_accounts_for_everyone(ask: Ask) -> None:
    result = ask("close", "2025-08-01", *THEN)

    assert result.exit_code == 0, result.output
    for words in (
        "validate                  3 meter-days, 3 complete",
        "bills                     3 due, 3 billed, 3 of them now",
        "disconnection candidates  not built in this version",
        "3 accounts = 0 not due + 3 due; due = 3 billed + 0 held + 0 excluded.",
        "Money received: 1 ($50.00) = posted 1 ($50.00).",
        "figures tie.",
    ):
        assert words in result.output, result.output


def test_several_days_in_json(ask: Ask) -> None:
    told: Any = json.loads(
        ask("close", "--from", "2025-07-31", "--to", "2025-08-01", "--json", *THEN).stdout
    )

    assert [day["day"] for day in told["days"]] == ["2025-07-31", "2025-08-01"]
    assert [day["bills"]["billed"] for day in told["days"]] == [0, 3]
    assert all(day["closed"] for day in told["days"])


def test_takes_what_lies_in_a_landing_folder(ask: Ask, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "a.csv").write_text("no readings", encoding="utf-8")
    (landing / "a.csv.done").touch()

    result = ask("close", "2025-07-31", "--landing", str(landing), "--json", *THEN)

    (day,) = json.loads(result.stdout)["days"]
    assert day["steps"][0]["counts"] == {"taken": 0, "refused": 1}
    assert (landing / "refused" / "a.csv").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "A day, or the first and the last of several, is closed"),
        (("2025-08-01", "--to", "2025-08-02"), "A day, or the first and the last"),
        (("--from", "2025-08-01"), "A day, or the first and the last"),
        (("--from", "2025-08-02", "--to", "2025-08-01"), "there is no day"),
        (("2026-12-02",), "2026-12-02 is not over: today is 2026-12-02"),
        (("soon",), "soon"),
    ],
)
def test_refuses_what_is_no_day_that_is_over(
    ask: Ask, words: tuple[str, ...], sentence: str
) -> None:
    result = ask("close", *words)

    assert result.exit_code == 2
    assert sentence in result.stderr
