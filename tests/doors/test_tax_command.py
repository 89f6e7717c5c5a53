"""``tax``: certificates, places and the report, as commands say them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.town import Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

TOLD = datetime(2026, 11, 29, 15, tzinfo=UTC)


@pytest.fixture
def town() -> Town:
    made = Town()
    made.start(1, tax_place="bel_ridge")
    made.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    clock = (TOLD + timedelta(minutes=minute) for minute in range(100))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, next(clock), None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def exempt(town: Town, *more: str) -> list[str]:
    return [
        *("tax", "exempt", town.account_id(1), "--tax", "gross_receipts", "--kind", "government"),
        *("--certificate", "G-7", "--from", "2025-07-01", *more),
    ]


def billed(town: Town) -> list[Any]:
    with town.store.viewing(Viewer("a test", "to bill"), []):
        return list(town.bill(1, on=date(2025, 9, 1)).issued)


def test_exempt_says_which_bills_it_touches(ask: Any, town: Town) -> None:
    bills = billed(town)

    result = ask(*exempt(town))

    assert result.exit_code == 0, result.output
    assert (
        f"Recorded: certificate G-7 (government) exempts account {town.account_id(1)} from "
        "gross-receipts tax for 1 of its use, 2025-07-01 until further notice."
    ) in result.stdout
    for bill in bills:
        tax = bill.lines[-1].cents
        assert (
            f"  Bill {bill.bill_id} asked ${tax / 100:.2f} by no certificate, and certificate "
            "G-7 counts now."
        ) in result.stdout
    assert "See `meterledger rebill list`" in result.stdout


def test_list_and_end_tell_the_certificate(ask: Any, town: Town) -> None:
    assert "has no certificate." in ask("tax", "list", town.account_id(1)).stdout
    ask(*exempt(town, "--share", "3/5"))

    listed = json.loads(ask("tax", "list", town.account_id(1), "--json").stdout)
    assert [(one["certificate"], one["share"]) for one in listed["exemptions"]] == [("G-7", "0.6")]
    ended = ask(
        "tax", "end", town.account_id(1), "--certificate", "G-7", "--on", "2026-01-01", "--json"
    )
    assert json.loads(ended.stdout)["until"] == "2026-01-01"
    assert "2025-07-01 until 2026-01-01." in ask("tax", "list", town.account_id(1)).stdout


def test_place_says_what_changed_and_what_did_not(ask: Any) -> None:
    words = ("tax", "place", "PR1", "--from", "2025-08-01", "--sales-tax", "creve_coeur")

    assert ask(*words).stdout == "Premise PR1 is taxed so from 2025-08-01 on.\n"
    assert ask(*words).stdout.startswith("Nothing changed: premise PR1 is taxed so")
    moved = ask("tax", "place", "PR1", "--from", "2025-08-01", "--municipality", "none", "--json")
    assert json.loads(moved.stdout)["changed"]


def test_report_ties_to_the_ledger(ask: Any, town: Town) -> None:
    bills = billed(town)
    tax = sum(bill.lines[-1].cents for bill in bills)

    said = ask("tax", "report", "--from", "2025-09-01", "--to", "2025-09-02").stdout
    told = json.loads(
        ask("tax", "report", "--from", "2025-09-01", "--to", "2025-09-02", "--json").stdout
    )

    assert "gross receipts  bel ridge" in said
    assert "They tie to the cent." in said
    (row,) = told["taxes"]
    assert row["ledger_account"] == "241.gross_receipts.bel_ridge"
    assert row["tax_usd"] == told["posted_usd"] == f"{tax / 100:.2f}"
    assert row["bills"] == len(bills)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--kind", "because"), "--kind: 'because' is none of its words."),
        (("--tax", "income"), "Give one of gross_receipts, sales."),
        (("--share", "half"), "--share: 'half' is not an exact number."),
        (("--share", "2"), "A share of 2 of the use cannot be exempt."),
        (("--kind", "charitable"), "is no ground of exemption from gross-receipts tax"),
    ],
)
def test_exempt_refuses_in_one_sentence(
    ask: Any, town: Town, words: tuple[str, str], sentence: str
) -> None:
    result = ask(*exempt(town), *words)

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_report_of_no_day_is_refused(ask: Any) -> None:
    result = ask("tax", "report", "--from", "2025-09-02", "--to", "2025-09-02")

    assert result.exit_code == 2
    assert "There is no day from 2025-09-02 until 2025-09-02." in result.stderr
