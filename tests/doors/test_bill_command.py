"""``meterledger bill``: what a program is answered. The store and the lake are the journeys'."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from tests.journeys.town import LATER, Town, lively
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.facts.bills import read_record
from meterledger.usecases.ports import Viewer


@pytest.fixture
def town() -> Town:
    """Account 1 has measured service from 2025-07-01 and is read on the first of a month."""
    made = Town()
    made.start(1)
    made.read("M1", (date(2025, 7, 1), date(2025, 9, 1)), lively)
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, LATER, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def numbers_in(answer: Any, path: str = "") -> Iterator[str]:
    """Where in an answer a number stands that is no text."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from numbers_in(value, f"{path}.{key}")
    elif isinstance(answer, list):
        for value in answer:
            yield from numbers_in(value, path)
    elif isinstance(answer, int | float) and not isinstance(answer, bool):
        yield path.removeprefix(".")


class TestTheAnswerOfBill:
    def test_has_every_quantity_of_energy_as_text(self, town: Town, ask: Any) -> None:
        result = ask("bill", town.account_id(1), "--on", "2025-08-01", "--json")

        assert result.exit_code == 0, result.output
        (bill,) = json.loads(result.stdout)["bills"]
        daily = bill["usage"]["daily_wh"]
        assert len(daily) == 31
        assert all(isinstance(one, str) for one in daily)
        assert bill["usage"]["energy_wh"] == str(sum(map(int, daily)))

    def test_has_numbers_for_counts_and_lengths_only(self, town: Town, ask: Any) -> None:
        result = ask("bill", town.account_id(1), "--on", "2025-09-01", "--json")

        assert set(numbers_in(json.loads(result.stdout))) == {
            "billed",
            "held",
            "known",
            "due",
            "excluded",
            "late_charges.count",
            "late_charges.taken_back",
            "bills.usage.interval_seconds",
            "bills.usage.interval_count",
            "bills.pins.lake_sequence",
        }

    def test_says_what_the_record_says_which_keeps_its_bytes(self, town: Town, ask: Any) -> None:
        result = ask("bill", town.account_id(1), "--on", "2025-08-01", "--json")

        (answered,) = json.loads(result.stdout)["bills"]
        with town.store.viewing(Viewer("test", "billing"), []):
            stored = town.store.bill(answered["bill"])
            assert town.replay(answered["bill"]).same_bytes
        recorded = read_record(stored.record)
        assert recorded["usage"]["daily_wh"] == [int(one) for one in answered["usage"]["daily_wh"]]
        assert {**answered, "usage": None} == {**recorded, "usage": None}


class TestACycle:
    @pytest.mark.parametrize("cycle", ["0", "22"])
    def test_that_the_book_does_not_have_is_refused(self, cycle: str, ask: Any) -> None:
        result = ask("bill-cycle", cycle, "--on", "2025-08-01")

        assert result.exit_code == 2
        assert result.stderr.strip() == (
            f"bill-cycle: There is no reading cycle {cycle}. Name a cycle from 1 to 21."
        )

    def test_that_it_has_is_billed(self, ask: Any) -> None:
        result = ask("bill-cycle", "1", "--on", "2025-08-01", "--json")

        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["billed"] == 1
