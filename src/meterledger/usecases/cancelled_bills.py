"""What became of a cancelled bill: which bill has its days now, if one has.

Lives here      following corrections to the one that stands, and saying so. Pure.
Lives elsewhere cancelling (``rebill``, ``end_billed_service``), showing it (``make_statement``).
Read first      docs/operating/corrections.md.

What cancels a bill need not take its place: where service ended before its days, the bill that
cancels it is the final one, of days before. And it may have been cancelled itself since.
"""

from __future__ import annotations

from collections.abc import Sequence

from meterledger.kernel.written_days import day_words
from meterledger.usecases.ports import StoredBill


def stands_now(stored: StoredBill, history: Sequence[StoredBill]) -> StoredBill | None:
    """The bill to which the corrections of a cancelled one lead; None where it is not known."""
    by_name = {one.bill_id: one for one in history}
    found = by_name.get(stored.cancelled_by or "")
    while found is not None and found.cancelled_by in by_name:
        found = by_name[found.cancelled_by]
    return found


def has_its_days(stored: StoredBill, now: StoredBill) -> bool:
    """Whether some of a cancelled bill's days are on the bill that stands now."""
    return stored.days.overlap(now.days) is not None


def place_taken_by(stored: StoredBill, history: Sequence[StoredBill]) -> str:
    """The bill that has a cancelled one's days now; empty where none has."""
    now = stands_now(stored, history)
    if now is None:
        return stored.cancelled_by or ""
    return now.bill_id if has_its_days(stored, now) else ""


def cancelled_words(stored: StoredBill, history: Sequence[StoredBill]) -> tuple[str, str]:
    """What is to be said of a cancelled bill, and the bill that is named."""
    now = stands_now(stored, history)
    if now is None:
        by = stored.cancelled_by or ""
        return f"This bill is cancelled. The bill {by} takes its place.", by
    if not has_its_days(stored, now):
        words = (
            "This bill is cancelled, and nothing of it is owed: its days are after the end of "
            f"service. No bill takes its place; the final one is bill {now.bill_id}."
        )
        return words, now.bill_id
    words = f"This bill is cancelled. The bill {now.bill_id} takes its place"
    if now.days != stored.days:
        first, last = day_words(now.days.from_day), day_words(now.days.last_day)
        words += f", for {first}" if first == last else f", for {first} to {last}"
    return f"{words}.", now.bill_id
