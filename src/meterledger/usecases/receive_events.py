"""Receive events of meters, and open the cases they make. The same file twice changes nothing.

Lives here      loading a meter's events, asking the room, recording its cases; settling a case.
Lives elsewhere reading files (``stores/gateways``), when events are a case (``metering``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from meterledger.facts.events import CaseState, CaseStep, EventCase, EventKind, MeterEvent
from meterledger.facts.places import MeterInstallation
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.metering import event_terms, find_cases
from meterledger.rulebook.book import BookView
from meterledger.rulebook.ours import whole_of_ours
from meterledger.usecases.intake_ports import Vault
from meterledger.usecases.meter_ports import MeterFile
from meterledger.usecases.ports import NotFound
from meterledger.usecases.start_service import LONGEST_WORDS

CLOCKS_DIFFER_HOURS = 24
"""Before the book said it (``event_clock_ahead_hours``)."""


class EventsRefused(Refusal):
    """The events, or what is to be done about a case, cannot be."""


class ReadEvents(Protocol):
    """Bytes as events: ``stores.gateways.event_files``, handed to a journey."""

    def __call__(self, name: str, data: bytes, *, learned_at: datetime) -> list[MeterEvent]:
        """The events of the file, or a refusal."""


class EventStore(Protocol):
    """What these journeys need of the store."""

    def record_events(self, events: Sequence[MeterEvent], *, name: str) -> int:
        """Keep events; how many were not known, or Conflict."""

    def events(
        self, *, meter_ids: Sequence[str] | None = None, since: datetime | None = None
    ) -> list[MeterEvent]:
        """Events that happened since an instant."""

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed; unknown meters are left out."""

    def meter_file(self, meter_id: str) -> MeterFile:
        """All that is known of a meter, or NotFound."""

    def evidence_of_cases(self, meter_ids: Sequence[str]) -> set[str]:
        """The events that are evidence of some case."""

    def record_cases(self, cases: Sequence[EventCase]) -> set[str]:
        """Keep cases; the ids newly recorded."""

    def settle_case(self, step: CaseStep) -> None:
        """Record what somebody did about a case, or NotFound, or Conflict."""


@dataclass(frozen=True, slots=True)
class EventsReceived:
    """What became of a file of events. Received = new + known.

    ``strangers`` are the meters that were never installed: their events are kept, and open a case
    only once somebody has said where the meter is.
    """

    received: int
    new: int
    opened: tuple[EventCase, ...]
    strangers: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """How many were known already, from this file or another."""
        return self.received - self.new


def take_events(
    *,
    name: str,
    data: bytes,
    vault: Vault,
    read: ReadEvents,
    now: datetime,
    view: BookView,
    store: EventStore,
) -> EventsReceived:
    """Keep a file's bytes in the vault, then read it, keep its events and open their cases.

    :raises Refusal: as the reader of the file says, or ``receive_events``
    """
    vault.keep(data)
    return receive_events(read(name, data, learned_at=now), name=name, now=now, view=view,
                          store=store)  # fmt: skip


def receive_events(
    events: Sequence[MeterEvent], *, name: str, now: datetime, view: BookView, store: EventStore
) -> EventsReceived:
    """Keep the events of one file, and open the cases they make.

    :raises EventsRefused: if one lies in the future
    :raises Conflict: if another event is known at the same place of the same source
    """
    ahead = whole_of_ours(view, "event_clock_ahead_hours", now.date(), CLOCKS_DIFFER_HOURS)
    for one in events:
        if one.at > now + timedelta(hours=ahead):
            raise EventsRefused(
                f"The event of meter {one.meter_id} at {one.at:%Y-%m-%dT%H:%M:%SZ} is not yet",
                where=f"{name}, event {one.sequence}",
                do="Ask the sender to set the clock right, and for a corrected file",
            )
    new = store.record_events(events, name=name)
    meters = sorted({one.meter_id for one in events})
    opened = open_cases(now=now, view=view, store=store, meter_ids=meters)
    installed = store.meter_installations(meters)
    strangers = tuple(meter for meter in meters if not installed.get(meter))
    return EventsReceived(len(events), new, opened, strangers)


def open_cases(
    *,
    now: datetime,
    view: BookView,
    store: EventStore,
    meter_ids: Sequence[str] | None = None,
) -> tuple[EventCase, ...]:
    """Open the cases that events make by now; of the meters with recent events if none is named.

    Only of meters that are or were installed: nobody can be sent to a meter that is nowhere.

    :raises NoRuleInForce: if the book has no thresholds for the day
    """
    terms = event_terms(view, local_day_of(now, view.time_zone))
    if meter_ids is None:
        recent = store.events(since=now - 2 * terms.longest)
        meter_ids = sorted({one.meter_id for one in recent})
    installed = store.meter_installations(meter_ids)
    meter_ids = [meter for meter in meter_ids if installed.get(meter)]
    if not meter_ids:
        return ()
    by_meter: dict[str, list[MeterEvent]] = {}
    for one in store.events(meter_ids=meter_ids):
        by_meter.setdefault(one.meter_id, []).append(one)
    evidence = store.evidence_of_cases(meter_ids)
    found: list[EventCase] = []
    for meter, events in sorted(by_meter.items()):
        found += find_cases(
            events,
            terms=terms,
            now=now,
            known_fingerprints=_fingerprints(meter, events, store),
            evidence=evidence,
        )
    newly = store.record_cases(found)
    return tuple(one for one in found if one.case_id in newly)


def _fingerprints(meter: str, events: Sequence[MeterEvent], store: EventStore) -> frozenset[str]:
    if not any(one.kind is EventKind.CONFIGURATION_CHANGED for one in events):
        return frozenset()
    try:
        file = store.meter_file(meter)
    except NotFound:
        return frozenset()
    return frozenset(one.fingerprint for one in file.configurations)


def settle_case(
    case_id: str, *, state: CaseState, by: str, reason: str, now: datetime, store: EventStore
) -> CaseStep:
    """Say what was done about a case; closing it ends it.

    :raises EventsRefused: if nobody or no reason is named
    :raises NotFound: if there is no such case
    :raises Conflict: if it is closed
    """
    for noun, words in (("person", by), ("reason", reason)):
        if not words.strip() or len(words) > LONGEST_WORDS or not words.isprintable():
            raise EventsRefused(
                f"The {noun} is empty, longer than {LONGEST_WORDS} letters or not printable",
                where=f"case {case_id[:80]}",
                do="Say who did what, in a few words",
            )
    step = CaseStep(case_id, state, by, reason, now)
    store.settle_case(step)
    return step
