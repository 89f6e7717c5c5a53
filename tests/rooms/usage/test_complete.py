"""A gap is found and named, never a zero; multipliers are exact; the hash anybody can compute."""

from __future__ import annotations

import hashlib
import struct
from datetime import date, timedelta

import numpy as np
import pytest

from meterledger.facts.findings import Weight
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.local_days import intervals_in_day
from meterledger.usage import describe_usage, find_gaps, scale_by_multipliers

CHICAGO = "America/Chicago"


def batch(from_day: date, day_count: int, *, meters: int = 2, wh: int = 250) -> UsageBatch:
    days = []
    for number in range(day_count):
        day = from_day + timedelta(days=number)
        shape = (meters, intervals_in_day(day, CHICAGO, 900))
        days.append(DayValues(day, np.full(shape, wh, dtype=np.int64), np.zeros(shape, dtype=bool)))
    return UsageBatch(tuple(f"m{n}" for n in range(meters)), 900, CHICAGO, tuple(days), 3)


class TestFindingGaps:
    def test_a_whole_window_has_none(self) -> None:
        assert find_gaps(batch(date(2025, 11, 1), 3)) == {}

    def test_one_missing_quarter_hour_is_enough_and_is_named(self) -> None:
        usage = batch(date(2025, 11, 1), 3)
        usage.days[1].missing[1, 99] = True  # the last of the hundred on the long day

        (row, finding), *rest = find_gaps(usage).items()

        assert (row, rest) == (1, [])
        assert finding.code == "usage.gap"
        assert finding.weight is Weight.HOLD
        assert finding.sentence == (
            "1 of 292 intervals is missing, at 2025-11-03T05:45:00Z (local day 2025-11-02)."
        )
        assert finding.evidence == {
            "missing": 1,
            "intervals": 292,
            "first": "2025-11-03T05:45:00Z",
            "local_day": "2025-11-02",
        }

    def test_the_first_gap_is_named_and_all_are_counted(self) -> None:
        usage = batch(date(2025, 7, 1), 2)
        usage.days[1].missing[0, 5] = True
        usage.days[0].missing[0, 90:] = True

        sentence = find_gaps(usage)[0].sentence

        assert sentence.startswith("7 of 192 intervals are missing, the first at 2025-07-02T03:30")
        assert "(local day 2025-07-01)" in sentence

    def test_a_meter_never_heard_of_has_its_own_words(self) -> None:
        usage = batch(date(2025, 7, 1), 2)
        for values in usage.days:
            values.missing[0] = True

        assert find_gaps(usage)[0].sentence == ("No interval has arrived; the window needs 192.")

    def test_a_zero_is_a_value(self) -> None:
        assert find_gaps(batch(date(2025, 7, 1), 1, wh=0)) == {}


class TestMultipliers:
    def test_scale_each_meter_by_its_own(self) -> None:
        usage = scale_by_multipliers(batch(date(2025, 7, 1), 1), [1, 40])

        assert usage.total_wh.tolist() == [96 * 250, 96 * 250 * 40]
        assert usage.at_sequence == 3

    def test_leave_gaps_gaps(self) -> None:
        plain = batch(date(2025, 7, 1), 1)
        plain.days[0].missing[1, 0] = True

        assert set(find_gaps(scale_by_multipliers(plain, [1, 40]))) == {1}

    def test_each_meter_has_one(self) -> None:
        with pytest.raises(InvariantBroken, match="each meter has its multiplier"):
            scale_by_multipliers(batch(date(2025, 7, 1), 1), [1])

    @pytest.mark.parametrize("multiplier", [2**62, 10**30])
    def test_never_wrap_around_sixty_four_bits(self, multiplier: int) -> None:
        with pytest.raises(InvariantBroken, match="fits in 64 bits"):
            scale_by_multipliers(batch(date(2025, 7, 1), 1), [1, multiplier])

    def test_that_change_nothing_copy_nothing(self) -> None:
        usage = batch(date(2025, 7, 1), 1)

        assert scale_by_multipliers(usage, [1, 1]) is usage


class TestWhatABillStandsOn:
    def test_is_counted_by_local_day_and_hashed(self) -> None:
        usage = batch(date(2025, 11, 1), 3, meters=2)
        usage.days[0].energy_wh[1, 0] = 7

        _, described = describe_usage(usage)

        assert described.meter == "m1"
        assert described.interval_count == 292
        assert described.daily_wh == (95 * 250 + 7, 25_000, 24_000)
        assert described.energy_wh == sum(described.daily_wh)
        values = [7] + [250] * 291
        assert described.sha256 == hashlib.sha256(struct.pack("<292q", *values)).hexdigest()
