"""When a meter measured: whole local days, and to the second where it was exchanged inside one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from meterledger.facts.places import MeterInstallation
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan, Validity

LEARNED = datetime(2025, 8, 1, tzinfo=UTC)
DAY = date(2025, 7, 10)
TEN = 36_000
OLD = MeterInstallation("SP", "M1", 1, Validity(date(2025, 7, 1), DAY), LEARNED, ended_second=TEN)
NEW = MeterInstallation("SP", "M9", 1, Validity(DAY), LEARNED, began_second=TEN)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (OLD, NEW, False),  # they touch
        (OLD, replace(NEW, began_second=TEN - 1), True),
        (replace(OLD, ended_second=0), replace(NEW, began_second=0), False),
        (replace(OLD, ended_second=1), replace(NEW, began_second=0), True),
        (OLD, replace(NEW, days=Validity(date(2025, 7, 9))), True),
        (NEW, NEW, True),
    ],
)
def test_two_meters_overlap_where_they_share_a_second(
    one: MeterInstallation, other: MeterInstallation, overlap: bool
) -> None:
    assert one.overlaps(other) is overlap
    assert other.overlaps(one) is overlap


@pytest.mark.parametrize(
    ("one", "span", "covers", "touches"),
    [
        (OLD, DaySpan(date(2025, 7, 1), DAY), True, True),
        (OLD, DaySpan(date(2025, 7, 1), date(2025, 7, 11)), False, True),
        (OLD, DaySpan(DAY, date(2025, 8, 1)), False, True),  # ten hours of its first day
        (OLD, DaySpan(date(2025, 7, 11), date(2025, 8, 1)), False, False),
        (NEW, DaySpan(DAY, date(2025, 8, 1)), False, True),
        (NEW, DaySpan(date(2025, 7, 11), date(2025, 8, 1)), True, True),
        (NEW, DaySpan(date(2025, 7, 1), DAY), False, False),
    ],
)
def test_a_meter_covers_days_and_touches_them(
    one: MeterInstallation, span: DaySpan, covers: bool, touches: bool
) -> None:
    assert (one.covers(span), one.touches(span)) == (covers, touches)


def test_a_stretch_is_in_utc_and_knows_when_clocks_change() -> None:
    autumn = date(2025, 11, 2)  # 25 hours: the last second before midnight is 89 999
    one = replace(NEW, days=Validity(autumn), began_second=89_999)

    begin, until = one.stretch("America/Chicago")

    assert datetime.fromtimestamp(begin, UTC) == datetime(2025, 11, 3, 5, 59, 59, tzinfo=UTC)
    assert until is None


@pytest.mark.parametrize(
    "wrong", [{"began_second": -1}, {"began_second": 90_000}, {"ended_second": 1}]
)
def test_only_seconds_of_a_local_day_can_be(wrong: dict[str, int]) -> None:
    with pytest.raises(InvariantBroken):
        replace(NEW, **wrong)
