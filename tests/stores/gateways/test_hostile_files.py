"""Whatever the bytes: a file is read or refused; nothing else happens, and memory stays bounded."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterledger.facts.readings import ChannelKind, ReadingFile
from meterledger.stores.gateways import FileRefused, read_bytes

DATA = Path(__file__).parents[2] / "data"
CSV = (
    b"meter,start,value,unit,quality,end,direction\n"
    b"M1,2025-11-02 00:00,1.5,kWh,valid,2025-11-02 01:00,delivered\n"
    b"M1,2025-11-02 01:00,2.5,kWh,raw,2025-11-02 02:00,delivered\n"
    b"M1,2025-11-02 01:00,,kWh,,2025-11-02 02:00,delivered\n"
    b"M2,2025-11-02T05:00:00+00:00,7,Wh,,2025-11-02T06:00:00Z,received\n"
)


def seeds() -> list[bytes]:
    names = (
        "greenbutton/Electric.xml",
        "greenbutton/pge_connect_gas.xml",
        "greenbutton/electric_containerized.xml",
        "headend/spec_cases.cmep",
        "headend/sensus_interval_and_register.cmep",
        "headend/meter_readings_15min.xml",
        "headend/Example_NEM12_multiple_quality.csv",
        "headend/Example_NEM13_consumption_data.csv",
        "headend/badger_beacon_report.csv",
        "headend/itron_style_register.csv",
    )
    whole = [(DATA / name).read_bytes() for name in names]
    return [*whole, CSV, gzip.compress(CSV, mtime=0)]


SEEDS = seeds()
WORDS = (
    b"<", b">", b"&", b"</", b"<!DOCTYPE x>", b"<![CDATA[", b"\0", b"\xff", b"\xc3", b"-", b"e9",
    b",", b'"', b"\n", b"\r", b"999999999999999999999", b"-0", b"NaN", b"2", b"0", b"N", b"RESEND",
    b"2025-11-02 01:00", b"Z", b"+99:99", b"202602300015", b"GKWH", b"<IntervalReading>",
)  # fmt: skip


def try_to_read(data: bytes) -> ReadingFile | None:
    """The file, if it is taken; refusals are an answer, anything else fails the test."""
    try:
        return read_bytes(
            "hostile.file",
            data,
            received_at=datetime(2026, 11, 25, 12, tzinfo=UTC),
            zone="America/Chicago",
        )
    except FileRefused as refusal:
        sentence = refusal.sentence
    assert len(sentence.split()) >= 6
    assert "\n" not in sentence
    return None


def holds_what_is_promised(file: ReadingFile) -> None:
    """Facts promise time order, no overlap, whole numbers of 63 bits, no unexplained gap."""
    assert file.channels
    for channel in file.channels:
        before = None
        for reading in channel.readings:
            if before is not None:
                assert before.start + before.seconds <= reading.start
                assert before.start < reading.start
            assert abs(reading.value or 0) < 2**63
            assert (reading.seconds == 0) == (channel.channel.kind is ChannelKind.REGISTER)
            before = reading


def mutated(data: bytes, dice: random.Random) -> bytes:
    """A few cuts, doublings, swaps and foreign words."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        until = min(len(data), at + dice.choice((1, 2, 8, 60, 600)))
        how = dice.randrange(5)
        if how == 0:
            data = data[:at] + data[until:]
        elif how == 1:
            data = data[:until] + data[at:]
        elif how == 2:
            data = data[:at] + dice.choice(WORDS) + data[until:]
        elif how == 3:
            data = data[:at] + dice.choice(WORDS) + data[at:]
        else:
            data = data[:at]
        data = data or b"x"
    return data


class TestMutatedFiles:
    @pytest.mark.parametrize("seed", range(len(SEEDS)))
    def test_are_read_or_refused(self, seed: int) -> None:
        dice = random.Random(seed)
        taken = 0
        for _ in range(80):
            file = try_to_read(mutated(SEEDS[seed], dice))
            if file is not None:
                taken += 1
                holds_what_is_promised(file)
        assert taken < 80  # the mutations bite

    @given(st.binary(max_size=300))
    def test_noise_is_read_or_refused(self, noise: bytes) -> None:
        try_to_read(noise)

    @given(st.text(max_size=60), st.text(max_size=60))
    @settings(max_examples=60)
    def test_noise_inside_known_frames_is_read_or_refused(self, first: str, second: str) -> None:
        for frame in (
            "meter,start,value,unit\n{},{},1,kWh\n",
            "MEPMD01,19970819,S,,R,,202603091215,{},OK,E,KWH,1.0,00000015,1,202603090515,{},1\r\n",
            '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>{}{}</content></entry></feed>',
        ):
            try_to_read(frame.format(first, second).encode("utf-8", "surrogatepass"))


IEC = b'<m:MeterReadings xmlns:m="http://iec.ch/TC57/2011/MeterReadings#">'
IEC_END = (
    b"</m:IntervalBlocks><m:Meter><m:mRID>M</m:mRID></m:Meter></m:MeterReading></m:MeterReadings>"
)
READING = b"<m:IntervalReadings><m:value>1</m:value></m:IntervalReadings>"
MULTISPEAK = b'<r xmlns="http://www.multispeak.org/Version_3.0">'
NEM = b"100,NEM12,202502011200,MDP,RET\n200,NMI1,E1,1,E1,N1,SER1,kWh,30,\n"


class TestMemory:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: b"<feed>" + b"<entry><a>" * 60_000,
            lambda: b"<feed><entry><content>" + b"<x/>" * 100_000,
            lambda: b"<feed><entry><id>" + b"x" * 1_000_000,
            lambda: b"<feed " + b"".join(b'a%d="1" ' % n for n in range(30_000)) + b">",
            lambda: b"MEPMD01," + b"x," * 1_100_000,
            lambda: b"meter,start,value,unit\n" + b"M1,x,1,Wh\n" * 30_000,
            lambda: b"meter,start,value,unit\n" + b"," * 1_000_000,
            lambda: IEC + b"<m:x>" * 60_000,
            lambda: IEC + b"<m:x/>" * 100_000,
            lambda: IEC + b"<m:MeterReading><m:IntervalBlocks>" + READING * 20_000 + IEC_END,
            lambda: MULTISPEAK + b"<val>1</val>" * 100_000,
            lambda: MULTISPEAK + b"<x>" + b"y" * 1_000_000 + b"</x>",
            lambda: (
                MULTISPEAK
                + b"<meterReading><readingValues>"
                + b"<readingValue><value>1</value></readingValue>" * 30_000
                + b"</readingValues></meterReading></r>"
            ),
            lambda: NEM + b"300," + b"1," * 1_000_000,
            lambda: NEM + (b"300,20250201," + b"1," * 48 + b"A,,,,\n") * 1_000 + b"900\n",
            lambda: (
                b"Timestamp,Read_Value,Meter_Serial_Number,Read_Units\n" + b"x,1,M,CF\n" * 50_000
            ),
            lambda: b"MEPMD01,1,S,,R,,202607021200,M1,OK,E,KWH,1.0,00000015,1,x,R,1\n" * 30_000,
            lambda: b"\n" * 2_000_000 + b"MEPMD01,1\n",
        ],
    )
    def test_of_a_file_built_to_exhaust_is_bounded(self, make: Callable[[], bytes]) -> None:
        data = make()
        tracemalloc.start()
        assert not try_to_read(data) or data.startswith(NEM)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40 * len(data) + 32 * 1024 * 1024
