"""When a file says it was made: of two that differ, the one made later speaks.

CMEP writes it into every record (field 7, UTC), Green Button into its entries (``updated``),
IEC 61968-9 into its header (``Timestamp``). Other formats do not say, or not in which zone.

Lives here      finding it in a file that was read and found sound.
Lives elsewhere what follows from it (``metering.later_files``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from meterledger.facts.readings import ReadingFile
from meterledger.stores.gateways.refusals import FUTURE_ALLOWANCE_SECONDS

_CMEP_STAMP = re.compile(rb"^MEP\w*,(?:[^,\r\n]*,){5}(\d{12})", re.MULTILINE)
_UPDATED = re.compile(rb"<(?:\w+:)?updated>([^<]{10,40})<")
_HEADER_STAMP = re.compile(rb"<(?:\w+:)?Timestamp>([^<]{10,40})<")
_EDGE_BYTES = 64 * 1024
"""A file is made at once: its first and last records are looked at, and not a million between."""


def made_at(file: ReadingFile, data: bytes, *, received_at: datetime) -> int | None:
    """UTC epoch seconds, or None where the file does not say, or names a time yet to come."""
    edges = (data[:_EDGE_BYTES], data[_EDGE_BYTES:][-_EDGE_BYTES:])
    if file.format == "cmep":
        told = [_minute(one) for edge in edges for one in _CMEP_STAMP.findall(edge)]
    elif file.format == "green-button":
        told = [_instant(one) for edge in edges for one in _UPDATED.findall(edge)]
    elif file.format == "iec-61968-9":
        told = [_instant(one) for one in _HEADER_STAMP.findall(edges[0])[:1]]
    else:
        return None
    newest = max((one for one in told if one is not None), default=None)
    if newest is None or newest > received_at.timestamp() + FUTURE_ALLOWANCE_SECONDS:
        return None
    return newest


def _minute(stamp: bytes) -> int | None:
    try:
        return int(datetime.strptime(stamp.decode(), "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _instant(text: bytes) -> int | None:
    try:
        moment = datetime.fromisoformat(text.decode("ascii").strip())
    except ValueError:
        return None
    return None if moment.tzinfo is None else int(moment.timestamp())
