"""Tables of events: each row an event at its place, or the whole file refused in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.events import EventKind, MeterEvent
from meterledger.stores.gateways import FileRefused
from meterledger.stores.gateways.event_files import read_events
from meterledger.stores.gateways.opening import opened

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HEADER = "meter,at,event,voltage\n"


def read(text: str | bytes) -> list[MeterEvent]:
    data = text if isinstance(text, bytes) else text.encode()
    return read_events(opened("events.csv", data), learned_at=NOW)


def test_a_row_is_an_event_with_its_details_and_its_place() -> None:
    first, second = read(
        HEADER
        + "M1,2026-03-10T06:00:00-05:00,voltage_high,253.1\n\n"
        + "M2,2026-03-10T11:00:00Z,tamper,\n"
    )

    assert (first.meter_id, first.kind) == ("M1", EventKind.VOLTAGE_HIGH)
    assert first.at == datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert first.details == (("voltage", "253.1"),)
    assert (first.sequence, second.sequence) == (1, 3)
    assert second.details == ()
    assert (
        first.source
        == second.source
        == opened(
            "x",
            (
                HEADER
                + "M1,2026-03-10T06:00:00-05:00,voltage_high,253.1\n\n"
                + "M2,2026-03-10T11:00:00Z,tamper,\n"
            ).encode(),
        ).sha256
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("meter,when,event\n", "line 1: The first line does not name the columns meter, at, event"),
        ("meter,at,event,at\n", "each once"),
        (HEADER, "The file holds no event"),
        (HEADER + ",2026-03-10T11:00:00Z,tamper,\n", "line 2: The row names no meter"),
        (HEADER + "M1,2026-03-10T11:00:00Z,exploded,\n", "line 2: The row names no such event"),
        (HEADER + "M1,2026-03-10T11:00:00,tamper,\n", "line 2: The row names no such time"),
        (HEADER + "M1,yesterday,tamper,\n", "no such time"),
        (HEADER + "M1,2026-03-10T11:00:00Z,tamper\n", "The row has 3 cells and the table 4"),
        (HEADER + f"M1,2026-03-10T11:00:00Z,tamper,{'9' * 201}\n", "longer than 200 letters"),
        (HEADER + 'M1,"2026\n', "The table cannot be read"),
    ],
)
def test_what_cannot_be_read_refuses_the_file(text: str, said: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(text)

    assert said in refused.value.sentence


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    try:
        found = read(HEADER.encode() + data)
    except FileRefused:
        return
    assert found
