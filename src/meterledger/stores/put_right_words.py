"""What both stores promise about facts of an agreement that are put right, in the same words.

Lives here      the agreement as it is believed from then on; which other facts began with it.
Lives elsewhere keeping rows (``memory/put_right``, ``postgres/repository/put_right``), deciding
                (``usecases.put_right``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from meterledger.facts.corrections import PutRight, WrongFact
from meterledger.facts.places import Agreement, MeterInstallation
from meterledger.kernel.span import Validity
from meterledger.usecases.ports import Conflict
from meterledger.usecases.put_right import is_so_already


class Dated(Protocol):
    """A fact with its days and the instant it was learned."""

    @property
    def days(self) -> Validity:
        """The days it is true."""

    @property
    def learned_at(self) -> datetime:
        """Since when it is believed."""


Moved = TypeVar("Moved", bound=Dated)


def as_put_right(agreement: Agreement, right: PutRight) -> Agreement:
    """The agreement as it is believed with the fact put right, but for when it was learned.

    :raises CannotPutRight: if another call has put it right meanwhile
    :raises Conflict: if the fact is another one than was seen, or it would end before it begins
    """
    if right.fact is WrongFact.SCHEDULE:
        _refuse_changed(right, agreement.schedule)
        return replace(agreement, schedule=right.is_now)
    if right.fact is WrongFact.FIRST_DAY:
        _refuse_changed(right, agreement.days.from_day.isoformat())
        first, until = date.fromisoformat(right.is_now), agreement.days.until_day
        if until is not None and until <= first:
            raise Conflict(
                f"It ends on {until} and cannot begin on {first}",
                where=f"agreement {agreement.agreement_id}",
                do="Give a first day before its end",
            )
        return replace(agreement, days=Validity(first, until))
    return agreement


def refuse_other_cycle(cycle: str, right: PutRight) -> None:
    """:raises Conflict: if the account is of another cycle than was seen"""
    _refuse_changed(right, cycle)


def began_with_it(facts: Iterable[Moved], right: PutRight) -> list[tuple[Moved, Moved]]:
    """Facts that were told with the first day, as they are and as they begin on an earlier one.

    Who is responsible, where the place is taxed and which meter is there were entered with the same
    wrong day. With a later first day they stay: nobody said that they were not so before.
    """
    was, is_now = date.fromisoformat(right.was), date.fromisoformat(right.is_now)
    if is_now >= was:
        return []
    found: list[tuple[Moved, Moved]] = []
    for one in facts:
        inside = isinstance(one, MeterInstallation) and one.began_second > 0
        if one.days.from_day == was and not inside:
            record: Any = one
            found.append((one, replace(record, days=Validity(is_now, one.days.until_day))))
    return found


def refuse_billed(right: PutRight, billed_from: date | None) -> None:
    """A first day that is billed is put right with its bill. :raises Conflict:"""
    if right.fact is not WrongFact.FIRST_DAY or billed_from is None:
        return
    raise Conflict(
        f"It is billed from {billed_from} on, and no bill was made again",
        where=f"agreement {right.agreement_id}",
        why="Nothing of this call was kept",
        do="Look at it with `meterledger service show`, and do it again",
    )


def _refuse_changed(right: PutRight, known: str) -> None:
    if known == right.was:
        return
    if known == right.is_now:
        raise is_so_already(right.agreement_id, right.fact, right.is_now)
    raise Conflict(
        f"The {right.fact.value} is {known} and not {right.was}: it was changed meanwhile",
        where=f"agreement {right.agreement_id}",
        why="Nothing of this call was kept",
        do="Look at it with `meterledger service show`, and do it again if it is still wrong",
    )
