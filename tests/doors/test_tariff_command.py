"""``meterledger tariff``: what an analyst and a program are told about the book."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli import tariff
from meterledger.rulebook.pinned import BookPin

BROKEN_TARIFFS = Path(__file__).parents[1] / "data" / "broken_tariffs"
CITATION = {"instrument", "sheet", "revision", "paragraph", "effective", "order", "text"}

Ask = Callable[..., Result]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run ``tariff`` with these words, on 29 November 2026."""
    monkeypatch.delenv("METERLEDGER_TARIFFS", raising=False)
    moment = datetime.fromisoformat("2026-11-29T12:00:00+00:00")
    monkeypatch.setattr(wiring, "now_utc", lambda: moment)
    wiring.open_book.cache_clear()
    app = typer.Typer(pretty_exceptions_enable=False)
    tariff.register(app)
    app.command("other")(lambda: None)  # two commands, so that the first is asked for by name

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["tariff", *words])

    return run


@pytest.fixture
def made_up_book(tmp_path: Path) -> Path:
    """The sound made-up book, with a statement of what it holds."""
    folder = Path(shutil.copytree(BROKEN_TARIFFS / "sound_book", tmp_path / "book"))
    (folder / "coverage.yaml").write_text(
        "sheets:\n"
        '  - {folder: sheet_001, sheet: "Sheet 1", covers: "All.", text_held: whole,\n'
        '     standings: [filed], missing: "Nothing."}\n'
        'not_held:\n  - {sheet: "Sheet 2", why: "Made up, too."}\n'
        "last_checked_on: 2026-01-05\n",
        encoding="utf-8",
    )
    return folder


def answer_of(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


class TestValue:
    def test_on_a_day_answers_in_the_promised_shape(self, ask: Ask) -> None:
        found = answer_of(
            ask("value", "anytime_summer_usd_per_kwh", "--on", "2025-07-01", "--json")
        )

        assert found["name"] == "anytime_summer_usd_per_kwh"
        assert (found["on"], found["value"], found["unit"]) == (
            "2025-07-01",
            "0.156",
            "USD per kWh",
        )
        assert found["standing"] == "second_hand"
        assert set(found["citation"]) == CITATION
        assert found["citation"]["order"] == "ER-2024-0319"
        assert found["limited_by"] == []

    def test_without_a_day_is_its_whole_past(self, ask: Ask) -> None:
        found = answer_of(ask("value", "anytime_summer_usd_per_kwh", "--json"))

        assert [
            (one["effective_from"], one["effective_until"], one["value"], one["standing"])
            for one in found["values"]
        ] == [
            ("2023-07-09", "2025-06-01", "0.1373", "assumed"),
            ("2025-06-01", None, "0.156", "second_hand"),
        ]

    def test_of_every_name_can_be_asked(self, ask: Ask) -> None:
        names = [one["name"] for one in answer_of(ask("show", "--json"))["values"]]

        assert len(names) > 50
        for name in names:
            found = answer_of(ask("value", name, "--json"))
            assert all(one["value"] for one in found["values"])

    def test_of_which_nothing_is_known_names_the_text_that_lacks(self, ask: Ask) -> None:
        said = ask("value", "sgs_summer_usd_per_kwh").stdout
        assert "No value is known: the text M-24 is not held." in said

    def test_in_words_names_clause_standing_and_source(self, ask: Ask) -> None:
        result = ask("value", "fac_usd_per_kwh", "--on", "2023-06-01")

        assert result.exit_code == 0
        for words in (
            "2023-06-01 until 2023-10-01: 0.00526",
            "Rider FAC, in force 2023-06-01, Fuel adjustment clause, residential rate",
            "standing second_hand, learned on 2026-11-24",
            "source SEMO_2023 (high)",
        ):
            assert words in result.stdout

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("fac_usd_per_kwh", "--on", "2027-01-01"),
             "No value of 'fac_usd_per_kwh' is in force on 2027-01-01. Known: "),
            (("fac_usd_per_kwh", "--on", "2025-07-01", "--as-known", "2026-11-23"),
             "The book knew nothing on 2026-11-23. Its first entries were learned on 2026-11-24. "),
            (("fac_usd", "--on", "2025-07-01"),
             "The book has no value called 'fac_usd'. Names like it: fac_usd_per_kwh"),
            (("fac_usd_per_kwh", "--on", "1 July"),
             "--on: '1 July' is not a day between 1990 and 2100. "),
        ],
    )  # fmt: skip
    def test_that_is_not_there_is_one_sentence_and_exit_2(
        self, words: tuple[str, ...], sentence: str, ask: Ask
    ) -> None:
        result = ask("value", *words, "--json")

        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.startswith(sentence)
        assert result.stderr.count("\n") == 1


class TestShow:
    def test_gives_a_sheet_as_it_stood(self, ask: Ask) -> None:
        found = answer_of(ask("show", "riders", "--on", "2025-07-01", "--json"))

        july = {one["name"]: one for one in found["values"] if not one["silence"]}
        assert set(july) == {"eeic_usd_per_kwh", "fac_usd_per_kwh", "resram_usd_per_kwh"}
        assert july["fac_usd_per_kwh"]["value"] == "0.00395"
        assert set(july["fac_usd_per_kwh"]["citation"]) == CITATION

    def test_shows_silence_as_silence(self, ask: Ask) -> None:
        rows = answer_of(ask("show", "riders", "--on", "2016-07-01", "--json"))["values"]

        assert [(one["citation"], one["silence"]) for one in rows] == [
            (None, "no value in force")
        ] * 6  # three riders of two kinds of classes

    def test_knows_a_sheet_by_its_number(self, ask: Ask) -> None:
        assert answer_of(ask("show", "54", "--json"))["sheet"] == "sheet_054"

    def test_of_an_unknown_sheet_names_those_there_are(self, ask: Ask) -> None:
        result = ask("show", "sheet_099")

        assert result.exit_code == 2
        assert result.stderr.startswith("The book has no sheet 'sheet_099'. Name one of ")
        assert "sheet_054, sheet_055, " in result.stderr

    def test_as_known_before_it_was_entered_is_silent_throughout(self, ask: Ask) -> None:
        rows = answer_of(ask("show", "--as-known", "2026-11-23", "--json"))["values"]

        assert all(one["silence"] for one in rows)


class TestCheck:
    def test_of_the_first_book_holds(self, ask: Ask) -> None:
        found = answer_of(ask("check", "--json"))

        assert found["ok"]
        assert found["book"] == "union_electric_mo6"
        assert {one["weight"] for one in found["findings"]} >= {"gap", "ends"}
        assert any("Rider SUT" in one["sheet"] for one in found["not_held"])

    def test_asks_whether_the_books_of_bills_are_still_there(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A bill of 28 November pinned a book that is not there; one of the 29th did not."""
        view = wiring.open_book(wiring.book_folder()).as_known(date(2026, 11, 29))
        pins = [BookPin(date(2026, 11, 28), "0" * 64, 7), BookPin(view.known_on, view.sha256, 1)]

        @contextmanager
        def opened(**how: Any) -> Iterator[Any]:
            yield SimpleNamespace(store=SimpleNamespace(book_pins=lambda: pins))

        monkeypatch.setattr(wiring, "open_system", opened)

        result = ask("check", "--bills")

        assert result.exit_code == 2
        assert result.stderr.startswith("The book as known on 2026-11-28 is not the one that 7 ")
        assert len(result.stderr.splitlines()) == 1
        pins.pop(0)
        assert ask("check", "--bills").exit_code == 0

    def test_reports_gaps_ends_and_what_nothing_uses(self, made_up_book: Path, ask: Ask) -> None:
        found = answer_of(ask("check", str(made_up_book), "--json"))

        sentences = {one["weight"]: one["sentence"] for one in found["findings"]}
        assert found["ok"]
        assert sentences["ended"].endswith("since 2025-01-01. Bills of those days are held.")
        assert sentences["unused"] == "sheet_001/basis.yaml: nothing uses 'basis'."
        assert "gap" not in sentences

    @pytest.mark.parametrize(("days_ago", "stale"), [(399, False), (400, False), (401, True)])
    def test_reports_what_nobody_has_looked_at(
        self, days_ago: int, stale: bool, made_up_book: Path, ask: Ask
    ) -> None:
        looked = date(2026, 11, 29) - timedelta(days=days_ago)
        path = made_up_book / "sheet_001" / "basis.yaml"
        text = path.read_text(encoding="utf-8").replace("2026-01-05", looked.isoformat())
        path.write_text(text, encoding="utf-8")

        found = answer_of(ask("check", str(made_up_book), "--json"))

        sentence = f"sheet_001/basis.yaml: nobody has looked since {looked}."
        assert (sentence in [one["sentence"] for one in found["findings"]]) is stale

    def test_of_a_broken_book_says_every_broken_file_and_exits_2(
        self, made_up_book: Path, ask: Ask
    ) -> None:
        for name in ("basis", "price"):
            path = made_up_book / "sheet_001" / f"{name}.yaml"
            path.write_text(path.read_text().replace("standing: filed", "standing: read"))

        result = ask("check", str(made_up_book))

        assert result.exit_code == 2
        assert result.stdout == ""
        assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [
            "sheet_001/basis.yaml, line 8",
            "sheet_001/price.yaml, line 8",
        ]

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("standings: [filed]", "standings: [filed, assumed]",
             "coverage.yaml, line 2: 'sheet_001' is said to stand on filed, assumed, and its files "
             "on filed. State what the files do."),
            ("folder: sheet_001", "folder: sheet_002",
             "coverage.yaml, line 2: there is no folder 'sheet_002' with values. Correct its name, "
             "or move the entry to not_held."),
            ("text_held: whole", "text_held: none",
             "coverage.yaml, line 2: 'sheet_001' has filed values though none of its text is held. "
             "State what was read, or the standing the values really have."),
            ("text_held: whole", "text_held: mostly",
             "coverage.yaml, line 2: 'mostly' does not say how much of the text is held. "
             "Use one of none, part, whole."),
            ("standings: [filed]", "standings: [read]",
             "coverage.yaml, line 3: 'read' is not a standing. "
             "Use one of filed, carried_forward, second_hand, assumed."),
            (', missing: "Nothing."', "",
             "coverage.yaml, line 2: The key 'missing' is missing. Add 'missing:' here."),
        ],
    )  # fmt: skip
    def test_of_a_statement_that_files_contradict_exits_2(
        self, old: str, new: str, sentence: str, made_up_book: Path, ask: Ask
    ) -> None:
        path = made_up_book / "coverage.yaml"
        path.write_text(path.read_text().replace(old, new))

        result = ask("check", str(made_up_book))

        assert result.exit_code == 2
        assert sentence in result.stderr.splitlines()

    def test_of_a_book_that_states_nothing_exits_2(self, made_up_book: Path, ask: Ask) -> None:
        (made_up_book / "coverage.yaml").unlink()

        result = ask("check", str(made_up_book))

        assert result.exit_code == 2
        assert result.stderr.startswith("book: The book has no coverage.yaml. State for each")

    def test_of_no_book_at_all_exits_2(self, tmp_path: Path, ask: Ask) -> None:
        result = ask("check", str(tmp_path / "nowhere"))

        assert result.exit_code == 2
        assert result.stderr.startswith(f"There is no tariff book in {tmp_path / 'nowhere'}.")
