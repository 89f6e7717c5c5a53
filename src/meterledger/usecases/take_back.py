"""Take back what an account has booked, before its first effect; what it ended holds again.

Lives here      a due date, a delivery, a change of the rate option, the beginning and the end of a
                budget plan and an election on it: which one, and whether it has had an effect.
Lives elsewhere booking them (``due_dates``, ``deliveries``, ``change_rate``, ``budget_plans``,
                ``budget_ends``), keeping beliefs (the stores); an end of what has had its effect
                (``due_dates.end_due_date``, ``budget_ends.leave_budget``).
Read first      docs/operating/due_dates.md.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Protocol

from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.budget import BudgetElection
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.billing_option_ports import BillingOptions
from meterledger.usecases.ports import StoredBill

A_DAY = timedelta(days=1)


class Booked(Enum):
    """What can be booked for a later day, and taken back."""

    DUE_DATE = "due-date"
    DELIVERY = "delivery"
    RATE = "rate"
    BUDGET = "budget"
    BUDGET_END = "budget-end"
    ELECTION = "budget-election"


NOUNS = {
    Booked.DUE_DATE: "due date",
    Booked.DELIVERY: "delivery",
    Booked.RATE: "rate option that begins on a later day",
    Booked.BUDGET: "budget plan",
    Booked.BUDGET_END: "end of a budget plan",
    Booked.ELECTION: "other election on its budget plan",
}


class TakeBackStore(BillingOptions, Protocol):
    """What this journey needs of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""

    def take_back_agreement(self, agreement_id: str, learned_at: datetime) -> None:
        """The agreement before it goes on, or NotFound, or Conflict."""


class NothingToTakeBack(Refusal):
    """Nothing is booked, or it has had its effect."""


def take_back(
    what: Booked,
    *,
    account_id: str,
    on: date,
    known_at: datetime,
    store: TakeBackStore,
    service_point_id: str = "",
    service_until: date | None = None,
) -> date:
    """Take back the newest choice of a kind that has had no effect yet; answers its first day.

    A due date, a delivery and what is booked of a budget plan have their first effect on the first
    bill issued since; a plan and an election have it on a review of the amount, too. A rate option
    has it on its first day, from which programmes and readings count; but it never has one where
    service had ended by then, on ``service_until`` (out), and that was told late.

    :raises NothingToTakeBack: if nothing is booked, or it has had its effect
    :raises Conflict: if something was chosen meanwhile for a later day
    """
    if what is Booked.RATE:
        return _rate(account_id, service_point_id, on, service_until, known_at, store)
    options = store.billing_options([account_id], known_at).get(account_id)
    first = _newest(options, what)
    if first is None or options is None:
        raise _nothing(account_id, what)
    effect = [one for one in store.issued_bills_of_account(account_id) if one.issued_day >= first]
    if effect:
        raise NothingToTakeBack(
            f"Bill {effect[0].bill_id} of {effect[0].issued_day} has gone out by what holds since "
            f"{first}",
            where=f"account {account_id}",
            why="Only what has had no effect yet is taken back",
            do="Choose anew from today on",
        )
    if what is Booked.DUE_DATE:
        store.take_back_due_date(account_id, first, known_at)
    elif what is Booked.DELIVERY:
        store.take_back_delivery(account_id, first, known_at)
    else:
        _of_a_plan(options, what, first, known_at, store)
    return first


def _newest(options: AccountOptions | None, what: Booked) -> date | None:
    if options is None:
        return None
    rows: list[date]
    if what is Booked.DUE_DATE:
        rows = [one.days.from_day for one in options.due_dates]
    elif what is Booked.DELIVERY:
        rows = [one.days.from_day for one in options.deliveries]
    elif what is Booked.BUDGET:
        rows = [one.days.from_day for one in options.plans]
    elif what is Booked.BUDGET_END:
        rows = [one.days.until_day for one in options.plans[-1:] if one.days.until_day]
    else:
        mine = _elections(options)
        rows = [mine[-1].from_day] if len(mine) > 1 else []
    return max(rows, default=None)


def _elections(options: AccountOptions) -> list[BudgetElection]:
    """Elections on the newest plan, oldest first."""
    return [
        one
        for plan in options.plans[-1:]
        for one in options.elections
        if one.plan_id == plan.plan_id
    ]


def _of_a_plan(
    options: AccountOptions, what: Booked, first: date, known_at: datetime, store: BillingOptions
) -> None:
    plan = options.plans[-1]
    if what is Booked.BUDGET_END:
        store.take_back_budget_end(plan.plan_id, known_at)
        return
    since = _elections(options)[-1].learned_at
    reviewed = [
        one
        for one in options.amounts
        if one.plan_id == plan.plan_id and one.learned_at > since and one.from_day >= first
    ]
    if reviewed:
        raise NothingToTakeBack(
            f"The monthly amount was decided for {reviewed[0].month:%Y-%m} by what holds since "
            f"{first}",
            where=f"account {options.account_id}",
            why="Only what has had no effect yet is taken back",
            do="Leave the plan" if what is Booked.BUDGET else "Elect anew from today on",
        )
    if what is Booked.BUDGET:
        store.take_back_budget_plan(plan.plan_id, known_at)
    else:
        store.take_back_budget_election(plan.plan_id, first, known_at)


def _rate(
    account_id: str,
    point: str,
    on: date,
    service_until: date | None,
    known_at: datetime,
    store: TakeBackStore,
) -> date:
    def has_no_day(first: date) -> bool:
        return first > on or (service_until is not None and first >= service_until)

    found = [
        one
        for one in store.services_of_account(account_id, known_at)
        if one.continues
        and has_no_day(one.agreement.days.from_day)
        and point in ("", one.agreement.service_point_id)
    ]
    if not found:
        raise _nothing(account_id, Booked.RATE)
    if len({one.agreement.service_point_id for one in found}) > 1:
        named = ", ".join(sorted({one.agreement.service_point_id for one in found}))
        raise NothingToTakeBack(
            f"Account {account_id} has changes booked at several service points",
            where=f"account {account_id}",
            do=f"Name one of {named}",
        )
    agreement = found[-1].agreement
    if found[-1].joined or found[-1].billed_with:
        raise NothingToTakeBack(
            f"Agreement {agreement.agreement_id} is billed together with others of account "
            f"{account_id}",
            where=f"account {account_id}",
            why="The arrangement names the agreement that would be no more",
            do=f"End it from {agreement.days.from_day} on, with "
            f"`meterledger together end {account_id} --on {agreement.days.from_day}`",
        )
    billed = found[-1].billed_until
    if billed is not None and service_until is not None:
        first = agreement.days.from_day
        raise NothingToTakeBack(
            f"Days from {first} until {billed} are billed on {agreement.schedule}",
            where=f"agreement {agreement.agreement_id}",
            why=f"Its bills have no day before {service_until} that they could keep",
            do=f"End it on {first + A_DAY}, its second day, with `meterledger service stop`, and "
            "settle the days before with the customer",
        )
    store.take_back_agreement(agreement.agreement_id, known_at)
    return agreement.days.from_day


def _nothing(account_id: str, what: Booked) -> NothingToTakeBack:
    return NothingToTakeBack(
        f"Account {account_id} has booked no {NOUNS[what]}",
        where=f"account {account_id}",
        do=f"Look at it with `meterledger service show {account_id}`",
    )
