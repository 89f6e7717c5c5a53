"""One match of bank and book: what it brings together, who said so, and the form that undoes it.

Lives here      gathering what the page shows.
Lives elsewhere reading the form (``bank_forms``), undoing (``usecases/bank_by_hand``), matching
                by hand (``bank_pages``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from meterledger.entrypoints.web.bank_forms import Typed, sent
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.money_words import cause_address
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.bank import MatchRule
from meterledger.usecases.bank_by_hand import undo_match

DONE = {
    "undo": "The match is undone: both sides are open again, and no rule joins them.",
    "match": "It is matched by hand.",
}


@acting("undo a match of the bank", subjects=lambda match_id: [match_id])
def bank_match_page(request: HttpRequest, system: System, match_id: str) -> HttpResponse:
    """One match, standing or undone: its pieces on both sides, and undoing it as a form."""

    def undo(typed: Typed) -> tuple[str, str]:
        undo_match(
            match_id=match_id,
            approved_by=typed.approver,
            today=system.today,
            **typed.word(system),
        )
        return reverse("bank-match", args=[match_id]), "undo"

    form = sent(request, undo)
    if form.answer is not None:
        return form.answer
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
        "typed": form.typed,
        "refusal": form.refusal,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "web/bank_match.html", context, status=status_after(form.refusal))
