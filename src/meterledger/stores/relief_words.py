"""What both stores promise about relief: which step follows, who may, and which months are free.

Lives here      the refusals, decided once for both stores, under the lock of each.
Lives elsewhere keeping rows (``memory/relief``, ``postgres/repository/relief``). PostgreSQL's
                triggers are what cannot be raced; here the same is said in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from meterledger.facts.corrections import Rebill, Withdrawal
from meterledger.facts.entry_names import relief_name, reversal_name
from meterledger.facts.relief import BillRelief, ReliefAct, ReliefAgreement
from meterledger.facts.taxes import TaxOfLine, TaxTotal
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.people import same_person
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import Conflict, NotFound

FOLLOWS = {
    ReliefAct.ASKED: (ReliefAct.APPROVED, ReliefAct.ENDED),
    ReliefAct.APPROVED: (ReliefAct.ENDED,),
    ReliefAct.ENDED: (),
}


def no_relief(relief_id: str) -> NotFound:
    """There is no agreement of that name."""
    return NotFound(
        f"There is no relief {relief_id[:80]}",
        do="List them with `meterledger service relief list`",
    )


def one_person(agreement: ReliefAgreement) -> Conflict:
    """Who asked for it agrees to it."""
    return Conflict(
        f"{agreement.asked.by} has asked for this and cannot approve it",
        where=f"relief {agreement.relief_id}",
        why="Money that is forgiven needs two different people",
        do="Let another person approve it",
    )


def moved_on(relief_id: str, known: ReliefAgreement | None) -> Conflict:
    """Somebody else has done something with it meanwhile."""
    stands = "not there" if known is None else known.state.value
    return Conflict(
        f"It is {stands} by now",
        where=f"relief {relief_id}",
        why="Another step came first, and nothing was changed",
        do="Look at it with `meterledger service relief list`",
    )


def month_begun(relief_id: str, month: date, on: date) -> Conflict:
    """Agreed to after a month began."""
    return Conflict(
        f"The month of {month} had begun on {on}",
        where=f"relief {relief_id}",
        why="Charges are adjusted upon prior agreement (GRR V.H.4)",
        do="Ask for later months",
    )


def month_taken(relief_id: str, month: date, other: str) -> Conflict:
    """Another agreement has the month."""
    return Conflict(
        f"The month of {month} is adjusted by relief {other} already",
        where=f"relief {relief_id}",
        why="A bill is adjusted by one agreement",
        do=f"End the other one first, with `meterledger service relief end {other}`",
    )


def month_billed(relief_id: str, month: date) -> Conflict:
    """A bill of the month has gone out."""
    return Conflict(
        f"The month of {month} is billed already",
        where=f"relief {relief_id}",
        why="A month whose bill has gone out is not adjusted by agreement any more",
        do="Ask for later months",
    )


def refuse_step(known: ReliefAgreement | None, given: ReliefAgreement) -> bool:
    """Whether the last step of an agreement is to be kept; False where it stands so already.

    :raises Conflict: saying what has come between, or who has to approve
    """
    name, step = given.relief_id, given.steps[-1]
    if known is not None and known.told() != given.told():
        raise Conflict(
            f"Relief {name} is there already, of other months or charges",
            where="relief",
            why="A name is used once, for ever, and nothing was changed",
            do="Look at it with `meterledger service relief list`",
        )
    if known is not None and known.steps == given.steps:
        return False
    before = () if known is None else known.steps
    if known is not None and len(given.steps) == 1:  # asked twice is asked once
        return False
    if tuple(before) != given.steps[:-1]:
        raise moved_on(name, known)
    if known is None:
        return True
    if step.act not in FOLLOWS[known.state] or step.learned_at <= known.steps[-1].learned_at:
        raise moved_on(name, known)
    if step.act is ReliefAct.APPROVED:
        if same_person(step.by, known.asked.by):
            raise one_person(known)
        if step.on > given.months[0].from_day:
            raise month_begun(name, given.months[0].from_day, step.on)
    return True


def refuse_months(
    given: ReliefAgreement,
    others: Iterable[ReliefAgreement],
    billed: Iterable[DaySpan],
) -> None:
    """Refuse to agree to months that another agreement has, or that are billed.

    ``others`` are agreements of the service point, ``billed`` its live bills' days.

    :raises Conflict: naming the first such month
    """
    mine = {one.from_day for one in given.months}
    for other in others:
        if other.relief_id == given.relief_id or other.approved is None:
            continue
        taken = sorted(mine & {one.from_day for one in other.live_months})
        if taken:
            raise month_taken(given.relief_id, taken[0], other.relief_id)
    spans = list(billed)
    gone = sorted(day for day in mine if any(day in one for one in spans))
    if gone:
        raise month_billed(given.relief_id, gone[0])


def refuse_reversal(known: BillRelief | None, one: Rebill | Withdrawal) -> None:
    """What was taken off a bill is taken back with the bill, and exactly then.

    :raises Conflict: if it is not, or if there is nothing to take back
    """
    name = one.correction.cancelled_bill
    entry = None if known is None else known.entry
    given = one.relief_reversal
    if (entry is None) != (given is None) or (
        given is not None
        and (given.reverses, given.entry_id)
        != (relief_name(name), reversal_name(relief_name(name)))
    ):
        raise Conflict(
            f"What was taken off bill {name} by agreement is not taken back with it",
            where="corrections",
            why="A cancelled bill leaves nothing of it behind, and nothing was changed",
            do="Look at the bill again with `meterledger service relief list`",
        )


def tax_totals(rows: Iterable[tuple[int, dict[str, str], str]]) -> list[TaxTotal]:
    """Sums by tax of lines of relief: a sign, the tax as the record tells it, and what is off."""
    found: dict[TaxOfLine, list[int]] = {}
    for sign, told, off in rows:
        sums = found.setdefault(TaxOfLine(told["tax"], told["jurisdiction"]), [0, 0, 0, 0])
        for place, text in enumerate((told["taxable_off_usd"], told["exempt_off_usd"], off)):
            sums[place] += sign * cents_from_text(text, where="relief")
        sums[3] += sign
    return [TaxTotal(of, *sums) for of, sums in sorted(found.items())]
