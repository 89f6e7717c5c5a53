"""A scan of many meters gives, day by day, what usage gives: once, and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.lake_world import (
    ADA,
    BEN,
    CAM,
    CHICAGO,
    LEARNED,
    LakeWorld,
    day_of,
    slots,
    span,
    values_of,
)

from meterledger.facts.readings import Flow, Quality
from meterledger.facts.stored import StoredDays, meter_names, meter_numbers
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import FileDamaged, FileMissing, IntervalLake
from meterledger.stores.lake.scan import Scan

JULY_1 = date(2025, 7, 1)
FALL_BACK = date(2025, 11, 2)


class Told:
    """What a scan handed on, cell by cell; each may be told once."""

    def __init__(self, scan: Scan, days: DaySpan, *, with_quality: bool = False) -> None:
        self.names = meter_names(scan.meters)
        self.days = days
        self.values: dict[tuple[str, date], list[int | None]] = {}
        self.codes: dict[tuple[str, date], list[int]] = {}
        self._lock = Lock()
        self.progressed = 0
        scan.read(self.take, with_quality=with_quality, progress=self.advance)

    def advance(self, steps: int) -> None:
        self.progressed += steps

    def take(self, part: StoredDays) -> None:
        assert part.values.flags.c_contiguous
        for line, row in enumerate(part.rows.tolist()):
            at = part.first_slot
            for number, day in enumerate(part.days.days()):
                width = intervals_in_day(day, CHICAGO, part.interval_seconds)
                if part.counts is None or part.counts[line, number]:
                    values = part.values[line, at : at + width].tolist()
                    with self._lock:
                        assert (self.names[row], day) not in self.values
                        self.values[self.names[row], day] = [
                            None if value == MISSING_VALUE else value * 10**part.power
                            for value in values
                        ]
                        if part.quality is not None:
                            codes = part.quality[line, at : at + width].tolist()
                            self.codes[self.names[row], day] = codes
                at += width


def assert_as_usage(world: LakeWorld, meters: Sequence[str], days: DaySpan, sequence: int) -> None:
    """Every meter that the scan reads has the days that usage gives; others are named."""
    scan = world.lake.scan(days, at_sequence=sequence)
    told = Told(scan, days)
    others = {told.names[row] for row in scan.others}
    assert {meter for meter, _ in told.values}.isdisjoint(others)
    for meter in set(meters) - others:
        usage = values_of(world.usage(meter, days, sequence))
        at = 0
        for day in days.days():
            width = intervals_in_day(day, CHICAGO, 900)
            silence: list[int | None] = [None] * width
            assert told.values.get((meter, day), silence) == usage[at : at + width]
            at += width


class TestScan:
    def test_reads_all_meters_of_the_lake_bucket_by_bucket(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10, 20)), (BEN, day_of(JULY_1, 30)))
        world.ingest((CAM, day_of(JULY_1, None, 7)))

        scan = world.lake.scan(span(JULY_1), at_sequence=2)
        told = Told(scan, span(JULY_1))

        assert sorted(told.names) == sorted([ADA, BEN, CAM])
        assert told.values[ADA, JULY_1] == [10] + [20] * 95
        assert told.values[CAM, JULY_1] == [None] + [7] * 95
        assert scan.interval_seconds.tolist() == [900, 900, 900]
        assert scan.others.tolist() == []
        assert told.progressed == scan.bucket_count

    def test_sees_nothing_that_is_published_later(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        world.ingest((BEN, day_of(JULY_1, 30)))
        world.ingest((ADA, slots(JULY_1, {0: 11})))

        assert Told(world.lake.scan(span(JULY_1), at_sequence=1), span(JULY_1)).values == {
            (ADA, JULY_1): [10] * 96
        }

    def test_takes_a_day_from_what_was_published_last(self, world: LakeWorld) -> None:
        days = span(JULY_1, 3)
        for day in days.days():
            world.ingest((ADA, day_of(day, 10)), (BEN, day_of(day, 30)))
        world.ingest((ADA, slots(JULY_1 + timedelta(days=1), {5: 99})))
        world.ingest((ADA, slots(JULY_1 + timedelta(days=1), {6: 98})))

        told = Told(world.lake.scan(days, at_sequence=5), days)

        assert told.values[ADA, JULY_1 + timedelta(days=1)] == [10] * 5 + [99, 98] + [10] * 89
        assert len(told.values) == 6

    def test_says_which_days_nobody_has(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        world.ingest((BEN, day_of(JULY_1 + timedelta(days=2), 10)))

        scan = world.lake.scan(span(JULY_1, 4), at_sequence=2)

        assert scan.told.tolist() == [True, False, True, False]

    def test_of_an_empty_lake_has_no_meter(self, world: LakeWorld) -> None:
        scan = world.lake.scan(span(JULY_1), at_sequence=0)

        assert len(scan.meters) == 0
        assert scan.told.tolist() == [False]

    def test_of_named_meters_reads_those_and_names_the_unknown(self, world: LakeWorld) -> None:
        world.ingest(*((meter, day_of(JULY_1, 10)) for meter in (ADA, BEN)))

        told = Told(world.lake.scan(span(JULY_1), at_sequence=1, meters=[CAM, ADA]), span(JULY_1))

        assert sorted(told.names) == sorted([ADA, CAM])
        assert told.values == {(ADA, JULY_1): [10] * 96}

    def test_of_some_meters_of_a_block_reads_their_lines(self, world: LakeWorld) -> None:
        meters = sorted(pseudonym(f"M{number}", "utility") for number in range(300))
        days = DaySpan(date(2025, 10, 31), date(2025, 11, 4))
        width = sum(intervals_in_day(day, CHICAGO, 900) for day in days.days())
        values = np.arange(300 * width, dtype=np.int32).reshape(300, width)
        lake = IntervalLake(world.folder, zone=CHICAGO, files_at=world.files_at, bucket_count=2)
        names = lake.write_block(
            meters, days, values, source_sha256="ab" * 32, learned_at=LEARNED, at_sequence=0
        )
        world.publish(names)
        chosen = [meters[7], meters[8], meters[200]]
        inner = DaySpan(date(2025, 11, 1), date(2025, 11, 3))

        told = Told(lake.scan(inner, at_sequence=1, meters=chosen), inner)

        assert told.values[meters[200], FALL_BACK] == values[200, 192:292].tolist()
        assert {meter for meter, _ in told.values} == set(chosen)

    def test_goes_over_files_of_several_bucket_counts(self, world: LakeWorld) -> None:
        few = LakeWorld(world.folder, bucket_count=6)
        few.published = world.published
        world.ingest((ADA, day_of(JULY_1, 10)), (BEN, day_of(JULY_1, 20)))
        few.ingest((ADA, slots(JULY_1, {0: 5})), (CAM, day_of(JULY_1, 30)))

        assert_as_usage(world, [ADA, BEN, CAM], span(JULY_1), 2)

    def test_gives_quality_where_not_all_is_plain(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        meters, values = [BEN], np.full((1, 96), 3, dtype=np.int32)
        quality = np.full((1, 96), Quality.ESTIMATED.value, dtype=np.int8)
        world.publish(
            world.lake.write_block(
                meters, span(JULY_1), values, source_sha256="cd" * 32, learned_at=LEARNED,
                at_sequence=1, quality=quality,
            )
        )  # fmt: skip

        told = Told(world.lake.scan(span(JULY_1), at_sequence=2), span(JULY_1), with_quality=True)

        assert told.codes == {(BEN, JULY_1): [Quality.ESTIMATED.value] * 96}


class TestAMonthPutTogether:
    def test_is_scanned_like_the_files_it_speaks_for(self, tmp_path: Path) -> None:
        world = KeptWorld(tmp_path / "lake")
        days = span(JULY_1, 3)
        for day in days.days():
            world.ingest((ADA, day_of(day, 10)), (BEN, day_of(day, None, 30)))
        world.ingest((ADA, slots(JULY_1, {5: 99})))
        before = Told(world.lake.scan(days, at_sequence=4), days).values

        world.compact("2025-08")
        world.ingest((BEN, slots(JULY_1, {0: 1})))

        assert Told(world.lake.scan(days, at_sequence=4), days).values == before
        assert Told(world.lake.scan(days, at_sequence=5), days).values == before
        assert_as_usage(world, [ADA, BEN], days, 6)
        after = Told(world.lake.scan(days, at_sequence=6), days).values
        assert after[BEN, JULY_1] == [1] + [30] * 95


class TestOthers:
    """Meters that ``usage`` must settle or refuse."""

    @pytest.mark.parametrize(
        "odd",
        [
            slots(JULY_1, {0: 5}, flow=Flow.UNKNOWN),
            day_of(JULY_1 + timedelta(days=1), 9, seconds=3600),
            day_of(JULY_1 + timedelta(days=1), 9, scale=-1),
            day_of(JULY_1 + timedelta(days=1), 9, unit="MWh"),
            day_of(JULY_1 + timedelta(days=1), 9, seconds=86_400),
        ],
        ids=["two directions", "two lengths", "finer", "coarser", "day-long"],
    )
    def test_are_named_and_left_out(self, odd: object, world: LakeWorld) -> None:
        days = span(JULY_1, 2)
        world.ingest((ADA, day_of(JULY_1, 10)), (BEN, day_of(JULY_1, 30)))
        aside = LakeWorld(world.folder)
        aside.published = world.published
        world.publish(aside.write((ADA, odd), at_sequence=0))  # type: ignore[arg-type]

        scan = world.lake.scan(days, at_sequence=2)

        assert [meter_names(scan.meters)[row] for row in scan.others] == [ADA]
        assert set(Told(scan, days).values) == {(BEN, JULY_1)}

    def test_are_those_that_two_writers_changed_at_once(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)), (BEN, day_of(JULY_1, 30)))
        world.publish(world.write((ADA, slots(JULY_1, {0: 11})), at_sequence=1))
        world.publish(world.write((ADA, slots(JULY_1, {1: 12})), at_sequence=1))

        scan = world.lake.scan(span(JULY_1), at_sequence=3)
        assert [meter_names(scan.meters)[row] for row in scan.others] == [ADA]

        world.ingest((ADA, slots(JULY_1, {2: 13})))  # the next version has seen both

        settled = world.lake.scan(span(JULY_1), at_sequence=4)
        assert settled.others.tolist() == []
        assert Told(settled, span(JULY_1)).values[ADA, JULY_1][:4] == [11, 12, 13, 10]

    def test_received_energy_and_other_commodities_are_no_part_of_it(
        self, world: LakeWorld
    ) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)), (ADA, day_of(JULY_1, 4, flow=Flow.RECEIVED)))

        assert Told(world.lake.scan(span(JULY_1), at_sequence=1), span(JULY_1)).values == {
            (ADA, JULY_1): [10] * 96
        }


class TestADamagedFile:
    def test_is_refused_and_never_summed(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        (name,) = world.files_at(1)
        path = world.folder / name
        whole = path.read_bytes()

        path.write_bytes(whole[:-1] + b"!")
        with pytest.raises(FileDamaged, match="is damaged"):
            world.lake.scan(span(JULY_1), at_sequence=1)

        path.unlink()
        with pytest.raises(FileMissing, match="is published, and is not there"):
            world.lake.scan(span(JULY_1), at_sequence=1)

    def test_found_while_reading_stops_the_scan(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        scan = world.lake.scan(span(JULY_1), at_sequence=1)
        (world.folder / world.files_at(1)[0]).unlink()

        with pytest.raises(FileMissing):
            scan.read(lambda part: None)


WRITES = st.lists(
    st.tuples(
        st.sampled_from([ADA, BEN, CAM]),
        st.integers(0, 3),
        st.dictionaries(st.integers(0, 91), st.integers(0, 99), max_size=3),
        st.booleans(),
        st.sampled_from([("Wh", 0), ("kWh", 0)]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(writes=WRITES, first=st.integers(0, 2), count=st.integers(1, 4))
def test_whatever_was_written_a_scan_is_what_usage_is(
    writes: list[tuple[str, int, dict[int, int], bool, tuple[str, int]]],
    first: int,
    count: int,
) -> None:
    """In any order, by writers who had seen each other's files or had not, across a long day."""
    start = FALL_BACK - timedelta(days=1)
    with tempfile.TemporaryDirectory() as folder:
        world = LakeWorld(Path(folder) / "lake")
        for meter, day, values, stale, (unit, scale) in writes:
            told: dict[int, int | None] = dict(values) or {0: None}
            names = world.write(
                (meter, slots(start + timedelta(days=day), told, unit=unit, scale=scale)),
                at_sequence=max(0, world.sequence - 1) if stale else world.sequence,
            )
            world.publish(names)
        days = span(start + timedelta(days=first), count)

        for sequence in {world.sequence, world.sequence // 2}:
            assert_as_usage(world, [ADA, BEN, CAM], days, sequence)


def test_pseudonyms_and_their_numbers_are_the_same_thing() -> None:
    meters = [ADA, BEN, CAM, "0" * 16, "f" * 16]

    assert meter_names(meter_numbers(meters)) == meters
    assert meter_numbers(["00000000000000ff"]).tolist() == [255]
