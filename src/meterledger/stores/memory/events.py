"""Events of meters and cases in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from meterledger.facts.events import CaseOnFile, CaseState, CaseStep, EventCase, MeterEvent
from meterledger.stores.believed import refuse_closed_case, refuse_other_event
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.usecases.ports import NotFound


class MemoryEvents(MemoryPlaces):
    """The part of the store that keeps events and cases."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._events: dict[str, MeterEvent] = {}
        self._cases: dict[str, CaseOnFile] = {}

    def record_events(self, events: Sequence[MeterEvent], *, name: str) -> int:
        """Keep the events of one file, all of them or nothing; how many were not known."""
        if not events:
            return 0
        with self._lock:
            places = {(one.source, one.sequence): one for one in self._events.values()}
            new: dict[str, MeterEvent] = {}
            for one in events:
                if one.event_id in self._events or one.event_id in new:
                    continue
                if (one.source, one.sequence) in places:
                    refuse_other_event(one)
                places[one.source, one.sequence] = one
                new[one.event_id] = one
            self._events |= new
            self._note("events received", events[0].source, events[0].learned_at)
            return len(new)

    def events(
        self,
        *,
        meter_ids: Sequence[str] | None = None,
        since: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[MeterEvent]:
        """Events that happened since an instant, in order of time."""
        self._look()
        wanted = None if meter_ids is None else set(meter_ids)
        return sorted(
            (
                one
                for one in list(self._events.values())
                if (wanted is None or one.meter_id in wanted)
                and (since is None or one.at >= since)
                and (known_at is None or one.learned_at <= known_at)
            ),
            key=lambda one: (one.at, one.event_id),
        )

    def event_counts(self, since: datetime, until: datetime) -> dict[str, int]:
        """How many events of each kind happened from one instant until another (out)."""
        counts: dict[str, int] = {}
        for one in list(self._events.values()):
            if since <= one.at < until:
                counts[one.kind.value] = counts.get(one.kind.value, 0) + 1
        return dict(sorted(counts.items()))

    def record_cases(self, cases: Sequence[EventCase]) -> set[str]:
        """Keep cases; the ids newly recorded."""
        newly: set[str] = set()
        with self._lock:
            for case in sorted(cases, key=lambda one: one.case_id):
                taken = {event for one in self._cases.values() for event in one.case.evidence}
                if case.case_id in self._cases or not taken.isdisjoint(case.evidence):
                    continue
                self._cases[case.case_id] = CaseOnFile(case)
                newly.add(case.case_id)
                self._note("case opened", case.case_id, case.learned_at)
        return newly

    def cases(
        self, *, state: CaseState | None = None, meter_ids: Sequence[str] | None = None
    ) -> list[CaseOnFile]:
        """Cases in order of the instants they were opened."""
        self._look()
        wanted = None if meter_ids is None else set(meter_ids)
        return sorted(
            (
                one
                for one in list(self._cases.values())
                if (state is None or one.state is state)
                and (wanted is None or one.case.meter_id in wanted)
            ),
            key=lambda one: (one.case.opened_at, one.case.case_id),
        )

    def evidence_of_cases(self, meter_ids: Sequence[str]) -> set[str]:
        """The events of the meters that are evidence of some case."""
        wanted = set(meter_ids)
        return {
            event
            for one in list(self._cases.values())
            if one.case.meter_id in wanted
            for event in one.case.evidence
        }

    def settle_case(self, step: CaseStep) -> None:
        """Record what somebody did about a case."""
        with self._lock:
            known = self._cases.get(step.case_id)
            if known is None:
                raise NotFound.of_case(step.case_id)
            if known.state is CaseState.CLOSED:
                refuse_closed_case(known)
            self._cases[step.case_id] = replace(known, steps=(*known.steps, step))
            self._note("case settled", step.case_id, step.learned_at)
