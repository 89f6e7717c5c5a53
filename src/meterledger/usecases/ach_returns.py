"""What came back from banks: payments taken back, and what each code leads to.

A whole file is kept in one transaction. Each return undoes exactly what its debit did, and then its
code decides: again on a day, the bank account is stopped, never again, or a person. A trace number
that is none of ours moves nothing and waits for a person.

Lives here      the journey.
Lives elsewhere reading the file (``stores/gateways/nacha``), what codes mean (``billing``), the fee
                of a returned payment (``settlements``), credits that came back (who ordered them).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    DebitReturnFacts,
    corrects,
    decide_change,
    decide_return,
    meaning_of,
)
from meterledger.facts.ach import AchEntry, AchFile, code_is_return
from meterledger.facts.ach_orders import (
    AchOrder,
    BankAccount,
    BankStop,
    Enrollment,
    OrderKind,
    ReturnAct,
    ReturnedEntry,
    SentEntry,
    SentFile,
    StopKind,
    bank_version,
)
from meterledger.facts.bank import Expectation
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.autopay import order_of_bill
from meterledger.usecases.bank_changes import corrected_bank, read_corrected
from meterledger.usecases.channel_money import MoneyStore, Postings
from meterledger.usecases.channel_ports import BankNumbers, ChannelChange
from meterledger.usecases.post_payments import again_if_moved

ACH = "131.ach"
STOPS = {
    ReturnAct.STOP: StopKind.CLOSED,
    ReturnAct.NEVER: StopKind.NEVER,
    ReturnAct.CHANGE: StopKind.CHANGED,
}


class ReturnsRefused(Refusal):
    """The file is not one of returns."""


class ReturnStore(MoneyStore, Protocol):
    """What this journey needs of the store."""

    def sent_under(self, traces: Collection[str]) -> dict[str, SentEntry]:
        """What was sent under trace numbers."""

    def ach_file(self, file_id: str) -> SentFile:
        """A file that was made. :raises NotFound:"""

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers."""

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Enrollments as known now."""

    def returned_entries(
        self, *, order_ids: Collection[str] | None = None, file_sha256: str | None = None
    ) -> list[ReturnedEntry]:
        """What came back."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class ReturnDesk:
    """Where this journey works."""

    store: ReturnStore
    view: BookView
    now: datetime
    numbers: BankNumbers | None = None
    """Seals what a notice corrects; without it the bank account is entered again by hand."""

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)


@dataclass(slots=True)
class _Work:
    """What a file adds, entry by entry."""

    returned: list[ReturnedEntry] = field(default_factory=list)
    stops: list[BankStop] = field(default_factory=list)
    orders: list[AchOrder] = field(default_factory=list)
    versions: list[BankAccount] = field(default_factory=list)
    cents: int = 0


@looks_once_more
def take_ach_returns(
    file: AchFile, *, name: str, sha256: str, desk: ReturnDesk
) -> tuple[list[ReturnedEntry], bool]:
    """Take a file of returns and notifications of change. False when it was taken before.

    :raises ReturnsRefused: if it is empty, or holds entries that are neither
    """
    known = desk.store.returned_entries(file_sha256=sha256)
    if known:
        return known, False
    if not file.entries or not all(code_is_return(one.code) for one in file.entries):
        raise ReturnsRefused(
            "It holds entries that are no returns" if file.entries else "It holds no entries",
            where=name,
            do="Take credits with `meterledger ach in`",
        )
    return again_if_moved(lambda: (_take(file, name, sha256, desk), True))


def _take(file: AchFile, name: str, sha256: str, desk: ReturnDesk) -> list[ReturnedEntry]:
    postings = Postings(desk.store, desk.view, now=desk.now, today=desk.today)
    traces = [_original(one) for one in file.entries]
    sent = desk.store.sent_under(traces)
    orders = desk.store.ach_orders([one.order_id for one in sent.values()])
    before = desk.store.returned_entries(order_ids=list(orders))
    gone = {one.order_id for one in before if not one.is_change}
    accounts = {one.account_id for one in orders.values()}
    banks = {one.bank_id: one for one in desk.store.bank_accounts(accounts)}
    work = _Work()
    for number, entry in enumerate(file.entries, start=1):
        found = sent.get(_original(entry))
        order = orders.get(found.order_id) if found else None
        returned_id = f"{sha256[:16]}:{number}"
        if entry.change is not None:
            _change(entry, order, returned_id, sha256, banks, work, desk)
        else:
            _return(entry, found, order, returned_id, sha256, gone, banks, postings, work, desk)
    line = (
        Expectation(f"ach-returns:{sha256[:16]}", ACH, desk.today, work.cents, f"file {name[:80]}")
        if work.cents
        else None
    )
    desk.store.keep_channel(
        ChannelChange(
            "ach returns taken",
            name,
            desk.now,
            receipt_steps=tuple(postings.steps),
            returned=tuple(work.returned),
            stops=tuple(work.stops),
            orders=tuple(work.orders),
            bank_accounts=tuple(work.versions),
            expectations=(line,) if line else (),
        )
    )
    return work.returned


def _original(entry: AchEntry) -> str:
    told = entry.returned or entry.change
    return told.original_trace if told else ""


def _change(
    entry: AchEntry,
    order: AchOrder | None,
    returned_id: str,
    sha256: str,
    banks: dict[str, BankAccount],
    work: _Work,
    desk: ReturnDesk,
) -> None:
    change = entry.change
    if change is None:
        return
    decision = decide_change(change.code, Terms(desk.view, desk.today))
    act, sentence = decision.outcome, decision.reasons[0].finding
    said = change.corrected
    layout = corrects(change.code, Terms(desk.view, desk.today))
    if order is None:
        act, sentence = ReturnAct.ASK, f"{sentence}; its trace number is none of ours"
    elif layout and desk.numbers is not None:
        told = read_corrected(change.corrected, layout)
        bank = bank_version(
            order.bank_id,
            [*banks.values(), *work.versions],
            on=desk.today,
            known_at=desk.now,
        )
        if told is not None and bank is not None:
            made = corrected_bank(bank, told, on=desk.today, now=desk.now, numbers=desk.numbers)
            work.versions.append(made)
            act = ReturnAct.CORRECTED
            sentence = f"{meaning_of(change.code, Terms(desk.view, desk.today))}: {told.words}"
        else:
            sentence = f"{sentence}; what it corrects cannot be read"
    if layout:  # a bank account's number stands nowhere in clear
        said = sentence.partition(": ")[2] if act is ReturnAct.CORRECTED else "not kept in clear"
    kept = _kept(entry, order, returned_id, sha256, change.code, act, sentence, desk)
    work.returned.append(replace(kept, corrected=said))
    if order is not None and act in STOPS:
        known = [*banks.values(), *work.versions]
        now = bank_version(order.bank_id, known, on=desk.today, known_at=desk.now)
        _stop(act, change.code, order, now, work, desk)


def _return(
    entry: AchEntry,
    sent: SentEntry | None,
    order: AchOrder | None,
    returned_id: str,
    sha256: str,
    gone: set[str],
    banks: dict[str, BankAccount],
    postings: Postings,
    work: _Work,
    desk: ReturnDesk,
) -> None:
    returned = entry.returned
    if returned is None:
        return
    code = returned.code
    act = ReturnAct.ASK
    if sent is None or order is None:
        sentence = f"{code}: its trace number {returned.original_trace} is none of ours"
        order = None
    elif order.order_id in gone:
        sentence = f"{code}: this entry came back before"
    elif order.cents != entry.cents or entry.is_debit != (order.kind is OrderKind.DEBIT):
        sentence = f"{code}: it is of another amount or kind than the entry that was sent"
    else:
        gone.add(order.order_id)
        work.cents += -entry.cents if entry.is_debit else entry.cents
        act, sentence = _after(code, sent, order, postings, work, desk)
    work.returned.append(_kept(entry, order, returned_id, sha256, code, act, sentence, desk))
    if act in STOPS and order is not None and sent is not None:
        file = desk.store.ach_file(sent.file_id)  # it came back as it was written then
        then = bank_version(
            order.bank_id, banks.values(), on=file.created_day, known_at=file.learned_at
        )
        _stop(act, code, order, then, work, desk)


def _after(
    code: str,
    sent: SentEntry,
    order: AchOrder,
    postings: Postings,
    work: _Work,
    desk: ReturnDesk,
) -> tuple[ReturnAct, str]:
    today = desk.today
    first = desk.store.ach_orders([_first(order)]).get(_first(order), order)
    facts = DebitReturnFacts(code, order.attempt, first.on, today)
    decision = decide_return(facts, Terms(desk.view, today))
    act, sentence = decision.outcome.act, decision.reasons[0].finding
    if order.kind is OrderKind.CREDIT:
        acts = act if act in STOPS else ReturnAct.ASK
        return acts, f"{sentence}; whoever ordered the credit settles it"
    postings.take_back(sent.payment_key, on=today, why=sentence, by="the customer's bank")
    if act is not ReturnAct.AGAIN or decision.outcome.again_on is None:
        return act, sentence
    again_on = decision.outcome.again_on
    enrolled = desk.store.enrollments(account_ids=[order.account_id], on=again_on)
    if not enrolled or not order.cause.startswith("bill:"):
        return ReturnAct.ASK, f"{sentence}, if its account were on autopay then"
    bill_id = order.cause.removeprefix("bill:")
    work.orders.append(
        order_of_bill(bill_id, order.attempt + 1, enrolled[0], order.cents, again_on, desk.now)
    )
    return act, sentence


def _first(order: AchOrder) -> str:
    return f"{order.order_id.rpartition(':')[0]}:1"


def _kept(
    entry: AchEntry,
    order: AchOrder | None,
    returned_id: str,
    sha256: str,
    code: str,
    act: ReturnAct,
    sentence: str,
    desk: ReturnDesk,
) -> ReturnedEntry:
    return ReturnedEntry(
        returned_id=returned_id,
        file_sha256=sha256,
        trace=entry.trace,
        original_trace=_original(entry),
        order_id=order.order_id if order else "",
        code=code,
        act=act,
        cents=entry.cents,
        on=desk.today,
        sentence=sentence,
        learned_at=desk.now,
        corrected=entry.change.corrected if entry.change else "",
    )


def _stop(
    act: ReturnAct,
    code: str,
    order: AchOrder,
    bank: BankAccount | None,
    work: _Work,
    desk: ReturnDesk,
) -> None:
    if bank is not None:
        work.stops.append(
            BankStop(order.account_id, bank.fingerprint, STOPS[act], code, desk.today, desk.now)
        )
