"""Which intervals tile local days, and which are kept beside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.metering import fills_slots

ZONE = "America/Chicago"


def series(*readings: tuple[str, int]) -> ChannelReadings:
    return ChannelReadings(
        Channel(
            "M1", Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, None, 0
        ),
        tuple(
            Reading(
                int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()),
                seconds,
                1,
                Quality.VALID,
                line,
            )
            for line, (start, seconds) in enumerate(readings, start=1)
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "slots"),
    [
        ([("2025-07-01 05:00", 900), ("2025-07-01 09:15", 900)], True),
        ([("2025-07-01 05:00", 86_400)], True),  # a day from midnight
        ([("2025-07-01 06:00", 86_400)], False),  # a day from 01:00
        ([("2025-11-02 05:00", 90_000)], True),  # the long day
        ([("2025-11-02 05:00", 86_400)], False),  # a part of it
        ([("2026-03-08 06:00", 82_800)], True),  # the short day
        ([("2025-07-01 05:00", 31 * 86_400)], False),  # a month
        ([("2025-07-01 05:30", 3_600)], False),  # half past
        ([("2025-07-01 05:00", 7 * 60)], False),  # seven minutes do not fill a day
        ([("2025-11-02 05:00", 7_200)], False),  # nor do two hours fill 25
        ([("2025-07-01 05:00", 900), ("2025-07-02 05:00", 3_600)], True),  # another day
        ([("2025-07-01 05:00", 900), ("2025-07-01 06:00", 3_600)], False),  # the same day
        ([("2025-07-01 05:00", 0)], False),
    ],
)
def test_slots_tile_their_local_day_in_one_length(
    readings: list[tuple[str, int]], slots: bool
) -> None:
    assert fills_slots(series(*readings), zone_name=ZONE) is slots
