"""IEC 61968-9 EndDeviceEvents: what meters report beside readings, by the standard's own codes.

A type of four numbers (device, domain, part, event) says what happened: ``3.26.0.47`` is an
electric meter (3), power (26), lost (47). A code that is none of ours is a diagnostic and keeps its
code. A message with one event that cannot be read is refused as a whole, as a table of events is.

Lives here      the message, and which codes are which of our kinds.
Lives elsewhere tables of events (``event_files``), readings (``iec61968``), XML (``xml_parts``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from meterledger.facts.events import EventKind, MeterEvent
from meterledger.stores.gateways.csv_times import BadTime, read_time
from meterledger.stores.gateways.iec61968 import bringing_verb, meter_number
from meterledger.stores.gateways.opening import OpenedFile
from meterledger.stores.gateways.refusals import EnvelopeBroken, NothingToLoad
from meterledger.stores.gateways.settling import is_meter_id
from meterledger.stores.gateways.xml_parts import Part, Stream, short

MAX_EVENTS = 1_000_000
MAX_DETAILS = 40
MAX_TEXT = 200
EVENTS = re.compile(r"https?://(?:www\.)?iec\.ch/TC57/(?:\d{4}/)?EndDeviceEvents#?", re.IGNORECASE)
_CODE = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_POWER, _SECURITY, _CONFIGURATION = 26, 12, 7
_VOLTAGES = frozenset({38, 79, 131, 132, 133})
_TURNS = frozenset({48, 93})
_CHANGED, _REPROGRAMMED = 24, 213
_LOST, _FAILED, _DOWN, _RESTORED = 47, 85, 185, 216
_REVERSED, _TAMPER = 219, 257
_HIGH = frozenset({93, 139, 248})
"""Highest limit reached, exceeded, swell started."""
_LOW = frozenset({150, 223})
"""Lowest limit reached, sag started."""


def event_kind(code: str) -> EventKind | None:
    """Our kind of a code of four numbers; None if it is no such code."""
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    _, domain, part, event = (int(number) for number in match.groups())
    if event == _TAMPER:
        return EventKind.TAMPER
    if event == _REVERSED and (domain == _SECURITY or part in _TURNS):
        return EventKind.REVERSE_ROTATION
    if part in _VOLTAGES and event in _HIGH | _LOW:
        return EventKind.VOLTAGE_HIGH if event in _HIGH else EventKind.VOLTAGE_LOW
    if domain == _POWER and part not in _VOLTAGES and event in (_LOST, _FAILED, _DOWN):
        return EventKind.LAST_GASP
    if domain == _POWER and part not in _VOLTAGES and event == _RESTORED:
        return EventKind.POWER_RESTORED
    if domain == _CONFIGURATION and event in (_CHANGED, _REPROGRAMMED):
        return EventKind.CONFIGURATION_CHANGED
    return EventKind.DIAGNOSTIC


def read_iec_events(file: OpenedFile, *, learned_at: datetime) -> list[MeterEvent]:
    """The events of a message in its order; an event's number in it is its place.

    :raises FileRefused: naming the line and what is wrong with it
    """
    return _Message(file, learned_at).read()


class _Message:
    """One message on its way to events."""

    def __init__(self, file: OpenedFile, learned_at: datetime) -> None:
        self.file = file
        self.learned_at = learned_at
        self.found: list[MeterEvent] = []

    def read(self) -> list[MeterEvent]:
        root = Stream(self.file.name, self.file.data, {"EndDeviceEvent": self._take}).run()
        bringing_verb(root, self.file.name, "events")
        if not self.found:
            raise NothingToLoad(
                f"The message holds no events of meters (<{short(root.name)}>)",
                where=self.file.name,
                do="Ask the head-end for its EndDeviceEvents messages",
            )
        return self.found

    def _take(self, part: Part, until: int) -> None:
        if not EVENTS.fullmatch(part.namespace):
            return
        if len(self.found) == MAX_EVENTS:
            raise self._broken(part, f"The message holds more than {MAX_EVENTS:,} events")
        assets = part.first("Assets") or part.first("Meter")
        meter = "" if assets is None else meter_number(assets)
        if not is_meter_id(meter):
            raise self._broken(part, "An event names no meter")
        kind_part = part.first("EndDeviceEventType")
        code = part.said("mRID")
        if kind_part is not None:
            code = kind_part.attributes.get("ref", "").strip() or kind_part.said("mRID")
        kind = event_kind(code)
        if kind is None:
            raise self._broken(part, f"An event's type is '{short(code)}', not four numbers")
        details = {"code": code}
        for name in ("severity", "reason"):
            if part.said(name):
                details[name] = part.said(name)
        for one in part.all("EndDeviceEventDetails"):
            name, value = one.said("name").lower(), one.said("value")
            if name and value:
                details.setdefault(name, value)
        if len(details) > MAX_DETAILS or any(
            len(text) > MAX_TEXT for pair in details.items() for text in pair
        ):
            raise self._broken(part, "An event says more than events do")
        self.found.append(
            MeterEvent(
                meter_id=meter,
                kind=kind,
                at=self._instant(part),
                source=self.file.sha256,
                sequence=len(self.found) + 1,
                learned_at=self.learned_at,
                details=tuple(sorted(details.items())),
            )
        )

    def _instant(self, part: Part) -> datetime:
        try:
            at = read_time(part.said("createdDateTime"))
        except BadTime as problem:
            raise self._broken(part, f"An event has no time: {problem}") from problem
        if at.epoch is None:
            raise self._broken(part, "An event's time has no offset from UTC")
        return _EPOCH + timedelta(seconds=at.epoch)

    def _broken(self, part: Part, what: str) -> EnvelopeBroken:
        return EnvelopeBroken(
            what,
            where=f"{self.file.name}, line {part.line}",
            why="An event left out is one that nobody looks for; nothing was kept",
            do="Ask the head-end for a complete message",
        )
