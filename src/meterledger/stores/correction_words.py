"""What both stores promise about corrected bills: their place, and two people above the ceiling.

Lives here      the checks before a correction is kept, and their words.
Lives elsewhere the ceiling of a day (``usecases.rebill_ceiling``), keeping rows
                (``memory/corrections``, ``postgres/repository/corrections``). PostgreSQL's trigger
                is what no other way of writing gets through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meterledger.facts.corrections import Correction, Rebill, Withdrawal, WrongFact
from meterledger.kernel.span import DaySpan
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


def takes_the_place(one: Rebill, agreements: tuple[str, ...], days: DaySpan) -> bool:
    """Whether the bill may stand for the agreements and days: for the same, or, where service
    ends with it, for those until then, or, where its first day is put right, since."""
    bill, right = one.bill, one.put_right
    if right is not None and right.fact is WrongFact.FIRST_DAY and bill.days != days:
        alone = agreements == bill.agreement_ids and len(agreements) == 1
        begins = bill.days.from_day.isoformat() == right.is_now
        return alone and begins and bill.days.until_day == days.until_day
    own, gone = bill.agreement_ids[0], set(agreements) - set(bill.agreement_ids)
    known = own == agreements[0] and set(bill.agreement_ids) <= set(agreements)
    if one.ends_service:  # others on it end no later on it than it does
        begins_so = bill.days.from_day == days.from_day
        return known and begins_so and bill.days.until_day <= days.until_day
    if one.part_ended is not None:
        ended = one.part_ended.agreement_id
        return known and bill.days == days and ended != own and gone <= {ended}
    return (agreements, days) == (bill.agreement_ids, bill.days)


def refuse_withdrawal(
    one: Rebill, gone: Withdrawal, agreements: tuple[str, ...], days: DaySpan, cents: int
) -> None:
    """Refuse to cancel a bill that is not wholly past the end of service of its agreement.

    :raises Conflict: if it is of other agreements or days, or its entry is not taken back
    """
    told, bill = gone.correction, one.bill
    stands = one.ends_service and told.leaves_nothing and told.corrected_bill == bill.bill_id
    mine = agreements[0] == bill.agreement_id
    if not stands or not mine or days.from_day < bill.days.until_day:
        raise Conflict.of_other_period(told.cancelled_bill, bill.bill_id)
    if gone.reversal is None and cents != 0:
        raise Conflict.of_missing_entry(told.cancelled_bill)


def refuse_taken_back_alone(one: Rebill, cents: Mapping[str, int]) -> None:
    """Refuse to take back more than the ceiling by one person; ``cents`` are bills' by name.

    :raises Conflict: if bills past the end come to more, and nobody else approves
    """
    taken = sum(cents[gone.correction.cancelled_bill] for gone in one.withdrawn)
    for gone in one.withdrawn:
        told = gone.correction
        if told.ceiling_cents is not None and taken > told.ceiling_cents and not told.by_two:
            raise of_one_person(told.cancelled_bill)


def refuse_learned_since(one: Rebill, moment: datetime) -> None:
    """Refuse an end of service, or a fact put right, that would be learned after its bill was made.

    :raises Conflict: if something was learned of the agreement, or billed, since
    """
    if moment == one.correction.learned_at:
        return
    raise Conflict(
        "Something of it was learned or billed since its bill was made again",
        where=f"agreement {one.bill.agreement_id}",
        why="Nothing of this call was kept",
        do="Look at it with `meterledger service show`, and do it again if it is right",
    )


def of_one_person(bill_id: str) -> Conflict:
    """A corrected bill (named where it is known) was about to leave without two people."""
    return Conflict(
        f"{f'Bill {bill_id}' if bill_id else 'A corrected bill'} is above the ceiling and was not "
        "corrected by two people",
        where="corrections",
        why="One person corrects such a bill and another approves it; nothing was changed",
        do="Name the other person who agrees (`--approved-by`)",
    )
