"""Numbers, times and codes of files of meters' events, and times of readings and temperatures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

from tests.faults.hostile_documents import parsers
from tests.poison.fields import WIDE, NumericField, Refused
from tests.poison.money_files import asking, encoded
from tests.poison.readings import AT, NOTHING, read_with

from meterledger.stores.gateways import FileRefused
from meterledger.stores.gateways.event_files import read_event_bytes

TABLE = "meter,at,event,voltage\nE-1,{at},{event},{voltage}\n"
SOUND = {"at": "2026-07-10T10:07:00-05:00", "event": "last_gasp", "voltage": "118"}
MESSAGE = (
    '<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>created</Verb>'
    "<Noun>EndDeviceEvents</Noun></Header><Payload>"
    '<m:EndDeviceEvents xmlns:m="http://iec.ch/TC57/2011/EndDeviceEvents#"><m:EndDeviceEvent>'
    "<m:createdDateTime>{at}</m:createdDateTime><m:Assets><m:mRID>E-1</m:mRID></m:Assets>"
    '<m:EndDeviceEventType ref="{code}"/></m:EndDeviceEvent></m:EndDeviceEvents></Payload>'
    "</EventMessage>"
)
CODE = "3.26.0.47"


def fields() -> Iterator[NumericField]:
    """Times are never a number, and a code is four of them; a detail is kept as it was written."""
    none = {"low": 1, "high": 0}
    instants = frozenset({"2025-07-01T00:00:00Z", "20250701"})
    yield NumericField("events, time", _table("at"), also=instants, **none)
    yield NumericField("events, event", _table("event"), **none)
    yield NumericField("IEC events, time", _message("at"), also=instants, **none)
    yield NumericField("IEC events, code", _message("code"), **none)
    for number, place in enumerate(("3", "26", "0", "47")):
        before, after = CODE.split(".")[:number], CODE.split(".")[number + 1 :]
        yield NumericField(
            f"IEC events, number {place} of the code",
            _message("code", ".".join([*before, "{}", *after])),
            high=9999,
            digits=4,
            forms=WIDE,
        )
    for parser, documents in parsers().items():
        for which, document in enumerate(documents):
            stamps = [one for one in document.places if one.kind == "stamp"]
            for number in sorted({0, len(stamps) // 2, len(stamps) - 1} & set(range(len(stamps)))):
                yield NumericField(
                    f"{parser} {which}, stamp {number}",
                    read_with(parser, document, stamps[number]),
                    also=instants | NOTHING,
                    **none,
                )


def _kept(text: str) -> object:
    try:
        return read_event_bytes("events.csv", encoded(text), learned_at=AT)
    except FileRefused as refusal:
        return Refused(refusal.sentence)


def _table(name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        cell = '"' + text.replace('"', '""') + '"'
        return _kept(TABLE.format(**{**SOUND, name: cell}))

    return asking(read)


def _message(name: str, form: str = "{}") -> Callable[[str], object]:
    def ask(text: str) -> object:
        told = {"at": SOUND["at"], "code": CODE} | {
            name: escape(form.format(text), {'"': "&quot;"})
        }
        kept = _kept(MESSAGE.format(**told))
        if isinstance(kept, Refused):
            return kept
        return [(one.kind, one.at) for one in kept]  # type: ignore[attr-defined]

    return asking(ask)
