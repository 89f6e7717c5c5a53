"""``meterledger held`` and what ``bill-cycle`` says of the gate. The store is the journeys'."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from tests.doors.held_web_town import FAR, GAP, HIGH, NOW, OUT, HeldTown, held_town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

BY = ("--by", "Dana Cole", "--reason", "A new heat pump")


@pytest.fixture(scope="module")
def behind() -> HeldTown:
    return held_town()


@pytest.fixture
def ask(behind: HeldTown, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    town = behind.town

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, NOW, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_list_is_filtered_by_code_owner_and_age(ask: Any, behind: HeldTown) -> None:
    every = answer(ask("held", "list", "--json"))["held"]
    assert len(every) == 5
    (gap,) = answer(ask("held", "list", "--code", "usage.gap", "--json"))["held"]
    assert (gap["case"], gap["owner"], gap["ways_out"]) == (
        *(behind.cases[GAP], "meter data", ["correct", "rerun", "exclude"]),
    )
    assert answer(ask("held", "list", "--older-than", "400", "--json"))["held"] == []


def test_a_cycle_says_what_became_of_everything_that_was_due(ask: Any) -> None:
    result = ask("bill-cycle", "1", "--on", "2026-05-01", "--dry-run", "--json")
    told = json.loads(result.stdout)  # nothing left, and its exit status says so

    assert (told["due"], told["billed"], told["held"], told["excluded"]) == (5, 0, 4, 1)
    assert told["held_by_owner"] == {
        "billing analysts": {"gate.band": 2},
        "meter data": {"gate.jump": 1, "usage.gap": 1},
    }
    assert told["exclusions"][0]["reason"] == "In dispute since April"


def test_a_release_says_which_bill_has_left(ask: Any, behind: HeldTown) -> None:
    result = ask("held", "release", behind.cases[FAR], *BY)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Bill B-0000000018-SP1-20251201-20260401-20260501 has left for")
    shown = answer(ask("held", "show", behind.cases[FAR], "--json"))
    assert [step["act"] for step in shown["steps"]] == ["opened", "released", "billed"]


def test_a_bill_above_the_ceiling_is_approved_by_another(ask: Any, behind: HeldTown) -> None:
    name = behind.cases[HIGH]
    waits = ask("held", "release", name, *BY)
    assert waits.stdout == f"Case {name}: awaits approval.\n"

    refused = ask("held", "approve", name, *BY)
    assert (refused.exit_code, "cannot approve it as well" in refused.stderr) == (2, True)

    done = ask("held", "approve", name, "--by", "Ben Ito", "--reason", "I saw it", "--json")
    assert answer(done)["state"] == "billed"


def test_an_exclusion_says_what_it_does_to_later_periods(ask: Any, behind: HeldTown) -> None:
    name = behind.cases[GAP]
    done = ask("held", "exclude", name, *BY)
    assert done.stdout == (
        f"Case {name}: excluded. Neither it nor any later period of this service is billed until "
        f"somebody reopens it: `meterledger held reopen {name}`.\n"
    )
    ask("held", "reopen", name, *BY)


def test_a_period_is_left_uncharged_by_two_and_not_where_there_is_no_bill(
    ask: Any, behind: HeldTown
) -> None:
    refused = ask("held", "exclude", behind.cases[GAP], "--this-period", *BY)
    assert refused.exit_code == 2
    assert "There is no bill of this period that could be brought to zero" in refused.stderr
    listed = answer(ask("held", "list", "--code", "gate.band", "--json"))["held"]
    case = next(one for one in listed if one["state"] == "open")
    waits = ask("held", "exclude", case["case"], "--this-period", *BY)
    assert waits.stdout == (
        f"Case {case['case']}: awaits approval. Its period is left uncharged once another person "
        f"approves it: `meterledger held approve {case['case']}`.\n"
    )
    assert ask("held", "reopen", case["case"], *BY).exit_code == 0


def test_a_gap_is_not_released(ask: Any, behind: HeldTown) -> None:
    result = ask("held", "release", behind.cases[GAP], *BY)
    assert result.exit_code == 2
    assert "A bill that is held by usage.gap cannot be released" in result.stderr


def test_who_got_no_bill_is_reported_with_the_reason(ask: Any, behind: HeldTown) -> None:
    told = answer(ask("report", "unbilled", "--on", "2026-05-20", "--json"))["unbilled"]
    by_case = {one["case"]: one for one in told}
    assert by_case[behind.cases[OUT]]["reason"] == "Excluded by Ben Ito: In dispute since April"
    assert by_case[behind.cases[GAP]]["code"] == "usage.gap"


def test_a_run_that_was_not_stopped_is_not_let_go(ask: Any) -> None:
    result = ask("held", "let-go", "R-1", *BY)
    assert (result.exit_code, "No run R-1 was stopped" in result.stderr) == (2, True)
    assert "finished" in ask("held", "runs").stdout
