"""Months put together: the same values at every sequence, in a dozen files a year."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.lake_world import ADA, BEN, CAM, LakeWorld, day_of, slots, span, values_of
from tests.stores.lake.test_scan import assert_as_usage
from tests.stores.lake.test_who_speaks import EDITED, LIKE_DAY, told

from meterledger.facts.readings import Commodity, Flow
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import LakeBusy, LakeUpkeep
from meterledger.stores.lake import files as lake_files
from meterledger.usecases.ports import Conflict

JULY_1, JULY_2 = date(2025, 7, 1), date(2025, 7, 2)
JULY = DaySpan(JULY_1, date(2025, 8, 1))


@pytest.fixture
def world(tmp_path: Path) -> KeptWorld:
    return KeptWorld(tmp_path / "lake")


def some_days(world: KeptWorld, count: int = 5, meters: Sequence[str] = (ADA, BEN, CAM)) -> None:
    """A file a day for each meter's bucket."""
    for number in range(count):
        day = JULY_1 + timedelta(days=number)
        world.ingest(*((meter, day_of(day, 10 * number + row)) for row, meter in enumerate(meters)))


def state(world: LakeWorld, sequence: int, days: DaySpan = JULY) -> Any:
    """All that a bill could see of the meters at a sequence."""
    (batch,) = world.lake.usage([ADA, BEN, CAM], days, at_sequence=sequence)
    return [
        (
            one.day,
            one.energy_wh.tolist(),
            one.missing.tolist(),
            None if one.method is None else one.method.tolist(),
            None if one.quality is None else one.quality.tolist(),
        )
        for one in batch.days
    ]


def rows_of(world: LakeWorld, names: Sequence[str]) -> pl.DataFrame:
    parts = [pl.read_parquet(world.folder / name, hive_partitioning=False) for name in names]
    return pl.concat(parts).sort("meter", "channel", "starts_at")


class TestAMonthPutTogether:
    def test_is_one_file_for_each_bucket(self, world: KeptWorld) -> None:
        some_days(world)
        assert len(world.lake.published(world.sequence)) == 15

        (done,) = world.compact("2025-08")

        assert done.sequence == 6
        assert len(world.lake.published(6)) == 3
        assert len(done.compaction.superseded) == 15
        assert done.compaction.bytes_after < done.compaction.bytes_before

    def test_says_the_same_at_every_sequence(self, world: KeptWorld) -> None:
        some_days(world, 3)
        world.ingest((ADA, slots(JULY_1, {3: 99})), (BEN, told({4: 7}, LIKE_DAY)))
        world.ingest((BEN, told({4: 8, 5: 1}, EDITED)))
        before = [state(world, sequence) for sequence in range(6)]

        world.compact("2025-08")

        assert [state(world, sequence) for sequence in range(6)] == before
        assert state(world, 6) == before[5]

    def test_keeps_when_and_from_which_file_each_value_was_learned(self, world: KeptWorld) -> None:
        some_days(world, 2)
        world.ingest((ADA, slots(JULY_1, {3: 99})))
        speaking = [name for name in world.files_at(3) if "bucket" in name]
        old = (
            rows_of(world, speaking)
            .group_by("meter", "channel", "starts_at")
            .agg(pl.all().sort_by("learned_at").last())
        )

        world.compact("2025-08")

        new = rows_of(world, world.lake.published(4))
        assert new.sort("meter", "starts_at").equals(
            old.select(new.columns).sort("meter", "starts_at")
        )
        assert new["source"].n_unique() == 3

    def test_is_corrected_like_any_other(self, world: KeptWorld) -> None:
        some_days(world, 2)
        world.compact("2025-08")
        world.ingest((ADA, slots(JULY_1, {0: 77})))

        assert values_of(world.usage(ADA, span(JULY_1)))[:2] == [77, 0]
        (again,) = world.compact("2025-08")
        assert len(again.compaction.superseded) == 2
        assert values_of(world.usage(ADA, span(JULY_1)))[:2] == [77, 0]
        assert world.lake.verify(world.sequence) == (len(world.files_at(world.sequence)), [])

    def test_takes_in_what_was_merged_before_and_published_after(self, world: KeptWorld) -> None:
        some_days(world, 2)
        late = world.write((ADA, slots(JULY_1, {0: 77})), (ADA, told({1: 5}, LIKE_DAY)))
        world.compact("2025-08")
        world.publish(late)

        assert values_of(world.usage(ADA, span(JULY_1)))[:3] == [77, 0, 0]
        world.compact("2025-08")
        assert values_of(world.usage(ADA, span(JULY_1)))[:3] == [77, 0, 0]

    def test_settles_what_two_writers_at_once_brought(self, world: KeptWorld) -> None:
        first = world.write((ADA, slots(JULY_1, {0: 10})))
        second = world.write((ADA, slots(JULY_1, {1: 11}, unit="kWh", scale=-3)))
        world.publish(first)
        world.publish(second)
        before = state(world, 2)

        world.compact("2025-08")

        assert state(world, 3) == before

    def test_leaves_what_cannot_be_put_together_and_says_so(self, world: KeptWorld) -> None:
        first = world.write((ADA, day_of(JULY_1, 10)))
        second = world.write((ADA, day_of(JULY_1, 40, seconds=3600)))
        world.publish(first)
        world.publish(second)
        some_days(world, 2, (BEN,))

        (done,) = world.compact("2025-08")

        assert len(done.compaction.superseded) == 2
        (sentence,) = done.compaction.left
        assert "is known on 2025-07-01 in intervals of 900 seconds" in sentence

    def test_keeps_other_channels_lengths_and_scales(self, world: KeptWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)), (BEN, day_of(JULY_1, 5, seconds=3600)))
        world.ingest((ADA, day_of(JULY_2, 2)), (BEN, day_of(JULY_2, 6, seconds=86400)))
        world.ingest(
            (ADA, day_of(JULY_1, 3, flow=Flow.RECEIVED)),
            (ADA, day_of(JULY_2, 4, commodity=Commodity.WATER, unit="CF")),
        )
        old = rows_of(world, world.lake.published(3))

        world.compact("2025-08")

        assert rows_of(world, world.lake.published(4)).equals(old)
        assert world.lake.verify(4)[1] == []

    def test_joins_files_of_another_count_of_buckets(self, world: KeptWorld) -> None:
        some_days(world, 2)
        before = state(world, 2)
        wider = KeptWorld(world.folder, store=world.store, bucket_count=2)

        wider.compact("2025-08")

        assert state(wider, 3) == before
        assert {name.split("-d")[0].split("of")[1] for name in wider.lake.published(3)} == {"2"}

    def test_leaves_the_current_month_alone(self, world: KeptWorld) -> None:
        some_days(world)

        assert world.compact("2025-07") == []
        assert world.sequence == 5

    def test_twice_changes_nothing(self, world: KeptWorld) -> None:
        some_days(world)
        world.compact("2025-08")

        assert world.compact("2025-08") == []

    def test_of_many_meters_is_made_a_row_group_at_a_time(
        self, world: KeptWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lake_files, "GROUP_ROWS", 500)
        some_days(world, 6)
        before = state(world, 6)

        world.compact("2025-08")

        assert state(world, 7) == before
        assert world.lake.verify(7)[1] == []


@pytest.mark.parametrize("turn", [date(2025, 3, 9), date(2025, 11, 2)])
def test_days_of_92_and_100_quarter_hours_stay_whole(world: KeptWorld, turn: date) -> None:
    for number in range(3):
        day = turn + timedelta(days=number - 1)
        world.ingest((ADA, day_of(day, number, 7)), (BEN, day_of(day, 5, seconds=3600)))
    world.ingest((ADA, slots(turn, {90: 1})))
    days = span(turn - timedelta(days=1), 3)
    before = [values_of(world.usage(meter, days)) for meter in (ADA, BEN)]
    assert len(before[0]) in (3 * 96 - 4, 3 * 96 + 4)

    world.compact("2026-01")

    assert [values_of(world.usage(meter, days)) for meter in (ADA, BEN)] == before
    assert world.lake.verify(world.sequence)[1] == []


def test_a_scan_reads_the_month_as_usage_does(world: KeptWorld) -> None:
    some_days(world, 3)
    world.ingest((ADA, slots(JULY_1, {3: 99})))
    world.compact("2025-08")
    world.ingest((BEN, slots(JULY_2, {4: 98})))

    for sequence in range(world.sequence + 1):
        assert_as_usage(world, [ADA, BEN, CAM], span(JULY_1, 3), sequence)


def test_a_customers_year_opens_a_dozen_files(
    world: KeptWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(365):
        world.ingest((ADA, day_of(date(2024, 1, 1) + timedelta(days=number), number % 7)))
    year = DaySpan(date(2024, 1, 1), date(2024, 12, 31))
    (before,) = world.lake.usage([ADA], year, at_sequence=365)
    world.compact("2025-01")
    opened: list[str] = []
    held = world.lake.opener.open
    monkeypatch.setattr(
        world.lake.opener, "open", lambda file: opened.append(file.name) or held(file)
    )

    (after,) = world.lake.usage([ADA], year, at_sequence=world.sequence)

    assert len(set(opened)) == 12
    assert after.total_wh.tolist() == before.total_wh.tolist()


def test_what_is_published_up_to_a_sequence_is_asked_once(
    world: KeptWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_days(world, 1)
    assert values_of(world.usage(ADA, span(JULY_1), 2)) == [0] * 96  # nobody published it yet
    world.ingest((ADA, slots(JULY_1, {0: 5})))
    assert values_of(world.usage(ADA, span(JULY_1), 2))[:2] == [5, 0]

    monkeypatch.setattr(world.store, "lake_files", None)  # asking again would fail
    monkeypatch.setattr(world.lake, "_files_at", None)
    assert values_of(world.usage(ADA, span(JULY_1), 2))[:2] == [5, 0]


class TestTwoAtOnce:
    def test_on_one_machine_the_second_is_told_to_wait(self, world: KeptWorld) -> None:
        some_days(world, 2)
        with LakeUpkeep(world.lake).alone(), pytest.raises(LakeBusy, match="somebody else"):
            world.compact("2025-08")

    def test_on_two_machines_one_of_them_is_published(self, world: KeptWorld) -> None:
        some_days(world, 3)
        before = state(world, 3)

        def one(number: int) -> bool:
            upkeep = LakeUpkeep(world.lake)  # another machine does not see this one's lock
            at = datetime(2025, 9, 1, number, tzinfo=UTC)
            made = upkeep.compact("2025-07", learned_at=at, at_sequence=3)
            try:
                world.store.record_compaction(made, based_on=3, learned_at=at)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(3) as pool:
            assert sum(pool.map(one, range(3))) == 1
        assert world.sequence == 4
        assert state(world, 4) == before

    def test_readings_that_come_meanwhile_are_never_hidden(
        self, world: KeptWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        some_days(world, 2)
        made = LakeUpkeep.compact

        def meanwhile(self: LakeUpkeep, month: str, **given: Any) -> Any:
            done = made(self, month, **given)
            if world.sequence == 2:
                world.ingest((ADA, slots(JULY_1, {0: 77})))
            return done

        monkeypatch.setattr(LakeUpkeep, "compact", meanwhile)

        (first,) = world.compact("2025-08")
        (second,) = world.compact("2025-08")

        assert "were published while its files were put together" in first.conflict
        assert second.sequence == 4
        assert values_of(world.usage(ADA, span(JULY_1)))[:2] == [77, 0]


KILLED = """
import os, sys
from pathlib import Path
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.test_compaction import some_days
calls = 0
def dying(made):
    def step(*given, **more):
        global calls
        calls += 1
        if calls > int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        return made(*given, **more)
    return step
world = KeptWorld(Path(sys.argv[1]))
some_days(world, 2)
for name in ("fsync", "fchmod", "fdopen"):
    setattr(os, name, dying(getattr(os, name)))
world.compact("2025-08")
print("done", calls, flush=True)
"""


@pytest.mark.parametrize("step", [0, 1, 2, 4, 5, 8, 11, 14, 17, 10_000])
def test_a_kill_at_any_step_leaves_the_lake_as_it_was(tmp_path: Path, step: int) -> None:
    """Its log lives in memory here: what is on disk besides must disturb nobody."""
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "lake"), str(step)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
    assert (ran.returncode == 0) == (step == 10_000), ran.stdout

    other = KeptWorld(tmp_path / "lake")
    some_days(other, 2)  # the very same files again, as the log has them
    before = state(other, 2)
    (done,) = other.compact("2025-08")
    assert done.sequence == 3
    assert state(other, 3) == before
    assert other.lake.verify(3)[1] == []
    rows = pl.scan_delta(str(other.folder)).collect()
    assert rows.height == 3 * 2 * 96


@pytest.fixture
def fresh() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([ADA, BEN]),
            st.integers(0, 2),  # day
            st.sampled_from([0, int(LIKE_DAY), int(EDITED)]),
            st.integers(0, 2),  # publications not seen
            st.dictionaries(st.integers(0, 3), st.integers(0, 9), min_size=1, max_size=3),
        ),
        st.just("compact"),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=25, deadline=None)
@given(steps=steps)
def test_whenever_months_are_put_together_nobody_can_tell(steps: list[Any]) -> None:
    """A lake that is compacted now and then, beside one that never is."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        kept, plain = KeptWorld(Path(one)), KeptWorld(Path(other))
        at: list[int] = [0]  # the kept world's sequence after each publication
        for step in steps:
            if step == "compact":
                kept.compact("2025-08")
                at[-1] = kept.sequence
                continue
            meter, day, method, behind, values = step
            made = told(dict(values), method, day=JULY_1 + timedelta(days=day))  # type: ignore[arg-type]
            seen = max(0, plain.sequence - behind)
            plain.publish(plain.write((meter, made), at_sequence=seen))
            kept.publish(kept.write((meter, made), at_sequence=at[seen]))
            at.append(kept.sequence)
        for sequence, kept_sequence in enumerate(at):
            days = span(JULY_1, 3)
            assert state(kept, kept_sequence, days) == state(plain, sequence, days)
        assert kept.lake.verify(kept.sequence)[1] == []
        kept.lake.sync_delta(kept.sequence)
        if kept.sequence:
            rows = pl.scan_delta(str(kept.folder)).collect()
            assert rows.height == rows.select("meter", "channel", "starts_at").n_unique()
