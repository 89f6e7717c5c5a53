"""An account's money as a story that a person on the phone can follow, and what is still open.

Every event is one line in plain words with the balance after it, the newest first, in years. What
paid what is said on both lines. Three questions to the store tell ten years.

Lives here      the page and its lines.
Lives elsewhere words of an entry (``money_words``), what paid what (``ledger.open_items``).
Read first      docs/operating/finance_reports.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.deposit_words import KIND_WORDS as DEPOSIT_WORDS
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.money_words import (
    cause_address,
    entry_words,
    inside_words,
    sentence_words,
)
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import Deposit, asked_items, deposit_of_item
from meterledger.facts.money import Entry, Leg
from meterledger.facts.receivables import AccountMoney, ItemKind, OpenItem
from meterledger.kernel.local_days import local_day_of
from meterledger.ledger import (
    BUDGET_DEFERRED,
    Receivable,
    account_name,
    control_of,
    due_days_of,
    receivable_of_movements,
)
from meterledger.usecases.deposit_record import reasons_of

ASKED = ("142", "143")
HELD_DEPOSITS = "235"
KIND_WORDS = {
    ItemKind.UTILITY: "electric service",
    ItemKind.LATE_CHARGE: "late charge",
    ItemKind.SERVICE_FEE: "service fee",
    ItemKind.DEPOSIT: "deposit",
    ItemKind.SPECIAL: "special charge",
}


@dataclass(frozen=True, slots=True)
class Paid:
    """One end of a settlement: what the other line is called, where it stands, and how much."""

    words: str
    anchor: str
    day: date | None
    cents: int


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One event of the account."""

    entry_id: str
    anchor: str
    day: date
    words: str
    address: str
    cents: int
    balance_cents: int
    deposit_cents: int
    deferred_cents: int
    due_day: date | None
    booked_day: date | None
    known_day: date | None
    paid: tuple[Paid, ...]
    pays: tuple[Paid, ...]
    open_cents: int
    legs: tuple[tuple[str, str, int], ...]
    cause: str
    taken_back: str

    @property
    def is_money_elsewhere(self) -> bool:
        """Whether it moved a deposit or what is deferred, and nothing that is owed now."""
        return self.cents == 0


@dataclass(frozen=True, slots=True)
class OpenRow:
    """One thing that is still to be paid."""

    item: OpenItem
    words: str
    anchor: str
    kind: str
    days_past: int


@dataclass(frozen=True, slots=True)
class AskedDeposit:
    """A part of a deposit that was asked for and is unpaid, with the clauses that let it be."""

    deposit_id: str
    words: str
    item: OpenItem
    days_past: int
    is_disputed: bool
    clauses: tuple[tuple[str, str | None], ...]


@personal("an account's money, event by event", subjects=lambda account_id: [account_id])
def ledger_page(request: HttpRequest, system: System, account_id: str) -> HttpResponse:
    """All that ever moved the account's money."""
    account = system.store.account(account_id)
    entries = system.store.entries_of_account(account_id)
    money = system.store.account_money([account_id], with_due_days=True).get(
        account_id, AccountMoney(account_id, account.opened_day)
    )
    deposits = system.store.deposits_of_accounts([account_id]).get(account_id, ())
    due_days = due_days_of(money, at=system.today, known_at=system.now)
    stood = receivable_of_movements(
        account_id,
        money.movements,
        money.applications,
        asked_deposits=asked_items(deposits, system.today),
        due_days=due_days,
        at=system.today,
    )
    lines = story_lines(account_id, entries, stood, due_days, system)
    open_ = open_rows(stood, system.today, {one.entry_id: one.anchor for one in lines})
    asked = asked_deposits(stood, deposits, system)
    past_due = sum(one.item.open_cents for one in open_ if one.days_past > 0)
    years = [
        (year, list(reversed(list(each))))
        for year, each in groupby(lines, lambda one: one.day.year)
    ]
    services = system.store.services_of_account(account_id, system.now)
    context = {
        "account": account,
        "holders": list(dict.fromkeys(name for one in services for name in one.holders)),
        "balance_cents": lines[-1].balance_cents if lines else 0,
        "past_due_cents": past_due,
        "current_cents": sum(one.item.open_cents for one in open_) - past_due,
        "credit_cents": stood.unapplied_cents,
        "deposit_cents": -_sum_of(account_id, entries, HELD_DEPOSITS),
        "deferred_cents": _sum_of(account_id, entries, BUDGET_DEFERRED),
        "open": open_,
        "asked": asked,
        "asked_cents": sum(one.item.open_cents for one in asked),
        "years": list(reversed(years)),
        "today": system.today,
    }
    return render(request, "web/account_ledger.html", context)


def story_lines(
    account_id: str,
    entries: Sequence[Entry],
    stood: Receivable,
    due_days: Mapping[str, date],
    system: System,
) -> list[StoryLine]:
    """The entries in order, each with the balance after it; what is taken back comes first."""
    ordered = sorted(entries, key=lambda one: (one.effective_day, one.learned_at, one.entry_id))
    names = {one.entry_id: f"e{number}" for number, one in enumerate(ordered, start=1)}
    by_id = {one.entry_id: one for one in ordered}
    settled = [one for one in stood.settlements if one.cents]
    items = {one.item_id: one for one in stood.items}
    back = {one.reverses: one for one in ordered if one.reverses}
    found, balance = [], 0
    for entry in ordered:
        cents = sum(leg.cents for leg in entry.legs if _is_asked(account_id, leg))
        balance += cents
        known = local_day_of(entry.learned_at, system.view.time_zone)
        reversal = back.get(entry.entry_id)
        item = items.get(entry.entry_id)
        found.append(
            StoryLine(
                entry_id=entry.entry_id,
                anchor=names[entry.entry_id],
                day=entry.effective_day,
                words=entry_words(entry.entry_id, entry.cause),
                address=cause_address(entry.entry_id, entry.cause),
                cents=cents,
                balance_cents=balance,
                deposit_cents=-_sum_of(account_id, [entry], HELD_DEPOSITS),
                deferred_cents=_sum_of(account_id, [entry], BUDGET_DEFERRED),
                due_day=due_days.get(entry.entry_id),
                booked_day=entry.booked_day,
                known_day=known if known != entry.effective_day else None,
                paid=tuple(
                    _end(one.source_entry_id, one.cents, by_id, names)
                    for one in settled
                    if one.item_id == entry.entry_id
                ),
                pays=tuple(
                    _end(one.item_id, one.cents, by_id, names)
                    for one in settled
                    if one.source_entry_id == entry.entry_id
                ),
                open_cents=item.open_cents if item is not None else 0,
                legs=tuple(
                    (leg.ledger_account, account_name(leg.ledger_account), leg.cents)
                    for leg in entry.legs
                ),
                cause=sentence_words(entry.cause),
                taken_back=names[reversal.entry_id] if reversal is not None else "",
            )
        )
    return found


def open_rows(stood: Receivable, today: date, anchors: Mapping[str, str]) -> list[OpenRow]:
    """What is owed and still to be paid: past due first, the oldest first."""
    rows = [
        OpenRow(
            item=one,
            words=entry_words(one.item_id),
            anchor=anchors.get(one.item_id, ""),
            kind=KIND_WORDS[one.kind],
            days_past=_days_past(one, today),
        )
        for one in stood.items
        if one.open_cents and one.kind is not ItemKind.DEPOSIT
    ]
    return sorted(rows, key=lambda one: (-one.days_past, one.item.charged_day, one.item.item_id))


def asked_deposits(
    stood: Receivable, deposits: Sequence[Deposit], system: System
) -> list[AskedDeposit]:
    """Deposits that are asked for and unpaid, part by part."""
    by_id = {one.deposit_id: one for one in deposits}
    found = []
    for item in stood.items:
        deposit = by_id.get(deposit_of_item(item.item_id))
        if deposit is None or deposit.asked is None or not item.open_cents:
            continue
        cited = dict.fromkeys(one.citation for one in reasons_of(deposit.asked))
        found.append(
            AskedDeposit(
                deposit_id=deposit.deposit_id,
                words=f"Deposit {DEPOSIT_WORDS[deposit.kind]}",
                item=item,
                days_past=_days_past(item, system.today),
                is_disputed=deposit.dispute is not None,
                clauses=tuple(
                    (one.text, citation_address(system.view, one, known=system.view.known_on))
                    for one in cited
                ),
            )
        )
    return found


def _days_past(item: OpenItem, today: date) -> int:
    return max((today - item.due_day).days, 0) if item.due_day is not None else 0


def _end(entry_id: str, cents: int, by_id: Mapping[str, Entry], names: Mapping[str, str]) -> Paid:
    entry = by_id.get(entry_id)
    words = entry_words(entry_id, entry.cause if entry is not None else "")
    day = entry.effective_day if entry is not None else None
    return Paid(inside_words(words), names.get(entry_id, ""), day, cents)


def _is_asked(account_id: str, leg: Leg) -> bool:
    return (
        leg.customer_account_id == account_id
        and control_of(leg.ledger_account) in ASKED
        and leg.ledger_account != BUDGET_DEFERRED
    )


def _sum_of(account_id: str, entries: Sequence[Entry], ledger_account: str) -> int:
    return sum(
        leg.cents
        for entry in entries
        for leg in entry.legs
        if leg.customer_account_id == account_id and leg.ledger_account == ledger_account
    )
