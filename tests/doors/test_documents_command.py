"""``meterledger documents`` and ``weather``: wired, shapes that stay, the right "no" comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from click.testing import Result
from pypdf import PdfReader
from tests.doors.statements import NOW
from tests.journeys.test_make_documents import ISSUED, Documented
from tests.journeys.town import VIEWER
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli import documents, weather
from meterledger.entrypoints.documents import pool
from meterledger.usecases.make_documents import Paper
from meterledger.usecases.ports import Viewer


class Town:
    """The command line over four billed homes."""

    def __init__(self) -> None:
        self.homes = Documented()
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        documents.register(app)
        weather.register(app)
        runner = CliRunner()
        self.run: Callable[..., Result] = lambda *words: runner.invoke(app, list(words))

    @contextmanager
    def open_system(self, *, viewer: Viewer = VIEWER, subjects: Any = ()) -> Iterator[Any]:
        town = self.homes.town
        with town.store.viewing(viewer, subjects):
            yield SimpleNamespace(
                store=town.store,
                documents=self.homes.vault,
                book=town.book,
                view=town.view,
                now=NOW,
                today=NOW.date(),
            )

    def answer(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def refusal(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 2, result.output
        return str(result.stderr)

    def cycle(self, folder: Path, *words: str) -> tuple[str, ...]:
        return ("documents", "cycle", "1", "--on", str(ISSUED), "--out", str(folder), *words)


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    made = Town()
    monkeypatch.setattr(wiring, "open_system", made.open_system)

    @contextmanager
    def one_press(processes: int | None = None) -> Iterator[Any]:
        yield pool.OnePress()

    monkeypatch.setattr(pool, "presses", one_press)
    return made


class TestACycle:
    def test_answers_its_totals_and_writes_its_files(self, town: Town, tmp_path: Path) -> None:
        listed = tmp_path / "electronic.csv"
        account = town.homes.town.account_id(4)
        listed.write_text(f"account,address\n{account},sam@example.com\n", encoding="utf-8")
        answer = town.answer(*town.cycle(tmp_path / "out", "--electronic", str(listed)))
        assert answer["run"] == "cycle 1 on 2025-08-01"
        assert answer["newly_made"] == 3
        counts = {part: answer[part]["count"] for part in ("printed", "electronic", "set_aside")}
        assert counts == {"printed": 2, "electronic": 1, "set_aside": 1}
        assert answer["bills"]["count"] == 4
        assert answer["reasons"][0]["bill"] == town.homes.bill(3)
        assert all((tmp_path / "out" / name).is_file() for name in answer["files"])
        assert len(PdfReader(tmp_path / "out" / "bills.pdf").pages) == 4

    def test_says_in_words_that_everything_went_somewhere(self, town: Town, tmp_path: Path) -> None:
        said = town.run(*town.cycle(tmp_path)).stdout
        assert "4 bills," in said
        assert "= 3 printed" in said
        assert "6 pages on 3 sheets" in said
        assert f"Set aside: {town.homes.bill(3)}: " in said
        assert "cannot be set as an accessible PDF" in said

    def test_without_bills_is_refused_with_what_to_do(self, town: Town, tmp_path: Path) -> None:
        said = town.refusal("documents", "cycle", "2", "--on", str(ISSUED), "--out", str(tmp_path))
        assert "No bill of cycle 2 was issued on 2025-08-01" in said
        assert "meterledger bill-cycle 2 --on 2025-08-01" in said

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("account,address\n4000000010,nobody\n", "Line 2 names no account with an address"),
            ("account\n4000000010\n", "Line 2 names no account with an address"),
        ],
    )
    def test_refuses_a_list_that_names_no_address(
        self, town: Town, tmp_path: Path, text: str, said: str
    ) -> None:
        listed = tmp_path / "list.csv"
        listed.write_text(text, encoding="utf-8")
        assert said in town.refusal(*town.cycle(tmp_path, "--electronic", str(listed)))
        gone = town.refusal(*town.cycle(tmp_path, "--electronic", str(tmp_path / "gone")))
        assert "The list of electronic bills cannot be read" in gone

    def test_refuses_a_number_of_processes_that_cannot_be(self, town: Town, tmp_path: Path) -> None:
        assert "Name 1 to 16" in town.refusal(*town.cycle(tmp_path, "--processes", "17"))
        none = town.refusal(*town.cycle(tmp_path, "--processes", "0"))
        assert "'0' is not a whole number" in none


class TestOneBill:
    def test_shows_what_went_out_what_came_back_and_why_it_waits(
        self, town: Town, tmp_path: Path
    ) -> None:
        bill = town.homes.bill(4)
        assert "Nothing has gone out yet." in town.run("documents", "show", bill).stdout
        town.homes.run(deliveries=town.homes.electronic(4))
        back = town.answer("documents", "bounced", bill, "--reason", "mailbox full", "--by", "Ana")
        assert back == {"bill": bill, "sha256": back["sha256"], "reason": "mailbox full"}
        answer = town.answer("documents", "show", bill)
        (document,) = answer["documents"]
        assert document["channel"] == "electronic"
        assert document["template"] == "bill_4"
        assert document["made_at"] == "2026-11-30T12:00:00Z"
        assert [one["author"] for one in answer["came_back"]] == ["Ana"]
        aside = town.run("documents", "show", town.homes.bill(3)).stdout
        assert "Set aside, cycle 1 on 2025-08-01" in aside

    def test_is_copied_with_the_day_on_it(self, town: Town, tmp_path: Path) -> None:
        bill, path = town.homes.bill(1), tmp_path / "copy.pdf"
        refused = town.refusal("documents", "duplicate", bill, "--out", str(path))
        assert "has not gone out yet" in refused
        assert "`meterledger documents cycle CYCLE --on 2025-08-01 --out FOLDER`" in refused
        town.homes.run()
        answer = town.answer("documents", "duplicate", bill, "--out", str(path))
        assert answer["kind"] == "duplicate"
        said = " ".join(page.extract_text() for page in PdfReader(path).pages)
        assert "Duplicate, November 30, 2026" in said
        nowhere = str(tmp_path / "no" / "where.pdf")
        gone = town.refusal("documents", "duplicate", bill, "--out", nowhere)
        assert "The file cannot be written" in gone

    def test_cannot_come_back_where_it_was_not_sent(self, town: Town) -> None:
        town.homes.run()
        said = town.refusal("documents", "bounced", town.homes.bill(1), "--reason", "moved")
        assert "was not sent electronically" in said

    def test_is_there(self, town: Town) -> None:
        assert "There is no bill B-nothing" in town.refusal("documents", "show", "B-nothing")


class TestWeather:
    def load(self, town: Town, path: Path) -> Any:
        words = ("--station", "KSTL", "--source", "a service")
        return town.answer("weather", "load", str(path), *words)

    def test_is_loaded_once_and_shown_with_what_is_missing(
        self, town: Town, tmp_path: Path
    ) -> None:
        path = tmp_path / "days.csv"
        path.write_text("day,mean_f\n2025-07-01,80.25\n2025-07-03,-0.5\n", encoding="utf-8")
        assert self.load(town, path) == {"station": "KSTL", "days": 2, "new": 2}
        assert self.load(town, path)["new"] == 0
        shown = ("weather", "show", "--station", "KSTL", "--from", "2025-07-01")
        answer = town.answer(*shown, "--to", "2025-07-04")
        assert answer["days"] == {"2025-07-01": "80.3", "2025-07-03": "-0.5"}
        assert answer["not_known"] == 1
        assert "there is no day" in town.refusal(*shown, "--to", "2025-07-01")

    def test_of_hours_is_the_mean_of_local_days_that_are_nearly_whole(
        self, town: Town, tmp_path: Path
    ) -> None:
        hours = [f"2025-07-01T{hour:02d}:00:00-05:00,{70 + hour}" for hour in range(24)]
        hours += [f"2025-07-02T{hour:02d}:00:00-05:00,60" for hour in range(19)]
        path = tmp_path / "hours.csv"
        path.write_text("dt,tempF\n" + "\n".join(hours) + "\n", encoding="utf-8")
        assert self.load(town, path)["days"] == 1
        path.write_text(
            path.read_text(encoding="utf-8") + "2025-07-02T19:00:00-05:00,60\n", encoding="utf-8"
        )
        assert self.load(town, path) == {"station": "KSTL", "days": 2, "new": 1}
        shown = town.answer(
            *("weather", "show", "--station", "KSTL", "--from", "2025-07-01", "--to", "2025-07-03")
        )
        assert shown["days"] == {"2025-07-01": "81.5", "2025-07-02": "60.0"}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("when,degrees\n", "The columns are when, degrees"),
            ("", "The columns are none"),
            ("day,mean_f\n2025-07-01,hot\n", "Line 2 is no day with a temperature"),
            ("day,mean_f\n2025-07-01,999\n", "Line 2 is no day with a temperature"),
            ("day,mean_f\n2025-13-01,80\n", "Nothing of the file is kept"),
            ("dt,tempF\n2025-07-01T00:00:00,80\n", "Line 2 is no day with a temperature"),
        ],
    )
    def test_that_is_none_is_refused_whole(
        self, town: Town, tmp_path: Path, text: str, said: str
    ) -> None:
        path = tmp_path / "days.csv"
        path.write_text(text, encoding="utf-8")
        words = ("weather", "load", str(path), "--station", "KSTL", "--source", "a service")
        assert said in town.refusal(*words)
        with town.open_system() as system:
            assert not system.store._temperatures

    def test_needs_a_station_and_a_source(self, town: Town, tmp_path: Path) -> None:
        words = ("weather", "load", str(tmp_path), "--station", " ", "--source", "x")
        assert "needs a station and a source" in town.refusal(*words)

    def test_that_is_known_is_on_the_bill(self, town: Town, tmp_path: Path) -> None:
        days = "".join(f"2025-07-{day:02d},{70 + day % 2}\n" for day in range(1, 32))
        path = tmp_path / "days.csv"
        path.write_text("day,mean_f\n" + days, encoding="utf-8")
        self.load(town, path)
        (first, *_) = town.homes.run().printed
        content = json.loads(Paper(town.homes.vault).content(first.document))
        assert content["comparison"]["rows"] == [["Jul 1 to Jul 31, 2025", "8.6 kWh", "71 °F"]]


def test_several_processes_set_the_same_bytes() -> None:
    homes = Documented()
    with pool.presses(2) as press:
        several = homes.run(press=press)
    alone = Documented().run()
    assert [one.document.sha256 for one in several.printed] == [
        one.document.sha256 for one in alone.printed
    ]
