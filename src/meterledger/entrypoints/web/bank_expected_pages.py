"""Money of ours that the bank has not shown, and the form that cancels it without a line of it.

Lives here      gathering what the page shows.
Lives elsewhere reading the form (``bank_forms``), what may be done (``usecases/bank_by_hand``),
                matching with a line (``bank_pages``), undoing (``bank_match_pages``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.web.bank_forms import PIECES_OFFERED, Typed, sent
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.money_words import cause_address
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.bank import Expectation
from meterledger.usecases.bank_by_hand import match_by_hand
from meterledger.usecases.ports import NotFound
from meterledger.usecases.reconcile_bank import LineRefused


@acting("match what is expected of the bank", subjects=lambda expectation_id: [expectation_id])
def bank_expected_page(request: HttpRequest, system: System, expectation_id: str) -> HttpResponse:
    """One expectation that the bank has not shown, and what of ours may cancel it, as a form.

    One that is matched leads to its match.
    """
    form = sent(request, lambda typed: _cancel(expectation_id, typed, system))
    if form.answer is not None:
        return form.answer
    matched = system.store.bank_match_of(expectation_id) if form.refusal is None else None
    if matched is not None:
        return redirect(reverse("bank-match", args=[matched.match_id]))
    ours = system.store.open_expectations()
    one = _named(expectation_id, ours)
    context = {
        "part": "bank",
        "one": one,
        "address": cause_address(one.expectation_id.rpartition("#")[0], one.cause),
        "age": (system.today - one.day).days,
        "pieces": _pieces(one, ours),
        "typed": form.typed,
        "refusal": form.refusal,
    }
    return render(request, "web/bank_expected.html", context, status=status_after(form.refusal))


def _named(expectation_id: str, ours: list[Expectation]) -> Expectation:
    """The expectation, while no match has it.

    :raises NotFound: if it is matched, or was never there
    """
    for one in ours:
        if one.expectation_id == expectation_id:
            return one
    raise NotFound(
        f"Nothing that we expect of the bank is named {expectation_id[:80]}",
        why="It is matched, or there is none of this name",
        do="See what is open, and what was matched last, on the page of the bank",
    )


def _pieces(one: Expectation, ours: list[Expectation]) -> list[Expectation]:
    """What may cancel it: its exact opposite first, then what went the other way, the nearest."""
    found = [each for each in ours if each.expectation_id != one.expectation_id]
    found.sort(
        key=lambda each: (
            each.cents != -one.cents,
            (each.cents > 0) is (one.cents > 0),
            abs((each.day - one.day).days),
            each.expectation_id,
        )
    )
    return found[:PIECES_OFFERED]


def _cancel(expectation_id: str, typed: Typed, system: System) -> tuple[str, str]:
    """Match it with what was chosen; the page of the match, and what it says.

    :raises LineRefused: if nothing was chosen, or it is not the same money both ways
    """
    if not typed.pieces:
        raise LineRefused(
            "Nothing was chosen that cancels it",
            where=f"expectation {expectation_id}",
            do="Choose what took it back below, all of it to the cent",
        )
    made = match_by_hand([expectation_id, *typed.pieces], **typed.word(system))
    return reverse("bank-match", args=[made.match_id]), "match"
