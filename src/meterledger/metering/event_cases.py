"""Events into cases: which events of a meter, within which days, somebody is to look at.

Lives here      counting events within a window of days; power that did not come back; a
                configuration that nobody has recorded.
Lives elsewhere thresholds and queues (``tariffs/…/company_operations``), keeping events and cases
                (``stores``), what is done about a case (people).
Read first      facts/events.py.

An alert is not proof: a case is for a person to look at, and decides nothing about a customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from meterledger.facts.events import EventCase, EventKind, MeterEvent
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

COUNTED = (
    EventKind.TAMPER,
    EventKind.REVERSE_ROTATION,
    EventKind.VOLTAGE_HIGH,
    EventKind.VOLTAGE_LOW,
    EventKind.DIAGNOSTIC,
    EventKind.CONFIGURATION_CHANGED,
)
"""Kinds of which a number within some days makes a case."""

EVENT_VALUES = frozenset(
    {
        "event_last_gasp_hours",
        "event_last_gasp_queue",
        *(f"event_{kind.value}_{part}" for kind in COUNTED for part in ("count", "days", "queue")),
    }
)
"""The names of the book's values that are asked for here."""


@dataclass(frozen=True, slots=True)
class EventThreshold:
    """So many events of a kind within so many days make a case for a queue."""

    kind: EventKind
    count: int
    within: timedelta
    queue: str
    words: str


@dataclass(frozen=True, slots=True)
class EventTerms:
    """The thresholds as they stood on a day."""

    counted: tuple[EventThreshold, ...]
    restore_within: timedelta
    restore_queue: str
    restore_words: str

    @property
    def longest(self) -> timedelta:
        """How far back a case may look."""
        return max([self.restore_within, *(one.within for one in self.counted)])


def event_terms(view: BookView, on: date) -> EventTerms:
    """Read the thresholds of a day from the book.

    :raises NoRuleInForce: if one of them has no value on that day
    """
    terms = Terms(view, on)
    counted = []
    for kind in COUNTED:
        name = f"event_{kind.value}"
        count, days = terms.whole(f"{name}_count"), terms.whole(f"{name}_days")
        words = f"{count.value} within {days.value} days ({name}_count, {count.standing.value})"
        counted.append(
            EventThreshold(
                kind,
                count.value,
                timedelta(days=days.value),
                terms.text(f"{name}_queue").value,
                words,
            )
        )
    hours = terms.whole("event_last_gasp_hours")
    return EventTerms(
        tuple(counted),
        timedelta(hours=hours.value),
        terms.text("event_last_gasp_queue").value,
        f"no power within {hours.value} hours (event_last_gasp_hours, {hours.standing.value})",
    )


def find_cases(
    events: Iterable[MeterEvent],
    *,
    terms: EventTerms,
    now: datetime,
    known_fingerprints: Set[str] = frozenset(),
    evidence: Set[str] = frozenset(),
) -> list[EventCase]:
    """The cases that the events of one meter make, in order of the instants they were opened.

    ``now`` is the instant as of which they are looked at (UTC). ``evidence`` are events of cases
    that are known: they make no other. ``known_fingerprints`` are the configurations that somebody
    has recorded of the meter: a reported change to one of them is no news.
    """
    by_kind: dict[EventKind, list[MeterEvent]] = {}
    for one in sorted(events, key=lambda event: (event.at, event.event_id)):
        by_kind.setdefault(one.kind, []).append(one)
    found: list[EventCase] = []
    for threshold in terms.counted:
        told = by_kind.get(threshold.kind, [])
        if threshold.kind is EventKind.CONFIGURATION_CHANGED:
            told = [one for one in told if _fingerprint(one) not in known_fingerprints]
        found += _counted(told, threshold, now, evidence)
    gasps, restores = (
        by_kind.get(EventKind.LAST_GASP, []),
        by_kind.get(EventKind.POWER_RESTORED, []),
    )
    found += _without_power(gasps, restores, terms, now, evidence)
    return sorted(found, key=lambda case: (case.opened_at, case.case_id))


def _counted(
    told: Sequence[MeterEvent], threshold: EventThreshold, now: datetime, evidence: Set[str]
) -> Iterable[EventCase]:
    """One case for each run of events: a run ends where the window passes without another."""
    waiting: list[MeterEvent] = []
    quiet_from: datetime | None = None
    for one in told:
        if one.event_id in evidence:
            waiting, quiet_from = [], one.at + threshold.within
            continue
        if quiet_from is not None and one.at < quiet_from:
            quiet_from = one.at + threshold.within  # it belongs to the case that is open
            continue
        waiting = [each for each in waiting if one.at - each.at < threshold.within]
        waiting.append(one)
        if len(waiting) >= threshold.count:
            yield _case(waiting, threshold, now)
            waiting, quiet_from = [], one.at + threshold.within


def _case(told: Sequence[MeterEvent], threshold: EventThreshold, now: datetime) -> EventCase:
    first, last = told[0], told[-1]
    noun = threshold.kind.value.replace("_", " ")
    if len(told) == 1:
        sentence = f"Meter {first.meter_id} reported {noun} at {_instant(first.at)}."
    else:
        sentence = (
            f"Meter {first.meter_id} reported {noun} {len(told)} times from {_instant(first.at)} "
            f"to {_instant(last.at)}."
        )
    return EventCase(
        kind=threshold.kind,
        meter_id=first.meter_id,
        evidence=tuple(one.event_id for one in told),
        opened_at=last.at,
        queue=threshold.queue,
        sentence=sentence,
        threshold=threshold.words,
        learned_at=now,
    )


def _without_power(
    gasps: Sequence[MeterEvent],
    restores: Sequence[MeterEvent],
    terms: EventTerms,
    now: datetime,
    evidence: Set[str],
) -> Iterable[EventCase]:
    """A last gasp after which no power was reported in time: once for each time without power."""
    dark_until: datetime | None = None
    for one in gasps:
        back = next((each.at for each in restores if each.at >= one.at), None)
        if dark_until is not None and one.at < dark_until:
            continue
        deadline = one.at + terms.restore_within
        if deadline > now or (back is not None and back <= deadline):
            continue
        dark_until = back if back is not None else now
        if one.event_id in evidence:
            continue
        yield EventCase(
            kind=EventKind.LAST_GASP,
            meter_id=one.meter_id,
            evidence=(one.event_id,),
            opened_at=deadline,
            queue=terms.restore_queue,
            sentence=f"Meter {one.meter_id} lost power at {_instant(one.at)}, and none was "
            f"reported until {_instant(deadline)}.",
            threshold=terms.restore_words,
            learned_at=now,
        )


def _fingerprint(event: MeterEvent) -> str:
    return dict(event.details).get("fingerprint", "")


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
