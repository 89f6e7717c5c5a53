"""The ways on of a receipt: posted or refused at last, assigned, taken back, sent back.

Lives here      one journey for each, each one call of the store.
Lives elsewhere taking money (``take_payment``), what a step writes (``post_payments``).
Read first      docs/operating/payments.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.arrears import Channel as WayIn
from meterledger.arrears import TimelyFacts, decide_timely
from meterledger.facts.money import Entry
from meterledger.facts.payments import (
    Channel,
    Receipt,
    ReceiptAct,
    ReceiptOnFile,
    ReceiptState,
)
from meterledger.facts.receivables import AccountMoney
from meterledger.kernel.decision import Reason
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import UNAPPLIED, entry_for_unapplied
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.combined_payments import (
    CombinedPayment,
    StatementsAsked,
    accounts_of,
    combined_payment,
    is_too_long,
    post_part,
    split_known,
    statement_named,
)
from meterledger.usecases.lines_by_hand import LinesStore, with_line_back
from meterledger.usecases.payment_ports import PaymentLog, ReceiptPosting
from meterledger.usecases.ports import NotFound
from meterledger.usecases.post_payments import (
    Act,
    again_if_moved,
    post_on_account,
    post_step,
    undo_posting,
)
from meterledger.usecases.take_payment import (
    AskedDeposits,
    no_deposits,
    refuse_before_opening,
)

TEXT_MOST = 500
STANDS = (ReceiptState.POSTED, ReceiptState.UNAPPLIED, ReceiptState.DIVIDED)
WAY_IN = {
    Channel.OFFICE: WayIn.IN_PERSON,
    Channel.LOCKBOX: WayIn.MAIL,
    Channel.ACH: WayIn.BANK_TRANSFER,
    Channel.AUTOPAY: WayIn.BANK_TRANSFER,
    Channel.CARD: WayIn.ONLINE,
    Channel.AGENCY: WayIn.AGENCY,
}


class SettlingStore(PaymentLog, LinesStore, StatementsAsked, Protocol):
    """What these journeys need of the store."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""


class CannotSettlePayment(Refusal):
    """The receipt cannot go that way."""


@dataclass(frozen=True, slots=True)
class PaymentDesk:
    """What a journey of one receipt has at hand."""

    store: SettlingStore
    view: BookView
    now: datetime
    asked_deposits: AskedDeposits = no_deposits

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)


def confirm_payment(
    payment_key: str, *, reason: str, desk: PaymentDesk, earmarked_to: Sequence[str] = ()
) -> ReceiptOnFile:
    """Money that was received or unknown is certain now: it is posted, once.

    Asked again of a payment that is posted, it changes nothing.

    :raises Conflict: if it was refused or returned
    :raises NotFound: if nobody knows the key, or its account
    """
    known = desk.store.receipt(payment_key)
    if known.state is ReceiptState.POSTED:
        return known

    def post() -> None:
        now_known = desk.store.receipt(payment_key)
        receipt = now_known.receipt
        money = _money(receipt.account_told, desk)
        posting = post_on_account(
            receipt,
            money,
            _act(now_known, desk, ReceiptAct.TAKEN, "", reason),
            view=desk.view,
            asked_deposits=desk.asked_deposits([money.account_id]).get(money.account_id, ()),
            earmarked_to=earmarked_to,
        )
        if now_known.state is not ReceiptState.POSTED:
            desk.store.settle_receipt(posting)

    again_if_moved(post)
    return desk.store.receipt(payment_key)


def tell_outcome(
    payment_key: str, state: ReceiptState, *, reason: str, desk: PaymentDesk
) -> ReceiptOnFile:
    """Money that was not posted turns out to be unknown, or never to have been money.

    :raises CannotSettlePayment: if the state is one that moves money
    :raises Conflict: if the step does not follow
    """
    if state not in (ReceiptState.UNKNOWN, ReceiptState.REFUSED, ReceiptState.RECEIVED):
        raise CannotSettlePayment(
            f"'{state.value}' moves money and is no outcome to tell",
            where=f"payment {payment_key}",
            do="Confirm it, or take it back",
        )
    known = desk.store.receipt(payment_key)
    if known.state is state and state is not ReceiptState.RECEIVED:
        return known
    act = _act(known, desk, ReceiptAct.TOLD, "", reason)
    desk.store.settle_receipt(post_step(known.receipt, act, state))
    return desk.store.receipt(payment_key)


def assign_unapplied(
    payment_key: str, account_id: str, *, by: str, reason: str, desk: PaymentDesk
) -> ReceiptOnFile:
    """Unapplied money is found to be an account's: it counts there from the day it was received.

    :raises CannotSettlePayment: if it is not unapplied, or nobody says who and why
    :raises NotFound: if there is no such receipt or account
    """
    _refuse_nameless(payment_key, by, reason)

    def post() -> None:
        known = desk.store.receipt(payment_key)
        _refuse_state(known, ReceiptState.UNAPPLIED, "assigned")
        money = _money(account_id, desk)
        refuse_before_opening(known.receipt, money.opened_day)
        posting = post_on_account(
            known.receipt,
            money,
            _act(known, desk, ReceiptAct.ASSIGNED, by, reason),
            view=desk.view,
            asked_deposits=desk.asked_deposits([account_id]).get(account_id, ()),
            debit=UNAPPLIED,
        )
        desk.store.settle_receipt(posting)

    again_if_moved(post)
    return desk.store.receipt(payment_key)


def assign_to_statement(
    payment_key: str,
    statement_id: str,
    *,
    by: str,
    reason: str,
    desk: PaymentDesk,
    combination_id: str = "",
) -> CombinedPayment:
    """Unapplied money is found to be for a combined statement: it is split over what the
    statement's bills have open, as a check that comes for it is. Its parts are payments of their
    accounts from the day it was received; what waited is divided into them, in one transaction.

    :raises CannotSettlePayment: if it is not unapplied, its key leaves no place for an account, or
        nobody says who and why
    :raises PaymentRefused: if it was received before one of the accounts was opened
    :raises NotFound: if there is no such receipt or statement, or it is not of the combination that
        is named
    """
    _refuse_nameless(payment_key, by, reason)

    def divide() -> None:
        known = desk.store.receipt(payment_key)
        _refuse_state(known, ReceiptState.UNAPPLIED, "assigned")
        statement = statement_named(statement_id, desk.store, combination_id=combination_id)
        if is_too_long(payment_key):
            raise CannotSettlePayment(
                f"Its key leaves no place for the accounts of {statement.statement_id}",
                where=f"payment {payment_key}",
                why="Each part has the key with its account behind it",
                do="Take it back with `meterledger payment reverse`, and take it for the statement "
                "under a shorter key",
            )
        whole = replace(known.receipt, account_told=statement.statement_id)
        accounts = accounts_of(statement)
        money = desk.store.account_money(accounts)
        deposits = desk.asked_deposits(list(accounts))
        first = Act(desk.now, desk.today, by=by.strip(), reason=reason.strip())
        parts = []
        for one, account in split_known(whole, statement, money, desk.today):
            refuse_before_opening(one, money[account].opened_day)
            asked = deposits.get(account, ())
            parts.append(
                post_part(
                    *(one, whole, statement, money[account], first, desk.view, asked),
                    debit=UNAPPLIED,
                )
            )
        act = _act(known, desk, ReceiptAct.ASSIGNED, by, reason)
        said = f"For combined statement {statement.statement_id}: {act.reason}"
        made = post_step(known.receipt, replace(act, reason=said), ReceiptState.DIVIDED)
        entry_id = parts[0].step.entry_id
        divided = replace(made, step=replace(made.step, entry_id=entry_id))
        desk.store.divide_receipt(divided, parts)

    again_if_moved(divide)
    done = combined_payment(payment_key, desk.store)
    if done is None:
        raise NotFound.of("payment", payment_key)
    return done


def reverse_payment(
    payment_key: str, *, on: date, by: str, reason: str, desk: PaymentDesk
) -> ReceiptOnFile:
    """Take a payment back: a returned check, an error. Exactly what it did is undone, once.

    What it had paid is open again. Later payments keep what they paid; what is free credit pays
    what is open. Asked again, it changes nothing. A check of a combined statement goes back with
    all of its parts, in one transaction.

    :raises CannotSettlePayment: if it was never posted, is a part of a check, nobody says who and
        why, or the day is before it was received or after today
    :raises NotFound: if there is no such receipt
    """
    _refuse_nameless(payment_key, by, reason)
    known = desk.store.receipt(payment_key)
    _refuse_part(payment_key, desk)
    if known.state is ReceiptState.RETURNED:
        return known
    _refuse_day(known.receipt, on, desk.today)

    def undo() -> None:
        check = combined_payment(payment_key, desk.store)
        parts = check.on_file if check is not None else (desk.store.receipt(payment_key),)
        if any(one.state is ReceiptState.RETURNED for one in parts):
            return  # somebody was faster: all parts go back at once
        desk.store.settle_receipts(
            [_undoing(one, on, ReceiptAct.REVERSED, by, reason, desk) for one in parts]
        )

    again_if_moved(undo)
    return desk.store.receipt(payment_key)


def ask_to_send_back(payment_key: str, *, by: str, reason: str, desk: PaymentDesk) -> ReceiptOnFile:
    """Ask that unapplied money goes back to its sender; another person agrees.

    :raises CannotSettlePayment: if it is not unapplied, or nobody says who and why
    """
    _refuse_nameless(payment_key, by, reason)
    known = desk.store.receipt(payment_key)
    _refuse_state(known, ReceiptState.UNAPPLIED, "sent back")
    act = _act(known, desk, ReceiptAct.SEND_BACK_ASKED, by, reason)
    last = known.steps[-1]
    if last.act is act.act and (last.by, last.reason) == (act.by, act.reason):
        return known  # the answer was lost: it is asked already, in the same words
    desk.store.settle_receipt(post_step(known.receipt, act, ReceiptState.UNAPPLIED))
    return desk.store.receipt(payment_key)


def send_back(payment_key: str, *, by: str, reason: str, desk: PaymentDesk) -> ReceiptOnFile:
    """Agree, as another person, that unapplied money goes back to its sender.

    :raises Conflict: if nobody asked for it, or the same person did
    :raises CannotSettlePayment: if it is not unapplied, or nobody says who and why
    """
    _refuse_nameless(payment_key, by, reason)
    known = desk.store.receipt(payment_key)
    _refuse_state(known, ReceiptState.UNAPPLIED, "sent back")
    desk.store.settle_receipt(_undoing(known, desk.today, ReceiptAct.SENT_BACK, by, reason, desk))
    return desk.store.receipt(payment_key)


def is_timely(
    receipt: Receipt, delinquent_date: date, view: BookView
) -> tuple[bool, tuple[Reason, ...]]:
    """Whether the payment counts as made in time, with the grace for mail.

    :raises NoRuleInForce: if holidays are needed of a year that the book does not know
    """
    channel = WayIn.MAIL if receipt.is_mailed else WAY_IN[receipt.channel]
    facts = TimelyFacts(delinquent_date, channel, receipt.received_day)
    decision = decide_timely(facts, Terms(view, delinquent_date))
    return decision.outcome.timely, decision.reasons


def _undoing(
    known: ReceiptOnFile, on: date, what: ReceiptAct, by: str, reason: str, desk: PaymentDesk
) -> ReceiptPosting:
    receipt, account = known.receipt, known.account_id
    entries: list[Entry] = []
    money = None
    if known.state not in STANDS:
        raise CannotSettlePayment(
            f"It is {known.state.value} and was never posted, so nothing can be taken back",
            where=f"payment {receipt.payment_key}",
            do="Tell what became of it: confirmed or refused",
        )
    if known.state is ReceiptState.POSTED and account is not None:
        name = f"payment:{receipt.payment_key}"
        entries += [one for one in desk.store.entries_of_account(account) if one.entry_id == name]
        money = _money(account, desk)
    if any(one.state is ReceiptState.UNAPPLIED for one in known.steps):
        entries.append(entry_for_unapplied(receipt))
    applications = desk.store.applications_of(f"payment:{receipt.payment_key}")
    act = _act(known, desk, what, by, reason)
    undone = undo_posting(receipt, entries, applications, act, on=on, money=money)
    return with_line_back(undone, desk.store)


def _act(known: ReceiptOnFile, desk: PaymentDesk, what: ReceiptAct, by: str, reason: str) -> Act:
    return Act(desk.now, desk.today, len(known.steps) + 1, what, by.strip(), reason.strip())


def _money(account_id: str, desk: PaymentDesk) -> AccountMoney:
    money = desk.store.account_money([account_id]).get(account_id)
    if money is None:
        raise NotFound.of("account", account_id)
    return money


def _refuse_part(payment_key: str, desk: PaymentDesk) -> None:
    check = combined_payment(payment_key, desk.store)
    if check is not None and check.payment_key != payment_key:
        raise CannotSettlePayment(
            f"It is a part of payment {check.payment_key}, one sum of "
            f"{usd_display(check.cents)} for combined statement {check.statement.statement_id}",
            where=f"payment {payment_key}",
            why="What came as one sum goes back as one",
            do=f"Take back payment {check.payment_key}: all of its parts go with it",
        )


def _refuse_nameless(payment_key: str, by: str, reason: str) -> None:
    for text, what, do in (
        (by, "Nobody says who decides this", "Give a name"),
        (reason, "Nobody says why", "Give the reason in a sentence; it is kept for years"),
    ):
        if not text.strip() or len(text) > TEXT_MOST or not text.isprintable():
            raise CannotSettlePayment(what, where=f"payment {payment_key}", do=do)


def _refuse_state(known: ReceiptOnFile, needed: ReceiptState, done: str) -> None:
    if known.state is not needed:
        raise CannotSettlePayment(
            f"It is {known.state.value}, and only {needed.value} money is {done}",
            where=f"payment {known.receipt.payment_key}",
            do="Look at it with `meterledger payment show`",
        )


def _refuse_day(receipt: Receipt, on: date, today: date) -> None:
    if not receipt.received_day <= on <= today:
        raise CannotSettlePayment(
            f"A payment received on {receipt.received_day} cannot be taken back on {on}",
            where=f"payment {receipt.payment_key}",
            why=f"Today is {today}",
            do="Give the day on which the bank or we took it back",
        )
