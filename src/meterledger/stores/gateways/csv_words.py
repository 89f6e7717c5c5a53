"""The words of a table of readings: header names, units, qualities, directions, cells.

Lives here      what each word of a cell means, and what is said of one that means nothing.
Lives elsewhere rows into readings (``table``), times (``csv_times``).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from meterledger.facts.readings import Commodity, Flow, Quality

MAX_LINE = 8_000
MAX_COLUMNS = 100
HEADER = "meter,start,value,unit[,quality][,end|interval_seconds][,direction][,commodity]"

COLUMNS = {
    "meter": "meter",
    "meter_id": "meter",
    "start": "start",
    "start_time": "start",
    "interval_start": "start",
    "end": "end",
    "end_time": "end",
    "interval_end": "end",
    "interval_seconds": "interval_seconds",
    "value": "value",
    "reading": "value",
    "unit": "unit",
    "quality": "quality",
    "direction": "direction",
    "commodity": "commodity",
}
"""Header words (lower case, spaces as underscores) and the column they mean."""

UNITS = {
    "wh": "Wh",
    "kwh": "kWh",
    "mwh": "MWh",
    "vah": "VAh",
    "kvah": "kVAh",
    "varh": "VArh",
    "kvarh": "kVArh",
    "w": "W",
    "kw": "kW",
    "va": "VA",
    "kva": "kVA",
    "v": "V",
    "a": "A",
    "therm": "therm",
    "cf": "CF",
    "ccf": "CCF",
    "mcf": "MCF",
    "gal": "gal",
    "m3": "m3",
    "l": "L",
    "btu": "BTU",
}
_ELECTRIC = frozenset(
    {"Wh", "kWh", "MWh", "VAh", "kVAh", "VArh", "kVArh", "W", "kW", "VA", "kVA", "V", "A"}
)
_UNDIRECTED = frozenset({"V", "A"})
MISSING_WORDS = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})
METER_ID = re.compile(r"[!-~][ -~]{0,62}[!-~]|[!-~]")


class Unusable(Exception):
    """This row cannot be used; says why."""


def lines_of(text: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """Number and place of each line; lines end with CR LF or LF."""
    begin, number = 0, 0
    while begin < len(text):
        until = text.find("\n", begin)
        until = len(text) if until < 0 else until
        number += 1
        yield number, (begin, until - 1 if text[begin:until].endswith("\r") else until)
        begin = until + 1


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line. :raises Unusable: if its quotation marks do not pair."""
    try:
        (cells,) = csv.reader([line.rstrip("\r")], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as problem:
        raise Unusable(f"Its quotation marks do not pair ({problem})") from problem
    if len(cells) > MAX_COLUMNS:
        raise Unusable(f"It has more than {MAX_COLUMNS} columns")
    return cells


def word_of(text: str) -> str:
    """A word as it is looked up: small letters, spaces as underscores."""
    return re.sub(r"\s+", "_", text.strip().lower())


def length_of(text: str) -> int:
    """Seconds of an interval_seconds cell. :raises Unusable: if it is no whole number."""
    if not re.fullmatch(r"\d{1,8}", text, re.ASCII):
        raise Unusable(f"Its interval_seconds is '{text[:20]}', not a whole number")
    return int(text)


def quality_of(text: str) -> Quality:
    """The quality a cell says; empty is ``raw``. :raises Unusable: if it is none."""
    if not text:
        return Quality.RAW
    for quality in Quality:
        if text.lower() == quality.word:
            return quality
    raise Unusable(
        f"Its quality is '{text[:20]}', not one of {', '.join(one.word for one in Quality)}"
    )


def flow_of(text: str, unit: str) -> Flow:
    """The direction a cell says; empty is delivered, as the profile means it.

    :raises Unusable: if it is none
    """
    if not text:
        return Flow.UNKNOWN if unit in _UNDIRECTED else Flow.DELIVERED
    for flow in Flow:
        if text.lower() == flow.value:
            return flow
    raise Unusable(
        f"Its direction is '{text[:20]}', not one of {', '.join(one.value for one in Flow)}"
    )


def commodity_of(text: str, unit: str) -> Commodity:
    """The commodity a cell says; empty is electricity where only that has the unit.

    :raises Unusable: if it is none
    """
    if not text:
        return Commodity.ELECTRICITY if unit in _ELECTRIC else Commodity.OTHER
    for commodity in Commodity:
        if text.lower() == commodity.value:
            return commodity
    raise Unusable(
        f"Its commodity is '{text[:20]}', not one of {', '.join(one.value for one in Commodity)}"
    )
