"""Refusals that every store words alike when a decision about usage cannot be written down."""

from __future__ import annotations

from meterledger.facts.usage_log import UsageReview
from meterledger.usecases.ports import Conflict


def finding_not_open(review: UsageReview) -> Conflict:
    """A decision names a finding that is not there, or that no longer holds."""
    return Conflict(
        f"A finding of meter {review.meter_id} on {review.day} is settled already, or was never "
        "made",
        where="review",
        why="Somebody decided it, or its readings have changed since the page was made",
        do="Look at the day again with `meterledger review show`, and decide what is open",
    )
