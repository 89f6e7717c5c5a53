"""What every settlement has in common: its record, its first steps, and deciding it again.

Lives here      making a settlement with its record and its first steps, and the steps any of them
                can take; the same decision from what was known then.
Lives elsewhere each kind's own journey (``transfer_balance``, ``refund_credit``, ``write_off``,
                ``unclaimed``, ``returned_payment``), agreeing (``approve_settlement``), the rules
                (``ledger``), the rows (``stores``).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.facts.deposits import Deposit
from meterledger.facts.extensions import ExtensionOnFile
from meterledger.facts.late_charges import LateHistory
from meterledger.facts.money import Entry, Payment
from meterledger.facts.places import Account, BillableService
from meterledger.facts.pledges import PledgeOnFile
from meterledger.facts.receivables import AccountMoney
from meterledger.facts.settlements import (
    Act,
    Payee,
    SettlementCase,
    SettlementKind,
    Step,
)
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import weakest
from meterledger.ledger import REVENUE_OF_CLASS, control_of, entry_of_step
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.forms import plain_form
from meterledger.rulebook.pinned import as_pinned
from meterledger.rulebook.terms import Terms
from meterledger.usecases.combined_payments import PartsAsked
from meterledger.usecases.days_asked import LateBillReads
from meterledger.usecases.lines_by_hand import LinesStore, with_line_of_refund
from meterledger.usecases.ports import Conflict, StoredBill
from meterledger.usecases.refund_left import LeavingStore
from meterledger.usecases.settlement_ports import Settlements, SettlementWrite

PERSON_MAX, REASON_MAX = 100, 1000
AGENCY_TERMS = "agency_terms"
"""What a refund's record calls the terms by which an agency leaves its money to the customer."""


class CannotSettle(Refusal):
    """It may not be done, or not in this way."""


class SettlementStore(Settlements, LeavingStore, LinesStore, PartsAsked, LateBillReads, Protocol):
    """What settling needs of the store."""

    def account(self, account_id: str) -> Account:
        """The account. :raises NotFound:"""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""

    def late_histories(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, LateHistory]:
        """What the accounts' late charges are decided from, as known then."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""

    def payments_of_account(self, account_id: str) -> list[Payment]:
        """Payments of the account, oldest first."""

    def deposit(self, deposit_id: str) -> Deposit:
        """A deposit with its steps. :raises NotFound:"""

    def deposits_of_accounts(
        self, account_ids: Collection[str]
    ) -> Mapping[str, tuple[Deposit, ...]]:
        """The accounts' deposits."""

    def pledges(self, *, account_ids: Collection[str] | None = None) -> list[PledgeOnFile]:
        """Pledges of the accounts, the oldest first."""

    def account_money(
        self, account_ids: Sequence[str], *, with_due_days: bool = False
    ) -> Mapping[str, AccountMoney]:
        """What open items follow from, applications among it."""

    def extension(self, contract_id: str) -> ExtensionOnFile:
        """A contract of an extension with its events. :raises NotFound:"""

    def extensions(self, *, account_id: str | None = None) -> list[ExtensionOnFile]:
        """Contracts of extensions; of one account, or all."""


@dataclass(frozen=True, slots=True)
class MoneyDesk:
    """Where settlements are decided: store, book, the day that counts and the instant (UTC)."""

    store: SettlementStore
    book: TariffBook
    on: date
    now: datetime
    unseen: frozenset[str] = frozenset()
    """Entries that are not looked at: a settlement's own, when it is decided again."""
    any_person: bool = False
    """Whether accounts were one customer's if they had one person in common: until 2026-11-29."""
    pinned: str = ""
    """The hash of the book by which a settlement was decided, when it is decided again."""

    @property
    def view(self) -> BookView:
        """The book as known now."""
        return as_pinned(self.book, self.now.date(), self.pinned)

    @property
    def terms(self) -> Terms:
        """The book on the day that counts, with a memory of its own."""
        return Terms(self.view, self.on)


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement after a journey; ``is_new`` is False where it was done before."""

    case: SettlementCase
    is_new: bool = True
    beside: tuple[SettlementCase, ...] = ()
    """What was posted with it: the other parts of a balance that moves."""

    @property
    def cents(self) -> int:
        """All that was posted together."""
        return self.case.cents + sum(one.cents for one in self.beside)


@dataclass(frozen=True, slots=True)
class Decided:
    """A rule's decision on facts, and the terms that remember what it asked of the book."""

    rule: str
    facts: Any
    decision: Decision[Any]
    terms: Terms


def named(by: str, reason: str, where: str) -> tuple[str, str]:
    """Name and reason without stray spaces. :raises CannotSettle: if one is missing or too long"""
    who, why = " ".join(by.split()), " ".join(reason.split())
    if not who or not why:
        raise CannotSettle(
            "Who decides, and why, is missing",
            where=where,
            why="Both are kept with the money, for years",
            do="Give a name and a reason",
        )
    if len(who) > PERSON_MAX or len(why) > REASON_MAX or not (who + why).isprintable():
        raise CannotSettle(
            f"The name has at most {PERSON_MAX} characters, the reason {REASON_MAX}",
            where=where,
            do="Write it shorter, in plain characters",
        )
    return who, why


def cannot_follow(case: SettlementCase, act: Act) -> Conflict:
    """An act that may not come after where the settlement stands."""
    return Conflict(
        f"It is {case.last.act.value}, and cannot be {act.value} now",
        where=f"settlement {case.settlement_id}",
        why="Nothing was changed",
        do=f"Look at it with `meterledger settlement show {case.settlement_id}`",
    )


def new_settlement(
    kind: SettlementKind,
    key: str,
    decided: Decided,
    *,
    account_id: str,
    cents: int,
    by: str,
    reason: str,
    desk: MoneyDesk,
    approved: bool,
    needs_two: bool = False,
    source: str = "142",
    to_account_id: str = "",
    payee: Payee | None = None,
    about: str = "",
    ceiling_cents: int | None = None,
    by_day: date | None = None,
    told: Mapping[str, str] | None = None,
) -> SettlementWrite:
    """A settlement that is asked for, and posted at once where one person is enough.

    ``told`` is what people said that its record keeps beside the decision.
    """
    asked = Step(Act.ASKED, desk.on, desk.now, by, reason)
    case = SettlementCase(
        key=key,
        kind=kind,
        account_id=account_id,
        cents=cents,
        source=source,
        needs_two=needs_two,
        record=b"",
        steps=(asked,),
        to_account_id=to_account_id,
        payee=payee,
        about=about,
        ceiling_cents=ceiling_cents,
        by_day=by_day,
    )
    case = replace(case, record=_record(case, decided, desk, told or {}))
    write = SettlementWrite(case, (asked,), ())
    return step_on(write, Act.APPROVED, by, reason, desk) if approved else write


def step_on(
    write: SettlementWrite,
    act: Act,
    by: str,
    reason: str,
    desk: MoneyDesk,
    *,
    reference: str = "",
) -> SettlementWrite:
    """One more step with its entry, in the same write. :raises Conflict: if it does not follow"""
    case = write.case
    if act not in case.ways:
        raise cannot_follow(case, act)
    step = Step(act, desk.on, desk.now, by, reason, reference=reference)
    revenue = _revenue_account(case, desk) if case.kind is SettlementKind.CREDIT else ""
    entry = entry_of_step(case, step, revenue_account=revenue)
    if entry is not None:
        step = replace(step, entry_id=entry.entry_id)
    return SettlementWrite(
        replace(case, steps=(*case.steps, step)),
        (*write.added, step),
        write.entries if entry is None else (*write.entries, entry),
    )


def kept(write: SettlementWrite, desk: MoneyDesk) -> tuple[SettlementCase, bool]:
    """Record it: the settlement as it is kept, and whether it is new.

    Another may have asked for the same at once: what that one kept counts, with its record.
    """
    (is_new,) = desk.store.record_settlements([write])
    case = write.case
    return (case if is_new else desk.store.settlement(case.settlement_id)), is_new


def one_step(
    settlement_id: str, act: Act, *, by: str, reason: str, desk: MoneyDesk, reference: str = ""
) -> Settled:
    """Add one step to a settlement that is there.

    :raises CannotSettle: if by or reason is missing
    :raises Conflict: if the step does not follow, or the person may not
    :raises NotFound: if there is no such settlement
    """
    who, why = named(by, reason, f"settlement {settlement_id[:80]}")
    case = desk.store.settlement(settlement_id)
    refuse_earlier(case, desk)
    write = step_on(SettlementWrite(case, (), ()), act, who, why, desk, reference=reference)
    desk.store.record_settlements([with_line_of_refund(write, desk.store)])
    return Settled(write.case)


def refuse_earlier(case: SettlementCase, desk: MoneyDesk) -> None:
    """Refuse a step that is said to be before the one that it follows.

    :raises CannotSettle: naming both days
    """
    if desk.on < case.last.on:
        raise CannotSettle(
            f"The day is {desk.on}, and it has been {case.last.act.value} on {case.last.on}",
            where=f"settlement {case.settlement_id}",
            do="Give a day that is not before the last step",
        )


def refuse_settlement(settlement_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """Say no to what was asked for. Nothing is posted."""
    return one_step(settlement_id, Act.REFUSED, by=by, reason=reason, desk=desk)


def reverse_settlement(settlement_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """Take back what was posted, by the reversal of its entry; a refund that is sent is stopped
    first. All parts of a balance that moved go back together.

    :raises CannotSettle: if by or reason is missing, or something of a write-off was recovered
    """
    who, why = named(by, reason, f"settlement {settlement_id[:80]}")
    case = desk.store.settlement(settlement_id)
    _refuse_recovered(case, desk)
    writes = []
    beside = moved_beside(case, desk.store)
    if any(one.last.act is Act.REVERSED for one in beside):
        case = desk.store.settlement(settlement_id)  # all parts went back since it was looked at
    for one in (case, *beside):
        refuse_earlier(one, desk)
        writes.append(step_on(SettlementWrite(one, (), ()), Act.REVERSED, who, why, desk))
    desk.store.record_settlements(writes)
    return Settled(writes[0].case, beside=tuple(one.case for one in writes[1:]))


def _refuse_recovered(case: SettlementCase, desk: MoneyDesk) -> None:
    """What was recovered would be owed again: its recoveries are taken back before. They are of all
    that is written off on the account, and what other write-offs have covers them first.
    """
    if case.kind is not SettlementKind.WRITE_OFF:
        return
    mine = desk.store.settlements(account_id=case.account_id)
    stand = [one for one in mine if one.last.act is Act.APPROVED]
    recovered = [one for one in stand if one.kind is SettlementKind.RECOVERY]
    others = sum(
        one.cents
        for one in stand
        if one.kind is SettlementKind.WRITE_OFF and one.settlement_id != case.settlement_id
    )
    if sum(one.cents for one in recovered) > others:
        names = ", ".join(one.settlement_id for one in recovered[:5])
        raise CannotSettle(
            f"Of write-off {case.settlement_id} something was recovered: {names}",
            where=f"account {case.account_id}",
            why="Taken back alone, it would ask once more for what was paid",
            do="Take each recovery back first, with `meterledger settlement undo`",
        )


def moved_beside(case: SettlementCase, store: SettlementStore) -> list[SettlementCase]:
    """The other parts of the balance of which a settlement moves one."""
    if case.kind is not SettlementKind.TRANSFER or case.takes_credit:
        return []
    moved = store.settlements(account_id=case.account_id, kind=SettlementKind.TRANSFER)
    return [
        one
        for one in moved
        if one.account_id == case.account_id
        and one.moved_as == case.moved_as
        and one.key != case.key
    ]


def accounts_of_customer(account_id: str, desk: MoneyDesk) -> list[str]:
    """Other accounts of the same customer: the same people are responsible, and nobody else.

    Money of two people is not one of them's alone, nor is a debt (GRR V.F: the same customer).
    """
    if desk.any_person:
        return desk.store.accounts_of_same_holder(account_id, desk.now)
    return desk.store.accounts_of_same_people(account_id, desk.now, desk.on)


def credit_cents(account_id: str, desk: MoneyDesk) -> int:
    """What the account has more than it owes, as known at the desk's instant; below zero it owes.

    What a budget plan defers is owed, too: it is counted against the credit.
    """
    return -sum(
        leg.cents
        for entry in entries_known(account_id, desk)
        for leg in entry.legs
        if leg.customer_account_id == account_id
        and control_of(leg.ledger_account) in ("142", "143")
    )


def entries_known(account_id: str, desk: MoneyDesk) -> list[Entry]:
    """Entries of the account that were known at the desk's instant, oldest first."""
    return [
        one
        for one in desk.store.entries_of_account(account_id)
        if one.learned_at <= desk.now and one.entry_id not in desk.unseen
    ]


def owed_cents(account_id: str, desk: MoneyDesk) -> int:
    """The account's plain receivable, as known at the desk's instant."""
    return sum(
        leg.cents
        for entry in entries_known(account_id, desk)
        for leg in entry.legs
        if leg.customer_account_id == account_id and leg.ledger_account == "142"
    )


def bills_known(account_id: str, desk: MoneyDesk) -> list[StoredBill]:
    """Bills of the account that were known and live at the desk's instant, oldest first."""
    return [
        one
        for one in desk.store.issued_bills_of_account(account_id)
        if one.known_at <= desk.now and one.was_live(desk.now)
    ]


def in_service(services: Sequence[BillableService], on: date) -> bool:
    """Whether one of the agreements holds on the day or begins later."""
    return any(
        one.agreement.days.until_day is None or one.agreement.days.until_day > on
        for one in services
    )


def service_class_of(services: Sequence[BillableService], desk: MoneyDesk) -> str:
    """The class of the account's last service.

    :raises CannotSettle: if it never had one
    :raises NoRuleInForce: if the book says of no class of its schedule
    """
    if not services:
        raise CannotSettle(
            "The account has no service, and so no class of service",
            where="settlements",
            do="Name another account",
        )
    last = services[-1].agreement
    until = last.days.until_day
    day = desk.on if until is None or until > desk.on else last.days.from_day
    return desk.view.service_class(last.schedule, max(day, last.days.from_day)).value


def refused(decided: Decided, what: str, where: str, do: str) -> CannotSettle:
    """A "no" of a rule as a refusal, with its reasons and their clauses."""
    reasons = decided.decision.reasons
    words = "; ".join(f"{one.finding} ({one.citation.text})" for one in reasons)
    return CannotSettle(what, where=where, why=words[:1].upper() + words[1:], do=do)


def decide_again(
    case: SettlementCase, desk: MoneyDesk, decide: Callable[[Any, MoneyDesk], Decided]
) -> bool:
    """Whether the settlement's record comes out the same to the byte, from what was known then.

    ``decide`` gathers the facts anew, as known at the desk it is given, and decides.
    """
    asked = case.asked
    own = frozenset(one.entry_id for one in case.steps)
    at = asked.learned_at
    known = json.loads(case.record)
    then = replace(desk, on=asked.on, now=at, unseen=own, pinned=known["book"])
    told = {name: known[name] for name in (AGENCY_TERMS,) if name in known}
    return _record(case, decide(case, then), then, told) == case.record


def _record(
    case: SettlementCase, decided: Decided, desk: MoneyDesk, told: Mapping[str, str]
) -> bytes:
    memory, decision = decided.terms.memory, decided.decision
    payee = case.payee
    return canonical_bytes(
        {
            "settlement": case.settlement_id,
            "account": case.account_id,
            "to_account": case.to_account_id,
            "usd": usd_text(case.cents),
            "source": case.source,
            "about": case.about,
            "payee": None
            if payee is None
            else {
                "name": payee.name,
                "means": payee.means.value,
                "payment": payee.payment_key,
                "payee": payee.payee_id,
            },
            "rule": decided.rule,
            "on": desk.on.isoformat(),
            "known_at": desk.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "facts": plain_form(decided.facts),
            "outcome": plain_form(decision.outcome),
            "reasons": [
                {"finding": one.finding, "citation": one.citation.as_json()}
                for one in decision.reasons
            ],
            "standing": weakest(memory.standings).value,
            "reading_keys": sorted({*memory.readings, *decision.reading_keys}),
            "values": list(memory.values),
            "book": desk.view.sha256,
            **told,
        }
    )


def _revenue_account(case: SettlementCase, desk: MoneyDesk) -> str:
    services = desk.store.services_of_account(case.account_id, desk.now)
    return REVENUE_OF_CLASS[service_class_of(services, desk)]
