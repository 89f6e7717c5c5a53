"""``meterledger meter account``: several meters on one account, by GRR IV.C."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.journeys.town import FIRST, LATER, Town, even
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.kernel.span import DaySpan
from meterledger.usecases.account_together import CannotAdd, price_together
from meterledger.usecases.ports import Viewer

JULY = (date(2025, 7, 1), date(2025, 8, 1))


@pytest.fixture
def town() -> Town:
    """One account with a house and a barn, each with its meter."""
    made = Town()
    made.start(1)
    barn = {"premise_id": "PR2", "service_point_id": "SP2", "meter_id": "M2"}
    made.start(1, learned_at=FIRST, address="2 Elm Street", **barn)
    made.read("M1", JULY, even(100))
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, LATER, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    days = ("--from", "2025-07-01", "--to", "2025-08-01")
    account = town.account_id(1)
    return lambda *words: CliRunner().invoke(
        build_app(), ["meter", "account", account, *days, *words]
    )


def test_adds_the_meters_and_cites_the_clause(town: Town, ask: Any) -> None:
    town.read("M2", JULY, even(7))

    result = ask("--json")

    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [(one["meter"], one["kwh"]) for one in answer["meters"]] == [
        ("M1", "297.600"),
        ("M2", "20.832"),
    ]
    assert answer["usage"]["outcome"]["billing_kwh"] == "318.432"
    assert answer["usage"]["outcome"]["meters_counted"] == 2
    assert "GRR IV.C" in answer["usage"]["reasons"][0]["citation"]["text"]
    assert not any(one["outcome"]["charged"] for one in answer["zero_usage"].values())
    assert "Together 318.432 kWh:" in ask().stdout


def test_says_which_meter_stood_still(town: Town, ask: Any) -> None:
    town.read("M2", JULY, even(0))

    answer = json.loads(ask("--json").stdout)

    assert answer["zero_usage"]["M2"]["outcome"]["charged"] is True
    assert answer["zero_usage"]["M1"]["outcome"]["charged"] is False
    assert "meter M2: the meter registered nothing in the month" in ask().stdout


def test_gives_no_sum_while_a_meter_is_not_known(ask: Any) -> None:
    answer = json.loads(ask("--json").stdout)

    assert answer["usage"] is None
    assert answer["meters"][1]["kwh"] is None
    assert "No interval has arrived" in answer["meters"][1]["why"]
    assert "a sum with a part missing is no sum" in ask().stdout


def test_counts_both_meters_of_an_exchange(town: Town, ask: Any) -> None:
    town.read("M2", JULY, even(7))
    words = ["SP1", "--to", "M9", "--at", "2025-07-10T05:00:00Z", "--reason", "test"]
    link = ["--known-by", "back_office", "--confidence", "60", "--evidence", "a list"]
    done = CliRunner().invoke(build_app(), ["meter", "exchange", *words, *link])
    assert done.exit_code == 0, done.output
    town.read("M9", JULY, even(1))

    answer = json.loads(ask("--json").stdout)

    assert [(one["meter"], one["kwh"]) for one in answer["meters"]] == [
        ("M1", "86.400"),
        ("M9", "2.112"),
        ("M2", "20.832"),
    ]


def test_of_days_without_service_is_refused(town: Town, ask: Any) -> None:
    result = ask("--from", "2024-07-01", "--to", "2024-08-01")

    assert result.exit_code == 2
    assert "had no service on any day from 2024-07-01 to 2024-08-01" in result.stderr


class TestPriced:
    """GRR IV.C: one bill on the sum, beside the bills by service point that stand."""

    def test_one_customer_charge_and_the_energy_of_both(self, town: Town, ask: Any) -> None:
        town.read("M2", JULY, even(7))

        told = json.loads(ask("--priced", "--json").stdout)["priced"]

        assert told["energy_wh"] == "318432"
        assert [(one["meter"], one["energy_wh"]) for one in told["alone"]] == [
            ("M1", "297600"),
            ("M2", "20832"),
        ]
        customer = [one for one in told["lines"] if "ustomer" in one["label"]]
        assert len(customer) == 1
        assert customer[0]["quantity"] == "1"
        alone = sum(Decimal(one["total_usd"]) for one in told["alone"])
        assert Decimal(told["difference_usd"]) == Decimal(told["total_usd"]) - alone
        # A rate of one price for all summer: what is saved is the second one of each charge by
        # the month, and nothing else but the rounding of lines.
        monthly = sum(Decimal(one["usd"]) for one in told["lines"] if one["unit"] == "month")
        assert abs(-Decimal(told["difference_usd"]) - monthly) <= Decimal("0.03")

    def test_it_is_told_in_words_and_changes_no_bill(self, town: Town, ask: Any) -> None:
        town.read("M2", JULY, even(7))

        shown = ask("--priced").stdout

        assert "One bill on the sum (1M-anytime): $" in shown
        assert "Difference to the bills by service point, which stand: -$" in shown
        assert "priced" not in json.loads(ask("--json").stdout)

    def test_a_part_that_is_missing_is_refused(self, ask: Any) -> None:
        refused = ask("--priced")
        assert refused.exit_code == 2
        assert (
            "What meter M2 registered from 2025-07-01 to 2025-08-01 is not known" in refused.stderr
        )

    def test_meters_on_two_schedules_are_for_a_person(self, town: Town, ask: Any) -> None:
        town.start(
            1,
            learned_at=FIRST,
            premise_id="PR3",
            service_point_id="SP3",
            meter_id="M3",
            address="3 Elm Street",
            schedule="1M-smart",
        )
        refused = ask("--priced")
        assert refused.exit_code == 2
        assert "are on several schedules 1M-anytime and 1M-smart" in refused.stderr

    def test_one_meter_is_no_sum(self, town: Town) -> None:
        town.start(2, meter_id="M9", service_point_id="SP9", premise_id="PR9")
        with (
            town.store.viewing(Viewer("test", "look"), []),
            pytest.raises(CannotAdd, match="has 1 metered service points on all days"),
        ):
            price_together(
                account_id=town.account_id(2),
                days=DaySpan(*JULY),
                known_at=LATER,
                store=town.store,
                lake=town.lake,
                book=town.book,
            )
