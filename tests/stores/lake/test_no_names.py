"""A meter's pseudonym is the only identity in the lake: names planted everywhere are in no byte."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.lake_world import CHICAGO

from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.readings import Channel
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import Validity
from meterledger.stores.gateways import cmep_units, csv_words, espi_codes, nem12, read_bytes
from meterledger.stores.lake.units import lake_unit
from meterledger.usecases.ports import ServiceStart, Viewer
from meterledger.usecases.receive_readings import receive_readings

GREEN_BUTTON = Path(__file__).parents[2] / "data/greenbutton/15minLP_15Days.xml.gz"
FIRST = date(2011, 1, 1)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PLANTED = (
    "Ada Rivera",
    "RIVERA",
    "Elm Street",
    "63130",
    "4000000010",
    "ada@example.org",
    "314-555-0199",
    "METER-ADA-1",
    "P-1042",
    "SP-1042",
    "a note of Ada",
)


def cmep(meter: str, unit: str, values: int = 250) -> bytes:
    """A local day of March 2026 whose every free field names somebody."""
    triples = [f"202603090515,R,{values}", *(f",R,{values}" for _ in range(95))]
    head = "MEPMD01,19970819,Ada Rivera,4000000010,Elm Street 12,63130,202603101215"
    fields = [head, meter, "OK", "E", unit, "1", "00000015", "96", *triples]
    return (",".join(fields) + "\r\n").encode()


def table(meter: str) -> bytes:
    rows = ["meter,start,value,unit,interval_seconds,customer,address,account,note"]
    rows += [
        f"{meter},2026-03-10T{hour:02d}:00:00Z,5,kWh,3600,Ada Rivera,12 Elm Street,4000000010,"
        "a note of Ada"
        for hour in range(5, 24)
    ]
    return "\n".join(rows).encode()


def green_button() -> bytes:
    """A real file whose titles, and an element of a customer, name somebody."""
    text = gzip.decompress(GREEN_BUTTON.read_bytes()).decode()
    named = "<title>Ada Rivera, 12 Elm Street, 63130, 4000000010, ada@example.org</title>"
    text, count = re.subn(r"<title\s*/>|<title[^>]*>[^<]*</title>", named, text)
    assert count > 0
    return text.encode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[KeptWorld]:
    made = KeptWorld(tmp_path / "lake")
    viewer = Viewer("Ada Rivera", "a note of Ada")
    with made.store.viewing(viewer, ["4000000010"]):
        yield made


def install(world: KeptWorld, meter: str, number: int) -> None:
    days = Validity(FIRST)
    account = "4000000010" if number == 0 else f"400000001{number}"
    point, place = f"SP-104{number + 2}", f"P-104{number + 2}"
    world.store.start_service(
        ServiceStart(
            persons=(Person(f"rivera-{number}", "Ada Rivera", NOW),),
            account=Account(account, 1, FIRST, NOW),
            holders=(AccountHolder(account, f"rivera-{number}", days, NOW),),
            premise=Premise(place, "12 Elm Street", "University City", "MO", "63130", NOW),
            tax_place=TaxPlace(place, "none", days, NOW),
            service_point=ServicePoint(point, place, NOW),
            installation=MeterInstallation(point, meter, 1, days, NOW),
            agreement=Agreement(f"A-{number}", account, point, "1M-anytime", days, NOW),
        )
    )


def receive(world: KeptWorld, name: str, data: bytes, **options: str) -> None:
    file = read_bytes(name, data, received_at=NOW, **options)
    file = replace(file, notes=("a note of Ada Rivera, 12 Elm Street",))
    world.written += 1
    received = receive_readings(
        file=file,
        store=world.store,
        lake=world.lake,
        utility="utility",
        zone_name=CHICAGO,
        learned_at=world.learned_at,
    )
    assert received.status == "stored", received


@pytest.fixture
def planted(world: KeptWorld) -> KeptWorld:
    """Files of three formats, a correction, and then everything that upkeep does."""
    meter = "METER-ADA-1"
    install(world, meter, 0)
    receive(world, "Ada Rivera, 12 Elm Street.cmep", cmep(meter, "KWH"))
    receive(world, "4000000010.cmep", cmep(meter, "KWH", 251))
    receive(world, "voltage of Ada Rivera.cmep", cmep(meter, "RIVERA"))
    receive(world, "Ada Rivera 314-555-0199.csv", table(meter))
    data = green_button()
    (channel, *_) = read_bytes("file.xml", data, received_at=NOW).channels
    if channel.channel.meter_id != meter:
        install(world, channel.channel.meter_id, 1)
    receive(world, "Rivera_Ada_63130.xml", data)
    world.lake.sync_delta(world.sequence)
    world.compact("2026-11")
    return world


def test_planted_names_are_in_no_path_byte_or_value(planted: KeptWorld) -> None:
    held = [path for path in planted.folder.rglob("*") if path.is_file()]
    assert any("_delta_log" in str(path) for path in held)
    told: dict[str, list[bytes]] = {"path": [], "byte": [], "value": [], "metadata": []}
    for path in held:
        told["path"].append(str(path.relative_to(planted.folder)).encode())
        told["byte"].append(path.read_bytes())
        if path.suffix == ".parquet":
            told["metadata"].append(str(pq.read_metadata(path).metadata).encode())
            for column in pq.ParquetFile(path).read().columns:
                told["value"].append(str(pa.compute.unique(column).to_pylist()).encode())
    for where, texts in told.items():
        assert texts
        for word in PLANTED:
            for text in texts:
                assert word.lower().encode() not in text.lower(), (where, word)
    assert any(pseudonym("METER-ADA-1", "utility").encode() in text for text in told["value"])


def test_what_is_there_is_that_meter_and_all_of_its_channels(planted: KeptWorld) -> None:
    rows = pa.concat_tables(
        pq.ParquetFile(planted.folder / name).read(columns=["meter", "channel", "unit"])
        for name in planted.lake.published(planted.sequence)
    )
    ada = rows.filter(pa.compute.field("meter") == pseudonym("METER-ADA-1", "utility"))
    hashed = f"unit {hashlib.sha256(b'RIVERA').hexdigest()[:8]}"

    assert set(ada.column("channel").unique().to_pylist()) == {
        "electricity/delivered/energy",
        f"electricity/unknown/{hashed}",
    }
    assert set(ada.column("unit").unique().to_pylist()) == {"kWh", hashed}


class TestAUnit:
    def test_of_any_format_keeps_its_word(self) -> None:
        words = {
            *csv_words.UNITS.values(),
            *cmep_units._PLAIN.values(),
            *cmep_units._DIRECTED.values(),
            *espi_codes.UNITS.values(),
            *(unit for unit in nem12._UNITS.values() if unit),
            "uom 119",
            "Wh (qualifier 12)",
            "kWh (kind 8, tou 2)",
            "kWh (check)",
        }
        assert {lake_unit(word) for word in words} == words

    @pytest.mark.parametrize("word", ["RIVERA", "Ada Rivera", "kWh (Ada)", "", "uom Ada", "Wh\n"])
    def test_that_nobody_knows_is_a_hash(self, word: str) -> None:
        assert re.fullmatch(r"unit [0-9a-f]{8}", lake_unit(word))
        assert lake_unit(word) == lake_unit(word) != lake_unit(word + "x")


def test_a_channel_says_only_words_of_ours() -> None:
    fields = Channel.__dataclass_fields__.keys()
    assert fields == {
        "meter_id",
        "commodity",
        "unit",
        "kind",
        "flow",
        "interval_seconds",
        "scale",
        "multiplier",
    }, "A new field of a channel: see that no word of a file reaches the lake by it"
