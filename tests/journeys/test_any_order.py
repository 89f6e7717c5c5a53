"""Late, doubled, reordered and corrected files: the same energy is known at the end, none is lost.

Through the whole way in, over the memory store, a real vault's sealing and the real lake, on local
days of 92, 96 and 100 quarter-hours.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.test_receive_readings import NOON, UTILITY, VIEWER, ZONE, installed

from meterledger.facts.intake import ControlTotals
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways import read_bytes
from meterledger.stores.gateways.signatures import signature_holds
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.usecases.leave_quarantine import reject_line
from meterledger.usecases.take_file import Delivery, Intake, take_file

SPRING, ORDINARY, AUTUMN = date(2026, 3, 8), date(2026, 3, 9), date(2025, 11, 2)
DAYS = (SPRING, ORDINARY, AUTUMN)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Stretch:
    """Quarter-hours of one local day in one file. ``meter`` M9 is not installed anywhere."""

    day: date
    first: int
    energy_wh: tuple[int, ...]
    meter: str = "M1"

    def record(self, made: datetime) -> str:
        start = day_start_utc(self.day, ZONE) + self.first * QUARTER
        triples = [f"{start + QUARTER:%Y%m%d%H%M},R,{self.energy_wh[0]}"]
        triples += [f",R,{one}" for one in self.energy_wh[1:]]
        head = f"MEPMD01,19970819,SND,,RCV,,{made:%Y%m%d%H%M},{self.meter},OK,E,KWH,0.001,00000015"
        return ",".join([head, str(len(self.energy_wh)), *triples]) + "\r\n"

    def told(self) -> dict[tuple[date, int], int]:
        return {(self.day, self.first + at): wh for at, wh in enumerate(self.energy_wh)}


@dataclass(frozen=True)
class File:
    """A file of some stretches, made at its minute."""

    number: int
    stretches: tuple[Stretch, ...]

    @property
    def text(self) -> bytes:
        made = datetime(2026, 3, 12, tzinfo=UTC) + timedelta(minutes=self.number)
        return "".join(one.record(made) for one in self.stretches).encode()

    @property
    def energy_wh(self) -> int:
        return sum(sum(one.energy_wh) for one in self.stretches)

    @property
    def rows(self) -> int:
        return sum(len(one.energy_wh) for one in self.stretches)


@st.composite
def stretches(draw: st.DrawFn, day: date) -> Stretch:
    width = intervals_in_day(day, ZONE, 900)
    first = draw(st.integers(0, width - 1))
    count = draw(st.integers(1, width - first))
    energy = st.integers(0, 75_000)
    if draw(st.booleans()):
        return Stretch(day, first, (draw(energy),) * count)
    return Stretch(day, first, tuple(draw(energy) for _ in range(min(count, 6))))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[File], list[int]]:
    """Some files, and the order in which they come: each once at least, some again."""
    files = []
    for number in range(draw(st.integers(2, 5))):
        days = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True))
        parts = [draw(stretches(day)) for day in days]
        strange = sum(len(one.energy_wh) for one in parts) // 8
        if strange and draw(st.booleans()):
            parts.append(Stretch(ORDINARY, 0, (100,) * strange, "M9"))
        files.append(File(number, tuple(parts)))
    order = draw(st.permutations(range(len(files))))
    again = draw(st.lists(st.sampled_from(range(len(files))), max_size=3))
    return files, [*order, *again]


def live(files: list[File], order: list[int], folder: Path) -> tuple[MemoryStore, IntervalLake]:
    """Let the files come in that order, a minute apart, and check the book after each."""
    store = MemoryStore()
    installed(store, from_day=date(2025, 1, 1))
    lake = IntervalLake(folder, zone=ZONE, files_at=store.lake_files)
    intake = Intake(
        store=store,
        lake=lake,
        vault=MemoryVault(),
        read=read_bytes,
        signature_holds=signature_holds,
        utility=UTILITY,
        zone_name=ZONE,
        interval_kw_max=300,
    )
    seen: set[int] = set()
    for minute, number in enumerate(order):
        delivery = Delivery(f"{number}.cmep", files[number].text, "test")
        taken = take_file(delivery, intake, learned_at=NOON + timedelta(minutes=minute))
        assert taken.status == ("known" if number in seen else "stored")
        seen.add(number)
        totals = ControlTotals.sum_of(one.totals for one in store.book)
        assert totals.received == totals.stored + totals.quarantined + totals.refused
        assert totals.received.files == len(seen)
        assert totals.received.rows == sum(files[one].rows for one in seen)
        assert totals.received.energy_wh == sum(files[one].energy_wh for one in seen)
    return store, lake


def known(store: MemoryStore, lake: IntervalLake) -> dict[tuple[date, int], int]:
    """What the lake knows of M1, by local day and place in it."""
    found: dict[tuple[date, int], int] = {}
    for day in DAYS:
        (batch,) = lake.usage(
            [pseudonym("M1", UTILITY)],
            DaySpan(day, day + timedelta(days=1)),
            at_sequence=store.lake_sequence(),
        )
        (values,) = batch.days
        for at, missing in enumerate(values.missing[0].tolist()):
            if not missing:
                found[(day, at)] = int(values.energy_wh[0, at])
    return found


def as_made(files: list[File]) -> dict[tuple[date, int], int]:
    """The energy by quarter-hour if every file had come when it was made."""
    found: dict[tuple[date, int], int] = {}
    for file in files:
        for one in file.stretches:
            if one.meter == "M1":
                found.update(one.told())
    return found


@settings(max_examples=60, deadline=None)
@given(deliveries())
def test_any_order_gives_the_same_energy_and_loses_none(came: tuple[list[File], list[int]]) -> None:
    files, order = came
    with tempfile.TemporaryDirectory() as folder:
        store, lake = live(files, order, Path(folder))
        with store.viewing(VIEWER, []):
            assert known(store, lake) == as_made(files)


@pytest.mark.parametrize("day", DAYS, ids=["92", "96", "100"])
@pytest.mark.parametrize("order", [[0, 1], [1, 0], [1, 0, 1, 0], [0, 1, 0]])
def test_a_correction_speaks_whenever_it_comes(day: date, order: list[int], tmp_path: Path) -> None:
    width = intervals_in_day(day, ZONE, 900)
    whole = File(0, (Stretch(day, 0, (250,) * width),))
    corrected = File(1, (Stretch(day, 8, (300,) * 8),))

    store, lake = live([whole, corrected], order, tmp_path)

    with store.viewing(VIEWER, []):
        energy = known(store, lake)
    assert len(energy) == width
    assert sum(energy.values()) == 250 * (width - 8) + 300 * 8


def test_what_gave_way_can_be_put_away_and_the_book_still_balances(tmp_path: Path) -> None:
    whole = File(0, (Stretch(ORDINARY, 0, (250,) * 96),))
    corrected = File(1, (Stretch(ORDINARY, 8, (300,) * 8),))
    store, _ = live([whole, corrected], [1, 0], tmp_path)
    with store.viewing(VIEWER, []):
        (item,) = store.quarantined_items()
        assert (item.line.rows, item.line.energy_wh) == (8, 2000)
        reject_line(
            quarantine_id=item.quarantine_id,
            author="Ana",
            reason="a correction came first",
            store=store,
            learned_at=NOON,
        )
    totals = ControlTotals.sum_of(one.totals for one in store.book)
    assert totals.quarantined.energy_wh == 0
    assert totals.received.energy_wh == Fraction(96 * 250 + 8 * 300)
