"""Large CMEP files: plain interval records read by a compiled loop, all others by the reference.

Only channels of which every record is plain, in order and without overlap become rows of blocks.
Whatever else a file holds goes through ``cmep`` line by line, with every record of the same channel
beside it, so that both ways say the same of any file: channels, gaps, lines set aside, refusals.

Lives here      which kinds of records there are, both halves of a file at once, rows into blocks.
Lives elsewhere the loop (``cmep_compiled``), the rules (``cmep``), ``facts/reading_blocks``.
Read first      ``cmep``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from meterledger.facts.reading_blocks import BlockFile, ReadingBlock
from meterledger.facts.readings import Channel, ChannelKind, ReadingFile
from meterledger.facts.usage import MISSING_VALUE
from meterledger.stores.gateways.cmep import (
    FORMAT,
    MAX_COUNT,
    MAX_LINE_BYTES,
    CmepFile,
    interval_kind,
)
from meterledger.stores.gateways.cmep_compiled import (
    BEGIN,
    COUNT,
    END,
    FIRST,
    KIND,
    LINE,
    METER,
    METER_END,
    SCALE,
    START,
    WIDTH,
    read_records,
)
from meterledger.stores.gateways.gather import ChannelKey
from meterledger.stores.gateways.instants import EARLIEST, LONGEST_SECONDS, Believable
from meterledger.stores.gateways.opening import OpenedFile, decode
from meterledger.stores.gateways.refusals import MAX_READINGS, TooManyReadings

_KIND_WORD = re.compile(
    rb"(?:^|\n)MEPMD01(?:,[^,\"\r\n]{0,256}){7},OK,([^,\"\r\n]{0,40}(?:,[^,\"\r\n]{0,40}){3}),"
)
_FIXED_WORDS = b"MEPMD01,OK"
_SAMPLE_BYTES = 128 * 1024
_MOST_KINDS = 16
_CONSTANT_MAX = 10**9
_TWO_PARTS_FROM_BYTES = 4 * 1024 * 1024
_SHORTEST_RECORD = 60
_LINES_AT_ONCE = 10_000
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class _Kind:
    """What records that share a word (``E,KWH,1.0,00000015``) hold."""

    word: bytes
    key: ChannelKey
    multiplier: str
    seconds: int
    factor: int
    power: int


@dataclass(frozen=True, slots=True)
class CmepBulk:
    """A file as read: blocks of plain channels, and ``rest`` with everything else that it says.

    ``firsts`` are the lines on which the channels of ``rest`` begin.
    """

    blocks: tuple[ReadingBlock, ...]
    rest: ReadingFile
    firsts: tuple[int, ...]

    def in_blocks(self) -> BlockFile:
        """The same with its blocks as they are."""
        return BlockFile(
            name=self.rest.name,
            sha256=self.rest.sha256,
            format=FORMAT,
            channels=self.rest.channels,
            quarantined=self.rest.quarantined,
            notes=self.rest.notes,
            blocks=self.blocks,
        )

    def as_file(self) -> ReadingFile:
        """The same with every reading by itself, channels in the order of the file."""
        told = list(zip(self.firsts, self.rest.channels, strict=True))
        for block in self.blocks:
            told += zip(block.line.min(axis=1).tolist(), block.rows(), strict=True)
        told.sort(key=lambda one: one[0])
        return ReadingFile(
            name=self.rest.name,
            sha256=self.rest.sha256,
            format=FORMAT,
            channels=tuple(channel for _, channel in told),
            quarantined=self.rest.quarantined,
            notes=self.rest.notes,
        )


def read_cmep_bulk(file: OpenedFile, *, believable: Believable, threads: int = 2) -> CmepBulk:
    """Read a large file of CMEP records.

    :raises FileRefused: as ``read_cmep`` does
    """
    reference = CmepFile(file, believable)
    if not file.data.isascii():
        read = reference.read(None)
        return CmepBulk((), read, tuple(range(len(read.channels))))
    kinds = _kinds_of(file.data)
    found = _records(file.data, kinds, believable, threads)
    rows = found.rows
    if len(found.others):  # a zero byte, which refuses the file, can only be in one of these
        reference.text = decode(file.name, file.data)
    if int(rows[:, COUNT].sum()) > MAX_READINGS:
        raise TooManyReadings.of(file.name)
    total = len(rows) + reference.take(found.other_lines())
    if reference.count + int(rows[:, COUNT].sum()) > MAX_READINGS:
        raise TooManyReadings.of(file.name)
    groups, left = _plain_channels(file.data, found, kinds, set(reference.streams))
    if left:
        reference.text = decode(file.name, file.data)
        places = rows[np.array(sorted(left))][:, [LINE, BEGIN, END]]
        reference.take((line, begin, end) for line, begin, end in places.tolist())
        first = {key: min(one.line for one in raw) for key, raw in reference.streams.items()}
        for key in sorted(first, key=first.__getitem__):
            reference.streams[key] = reference.streams.pop(key)
    channels = reference.channels()
    blocks = _blocks(groups, found, kinds)
    rest = reference.close([one for _, one in channels], total, None, beside=len(blocks))
    return CmepBulk(tuple(blocks), rest, tuple(first_line for first_line, _ in channels))


# ---------------------------------------------------------------------------------- bytes


@dataclass(frozen=True, slots=True)
class _Found:
    """What the loop made of a file.

    ``rows``    Int64 [R x WIDTH] of ``cmep_compiled``
    ``others``  Int64 [L x 3] number, begin and end of each line left to the reference
    ``values``  Int32, ``codes`` Int8: where rows find theirs
    """

    rows: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]
    values: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int8]

    def other_lines(self) -> Iterator[tuple[int, int, int]]:
        """The lines left, some at a time."""
        for at in range(0, len(self.others), _LINES_AT_ONCE):
            yield from map(tuple, self.others[at : at + _LINES_AT_ONCE].tolist())


def _kinds_of(data: bytes) -> list[_Kind]:
    """The kinds of interval records that the beginning, middle and end of the file know."""
    kinds: dict[bytes, _Kind] = {}
    middle = len(data) // 2
    for begin in dict.fromkeys((0, middle, max(0, len(data) - _SAMPLE_BYTES))):
        for match in _KIND_WORD.finditer(data, begin, begin + _SAMPLE_BYTES):
            word = match.group(1)
            if word in kinds or len(kinds) == _MOST_KINDS:
                continue
            said = interval_kind(word.decode())
            if said is None:
                continue
            key, constant, seconds = said
            whole_minutes = seconds % _MINUTE == 0 and seconds <= LONGEST_SECONDS
            if whole_minutes and constant.whole <= _CONSTANT_MAX:
                kinds[word] = _Kind(
                    word, key, str(constant), seconds, constant.whole, constant.exponent
                )
    return list(kinds.values())


def _records(data: bytes, kinds: Sequence[_Kind], believable: Believable, threads: int) -> _Found:
    """The whole file through the loop, in as many parts as there are threads."""
    words = np.frombuffer(_FIXED_WORDS + b"".join(kind.word for kind in kinds), np.uint8)
    known = np.zeros((len(kinds), 5), np.int64)
    at = len(_FIXED_WORDS)
    for row, kind in enumerate(kinds):
        known[row] = (at, len(kind.word), kind.seconds // _MINUTE, kind.factor, kind.power)
        at += len(kind.word)
    array = np.frombuffer(data, np.uint8)
    parts = _parts(data, threads if len(data) >= _TWO_PARTS_FROM_BYTES else 1)
    most = [min((until - begin) // 3 + 1, MAX_READINGS + MAX_COUNT) for begin, until, *_ in parts]
    values = np.empty(sum(most), np.int32)
    codes = np.empty(sum(most), np.int8)
    offsets = [sum(most[:number]) for number in range(len(parts))]

    def read(number: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        begin, until, line, line_count = parts[number]
        mine = slice(offsets[number], offsets[number] + most[number])
        rows = np.empty(((until - begin) // _SHORTEST_RECORD + 1, WIDTH), np.int64)
        others = np.empty((line_count + 1, 3), np.int64)
        row_count, other_count, _ = read_records(
            array, begin, until, line, words, known,
            EARLIEST, believable.latest_end, MAX_LINE_BYTES,
            rows, others, values[mine], codes[mine],
        )  # fmt: skip
        rows = rows[:row_count]
        rows[:, FIRST] += offsets[number]
        return rows, others[:other_count]

    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        read_parts = list(pool.map(read, range(len(parts))))
    return _Found(
        np.concatenate([rows for rows, _ in read_parts]),
        np.concatenate([others for _, others in read_parts]),
        values,
        codes,
    )


def _parts(data: bytes, count: int) -> list[tuple[int, int, int, int]]:
    """Begin, end, first line number and line ends of each part; parts end where lines do."""
    parts: list[tuple[int, int, int, int]] = []
    begin, line = 0, 1
    for number in range(count):
        aim = len(data) * (number + 1) // count
        cut = data.find(b"\n", max(begin, aim - 1)) + 1
        until = len(data) if number == count - 1 or cut == 0 else cut
        if until > begin:
            ends = data.count(b"\n", begin, until)
            parts.append((begin, until, line, ends))
            line += ends
            begin = until
    return parts


# ------------------------------------------------------------------------------- channels

_Shape = tuple[int, int, tuple[int, ...]]
"""What channels of one block share: kind, start, and how many values each of their records has."""

_Groups = dict[_Shape, tuple[list[bytes], npt.NDArray[np.int64]]]
"""The meters of each block, and Int64 [meters x records] the rows of ``_Found`` they are."""


def _plain_channels(
    data: bytes, found: _Found, kinds: Sequence[_Kind], slow: set[ChannelKey]
) -> tuple[_Groups, set[int]]:
    """The channels that rows alone make, for blocks; and the rows left to the reference."""
    rows = found.rows
    begins, ends = rows[:, METER].tolist(), rows[:, METER_END].tolist()
    meters = [data[begin:end] for begin, end in zip(begins, ends, strict=True)]
    starts, counts = rows[:, START].tolist(), rows[:, COUNT].tolist()
    alike = rows[:, [KIND, START, COUNT]]
    if len(rows) and not slow and (alike == alike[0]).all() and len(set(meters)) == len(meters):
        kind, start, count = alike[0].tolist()
        return {(kind, start, (count,)): (meters, np.arange(len(meters))[:, None])}, set()
    groups: dict[_Shape, list[tuple[bytes, list[int]]]] = defaultdict(list)
    left: set[int] = set()
    same_key = [next(n for n, one in enumerate(kinds) if one.key == kind.key) for kind in kinds]
    kind_of = rows[:, KIND].tolist()
    by_channel: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for number, meter in enumerate(meters):
        by_channel[same_key[kind_of[number]], meter].append(number)
    for (kind, meter), members in by_channel.items():
        if slow and kinds[kind].key._replace(meter=meter.decode()) in slow:
            left.update(members)
            continue
        if len(members) > 1:
            members.sort(key=starts.__getitem__)
            if not _is_one_run(members, found, kinds):
                left.update(members)
                continue
        first = members[0]
        shape = tuple(counts[number] for number in members)
        groups[kind_of[first], starts[first], shape].append((meter, members))
    return {
        shape: ([meter for meter, _ in members], np.array([numbers for _, numbers in members]))
        for shape, members in groups.items()
    }, left


def _is_one_run(members: Sequence[int], found: _Found, kinds: Sequence[_Kind]) -> bool:
    """Whether records follow on each other, with one constant, and fit 31 bits at one scale."""
    rows = found.rows
    finest = min(int(rows[number, SCALE]) for number in members)
    for number in members:
        steps = int(rows[number, SCALE]) - finest
        if steps and _largest(found, number) * 10**steps >= 2**31:
            return False
    for earlier, later in pairwise(members):
        kind = kinds[rows[earlier, KIND]]
        if kind.multiplier != kinds[rows[later, KIND]].multiplier:
            return False
        length = int(rows[earlier, COUNT]) * kind.seconds // _MINUTE
        if rows[earlier, START] + length != rows[later, START]:
            return False
    return True


def _largest(found: _Found, number: int) -> int:
    first, count = found.rows[number, FIRST], found.rows[number, COUNT]
    told = found.values[first : first + count][found.codes[first : first + count] != 0]
    return int(np.abs(told.astype(np.int64)).max(initial=0))


def _blocks(groups: _Groups, found: _Found, kinds: Sequence[_Kind]) -> list[ReadingBlock]:
    blocks = []
    for (kind_number, start, shape), (meters, numbers) in groups.items():
        kind = kinds[kind_number]
        scales = found.rows[numbers, SCALE]
        scale = scales.min(axis=1)
        pieces = [
            _piece(found, numbers[:, place], width, scales[:, place] - scale)
            for place, width in enumerate(shape)
        ]
        value, quality, line = (
            part[0] if len(part) == 1 else np.concatenate(part, axis=1)
            for part in zip(*pieces, strict=True)
        )
        blocks.append(
            ReadingBlock(
                channel=Channel(
                    meter_id="",
                    commodity=kind.key.commodity,
                    unit=kind.key.unit,
                    kind=ChannelKind.INTERVAL,
                    flow=kind.key.flow,
                    interval_seconds=kind.seconds,
                    scale=0,
                    multiplier=kind.multiplier,
                ),
                meters=tuple(meter.decode() for meter in meters),
                start=start * _MINUTE,
                value=value,
                quality=quality,
                scale=scale.astype(np.int8),
                line=line,
            )
        )
    return blocks


def _piece(
    found: _Found, numbers: npt.NDArray[np.int64], width: int, steps: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    """Values, qualities and lines of one record of each channel, ``steps`` powers of ten finer."""
    firsts = found.rows[numbers, FIRST]
    count = len(numbers)
    if (np.diff(firsts) == width).all():
        run = slice(int(firsts[0]), int(firsts[0]) + count * width)
        value = found.values[run].reshape(count, width)
        quality = found.codes[run].reshape(count, width)
    else:
        places = firsts[:, None] + np.arange(width)
        value, quality = found.values[places], found.codes[places]
    if steps.any():
        told = value != MISSING_VALUE
        finer = value.astype(np.int64) * (10**steps)[:, None]
        value = np.where(told, finer, MISSING_VALUE).astype(np.int32)
    line = np.broadcast_to(found.rows[numbers, LINE][:, None], (count, width))
    return value, quality, line
