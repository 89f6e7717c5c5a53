"""Instants of files: epoch seconds, which of them are believable, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from meterledger.stores.gateways.refusals import FUTURE_ALLOWANCE_SECONDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = int((datetime(1990, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
LATEST = int((datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
LONGEST_SECONDS = 400 * 86_400
"""No interval is longer than a year and a month."""


def instant_text(epoch: int) -> str:
    """``2026-06-02T07:00:00Z``; the number itself where it is no instant of our calendar."""
    try:
        return (_EPOCH + timedelta(seconds=epoch)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"epoch second {epoch}"


def epoch_of(instant: datetime) -> int:
    """Whole epoch seconds of an instant that knows its zone."""
    return int((instant - _EPOCH) // timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Believable:
    """Which times a reading of a file may have, given when the file was received."""

    latest_end: int

    @classmethod
    def when_received(cls, received_at: datetime) -> Believable:
        """A reading ends at most a day after its file was received."""
        return cls(min(LATEST, epoch_of(received_at) + FUTURE_ALLOWANCE_SECONDS))

    def doubt(self, start: int, seconds: int) -> str | None:
        """Why the reading's time cannot be believed, in a sentence; None if it can."""
        end = start + seconds
        if seconds < 0 or seconds > LONGEST_SECONDS:
            return f"It lasts {seconds} seconds, and no interval does"
        if start < EARLIEST or end > LATEST:
            return f"Its time {instant_text(start)} is not between 1990 and 2100"
        if end > self.latest_end:
            return (
                f"It ends {instant_text(end)}, later than a day after the file was received, "
                f"and nothing can be measured before it happens"
            )
        return None
