"""Which accounts of an impact take part in an income programme, by a file of another system.

Enrolment is kept elsewhere; the file is held against book and accounts and used for one report.

Lives here      which programmes there are, what a file may not say, and the rule by which an
                account counts in one of them.
Lives elsewhere the file's form (``stores/gateways/participants_csv``), the tables
                (``impact_tables``), programmes that are on a bill (``programs``).
Read first      docs/operating/impact.md: "Income programmes".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Protocol

import numpy as np

from meterledger.facts.impact import Impact
from meterledger.facts.income_programs import ParticipantFile, TakesPart
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView

KEEPING_CURRENT = "Keeping Current"
CATEGORIES = "kc_categories"
"""The value that lists the categories of participants; an account is in one of them."""
NONE = "none"
NOTHING_COUNTED = "Nothing was counted. Correct the file and run again"


class ParticipantsRefused(Refusal):
    """A file of participants says what cannot be; nothing of it was counted."""


class AccountList(Protocol):
    """What is asked of the store."""

    def account_ids(self) -> list[str]:
        """All account ids, in order."""


def income_programs(view: BookView, days: DaySpan) -> tuple[str, ...]:
    """The income programmes that the book has on any of the days, by name."""
    if CATEGORIES not in view.names():
        return ()
    found: dict[str, None] = {}
    for dated in view.of_kind(CATEGORIES, "list").values:
        if dated.days.within(days) is not None:
            found |= dict.fromkeys(f"{KEEPING_CURRENT} {one}" for one in dated.value)
    return tuple(found)


def check_participants(
    file: ParticipantFile, *, days: DaySpan, view: BookView, store: AccountList
) -> None:
    """Hold a file against the book and the accounts, before anything is priced.

    :raises ParticipantsRefused: naming the first line of a programme that the book does not have on
        ``days``, of an account that is not ours, or of days on which its account is in another
    """
    known = income_programs(view, days)
    accounts = set(store.account_ids())
    for one in file.lines:
        where = f"{file.name}, line {one.line}"
        if one.program not in known:
            names = ", ".join(f"'{name}'" for name in known)
            raise ParticipantsRefused(
                f"'{one.program[:80]}' is no income programme of the book from {days.from_day} to "
                f"{days.last_day}",
                where=where,
                why=f"It has {names}, written like this" if known else "It has none",
                do=NOTHING_COUNTED,
            )
        if one.account_id not in accounts:
            raise ParticipantsRefused(
                f"There is no account {one.account_id[:80]}", where=where, do=NOTHING_COUNTED
            )
    for lines in _by_account(file.lines).values():
        for earlier, later in pairwise(lines):
            if earlier.days.overlaps(later.days):
                first, second = sorted((earlier, later), key=lambda one: one.line)
                raise ParticipantsRefused(
                    f"Account {second.account_id} is in {second.program} from {second.days}, and "
                    f"by line {first.line} in {first.program} from {first.days}",
                    where=f"{file.name}, line {second.line}",
                    why="An account takes part in one category at a time",
                    do=NOTHING_COUNTED,
                )


def with_programs(impact: Impact, file: ParticipantFile) -> Impact:
    """The impact with the programme that each account counts in, and on how many days it was in it.

    An account counts once, with all its bills, in the programme in which it took part on most of
    the days from its first bill's first to its last bill's last; of two alike, in the later one.
    An account that took part on none of them counts in none.
    """
    lines = _by_account(file.lines)
    programs, counts = [], np.zeros(len(impact.accounts), dtype=np.int64)
    for row, account in enumerate(impact.accounts):
        if account not in lines:
            programs.append(NONE)
            continue
        first, until = int(impact.first_days[row]), int(impact.until_days[row])
        served = DaySpan(date.fromordinal(first), date.fromordinal(until))
        name, counts[row] = _most(lines[account], served)
        programs.append(name)
    return replace(impact, programs=tuple(programs), program_days=counts)


def _most(lines: Iterable[TakesPart], served: DaySpan) -> tuple[str, int]:
    """Name and days; ``lines`` are in the order of their days."""
    days: dict[str, int] = {}
    for one in lines:
        inside = one.days.within(served)
        if inside is not None:
            count = days.pop(one.program, 0)  # the one that it was in last stands last
            days[one.program] = count + inside.day_count
    if not days:
        return NONE, 0
    most = max(days.values())
    return next((name, count) for name, count in reversed(days.items()) if count == most)


def _by_account(lines: Iterable[TakesPart]) -> dict[str, list[TakesPart]]:
    found: dict[str, list[TakesPart]] = defaultdict(list)
    for one in sorted(lines, key=lambda one: one.days.from_day):
        found[one.account_id].append(one)
    return found
