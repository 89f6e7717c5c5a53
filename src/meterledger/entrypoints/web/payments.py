"""Payments: one with what it paid and by which clause, files with their totals, unapplied money.

Lives here      gathering what the pages show; reading the forms.
Lives elsewhere what may be done (``usecases/settle_payment``), the order of payment (``ledger``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.channel_words import pledge_words
from meterledger.entrypoints.payment_words import CHANNEL_WORDS, STATE_WORDS, payment_desk
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.money_words import cause_address, entry_words
from meterledger.entrypoints.web.policy import accounts_typed, acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.money import Payment, Tender
from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    ReceiptAct,
    ReceiptOnFile,
    ReceiptState,
    ReceiptTotals,
)
from meterledger.facts.pledges import REST, PledgeOnFile
from meterledger.facts.receivables import Application
from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.ledger import Receivable, due_days_of, receivable_of_movements
from meterledger.usecases.combined_payments import accounts_of, combined_payment, statement_told
from meterledger.usecases.ports import NotFound
from meterledger.usecases.settle_payment import (
    CannotSettlePayment,
    PaymentDesk,
    ask_to_send_back,
    assign_to_statement,
    assign_unapplied,
    reverse_payment,
    send_back,
)

MOST_SHOWN = 200
DAYS_SHOWN = 14
ASSIGN, ASK, AGREE, REVERSE = "assign", "ask", "agree", "reverse"
TAKEN = "take"
ACTS = {
    ASSIGN: (
        "Put it on an account, or on those of a combined statement",
        "It counts there from the day it was received; of a statement it pays what its bills ask.",
    ),
    ASK: ("Ask to send it back", "Another person then agrees, and it leaves."),
    AGREE: ("Agree to send it back", "You are another person than who asked."),
    REVERSE: ("Take it back", "A returned check or an error: exactly what it did is undone."),
}
DONE = {
    TAKEN: "The payment is taken and posted",
    ASSIGN: "It is where it belongs",
    ASK: "Sending it back is asked for, and waits for another person",
    AGREE: "Sending it back is agreed to",
    REVERSE: "It is taken back",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = ""
    account: str = ""
    statement: str = ""
    on: str = ""
    author: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PaidItem:
    """What a payment gave to one item, and whether it was taken back."""

    application: Application
    words: str
    address: str
    is_undone: bool


@personal("look at payments", subjects=lambda: ["payments"])
def payments_page(request: HttpRequest, system: System) -> HttpResponse:
    """Money that waits for its account, files with their control totals, and the last days."""
    waiting = system.store.receipts(state=ReceiptState.UNAPPLIED, limit=MOST_SHOWN + 1)
    files = system.store.payment_files(limit=MOST_SHOWN)
    last = system.today
    totals = _totals_to(last, system)
    if not totals:
        newest = system.store.receipts(limit=1)
        last = newest[0].receipt.received_day if newest else last
        totals = _totals_to(last, system)
    context = {
        "waiting": waiting[:MOST_SHOWN],
        "waiting_cents": sum(one.receipt.cents for one in waiting[:MOST_SHOWN]),
        "more": len(waiting) > MOST_SHOWN,
        "files": files,
        "totals": [(one, _by_state(one)) for one in reversed(totals)],
        "days": DAYS_SHOWN,
        "last": last,
        "is_earlier": last != system.today,
    }
    return render(request, "web/payments.html", context)


def _totals_to(last: date, system: System) -> list[ReceiptTotals]:
    """What was received in the days up to one, by day, channel and file."""
    until = last + timedelta(days=1)
    return list(system.store.receipt_totals(until - timedelta(days=DAYS_SHOWN), until))


@personal("look at a day's payments", subjects=lambda day, channel: [f"payments of {day}"])
def day_page(request: HttpRequest, system: System, day: str, channel: str) -> HttpResponse:
    """Payments of one day and channel, one by one; of one state if the address names it."""
    on = _day(day, "a day")
    way = next((one for one in Channel if one.value == channel), None)
    if way is None:
        raise NotFound.of("channel", channel[:20])
    file = request.GET.get("file", "")[:64]
    state = next((one for one in ReceiptState if one.value == request.GET.get("state")), None)
    found = system.store.receipts(
        received_day=on, channel=way, file_sha256=file or None, state=state, limit=MOST_SHOWN + 1
    )
    shown = [
        one
        for one in found
        if (file or one.receipt.file_sha256 is None)
        and (state is ReceiptState.DIVIDED or not one.is_divided)  # its parts are among them
    ][:MOST_SHOWN]
    context = {
        "day": on,
        "channel_words": CHANNEL_WORDS[way.value],
        "state_words": STATE_WORDS[state.value] if state else "",
        "receipts": shown,
        "cents": sum(one.receipt.cents for one in shown),
        "more": len(found) > MOST_SHOWN,
    }
    return render(request, "web/payments_day.html", context)


@personal("look at a file of payments", subjects=lambda sha256: [f"file {sha256}"])
def file_page(request: HttpRequest, system: System, sha256: str) -> HttpResponse:
    """A file: its totals, its refused lines, its payments."""
    file: PaymentFile | None = system.store.payment_file(sha256)
    if file is None:
        raise NotFound.of("file of payments", sha256[:16])
    receipts = system.store.receipts(file_sha256=sha256, limit=MOST_SHOWN)
    return render(request, "web/payment_file.html", {"file": file, "receipts": receipts})


def _accounts_of(request: HttpRequest, system: System, payment_key: str) -> Iterator[str]:
    """Whose it is, or those of its parts; and whose a form says that it is."""
    check = combined_payment(payment_key, system.store)
    parts = check.parts if check is not None else (system.store.receipt(payment_key),)
    yield from (one.account_id for one in parts if one.account_id is not None)
    if request.method == "POST":
        yield from accounts_typed("account")(request, system)
        statement = statement_told(str(request.POST.get("statement", ""))[:200], system.store)
        yield from accounts_of(statement) if statement is not None else ()


@acting(
    "look at a payment",
    subjects=lambda payment_key: [f"payment {payment_key}"],
    accounts=_accounts_of,
)
def payment_page(request: HttpRequest, system: System, payment_key: str) -> HttpResponse:
    """One payment: what it paid, item by item, by which clause; its steps; the ways on."""
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            _settle(payment_key, typed, system)
        except Refusal as caught:
            refusal = caught
        else:
            told = urlencode({"done": typed.act})
            return redirect(f"{reverse('payment', args=[payment_key])}?{told}")
    known = system.store.receipt(payment_key)
    check = combined_payment(payment_key, system.store)
    done = request.GET.get("done", "")
    context = {
        "known": known,
        "receipt": known.receipt,
        "channel_words": CHANNEL_WORDS[known.receipt.channel.value],
        "state_words": STATE_WORDS[known.state.value],
        "steps": [(step, step.reason.splitlines()) for step in known.steps],
        "paid": _paid(system.store.applications_of(f"payment:{payment_key}")),
        "check": check if check is not None and check.is_split else None,
        "acts": [(act, *ACTS[act]) for act in _acts(known)],
        "pledges": _pledges(known, system),
        "typed": typed,
        "refusal": refusal,
        "done": DONE.get(done, ""),
        "today": system.today,
    }
    return render(request, "web/payment.html", context, status=status_after(refusal))


def _pledges(known: ReceiptOnFile, system: System) -> list[tuple[PledgeOnFile, str]]:
    """The pledge whose money a payment is, with how it stands today."""
    if known.receipt.tender is not Tender.PLEDGE:
        return []
    key = known.receipt.payment_key
    keys = {key, key.removesuffix(REST)}
    return [
        (one, pledge_words(one, system.today))
        for one in system.store.pledges(account_ids=[known.receipt.account_told])
        if keys & {step.payment_key for step in one.steps}
    ]


def items_of_account(system: System, account_id: str) -> Receivable | None:
    """What is open of an account today; None where nothing was ever asked or paid."""
    money = system.store.account_money([account_id], with_due_days=True).get(account_id)
    if money is None:
        return None
    asked = payment_desk(system).asked_deposits([account_id]).get(account_id, ())
    return receivable_of_movements(
        account_id,
        money.movements,
        money.applications,
        asked_deposits=asked,
        due_days=due_days_of(money, at=system.today, known_at=system.now),
        at=system.today,
    )


def payments_of_account(system: System, account_id: str) -> list[tuple[Payment, str]]:
    """The account's payments, the newest first, each with how it stands."""
    known = system.store.receipts(account_id=account_id, limit=MOST_SHOWN)
    states = {one.receipt.payment_key: one.state.value for one in known}
    posted = reversed(system.store.payments_of_account(account_id))
    return [(one, states.get(one.payment_key, "")) for one in posted]


def _by_state(one: ReceiptTotals) -> list[tuple[str, str]]:
    """How many stand how, each with the address of those."""
    place = reverse("payments-day", args=[one.day.isoformat(), one.channel.value])
    file = {"file": one.file_sha256} if one.file_sha256 else {}
    return [
        (
            f"{totals.count} {state.value}",
            f"{place}?{urlencode({'state': state.value, **file})}",
        )
        for state, totals in one.by_state
    ]


def _paid(applications: list[Application]) -> list[PaidItem]:
    undone = {one.undoes for one in applications}
    return [
        PaidItem(
            one,
            entry_words(one.item_id),
            cause_address(one.item_id),
            one.application_id in undone,
        )
        for one in applications
        if one.undoes is None
    ]


def _acts(known: ReceiptOnFile) -> list[str]:
    """The ways on of a payment as it stands."""
    if known.state in (ReceiptState.POSTED, ReceiptState.DIVIDED):
        return [REVERSE]
    if known.state is not ReceiptState.UNAPPLIED:
        return []
    asked = known.steps[-1].act is ReceiptAct.SEND_BACK_ASKED
    return [ASSIGN, AGREE if asked else ASK, REVERSE]


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:500]

    names = ("act", "account", "statement", "on", "author", "reason")
    return Typed(**{name: word(name) for name in names})


def _settle(payment_key: str, typed: Typed, system: System) -> None:
    """Do what a form asks for.

    :raises CannotSettlePayment: if it asks for nothing that can be done
    """
    desk = payment_desk(system)
    if typed.act == ASSIGN:
        _assign(payment_key, typed, desk)
    elif typed.act == ASK:
        ask_to_send_back(payment_key, by=typed.author, reason=typed.reason, desk=desk)
    elif typed.act == AGREE:
        send_back(payment_key, by=typed.author, reason=typed.reason, desk=desk)
    elif typed.act == REVERSE:
        reverse_payment(
            payment_key,
            on=_day(typed.on, payment_key),
            by=typed.author,
            reason=typed.reason,
            desk=desk,
        )
    else:
        raise CannotSettlePayment(
            "Nothing was chosen",
            where=f"payment {payment_key}",
            do="Choose one of the ways on",
        )


def _assign(payment_key: str, typed: Typed, desk: PaymentDesk) -> None:
    account, statement = ("".join(one.split()) for one in (typed.account, typed.statement))
    if bool(account) == bool(statement):
        raise CannotSettlePayment(
            "Money is for one account or for one combined statement",
            where=f"payment {payment_key}",
            do="Give an account's number or a combined statement's number",
        )
    by, reason = typed.author, typed.reason
    if statement:
        assign_to_statement(payment_key, statement, by=by, reason=reason, desk=desk)
    else:
        assign_unapplied(payment_key, account, by=by, reason=reason, desk=desk)


def _day(text: str, payment_key: str) -> date:
    day = day_from_text(text)
    if day is None:
        raise CannotSettlePayment(
            f"{shown(text)} is not a day",
            where=f"payment {payment_key}",
            do="Give the day on which it was taken back, like 2026-11-30",
        )
    return day
