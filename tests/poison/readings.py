"""Numeric fields of files of readings, by the places of ``tests/faults/hostile_documents``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from xml.sax.saxutils import escape

from tests.faults.hostile_documents import Document, Place, parsers
from tests.faults.test_parsers_survive_anything import report
from tests.poison.fields import MEASURED, NumericField, Refused

from meterledger.stores.gateways import FileRefused, read_bytes

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
XML = ("green-button", "iec-61968-9")
QUOTED = ("table", "register-exports")
NOTHING = frozenset({"", " ", "   ", "\t", "\n"})
"""No value: a gap, which is never a number."""
GAPS = frozenset({"NaN", "nan", "NAN", "N/A", "n/a", "null", "NULL", "None", "?"})
"""Words of a table that say the same, as `docs/operating` has them."""


def fields() -> Iterator[NumericField]:
    """Some places of each kind of number of each document."""
    for parser, documents in parsers().items():
        for which, document in enumerate(documents):
            for kind in ("number", "constant", "power"):
                places = [one for one in document.places if one.kind == kind]
                chosen = places if len(places) <= 4 else [places[at] for at in (0, 1, -2, -1)]
                for number, place in enumerate(chosen):
                    yield _field(f"{parser} {which}, {kind} {number}", parser, document, place)


def _field(name: str, parser: str, document: Document, place: Place) -> NumericField:
    also = NOTHING | (GAPS if parser == "table" else frozenset())
    if parser in ("cmep", "nem"):
        also |= {'"5"'}  # quotes around a cell are the file's own
    code = name in ("green-button 0, number 2", "green-button 0, power 0")
    return NumericField(
        name,
        read_with(parser, document, place),
        low=-(10**30),
        high=10**30,
        places=0 if code else 60,
        forms=MEASURED,
        also=also,
    )


def read_with(parser: str, document: Document, place: Place) -> Callable[[str], object]:
    """The document with a text in that place, as it is read."""
    return lambda text: _read(document, _with(parser, document, place, text))


def _with(parser: str, document: Document, place: Place, text: str) -> bytes:
    before, after = document.text[: place.begin], document.text[place.end :]
    if parser in XML or document.text.lstrip().startswith("<"):
        text = escape(text)
    elif parser in QUOTED and before[-1:] != '"' and any(one in text for one in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return (before + text + after).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=40)
def _aside(text: str, zone: str) -> int:
    options = {"zone": zone} if zone else {}
    return len(read_bytes("sound.file", text.encode(), received_at=AT, **options).quarantined)


def _read(document: Document, data: bytes) -> object:
    try:
        file = read_bytes("poison.file", data, received_at=AT, **document.options)
    except FileRefused as refusal:
        return Refused(refusal.sentence)
    if len(file.quarantined) > _aside(document.text, document.options.get("zone", "")):
        return Refused(f"This line was set aside: {file.quarantined[-1].reason}")
    return report(file)
