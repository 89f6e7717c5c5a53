"""Compiled reading of plain CMEP interval records. Imported only where a file is worth it.

A record is taken only if every byte of it is understood: the header's own stamp, a meter's id, the
purpose OK, a unit, constant and length that the caller knows, and a run of intervals one after
another. Anything else is left to ``cmep``, line by line, which is the reference.

Lives here      the loop over bytes.
Lives elsewhere what is known, and what becomes of the rows (``cmep_bulk``).
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

LINE, BEGIN, END, METER, METER_END, KIND, FIRST, COUNT, START, SCALE = range(10)
"""Columns of a row: its line and place, its meter's place, which kind, where its values stand in
the list and how many, its first start in minutes of the epoch, the power of ten of its values."""

WIDTH = 10
_COMMA, _DOT, _MINUS, _ZERO, _NINE = 44, 46, 45, 48, 57
_LF, _CR, _SPACE, _QUOTE, _LAST_SIGN = 10, 13, 32, 34, 126
_R, _E, _A, _N = 82, 69, 65, 78
_MISSING, _VALID, _RAW, _ESTIMATED, _ADJUSTED = 0, 1, 2, 3, 4
_SMALL = 2**31 - 1
_DIGITS = 9
_GAP = np.int32(-(2**31))  # facts.usage.MISSING_VALUE, as a constant of the compiled code
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_LONGEST_ID = 64
_NONE = -1

_Bytes = nb.types.Array(nb.uint8, 1, "C", readonly=True)
_Table = nb.types.Array(nb.int64, 2, "C")
_Known = nb.types.Array(nb.int64, 2, "C", readonly=True)
_Values = nb.types.Array(nb.int32, 1, "C")
_Codes = nb.types.Array(nb.int8, 1, "C")
_Counts = nb.types.Tuple((nb.int64, nb.int64, nb.int64))  # type: ignore[no-untyped-call]


@nb.njit(nb.int64(_Bytes, nb.int64), nogil=True, cache=True, inline="always")
def _two(data: Any, at: int) -> int:
    """Two digits, or less than 0 if they are none."""
    tens: Any = np.int64(data[at]) - _ZERO
    ones: Any = np.int64(data[at + 1]) - _ZERO
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return -1_000_000
    return tens * 10 + ones  # type: ignore[no-any-return]


@nb.njit(nb.int64(_Bytes, nb.int64), nogil=True, cache=True)
def _day(data: Any, at: int) -> int:
    """Days of the epoch of CCYYMMDD, or -1 if there is no such day of 1990 to 2099."""
    year = _two(data, at) * 100 + _two(data, at + 2)
    month, day = _two(data, at + 4), _two(data, at + 6)
    if year < _FIRST_YEAR or year > _LAST_YEAR or month < 1 or month > 12 or day < 1:
        return _NONE
    longest = 31
    if month in (4, 6, 9, 11):
        longest = 30
    elif month == 2:
        longest = 29 if year % 4 == 0 else 28
    if day > longest:
        return _NONE
    # Days from a March on: the leap day is the last of its year.
    if month <= 2:
        year, month = year - 1, month + 12
    of_year = (153 * (month - 3) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719_468


@nb.njit(nb.int64(_Bytes, nb.int64), nogil=True, cache=True)
def _minute(data: Any, at: int) -> int:
    """Minutes of the epoch of CCYYMMDDHHMM, or -1 if there is no such time."""
    day, hour, minute = _day(data, at), _two(data, at + 8), _two(data, at + 10)
    if day < 0 or hour < 0 or hour > 23 or minute < 0 or minute > 59:
        return _NONE
    return day * 1_440 + hour * 60 + minute


@nb.njit(nb.boolean(_Bytes, nb.int64, nb.int64), nogil=True, cache=True)
def _same_as_before(data: Any, at: int, before: int) -> bool:
    """Whether the day of a stamp is the day of the one before, byte for byte."""
    same = True
    for k in range(8):
        same = same and data[at + k] == data[before + k]
    return same


@nb.njit(
    nb.int64(
        _Bytes, nb.int64, nb.int64, _Bytes, _Known, nb.int64, nb.int64,
        nb.types.Array(nb.int64, 1, "C"), _Values, _Codes, nb.int64,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def _record(
    data: Any,
    begin: int,
    end: int,
    words: Any,
    known: Any,
    earliest: int,
    latest: int,
    row: Any,
    values: Any,
    codes: Any,
    first: int,
) -> int:
    """Read one record into ``row``; how many values it has, or -1 if it is left to the reference.

    ``end`` is where the bytes end, not the line: no step here goes over the end of a line.
    """
    # MEPMD01, and five fields that say nothing of the values
    if end - begin < 60:
        return _NONE
    for k in range(8):
        if data[begin + k] != words[k]:
            return _NONE
    at = begin + 8
    for _ in range(5):
        while at < end and data[at] != _COMMA:
            if data[at] < _SPACE or data[at] > _LAST_SIGN or data[at] == _QUOTE:
                return _NONE
            at += 1
        at += 1
    # the record's own stamp, the meter, OK
    if at + 14 > end or data[at + 12] != _COMMA or _minute(data, at) < 0:
        return _NONE
    at += 13
    row[METER] = at
    while at < end and data[at] != _COMMA:
        if data[at] <= _SPACE or data[at] > _LAST_SIGN or data[at] == _QUOTE:
            return _NONE
        at += 1
    row[METER_END] = at
    if at == row[METER] or at - row[METER] > _LONGEST_ID or at + 4 > end:
        return _NONE
    if data[at + 1] != words[8] or data[at + 2] != words[9] or data[at + 3] != _COMMA:
        return _NONE
    at += 4
    # commodity, unit, constant and length, as one word that the caller knows
    kind = _NONE
    for k in range(known.shape[0]):
        length = known[k, 1]
        if at + length >= end or data[at + length] != _COMMA:
            continue
        same = True
        for j in range(length):
            if data[at + j] != words[known[k, 0] + j]:
                same = False
                break
        if same:
            kind = k
            at += length + 1
            break
    if kind < 0:
        return _NONE
    step, factor, power = known[kind, 2], known[kind, 3], known[kind, 4]
    count: Any = 0
    begun = at
    while at < end and at - begun < 4 and _ZERO <= data[at] <= _NINE:
        count = count * 10 + np.int64(data[at]) - _ZERO
        at += 1
    if at == begun or count < 1 or count > 3_000 or first + count > values.shape[0]:
        return _NONE
    # the readings
    expected: Any = np.int64(0)
    last: Any = np.int64(_NONE)
    day: Any = np.int64(0)
    lowest: Any = np.int64(0)
    told = False
    for k in range(count):
        if at >= end or data[at] != _COMMA:
            return _NONE
        at += 1
        if at < end and data[at] == _COMMA:
            if k == 0:
                return _NONE
        else:
            if at + 12 >= end or data[at + 12] != _COMMA:
                return _NONE
            if last < 0 or not _same_as_before(data, at, last):
                day = _day(data, at)
                if day < 0:
                    return _NONE
            hour, minute = _two(data, at + 8), _two(data, at + 10)
            if hour < 0 or hour > 23 or minute < 0 or minute > 59:
                return _NONE
            stamp = day * 1_440 + hour * 60 + minute
            if k == 0:
                expected = stamp
                row[START] = stamp - step
            elif stamp != expected:
                return _NONE
            last = at
            at += 12
        expected += step
        at += 1
        # quality: a letter, and a vendor's bits
        code = _VALID
        if at < end and data[at] != _COMMA:
            letter = data[at]
            if letter == _R:
                code = _RAW
            elif letter == _E:
                code = _ESTIMATED
            elif letter == _A:
                code = _ADJUSTED
            elif letter == _N:
                code = _MISSING
            else:
                return _NONE
            at += 1
            while at < end and data[at] != _COMMA:
                if not (_ZERO <= data[at] <= _NINE or 65 <= data[at] <= 70):
                    return _NONE
                at += 1
        if at >= end:
            return _NONE
        at += 1
        # value
        negative = at < end and data[at] == _MINUS
        if negative:
            at += 1
        whole: Any = np.int64(0)
        decimals: Any = np.int64(_NONE)
        digits = 0
        while at < end:
            byte = data[at]
            if _ZERO <= byte <= _NINE:
                whole = whole * 10 + np.int64(byte) - _ZERO
                digits += 1
                if decimals >= 0:
                    decimals += 1
            elif byte == _DOT and decimals < 0:
                decimals = 0
            else:
                break
            at += 1
        if digits > _DIGITS:
            return _NONE
        if negative and whole == 0:
            return _NONE  # no number, or a zero with a sign: the reference says why it is none
        if digits == 0:
            if decimals >= 0:
                return _NONE
            code = _MISSING
        if code == _MISSING:
            values[first + k] = _GAP
            codes[first + k] = _MISSING
            continue
        exponent = power - max(decimals, 0)
        whole *= factor
        if whole > _SMALL:
            return _NONE
        if told and exponent != lowest:
            # rarely: decimals differ, and the values before or this one go to the finer scale
            if exponent < lowest:
                steps = 10 ** (lowest - exponent)
                for j in range(k):
                    if codes[first + j] != _MISSING:
                        finer = np.int64(values[first + j]) * steps
                        if finer > _SMALL or finer < -_SMALL:
                            return _NONE
                        values[first + j] = finer
                lowest = exponent
            else:
                whole *= 10 ** (exponent - lowest)
                if whole > _SMALL:
                    return _NONE
        lowest = exponent if not told else lowest
        told = True
        values[first + k] = -whole if negative else whole
        codes[first + k] = code
    if at < end and data[at] == _COMMA:
        at += 1  # an empty check field
    ended = at
    if at < end and data[at] == _CR and (at + 1 >= end or data[at + 1] == _LF):
        at += 1
    if at < end and data[at] != _LF:
        return _NONE
    begins = row[START] * 60
    if begins < earliest or expected * 60 - step * 60 > latest:
        return _NONE
    row[BEGIN], row[END] = begin, ended
    row[KIND], row[FIRST], row[COUNT], row[SCALE] = kind, first, count, min(lowest, 0)
    return count  # type: ignore[no-any-return]


@nb.njit(
    _Counts(
        _Bytes, nb.int64, nb.int64, nb.int64, _Bytes, _Known, nb.int64, nb.int64, nb.int64,
        _Table, _Table, _Values, _Codes,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def read_records(
    data: Any,
    begin: int,
    until: int,
    line: int,
    words: Any,
    known: Any,
    earliest: int,
    latest: int,
    longest: int,
    rows: Any,
    others: Any,
    values: Any,
    codes: Any,
) -> tuple[int, int, int]:
    """Read the lines of ``data[begin:until]``: how many rows, other lines and values there are.

    ``words``   the record's name and comma, OK, and the words of each kind
    ``known``   Int64 [kinds x 5] where a kind's word begins, its length, minutes of an interval,
                the constant's digits and power of ten
    ``rows``    Int64 [lines x WIDTH];  ``others`` Int64 [lines x 3] number, begin, end
    ``values``  Int32, ``codes`` Int8: one after another, a gap as MISSING_VALUE and 0

    ``line`` is the number of the first line; ``earliest`` and ``latest`` bound starts and ends.
    """
    row_count, other_count, value_count = 0, 0, 0
    row = np.zeros(WIDTH, np.int64)
    at = begin
    while at < until:
        taken = _record(
            data, at, until, words, known, earliest, latest, row, values, codes, value_count
        )
        end = row[END] if taken > 0 else at
        while end < until and data[end] != _LF:
            end += 1
        last = end - 1 if end > at and data[end - 1] == _CR else end
        if last - at > longest:
            taken = _NONE
        if taken > 0:
            row[LINE] = line
            for k in range(WIDTH):
                rows[row_count, k] = row[k]
            row_count += 1
            value_count += taken
        else:
            others[other_count, 0] = line
            others[other_count, 1] = at
            others[other_count, 2] = last
            other_count += 1
        line += 1
        at = end + 1
    return row_count, other_count, value_count
