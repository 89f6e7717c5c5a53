"""``meterledger combination`` and the combination's page: what people and programs are answered."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader
from tests.doors.web_town import WebTown
from tests.journeys.combined_town import (
    ALL,
    BILLED,
    KNOWN,
    PERSON,
    SCHOOLS,
    accounts_of,
    combine,
    schools_town,
)
from tests.journeys.town import VIEWER, Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import combined_paper, wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.web import system
from meterledger.facts.combination import Combination, CombinedAccount
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import usd_display
from meterledger.kernel.span import Validity
from meterledger.usecases.combined_statements import state_combination
from meterledger.usecases.ports import Viewer

START = ("--customer", PERSON, "--written", "--on", "2026-04-01")


@pytest.fixture(scope="module")
def built() -> Town:
    """Twelve schools, none combined yet, all of them billed."""
    town = schools_town()
    with town.store.viewing(VIEWER, []):
        assert not town.bill(*ALL, on=BILLED, known_at=KNOWN).held
    return town


@pytest.fixture(scope="module")
def ask(built: Town) -> Iterator[Callable[..., Result]]:
    hours = iter(range(1, 1000, 2))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now: datetime = KNOWN + timedelta(hours=next(hours))
        with built.store.viewing(viewer, subjects):
            yield wiring.System(built.store, built.lake, built.book, now, None)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "open_system", open_system)
        yield lambda *words, of=("combination",): CliRunner().invoke(build_app(), [*of, *words])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_ten_start_one_is_added_and_leaves_and_all_are_stated(
    ask: Any, built: Town, watched_templates: None, tmp_path: Path
) -> None:
    """One day at the desk: each step stands on the one before."""
    accounts = accounts_of(ALL)

    def pay(*words: str) -> Any:
        return told(ask(*words, of=("pay",)))

    def looked() -> set[str]:
        """Who was looked at since this was asked before."""
        names = {name for _, subjects in built.store.read_log for name in subjects}
        built.store.read_log.clear()
        return names

    refused = ask("start", "SCHOOLS", *accounts[:9], *START)
    assert refused.exit_code == 2
    assert "9 premises, and 10 are the least" in refused.output
    dry = told(ask("start", "SCHOOLS", *accounts[:10], *START, "--dry-run", "--json"))
    assert dry["dry_run"] is True
    assert told(ask("show", "--json")) == {"combinations": []}

    begun = told(ask("start", "SCHOOLS", *accounts[:10], *START, "--json"))
    assert begun["ruling"]["outcome"]["due_date_chosen_by"] == "Company"
    assert [one["account"] for one in begun["accounts"]] == list(accounts[:10])
    assert (begun["person"], begun["customer"]) == (PERSON, SCHOOLS)
    assert begun["people"][0]["people"] == [{"person": PERSON, "name": SCHOOLS}]
    added = told(ask("add", "SCHOOLS", accounts[10], "--on", "2026-04-01", "--json"))
    assert len(added["premises"]) == 11
    left = told(ask("end", "SCHOOLS", "--account", accounts[10], "--on", "2026-07-01", "--json"))
    assert left["left"]["ruling"]["outcome"]["combined"] is True

    before_it = links_of_bills(built, accounts[0], accounts[11])
    assert before_it == [("/combinations/SCHOOLS/", "is on no statement yet"), None]
    looked()
    early = ask("bill", "SCHOOLS", "--on", "2026-06-20", "--due", "2026-06-25")
    assert early.exit_code == 2
    assert "too early for a statement of 2026-06-20" in early.output
    made = told(ask("bill", "SCHOOLS", "--on", "2026-06-20", "--due", "2026-07-20", "--json"))
    assert made["due"] == "2026-07-20"
    assert {one["account"] for one in made["bills"]} == set(accounts[:11])
    with built.store.viewing(VIEWER, []):
        (kept,) = built.store.combination("SCHOOLS").statements
        owed = sum(built.store.balance_cents(one) for one in accounts[:11])
    assert kept.asked_cents == owed
    shown = ask("show", "SCHOOLS", "--on", "2026-06-20")
    assert f"{usd_display(owed)} due 2026-07-20" in shown.output
    assert looked() >= {"SCHOOLS", *accounts[:11]}
    assert links_of_bills(built, accounts[0], accounts[11]) == [
        (f"/combinations/SCHOOLS/#{made['statement']}", "Combined statement of June 20, 2026"),
        None,
    ]

    before = system.provide(WebTown(built, now=KNOWN + timedelta(days=99)))
    try:
        client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        page = client.get("/combinations/SCHOOLS/").content.decode()
        missing = client.get("/combinations/NONE/")
        paper = client.get(f"/combinations/SCHOOLS/{made['statement']}.pdf")
        other = client.get("/combinations/SCHOOLS/CB-NONE.pdf")
    finally:
        system.provide(before)
    assert page.count(usd_display(owed)) >= 2
    assert "chosen by the Company" in page
    assert "Sheet 130, rev. 2, GRR V.B" in page
    for account in accounts[:11]:
        assert account in page
    assert f'<h2 id="{made["statement"]}">' in page
    assert all(f'href="/bills/{bill["bill"]}/"' in page for bill in made["bills"])
    assert missing.status_code == 404
    assert (paper.headers["content-type"], other.status_code) == ("application/pdf", 404)
    printed = PdfReader(io.BytesIO(paper.content))
    words = " ".join(" ".join(one.extract_text() for one in printed.pages).split())
    assert bool(printed.trailer["/Root"]["/MarkInfo"]["/Marked"])
    for told_there in (*accounts[:11], usd_display(owed), "GRR V.B", "33 bills of 11 accounts"):
        assert told_there in words, told_there
    assert all(bill["bill"] in words.replace(" ", "") for bill in made["bills"])
    file = tmp_path / "statement.pdf"
    written = told(ask("paper", "SCHOOLS", made["statement"], "--to", str(file), "--json"))
    assert (written["file"], file.read_bytes()) == (str(file), paper.content)
    refused = ask("paper", "SCHOOLS", "CB-NONE", "--to", str(file))
    assert (refused.exit_code, "has no statement CB-NONE" in refused.output) == (2, True)
    nowhere = ask("paper", "SCHOOLS", made["statement"], "--to", str(tmp_path / "no" / "x.pdf"))
    assert (nowhere.exit_code, "cannot be written" in nowhere.output) == (2, True)

    looked()
    paid = pay("--combination", "SCHOOLS", "--statement", made["statement"],
               "--usd", str(owed / 100), "--key", "R-9", "--json")  # fmt: skip
    assert looked() == {"SCHOOLS", *accounts[:11]}
    seen = told(ask("show", f"R-9:{accounts[3]}", "--json", of=("payment",)))
    assert (seen["payment"], looked()) == (
        *(f"R-9:{accounts[3]}", {f"R-9:{accounts[3]}", *accounts[:11]}),
    )
    assert [one["account"] for one in paid["parts"]] == list(accounts[:11])
    assert (paid["status"], {*paid["balances_usd"].values()}) == ("posted", {"0.00"})
    again = pay("--combination", "SCHOOLS", "--statement", made["statement"],
                "--usd", str(owed / 100), "--key", "R-9", "--json")  # fmt: skip
    assert again == {**paid, "status": "known"}

    ended = told(ask("end", "SCHOOLS", "--on", "2026-08-01", "--json"))
    assert ended == {
        "combination": "SCHOOLS",
        "account": None,
        "until": "2026-08-01",
        "left": None,
    }


def links_of_bills(built: Town, *accounts: str) -> list[tuple[str, str] | None]:
    """Where the page of the last bill of each account leads for its combined statement."""
    found: list[tuple[str, str] | None] = []
    before = system.provide(WebTown(built, now=KNOWN + timedelta(days=99)))
    try:
        for account in accounts:
            with built.store.viewing(VIEWER, []):
                bill = built.store.bills_of_account(account)[-1]
            client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
            page = client.get(f"/bills/{bill.bill_id}/").content.decode()
            links = re.findall(r'<a href="(/combinations/[^"]*)">([^<]*)</a>', page)
            found.append((links[0][0], links[0][1].rpartition("; the bill ")[2]) if links else None)
    finally:
        system.provide(before)
    return found


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_bill_that_we_sent_late_says_so_on_the_combined_paper(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    town = schools_town()
    with town.store.viewing(VIEWER, []):
        combine(town, *ALL[:10])
        town.bill(*ALL[:10], on=BILLED, known_at=KNOWN)
        at = KNOWN + timedelta(days=1)
        statement = state_combination(
            combination_id="SCHOOLS",
            on=BILLED,
            learned_at=at,
            view=town.view,
            store=town.store,
        )
        late = {one.bill_id for one in statement.bills[:count]}
        whole = wiring.System(town.store, town.lake, town.book, at, Path())  # type: ignore[arg-type]
        clause = statement.reasons[0].citation

        def two_months(record: dict[str, Any]) -> tuple[tuple[str, Citation], ...]:
            return (("2 months", clause),) if record["bill"] in late else ()

        monkeypatch.setattr(combined_paper, "time_to_pay", two_months)
        told = json.loads(combined_paper.combined_content(statement, whole))
        alone = replace(statement, bills=statement.bills[:1])
        of_one = json.loads(combined_paper.combined_content(alone, whole))
        before = replace(alone, learned_at=combined_paper.SINCE - timedelta(seconds=1))
        printed = json.loads(combined_paper.combined_content(before, whole))

    assert (told["count"], of_one["count"]) == ("30 bills of 10 accounts", "1 bill of 1 account")
    assert printed["count"] == "1 bill of 1 accounts"
    words = ", sent late by us: 2 months or more to pay it, and no late charge"
    said = [one["bill"] for one in told["bills"] if words in one["bill"]]
    assert {one.removesuffix(words) for one in said} == late
    front = [one for one in told["about"] if "we sent late" in one]
    assert [one.partition(" we")[0] for one in front] == [
        *["One of the bills"] * (count == 1),
        *["2 of the bills"] * (count == 2),
    ]


def test_the_page_of_one_that_has_two_people_says_so(watched_templates: None) -> None:
    town = schools_town()
    days = Validity(KNOWN.date())
    with town.store.viewing(VIEWER, []):
        town.start(20, people=(("P99", SCHOOLS),), from_day=KNOWN.date())
        accounts = (*accounts_of(ALL[:2]), town.account_id(20))
        town.store.begin_combination(
            Combination("BY-NAME", SCHOOLS, days, KNOWN, ()),
            [CombinedAccount("BY-NAME", one, days, KNOWN) for one in accounts],
        )
    before = system.provide(WebTown(town, now=KNOWN + timedelta(days=99)))
    try:
        client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        page = client.get("/combinations/BY-NAME/").content.decode()
    finally:
        system.provide(before)
    assert "It is not of one customer" in page
    assert f"Account {accounts[2]}: {SCHOOLS} (P99)." in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Money is for one account or for one combined statement"),
        (("0000000018", "--statement", "CB-1"), "Money is for one account or for one combined"),
        (("--statement", "CB-1"), "is named by its combination and its number"),
        (("--combination", "C-1"), "is named by its combination and its number"),
        (("--combination", "C-1", "--statement", "CB-1"), "C-1 has no combined statement CB-1"),
    ],
)
@pytest.mark.parametrize("command", [("pay",), ("payment", "take")])
def test_money_is_for_an_account_or_for_a_statement(
    ask: Any, command: tuple[str, ...], words: tuple[str, ...], said: str
) -> None:
    refused = ask(*words, "--usd", "1.00", "--key", "R-1", of=command)
    assert (refused.exit_code, said in " ".join(refused.output.split())) == (2, True)


def test_of_a_statement_that_is_not_there_only_the_name_is_logged(ask: Any, built: Town) -> None:
    built.store.read_log.clear()
    words = ("--combination", "C-1", "--statement", "CB-1", "--usd", "1.00", "--key", "R-1")
    assert ask(*words, of=("pay",)).exit_code == 2
    assert [subjects for _, subjects in built.store.read_log] == [("C-1",)]


def test_an_earmark_is_not_of_a_statement(ask: Any) -> None:
    refused = ask("--combination", "C-1", "--statement", "CB-1", "--for-item", "bill:B-1",
                  "--usd", "1.00", "--key", "R-1", of=("payment", "take"))  # fmt: skip
    assert (refused.exit_code, "is split by what its bills ask" in refused.output) == (2, True)


def test_what_is_not_there_is_refused_in_a_sentence(ask: Any) -> None:
    refused = ask("bill", "NONE")
    assert refused.exit_code == 2
    assert "There is no combination NONE" in refused.output
