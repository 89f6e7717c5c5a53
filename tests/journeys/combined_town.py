"""Twelve premises of one customer, with bills of a month, and what is asked of combinations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from tests.journeys.town import VIEWER, Town, even

from meterledger.usecases.combinations import Combined, start_combination

FIRST = date(2026, 3, 1)
BILLED = date(2026, 6, 16)
LAST = date(2026, 9, 20)
KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
AFTER = KNOWN + timedelta(hours=1)
SCHOOLS = "Elm Schools"
PERSON = "P1"
ALL = tuple(range(1, 13))


def schools_town() -> Town:
    """Twelve schools on accounts of their own, each using another amount; nothing is billed."""
    town = Town()
    with town.store.viewing(VIEWER, []):
        for number in ALL:
            town.start(number, people=(("P1", SCHOOLS),), from_day=FIRST)
            town.read(f"M{number}", (FIRST, LAST), even(40 + 7 * number), seconds=3600)
    return town


@cache
def accounts_of(numbers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(Town.account_id(None, number) for number in numbers)  # type: ignore[arg-type]


def combine(town: Town, *numbers: int, **changed: Any) -> Combined:
    asked: dict[str, Any] = {
        "combination_id": "SCHOOLS",
        "customer": PERSON,
        "account_ids": accounts_of(numbers),
        "in_writing": True,
        "on": FIRST + timedelta(days=30),
        "learned_at": KNOWN,
        "view": town.view,
        "store": town.store,
    }
    return start_combination(**{**asked, **changed})
