"""Published meter series of other forms, written as the plain table that ``ingest`` takes.

Lives here      which form a file has, by its content, and its rows as a plain table.
Lives elsewhere reading the table (``stores/gateways``), measuring (``measuring``).
Read first      docs/operating/measuring_real_files.md.

Nothing is moved: a time without a zone is taken as standard time all year (-06:00), which neither
makes nor loses an hour. Values stand as published; where they are finer than the lake keeps, or are
powers whose energy is no decimal, they are whole watt-hours cut from the exact running total.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from meterledger.kernel.refusal import Refusal

STANDARD_OFFSET = "-06:00"
MARKET_OFFSET = "+10:00"
"""The zone of NEM12: the market's, without clock changes."""

FINEST_DECIMALS = 6
"""Of a kWh: finer ones do not fit the lake's 31 bits beside an ordinary hour's energy."""

DELIVERED, RECEIVED = "delivered", "received"


class FormBroken(Refusal):
    """A file of a known form that does not keep it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One published value: ``energy`` in kWh, None where the file says that it is missing."""

    meter: str
    start: str
    end: str
    energy: Fraction | None
    direction: str = DELIVERED


@dataclass(frozen=True, slots=True)
class Table:
    """A file as a plain table, and the exact energy that its delivered rows publish."""

    form: str
    data: bytes
    published_kwh: dict[str, Fraction]
    """By meter, every equal row once."""


Reader = Callable[[list[str]], Iterable[Row]]


def as_table(path: Path) -> Table | None:
    """The file as a plain table, or None if it has none of the known forms.

    :raises FormBroken: if it has one and does not keep it
    """
    if path.suffix == ".parquet":
        return _table("parquet of half-hours", list(_parquet(path)))
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return None
    header = lines[0].strip() if lines else ""
    for form, begins, read in _FORMS:
        if header.startswith(begins):
            return _table(form, list(read(lines)))
    if len(lines) in (8_760, 35_040) and _is_number(header):
        return _table("a year of kW, one in a row", list(_year_of_kw(lines)))
    return None


def _table(form: str, rows: Sequence[Row]) -> Table:
    seen: set[Row] = set()
    published: dict[str, Fraction] = {}
    for row in rows:
        if row not in seen and row.energy is not None and row.direction == DELIVERED:
            published[row.meter] = published.get(row.meter, Fraction(0)) + row.energy
        seen.add(row)
    whole = {row.meter for row in rows if _decimals(row.energy) > FINEST_DECIMALS}
    out = io.StringIO()
    out.write("meter,start,end,value,unit,direction\n")
    run: dict[tuple[str, str], Fraction] = {}
    told: dict[Row, str] = {}
    for row in rows:
        unit = "Wh" if row.meter in whole else "kWh"
        if row not in told:
            value = ""
            if row.energy is not None and row.meter in whole:
                before = run.get((row.meter, row.direction), Fraction(0))
                run[row.meter, row.direction] = before + row.energy
                value = str((before + row.energy) * 1000 // 1 - before * 1000 // 1)
            elif row.energy is not None:
                value = _decimal_text(row.energy)
            told[row] = value  # a row that is there twice says the same twice
        out.write(f"{row.meter},{row.start},{row.end},{told[row]},{unit},{row.direction}\n")
    how = f"{form}, in whole Wh" if whole else form
    return Table(how, out.getvalue().encode(), published)


def _decimals(exact: Fraction | None) -> int:
    """How many decimals the number has; more than any where it is no decimal."""
    denominator = 1 if exact is None else exact.denominator
    count = 0
    while denominator % 10 == 0:
        denominator, count = denominator // 10, count + 1
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator, count = denominator // prime, count + 1
    return count if denominator == 1 else 99


def _decimal_text(exact: Fraction) -> str:
    with localcontext() as context:
        context.prec = 60
        return format(Decimal(exact.numerator) / Decimal(exact.denominator), "f")


def _number(text: str, line: int) -> Fraction | None:
    if text.strip().lower() in ("", "?", "nan"):
        return None
    try:
        return Fraction(Decimal(text.strip()))
    except (InvalidOperation, ValueError, OverflowError):
        raise FormBroken(
            f"'{text[:40]}' is not a number", where=f"line {line}", do="Correct the file"
        ) from None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise FormBroken(f"'{text[:40]}' is not a time", do="Correct the file") from None


def _stamp(time: datetime, offset: str = STANDARD_OFFSET) -> str:
    text = time.isoformat(timespec="seconds")
    return text if time.tzinfo is not None else text + offset


def _pairs(lines: list[str]) -> Iterator[Row]:
    """``start,value`` in kWh: at one step, or each until the next begins (the last says when)."""
    cells = [line.split(",") for line in lines[1:] if line.strip()]
    starts = [_time(one[0]) for one in cells]
    values = [_number(one[1], number) for number, one in enumerate(cells, start=2)]
    ordered = sorted(set(starts))
    steps = [later - earlier for earlier, later in pairwise(ordered)]
    usual = max(set(steps), key=steps.count)
    if steps.count(usual) * 10 >= len(steps) * 9 and usual < timedelta(days=1):
        for start, value in zip(starts, values, strict=True):
            yield Row("SERIES", _stamp(start), _stamp(start + usual), value)
        return
    for (start, value), end in zip(zip(starts, values, strict=True), starts[1:], strict=False):
        yield Row("SERIES", _stamp(start), _stamp(end), value)


def _spans(lines: list[str]) -> Iterator[Row]:
    """``reading,start time,end time`` in kWh."""
    for number, line in enumerate(lines[1:], start=2):
        value, start, end = line.split(",")
        yield Row("SERIES", _stamp(_time(start)), _stamp(_time(end)), _number(value, number))


def _quarter_hours(lines: list[str]) -> Iterator[Row]:
    """``interval_start_local,minutes_present,kwh,...``."""
    for number, line in enumerate(lines[1:], start=2):
        start, _, kwh = line.split(",")[:3]
        at = _time(start)
        yield Row("HOUSEHOLD", _stamp(at), _stamp(at + timedelta(minutes=15)), _number(kwh, number))


def _minutes(lines: list[str]) -> Iterator[Row]:
    """``Date;Time;Global_active_power;...``: kW on average of a minute, day before month."""
    for number, line in enumerate(lines[1:], start=2):
        day, clock, kw = line.split(";")[:3]
        at = datetime.strptime(f"{day} {clock}", "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007 - no zone
        power = _number(kw, number)
        energy = None if power is None else power / 60
        yield Row("HOUSEHOLD", _stamp(at), _stamp(at + timedelta(minutes=1)), energy)


def _hours_of_a_home(lines: list[str]) -> Iterator[Row]:
    """Consecutive hours without dates, the first the 24th of 31 July; kWh of load."""
    column = lines[0].split(",").index("non_shiftable_load")
    at = datetime(2016, 7, 31, 23)  # noqa: DTZ001 - a year whose 31 July is a Sunday, no zone
    for number, line in enumerate(lines[1:], start=2):
        end = at + timedelta(hours=1)
        yield Row("HOME", _stamp(at), _stamp(end), _number(line.split(",")[column], number))
        at = end


def _year_of_kw(lines: list[str]) -> Iterator[Row]:
    """A year that begins on a Monday, in hours or quarter-hours; kW on average."""
    length = timedelta(hours=1) if len(lines) == 8_760 else timedelta(minutes=15)
    at = datetime(2018, 1, 1)  # noqa: DTZ001 - a year whose 1 January is a Monday, no zone
    for number, line in enumerate(lines, start=1):
        power = _number(line, number)
        energy = None if power is None else power * length.seconds / 3_600
        yield Row("LOAD", _stamp(at), _stamp(at + length), energy)
        at += length


def _nem12(lines: list[str]) -> Iterator[Row]:
    """Records 200 (which register), 300 (a day of values) and 400 (quality of some of them)."""
    meter, direction, unit, minutes = "", "", "", 0
    day: list[Row] = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(",")
        if cells[0] == "400":
            day = _without_null(day, cells, number)
            continue
        yield from day
        day = []
        if cells[0] == "200":
            if len(cells) < 9 or not cells[8].strip().isdigit():
                raise _nem_broken(number, "a record 200 has no interval length")
            meter, unit, minutes = f"{cells[1]}-{cells[4]}", cells[7], int(cells[8])
            direction = RECEIVED if cells[4].startswith("B") else DELIVERED
        elif cells[0] == "300" and meter and unit.lower() in ("kwh", "wh", "mwh"):
            day = list(_nem_day(cells, meter, direction, unit, minutes, number))
    yield from day


def _without_null(day: Sequence[Row], cells: Sequence[str], number: int) -> list[Row]:
    """The day with the intervals of a record 400 gone, where it says that they are null data."""
    try:
        first, last, quality = int(cells[1]), int(cells[2]), cells[3]
    except (ValueError, IndexError):
        raise _nem_broken(number, "a record 400 names its intervals and their quality") from None
    gone = range(first - 1, last) if quality.startswith("N") else range(0)
    return [
        Row(row.meter, row.start, row.end, None, row.direction) if place in gone else row
        for place, row in enumerate(day)
    ]


def _nem_day(
    cells: list[str], meter: str, direction: str, unit: str, minutes: int, number: int
) -> Iterator[Row]:
    count = 1_440 // minutes
    values, rest = cells[2 : 2 + count], cells[2 + count :]
    if len(values) < count or not rest or not rest[0][:1].isalpha():
        raise _nem_broken(number, f"a day of {minutes} minutes has {count} values and a quality")
    missing = rest[0].startswith("N")
    power = {"kwh": 0, "wh": -3, "mwh": 3}[unit.lower()]
    day = datetime.strptime(cells[1], "%Y%m%d")  # noqa: DTZ007 - the market's zone
    for place, value in enumerate(values):
        at = day + timedelta(minutes=minutes * place)
        energy = None if missing else _number(value, number)
        yield Row(
            meter,
            _stamp(at, MARKET_OFFSET),
            _stamp(at + timedelta(minutes=minutes), MARKET_OFFSET),
            None if energy is None else energy * Fraction(10) ** power,
            direction,
        )


def _nem13(lines: list[str]) -> Iterator[Row]:
    """Record 250: a register read twice, and what was used between."""
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(",")
        if cells[0] != "250":
            continue
        start, end = (
            datetime.strptime(cells[place], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the market's zone
            for place in (9, 14)
        )
        yield Row(
            f"{cells[1]}-{cells[4]}",
            _stamp(start, MARKET_OFFSET),
            _stamp(end, MARKET_OFFSET),
            _number(cells[18], number),
        )


def _nem_broken(number: int, what: str) -> FormBroken:
    return FormBroken(
        "The file does not keep the form it begins with",
        where=f"line {number}",
        why=what[:1].upper() + what[1:],
        do="Ask the sender for a sound file",
    )


def _parquet(path: Path) -> Iterator[Row]:
    """``customer_id, reading_datetime, kwh``: half-hours in single precision, as it prints."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    if not {"customer_id", "reading_datetime", "kwh"} <= set(table.column_names):
        raise FormBroken(
            f"The table has the columns {', '.join(table.column_names)[:200]}",
            do="Give customer_id, reading_datetime and kwh",
        )
    energies = table.column("kwh").to_numpy()
    for meter, at, energy in zip(
        table.column("customer_id").to_pylist(),
        table.column("reading_datetime").to_pylist(),
        energies,
        strict=True,
    ):
        value = None if energy != energy else Fraction(Decimal(str(energy)))
        yield Row(meter, _stamp(at), _stamp(at + timedelta(minutes=30)), value)


_FORMS: tuple[tuple[str, str, Reader], ...] = (
    ("starts and kWh", "start,value", _pairs),
    ("kWh between two times", "reading,start time,end time", _spans),
    ("quarter-hours of a household", "interval_start_local,minutes_present,kwh", _quarter_hours),
    ("minutes of a household", "Date;Time;Global_active_power", _minutes),
    ("hours of a home without dates", "month,hour,day_type,", _hours_of_a_home),
    ("NEM12", "100,NEM12", _nem12),
    ("NEM13", "100,NEM13", _nem13),
)
