"""``meterledger rebill``: what people and programs are answered. The journeys' store and lake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.doors.web_town import WebTown
from tests.journeys.register_town import NIGHT, RegisterTown
from tests.journeys.town import Town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.web import system
from meterledger.usecases.ports import Viewer

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SIGNED = ("--by", "Ana", "--reason", "the readings were another meter's")


@pytest.fixture
def town() -> Town:
    """Account 1 is billed for July at 100 Wh a quarter-hour, and used 90."""
    made = Town()
    with made.store.viewing(Viewer("test", "build"), []):
        made.start(1, tax_place="university_city")
        made.read("M1", (JULY, AUGUST), lambda day, count: [100] * count)
        made.bill(1, on=AUGUST)
        made.read("M1", (JULY, AUGUST), lambda day, count: [90] * count)
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, NOW, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def bill(ask: Any) -> str:
    (one,) = told(ask("rebill", "list", "--json"))["to_correct"]
    return str(one["bill"])


class TestTheQueue:
    def test_lists_what_differs_by_cause(self, ask: Any) -> None:
        answer = told(ask("rebill", "list", "--json"))

        assert answer["looked_at"] == 1
        (one,) = answer["to_correct"]
        assert one["cause"] == "reading"
        assert [part["cause"] for part in one["causes"]] == ["reading", "tax"]
        assert one["difference_usd"].startswith("-")
        assert one["trues_up"] is False

    def test_says_so_in_words(self, ask: Any, bill: str) -> None:
        result = ask("rebill", "list")

        assert "1 bill looked at; 1 would be another one now." in result.stdout
        assert f"  {bill}: -$" in result.stdout

    def test_has_nothing_that_the_book_changed(self, ask: Any) -> None:
        assert told(ask("rebill", "list", "--book-changed", "--json"))["to_correct"] == []

    def test_a_bill_left_as_it_is_leaves_it(self, ask: Any, bill: str) -> None:
        left = told(ask("rebill", "leave", bill, "--by", "Ana", "--reason", "agreed", "--json"))

        assert left["by"] == "Ana"
        assert told(ask("rebill", "list", "--json"))["to_correct"] == []
        assert len(told(ask("rebill", "list", "--all", "--json"))["to_correct"]) == 1

    def test_nobody_leaves_a_bill_without_a_name(self, ask: Any, bill: str) -> None:
        result = ask("rebill", "leave", bill, "--reason", "agreed")

        assert result.exit_code == 2
        assert "Nobody is named for leaving the bill as it is" in result.stderr


class TestRebill:
    def test_a_dry_run_shows_it_and_records_nothing(self, ask: Any, bill: str) -> None:
        (one,) = told(ask("rebill", bill, *SIGNED, "--dry-run", "--json"))["corrected"]

        assert (one["cancelled"], one["bill"]) == (bill, f"{bill}-v2")
        assert len(told(ask("rebill", "list", "--json"))["to_correct"]) == 1

    def test_cancels_and_puts_another_in_its_place(self, ask: Any, bill: str) -> None:
        result = ask("rebill", bill, *SIGNED)

        assert f"{bill} is cancelled; {bill}-v2 takes its place: $" in result.stdout
        assert "reading" in result.stdout
        assert told(ask("rebill", "list", "--json"))["to_correct"] == []

    @pytest.mark.parametrize(
        ("days", "words"),
        [(1, "is not here yet"), (-8, "is 8 days ago, and a bill is dated at most 7 days before")],
    )
    def test_is_not_dated_ahead_or_long_ago(
        self, ask: Any, bill: str, days: int, words: str
    ) -> None:
        on = str(NOW.date() + timedelta(days=days))
        for asked in ((bill, *SIGNED), ("--due",)):
            result = ask("rebill", *asked, "--on", on)
            assert result.exit_code == 2
            assert f"{on} {words}" in result.stderr
        assert len(told(ask("rebill", "list", "--json"))["to_correct"]) == 1

    def test_what_the_gate_finds_is_shown_and_has_to_be_seen(
        self, ask: Any, town: Town, bill: str
    ) -> None:
        with town.store.viewing(Viewer("test", "build"), []):
            town.read("M1", (JULY, AUGUST), lambda day, count: [5000] * count)

        (dry,) = told(ask("rebill", bill, *SIGNED, "--dry-run", "--json"))["corrected"]
        codes = [one["code"] for one in dry["found"]]
        shown = ask("rebill", bill, *SIGNED, "--dry-run").stdout
        alone = ask("rebill", bill, *SIGNED)

        assert codes == ["gate.band", "gate.amount"]
        for one in dry["found"]:
            assert f"The gate finds: {one['sentence']} ({one['code']})" in shown
        assert alone.exit_code == 2
        assert "`--seen gate.band --seen gate.amount`" in " ".join(alone.stderr.split())
        seen = [word for code in codes for word in ("--seen", code)]
        done = told(ask("rebill", bill, *SIGNED, *seen, "--json"))
        assert done["corrected"][0]["bill"] == f"{bill}-v2"

    def test_twice_says_that_it_is_done(self, ask: Any, bill: str) -> None:
        ask("rebill", bill, *SIGNED)

        assert f"{bill} is cancelled already, by {bill}-v2." in ask("rebill", bill, *SIGNED).stdout

    def test_the_corrected_bill_is_explained_and_replayed(self, ask: Any, bill: str) -> None:
        ask("rebill", bill, *SIGNED)

        assert told(ask("replay", f"{bill}-v2", "--json"))["same_bytes"]
        assert told(ask("replay", bill, "--json"))["same_bytes"]
        versus = told(ask("why", f"{bill}-v2", "--versus", bill, "--json"))["versus"]
        assert versus["total_usd"].startswith("-")
        assert [part["cause"] for part in versus["parts"]] == ["reading", "tax"]

    @pytest.mark.parametrize("words", [("rebill", "--dry-run"), ("rebill", "B-1", "--due")])
    def test_needs_bills_or_due_and_not_both(self, ask: Any, words: tuple[str, ...]) -> None:
        result = ask(*words)

        assert result.exit_code == 2
        assert "Either bills are named, or --due is given" in result.stderr

    def test_due_leaves_to_a_person_what_is_no_true_up(self, ask: Any, bill: str) -> None:
        answer = told(ask("rebill", "--due", "--json"))

        assert (answer["cases"], answer["waiting"]) == ([], [bill])


def test_a_clock_that_is_off_issues_no_correction(ask: Any, town: Town, bill: str) -> None:
    town.store.server_clock = datetime(2026, 11, 1, tzinfo=UTC)

    for words in ((bill, *SIGNED), ("--due",)):
        result = ask("rebill", *words)
        assert result.exit_code == 2
        assert "seconds apart" in result.stderr
    assert ask("rebill", bill, *SIGNED, "--dry-run").exit_code == 0


class TestATrueUpThatTheGateHolds:
    """An estimated month, and then a read 7,000 kWh too high."""

    @pytest.fixture
    def town(self) -> Town:
        june = date(2025, 6, 1)
        made = RegisterTown()
        with made.store.viewing(Viewer("test", "build"), []):
            made.meter(1, came=june)
            made.reads("M1", (june, 1_000), (JULY, 1_390))
            made.bill_month(1, june, known_at=NIGHT)
            made.bill_month(1, JULY, known_at=NIGHT)
            made.reads("M1", (AUGUST, 8_790), learned_at=NIGHT)
        return made

    def test_is_told_with_its_ways_out_and_leaves_when_it_was_seen(self, ask: Any) -> None:
        answer = told(ask("rebill", "--due", "--json"))
        (held,) = answer["held"]
        bill = held["bill"]
        assert (answer["cases"], answer["waiting"]) == ([], [bill])
        assert [one["code"] for one in held["found"]] == ["gate.band"]

        for words in (("rebill", "--due"), ("rebill", "list")):
            shown = " ".join(ask(*words).stdout.split())
            assert f"{bill} is not trued up: 238.7 kWh a day is 1836 percent of the bill" in shown
            assert f"`meterledger rebill {bill} --by NAME --reason WHY --seen gate.band`" in shown

        done = told(ask("rebill", bill, *SIGNED, "--seen", "gate.band", "--json"))
        assert done["corrected"][0]["corrected_usd"] == "1226.78"
        assert told(ask("rebill", "--due", "--json"))["held"] == []

    def test_is_told_on_the_page_that_lists_corrections(self, ask: Any, town: Town) -> None:
        before = system.provide(WebTown(town, now=NOW))
        try:
            page = Client(headers={"host": "127.0.0.1"}).get("/corrections/").content.decode()
        finally:
            system.provide(before)

        assert "The night leaves it to you: 238.7 kWh a day is 1836 percent of the bill" in page
        assert "the night does that by itself" not in page


class TestServiceStopBeforeTwoBills:
    @pytest.fixture
    def stop(self, town: Town, ask: Any) -> Callable[..., Result]:
        """Account 1 is billed for August, too, and left on 20 July."""
        september = date(2025, 9, 1)
        with town.store.viewing(Viewer("test", "build"), []):
            town.read("M1", (AUGUST, september), lambda day, count: [90] * count)
            town.bill(1, on=september)
            (first, _) = town.store.bills_of_account(town.account_id(1))
        words = ("service", "stop", first.agreement_id, "--on", "2025-07-20")
        return lambda *more: ask(*words, *more)

    def test_tells_both_bills(self, stop: Any, town: Town) -> None:
        looked = stop("--dry-run")
        assert "-v2 would take the place of B-" in looked.stdout
        assert "would leave nothing: -$" in looked.stdout
        answer = told(stop(*SIGNED, "--json"))
        (gone,) = answer["withdrawn"]
        assert (gone["from"], gone["to"]) == ("2025-08-01", "2025-09-01")
        assert answer["rebilled"]["corrected"]
        with town.store.viewing(Viewer("test", "looks"), []):
            (live,) = town.store.bills_of_account(town.account_id(1))
        assert str(live.days.until_day) == "2025-07-20"

    def test_takes_a_name(self, stop: Any) -> None:
        result = stop()
        assert result.exit_code == 2
        assert "nobody is named who decides" in result.stderr
