"""The due windows of a run are cut into batches that a commit and the processor's caches like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ids import BUCKET_COUNT, bucket_of
from meterledger.kernel.span import DaySpan
from meterledger.usecases.bill_batches import BATCH_METERS, LARGEST_BATCH, batches_of
from meterledger.usecases.calculate_bills import DueBill

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
LONG_JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 2))


@dataclass(frozen=True)
class Window:
    days: DaySpan


@dataclass(frozen=True)
class Due:
    """What of a due bill the cutting looks at."""

    meter: str
    window: Window


def homes(of_bucket: dict[int, int], days: DaySpan = JULY) -> list[DueBill]:
    """So many homes in each bucket, from the last to the first."""
    return [
        cast(DueBill, Due(f"{bucket + BUCKET_COUNT * home:08x}{home:08x}", Window(days)))
        for bucket, count in of_bucket.items()
        for home in reversed(range(count))
    ]


def sizes(due: list[DueBill]) -> list[int]:
    return [len(batch) for batch in batches_of(due)]


def test_a_town_is_one_batch() -> None:
    assert sizes(homes(dict.fromkeys(range(BUCKET_COUNT), 3))) == [192]


def test_nobody_is_no_batch() -> None:
    assert sizes([]) == []


def test_whole_buckets_are_put_together_until_there_are_enough() -> None:
    assert sizes(homes(dict.fromkeys(range(4), 937))) == [2811, 937]


def test_buckets_that_are_too_many_for_a_batch_are_cut_evenly() -> None:
    assert sizes(homes({0: BATCH_METERS - 1, 1: LARGEST_BATCH - BATCH_METERS + 1})) == [3072]
    assert sizes(homes({0: BATCH_METERS - 1, 1: LARGEST_BATCH - BATCH_METERS + 2})) == [1536, 1537]


def test_the_bucket_of_a_city_is_cut_evenly() -> None:
    assert sizes(homes({0: LARGEST_BATCH})) == [3072]
    assert sizes(homes({0: LARGEST_BATCH + 1})) == [1536, 1537]
    assert sizes(homes({0: 9375, 1: 9375})) == [2343, 2344, 2344, 2344, 2343, 2344, 2344, 2344]


def test_windows_of_other_days_are_in_a_batch_of_their_own() -> None:
    assert sizes(homes({0: 5}) + homes({0: 7}, LONG_JULY)) == [5, 7]


@given(
    of_bucket=st.dictionaries(
        st.integers(0, BUCKET_COUNT - 1), st.integers(1, LARGEST_BATCH * 2), max_size=4
    ),
    both=st.booleans(),
)
def test_each_home_is_in_one_batch_and_neighbors_stay_neighbors(
    of_bucket: dict[int, int], both: bool
) -> None:
    due = homes(of_bucket) + (homes(of_bucket, LONG_JULY) if both else [])
    batches = list(batches_of(due))
    places = [
        (one.window.days, bucket_of(one.meter), one.meter) for batch in batches for one in batch
    ]
    assert places == sorted(places)
    assert len(places) == len(set(places)) == len(due)
    assert all(0 < len(batch) <= LARGEST_BATCH for batch in batches)
    assert all(len({one.window.days for one in batch}) == 1 for batch in batches)
    for earlier, later in pairwise(batches):
        if earlier[-1].window == later[0].window:
            assert len(earlier) + len(later) > BATCH_METERS
