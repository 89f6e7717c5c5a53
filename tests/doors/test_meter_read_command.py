"""``meterledger meter read``: the head-end is asked, and its answer is stored as any file is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.stores.gateways.head_end import HeadEndUnreachable
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory.head_end import MemoryHeadEnd
from meterledger.usecases.ports import Viewer
from meterledger.usecases.read_on_demand import message_name

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MESSAGE = "http://iec.ch/TC57/2011/schema/message"
READINGS = "http://iec.ch/TC57/2011/MeterReadings#"
REGISTER = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"  # kWh delivered, a running total


def reply(meter: str = "M1", value: str = "4321.5", result: str = "OK") -> bytes:
    return (
        f'<ResponseMessage xmlns="{MESSAGE}"><Header><Verb>reply</Verb><Noun>MeterReadings</Noun>'
        f"</Header><Reply><Result>{result}</Result></Reply><Payload>"
        f'<m:MeterReadings xmlns:m="{READINGS}"><m:MeterReading><m:Meter><m:mRID>{meter}</m:mRID>'
        f"</m:Meter><m:Readings><m:timeStamp>2026-12-01T11:59:58Z</m:timeStamp>"
        f'<m:value>{value}</m:value><m:ReadingType ref="{REGISTER}"/></m:Readings>'
        "</m:MeterReading></m:MeterReadings></Payload></ResponseMessage>"
    ).encode()


@pytest.fixture
def town(tmp_path: Path) -> Town:
    made = Town()
    made.start(1)
    made.lake = IntervalLake(
        tmp_path / "lake", zone="America/Chicago", files_at=made.store.lake_files
    )
    return made


@pytest.fixture
def ask(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, NOW, tmp_path)

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), ["meter", "read", *words])


def with_head_end(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> MemoryHeadEnd:
    made = MemoryHeadEnd(answers)
    monkeypatch.setattr(wiring, "open_head_end", lambda: made)
    return made


class TestReadingNow:
    def test_stores_the_answer_with_its_source(
        self, ask: Any, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head_end = with_head_end(monkeypatch, M1=reply())

        result = ask("M1", "--json")

        assert result.exit_code == 0, result.output
        answer = json.loads(result.stdout)
        assert (answer["status"], answer["format"]) == ("stored", "iec-61968-9")
        (channel,) = answer["channels"]
        assert (channel["meter"], channel["kind"], channel["readings"]) == ("M1", "register", 1)
        assert head_end.asked == [("M1", message_name("M1", NOW), NOW)]
        received = town.store.received_file(answer["sha256"])
        assert received is not None
        assert received.name == "on-demand-M1-20261201T120000Z"

    def test_says_so_in_words(self, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        with_head_end(monkeypatch, M1=reply())

        assert "Meter M1 answered: 1 reading, stored now." in ask("M1").stdout
        assert "1 reading, known already." in ask("M1").stdout

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (reply("M2"), "meter M1: The head-end answered about meter M2. Another meter's values"),
            (reply(result="FAILED"), "The message is the answer to a request that failed"),
            (b"<html>busy</html>", "on-demand-M1-20261201T120000Z"),
            (b"", "on-demand-M1-20261201T120000Z"),
            (HeadEndUnreachable("No answer", where="meter M1", do="Ask again"), "No answer"),
        ],
    )
    def test_of_what_is_no_answer_stores_nothing(
        self, answer: Any, said: str, ask: Any, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_head_end(monkeypatch, M1=answer)

        result = ask("M1")

        assert result.exit_code == 2
        assert said in result.stderr
        assert town.store.lake_sequence() == 0

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [(reply(), "1 reading, stored"), (HeadEndUnreachable("No answer"), "No answer")],
    )
    def test_leaves_the_effort_on_record_whatever_comes_of_it(
        self, answer: Any, outcome: str, ask: Any, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_head_end(monkeypatch, M1=answer)
        ask("M1")
        with town.store.viewing(Viewer("test", "look"), []):
            (effort,) = town.store.efforts_of_meter("M1")
        assert (effort.kind, effort.outcome, effort.by) == (
            "on_demand_read", outcome, "command line"
        )  # fmt: skip
        assert effort.day == date(2026, 12, 1)

    def test_of_a_meter_that_is_not_installed_asks_nobody(
        self, ask: Any, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head_end = with_head_end(monkeypatch, M77=reply("M77"))

        result = ask("M77")

        assert result.exit_code == 2
        assert "meter M77: It is not installed anywhere now." in result.stderr
        assert head_end.asked == []

    def test_of_one_whose_place_ended_asks_nobody(
        self, ask: Any, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head_end = with_head_end(monkeypatch, M1=reply())
        words = ["--service-point", "SP1", "--reason", "gone", "--at", "2026-11-30T12:00:00Z"]
        assert CliRunner().invoke(build_app(), ["meter", "remove", "M1", *words]).exit_code == 0

        assert ask("M1").exit_code == 2
        assert head_end.asked == []
        assert date(2026, 11, 30) < NOW.date()


class TestNoHeadEnd:
    def test_is_refused_in_one_sentence(self, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("METERLEDGER_HEAD_END", raising=False)

        result = ask("M1")

        assert result.exit_code == 2
        assert result.stderr == (
            "meter M1: No head-end is configured, so no meter can be asked. Set "
            "METERLEDGER_HEAD_END to its address, like http://127.0.0.1:8650/readings.\n"
        )

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("METERLEDGER_HEAD_END", "nowhere", "METERLEDGER_HEAD_END: The address of the head"),
            ("METERLEDGER_HEAD_END_SECONDS", "soon", "'soon' is not a whole number of seconds"),
        ],
    )
    def test_that_can_be_used_is_refused(
        self, name: str, value: str, said: str, ask: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("METERLEDGER_HEAD_END", "http://127.0.0.1:8650/readings")
        monkeypatch.setenv(name, value)

        result = ask("M1")

        assert result.exit_code == 2
        assert said in result.stderr
