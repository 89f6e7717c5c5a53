"""What both stores say when a participation cannot be kept, and how one ends.

Lives here      the refusals; which participation a day of leaving ends.
Lives elsewhere keeping rows (``memory``, ``postgres``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.participation import Participation
from meterledger.kernel.span import Validity
from meterledger.stores.believed import A_MOMENT
from meterledger.usecases.ports import Conflict, NotFound


def no_agreement(agreement_id: str) -> NotFound:
    """There is no such agreement of the account."""
    return NotFound(
        f"There is no agreement {agreement_id[:80]} of this account",
        do="Look at the account's service with `meterledger service show`",
    )


def in_program(agreement_id: str, program: str) -> Conflict:
    """An agreement is in a programme once on a day."""
    return Conflict(
        f"Agreement {agreement_id} takes part in {program} on one of the days already",
        where=f"agreement {agreement_id}",
        why="What it gives would count twice; nothing was changed",
        do="End the one before with `meterledger program leave`, then join again",
    )


def left(
    believed: Iterable[Participation],
    agreement_id: str,
    program: str,
    last_day_out: date,
    learned_at: datetime,
) -> tuple[Participation, Participation]:
    """The participation that ends, and the one that is believed in its place.

    :raises NotFound: if the agreement is not in the programme on or after the day
    :raises Conflict: if it would end before its first day is over
    """
    found = [
        one
        for one in believed
        if one.program == program
        and (one.days.until_day is None or last_day_out < one.days.until_day)
    ]
    if not found:
        raise NotFound(
            f"Agreement {agreement_id[:80]} does not take part in {program[:80]} on {last_day_out}",
            do="Look at what it takes part in with `meterledger program show`",
        )
    known = min(found, key=lambda one: one.days.from_day)
    if last_day_out <= known.days.from_day:
        raise Conflict(
            f"Agreement {agreement_id} joined {program} on {known.days.from_day} and cannot leave "
            f"on {last_day_out}",
            where=f"agreement {agreement_id}",
            do="Name a later day",
        )
    moment = max(learned_at, known.learned_at + A_MOMENT)
    days = Validity(known.days.from_day, last_day_out)
    return known, replace(known, days=days, learned_at=moment)
