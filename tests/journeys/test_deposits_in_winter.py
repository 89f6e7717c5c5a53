"""Deposits in winter: the season pauses, an agreement cancels, the tariff gives six parts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, home_of

from meterledger.rulebook.loading import load_book
from meterledger.usecases.deposit_acts import (
    cold_weather_agreement,
    record_effort,
    review_credit,
    take_effort_back,
)
from meterledger.usecases.deposit_ask import DepositRefused
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.ports import Conflict

OCTOBER = date(2025, 10, 20)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}


@pytest.fixture
def home(town: Any) -> Home:
    """A home that was asked for 200 dollars on October 20, due on November 10."""
    made = home_of(town, until=date(2025, 8, 1))
    made.ask(OCTOBER, told=TOLD)
    return made


class TestTheSeason:
    def test_pauses_what_is_unpaid_until_april(self, home: Home) -> None:
        assert home.night(date(2025, 10, 31)).counts["paused"] == 0

        run = home.night(date(2025, 11, 1))

        assert run.counts["paused"] == 1
        assert home.night(date(2025, 11, 11)).counts["missed"] == 0
        (item,) = home.town.store.asked_deposits(home.account, date(2025, 11, 11))
        assert item.due_day == date(2026, 4, 1)
        assert home.night(date(2026, 4, 1)).counts["missed"] == 0
        assert home.night(date(2026, 4, 2)).counts["missed"] == 1

    def test_pauses_once(self, home: Home) -> None:
        home.night(date(2025, 11, 1))

        assert home.night(date(2025, 12, 1)).changed == 0

    def test_pauses_nothing_that_is_paid(self, home: Home) -> None:
        home.pay(200_00, date(2025, 10, 25))

        assert home.night(date(2025, 11, 1)).changed == 0


class TestAnAgreement:
    def test_cancels_what_is_unpaid_for_good_and_what_is_paid_stays(self, home: Home) -> None:
        home.pay(80_00, date(2025, 10, 25))
        (deposit,) = home.deposits()

        made = cold_weather_agreement(
            deposit.deposit_id,
            made_on=date(2025, 11, 15),
            on=date(2025, 11, 15),
            kept=True,
            reason="the customer agreed",
            desk=home.desk(),
        )

        assert made.deposit.called_off_cents == 120_00
        assert home.held() == 80_00
        (item,) = home.town.store.asked_deposits(home.account, date(2025, 11, 15))
        assert item.charged_cents == 80_00
        assert home.night(date(2026, 4, 2)).counts["missed"] == 0
        home.check()
        assert replay_deposit(deposit.deposit_id, store=home.town.store, book=home.town.book).same

    def test_cancels_nothing_of_a_deposit_that_is_paid(self, home: Home) -> None:
        home.pay(200_00, date(2025, 10, 25))
        (deposit,) = home.deposits()

        with pytest.raises(DepositRefused, match="Nothing of this deposit is unpaid"):
            cold_weather_agreement(
                deposit.deposit_id,
                made_on=date(2025, 11, 15),
                on=date(2025, 11, 15),
                kept=True,
                reason="the customer agreed",
                desk=home.desk(),
            )


@pytest.fixture(scope="module")
def tariff_only(towns: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The book as if the tariff alone were followed in winter."""
    folder: Path = tmp_path_factory.mktemp("books") / "union_electric_mo6"
    shutil.copytree(towns.default_book_folder(), folder)
    reading = folder / "readings" / "c_cwr_deposit.yaml"
    told = reading.read_text(encoding="utf-8")
    chosen = "{option: most_protective, learned_on"
    assert chosen in told
    reading.write_text(told.replace(chosen, "{option: tariff_only, learned_on"), encoding="utf-8")
    return load_book(folder)


@pytest.fixture
def by_tariff(towns: ModuleType, tariff_only: Any) -> Iterator[Home]:
    town = towns.Town(book=tariff_only)
    with town.store.viewing(towns.VIEWER, []):
        yield home_of(town, until=date(2025, 8, 1))


class TestByTheTariffAlone:
    def test_november_gives_six_parts_a_month_apart(self, by_tariff: Home) -> None:
        asked = by_tariff.ask(date(2025, 11, 1), told={**TOLD, "can_pay_at_once": False})

        parts = asked.deposit.steps[0].parts
        assert [one.cents for one in parts] == [33_33, 33_33, 33_34, 33_33, 33_33, 33_34]
        assert [one.billed_day.month for one in parts] == [11, 12, 1, 2, 3, 4]
        items = by_tariff.town.store.asked_deposits(by_tariff.account, date(2025, 12, 1))
        assert [one.item_id.rpartition("/")[2] for one in items] == ["1", "2"]

    def test_a_customer_who_can_pay_at_once_does(self, by_tariff: Home) -> None:
        asked = by_tariff.ask(date(2025, 11, 1), told={**TOLD, "can_pay_at_once": True})

        assert [one.cents for one in asked.deposit.steps[0].parts] == [200_00]

    def test_parts_are_paid_one_after_the_other(self, by_tariff: Home) -> None:
        by_tariff.ask(date(2025, 11, 1), told={**TOLD, "can_pay_at_once": False})
        by_tariff.pay(40_00, date(2025, 12, 5))

        assert by_tariff.held() == 40_00
        assert by_tariff.night(date(2025, 12, 23)).counts["missed"] == 1
        (missed,) = [one for one in by_tariff.deposits()[0].steps if one.act.value == "missed"]
        assert missed.cents == 66_66 - 40_00
        by_tariff.check()


class TestEffortsAndReviews:
    def effort(self, home: Home, on: date) -> bool:
        (deposit,) = home.deposits()
        told = {"how": "check mailed", "on": on, "reason": "it is due"}
        return record_effort(deposit.deposit_id, **told, desk=home.desk()).newly

    def test_an_effort_ends_interest_once_the_deposit_is_to_go_back(self, town: Any) -> None:
        home = home_of(town)
        home.ask(date(2025, 7, 2), told=TOLD)
        home.pay(200_00, date(2025, 7, 6))
        home.live(date(2025, 8, 1), 12)
        # The twelfth bill is good once its delinquent date has passed, on July 22.
        with pytest.raises(DepositRefused, match="was not to go back on 2026-07-22, so nothing"):
            self.effort(home, date(2026, 7, 22))

        assert self.effort(home, date(2026, 7, 23))
        assert not self.effort(home, date(2026, 7, 23))
        run = home.night(date(2026, 8, 20))

        # 17 days to July 22 after the yearly credit, at 8 percent, and no more.
        assert run.cents["interest added"] == 75
        home.check()

    def to_go_back(self, town: Any) -> tuple[Home, str]:
        """An effort of July 23, 2026 is kept by Ana."""
        home = home_of(town)
        home.ask(date(2025, 7, 2), told=TOLD)
        home.pay(200_00, date(2025, 7, 6))
        home.live(date(2025, 8, 1), 12)
        assert self.effort(home, date(2026, 7, 23))
        return home, home.deposits()[0].deposit_id

    def test_an_effort_that_was_none_is_taken_back_by_another_and_interest_runs(
        self, town: Any
    ) -> None:
        home, name = self.to_go_back(town)
        with pytest.raises(Conflict, match="by another person than who kept it"):
            take_effort_back(name, reason="no check left", desk=home.desk())
        with pytest.raises(DepositRefused, match="No effort to return it stands"):
            take_effort_back(
                name, on=date(2026, 7, 24), reason="no check left", desk=home.desk("Ben")
            )

        assert take_effort_back(name, reason="no check left", desk=home.desk("Ben")).newly
        assert not take_effort_back(name, reason="no check left", desk=home.desk("Ben")).newly
        with pytest.raises(DepositRefused, match="No effort to return it stands"):
            take_effort_back(name, reason="a second time", desk=home.desk("Zoe"))
        run = home.night(date(2026, 8, 20))

        assert run.cents["interest added"] > 75  # to the day of its return, and not to July 22
        home.check()

    def test_an_effort_is_kept_anew_after_one_was_taken_back(self, town: Any) -> None:
        home, name = self.to_go_back(town)
        take_effort_back(name, reason="no check left", desk=home.desk("Ben"))

        assert self.effort(home, date(2026, 7, 23))

        assert [one.key for one in home.deposits()[0].efforts] == ["effort.2026-07-23.2"]
        assert home.night(date(2026, 8, 20)).cents["interest added"] == 75
        with pytest.raises(DepositRefused, match="ended on 2026-08-20, and its interest with"):
            take_effort_back(name, reason="none", desk=home.desk("Ben"))

    @pytest.mark.parametrize(
        ("on", "words"),
        [
            (date(2020, 1, 1), "was not to go back on 2020-01-01"),
            (date(2025, 11, 20), "was not to go back on 2025-11-20"),
            (date(2026, 12, 2), "An effort of 2026-12-02 is not made yet"),
        ],
    )
    def test_an_effort_for_what_does_not_go_back_is_none(
        self, home: Home, on: date, words: str
    ) -> None:
        home.pay(200_00, date(2025, 10, 25))

        with pytest.raises(DepositRefused, match=words):
            self.effort(home, on)

        run = home.night(date(2026, 10, 25))
        # A whole year: 8.75 percent for 68 days of 2025, 8 for 297 of 2026.
        assert run.cents["interest credited"] == 16_28

    def test_an_effort_for_a_deposit_that_nobody_paid_is_none(self, home: Home) -> None:
        with pytest.raises(DepositRefused, match="was not to go back"):
            self.effort(home, date(2025, 11, 20))

    def test_a_homes_credit_is_not_reviewed(self, home: Home) -> None:
        (deposit,) = home.deposits()

        with pytest.raises(DepositRefused, match="Only the credit of a non-residential customer"):
            review_credit(
                deposit.deposit_id,
                opinion="satisfactory",
                on=date(2028, 10, 20),
                reason="three years",
                desk=home.desk(),
            )
