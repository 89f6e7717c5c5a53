"""The map of coverage on a page: every paragraph of every printed page with its state.

Lives here      asking for what was measured, and putting the drawn map into a page.
Lives elsewhere drawing it (``coverage_page``), measuring it (``shelf``, ``usecases.cover_book``).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from meterledger.entrypoints.coverage_page import coverage_body, stated_provisions
from meterledger.entrypoints.web.addresses import provision_address
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.shelf import claims, measured
from meterledger.entrypoints.web.system import Library


@public("read what carries the tariff book")
def coverage_map(request: HttpRequest, library: Library) -> HttpResponse:
    """One cell for each paragraph, colored and lettered by state, with totals."""
    stated = stated_provisions(library.view, claims(library).coverage)
    drawn = coverage_body(measured(library), stated, provision_address)
    # ``coverage_body`` escapes all that the book says.
    return render(request, "web/coverage.html", {"drawn": mark_safe(drawn)})
