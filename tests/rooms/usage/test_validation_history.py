"""A meter's history is made of whole, measured, like days; a block is a day of a batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.rooms.usage.validation_builders import FALL_DAY, HOME, SPRING_DAY, block, terms

from meterledger.facts.estimates import Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE, DayValues
from meterledger.kernel.ensure import InvariantBroken
from meterledger.usage import (
    NOT_KNOWN,
    Check,
    DayBlock,
    History,
    day_marks,
    history_of,
    validate_day,
)

WEEK, TWO_WEEKS = date(2026, 1, 7), date(2025, 12, 31)


class TestMeans:
    def test_are_of_the_days_that_are_whole(self) -> None:
        gap = [*HOME[:-1], MISSING_VALUE]
        past = history_of(
            [block(HOME, HOME, day=WEEK), block([2 * v for v in HOME], gap, day=TWO_WEEKS)],
            count=2,
        )
        assert past.days.tolist() == [2, 1]
        assert past.day_wh.tolist() == [3 * sum(HOME) // 2, sum(HOME)]
        assert past.hour_wh[1].tolist() == [sum(HOME[at : at + 4]) for at in range(0, 96, 4)]

    @pytest.mark.parametrize(
        "codes",
        [
            {"quality": np.full((1, 96), Quality.ESTIMATED.value, np.int8)},
            {"quality": np.full((1, 96), Quality.QUESTIONABLE.value, np.int8)},
            {"method": np.full((1, 96), Method.FLAT_LINE, np.int8)},
        ],
    )
    def test_an_estimated_or_doubted_day_does_not_count(self, codes: dict[str, Any]) -> None:
        past = history_of([replace(block(HOME, day=WEEK), **codes)], count=1)
        assert (past.days[0], past.day_wh[0]) == (0, 0)

    @pytest.mark.parametrize("day", [SPRING_DAY, FALL_DAY])
    def test_days_of_a_clock_change_do_not_count(self, day: date) -> None:
        width = block([0], day=day).due_width
        past = history_of([block(np.resize(HOME, width), day=day)], count=1)
        assert past.days.tolist() == [0]

    def test_of_the_received_channel_are_known_only_where_a_day_is(self) -> None:
        received = block([5] * 96, [MISSING_VALUE] * 96, day=WEEK)
        past = history_of([], received=[received], count=2)
        assert past.received_wh.tolist() == [480, NOT_KNOWN]

    def test_days_of_other_meters_are_a_mistake_of_the_caller(self) -> None:
        with pytest.raises(InvariantBroken, match="a past day has the rows of this one"):
            history_of([block(HOME, day=WEEK)], count=2)


class TestMarks:
    def test_are_equal_only_where_every_value_is(self) -> None:
        other = [*HOME[:-1], HOME[-1] + 1]
        moved = [*HOME[1:], HOME[0]]
        marks = day_marks(block(HOME, HOME, other, moved))
        assert marks[0] == marks[1]
        assert len(set(marks.tolist())) == 3

    def test_are_what_validation_leaves_for_the_days_to_come(self) -> None:
        day = block(HOME, [MISSING_VALUE] * 96)
        found = validate_day(day, History.none(2), terms())
        assert found.evidence.marks.tolist() == day_marks(day).tolist()

    def test_tell_the_day_before_sent_again(self) -> None:
        yesterday = block(HOME, day=date(2026, 1, 13))
        past = history_of([], recent=[yesterday], count=1)
        found = validate_day(block(HOME), past, terms())
        assert found.rows_with(Check.DAY_SENT_TWICE).tolist() == [0]
        (said,) = [one.sentence for one in found.findings_of(0) if "Every" in one.sentence]
        assert said == "Every interval is what it was on the day before."

    def test_count_the_days_back_to_the_one_that_was_sent_again(self) -> None:
        others = [block([each + 1 for each in HOME], day=date(2026, 1, 13))] * 6
        past = history_of([], recent=[*others, block(HOME, day=date(2026, 1, 7))], count=1)
        found = validate_day(block(HOME), past, terms())
        (said,) = [one.sentence for one in found.findings_of(0) if "Every" in one.sentence]
        assert said == "Every interval is what it was 7 days before."

    def test_tell_the_same_date_of_the_year_before(self) -> None:
        past = history_of([], years=[block(HOME, day=date(2025, 1, 14))], count=1)
        found = validate_day(block(HOME), past, terms())
        (said,) = [one.sentence for one in found.findings_of(0) if "Every" in one.sentence]
        assert said == "Every interval is what it was on this date a year before."

    def test_a_day_before_that_never_came_is_not_the_same_as_one_that_did_not(self) -> None:
        nothing = [MISSING_VALUE] * 96
        past = history_of([], recent=[block(nothing, day=date(2026, 1, 13))], count=1)
        found = validate_day(block(nothing), past, terms())
        assert len(found.rows_with(Check.DAY_SENT_TWICE)) == 0


class TestBlocks:
    def test_a_day_of_a_batch_is_one(self) -> None:
        values = DayValues(
            date(2026, 1, 14),
            np.array([HOME], dtype=np.int64),
            np.array([[slot == 3 for slot in range(96)]]),
        )
        one = DayBlock.of(values, meters=["M0"], zone="America/Chicago", interval_seconds=900)
        assert one.value[0, 3] == MISSING_VALUE
        assert one.value[0, 4] == HOME[4]
        assert not one.measured()[0, 3]
        assert not one.whole_rows()[0]

    def test_a_value_that_does_not_fit_is_a_mistake_of_the_caller(self) -> None:
        values = DayValues(
            date(2026, 1, 14), np.full((1, 96), 2**31), np.zeros((1, 96), dtype=np.bool_)
        )
        with pytest.raises(InvariantBroken, match="an interval fits 32 bits"):
            DayBlock.of(values, meters=["M0"], zone="America/Chicago", interval_seconds=900)

    def test_some_of_its_rows_keep_their_codes(self) -> None:
        quality = np.array([[1] * 96, [3] * 96], dtype=np.int8)
        two = replace(block(HOME, HOME), quality=quality)
        some = two.take(np.array([1]))
        assert some.meters == ["M1"]
        assert some.quality is not None
        assert some.quality[0, 0] == 3
        assert two.part(1, 5).meters == ["M1"]
