"""What both stores say and ask when meters come on one bill: refusals, and which days are whose.

Lives here      the words; which claims a bill of several service points has.
Lives elsewhere keeping rows (``memory/together``, ``postgres/repository/together``). PostgreSQL's
                triggers are what cannot be raced; what is found here first has better words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.bills import Bill
from meterledger.facts.places import Agreement
from meterledger.facts.together import BilledTogether
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.believed import A_MOMENT
from meterledger.usecases.kept_back import KeptBackTogether
from meterledger.usecases.ports import Conflict, NotFound

AS_ARRANGED = "claims_are_as_arranged"
"""The constraint by which the database refuses claims that are not what is arranged."""


def refuse_begin(
    rows: Iterable[BilledTogether],
    agreements: dict[str, Agreement],
    believed: Iterable[BilledTogether],
) -> None:
    """What cannot be arranged, whatever is billed. ``agreements`` are those that are known now.

    :raises NotFound: if an agreement is not known, or not the account's
    :raises Conflict: if it has no service on the first day, or is billed with another then
    """
    known = list(believed)
    for row in rows:
        for name in (row.agreement_id, row.joined_agreement):
            one = agreements.get(name)
            if one is None or one.account_id != row.account_id:
                raise NotFound.of(f"agreement of account {row.account_id}", name)
            if row.days.from_day not in one.days:
                raise Conflict(
                    f"Agreement {name} has no service on {row.days.from_day}: it has {one.days}",
                    where=f"account {row.account_id}",
                    do="Name a day with service of each of them",
                )
        for other in known:
            if other.days.overlaps(row.days) and (
                other.joined_agreement in (row.joined_agreement, row.agreement_id)
                or other.agreement_id == row.joined_agreement
            ):
                raise taken(row, other)
        known.append(row)


def taken(row: BilledTogether, other: BilledTogether | None = None) -> Conflict:
    """An agreement stands on one bill on a day."""
    told = f": {other.joined_agreement} with {other.agreement_id}, {other.days}" if other else ""
    return Conflict(
        f"Agreements of account {row.account_id} are billed together on one of the days{told}",
        where=f"account {row.account_id}",
        why="Its energy would be on two bills; nothing was changed",
        do=f"End that first with `meterledger together end {row.account_id}`",
    )


def refuse_named(agreement_id: str, believed: Iterable[BilledTogether]) -> None:
    """Refuse that an agreement is believed no more while an arrangement names it.

    :raises Conflict: naming the day on which the arrangement begins
    """
    for row in believed:
        if agreement_id in (row.agreement_id, row.joined_agreement):
            raise Conflict(
                f"Agreement {agreement_id} is billed together with others of account "
                f"{row.account_id} from {row.days.from_day} on",
                where=f"agreement {agreement_id}",
                why="The arrangement names the agreement that would be no more",
                do=f"End that first with `meterledger together end {row.account_id} "
                f"--on {row.days.from_day}`",
            )


def ended(
    row: BilledTogether, last_day_out: date, by: str, reason: str, learned_at: datetime
) -> BilledTogether | None:
    """The row as it is known once it has ended; None where it never has a day, and is taken back.

    What was believed ends at ``moment_after`` either way.
    """
    if last_day_out <= row.days.from_day:
        return None
    return replace(
        row,
        days=Validity(row.days.from_day, last_day_out),
        by=by,
        reason=reason,
        learned_at=moment_after(row, learned_at),
    )


def moment_after(row: BilledTogether, learned_at: datetime) -> datetime:
    """When a row is believed no more."""
    return max(learned_at, row.learned_at + A_MOMENT)


def goes_on_after(row: BilledTogether, day: date) -> bool:
    """Whether the arrangement has days after one."""
    return row.days.until_day is None or day < row.days.until_day


def none_goes_on(account_id: str, day: date) -> NotFound:
    """No arrangement of the account is there to be ended."""
    return NotFound(
        f"No meters of account {account_id[:80]} are billed together on {day} or later",
        do=f"Look at it with `meterledger together show {account_id[:80]}`",
    )


def billed_past(agreement_id: str, day: date) -> Conflict:
    """Days are billed already, in the way that was arranged before."""
    return Conflict(
        f"Agreement {agreement_id} is billed past {day} already" if agreement_id
        else f"An agreement is billed past {day} already",
        where=f"agreement {agreement_id}" if agreement_id else "bills",
        why="What is on a bill stays on it; nothing was changed",
        do="Name a day from which on nothing is billed",
    )  # fmt: skip


def part_name(bill_id: str, service_point_id: str) -> str:
    """The name of a bill's claim on the days of another service point."""
    return f"{bill_id}+{service_point_id}"


def points_of(bill: Bill) -> list[tuple[str, str, str, DaySpan]]:
    """What a bill claims: name of the claim, agreement, service point and days, its own first."""
    return [
        (bill.bill_id, bill.agreement_id, bill.service_point_id, bill.days),
        *(
            (part_name(bill.bill_id, one.service_point_id), one.agreement_id,
             one.service_point_id, one.days)
            for one in bill.joined
        ),
    ]  # fmt: skip


def not_as_arranged(bill_id: str) -> KeptBackTogether:
    """A bill (named where it is known) was about to leave that is not what is arranged now."""
    return KeptBackTogether(
        f"{f'Bill {bill_id}' if bill_id else 'A bill'} has not the meters that are to be billed "
        "together now",
        where="bills",
        why="Which meters come on one bill was changed while it was calculated",
        do="Run the bill again",
    )
