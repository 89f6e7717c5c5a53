"""Decide the late charges of one account on the day its next bill is made. Pure.

Lives here      which delinquent dates are decided on a day, the outcome for each, corrected bills.
Lives elsewhere what is unpaid and of which part (``late_charge_base``), the record
                (``late_charge_record``), many accounts at once (``late_charge_columns``), loading
                and keeping (``late_charges``), the rules (``arrears``).
Read first      docs/operating/late_charges.md; docs/decisions/0023.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from meterledger.facts.late_charges import (
    LateBill,
    LateCharge,
    LateChargeReversal,
    LateChargeWait,
    LateHistory,
    LateReason,
    ReversalCause,
)
from meterledger.facts.receivables import Movement
from meterledger.rulebook.book import BookView
from meterledger.usecases.late_charge_base import (
    FAR_DAYS,
    RightHistory,
    SaidElsewhere,
    Unpaid,
    as_if_delivered,
    as_if_right,
    delinquent_day,
    grace_until,
    is_in_time,
    unpaid_after,
)
from meterledger.usecases.late_charge_record import Moment, charge_of
from meterledger.usecases.late_charge_revisions import TODAY, DecidedBy


@dataclass(frozen=True, slots=True)
class Statement:
    """What one delinquent date is of: the bills that name it, the newest of them last."""

    day: date
    bills: tuple[LateBill, ...]

    @property
    def only_corrects(self) -> bool:
        """Whether the date is of bills alone that took the place of others."""
        return all(one.corrects is not None for one in self.bills)


@dataclass(slots=True)
class Considered:
    """What became of one account: charges, what is taken back, what waits, and the reasons."""

    account_id: str
    charges: list[LateCharge] = field(default_factory=list)
    reversals: list[LateChargeReversal] = field(default_factory=list)
    waits: list[LateChargeWait] = field(default_factory=list)
    reasons: set[LateReason] = field(default_factory=set)
    unpaid: list[Unpaid] = field(default_factory=list)
    """What was found for each delinquent date that was decided."""

    @property
    def cents(self) -> int:
        """What is charged, before anything is taken back."""
        return sum(one.cents for one in self.charges)


def consider(
    history: LateHistory,
    *,
    on: date,
    known_at: datetime,
    view: BookView,
    said: SaidElsewhere | None = None,
    only_corrections: bool = False,
    look_again: bool = False,
    by: DecidedBy = TODAY,
    said_on: Callable[[date], SaidElsewhere | None] | None = None,
) -> Considered:
    """Decide every delinquent date that falls to the bill made on ``on``.

    With ``only_corrections`` no new date is decided: charges on corrected bills are, once more, and
    charges after which we learned of a payment that was in time, or that a bill which had used up
    what was paid was wrong. ``look_again`` asks for these. ``by`` is the revision of the
    calculation. ``said_on`` tells what other chapters say of an earlier day: a charge is decided
    once more by the agreement of its own day, and not by one that was made or ended since.

    :raises NoRuleInForce: if the book is silent on the day, or on the holidays of a grace
    """
    said = said or SaidElsewhere()
    history = history if by.companys_day else history.by_own_days()
    history = history if by.asks_when_sent else as_if_delivered(history)
    found = Considered(history.account_id)
    moment = Moment(on, known_at, view, by)
    look = look_again or only_corrections
    lowered = _take_back(found, history, said_on or (lambda _: said), moment, look_again=look)
    if only_corrections:
        return found
    # A charge that is being taken back is asked for no longer, and bears no charge of its own.
    history = RightHistory(history).without(lowered)
    statements, why_none = due_statements(history, on, view)
    found.reasons |= why_none
    charged = _borne_already(history, on)
    for one in sorted(statements, key=lambda one: (one.only_corrects, one.day)):
        unpaid = unpaid_after(one.day, one.bills[-1], history, on=on, view=view, said=said)
        if one.only_corrects:
            # Arrears draw a further charge on each later bill. A bill that takes another's place
            # is none: what bears a charge on this bill already bears no second one for its date.
            left = tuple(each for each in unpaid.items if each.item.item_id not in charged)
            unpaid = replace(unpaid, items=left)
        found.unpaid.append(unpaid)
        unknown = said.unknown_payment_cents + history.unknown_payment_cents
        if unknown and unpaid.chargeable_cents:
            found.reasons.add(LateReason.UNKNOWN_PAYMENT)
            found.waits.append(_wait(history.account_id, one.day, on, known_at))
            charged.update(each.item.item_id for each in unpaid.items)
            continue
        charge, reasons = charge_of(unpaid, one.bills[-1], history, said=said, moment=moment)
        found.reasons |= reasons
        if charge is not None:
            found.charges.append(charge)
            charged.update(each.item.item_id for each in unpaid.items)
            said = _without_missed(said)
    return found


def _without_missed(said: SaidElsewhere) -> SaidElsewhere:
    """What a second date of the same bill is decided by: a missed instalment is charged once."""
    told = said.agreement
    if told is None or told.ended_by_default:
        return said
    later = told.balance_not_due_cents + told.missed_instalment_cents
    kept = replace(told, balance_not_due_cents=later, missed_instalment_cents=0)
    return replace(said, agreement=kept)


def _borne_already(history: LateHistory, on: date) -> set[str]:
    """What bears a charge that was made since the last bill: it is shown on the same bill."""
    made = [one.issued_day for one in history.bills if one.corrects is None and one.issued_day < on]
    last = max(made, default=date.min)
    since = [one for one in history.charges if last < one.on <= on and one.replaces is None]
    return {name for one in since for name in one.rests_on}


def due_statements(
    history: LateHistory, on: date, view: BookView
) -> tuple[list[Statement], set[LateReason]]:
    """The delinquent dates that fall to the bill made on ``on``, oldest first; else why none does.

    A date is decided with the first bill that is made after its grace for mail is over, and that
    corrects no other. What waited then is decided as soon as it is known.
    """
    live = [one for one in history.bills if one.cancelled_by is None and one.issued_day < on]
    days: dict[date, list[LateBill]] = {}
    for bill in sorted(live, key=lambda one: (one.issued_day, one.known_at, one.bill_id)):
        days.setdefault(delinquent_day(bill, history.government), []).append(bill)
    # A corrected bill comes between, and no charge is decided with it; the bill that it corrects
    # was made all the same.
    issued = {one.issued_day for one in history.bills if one.corrects is None}
    issued = {one for one in issued if one < on}
    waiting = {one.delinquent_day for one in history.waits}
    charged = {one.delinquent_day for one in history.charges}
    far = max(issued, default=on) - timedelta(days=FAR_DAYS)
    statements, reasons = [], set()
    for day, bills in sorted(days.items()):
        if day >= on or (day < far and day not in waiting):
            continue
        if day in charged:
            if day not in waiting and _falls_to(day, on, issued, view):
                reasons.add(LateReason.KNOWN)
            continue
        last = grace_until(day, view)
        if last >= on:
            reasons.add(LateReason.GRACE)
        elif day in waiting or not any(last < other for other in issued):
            statements.append(Statement(day, tuple(bills)))
    return statements, reasons or (set() if statements else {LateReason.NO_BILL})


def _falls_to(day: date, on: date, issued: set[date], view: BookView) -> bool:
    return not any(grace_until(day, view) < other for other in issued if other < on)


def _wait(account_id: str, day: date, on: date, known_at: datetime) -> LateChargeWait:
    sentence = (
        f"What was unpaid after {day} waits: the outcome of a payment is unknown, and it is not "
        "counted as missed until it is known"
    )
    code = LateReason.UNKNOWN_PAYMENT.value
    return LateChargeWait(account_id, day, on, code, sentence, known_at)


def _take_back(
    found: Considered,
    history: LateHistory,
    said_on: Callable[[date], SaidElsewhere | None],
    moment: Moment,
    *,
    look_again: bool,
) -> set[str]:
    """Charges on bills that were corrected or cancelled since: decided again, and lowered.

    A charge that rests on a charge that is taken back is decided again, too. Returns the names of
    the entries that are taken back.
    """
    cancelled = {f"bill:{one.bill_id}": one for one in history.bills if one.cancelled_by}
    late_sent = [one for one in history.bills if one.later_due or not one.is_delivered]
    taken_back = {one.reverses for one in history.movements if one.reverses}
    lowered: set[str] = set()
    for charge in sorted(history.charges, key=lambda one: (one.delinquent_day, one.known_at)):
        if charge.entry_id in taken_back:
            continue
        wrong = [cancelled[name] for name in charge.rests_on if name in cancelled]
        in_time = _in_time_all_the_same(charge, history, moment.view) if look_again else []
        beside = _wrong_beside(charge, history) if look_again else []
        unsent = _not_sent_by(charge, late_sent)
        any_cause = wrong or in_time or beside or unsent
        if not any_cause and not lowered.intersection(charge.rests_on):
            continue
        bill = next((one for one in history.bills if one.bill_id == charge.bill_id), None)
        if bill is None:
            continue
        said = said_on(charge.on) or SaidElsewhere()
        based = _with_forgiven(charge, history) if moment.by.forgiven_stands else history
        unpaid = _unpaid_again(charge, bill, as_if_right(based).without(lowered), said, moment)
        only_beside = not (wrong or in_time or unsent or lowered.intersection(charge.rests_on))
        if only_beside and moment.by.only_freed:
            was_right = as_if_right(based, charge.known_at).without(lowered)
            as_then = _unpaid_again(charge, bill, was_right, said, moment)
            if _open_of(charge, unpaid) >= _open_of(charge, as_then):
                continue  # the corrected bill had taken nothing that pays what the charge is on
        again, _ = charge_of(unpaid, bill, history, said=said, moment=moment, replaces=charge)
        if again is not None and again.cents >= charge.cents:
            continue
        lowered.add(charge.entry_id)
        found.reasons.add(LateReason.CORRECTED)
        found.reversals.append(_reversal(charge, wrong, unsent, in_time, beside, moment))
        if again is not None:
            found.charges.append(again)
    return lowered


def _in_time_all_the_same(
    charge: LateCharge, history: LateHistory, view: BookView
) -> list[Movement]:
    """Payments in time of which we learned only after the charge, and that were kept."""
    taken_back = {one.reverses for one in history.movements if one.reverses}
    last = charge.delinquent_day + timedelta(days=FAR_DAYS)
    return [
        one
        for one in history.movements
        if one.learned_at > charge.known_at
        and one.entry_id not in taken_back
        and one.effective_day <= last
        and is_in_time(one, charge.delinquent_day, history, view)
    ]


def _not_sent_by(charge: LateCharge, late_sent: Sequence[LateBill]) -> list[LateBill]:
    """Bills that a charge rests on and that had not reached the customer in time for its date."""
    return [
        one
        for one in late_sent
        if f"bill:{one.bill_id}" in charge.rests_on
        and (not one.is_delivered or (one.later_due or date.min) > charge.delinquent_day)
    ]


def _wrong_beside(charge: LateCharge, history: LateHistory) -> list[LateBill]:
    """Bills of then that a charge does not rest on, and that were corrected since: they may have
    used up what was paid in time, and what they asked too much then pays what the charge is on.
    """
    by_id = {one.bill_id: one for one in history.bills}
    found = []
    for one in history.bills:
        by = by_id.get(one.cancelled_by or "")
        if by is None or one.issued_day > charge.on or f"bill:{one.bill_id}" in charge.rests_on:
            continue
        if by.known_at > charge.known_at:
            found.append(one)
    return found


def _unpaid_again(
    charge: LateCharge, bill: LateBill, history: LateHistory, said: SaidElsewhere, moment: Moment
) -> Unpaid:
    """What of a charge's date is unpaid by a history, its bill taken as it was."""
    return unpaid_after(
        charge.delinquent_day,
        replace(bill, cancelled_by=None),
        history,
        on=moment.on,
        view=moment.view,
        said=said,
    )


def _with_forgiven(charge: LateCharge, history: LateHistory) -> LateHistory:
    """A history in which charges that a charge was made on, and that people forgave since, stand.

    Who forgives a charge leaves those that were made on it, and so does a correction of a bill: it
    lowers them by what it freed.
    """
    stand = {f"late:{name}" for name in history.forgiven}.intersection(charge.rests_on)
    if not stand:
        return history
    left = tuple(one for one in history.movements if one.reverses not in stand)
    return replace(history, movements=left)


def _open_of(charge: LateCharge, unpaid: Unpaid) -> int:
    """What is open of that on which the charge rests."""
    items = [one.item for one in unpaid.items if one.item.item_id in charge.rests_on]
    return sum(one.open_cents for one in items)


def _reversal(
    charge: LateCharge,
    wrong: Sequence[LateBill],
    unsent: Sequence[LateBill],
    in_time: Sequence[Movement],
    beside: Sequence[LateBill],
    moment: Moment,
) -> LateChargeReversal:
    cause = ReversalCause.CORRECTED_BILL
    if wrong:
        reason = f"it rests on a bill that was corrected: {_named(wrong)}"
    elif unsent:
        cause = ReversalCause.NOT_DELIVERED
        names = ", ".join(one.bill_id for one in unsent)
        reason = f"it rests on a bill that had not reached the customer in time: {names}"
    elif in_time:
        cause = ReversalCause.PAYMENT_IN_TIME
        names = ", ".join(f"{one.entry_id} of {one.effective_day}" for one in in_time)
        reason = f"it was made before we learned of what was paid in time: {names}"
    elif beside:
        reason = f"what was paid in time had gone to a bill that was corrected: {_named(beside)}"
    else:
        reason = "it rests on a late charge that is taken back"
    return LateChargeReversal(
        late_charge_id=charge.late_charge_id,
        account_id=charge.account_id,
        cause=cause,
        reason=reason,
        learned_at=moment.known_at,
    )


def _named(bills: Sequence[LateBill]) -> str:
    return ", ".join(f"{one.bill_id} by {one.cancelled_by}" for one in bills)
