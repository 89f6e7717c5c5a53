"""Combination billing begun, widened and ended: a customer's many premises on one statement.

Lives here      which premises count, whose accounts they are, what the rule is asked, what the
                store is told.
Lives elsewhere the rule (``billing.bill_form``), the statements (``combined_statements``).
Read first      GRR V.B; docs/operating/combination_bills.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.facts.combination import Combination, CombinationFile, CombinedAccount
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.combination_ports import Combinations
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.periods_of_service import last_of_service
from meterledger.usecases.rule_registry import rule_named

COMBINATION = "billing.combination"


class NotCombined(Refusal):
    """Premises cannot come on one combined statement as asked."""


class CombinationStore(Combinations, Protocol):
    """What these journeys need of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""

    def people_of_account(
        self, account_id: str, known_at: datetime
    ) -> list[tuple[str, str, Validity]]:
        """Id, name and days of everybody who held or holds the account, by first day and id."""


@dataclass(frozen=True, slots=True)
class OfPeople:
    """Accounts of a combination for which the same people are responsible, all of them."""

    people: tuple[tuple[str, str], ...]
    """Id and name of each, in order of the ids."""
    account_ids: tuple[str, ...]

    @property
    def words(self) -> str:
        """Each by name and id, so that namesakes are told apart."""
        return _words(self.people)


@dataclass(frozen=True, slots=True)
class Combined:
    """The combination as it stands, its premises that count, and the ruling behind it."""

    file: CombinationFile
    premises: tuple[str, ...]
    passing: tuple[str, ...]
    """Premises of it whose service has an end already: not regularly the customer's."""
    ruling: Ruling
    people: tuple[OfPeople, ...] = ()
    """Whose accounts they are: more than one of these is more than one customer."""


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

    ``customer`` is the id of a person who is responsible for every account, and whoever else is
    for one of them is for all: a name may be another person's. A premise counts once, whatever
    accounts it has; one whose service has an end already is combined, and does not count.

    :raises NotCombined: if the rule does not allow it, or an account is not the customer's
    :raises Conflict: if an account is in a combination on one of the days
    """
    accounts = tuple(dict.fromkeys(account_ids))
    regular, passing = _premises(accounts, on, learned_at, store)
    people = whose_accounts(accounts, on, learned_at, store)
    named = _one_customer(customer, people)
    ruling = _ask(regular, in_writing=in_writing, on=on, view=view)
    if not ruling.decision.outcome.combined:
        raise _refused(f"combination {combination_id}", ruling, passing)
    combination = Combination(
        combination_id, named, Validity(on), learned_at, ruling.decision.reasons, customer
    )
    members = tuple(
        CombinedAccount(combination_id, one, Validity(on), learned_at) for one in accounts
    )
    if not dry_run:
        store.begin_combination(combination, members)
    return Combined(CombinationFile(combination, members, ()), regular, passing, ruling, people)


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
    regular, passing = _premises(accounts, on, learned_at, store)
    people = whose_accounts(accounts, on, learned_at, store)
    _one_customer(file.combination.person_id, people)
    ruling = _ask(regular, in_writing=True, on=on, view=view)
    if not ruling.decision.outcome.combined:
        raise _refused(f"combination {combination_id}", ruling, passing)
    added = CombinedAccount(combination_id, account_id, Validity(on), learned_at)
    if not dry_run:
        store.combine_account(added)
    now = CombinationFile(file.combination, (*file.accounts, added), file.statements)
    return Combined(now, regular, passing, ruling, people)


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
        services = store.services_of_account(account, known_at)
        for service in services:
            if on in service.agreement.days:
                open_end = last_of_service(service, services).days.until_day is None
                (regular if open_end else passing).add(service.premise.premise_id)
    ruling = _ask(tuple(sorted(regular)), in_writing=True, on=on, view=view)
    left = tuple(sorted(passing - regular))
    people = whose_accounts(file.accounts_on(on), on, known_at, store)
    return Combined(file, tuple(sorted(regular)), left, ruling, people)


def whose_accounts(
    account_ids: Sequence[str], on: date, known_at: datetime, store: CombinationStore
) -> tuple[OfPeople, ...]:
    """The accounts by the people who are responsible for them, the most accounts first.

    Of each account those of the day count, or of the last day before it that had any.
    """
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for account in account_ids:
        held = [one for one in store.people_of_account(account, known_at) if one[2].from_day <= on]
        last = max((days.until_day or date.max for _, _, days in held), default=date.max)
        day = on if on < last else last - timedelta(days=1)
        there = sorted({(person, name) for person, name, days in held if day in days})
        groups.setdefault(tuple(there), []).append(account)
    found = [OfPeople(people, tuple(accounts)) for people, accounts in groups.items()]
    return tuple(sorted(found, key=lambda one: -len(one.account_ids)))


def _one_customer(person_id: str, people: Sequence[OfPeople]) -> str:
    """The person's name, if the accounts are all of the same people and the person is one of them.

    Of a combination that began without a person, the people of its accounts are compared alone.

    :raises NotCombined: if they are not
    """
    for one in people:
        if person_id and person_id not in dict(one.people):
            account = one.account_ids[0]
            raise NotCombined(
                f"Person {person_id[:80]} is not responsible for account {account}",
                where=f"account {account}",
                why=f"It is the account of {one.words or 'nobody'}, and nobody's charges go to "
                "another, whatever their name",
                do="Give the person's id as `meterledger service show` prints it, or leave the "
                "account out",
            )
    if len(people) > 1:
        first, other = people[0], people[-1]
        account = other.account_ids[0]
        raise NotCombined(
            f"Account {account} is not of the same people as account {first.account_ids[0]}",
            where=f"account {account}",
            why=f"It is of {other.words or 'nobody'}, and the other of {first.words or 'nobody'}: "
            "nobody's charges go to another",
            do="Leave it out",
        )
    return dict(people[0].people).get(person_id, "") if people else ""


def _words(people: Sequence[tuple[str, str]]) -> str:
    return " and ".join(f"{name} ({person})" for person, name in people)


def _premises(
    account_ids: Sequence[str],
    on: date,
    known_at: datetime,
    store: CombinationStore,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The premises of the accounts on a day: those that count, and those with an end already."""
    regular: set[str] = set()
    passing: set[str] = set()
    for account in account_ids:
        services = store.services_of_account(account, known_at)
        there = [one for one in services if on in one.agreement.days]
        if not there:
            raise NotCombined(
                f"Account {account} has no service on {on}",
                where=f"account {account}",
                why="Its premise is not the customer's responsibility then",
                do="Leave it out, or name a day with service",
            )
        for service in there:
            open_end = last_of_service(service, services).days.until_day is None
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
