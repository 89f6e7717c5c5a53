"""``meterledger meter events`` and ``cases``: a file of events comes in, and somebody looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.kernel.canonical import sha256_hex
from meterledger.usecases.ports import Viewer

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)  # the book learned of its thresholds before


@pytest.fixture
def town() -> Town:
    made = Town()
    for number in (1, 2, 3):
        made.start(number)
    return made


@pytest.fixture
def ask(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(
        *, viewer: Viewer | None = None, subjects: Sequence[str] = ()
    ) -> Iterator[wiring.System]:
        with town.store.viewing(viewer or Viewer("test", "test"), subjects):
            yield wiring.System(town.store, town.lake, town.book, NOW, tmp_path)

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Tampering at M1, low voltage twice at M2, power lost at M3 this morning."""
    path = tmp_path / "events.csv"
    path.write_text(
        "meter,at,event,voltage\n"
        "M1,2026-11-30T10:00:00Z,tamper,\n"
        "M2,2026-11-30T10:00:00Z,voltage_low,101\n"
        "M2,2026-11-30T11:00:00Z,voltage_low,102\n"
        "M3,2026-12-01T09:00:00Z,last_gasp,\n"
    )
    return path


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestReceive:
    def test_keeps_events_and_opens_their_cases(self, ask: Any, events: Path) -> None:
        done = answer(ask("meter", "events", "receive", str(events), "--json"))

        assert (done["received"], done["new"], done["known"]) == (4, 4, 0)
        (case,) = done["cases"]
        assert case.startswith("tamper:M1:")
        (listed,) = answer(ask("meter", "cases", "--json"))["cases"]
        assert listed["queue"] == "revenue protection"
        assert listed["threshold"] == "1 within 30 days (event_tamper_count, assumed)"
        assert listed["state"] == "open"

    def test_keeps_the_file_byte_for_byte_before_it_is_read(
        self, ask: Any, events: Path, tmp_path: Path
    ) -> None:
        broken = tmp_path / "broken.csv"
        broken.write_text("meter,at,event\nM1,yesterday,tamper\n")
        assert ask("meter", "events", "receive", str(broken)).exit_code == 2
        done = answer(ask("meter", "events", "receive", str(events), "--json"))

        vault = wiring.open_vault(tmp_path)
        assert vault.read(done["sha256"]) == events.read_bytes()
        assert vault.read(sha256_hex(broken.read_bytes())) == broken.read_bytes()

    def test_of_a_meter_that_is_nowhere_are_kept_and_open_no_case(
        self, ask: Any, tmp_path: Path, town: Town
    ) -> None:
        path = tmp_path / "strange.csv"
        path.write_text("meter,at,event\nM4,2026-11-30T10:00:00Z,tamper\n")

        result = ask("meter", "events", "receive", str(path))

        assert "1 event received: 1 new" in result.stdout
        assert "Meter M4 is not installed anywhere: its events are kept" in result.stdout
        assert answer(ask("meter", "cases", "--find", "--json"))["cases"] == []
        town.start(4)
        (case,) = answer(ask("meter", "cases", "--find", "--json"))["cases"]
        assert case["meter"] == "M4"

    def test_twice_is_once(self, ask: Any, events: Path) -> None:
        ask("meter", "events", "receive", str(events))
        again = answer(ask("meter", "events", "receive", str(events), "--json"))

        assert (again["new"], again["known"], again["cases"]) == (0, 4, [])
        counts = ask("meter", "events", "count", "--from", "2026-11-30", "--to", "2026-12-02")
        assert "2  voltage_low" in counts.stdout

    def test_of_a_later_file_opens_what_the_first_began(
        self, ask: Any, events: Path, tmp_path: Path
    ) -> None:
        ask("meter", "events", "receive", str(events))
        more = tmp_path / "more.csv"
        more.write_text("meter,at,event\nM2,2026-12-01T10:00:00Z,voltage_low\n")

        done = answer(ask("meter", "events", "receive", str(more), "--json"))

        (case,) = done["cases"]
        assert case.startswith("voltage_low:M2:")
        listed = answer(ask("meter", "events", "list", "M2", "--json"))["events"]
        assert [one["details"] for one in listed] == [{"voltage": "101"}, {"voltage": "102"}, {}]

    def test_from_the_future_is_refused_and_nothing_is_kept(
        self, ask: Any, tmp_path: Path, town: Town
    ) -> None:
        path = tmp_path / "future.csv"
        late = NOW + timedelta(days=2)
        path.write_text(f"meter,at,event\nM1,{late.isoformat()},tamper\n")

        result = ask("meter", "events", "receive", str(path))

        assert result.exit_code == 2
        assert "at 2026-12-03T12:00:00Z is not yet" in result.stderr
        assert "No event of meter M1 is known." in ask("meter", "events", "list", "M1").stdout


class TestCases:
    def test_of_power_that_stays_away_are_found_when_they_are_due(
        self, ask: Any, events: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask("meter", "events", "receive", str(events))
        before = answer(ask("meter", "cases", "--find", "--queue", "outages", "--json"))
        monkeypatch.setattr(f"{__name__}.NOW", NOW + timedelta(hours=1))  # four hours after

        after = answer(ask("meter", "cases", "--find", "--queue", "outages", "--json"))

        assert before["cases"] == []
        (case,) = after["cases"]
        assert case["sentence"].startswith("Meter M3 lost power at 2026-12-01T09:00:00Z")

    def test_are_settled(self, ask: Any, events: Path) -> None:
        (case,) = answer(ask("meter", "events", "receive", str(events), "--json"))["cases"]
        words = ("meter", "case", case, "--by", "Ana", "--reason", "seal was loose")

        assert ask(*words, "--state", "closed").exit_code == 0
        again = ask(*words, "--state", "in_work")

        assert again.exit_code == 2
        assert "It was closed by Ana: seal was loose" in again.stderr
        assert "No such case" in ask("meter", "cases", "--state", "open").stdout
        assert "closed by Ana: seal was loose" in ask("meter", "cases", "--meter", "M1").stdout

    def test_of_a_recorded_configuration_are_not_opened(self, ask: Any, tmp_path: Path) -> None:
        setup = answer(
            ask(
                *("meter", "configure", "M1", "--on", "2026-11-01", "--billed-on", "register"),
                *("--kind", "ami", "--json"),
            )
        )
        path = tmp_path / "changes.csv"
        path.write_text(
            "meter,at,event,fingerprint\n"
            f"M1,2026-11-30T10:00:00Z,configuration_changed,{setup['fingerprint']}\n"
            f"M1,2026-11-30T11:00:00Z,configuration_changed,{'0' * 64}\n"
        )

        done = answer(ask("meter", "events", "receive", str(path), "--json"))

        assert len(done["cases"]) == 1
