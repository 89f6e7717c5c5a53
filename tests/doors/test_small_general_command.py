"""``service small-general``: in words, as JSON, refused in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.plant_town import AUGUST, JULY, LIMIT, OCTOBER, TOLD, Plant, priced_book
from tests.journeys.town import VIEWER, even
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

STRIKE = ("--cause", "strike", "--since", "2026-06-01", "--schedule", "2M-single-phase")
OF_JULY = ("--from", "2026-07-01", "--requested", "2026-07-01")
SIGNED = ("--by", "Ana", "--reason", "strike", "--approved-by", "Ben")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return priced_book(tmp_path_factory.mktemp("books") / "union_electric_mo6")


@pytest.fixture
def town(book: Any) -> Plant:
    made = Plant(book=book)
    with made.store.viewing(VIEWER, []):
        made.begin()
    return made


@pytest.fixture
def ask(town: Plant, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    hours = iter(range(1, 1000, 2))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = TOLD + timedelta(hours=next(hours))
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, now, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    words = ("service", "small-general", town.account_id(1), *STRIKE)
    return lambda *more: CliRunner().invoke(build_app(), [*words, *more])


def test_says_the_demand_the_days_and_why(ask: Any, town: Plant) -> None:
    said = ask(*OF_JULY)

    assert said.exit_code == 0, said.output
    assert "is on 2M-single-phase for 2026-07-01 to 2026-08-01, of 99.9 kW" in said.stdout
    assert "strike cut the demand below 100 kW" in said.stdout
    assert "without the discounts of riders B and C" in said.stdout
    assert "GRR V.H.5" in said.stdout


def test_looked_at_first_it_says_would(ask: Any) -> None:
    assert "would be on 2M-single-phase" in ask(*OF_JULY, "--dry-run").stdout
    assert ask(*OF_JULY).exit_code == 0


def test_a_period_that_goes_on_is_parted_from_the_others(ask: Any, town: Plant) -> None:
    said = ask("--from", "2026-12-01", "--requested", "2026-11-20")

    assert said.exit_code == 0, said.output
    assert (
        "is not measured yet: the period is parted from the others and stays on 3M" in said.stdout
    )
    with town.store.viewing(VIEWER, []):
        services = town.store.services_of_account(town.account_id(1), TOLD + timedelta(days=1))
    assert [one.agreement.schedule for one in services] == ["3M"] * 3


def test_a_bill_is_made_anew_by_a_name_and_for_a_reason(ask: Any, town: Plant) -> None:
    assert ask("--from", "2026-07-01", "--requested", "2026-07-01").exit_code == 0
    back = (*OF_JULY, "--json")
    with town.store.viewing(VIEWER, []):
        bills = town.bill(1, on=OCTOBER, known_at=TOLD + timedelta(hours=2)).issued
        town.read("M1", (JULY, AUGUST), even(LIMIT), learned_at=TOLD + timedelta(hours=2))

    refused = ask(*back)
    assert refused.exit_code == 2
    assert "of the period is made anew: nobody is named who decides" in refused.stderr

    answer = json.loads(ask(*back, *SIGNED).stdout)
    assert (answer["schedule"], answer["demand_kw"]) == ("3M", "100")
    (made,) = answer["rebilled"]["corrected"]
    (july,) = [one.bill_id for one in bills if one.days.from_day == JULY]
    assert made["cancelled"] == july


class TestWhereTheGateFindsSomething:
    """July was billed on 2(M); then readings come that are eight times what was billed."""

    @pytest.fixture
    def july(self, ask: Any, town: Plant) -> str:
        assert ask(*OF_JULY).exit_code == 0
        with town.store.viewing(VIEWER, []):
            bills = town.bill(1, on=OCTOBER, known_at=TOLD + timedelta(hours=2)).issued
            town.read("M1", (JULY, AUGUST), even(8 * LIMIT), learned_at=TOLD + timedelta(hours=2))
        return next(one.bill_id for one in bills if one.days.from_day == JULY)

    SIGNED = ("--by", "Ana", "--reason", "strike")

    def test_it_says_what_is_kept_and_where_the_bill_waits(
        self, ask: Any, town: Plant, july: str
    ) -> None:
        refused = ask(*OF_JULY, *self.SIGNED)

        assert refused.exit_code == 2
        said = " ".join(refused.stderr.split())
        assert (
            f"Account {town.account_id(1)} is on 3M for 2026-07-01 to 2026-08-01: this is kept. "
            f"Bill {july} waits in the queue of corrections."
        ) in said
        assert "beyond 600 percent" in said
        way = f"meterledger rebill {july} --by NAME --reason WHY --seen gate.band"
        assert f"made anew with `{way}" in said
        assert "or left with `meterledger rebill leave`" in said
        with town.store.viewing(VIEWER, []):
            (on,) = {
                one.agreement.schedule
                for one in town.store.services_of_account(
                    town.account_id(1), TOLD + timedelta(days=9)
                )
                if JULY in one.agreement.days
            }
            assert on == "3M"
            assert town.store.bill(july).cancelled_by is None

    def test_what_was_seen_is_said_at_once(self, ask: Any, july: str) -> None:
        seen = ("--seen", "gate.band", "--seen", "gate.price", "--seen", "gate.amount")

        made = ask(*OF_JULY, *self.SIGNED, *seen)

        assert made.exit_code == 0, made.output
        assert f"takes the place of {july}" in made.stdout
        assert "The gate finds: " in made.stdout

    def test_what_was_not_seen_is_not_let_out_by_something_else(self, ask: Any, july: str) -> None:
        refused = ask(*OF_JULY, *self.SIGNED, "--seen", "gate.zero")

        assert refused.exit_code == 2
        assert "--seen gate.band" in refused.stderr


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--from", "2026-07-01"), "no written request had come when the period began"),
        (("--from", "2026-09-01", "--requested", "2026-07-01"), "it was 200 kW"),
        ((*OF_JULY, "--cause", "boredom"), "'boredom' is no cause of a disturbed load"),
    ],
)
def test_is_refused_in_one_sentence(ask: Any, more: tuple[str, ...], sentence: str) -> None:
    refused = ask(*more)

    assert refused.exit_code == 2
    assert sentence in refused.stderr
