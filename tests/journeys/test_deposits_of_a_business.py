"""Deposits of a business: at any time, by the largest month; interest only after six months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, home_of

from meterledger.facts.deposits import DepositKind
from meterledger.usecases.deposit_acts import review_credit
from meterledger.usecases.deposit_ask import DepositRefused, guarantee_deposit
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.deposit_decide import WrongKind
from meterledger.usecases.deposit_interest import accrued
from meterledger.usecases.settle_held import Desk as HeldDesk
from meterledger.usecases.settle_held import exclude_held

BEGIN = date(2025, 9, 1)


@pytest.fixture
def shop(towns: ModuleType, book_of_shops: Any) -> Iterator[Home]:
    """A shop that opens in September where a home was billed in July and August."""
    town = towns.Town(book=book_of_shops)
    with town.store.viewing(towns.VIEWER, []):
        before = home_of(town, 2, until=date(2025, 9, 2))
        before.live(date(2025, 8, 1), 2)
        agreement = town.store.services_of_account(before.account, before.now)[0].agreement
        town.store.stop_service(agreement.agreement_id, BEGIN, before.now)
        place = town.request(2)
        town.start(
            3,
            schedule="1M-smart",
            from_day=BEGIN,
            premise_id=place.premise_id,
            address=place.address,
            service_point_id=place.service_point_id,
            meter_id=place.meter_id,
            learned_at=before.now,
        )
        yield Home(town, 3, now=before.now)


@pytest.fixture
def paid(shop: Home) -> Home:
    asked = shop.ask(BEGIN, DepositKind.NON_RESIDENTIAL, told={})
    shop.pay(asked.deposit.asked_cents, date(2025, 9, 5))
    return shop


class TestABusiness:
    def test_is_asked_for_its_largest_month_and_thirty_days(self, shop: Home) -> None:
        bills = shop.town.store.bills_of_account(shop.town.account_id(2))
        largest = max(bills, key=lambda one: one.total_cents)

        asked = shop.ask(BEGIN, DepositKind.NON_RESIDENTIAL, told={})

        most = largest.total_cents + 30 * largest.total_cents // largest.days.day_count
        assert abs(asked.deposit.asked_cents - most) <= 1

    def test_needs_no_ground_and_a_home_does(self, shop: Home) -> None:
        told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
        with pytest.raises(WrongKind, match="that is initial is not for small_general service"):
            shop.ask(BEGIN, told=told)
        home = Home(shop.town, 2, now=shop.now)
        with pytest.raises(WrongKind, match="that is non-residential is not for residential"):
            home.ask(BEGIN, DepositKind.NON_RESIDENTIAL, told={})

    @pytest.mark.parametrize("excluded", [False, True])
    def test_that_never_began_waits_for_no_review(self, paid: Home, excluded: bool) -> None:
        town, until = paid.town, date(2025, 9, 3)
        (service,) = town.store.services_of_account(paid.account, paid.now)
        town.store.stop_service(service.agreement.agreement_id, until, paid.now)
        assert town.bill(3, on=date(2025, 9, 8), known_at=paid.now).held
        (case,) = town.store.held_cases(account_id=paid.account)
        if excluded:
            desk = HeldDesk(town.store, town.lake, town.book, date(2025, 9, 10), paid.now)
            exclude_held(case.case_id, by="Ana", reason="it never opened", desk=desk)

        run = paid.night(date(2025, 9, 10))

        assert run.counts["given back"] == int(excluded)
        if excluded:
            on = date(2025, 9, 10)
            (due,) = deposit_remainders_due([paid.account], at=on, desk=paid.desk())
            assert (due.cents, due.automatic) == (paid.held(), True)
            assert due.return_by == date(2025, 9, 2) + timedelta(days=21)
            paid.check()

    def test_gets_no_interest_before_six_months(self, paid: Home) -> None:
        (money,) = paid.money().values()

        before, _ = accrued(money, on=date(2026, 3, 4), desk=paid.desk())
        after, _ = accrued(money, on=date(2026, 3, 5), desk=paid.desk())

        assert (before, after > 0) == (0, True)
        assert paid.night(date(2026, 9, 30)).counts["interest credited"] == 0

    def test_is_reviewed_after_three_years_and_not_without_the_rates(self, paid: Home) -> None:
        (deposit,) = paid.deposits()
        assert paid.night(date(2028, 9, 4)).counts["review due"] == 0
        assert paid.night(date(2028, 9, 5)).counts["review due"] == 1
        review_credit(
            deposit.deposit_id,
            opinion="satisfactory",
            on=date(2028, 9, 6),
            reason="paid well",
            desk=paid.desk(),
        )

        run = paid.night(date(2028, 9, 6))

        (refused,) = run.refused
        assert "The prime rate for 2027 is not given" in refused.sentence
        assert "deposit_prime_rate_november_percent.yaml" in refused.sentence
        assert paid.held() == deposit.asked_cents
        paid.check()

    def test_guarantor_is_the_companys_choice(self, shop: Home) -> None:
        deposit = shop.ask(BEGIN, DepositKind.NON_RESIDENTIAL, told={}).deposit
        how: dict[str, Any] = {
            "guarantor": "Aunt May",
            "on": BEGIN,
            "reason": "offered",
            "in_writing": True,
        }

        with pytest.raises(DepositRefused, match="does not take the deposit's place"):
            guarantee_deposit(deposit.deposit_id, desk=shop.desk(), accepted=False, **how)
        given = guarantee_deposit(deposit.deposit_id, desk=shop.desk(), **how)
        assert given.deposit.state == "guaranteed"
