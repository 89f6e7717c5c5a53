"""What the facts of a night ask of the store, for thousands of meters at once.

Lives here      the ports ``DayFactsStore`` and ``DayTelling``, and what they answer with; one suite
                of promises (tests/stores) tests every store.
Lives elsewhere making facts of it (``day_facts``), the other ports (``ports``).

Reads are personal data and usage data: they need a viewer and a purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.day_told import ChannelDay, DayTold
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import Flow


@dataclass(frozen=True, slots=True)
class PlaceOnDay:
    """Where a service point is. ``was_served`` says whether anybody had service by the day."""

    service_point_id: str
    premise_id: str
    address: str
    postal_code: str
    was_served: bool


@dataclass(frozen=True, slots=True)
class MeterBefore:
    """A meter that was at a service point before another was set there on ``set_day``."""

    before: MeterInstallation
    set_day: date


@dataclass(frozen=True, slots=True)
class SentChannel:
    """An interval channel of a file that begins with the local day and does not end with it.

    Either it runs past the day by less than six hours, or it is of 24 hours on a day of another
    length: what sources send that know no clock changes. ``until`` is in UTC epoch seconds.
    """

    meter_id: str
    readings: int
    until: int


@dataclass(frozen=True, slots=True)
class SetAsideReading:
    """A reading that was set aside because another says a different thing of the same time.

    ``time`` names that time; ``data`` are the bytes of its line, which say of which meter it is.
    """

    time: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FileTold:
    """What the intake knows of a file: who sent it, and what in it is odd about the day."""

    source_start: str
    source: str
    sent: tuple[SentChannel, ...] = ()
    set_aside: tuple[SetAsideReading, ...] = ()


class DayFactsStore(Protocol):
    """Facts about meters and files beside their values."""

    def places_on_day(
        self, service_point_ids: Sequence[str], day: date, known_at: datetime
    ) -> dict[str, PlaceOnDay]:
        """Where the service points are, as known then."""

    def flows_set_up(
        self, meter_ids: Sequence[str], day: date, known_at: datetime
    ) -> dict[str, frozenset[Flow]]:
        """The directions that the meters' registers measure on the day; others are left out."""

    def meters_before(self, first: date, last: date, known_at: datetime) -> list[MeterBefore]:
        """Every earlier meter of the service points where one was set on days from first to last.

        By service point, the day it was set, and the earlier meter's first day.
        """

    def files_told(
        self, source_starts: Sequence[str], *, begin: int, until: int
    ) -> dict[str, FileTold]:
        """Files by the beginnings of their SHA-256 (16 digits), with what is odd about the day.

        ``begin`` and ``until`` are the instants of the local day, UTC epoch seconds. Files that
        the intake does not know, like those of our own estimates, are left out.
        """

    def first_published_at(self) -> datetime | None:
        """When the first readings were published; None before."""


class DayTelling(Protocol):
    """What the lake tells of a day beside its values. Meters are pseudonyms."""

    def day_told(self, meters: Sequence[str], day: date, *, at_sequence: int) -> DayTold:
        """When the day's delivered values came, from which files, and what was received."""

    def received_wh(self, meters: Sequence[str], day: date, *, at_sequence: int) -> dict[str, int]:
        """Whole watt-hours of the meters' received channels on the day, where there are any."""

    def delivered_channels(
        self, meters: Sequence[str], day: date, *, at_sequence: int
    ) -> dict[str, list[ChannelDay]]:
        """Every channel that claims to be delivered energy of the meters on the day."""
