"""What customers ask for and what people decide in the town: options, held bills, a true-up.

Lives here      which of it happens to whom on which day, calling the journeys, doing nothing that
                was done before.
Lives elsewhere the everyday (``story``), every decision (``usecases``).

Each function is handed the instant of its act and answers what is told of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from meterledger.entrypoints.demo.chronicle import CorrectionTold
from meterledger.entrypoints.demo.deliveries import (
    ESTIMATED_HOME,
    LATE_ON,
    READ_AGAIN_ON,
    TOO_HIGH_HOME,
)
from meterledger.entrypoints.demo.nights import Utility
from meterledger.entrypoints.demo.town import KILN_HOME, Stay, Town
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.held import HeldAct, HeldCase
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import cents_from_text, usd_display
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.budget_reviews import review_budgets
from meterledger.usecases.deliveries import prefer_delivery
from meterledger.usecases.due_dates import choose_due_date
from meterledger.usecases.find_corrections import now_of
from meterledger.usecases.rebill_due import true_up_estimates
from meterledger.usecases.settle_held import Desk, Settled, release_held, rerun_held

LOOKED = "Dana Cole"
ELECTRONIC_HOME, ELECTRONIC_ON = "S-01", date(2025, 9, 15)
ADDRESS = "bills@example.com"
DUE_HOME, DUE_ON, DUE_DAY = "S-03", date(2025, 9, 24), 15
BUDGET_HOME, BUDGET_ON = "S-02", date(2025, 10, 20)
YEAR_CENTS, YEAR_BASIS = 1_080_00, "the twelve bills before August, of the system before this one"
RELEASED_ON = date(2026, 3, 16)
TRUED_UP_ON = LATE_ON.replace(day=LATE_ON.day + 1)
KILN_REASON = "the customer fired a kiln all month; two readings at the meter agree"


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody asks or decides something: a word and a sentence, and the bills that came of it."""

    word: str
    sentence: str
    stay: Stay
    issued: tuple[Bill, ...] = ()
    correction: CorrectionTold | None = None


Doing = Callable[[Town, Utility, date, datetime], Act]


def go_paperless(town: Town, utility: Utility, day: date, at: datetime) -> Act:
    """An account asks for electronic bills."""
    stay = _stay(town, ELECTRONIC_HOME)
    if not _options(utility, stay, at).deliveries:
        prefer_delivery(
            account_id=stay.account_id,
            medium="electronic",
            address=ADDRESS,
            on=day,
            learned_at=at,
            view=utility.book.as_known(at.date()),
            store=utility.store,
        )
    return Act("asks", f"{_who(stay)} asks for electronic bills.", stay)


def choose_due_day(town: Town, utility: Utility, day: date, at: datetime) -> Act:
    """An account chooses the day of the month on which its bills are due."""
    stay = _stay(town, DUE_HOME)
    if not _options(utility, stay, at).due_dates:
        choose_due_date(
            account_id=stay.account_id,
            day_of_month=DUE_DAY,
            on=day,
            learned_at=at,
            view=utility.book.as_known(at.date()),
            store=utility.store,
        )
    return Act("asks", f"{_who(stay)} chooses the {DUE_DAY}th as due day.", stay)


def join_plan(town: Town, utility: Utility, day: date, at: datetime) -> Act:
    """An account joins the budget billing plan."""
    stay = _stay(town, BUDGET_HOME)
    if not _options(utility, stay, at).plans:
        request = JoinRequest(
            account_id=stay.account_id,
            on=day,
            credit_requirements_met=True,
            settlement_option="a",
            bill_medium="postcard",
            told_year_cents=YEAR_CENTS,
            basis=YEAR_BASIS,
        )
        view = utility.book.as_known(at.date())
        join_budget(request, learned_at=at, view=view, store=utility.store)
    options = _options(utility, stay, at)
    amount = options.amount_of(options.plans[0].plan_id, day)
    ensure(amount is not None, "a plan begins with an amount")
    monthly = usd_display(amount.cents) if amount is not None else ""
    told = f"{_who(stay)} joins budget billing: each month asks {monthly}."
    return Act("asks", told, stay)


def review_plans(town: Town, utility: Utility, day: date, at: datetime) -> Act | None:
    """The monthly review of budget plans; None where none was due."""
    stay = _stay(town, BUDGET_HOME)
    view = utility.book.as_known(at.date())
    run = review_budgets(
        on=day, learned_at=at, view=view, store=utility.store, account_ids=[stay.account_id]
    )
    ensure(not run.held, "the town's plan can be reviewed")
    if not run.decided:
        return None
    monthly = usd_display(run.decided[0].cents)
    return Act(
        "plan", f"{_who(stay)}: the budget plan is reviewed, {monthly} a month from now.", stay
    )


def bill_what_was_read_again(town: Town, utility: Utility, day: date, at: datetime) -> Act:
    """A held bill is calculated again, now that its meter was read again."""
    stay = _stay(town, TOO_HIGH_HOME)
    case, issued = _settle(
        stay, utility, day, at, lambda one, desk: rerun_held(one.case_id, desk=desk)
    )
    told = f"{LOOKED} had the meter of {case.case_id} read again: calculated anew, its bill leaves."
    return Act("decided", told, stay, issued)


def release_the_kiln(town: Town, utility: Utility, day: date, at: datetime) -> Act:
    """A held bill was right, and a person lets it go."""
    stay = _stay(town, KILN_HOME)
    case, issued = _settle(
        stay,
        utility,
        day,
        at,
        lambda one, desk: release_held(one.case_id, by=LOOKED, reason=KILN_REASON, desk=desk),
    )
    released = next(one for one in case.steps if one.act is HeldAct.RELEASED)
    told = f"{released.by} releases {case.case_id}: {released.reason}."
    return Act("decided", told, stay, issued)


def true_up(town: Town, utility: Utility, day: date, at: datetime) -> Act:
    """The bill that rested on an estimate is cancelled, and the right one takes its place."""
    stay = _stay(town, ESTIMATED_HOME)
    now = replace(now_of(utility.store, known_at=at, book=utility.book, lake=utility.lake), on=day)
    true_up_estimates(store=utility.store, now=now, accounts=[stay.account_id])
    right = next(one for one in utility.store.bills_of_account(stay.account_id) if one.corrects)
    wrong = utility.store.bill(str(right.corrects))
    correction = utility.store.correction_of(right.bill_id)
    ensure(correction is not None, "a corrected bill has its correction")
    causes = [] if correction is None else json.loads(correction.decision)["causes"]
    told = ", ".join(
        f"{one['cause']} {usd_display(cents_from_text(one['usd'], where=right.bill_id))}"
        for one in causes
    )
    energy = [int(read_record(one.record)["usage"]["energy_wh"]) for one in (wrong, right)]
    sentence = (
        f"{_who(stay)}: the estimated bill is cancelled and billed again with what was read, "
        f"{usd_display(wrong.total_cents)} becomes {usd_display(right.total_cents)} ({told})."
    )
    done = CorrectionTold(
        wrong.bill_id,
        right.bill_id,
        right.total_cents - wrong.total_cents,
        energy[1] - energy[0],
    )
    return Act("rebill", sentence, stay, correction=done)


EPISODES: dict[date, Doing] = {
    ELECTRONIC_ON: go_paperless,
    DUE_ON: choose_due_day,
    BUDGET_ON: join_plan,
    READ_AGAIN_ON: bill_what_was_read_again,
    RELEASED_ON: release_the_kiln,
    TRUED_UP_ON: true_up,
}


def _settle(
    stay: Stay,
    utility: Utility,
    day: date,
    at: datetime,
    decide: Callable[[HeldCase, Desk], Settled],
) -> tuple[HeldCase, tuple[Bill, ...]]:
    """Decide the account's held case, if nobody has; the case, and the bills that left."""
    case = utility.store.held_cases(account_id=stay.account_id, with_ended=True)[-1]
    if not case.is_open:
        return case, ()  # lived before
    desk = Desk(utility.store, utility.lake, utility.book, day, at)
    decided = case.decided is not None  # and stopped before its bill left
    settled = rerun_held(case.case_id, desk=desk) if decided else decide(case, desk)
    ensure(not settled.case.is_open, f"{case.case_id} ends with a bill")
    return settled.case, () if settled.run is None else tuple(settled.run.issued)


def _options(utility: Utility, stay: Stay, at: datetime) -> AccountOptions:
    account = stay.account_id
    return utility.store.billing_options([account], at).get(account, AccountOptions(account))


def _stay(town: Town, home_name: str) -> Stay:
    return town.stays_at(home_name)[0]


def _who(stay: Stay) -> str:
    return f"Account {stay.account_id} ({' and '.join(name for _, name in stay.people)})"
