"""A file is what its content says: unpacked, told apart, or refused by its name."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterledger.facts.readings import ReadingFile
from meterledger.stores.gateways import (
    EnvelopeBroken,
    FileRefused,
    FileUnreadable,
    opening,
    read_file,
)

Reader = Callable[..., ReadingFile]
CSV = b"meter,start,value,unit\nM1,2025-07-01T00:00Z,1,Wh\nM1,2025-07-01T00:15Z,1,Wh\n"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


class TestOpening:
    def test_gzip_is_read_and_the_hash_is_of_the_file_as_it_lies(self, read: Reader) -> None:
        packed = gzip.compress(CSV)
        file = read(packed)
        assert file.channels[0].total == 2
        assert file.sha256 == hashlib.sha256(packed).hexdigest()

    def test_gzip_of_two_members_is_one_file(self, read: Reader) -> None:
        assert read(gzip.compress(CSV[:30]) + gzip.compress(CSV[30:])).channels[0].total == 2

    def test_a_name_too_long_for_any_file_is_refused_and_shown_short(self) -> None:
        with pytest.raises(
            FileUnreadable, match=r"^x{40}\.\.\. \(203 signs\): The file cannot be read\."
        ):
            read_file(Path("x" * 5000), received_at=NOW)

    @pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data + b"more"])
    def test_damaged_gzip_is_refused(self, read: Reader, damage: Callable[[bytes], bytes]) -> None:
        with pytest.raises(EnvelopeBroken, match="gzip file does not unpack"):
            read(damage(gzip.compress(CSV)))

    def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_early(
        self, read: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(opening, "MAX_FILE_BYTES", 8 * 1024 * 1024)
        bomb = gzip.compress(b"\0" * (64 * 1024 * 1024))
        tracemalloc.start()
        with pytest.raises(FileUnreadable, match="larger than 8 MB"):
            read(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 * 1024 * 1024

    @pytest.mark.parametrize("content", [b"", b"  \n \r\n"])
    def test_an_empty_file_is_refused(self, read: Reader, content: bytes) -> None:
        with pytest.raises(EnvelopeBroken, match="The file is empty"):
            read(content)

    def test_a_missing_file_a_folder_and_an_impossible_name(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none.xml", tmp_path, Path("bad\0name")):
            with pytest.raises(FileUnreadable):
                read_file(path, received_at=NOW)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
    def test_text_in_another_encoding_is_named(self, read: Reader, encoding: str) -> None:
        with pytest.raises(EnvelopeBroken, match="The text is UTF-"):
            read(CSV.decode().encode(encoding))

    def test_a_zero_byte_is_no_text(self, read: Reader) -> None:
        with pytest.raises(EnvelopeBroken, match="byte 25 is zero"):
            read(CSV[:25] + b"\0" + CSV[25:])


class TestTellingApart:
    @pytest.mark.parametrize(
        ("name", "format"),
        [
            ("badger_beacon_report.csv", "badger-beacon"),
            ("itron_style_register.csv", "itron-register"),
            ("meter_readings_15min.xml", "iec-61968-9"),
            ("Example_NEM12_actual_interval.csv", "nem12"),
            ("Example_NEM13_consumption_data.csv", "nem13"),
            ("spec_cases.cmep", "cmep"),
        ],
    )
    def test_every_kind_of_head_end_file_is_known_by_its_content(
        self, sample: Reader, name: str, format: str
    ) -> None:
        assert sample(f"headend/{name}", zone="America/Los_Angeles").format == format

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"PK\x03\x04rest", "ZIP archive"),
            (b"PAR1rest", "Parquet"),
            (b"%PDF-1.7", "neither Green Button XML, nor CMEP, nor a table"),
            (b'{"readings": []}', "neither Green Button XML"),
            (b"<a/>", "begins with <a>"),
        ],
    )
    def test_everything_else_is_refused_in_words(
        self, read: Reader, content: bytes, words: str
    ) -> None:
        with pytest.raises(FileRefused) as refusal:
            read(content)
        assert words in refusal.value.sentence

    def test_a_name_means_nothing(self, read: Reader) -> None:
        assert read(CSV, name="data.xml").format == "csv"

    def test_a_meter_cannot_be_named_by_control_characters(self, read: Reader) -> None:
        with pytest.raises(FileRefused, match="not a meter's number"):
            read(CSV, meter="M1\n")
