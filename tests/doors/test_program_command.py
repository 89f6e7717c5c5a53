"""``meterledger program``: what people and programs are answered, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.programs_town import BEGINS, KNOWN, LEARNED, ProgramTown
from tests.journeys.town import VIEWER, even
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer


@pytest.fixture
def town() -> ProgramTown:
    made = ProgramTown()
    with made.store.viewing(VIEWER, []):
        made.begin(1, "PL-R1")
        made.begin(2, "PL-R1")
        for number in (1, 2):
            made.read(f"M{number}", (BEGINS, date(2026, 8, 1)), even(200))
            made.received(number, (BEGINS, date(2026, 3, 1)), 500)
            made.received(number, (date(2026, 3, 1), date(2026, 8, 1)), 0)
    return made


@pytest.fixture
def ask(town: ProgramTown) -> Iterator[Callable[..., Result]]:
    minutes = iter(range(1, 50))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = LEARNED + timedelta(minutes=next(minutes))
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, now, None)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "open_system", open_system)
        yield lambda *words: CliRunner().invoke(build_app(), ["program", *words])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_blocks_are_joined_shown_and_left(ask: Any, town: ProgramTown) -> None:
    account = town.account_id(1)
    join = ("join", account, "prairie_solar", "--blocks", "3", "--on", "2026-03-01")
    dry = told(ask(*join, "--dry-run", "--json"))
    assert dry["dry_run"] is True
    assert told(ask("show", account, "--json"))["programs"] == []
    made = told(ask(*join, "--json"))
    assert (made["program"], made["blocks"], made["until"]) == ("prairie_solar", "3", None)
    again = ask(*join)
    assert again.exit_code == 2
    assert "takes part in prairie_solar on one of the days already" in again.output
    left = told(ask("leave", account, "prairie_solar", "--on", "2026-05-01", "--json"))
    assert left["until"] == "2026-05-01"
    shown = ask("show", account)
    assert "takes part in prairie_solar with 3 Solar Blocks: 2026-03-01 until" in shown.output


def test_credits_are_told_and_add_up(ask: Any, town: ProgramTown) -> None:
    account = town.account_id(2)
    told(ask("join", account, "prairie_net_metering", "--on", "2026-02-01", "--json"))
    with town.store.viewing(VIEWER, []):
        run = town.bill(2, on=date(2026, 4, 2), known_at=KNOWN - timedelta(hours=1, minutes=10))
    assert not run.held, run.held
    answer = told(ask("show", account, "--on", "2026-04-02", "--json"))
    (one,) = answer["programs"]
    credits = one["credits"]
    cents = {name: int(credits[f"{name}_usd"].replace(".", "")) for name in
             ("granted", "used", "expired", "open")}  # fmt: skip
    assert cents["granted"] > 0
    assert cents["granted"] == cents["used"] + cents["expired"] + cents["open"]
    assert "granted = " in ask("show", account, "--on", "2026-04-02").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("join", "prairie_solar"), "is joined with a number of Solar Blocks"),
        (("join", "prairie_moon"), "prairie_moon"),
        (("leave", "prairie_solar"), "does not take part in prairie_solar"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    ask: Any, town: ProgramTown, words: tuple[str, str], said: str
) -> None:
    result = ask(words[0], town.account_id(1), words[1], "--on", "2026-03-01")
    assert result.exit_code == 2
    assert said in result.output
