"""Pages for every kind of "no": what was wrong, where, why, and what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import NoSuchValue
from meterledger.rulebook.readings import NoSuchReading
from meterledger.usecases.ports import NotFound
from meterledger.usecases.rule_registry import NoSuchRule

NOT_HERE = (NotFound, NoSuchValue, NoSuchReading, NoSuchRule)


def status_after(refusal: Refusal | None) -> int:
    """200 where all went well, 503 where the cause is ours and may pass, else 422.

    After 503 it is not known whether anything was done: whoever asked asks the same again.
    """
    if refusal is None:
        return 200
    return 503 if refusal.is_passing else 422


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """404 where there is no such thing; else as ``status_after``."""
    missing = isinstance(refusal, NOT_HERE)
    status = 404 if missing else status_after(refusal)
    if request.path.endswith(".json") or request.path.startswith("/api/"):
        return JsonResponse({"refusal": refusal.sentence}, status=status)
    title = "Not found" if missing else "This cannot be shown"
    return _page(request, status, title, refusal)


def no_such_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing lives at this address."""
    refusal = Refusal(
        "There is no page at this address",
        where=request.path[:200],
        do="Start again from the accounts or the tariff book; both are linked above",
    )
    return refusal_page(request, NotFound(refusal.what, where=refusal.where, do=refusal.do))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request is not one that a browser on this machine makes."""
    refusal = Refusal(
        "This request was refused",
        why="The pages answer browsers on this machine only, under its own names",
        do="Open the link that `meterledger serve` printed",
    )
    return _page(request, 400, "Refused", refusal)


def our_fault(request: HttpRequest) -> HttpResponse:
    """Something broke: nothing of it is told to the reader, all of it is in the server's log."""
    refusal = Refusal(
        "Something broke on our side, and nothing was changed",
        where=request.path[:200],
        do="Try once more; if it stays, send this address and the server's last lines to whoever "
        "runs this system",
    )
    return _page(request, 500, "Something broke", refusal)


def _page(request: HttpRequest, status: int, title: str, refusal: Refusal) -> HttpResponse:
    context = {"title": title, "refusal": refusal}
    return render(request, "web/refusal.html", context, status=status)
