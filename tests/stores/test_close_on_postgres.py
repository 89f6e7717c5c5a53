"""A day is closed on PostgreSQL as in memory, and once more after it was stopped."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.close_town import AUGUST, SEPTEMBER, close, close_town, end_of
from tests.journeys.conftest import town_module

from meterledger.stores.memory import MemoryStore
from meterledger.stores.postgres import PostgresStore

DAYS = (AUGUST, date(2025, 8, 31), SEPTEMBER)


def lived(store: Any, folder: Path) -> list[Any]:
    """The days' reports, the first day's once more, and the end."""
    with store.viewing(town_module().VIEWER, ["everyone"]):
        town = close_town(folder, store=store)
        told: list[Any] = [close(town, day).as_json() for day in DAYS]
        before = end_of(town)
        told.append(close(town, SEPTEMBER).as_json())
        assert end_of(town) == before
        return [*told, before]


@pytest.mark.postgres
def test_both_stores_close_days_alike_and_twice_is_once(
    postgres: PostgresStore, tmp_path: Path
) -> None:
    assert lived(postgres, tmp_path / "postgres") == lived(MemoryStore(), tmp_path / "memory")
