"""Days, histories and thresholds for tests of validation: one calm home, and what is done to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from tests.rooms.rulebook_on import the_book

from meterledger.usage import DayBlock, History, MeterFacts, ValidationTerms
from meterledger.usage.validation_terms import Limit

ZONE = "America/Chicago"
PLAIN_DAY = date(2026, 1, 14)
SPRING_DAY = date(2026, 3, 8)
FALL_DAY = date(2025, 11, 2)
WIDTHS = {PLAIN_DAY: 96, SPRING_DAY: 92, FALL_DAY: 100}

HOME = [38, 42] * 12 + [90] * 8 + [60, 70] * 16 + [180, 240, 260, 250] * 4 + [120] * 8 + [50] * 8
"""A home's quarter-hours in watt-hours: a quiet night, a busy evening."""


def terms(day: date = PLAIN_DAY, **changed: int) -> ValidationTerms:
    """The book's validation file on a day, some thresholds changed for every group."""
    found = ValidationTerms.of(the_book(), day)
    limits = found.limits.copy()
    for name, value in changed.items():
        limits[:, Limit[name.upper()]] = value
    return replace(found, limits=limits)


def block(*rows: Any, day: date = PLAIN_DAY, interval_seconds: int = 900) -> DayBlock:
    """A day of meters M0, M1 …, one row each."""
    value = np.array(rows, dtype=np.int32)
    return DayBlock(day, ZONE, interval_seconds, [f"M{n}" for n in range(len(rows))], value)


def facts(count: int = 1, **known: Any) -> MeterFacts:
    """Nothing known of the meters but what is stated, once for all or one value each."""
    blank = MeterFacts.unknown(count)
    return replace(
        blank,
        **{
            name: np.broadcast_to(np.array(value, getattr(blank, name).dtype), (count,)).copy()
            for name, value in known.items()
        },
    )


def history(*rows: Any, days: int = 4, received: Any = None) -> History:
    """A history in which each of the rows was every like day."""
    value = np.array(rows, dtype=np.int64)
    blank = History.none(len(rows))
    return replace(
        blank,
        days=np.full(len(rows), days, np.int16),
        day_wh=value.sum(axis=1),
        hour_wh=value.reshape(len(rows), 24, -1).sum(axis=2).astype(np.int32),
        received_wh=blank.received_wh if received is None else np.array(received, np.int64),
    )
