"""A generated population goes in as one block of numbers and comes out as the same numbers."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.stores.lake.lake_world import ADA, CHICAGO, LEARNED, LakeWorld, day_of, slots, span

from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.ids import bucket_of, pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import DayKnownAlready, NotTiling
from meterledger.stores.lake import files as lake_files
from meterledger.stores.lake.grid import offsets

METERS = [pseudonym(f"M{number}", "town") for number in range(150)]
AUTUMN = DaySpan(date(2025, 10, 30), date(2025, 11, 4))  # a month's end and the clock's turn


def block(meters: int, days: DaySpan, seconds: int = 900) -> np.ndarray[Any, np.dtype[np.int32]]:
    draw = np.random.default_rng(54)
    width = offsets(days, CHICAGO, seconds)[-1]
    values = draw.integers(0, 4000, size=(meters, width), dtype=np.int32)
    values[draw.random(values.shape) < 0.01] = MISSING_VALUE
    return values


def write(world: LakeWorld, days: DaySpan, values: Any, **more: Any) -> None:
    world.publish(
        world.lake.write_block(
            METERS[: len(values)],
            days,
            values,
            source_sha256="a" * 64,
            learned_at=LEARNED,
            at_sequence=world.sequence,
            **more,
        )
    )


def whole(world: LakeWorld, meters: list[str], days: DaySpan) -> Any:
    """The window as one matrix, MISSING_VALUE in gaps."""
    batch = world.usage(meters, days)
    energy = np.concatenate([day.energy_wh for day in batch.days], axis=1)
    missing = np.concatenate([day.missing for day in batch.days], axis=1)
    assert not energy[missing].any()
    return np.where(missing, MISSING_VALUE, energy)


@pytest.mark.parametrize("group_rows", [1 << 20, 2000])
@pytest.mark.parametrize("bucket_count", [1, 16])
def test_a_block_comes_out_as_it_went_in(
    tmp_path: Any, bucket_count: int, group_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_files, "GROUP_ROWS", group_rows)
    world = LakeWorld(tmp_path, bucket_count=bucket_count)
    values = block(len(METERS), AUTUMN)
    write(world, AUTUMN, values)

    assert np.array_equal(whole(world, METERS, AUTUMN), values)
    chosen = [80, 3, 41, 42, 43, 149]
    middle = DaySpan(date(2025, 10, 31), date(2025, 11, 3))
    places = offsets(AUTUMN, CHICAGO, 900)
    assert np.array_equal(
        whole(world, [METERS[row] for row in chosen], middle),
        values[chosen, places[1] : places[4]],
    )
    assert world.lake.verify(1) == (len(world.files_at(1)), [])


def test_days_of_a_window_come_from_as_many_files_as_told_them(world: LakeWorld) -> None:
    values = block(len(METERS), AUTUMN)
    places = offsets(AUTUMN, CHICAGO, 900)
    for number in (3, 0, 4, 2, 1):
        day = AUTUMN.from_day.toordinal() + number
        write(
            world,
            DaySpan(date.fromordinal(day), date.fromordinal(day + 1)),
            np.ascontiguousarray(values[:, places[number] : places[number + 1]]),
        )

    assert np.array_equal(whole(world, METERS, AUTUMN), values)


def test_a_block_is_corrected_like_any_other_day(world: LakeWorld) -> None:
    values = block(len(METERS), AUTUMN)
    write(world, AUTUMN, values)
    world.ingest((METERS[7], slots(date(2025, 11, 2), {99: 12345})))

    corrected = values.copy()
    corrected[7, offsets(AUTUMN, CHICAGO, 900)[4] - 1] = 12345
    assert np.array_equal(whole(world, METERS, AUTUMN), corrected)


def test_only_files_of_the_buckets_asked_for_are_opened(world: LakeWorld) -> None:
    write(world, AUTUMN, block(len(METERS), AUTUMN))
    meters = [meter for meter in METERS if bucket_of(meter) == bucket_of(METERS[0])]
    for name in world.files_at(1):
        if f"bucket={bucket_of(METERS[0])}/" not in name:
            (world.folder / name).unlink()

    assert len(world.usage(meters, AUTUMN).meters) == len(meters)


def test_hours_and_qualities_come_along(world: LakeWorld) -> None:
    values = block(5, AUTUMN, 3600)
    quality = np.where(values == MISSING_VALUE, 0, 3).astype(np.int8)
    write(world, AUTUMN, values, quality=quality, interval_seconds=3600)

    assert np.array_equal(whole(world, METERS[:5], AUTUMN), values)
    assert world.usage(METERS[:5], AUTUMN).interval_seconds == 3600


class TestABlockIsRefused:
    def test_where_a_day_is_known_already(self, world: LakeWorld) -> None:
        world.ingest((METERS[1], day_of(date(2025, 11, 3), 1)))

        with pytest.raises(DayKnownAlready, match=f"Meter {METERS[1]} has electricity/delivered"):
            write(world, AUTUMN, block(3, AUTUMN))
        write(
            world, DaySpan(date(2025, 11, 4), date(2025, 11, 5)), block(3, span(date(2025, 7, 1)))
        )

    def test_where_intervals_do_not_tile_every_day(self, world: LakeWorld) -> None:
        with pytest.raises(NotTiling, match="2025-11-02"):
            write(world, AUTUMN, block(3, AUTUMN), interval_seconds=7200)

    def test_where_shapes_kinds_or_gaps_do_not_agree(self, world: LakeWorld) -> None:
        values = block(3, AUTUMN)
        with pytest.raises(InvariantBroken, match="holds 484 slots of each meter"):
            write(world, AUTUMN, values[:, 1:])
        with pytest.raises(InvariantBroken, match="Int32"):
            write(world, AUTUMN, values.astype(np.int64))
        with pytest.raises(InvariantBroken, match="missing exactly when"):
            write(world, AUTUMN, values, quality=np.ones(values.shape, dtype=np.int8))
        with pytest.raises(InvariantBroken, match="one row"):
            world.lake.write_block(
                [ADA, ADA],
                AUTUMN,
                values[:2],
                source_sha256="a" * 64,
                learned_at=LEARNED,
                at_sequence=0,
            )
