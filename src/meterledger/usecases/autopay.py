"""Autopay: enroll, end, draw the bills that are due today, and let people answer questions.

Lives here      the journeys.
Lives elsewhere whether a bill is drawn (``billing``), orders on their way (``ach_out``), what comes
                back (``ach_returns``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import (
    AUTOPAY_MONTHS,
    AutopayAct,
    AutopayAnswer,
    AutopayFacts,
    decide_autopay,
)
from meterledger.facts.ach import AchStandard, BankAccountKind
from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayAnswered,
    AutopayQuestion,
    BankAccount,
    BankStop,
    Enrollment,
    OrderKind,
    ReturnAct,
    ReturnedEntry,
    StopKind,
    bank_version,
    ways_written,
)
from meterledger.facts.receivables import AccountMoney, OpenItem
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import CENTS_MAX, usd_display
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.ach_accounts import new_bank_account, stop_of
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.autopay_amount import (
    MoneyOfUnknownOutcome,
    SetApart,
    may_have_come_cents,
    on_their_way,
    past_cents,
    stated_cents,
    stated_items,
    still_drawn_cents,
)
from meterledger.usecases.channel_ports import BankNumbers, ChannelChange
from meterledger.usecases.gate_bills import (
    CollectionStore,
    NoGate,
    may_collect_automatically,
)
from meterledger.usecases.no_card_numbers import refuse_card_numbers
from meterledger.usecases.ports import Conflict, StoredBill

BILL, RETRY = "ELEC BILL", "RETRY PYMT"


class AutopayRefused(Refusal):
    """Autopay cannot be begun, ended or answered as asked."""


class AutopayStore(CollectionStore, MoneyOfUnknownOutcome, Protocol):
    """What these journeys need of the store."""

    def account(self, account_id: str) -> Any:
        """The account. :raises NotFound:"""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""

    def account_money(
        self, account_ids: Collection[str], *, with_due_days: bool = False
    ) -> Mapping[str, AccountMoney]:
        """What open items follow from."""

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers."""

    def bank_stops(self, account_ids: Collection[str]) -> list[BankStop]:
        """What stops bank accounts of customers."""

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Enrollments as known now."""

    def autopay_due(self, day: date) -> list[tuple[Enrollment, str]]:
        """Live bills due on the day, as a combined statement asks, of accounts enrolled on it."""

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders of days up to ``until`` that are in no file and not dropped."""

    def returned_entries(
        self, *, order_ids: Collection[str] | None = None, file_sha256: str | None = None
    ) -> list[ReturnedEntry]:
        """What came back."""

    def autopay_questions(self) -> list[AutopayQuestion]:
        """Bills that wait for a person."""

    def autopay_answers(self, bill_ids: Collection[str]) -> dict[str, AutopayAnswered]:
        """What people decided about bills last, by bill."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class AutopayDesk:
    """Where these journeys work: store, book and the instant, which is now.

    ``set_apart`` tells what of an account is not to be drawn.
    """

    store: AutopayStore
    view: BookView
    now: datetime
    set_apart: SetApart = field(default_factory=SetApart)

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a run made of one bill."""

    bill_id: str
    account_id: str
    decision: Decision[AutopayAnswer]
    order: AchOrder | None = None


@looks_once_more
def enroll_autopay(
    *,
    account_id: str,
    holder: str,
    routing_number: str,
    number: str,
    kind: BankAccountKind,
    standard: AchStandard,
    from_day: date,
    most_cents: int | None,
    authorized: str,
    by: str,
    numbers: BankNumbers,
    desk: AutopayDesk,
) -> Enrollment:
    """Put an account on autopay. ``authorized`` says how the customer allowed it.

    A bank account that once said that a debit was not authorized is never enrolled again for this
    customer; one that was closed or changed is entered again with what is right now.

    :raises AutopayRefused: if a word or an amount lacks, or the bank account is stopped
    :raises BankAccountRefused: if the bank account cannot be one
    :raises Conflict: if the account is on autopay on one of the days
    """
    where = f"account {account_id}"
    refuse_card_numbers([holder, authorized, by, number], where=where)
    desk.store.account(account_id)
    if standard not in (AchStandard.PPD, AchStandard.WEB):
        raise AutopayRefused(
            f"Bills are not drawn as {standard.value}", where=where, do="Give PPD or WEB"
        )
    if not authorized.strip() or not by.strip():
        raise AutopayRefused(
            "A bank account is drawn from by the customer's authorization",
            where=where,
            do="Say with --authorized how it was given, and with --by who took it",
        )
    if from_day < desk.today:
        raise AutopayRefused(
            f"It would begin on {from_day}, before today", where=where, do="Give a day from today"
        )
    if most_cents is not None and not 0 < most_cents <= CENTS_MAX:
        raise AutopayRefused(
            f"{usd_display(most_cents)} is no ceiling", where=where, do="Give one above zero"
        )
    for known in desk.store.enrollments(account_ids=[account_id]):
        if known.days.overlaps(Validity(from_day)):
            raise AutopayRefused(
                f"It is on autopay already, {known.days}",
                where=where,
                do="End that with `meterledger autopay end`, or begin on the day it ends",
            )
    bank = new_bank_account(
        account_id=account_id,
        holder=holder,
        routing_number=routing_number,
        number=number,
        kind=kind,
        numbers=numbers,
        now=desk.now,
    )
    written = ways_written(bank.fingerprint, desk.store.bank_accounts([account_id]))
    for stop in desk.store.bank_stops([account_id]):
        is_same = stop.fingerprint in (
            written if stop.kind is StopKind.NEVER else (bank.fingerprint,)
        )
        if is_same and stop.kind is not StopKind.CHANGED:
            raise AutopayRefused(
                f"The bank account ending in {bank.last_four} is {stop.kind.value} since "
                f"{stop.on}: {stop.code}",
                where=where,
                do="Ask the customer for another bank account",
            )
    name = sha256_hex(f"{bank.bank_id}:{from_day}".encode())[:12]
    enrollment = Enrollment(
        *(f"AP-{name}", account_id, bank.bank_id, standard, Validity(from_day), most_cents),
        *(authorized.strip(), by.strip(), desk.now),
    )
    desk.store.keep_channel(
        ChannelChange(
            "autopay begun",
            account_id,
            desk.now,
            bank_accounts=(bank,),
            enrollments=(enrollment,),
        )
    )
    return enrollment


@looks_once_more
def end_autopay(account_id: str, *, on: date, desk: AutopayDesk) -> Enrollment:
    """Take an account off autopay: ``on`` is the first day on which nothing is drawn.

    :raises AutopayRefused: if it is not on autopay then, or the day lies before today
    """
    found = [
        one
        for one in desk.store.enrollments(account_ids=[account_id])
        if one.days.until_day is None or on < one.days.until_day
    ]
    if not found:
        raise AutopayRefused(
            "It is not on autopay",
            where=f"account {account_id}",
            do="Look with `meterledger autopay show`",
        )
    old = found[0]
    if on < desk.today or on <= old.days.from_day:
        raise AutopayRefused(
            f"It cannot end on {on}: it begins on {old.days.from_day}, and today is {desk.today}",
            where=f"account {account_id}",
            do="Give a day from today, after its first",
        )
    made = replace(old, days=Validity(old.days.from_day, on), learned_at=desk.now)
    desk.store.keep_channel(ChannelChange("autopay ended", account_id, desk.now, ended=(made,)))
    return made


def run_autopay(
    on: date, *, desk: AutopayDesk, refused: list[tuple[str, str]] | None = None
) -> list[Drawn]:
    """Decide about every bill due on the day whose account is on autopay. Safe to run twice.

    A debit becomes an order, which the next file takes; a question waits for a person. With
    ``refused`` a bill that cannot be decided is told there, and the others are; without it the
    first one ends the run.

    :raises AutopayRefused: if the day is not here yet
    """
    if on > desk.today:
        raise AutopayRefused(f"{on} is not here yet", where="--on", do="Give a day up to today")
    asked = {one.bill_id for one in desk.store.autopay_questions()}
    waiting = on_their_way(desk.store)
    drawn = []
    for enrollment, bill_id in desk.store.autopay_due(on):
        if bill_id in asked:
            continue
        try:
            drawn.append(_draw(enrollment, bill_id, on, waiting, desk))
        except Refusal as refusal:
            if refused is None:
                raise
            refused.append((f"autopay of bill {bill_id}", refusal.of_one_case().sentence))
    return drawn


def _draw(
    enrollment: Enrollment,
    bill_id: str,
    on: date,
    waiting: dict[str, list[AchOrder]],
    desk: AutopayDesk,
) -> Drawn:
    """``waiting`` is what is on its way, by account; what is ordered here is added."""
    bill = desk.store.bill(bill_id)
    terms = Terms(desk.view, on)
    account = bill.account_id
    facts = _facts(enrollment, bill, on, waiting.get(account, ()), desk)
    decision = decide_autopay(facts, terms)
    answer = decision.outcome
    if answer.act is AutopayAct.DEBIT:
        order = order_of_bill(bill_id, 1, enrollment, answer.cents, on, desk.now)
        change = ChannelChange("autopay debit", account, desk.now, orders=(order,))
        if not _kept(desk, change):
            order = desk.store.ach_orders([order.order_id])[order.order_id]
        waiting.setdefault(account, []).append(order)
        return Drawn(bill_id, account, decision, order)
    if answer.act is AutopayAct.ASK:
        reasons = tuple(f"{one.finding} ({one.citation.text})" for one in decision.reasons)
        question = AutopayQuestion(bill_id, account, on, answer.cents, reasons, desk.now)
        _kept(desk, ChannelChange("autopay asks", account, desk.now, questions=(question,)))
    return Drawn(bill_id, account, decision)


def _kept(desk: AutopayDesk, change: ChannelChange) -> bool:
    try:
        desk.store.keep_channel(change)
    except Conflict:  # another run was first: what it kept stays
        return False
    return True


def order_of_bill(
    bill_id: str, attempt: int, enrollment: Enrollment, cents: int, on: date, now: datetime
) -> AchOrder:
    """The order that draws a bill, the ``attempt``-th time."""
    return AchOrder(
        order_id=f"autopay:{bill_id}:{attempt}",
        kind=OrderKind.DEBIT,
        account_id=enrollment.account_id,
        bank_id=enrollment.bank_id,
        cents=cents,
        on=on,
        standard=enrollment.standard,
        description=BILL if attempt == 1 else RETRY,
        cause=f"bill:{bill_id}",
        attempt=attempt,
        learned_at=now,
    )


def _facts(
    enrollment: Enrollment,
    bill: StoredBill,
    on: date,
    waiting: Sequence[AchOrder],
    desk: AutopayDesk,
) -> AutopayFacts:
    store, account = desk.store, bill.account_id
    money = store.account_money([account]).get(account)
    open_ = stated_items(bill, money, at=desk.today) if money else ()
    banks = store.bank_accounts([account])
    since = months_after(on, -Terms(desk.view, on).whole(AUTOPAY_MONTHS).value)
    orders = _orders_of(bill.bill_id)
    return AutopayFacts(
        bill_id=bill.bill_id,
        due_day=on,
        asked_cents=stated_cents(bill, money),
        open_cents=sum(one.open_cents for one in open_),
        ordered_cents=still_drawn_cents(waiting, money, store.bill, at=desk.today),
        deferred_cents=desk.set_apart.deferred_cents(account, on, desk.now),
        disputed_cents=desk.set_apart.disputed_cents(account, on),
        pending_cents=may_have_come_cents(account, on, desk.now, store),
        past_cents=past_cents(bill, store.bills_of_account(account), money, since=since),
        most_cents=enrollment.most_cents,
        shield=(*_shield(bill.bill_id, desk), *_shield_of_earlier(bill, open_, desk)),
        is_cancelled=bill.cancelled_by is not None,
        is_ordered=bool(store.ach_orders(orders)),
        is_disputed_return=any(
            one.act is ReturnAct.ASK for one in store.returned_entries(order_ids=orders)
        ),
        stopped=stop_of(
            bank_version(enrollment.bank_id, banks, on=desk.today, known_at=desk.now),
            banks,
            store.bank_stops([account]),
        ),
    )


def _shield(bill_id: str, desk: AutopayDesk) -> tuple[Reason, ...]:
    try:
        decision = may_collect_automatically(bill_id, store=desk.store, view=desk.view)
    except NoGate as no_gate:
        terms = Terms(desk.view, desk.today)
        return (Reason(no_gate.what, terms.whole(AUTOPAY_MONTHS).citation),)
    return () if decision.outcome else decision.reasons


def _shield_of_earlier(
    bill: StoredBill, open_: Sequence[OpenItem], desk: AutopayDesk
) -> tuple[Reason, ...]:
    """Why earlier bills, which are open on the statement, are not drawn with this one.

    What shields a bill shields it on later statements, too, until a person has it drawn. So does a
    person who left it to the customer, and a debit of it that came back and asks.
    """
    names = [one.item_id.removeprefix("bill:") for one in open_ if one.item_id.startswith("bill:")]
    earlier = [name for name in names if name != bill.bill_id]
    if not earlier:
        return ()
    store = desk.store
    clause = Terms(desk.view, desk.today).whole(AUTOPAY_MONTHS).citation
    waits = {one.bill_id for one in store.autopay_questions()}
    answers = store.autopay_answers(earlier)
    found = []
    for name in earlier:
        answer = answers.get(name)
        returned = store.returned_entries(order_ids=_orders_of(name))
        if name in waits:
            found.append(Reason(f"bill {name} before it waits for a person", clause))
        elif answer is not None and not answer.is_drawn:
            told = f"bill {name} before it was left to the customer by {answer.by}: {answer.reason}"
            found.append(Reason(told, clause))
        elif any(one.act is ReturnAct.ASK for one in returned):
            told = f"a debit of bill {name} before it came back for a reason that asks a person"
            found.append(Reason(told, clause))
        elif answer is None:
            found += [
                Reason(f"bill {name} before it: {one.finding}", one.citation)
                for one in _shield(name, desk)
            ]
    return tuple(found)


def _orders_of(bill_id: str) -> list[str]:
    return [f"autopay:{bill_id}:{n}" for n in range(1, 10)]


@looks_once_more
def answer_question(
    bill_id: str, *, is_drawn: bool, by: str, reason: str, desk: AutopayDesk
) -> AchOrder | None:
    """A person has asked the customer: the bill is drawn today all the same, or left to be paid.

    :raises AutopayRefused: if no question of the bill is open, the account is off autopay, the bill
        is paid or canceled, or the bank account is stopped
    """
    where = f"bill {bill_id}"
    refuse_card_numbers([by, reason], where=where)
    if not by.strip() or not reason.strip():
        raise AutopayRefused(
            "A person decides with a name and a reason", where=where, do="Give --by and --reason"
        )
    questions = {one.bill_id: one for one in desk.store.autopay_questions()}
    if bill_id not in questions:
        raise AutopayRefused(
            "No question of it is open", where=where, do="List them with `meterledger autopay asks`"
        )
    number = questions[bill_id].number
    answered = AutopayAnswered(bill_id, is_drawn, by.strip(), reason.strip(), desk.now, number)
    order = _order_after(bill_id, questions[bill_id], where, desk) if is_drawn else None
    desk.store.keep_channel(
        ChannelChange(
            "autopay answered",
            questions[bill_id].account_id,
            desk.now,
            orders=(order,) if order else (),
            answered=(answered,),
        )
    )
    return order


def _order_after(
    bill_id: str, question: AutopayQuestion, where: str, desk: AutopayDesk
) -> AchOrder:
    account = question.account_id
    enrolled = desk.store.enrollments(account_ids=[account], on=desk.today)
    if not enrolled:
        raise AutopayRefused(
            "Its account is not on autopay today", where=where, do="Leave it to the customer"
        )
    waiting = on_their_way(desk.store).get(account, ())
    facts = _facts(enrolled[0], desk.store.bill(bill_id), desk.today, waiting, desk)
    cents = min(facts.drawable_cents, question.cents)
    if facts.is_cancelled or cents <= 0 or facts.stopped or facts.pending_cents:
        why = facts.stopped or (
            "it may have been paid" if facts.pending_cents else "nothing is open"
        )
        raise AutopayRefused("It cannot be drawn", where=where, why=why, do="Leave it with --leave")
    known = desk.store.ach_orders(_orders_of(bill_id))
    return order_of_bill(bill_id, len(known) + 1, enrolled[0], cents, desk.today, desk.now)
