"""Money of ours that the bank has not shown, and the form that cancels it without a line of it.

Lives here      gathering what the page shows; reading the form.
Lives elsewhere what may be done (``usecases/bank_by_hand``), matching with a line (``bank_pages``),
                undoing (``bank_match_pages``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.web.bank_pages import MATCH, PIECES_OFFERED, Typed, typed_in
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.money_words import cause_address
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.bank import Expectation
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.bank_by_hand import match_by_hand
from meterledger.usecases.ports import NotFound
from meterledger.usecases.reconcile_bank import LineRefused


@acting("match what is expected of the bank", subjects=lambda expectation_id: [expectation_id])
def bank_expected_page(request: HttpRequest, system: System, expectation_id: str) -> HttpResponse:
    """One expectation that the bank has not shown, and what of ours may cancel it, as a form.

    One that is matched leads to its match.
    """
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = typed_in(request)
        try:
            made = _cancel(expectation_id, typed, system)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            address = reverse("bank-match", args=[made])
            return redirect(f"{address}?{urlencode({'done': MATCH})}")
    else:
        matched = system.store.bank_match_of(expectation_id)
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
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "web/bank_expected.html", context, status=status_after(refusal))


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


def _cancel(expectation_id: str, typed: Typed, system: System) -> str:
    """Match it with what was chosen; the name of the match.

    :raises LineRefused: if nothing was chosen, or it is not the same money both ways
    """
    if not typed.pieces:
        raise LineRefused(
            "Nothing was chosen that cancels it",
            where=f"expectation {expectation_id}",
            do="Choose what took it back below, all of it to the cent",
        )
    made = match_by_hand(
        [expectation_id, *typed.pieces],
        by=typed.author,
        reason=typed.reason,
        learned_at=system.now,
        store=system.store,
    )
    return made.match_id
