"""The forms of the bank's pages: who says it and why, what was chosen, and where it leads.

Lives here      reading a form, its person's word, what comes of it.
Lives elsewhere the pages (``bank_pages``, ``bank_match_pages``, ``bank_expected_pages``), what may
                be said (``usecases/reconcile_bank``, ``usecases/bank_by_hand``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from meterledger.entrypoints.wiring import System
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import NotFound
from meterledger.usecases.reconcile_bank import Word

PIECES_OFFERED = 60
"""So much of what is open is offered: of the same amount first, then the nearest in days."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into a form, to show it again when it is refused."""

    act: str = ""
    ledger_account: str = ""
    author: str = ""
    approver: str = ""
    reason: str = ""
    seen: str = ""
    """How many steps the line had on the page that was decided on."""
    pieces: tuple[str, ...] = ()
    """What is matched by hand, by name."""

    def word(self, system: System) -> Word:
        """The person's word, as the journeys take it."""
        return Word(by=self.author, reason=self.reason, learned_at=system.now, store=system.store)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a form: where it leads, or what was typed and why it is refused."""

    typed: Typed
    refusal: Refusal | None = None
    answer: HttpResponse | None = None


def sent(request: HttpRequest, act: Callable[[Typed], tuple[str, str]]) -> Sent:
    """Do what a form asks for; ``act`` tells the page that it leads to, and what that page says.

    :raises NotFound: of ``act``, for a page that says so
    """
    if request.method != "POST":
        return Sent(Typed())
    typed = _typed(request)
    try:
        page, done = act(typed)
    except NotFound:
        raise
    except Refusal as caught:
        return Sent(typed, caught.of_one_case())
    return Sent(typed, answer=redirect(f"{page}?{urlencode({'done': done})}"))


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    act, account, author, approver, reason, seen = map(
        word, ("act", "ledger_account", "author", "approver", "reason", "seen")
    )
    pieces = tuple(str(one)[:500] for one in request.POST.getlist("piece")[:PIECES_OFFERED])
    return Typed(act, account, author, approver, reason, seen, pieces)
