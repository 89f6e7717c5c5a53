"""What always holds of deposits, whatever happens in whichever order: 235 is what is held."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.deposit_town import APPLICANT, Home, home_of

from meterledger.kernel.refusal import Refusal
from meterledger.usecases.deposit_acts import cold_weather_agreement, dispute_deposit
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment

BEGIN = date(2025, 7, 1)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 250_00)),
        st.tuples(st.just("take back"), st.integers(1, 6)),
        st.tuples(st.just("night"), st.integers(1, 200)),
        st.tuples(st.just("agree"), st.integers(0, 3)),
        st.tuples(st.just("dispute"), st.integers(0, 3)),
        st.tuples(st.just("bill"), st.integers(0, 3)),
        st.tuples(st.just("end"), st.integers(0, 3)),
    ),
    max_size=14,
)


class Life:
    """One home and its days, as they come."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.today = BEGIN
        self.deposit_id = home.ask(BEGIN, told=TOLD).deposit.deposit_id
        self.ended = False

    def do(self, what: str, number: int) -> None:
        {
            "pay": self._pay,
            "take back": self._take_back,
            "night": self._night,
            "agree": self._agree,
            "dispute": self._dispute,
            "bill": self._bill,
            "end": self._end,
        }[what](number)

    def _pay(self, cents: int) -> None:
        self.home.pay(cents, self.today)

    def _take_back(self, number: int) -> None:
        if number > self.home.receipts:
            return
        self.home.now += timedelta(minutes=1)
        store = self.home.town.store
        desk = PaymentDesk(
            store, self.home.view, self.home.now, deposits_asked_on(self.today, store)
        )
        key = f"{self.home.account}-{number}"
        reverse_payment(key, on=self.today, by="bank", reason="returned", desk=desk)

    def _night(self, days: int) -> None:
        self.today = min(self.today + timedelta(days=days), date(2026, 11, 1))
        self.home.night(self.today)

    def _agree(self, _: int) -> None:
        cold_weather_agreement(
            self.deposit_id,
            made_on=self.today,
            on=self.today,
            kept=True,
            reason="agreed",
            desk=self.home.desk(),
        )

    def _dispute(self, _: int) -> None:
        dispute_deposit(
            self.deposit_id,
            about="another_matter",
            on=self.today,
            reason="told",
            desk=self.home.desk(),
        )

    def _bill(self, _: int) -> None:
        self.home.bill(self.today)

    def _end(self, _: int) -> None:
        if self.ended or self.today <= BEGIN + timedelta(days=1):
            return
        store = self.home.town.store
        agreement = store.services_of_account(self.home.account, self.home.now)[0].agreement
        store.stop_service(agreement.agreement_id, self.today, self.home.now)
        self.ended = True
        self.home.bill(self.today)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=EVENTS)
def test_what_is_held_is_what_came_in_less_what_went_out_and_is_235(
    events: list[tuple[str, int]], towns: ModuleType, first_book: Any
) -> None:
    town = towns.Town(book=first_book)
    with town.store.viewing(towns.VIEWER, []):
        life = Life(home_of(town, until=date(2026, 11, 2)))
        for what, number in events:
            with suppress(Refusal):  # what cannot be done changes nothing, as is looked at next
                life.do(what, number)
            if what == "night":  # a payment that came back is put right by the next morning
                assert all(one.held_cents >= 0 for one in life.home.money().values())
            life.home.check()
            (money,) = life.home.money().values()
            assert money.held_cents == (
                money.paid_cents
                + money.interest_added_cents
                + money.owed_back_cents
                - money.applied_cents
                - money.moved_out_cents
                - money.refunded_cents
            )
            due = deposit_remainders_due([life.home.account], at=life.today, desk=life.home.desk())
            assert sum(one.cents for one in due) <= max(0, money.held_cents)
