"""``meterledger together``, and what people see of one bill of several meters."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader
from tests.doors.web_town import WebTown
from tests.journeys.test_bills_together import AUGUST, BOTH, SAID, arrange, with_a_barn
from tests.journeys.town import CLASSES_TOLD, NOON, VIEWER, Town, even
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

SIGNED = ("--by", "Ana Rivera", "--reason", "asked on 20 June")


@pytest.fixture(scope="module")
def built() -> Town:
    """One account with a house and a barn, read through the summer."""
    made = Town()
    made.start(1, tax_place="university_city")
    with_a_barn(made, tax_place="university_city", multiplier=3)
    made.read("M1", BOTH, even(100))
    made.read("M2", BOTH, even(7))
    return made


@pytest.fixture(scope="module")
def ask(built: Town) -> Iterator[Callable[..., Result]]:
    minutes = iter(range(1, 1000))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = SAID + timedelta(minutes=next(minutes))
        with built.store.viewing(viewer, subjects):
            yield wiring.System(built.store, built.lake, built.book, now, None)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "open_system", open_system)
        yield lambda *words: CliRunner().invoke(build_app(), list(words))


@pytest.fixture
def client(built: Town) -> Iterator[Client]:
    before = system.provide(WebTown(built, now=CLASSES_TOLD))
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_from_the_desk_to_the_paper(
    ask: Any, built: Town, client: Client, watched_templates: None
) -> None:
    """One day: refused, said, billed, seen, ended."""
    account = built.account_id(1)
    assert "has a bill of its own" in ask("together", "show", account).stdout
    refused = ask("together", "start", account, "--on", "2025-07-09", *SIGNED)
    assert refused.exit_code == 2
    assert "goes on over 2025-07-09" in refused.stderr
    start = ("together", "start", account, "--on", "2025-07-01", *SIGNED)
    assert told(ask(*start, "--dry-run", "--json"))["dry_run"] is True
    assert told(ask("together", "show", account, "--json"))["together"] == []
    (row,) = told(ask(*start, "--json"))["together"]
    assert (row["by"], row["from"], row["until"]) == ("Ana Rivera", "2025-07-01", None)
    assert "GRR IV.C" in row["reasons"][0]["citation"]["text"]
    assert "is billed with" in ask("together", "show", account).stdout
    assert "on the bill of agreement" in ask("service", "show", account).stdout
    unknown = ask("together", "show", "0000000026")
    assert (unknown.exit_code, "no account" in unknown.stderr) == (2, True)

    made = told(ask("bill", account, "--on", "2025-08-01", "--json", *THEN))
    (bill,) = made["bills"]
    assert bill["usage"]["energy_wh"] == str(96 * 31 * (100 + 21))
    points = bill["usage"]["points"]
    assert [(one["service_point"], one["multiplier"]) for one in points] == [("SP1", 1), ("SP2", 3)]
    assert points[1]["usage"]["energy_wh"] == str(96 * 31 * 21)
    name = bill["bill"]
    assert told(ask("replay", name, "--json"))["same_bytes"] is True
    assert told(ask("why", name, "--json"))["lines"]
    priced = told(ask("meter", "account", account, "--from", "2025-07-01", "--to", "2025-08-01",
                      "--priced", "--json"))["priced"]  # fmt: skip
    assert priced["total_usd"] == bill["total_usd"]

    page = client.get(f"/bills/{name}/").content.decode()
    assert "Meters at 2 places of your account are on this bill" in page
    for words in ("M1", "M2", "297.600 kWh", "62.496 kWh", "360.096 kWh", "All meters", "GRR IV.C"):
        assert words in page, words
    assert "Billed together" in client.get(f"/accounts/{account}/").content.decode()
    paper = PdfReader(io.BytesIO(client.get(f"/bills/{name}.pdf").content))
    assert len(paper.pages) == 2
    printed = " ".join(" ".join(one.extract_text() for one in paper.pages).split())
    for words in ("M1", "M2", "62.496 kWh", "360.096 kWh", "All meters"):
        assert words in printed, words

    early = ask("together", "end", account, "--on", "2025-07-15", *SIGNED)
    assert early.exit_code == 2
    ended = told(ask("together", "end", account, "--on", AUGUST.from_day.isoformat(), *SIGNED,
                     "--json"))  # fmt: skip
    assert ended["together"][0]["until"] == "2025-08-01"
    with built.store.viewing(VIEWER, []):
        assert {len(one.usage.points) for one in
                built.bill(1, on=AUGUST.until_day, known_at=NOON).issued} == {0}  # fmt: skip


def test_a_bill_of_many_meters_tells_how_many_and_compares_like_with_like() -> None:
    """Four barns join after a year of the house alone: that year says nothing of the sum."""
    made = Town()
    made.start(1)
    for number in range(2, 5):
        with_a_barn(made, number)
    with made.store.viewing(VIEWER, []):
        for number in range(1, 5):
            made.read(f"M{number}", (BOTH[0], AUGUST.until_day.replace(year=2026)), even(number))
        made.bill(1, on=AUGUST.from_day.replace(year=2026))
        arrange(made, on=AUGUST.from_day.replace(year=2026), at=SAID)
        (bill,) = made.bill(1, on=AUGUST.until_day.replace(year=2026)).issued
        account = made.store.bills_of_account(bill.account_id)
        statement = make_statement(
            made.store.bill(bill.bill_id),
            service=made.store.service_of_agreement(bill.agreement_id, NOON),
            history=account,
            entries=made.store.entries_of_account(bill.account_id),
            view=made.view,
            beside=Beside(),
        )
    words = bill_words(statement)
    assert words.meters == "4 meters, listed with their energy"
    assert [one.meter for one in words.reads] == ["M1", "M2", "M3", "M4", "All meters"]
    assert statement.year_before is None
    assert len(PdfReader(io.BytesIO(compose(content_of(statement)))).pages) == 2


def test_a_held_case_leads_to_every_meter_of_the_bill() -> None:
    made = Town()
    made.start(1)
    with_a_barn(made)
    with made.store.viewing(VIEWER, []):
        made.read("M1", BOTH, even(100))
        arrange(made)
        made.bill(1, on=AUGUST.from_day)
        (case,) = made.store.held_cases(account_id=made.account_id(1))
    before = system.provide(WebTown(made, now=CLASSES_TOLD))
    try:
        client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        page = client.get(f"/held/{case.case_id}/").content.decode()
    finally:
        system.provide(before)
    assert "What meter M2 registered from July 1, 2025 to August 1, 2025 is not known" in page
    assert "Meter M1: its days and set-up" in page
    assert "Meter M2: its days and set-up" in page
