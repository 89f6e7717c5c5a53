"""Forms of the office: take money at the desk, ask for a credit to go back.

Lives here      the two forms, and reading them.
Lives elsewhere what may be done (``usecases/take_payment``, ``usecases/refund_credit``), approving
                and sending what was asked for (``settlement_pages``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.payment_words import payment_desk
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import accounts_typed, acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel
from meterledger.kernel.money import amount_from_text, shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.ledger import DEPOSITS, RECEIVABLE
from meterledger.usecases.combined_payments import (
    accounts_of,
    statement_told,
    take_combined_payment,
)
from meterledger.usecases.payment_keys import key_rule
from meterledger.usecases.ports import NotFound
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settlements import CannotSettle, MoneyDesk, credit_cents
from meterledger.usecases.take_payment import How, PaymentRefused, take_payment

AT_THE_DESK = (Tender.CASH, Tender.CHECK, Tender.MONEY_ORDER)


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody typed of money at the desk."""

    account: str = ""
    statement: str = ""
    usd: str = ""
    key: str = ""
    tender: str = Tender.CASH.value
    on: str = ""
    mailed: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed of a credit that is to go back."""

    account: str = ""
    usd: str = ""
    payment: str = ""
    payee: str = ""
    deposit: str = ""
    author: str = ""
    reason: str = ""


def _told(form: type[Taken] | type[Asked], request: HttpRequest) -> dict[str, str]:
    sent = request.POST if request.method == "POST" else request.GET
    names = [one.name for one in fields(form) if one.name in sent]
    return {name: str(sent[name])[:500].strip() for name in names}


def _accounts_told(request: HttpRequest, system: System) -> Iterator[str]:
    """The account that was typed, or those of the statement that was."""
    yield from accounts_typed("account")(request, system)
    sent = request.POST if request.method == "POST" else request.GET
    statement = statement_told(str(sent.get("statement", ""))[:200], system.store)
    yield from accounts_of(statement) if statement is not None else ()


@acting(
    "take money at the desk",
    subjects=lambda: ["payments"],
    accounts=_accounts_told,
)
def take_page(request: HttpRequest, system: System) -> HttpResponse:
    """Money at the office: it is posted at once, and its page shows what it paid."""
    typed, refusal = Taken(**_told(Taken, request)), None
    if request.method == "POST":
        try:
            key = _take(typed, system)
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            address = reverse("payment", args=[key])
            return redirect(f"{address}?{urlencode({'done': 'take'})}")
    context = {
        "typed": typed,
        "tenders": [one.value for one in AT_THE_DESK],
        "key_rule": key_rule(),
        "today": system.today,
        "refusal": refusal,
    }
    return render(request, "web/take_payment.html", context, status=status_after(refusal))


def _take(typed: Taken, system: System) -> str:
    """Post what was typed, and its key.

    :raises PaymentRefused: if it is no money that a desk takes
    """
    tender = next((one for one in AT_THE_DESK if one.value == typed.tender), None)
    if tender is None:
        raise PaymentRefused(
            "A desk takes cash, a check or a money order",
            where="payment",
            do="Choose one; cards and wallets are paid at the processor's pages",
        )
    account = "".join(typed.account.split())
    if bool(account) == bool(typed.statement):
        raise PaymentRefused(
            "Money is for one account or for one combined statement",
            where="payment",
            do="Give an account's number or a combined statement's number",
        )
    how = How(tender, Channel.OFFICE, is_mailed=bool(typed.mailed), check_number=typed.check)
    cents = amount_from_text(typed.usd, where="the amount")
    day = _day(typed.on) if typed.on else system.today
    if typed.statement:
        check, _ = take_combined_payment(
            statement_id=typed.statement,
            cents=cents,
            payment_key=typed.key,
            received_day=day,
            learned_at=system.now,
            view=system.view,
            store=system.store,
            how=how,
            asked_deposits=payment_desk(system).asked_deposits,
        )
        return check.payment_key
    payment, _ = take_payment(
        account_id=account,
        cents=cents,
        payment_key=typed.key,
        received_day=day,
        learned_at=system.now,
        view=system.view,
        store=system.store,
        how=how,
        asked_deposits=payment_desk(system).asked_deposits,
    )
    return payment.payment_key


@acting("ask for a refund", subjects=lambda: ["refunds"], accounts=accounts_typed("account"))
def ask_page(request: HttpRequest, system: System) -> HttpResponse:
    """A credit that is to go back: asked for here, approved by another person on its own page."""
    typed, refusal = Asked(**_told(Asked, request)), None
    if request.method == "POST":
        try:
            settlement_id = _ask(typed, system)
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            address = reverse("settlement", args=[settlement_id])
            return redirect(f"{address}?{urlencode({'done': 'ask'})}")
    desk = MoneyDesk(system.store, system.book, system.today, system.now)
    context = {"typed": typed, "refusal": refusal, **_there("".join(typed.account.split()), desk)}
    return render(request, "web/ask_refund.html", context, status=status_after(refusal))


def _there(account: str, desk: MoneyDesk) -> dict[str, object]:
    """What the form can offer of an account that was named: its credit, where money came from."""
    if not account:
        return {}
    try:
        desk.store.account(account)
    except NotFound:
        return {}
    return {
        "known": account,
        "credit": max(0, credit_cents(account, desk)),
        "payments": desk.store.payments_of_account(account)[:-11:-1],
        "payees": desk.store.payees_of_account(account),
    }


def _ask(typed: Asked, system: System) -> str:
    """Ask for what was typed, and the settlement's name.

    :raises CannotSettle: if a payment and a payee are given
    """
    done = ask_refund(
        "".join(typed.account.split()),
        amount_from_text(typed.usd, where="the amount"),
        by=typed.author,
        reason=typed.reason,
        payment_key=typed.payment,
        payee_id=typed.payee,
        source=DEPOSITS if typed.deposit else RECEIVABLE,
        desk=MoneyDesk(system.store, system.book, system.today, system.now),
    )
    if not done.is_new:
        raise CannotSettle(
            "The same amount was asked for already today",
            where=f"account {done.case.account_id}",
            do=f"See settlement {done.case.settlement_id}",
        )
    return done.case.settlement_id


def _day(text: str) -> date:
    day = day_from_text(text)
    if day is None:
        raise PaymentRefused(
            f"{shown(text)} is not a day",
            where="payment",
            do="Give the day on which the money was received, like 2026-11-30",
        )
    return day
