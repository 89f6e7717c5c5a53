"""A bill of a register on its page, on paper, in its record, and asked why."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader
from tests.doors.usage_web_town import Behind
from tests.journeys.register_town import NEXT, RegisterTown, months
from tests.journeys.town import VIEWER
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.web import system
from meterledger.facts.estimates import EstimateCause
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

JUNE, JULY, AUGUST = months(date(2025, 6, 1), 3)
READ = ("04321 kWh, Jun 1, 2025 (actual)", "04621 kWh, Jul 1, 2025 (actual)")
ESTIMATED = ("04621 kWh, Jul 1, 2025 (actual)", "04931 kWh, Aug 1, 2025 (estimated)")


@pytest.fixture(scope="module")
def town() -> RegisterTown:
    """A home read for June; July is estimated. Another used nothing."""
    made = RegisterTown()
    with made.store.viewing(VIEWER, []):
        made.meter(1, came=JUNE)
        made.reads("M1", (JUNE, 4_321), (JULY, 4_621))
        made.meter(2, came=JUNE)
        made.reads("M2", (JUNE, 7), (JULY, 7))
        made.bill(1, on=AUGUST, known_at=NEXT)
        made.bill(2, on=JULY, known_at=NEXT)
    return made


@pytest.fixture
def client(town: RegisterTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(Behind(town))  # type: ignore[arg-type]
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def bill_of(town: RegisterTown, number: int, month: int = 0) -> str:
    with town.store.viewing(VIEWER, []):
        return str(town.store.bills_of_account(town.account_id(number))[month].bill_id)


def page_of(client: Any, bill: str) -> str:
    answer = client.get(f"/bills/{bill}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_shows_the_opening_and_the_closing_read(client: Any, town: RegisterTown) -> None:
    page = page_of(client, bill_of(town, 1))
    for read in READ:
        assert read in page
    assert "This bill is based on estimated usage" not in page
    assert "<dt>Register</dt><dd>two readings, 300000 Wh</dd>" in page


def test_an_estimated_one_says_so_and_marks_its_closing_figure(
    client: Any, town: RegisterTown
) -> None:
    page = page_of(client, bill_of(town, 1, 1))
    assert "This bill is based on estimated usage" in page
    assert "The register was not read for 31 of 31 days. Their use was estimated: 310." in page
    for read in ESTIMATED:
        assert read in page


def test_a_home_that_used_nothing_has_a_page(client: Any, town: RegisterTown) -> None:
    assert "You used 0.0 kWh in 30 days" in page_of(client, bill_of(town, 2))


@pytest.mark.parametrize(("month", "words"), [(0, READ), (1, ESTIMATED)])
def test_the_paper_says_the_same_on_one_sheet(
    client: Any, town: RegisterTown, month: int, words: tuple[str, ...]
) -> None:
    answer = client.get(f"/bills/{bill_of(town, 1, month)}.pdf")
    paper = PdfReader(io.BytesIO(answer.content))
    assert len(paper.pages) == 2
    said = " ".join(paper.pages[1].extract_text().split())
    for read in words:
        assert read in said


def test_asked_why_it_names_the_step_and_its_clause(town: RegisterTown) -> None:
    with town.store.viewing(VIEWER, []):
        told = explain_bill(bill_id=bill_of(town, 1, 1), store=town.store)
    steps = [one for one in told["reasons"] if " estimated by " in one["finding"]]
    assert [one["finding"] for one in steps] == [
        "31 days estimated by daily use in the immediately preceding billing period"
    ]
    assert steps[0]["citation"]["paragraph"].startswith("GRR V.E.3.a")


class TestTheCommand:
    @pytest.fixture
    def ask(self, monkeypatch: pytest.MonkeyPatch) -> tuple[RegisterTown, Any]:
        """A home of its own, read for June alone."""
        town = RegisterTown()
        with town.store.viewing(VIEWER, []):
            town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 4_321), (JULY, 4_621))

        @contextmanager
        def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
            with town.store.viewing(viewer, subjects):
                yield wiring.System(town.store, town.lake, town.book, NEXT, None)  # type: ignore[arg-type]

        monkeypatch.setattr(wiring, "open_system", open_system)
        return town, lambda *words: CliRunner().invoke(build_app(), list(words))

    def test_the_cause_that_is_told_is_kept(self, ask: tuple[RegisterTown, Any]) -> None:
        town, run = ask
        answer = run(
            "bill",
            town.account_id(1),
            "--on",
            "2025-08-01",
            "--cause",
            "work_stoppage",
            "--json",
            *THEN,
        )
        assert answer.exit_code == 0, answer.output
        told = json.loads(answer.stdout)["bills"][1]["usage"]
        assert told["registers"][0]["closing"]["basis"] == "estimated"
        assert told["registers"][0]["energy_wh"] == told["estimated"]["energy_wh"] == "310000"
        with town.store.viewing(VIEWER, []):
            (kept,) = town.store.estimates_of_meter("M1")
        assert kept.estimate.cause is EstimateCause.WORK_STOPPAGE

    @pytest.mark.parametrize("command", ["bill", "bill-cycle"])
    def test_one_that_the_sheet_does_not_know_is_refused(
        self, ask: tuple[RegisterTown, Any], command: str
    ) -> None:
        town, run = ask
        whom = town.account_id(1) if command == "bill" else "1"
        answer = run(command, whom, "--on", "2025-08-01", "--cause", "rain")
        assert answer.exit_code == 2
        assert "'rain' is not a cause of the sheet" in answer.output
        with town.store.viewing(VIEWER, []):
            assert town.store.bills_of_account(town.account_id(1)) == []
