"""An effort to return a deposit that was none is taken back, and gives what it had kept of a year.

200 dollars are held from July 6, 2025: yearly interest is credited on each July 5. An effort of
July 23, 2026 is kept; the deposit waits for a dispute, and its second year is credited meanwhile.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, come_back, home_of

from meterledger.entrypoints.deposit_words import sentence_of
from meterledger.facts.deposits import DepositAct, DepositStep
from meterledger.rulebook.loading import load_book
from meterledger.usecases.deposit_acts import (
    dispute_deposit,
    record_effort,
    settle_dispute,
    take_effort_back,
)
from meterledger.usecases.deposit_replay import replay_deposit

PAID, EFFORT, SECOND_YEAR = date(2025, 7, 6), date(2026, 7, 23), date(2027, 7, 5)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
TO_THE_EFFORT, REST = 75, 15_25
"""Of 200 dollars at 8 percent: 17 days, and 348."""


@pytest.fixture(scope="module")
def book(towns: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The book as if the prime rate of November 2026 were known, and that of the year before."""
    folder: Path = tmp_path_factory.mktemp("books") / "union_electric_mo6"
    shutil.copytree(towns.default_book_folder(), folder)
    rates = folder / "grr_vi_deposits" / "deposit_prime_rate_november_percent.yaml"
    told = rates.read_text(encoding="utf-8")
    assert told.count("effective_until: 2026-11-30") == 1
    rates.write_text(
        told.replace("effective_until: 2026-11-30", "effective_until: null"), encoding="utf-8"
    )
    return load_book(folder)


@pytest.fixture
def town(towns: ModuleType, book: Any) -> Iterator[Any]:
    made = towns.Town(book=book)
    with made.store.viewing(towns.VIEWER, []):
        yield made


def living(town: Any, *paid: int) -> Home:
    home = home_of(town, until=date(2026, 8, 1))
    home.now = datetime(2027, 8, 2, 12, tzinfo=UTC)
    home.ask(date(2025, 7, 2), told=TOLD)
    for cents in paid:
        home.pay(cents, PAID)
    home.live(date(2025, 8, 1), 12)
    effort(home, EFFORT)
    return home


def dispute(home: Home, on: date = EFFORT) -> None:
    """It lets the deposit wait."""
    about = "disconnection_for_nonpayment"
    name = home.deposits()[0].deposit_id
    dispute_deposit(name, about=about, on=on, reason="it was told", desk=home.desk())


@pytest.fixture
def home(town: Any) -> Home:
    made = living(town, 200_00)
    dispute(made)
    return made


def effort(home: Home, on: date) -> None:
    name = home.deposits()[0].deposit_id
    assert record_effort(name, how="check mailed", on=on, reason="due", desk=home.desk()).newly


def take_back(home: Home, on: date = EFFORT, by: str = "Ben") -> bool:
    name = home.deposits()[0].deposit_id
    return take_effort_back(name, on=on, reason="no check left", desk=home.desk(by)).newly


def credited(home: Home) -> list[tuple[str, int]]:
    (deposit,) = home.deposits()
    return [(one.key, one.cents) for one in deposit.standing(DepositAct.INTEREST_CREDITED)]


def rest(home: Home) -> DepositStep:
    (found,) = [one for one in home.deposits()[0].steps if one.is_rest and not one.is_again]
    return found


def test_what_it_kept_of_a_year_is_credited_with_its_own_entry_and_clause(home: Home) -> None:
    home.night(SECOND_YEAR)
    assert credited(home)[1:] == [("interest.2027-07-05", TO_THE_EFFORT)]
    before = home.town.store.balance_cents(home.account)

    assert take_back(home)

    assert credited(home)[1:] == [
        ("interest.2027-07-05", TO_THE_EFFORT),
        ("interest.2027-07-05.rest.1", REST),
    ]
    assert home.town.store.balance_cents(home.account) == before - REST
    made = rest(home)
    assert (made.on, made.until, made.by) == (SECOND_YEAR, SECOND_YEAR, "Ben")
    assert made.reason == "the effort of 2026-07-23 was none: no check left"
    assert sentence_of(made) == (
        "$15.25 of interest to 2027-07-05, which an effort had kept, credited to the account"
    )
    (ruling,) = json.loads(made.record)["rulings"]
    assert ruling["facts"]["credited_through"] == "2026-07-22"
    assert ruling["facts"]["return_effort_on"] is None
    assert "interest runs through that day" in json.dumps(ruling["reasons"])
    (entry,) = [
        one
        for one in home.town.store.entries_of_account(home.account)
        if one.entry_id.endswith(".rest.1")
    ]
    assert entry.entry_id == f"deposit-interest:{made.deposit_id}.interest.2027-07-05.rest.1"
    home.check()
    replayed = replay_deposit(made.deposit_id, store=home.town.store, book=home.town.book)
    assert replayed.same, replayed.as_json()


def test_a_cent_of_a_year_is_given_once(home: Home) -> None:
    home.night(SECOND_YEAR)
    assert take_back(home)
    assert not take_back(home)

    assert home.night(SECOND_YEAR).changed == 0
    name = home.deposits()[0].deposit_id
    settle_dispute(name, on=date(2027, 7, 31), reason="settled", desk=home.desk())
    effort(home, date(2027, 8, 1))
    assert take_back(home, date(2027, 8, 1))

    assert credited(home)[1:] == [
        ("interest.2027-07-05", TO_THE_EFFORT),
        ("interest.2027-07-05.rest.1", REST),
    ]


def test_before_a_year_was_credited_there_is_nothing_to_give_and_the_year_is_whole(
    home: Home,
) -> None:
    home.night(SECOND_YEAR - timedelta(days=1))
    assert take_back(home)
    assert len(credited(home)) == 1

    home.night(SECOND_YEAR)

    assert credited(home)[1:] == [("interest.2027-07-05", 16_00)]


def test_an_effort_that_still_stands_ends_what_another_gives_back(town: Any) -> None:
    """Of two efforts the later one is real: interest runs to it."""
    home = living(town, 200_00)
    effort(home, EFFORT + timedelta(days=31))
    dispute(home, EFFORT + timedelta(days=32))
    home.night(SECOND_YEAR)

    assert take_back(home)

    (_, first), (_, more) = credited(home)[1:]
    # 31 days at 8 percent on 200 dollars.
    assert (first, more) == (TO_THE_EFFORT, 1_36)
    assert take_back(home, EFFORT + timedelta(days=31))
    (_, last) = credited(home)[-1]
    assert credited(home)[-1][0] == "interest.2027-07-05.rest.2"
    assert abs(more + last - REST) <= 1  # each credit is rounded once


def test_after_it_the_deposit_goes_back_with_interest_from_the_day_after_the_year(
    home: Home,
) -> None:
    home.night(SECOND_YEAR)
    take_back(home)
    name = home.deposits()[0].deposit_id
    settle_dispute(name, on=date(2027, 7, 15), reason="settled", desk=home.desk())

    run = home.night(date(2027, 7, 16))

    assert run.counts["given back"] == 1
    # 10 days at 8 percent.
    assert run.cents["interest added"] == 44
    home.check()


def test_a_payment_that_comes_back_takes_its_part_of_both_along(town: Any) -> None:
    """150 and 50 dollars were paid; the second payment comes back after the effort's."""
    home = living(town, 150_00, 50_00)
    dispute(home)
    home.night(SECOND_YEAR)
    take_back(home)
    whole = dict(credited(home))
    assert whole["interest.2027-07-05"] == TO_THE_EFFORT

    come_back(home, 2, date(2027, 7, 10))
    home.night(date(2027, 7, 10))

    left = dict(credited(home))
    assert left["interest.2027-07-05.again.1"] == 56  # 17 days at 8 percent on 150
    assert left["interest.2027-07-05.rest.1.again.1"] == 11_44
    assert "interest.2027-07-05.rest.1" not in left
    home.check()
