"""``meterledger budget``, ``due-date`` and ``delivery``: what people and programs are answered."""

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

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
JOIN = ("--settle", "b", "--credit-met", "--bill-medium", "postcard", "--on", "2025-12-05")


@pytest.fixture
def town() -> Town:
    """Account 1 has six ordinary bills behind it."""
    made = Town()
    with made.store.viewing(Viewer("test", "build"), []):
        made.start(1, from_day=date(2025, 6, 1))
        made.read("M1", (date(2025, 6, 1), date(2026, 9, 1)), lambda day, count: [250] * count)
        made.bill(1, on=date(2025, 12, 1), known_at=KNOWN)
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    hours = iter(range(1, 1000, 2))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = KNOWN + timedelta(hours=next(hours))
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, now, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


@pytest.fixture
def account(town: Town) -> str:
    return town.account_id(1)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def bill(town: Town, on: date, hours: int) -> Any:
    with town.store.viewing(Viewer("test", "bill"), []):
        run = town.bill(1, on=on, known_at=KNOWN + timedelta(hours=hours))
    assert not run.held, run.held
    return run.issued[-1]


class TestJoining:
    def test_answers_the_plan_and_every_ruling(self, ask: Any, account: str) -> None:
        answer = told(ask("budget", "join", account, *JOIN, "--json"))
        assert answer["from"] == "2025-12-05"
        assert answer["election"]["reevaluation_month"] == 12
        assert [one["rule"] for one in answer["rulings"]] == [
            "budget.joining",
            "budget.early_participant",
            "budget.reevaluation_month",
            "budget.first_amount",
        ]
        assert answer["amount"]["estimate"]["billed_days"] == 183

    def test_tells_people_the_amount_and_its_clauses(self, ask: Any, account: str) -> None:
        result = ask("budget", "join", account, *JOIN, "--dry-run")
        assert result.exit_code == 0, result.output
        assert "would be on the Budget Billing Plan from 2025-12-05" in result.stdout
        assert "Sheet 135, rev. Original, GRR V.I.1" in result.stdout
        nothing = ask("budget", "show", account)
        assert nothing.exit_code == 2
        assert "has no budget plan and never had one" in nothing.stderr

    def test_is_refused_in_one_sentence(self, ask: Any, account: str) -> None:
        result = ask("budget", "join", account, "--settle", "b", "--bill-medium", "postcard")
        assert result.exit_code == 2
        assert "may not join the Budget Billing Plan" in result.stderr
        assert "credit requirements are not met" in result.stderr

    def test_an_amount_that_is_none_is_refused(self, ask: Any, account: str) -> None:
        result = ask("budget", "join", account, *JOIN, "--estimated-year-usd", "much")
        assert result.exit_code == 2
        assert "--estimated-year-usd" in result.stderr


class TestShowing:
    def test_tells_each_bill_with_its_two_numbers_and_why(
        self, ask: Any, account: str, town: Town
    ) -> None:
        ask("budget", "join", account, *JOIN)
        made = bill(town, date(2026, 1, 1), 2)
        shown = told(ask("budget", "show", account, "--on", "2026-01-02", "--json"))
        (one,) = shown["bills"]
        assert one["bill"] == made.bill_id
        assert one["asked_usd"] == shown["amount_usd"] != one["charges_usd"]
        assert one["reasons"][-1]["citation"]["paragraph"] == "GRR V.I.1"
        words = ask("budget", "show", account, "--on", "2026-01-02").stdout
        assert "2026-01-01" in words
        assert "monthly amount" in words

    def test_in_words_says_when_it_is_reviewed(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        result = ask("budget", "show", account, "--on", "2025-12-06")
        assert "reviewed in April 2026 and August 2026" in result.stdout
        assert "re-evaluated in December 2026" in result.stdout
        assert "Running difference: nothing is open" in result.stdout


class TestTheMonth:
    def test_a_review_is_decided_once(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        first = told(ask("budget", "review", "--on", "2026-04-01", "--json"))
        assert [one["cause"] for one in first["decided"]] == ["interim review"]
        again = told(ask("budget", "review", "--on", "2026-04-02", "--json"))
        assert (again["decided"], again["known"]) == ([], 1)

    def test_says_in_words_what_was_decided(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        result = ask("budget", "review", "--on", "2026-04-01")
        assert result.stdout.startswith("2026-04-01: 1 decided, 0 known already, 0 not due")
        assert "GRR V.I.5" in result.stdout


class TestLeaving:
    def test_says_what_the_next_bill_settles(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        result = ask("budget", "leave", account, "--on", "2025-12-20")
        assert "ends on 2025-12-20, by the customer" in result.stdout
        again = ask("budget", "leave", account, "--on", "2025-12-21")
        assert again.exit_code == 2
        assert "has no budget plan on 2025-12-21" in again.stderr

    def test_a_word_for_the_agreement_that_is_none_is_refused(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        result = ask("budget", "leave", account, "--cold-weather", "maybe", "--on", "2025-12-20")
        assert result.exit_code == 2
        assert "'maybe' is no way that a Cold Weather agreement stands" in result.stderr

    def test_an_election_binds(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        result = ask("budget", "elect", account, "--settle", "a", "--on", "2026-01-05")
        assert result.exit_code == 2
        assert "binds until 2026-12-05" in result.stderr


class TestDueDateAndDelivery:
    def test_a_due_date_is_chosen_shown_and_ended(self, ask: Any, account: str) -> None:
        words = ("--day", "3", "--on", "2025-12-05", "--json")
        chosen = told(ask("due-date", "choose", account, *words))
        assert (chosen["day_of_month"], chosen["from"]) == (3, "2025-12-05")
        shown = ask("due-date", "show", account, "--on", "2025-12-06")
        assert "due on day 3 of a month, as the customer chose" in shown.stdout
        ended = ask("due-date", "end", account, "--on", "2026-01-05")
        assert "usual due date from 2026-01-05" in ended.stdout
        later = ask("due-date", "show", account, "--on", "2026-01-06")
        assert later.stdout.startswith(f"Bills of account {account} have the usual due date")

    def test_a_deferred_one_is_refused_with_its_end(self, ask: Any, account: str) -> None:
        words = ("--birth-date", "1940-01-02", "--retired", "--on", "2025-12-05")
        result = ask("due-date", "defer", account, *words)
        assert result.exit_code == 2
        assert "left the tariff on 2018-04-12" in result.stderr
        odd = ask("due-date", "defer", account, "--birth-date", "1940-13-02")
        assert "'1940-13-02' is no day of birth" in odd.stderr

    def test_delivery_says_what_it_earns(self, ask: Any, account: str) -> None:
        kept = ask("delivery", "prefer", account, "electronic", "--address", "ann@example.org")
        assert "no credit is given" in kept.stdout
        shown = told(ask("delivery", "show", account, "--json"))
        assert (shown["medium"], shown["address"]) == ("electronic", "ann@example.org")

    def test_an_account_that_is_none_is_refused(self, ask: Any) -> None:
        for words in (
            ("budget", "show", "1234567890"),
            ("due-date", "show", "1234567890"),
            ("delivery", "show", "1234567890"),
        ):
            result = ask(*words)
            assert result.exit_code == 2
            assert "There is no account 1234567890" in result.stderr


class TestOtherCommands:
    def test_why_and_the_account_tell_both_numbers(
        self, ask: Any, account: str, town: Town
    ) -> None:
        ask("budget", "join", account, *JOIN)
        made = bill(town, date(2026, 1, 1), 2)
        asked, cost = f"{made.asked_cents / 100:.2f}", f"{made.total_cents / 100:.2f}"
        answer = told(ask("why", made.bill_id, "--json"))
        assert (answer["total_usd"], answer["asked"]["asked_usd"]) == (cost, asked)
        words = ask("why", made.bill_id).stdout
        assert f"Asked on the budget plan: ${asked}; open before $0.00" in words
        assert f"${cost} (${asked} asked)" in ask("service", "show", account).stdout
