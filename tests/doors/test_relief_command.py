"""``service relief``: in words, as JSON, refused in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.plant_town import OCTOBER, TOLD, Plant, priced_book
from tests.journeys.town import VIEWER
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

FIRE = ("--cause", "fire", "--by", "Ana", "--reason", "the hall burned")
HALF = ("--month", "2027-02-01", "--less", "demand_winter=50%")
SIGNED = ("--by", "Ben", "--reason", "as agreed")


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
def ask(town: Plant, monkeypatch: pytest.MonkeyPatch) -> Any:
    hours = iter(range(1, 1000))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = TOLD + timedelta(hours=next(hours))
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, now, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), ["service", "relief", *words])


@pytest.fixture
def account(town: Plant) -> str:
    return town.account_id(1)


def agreed(ask: Any, account: str, *more: str) -> str:
    asked = ask("agree", account, *FIRE, *HALF, *more, "--json")
    assert asked.exit_code == 0, asked.output
    name: str = json.loads(asked.stdout)["relief"]
    return name


def test_waits_for_another_person_and_says_what_it_is(ask: Any, account: str) -> None:
    said = ask("agree", account, *FIRE, *HALF, "--less", "customer_charge=10.00")

    assert said.exit_code == 0, said.output
    assert "waits for another person's approval" in said.stdout
    assert "for fire: 2027-02-01 to 2027-03-01" in said.stdout
    assert "50% off demand_winter; $10.00 off customer_charge" in said.stdout
    assert "how far is for the Company to say (Sheet 134, rev. 1, GRR V.H.4)" in said.stdout


def test_is_approved_listed_ended_and_replayed(ask: Any, account: str) -> None:
    name = agreed(ask, account)

    done = ask("approve", name, *SIGNED)
    assert done.exit_code == 0, done.output
    assert f"Relief {name} is agreed" in done.stdout
    (listed,) = json.loads(ask("list", account, "--json").stdout)["reliefs"]
    assert (listed["state"], listed["less"]) == (
        "approved",
        [{"code": "demand_winter", "share": "50%", "usd": None}],
    )
    assert listed["months"] == [{"from": "2027-02-01", "to": "2027-03-01", "adjusted": True}]
    assert [one["by"] for one in listed["steps"]] == ["Ana", "Ben"]
    assert f"{name}: approved" in ask("list").stdout
    ended = ask("end", name, "--by", "Ana", "--reason", "rebuilt", "--from", "2027-02-01")
    assert f"Relief {name} ends from 2027-02-01 on" in ended.stdout, ended.output
    again = ask("replay", name)
    assert again.exit_code == 0, again.output
    assert again.stdout.splitlines() == [
        f"step {one}: the same" for one in ("asked", "approved", "ended")
    ]


def test_of_nobody_lists_nothing(ask: Any) -> None:
    assert "No charges are adjusted by agreement." in ask("list").stdout
    assert json.loads(ask("list", "--json").stdout) == {"reliefs": []}


def test_looked_at_first_is_not_kept(ask: Any, account: str) -> None:
    assert "would wait" in ask("agree", account, *FIRE, *HALF, "--dry-run").stdout
    assert "No charges" in ask("list").stdout


def test_lists_what_was_taken_off_a_bill(ask: Any, account: str, town: Plant) -> None:
    from tests.journeys.test_relief import LATER, approved

    with town.store.viewing(VIEWER, []):
        name = approved(town).agreement.relief_id
        town.bill(1, on=OCTOBER, known_at=LATER)

    (listed,) = json.loads(ask("list", account, "--json").stdout)["reliefs"]

    (bill,) = listed["bills"]
    assert [one["code"] for one in bill["lines"]] == ["demand_summer", "state_sales_tax"]
    assert bill["reasons"][0]["citation"]["paragraph"] == "GRR V.H.4"
    assert "taken off" in ask("list", account).stdout
    why = CliRunner().invoke(build_app(), ["why", bill["bill"]])
    assert f"Taken off as agreed ({name}): ${bill['off_usd']}" in why.stdout.replace(",", "")
    assert "how far is for the Company to say - Sheet 134, rev. 1, GRR V.H.4" in why.stdout
    told = json.loads(ask("replay", name, "--json").stdout)
    assert told["same"]
    assert [one["bill"] for one in told["bills"]] == [bill["bill"]]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--cause", "boredom"), "'boredom' is no cause of a disturbed load"),
        (("--cause", "strike"), "'strike' is not among the causes of the item"),
        (("--less", "demand_winter"), "does not say what is taken off which charge"),
        (("--less", "=5%"), "does not say what is taken off which charge"),
        (("--less", "energy_winter=0%"), "'0%' is no share of a charge"),
        (("--less", "energy_winter=100.1%"), "'100.1%' is no share of a charge"),
        (("--less", "energy_winter=ten%"), "'ten%' is no share of a charge"),
        (("--less", "energy_winter=0.00"), "--less"),
        (("--less", "energy_winter=x"), "is not an amount of dollars"),
        (("--less", "demand_winter=5%"), "The charge demand_winter is adjusted twice"),
        (("--month", "2027-02-02"), "No billing period begins on 2027-02-02"),
        (("--month", "next"), "--month"),
        (("--month", "2026-07-01"), "needs prior agreement, and was agreed only on"),
        (("--service-point", "SP9"), "It has no service on 2027-02-01"),
        (("--by", ""), "Who decides, and why, is missing"),
    ],
)
def test_is_refused_in_one_sentence(
    ask: Any, account: str, words: tuple[str, ...], sentence: str
) -> None:
    refused = ask("agree", account, *FIRE, *HALF, *words)

    assert refused.exit_code == 2, refused.output
    assert sentence in refused.stderr
    assert "No charges" in ask("list").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("approve", "RL-none", *SIGNED), "There is no relief RL-none"),
        (("end", "RL-none", *SIGNED), "There is no relief RL-none"),
        (("replay", "RL-none"), "There is no relief RL-none"),
        (("list", "0000000000"), "There is no account 0000000000"),
    ],
)
def test_of_nothing_is_refused(ask: Any, words: tuple[str, ...], sentence: str) -> None:
    refused = ask(*words)

    assert refused.exit_code == 2
    assert sentence in refused.stderr


def test_takes_two_people_once(ask: Any, account: str) -> None:
    name = agreed(ask, account)

    one = ask("approve", name, "--by", " ANA", "--reason", "so")
    assert one.exit_code == 2
    assert "Ana has asked for this and cannot approve it" in one.stderr
    assert ask("approve", name, *SIGNED).exit_code == 0
    again = ask("approve", name, *SIGNED)
    assert again.exit_code == 2
    assert "It is approved, and cannot be approved now" in again.stderr
