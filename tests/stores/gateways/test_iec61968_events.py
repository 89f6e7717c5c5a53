"""IEC 61968-9 EndDeviceEvents: each a fact with its code, or the whole message refused."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from meterledger.facts.events import EventKind, MeterEvent
from meterledger.stores.gateways import EnvelopeBroken, FileRefused, NothingToLoad
from meterledger.stores.gateways.event_files import read_event_bytes
from meterledger.stores.gateways.iec61968_events import event_kind

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MESSAGE = "http://iec.ch/TC57/2011/schema/message"
EVENTS = "http://iec.ch/TC57/2011/EndDeviceEvents#"


def event(
    code: str = "3.26.0.47",
    at: str = "2026-07-14T17:15:00-05:00",
    meter: str = "M1",
    more: str = "",
) -> str:
    return (
        f"<e:EndDeviceEvent><e:createdDateTime>{at}</e:createdDateTime>{more}"
        f'<e:EndDeviceEventType ref="{code}"/><e:Assets><e:mRID>{meter}</e:mRID></e:Assets>'
        "</e:EndDeviceEvent>"
    )


def message(*events: str, verb: str = "created") -> str:
    return (
        f'<EventMessage xmlns="{MESSAGE}"><Header><Verb>{verb}</Verb><Noun>EndDeviceEvents</Noun>'
        f'</Header><Payload><e:EndDeviceEvents xmlns:e="{EVENTS}">{"".join(events)}'
        "</e:EndDeviceEvents></Payload></EventMessage>"
    )


def read(text: str) -> list[MeterEvent]:
    return read_event_bytes("events.xml", text.encode(), learned_at=NOW)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("3.26.0.47", EventKind.LAST_GASP),
        ("3.26.9.185", EventKind.LAST_GASP),
        ("3.26.0.216", EventKind.POWER_RESTORED),
        ("3.26.9.216", EventKind.POWER_RESTORED),
        ("3.12.29.257", EventKind.TAMPER),
        ("3.12.93.219", EventKind.REVERSE_ROTATION),
        ("3.12.48.219", EventKind.REVERSE_ROTATION),
        ("3.26.38.248", EventKind.VOLTAGE_HIGH),
        ("3.26.131.93", EventKind.VOLTAGE_HIGH),
        ("3.26.38.223", EventKind.VOLTAGE_LOW),
        ("3.26.38.150", EventKind.VOLTAGE_LOW),
        ("3.26.38.224", EventKind.DIAGNOSTIC),
        ("3.26.38.216", EventKind.DIAGNOSTIC),
        ("3.7.83.24", EventKind.CONFIGURATION_CHANGED),
        ("3.2.22.150", EventKind.DIAGNOSTIC),
        ("3.26.0", None),
        ("", None),
    ],
)
def test_a_code_of_four_numbers_says_what_happened(code: str, kind: EventKind | None) -> None:
    assert event_kind(code) is kind


def test_an_event_keeps_its_code_its_instant_and_what_else_is_said() -> None:
    details = (
        "<e:severity>2</e:severity><e:EndDeviceEventDetails><e:name>Voltage</e:name>"
        "<e:value>131.2</e:value></e:EndDeviceEventDetails>"
    )
    first, second = read(message(event("3.26.38.248", more=details), event(meter="M2")))

    assert (first.meter_id, first.kind) == ("M1", EventKind.VOLTAGE_HIGH)
    assert first.at == datetime(2026, 7, 14, 22, 15, tzinfo=UTC)
    assert first.details == (("code", "3.26.38.248"), ("severity", "2"), ("voltage", "131.2"))
    assert (second.meter_id, second.sequence) == ("M2", 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (message(event(), event(meter="")), "An event names no meter"),
        (message(event(), event(code="3.26")), "type is '3.26', not four numbers"),
        (message(event(), event(at="2026-07-14T17:15:00")), "no offset from UTC"),
        (message(event(), event(at="2026-02-30T17:15:00Z")), "An event has no time"),
        (message(event(), verb="deleted"), "verb is 'deleted', which does not bring events"),
        (message(event(more="<e:reason>" + "x" * 300 + "</e:reason>")), "more than events do"),
        ("<!DOCTYPE x>" + message(event()), "declares a document type"),
    ],
)
def test_one_that_cannot_be_read_refuses_the_message(text: str, words: str) -> None:
    with pytest.raises(EnvelopeBroken, match=words):
        read(text)


def test_any_damage_is_refused_or_leaves_whole_events() -> None:
    sound = message(event(), event("3.26.0.216", meter="M2"), event("3.12.29.257", meter="M3"))
    for number in range(1_500):
        dice = random.Random(number)
        at = dice.randrange(len(sound))
        until = min(len(sound), at + dice.choice((0, 1, 4, 40, 400)))
        foreign = dice.choice(("", "<", "&", "9" * 30, "\x00", "<!DOCTYPE x>", sound[at:until] * 2))
        data = (sound[:at] + foreign + sound[until:]).encode()
        events = read_or_refused(data)
        assert [one.sequence for one in events] == list(range(1, len(events) + 1))
        assert all(dict(one.details)["code"] for one in events)


def read_or_refused(data: bytes) -> list[MeterEvent]:
    """The events, none where the message is refused in words; anything else fails."""
    try:
        return read_event_bytes("events.xml", data, learned_at=NOW)
    except FileRefused as refusal:
        sentence = refusal.sentence
    assert len(sentence.split()) >= 6
    return []


def test_a_message_without_events_is_refused() -> None:
    with pytest.raises(NothingToLoad, match="holds no events of meters"):
        read(message())
    with pytest.raises(NothingToLoad, match="holds no events of meters"):
        read(message(event()).replace(EVENTS, "http://example.org/events"))
