"""``meterledger bank`` and the reports of finance, by their words. The store is the journeys'."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.doors.web_town import WebTown, build_web_town
from tests.journeys.town import CLASSES_TOLD
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.facts.periods import PeriodClose
from meterledger.usecases.ports import Viewer

BY = ("--by", "Dana Cole", "--reason", "a wire without an account")
HEADER = "kind,bank_account,day,amount_usd,reference,text\n"
STATEMENT = HEADER + (
    "opening,4471,2025-11-04,0.00,,\n"
    "line,4471,2025-11-04,40.00,R-2-2,office deposit\n"
    "line,4471,2025-11-04,77.10,FT-2210,wire\n"
    "closing,4471,2025-11-04,117.10,,\n"
)


@pytest.fixture(scope="module")
def town() -> WebTown:
    made = build_web_town()
    made.now = CLASSES_TOLD
    return made


@pytest.fixture
def ask(town: WebTown, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.town.store.viewing(viewer, subjects):
            yield town.system()

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return result.stderr.strip()


def test_a_statement_is_taken_matched_explained_and_adjusted(ask: Any, tmp_path: Path) -> None:
    file = tmp_path / "november.csv"
    file.write_text(STATEMENT, encoding="utf-8")
    (read,) = answer(ask("bank", "take", str(file), "--dry-run", "--json"))["files"]
    assert (read["status"], read["lines"], read["usd"]) == ("read", 2, "117.10")
    assert answer(ask("bank", "take", str(file), "--json"))["files"][0]["status"] == "stored"
    assert answer(ask("bank", "take", str(file), "--json"))["files"][0]["status"] == "known"

    run = answer(ask("bank", "match", "--json"))
    assert run["by_rule"] == {"exact by reference": {"matches": 1, "usd": "40.00"}}
    assert run["ties"]
    (line,) = run["seen_not_expected"]
    assert (line["usd"], line["owner"]) == ("77.10", "cash operations")
    name = line["line"]

    assert "Dana Cole says" in ask("bank", "explain", name, *BY).stdout
    assert "cannot post to 142" in refused(ask("bank", "adjust", name, "--to", "142", *BY))
    proposed = ask("bank", "adjust", name, "--to", "419", *BY)
    assert "Nothing is posted until another person" in proposed.stdout
    assert "approved by who proposed it" in refused(ask("bank", "approve", name, *BY))
    rejected = ask("bank", "reject", name, "--by", "Sam", "--reason", "ask the bank first")
    assert "rejected, and stays open" in rejected.stdout
    ask("bank", "adjust", name, "--to", "419", *BY)
    approved = ask("bank", "approve", name, "--by", "Sam", "--reason", "seen")
    assert f"posted as bank-adjustment:{name}" in approved.stdout

    words = ask("bank", "open").stdout
    assert "Seen and not expected: 0 lines" in words
    assert "IS NOT" not in words
    assert "(treasury)" in words
    assert "is matched already" in refused(ask("bank", "approve", name, *BY))


def test_a_match_is_undone_and_made_again_by_hand(ask: Any) -> None:
    (first,) = [
        one
        for one in answer(ask("bank", "matches", "--json"))["matches"]
        if one["rule"] == "exact by reference"
    ]
    undo = ("bank", "unmatch", first["match"], "--by", "Sam", "--reason", "not that one")
    assert answer(ask(*undo, "--json")) == answer(ask(*undo, "--json"))  # told again, done once
    assert first["expectations"][0] in ask("bank", "open").stdout

    pieces = (*first["lines"], *first["expectations"])
    assert "has a name and a reason" in refused(ask("bank", "match", *pieces))
    assert "--on is of the rules" in refused(ask("bank", "match", "--by", "Sam"))
    said = ("--by", "Sam", "--reason", "it was, after all")
    told = answer(ask("bank", "match", *pieces, *said, "--json"))
    assert (told["match"], told["rule"], told["by"], told["usd"]) == (
        f"{first['match']}.2",
        "by hand",
        "Sam",
        "40.00",
    )
    again = ask("bank", "match", *pieces, *said).stdout
    assert again.strip() == (
        f"{told['match']} is matched by hand by Sam: 1 of the bank and 1 of ours, $40.00."
    )
    assert "by hand by Sam (it was, after all)" in ask("bank", "matches").stdout
    other = ask("bank", "match", *pieces, "--by", "Ana", "--reason", "me too")
    assert f"is matched already, in {told['match']}" in refused(other)


def test_ours_alone_cancel_each_other_by_hand(ask: Any, town: WebTown) -> None:
    account, day = town.town.account_id(1), CLASSES_TOLD.date().isoformat()
    said = ("--by", "Sam", "--reason", "the office had it twice")
    answer(ask("payment", "take", account, "--usd", "31.00", "--key", "OFF-7", "--json"))
    answer(ask("payment", "reverse", "OFF-7", "--on", day, *said, "--json"))
    both = ("payment:OFF-7#1", "reversal:payment:OFF-7#1")
    made = ask("bank", "match", *both, *said).stdout
    assert made.strip() == (
        f"match:{both[0]} is matched by hand by Sam: 2 of ours cancel each other, $31.00 each way."
    )
    assert "$31.00 each way  by hand by Sam" in ask("bank", "matches").stdout
    told = answer(ask("bank", "matches", "--json"))["matches"][0]
    assert (told["usd"], told["cancels_usd"], told["lines"]) == ("0.00", "31.00", [])
    undone = ask("bank", "unmatch", told["match"], *said).stdout
    assert f"is undone: {both[0]}, {both[1]} open again" in undone
    assert both[1] in ask("bank", "open").stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STATEMENT.replace("117.10", "117.11"), "does not add up"),
        (STATEMENT.replace("77.10", "1e2", 1), "is not an amount of dollars"),
        ("nothing of a bank", "is no bank statement"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(
    ask: Any, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(text, encoding="utf-8")
    assert words in refused(ask("bank", "take", str(file)))


@pytest.mark.parametrize("report", ["aging", "trial-balance", "revenue", "cash", "gl"])
def test_every_report_ties_and_prints_its_tie(ask: Any, report: str) -> None:
    days = () if report == "aging" else ("--from", "2025-10-01")
    told = answer(ask("report", report, *days, "--json"))
    assert told["ties"]
    assert all(one["left"] == one["right"] for one in told["tie"])
    shown = ask("report", report, *days).stdout
    assert "IS NOT" not in shown
    assert " = " in shown or report == "gl"


def test_a_general_ledger_is_written_once(ask: Any, tmp_path: Path) -> None:
    out = tmp_path / "gl.csv"
    told = answer(ask("report", "gl", "--from", "2025-10-01", "--out", str(out), "--json"))
    *rows, control = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")))
    assert len(rows) == told["rows"]
    assert control["debits_usd"] == control["credits_usd"] == told["debits_usd"]
    again = ask("report", "gl", "--from", "2025-10-01", "--out", str(out))
    assert "cannot be written" in refused(again)


def test_unbilled_revenue_is_told_and_posted_once(ask: Any) -> None:
    told = answer(ask("report", "unbilled-revenue", "--month-end", "2025-11-30", "--json"))
    assert (told["agreements"], told["posted"], told["standing"]) == (5, None, "assumed")
    assert told["methods"]["all days measured and priced"]["agreements"] == 5
    posted = ask("report", "unbilled-revenue", "--month-end", "2025-11-30", "--post")
    assert "Posted, and taken back on the next day." in posted.stdout
    again = ask("report", "unbilled-revenue", "--month-end", "2025-11-30", "--post")
    assert "Posted before." in again.stdout
    wrong = ask("report", "unbilled-revenue", "--month-end", "2025-11-29")
    assert "is not the last day of a month that is over" in refused(wrong)
    balance = answer(ask("report", "trial-balance", "--from", "2025-11-01", "--json"))
    (accrued,) = [one for one in balance["accounts"] if one["ledger_account"] == "173"]
    assert accrued["closing_usd"] == told["usd"]
    assert balance["ties"]


def test_an_accrual_of_a_closed_month_tells_that_it_moves_nothing(ask: Any, town: WebTown) -> None:
    month_end = ("report", "unbilled-revenue", "--month-end", "2025-10-31")
    town.town.store.close_period(PeriodClose(date(2025, 9, 1), "Cleo", town.system().now))
    assert answer(ask(*month_end, "--json"))["month_closed"] == ""
    town.town.store.close_period(PeriodClose(date(2025, 10, 1), "Cleo", town.system().now))
    words = (
        "2025-10 is closed: the accrual and its reversal are both booked on 2025-11-01, so the "
        "revenue of 2025-10 stays without it"
    )
    assert answer(ask(*month_end, "--json"))["month_closed"] == words
    assert f"{words}.\n" in ask(*month_end, "--post").stdout
    again = ask(*month_end, "--post").stdout
    assert "Posted before." in again
    assert "is closed" not in again


def test_what_is_unexplained_names_its_owner(ask: Any) -> None:
    told = answer(ask("report", "unexplained", "--json"))
    assert {one["owner"] for one in told["unexplained"]} == {
        *("cash operations", "treasury", "payment desk", "general accounting"),
    }
    assert all(one["holds"] for one in told["ties"])


def test_days_that_end_before_they_begin_are_refused(ask: Any) -> None:
    wrong = ask("report", "revenue", "--from", "2025-10-01", "--to", "2025-10-01")
    assert "2025-10-01 is not after 2025-10-01" in refused(wrong)
