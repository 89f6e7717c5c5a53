"""What accounts choose of their bills: budget plans, due dates, delivery; what a bill asks then.

Lives elsewhere programmes and combined statements (``joined``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.journeys.town import FIRST, Town, even
from tests.stores.extension_town import the_book
from tests.stores.money_journeys.billed import bills, known, town_of
from tests.stores.money_journeys.journey import journey

from meterledger.kernel.span import Validity
from meterledger.usecases.budget_ends import end_budget_unpaid, leave_budget
from meterledger.usecases.budget_plans import JoinRequest, elect_budget, join_budget
from meterledger.usecases.budget_reviews import review_budgets
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.deliveries import prefer_delivery
from meterledger.usecases.due_dates import choose_due_date, defer_pay_date, end_due_date
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill import rebill
from meterledger.usecases.start_service import service_start, stop_service
from meterledger.usecases.take_back import Booked, take_back

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
BEGAN, JOINED = date(2025, 12, 1), date(2025, 12, 5)
JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))
CHOSEN, AGAIN = date(2026, 1, 10), date(2026, 2, 10)
A_YEAR_ON = date(2026, 12, 5)
IN_2017 = date(2017, 5, 1)
RETIRED = (("birth_date", "1940-01-02"), ("retired", "yes"))


def hour(number: int) -> datetime:
    """Steps of a town are an hour apart; the act is at the ninth."""
    return KNOWN + timedelta(hours=number)


ACTED = hour(9)


def asked(made: Town, number: int, learned_at: datetime = ACTED) -> dict[str, Any]:
    """What each of these journeys is told."""
    return {
        "account_id": made.account_id(number),
        "learned_at": learned_at,
        "view": made.book.as_known(KNOWN.date()),
        "store": made.store,
    }


def homes(store: Any, *numbers: int) -> Town:
    """Homes that are read since December."""
    made = town_of(store)
    for number in numbers:
        made.start(number, from_day=BEGAN)
        made.read(f"M{number}", (BEGAN, APRIL), even(900 + number), seconds=3600)
    return made


def home(store: Any) -> Any:
    """One of them."""
    return homes(store, 1).lake


def join(made: Town, number: int, learned_at: datetime) -> Any:
    """It joins the budget plan at what five similar homes come to."""
    told = asked(made, number, learned_at)
    request = JoinRequest(
        told.pop("account_id"),
        JOINED,
        credit_requirements_met=True,
        settlement_option="b",
        month_option="b",
        bill_medium="postcard",
        told_year_cents=1200_00,
        basis="five similar homes",
    )
    return join_budget(request, **told)


def on_plan(store: Any) -> Any:
    """A home that is on the plan."""
    made = homes(store, 1)
    join(made, 1, hour(1))
    return made.lake


def on_plan_billed(store: Any) -> Any:
    """And was asked for its first amount: the rest of what it used is deferred."""
    lake = on_plan(store)
    town_of(store, lake).bill(1, on=JANUARY, known_at=hour(2))
    return lake


def left(store: Any) -> Any:
    """And has left: its next bill settles what was deferred."""
    lake = on_plan_billed(store)
    leave_budget(on=CHOSEN, **asked(town_of(store, lake), 1, hour(3)))
    return lake


def elected(store: Any) -> Any:
    """A plan of which the difference is to be spread, from a year on."""
    lake = on_plan(store)
    elect_budget(on=A_YEAR_ON, settlement_option="a", **asked(town_of(store, lake), 1, hour(2)))
    return lake


def read_again(store: Any) -> Any:
    """A home on the plan that was billed for other readings than it has."""
    made = town_of(store, on_plan_billed(store))
    made.files = 1
    made.read("M1", (BEGAN, JANUARY), even(500), learned_at=hour(4), seconds=3600)
    return made.lake


def in_april(store: Any) -> Any:
    """A plan whose month of review it is, and one of somebody who moved out and was settled."""
    made = homes(store, 1, 2)
    for number in (1, 2):
        join(made, number, hour(number))
    (gone,) = made.services(2, known_at=hour(3))
    name = gone.agreement.agreement_id
    stop_service(agreement_id=name, last_day_out=CHOSEN, learned_at=hour(3), store=store)
    made.bill(1, 2, on=CHOSEN, known_at=hour(4))
    return made.lake


def on_a_day(store: Any) -> Any:
    """A home that has chosen a day on which its bills are due, and how they come."""
    made = homes(store, 1)
    choose_due_date(on=CHOSEN, day_of_month=3, **asked(made, 1, hour(1)))
    prefer_delivery(on=CHOSEN, medium="paper", address="", **asked(made, 1, hour(2)))
    return made.lake


def on_another_rate(store: Any) -> Any:
    """A home that asked for another rate option, from its next period on."""
    made = homes(store, 1)
    change_rate(schedule="1M-smart", asked=CHOSEN, **asked(made, 1, hour(1)))
    return made.lake


def long_ago(store: Any) -> Any:
    """A home of the years in which a pay date was deferred, as it was taken over with its past."""
    made = town_of(store)
    start = service_start(made.request(1, from_day=BEGAN), learned_at=FIRST, view=made.view)
    agreement = replace(start.agreement, days=Validity(IN_2017))
    store.start_services([replace(start, agreement=agreement)])
    return made.lake


def chosen(store: Any, number: int = 1) -> Any:
    """All that an account has chosen by now."""
    name = town_of(store).account_id(number)
    return store.billing_options([name], hour(99)).get(name)


def of_one(
    name: str, town: Callable[[Any], Any], outside: Callable[[], Any] | None = None
) -> Callable[[Callable[[Town, Any], Any]], None]:
    """A journey of one account: it is told what the account has chosen in the end, whoever was
    first to keep it."""

    def add(act: Callable[[Town, Any], Any]) -> None:
        @journey(name, town, outside or known(town))
        def _(store: Any, told: Any) -> Any:
            with contextlib.suppress(Conflict):  # somebody else has kept the same meanwhile
                act(town_of(store, told.lake), told)
            return chosen(store)

    return add


# --------------------------------------------------------------------------------- budget plans


@of_one("join a budget plan", home)
def _(made: Town, told: Any) -> Any:
    return join(made, 1, ACTED)


@of_one("elect otherwise on a plan", on_plan)
def _(made: Town, told: Any) -> Any:
    return elect_budget(on=A_YEAR_ON, settlement_option="a", **asked(made, 1))


@of_one("leave a budget plan", on_plan_billed)
def _(made: Town, told: Any) -> Any:
    return leave_budget(on=CHOSEN, **asked(made, 1))


@of_one("end an unpaid budget plan", on_plan_billed)
def _(made: Town, told: Any) -> Any:
    how = asked(made, 1)
    how.pop("account_id")
    return end_budget_unpaid(bill_id=told.bills[0], on=AGAIN, **how)


@journey("review budget plans", in_april, known(in_april))
def _(store: Any, told: Any) -> Any:
    how = asked(town_of(store), 1)
    how.pop("account_id")
    review_budgets(on=APRIL, **how)
    return chosen(store), chosen(store, 2)


@journey("issue bills, on a plan", on_plan, known(on_plan))
def _(store: Any, told: Any) -> Any:
    town_of(store, told.lake).bill(1, on=JANUARY, known_at=ACTED)
    return bills(store)


@journey("issue bills, a plan settled", left, known(left))
def _(store: Any, told: Any) -> Any:
    town_of(store, told.lake).bill(1, on=FEBRUARY, known_at=ACTED)
    return bills(store)


@journey("rebill, on a plan", read_again, known(read_again))
def _(store: Any, told: Any) -> Any:
    rebill(
        told.bills,
        author="Ana",
        reason="read again",
        on=AGAIN,
        known_at=ACTED,
        store=store,
        lake=told.lake,
        book=the_book(),
    )
    return bills(store)


# -------------------------------------------------------------------- due dates and delivery


@of_one("choose a due date", home)
def _(made: Town, told: Any) -> Any:
    return choose_due_date(on=CHOSEN, day_of_month=3, **asked(made, 1))


@of_one("choose another due date", on_a_day)
def _(made: Town, told: Any) -> Any:
    how = {"day_of_month": 5, "company_approval": True}
    return choose_due_date(on=AGAIN, **how, **asked(made, 1))


@of_one("give a deferred pay date", long_ago)
def _(made: Town, told: Any) -> Any:
    return defer_pay_date(on=IN_2017, person=RETIRED, **asked(made, 1))


@of_one("end a due date", on_a_day)
def _(made: Town, told: Any) -> Any:
    how = asked(made, 1)
    how.pop("view")
    return end_due_date(on=AGAIN, **how)


@of_one("prefer a delivery", on_a_day)
def _(made: Town, told: Any) -> Any:
    mail = {"medium": "electronic", "address": "ann@example.org"}
    return prefer_delivery(on=AGAIN, **mail, **asked(made, 1))


@journey("issue bills, due on a chosen day", on_a_day, known(on_a_day))
def _(store: Any, told: Any) -> Any:
    town_of(store, told.lake).bill(1, on=FEBRUARY, known_at=ACTED)
    return bills(store)


# ------------------------------------------------------------------------------ taken back


def _taken_back(what: Booked, on: date) -> Callable[[Town, Any], Any]:
    def act(made: Town, told: Any) -> Any:
        account = made.account_id(1)
        return take_back(what, account_id=account, on=on, known_at=ACTED, store=made.store)

    return act


of_one("take a budget plan back", on_plan)(_taken_back(Booked.BUDGET, JOINED))
of_one("take the end of a plan back", left)(_taken_back(Booked.BUDGET_END, CHOSEN))
of_one("take an election back", elected)(_taken_back(Booked.ELECTION, A_YEAR_ON))
of_one("take a due date back", on_a_day)(_taken_back(Booked.DUE_DATE, CHOSEN))
of_one("take a delivery back", on_a_day)(_taken_back(Booked.DELIVERY, CHOSEN))


@journey("take a rate option back", on_another_rate)
def _(store: Any, outside: Any) -> Any:
    made = town_of(store)
    _taken_back(Booked.RATE, CHOSEN)(made, outside)
    return [one.agreement for one in made.services(1, known_at=hour(99))]
