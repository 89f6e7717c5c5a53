"""Half-open spans of days: the first day is in, the last day is out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan, Validity, tiles

DAYS = st.dates(date(2019, 1, 1), date(2027, 12, 31))


@st.composite
def spans(draw: st.DrawFn) -> DaySpan:
    start = draw(DAYS)
    return DaySpan(start, start + timedelta(days=draw(st.integers(1, 400))))


@st.composite
def validities(draw: st.DrawFn) -> Validity:
    start = draw(DAYS)
    length = draw(st.none() | st.integers(1, 800))
    return Validity(start, None if length is None else start + timedelta(days=length))


class TestADaySpan:
    """15 July (in) to 15 August (out) unless said otherwise."""

    JULY = DaySpan(date(2025, 7, 15), date(2025, 8, 15))

    @pytest.mark.parametrize(
        ("day", "inside"),
        [
            (date(2025, 7, 14), False),
            (date(2025, 7, 15), True),  # the first day is in
            (date(2025, 8, 14), True),  # the last day of service
            (date(2025, 8, 15), False),  # the last day is out
        ],
    )
    def test_holds_its_first_day_and_not_its_last(self, day: date, inside: bool) -> None:
        assert (day in self.JULY) is inside

    def test_counts_and_names_its_days(self) -> None:
        assert self.JULY.day_count == 31
        assert self.JULY.last_day == date(2025, 8, 14)
        assert list(self.JULY.days())[0] == date(2025, 7, 15)
        assert list(self.JULY.days())[-1] == date(2025, 8, 14)
        assert str(self.JULY) == "2025-07-15 to 2025-08-15"

    def test_is_never_empty_and_never_backward(self) -> None:
        with pytest.raises(InvariantBroken, match="2025-07-15 to 2025-07-15 holds a day"):
            DaySpan(date(2025, 7, 15), date(2025, 7, 15))
        with pytest.raises(InvariantBroken, match="holds a day"):
            DaySpan(date(2025, 7, 16), date(2025, 7, 15))

    def test_of_one_day_is_allowed(self) -> None:
        assert DaySpan(date(2024, 2, 29), date(2024, 3, 1)).day_count == 1

    def test_is_cut_only_strictly_inside(self) -> None:
        parts = self.JULY.split_at(
            [date(2025, 7, 15), date(2025, 8, 15), date(2025, 8, 1), date(2025, 8, 1)]
        )

        assert parts == [
            DaySpan(date(2025, 7, 15), date(2025, 8, 1)),
            DaySpan(date(2025, 8, 1), date(2025, 8, 15)),
        ]

    @given(spans(), st.lists(DAYS, max_size=12))
    def test_is_tiled_by_its_parts_whatever_the_cuts(self, span: DaySpan, cuts: list[date]) -> None:
        parts = span.split_at(cuts)

        assert tiles(parts)
        assert (parts[0].from_day, parts[-1].until_day) == (span.from_day, span.until_day)
        assert [day for part in parts for day in part.days()] == list(span.days())
        assert {part.from_day for part in parts[1:]} == {
            cut for cut in cuts if span.from_day < cut < span.until_day
        }

    @given(spans(), spans())
    def test_overlaps_on_exactly_the_common_days(self, one: DaySpan, other: DaySpan) -> None:
        common = sorted(set(one.days()) & set(other.days()))
        found = one.overlap(other)

        assert (list(found.days()) if found else []) == common
        assert found == other.overlap(one)


class TestAValidity:
    """Days that may have no end yet."""

    def test_without_an_end_holds_for_ever(self) -> None:
        open_ended = Validity(date(2025, 6, 1))

        assert date(2025, 5, 31) not in open_ended
        assert date(2025, 6, 1) in open_ended
        assert date(9999, 12, 31) in open_ended
        assert str(open_ended) == "2025-06-01 until further notice"

    def test_with_an_end_leaves_that_day_out(self) -> None:
        ended = Validity(date(2025, 6, 1), date(2025, 10, 1))

        assert date(2025, 9, 30) in ended
        assert date(2025, 10, 1) not in ended
        assert str(ended) == "2025-06-01 until 2025-10-01"

    def test_is_never_empty(self) -> None:
        with pytest.raises(InvariantBroken, match="holds a day"):
            Validity(date(2025, 6, 1), date(2025, 6, 1))

    def test_following_another_without_a_gap_does_not_overlap_it(self) -> None:
        before = Validity(date(2025, 6, 1), date(2025, 10, 1))
        after = Validity(date(2025, 10, 1))

        assert not before.overlaps(after)
        assert not after.overlaps(before)
        assert before.overlaps(Validity(date(2025, 9, 30)))

    @given(validities(), spans())
    def test_within_a_span_is_the_days_that_are_in_both(
        self, validity: Validity, span: DaySpan
    ) -> None:
        common = [day for day in span.days() if day in validity]
        found = validity.within(span)

        assert (list(found.days()) if found else []) == common

    @given(validities(), validities())
    def test_overlap_is_mutual_and_means_a_common_day(self, one: Validity, other: Validity) -> None:
        first = max(one.from_day, other.from_day)  # two spans meet, if at all, where one begins

        assert one.overlaps(other) is (first in one and first in other)
        assert one.overlaps(other) is other.overlaps(one)


class TestTiles:
    def test_a_gap_or_an_overlap_of_one_day_does_not_tile(self) -> None:
        first = DaySpan(date(2025, 7, 1), date(2025, 8, 1))

        assert tiles([first, DaySpan(date(2025, 8, 1), date(2025, 9, 1))])
        assert not tiles([first, DaySpan(date(2025, 8, 2), date(2025, 9, 1))])
        assert not tiles([first, DaySpan(date(2025, 7, 31), date(2025, 9, 1))])

    def test_none_and_one_tile(self) -> None:
        assert tiles([])
        assert tiles([DaySpan(date(2025, 7, 1), date(2025, 8, 1))])
