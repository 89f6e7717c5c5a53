"""``meterledger demo``: what it prints, the shape of its answer, and what it refuses.

Lives here      the command over a town in memory, and (soak) the real one on PostgreSQL, killed.
Lives elsewhere what must hold in the town (test_the_town_lives.py).
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from click.testing import Result
from tests.town.towns import FEW_SIMULATED, LivedTown
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli import demo
from meterledger.entrypoints.demo import town as towns
from meterledger.entrypoints.demo.folder import Life, life_of, set_life
from meterledger.entrypoints.demo.living import NotOnlyTheTown, refuse_strangers
from meterledger.entrypoints.demo.story import book_completed_at
from meterledger.stores.vault import FileVault

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> FileVault:
    """The lived town's vault of documents."""
    folder = tmp_path_factory.mktemp("documents")
    return FileVault(folder / "documents", folder / "document-keys.json")


@pytest.fixture
def run(lived: LivedTown, documents: FileVault, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with the lived town behind it instead of PostgreSQL."""

    @contextmanager
    def open_lived(folder: Path, **_: Any) -> Iterator[SimpleNamespace]:
        utility = lived.utility
        yield SimpleNamespace(
            store=utility.store,
            lake=utility.lake,
            book=utility.book,
            view=utility.view,
            documents=documents,
        )

    monkeypatch.setattr(wiring, "open_system", open_lived)
    small = towns.build_town
    monkeypatch.setattr(towns, "build_town", lambda zone: small(zone, FEW_SIMULATED))
    app = typer.Typer()
    demo.register(app)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return call


class TestTheCommand:
    def test_shows_a_town_that_has_lived(self, run: Run, tmp_path: Path, lived: LivedTown) -> None:
        set_life(tmp_path, Life.LIVED)

        result = run("--no-serve", "--data", str(tmp_path))

        assert result.exit_code == 0, result.output
        for words in (
            "The town has lived its months; --fresh lets it begin anew.",
            "One bill, line by line: B-",
            "Fuel adjustment charge",
            "Sheet 54, in force 2025-06-01",
            "University City gross receipts tax",
            "0 Wh unexplained",
            "The journal sums to $0.00",
            "the same bytes",
            "splits by cause to the cent",
            "0 unexplained",
            "owed, by days past due",
            "142 Customer accounts receivable",
            "Unexplained: seen at the bank and not expected, 1, $150.00",
            "tie to the journal",
            "1 electronic: ",
            f"held show {lived.utility.store.held_cases()[-1].case_id}",
        ):
            assert words in re.sub(r"\s+", " ", result.output), words
        assert "BROKEN" not in result.output
        assert "\x1b[" not in result.output  # plain where there is no terminal

    def test_answers_in_json(self, run: Run, tmp_path: Path, lived: LivedTown) -> None:
        set_life(tmp_path, Life.LIVED)

        answer = json.loads(run("--json", "--data", str(tmp_path)).stdout)

        assert answer["data"] == str(tmp_path)
        assert answer["bills"] == sum(len(month.bills) for month in lived.months)
        assert answer["energy_billed_wh"] == str(
            sum(month.billed_wh for month in lived.months)
            + sum(one.difference_wh for month in lived.months for one in month.corrections)
        )
        assert len(answer["held_to_decide"]) == len(answer["corrected"]) == 1
        documents = answer["documents"]
        assert documents["bills"] == documents["printed"] + documents["electronic"] > 5
        assert (Path(documents["folder"]) / "bills.pdf").read_bytes().startswith(b"%PDF")
        assert len(answer["fingerprint"]) == 64
        assert [proof["holds"] for proof in answer["proofs"]] == [True] * 12
        assert answer["books"]["aging"]["ties"] is True
        assert answer["months"] == []

    def test_refuses_a_folder_of_something_else(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").write_bytes(b"somebody's")

        result = run("--no-serve", "--fresh", "--data", str(tmp_path))

        assert result.exit_code == 2
        assert "holds something else than a demo town" in result.stderr
        assert (tmp_path / "ledger.db").exists()

    def test_refuses_a_port_in_use_before_it_lives(self, run: Run, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            result = run("--data", str(tmp_path / "town"), "--port", port)

        assert result.exit_code == 2
        assert f"Port {port} cannot be used" in result.stderr
        assert not (tmp_path / "town").exists()

    def test_refuses_a_clock_before_the_book(
        self, run: Run, tmp_path: Path, lived: LivedTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = book_completed_at(lived.utility.book) - timedelta(days=1)
        monkeypatch.setattr(demo, "now_utc", lambda: before)

        result = run("--no-serve", "--data", str(tmp_path / "town"))

        assert result.exit_code == 2
        assert f"clock says {before.date()}" in result.stderr
        assert "Set the clock" in result.stderr

    def test_tells_each_month_in_json(self, lived: LivedTown) -> None:
        october = lived.months[2].as_json()
        assert october["month"] == "2025-10"
        assert october["billed"] == len(lived.months[2].bills)
        assert {one["status"] for one in october["files"]} == {"stored", "known", "refused"}
        assert json.loads(json.dumps(october)) == october


class TestOtherPeoplesAccounts:
    def test_keep_the_town_away(self, lived: LivedTown) -> None:
        fewer = SimpleNamespace(stays=lived.town.stays[1:])
        with pytest.raises(NotOnlyTheTown, match="1 accounts that are not the town's, like 31"):
            refuse_strangers(fewer, lived.utility)  # type: ignore[arg-type]

    def test_are_not_the_towns_own(self, lived: LivedTown) -> None:
        refuse_strangers(lived.town, lived.utility)


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.timeout(900)
class TestOnPostgres:
    """The whole demo as a person starts it, killed at some moments and started again."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """A folder that root's database account may pass to, as it may not to pytest's own."""
        with tempfile.TemporaryDirectory(prefix="meterledger-town-") as name:
            Path(name).chmod(0o711)
            yield Path(name)

    def test_killed_and_started_again_it_gives_the_same_bills(self, folder: Path) -> None:
        def command(name: str) -> list[str]:
            run_it = "from meterledger.entrypoints.cli.main import main; main()"
            data = str(folder / name)
            return [sys.executable, "-c", run_it, "demo", "--json", "--data", data]

        for seconds in (6, 11, 8):
            with pytest.raises(subprocess.TimeoutExpired):
                subprocess.run(command("killed"), timeout=seconds, capture_output=True, check=True)
        assert life_of(folder / "killed") is Life.LIVING

        answers = [
            json.loads(
                subprocess.run(command(name), capture_output=True, check=True, text=True).stdout
            )
            for name in ("killed", "whole", "whole")
        ]

        hashes = {(one["fingerprint"], one["journal_fingerprint"]) for one in answers}
        assert len(hashes) == 1
        assert [[proof["holds"] for proof in one["proofs"]] for one in answers] == [[True] * 12] * 3
        assert [len(one["months"]) for one in answers] == [10, 10, 0]


def test_the_story_begins_when_the_book_is_complete(lived: LivedTown) -> None:
    began = book_completed_at(lived.utility.book)
    assert began <= datetime.now(UTC)
    first = min(bill.pins.known_at for bill in lived.months[0].bills)
    assert began < first < began + timedelta(hours=1)
