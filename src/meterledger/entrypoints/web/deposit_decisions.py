"""What somebody may do about one deposit on its page: a guarantor, a dispute, the way back, a move.

Lives here      which of them its page offers, with the decision behind it, and doing one.
Lives elsewhere the journeys (``usecases/deposit_*``, ``usecases/refund_credit``), asking for a
                deposit (``deposit_forms``), approving a refund (``settlement_pages``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from meterledger.entrypoints.deposit_words import ACTION_WORDS, deposit_desk
from meterledger.entrypoints.web.budget import WhyRow
from meterledger.entrypoints.web.deposit_forms import day_typed, why_rows
from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import Deposit, DepositAct
from meterledger.facts.settlements import SettlementCase, SettlementKind
from meterledger.kernel.money import whole_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import DEPOSITS
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.deposit_acts import (
    cold_weather_agreement,
    dispute_deposit,
    move_deposit,
    reason_of_move,
    record_effort,
    request_remainder,
    review_credit,
    settle_dispute,
)
from meterledger.usecases.deposit_ask import DepositRefused, guarantee_deposit
from meterledger.usecases.deposit_back import (
    GoesBack,
    RemainderDue,
    consider_return,
    deposit_remainders_due,
)
from meterledger.usecases.deposit_money import DepositMoney
from meterledger.usecases.deposit_run import REFUND, RELEASE, REVIEW, do_now
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settlements import MoneyDesk

GUARANTEE, BACK, REQUEST, HAND_OUT = "guarantee", "back", "request", "refund"
AGREEMENT, DISPUTE, SETTLE, EFFORT, MOVE = "agreement", "dispute", "settle", "effort", "move"
SATISFACTORY, NOT_SATISFACTORY = "satisfactory", "not_satisfactory"
ACTS = {
    GUARANTEE: ("A guarantor takes its place", "What is unpaid of it is asked for no more."),
    BACK: ("It goes back now", "With its interest; what is owed and due is paid of it first."),
    SATISFACTORY: ("The credit is satisfactory", "It may go back then."),
    NOT_SATISFACTORY: ("The credit is not satisfactory", "It stays, and is looked at again."),
    REQUEST: ("The customer asked for what remains", "It goes back then, though it is small."),
    HAND_OUT: ("Ask for its refund", "Another person approves it before anything leaves."),
    AGREEMENT: ("A Cold Weather agreement was made", "What is unpaid is given up for good."),
    DISPUTE: ("Something is in dispute", "It may wait with going back until that is settled."),
    SETTLE: ("The dispute is over", "It goes back then as if there had been none."),
    EFFORT: ("We tried to return it", "From that day on it bears no interest."),
    MOVE: ("It moves to another account of the customer", "Two people do it; all of it moves."),
}
OF_ACT = {
    GUARANTEE: DepositAct.GUARANTEED,
    BACK: DepositAct.GIVEN_BACK,
    SATISFACTORY: DepositAct.REVIEWED,
    NOT_SATISFACTORY: DepositAct.REVIEWED,
    REQUEST: DepositAct.REQUESTED,
    AGREEMENT: DepositAct.CANCELLED,
    DISPUTE: DepositAct.DISPUTED,
    SETTLE: DepositAct.SETTLED,
    EFFORT: DepositAct.EFFORT,
    MOVE: DepositAct.MOVED_OUT,
}
"""The step by which each is kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody typed into the form of a deposit."""

    act: str = ""
    guarantor: str = ""
    in_writing: str = ""
    not_accepted: str = ""
    made_on: str = ""
    """The day of a Cold Weather agreement."""
    broken: str = ""
    about: str = ""
    """What is in dispute."""
    how: str = ""
    """What was done to return it."""
    to_account: str = ""
    approver: str = ""
    """Who agrees to a move."""
    author: str = ""
    reason: str = ""
    seen: str = ""
    """How many steps the deposit had on the page that was decided on."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a deposit's page offers, and why."""

    acts: tuple[tuple[str, str, str], ...] = ()
    heading: str = ""
    """Whether it goes back, in a few words; "" where that is no question."""
    why: tuple[WhyRow, ...] = ()
    silent: Refusal | None = None
    """Why that cannot be said."""
    remains: RemainderDue | None = None
    waiting: tuple[SettlementCase, ...] = field(default=())
    """Refunds of the account's deposits that wait for a second person."""
    accounts: tuple[str, ...] = ()
    """Other accounts of the same customer, to which it may move."""


def told_of(request: HttpRequest) -> Told:
    """What was typed."""

    def word(name: str) -> str:
        return " ".join(str(request.POST.get(name, ""))[:2000].split())

    return Told(**{one.name: word(one.name) for one in fields(Told)})


def offer_of(money: DepositMoney, system: System) -> Offer:
    """What may be done about a deposit now, with the decision whether it goes back."""
    desk = deposit_desk(system, "nobody")
    deposit = money.deposit
    if deposit.is_closed:
        return _after_the_end(deposit, system)
    acts = [GUARANTEE] if money.unpaid_cents else []
    acts += [AGREEMENT] if money.unpaid_cents and deposit.is_residential else []
    others = _may_move_to(money, system)
    beside = [SETTLE if deposit.dispute else DISPUTE, *([MOVE] if others else [])]
    if money.held_cents <= 0 and not deposit.guarantee:
        return Offer(_worded(acts + beside))
    try:
        found = consider_return(money, on=system.today, desk=desk)
    except Refusal as refusal:
        silent = refusal.of_one_case()
        words = "Nobody can say yet whether it goes back"
        return Offer(_worded(acts + beside), words, silent=silent, accounts=others)
    acts += _by_decision(found, _may_be_reviewed_again(deposit, system.today))
    beside += [EFFORT] if found.action == REFUND and money.held_cents > 0 else []
    return Offer(
        _worded(acts + beside),
        ACTION_WORDS[found.action],
        why_rows(found.ruled.reasons, system.view),
        accounts=others,
    )


def _may_move_to(money: DepositMoney, system: System) -> tuple[str, ...]:
    """The customer's other accounts, where all that came in is held and nothing is unpaid."""
    if not 0 < money.held_cents == money.paid_cents or money.unpaid_cents:
        return ()
    found = system.store.accounts_of_same_people(money.deposit.account_id, system.now, system.today)
    return tuple(found)


def _by_decision(found: GoesBack, again: bool) -> list[str]:
    if found.action in (REFUND, RELEASE):
        return [BACK]
    return [SATISFACTORY, NOT_SATISFACTORY] if again or found.action == REVIEW else []


def _may_be_reviewed_again(deposit: Deposit, today: date) -> bool:
    """An opinion that did not satisfy keeps the deposit until another one lets it go."""
    last = deposit.last(DepositAct.REVIEWED)
    return last is not None and last.note == NOT_SATISFACTORY and last.on < today


def _after_the_end(deposit: Deposit, system: System) -> Offer:
    due = deposit_remainders_due(
        [deposit.account_id], at=system.today, desk=deposit_desk(system, "nobody")
    )
    remains = next((one for one in due if one.deposit_id == deposit.deposit_id), None)
    if remains is None:
        return Offer()
    waiting = tuple(
        one
        for one in system.store.settlements(
            account_id=deposit.account_id, kind=SettlementKind.REFUND, open_only=True
        )
        if one.source == DEPOSITS and one.awaits_approval
    )
    acts = [] if waiting else [HAND_OUT] if remains.automatic else [REQUEST]
    acts.append(EFFORT)
    return Offer(_worded(acts), remains=remains, waiting=waiting)


def _worded(acts: list[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((one, *ACTS[one]) for one in acts)


@looks_once_more
def decide_on_page(deposit_id: str, told: Told, system: System) -> str:
    """Do what was chosen, and the address to go on to.

    :raises DepositRefused: if nothing was chosen, or the deposit is not what the page showed
    """
    if told.act not in ACTS:
        raise DepositRefused(
            "No decision was chosen", where=f"deposit {deposit_id}", do="Choose one of them"
        )
    deposit = system.store.deposit(deposit_id)
    if told.act == HAND_OUT:
        return _ask_refund(deposit, told, system)
    if not _is_done(deposit, told, system.today):
        if told.seen and told.seen != str(len(deposit.steps)):
            raise DepositRefused(
                "It is not what it was when this page was opened",
                where=f"deposit {deposit_id}",
                why="Somebody has decided meanwhile",
                do="Look at it again below, and decide then",
            )
        _do(deposit_id, told, system)
    if told.act == MOVE:  # on to where it is now
        gone = system.store.deposit(deposit_id).last(DepositAct.MOVED_OUT)
        deposit_id = gone.note if gone else deposit_id
    return f"{reverse('deposit', args=[deposit_id])}?{urlencode({'done': told.act})}"


def _is_done(deposit: Deposit, told: Told, today: date) -> bool:
    """Whether the same person has done the same, for the same reason: sent twice, it is done once.

    What was done before the page was opened is another time, though in the same words. A guarantor
    who is given back is released.
    """
    last = deposit.last(OF_ACT[told.act], *([DepositAct.RELEASED] if told.act == BACK else []))
    if last is None:
        return False
    seen = whole_from_text(told.seen)
    was_there = seen is not None and deposit.steps.index(last) < seen
    why = reason_of_move(told.reason, told.approver) if told.act == MOVE else told.reason
    notes = {
        GUARANTEE: told.guarantor,
        AGREEMENT: f"Cold Weather agreement of {told.made_on}",
        DISPUTE: told.about,
        EFFORT: told.how,
    }
    return (
        not was_there
        and (bool(told.seen) or last.on == today)
        and (last.by, last.reason) == (told.author, why)
        and (last.act is not DepositAct.REVIEWED or last.note == told.act)
        and last.note == notes.get(told.act, last.note)
    )


def _do(deposit_id: str, told: Told, system: System) -> None:
    desk, on = deposit_desk(system, told.author), system.today
    if told.act == GUARANTEE:
        guarantee_deposit(
            deposit_id,
            guarantor=told.guarantor,
            on=on,
            reason=told.reason,
            desk=desk,
            in_writing=bool(told.in_writing),
            accepted=not told.not_accepted,
        )
    elif told.act == BACK:
        do_now(deposit_id, on=on, reason=told.reason, desk=desk)
    elif told.act == REQUEST:
        request_remainder(deposit_id, on=on, reason=told.reason, desk=desk)
    elif told.act == AGREEMENT:
        cold_weather_agreement(
            deposit_id,
            made_on=day_typed(told.made_on, "Cold Weather agreement"),
            on=on,
            kept=not told.broken,
            reason=told.reason,
            desk=desk,
        )
    elif told.act == DISPUTE:
        dispute_deposit(deposit_id, about=told.about, on=on, reason=told.reason, desk=desk)
    elif told.act == SETTLE:
        settle_dispute(deposit_id, on=on, reason=told.reason, desk=desk)
    elif told.act == EFFORT:
        record_effort(deposit_id, how=told.how, on=on, reason=told.reason, desk=desk)
    elif told.act == MOVE:
        move_deposit(
            deposit_id,
            "".join(told.to_account.split()),
            on=on,
            reason=told.reason,
            approved_by=told.approver,
            desk=desk,
        )
    else:
        review_credit(deposit_id, opinion=told.act, on=on, reason=told.reason, desk=desk)


def _ask_refund(deposit: Deposit, told: Told, system: System) -> str:
    """Ask for what remains of a deposit; another person approves it on its own page."""
    desk = deposit_desk(system, told.author)
    due = deposit_remainders_due([deposit.account_id], at=system.today, desk=desk)
    remains = next((one for one in due if one.deposit_id == deposit.deposit_id), None)
    if remains is None or not remains.automatic:
        raise DepositRefused(
            "Nothing of this deposit is to be refunded now",
            where=f"deposit {deposit.deposit_id}",
            do="Look at it below: it has not ended, it went back already, or the customer has to "
            "ask for what remains",
        )
    done = ask_refund(
        deposit.account_id,
        remains.cents,
        by=told.author,
        reason=told.reason,
        source=DEPOSITS,
        of_deposits=[deposit.deposit_id],
        desk=MoneyDesk(system.store, system.book, system.today, system.now),
    )
    address = reverse("settlement", args=[done.case.settlement_id])
    return f"{address}?{urlencode({'done': 'ask'})}"
