"""Who is meant where service starts: people who are known by their id, and those declared new.

Lives here      telling a person who is known from one who is new, so that nobody is kept twice.
Lives elsewhere starting service (``start_service``), what is kept of a person (``facts/places``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity


class PersonRefused(Refusal):
    """Somebody is named who is not known, or is declared new and known already."""


class PeopleStore(Protocol):
    """What is asked of the store."""

    def people(self, person_ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """Names of people by id: of those ids, and of all of those names (capitals aside)."""

    def accounts_of_holder(
        self, words: str, known_at: datetime, limit: int
    ) -> list[tuple[str, str]]:
        """Accounts and names of holders whose name has every word, by name, at most ``limit``.

        Capitals do not count. No word finds nobody.
        """

    def people_of_account(
        self, account_id: str, known_at: datetime
    ) -> list[tuple[str, str, Validity]]:
        """Id, name and days of everybody who held or holds the account, by first day and id."""


def name_people(
    known: Sequence[tuple[str, str]], declared: Sequence[tuple[str, str]], store: PeopleStore
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Everybody as (id, name), those known before those declared; and warnings about namesakes.

    ``known`` may leave the name empty. A guessed id would make a second person of somebody, with
    payments, deposits and histories apart.

    :raises PersonRefused: if nobody is named or one twice, an id is not known, is known under
        another name, or is declared new and known
    """
    _refuse_none_or_twice([person for person, _ in (*known, *declared)])
    names = [name for _, name in (*known, *declared) if name]
    found = store.people([person for person, _ in (*known, *declared)], names)
    for person, name in known:
        if person not in found:
            raise _unknown(person, name, found)
        if name and name != found[person]:
            raise PersonRefused(
                f"Person {person} is {found[person]}, not {name}",
                where="--person",
                do=f"Write `--person {person}` alone if that is who is meant",
            )
    for person, _ in declared:
        if person in found:
            raise PersonRefused(
                f"Person {person} is known already: {found[person]}",
                where="--new-person",
                do=f"Write `--person {person}` if that is who is meant, else take another id",
            )
    warnings = tuple(
        f"Another {name} is known, as {' and '.join(same)}: end this and name that one with "
        "`--person` if they are the same person."
        for person, name in declared
        if (same := _namesakes(name, found))
    )
    return (*((person, found[person]) for person, _ in known), *declared), warnings


def _refuse_none_or_twice(people: Sequence[str]) -> None:
    if not people:
        raise PersonRefused(
            "Nobody is named who is responsible for the account",
            where="--person",
            do="Name a person who is known with `--person ID`, as `service show ACCOUNT` prints "
            "it, or somebody new with `--new-person ID=NAME`",
        )
    twice = [one for one in dict.fromkeys(people) if people.count(one) > 1]
    if twice:
        raise PersonRefused(
            f"Person {twice[0]} is named twice", where="--person", do="Name each person once"
        )


def _namesakes(name: str, found: dict[str, str]) -> list[str]:
    return sorted(one for one, known in found.items() if known.lower() == name.lower())


def _unknown(person: str, name: str, found: dict[str, str]) -> PersonRefused:
    same = _namesakes(name, found)
    return PersonRefused(
        f"There is no person {person[:80]}",
        where="--person",
        why=f"{name} is known as {' and '.join(same)}"
        if same
        else "A new id makes a new person, with a history of their own",
        do=f"Write `--person {same[0]}` if that is who is meant"
        if same
        else "Write the id that `service show ACCOUNT` prints of an account they hold, or declare "
        f"somebody new with `--new-person {person[:80]}={name or 'NAME'}`",
    )
