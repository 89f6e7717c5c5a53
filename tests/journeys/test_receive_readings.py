"""A file of readings is stored once, whole or not at all; the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from meterledger.facts.places import (
    Account,
    Agreement,
    MeterInstallation,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.readings import ChannelReadings, ReadingFile
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan, Validity
from meterledger.metering import MeterNotInstalled
from meterledger.stores.gateways import read_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Conflict, Lake, ReceivedFile, ServiceStart, Viewer
from meterledger.usecases.receive_readings import (
    ReadingsNotStored,
    Received,
    preview_readings,
    receive_readings,
)

ZONE = "America/Chicago"
UTILITY = "a utility"
NOON = datetime(2026, 3, 20, 17, tzinfo=UTC)
VIEWER = Viewer("test", "receive readings")
HEAD = "MEPMD01,19970819,SND,,RCV,,202603101215"


def installed(store: MemoryStore, meter: str = "M1", from_day: date = date(2026, 1, 1)) -> None:
    days = Validity(from_day)
    store.start_service(
        ServiceStart(
            persons=(),
            account=Account("1000000008", 1, from_day, NOON),
            holders=(),
            premise=Premise("P1", "1 Main St", "St. Louis", "MO", "63101", NOON),
            tax_place=TaxPlace("P1", "none", days, NOON),
            service_point=ServicePoint("SP1", "P1", NOON),
            installation=MeterInstallation("SP1", meter, 1, days, NOON),
            agreement=Agreement("A1", "1000000008", "SP1", "1M-anytime", days, NOON),
        )
    )


def day_of_quarter_hours(*, meter: str = "M1", wh: int = 250, purpose: str = "OK") -> str:
    """Local 9 March 2026: 96 quarter-hours from 05:00 UTC."""
    triples = [f"202603090515,R,{wh}", *(f",R,{wh}" for _ in range(95))]
    fields = [HEAD, meter, purpose, "E", "WH", "1", "00000015", "96", *triples]
    return ",".join(fields).replace(",WH,", ",KWH,").replace(",1,0", ",0.001,0") + "\r\n"


def register_line(meter: str = "M1") -> str:
    return f"{HEAD},{meter},OK,E,KWHREG,1,,2,202603090500,R,100,202603100500,R,124\r\n"


def read(text: str, name: str = "day.cmep") -> ReadingFile:
    return read_bytes(name, text.encode(), received_at=NOON)


@dataclass
class PaperLake:
    """Remembers what was written; may be told to refuse."""

    written: list[tuple[str, ChannelReadings]] = field(default_factory=list)
    refusal: Exception | None = None

    def write(
        self,
        channels: Sequence[tuple[str, ChannelReadings]],
        *,
        source_sha256: str,
        learned_at: datetime,
        at_sequence: int,
    ) -> list[str]:
        if self.refusal is not None:
            raise self.refusal
        self.written += channels
        return [f"{source_sha256[:8]}-{at_sequence}.parquet"]

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        raise NotImplementedError


@pytest.fixture
def store() -> Any:
    made = MemoryStore()
    installed(made)
    with made.viewing(VIEWER, []):
        yield made


def receive(file: ReadingFile, store: MemoryStore, lake: Lake) -> Received:
    return receive_readings(
        file=file, store=store, lake=lake, utility=UTILITY, zone_name=ZONE, learned_at=NOON
    )


class TestASoundFile:
    def test_is_written_under_pseudonyms_and_published(self, store: MemoryStore) -> None:
        lake = PaperLake()
        file = read(day_of_quarter_hours() + register_line())
        received = receive(file, store, lake)
        assert received.status == "stored"
        ((name, channel),) = lake.written  # the register is not an interval
        assert name == pseudonym("M1", UTILITY)
        assert channel.present_count == 96
        assert store.lake_sequence() == 1
        assert store.lake_files(1) == [f"{file.sha256[:8]}-0.parquet"]
        assert [one.readings[-1].value for _, one in store.registers] == [124]

    def test_twice_changes_nothing(self, store: MemoryStore) -> None:
        lake = PaperLake()
        file = read(day_of_quarter_hours())
        receive(file, store, lake)
        again = receive(read(day_of_quarter_hours()), store, lake)
        assert again.status == "known"
        assert len(lake.written) == 1
        assert store.lake_sequence() == 1

    def test_stored_by_another_meanwhile_is_known(self, store: MemoryStore) -> None:
        file = read(day_of_quarter_hours())

        class Racing(PaperLake):
            def write(self, *given: Any, **named: Any) -> list[str]:
                receive(file, store, PaperLake())
                return super().write(*given, **named)

        assert receive(file, store, Racing()).status == "known"
        assert store.lake_sequence() == 1

    def test_keeps_unusable_lines_with_their_bytes(self, store: MemoryStore) -> None:
        good = "".join(
            f"{HEAD},M1,OK,E,KWHREG,1,,1,2026030{day}0500,R,{day}\r\n" for day in range(1, 9)
        )
        received = receive(read(good + "GARBAGE\r\n"), store, PaperLake())
        assert [one.data for one in received.quarantined] == [b"GARBAGE"]
        assert [one.data for _, one in store.quarantined] == [b"GARBAGE"]

    def test_of_registers_alone_needs_no_lake_file(self, store: MemoryStore) -> None:
        received = receive(read(register_line()), store, PaperLake(refusal=AssertionError()))
        assert received.status == "stored"
        assert store.lake_files(store.lake_sequence()) == []

    def test_can_be_looked_at_without_any_store(self) -> None:
        seen = preview_readings(read(register_line().replace("R,124", "R,99")))
        assert seen.status == "read"
        assert seen.findings[0].code == "metering.register_backward"


class TestNothingIsHalfWritten:
    def nothing(self, store: MemoryStore) -> bool:
        return store.lake_sequence() == 0 and not store.registers and not store.quarantined

    def test_when_the_meter_is_not_installed(self, store: MemoryStore) -> None:
        lake = PaperLake()
        with pytest.raises(MeterNotInstalled, match="Meter M2 is not installed anywhere"):
            receive(read(day_of_quarter_hours(meter="M2")), store, lake)
        assert lake.written == []
        assert self.nothing(store)

    def test_when_the_lake_refuses_and_the_words_name_the_meter(self, store: MemoryStore) -> None:
        name = pseudonym("M1", UTILITY)
        refusal = Conflict(f"Meter {name} has another length", why="So it is.", do="Ask")
        with pytest.raises(ReadingsNotStored) as answer:
            receive(read(day_of_quarter_hours()), store, PaperLake(refusal=refusal))
        assert answer.value.sentence == (
            "day.cmep: Meter M1 has another length. Nothing of the file was stored. So it is. Ask."
        )
        assert self.nothing(store)

    def test_when_publication_fails(
        self, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(**named: object) -> ReceivedFile:
            raise Conflict("The disk is full")

        monkeypatch.setattr(store, "record_file", broken)
        with pytest.raises(Conflict, match="The disk is full"):
            receive(read(day_of_quarter_hours()), store, PaperLake())
        assert self.nothing(store)


class TestOverTheRealLake:
    @pytest.fixture
    def lake(self, store: MemoryStore, tmp_path: Path) -> IntervalLake:
        return IntervalLake(tmp_path, zone=ZONE, files_at=store.lake_files)

    def energy_wh(self, store: MemoryStore, lake: IntervalLake) -> int:
        days = DaySpan(date(2026, 3, 9), date(2026, 3, 10))
        (batch,) = lake.usage([pseudonym("M1", UTILITY)], days, at_sequence=store.lake_sequence())
        return int(batch.total_wh[0])

    def test_energy_in_is_energy_kept_and_a_resend_replaces(
        self, store: MemoryStore, lake: IntervalLake
    ) -> None:
        receive(read(day_of_quarter_hours()), store, lake)
        assert self.energy_wh(store, lake) == 96 * 250
        receive(read(day_of_quarter_hours(wh=300, purpose="RESEND")), store, lake)
        assert self.energy_wh(store, lake) == 96 * 300

    def test_months_are_no_slots_of_days_and_are_kept_beside_them(
        self, store: MemoryStore, lake: IntervalLake
    ) -> None:
        """They are measurements all the same: kept with their length, billed where they tile."""
        table = "meter,start,value,unit,end\nM1,2026-01-01T06:00:00Z,900,kWh,2026-02-01T06:00:00Z\n"
        received = receive(read(table, "months.csv"), store, lake)
        assert received.status == "stored"
        assert store.lake_files(store.lake_sequence()) == []
        ((_, kept),) = store.registers
        assert [(one.seconds, one.value) for one in kept.readings] == [(31 * 86_400, 900)]
