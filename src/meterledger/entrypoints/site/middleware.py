"""What every answer carries, and how a refusal becomes a page.

Lives here      headers for a server that answers one machine; refusals with their four parts.
Lives elsewhere the words of a refusal (beside the function that raises it).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from meterledger.entrypoints.web.errors import refusal_page
from meterledger.kernel.refusal import Refusal

Answer = Callable[[HttpRequest], HttpResponse]


class OneMachineHeaders:
    """No copy in a cache, no use by another site: pages show names, addresses and usage."""

    def __init__(self, get_response: Answer) -> None:
        """Django hands over the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response


class RefusalPages:
    """An expected "no" is a page of its own; anything else stays a fault for a developer."""

    def __init__(self, get_response: Answer) -> None:
        """Django hands over the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; refusals arrive at ``process_exception``."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """The page of a refusal; None for everything else."""
        return refusal_page(request, problem) if isinstance(problem, Refusal) else None
