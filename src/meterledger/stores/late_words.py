"""What both stores of late charges ask: which deposits were asked for, as known then; days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from meterledger.facts.deposits import Deposit, asked_items
from meterledger.facts.receivables import OpenItem

LONGEST_GRACE = timedelta(days=10)
"""No grace for mail is longer: what came later is not asked about. The rule decides each."""


def known_asked_items(deposits: Sequence[Deposit], known_at: datetime) -> tuple[OpenItem, ...]:
    """What of an account's deposits is asked for, by the steps that were known at an instant."""
    known = []
    for one in deposits:
        steps = tuple(step for step in one.steps if step.learned_at <= known_at)
        if steps:
            known.append(replace(one, steps=steps))
    return asked_items(known, known_at.date())
