"""Combination billing begun, widened and ended: a customer's many premises on one statement.

Lives here      which premises count, what the rule is asked, what the store is told.
Lives elsewhere the rule (``billing.bill_form``), the statements (``combined_statements``).
Read first      GRR V.B; docs/operating/combination_bills.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.combination import Combination, CombinationFile, CombinedAccount
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.combination_ports import Combinations
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.rule_registry import rule_named

COMBINATION = "billing.combination"


class NotCombined(Refusal):
    """Premises cannot come on one combined statement as asked."""


class CombinationStore(Combinations, Protocol):
    """What these journeys need of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


@dataclass(frozen=True, slots=True)
class Combined:
    """The combination as it stands, its premises that count, and the ruling behind it."""

    file: CombinationFile
    premises: tuple[str, ...]
    passing: tuple[str, ...]
    """Premises of it whose service has an end already: not regularly the customer's."""
    ruling: Ruling


def start_combination(
    *,
    combination_id: str,
    customer: str,
    account_ids: Sequence[str],
    in_writing: bool,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: CombinationStore,
    dry_run: bool = False,
) -> Combined:
    """Put a customer's accounts on one combined statement, as the sheet allows (GRR V.B).

    ``customer`` is the name that is responsible for every account. A premise counts once, whatever
    accounts it has; one whose service has an end already is combined, and does not count.

    :raises NotCombined: if the rule does not allow it, or an account is not the customer's
    :raises Conflict: if an account is in a combination on one of the days
    """
    accounts = tuple(dict.fromkeys(account_ids))
    regular, passing = _premises(customer, accounts, on, learned_at, store)
    ruling = _ask(regular, in_writing=in_writing, on=on, view=view)
    if not ruling.decision.outcome.combined:
        raise _refused(f"combination {combination_id}", ruling, passing)
    combination = Combination(
        combination_id, customer, Validity(on), learned_at, ruling.decision.reasons
    )
    members = tuple(
        CombinedAccount(combination_id, one, Validity(on), learned_at) for one in accounts
    )
    if not dry_run:
        store.begin_combination(combination, members)
    return Combined(CombinationFile(combination, members, ()), regular, passing, ruling)


def add_to_combination(
    *,
    combination_id: str,
    account_id: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: CombinationStore,
    dry_run: bool = False,
) -> Combined:
    """Add an account; the request that the combination began with stands for it.

    :raises NotFound: if there is no such combination
    :raises NotCombined: if the account is not the customer's, or the premises are too few even so
    :raises Conflict: if it is in a combination on one of the days
    """
    file = store.combination(combination_id)
    _refuse_ended(file, on)
    accounts = (*file.accounts_on(on), account_id)
    regular, passing = _premises(file.combination.customer, accounts, on, learned_at, store)
    ruling = _ask(regular, in_writing=True, on=on, view=view)
    if not ruling.decision.outcome.combined:
        raise _refused(f"combination {combination_id}", ruling, passing)
    added = CombinedAccount(combination_id, account_id, Validity(on), learned_at)
    if not dry_run:
        store.combine_account(added)
    now = CombinationFile(file.combination, (*file.accounts, added), file.statements)
    return Combined(now, regular, passing, ruling)


def end_combination(
    *,
    combination_id: str,
    account_id: str | None,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: CombinationStore,
) -> Combined | None:
    """End a combination, or take one account out of it; ``on`` is the first day without it.

    Answers how those left stand, where an account was taken out: no rule says what becomes of a
    combination that falls below the least number, so a person looks at it.

    :raises NotFound: if there is no such combination, or the account is not in it
    :raises Conflict: if it ended before
    """
    if account_id is None:
        store.end_combination(combination_id, on, learned_at)
        return None
    store.end_combined_account(combination_id, account_id, on, learned_at)
    return look_at_combination(
        combination_id=combination_id, on=on, known_at=learned_at, view=view, store=store
    )


def look_at_combination(
    *,
    combination_id: str,
    on: date,
    known_at: datetime,
    view: BookView,
    store: CombinationStore,
) -> Combined:
    """A combination as it stands on a day, and what the rule would say of it then.

    :raises NotFound: if there is no such combination
    """
    file = store.combination(combination_id)
    regular: set[str] = set()
    passing: set[str] = set()
    for account in file.accounts_on(on):
        for service in store.services_of_account(account, known_at):
            if on in service.agreement.days:
                open_end = service.agreement.days.until_day is None
                (regular if open_end else passing).add(service.premise.premise_id)
    ruling = _ask(tuple(sorted(regular)), in_writing=True, on=on, view=view)
    left = tuple(sorted(passing - regular))
    return Combined(file, tuple(sorted(regular)), left, ruling)


def _premises(
    customer: str,
    account_ids: Sequence[str],
    on: date,
    known_at: datetime,
    store: CombinationStore,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The premises of the accounts on a day: those that count, and those with an end already."""
    regular: set[str] = set()
    passing: set[str] = set()
    for account in account_ids:
        there = [
            one for one in store.services_of_account(account, known_at) if on in one.agreement.days
        ]
        if not there:
            raise NotCombined(
                f"Account {account} has no service on {on}",
                where=f"account {account}",
                why="Its premise is not the customer's responsibility then",
                do="Leave it out, or name a day with service",
            )
        for service in there:
            if customer not in service.holders:
                raise NotCombined(
                    f"{customer} is not responsible for account {account}",
                    where=f"account {account}",
                    why=f"It is the account of {' and '.join(service.holders) or 'nobody'}, and "
                    "nobody's charges go to another",
                    do="Give the customer's name as the account has it, or leave the account out",
                )
            open_end = service.agreement.days.until_day is None
            (regular if open_end else passing).add(service.premise.premise_id)
    return tuple(sorted(regular)), tuple(sorted(passing - regular))


def _ask(premises: Sequence[str], *, in_writing: bool, on: date, view: BookView) -> Ruling:
    facts = {"premises": len(premises), "asked_in_writing": in_writing}
    return decide(rule=rule_named(COMBINATION), facts=facts, day=on, view=view)


def _refused(where: str, ruling: Ruling, passing: Sequence[str]) -> NotCombined:
    left_out = (
        f" ({len(passing)} more are not counted: their service has an end already)"
        if passing
        else ""
    )
    return NotCombined(
        "The premises cannot come on one combined statement",
        where=where,
        why="; ".join(f"{one.finding}{left_out}" for one in ruling.decision.reasons),
        do="Bill each account by itself",
    )


def _refuse_ended(file: CombinationFile, on: date) -> None:
    if on not in file.combination.days:
        raise NotCombined(
            f"Combination {file.combination.combination_id} is not in force on {on}",
            where=f"combination {file.combination.combination_id}",
            why=f"It holds from {file.combination.days}",
            do="Name a day on which it holds, or start another",
        )
