"""Large CMEP files at once: whatever the bytes, the same as line by line."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from meterledger.facts.reading_blocks import ReadingBlock
from meterledger.facts.readings import Quality, ReadingFile
from meterledger.stores.gateways import FileRefused
from meterledger.stores.gateways.cmep import BULK_FROM_BYTES, CmepFile, read_cmep
from meterledger.stores.gateways.cmep_bulk import CmepBulk, read_cmep_bulk
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile, opened

DATA = Path(__file__).parents[2] / "data" / "headend"
RECEIVED = Believable.when_received(datetime(2026, 11, 25, 12, tzinfo=UTC))
FIRST = datetime(2026, 7, 1, 5, 15, tzinfo=UTC)
SAMPLES = sorted(DATA.glob("*.cmep"))


def stamps(count: int, *, first: datetime = FIRST, minutes: int = 15) -> list[str]:
    return [(first + timedelta(minutes=minutes * n)).strftime("%Y%m%d%H%M") for n in range(count)]


def record(
    meter: str,
    values: list[str],
    *,
    first: datetime = FIRST,
    quality: str = "R",
    head: str = "OK,E,KWH,1.0,00000015",
    omit: bool = False,
    tail: str = "",
) -> str:
    told = [
        f"{'' if omit and n else stamp},{quality if value else 'N'},{value}"
        for n, (stamp, value) in enumerate(
            zip(stamps(len(values), first=first), values, strict=True)
        )
    ]
    body = ",".join(told)
    return f"MEPMD01,19970819,S,,R,,202607021200,{meter},{head},{len(values)},{body}{tail}\r\n"


def bulk(text: str, *, threads: int = 1) -> CmepBulk:
    return read_cmep_bulk(opened("given.cmep", text.encode()), believable=RECEIVED, threads=threads)


def by_line(file: OpenedFile) -> ReadingFile | str:
    try:
        return CmepFile(file, RECEIVED).read(None)
    except FileRefused as refusal:
        return refusal.sentence


def at_once(file: OpenedFile, threads: int = 1) -> ReadingFile | str:
    try:
        return read_cmep_bulk(file, believable=RECEIVED, threads=threads).as_file()
    except FileRefused as refusal:
        return refusal.sentence


class TestPlainRecords:
    def test_become_one_block(self) -> None:
        read = bulk("".join(record(f"M{n}", [f"{n}.250", "", "0.125"]) for n in range(5)))

        (block,) = read.blocks
        assert block.meters == ("M0", "M1", "M2", "M3", "M4")
        assert block.value[3].tolist() == [3250, -(2**31), 125]
        assert block.quality[3].tolist() == [Quality.RAW.value, 0, Quality.RAW.value]
        assert (block.start, block.seconds) == (1_782_882_000, 900)
        assert block.scale.tolist() == [-3] * 5
        assert not read.rest.channels

    def test_of_forty_eight_at_most_are_joined_to_days(self) -> None:
        later = FIRST + timedelta(hours=12)
        text = "".join(
            record(f"M{n}", ["1.5"] * 48, omit=True) + record(f"M{n}", ["0.25"] * 48, first=later)
            for n in range(3)
        )
        (block,) = bulk(text).blocks
        assert block.value.shape == (3, 96)
        assert block.scale.tolist() == [-2] * 3
        assert block.value[1].sum() == 48 * 150 + 48 * 25
        assert block.line[1].tolist() == [3] * 48 + [4] * 48

    def test_a_constant_is_multiplied_in(self) -> None:
        (block,) = bulk(record("M1", ["4.8", "6.0"], head="OK,E,KWH,0.25,00000015")).blocks
        assert (block.value[0].tolist(), block.scale[0]) == ([1200, 1500], -3)
        assert block.channel.multiplier == "0.25"

    def test_a_channel_that_any_other_record_speaks_of_is_left_to_the_reference(self) -> None:
        text = record("M1", ["1", "2"]) + record("M2", ["1", "2"])
        text += record("M1", ["3", "2"], head="RESEND,E,KWH,1.0,00000015")
        read = bulk(text)
        assert [block.meters for block in read.blocks] == [("M2",)]
        assert [one.total for one in read.rest.channels] == [5]
        assert [one.total for one in read.as_file().channels] == [5, 3]

    def test_rows_of_unequal_scale_come_to_one(self) -> None:
        (block,) = bulk(
            record("M1", ["1"])
            + record("M2", ["0.25"])
            + record("M3", ["2000000000"])
            + record("M4", ["999999999"])
        ).blocks
        value, scale, fits = block.at_one_scale()
        assert scale == -2
        assert value[:2].tolist() == [[100], [25]]
        assert fits.tolist() == [True, True, False]


class TestTheSame:
    @pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
    def test_of_every_sample(self, path: Path) -> None:
        file = opened(path.name, path.read_bytes())
        assert at_once(file) == by_line(file)

    @pytest.mark.parametrize(
        "tail",
        [
            "",
            ",",
            ",,",
            ",H12AB",
            "," + "9" * 70_000,
            "\r",
            " ",
            "\x0c",
            ",R",
            ",202607010530,R,1",
        ],
    )
    def test_of_every_way_to_end_a_record(self, tail: str) -> None:
        good = "".join(record(f"M{n}", ["1.5", "2"]) for n in range(8))
        for odd in (record("X", ["1.5"], tail=tail), record("X", ["1.5"], tail=tail)[:-2]):
            file = opened("given.cmep", (good + odd).encode())
            assert at_once(file) == by_line(file)

    @pytest.mark.parametrize(
        "value",
        [
            "1",
            "-1",
            "+1",
            "1.",
            ".5",
            ".",
            "-",
            "-.5",
            "1e2",
            "1D2",
            "0001",
            "-0",
            "1.5.2",
            " 1",
            "1 ",
        ]
        + ["2147483647", "2147483648", "999999999", "9999999999", "0.000000001", "12345678.9", "N"],
    )
    @pytest.mark.parametrize("constant", ["", "1", "1.0", "0.25", "2000000000", "1000"])
    def test_of_every_way_to_write_a_number(self, value: str, constant: str) -> None:
        good = "".join(record(f"M{n}", ["1.5", "2"]) for n in range(8))
        odd = record("X", ["7.25", value], head=f"OK,E,KWH,{constant},00000015")
        file = opened("given.cmep", (good + odd).encode())
        assert at_once(file) == by_line(file)

    @pytest.mark.parametrize(
        "stamp",
        [
            "",
            "202607010529",
            "202607010530",
            "202602290530",
            "202807010530",
            "198912312345",
            "x" * 12,
        ]
        + [
            "000000000000",
            "202613010530",
            "202600010530",
            "202607002400",
            "202607010560",
            "2026070105",
        ],
    )
    def test_of_every_stamp(self, stamp: str) -> None:
        good = "".join(record(f"M{n}", ["1.5", "2"]) for n in range(8))
        for at in (0, 1):
            odd = record("X", ["7.25", "1"]).replace(stamps(2)[at], stamp)
            file = opened("given.cmep", (good + odd).encode())
            assert at_once(file) == by_line(file)

    @pytest.mark.parametrize("seed", range(400))
    def test_of_any_mutation(self, seed: int) -> None:
        dice = random.Random(seed)
        file = opened("given.cmep", mutated(dice).encode("latin-1"))
        assert at_once(file, threads=1) == by_line(file)

    @pytest.mark.soak
    @pytest.mark.parametrize("seed", range(100))
    def test_of_very_many_mutations(self, seed: int) -> None:
        dice = random.Random(10_000 + seed)
        for _ in range(1_000):
            file = opened("given.cmep", mutated(dice).encode("latin-1"))
            assert at_once(file) == by_line(file)

    def test_in_two_halves_of_a_large_file(self) -> None:
        lines = [record(f"M{n:05}", [f"{n % 97}.{n % 1000:03}"] * 96) for n in range(2_500)]
        lines[700] = "MEPEC01,19970819,x\r\n"
        lines[1_800] = lines[100]
        file = opened("given.cmep", "".join(lines).encode())
        assert len(file.data) > 4 * 1024 * 1024
        assert at_once(file, threads=2) == by_line(file)
        assert read_cmep(file, believable=RECEIVED) == at_once(file, threads=2)


def mutated(dice: random.Random) -> str:
    """A small file of meters of several kinds, doubled, shifted, cut and misspelled."""
    heads = (
        "OK,E,KWH,1.0,00000015",
        "OK,E,KWH,1,00000015",
        "OK,E,GKWH,1.0,00000015",
        "OK,G,CF,,00000100",
        "RESEND,E,KWH,1.0,00000015",
        "OK,E,KWH,0.25,00000015",
    )
    lines = []
    for _ in range(dice.randint(4, 14)):
        values = [
            dice.choice(("1", "0.5", "0.25", "", "1.125", "12")) for _ in range(dice.randint(1, 6))
        ]
        lines.append(
            record(
                f"M{dice.randint(0, 5)}",
                values,
                first=FIRST + timedelta(minutes=15 * dice.choice((0, 0, 0, 4, 6, 96))),
                quality=dice.choice(("R", "R", "E", "A0F", "", "N")),
                head=dice.choice(heads[:1] * 4 + heads),
                omit=dice.random() < 0.3,
                tail=dice.choice(("", "", "", ",", ",H1")),
            )
        )
    text = "".join(lines)
    signs = ',\n\r" \0-.+RENAOK019\x7f\xe9e'
    for _ in range(dice.choice((0, 0, 1, 1, 2, 5))):
        at = dice.randrange(len(text))
        until = min(len(text), at + dice.choice((0, 1, 1, 2, 20)))
        text = (
            text[:at] + dice.choice((*signs, "", text[at:until] * 2, "202607010530")) + text[until:]
        )
    return text


class TestALargeFile:
    def test_is_read_at_once_by_itself(self) -> None:
        values = ["0.125"] * 96
        text = "".join(record(f"M{n}", values) for n in range(300))
        assert len(text) > BULK_FROM_BYTES
        read = read_cmep(opened("given.cmep", text.encode()), believable=RECEIVED)
        assert len(read.channels) == 300
        assert {one.total for one in read.channels} == {Decimal(12)}

    def test_of_more_than_one_file_may_hold_is_refused(self) -> None:
        text = record("M1", ["1"] * 96) * 20_900
        with pytest.raises(FileRefused, match="more than 2,000,000 readings"):
            read_cmep(opened("given.cmep", text.encode()), believable=RECEIVED)


def test_a_block_says_what_its_channels_say() -> None:
    (block,) = bulk("".join(record(f"M{n}", [f"{n}.25", "", "0.1"]) for n in range(4))).blocks
    assert isinstance(block, ReadingBlock)
    told = np.where(block.quality > 0, block.value, 0)
    for row, channel in enumerate(block.rows()):
        assert channel.total == Decimal(int(told[row].sum())).scaleb(int(block.scale[row]))
