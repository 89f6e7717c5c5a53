"""What both stores promise about corrected bills above the ceiling: two people, or none leaves.

Lives here      the check before a correction is kept, and its words.
Lives elsewhere the ceiling of a day (``usecases.rebill_ceiling``), keeping rows
                (``memory/corrections``, ``postgres/repository/corrections``). PostgreSQL's trigger
                is what no other way of writing gets through.
"""

from __future__ import annotations

from meterledger.facts.corrections import Correction
from meterledger.usecases.ports import Conflict

TWO_PEOPLE_CORRECT = "two_people_correct_above_the_ceiling"
"""The constraint by which the database refuses such a correction."""


def refuse_one_person(correction: Correction, *, asks: int, asked: int) -> None:
    """Refuse a corrected bill of ``asks`` cents in the place of one of ``asked``, by one person.

    :raises Conflict: if it rises above the correction's ceiling and nobody else approves
    """
    ceiling = correction.ceiling_cents
    if ceiling is None or asks <= ceiling or asks <= asked or correction.by_two:
        return
    raise of_one_person(correction.corrected_bill)


def of_one_person(bill_id: str) -> Conflict:
    """A corrected bill (named where it is known) was about to leave without two people."""
    return Conflict(
        f"{f'Bill {bill_id}' if bill_id else 'A corrected bill'} is above the ceiling and was not "
        "corrected by two people",
        where="corrections",
        why="One person corrects such a bill and another approves it; nothing was changed",
        do="Name the other person who agrees (`--approved-by`)",
    )
