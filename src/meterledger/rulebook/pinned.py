"""The book as something was made by it: by the day as known, and by the hash that it pinned.

Lives here      an entry made later on the day; which pinned books an entry has changed.
Lives elsewhere the book as known on a day (``book``), what pins its hash (bills and records).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.rulebook.book import BookView, TariffBook


@dataclass(frozen=True, slots=True)
class BookPin:
    """On a day (UTC) so many bills were made by a book of this hash."""

    day: date
    sha256: str
    bill_count: int


def as_pinned(book: TariffBook, day: date, sha256: str) -> BookView:
    """The book as known at a moment of the day; the day's own where the hash is neither, or none.

    The book's second clock counts days, and a bill or a charge is made at an instant: what was
    entered later on its day was not known to it, and the pinned hash tells.
    """
    view = book.as_known(day)
    if sha256 not in ("", view.sha256):
        before = book.as_known(day - timedelta(days=1))
        if before.sha256 == sha256:
            return before
    return view


def changed_pins(book: TariffBook, pins: Iterable[BookPin]) -> list[BookPin]:
    """Those whose book is not there any more: nothing that was made by it replays.

    An entry was given a day on or before which they were made, or one was edited or taken away.
    """
    return [one for one in pins if as_pinned(book, one.day, one.sha256).sha256 != one.sha256]
