"""A file of debits and credits for our bank: made once from its rows, written whenever asked.

The rows of a file, the payments of its debits and what the bank should show are kept in one
transaction before any byte is written. The bytes follow from the rows alone, so a file that was not
written, or was lost, is written again; nothing is asked of a bank twice.

Lives here      which orders leave, their trace numbers, the file as a noun.
Lives elsewhere bytes (``stores/gateways/nacha_write``), what comes back (``ach_returns``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Protocol

from meterledger.billing import ACH_DAYS, Originator, bank_day, originator
from meterledger.facts.ach import (
    AchBatch,
    AchEntry,
    AchFile,
    AchStandard,
    transaction_code,
)
from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayAnswered,
    AutopayQuestion,
    BankAccount,
    BankStop,
    DroppedOrder,
    OrderKind,
    SentEntry,
    SentFile,
    bank_version,
)
from meterledger.facts.bank import Expectation
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, Receipt
from meterledger.facts.receivables import AccountMoney, OpenItem
from meterledger.facts.settlements import SettlementCase, refund_of_order
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.business_days import business_day_after
from meterledger.rulebook.terms import Terms
from meterledger.usecases.ach_accounts import stop_of
from meterledger.usecases.autopay_amount import stated_items
from meterledger.usecases.channel_money import MoneyStore, Postings
from meterledger.usecases.channel_ports import BankNumbers, ChannelChange
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.post_payments import again_if_moved
from meterledger.usecases.refund_left import EntriesOfAccount, came_back_meanwhile
from meterledger.usecases.take_payment import AskedDeposits, no_deposits

ACH = "131.ach"
MODIFIERS = string.ascii_uppercase + string.digits
TRACE_MAX = 9_999_999
DEBITS_ONLY, CREDITS_ONLY = 225, 220
PRODUCED = "0600"


class AchOutRefused(Refusal):
    """A file cannot be made."""


class AchOutStore(MoneyStore, EntriesOfAccount, Protocol):
    """What this journey needs of the store."""

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders that are in no file and not dropped."""

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers."""

    def bank_stops(self, account_ids: Collection[str]) -> list[BankStop]:
        """What stops bank accounts of customers."""

    def ach_files(self, *, limit: int = 100) -> list[SentFile]:
        """Files that were made, the newest first."""

    def ach_file(self, file_id: str) -> SentFile:
        """A file that was made. :raises NotFound:"""

    def sent_count(self) -> int:
        """How many entries were sent in all files."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def autopay_questions(self) -> list[AutopayQuestion]:
        """Bills that wait for a person."""

    def autopay_answers(self, bill_ids: Collection[str]) -> dict[str, AutopayAnswered]:
        """What people decided about bills last, by bill."""

    def balance_cents(self, account_id: str) -> int:
        """What the account owes now."""

    def settlement(self, settlement_id: str) -> SettlementCase:
        """The refund that a credit is of. :raises NotFound:"""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class AchOutDesk:
    """Where this journey works."""

    store: AchOutStore
    view: BookView
    now: datetime
    asked_deposits: AskedDeposits = no_deposits

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that was made (None where nothing had to leave), and orders that were dropped."""

    file: SentFile | None
    dropped: tuple[DroppedOrder, ...]


def make_ach_file(*, desk: AchOutDesk) -> MadeFile:
    """Put every order of a day up to today into one file, and post the payments of its debits.

    A debit whose bill was paid or canceled meanwhile, a credit whose refund was taken back, and
    what is of a bank account that was stopped, is dropped with its reason.

    :raises NoRuleInForce: if the book does not say who we are to our bank
    :raises AchOutRefused: if 36 files were made today
    """
    return again_if_moved(lambda: _make(desk))


def _make(desk: AchOutDesk) -> MadeFile:
    terms = Terms(desk.view, desk.today)
    us = originator(terms)
    orders = desk.store.orders_to_send(desk.today)
    money = desk.store.account_money({one.account_id for one in orders})
    leaving, dropped, asked = _sorted_out(orders, money, desk)
    if not leaving:
        if dropped:
            change = ChannelChange(
                "orders dropped",
                f"{len(dropped)} orders",
                desk.now,
                dropped=tuple(dropped),
                questions=tuple(asked),
            )
            desk.store.keep_channel(change)
        return MadeFile(None, tuple(dropped))
    file = _file(leaving, us, desk, terms)
    postings = Postings(
        desk.store,
        desk.view,
        now=desk.now,
        today=desk.today,
        asked_deposits=desk.asked_deposits,
    )
    by_id = {one.order_id: one for one in leaving}
    debits = [one for one in file.entries if by_id[one.order_id].kind is OrderKind.DEBIT]
    drawn_from = [by_id[one.order_id].account_id for one in debits]
    postings.load(drawn_from)
    deposits = desk.asked_deposits(drawn_from)
    for sent in debits:
        order = by_id[sent.order_id]
        receipt = Receipt(
            payment_key=sent.payment_key,
            account_told=order.account_id,
            cents=order.cents,
            tender=Tender.ACH,
            channel=Channel.AUTOPAY,
            received_day=desk.today,
            learned_at=desk.now,
            reference=sent.trace,
        )
        # The sheet pays an earlier deposit before a current bill. What is drawn was drawn for what
        # a statement asks, which no deposit is part of: beside one it is given for that by name.
        named = _stated(order, money, desk) if deposits.get(order.account_id) else ()
        postings.post(
            receipt,
            order.account_id,
            why=f"{order.cause}, {order.description.lower()}",
            earmarked_to=[one.item_id for one in named],
        )
    desk.store.keep_channel(
        ChannelChange(
            "ach file made",
            file.file_id,
            desk.now,
            receipts=tuple(postings.new),
            sent=(file,),
            questions=tuple(asked),
            dropped=tuple(dropped),
            expectations=_expected(file, bank_day(desk.today, ACH_DAYS, terms)),
        )
    )
    return MadeFile(file, tuple(dropped))


def _sorted_out(
    orders: Sequence[AchOrder], money: Mapping[str, AccountMoney], desk: AchOutDesk
) -> tuple[list[AchOrder], list[DroppedOrder], list[AutopayQuestion]]:
    """What leaves, what is dropped, and what a person is asked, as something stays open of it."""
    accounts = {one.account_id for one in orders}
    banks, stops = desk.store.bank_accounts(accounts), desk.store.bank_stops(accounts)
    banks_of: dict[str, list[BankAccount]] = {}
    for one in banks:
        banks_of.setdefault(one.account_id, []).append(one)
    stops_of: dict[str, list[BankStop]] = {}
    for stop in stops:
        stops_of.setdefault(stop.account_id, []).append(stop)
    leaving, dropped, asked = [], [], list[AutopayQuestion]()
    debited: dict[str, _Debited] = {}
    for order in orders:
        mine = banks_of.get(order.account_id, [])
        bank = bank_version(order.bank_id, mine, on=desk.today, known_at=desk.now)
        stopped = stop_of(bank, mine, stops_of.get(order.account_id, []))
        before = debited.get(order.account_id, _NOTHING)
        stated = _stated(order, money, desk)
        why = stopped or _why_not(order, stated, before, desk)
        if why:
            dropped.append(DroppedOrder(order.order_id, desk.today, why, desk.now))
            asked += _asked_of(order, stated, before, why, desk)
        else:
            leaving.append(order)
            if order.kind is OrderKind.DEBIT:
                debited[order.account_id] = before.and_(order.cents, stated)
    return leaving, dropped, asked


@dataclass(frozen=True, slots=True)
class _Debited:
    """What leaves in one file from one account, and what is open of what it is drawn for."""

    cents: int
    open_cents: Mapping[str, int]
    """By item: two statements may both ask for one, and it is drawn once."""

    def and_(self, cents: int, stated: Sequence[OpenItem]) -> _Debited:
        """With one debit more."""
        asked = {one.item_id: one.open_cents for one in stated}
        return _Debited(self.cents + cents, {**self.open_cents, **asked})


_NOTHING = _Debited(0, {})


def _asked_of(
    order: AchOrder, stated: Sequence[OpenItem], before: _Debited, why: str, desk: AchOutDesk
) -> list[AutopayQuestion]:
    """The question to a person where a dropped debit leaves something open that nobody draws."""
    bill_id = order.cause.removeprefix("bill:")
    left = sum(before.and_(0, stated).open_cents.values()) - before.cents
    if order.kind is not OrderKind.DEBIT or not stated or left <= 0:
        return []
    known = {one.bill_id for one in desk.store.autopay_questions()}
    cancelled = desk.store.bill(bill_id).cancelled_by is not None
    before_it = desk.store.autopay_answers([bill_id]).get(bill_id)
    if cancelled or bill_id in known or (before_it is not None and not before_it.is_drawn):
        return []
    cents = min(order.cents, left)
    told = [f"its debit of {usd_display(order.cents)} was dropped on {desk.today}: {why}"]
    number = 1
    if before_it is not None:  # a person had it drawn, and that was dropped
        number = before_it.number + 1
        told.append(f"it was asked before, and {before_it.by} had it drawn: {before_it.reason}")
    return [
        AutopayQuestion(
            *(bill_id, order.account_id, desk.today, cents, tuple(told), desk.now),
            number=number,
        )
    ]


def _why_not(
    order: AchOrder, stated: Sequence[OpenItem], before: _Debited, desk: AchOutDesk
) -> str:
    """``before`` is what leaves in the same file from the same account."""
    if order.kind is OrderKind.CREDIT:
        refund = desk.store.settlement(refund_of_order(order.order_id))
        leaves = refund.may_leave_as(order.order_id, order.account_id, order.cents)
        if not leaves:
            return "its refund was taken back, or went another way, meanwhile"
        return came_back_meanwhile(refund, desk.store)
    if not order.cause.startswith("bill:"):
        return ""
    if desk.store.bill(order.cause.removeprefix("bill:")).cancelled_by is not None:
        return "the bill was canceled meanwhile"
    together = before.and_(order.cents, stated)
    most = min(sum(together.open_cents.values()), desk.store.balance_cents(order.account_id))
    if sum(one.open_cents for one in stated) < order.cents or most < together.cents:
        return "less is open than would be drawn: it was paid meanwhile"
    return ""


def _stated(
    order: AchOrder, money: Mapping[str, AccountMoney], desk: AchOutDesk
) -> tuple[OpenItem, ...]:
    """What the statement of an order's bill asked for and is open."""
    mine = money.get(order.account_id)
    if mine is None or not order.cause.startswith("bill:"):
        return ()
    return stated_items(desk.store.bill(order.cause.removeprefix("bill:")), mine, at=desk.today)


def _file(orders: Sequence[AchOrder], us: Originator, desk: AchOutDesk, terms: Terms) -> SentFile:
    day = desk.today
    of_today = [one for one in desk.store.ach_files() if one.created_day == day]
    if len(of_today) >= len(MODIFIERS):
        raise AchOutRefused(
            f"{len(of_today)} files were made today", where=str(day), do="Make the next tomorrow"
        )
    modifier = MODIFIERS[len(of_today)]
    first = desk.store.sent_count() % TRACE_MAX
    if first + len(orders) > TRACE_MAX:
        first = 0
    ordered = sorted(orders, key=lambda one: (_batch_of(one), one.order_id))
    file_id = f"{day:%Y%m%d}{modifier}"
    entries = tuple(
        SentEntry(file_id, f"{us.bank_routing[:8]}{first + number:07}", one.order_id)
        for number, one in enumerate(ordered, start=1)
    )
    return SentFile(
        file_id=file_id,
        created_day=day,
        modifier=modifier,
        effective_day=business_day_after(day, 1, terms).day,
        bank_routing=us.bank_routing,
        company_id=us.company_id,
        company_name=us.company_name,
        bank_name=us.bank_name,
        debit_cents=sum(one.cents for one in orders if one.kind is OrderKind.DEBIT),
        credit_cents=sum(one.cents for one in orders if one.kind is OrderKind.CREDIT),
        learned_at=desk.now,
        entries=entries,
    )


def _batch_of(order: AchOrder) -> tuple[str, str, str]:
    return (order.kind.value, order.standard.value, order.description)


def _expected(file: SentFile, day: date) -> tuple[Expectation, ...]:
    parts = (("debits", file.debit_cents), ("credits", -file.credit_cents))
    return tuple(
        Expectation(
            f"ach:{file.file_id}:{name}", ACH, day, cents, f"file {file.file_id}", file.file_id
        )
        for name, cents in parts
        if cents
    )


def file_of(file_id: str, *, store: AchOutStore, numbers: BankNumbers) -> AchFile:
    """The file as banks read it; the same whenever it is asked for.

    :raises NotFound: if no such file was made
    """
    sent = store.ach_file(file_id)
    orders = store.ach_orders([one.order_id for one in sent.entries])
    accounts = {one.account_id for one in orders.values()}
    known = store.bank_accounts(accounts)
    banks = {}
    for name in {one.bank_id for one in orders.values()}:
        then = bank_version(name, known, on=sent.created_day, known_at=sent.learned_at)
        if then is not None:
            banks[name] = then
    batches = []
    groups = groupby(sent.entries, key=lambda one: _batch_of(orders[one.order_id]))
    for number, ((_, standard, description), group) in enumerate(groups, start=1):
        entries = list(group)
        is_debit = orders[entries[0].order_id].kind is OrderKind.DEBIT
        batches.append(
            AchBatch(
                standard=AchStandard(standard),
                company_name=sent.company_name,
                company_id=sent.company_id,
                description=description,
                effective_day=sent.effective_day,
                origin_bank=sent.bank_routing[:8],
                number=number,
                entries=tuple(_entry(one, orders, banks, numbers) for one in entries),
                service_class=DEBITS_ONLY if is_debit else CREDITS_ONLY,
            )
        )
    return AchFile(
        destination=sent.bank_routing,
        origin=sent.company_id,
        created_day=sent.created_day,
        created_time=PRODUCED,
        modifier=sent.modifier,
        destination_name=sent.bank_name,
        origin_name=sent.company_name,
        batches=tuple(batches),
    )


def _entry(
    sent: SentEntry,
    orders: Mapping[str, AchOrder],
    banks: Mapping[str, BankAccount],
    numbers: BankNumbers,
) -> AchEntry:
    order = orders[sent.order_id]
    bank = banks[order.bank_id]
    is_debit = order.kind is OrderKind.DEBIT
    return AchEntry(
        code=transaction_code(bank.kind, is_debit=is_debit),
        routing_number=bank.routing_number,
        account_number=numbers.unseal(bank.sealed),
        cents=order.cents,
        identification=order.account_id,
        name=plain_name(bank.holder)[:22].strip(),
        trace=sent.trace,
        discretionary="R" if order.standard is AchStandard.WEB else "",
    )


def plain_name(name: str) -> str:
    """A name in plain capital letters: banks take no others."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = "".join(one if one.isalnum() or one in " .,-&'/" else " " for one in plain)
    return " ".join(kept.upper().split()) or "CUSTOMER"
