"""Registers in dictionaries: their values, which meters are billed on them, bills by place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterledger.facts.bills import read_record
from meterledger.facts.meters import BilledOn, MeterConfiguration
from meterledger.facts.places import Premise, ServicePoint
from meterledger.facts.readings import ChannelKind, ChannelReadings
from meterledger.facts.registers import KnownRegisterValue, NearbyBill
from meterledger.kernel.span import DaySpan
from meterledger.stores.kept import is_delivered_energy
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.stores.register_values import value_of, values_speaking
from meterledger.usecases.ports import ReceivedFile, StoredBill


class MemoryRegisters:
    """The part of the store that answers for meters billed on their register."""

    _configurations: TwoClocks[MeterConfiguration]
    _files: dict[str, ReceivedFile]
    _bills: dict[str, StoredBill]
    registers: list[tuple[str, ChannelReadings]]
    _points: dict[str, ServicePoint]
    _premises: dict[str, Premise]

    def meters_on_registers(self, meter_ids: Sequence[str], known_at: datetime) -> set[str]:
        """Which of the meters are set up, on some day, to be billed on their register."""
        self._look()
        return {
            meter
            for meter in meter_ids
            if any(
                one.billed_on is BilledOn.REGISTER
                for one in self._configurations.of(meter, known_at)
            )
        }

    def register_values(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownRegisterValue]]:
        """What registers of delivered energy showed at instants of the stretch."""
        self._look()
        wanted = set(meter_ids)
        return values_speaking(
            (
                one.channel.meter_id,
                value_of(one.channel, reading.start, reading.value, reading.quality, sequence),
            )
            for sha256, one in self.registers
            if (sequence := self._files[sha256].lake_sequence) <= at_sequence
            and one.channel.meter_id in wanted
            and one.channel.kind is ChannelKind.REGISTER
            and is_delivered_energy(one.channel)
            for reading in one.readings
            if reading.value is not None and begin <= reading.start < until
        )

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, oldest first."""
        self._look()
        found = {
            point: sorted(
                (self._bills[bill] for bill in self._bills_issued_at(point)),
                key=lambda one: (one.days.from_day, one.known_at, one.bill_id),
            )
            for point in service_point_ids
        }
        return {point: bills for point, bills in found.items() if bills}

    def bills_nearby(
        self,
        service_point_id: str,
        schedule: str,
        days: DaySpan,
        *,
        before: datetime,
        places: int = 200,
    ) -> list[NearbyBill]:
        """Bills of other places in the same postal code, of one schedule."""
        self._look()
        ours = self._points.get(service_point_id)
        if ours is None:
            return []
        code = self._premises[ours.premise_id].postal_code
        found: dict[str, list[NearbyBill]] = {}
        for point, place in sorted(self._points.items()):
            if point == service_point_id or self._premises[place.premise_id].postal_code != code:
                continue
            for bill in self.bills_at([point]).get(point, ()):
                record = read_record(bill.record)
                if (
                    record["schedule"] == schedule
                    and days.overlap(bill.days) == bill.days
                    and bill.known_at < before
                    and (bill.cancelled_at is None or bill.cancelled_at >= before)
                ):
                    usage = record["usage"]
                    found.setdefault(point, []).append(
                        NearbyBill(point, bill.days, usage["energy_wh"], "estimated" in usage)
                    )
        return [bill for point in sorted(found)[:places] for bill in found[point]]

    def _bills_issued_at(self, service_point_id: str) -> list[str]:
        raise NotImplementedError  # answered by the rest of the store

    def _look(self) -> None:
        raise NotImplementedError  # answered by the rest of the store
