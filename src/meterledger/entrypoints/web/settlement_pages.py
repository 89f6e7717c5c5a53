"""Settlements: what waits for a second person, what is to be sent, and one with its history.

Lives here      gathering what the pages show; reading the form.
Lives elsewhere what may be done (``usecases/settlements``, ``usecases/refund_credit``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.channel_words import card_desk
from meterledger.entrypoints.settlement_words import (
    KIND_WORDS,
    STATE_WORDS,
    reasons_of,
    state_words,
)
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.checkouts import OF_CHECKOUT
from meterledger.facts.settlements import Act, Means, SettlementCase, SettlementKind
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import Standing
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.card_refunds import send_to_card
from meterledger.usecases.refund_credit import return_refund, send_refund, stop_refund
from meterledger.usecases.settlements import (
    CannotSettle,
    MoneyDesk,
    moved_beside,
    refuse_settlement,
    reverse_settlement,
)

MOST_SHOWN = 500
APPROVE, REFUSE, UNDO = "approve", "refuse", "undo"
SEND, TO_CARD, STOP, CAME_BACK = "send", "to card", "stop", "came back"
ACTS = {
    APPROVE: ("Approve it", "You are another person than who asked, and you agree."),
    REFUSE: ("Refuse it", "Nothing is posted; what was spoken for is free again."),
    UNDO: ("Take it back", "Its entry is reversed; the account is as before."),
    SEND: ("It is sent", "Its check has left, with the number below."),
    TO_CARD: ("Send it to the card", "The processor gives it back to the card that paid, once."),
    STOP: ("It is stopped", "It was not paid yet; it lies with us again."),
    CAME_BACK: ("It came back", "The letter or the bank's entry found nobody; it lies with us."),
}
JOURNEYS = {
    APPROVE: approve_settlement,
    REFUSE: refuse_settlement,
    UNDO: reverse_settlement,
    STOP: stop_refund,
    CAME_BACK: return_refund,
}
OF_ACT = {
    Act.APPROVED: APPROVE,
    Act.REFUSED: REFUSE,
    Act.SENT: SEND,
    Act.STOPPED: STOP,
    Act.RETURNED: CAME_BACK,
    Act.REVERSED: UNDO,
}
"""What a page offers of what may follow; by ACH a file sends it, and the bank clears it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A settlement as a list shows it."""

    case: SettlementCase
    words: str
    state: str
    age_days: int


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = ""
    author: str = ""
    reason: str = ""
    reference: str = ""
    seen: str = ""
    """How many steps the settlement had on the page that was decided on."""


@personal("look at settlements", subjects=lambda: ["settlements"])
def queue_page(request: HttpRequest, system: System) -> HttpResponse:
    """What waits for a second person first, then what is under way; the oldest first."""
    kind = request.GET.get("kind", "")[:20]
    kinds = {one.value: one for one in SettlementKind}
    open_now = system.store.settlements(kind=kinds.get(kind), open_only=True)
    waiting = [one for one in open_now if one.awaits_approval]
    under_way = [one for one in open_now if not one.awaits_approval]
    context = {
        "waiting": [_row(one, system) for one in waiting[:MOST_SHOWN]],
        "waiting_count": len(waiting),
        "waiting_cents": sum(one.cents for one in waiting),
        "under_way": [_row(one, system) for one in under_way[:MOST_SHOWN]],
        "under_way_count": len(under_way),
        "more": max(0, len(waiting) - MOST_SHOWN) + max(0, len(under_way) - MOST_SHOWN),
        "kind": kind if kind in kinds else "",
        "kinds": [(one.value, words) for one, words in KIND_WORDS.items()],
    }
    return render(request, "web/settlements.html", context)


def _accounts_of(request: HttpRequest, system: System, settlement_id: str) -> list[str]:
    case = system.store.settlement(settlement_id)
    return [case.account_id, case.to_account_id]


@acting(
    "decide a settlement",
    subjects=lambda settlement_id: [settlement_id],
    accounts=_accounts_of,
)
def settlement_page(request: HttpRequest, system: System, settlement_id: str) -> HttpResponse:
    """One settlement: what and why, its steps and entries, and the decision as a form."""
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            _decide(settlement_id, typed, system)
        except Refusal as caught:
            refusal = caught
        else:
            address = reverse("settlement", args=[settlement_id])
            return redirect(f"{address}?{urlencode({'done': typed.act})}")
    case = system.store.settlement(settlement_id)
    context: dict[str, Any] = {
        "case": case,
        "beside": moved_beside(case, system.store),
        "words": KIND_WORDS[case.kind],
        "state": state_words(case),
        "reasons": reasons_of(case),
        "standing": _standing(case),
        "steps": [(STATE_WORDS[one.act] if one.act is not Act.ASKED else "asked for", one)
                  for one in case.steps],
        "acts": [(act, *ACTS[act]) for act in _acts(case)],
        "typed": typed,
        "stands": str(len(case.steps)),
        "refusal": refusal,
        "done": request.GET.get("done", ""),
        "is_refund": case.kind is SettlementKind.REFUND,
        "to_card": system.store.card_refunds(settlement_id=settlement_id),
    }  # fmt: skip
    return render(request, "web/settlement.html", context, status=status_after(refusal))


def _row(case: SettlementCase, system: System) -> Row:
    age = (system.today - case.last.on).days
    return Row(case, KIND_WORDS[case.kind], state_words(case), age)


def _standing(case: SettlementCase) -> str:
    """How sure the values are that the decision rests on, where they are not filed."""
    standing = Standing(json.loads(case.record)["standing"])
    return "" if standing is Standing.FILED else standing.sentence


def _acts(case: SettlementCase) -> list[str]:
    """What a person may decide on a page, the most likely first."""
    found = [name for act, name in OF_ACT.items() if act in case.ways]
    payee = case.payee
    if payee is None or SEND not in found or payee.means is Means.CHECK:
        return found
    by_processor = payee.means is Means.CARD and payee.payment_key.startswith(OF_CHECKOUT)
    ways = [TO_CARD] if by_processor else [SEND] if payee.means is Means.CARD else []
    return [*ways, *(one for one in found if one != SEND)]


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    return Typed(*map(word, ("act", "author", "reason", "reference", "seen")))


def _decide(settlement_id: str, typed: Typed, system: System) -> None:
    """Make the decision of a form.

    :raises CannotSettle: if it is none, or the settlement is not what the page showed
    """
    where = f"settlement {settlement_id}"
    if typed.act not in ACTS:
        raise CannotSettle("No decision was chosen", where=where, do="Choose one of them")
    if typed.seen and typed.seen != str(len(system.store.settlement(settlement_id).steps)):
        raise CannotSettle(
            "It is not what it was when this page was opened",
            where=where,
            why="Somebody has decided meanwhile",
            do="Look at it again below, and decide then",
        )
    desk = MoneyDesk(system.store, system.book, system.today, system.now)
    if typed.act == SEND:
        send_refund(
            settlement_id,
            by=typed.author,
            reference=typed.reference,
            reason=typed.reason,
            desk=desk,
        )
    elif typed.act == TO_CARD:
        send_to_card(settlement_id, by=typed.author, desk=card_desk(system, desk))
    else:
        journey = JOURNEYS[typed.act]
        journey(settlement_id, by=typed.author, reason=typed.reason, desk=desk)
