"""Files of meters' events: a CSV table with one event in a row, or an IEC 61968-9 message.

Lives here      columns ``meter``, ``at`` (with its offset from UTC) and ``event``; every other
                column is a detail under its name, where a row has something in it. A file with a
                row that cannot be read is refused as a whole: an event left out is one that nobody
                looks for.
Lives elsewhere messages (``iec61968_events``), readings (the readers beside this file), cases
                (``metering.event_cases``).
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime
from io import StringIO

from meterledger.facts.events import EventKind, MeterEvent
from meterledger.kernel.written_days import instant_from_text
from meterledger.stores.gateways.iec61968_events import read_iec_events
from meterledger.stores.gateways.opening import (
    OpenedFile,
    decode,
    opened,
    refuse_binary,
    without_bom,
)
from meterledger.stores.gateways.refusals import EnvelopeBroken, NothingToLoad
from meterledger.stores.gateways.settling import is_meter_id

NEEDED = ("meter", "at", "event")
MAX_EVENTS = 1_000_000
MAX_COLUMNS = 40
MAX_TEXT = 200
KINDS = {kind.value: kind for kind in EventKind}


def read_event_bytes(name: str, data: bytes, *, learned_at: datetime) -> list[MeterEvent]:
    """The events of a file as it came, plain or gzip. :raises FileRefused: as ``read_events``"""
    return read_events(opened(name, data), learned_at=learned_at)


def read_events(file: OpenedFile, *, learned_at: datetime) -> list[MeterEvent]:
    """The events of a file in the order of its rows; the row's number is their place.

    :raises FileRefused: naming the line and what is wrong with it
    """
    refuse_binary(file.name, file.data)
    plain = without_bom(file.name, file.data).lstrip()
    if plain.startswith(b"<"):
        return read_iec_events(replace(file, data=plain), learned_at=learned_at)
    rows = csv.reader(StringIO(decode(file.name, file.data), newline=""), strict=True)
    found: list[MeterEvent] = []
    try:
        header = [word.strip().lower() for word in next(rows, [])]
        _check_header(file.name, header)
        for number, row in enumerate(rows, start=1):
            if not any(word.strip() for word in row):
                continue
            if len(found) == MAX_EVENTS:
                raise EnvelopeBroken(
                    f"The file holds more than {MAX_EVENTS:,} events",
                    where=file.name,
                    do="Send it in parts",
                )
            where = f"{file.name}, line {rows.line_num}"
            found.append(_event(header, row, number, where, file.sha256, learned_at))
    except csv.Error as problem:
        raise EnvelopeBroken(
            f"The table cannot be read: {problem}",
            where=f"{file.name}, line {rows.line_num}",
            do="Ask the sender for a sound file",
        ) from problem
    if not found:
        raise NothingToLoad(
            "The file holds no event", where=file.name, do="Ask the sender for the events"
        )
    return found


def _check_header(name: str, header: list[str]) -> None:
    missing = [word for word in NEEDED if word not in header]
    if missing or len(set(header)) < len(header) or len(header) > MAX_COLUMNS:
        raise EnvelopeBroken(
            f"The first line does not name the columns {', '.join(NEEDED)}, each once",
            where=f"{name}, line 1",
            do="Name them, and any others by what they tell, like voltage",
        )


def _event(
    header: list[str], row: list[str], number: int, where: str, sha256: str, learned_at: datetime
) -> MeterEvent:
    if len(row) != len(header) or any(len(word) > MAX_TEXT for word in row):
        raise EnvelopeBroken(
            f"The row has {len(row)} cells and the table {len(header)} columns, or a cell is "
            f"longer than {MAX_TEXT} letters",
            where=where,
            do="Ask the sender for a sound file",
        )
    told = {name: word.strip() for name, word in zip(header, row, strict=True) if word.strip()}
    meter, kind = told.pop("meter", ""), KINDS.get(told.pop("event", ""))
    at = instant_from_text(told.pop("at", ""), fractions=True)
    named = is_meter_id(meter)
    if not named or kind is None or at is None:
        wrong = "no meter" if not named else "no such event" if kind is None else "no such time"
        raise EnvelopeBroken(
            f"The row names {wrong}",
            where=where,
            do=f"Name a meter, a time with its offset like 2025-07-10T10:07:00-05:00, and one of "
            f"{', '.join(KINDS)}",
        )
    return MeterEvent(meter, kind, at, sha256, number, learned_at, tuple(sorted(told.items())))
