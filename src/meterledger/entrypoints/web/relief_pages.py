"""Relief: one agreement with its reasons, what it took off bills, and the decision as a form.

Lives here      gathering what the page shows; reading the form.
Lives elsewhere what may be done (``usecases/relief``), what is taken off (``relieve_bills``).
Read first      docs/operating/relief.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.relief_words import bills_of, desk_of
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.relief import ReliefAct, ReliefAgreement
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.usecases.relief import ReliefRefused, approve_relief, end_relief

APPROVE, END = "approve", "end"
ACTS = {
    APPROVE: ("Agree", "You are another person than who asked, and you agree."),
    END: ("End it", "Months that have begun keep what was agreed; the others have none."),
}
STATE_WORDS = {
    ReliefAct.ASKED: "waits for another person",
    ReliefAct.APPROVED: "agreed",
    ReliefAct.ENDED: "ended",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = ""
    author: str = ""
    reason: str = ""
    from_: str = ""
    seen: str = ""
    """How many steps the agreement had on the page that was decided on."""


@dataclass(frozen=True, slots=True)
class Row:
    """An agreement as the page of its account lists it."""

    agreement: ReliefAgreement
    state: str


def reliefs_of_account(system: System, account_id: str) -> list[Row]:
    """The account's agreements, as its page lists them."""
    return [Row(one, STATE_WORDS[one.state]) for one in system.store.reliefs(account_id)]


def _accounts_of(request: HttpRequest, system: System, relief_id: str) -> list[str]:
    return [system.store.relief(relief_id).account_id]


@acting("decide on relief", subjects=lambda relief_id: [relief_id], accounts=_accounts_of)
def relief_page(request: HttpRequest, system: System, relief_id: str) -> HttpResponse:
    """One agreement: months, charges, reasons, steps and bills, and the decision as a form."""
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            _decide(relief_id, typed, system)
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            address = reverse("relief", args=[relief_id])
            return redirect(f"{address}?{urlencode({'done': typed.act})}")
    agreement = system.store.relief(relief_id)
    context: dict[str, Any] = {
        "relief": agreement,
        "state": STATE_WORDS[agreement.state],
        "months": [
            (one, agreement.approved is not None and one in agreement.live_months)
            for one in agreement.months
        ],
        "reasons": _reasons(agreement, system),
        "bills": [(one, json.loads(one.record)["lines"]) for one in bills_of(agreement, system)],
        "acts": [(act, *ACTS[act]) for act in _acts(agreement)],
        "typed": typed,
        "stands": str(len(agreement.steps)),
        "refusal": refusal,
        "done": request.GET.get("done", ""),
    }
    return render(request, "web/relief.html", context, status=status_after(refusal))


def _reasons(agreement: ReliefAgreement, system: System) -> list[tuple[str, Citation, str | None]]:
    """What the rule said of the first month, the last time that it was asked."""
    told = next(
        rulings
        for one in reversed(agreement.steps)
        if (rulings := json.loads(one.record)["rulings"])
    )
    clauses = [(one["finding"], Citation.from_json(one["citation"])) for one in told[0]["reasons"]]
    return [(said, one, citation_address(system.view, one)) for said, one in clauses]


def _acts(agreement: ReliefAgreement) -> list[str]:
    if agreement.state is ReliefAct.ENDED:
        return []
    return [APPROVE, END] if agreement.state is ReliefAct.ASKED else [END]


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    return Typed(*map(word, ("act", "author", "reason", "from", "seen")))


def _decide(relief_id: str, typed: Typed, system: System) -> None:
    """Make the decision of a form.

    :raises ReliefRefused: if it is none, or the agreement is not what the page showed
    """
    where = f"relief {relief_id[:80]}"
    if typed.act not in ACTS:
        raise ReliefRefused("No decision was chosen", where=where, do="Choose one of them")
    if typed.seen and typed.seen != str(len(system.store.relief(relief_id).steps)):
        raise ReliefRefused(
            "It is not what it was when this page was opened",
            where=where,
            why="Somebody has decided meanwhile",
            do="Look at it again below, and decide then",
        )
    desk = desk_of(system)
    if typed.act == APPROVE:
        approve_relief(relief_id, by=typed.author, reason=typed.reason, desk=desk)
        return
    first: date | None = None
    if typed.from_.strip():
        first = day_from_text(typed.from_.strip())
        if first is None:
            raise ReliefRefused(
                f"{shown(typed.from_)} is no day",
                where=where,
                do="Write the first day of the first month without it like 2026-08-01",
            )
    end_relief(relief_id, from_day=first, by=typed.author, reason=typed.reason, desk=desk)
