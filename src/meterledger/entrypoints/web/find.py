"""Accounts by the name of who holds them: the second way in from the front page.

Lives here      the search and its page; each account that is shown stands in the log of reads.
Lives elsewhere the front page and an account's own (``accounts``).

The name is sent in a form and not in an address: addresses stay in histories and logs.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.policy import VIEWER, acting
from meterledger.entrypoints.wiring import System
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import Viewer

MOST_FOUND = 50
LEAST_LETTERS = 2
PURPOSE = "find an account by its holder's name"


class TooShort(Refusal):
    """A search that would list half of the town."""


@acting(PURPOSE, subjects=lambda: ["names of account holders"])
def find_by_name(request: HttpRequest, system: System) -> HttpResponse:
    """Accounts whose holder's name has every word that was typed."""
    typed = " ".join(request.POST.get("name", "").split())[:100]
    refusal: Refusal | None = None
    found: list[tuple[str, str]] = []
    if request.method == "POST":
        if len(typed) < LEAST_LETTERS:
            refusal = TooShort(
                f"{LEAST_LETTERS} letters of a name are the least that is searched for",
                do="Type a name or a part of it, like rivera",
            )
        else:
            found = system.store.accounts_of_holder(typed, system.now, MOST_FOUND + 1)
    shown = found[:MOST_FOUND]
    if shown:
        accounts = sorted({account for account, _ in shown})
        with system.store.viewing(Viewer(VIEWER, PURPOSE), accounts):
            pass  # who was shown, one by one
    context = {
        "typed": typed,
        "refusal": refusal,
        "found": shown,
        "more": len(found) > MOST_FOUND,
        "most": MOST_FOUND,
        "asked": request.method == "POST" and refusal is None,
    }
    return render(request, "web/find.html", context, status=422 if refusal else 200)
