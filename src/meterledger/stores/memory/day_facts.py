"""Facts of a night in dictionaries: places, directions, what files are odd about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meterledger.facts.intake import STORED, Movement
from meterledger.facts.meters import MeterConfiguration
from meterledger.facts.places import Agreement, MeterInstallation, Premise, ServicePoint
from meterledger.facts.readings import ChannelKind, ChannelTold, Flow, QuarantinedLine
from meterledger.stores.day_facts_words import is_of_wrong_length, of_one_time
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.usecases.day_fact_ports import FileTold, MeterBefore, PlaceOnDay, SentChannel


class MemoryDayFacts:
    """The part of the store that answers what the night asks beside values."""

    _points: dict[str, ServicePoint]
    _premises: dict[str, Premise]
    _agreements: TwoClocks[Agreement]
    _installations: TwoClocks[MeterInstallation]
    _configurations: TwoClocks[MeterConfiguration]
    _told_of: dict[str, tuple[ChannelTold, ...]]
    _versions: list[tuple[datetime, tuple[str, ...]]]
    book: list[Movement]
    quarantined: list[tuple[str, QuarantinedLine]]

    def places_on_day(
        self, service_point_ids: Sequence[str], day: date, known_at: datetime
    ) -> dict[str, PlaceOnDay]:
        """Where the service points are, as known then."""
        self._look()
        found = {}
        for point in service_point_ids:
            if point not in self._points:
                continue
            at = self._premises[self._points[point].premise_id]
            served = any(one.days.from_day <= day for one in self._agreements.of(point, known_at))
            found[point] = PlaceOnDay(point, at.premise_id, at.address, at.postal_code, served)
        return found

    def flows_set_up(
        self, meter_ids: Sequence[str], day: date, known_at: datetime
    ) -> dict[str, frozenset[Flow]]:
        """The directions that the meters' registers measure on the day."""
        self._look()
        return {
            meter: frozenset(register.flow for register in one.registers)
            for meter in meter_ids
            for one in self._configurations.of(meter, known_at)
            if day in one.days and one.registers
        }

    def meters_before(self, first: date, last: date, known_at: datetime) -> list[MeterBefore]:
        """Every earlier meter of the service points where one was set on the days."""
        self._look()
        found = [
            MeterBefore(before, new.days.from_day)
            for new in self._installations.known(known_at)
            if first <= new.days.from_day <= last
            for before in self._installations.of(new.service_point_id, known_at)
            if before.days.from_day < new.days.from_day
        ]
        return sorted(
            found,
            key=lambda one: (
                one.before.service_point_id,
                one.set_day,
                one.before.days.from_day,
            ),
        )

    def files_told(
        self, source_starts: Sequence[str], *, begin: int, until: int
    ) -> dict[str, FileTold]:
        """Files by the beginnings of their SHA-256, with what is odd about the day."""
        self._look()
        found = {}
        for movement in self.book:
            sha256 = movement.arrival.sha256 or ""
            start = sha256[:16]
            if movement.status != STORED or start not in source_starts:
                continue
            sent = tuple(
                SentChannel(one.channel.meter_id, one.readings, one.until)
                for one in self._told_of.get(sha256, ())
                if one.channel.kind is ChannelKind.INTERVAL
                and is_of_wrong_length(
                    one.channel.commodity,
                    one.channel.flow,
                    one.begin,
                    one.until,
                    begin=begin,
                    until=until,
                )
            )
            lines = [(line.reason, line.data) for name, line in self.quarantined if name == sha256]
            aside = of_one_time(lines, begin=begin, until=until)
            found[start] = FileTold(start, movement.arrival.source, sent, aside)
        return found

    def first_published_at(self) -> datetime | None:
        """When the first readings were published."""
        return self._versions[0][0] if self._versions else None

    def _look(self) -> None:
        raise NotImplementedError
