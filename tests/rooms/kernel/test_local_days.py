"""Local days on the UTC line: 92, 96 or 100 quarter-hours, from the pinned zone rules only."""

from __future__ import annotations

import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.local_days import (
    day_start_utc,
    intervals_in_day,
    local_day_of,
    seconds_in_day,
    time_zone_data_version,
    zone,
)

CHICAGO = "America/Chicago"


class TestALocalDay:
    @pytest.mark.parametrize(
        ("day", "quarter_hours"),
        [
            (date(2025, 11, 1), 96),
            (date(2025, 11, 2), 100),  # fall back
            (date(2025, 11, 3), 96),
            (date(2026, 3, 7), 96),
            (date(2026, 3, 8), 92),  # spring forward
            (date(2026, 3, 9), 96),
            (date(2024, 2, 29), 96),
        ],
    )
    def test_holds_the_quarter_hours_that_pass(self, day: date, quarter_hours: int) -> None:
        assert intervals_in_day(day, CHICAGO, 900) == quarter_hours
        assert intervals_in_day(day, CHICAGO, 1800) == quarter_hours // 2
        assert intervals_in_day(day, CHICAGO, 3600) == quarter_hours // 4
        assert seconds_in_day(day, CHICAGO) == quarter_hours * 900

    def test_starts_at_local_midnight_in_either_offset(self) -> None:
        assert day_start_utc(date(2025, 7, 1), CHICAGO) == datetime(2025, 7, 1, 5, tzinfo=UTC)
        assert day_start_utc(date(2026, 1, 1), CHICAGO) == datetime(2026, 1, 1, 6, tzinfo=UTC)
        assert day_start_utc(date(2025, 11, 2), CHICAGO) == datetime(2025, 11, 2, 5, tzinfo=UTC)
        assert day_start_utc(date(2025, 11, 3), CHICAGO) == datetime(2025, 11, 3, 6, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("instant", "day"),
        [
            (datetime(2025, 7, 1, 4, 59, 59, tzinfo=UTC), date(2025, 6, 30)),
            (datetime(2025, 7, 1, 5, 0, 0, tzinfo=UTC), date(2025, 7, 1)),
            (datetime(2026, 1, 1, 5, 59, 59, tzinfo=UTC), date(2025, 12, 31)),
            (datetime(2026, 1, 1, 6, 0, 0, tzinfo=UTC), date(2026, 1, 1)),
        ],
    )
    def test_an_instant_falls_on_the_day_that_had_begun(self, instant: datetime, day: date) -> None:
        assert local_day_of(instant, CHICAGO) == day

    def test_refuses_intervals_that_do_not_tile_it(self) -> None:
        with pytest.raises(InvariantBroken, match="7200 s tiles the local day 2026-03-08"):
            intervals_in_day(date(2026, 3, 8), CHICAGO, 7200)  # 23 hours are not even

    @given(st.dates(date(2000, 1, 1), date(2037, 12, 30)))
    def test_ends_where_the_next_begins(self, day: date) -> None:
        start = day_start_utc(day, CHICAGO)
        end = start + timedelta(seconds=seconds_in_day(day, CHICAGO))

        assert end == day_start_utc(day + timedelta(days=1), CHICAGO)
        assert local_day_of(start, CHICAGO) == day
        assert local_day_of(end - timedelta(seconds=1), CHICAGO) == day


class TestTheZoneRules:
    def test_come_from_the_wheel_and_never_from_the_machine(self) -> None:
        assert zoneinfo.TZPATH == ()
        assert zone(CHICAGO).key == CHICAGO

    def test_name_their_version(self) -> None:
        year, _, number = time_zone_data_version().partition(".")
        assert year.isdigit()
        assert number.isdigit()

    @pytest.mark.parametrize("machine_zone", ["Asia/Tokyo", "UTC", "America/Chicago"])
    def test_do_not_depend_on_where_the_machine_stands(self, machine_zone: str) -> None:
        asked = (
            "from datetime import date\n"
            "from meterledger.kernel.local_days import *\n"
            "day = date(2025, 11, 2)\n"
            "start = day_start_utc(day, 'America/Chicago')\n"
            "print(start.isoformat(), seconds_in_day(day, 'America/Chicago'),\n"
            "      local_day_of(start, 'America/Chicago'))\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "TZ": machine_zone, "PYTHONTZPATH": "/usr/share/zoneinfo"},
            capture_output=True,
            text=True,
            check=True,
        )

        assert answer.stdout.split() == ["2025-11-02T05:00:00+00:00", "90000", "2025-11-02"]
