"""``take-back`` and ``service change --by``: in words, as JSON, refused in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.town import Town
from typer.testing import CliRunner, Result

import meterledger.usecases.change_rate as change_rate_module
from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

BILLED = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATER = "2026-12-20"


@pytest.fixture
def town() -> Town:
    """Account 1 has service since July, and bills until September."""
    made = Town()
    with made.store.viewing(Viewer("test", "build"), []):
        made.start(1)
        made.read("M1", (date(2025, 7, 1), date(2025, 10, 1)), lambda day, count: [500] * count)
        made.bill(1, on=date(2025, 9, 1), known_at=BILLED)
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    hours = iter(range(1, 1000, 2))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = BILLED + timedelta(hours=next(hours))
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


JOIN = ("--settle", "b", "--credit-met", "--bill-medium", "postcard", "--on", LATER)
BOOKED = {
    "due-date": (("due-date", "choose"), ("--day", "3", "--on", LATER)),
    "delivery": (
        ("delivery", "prefer"),
        ("electronic", "--address", "ann@example.org", "--on", LATER),
    ),
    "budget": (("budget", "join"), JOIN),
}


class TestTakeBack:
    @pytest.mark.parametrize("what", BOOKED)
    def test_says_what_is_taken_back_and_from_which_day(
        self, ask: Any, account: str, what: str
    ) -> None:
        command, options = BOOKED[what]
        assert ask(*command, account, *options).exit_code == 0

        said = ask("take-back", what, account)

        assert said.stdout == (
            f"What account {account} had booked from {LATER} on ({what}) is taken back.\n"
        )
        again = ask("take-back", what, account)
        assert again.exit_code == 2
        assert f"Account {account} has booked no" in again.stderr
        assert f"meterledger service show {account}" in again.stderr

    @pytest.mark.parametrize("what", BOOKED)
    def test_answers_a_program_the_same(self, ask: Any, account: str, what: str) -> None:
        command, options = BOOKED[what]
        ask(*command, account, *options)

        answer = told(ask("take-back", what, account, "--json"))

        assert answer == {"account": account, "what": what, "from": LATER}

    @pytest.mark.parametrize("what", [*BOOKED, "budget-end", "budget-election"])
    def test_refuses_the_end_of_service_of_what_is_no_rate(
        self, ask: Any, account: str, what: str
    ) -> None:
        if what in BOOKED:
            command, options = BOOKED[what]
            ask(*command, account, *options)

        refused = ask("take-back", what, account, "--until", LATER)

        assert refused.exit_code == 2
        assert f"--until: '{what}' is no rate, and has no day without service" in refused.stderr
        if what in BOOKED:
            assert told(ask("take-back", what, account, "--json"))["from"] == LATER

    def test_a_rate_option_before_its_first_day(self, ask: Any, account: str) -> None:
        words = ("service", "change", account, "--schedule", "1M-smart", "--json")
        first = told(ask(*words))["from"]

        assert told(ask("take-back", "rate", account, "--json"))["from"] == first

        assert "1M-smart" not in ask("service", "show", account).stdout
        assert "has booked no rate option" in ask("take-back", "rate", account).stderr

    def test_the_end_of_a_plan_lets_it_go_on(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)
        ask("budget", "leave", account, "--on", "2027-01-10")

        assert told(ask("take-back", "budget-end", account, "--json"))["from"] == "2027-01-10"

        shown = told(ask("budget", "show", account, "--on", "2027-02-01", "--json"))
        assert shown["until"] is None

    def test_an_election_with_which_the_plan_began_stays(self, ask: Any, account: str) -> None:
        ask("budget", "join", account, *JOIN)

        refused = ask("take-back", "budget-election", account)

        assert refused.exit_code == 2
        assert "has booked no other election on its budget plan" in refused.stderr

    def test_what_is_nothing_that_is_booked_is_told_what_is(self, ask: Any, account: str) -> None:
        refused = ask("take-back", "autopay", account)

        assert refused.exit_code == 2
        assert "'autopay' is nothing that is booked" in refused.stderr
        assert (
            "Give one of due-date, delivery, rate, budget, budget-end, budget-election"
            in refused.stderr
        )

    def test_of_no_account_is_refused(self, ask: Any) -> None:
        refused = ask("take-back", "rate", "0000000026")

        assert refused.exit_code == 2
        assert "There is no account 0000000026" in refused.stderr


class TestARateGivenBack:
    """Service since July 1; another rate is asked for on September 28, day 90."""

    WORDS = ("--schedule", "1M-smart", "--asked", "2025-09-28")
    SIGNED = ("--by", "Ana", "--reason", "asked within ninety days")

    @pytest.fixture(autouse=True)
    def as_a_shop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No sheet that is held prices two options of a class with terms: a home stands in."""
        told = "nobody: the rule is asked as for a business"
        monkeypatch.setattr(change_rate_module, "RESIDENTIAL", told)

    def test_wants_a_name_and_a_reason_and_changes_nothing_before(
        self, ask: Any, account: str
    ) -> None:
        for signed in ((), ("--by", "Ana"), ("--reason", "asked in time")):
            refused = ask("service", "change", account, *self.WORDS, *signed)
            assert refused.exit_code == 2
            assert "2 bills since then are made anew: nobody is named who decides" in refused.stderr
            assert "Give a name and a reason (`--by`, `--reason`)" in refused.stderr
        assert "1M-smart" not in ask("service", "show", account).stdout

    def test_names_its_bills_first(self, ask: Any, account: str, town: Town) -> None:
        looked = ask("service", "change", account, *self.WORDS, "--dry-run")

        assert looked.exit_code == 0, looked.output
        assert "would go from 1M-anytime to 1M-smart on 2025-07-01" in looked.stdout
        with town.store.viewing(Viewer("test", "look"), []):
            bills = town.store.bills_of_account(account)
        assert f"Made anew: {', '.join(one.bill_id for one in bills)}." in looked.stdout

    def test_makes_them_anew_and_says_what_each_comes_to(
        self, ask: Any, account: str, town: Town
    ) -> None:
        said = ask("service", "change", account, *self.WORDS, *self.SIGNED)

        assert said.exit_code == 0, said.output
        assert "goes from 1M-anytime to 1M-smart on 2025-07-01" in said.stdout
        with town.store.viewing(Viewer("test", "look"), []):
            bills = town.store.bills_of_account(account)
        assert [one.corrects is None for one in bills] == [False, False]
        for one in bills:
            assert f"{one.bill_id} takes the place of {one.corrects}: " in said.stdout

    def test_answers_a_program_the_case_with_its_differences(self, ask: Any, account: str) -> None:
        answer = told(ask("service", "change", account, *self.WORDS, *self.SIGNED, "--json"))

        assert (answer["from"], answer["dry_run"]) == ("2025-07-01", False)
        made = answer["rebilled"]["corrected"]
        assert [one["cancelled"] for one in made] == answer["bills"]
        assert len(made) == 2

    def test_a_second_time_is_refused_with_its_clause(self, ask: Any, account: str) -> None:
        ask("service", "change", account, *self.WORDS, *self.SIGNED)
        back = ("--schedule", "1M-anytime", "--asked", "2025-09-28")

        refused = ask("service", "change", account, *back, *self.SIGNED)

        assert refused.exit_code == 2
        assert "The present rate stays until 2026-07-01" in refused.stderr
        assert "it is given back once" in refused.stderr


def test_a_rate_that_has_begun_is_taken_back_where_service_had_ended_before_it(
    ask: Callable[..., Result], account: str
) -> None:
    asked = ask("service", "change", account, "--schedule", "1M-smart", "--asked", "2026-11-10")
    assert "on 2026-12-01" in asked.output
    refused = ask("take-back", "rate", account)
    assert (refused.exit_code, "has booked no rate option" in refused.output) == (2, True)
    never = ask("take-back", "rate", account, "--until", "2026-13-01")
    assert (never.exit_code, "--until" in never.output) == (2, True)
    made = told(ask("take-back", "rate", account, "--until", "2026-11-20", "--json"))
    assert made == {"account": account, "what": "rate", "from": "2026-12-01"}
