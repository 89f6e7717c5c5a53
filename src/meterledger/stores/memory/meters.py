"""Meters in dictionaries, on two clocks: what each is, where, how sure, and what was done at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from meterledger.facts.meters import (
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    PremiseLink,
    UnmeteredLoad,
)
from meterledger.facts.places import MeterInstallation
from meterledger.stores.believed import (
    believed_configurations,
    believed_links,
    believed_loads,
    is_new_work,
    learned_after,
    refuse_corrected_again,
    refuse_other_left,
    refuse_stale,
    with_learned_at,
)
from meterledger.stores.memory.events import MemoryEvents
from meterledger.stores.memory.places import Undo, keep_dated, keep_once, require
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.usecases.meter_ports import MeterChange, MeterFact, MeterFile
from meterledger.usecases.ports import NotFound


class MemoryMeters(MemoryEvents):
    """The part of the store that keeps meters."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._meters: dict[str, Meter] = {}
        self._work: dict[str, MeterWork] = {}
        self._configurations = TwoClocks[MeterConfiguration](
            believed_configurations(), lambda one: one.meter_id
        )
        self._links = TwoClocks[PremiseLink](believed_links(), lambda one: one.meter_id)
        self._loads = TwoClocks[UnmeteredLoad](believed_loads(), lambda one: one.service_point_id)

    def change_meters(self, change: MeterChange) -> bool:
        """Record a change, all of it or nothing; False if its work is recorded already."""
        undo: Undo = []
        with self._lock:
            work = change.work
            if work is not None and not is_new_work(work, self._work.get(work.work_id)):
                left = change.left
                refuse_other_left(left, self._work.get(left.work_id) if left is not None else None)
                return False
            try:
                self._change(change, undo)
            except BaseException:
                for step in reversed(undo):
                    step()
                raise
            return True

    def _change(self, change: MeterChange, undo: Undo) -> None:
        points = {p for one in (*change.ended, *change.begun) if (p := point_of(one)) is not None}
        if change.work is not None:
            points.add(change.work.service_point_id)
        left = change.left
        if left is not None and not is_new_work(left, self._work.get(left.work_id)):
            left = None  # it is recorded already
        bills = [self._newest_bill_at(point) for point in sorted(points)]
        moment = learned_after(change.learned_at, *(one.learned_at for one in change.ended), *bills)
        for meter in change.meters:
            keep_once(self._meters, meter.meter_id, meter, "meter", undo)
        for ended in change.ended:
            try:
                undo.append(self._table(ended).end(ended, moment))
            except KeyError:
                refuse_stale(ended)
        for begun in change.begun:
            point = point_of(begun)
            if point is not None:
                require(self._points, "service point", point, f"meter change at {point}")
            if isinstance(begun, MeterConfiguration):
                require(self._meters, "meter", begun.meter_id, "configuration")
            keep_dated(self._table(begun), with_learned_at(begun, moment), undo)
        if change.work is not None:
            refuse_corrected_again(change.work, self._work.values())
            where = f"work {change.work.work_id}"
            require(self._points, "service point", change.work.service_point_id, where)
            learned_at = learned_after(change.work.learned_at, *bills)
            self._work[change.work.work_id] = replace(change.work, learned_at=learned_at)
            if left is not None:
                self._work[left.work_id] = replace(left, learned_at=learned_at)
        self._note(change.event, change.subject, moment)

    def _table(self, fact: MeterFact) -> TwoClocks[Any]:
        if isinstance(fact, MeterInstallation):
            return self._installations
        if isinstance(fact, MeterConfiguration):
            return self._configurations
        return self._links if isinstance(fact, PremiseLink) else self._loads

    def meter_file(self, meter_id: str, known_at: datetime | None = None) -> MeterFile:
        """All that is known of a meter."""
        self._look()
        with self._lock:
            meter = self._meters.get(meter_id)
            corrected = {
                one.corrects for one in self._work.values() if one.corrects and _by(one, known_at)
            }
            installations = [
                one for one in self._installations.known(known_at) if one.meter_id == meter_id
            ]
            found = MeterFile(
                meter_id=meter_id,
                meter=meter if meter is not None and _by(meter, known_at) else None,
                configurations=tuple(self._configurations.of(meter_id, known_at)),
                installations=tuple(sorted(installations, key=lambda one: one.days.from_day)),
                links=tuple(self._links.of(meter_id, known_at)),
                work=tuple(
                    one
                    for one in sorted(self._work.values(), key=lambda one: (one.at, one.work_id))
                    if meter_id in (one.removed_meter, one.installed_meter)
                    and _by(one, known_at)
                    and one.work_id not in corrected
                ),
            )
        if found.meter is None and not (found.installations or found.links or found.work):
            raise NotFound.of("meter", meter_id)
        return found

    def meter_kinds(self, meter_ids: Sequence[str], known_at: datetime) -> dict[str, MeterKind]:
        """How meters are read, of those that were named by then."""
        found = [self._meters[name] for name in meter_ids if name in self._meters]
        return {one.meter_id: one.kind for one in found if _by(one, known_at)}

    def installations_at(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[MeterInstallation]]:
        """The meters of service points by first day."""
        self._look()
        found = {point: self._installations.of(point, known_at) for point in service_point_ids}
        return {point: some for point, some in found.items() if some}

    def unmetered_loads(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[UnmeteredLoad]]:
        """The loads without a meter at service points, by first day and name."""
        self._look()
        found = {
            point: sorted(
                self._loads.of(point, known_at), key=lambda one: (one.days.from_day, one.load_id)
            )
            for point in service_point_ids
        }
        return {point: some for point, some in found.items() if some}

    def _newest_bill_at(self, service_point_id: str) -> datetime | None:
        raise NotImplementedError  # answered by the rest of the store


def _by(fact: Meter | MeterWork, known_at: datetime | None) -> bool:
    return known_at is None or fact.learned_at <= known_at


def point_of(fact: MeterFact) -> str | None:
    """The service point that a fact is about; a configuration is about none."""
    return None if isinstance(fact, MeterConfiguration) else fact.service_point_id
