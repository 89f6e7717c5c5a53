"""What both stores say when a combination cannot be kept, and how one ends.

Lives here      the refusals; what ends a combination or one of its accounts.
Lives elsewhere keeping rows (``memory``, ``postgres``).
"""

from __future__ import annotations

from datetime import date, datetime

from meterledger.facts.combination import Combination, CombinedAccount
from meterledger.stores.believed import A_MOMENT
from meterledger.usecases.ports import Conflict, NotFound


def closed_at(known: Combination | CombinedAccount, learned_at: datetime) -> datetime:
    """When a fact is believed no longer: later than it was learned."""
    return max(learned_at, known.learned_at + A_MOMENT)


def no_combination(combination_id: str) -> NotFound:
    """There is no such combination."""
    return NotFound(
        f"There is no combination {combination_id[:80]}",
        do="List what there is with `meterledger combination show`",
    )


def not_combined(combination_id: str, account_id: str) -> NotFound:
    """The account is not in the combination now."""
    return NotFound(
        f"Account {account_id[:80]} is not in combination {combination_id}",
        do=f"Look at it with `meterledger combination show {combination_id}`",
    )


def name_taken(combination_id: str) -> Conflict:
    """Another combination has the name."""
    return Conflict(
        f"There is a combination {combination_id} already",
        where=f"combination {combination_id}",
        why="Nothing was changed",
        do="Give another name",
    )


def in_two(account_id: str, other: str = "") -> Conflict:
    """An account is in one combination on a day."""
    return Conflict(
        f"Account {account_id} is in {f'combination {other}' if other else 'a combination'} "
        "on one of the days",
        where=f"account {account_id}",
        why="Its charges would be asked for on two combined statements; nothing was changed",
        do="Take it out of the other one first, with `meterledger combination end --account`",
    )


def stated_twice(bill_id: str, other: str = "") -> Conflict:
    """A bill stands on one statement."""
    return Conflict(
        f"Bill {bill_id} stands on {f'combined statement {other}' if other else 'a statement'} "
        "already",
        where=f"bill {bill_id}",
        why="It would be asked for twice; nothing was changed",
        do="Make the statement again: it takes what stands on none",
    )


def end_of(fact: Combination | CombinedAccount, last_day_out: date) -> None:
    """Whether a combination, or an account's days in it, may end on a day.

    :raises Conflict: if it has ended by then, or would end before its first day is over
    """
    whose = (
        f"Combination {fact.combination_id}"
        if isinstance(fact, Combination)
        else f"Account {fact.account_id} in combination {fact.combination_id}"
    )
    if fact.days.until_day is not None and fact.days.until_day <= last_day_out:
        raise Conflict(
            f"{whose} ended on {fact.days.until_day} already",
            where=f"combination {fact.combination_id}",
            do="Nothing is to be done",
        )
    if last_day_out <= fact.days.from_day:
        raise Conflict(
            f"{whose} began on {fact.days.from_day} and cannot end on {last_day_out}",
            where=f"combination {fact.combination_id}",
            do="Name a later day",
        )
