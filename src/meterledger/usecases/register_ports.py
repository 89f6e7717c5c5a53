"""What billing on registers needs of the store: values of registers, and bills of a place.

Lives here      the port ``Registers``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), what is made of the values (``register_usage``).

Instants are UTC. Reads are usage data: they need a viewer and a purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from meterledger.facts.registers import KnownRegisterValue, NearbyBill
from meterledger.kernel.span import DaySpan

if TYPE_CHECKING:
    from meterledger.usecases.ports import StoredBill


class Registers(Protocol):
    """Registers of delivered energy as they were read, and bills by service point."""

    def meters_on_registers(self, meter_ids: Sequence[str], known_at: datetime) -> set[str]:
        """Which of the meters are set up, on some day, to be billed on their register."""

    def register_values(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownRegisterValue]]:
        """What registers of delivered energy showed at instants of ``[begin, until)``, in order.

        As known at the commit sequence: of one meter's values of one instant and direction the one
        published last, and where one file says two things, both. A missing value takes nothing
        away. Meters of which nothing is known are left out.
        """

    def bills_nearby(
        self,
        service_point_id: str,
        schedule: str,
        days: DaySpan,
        *,
        before: datetime,
        places: int = 200,
    ) -> list[NearbyBill]:
        """Bills of other places in the same postal code, of one schedule, by place and first day.

        Live ones within ``days`` that were issued before ``before``; of so many places at most,
        the first by their ids.
        """

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, cancelled ones too, oldest first."""
