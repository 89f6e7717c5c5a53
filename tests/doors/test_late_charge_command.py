"""``meterledger late-charge``, what ``bill`` says of it, and its page: a year of one account."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.doors.web_town import WebTown
from tests.journeys.town import Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.web import system as web_system
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
BY = ("--by", "Ana Rivera", "--reason", "a first time")


HOURS = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def town() -> Town:
    """Account 1 with a year of bills, of which nothing is paid, and late charges before each."""
    made = Town()
    with made.store.viewing(Viewer("test", "build"), []):
        made.start(1, from_day=date(2025, 6, 1))
        made.read("M1", (date(2025, 6, 1), date(2026, 6, 2)), lambda day, count: [250] * count)
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(
        *, viewer: Viewer | None = None, subjects: Sequence[str] = ()
    ) -> Iterator[wiring.System]:
        now = KNOWN + timedelta(hours=next(HOURS))
        with town.store.viewing(viewer or Viewer("test", "runs"), subjects):
            yield wiring.System(town.store, town.lake, town.book, now, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    monkeypatch.setattr("meterledger.entrypoints.issuing.refuse_wrong_clock", lambda system: None)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


@pytest.fixture
def account(town: Town) -> str:
    return town.account_id(1)


@pytest.fixture
def charges(ask: Callable[..., Result], town: Town, account: str) -> list[dict[str, Any]]:
    """The year's charges; its bills are made by the first test that asks."""
    with town.store.viewing(Viewer("test", "look"), []):
        if not town.store.bills_of_account(account):
            for month in range(12):
                on = date(2025, 7 + month, 2) if month < 6 else date(2026, month - 5, 2)
                made = told(ask("bill", account, "--on", on.isoformat(), "--json", *THEN))
                assert made["late_charges"]["count"] == (month > 0)
    listed: list[dict[str, Any]]
    listed = told(ask("late-charge", "list", "--account", account, "--json"))["late_charges"]
    return listed


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return result.stderr


class TestAYear:
    def test_charges_each_bill_on_the_next_and_again_on_what_is_left(
        self, ask: Any, charges: list[dict[str, Any]]
    ) -> None:
        assert len(charges) == 11
        cents = [int(one["late_charge_usd"].replace(".", "")) for one in charges]
        assert cents == sorted(cents)
        assert charges[0]["codes"] == ["new"]
        assert charges[-1]["codes"] == ["new", "again", "compound"]
        assert {one["standing"] for one in charges} == {"carried_forward"}
        for one in charges[::5]:
            again = told(ask("late-charge", "replay", one["late_charge"], "--json"))
            assert (again["same_bytes"], again["revision"], again["note"]) == (True, "late-4", "")

    def test_is_counted_by_reason_and_run(self, ask: Any, charges: list[dict[str, Any]]) -> None:
        again = told(ask("late-charge", "run", "--on", "2026-06-02", "--json"))
        assert (again["charges"], again["by_code"]) == (0, {"known": 1})
        runs = told(ask("late-charge", "runs", "--json"))["runs"]
        assert sum(one["charges"] for one in runs) == len(charges)
        for one in runs:
            assert one["considered"] == one["charged"] + one["not_charged"] + one["refused"]

    def test_has_nothing_to_correct_where_no_bill_was_corrected(self, ask: Any) -> None:
        done = told(ask("late-charge", "correct", "--on", "2026-06-02", "--json"))
        assert (done["considered"], done["taken_back"]) == (0, [])


class TestOneCharge:
    @pytest.fixture
    def name(self, charges: list[dict[str, Any]]) -> str:
        return str(charges[0]["late_charge"])

    @pytest.mark.parametrize("words", ["show", "replay"])
    def test_is_looked_at_with_the_account_in_the_log(
        self, ask: Any, town: Town, name: str, account: str, words: str
    ) -> None:
        town.store.read_log.clear()
        assert ask("late-charge", words, name).exit_code == 0
        assert [subjects for _, subjects in town.store.read_log] == [(name,), (account,)]

    def test_is_shown_with_its_clause(
        self, ask: Any, charges: list[dict[str, Any]], name: str, account: str
    ) -> None:
        shown = ask("late-charge", "show", name)
        assert (
            "rounded to the cent, shown on the next bill (Sheet 136, rev. 1, GRR V.J)"
            in shown.stdout
        )
        on = next(one["on"] for one in charges if one["late_charge"] == name)
        bill = told(ask("late-charge", "show", name, "--json"))["shown_on_bill"]
        assert f"decided on {on}, shown on bill {bill} of {on}; standing: " in shown.stdout
        listed = ask("late-charge", "list", "--account", account).stdout
        assert listed.splitlines()[0].split("  ")[0] == "Late charge"
        assert "Decided on" in listed.splitlines()[0]
        assert "USD" not in listed
        assert re.search(rf"{name} .*\$\d[\d,]*\.\d\d +\$\d+\.\d\d", listed)
        assert "Sheet" not in shown.stderr
        assert "1.5 percent on" in shown.stdout
        assert "Rests on the reading late.rate_after_2022_02_28" in shown.stdout

    def test_is_taken_back_once_by_two_people(
        self, ask: Any, charges: list[dict[str, Any]]
    ) -> None:
        name = charges[-1]["late_charge"]
        alone = ask("late-charge", "reverse", name, *BY, "--approved-by", "ana rivera")
        assert "asks and approves at once" in refused(alone)
        first = ask("late-charge", "reverse", name, *BY, "--approved-by", "Ben Cole", "--json")
        assert told(first)["new"] is True
        again = ask("late-charge", "reverse", name, *BY, "--approved-by", "Ben Cole")
        assert "was taken back before" in again.stdout
        assert "Taken back, by decision: a first time" in ask("late-charge", "show", name).stdout

    def test_of_nobody_is_refused(self, ask: Any) -> None:
        assert "There is no late charge 1:2" in refused(ask("late-charge", "show", "1:2"))

    def test_stands_on_the_next_bill_and_opens_to_its_page(
        self,
        town: Town,
        charges: list[dict[str, Any]],
        name: str,
        account: str,
        watched_templates: None,
    ) -> None:
        before = web_system.provide(WebTown(town, now=KNOWN + timedelta(days=2)))
        try:
            client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
            with town.store.viewing(Viewer("test", "look"), []):
                bills = [one.bill_id for one in town.store.bills_of_account(account)]
            for bill, each in zip(bills[1:4], charges, strict=False):
                shown = client.get(f"/bills/{bill}/").content.decode()
                assert f'href="/late-charges/{each["late_charge"]}/"' in shown
                assert shown.count("Late payment charge on $") == 1
                assert "GRR V.J)" in shown
                assert "other changes since then" not in shown
            page = client.get(f"/late-charges/{name}/")
            text = page.content.decode()
            assert page.status_code == 200, text[:400]
            assert "Late payment charge" in text
            assert "late.rate_after_2022_02_28" in text
            assert "What was unpaid" in text
            assert f'shown on the <a href="/bills/{bills[1]}/">bill of ' in text
            assert f"/late-charges/{name}/" in client.get(f"/accounts/{account}/").content.decode()
            assert client.get("/late-charges/1:2/").status_code == 404
            form = {"author": "Ana Rivera", "approver": "ana rivera", "reason": "a first time"}
            ours = {"sec-fetch-site": "same-origin"}
            alone = client.post(f"/late-charges/{name}/", form, headers=ours)
            assert alone.status_code == 422
            assert "asks and approves at once" in alone.content.decode()
            two = form | {"approver": "Ben Cole"}
            assert client.post(f"/late-charges/{name}/", two, headers=ours).status_code == 302
            text = client.get(f"/late-charges/{name}/?done=forgiven").content.decode()
            assert "It is forgiven" in text
            assert "Asked for by Ana Rivera, approved by Ben Cole." in text
            assert "Forgive it</button>" not in text
        finally:
            web_system.provide(before)


class TestRefusals:
    def test_of_a_day_that_is_not_here(self, ask: Any) -> None:
        assert "is not here yet" in refused(ask("late-charge", "run", "--on", "2027-06-02"))

    def test_of_a_cycle_and_accounts_at_once(self, ask: Any, account: str) -> None:
        words = ("--on", "2026-06-02", "--cycle", "1", "--account", account)
        assert "named at once" in refused(ask("late-charge", "run", *words))

    def test_of_a_list_of_nothing(self, ask: Any) -> None:
        assert "Give --account or --on" in refused(ask("late-charge", "list"))

    @pytest.mark.parametrize("percent", ["NaN", "1e400", "1_000", "٣", "-1", "101", "9" * 50])
    def test_of_a_percent_that_is_none(self, ask: Any, account: str, percent: str) -> None:
        words = ("--holder", "U.S. Government", "--by", "Ana", "--from", "2025-06-01")
        asked = ask("late-charge", "government", account, *words, f"--percent={percent}")
        assert "is no percent" in refused(asked)

    def test_of_terms_without_a_law(self, ask: Any, account: str) -> None:
        words = ("--holder", "U.S. Government", "--by", "Ana", "--from", "2025-06-01")
        asked = ask("late-charge", "government", account, *words, "--percent", "0.5")
        assert "no law that demands them" in refused(asked)
