"""Whatever a head-end or an enemy sends: read, set aside or refused in words, and never silently
another number.

Mutations are seeded and know the structure of the real files that they change. Every one that
certainly changes what a document says of a reading changes the report, or a line is set aside, or
the file is refused. The short run has some thousands of each parser; ``--soak`` has a million, and
``HOSTILE_COUNT`` any number. A number that fails says all: ``mutant(document, number)`` makes it;
the long run goes on and keeps the numbers in ``failing_mutations.txt`` of its folder.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.faults.damaged_parquet import damaged_table, quickly_unpacked, sound_tables
from tests.faults.hostile_documents import Document, mutant, parsers

from meterledger.facts.readings import ChannelKind, ReadingFile
from meterledger.stores.gateways import FileRefused, read_bytes
from meterledger.stores.gateways.cmep import CmepFile
from meterledger.stores.gateways.cmep_bulk import read_cmep_bulk
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import opened

RECEIVED_AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
SHORT, LONG = 2_500, int(os.environ.get("HOSTILE_COUNT", "1000000"))
MOST_MEMORY_KB = 1024 * 1024
"""Of the whole process, its libraries included; it grows by nothing while it runs."""
PROGRESS_EVERY = 20_000
NAMES = ("cmep", "green-button", "table", "iec-61968-9", "multispeak", "nem", "register-exports")


def report(file: ReadingFile) -> object:
    """All that a file says, however its decimals are written: readings, and how many set aside."""
    channels = []
    for one in file.channels:
        channel = one.channel
        what = (channel.meter_id, channel.commodity, channel.unit, channel.kind, channel.flow)
        told = tuple(
            (
                reading.start,
                reading.seconds,
                reading.quality.value,
                *shortest(reading.value, channel.scale),
            )
            for reading in one.readings
        )
        channels.append((tuple(map(str, what)), told))
    return sorted(channels), len(file.quarantined)


def shortest(value: int | None, scale: int) -> tuple[int | None, int]:
    if not value:
        return value, 0
    while value % 10 == 0:
        value, scale = value // 10, scale + 1
    return value, scale


def read(document: Document, data: bytes) -> ReadingFile | None:
    """The file, if it is taken; a refusal is an answer in words, anything else fails."""
    try:
        return read_bytes("hostile.file", data, received_at=RECEIVED_AT, **document.options)
    except FileRefused as refusal:
        sentence = refusal.sentence
    assert len(sentence.split()) >= 6, sentence
    assert "\n" not in sentence
    return None


def holds_what_is_promised(file: ReadingFile) -> None:
    """Facts promise time order, no overlap, whole numbers of 63 bits, gaps and not zeros."""
    assert file.channels
    for channel in file.channels:
        end = -(2**62)
        for reading in channel.readings:
            assert end <= reading.start
            end = max(reading.start + reading.seconds, reading.start + 1)
            assert abs(reading.value or 0) < 2**63
            assert (reading.seconds == 0) == (channel.channel.kind is ChannelKind.REGISTER)


def survive(name: str, numbers: range) -> tuple[dict[str, int], list[str]]:
    """Run the mutations of these numbers: how many were read, refused and told apart; failures."""
    documents = parsers()[name]
    sound = [read(one, one.text.encode()) for one in documents]
    assert all(sound), "every document is sound before it is changed"
    before = [report(one) for one in sound if one is not None]
    counts = {"read": 0, "refused": 0, "told apart": 0}
    failures: list[str] = []
    for number in numbers:
        which = number % len(documents)
        changed = mutant(documents[which], number)
        try:
            file = read(documents[which], changed.data)
            if file is None:
                counts["refused"] += 1
                continue
            holds_what_is_promised(file)
            counts["read"] += 1
            if changed.tells:
                assert report(file) != before[which], f"{changed.tells}, and nobody noticed"
                counts["told apart"] += 1
        except Exception as failed:
            failures.append(f"{number}: {type(failed).__name__}: {str(failed)[:200]}")
    return counts, failures


def in_parts(count: int) -> Iterator[range]:
    for at in range(0, count, PROGRESS_EVERY):
        yield range(at, min(count, at + PROGRESS_EVERY))


@pytest.mark.parametrize("name", NAMES)
def test_some_thousand_mutations_of_every_parsers_files(name: str) -> None:
    counts, failures = survive(name, range(SHORT))
    assert not failures
    assert counts["read"] > SHORT // 50
    assert counts["refused"] > SHORT // 50


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", NAMES)
def test_a_million_mutations_of_every_parsers_files(name: str, tmp_path: Path) -> None:
    kept = tmp_path / "failing_mutations.txt"
    totals = {"read": 0, "refused": 0, "told apart": 0}
    for numbers in in_parts(LONG):
        counts, failures = survive(name, numbers)
        totals = {what: totals[what] + count for what, count in counts.items()}
        with kept.open("a", encoding="utf-8") as file:
            file.writelines(f"{name} {one}\n" for one in failures)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{name}: {numbers.stop:,} of {LONG:,}, {totals}, {memory // 1024} MB", flush=True)
        assert memory < MOST_MEMORY_KB, "memory stays bounded"
    assert not kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("numbers", [range(1_500)], ids=["short"])
def test_cmep_at_once_says_what_cmep_by_line_says(numbers: range) -> None:
    agree(numbers)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_cmep_at_once_says_what_cmep_by_line_says_a_million_times() -> None:
    for numbers in in_parts(LONG):
        agree(numbers)
        print(f"cmep at once: {numbers.stop:,} of {LONG:,}", flush=True)


def damaged_tables(numbers: range) -> tuple[int, list[str]]:
    """Parquet tables that are damaged: read, or refused. How many were read, and what failed."""
    document = Document("", (), (), {"zone": "UTC"})
    taken = 0
    failures: list[str] = []
    for number in numbers:
        try:
            file = read(document, damaged_table(number))
            if file is not None:
                holds_what_is_promised(file)
                taken += 1
        except Exception as failed:
            failures.append(f"{number}: {type(failed).__name__}: {str(failed)[:200]}")
    return taken, failures


def test_damaged_parquet_tables_are_read_or_refused(tmp_path: Path) -> None:
    with quickly_unpacked(tmp_path):
        for one in sound_tables():
            assert read(Document("", (), (), {"zone": "UTC"}), one)
        taken, failures = damaged_tables(range(50))
    assert not failures
    assert 2 < taken < 25


def test_damaged_parquet_tables_are_unpacked_by_a_process_of_their_own() -> None:
    _, failures = damaged_tables(range(50, 51))
    assert not failures


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_thousands_of_damaged_parquet_tables_are_read_or_refused(tmp_path: Path) -> None:
    count = min(LONG, 20_000)
    with quickly_unpacked(tmp_path):
        for numbers in in_parts(count):
            taken, failures = damaged_tables(numbers)
            print(f"parquet: {numbers.stop:,} of {count:,}, {taken} read", flush=True)
            assert not failures


def agree(numbers: range) -> None:
    """Both ways to read CMEP say the same of these mutations, refusals included."""
    (document,) = parsers()["cmep"]
    believable = Believable.when_received(RECEIVED_AT)
    for number in numbers:
        data = mutant(document, number).data
        if not data.strip():
            continue
        file = opened("hostile.cmep", data)
        answers: list[object] = []
        for way in (
            lambda file=file: CmepFile(file, believable).read(None),
            lambda file=file: read_cmep_bulk(file, believable=believable, threads=1).as_file(),
        ):
            try:
                answers.append(way())
            except FileRefused as refusal:
                answers.append(refusal.sentence)
        assert answers[0] == answers[1], f"mutation {number}"
