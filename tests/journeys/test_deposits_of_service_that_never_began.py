"""A deposit of a service that never began: no bill will come, and it goes back all the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home

from meterledger.facts.held import HeldAct, HeldState, HeldStep
from meterledger.usecases.deposit_ask import guarantee_deposit
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.settle_held import Desk as HeldDesk
from meterledger.usecases.settle_held import exclude_held, reopen_held

BEGAN = date(2025, 7, 1)
STOPPED = date(2025, 7, 2)
"""The first day without service: nobody moved in, and no meter was read."""
EXCLUDED = date(2025, 7, 10)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}


class Place:
    """A home whose person never moved in, with the held case of its only day."""

    def __init__(self, town: Any) -> None:
        self.town = town
        town.start(1)
        self.home = Home(town, 1)

    def stop(self, day: date = STOPPED) -> None:
        store = self.town.store
        (service,) = store.services_of_account(self.home.account, self.home.now)
        self.home.now += timedelta(minutes=1)
        store.stop_service(service.agreement.agreement_id, day, self.home.now)

    def hold(self, on: date = date(2025, 7, 8)) -> str:
        self.home.now += timedelta(minutes=1)
        run = self.town.bill(1, on=on, known_at=self.home.now)
        assert [one.code for one in run.held] == ["usage.gap"]
        (case,) = self.town.store.held_cases(account_id=self.home.account)
        return str(case.case_id)

    def held_desk(self) -> HeldDesk:
        self.home.now += timedelta(minutes=1)
        town = self.town
        return HeldDesk(town.store, town.lake, town.book, EXCLUDED, self.home.now)

    def exclude(self, case: str) -> None:
        exclude_held(case, by="Ana", reason="nobody moved in", desk=self.held_desk())

    def never_began(self) -> None:
        self.stop()
        self.exclude(self.hold())

    def nothing_goes_back(self, on: date) -> None:
        assert self.home.night(on).nothing_due == 1
        assert not self.home.deposits()[0].is_closed


@pytest.fixture
def place(town: Any) -> Place:
    return Place(town)


@pytest.fixture
def paid(place: Place) -> Place:
    place.home.ask(BEGAN, told=TOLD)
    place.home.pay(200_00, date(2025, 7, 1))
    return place


def test_goes_back_with_its_interest_within_21_days_of_the_end(paid: Place) -> None:
    paid.never_began()

    run = paid.home.night(EXCLUDED)

    assert run.counts["given back"] == 1
    (due,) = deposit_remainders_due([paid.home.account], at=EXCLUDED, desk=paid.home.desk())
    assert due.automatic
    assert due.cents == 200_00 + run.cents["interest added"] == paid.home.held()
    assert due.return_by == date(2025, 7, 1) + timedelta(days=21)
    step = paid.home.deposits()[0].steps[-1]
    assert b"the customer has closed the account" in step.record
    paid.home.check()
    assert paid.home.night(EXCLUDED + timedelta(days=1)).looked_at == 0
    assert replay_deposit(due.deposit_id, store=paid.town.store, book=paid.town.book).same


def test_stays_until_a_person_says_that_no_bill_comes(paid: Place) -> None:
    paid.stop()
    case = paid.hold()
    paid.nothing_goes_back(EXCLUDED)
    paid.exclude(case)

    paid.nothing_goes_back(EXCLUDED - timedelta(days=1))  # a late night of an earlier day
    assert paid.home.night(EXCLUDED).counts["given back"] == 1


def test_stays_where_the_day_is_to_be_billed_again(paid: Place) -> None:
    paid.stop()
    case = paid.hold()
    paid.exclude(case)
    reopen_held(case, by="Ben", reason="somebody did", desk=paid.held_desk())

    paid.nothing_goes_back(EXCLUDED)


def test_stays_where_the_bill_of_the_day_was_let_out(paid: Place) -> None:
    paid.stop()
    case = paid.hold()
    paid.home.now += timedelta(minutes=1)
    let_out = HeldStep(HeldAct.RELEASED, EXCLUDED, paid.home.now, "Ana", "it is right")
    assert paid.town.store.settle_held(case, let_out).state is HeldState.RELEASED

    paid.nothing_goes_back(EXCLUDED)


def test_stays_while_service_goes_on_or_is_to_end(paid: Place) -> None:
    paid.exclude(paid.hold(date(2025, 8, 1)))
    paid.nothing_goes_back(date(2025, 8, 2))
    paid.stop(date(2025, 7, 20))

    paid.nothing_goes_back(date(2025, 7, 19))
    assert paid.home.night(date(2025, 7, 20)).counts["given back"] == 1


def test_stays_where_a_day_after_those_that_are_excluded_is_to_be_billed(paid: Place) -> None:
    paid.exclude(paid.hold(date(2025, 8, 1)))
    (case,) = paid.town.store.held_cases(account_id=paid.home.account)
    assert case.days is not None
    paid.stop(case.days.until_day + timedelta(days=1))

    paid.nothing_goes_back(date(2025, 8, 20))


def test_waits_for_the_final_bill_of_an_account_that_was_billed(paid: Place) -> None:
    paid.town.read("M1", (BEGAN, date(2025, 8, 1)), seconds=3600)
    assert paid.home.bill(date(2025, 8, 1)) is not None
    paid.stop(date(2025, 8, 3))
    paid.exclude(paid.hold(date(2025, 8, 6)))

    paid.nothing_goes_back(date(2025, 8, 10))


def test_that_was_never_paid_is_asked_for_no_more(place: Place) -> None:
    place.home.ask(BEGAN, told=TOLD)
    place.never_began()

    run = place.home.night(date(2025, 7, 30))

    assert (run.counts["cancelled"], run.cents["cancelled"]) == (1, 200_00)
    assert (run.counts["missed"], run.counts["given back"]) == (0, 1)
    assert place.home.deposits()[0].is_closed
    assert deposit_remainders_due([place.home.account], at=EXCLUDED, desk=place.home.desk()) == ()


def test_releases_a_guarantor(place: Place) -> None:
    asked = place.home.ask(BEGAN, told=TOLD)
    guarantee_deposit(
        asked.deposit.deposit_id,
        guarantor="Aunt May",
        in_writing=True,
        on=BEGAN,
        reason="she signed",
        desk=place.home.desk(),
    )
    place.never_began()

    assert place.home.night(EXCLUDED).counts["released"] == 1
