"""Accounts: finding one, and the page that tells its whole story.

Lives here      gathering what the two pages show.
Lives elsewhere what a balance is (``ledger``, ``stores``), words (``words``, ``story``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.billing import RESIDENTIAL
from meterledger.entrypoints.web.asked import page_asked
from meterledger.entrypoints.web.budget import budget_of_account
from meterledger.entrypoints.web.deposit_pages import deposits_of_account
from meterledger.entrypoints.web.extension_pages import extensions_of_account
from meterledger.entrypoints.web.late_charge_pages import late_charges_of_account
from meterledger.entrypoints.web.payments import items_of_account, payments_of_account
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.web.relief_pages import reliefs_of_account
from meterledger.entrypoints.web.story import bill_states, story_of
from meterledger.entrypoints.web.tax_words import shown_exemptions, tax_place_words
from meterledger.entrypoints.web.words import initials
from meterledger.entrypoints.wiring import System
from meterledger.facts.places import BillableService
from meterledger.facts.receivables import ItemKind, OpenItem
from meterledger.kernel.ids import check_digit_holds, with_check_digit
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import (
    CASH,
    RECEIVABLE,
    REVENUE_OF_CLASS,
    TAX_COLLECTIONS,
    control_sums,
)
from meterledger.usecases.cancelled_bills import place_taken_by
from meterledger.usecases.finance_reports import class_of
from meterledger.usecases.ports import NotFound, StoredBill
from meterledger.usecases.settle_held import kind_of_case

ACCOUNT_DIGITS = 10
PAGE_SIZE = 50
COUNT_BILLS_UP_TO = 500
"""Accounts up to which the front page adds up bills; beyond, the journal's sums stand alone."""


class NotAnAccountNumber(Refusal):
    """What was typed cannot be an account number."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the list: enough to find it, without a name or an address."""

    account_id: str
    initials: str
    cities: str
    schedules: str
    balance_cents: int


@dataclass(frozen=True, slots=True)
class TownSummary:
    """What was billed, posted and received. ``billed_cents`` is None where nobody added it up."""

    account_count: int
    bill_count: int | None
    billed_cents: int | None
    posted_cents: int
    received_cents: int
    owed_cents: int

    @property
    def agrees(self) -> bool:
        """Whether the bills and the journal are one number, to the cent."""
        return self.billed_cents is None or self.billed_cents == self.posted_cents

    @property
    def difference_cents(self) -> int:
        """Bills less journal: zero, or something to look into at once."""
        return (self.billed_cents or 0) - self.posted_cents


@personal("find an account", subjects=lambda: ["list of accounts"])
def find_account(request: HttpRequest, system: System) -> HttpResponse:
    """The front page: a number to look up, the town's sums, accounts without names."""
    typed = request.GET.get("account", "")
    refusal: Refusal | None = None
    account_ids = system.store.account_ids()
    if typed.strip():
        try:
            return redirect("account", account_id=account_number(typed, account_ids))
        except (NotAnAccountNumber, NotFound) as caught:
            refusal = caught
    page = page_asked(request, account_ids, PAGE_SIZE)
    context = {
        "typed": typed[:40],
        "refusal": refusal,
        "summary": _summary(system, account_ids),
        "page": page,
        "rows": _rows(system, page),
    }
    return render(request, "web/home.html", context, status=422 if refusal else 200)


@personal("read an account", subjects=lambda account_id: [account_id])
def account_page(request: HttpRequest, system: System, account_id: str) -> HttpResponse:
    """Who, where, on which rate, by which meter; bills, payments, and the balance as a story."""
    account = system.store.account(account_id)
    services = system.store.services_of_account(account_id, system.now)
    bills = system.store.bills_of_account(account_id)
    issued = system.store.issued_bills_of_account(account_id)
    balance_cents = system.store.balance_cents(account_id)
    entries = system.store.entries_of_account(account_id)
    options = system.store.billing_options([account_id], system.now).get(account_id)
    open_items = items_of_account(system, account_id)
    context = {
        "account": account,
        "people": list(
            dict.fromkeys(one[:2] for one in system.store.people_of_account(account_id, system.now))
        ),
        "places": list(dict.fromkeys(one.premise for one in services)),
        "services": [(one, _schedule_name(system, one), tax_place_words(one)) for one in services],
        "exemptions": shown_exemptions(services, system.view),
        "installations": list(dict.fromkeys(i for one in services for i in one.installations)),
        "bills": list(reversed(bill_states(bills, open_items))),
        "payments": payments_of_account(system, account_id),
        "open_items": open_items,
        "cancelled": [
            (one, place_taken_by(one, issued))
            for one in reversed(issued)
            if one.cancelled_by is not None
        ],
        "story": story_of(account_id, entries, {one.bill_id: one for one in issued}),
        "balance_cents": balance_cents,
        "credit_cents": -balance_cents,
        "next_due": _next_due(bills, balance_cents, system),
        "past_due_cents": past_due_cents(open_items.items if open_items else (), system.today),
        "budget": budget_of_account(system, account_id),
        "deposits": deposits_of_account(system, account_id),
        "late_charges": late_charges_of_account(system, account_id),
        "extensions": extensions_of_account(system, account_id),
        "reliefs": reliefs_of_account(system, account_id),
        "is_business": any(
            class_of(one.agreement.schedule, system.today, system.view) not in ("", RESIDENTIAL)
            for one in services
        ),
        "held": [
            (one, kind_of_case(one).words) for one in system.store.held_cases(account_id=account_id)
        ],
        "due_date": options.due_date_on(system.today) if options else None,
        "delivery": system.store.delivery_preference(account_id, system.today),
    }
    return render(request, "web/account.html", context)


def account_number(typed: str, known: list[str]) -> str:
    """Read what somebody typed: spaces and dashes do not matter, the check digit does.

    :raises NotAnAccountNumber: saying how one looks, and the likeliest one meant
    :raises NotFound: if it could be one and is not
    """
    digits = "".join(typed.split()).replace("-", "")
    if len(digits) != ACCOUNT_DIGITS or not check_digit_holds(digits):
        plain = digits.isascii() and digits.isdigit() and len(digits) == ACCOUNT_DIGITS
        meant = with_check_digit(digits[: ACCOUNT_DIGITS - 1]) if plain else ""
        hint = f"Did you mean {meant}?" if meant in known else "It is on every bill"
        raise NotAnAccountNumber(
            f"'{typed.strip()[:40]}' is not an account number",
            why=f"An account number has {ACCOUNT_DIGITS} digits, the last checking the others",
            do=hint,
        )
    if digits not in known:
        raise NotFound(
            f"There is no account {digits}",
            do="Check the number on the bill, or choose from the list below",
        )
    return digits


def _rows(system: System, page: Page[str]) -> list[AccountRow]:
    rows = []
    for account_id in page.object_list:
        services = system.store.services_of_account(account_id, system.now)
        names = dict.fromkeys(name for one in services for name in one.holders)
        rows.append(
            AccountRow(
                account_id=account_id,
                initials=", ".join(initials(name) for name in names),
                cities=", ".join(dict.fromkeys(one.premise.city for one in services)),
                schedules=", ".join(dict.fromkeys(_schedule_name(system, one) for one in services)),
                balance_cents=system.store.balance_cents(account_id),
            )
        )
    return rows


def _summary(system: System, account_ids: list[str]) -> TownSummary:
    sums = control_sums(system.store.trial_balance())
    count: int | None = None
    billed: int | None = None
    if len(account_ids) <= COUNT_BILLS_UP_TO:
        bills = [one for each in account_ids for one in system.store.bills_of_account(each)]
        count = len(bills)
        billed = sum(one.total_cents for one in bills)
    return TownSummary(
        account_count=len(account_ids),
        bill_count=count,
        billed_cents=billed,
        posted_cents=-sum(
            sums.get(one, 0) for one in {*REVENUE_OF_CLASS.values(), TAX_COLLECTIONS}
        ),
        received_cents=sums.get(CASH, 0),
        owed_cents=sums.get(RECEIVABLE, 0),
    )


def _schedule_name(system: System, service: BillableService) -> str:
    """The option's own name on the day the agreement began, beside its code."""
    agreement = service.agreement
    series = system.view.schedule_series(agreement.schedule)
    for dated in series.values:
        if agreement.days.from_day in dated.days:
            return dated.value.name
    return agreement.schedule


def _next_due(bills: list[StoredBill], balance_cents: int, system: System) -> date | None:
    """By when the balance is to be paid: the due day of the bill issued last, or the later one of
    what went out late, if it is to come.
    """
    if not bills or balance_cents <= 0:
        return None
    last = max(bills, key=lambda one: (one.issued_day, one.days.from_day))
    later = system.store.later_due_days([last.bill_id]).get(last.bill_id, last.due_day)
    due = max(last.due_day, later)
    return due if due >= system.today else None


def past_due_cents(items: Iterable[OpenItem], today: date) -> int:
    """What of the balance was to be paid before today; a deposit asked for is no part of it."""
    return sum(
        one.open_cents
        for one in items
        if one.kind is not ItemKind.DEPOSIT and one.due_day is not None and one.due_day < today
    )
