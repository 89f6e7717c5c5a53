"""The intake's book and the way out of quarantine in lists."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import NamedTuple

from meterledger.facts.intake import (
    KNOWN,
    REFUSED,
    REJECTED,
    STORED,
    Arrival,
    ControlTotals,
    IntakeDay,
    Movement,
    QuarantinedItem,
    QuarantineOutcome,
    totals_of_rejection,
)
from meterledger.facts.readings import ChannelTold, QuarantinedLine
from meterledger.facts.sources import Source
from meterledger.kernel.local_days import local_day_of
from meterledger.usecases.intake_ports import SequenceSeen
from meterledger.usecases.ports import Conflict, NotFound, ReceivedFile


class _Told(NamedTuple):
    """What is known of a file's place among others."""

    source: str
    number: int | None
    made_at: int | None
    came: datetime


def _stored_as(movement: Movement, sha256: str) -> bool:
    return movement.status == STORED and movement.arrival.sha256 == sha256


def _is_later(other: _Told, own: _Told) -> bool:
    same_source = own.source != "" and other.source == own.source
    if same_source and own.number is not None and other.number is not None:
        return other.number > own.number
    if own.made_at is not None and other.made_at is not None and own.made_at != other.made_at:
        return other.made_at > own.made_at
    return other.came > own.came


class MemoryIntake:
    """The part of the store that knows what came in and what became of it."""

    _lock: threading.RLock
    _files: dict[str, ReceivedFile]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.book: list[Movement] = []
        self.quarantined: list[tuple[str, QuarantinedLine]] = []
        """A line's number is its place here, from 1."""
        self._outcomes: dict[int, QuarantineOutcome] = {}
        self._sources: dict[str, Source] = {}
        self._told_of: dict[str, tuple[ChannelTold, ...]] = {}
        """What each stored file brought."""

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    # --------------------------------------------------------------------------------- book

    def record_refusal(
        self,
        arrival: Arrival,
        refusal: str,
        *,
        format: str,
        totals: ControlTotals,
        learned_at: datetime,
    ) -> None:
        """Keep that a file was refused, with its sentence."""
        with self._lock:
            moved = ControlTotals()
            if arrival.sha256 not in self._files:
                moved = self._movement_to(arrival.sha256, totals)
            self._move(Movement(arrival, format, REFUSED, refusal, moved, learned_at))
            self._note("file refused", arrival.sha256 or arrival.name, learned_at)

    def record_repeat(self, arrival: Arrival, *, learned_at: datetime) -> None:
        """Keep that a file came that is stored already."""
        with self._lock:
            self._move(Movement(arrival, "", KNOWN, None, ControlTotals(), learned_at))

    def _movement_to(self, sha256: str | None, totals: ControlTotals) -> ControlTotals:
        if sha256 is None:
            return totals
        said = (one.totals for one in self.book if one.arrival.sha256 == sha256)
        return totals - ControlTotals.sum_of(said)

    def _refuse_sequence(self, arrival: Arrival) -> None:
        if arrival.sequence is not None and arrival.sequence in self._numbers(arrival.source):
            raise Conflict.of_sequence(arrival.source, arrival.sequence)

    def _move(self, movement: Movement) -> None:
        self._refuse_sequence(movement.arrival)
        self.book.append(movement)

    def intake_days(
        self, first: date, last: date, *, zone_name: str, source: str | None = None
    ) -> list[IntakeDay]:
        """Control totals by local day of arrival and source, both days included."""

        def key(one: Movement) -> tuple[date, str]:
            return local_day_of(one.learned_at, zone_name), one.arrival.source

        counted = [
            one
            for one in self.book
            if first <= key(one)[0] <= last and source in (None, one.arrival.source)
        ]
        days = []
        for (day, name), group in groupby(sorted(counted, key=key), key=key):
            rows = list(group)
            totals = ControlTotals.sum_of(one.totals for one in rows)
            days.append(IntakeDay(day, name, totals, sum(one.status == KNOWN for one in rows)))
        return days

    def movements(
        self, first: date, last: date, *, zone_name: str, status: str | None = None
    ) -> list[Movement]:
        """Rows of the book by local day of arrival, oldest first."""
        self._look()
        return [
            one
            for one in self.book
            if first <= local_day_of(one.learned_at, zone_name) <= last
            and status in (None, one.status)
        ]

    def movements_of(self, sha256: str) -> list[Movement]:
        """Rows of one file, oldest first."""
        self._look()
        return [one for one in self.book if one.arrival.sha256 == sha256]

    def later_files(
        self,
        arrival: Arrival,
        meter_ids: Sequence[str],
        *,
        begin: int,
        until: int,
        learned_at: datetime,
    ) -> list[Arrival]:
        """Stored files about the meters and the stretch that were made after the one given."""
        own = self._told(arrival, learned_at)
        found = []
        for sha256 in self._files:
            rows = [one.arrival for one in self.book if _stored_as(one, sha256)]
            if sha256 == arrival.sha256 or not rows:  # or ours: an estimate, a released line
                continue
            stored = rows[-1]
            other = self._told(stored, learned_at)
            touches = any(
                begin <= one.until and one.begin < until
                for one in self._told_of[sha256]
                if one.channel.meter_id in meter_ids
            )
            if touches and _is_later(other, own):
                found.append((other.came, sha256, replace(stored, sequence=None, made_at=None)))
        return [one for _, _, one in sorted(found, key=lambda one: one[:2])]

    def _told(self, arrival: Arrival, learned_at: datetime) -> _Told:
        rows = [one for one in self.book if one.arrival.sha256 == arrival.sha256]
        came = [arrival, *(one.arrival for one in rows)]
        numbers = [one.sequence for one in came if one.sequence is not None]
        made = [one.made_at for one in came if one.made_at is not None]
        return _Told(
            next((one.source for one in came if one.source), ""),
            numbers[0] if numbers else None,
            made[0] if made else None,
            min((one.learned_at for one in rows), default=learned_at),
        )

    # ------------------------------------------------------------------------------ sources

    def add_source(self, source: Source) -> None:
        """Describe a source; of one name the newest description counts."""
        with self._lock:
            self._sources[source.name] = source

    def sources(self) -> list[Source]:
        """Every source as described last, by name."""
        return [self._sources[name] for name in sorted(self._sources)]

    def _numbers(self, source: str) -> dict[int, str | None]:
        return {
            one.arrival.sequence: one.arrival.sha256
            for one in self.book
            if one.arrival.source == source and one.arrival.sequence is not None
        }

    def sequence_seen(self, source: str, sequence: int | None) -> SequenceSeen:
        """What is known of a source's numbers, and of this one."""
        numbers = self._numbers(source)
        same = None if sequence is None else numbers.get(sequence)
        return SequenceSeen(max(numbers, default=None), same)

    def sequence_gaps(self, source: str) -> list[tuple[int, int]]:
        """Numbers of the source that never came, as first and last of each stretch."""
        numbers = pairwise(sorted(self._numbers(source)))
        return [(before + 1, after - 1) for before, after in numbers if after > before + 1]

    # --------------------------------------------------------------------------- quarantine

    def quarantined_items(
        self, *, waiting_only: bool = True, sha256: str | None = None
    ) -> list[QuarantinedItem]:
        """Lines that were set aside, oldest first."""
        self._look()
        items = [self._item(number) for number in range(1, len(self.quarantined) + 1)]
        return [
            one
            for one in items
            if (one.outcome is None or not waiting_only) and sha256 in (None, one.sha256)
        ]

    def quarantined_item(self, quarantine_id: int) -> QuarantinedItem:
        """One of them."""
        self._look()
        if not 1 <= quarantine_id <= len(self.quarantined):
            raise NotFound.of_quarantined(quarantine_id)
        return self._item(quarantine_id)

    def _item(self, number: int) -> QuarantinedItem:
        sha256, line = self.quarantined[number - 1]
        file = self._files[sha256]
        return QuarantinedItem(
            number, sha256, file.name, line, file.learned_at, self._outcomes.get(number)
        )

    def record_rejection(self, item: QuarantinedItem, outcome: QuarantineOutcome) -> None:
        """Keep that a line is not to be used."""
        with self._lock:
            self._keep_outcome(item, outcome)
            first = next(one for one in self.book if one.arrival.sha256 == item.sha256)
            arrival = Arrival(item.file_name, item.sha256, None, first.arrival.source)
            totals = totals_of_rejection(item)
            self._move(Movement(arrival, "", REJECTED, None, totals, outcome.learned_at))
            self._note("quarantined line rejected", item.sha256, outcome.learned_at)

    def _keep_outcome(self, item: QuarantinedItem, outcome: QuarantineOutcome) -> None:
        if item.quarantine_id in self._outcomes:
            raise Conflict.of_quarantined(item.quarantine_id)
        self._outcomes[item.quarantine_id] = outcome
