"""``meterledger deposit``: each command answers, and refuses in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import town_module
from tests.journeys.deposit_town import APPLICANT, NOW, home_of
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

BY = ("--by", "Ana", "--reason", "the rules allow it")


@pytest.fixture(scope="module")
def book() -> Any:
    return open_book(default_book_folder())


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, book: Any) -> Callable[..., Result]:
    """The command line over a town with one home, and ``facts.json`` of its applicant."""
    towns = town_module()
    town = towns.Town(book=book)
    with town.store.viewing(towns.VIEWER, []):
        home_of(town)
    told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
    (tmp_path / "facts.json").write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "wrong.json").write_text("[1", encoding="utf-8")

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, NOW, tmp_path)

    monkeypatch.setattr(wiring, "open_system", open_system)
    monkeypatch.chdir(tmp_path)

    def asked(*words: str) -> Result:
        return CliRunner().invoke(build_app(), list(words))

    asked.read_log = town.store.read_log  # type: ignore[attr-defined]
    return asked


@pytest.fixture
def read_log(ask: Any) -> list[Any]:
    """Who looked at whom."""
    found: list[Any] = ask.read_log
    return found


ACCOUNT = "0000000018"
ASK = ("deposit", "ask", ACCOUNT, "--on", "2025-07-01", "--facts", "facts.json", *BY)


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def asked(ask: Any) -> str:
    name: str = answer(ask(*ASK, "--json"))["deposit"]
    return name


def test_a_life_at_the_command_line(ask: Any, asked: str, tmp_path: Path) -> None:
    assert answer(ask(*ASK, "--json"))["newly"] is False
    assert ask(*ASK[:3], *ASK[3:], "--pdf", "letter.pdf").exit_code == 0
    assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF-1.7")
    paid = ask("payment", "take", ACCOUNT, "--usd", "200.00", "--key", "R-1", "--on", "2025-07-05")
    assert paid.exit_code == 0, paid.output
    told = answer(ask("deposit", "pay-state", asked, "--json"))
    assert (told["state"], told["held_usd"]) == ("held", "200.00")
    assert ask("deposit", "certificate", asked, "--pdf", "held.pdf").exit_code == 0

    run = answer(ask("deposit", "run", "--on", "2026-07-04", "--json"))
    assert run["looked_at"] == run["changed"] + run["nothing_due"] + len(run["refused"])

    shown = ask("deposit", "show", asked)
    assert "$200.00 asked for, due by 2025-07-22" in shown.stdout
    assert "Sheet 139, rev. 1, GRR VI.A.1.c" in shown.stdout
    assert answer(ask("deposit", "replay", asked, "--json"))["same"] is True


@pytest.mark.parametrize(
    "words",
    [
        ("show", "{deposit}"),
        ("pay-state", "{deposit}"),
        ("replay", "{deposit}"),
        ("review", "{deposit}"),
        ("move", "{deposit}", "0000000026", "--approved-by", "Ben", *BY),
    ],
)
def test_whose_deposit_was_looked_at_is_logged(
    ask: Any, asked: str, read_log: list[Any], words: tuple[str, ...]
) -> None:
    read_log.clear()

    ask("deposit", *(one.format(deposit=asked) for one in words))

    looked = {name for _, subjects in read_log for name in subjects}
    assert looked >= {asked, ACCOUNT}
    assert {viewer.name for viewer, _ in read_log} == {"command line"}


def test_of_no_deposit_only_its_name_is_logged(ask: Any, asked: str, read_log: list[Any]) -> None:
    read_log.clear()

    assert ask("deposit", "show", "D-0000000000000000").exit_code == 2

    assert [subjects for _, subjects in read_log] == [("D-0000000000000000",)]


def test_what_there_is_is_listed(ask: Any, asked: str) -> None:
    (one,) = answer(ask("deposit", "list", "--json"))["deposits"]

    assert (one["deposit"], one["unpaid_usd"]) == (asked, "200.00")
    assert answer(ask("deposit", "list", "--remainders", "--json")) == {"remainders": []}


def test_a_guarantee_a_dispute_and_its_end_are_told(ask: Any, asked: str) -> None:
    on = ("--on", "2025-07-10")
    answer(ask("deposit", "dispute", asked, "--about", "another_matter", *on, *BY, "--json"))
    answer(ask("deposit", "settle", asked, *on, *BY, "--json"))
    told = answer(
        ask(
            *("deposit", "guarantee", asked, "--guarantor", "Aunt May", "--in-writing"),
            *(*on, *BY, "--json"),
        )
    )

    assert told["state"] == "guaranteed"
    assert [one["act"] for one in told["steps"]] == ["asked", "disputed", "settled", "guaranteed"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ask", ACCOUNT, "--kind", "monthly", *BY), "'monthly' is no kind of deposit"),
        (("ask", ACCOUNT, "--facts", "wrong.json", *BY), "wrong.json, line 1: It is not JSON"),
        (("ask", ACCOUNT, "--facts", "facts.json", "--on", "2025-07-01"), "Who decides, and why"),
        (("ask", ACCOUNT, "--on", "2031-01-01", *BY), "2031-01-01 is not here yet"),
        (("ask", ACCOUNT, "--usd", "NaN", *BY), "NaN"),
        (("show", "D-0"), "There is no deposit D-0"),
        (("notice", ACCOUNT, "--on", "2025-09-01", *BY), "No deposit may be asked for"),
        (("certificate", "D-0", "--pdf", "c.pdf"), "There is no deposit D-0"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    ask: Any, words: tuple[str, ...], says: str
) -> None:
    result = ask("deposit", *words)

    assert result.exit_code == 2
    assert says in result.output


def test_more_than_the_most_is_refused_with_its_clause(ask: Any) -> None:
    result = ask(*ASK, "--usd", "200.01")

    assert result.exit_code == 2
    assert "A deposit of $200.01 cannot be asked for" in result.output
    assert "GRR VI.C.1" in result.output
    assert "at most 200.00" in result.output


def test_the_letter_of_the_same_deposit_is_the_same(ask: Any, asked: str, tmp_path: Path) -> None:
    ask(*ASK, "--pdf", "one.pdf")
    ask(*ASK, "--pdf", "two.pdf")

    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_nothing_held_has_no_certificate(ask: Any, asked: str) -> None:
    result = ask("deposit", "certificate", asked, "--pdf", "c.pdf")

    assert result.exit_code == 2
    assert "Nothing that was paid of this deposit is held" in result.output


def test_a_payment_that_came_back_is_listed_until_it_is_paid(ask: Any, asked: str) -> None:
    pay = ("payment", "take", ACCOUNT, "--usd", "200.00", "--key", "R-1", "--on", "2025-07-05")
    assert ask(*pay).exit_code == 0
    assert answer(ask("deposit", "list", "--came-back", "--json")) == {"came_back": []}
    said = ask("deposit", "list", "--came-back")
    assert said.stdout == "0 deposits that were used, and whose payment came back.\n"


class TestWhatIsPrinted:
    """Without ``--json``: sentences for a person, each with the clause behind it."""

    @pytest.fixture
    def ended(self, ask: Any, asked: str) -> str:
        """Paid in July 2025, and service ended at once: the deposit waits to go back."""
        for words in (
            ("payment", "take", ACCOUNT, "--usd", "200.00", "--key", "R-1", "--on", "2025-07-05"),
            ("service", "stop", "0000000018-SP1-20250701", "--on", "2025-07-20"),
            ("bill", ACCOUNT, "--on", "2025-07-22", *THEN),
        ):
            done = ask(*words)
            assert done.exit_code == 0, done.output
        return asked

    def test_what_is_unpaid_has_its_day_and_what_is_paid_has_none(
        self, ask: Any, asked: str
    ) -> None:
        assert "$200.00 due by 2025-07-22" in ask("deposit", "pay-state", asked).stdout
        pay = ("payment", "take", ACCOUNT, "--key", "R-1", "--on", "2025-07-05", "--usd")
        assert ask(*pay, "200.00").exit_code == 0

        said = ask("deposit", "pay-state", asked).stdout

        assert said.startswith("held: $200.00 asked,")
        assert "due by" not in said

    def test_a_missing_fact_is_asked_for_in_a_sentence(self, ask: Any) -> None:
        said = ask("deposit", "ask", ACCOUNT, "--on", "2025-07-01", *BY)

        assert said.exit_code == 2
        assert "Nobody has told when we served the applicant last, and the risk score." in (
            said.output
        )
        assert "null, and the text of this day" not in said.output

    def test_nothing_due_is_said_so(self, ask: Any, asked: str) -> None:
        said = ask("deposit", "apply", asked, "--by", "Ana", "--on", "2025-07-10")

        assert said.stdout == f"Nothing of {asked} is due on 2025-07-10.\n"

    def test_whether_it_goes_back_is_said_in_words(self, ask: Any, asked: str) -> None:
        ask("payment", "take", ACCOUNT, "--usd", "200.00", "--key", "R-1", "--on", "2025-07-05")

        said = ask("deposit", "review", asked, "--on", "2025-07-10").stdout

        assert said.startswith("2025-07-10: It stays for now.\n  0 successive months were paid")

    def test_one_that_has_ended_has_no_certificate(self, ask: Any, ended: str) -> None:
        said = ask("deposit", "certificate", ended, "--pdf", "c.pdf")

        assert said.exit_code == 2
        assert "This deposit has ended: what is with us still goes back" in said.output
        (row,) = answer(ask("deposit", "list", "--remainders", "--json"))["remainders"]
        assert row["deposit"] == ended

    def test_what_a_deposit_did_now_is_told_step_by_step(self, ask: Any, asked: str) -> None:
        ask("payment", "take", ACCOUNT, "--usd", "200.00", "--key", "R-1", "--on", "2025-07-05")

        said = ask("deposit", "apply", asked, "--by", "Ana", "--on", "2026-07-04").stdout

        assert said.startswith(
            f"{asked}: $16.74 of interest to 2026-07-04, credited to the account\n"
        )
        assert "GRR VI.C.3" in said
