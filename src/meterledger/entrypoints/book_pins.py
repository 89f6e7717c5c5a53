"""Whether the books that bills were made by are still there: for `tariff check --bills`.

Lives here      opening the store for it, and the sentences.
Lives elsewhere what a changed book is (``rulebook.pinned``), replaying a bill (``replay_bill``).
"""

from __future__ import annotations

from collections.abc import Iterable

from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.pinned import BookPin, changed_pins


def books_of_bills(book: TariffBook) -> list[str]:
    """A sentence for each book that bills were made by, and that is not there any more."""
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", "check that the books of bills are as they were")
    with open_system(viewer=viewer, subjects=["the books of all bills"]) as system:
        return in_words(book, system.store.book_pins())


def in_words(book: TariffBook, pins: Iterable[BookPin]) -> list[str]:
    """The same of pins that are known."""
    return [
        f"The book as known on {one.day} is not the one that {one.bill_count} "
        f"{'bill' if one.bill_count == 1 else 'bills'} of that day "
        f"{'was' if one.bill_count == 1 else 'were'} made by ({one.sha256[:16]}). An entry of "
        f"{one.day} or a day before was added, edited or taken away since, and they do not replay. "
        "Give a new entry the day after the newest bills as its learned_on, and put back what was "
        "there"
        for one in changed_pins(book, pins)
    ]
