"""A table kept as Parquet says what the same table says as CSV, and is refused alike."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.facts.readings import Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways import (
    EnvelopeBroken,
    FileRefused,
    FormatUnknown,
    MeterNotNamed,
    NothingToLoad,
    TooManyReadings,
    TooMuchUnusable,
    UnitNotNamed,
    ZoneNotNamed,
    parquet_child,
    parquet_profile,
)

Reader = Callable[..., ReadingFile]
MIDNIGHT = datetime(2025, 7, 1, 5, tzinfo=UTC)
INSTANT = pa.timestamp("us", tz="UTC")


def parquet(columns: dict[str, Any], **how: Any) -> bytes:
    """The bytes of a table; a column is a list, or an Arrow array where its type matters."""
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **how)
    return out.getvalue()


def quarters(count: int) -> list[datetime]:
    return [MIDNIGHT + timedelta(minutes=15 * number) for number in range(count)]


def plain(count: int = 4, **changed: Any) -> dict[str, Any]:
    """A sound table of quarter-hours; a column changed to None is left out."""
    columns = {
        "meter": ["M1"] * count,
        "start": pa.array(quarters(count), INSTANT),
        "value": pa.array([Decimal("0.250")] * count, pa.decimal128(9, 3)),
        "unit": ["kWh"] * count,
        "interval_seconds": [900] * count,
    } | changed
    return {name: column for name, column in columns.items() if column is not None}


class TestTheProfile:
    def test_reads_every_documented_column(self, read: Reader) -> None:
        file = read(
            parquet(
                plain(
                    2,
                    value=[250, None],
                    unit=["Wh", "Wh"],
                    quality=["valid", "missing"],
                    direction=["received", "received"],
                    commodity=["electricity", "electricity"],
                    end=pa.array(quarters(3)[1:], INSTANT),
                )
            )
        )

        assert file.format == "parquet"
        (channel,) = file.channels
        assert (channel.channel.meter_id, channel.channel.unit) == ("M1", "Wh")
        assert channel.channel.commodity is Commodity.ELECTRICITY
        assert channel.channel.flow is Flow.RECEIVED
        assert channel.channel.interval_seconds == 900
        first, second = channel.readings
        assert (first.start, first.seconds, first.value, first.quality, first.line) == (
            int(MIDNIGHT.timestamp()), 900, 250, Quality.VALID, 1,
        )  # fmt: skip
        assert (second.value, second.quality, second.line) == (None, Quality.MISSING, 2)
        assert file.notes == ()

    def test_keeps_decimals_exactly(self, read: Reader) -> None:
        (channel,) = read(parquet(plain(96))).channels

        assert channel.channel.scale == -3
        assert channel.total == Decimal("24.000")

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "+05:30"])
    def test_reads_instants_of_any_fineness_in_any_zone(
        self, read: Reader, unit: str, zone: str
    ) -> None:
        columns = plain(start=pa.array(quarters(4), pa.timestamp(unit, tz=zone)))

        (channel,) = read(parquet(columns, version="2.6")).channels

        assert [one.start for one in channel.readings] == [
            int(one.timestamp()) for one in quarters(4)
        ]

    def test_takes_a_time_without_a_zone_as_local_and_asks_where(self, read: Reader) -> None:
        local = [one.replace(tzinfo=None) - timedelta(hours=5) for one in quarters(4)]
        data = parquet(plain(start=pa.array(local, pa.timestamp("ms"))))

        with pytest.raises(ZoneNotNamed, match="Say where with --zone"):
            read(data)

        (channel,) = read(data, zone="America/Chicago").channels
        assert channel.readings[0].start == int(MIDNIGHT.timestamp())

    def test_reads_texts_whole_numbers_dictionaries_and_names_in_other_words(
        self, read: Reader
    ) -> None:
        data = parquet(
            {
                "Meter ID": pa.array([4711] * 4, pa.int64()),
                "Interval Start": [one.isoformat() for one in quarters(4)],
                "Reading": ["1", "2", "", "4"],
                "unit": pa.array(["kWh"] * 4).dictionary_encode(),
                "quality": pa.array([None] * 4, pa.null()),
                "technician": ["nobody's"] * 4,
            }
        )

        (channel,) = read(data).channels

        assert channel.channel.meter_id == "4711"
        assert [one.value for one in channel.readings] == [1, 2, None, 4]

    def test_reads_the_shortest_decimal_of_a_binary_fraction_and_notes_it(
        self, read: Reader
    ) -> None:
        for kind in (pa.float64(), pa.float32()):
            file = read(parquet(plain(3, value=pa.array([0.1, 0.25, float("nan")], kind))))

            (channel,) = file.channels
            assert [one.value for one in channel.readings] == [10, 25, None]
            assert channel.channel.scale == -2
            assert file.notes == (parquet_profile.BINARY_FRACTIONS,)

    def test_of_many_row_groups_is_one_table(self, read: Reader) -> None:
        (channel,) = read(parquet(plain(5_000), row_group_size=7)).channels

        assert len(channel.readings) == 5_000
        assert [one.line for one in channel.readings] == list(range(1, 5_001))

    def test_may_be_packed_again(self, read: Reader) -> None:
        for packing in ("none", "snappy", "gzip", "zstd"):
            assert read(gzip.compress(parquet(plain(), compression=packing))).channels

    def test_may_leave_to_options_what_it_does_not_say(self, read: Reader) -> None:
        data = parquet(plain(meter=None, unit=None, interval_seconds=None))

        (channel,) = read(data, meter="M7", unit="Wh").channels

        assert (channel.channel.meter_id, channel.channel.unit) == ("M7", "Wh")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["M1", "M2", ""]),
            st.integers(0, 40),
            st.one_of(st.none(), st.decimals("-9", "999", places=3)),
            st.sampled_from(["kWh", "Wh", "parsec"]),
            st.sampled_from(["", "valid", "estimated", "guessed"]),
            st.sampled_from([900, 1800, -1]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_a_table_means_the_same_kept_either_way(rows: list[Any], read: Reader) -> None:
    """Channels, what is set aside and why, and refusals: as CSV and as Parquet alike."""
    meters, slots, values, units, qualities, lengths = map(list, zip(*rows, strict=True))
    starts = [MIDNIGHT + timedelta(minutes=15 * slot) for slot in slots]
    kept = parquet(
        {
            "meter": meters,
            "start": pa.array(starts, INSTANT),
            "value": pa.array(values, pa.decimal128(9, 3)),
            "unit": units,
            "quality": qualities,
            "interval_seconds": lengths,
        }
    )
    lines = ["meter,start,value,unit,quality,interval_seconds"] + [
        f"{meter},{start:%Y-%m-%dT%H:%M:%SZ},{value},{unit},{quality},{length}".replace("None", "")
        for meter, start, value, unit, quality, length in zip(
            meters, starts, values, units, qualities, lengths, strict=True
        )
    ]

    def told(data: str | bytes, first_row: int) -> Any:
        try:
            file = read(data)
        except FileRefused as refusal:
            return type(refusal).__name__
        return (
            [
                (one.channel, [(r.start, r.seconds, r.value, r.quality, r.line - first_row)
                               for r in one.readings])
                for one in file.channels
            ],
            [one.line - first_row for one in file.quarantined],
        )  # fmt: skip

    assert told(kept, 1) == told("\n".join(lines) + "\n", 2)


class TestARowThatCannotBeUsed:
    def test_is_set_aside_as_it_was_told_and_the_rest_is_kept(self, read: Reader) -> None:
        values = pa.array([Decimal("0.250")] * 5 + [None], pa.decimal128(9, 3))
        columns = plain(6, value=values, unit=["kWh"] * 5 + ["parsec"])

        file = read(parquet(columns))

        assert len(file.channels[0].readings) == 5
        (aside,) = file.quarantined
        assert aside.line == 6
        assert aside.reason.startswith("Its unit is 'parsec'")
        assert json.loads(aside.data) == {
            "meter": "M1",
            "start": "2025-07-01T06:15:00Z",
            "value": "",
            "unit": "parsec",
            "interval_seconds": "900",
        }

    def test_is_one_whose_time_has_a_part_of_a_second(self, read: Reader) -> None:
        starts = pa.array([*quarters(5), quarters(6)[5] + timedelta(milliseconds=1)], INSTANT)

        (aside,) = read(parquet(plain(6, start=starts))).quarantined

        assert "'2025-07-01T06:15:00.001000Z' is not a time like" in aside.reason

    def test_is_one_that_is_too_long(self, read: Reader) -> None:
        (aside,) = read(parquet(plain(6, quality=[""] * 5 + ["x" * 8_001]))).quarantined

        assert aside.reason == "It is longer than 8000 characters"
        assert len(aside.data) < 9_000

    def test_is_both_of_two_that_contradict_each_other(self, read: Reader) -> None:
        starts = [*quarters(12), quarters(1)[0]]
        values = [1] * 12 + [2]

        file = read(parquet(plain(13, start=pa.array(starts, INSTANT), value=values)))

        assert [one.line for one in file.quarantined] == [1, 13]

    def test_makes_the_file_refused_where_there_are_too_many(self, read: Reader) -> None:
        with pytest.raises(TooMuchUnusable, match="2 of 4 lines cannot be used"):
            read(parquet(plain(unit=["kWh", "parsec", "kWh", "parsec"])))


class TestATableThatIsRefused:
    @pytest.mark.parametrize(
        ("changed", "kind", "words"),
        [
            ({"meter": None}, MeterNotNamed, "its columns: The table has no column 'meter'"),
            ({"unit": None}, UnitNotNamed, "its columns: The table has no column 'unit'"),
            ({"start": None}, FormatUnknown, "The columns are 'meter, value, unit, interval_secon"),
            ({"value": None}, FormatUnknown, "A table of readings has the columns meter,start,"),
            ({"start_time": ["x"] * 4}, EnvelopeBroken, "names the column 'start' twice"),
            ({"value": [True] * 4}, FormatUnknown, "The column 'value' is of type bool. 'value' "
             "may be a whole number, a decimal, a binary fraction or text. "),
            ({"start": [1_751_353_200] * 4}, FormatUnknown, "'start' is of type int64"),
            ({"meter": [12.0] * 4}, FormatUnknown, "'meter' is of type double"),
            ({"interval_seconds": [900.0] * 4}, FormatUnknown, "'interval_seconds' is of type dou"),
            ({"meter": [{"a": 1}] * 4}, FormatUnknown, "'meter' is of type struct<a: int64>"),
            ({"unit": [1] * 4}, FormatUnknown, "'unit' is of type int64. 'unit' may be text"),
            ({"unit": pa.array([b"\xff"] * 4)}, EnvelopeBroken, "A text between rows 1 and 4 "),
        ],
    )  # fmt: skip
    def test_says_which_column_and_what_to_do(
        self, changed: dict[str, Any], kind: type[FileRefused], words: str, read: Reader
    ) -> None:
        with pytest.raises(kind) as refused:
            read(parquet(plain(**changed)))

        assert words in str(refused.value)
        assert refused.value.do

    def test_says_so_where_it_has_no_rows(self, read: Reader) -> None:
        with pytest.raises(NothingToLoad):
            read(parquet(plain(0)))

    def test_is_one_that_is_damaged_or_cut_off_anywhere(self, read: Reader) -> None:
        sound = parquet(plain(200))
        for until in (4, 12, 13, len(sound) // 2, len(sound) - 9, len(sound) - 1):
            with pytest.raises(EnvelopeBroken, match="The Parquet table does not unpack") as no:
                read(sound[:until])
            assert "Ask the sender to send it again" in str(no.value)
            assert "\n" not in str(no.value)

    def test_with_a_byte_turned_is_refused_or_read_and_never_an_accident(
        self, read: Reader
    ) -> None:
        """Some make the library abort: that ends the process that unpacks, and no other."""
        sound = parquet(plain(50), compression="none")
        said = []
        for at in range(4, len(sound), 163):
            with_an_error = bytearray(sound)
            with_an_error[at] ^= 0x55
            try:
                read(bytes(with_an_error))
            except FileRefused as refusal:
                said.append(refusal.do)
        assert said
        assert all(said)

    def test_is_one_that_makes_unpacking_abort(
        self, read: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        child = tmp_path / "child.py"
        child.write_text("import os; os.abort()")
        monkeypatch.setattr(parquet_child, "__file__", str(child))

        with pytest.raises(EnvelopeBroken, match="unpacking it ended with status -6"):
            read(parquet(plain()))

    def test_is_one_that_takes_more_memory_than_it_may(self, read: Reader) -> None:
        """A text of four million letters stands once in the file and ten thousand times in it."""
        text = pa.DictionaryArray.from_arrays(
            pa.array([0] * 10_000, pa.int32()), pa.array(["x" * 4_000_000])
        )
        bomb = parquet(plain(10_000, quality=text), store_schema=False)
        assert len(bomb) < 1_000_000

        with pytest.raises(EnvelopeBroken, match="The Parquet table does not unpack"):
            read(bomb)

    def test_is_one_that_takes_too_long(
        self, read: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet_profile, "MAX_SECONDS", 0.001)

        with pytest.raises(EnvelopeBroken, match="took more than"):
            read(parquet(plain()))

    def test_is_one_of_too_many_readings(
        self, read: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet_profile, "MAX_READINGS", 4)

        assert read(parquet(plain(4))).channels
        with pytest.raises(TooManyReadings):
            read(parquet(plain(5)))

    def test_is_one_that_unpacks_to_too_much(
        self, read: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet_profile, "MAX_UNPACKED_BYTES", 10_000)
        bomb = plain(200, quality=["x" * 1_000] * 200)

        with pytest.raises(EnvelopeBroken, match="says that it unpacks to"):
            read(parquet(bomb, compression="zstd", use_dictionary=False))
        assert read(parquet(plain(200, remark=["x" * 1_000] * 200))).channels  # never unpacked
