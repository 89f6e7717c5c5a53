"""What both stores promise about settlements: which step follows, who may, and how much there is.

Lives here      the refusals, decided once for both stores, under the lock of each.
Lives elsewhere keeping rows (``memory/settlements``, ``postgres/repository/settlements``).
                PostgreSQL's triggers are what cannot be raced; here the same is said in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from meterledger.facts.settlements import (
    ALWAYS_TWO,
    ONCE_A_PAYMENT,
    Act,
    SettlementCase,
    SettlementKind,
    VerifiedPayee,
    may_follow,
)
from meterledger.kernel.money import usd_display
from meterledger.kernel.people import same_person
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.settlement_ports import SettlementWrite
from meterledger.usecases.settlements import cannot_follow

DEPOSITS = "235"
DUE_TO_DEPOSITORS = "252.depositors"
SOURCES = {DEPOSITS: "deposit", DUE_TO_DEPOSITORS: "deposit due to its depositor"}
"""What a refund takes off that is no credit of the account, in words."""


@dataclass(frozen=True, slots=True)
class MoneyThere:
    """What an account has, in cents, seen under the lock.

    ``owed`` is the plain receivable (142), ``receivable`` all of 142 and 143 with what a budget
    plan defers, ``deposits`` what is held on 235, ``depositors`` what the depositor of the contract
    that it is about is due. A credit is below zero, as in the ledger.
    """

    owed: int = 0
    receivable: int = 0
    deposits: int = 0
    depositors: int = 0

    def of(self, source: str) -> int:
        """What a refund or a credit takes off."""
        own = {DEPOSITS: self.deposits, DUE_TO_DEPOSITORS: self.depositors}
        return own.get(source, self.receivable)


def not_the_depositors(case: SettlementCase) -> Conflict:
    """What is due to a depositor would go to somebody else."""
    return Conflict(
        "It takes what is due to the depositor of an extension, and goes to somebody else",
        where=f"settlement {case.settlement_id}",
        why="A deposit goes back to the party that gave it (GRR III.O)",
        do="Ask for it with `meterledger extension to-depositor`",
    )


def no_settlement(settlement_id: str) -> NotFound:
    """There is no settlement of that name."""
    return NotFound(
        f"There is no settlement {settlement_id[:80]}",
        do="List them with `meterledger settlement list`",
    )


def no_payee(payee_id: str) -> NotFound:
    """There is no payee of that name."""
    return NotFound(
        f"There is no verified payee {payee_id[:80]}",
        do="Add one with `meterledger refund payee`",
    )


def other_payee(known: VerifiedPayee) -> Conflict:
    """The name of a payee is used with other contents."""
    return Conflict(
        f"Payee {known.payee_id} is there already, as {known.name}",
        where="payees",
        why="A payee is verified as what it is, once, and nothing was changed",
        do="Give the payee another name",
    )


def refuse_other_contents(known: SettlementCase, given: SettlementCase) -> None:
    """The same name for another settlement. :raises Conflict:"""
    if known.told() != given.told():
        raise Conflict(
            f"Settlement {known.settlement_id} is there already, of "
            f"{usd_display(known.cents)} on account {known.account_id or 'none'}",
            where="settlements",
            why="A name settles once, for ever, and nothing was changed",
            do=f"Look at it with `meterledger settlement show {known.settlement_id}`",
        )


def refuse_steps(write: SettlementWrite, known: SettlementCase | None) -> None:
    """Refuse what cannot follow what is known, and one person where two are needed.

    :raises Conflict: saying what has come between, or who has to approve
    """
    case = write.case
    if (len(known.steps) if known else 0) != write.steps_before:
        raise moved_on(case.settlement_id, known)
    if case.kind in ALWAYS_TWO or _above_the_ceiling(case):
        _need_two(case)
    steps = case.steps
    for before, after in pairwise(steps):
        if after not in write.added:
            continue
        if after.act not in may_follow(case.kind, before.act):
            raise cannot_follow(replace(case, steps=steps[: steps.index(after)]), after.act)
        if after.act is Act.APPROVED and case.needs_two and same_person(after.by, case.asked.by):
            raise Conflict(
                f"{case.asked.by} has asked for this and cannot approve it",
                where=f"settlement {case.settlement_id}",
                why="Money that leaves or is forgiven needs two different people",
                do="Let another person approve it",
            )
        if after.act is Act.ESCHEATED and same_person(after.by, case.asked.by):
            raise Conflict(
                f"{case.asked.by} has asked for this and cannot hand it over",
                where=f"settlement {case.settlement_id}",
                why="Money that leaves needs two different people",
                do="Let another person hand it over",
            )


def moved_on(settlement_id: str, known: SettlementCase | None) -> Conflict:
    """Somebody else has done something with it meanwhile."""
    stands = known.last.act.value if known else "not there"
    return Conflict(
        f"Somebody was faster: it is {stands} now",
        where=f"settlement {settlement_id}",
        why="Nothing was changed",
        do=f"Look at it with `meterledger settlement show {settlement_id}`",
    )


def posted_once(case: SettlementCase) -> Conflict:
    """A payment has a charge, or a recovery, that stands."""
    return Conflict(
        "That payment has been charged for or recovered already",
        where=f"settlement {case.settlement_id}",
        why="One of it stands at a time, and nothing was changed",
        do="Look at the account's settlements",
    )


def refuse_twice(write: SettlementWrite, others: Iterable[SettlementCase]) -> None:
    """Refuse a second charge or recovery of one payment while the first one stands.

    :raises Conflict: as the database does
    """
    case = write.case
    if case.kind not in ONCE_A_PAYMENT or not case.about or case.last.act is not Act.APPROVED:
        return
    for one in others:
        same = (one.kind, one.about) == (case.kind, case.about)
        if same and one.settlement_id != case.settlement_id and one.last.act is Act.APPROVED:
            raise posted_once(case)


def _above_the_ceiling(case: SettlementCase) -> bool:
    return case.ceiling_cents is not None and case.cents > case.ceiling_cents


def _need_two(case: SettlementCase) -> None:
    if not case.needs_two:
        what = "special charge" if case.kind is SettlementKind.SPECIAL else case.kind.value
        raise Conflict(
            f"A {what} of {usd_display(case.cents)} needs two people",
            where=f"settlement {case.settlement_id}",
            do="Ask for it, and let another person approve it",
        )


def refuse_too_much(
    write: SettlementWrite, there: MoneyThere, others: Iterable[SettlementCase]
) -> None:
    """Refuse to take more than there is at this moment. ``others`` are the account's settlements.

    :raises Conflict: naming what there is
    """
    case, acts = write.case, {one.act for one in write.added}
    mine = [one for one in others if one.settlement_id != case.settlement_id]
    if case.takes_credit and acts & {Act.ASKED, Act.APPROVED}:
        credit = -there.of(case.source)
        if Act.APPROVED not in acts:  # what waits for approval already is spoken for
            credit -= sum(
                one.cents
                for one in mine
                if one.takes_credit
                and one.awaits_approval
                and one.source == case.source
                and (case.source != DUE_TO_DEPOSITORS or one.about == case.about)
            )
        of = SOURCES.get(case.source, "credit")
        _refuse_above(case, max(0, credit), f"the {of} that is there now and not spoken for")
    elif case.kind in (SettlementKind.TRANSFER, SettlementKind.WRITE_OFF) and acts & {
        Act.ASKED,
        Act.APPROVED,
    }:
        _refuse_above(case, max(0, there.owed), "what the account owes now")
    elif case.kind is SettlementKind.RECOVERY and Act.APPROVED in acts:
        _refuse_above(case, written_off(mine), "what is written off and not recovered")
        _refuse_above(case, max(0, -there.receivable), "what the account has more than it owes")


def written_off(cases: Iterable[SettlementCase]) -> int:
    """What of an account is written off and not recovered yet."""
    signs = {SettlementKind.WRITE_OFF: 1, SettlementKind.RECOVERY: -1}
    return sum(signs.get(one.kind, 0) * one.cents for one in cases if one.last.act is Act.APPROVED)


def _refuse_above(case: SettlementCase, limit: int, what: str) -> None:
    if case.cents > limit:
        raise Conflict(
            f"{usd_display(case.cents)} is more than {usd_display(limit)}, {what}",
            where=f"settlement {case.settlement_id}",
            why="Somebody or something was faster, or the amount is wrong; nothing was changed",
            do="Look at the account, and ask for no more than there is",
        )


def is_waiting(case: SettlementCase) -> bool:
    """Whether something is to be done with it by itself: it is not over, and not only posted."""
    if case.kind is not SettlementKind.REFUND:
        return case.awaits_approval
    return bool(case.ways)


def in_order(case: SettlementCase) -> tuple[date, datetime, str]:
    """The oldest first."""
    return (case.asked.on, case.asked.learned_at, case.settlement_id)
