"""What journeys need from storage about meters: what each is, where, how sure, what was done.

``ports.Store`` answers these too; both stores keep them, and one suite of promises tests both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from meterledger.facts.meters import (
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    PremiseLink,
    UnmeteredLoad,
)
from meterledger.facts.places import MeterInstallation
from meterledger.usecases.event_ports import MeterEvents

MeterFact: TypeAlias = MeterInstallation | MeterConfiguration | PremiseLink | UnmeteredLoad
"""A dated fact about a meter, or about a load that has none."""


@dataclass(frozen=True, slots=True)
class MeterChange:
    """What changes at once: what is believed no longer, and what is believed instead.

    ``ended``  facts as they are believed now; ``begun`` what stands in their place or beside them
    ``work``   the visit that made the change, if there was one
    ``left``   the visit with which a meter left that is told of late, beside the one it came with
    ``event``  what the record of what was done calls it; ``subject`` whom it is about
    """

    event: str
    subject: str
    learned_at: datetime
    ended: tuple[MeterFact, ...] = ()
    begun: tuple[MeterFact, ...] = ()
    meters: tuple[Meter, ...] = ()
    work: MeterWork | None = None
    left: MeterWork | None = None


@dataclass(frozen=True, slots=True)
class MeterFile:
    """Everything that is known of one meter at one moment, each part by first day."""

    meter_id: str
    meter: Meter | None
    configurations: tuple[MeterConfiguration, ...]
    installations: tuple[MeterInstallation, ...]
    links: tuple[PremiseLink, ...]
    work: tuple[MeterWork, ...]


class Meters(MeterEvents, Protocol):
    """Meters on two clocks. No meter is in two places, no place has two, at any instant.

    Without ``known_at`` what is believed now is asked for: what was changed a moment ago is seen.
    """

    def change_meters(self, change: MeterChange) -> bool:
        """Record a change, all of it or nothing; False if its work is recorded already.

        What is believed now was learned after everything that was believed before it, and after
        the newest bill of the service points: a bill is replayed without it.

        :raises Conflict: naming what overlaps, what exists with other contents, or what somebody
            else has changed meanwhile
        """

    def meter_file(self, meter_id: str, known_at: datetime | None = None) -> MeterFile:
        """All that is known of a meter, then or now. :raises NotFound: if nobody has named it"""

    def meter_kinds(self, meter_ids: Sequence[str], known_at: datetime) -> dict[str, MeterKind]:
        """How meters are read, of those that were named by then; it says nothing of anybody."""

    def installations_at(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[MeterInstallation]]:
        """The meters of service points by first day; points without any are left out."""

    def unmetered_loads(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[UnmeteredLoad]]:
        """The loads without a meter at service points, by first day and name."""
