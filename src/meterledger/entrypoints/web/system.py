"""The opened system behind the pages, and how tests put another in its place.

Lives here      opening store, lake and book once in each server process; the instant of a request.
Lives elsewhere what they are (``entrypoints/wiring``).
"""

from __future__ import annotations

import atexit
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from django.http import HttpRequest
from django.utils.encoding import escape_uri_path

from meterledger.entrypoints.clock import now_utc
from meterledger.entrypoints.wiring import System, book_folder, open_book, open_system
from meterledger.rulebook.book import BookView, TariffBook


@dataclass(frozen=True, slots=True)
class Library:
    """The tariff book and the instant of asking: all that a page without personal data needs.

    ``folder`` is where the book was read: its stories and its claims of itself stand there, too.
    """

    book: TariffBook
    now: datetime
    folder: Path = field(default_factory=book_folder)

    @property
    def view(self) -> BookView:
        """The book as known now."""
        return self.book.as_known(self.now.date())


class Provider(Protocol):
    """Where pages get what they show."""

    def system(self) -> System:
        """The opened system, with the instant of this request."""

    def library(self) -> Library:
        """The book, with the instant of this request."""


class OpenedOnce:
    """The real thing: opened at the first request of a process, closed when the process ends."""

    def __init__(self) -> None:
        """Nothing is opened yet."""
        self._lock = threading.Lock()
        self._opened: System | None = None

    def system(self) -> System:
        """The opened system, with the instant of this request."""
        with self._lock:
            if self._opened is None:
                stack = ExitStack()
                self._opened = stack.enter_context(open_system())
                atexit.register(stack.close)
        return replace(self._opened, now=now_utc())

    def library(self) -> Library:
        """The book, with the instant of this request."""
        return Library(open_book(), now_utc())


_provider: Provider = OpenedOnce()


def provider() -> Provider:
    """What pages ask."""
    return _provider


def provide(other: Provider) -> Provider:
    """Put another provider in place; returns the one that was there. For tests."""
    global _provider
    before, _provider = _provider, other
    return before


SECTIONS = (
    *("book", "usage", "held", "payments", "deposits", "settlements", "extensions", "finance"),
    "corrections",
)
"""Parts of the pages by the first word of their addresses; all others are of accounts."""


def utility_of_the_page(request: HttpRequest) -> dict[str, Any]:
    """Whose pages these are, and in which part of them we are, for the head of every page."""
    parts = request.path.split("/")
    section = parts[1] if parts[1] in SECTIONS else "accounts"
    return {
        "utility": provider().library().view.utility,
        "section": section,
        "part": parts[2] if section == "book" and len(parts) > 2 else "",
        "path": escape_uri_path(request.path),  # a name in it may hold # or ?
    }
