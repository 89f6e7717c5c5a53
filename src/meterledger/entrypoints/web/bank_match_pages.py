"""One match of bank and book: what it brings together, who said so, and the form that undoes it.

Lives here      gathering what the page shows; reading the form.
Lives elsewhere undoing (``usecases/bank_by_hand``), matching by hand (``bank_pages``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.money_words import cause_address
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.bank import MatchRule
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.bank_by_hand import undo_match
from meterledger.usecases.ports import NotFound

DONE = {
    "undo": "The match is undone: both sides are open again, and no rule joins them.",
    "match": "It is matched by hand.",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    author: str = ""
    approver: str = ""
    reason: str = ""


@acting("undo a match of the bank", subjects=lambda match_id: [match_id])
def bank_match_page(request: HttpRequest, system: System, match_id: str) -> HttpResponse:
    """One match, standing or undone: its pieces on both sides, and undoing it as a form."""
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = Typed(
            *(str(request.POST.get(name, ""))[:2000] for name in ("author", "approver", "reason"))
        )
        try:
            undo_match(
                match_id=match_id,
                by=typed.author,
                reason=typed.reason,
                approved_by=typed.approver,
                learned_at=system.now,
                today=system.today,
                store=system.store,
            )
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            address = reverse("bank-match", args=[match_id])
            return redirect(f"{address}?{urlencode({'done': 'undo'})}")
    undone = system.store.bank_unmatch_of(match_id)
    match = undone.match if undone is not None else system.store.bank_match(match_id)
    context = {
        "part": "bank",
        "match": match,
        "cents": sum(one.cents for one in match.lines),
        "ours": [
            (one, cause_address(one.expectation_id.rpartition("#")[0], one.cause))
            for one in match.expectations
        ],
        "undone": undone,
        "needs_two": match.rule is MatchRule.ADJUSTED,
        "typed": typed,
        "refusal": refusal,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "web/bank_match.html", context, status=status_after(refusal))
