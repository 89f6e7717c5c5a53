"""What journeys need from storage about events of meters and the cases they make.

``ports.Store`` answers these too, through ``meter_ports.Meters``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from meterledger.facts.events import CaseOnFile, CaseState, CaseStep, EventCase, MeterEvent


class MeterEvents(Protocol):
    """Events and cases: added to, never changed; the same again changes nothing."""

    def record_events(self, events: Sequence[MeterEvent], *, name: str) -> int:
        """Keep the events of one file, all of them or nothing; how many were not known.

        ``name`` is what people call the file; the events of one call have one source and instant.

        :raises Conflict: if another event is known at the same place of the same source
        """

    def events(
        self,
        *,
        meter_ids: Sequence[str] | None = None,
        since: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[MeterEvent]:
        """Events that happened since an instant, in order of time; of all meters if none is named.

        Without ``known_at`` all that is known now.
        """

    def event_counts(self, since: datetime, until: datetime) -> dict[str, int]:
        """How many events of each kind happened from one instant until another (out)."""

    def record_cases(self, cases: Sequence[EventCase]) -> set[str]:
        """Keep cases; the ids newly recorded. One whose evidence is another's is left out."""

    def cases(
        self, *, state: CaseState | None = None, meter_ids: Sequence[str] | None = None
    ) -> list[CaseOnFile]:
        """Cases in order of the instants they were opened, with all that was done about them."""

    def evidence_of_cases(self, meter_ids: Sequence[str]) -> set[str]:
        """The events of the meters that are evidence of some case."""

    def settle_case(self, step: CaseStep) -> None:
        """Record what somebody did about a case.

        :raises NotFound: if there is no such case
        :raises Conflict: if it is closed
        """
