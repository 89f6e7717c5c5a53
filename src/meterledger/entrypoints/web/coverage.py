"""The map of coverage on a page: every paragraph of every printed page with its state.

Lives here      asking for what was measured, and putting the drawn map into a page.
Lives elsewhere drawing it (``coverage_page``), measuring it (``shelf``, ``usecases.cover_book``).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from meterledger.entrypoints.coverage_page import coverage_body
from meterledger.entrypoints.web.addresses import provision_address
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.shelf import Claims, claims, measured
from meterledger.entrypoints.web.system import Library
from meterledger.rulebook.book import BookView


@public("read what carries the tariff book")
def coverage_map(request: HttpRequest, library: Library) -> HttpResponse:
    """One cell for each paragraph, colored and lettered by state, with totals."""
    drawn = coverage_body(
        measured(library), stated_provisions(library.view, claims(library)), provision_address
    )
    # ``coverage_body`` escapes all that the book says.
    return render(request, "web/coverage.html", {"drawn": mark_safe(drawn)})


def stated_provisions(view: BookView, claimed: Claims) -> list[dict[str, Any]]:
    """Every provision with its versions, as ``coverage_page`` draws them."""
    return [
        {
            "id": provision.id,
            "title": provision.title,
            "chapter": provision.chapter,
            "versions": [
                {
                    "block": version.block,
                    "sheet": view.pages.blocks[version.block].sheet,
                    "revision": view.pages.blocks[version.block].revision,
                    "paragraph": version.paragraph,
                    "from": version.days.from_day.isoformat(),
                    "until": version.days.until_day.isoformat() if version.days.until_day else None,
                    "state": _state(claimed, provision.id, version.block),
                }
                for version in provision.versions
            ],
        }
        for provision in view.provisions()
    ]


def _state(claimed: Claims, provision: str, block: str) -> str:
    state = claimed.states.get((provision, block))
    return state.value if state else ""
