"""Unknown outcomes: money that may have come by card or wallet, one by one, each with its way out.

Lives here      gathering what the pages show; reading the form; taking the processor's answers.
Lives elsewhere what may be done (``usecases/checkouts``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.channel_words import (
    card_desk,
    checkout_desk,
    question_json,
    returned_json,
)
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import VIEWER, acting, personal, taking
from meterledger.entrypoints.wiring import System
from meterledger.facts.ach_orders import ReturnAct, ReturnedEntry
from meterledger.facts.card_refunds import CardRefundOnFile
from meterledger.facts.checkouts import CheckoutOnFile, CheckoutState
from meterledger.kernel.money import amount_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.card_refunds import take_answer as take_its_answer
from meterledger.usecases.checkouts import (
    CheckoutRefused,
    ask_checkout,
    settle_checkout,
)
from meterledger.usecases.ports import Viewer
from meterledger.usecases.settlements import MoneyDesk

MOST_SHOWN = 500
ASK, PAID, REFUSED = "ask", "paid", "refused"
ACTS = {
    ASK: ("Ask the processor again", "It says how the payment stands; nothing is begun again."),
    PAID: ("It was paid", "The processor's own page shows the money: say how much."),
    REFUSED: ("No money came", "The processor's own page shows none. If it says otherwise later, "
              "the payment is posted then."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = ""
    usd: str = ""
    author: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A checkout as the list shows it."""

    checkout_id: str
    account_id: str
    cents: int
    began: Any
    hours: int
    sentence: str


@personal("look at unknown outcomes", subjects=lambda: ["unknown outcomes"])
def unknown_page(request: HttpRequest, system: System) -> HttpResponse:
    """Checkouts without a known outcome, the oldest first; below, what else waits for a person."""
    found = system.store.checkouts(state=CheckoutState.UNKNOWN)
    back = [one for one in system.store.returns_waiting() if one.act is ReturnAct.ASK]
    context = {
        "rows": [_row(one, system) for one in found[:MOST_SHOWN]],
        "count": len(found),
        "cents": sum(one.checkout.cents for one in found),
        "more": max(0, len(found) - MOST_SHOWN),
        "questions": [question_json(one) for one in system.store.autopay_questions()[:MOST_SHOWN]],
        "back": [_waiting(one) for one in back[-MOST_SHOWN:]],
    }
    return render(request, "web/unknown.html", context)


def _waiting(one: ReturnedEntry) -> dict[str, Any]:
    """What came back, and how it is said that somebody dealt with it."""
    how = f"`meterledger ach done {one.returned_id} --by NAME --reason HOW`"
    return returned_json(one) | {"do": f"Once it is dealt with: {how}"}


def _row(on_file: CheckoutOnFile, system: System) -> Row:
    checkout = on_file.checkout
    return Row(
        checkout.checkout_id,
        checkout.account_id,
        checkout.cents,
        checkout.started_at,
        int((system.now - checkout.started_at).total_seconds()) // 3600,
        on_file.steps[-1].sentence if on_file.steps else "nothing was heard of it",
    )


@acting(
    "end an unknown outcome",
    subjects=lambda checkout_id: [checkout_id],
    accounts=lambda request, system, checkout_id: [
        system.store.checkout(checkout_id).checkout.account_id
    ],
)
def checkout_page(request: HttpRequest, system: System, checkout_id: str) -> HttpResponse:
    """One checkout with all that was heard of it, and its ways out while it is unknown."""
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            _decide(checkout_id, typed, system)
        except Refusal as caught:
            refusal = caught
        else:
            return redirect("checkout", checkout_id)
    on_file = system.store.checkout(checkout_id)
    context = {
        "checkout": on_file.checkout,
        "state": on_file.state.value,
        "is_unknown": on_file.state is CheckoutState.UNKNOWN,
        "steps": on_file.steps,
        "acts": [(act, *words) for act, words in ACTS.items()],
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "web/checkout.html", context, status=status_after(refusal))


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    return Typed(word("act"), word("usd"), word("author"), word("reason"))


def _decide(checkout_id: str, typed: Typed, system: System) -> None:
    """Make the decision of a form. :raises CheckoutRefused: if it is none"""
    if typed.act not in ACTS:
        raise CheckoutRefused(
            "No way out was chosen", where=f"checkout {checkout_id}", do="Choose one of them"
        )
    desk = checkout_desk(system)
    if typed.act == ASK:
        ask_checkout(checkout_id, desk=desk)
        return
    is_paid = typed.act == PAID
    settle_checkout(
        checkout_id,
        is_paid=is_paid,
        cents=amount_from_text(typed.usd, where="the amount") if is_paid else 0,
        by=typed.author,
        reason=typed.reason,
        desk=desk,
    )


@taking("take an answer of the processor")
def take_answer(request: HttpRequest, system: System) -> HttpResponse:
    """What the processor sends by itself: signed, of one checkout, twice or late as it may be."""
    try:
        with system.store.viewing(Viewer(VIEWER, "take an answer of the processor"), ["checkouts"]):
            money = MoneyDesk(system.store, system.book, system.today, system.now)
            heard = take_its_answer(
                request.body,
                request.headers.get("X-Signature", ""),
                checkouts=checkout_desk(system),
                refunds=card_desk(system, money),
            )
    except Refusal as refusal:
        return JsonResponse({"refused": refusal.sentence}, status=status_after(refusal))
    if isinstance(heard, CardRefundOnFile):
        return JsonResponse({"refund": heard.refund.refund_id, "state": heard.state.value})
    return JsonResponse({"checkout": heard.checkout.checkout_id, "state": heard.state.value})
