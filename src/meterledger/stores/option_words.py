"""What both stores say when a choice of an account cannot be kept, and how choices follow.

Lives here      the refusals; ending what is in force where something else is chosen.
Lives elsewhere keeping rows (``memory``, ``postgres``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from meterledger.facts.billing_options import DeliveryPreference, DueDateChoice
from meterledger.facts.budget import AskedKind, BudgetBill, BudgetElection, BudgetPlan
from meterledger.kernel.span import Validity
from meterledger.stores.believed import A_MOMENT
from meterledger.usecases.ports import Conflict, NotFound

Choice = TypeVar("Choice", DueDateChoice, DeliveryPreference)


def closed_at(known: Any, learned_at: datetime) -> datetime:
    """When a fact is believed no longer: later than it was learned."""
    moment: datetime = max(learned_at, known.learned_at + A_MOMENT)
    return moment


def two_plans(plan: BudgetPlan, other: BudgetPlan | None) -> Conflict:
    """An account has one plan on a day."""
    told = f" {other.plan_id}, {other.days}," if other else ""
    return Conflict(
        f"Account {plan.account_id} has the budget plan{told} already",
        where=f"budget plan {plan.plan_id}",
        why="An account has one plan on a day, and nothing was changed",
        do=f"Look at it with `meterledger budget show {plan.account_id}`",
    )


def no_plan(plan_id: str) -> NotFound:
    """There is no such plan."""
    return NotFound(
        f"There is no budget plan {plan_id[:80]}",
        do="Ask with `meterledger budget show ACCOUNT`",
    )


def end_of_plan(plan: BudgetPlan, last_day_out: date) -> None:
    """Whether a plan may end on a day.

    :raises Conflict: if it has ended already, or would end before its first day is over
    """
    if plan.days.until_day is not None:
        raise Conflict(
            f"The budget plan {plan.plan_id} ended on {plan.days.until_day} already",
            where=f"account {plan.account_id}",
            do="Nothing is to be done",
        )
    if last_day_out <= plan.days.from_day:
        raise Conflict(
            f"The budget plan {plan.plan_id} began on {plan.days.from_day} and cannot end on "
            f"{last_day_out}",
            where=f"account {plan.account_id}",
            do="Name a day after the enrollment",
        )


def plan_to_take_back(plan: BudgetPlan, asked: Iterable[BudgetBill]) -> None:
    """Whether a plan may be taken back as if nobody had joined.

    :raises Conflict: if it has an end, or a bill was asked by it
    """
    bills = [one.bill_id for one in asked if one.plan_id == plan.plan_id]
    if plan.days.until_day is None and not bills:
        return
    told = f"asked bill {bills[0]}" if bills else f"ended on {plan.days.until_day}"
    raise Conflict(
        f"The budget plan {plan.plan_id} {told} already",
        where=f"account {plan.account_id}",
        why="Only what has had no effect yet is taken back",
        do="Leave it with `meterledger budget leave`" if bills else "Take back its end first",
    )


def end_to_take_back(
    plan: BudgetPlan, others: Iterable[BudgetPlan], asked: Iterable[BudgetBill]
) -> None:
    """Whether the end of a plan may be taken back, so that it goes on.

    :raises Conflict: if it has none, a bill has settled it, or another plan was begun since
    """
    where, out = f"account {plan.account_id}", plan.days.until_day
    if out is None:
        raise Conflict(
            f"The budget plan {plan.plan_id} has no end", where=where, do="Nothing is to be done"
        )
    mine = [one for one in asked if one.plan_id == plan.plan_id and one.kind is AskedKind.ENDED]
    if mine:
        raise Conflict(
            f"Bill {mine[0].bill_id} has settled the budget plan {plan.plan_id}",
            where=where,
            why="Only what has had no effect yet is taken back",
            do="Join again with `meterledger budget join`",
        )
    since = [one for one in others if one.days.from_day >= out and one.plan_id != plan.plan_id]
    if since:
        raise Conflict(
            f"The budget plan {since[0].plan_id} follows on {since[0].days.from_day}",
            where=where,
            why="What was booked last is taken back first",
            do="Take back that plan first",
        )


def refuse_elected_already(known: Iterable[BudgetElection], election: BudgetElection) -> None:
    """Somebody elects once from a day on.

    :raises Conflict: if the account has elected something from that day on already
    """
    key = (election.plan_id, election.from_day)
    if any(one.elected and (one.plan_id, one.from_day) == key for one in known):
        raise Conflict(
            f"Account {election.account_id} has elected from {election.from_day} on already",
            where=f"account {election.account_id}",
            why="An election holds until the next one, and nothing was changed",
            do=f"Look at it with `meterledger budget show {election.account_id}`",
        )


def election_to_take_back(
    elections: Sequence[BudgetElection], plan_id: str, from_day: date
) -> BudgetElection:
    """The newest election of a plan that begins on a day.

    :raises NotFound: if none does
    :raises Conflict: if it is the one with which the plan began, or a later one follows
    """
    mine = sorted(
        (one for one in elections if one.plan_id == plan_id),
        key=lambda one: (one.from_day, one.learned_at),
    )
    found = [one for one in mine if one.from_day == from_day]
    if not found:
        raise NotFound(
            f"Nothing was elected from {from_day} on of budget plan {plan_id[:80]}",
            do="Ask with `meterledger budget show ACCOUNT`",
        )
    if found[-1] is mine[0] or found[-1] is not mine[-1]:
        first = found[-1] is mine[0]
        raise Conflict(
            f"The election of {from_day} is the one with which {plan_id} began"
            if first
            else f"The election of {from_day} is followed by one of {mine[-1].from_day}",
            where=f"account {found[-1].account_id}",
            why="What was booked last is taken back first",
            do="Elect otherwise, or take back the plan" if first else "Take back the later one",
        )
    return found[-1]


def before_choice(known: Iterable[Choice], new: Choice) -> tuple[Choice, Choice | None] | None:
    """What a new choice replaces: the choice in force, and what is left of it, if any day is.

    :raises Conflict: if a choice begins on the day of the new one with other contents, or later
    """
    after = [one for one in known if one.days.from_day > new.days.from_day]
    if after:
        raise Conflict(
            f"Account {new.account_id} has chosen from {after[0].days.from_day} on already",
            where=f"account {new.account_id}",
            why="What was chosen later would be undone",
            do=f"Choose from {after[0].days.from_day} on or later",
        )
    for one in known:
        if new.days.from_day in one.days:
            if one.days.from_day == new.days.from_day:
                return one, None
            days = Validity(one.days.from_day, new.days.from_day)
            return one, replace(one, days=days)
    return None


def taken_back(
    known: Sequence[Choice], known_at: Callable[[datetime], Sequence[Choice]], mine: Choice
) -> tuple[Choice | None, Choice | None]:
    """What is left of the choice that ``mine`` ended, and that one as it was, to hold again.

    ``known_at`` asks what was known at an instant: that before ``mine`` was learned counts. Both
    are None where nothing was in force then on its first day, or what was ended otherwise since.

    :raises Conflict: if something was chosen for a later day, or ``mine`` has an end
    """
    where = f"account {mine.account_id}"
    later = [one for one in known if one.days.from_day > mine.days.from_day]
    if later or mine.days.until_day is not None:
        day = later[0].days.from_day if later else mine.days.until_day
        raise Conflict(
            f"What holds from {mine.days.from_day} is followed by another choice on {day}",
            where=where,
            why="What was booked last is taken back first",
            do=f"Take back what begins on {day}" if later else "Choose anew for the days you mean",
        )
    was: Choice | None = mine
    while was is not None and _says_the_same(was, mine):  # it may have been learned again
        before = known_at(was.learned_at - A_MOMENT)
        was = next((one for one in before if mine.days.from_day in one.days), None)
    if was is None or was.days.from_day == mine.days.from_day:
        return None, was
    for one in known:
        if one.days.from_day == was.days.from_day and one.days.until_day == mine.days.from_day:
            return one, was
    return None, None


def _says_the_same(one: Choice, mine: Choice) -> bool:
    return replace(one, days=mine.days, learned_at=mine.learned_at) == mine and (
        one.days.from_day == mine.days.from_day
    )


def nothing_booked(account_id: str, from_day: date) -> NotFound:
    """Nothing was chosen for a day."""
    return NotFound(
        f"Account {account_id} has chosen nothing that begins on {from_day}",
        do="Look at what it has chosen, and name the first day of the choice",
    )


def no_due_date(account_id: str, day: date) -> NotFound:
    """Nothing was chosen that could end."""
    return NotFound(
        f"Account {account_id} has no due date of its own on {day}",
        do=f"Ask with `meterledger due-date show {account_id}`",
    )
