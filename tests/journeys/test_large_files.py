"""A large file is stored in blocks, and nothing tells it from one read reading by reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_any_order import AUTUMN, ORDINARY, QUARTER, SPRING
from tests.journeys.test_receive_readings import NOON, UTILITY, VIEWER, ZONE

from meterledger.entrypoints.intake import read_answer
from meterledger.facts.intake import ControlTotals, exact_text
from meterledger.facts.places import MeterInstallation
from meterledger.facts.reading_blocks import BlockFile
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.gateways import cmep, read_blocks, read_bytes
from meterledger.stores.gateways.signatures import signature_holds
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.day_blocks import write_reading_blocks
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.usecases.take_file import Delivery, Intake, Taken, take_file

METERS = tuple(f"M{number:02}" for number in range(40))
LATE = "M38"
"""Installed in the middle of what is sent."""
STRANGE = "M39"
"""Not installed anywhere."""


class ManyMeters(MemoryStore):
    """Where forty meters stand, without their accounts."""

    def meter_installations(self, meter_ids: Any) -> dict[str, list[MeterInstallation]]:
        return {
            meter: [
                MeterInstallation(
                    f"SP-{meter}",
                    meter,
                    1,
                    Validity(date(2026, 3, 20) if meter == LATE else date(2025, 1, 1)),
                    NOON,
                )
            ]
            for meter in meter_ids
            if meter != STRANGE
        }


def record(
    meter: str,
    values: list[int | None],
    *,
    day: date = ORDINARY,
    first: int = 0,
    constant: str = "0.001",
    made: str = "202603101000",
) -> str:
    """Quarter-hours of one meter from a place in a local day."""
    start = day_start_utc(day, ZONE) + first * QUARTER
    triples = [
        f"{start + (at + 1) * QUARTER:%Y%m%d%H%M},{'N,' if value is None else f'R,{value}'}"
        for at, value in enumerate(values)
    ]
    head = f"MEPMD01,19970819,SND,,RCV,,{made},{meter},OK,E,KWH,{constant},00000015,{len(values)}"
    return f"{head},{','.join(triples)}\r\n"


def usual(meter: str, width: int = 96) -> list[int | None]:
    number = int(meter[1:])
    return [(number * 37 + at * 11) % 900 for at in range(width)]


@dataclass
class World:
    """One way in."""

    intake: Intake
    store: ManyMeters
    lake: IntervalLake

    def take(self, text: str, name: str = "day.cmep", minutes: int = 0) -> Taken:
        at = NOON + timedelta(minutes=minutes)
        return take_file(Delivery(name, text.encode(), "test"), self.intake, learned_at=at)

    def known(self, day: date) -> dict[str, list[int | None]]:
        found: dict[str, list[int | None]] = {}
        for meter in METERS:
            (batch,) = self.lake.usage(
                [pseudonym(meter, UTILITY)],
                DaySpan(day, day + timedelta(days=1)),
                at_sequence=self.store.lake_sequence(),
            )
            (values,) = batch.days
            found[meter] = [
                None if gone else wh
                for wh, gone in zip(
                    values.energy_wh[0].tolist(), values.missing[0].tolist(), strict=True
                )
            ]
        return found

    def says(self, taken: Taken, day: date) -> dict[str, Any]:
        """Everything that somebody could see of a file that was taken."""
        assert taken.received is not None
        assert taken.file is not None
        answer = read_answer("f", taken.file, taken.received)
        totals = ControlTotals.sum_of(one.totals for one in self.store.book)
        with self.store.viewing(VIEWER, []):
            return {
                "answer": {
                    **answer,
                    "channels": sorted(answer["channels"], key=lambda one: one["meter"]),
                    "set_aside": sorted(one["reason"] for one in answer["set_aside"]),
                },
                "received": self.store.received_file(taken.sha256),
                "totals": totals,
                "quarantined": sorted(
                    (one.line.line, one.line.data, one.line.rows, one.line.energy_wh)
                    for one in self.store.quarantined_items()
                ),
                "registers": self.store.registers,
                "lake": self.known(day),
            }


Make = Callable[[bool], World]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Worlds that read every file at once, in blocks or reading by reading."""
    monkeypatch.setattr(cmep, "BULK_FROM_BYTES", 0)

    def made(in_blocks: bool) -> World:
        store = ManyMeters()
        folder = tmp_path / f"lake-{in_blocks}"
        lake = IntervalLake(folder, zone=ZONE, files_at=store.lake_files)
        intake = Intake(
            store=store,
            lake=lake,
            vault=MemoryVault(),
            read=read_blocks if in_blocks else read_bytes,
            signature_holds=signature_holds,
            utility=UTILITY,
            zone_name=ZONE,
            interval_kw_max=300,
            write_blocks=partial(write_reading_blocks, lake) if in_blocks else None,
        )
        return World(intake, store, lake)

    return made


def agree(make: Make, texts: list[str], day: date = ORDINARY) -> tuple[World, Taken]:
    """Both ways of reading say the same of files that come one after another."""
    blocks, singly = make(True), make(False)
    for number, text in enumerate(texts):
        one = blocks.take(text, f"{number}.cmep", number)
        other = singly.take(text, f"{number}.cmep", number)
        assert one.status == other.status
        if one.refusal is not None:
            assert other.refusal is not None
            assert one.refusal.sentence == other.refusal.sentence
            assert blocks.store.book == singly.store.book
            continue
        assert blocks.says(one, day) == singly.says(other, day)
    return blocks, one


class TestALargeFile:
    @pytest.mark.parametrize("day", [SPRING, ORDINARY, AUTUMN], ids=["92", "96", "100"])
    def test_of_whole_days_is_stored_in_blocks(self, make: Make, day: date) -> None:
        width = intervals_in_day(day, ZONE, 900)
        text = "".join(record(meter, usual(meter, width), day=day) for meter in METERS[:38])
        world, taken = agree(make, [text], day)
        assert isinstance(taken.file, BlockFile)
        assert taken.received is not None
        assert (len(taken.received.told), taken.received.channels) == (38, ())
        assert sum(world.known(day)["M07"]) == sum(usual("M07", width))  # type: ignore[arg-type]

    def test_with_doubtful_meters_looks_at_each_of_their_readings(self, make: Make) -> None:
        """A negative value, one that no meter carries, a gap, and meters that are not there."""
        odd: dict[str, list[int | None]] = {meter: usual(meter) for meter in METERS}
        odd["M01"][5] = -1
        odd["M02"][6] = 75_001
        odd["M03"][7] = 75_000
        odd["M04"][8] = None
        text = "".join(record(meter, values) for meter, values in odd.items())
        world, taken = agree(make, [text])
        assert taken.received is not None
        assert len(taken.received.told) == 36
        reasons = " ".join(one.reason for one in taken.received.quarantined)
        for said in ("below zero", "75001 Wh in 900", "M38 was not", "M39 is not installed"):
            assert said in reasons
        totals = ControlTotals.sum_of(one.totals for one in world.store.book)
        assert totals.quarantined.rows == 2 + 2 * 96
        told = sum(value for values in odd.values() for value in values if value is not None)
        assert totals.received.energy_wh == told

    def test_with_parts_of_days_and_registers_is_merged(self, make: Make) -> None:
        text = "".join(record(meter, usual(meter)) for meter in METERS[:30])
        text += record("M31", usual("M31")[:40], first=20)
        text += record("M32", usual("M32"), first=3)
        text += "MEPMD01,19970819,SND,,RCV,,202603101000,M33,OK,E,KWHREG,1,,1,202603090500,R,7\r\n"
        world, _ = agree(make, [text])
        assert world.known(ORDINARY)["M31"][20:60] == usual("M31")[:40]

    def test_that_corrects_another_is_merged_with_it(self, make: Make) -> None:
        first = "".join(record(meter, usual(meter)) for meter in METERS[:38])
        later = "".join(
            record(meter, [one + 1 for one in usual(meter) if one is not None], made="202603111000")
            for meter in METERS[5:10]
        )
        world, _ = agree(make, [first, later, first, later])
        assert world.known(ORDINARY)["M05"] == [one + 1 for one in usual("M05") if one is not None]
        assert world.known(ORDINARY)["M04"] == usual("M04")

    def test_that_came_after_its_correction_gives_way(self, make: Make) -> None:
        first = "".join(record(meter, usual(meter)) for meter in METERS[:38])
        later = record("M05", [7] * 96, made="202603111000")
        world, taken = agree(make, [later, first])
        assert world.known(ORDINARY)["M05"] == [7] * 96
        assert taken.received is not None
        assert "was made later" in taken.received.quarantined[0].reason

    def test_of_strangers_is_refused_with_all_its_energy(self, make: Make) -> None:
        text = "".join(record(meter, usual(meter)) for meter in (*METERS[:3], LATE, STRANGE))
        world, taken = agree(make, [text])
        assert taken.status == "refused"
        totals = ControlTotals.sum_of(one.totals for one in world.store.book)
        assert totals.refused.rows == 5 * 96
        assert totals.refused.energy_wh > 0

    def test_at_another_scale_says_its_energy_exactly(self, make: Make) -> None:
        text = "".join(
            record(meter, usual(meter), constant="0.0005" if number % 3 else "0.001")
            for number, meter in enumerate(METERS[:38])
        )
        world, _ = agree(make, [text])
        totals = ControlTotals.sum_of(one.totals for one in world.store.book)
        told = sum(
            (1 if number % 3 == 0 else 0.5) * sum(usual(meter))  # type: ignore[arg-type]
            for number, meter in enumerate(METERS[:38])
        )
        assert float(exact_text(totals.stored.energy_wh)) == told


def test_the_times_of_these_files_are_past() -> None:
    assert datetime(2026, 3, 11, 10, tzinfo=UTC) < NOON
