"""A deposit moved to another account of the customer, and a payment of it came back.

GRR VI.C.3: interest is of a cash deposit, until it is applied or given back (decision 0029). For
what came back there never was cash; what is paid of it later is received then. 120 and 80 dollars
of deposit were paid on July 5, 2025; a year of interest to July 4, 2026 is 10.04 and 6.70 dollars.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, come_back, home_of

from meterledger.facts.deposits import DepositAct
from meterledger.usecases.deposit_acts import move_deposit
from meterledger.usecases.deposit_interest import next_credit_day
from meterledger.usecases.deposit_money import DepositMoney
from meterledger.usecases.deposit_replay import replay_deposit

JULY, PAID, MOVED, BACK = (
    date(2025, 7, 1),
    date(2025, 7, 5),
    date(2025, 9, 1),
    date(2025, 9, 10),
)
YEAR_ENDS = date(2026, 7, 4)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}


@pytest.fixture
def here(town: Any) -> Home:
    home = home_of(town)
    home.ask(JULY, told=TOLD)
    home.pay(120_00, PAID)
    home.pay(80_00, PAID)
    return home


def moved(here: Home, number: int = 2, on: date = MOVED) -> Home:
    """The customer's next account, with the deposit on it."""
    here.town.start(number, people=(("P1", "Person 1"),), from_day=date(2025, 8, 1))
    deposit = here.deposits()[-1]
    account = here.town.account_id(number)
    move_deposit(
        deposit.deposit_id, account, on=on, reason="moved", approved_by="Zoe", desk=here.desk()
    )
    return Home(here.town, number, now=here.now)


def returned(here: Home, there: Home, number: int, on: date = BACK) -> None:
    """One of the two payments comes back, and the night of it."""
    here.now = max(here.now, there.now)
    come_back(here, number, on)
    here.night(on)
    there.now = here.now


def night(there: Home, on: date) -> DepositMoney:
    """A night, and the deposit after it: 235 is right, and every decision replays."""
    there.night(on)
    for one in there.deposits():
        again = replay_deposit(one.deposit_id, store=there.town.store, book=there.town.book)
        assert again.same, again.as_json()
    there.check()
    (money,) = there.money().values()
    return money


def pay_owed(here: Home, there: Home, cents: int, on: date) -> None:
    here.now = max(here.now, there.now)
    here.pay(cents, on)
    there.now = here.now


def test_while_all_of_it_is_money_a_year_bears_interest_as_before_the_move(here: Home) -> None:
    money = night(moved(here), YEAR_ENDS)

    assert money.interest_credited_cents == 10_04 + 6_70
    assert (money.held_cents, money.idle_cents) == (200_00, 0)


def test_the_part_that_came_back_bears_none_while_it_is_owed(here: Home) -> None:
    there = moved(here)
    returned(here, there, 1)

    money = night(there, YEAR_ENDS)

    assert money.interest_credited_cents == 6_70
    assert (money.held_cents, money.idle_cents) == (200_00, 120_00)


def test_what_is_paid_of_it_bears_interest_from_that_day(here: Home) -> None:
    """120 dollars from March 1 to July 4, 126 days at 8 percent: 3.31."""
    there = moved(here)
    returned(here, there, 1)
    pay_owed(here, there, 120_00, date(2026, 3, 1))

    money = night(there, YEAR_ENDS)

    assert money.interest_credited_cents == 6_70 + 3_31
    assert money.idle_cents == 0
    assert [(one.on, one.cents) for one in money.earning] == [
        (PAID, 80_00),
        (date(2026, 3, 1), 120_00),
    ]


def test_a_payment_of_what_is_owed_that_came_back_itself_paid_nothing(here: Home) -> None:
    there = moved(here)
    returned(here, there, 1)
    pay_owed(here, there, 120_00, date(2026, 3, 1))
    returned(here, there, 3, on=date(2026, 3, 9))

    assert night(there, YEAR_ENDS).interest_credited_cents == 6_70


def test_a_part_of_what_is_owed_bears_interest_as_that_part(here: Home) -> None:
    there = moved(here)
    returned(here, there, 1)
    pay_owed(here, there, 50_00, date(2026, 3, 1))

    money = night(there, YEAR_ENDS)

    assert money.interest_credited_cents == 6_70 + 1_38
    assert money.idle_cents == 70_00


def test_a_year_that_was_credited_before_is_taken_back_for_that_part(here: Home) -> None:
    there = moved(here)
    assert night(there, YEAR_ENDS).interest_credited_cents == 16_74
    returned(here, there, 1, on=date(2026, 7, 6))

    money = night(there, date(2026, 7, 6))

    assert money.interest_credited_cents == 6_70
    (undone,) = money.deposit.of(DepositAct.UNDONE)
    assert undone.reason == "a payment came back on the account that the deposit came from"
    assert there.town.store.balance_cents(there.account) == -6_70
    steps = len(money.deposit.steps)
    assert len(night(there, date(2026, 7, 7)).deposit.steps) == steps


def test_paying_it_after_a_year_was_taken_back_brings_no_interest_of_that_year(here: Home) -> None:
    there = moved(here)
    night(there, YEAR_ENDS)
    returned(here, there, 1, on=date(2026, 7, 6))
    pay_owed(here, there, 120_00, date(2026, 7, 20))

    money = night(there, date(2026, 7, 20))

    assert (money.interest_credited_cents, money.idle_cents) == (6_70, 0)
    assert next_credit_day(money) == date(2027, 7, 4)


def test_a_deposit_of_which_nothing_came_has_no_year_before_it_is_paid(here: Home) -> None:
    there = moved(here)
    returned(here, there, 1)
    returned(here, there, 2)

    assert next_credit_day(night(there, YEAR_ENDS)) is None
    pay_owed(here, there, 200_00, date(2026, 8, 1))
    assert next_credit_day(night(there, date(2026, 8, 1))) == date(2027, 7, 31)


def test_it_stays_without_interest_on_the_account_after_the_next(here: Home) -> None:
    there = moved(here)
    returned(here, there, 1)
    last = moved(there, 3, on=date(2025, 10, 1))

    money = night(last, YEAR_ENDS)

    assert money.interest_credited_cents == 6_70
    assert (money.held_cents, money.idle_cents) == (200_00, 120_00)


def test_interest_that_went_with_it_into_a_final_bill_is_taken_back(here: Home) -> None:
    """The deposit had ended on its new account: what it paid stays, that interest does not."""
    town, there = here.town, moved(here)
    town.read("M2", (date(2025, 8, 1), date(2025, 12, 1)), seconds=3600)
    there.bill(date(2025, 9, 2))
    agreement = town.store.services_of_account(there.account, there.now)[0].agreement
    town.store.stop_service(agreement.agreement_id, date(2025, 9, 20), there.now)
    there.bill(date(2025, 9, 22))
    there.night(date(2025, 9, 22))
    (before,) = there.money().values()
    assert before.deposit.is_closed
    assert before.interest_added_cents == 2_27 + 1_52
    returned(here, there, 1, on=date(2025, 10, 2))

    (after,) = there.money().values()
    assert after.interest_added_cents == 1_52
    assert after.held_cents == before.held_cents - 2_27
    there.check()
    here.check()


def test_the_night_of_a_return_puts_the_new_account_right_as_well(here: Home) -> None:
    there = moved(here)
    night(there, YEAR_ENDS)
    here.now = there.now
    come_back(here, 1, date(2026, 7, 6))

    run = here.night(date(2026, 7, 6))

    assert run.counts["undone"] == 1
    assert run.counts["owed back"] == 1
    assert here.deposits()[0].state == "moved out"
    there.now = here.now + timedelta(minutes=1)
    assert there.money().popitem()[1].interest_credited_cents == 6_70
