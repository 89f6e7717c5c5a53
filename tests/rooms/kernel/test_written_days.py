"""Days and instants in one form each, and the years within which they are ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.written_days import (
    EARLIEST_YEAR,
    MonthDay,
    day_from_text,
    instant_from_text,
    month_day_from_text,
)

AT = datetime(2025, 7, 10, 15, 7, tzinfo=UTC)


class TestADay:
    @pytest.mark.parametrize("text", ["1990-01-01", "2024-02-29", "2100-01-01"])
    def test_is_taken_in_its_one_form(self, text: str) -> None:
        assert day_from_text(text) == date.fromisoformat(text)

    @pytest.mark.parametrize(
        "text",
        [
            *("", "1989-12-31", "2100-01-02", "0000-00-00", "0001-01-01", "9999-12-31"),
            *("10000-01-01", "2025-02-29", "2025-13-01", "20250701", "2025-W27-1", "2025-182"),
            *("2025-7-1", "+2025-07-01", "-2025-07-01", " 2025-07-01", "2025-07-01\n"),
            *("2025-07-01T00:00:00Z", "\u0662\u0660\u0662\u0665-07-01", "2025\u201107-01", "NaN"),
        ],
    )
    def test_is_none_in_any_other(self, text: str) -> None:
        assert day_from_text(text) is None

    def test_of_birth_may_be_earlier(self) -> None:
        assert day_from_text("1850-01-01", first=EARLIEST_YEAR) == date(1850, 1, 1)
        assert day_from_text("1849-12-31", first=EARLIEST_YEAR) is None


class TestAnInstant:
    @pytest.mark.parametrize(
        "text",
        [
            *("2025-07-10T15:07:00Z", "2025-07-10T10:07:00-05:00", "2025-07-10 15:07:00Z"),
            *("2025-07-10T15:07Z", "2025-07-10T10:07:00-0500", "2025-07-11T05:07:00+14:00"),
        ],
    )
    def test_says_its_offset(self, text: str) -> None:
        assert instant_from_text(text) == AT

    @pytest.mark.parametrize(
        "text",
        [
            *("", "2025-07-10T15:07:00", "2025-07-10", "2025-W28-4T15:07:00Z", "20250710T150700Z"),
            *("2025-07-10T24:00:00Z", "2025-07-10T15:60:00Z", "2025-07-10T15:07:60Z"),
            *("2025-07-10T15:07:00+14:01", "2025-07-10T15:07:00+05:60", "2025-07-10T15Z"),
            *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-07-10x15:07:00Z"),
            *("2025-07-10T15:07:00.5Z", "2025-07-10T15:07:00,0Z", "2025-07-10T15:07:00+05:00:30"),
        ],
    )
    def test_is_none_in_any_other_form(self, text: str) -> None:
        assert instant_from_text(text) is None

    def test_has_parts_of_a_second_where_its_writer_measures_them(self) -> None:
        read = instant_from_text("2025-07-10T15:07:00.25Z", fractions=True)
        assert read == AT + timedelta(milliseconds=250)
        assert instant_from_text("2025-07-10T15:07:00.1234567Z", fractions=True) is None

    @given(
        st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001
        st.integers(-14 * 60, 14 * 60),
    )
    def test_reads_back_what_python_writes(self, local: datetime, minutes: int) -> None:
        from datetime import timezone

        at = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        assert instant_from_text(at.isoformat(), fractions=True) == at


class TestADayOfEveryYear:
    def test_is_month_and_day(self) -> None:
        assert month_day_from_text("06-30") == MonthDay(6, 30)
        assert str(MonthDay(6, 1)) == "06-01"
        assert MonthDay(3, 31).of_year(2028) == date(2028, 3, 31)

    @pytest.mark.parametrize("text", ["02-29", "13-01", "00-10", "6-30", "06-31", "W27-1", "NaN"])
    def test_is_none_otherwise(self, text: str) -> None:
        assert month_day_from_text(text) is None
