"""``bill-cycle --shadow`` and ``impact``: what a program is answered, the reports, the refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys import town as towns
from tests.journeys.test_impact import PRICE
from tests.journeys.test_with_the_lake import arrive
from tests.journeys.town import FIRST, LAST, LATER, Town, even, lively
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.impact import months_before
from meterledger.entrypoints.cli.main import build_app
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.ports import Viewer

NOVEMBER = (date(2025, 11, 1), date(2025, 12, 1))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Two homes billed for November over a lake of files."""
    made = Town()
    made.lake = IntervalLake(
        tmp_path / "lake", zone="America/Chicago", files_at=made.store.lake_files
    )
    with made.store.viewing(towns.VIEWER, []):
        for number in (1, 2):
            made.start(number, from_day=NOVEMBER[0])
            arrive(made, towns, f"M{number}", NOVEMBER, lively, learned_at=FIRST)
        assert made.bill(1, 2, on=date(2025, 12, 1)).issued_count == 2
    return made


@pytest.fixture
def ask(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(
        folder: Path | None = None, *, viewer: Viewer, subjects: Sequence[str]
    ) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, LAST, tmp_path)

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), [str(word) for word in words])


SHADOW = ("bill-cycle", "1", "--shadow", "--since", "2025-11-01", "--on", "2025-12-01")
IMPACT = ("impact", "--cycle", "1", "--until", "2025-12-01", "--months", "1", "--change")


class TestShadow:
    def test_of_what_has_not_changed_passes(self, ask: Any, town: Town) -> None:
        result = ask(*SHADOW, "--json")

        assert result.exit_code == 0, result.output
        answer = json.loads(result.stdout)
        assert (answer["bills"], answer["same"], answer["different"]) == (2, 2, 0)
        assert answer["passes"] is True
        assert answer["issued_usd"] == answer["shadow_usd"]
        viewer, subjects = town.store.read_log[-1]
        assert (viewer.name, viewer.purpose, subjects) == (
            "bill-cycle",
            "shadow billing",
            ("cycle 1",),
        )

    def test_says_what_came_late_in_a_report(self, ask: Any, town: Town, tmp_path: Path) -> None:
        day = (date(2025, 11, 9), date(2025, 11, 10))
        with town.store.viewing(towns.VIEWER, []):
            arrive(town, towns, "M2", day, even(9_000), learned_at=LATER)

        result = ask(*SHADOW, "--out", tmp_path / "report")

        assert result.exit_code == 0, result.output
        assert "2 bills" in result.stdout
        assert "late reading" in result.stdout
        assert "Every cent is explained." in result.stdout
        answer = json.loads((tmp_path / "report" / "shadow.json").read_text("utf-8"))
        (cause,) = answer["causes"]
        assert (cause["cause"], cause["usd"]) == ("late reading", answer["difference_usd"])
        page = (tmp_path / "report" / "shadow.html").read_text("utf-8")
        assert "<svg" in page
        assert answer["largest"][0]["bill"] in page

    def test_of_no_such_cycle_is_refused(self, ask: Any) -> None:
        result = ask("bill-cycle", "99", "--shadow", "--on", "2025-12-01")

        assert result.exit_code == 2
        assert "There is no reading cycle 99" in result.stderr

    def test_without_it_a_cycle_and_a_day_are_needed(self, ask: Any) -> None:
        result = ask("bill-cycle", "--on", "2025-12-01")

        assert result.exit_code == 2
        assert "A cycle and its day of rendition are billed" in result.stderr

    def test_days_in_order_are_needed(self, ask: Any) -> None:
        result = ask("bill-cycle", "--shadow", "--since", "2025-12-02", "--on", "2025-12-01")

        assert result.exit_code == 2
        assert "2025-12-02 comes after 2025-12-01" in result.stderr


class TestImpact:
    @pytest.fixture
    def proposal(self, tmp_path: Path) -> Path:
        path = tmp_path / "proposal.yaml"
        path.write_text(PRICE.format(begins="2025-11-01"), "utf-8")
        return path

    def test_is_told_to_the_cent_with_its_files(
        self, ask: Any, proposal: Path, tmp_path: Path
    ) -> None:
        result = ask(*IMPACT, proposal, "--out", tmp_path / "report", "--json")

        assert result.exit_code == 0, result.output
        answer = json.loads(result.stdout)
        assert answer["accounts"] == answer["more"] == 2
        assert answer["billed_usd"] == answer["before_usd"] != answer["after_usd"]
        assert answer["first_change"] == "2025-11-01"
        assert answer["by_programme"][0]["name"] == "not known"
        files = {path.name for path in (tmp_path / "report").iterdir()}
        assert files == {"impact.html", "impact.json", "accounts.csv"}

    def test_is_told_by_income_programme_of_a_file(
        self, ask: Any, proposal: Path, town: Town, tmp_path: Path
    ) -> None:
        """The file is read and looked at with a log entry; nothing of it is kept."""
        path = tmp_path / "participants.csv"
        line = f"{town.account_id(2)},Keeping Current cooling,2025-11-10,2025-11-20\n"
        path.write_text(f"account,programme,from,until\n{line}", "utf-8")
        kept = len(town.store.record)

        result = ask(*IMPACT, proposal, "--participants", path, "--out", tmp_path / "report")

        assert result.exit_code == 0, result.output
        assert "By income programme:" in result.stdout
        answer = json.loads((tmp_path / "report" / "impact.json").read_text("utf-8"))
        groups = {one["name"]: one for one in answer["by_programme"]}
        assert {name: one["accounts"] for name, one in groups.items()} == {
            "Keeping Current cooling": 1,
            "none": 1,
        }
        assert groups["Keeping Current cooling"]["part_of_the_time"] == 1
        viewer, subjects = town.store.read_log[-1]
        assert viewer.purpose == "impact of proposal.yaml, by income programme of participants.csv"
        assert subjects == ("cycle 1",)
        assert len(town.store.record) == kept

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("{account},Keeping Cool,2025-11-10,", "line 2: 'Keeping Cool' is no income programme"),
            ("1999999999,Keeping Current cooling,2025-11-10,", "line 2: There is no account 19999"),
            ("{account},Keeping Current cooling,2025-11-31,", "line 2: 'from' is '2025-11-31'"),
        ],
    )
    def test_of_a_file_that_cannot_be_nothing_is_counted(
        self, ask: Any, proposal: Path, town: Town, tmp_path: Path, line: str, told: str
    ) -> None:
        path = tmp_path / "participants.csv"
        rows = ["account,programme,from,until", line.format(account=town.account_id(1))]
        path.write_text("\n".join(rows), "utf-8")

        result = ask(*IMPACT, proposal, "--participants", path, "--out", tmp_path / "report")

        assert result.exit_code == 2
        assert f"participants.csv, {told}" in result.stderr
        assert not list((tmp_path / "report").glob("*"))

    def test_says_that_a_later_revision_changes_nothing(self, ask: Any, tmp_path: Path) -> None:
        path = tmp_path / "later.yaml"
        path.write_text(PRICE.format(begins="2027-01-01"), "utf-8")

        result = ask(*IMPACT, path)

        assert result.exit_code == 0, result.output
        assert "Nothing changes" in result.stdout

    def test_of_days_without_a_bill_says_so(self, ask: Any, proposal: Path) -> None:
        """That a proposal changes nothing would be another answer."""
        result = ask(
            *("impact", "--cycle", "1", "--months", "1", "--change", proposal),
            *("--until", "2025-10-31"),
        )

        assert result.exit_code == 0, result.output
        assert "No bill was rendered on these days." in result.stdout
        assert "Nothing changes" not in result.stdout

    def test_of_what_the_book_refuses_is_refused_by_its_line(
        self, ask: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "broken.yaml"
        text = PRICE.format(begins="2025-11-01").replace("standing: assumed", "standing: sure")
        path.write_text(text, "utf-8")

        result = ask(*IMPACT, path)

        assert result.exit_code == 2
        assert "broken.yaml, line 8" in result.stderr

    def test_months_that_nobody_can_look_at(self, ask: Any, proposal: Path) -> None:
        result = ask("impact", "--change", proposal, "--months", "0")

        assert result.exit_code == 2
        assert "0 months cannot be looked at" in result.stderr


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 11, 30), 12, date(2025, 11, 30)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 1, 31), 2, date(2025, 11, 30)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before
