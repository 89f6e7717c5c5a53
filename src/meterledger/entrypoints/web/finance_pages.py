"""Pages of finance: what is unexplained, trial balance, aging, revenue, cash, the bank.

Each figure opens to what it is made of, and each report shows its tie to the journal.

Lives here      the pages, and which month or evening they are of.
Lives elsewhere the figures (``usecases/finance_*``, ``usecases/reconcile_bank``).
Read first      docs/operating/finance_reports.md, docs/operating/reconciliation.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.bank_pages import DONE
from meterledger.entrypoints.web.money_words import cause_address, entry_words
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.money import Entry
from meterledger.facts.payments import ReceiptState
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import account_name
from meterledger.usecases.finance_aging import BUCKETS, AgedAccount, Aging, aging
from meterledger.usecases.finance_reports import Tie, cash, month_of, revenue, trial_balance
from meterledger.usecases.finance_unexplained import unexplained
from meterledger.usecases.reconcile_bank import bank_position

MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
MONTHS_LISTED = 13
MONTHS_LOOKED_BACK = 36
"""How far a page goes back for a month in which something is booked."""
ACCOUNTS_LISTED = 500
ENTRIES_LISTED = 500
MATCHES_LISTED = 50
AGING_AT_ONCE_UP_TO = 20_000
"""Up to so many accounts a page looks through their open items unasked; above, aging is its own."""


class NotAMonth(Refusal):
    """The month in an address is not one."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with what it moved on one ledger account."""

    entry: Entry
    words: str
    address: str
    cents: int
    accounts: tuple[str, ...]


@personal("finance: the month's figures", subjects=lambda: ["all accounts"])
def finance_page(request: HttpRequest, system: System) -> HttpResponse:
    """The month: each report with its tie."""
    days, is_newest = month_of_page(request, system)
    # Of a month that is not here yet, its first day: nothing has come on it.
    cash_day = max(days.from_day, min(days.last_day, system.today))
    by_day = DaySpan(days.from_day, cash_day + timedelta(days=1))
    accounts = len(system.store.account_ids())
    aged = (
        aging(cash_day, view=system.view, store=system.store)
        if accounts <= AGING_AT_ONCE_UP_TO
        else None
    )
    found = revenue(days, view=system.view, store=system.store)
    monitors = (
        unexplained(system.today, view=system.view, store=system.store, aged=aged)
        if aged is not None
        else None
    )
    context = {
        "part": "month",
        "month": days.from_day,
        "this_month": system.today.replace(day=1),
        "is_newest": is_newest,
        "months": months_to_go_to(system.today, days.from_day),
        "at": cash_day,
        "monitors": monitors,
        "unexplained_count": sum(one.count for one in monitors.items) if monitors else 0,
        "trial": trial_balance(days, store=system.store),
        "aging": aged,
        "aging_rows": _aging_rows(aged) if aged is not None else [],
        "buckets": BUCKETS,
        "revenue": found,
        "schedules": _schedules(found.rows),
        "cash": cash(by_day, store=system.store),
        "states": [state.value for state in ReceiptState],
    }
    return render(request, "web/finance.html", context)


@personal("finance: what a ledger account is made of", subjects=lambda ledger_account: ["all"])
def ledger_account_page(request: HttpRequest, system: System, ledger_account: str) -> HttpResponse:
    """One ledger account in a month: by event, and entry by entry."""
    days = month_asked(request, system.today)
    rows = [
        one
        for one in system.store.ledger_rows(days.from_day, days.until_day)
        if one.ledger_account == ledger_account
    ]
    balance = trial_balance(days, store=system.store)
    mine = next((one for one in balance.rows if one.ledger_account == ledger_account), None)
    entries = system.store.entries_booked(
        ledger_account, days.from_day, days.until_day, limit=ENTRIES_LISTED + 1
    )
    context = {
        "ledger_account": ledger_account,
        "name": account_name(ledger_account),
        "month": days.from_day,
        "months": months_to_go_to(system.today, days.from_day),
        "row": mine,
        "kinds": _kinds(rows),
        "entries": [_entry_row(one, ledger_account) for one in entries[:ENTRIES_LISTED]],
        "more": len(entries) > ENTRIES_LISTED,
        "listed": ENTRIES_LISTED,
    }
    return render(request, "web/finance_account.html", context)


@personal("finance: what customers owe and how long", subjects=lambda: ["all accounts"])
def aging_page(request: HttpRequest, system: System) -> HttpResponse:
    """Open items by class and bucket, and the accounts behind a figure."""
    at = day_asked(request, "on") or system.today
    found = aging(at, view=system.view, store=system.store)
    wanted_class = request.GET.get("class", "")
    wanted = request.GET.get("bucket", "")
    place = BUCKETS.index(wanted) if wanted in BUCKETS else None
    accounts = [
        one
        for one in found.accounts
        if (not wanted_class or one.service_class == wanted_class)
        and (one.credit_cents if wanted == "credits" else True)
        and (one.cents[place] if place is not None else True)
    ]
    accounts.sort(key=lambda one: _amount(one, place, wanted), reverse=True)
    context = {
        "part": "aging",
        "at": at,
        "aging": found,
        "aging_rows": _aging_rows(found),
        "buckets": BUCKETS,
        "wanted_class": wanted_class,
        "wanted": wanted,
        "accounts": accounts[:ACCOUNTS_LISTED],
        "count": len(accounts),
        "listed": ACCOUNTS_LISTED,
        "sum_cents": sum(_amount(one, place, wanted) for one in accounts),
    }
    return render(request, "web/finance_aging.html", context)


@personal("finance: lines of the bank", subjects=lambda: ["bank"])
def bank_page(request: HttpRequest, system: System) -> HttpResponse:
    """What the bank shows and the book, side by side."""
    position = bank_position(on=system.today, view=system.view, store=system.store)
    context = {
        "part": "bank",
        "done": DONE.get(request.GET.get("done", ""), ""),
        "bank": position,
        "ties": [Tie(*one) for one in position.tie()],
        "statements": system.store.bank_statements(limit=31),
        "matches": system.store.bank_matches(limit=MATCHES_LISTED),
        "today": system.today,
        "unseen": [
            (
                one,
                position.age(one),
                cause_address(one.expectation_id.rpartition("#")[0], one.cause),
            )
            for one in position.unseen[:ENTRIES_LISTED]
        ],
        "open_lines": [
            (one, (system.today - one.line.booked_day).days) for one in position.open_lines
        ],
        "listed": ENTRIES_LISTED,
    }
    return render(request, "web/finance_bank.html", context)


def month_asked(request: HttpRequest, today: date) -> DaySpan:
    """The month that the query names; this one where it names none.

    :raises NotAMonth: saying how a month is written
    """
    text = request.GET.get("month", "").strip()
    found = MONTH.fullmatch(text)
    if not text:
        return month_of(today)
    if found is None or not 1 <= int(found[2]) <= 12 or not 1990 <= int(found[1]) <= 2100:
        raise NotAMonth(
            f"'{text[:20]}' is not a month",
            where="month",
            do="Write it as year-month, like 2026-11, or leave it out",
        )
    return month_of(date(int(found[1]), int(found[2]), 1))


def month_of_page(request: HttpRequest, system: System) -> tuple[DaySpan, bool]:
    """The month asked for; without one this month, or the newest before it that has entries.

    True says that the present month is empty and another one is shown.
    """
    days = month_asked(request, system.today)
    if request.GET.get("month", "").strip():
        return days, False
    month = days
    for _ in range(MONTHS_LOOKED_BACK):
        if system.store.ledger_rows(month.from_day, month.until_day):
            return month, month != days
        month = month_of(month.from_day - timedelta(days=1))
    return days, False


def months_to_go_to(today: date, shown: date) -> list[date]:
    """Months to go to: the last ones, or those about a month that is longer ago."""
    last = min(today.replace(day=1), month_of(shown + timedelta(days=190)).from_day)
    found, month = [], last
    for _ in range(MONTHS_LISTED):
        found.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def _aging_rows(found: Aging) -> list[tuple[str, list[tuple[str, int]], int]]:
    """(class, (bucket, cents) of each, credits), and the totals last."""
    rows = [*found.by_class.items(), ("", found.totals)]
    return [(name, list(zip(BUCKETS, row[:-1], strict=True)), row[-1]) for name, row in rows]


def _amount(one: AgedAccount, place: int | None, wanted: str) -> int:
    if wanted == "credits":
        return one.credit_cents
    return one.open_cents if place is None else one.cents[place]


def _schedules(rows: Sequence[Any]) -> list[tuple[str, list[Any], int]]:
    """Revenue rows by schedule, with its sum, taxes apart."""
    found: dict[str, list[Any]] = {}
    for one in rows:
        if one.group != "tax":
            found.setdefault(one.schedule, []).append(one)
    return [(name, each, sum(one.cents for one in each)) for name, each in sorted(found.items())]


def _kinds(rows: Sequence[Any]) -> list[tuple[str, int, int, int]]:
    """(event, debits, credits, postings) of a ledger account."""
    found: dict[str, list[int]] = {}
    for one in rows:
        sums = found.setdefault(one.kind, [0, 0, 0])
        sums[0] += one.debit_cents
        sums[1] += one.credit_cents
        sums[2] += one.legs
    return [(name, *sums) for name, sums in sorted(found.items())]  # type: ignore[misc]


def _entry_row(entry: Entry, ledger_account: str) -> EntryRow:
    return EntryRow(
        entry=entry,
        words=entry_words(entry.entry_id, entry.cause),
        address=cause_address(entry.entry_id, entry.cause),
        cents=sum(leg.cents for leg in entry.legs if leg.ledger_account == ledger_account),
        accounts=tuple(
            dict.fromkeys(leg.customer_account_id for leg in entry.legs if leg.customer_account_id)
        ),
    )
