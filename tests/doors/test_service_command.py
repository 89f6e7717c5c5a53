"""``meterledger service``: people are named by their id, and nobody becomes a second person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from tests.journeys.test_bills_together import arrange, with_a_barn
from tests.journeys.town import CLASSES_TOLD, VIEWER, Town
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.kernel.ids import with_check_digit
from meterledger.usecases.ports import Viewer

OTHER = with_check_digit("400000002")


@pytest.fixture
def town() -> Town:
    made = Town()
    made.start(1, people=(("rivera-1", "Ana Rivera"),))
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Any:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, CLASSES_TOLD, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), ["service", *words])


def start(ask: Any, *who: str) -> Any:
    place = ("--premise", "P-7", "--address", "7 Elm Street", "--city", "University City")
    rest = ("--postal-code", "63130", "--schedule", "1M-anytime", "--on", "2025-07-15")
    more = ("--cycle", "15", "--tax-place", "none", "--meter", "E-7")
    return ask("start", "--account", OTHER, *who, *place, *rest, *more)


def people(town: Town) -> dict[str, str]:
    with town.store.viewing(VIEWER, ["names"]):
        return dict(town.store.people([], ["Ana Rivera", "Bo Chen"]))


def test_show_prints_the_id_that_start_asks_for(town: Town, ask: Any) -> None:
    account = town.account_id(1)
    assert "person rivera-1: Ana Rivera, 2025-07-01 until" in ask("show", account).stdout
    (told,) = json.loads(ask("show", account, "--json").stdout)["people"]
    assert (told["person"], told["name"]) == ("rivera-1", "Ana Rivera")

    done = start(ask, "--person", "rivera-1")

    assert done.exit_code == 0, done.output
    assert "Ana Rivera" in ask("show", OTHER).stdout
    assert people(town) == {"rivera-1": "Ana Rivera"}


def test_somebody_new_is_declared(town: Town, ask: Any) -> None:
    done = start(ask, "--person", "rivera-1=Ana Rivera", "--new-person", "chen-1=Bo Chen")

    assert done.exit_code == 0, done.output
    assert people(town) == {"rivera-1": "Ana Rivera", "chen-1": "Bo Chen"}
    shown = json.loads(ask("show", OTHER, "--json").stdout)
    assert [one["person"] for one in shown["people"]] == ["chen-1", "rivera-1"]


def test_a_namesake_is_kept_with_a_warning(town: Town, ask: Any) -> None:
    done = start(ask, "--new-person", "rivera-2=ana rivera")

    assert done.exit_code == 0, done.output
    assert "Another ana rivera is known, as rivera-1" in done.stdout


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (("--person", "rivera=Ana Rivera"), "known as rivera-1. Write `--person rivera-1`"),
        (("--person", "chen-1=Bo Chen"), "declare somebody new with `--new-person chen-1=Bo Chen`"),
        (("--person", "chen-1"), "Write the id that `service show ACCOUNT` prints"),
        (("--person", "rivera-1=Eva Rivera"), "Person rivera-1 is Ana Rivera, not Eva Rivera"),
        (("--new-person", "rivera-1=Ana Rivera"), "Person rivera-1 is known already: Ana Rivera"),
        (("--person", "rivera-1", "--new-person", "rivera-1=A"), "Person rivera-1 is named twice"),
        ((), "Nobody is named who is responsible for the account"),
        (("--new-person", "chen-1"), "'chen-1' does not name a person"),
        (("--person", " "), "' ' does not name a person"),
    ],
)  # fmt: skip
def test_a_guess_makes_nobody(town: Town, ask: Any, who: tuple[str, ...], said: str) -> None:
    refused = start(ask, *who)

    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())
    assert people(town) == {"rivera-1": "Ana Rivera"}
    with town.store.viewing(VIEWER, ["accounts"]):
        assert town.store.account_ids() == [town.account_id(1)]


def test_stop_that_its_bill_is_past_asks_who_decides_and_tells_both_bills(
    town: Town, ask: Any
) -> None:
    town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
    with town.store.viewing(VIEWER, ["a bill"]):
        (service,) = town.services(1)
        (bill,) = town.bill(1, on=date(2025, 8, 1)).issued
    stop = ("stop", service.agreement.agreement_id, "--on", "2025-07-21")

    refused = ask(*stop)
    assert refused.exit_code == 2
    assert "is made again as the final one, until 2025-07-21" in refused.output
    looked = ask(*stop, "--dry-run")
    assert f"would take the place of {bill.bill_id}" in looked.stdout

    done = ask(*stop, "--by", "Ana", "--reason", "told late", "--approved-by", "Bo", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    (made,) = told["rebilled"]["corrected"]
    assert (told["until"], made["to"]) == ("2025-07-21", "2025-07-21")
    assert {one["cause"] for one in made["causes"]} == {"end of service"}


class TestStopOfAPointOnABillOfSeveral:
    @pytest.fixture
    def bill(self, town: Town) -> Any:
        """July of a house and a barn, on one bill of the house."""
        with town.store.viewing(VIEWER, ["a bill"]):
            with_a_barn(town)
            for meter in ("M1", "M2"):
                town.read(meter, (date(2025, 7, 1), date(2025, 9, 1)))
            arrange(town)
            (bill,) = town.bill(1, on=date(2025, 8, 1)).issued
        return bill

    SIGNED = ("--by", "Ana", "--reason", "told late", "--approved-by", "Bo")

    def test_tells_the_bill_without_its_days(self, town: Town, ask: Any, bill: Any) -> None:
        house, barn = bill.usage.points
        stop = ("stop", barn.agreement_id, "--on", "2025-07-21")
        refused = ask(*stop)
        assert (refused.exit_code, "days of SP2 from 2025-07-21" in refused.output) == (2, True)
        looked = ask(*stop, "--dry-run").stdout
        assert f"would take the place of {bill.bill_id}" in looked
        assert "stood on its bill" not in looked

        done = ask(*stop, *self.SIGNED, "--json")
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        (made,) = told["rebilled"]["corrected"]
        assert (made["to"], told["withdrawn"], told["left"]) == ("2025-08-01", [], [])
        shown = json.loads(ask("show", bill.account_id, "--json").stdout)["agreements"]
        ends = {one["agreement"]: one["billed_until"] for one in shown}
        assert ends == {house.agreement_id: "2025-08-01", barn.agreement_id: "2025-07-21"}

    def test_whose_bill_it_is_names_who_is_on_none_then(
        self, town: Town, ask: Any, bill: Any
    ) -> None:
        house, barn = bill.usage.points
        done = ask("stop", house.agreement_id, "--on", "2025-07-21", *self.SIGNED)
        assert done.exit_code == 0, done.output
        said = " ".join(done.stdout.split())
        assert f"Agreement {barn.agreement_id} stood on its bill, and is on none from" in said
        assert f"`meterledger together end {bill.account_id} --on 2025-07-21`" in said
