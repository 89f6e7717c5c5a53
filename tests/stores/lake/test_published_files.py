"""A published file is there and unchanged, or nothing is answered."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.stores.lake.lake_world import ADA, BEN, CAM, LakeWorld, day_of, slots, span, values_of

from meterledger.facts.readings import Commodity
from meterledger.stores.lake import FileDamaged, FileMissing, IntervalLake, LakeNotWritable
from meterledger.stores.lake import files as lake_files

JULY_1 = date(2025, 7, 1)
JULY_2 = date(2025, 7, 2)


def only_file(world: LakeWorld) -> Path:
    (name,) = world.files_at(world.sequence)
    return world.folder / name


class TestAPublishedFile:
    def test_that_is_gone_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        assert world.usage(ADA, span(JULY_1)).total_wh.tolist() == [96]
        only_file(world).unlink()

        with pytest.raises(FileMissing, match="is published, and is not there") as refused:
            world.usage(ADA, span(JULY_1))
        assert "Restore the file from a backup" in refused.value.sentence
        with pytest.raises(FileMissing):
            world.write((ADA, slots(JULY_1, {0: 5})))

    @pytest.mark.parametrize("how", ["flipped", "cut", "emptied", "exchanged"])
    @pytest.mark.parametrize("opened_before", [True, False])
    def test_that_changed_is_refused(self, world: LakeWorld, how: str, opened_before: bool) -> None:
        world.ingest((ADA, day_of(JULY_1, 1, 2, 3)))
        path = only_file(world)
        if opened_before:
            world.usage(ADA, span(JULY_1))
        whole = path.read_bytes()
        path.write_bytes(
            {
                "flipped": whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
                "cut": whole[:-1],
                "emptied": b"",
                "exchanged": whole + b"PAR1",
            }[how]
        )

        with pytest.raises(FileDamaged, match="is damaged"):
            world.usage(ADA, span(JULY_1))
        checked, broken = world.lake.verify(1)
        assert checked == 1
        assert "is damaged" in broken[0]

    def test_of_other_meters_and_days_is_not_even_opened(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        names = world.write((ADA, day_of(date(2025, 7, 2), 1)), (ADA, day_of(date(2025, 8, 1), 1)))
        names += world.write((BEN, day_of(JULY_1, 1)))
        world.publish(names)
        for name in names:
            (world.folder / name).unlink()

        assert world.usage(ADA, span(JULY_1)).total_wh.tolist() == [96]

    @pytest.mark.parametrize(
        "name", ["../../secret.parquet", "b1of64-d01-31-n0-x.parquet", "month=2025-13/bucket=1/x"]
    )
    def test_under_a_name_that_is_not_ours_is_refused(self, world: LakeWorld, name: str) -> None:
        world.publish([name])

        with pytest.raises(FileDamaged, match="is not the name of one"):
            world.usage(ADA, span(JULY_1))

    def test_of_another_time_zone_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        other = IntervalLake(world.folder, zone="America/Denver", files_at=world.files_at)

        with pytest.raises(
            FileDamaged, match="local days of America/Chicago, not of America/Denver"
        ):
            other.usage([ADA], span(JULY_1), at_sequence=1)

    def test_is_found_again_when_new_files_have_other_buckets(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        other = IntervalLake(
            world.folder, zone="America/Chicago", files_at=world.files_at, bucket_count=7
        )

        names = other.write(
            [(ADA, slots(JULY_1, {0: 5}))],
            source_sha256="b" * 64,
            learned_at=world.learned_at,
            at_sequence=1,
        )
        world.publish(names)

        for lake in (world.lake, other):
            (batch,) = lake.usage([ADA], span(JULY_1), at_sequence=2)
            assert batch.total_wh.tolist() == [95 + 5]


class TestVerify:
    def test_finds_nothing_in_a_sound_lake(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)), (BEN, slots(JULY_1, {3: 7}, unit="kWh")))
        world.ingest(
            (ADA, slots(JULY_1, {0: 9})), (ADA, day_of(JULY_1, 3, commodity=Commodity.GAS))
        )

        assert world.lake.verify(2) == (len(world.files_at(2)), [])

    @pytest.mark.parametrize(
        ("column", "sentence"),
        [
            ("meter", "meters are not those of its index"),
            ("starts_at", "slots do not fill whole local days"),
            ("quality", "a value is missing where its quality"),
            ("interval_seconds", "interval lengths are not those"),
            ("local_day", "local days are not those"),
        ],
    )
    def test_finds_rows_that_are_not_what_the_index_says(
        self, tmp_path: Path, column: str, sentence: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = lake_files._table

        def wrong(*given: Any) -> Any:
            table = made(*given)
            place = table.column_names.index(column)
            kept = table.column(column).to_pylist()
            kept[0], kept[-1] = kept[-1], kept[0]
            kept[0] = {"quality": 0, "interval_seconds": 1, "local_day": JULY_2}.get(
                column, kept[0]
            )
            kind = table.schema.field(place)
            return table.set_column(place, kind, lake_files.pa.array(kept, kind.type))

        monkeypatch.setattr(lake_files, "_table", wrong)
        world = LakeWorld(tmp_path, bucket_count=1)
        world.ingest(*((meter, day_of(JULY_1, 1)) for meter in (ADA, BEN, CAM)))

        _, broken = world.lake.verify(1)

        assert len(broken) == 1
        assert sentence in broken[0]


class TestAWriteThatFails:
    def test_on_a_full_disk_is_refused_and_leaves_nothing(
        self, world: LakeWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        before = sorted(path for path in world.folder.rglob("*") if path.is_file())
        synced = os.fsync
        calls = []

        def full(handle: int) -> None:
            calls.append(handle)
            if len(calls) > 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            synced(handle)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(LakeNotWritable, match="No space left on device") as refused:
            world.write(*((meter, day_of(JULY_1, 2)) for meter in (ADA, BEN, CAM)))

        assert "Nothing of this write is visible" in refused.value.sentence
        assert sorted(path for path in world.folder.rglob("*") if path.is_file()) == before

    def test_in_a_folder_of_somebody_else_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "lake").write_text("a file where the folder should be")

        with pytest.raises(LakeNotWritable, match="cannot be written"):
            LakeWorld(tmp_path / "lake").write((ADA, day_of(JULY_1, 1)))

    def test_half_way_leaves_files_that_nobody_sees(self, world: LakeWorld) -> None:
        staging = world.folder / lake_files.STAGING
        staging.mkdir(parents=True)
        (staging / "tmpabc.part").write_bytes(b"PAR1 half a file")
        world.ingest((ADA, day_of(JULY_1, 1)))

        assert world.usage(ADA, span(JULY_1)).total_wh.tolist() == [96]
        assert world.lake.verify(1) == (1, [])


def test_two_writers_at_once_write_files_of_their_own(world: LakeWorld) -> None:
    def write(number: int) -> list[str]:
        return world.lake.write(
            [(ADA, slots(JULY_1, {number: number}))],
            source_sha256=f"{number:064x}",
            learned_at=world.learned_at,
            at_sequence=0,
        )

    with ThreadPoolExecutor(4) as pool:
        for names in pool.map(write, range(12)):
            world.publish(names)

    assert len(set(world.files_at(12))) == 12
    assert values_of(world.usage(ADA, span(JULY_1))) == [*range(12), *[None] * 84]
    assert np.all([one.stat().st_mode & 0o444 for one in world.folder.rglob("*.parquet")])
