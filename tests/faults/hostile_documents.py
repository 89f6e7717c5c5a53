"""Seeded, structure-aware mutations of real files: what was changed, and whether it means another.

Lives here      small documents cut from the files of tests/data (MultiSpeak's are ours), the places
                in them that mean something, and mutations by number: one number, one document.
Lives elsewhere what must hold of every one of them (``test_parsers_survive_anything``).

A mutation ``tells`` if it certainly changes what a document says of a reading: then the report must
differ, or the file be refused, or a line set aside. Of noise nothing is claimed but that a reader
survives it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Place:
    """A stretch of text that means something: a ``number``, a ``stamp``, a ``word`` ..."""

    begin: int
    end: int
    kind: str


@dataclass(frozen=True)
class Document:
    """A sound document. ``units`` are stretches that each hold readings, whole: lines, elements."""

    text: str
    places: tuple[Place, ...]
    units: tuple[tuple[int, int], ...]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mutant:
    """A mutated document; ``tells`` says in words what it certainly changed, empty for noise."""

    data: bytes
    tells: str


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d{1,3})?", re.ASCII)
_NUMBERS = (
    "", "0", "-0", "-1", "+1", "1e3", "1E999", "NaN", "inf", "9" * 30, "0x10", "1,5", "1 5", ".",
    "-", "1.", ".5", "\u0663", "2147483648", "9223372036854775808", "1e-19", "--1", "1_0",
)  # fmt: skip
_STAMPS = (
    "", "0", "000000000000", "999999999999", "20260230", "2026-02-30T00:00:00Z", "now", "-1",
    "2028-07-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-07-14 24:00", "99999999999999",
    "2026-07-14T17:15:00",
)  # fmt: skip
_WORDS = (
    "", " ", "KWH", "kWh", "GKWH", "E", "V", "A", "N", "F14", "OK", "SUMMARY", "REJECT", "B1",
    "x" * 300, "\x00", "\x0b", "\x7f", '"', "'", "<", "&amp;", "]]>", "\ud7ff", "\u202e", "../..",
    "M1", "0.0.0",
)  # fmt: skip
_NOISE = (
    "<", ">", "&", "</", "<!DOCTYPE x>", "<![CDATA[", "<?x", "\x00", "\xff", "-", "e9", ",", '"',
    "\n", "\r", "9" * 21, "NaN", "RESEND", "Z", "+99:99", "\u2028", "xmlns:x='y'", "900\n",
    "MEPMD01,", ";",
)  # fmt: skip


def mutant(document: Document, number: int) -> Mutant:
    """The mutation of that number: the same at every run."""
    dice = random.Random(number)
    how = dice.random()
    if how < 0.55:
        return _told(document, dice)
    if how < 0.7:
        return _without_or_twice(document, dice)
    return _noise(document, dice)


def _told(document: Document, dice: random.Random) -> Mutant:
    place = dice.choice(document.places)
    old = document.text[place.begin : place.end]
    new = _replacement(old, place.kind, dice)
    text = document.text[: place.begin] + new + document.text[place.end :]
    told = "" if says_the_same(place.kind, old, new) else f"{place.kind} {old!r} became {new!r}"
    return Mutant(_bytes(text), told)


def _replacement(old: str, kind: str, dice: random.Random) -> str:
    listed = {"number": _NUMBERS, "stamp": _STAMPS, "next stamp": _STAMPS}.get(kind, _WORDS)
    how = dice.randrange(6)
    at = dice.randrange(len(old)) if old else 0
    if how == 0 or not old:
        return dice.choice(listed)
    if how == 1:
        return old[:at] + dice.choice("0123456789") + old[at + 1 :]
    if how == 2:
        return old[:at] + old[at + 1 :]
    if how == 3:
        return old[:at] + dice.choice("0123456789.-+eZT: ") + old[at:]
    if how == 4 and kind == "number":
        return "-" + old
    return old[::-1] if how == 4 else old + dice.choice("0019.")


def _without_or_twice(document: Document, dice: random.Random) -> Mutant:
    begin, end = dice.choice(document.units)
    unit = document.text[begin:end]
    if dice.random() < 0.5:
        return Mutant(_bytes(document.text[:begin] + document.text[end:]), "a unit is gone")
    return Mutant(_bytes(document.text[:end] + unit + document.text[end:]), "a unit stands twice")


def _noise(document: Document, dice: random.Random) -> Mutant:
    text = document.text
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(text) + 1)
        until = min(len(text), at + dice.choice((0, 1, 2, 8, 60, 600)))
        how = dice.randrange(6)
        if how == 0:
            text = text[:at] + text[until:]
        elif how == 1:
            text = text[:until] + text[at:]
        elif how == 2:
            text = text[:at] + dice.choice(_NOISE) + text[until:]
        elif how == 3:
            other = dice.randrange(len(text) + 1)
            text = text[:at] + text[other : other + 200] + text[at:]
        elif how == 4:
            text = text[:at] + text[at:until][::-1] + text[until:]
        else:
            text = text[:at]
        text = text or "x"
    return Mutant(_bytes(text), "")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_SILENT = {"direction": "delivered", "quality": "raw", "constant": "1", "power": "0"}
"""What an empty place says, where a format has a default."""

_ALIASES = {"volts": "v", "pulse": "kwh"}
"""Words that mean another's unit."""

_SPARE = ("next stamp", "spare word")
"""Places that may be empty: what stands beside them says the same."""

_CODE = re.compile(r"\d+(?:\.\d+){14}\.-?\d+\.\d+\.\d+", re.ASCII)
_OFFSET = re.compile(r"(?:Z|[+-]\d{4})$")
_SAME_PERIOD = {53: 2}


def says_the_same(kind: str, old: str, new: str) -> bool:
    """Whether two texts of a place say the same, or may."""
    if kind in _SPARE and not new.strip():
        return True
    told = _meaning(kind, old)
    if kind.endswith("stamp") and _OFFSET.sub("", str(told)) == _meaning(kind, new):
        return True  # without its offset it is local, and may be the same instant
    return told == _meaning(kind, new)


def _meaning(kind: str, text: str) -> object:
    said = text.strip()
    said = said or _SILENT.get(kind, "")
    if kind in ("number", "constant", "power") and _NUMBER.fullmatch(said):
        return Decimal(re.sub("[dD]", "e", said))
    if kind == "code" and _CODE.fullmatch(said):
        numbers = [int(one) for one in said.split(".")]
        period = _SAME_PERIOD.get(numbers[2], numbers[2])
        return (period, numbers[4], *numbers[15:17])
    if kind in ("stamp", "next stamp") and said.isdecimal():
        return int(said)
    if kind in ("stamp", "next stamp"):
        at = re.sub(r"\.\d{1,9}$", "", said).replace("T", " ")
        return re.sub(r"([+-]\d\d):(\d\d)$", r"\1\2", at)
    return said if kind == "code" else _ALIASES.get(said.lower(), said.lower())


# ------------------------------------------------------------------------------ documents


def _cells_of(text: str, kinds: Callable[[list[str]], dict[int, str]]) -> tuple[Place, ...]:
    """Places of comma separated lines, by what ``kinds`` says of a line's cells."""
    places: list[Place] = []
    at = 0
    for line in text.splitlines(keepends=True):
        cells = line.rstrip("\r\n").split(",")
        wanted = kinds(cells)
        begin = at
        for number, cell in enumerate(cells):
            if number in wanted:
                quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
                places.append(Place(begin + quoted, begin + len(cell) - quoted, wanted[number]))
            begin += len(cell) + 1
        at += len(line)
    return tuple(places)


def _lines_of(text: str, wanted: Callable[[str], bool]) -> tuple[tuple[int, int], ...]:
    units: list[tuple[int, int]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if wanted(line):
            units.append((at, at + len(line)))
        at += len(line)
    return tuple(units)


def _elements(
    text: str, kinds: dict[str, str], units: str
) -> tuple[tuple[Place, ...], tuple[tuple[int, int], ...]]:
    """Texts of elements by local name, values of ``ref`` attributes, and whole elements."""
    places = [
        Place(match.start(2), match.end(2), kinds[match.group(1)])
        for match in re.finditer(r"<(?:\w+:)?(\w+)[^<>/]*>([^<>]*)</", text)
        if match.group(1) in kinds
    ]
    places += [
        Place(match.start(1), match.end(1), "code")
        for match in re.finditer(r'ReadingType ref="([^"]*)"', text)
    ]
    whole = re.finditer(rf"<((?:\w+:)?(?:{units}))\b.*?</\1>\s*", text, flags=re.DOTALL)
    return tuple(places), tuple((one.start(), one.end()) for one in whole)


def _cmep_kinds(cells: list[str]) -> dict[int, str]:
    kinds = {7: "spare word", 9: "word", 10: "word", 11: "constant", 13: "number"}
    if not cells[10].endswith("REG"):
        kinds[12] = "stamp"
    for at in range(14, len(cells) - 2, 3):
        kinds |= {at: "stamp" if at == 14 else "next stamp"}
        if not cells[at + 1].startswith("N"):
            kinds |= {at + 2: "number"}
    return kinds


def cmep() -> Document:
    sensus = (DATA / "headend/sensus_interval_and_register.cmep").read_bytes().decode()
    spec = (DATA / "headend/spec_cases.cmep").read_bytes().decode().splitlines(keepends=True)
    first, second, third = sensus.splitlines(keepends=True)
    cells = first.split(",")
    short = ",".join([*cells[:13], "4", *cells[14:26]]) + "\r\n"
    text = short + second + third + "".join(spec[at] for at in (2, 5, 6, 7, 8))
    return Document(text, _cells_of(text, _cmep_kinds), _lines_of(text, lambda line: True))


def green_button() -> Document:
    text = (DATA / "greenbutton/Electric.xml").read_text()
    text = re.sub(r"<!--.*?-->|<\?xml-style.*?\?>", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", "\n", text)
    kinds = {
        "start": "next stamp",
        "value": "number",
        "uom": "number",
        "powerOfTenMultiplier": "power",
    }
    places, units = _elements(text, kinds, "IntervalReading")
    types = [one.span() for one in re.finditer(r"<ReadingType\b.*?</ReadingType>", text, re.DOTALL)]
    inside = [
        place
        for place in places
        if any(begin < place.begin < end for begin, end in (*units, *types))
    ]
    return Document(text, tuple(inside), units)


def table() -> Document:
    rows = [
        "meter,start,value,unit,quality,end,direction",
        *(
            f"M{n % 2},2026-07-01T0{n}:00:00-05:00,{n}.25,kWh,valid,"
            f"2026-07-01T0{n + 1}:00:00-05:00,{'delivered' if n % 2 else 'received'}"
            for n in range(8)
        ),
        "M3,2025-11-02 01:00,1.5,Wh,raw,2025-11-02 01:30,net",
        "M3,2025-11-02 01:00,2.5,Wh,raw,2025-11-02 01:30,net",
    ]
    text = "\n".join(rows) + "\n"

    def kinds(cells: list[str]) -> dict[int, str]:
        if cells[0] == "meter":
            return {}
        known = {0: "word", 1: "stamp", 2: "number", 3: "word", 5: "stamp"}
        return {**known, 4: "quality", 6: "direction"}

    units = _lines_of(text, lambda line: line.startswith("M"))
    return Document(text, _cells_of(text, kinds), units, {"zone": "America/Chicago"})


def iec61968() -> Document:
    text = (DATA / "headend/meter_readings_15min.xml").read_text()
    text = re.sub(r"\s*\n\s*", "\n", text)
    blocks = []
    for block in re.findall(r"<IntervalBlocks>.*?</IntervalBlocks>", text, flags=re.DOTALL)[:2]:
        readings = re.findall(r"<IntervalReadings>.*?</IntervalReadings>\n", block, flags=re.DOTALL)
        kept = [one for one in readings if "<value>" in one][:4]
        blocks.append("<IntervalBlocks>\n" + "".join(kept) + block[block.rindex("<ReadingType") :])
    begin, end = text.index("<IntervalBlocks>"), text.rindex("</IntervalBlocks>")
    text = text[:begin] + "\n".join(blocks) + text[end + len("</IntervalBlocks>") :]
    kinds = {"timeStamp": "stamp", "value": "number", "mRID": "spare word"}
    places, units = _elements(text, kinds, "IntervalReadings")
    return Document(text, places, units, {"zone": "America/Chicago"})


def multispeak() -> Document:
    version = "http://www.multispeak.org/Version_4.1_Release"
    reads = "".join(
        f'<meterRead objectID="M{n}"><meterNo>M{n}</meterNo>'
        f"<readingDate>2026-07-15T0{n}:00:00-05:00</readingDate><posKWh>{n}50123</posKWh><negKWh>{n}2</negKWh></meterRead>\n"
        for n in range(1, 4)
    )
    values = "".join(
        f"<readingValue><units>{unit}</units><value>{n}0.5</value><fieldName>{name}</fieldName>"
        f"<timeStamp>2026-07-15T00:0{n}:00Z</timeStamp></readingValue>\n"
        for n, (name, unit) in enumerate(
            (("posKWh", "kWh"), ("1.0.2.8.0.255", "Wh"), ("voltage", "V"))
        )
    )
    text = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
        f'<ReadingChangedNotification xmlns="{version}"><changedMeterReads>\n{reads}'
        f'<meterReading><meterID meterNo="M9" serviceType="Electric"/><readingValues>{values}'
        "</readingValues></meterReading></changedMeterReads></ReadingChangedNotification>"
        "</s:Body></s:Envelope>"
    )
    kinds = {
        "meterNo": "spare word",
        "readingDate": "stamp",
        "posKWh": "number",
        "negKWh": "number",
        "units": "spare word",
        "value": "number",
        "timeStamp": "stamp",
    }
    places, units = _elements(text, kinds, "meterRead|readingValue")
    return Document(text, places, units, {"zone": "America/Chicago"})


def formatted_block() -> Document:
    fields = ("meterNo", "posKWh", "posKWhDateTime", "voltage", "voltageDateTime")
    items = "".join(
        f"<syntaxItem><fieldName>{name}</fieldName><position>{at}</position></syntaxItem>"
        for at, name in enumerate(fields)
    )
    rows = "".join(
        f"<val>M{n},{n}00.5,2026-07-15T0{n}:00:00Z,120.{n},2026-07-15T0{n}:05:00Z</val>\n"
        for n in range(1, 7)
    )
    text = (
        '<FormattedBlockNotification xmlns="http://www.multispeak.org/Version_3.0"><formattedBlock>'
        f"<separator>,</separator><valSyntax>{items}</valSyntax><valueList>{rows}</valueList>"
        "</formattedBlock></FormattedBlockNotification>"
    )
    places: list[Place] = []
    for row in re.finditer(r"<val>([^<]*)</val>", text):
        at = row.start(1)
        for cell, kind in zip(
            row.group(1).split(","), ("word", "number", "stamp", "number", "stamp"), strict=True
        ):
            places.append(Place(at, at + len(cell), kind))
            at += len(cell) + 1
    _, units = _elements(text, {}, "val")
    return Document(text, tuple(places), units, {"zone": "America/Chicago"})


def nem12() -> Document:
    lines = (DATA / "headend/Example_NEM12_multiple_quality.csv").read_text().splitlines()
    day = lines[2].split(",")
    hours = [",".join([*day[:2], *day[2:26], *day[50:]])] * 2
    hours[1] = hours[1].replace("20040417", "20040418").replace(",V,", ",A,")
    register = lines[1].replace(",30,", ",60,")
    parts = ["400,1,10,F14,76,", "400,11,12,A,,", "400,13,24,N,,"]
    second = register.replace(",E1,N1", ",B1,N1")
    text = "\n".join([lines[0], register, hours[0], *parts, hours[1], second, hours[1], "900", ""])

    def kinds(cells: list[str]) -> dict[int, str]:
        if cells[0] == "200":
            return {1: "word", 4: "word", 7: "word", 8: "number"}
        if cells[0] == "300":
            # Of the day that varies only half of the values count: the rest is null data.
            told = 14 if cells[26] == "V" else 26
            return {1: "stamp", **dict.fromkeys(range(2, told), "number")}
        return {1: "number", 2: "number"} if cells[0] == "400" else {}

    units = _lines_of(text, lambda line: line.startswith("300") and ",A," in line)
    return Document(text, _cells_of(text, kinds), units)


def nem13() -> Document:
    lines = (DATA / "headend/Example_NEM13_consumption_data.csv").read_text().splitlines()
    record = lines[1]
    text = "\n".join([lines[0], record, record.replace("VABC005890", "VABC005891"), "900", ""])

    def kinds(cells: list[str]) -> dict[int, str]:
        if cells[0] != "250":
            return {}
        return {1: "word", 4: "word", 7: "word", 9: "stamp", 14: "stamp", 18: "number", 19: "word"}

    return Document(text, _cells_of(text, kinds), _lines_of(text, lambda line: line[:3] == "250"))


def beacon() -> Document:
    lines = (DATA / "headend/badger_beacon_report.csv").read_text().splitlines()
    rows = [lines[2].replace("01:59", f"{hour:02}:59") for hour in range(8)]
    text = "\n".join([lines[0], *rows, ""])
    header = [cell.strip('"') for cell in lines[0].split(",")]
    wanted = {"Meter_ID": "word", "Read": "number", "Read_Time": "stamp", "Read_Unit": "word"}
    # A place of a cell counts cells; none of the sample's own holds a comma.
    columns = {header.index(name): kind for name, kind in wanted.items()}

    def kinds(cells: list[str]) -> dict[int, str]:
        return {} if "Meter_ID" in cells[30] else columns

    units = _lines_of(text, lambda line: "Meter_ID" not in line)
    return Document(text, _cells_of(text, kinds), units, {"zone": "America/Los_Angeles"})


def itron() -> Document:
    lines = (DATA / "headend/itron_style_register.csv").read_text().splitlines()
    rows = [lines[2].replace("06/18", f"06/{day:02}") for day in range(10, 18)]
    text = "\n".join([lines[0], *rows, ""])

    def kinds(cells: list[str]) -> dict[int, str]:
        if cells[0] == "Timestamp":
            return {}
        return {0: "stamp", 1: "number", 2: "word", 6: "word"}

    units = _lines_of(text, lambda line: not line.startswith("Timestamp"))
    return Document(text, _cells_of(text, kinds), units, {"zone": "America/Los_Angeles"})


@lru_cache(maxsize=1)
def parsers() -> dict[str, Sequence[Document]]:
    """The documents of each parser, by its name."""
    return {
        "cmep": (cmep(),),
        "green-button": (green_button(),),
        "table": (table(),),
        "iec-61968-9": (iec61968(),),
        "multispeak": (multispeak(), formatted_block()),
        "nem": (nem12(), nem13()),
        "register-exports": (beacon(), itron()),
    }
