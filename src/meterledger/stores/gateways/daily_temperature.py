"""Daily temperatures from files: means of days as they stand, or made of hourly observations.

Lives here      reading two forms of CSV, plain or gzip: ``day,mean_f`` and ``dt,tempF`` (hourly
                observations with their offset from UTC, as published by weather services).
Lives elsewhere keeping them (``usecases.document_ports.Weather``), their means (``facts/weather``).

A local day's mean of hourly observations is given only where at least twenty hours are known.
"""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

from meterledger.facts.weather import (
    COLDEST_TENTHS_F,
    HOTTEST_TENTHS_F,
    DailyTemperature,
)
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.written_days import day_from_text, instant_from_text
from meterledger.stores.gateways.exact import read_exact

HOURS_NEEDED = 20
DECIMALS_MAX = 12
FORMS = (("day", "mean_f"), ("dt", "tempF"))


class NoTemperatures(Refusal):
    """A file holds no temperatures that can be used."""


def read_temperatures(
    path: Path, *, station: str, source: str, zone_name: str, learned_at: datetime
) -> list[DailyTemperature]:
    """The days of a file, in order. Nothing is returned of a file with a line that is not one.

    :raises NoTemperatures: naming the file and the line
    """
    rows = csv.DictReader(io.StringIO(_text(path)))
    columns = tuple(rows.fieldnames or ())
    if columns not in FORMS:
        raise NoTemperatures(
            f"The columns are {', '.join(columns) or 'none'}",
            where=path.name,
            do="Give a CSV with day,mean_f or with dt,tempF",
        )
    seen: dict[date, list[Fraction]] = {}
    for number, row in enumerate(rows, start=2):
        when, degrees = row[columns[0]], row[columns[1]]
        day, value = _day(when, zone_name), _degrees(degrees)
        if day is None or value is None:
            raise NoTemperatures(
                f"Line {number} is no day with a temperature: {when},{degrees}"[:120],
                where=path.name,
                why="Nothing of the file is kept",
                do="Correct the line or take it out",
            )
        seen.setdefault(day, []).append(value)
    needed = 1 if columns == FORMS[0] else HOURS_NEEDED
    return [
        DailyTemperature(
            station,
            day,
            to_whole_half_up(sum(found, Fraction()) * 10 / len(found)),
            source,
            learned_at,
        )
        for day, found in sorted(seen.items())
        if len(found) >= needed
    ]


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise NoTemperatures(
            "The file cannot be read", where=str(path), why=str(problem), do="Name another file"
        ) from problem


def _day(text: str | None, zone_name: str) -> date | None:
    if len(text or "") == 10:
        return day_from_text(text or "")
    at = instant_from_text(text or "", fractions=True)
    return None if at is None else local_day_of(at, zone_name)


def _degrees(text: str | None) -> Fraction | None:
    told = read_exact(text or "")
    if told is None or told.exponent < -DECIMALS_MAX:
        return None
    value = Fraction(told.whole) * Fraction(10) ** told.exponent
    return value if COLDEST_TENTHS_F <= value * 10 <= HOTTEST_TENTHS_F else None
