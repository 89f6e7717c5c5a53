"""Deposits on pages: an account's section, one deposit's life with its clauses, what is due back.

Lives here      rows of the pages; the letters as PDFs.
Lives elsewhere what a deposit is and has (``usecases/deposit_*``), sentences (``deposit_words``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.deposit_letters import certificate_letter, notice_letter
from meterledger.entrypoints.deposit_words import (
    ABOUT_WORDS,
    KIND_WORDS,
    deposit_desk,
    idle_sentence,
    money_of,
    sentence_of,
    state_words,
)
from meterledger.entrypoints.web.budget import WhyRow
from meterledger.entrypoints.web.deposit_decisions import (
    Told,
    decide_on_page,
    offer_of,
    told_of,
)
from meterledger.entrypoints.web.deposit_forms import why_rows
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import accounts_typed, acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import DepositAct, DepositStep, Part
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.deposit_came_back import deposits_that_came_back
from meterledger.usecases.deposit_interest import next_credit_day
from meterledger.usecases.deposit_money import DepositMoney, deposit_money
from meterledger.usecases.deposit_record import read_decision, reasons_of

LOOKED_AT = "nobody"
"""Who decides on a page that decides nothing."""
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit in a list."""

    deposit_id: str
    account_id: str
    words: str
    state: str
    asked_cents: int
    unpaid_cents: int
    held_cents: int
    return_by: date | None = None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with the reasons and clauses behind it."""

    on: date
    sentence: str
    by: str
    reason: str
    entry_id: str
    standing: str
    parts: tuple[Part, ...]
    why: tuple[WhyRow, ...]
    moved_in: bool = False
    """Whether its parts are what was received where it came from, and asked for by nobody."""


def deposits_of_account(system: System, account_id: str) -> list[DepositRow]:
    """The account's deposits for its page, the newest first; empty if it never had one."""
    deposits = system.store.deposits_of_accounts([account_id]).get(account_id, ())
    if not deposits:
        return []
    found = deposit_money(account_id, deposits, system.store)
    return [_row(one) for one in reversed(found.values())]


@personal("look at deposits", subjects=lambda: ["deposits"])
def deposits_page(request: HttpRequest, system: System) -> HttpResponse:
    """What is to be returned, what came back, and every deposit that has not ended."""
    store = system.store
    accounts = store.deposit_accounts(with_closed=True)
    desk = deposit_desk(system, LOOKED_AT)
    due = deposit_remainders_due(accounts, at=system.today, desk=desk)
    rows = [
        _row(money)
        for name, deposits in store.deposits_of_accounts(accounts).items()
        for money in deposit_money(name, deposits, store).values()
        if not money.deposit.is_closed
    ]
    context = {
        "due": due,
        "came_back": deposits_that_came_back(at=system.today, desk=desk, refunds=store),
        "overdue": [one for one in due if one.return_by and one.return_by < system.today],
        "rows": rows[:MOST_SHOWN],
        "count": len(rows),
        "held_cents": sum(one.held_cents for one in rows),
    }
    return render(request, "web/deposits.html", context)


def _account_of(request: HttpRequest, system: System, deposit_id: str) -> list[str]:
    return [
        system.store.deposit(deposit_id).account_id,
        *accounts_typed("to_account")(request, system),
    ]


@acting("decide about a deposit", subjects=lambda deposit_id: [deposit_id], accounts=_account_of)
def deposit_page(request: HttpRequest, system: System, deposit_id: str) -> HttpResponse:
    """One deposit: what is asked, paid and held, what may be done, its life with every clause."""
    told, refusal = Told(), None
    if request.method == "POST":
        told = told_of(request)
        try:
            return redirect(decide_on_page(deposit_id, told, system))
        except Refusal as caught:
            refusal = caught.of_one_case()
    money = money_of(system.store.deposit(deposit_id), system)
    deposit = money.deposit
    context = {
        "deposit": deposit,
        "words": KIND_WORDS[deposit.kind],
        "state": state_words(money),
        "money": money,
        "idle": idle_sentence(money),
        "next_interest": None if deposit.is_closed else next_credit_day(money),
        "steps": [_step(one, system.view) for one in deposit.steps],
        "has_notice": bool(deposit.asked) or deposit.state == "noticed",
        "offer": offer_of(money, system),
        "told": told,
        "matters": ABOUT_WORDS.items(),
        "stands": str(len(deposit.steps)),
        "is_business": not deposit.is_residential,
        "refusal": refusal,
        "done": request.GET.get("done", ""),
    }
    return render(request, "web/deposit.html", context, status=status_after(refusal))


@personal(
    "read a letter about a deposit", subjects=lambda deposit_id: [deposit_id], accounts=_account_of
)
def deposit_notice(request: HttpRequest, system: System, deposit_id: str) -> HttpResponse:
    """The notice, or the letter that asks, as PDF."""
    return _pdf(notice_letter(system.store.deposit(deposit_id), system), f"{deposit_id}-notice")


@personal(
    "read a certificate of deposit", subjects=lambda deposit_id: [deposit_id], accounts=_account_of
)
def deposit_certificate(request: HttpRequest, system: System, deposit_id: str) -> HttpResponse:
    """The certificate of what is held, as PDF."""
    money = money_of(system.store.deposit(deposit_id), system)
    return _pdf(certificate_letter(money, system), f"{deposit_id}-certificate")


def _pdf(made: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


def _row(money: DepositMoney) -> DepositRow:
    deposit = money.deposit
    return DepositRow(
        deposit_id=deposit.deposit_id,
        account_id=deposit.account_id,
        words=KIND_WORDS[deposit.kind],
        state=state_words(money),
        asked_cents=deposit.asked_cents,
        unpaid_cents=0 if deposit.is_closed else money.unpaid_cents,
        held_cents=money.held_cents,
    )


def _step(step: DepositStep, view: BookView) -> StepRow:
    record = read_decision(step)
    return StepRow(
        on=step.on,
        sentence=sentence_of(step),
        by=step.by,
        reason=step.reason,
        entry_id=step.entry_id,
        standing=record["standing"] if record else "",
        parts=step.parts if len(step.parts) > 1 else (),
        why=why_rows(reasons_of(step), view),
        moved_in=step.act is DepositAct.MOVED_IN,
    )
