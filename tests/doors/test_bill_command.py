"""``meterledger bill``: what a program is answered. The store and the lake are the journeys'."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.town import Town, lively
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.facts.bills import read_record
from meterledger.usecases.ports import Viewer

NOW = datetime(2026, 12, 2, 12, tzinfo=UTC)
TODAY = date(2026, 12, 2)
THEN = ("--rendered-then", "as it was in those days")


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
            yield wiring.System(town.store, town.lake, town.book, NOW, None)  # type: ignore[arg-type]

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
        result = ask("bill", town.account_id(1), "--on", "2025-08-01", "--json", *THEN)

        assert result.exit_code == 0, result.output
        (bill,) = json.loads(result.stdout)["bills"]
        daily = bill["usage"]["daily_wh"]
        assert len(daily) == 31
        assert all(isinstance(one, str) for one in daily)
        assert bill["usage"]["energy_wh"] == str(sum(map(int, daily)))

    def test_has_numbers_for_counts_and_lengths_only(self, town: Town, ask: Any) -> None:
        result = ask("bill", town.account_id(1), "--on", "2025-09-01", "--json", *THEN)

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
        result = ask("bill", town.account_id(1), "--on", "2025-08-01", "--json", *THEN)

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
        result = ask("bill-cycle", cycle, "--on", "2025-08-01", *THEN)

        assert result.exit_code == 2
        assert result.stderr.strip() == (
            f"bill-cycle: There is no reading cycle {cycle}. Name a cycle from 1 to 21."
        )

    def test_that_it_has_is_billed(self, ask: Any) -> None:
        result = ask("bill-cycle", "1", "--on", "2025-08-01", "--json", *THEN)

        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["billed"] == 1


class TestADayLongAgo:
    def test_is_refused_with_the_day_that_is_right(self, town: Town, ask: Any) -> None:
        for words in (("bill", town.account_id(1)), ("bill-cycle", "1")):
            result = ask(*words, "--on", "2025-08-01")
            assert result.exit_code == 2
            assert "and a bill is dated at most 7 days before it is made" in result.stderr
            assert f"Date it today, {TODAY}; or say why" in result.stderr
        with town.store.viewing(Viewer("Ana", "looks"), []):
            assert town.store.bills_of_account(town.account_id(1)) == []

    @pytest.mark.parametrize(("ago", "status"), [(0, 0), (7, 0), (8, 2)])
    def test_is_one_of_more_than_a_week(self, town: Town, ask: Any, ago: int, status: int) -> None:
        on = TODAY - timedelta(days=ago)
        assert ask("bill", town.account_id(1), "--on", str(on)).exit_code == status

    def test_may_be_looked_at(self, town: Town, ask: Any) -> None:
        result = ask("bill", town.account_id(1), "--on", "2025-08-01", "--dry-run")
        assert result.exit_code == 0, result.output
        assert "1 would be billed" in result.output

    def test_with_a_word_is_billed_and_the_word_is_in_the_log(self, town: Town, ask: Any) -> None:
        why = ("--rendered-then", "the printer\n had them in August")
        result = ask("bill", town.account_id(1), "--on", "2025-08-01", *why)
        assert result.exit_code == 0, result.output
        purposes = {one.purpose for one, _ in town.store.read_log}
        assert "issue bills, rendered on 2025-08-01: the printer had them in August" in purposes
