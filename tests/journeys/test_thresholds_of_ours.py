"""Numbers of ours that stood in the program stand in the book: nothing is decided otherwise."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_neighbors import at

from meterledger.billing import FEWEST_DAYS
from meterledger.kernel.span import DaySpan
from meterledger.metering import UNADMITTED_PERCENT
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.ours import OURS, whole_of_ours
from meterledger.usecases import (
    day_facts,
    finance_unexplained,
    look_at_day,
    meter_health,
    receive_events,
    register_windows,
)

BEFORE = {
    "event_clock_ahead_hours": receive_events.CLOCKS_DIFFER_HOURS,
    "intake_unadmitted_percent": UNADMITTED_PERCENT,
    "meter_health_days": meter_health.WINDOW_DAYS,
    "register_days_looked_ahead": register_windows.DAYS_LOOKED_AHEAD,
    "report_receipts_at_most": finance_unexplained.RECEIPTS_AT_MOST,
    "usage_location_days": day_facts.LOCATION_DAYS,
    "usage_next_door_numbers": day_facts.NEXT_DOOR,
    "usage_recent_days": look_at_day.RECENT_DAYS,
    "weather_of_use_days_min": FEWEST_DAYS,
}
LEARNED, DAY = date(2026, 11, 29), date(2025, 8, 1)


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_book_says_what_the_program_said(first_book: Any, name: str) -> None:
    view = first_book.as_known(LEARNED)

    assert whole_of_ours(view, name, DAY, -1) == BEFORE[name]
    assert whole_of_ours(first_book.as_known(date(2026, 11, 28)), name, DAY, -1) == -1
    assert whole_of_ours(view, name, date(2001, 1, 1), -1) == -1


def test_a_book_that_says_another_is_read(tmp_path: Path, first_book: Any) -> None:
    folder = tmp_path / "book"
    shutil.copytree(default_book_folder(), folder)
    file = folder / "validation" / "register_days_looked_ahead.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count('value: "8"') == 1
    file.write_text(text.replace('value: "8"', 'value: "3"'), encoding="utf-8")
    july = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
    ahead = register_windows.days_looked_ahead

    assert ahead(july, load_book(folder).as_known(LEARNED)) == 3
    assert ahead(july, first_book.as_known(LEARNED)) == 8


@pytest.mark.parametrize(("apart", "are"), [(2, True), (1, False)])
def test_neighbors_are_as_far_apart_as_is_said(apart: int, are: bool) -> None:
    found = day_facts.neighbors([at("10 Elm Street"), at("12 Elm Street")], apart)
    assert (list(found) == [1, 0]) is are
