"""``meterledger payment``: taken, shown, taken back, in files, unapplied. The store is memory's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.desk_of_payments import A_BILL, NOW, bill_item, new_store, view
from tests.journeys.test_combined_payments import STATEMENT
from tests.stores.combined_paper import keep_combinations
from tests.stores.paper_town import account_id
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.gateways.lockbox_write import lockbox_text
from meterledger.usecases.ports import Viewer

ACCOUNT = account_id(1)
TAKE = ("payment", "take", ACCOUNT, "--usd", "165.20", "--key", "R-1", "--on", "2026-11-30")
BY = ("--by", "Ana", "--reason", "returned by the bank")


@pytest.fixture
def store() -> Any:
    return new_store()


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, store: Any) -> Callable[..., Result]:
    book = open_book(default_book_folder())
    assert view()

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with store.viewing(viewer, subjects):
            yield wiring.System(store, None, book, NOW, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_payment_says_what_it_paid_and_by_which_clause(ask: Any) -> None:
    told = answer(ask(*TAKE, "--tender", "check", "--check", "77", "--mailed", "--json"))
    assert (told["status"], told["state"], told["tender"]) == ("posted", "posted", "check")
    assert [(one["item"], one["usd"]) for one in told["applications"]] == [
        (bill_item(0), "165.19"),
        (bill_item(1), "0.01"),
    ]
    assert "GRR V.M" in told["steps"][0]["reason"]
    assert told["balance_usd"] == "330.37"
    again = answer(ask(*TAKE, "--tender", "check", "--check", "77", "--mailed", "--json"))
    assert again == told | {"status": "known"}
    words = ask("payment", "show", "R-1").stdout
    assert f"$165.19  {bill_item(0)} (utility)" in words


def test_a_payment_is_taken_back_once(ask: Any) -> None:
    ask(*TAKE)
    told = answer(ask("payment", "reverse", "R-1", "--on", "2026-12-01", *BY, "--json"))
    assert told["changed"] is True
    assert told["state"] == "returned"
    assert [one["usd"] for one in told["applications"]] == ["165.19", "-165.19", "0.01", "-0.01"]
    again = ask("payment", "reverse", "R-1", *BY)
    assert again.exit_code == 0
    assert again.stdout.startswith("Known already, nothing changed.")
    (listed,) = answer(ask("payment", "list", "--account", ACCOUNT, "--json"))["payments"]
    assert listed["state"] == "returned"
    assert "applications" not in listed, "a list that says nothing of them must not say: none"
    assert ask("payment", "unapplied").stdout == "There is none.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (TAKE[:3] + ("--usd", "NaN", "--key", "R-1"), "'NaN' is not an amount of dollars"),
        ((*TAKE, "--tender", "shells"), "'shells' is none of cash, check"),
        (("payment", "show", "R-9"), "There is no receipt R-9"),
        (("payment", "reverse", "R-9", *BY), "There is no receipt R-9"),
        (("payment", "assign", "R-9", *BY), "Money is for one account or for one combined"),
        (
            ("payment", "assign", "R-9", "--statement", "CB-1", *BY),
            "A combined statement is named by its combination and its number",
        ),
        (
            ("payment", "assign", "R-9", "--combination", "C", "--statement", "CB-1", *BY),
            "There is no receipt R-9",
        ),
        (("payment", "list", "--state", "lost"), "'lost' is none of received"),
        (("payment", "file", "/nowhere/box.txt"), "/nowhere/box.txt"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    ask: Any, words: tuple[str, ...], sentence: str
) -> None:
    result = ask(*words)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_is_taken_once_and_what_nobody_has_is_assigned(ask: Any, tmp_path: Path) -> None:
    path = tmp_path / "box.txt"
    items = [(ACCOUNT, A_BILL), ("77", 5_00), ("78", 6_00)]
    path.write_text(lockbox_text(items, date(2026, 11, 30)), encoding="ascii")

    told = answer(ask("payment", "file", str(path), "--by", "Ana", "--json"))
    assert told["status"] == "posted"
    assert told["posted"] == {"count": 1, "usd": "165.19"}
    assert told["unapplied"] == {"count": 2, "usd": "11.00"}
    assert answer(ask("payment", "file", str(path), "--json"))["status"] == "known"

    waiting = answer(ask("payment", "unapplied", "--json"))["payments"]
    keys = {one["account_told"]: one["payment"] for one in waiting}
    assigned = answer(ask("payment", "assign", keys["77"], ACCOUNT, *BY, "--json"))
    assert (assigned["state"], assigned["account"]) == ("posted", ACCOUNT)
    assert ask("payment", "send-back", keys["78"], *BY).exit_code == 0
    alone = ask("payment", "send-back", keys["78"], "--agree", *BY)
    assert (alone.exit_code, "Money leaves by two people" in alone.stderr) == (2, True)
    ask("payment", "send-back", keys["78"], "--agree", "--by", "Bo", "--reason", "nobody's")

    (totals,) = answer(ask("payment", "totals", "--on", "2026-11-30", "--json"))["totals"]
    assert totals["received"] == {"count": 3, "usd": "176.19"}
    assert totals["by_state"] == {
        "posted": {"count": 2, "usd": "170.19"},
        "returned": {"count": 1, "usd": "6.00"},
    }
    assert "received 3 of $176.19 = posted 2 of $170.19" in (
        ask("payment", "totals", "--on", "2026-11-30").stdout
    )


def test_a_check_that_waited_is_split_over_a_combined_statement(
    ask: Any, store: Any, tmp_path: Path
) -> None:
    keep_combinations(store)
    path = tmp_path / "box.txt"
    path.write_text(lockbox_text([("77", 2 * A_BILL)], date(2026, 11, 30)), encoding="ascii")
    ask("payment", "file", str(path), "--by", "Ana")
    (waiting,) = answer(ask("payment", "unapplied", "--json"))["payments"]
    to = ("payment", "assign", waiting["payment"], "--combination", "C-1", "--statement", STATEMENT)
    store.read_log.clear()

    done = answer(ask(*to, *BY, "--json"))

    both = [account_id(1), account_id(2)]
    assert (done["state"], done["account"], done["changed"]) == ("divided", None, True)
    assert [(one["account"], one["usd"], one["state"]) for one in done["parts"]] == [
        (one, "165.19", "posted") for one in both
    ]
    assert set(both) <= {one for _, subjects in store.read_log for one in subjects}
    again = ask(*to, *BY)
    assert (again.exit_code, "It is divided, and only unapplied" in again.stderr) == (2, True)
    back = ask("payment", "reverse", waiting["payment"], "--on", "2026-12-01", *BY).stdout
    assert back.count(": returned") >= 3
    assert "received 2 of $330.38 = returned 2" in (
        ask("payment", "totals", "--on", "2026-11-30").stdout
    )


def test_a_check_that_waits_for_its_accounts_has_no_part(
    ask: Any, store: Any, tmp_path: Path
) -> None:
    """It names a statement, and came before the accounts of it were opened."""
    keep_combinations(store)
    path = tmp_path / "box.txt"
    lines = [(STATEMENT, 2 * A_BILL), (STATEMENT, A_BILL)]
    path.write_text(lockbox_text(lines, date(2024, 12, 30)), encoding="ascii")
    ask("payment", "file", str(path), "--by", "Ana")
    waiting = answer(ask("payment", "unapplied", "--json"))["payments"]
    one, other = (each["payment"] for each in waiting)

    asked = answer(ask("payment", "send-back", one, *BY, "--json"))

    assert (asked["state"], asked["account"], asked["parts"]) == ("unapplied", None, [])
    back = ask("payment", "reverse", other, "--on", "2026-12-01", *BY)
    assert back.exit_code == 0, back.output
    assert "account None" not in back.stdout
    assert back.stdout.count(other) == 1


def test_mail_has_its_grace(ask: Any) -> None:
    ask(*TAKE, "--mailed")
    told = answer(ask("payment", "timely", "R-1", "--delinquent", "2026-11-27", "--json"))
    assert told["timely"] is True
    late = answer(ask("payment", "timely", "R-1", "--delinquent", "2026-11-20", "--json"))
    assert late["timely"] is False
    assert late["reasons"][0]["citation"]["sheet"]


def test_what_is_not_there_says_where_to_look(ask: Any) -> None:
    nothing = ask("payment", "show", "R-9")
    assert nothing.exit_code == 2
    assert "There is no receipt R-9. List what there is with `meterledger payment list`" in (
        nothing.stderr
    )
