"""Large populations for measuring: any number of accounts, and their quarter-hours as blocks.

Lives here      who they are (``starts``) and what their meters measured (``blocks``): the same
                numbers for the same seed, on every machine.
Lives elsewhere how a home's use is simulated (``simulation``), storing and billing them (bench).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from meterledger.entrypoints.demo.simulation import day_values, traits_of
from meterledger.entrypoints.demo.town import SCHEDULES
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import agreement_name, bucket_of, pseudonym, with_check_digit
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.ports import ServiceStart

TAX_PLACES = ("university_city", "pagedale", "canton", "bel_ridge", "none")
LARGEST_POPULATION = 10**8
DEFAULT_SEED = 20_250_701


@dataclass(frozen=True, slots=True)
class Block:
    """Whole days of some meters, ready for ``IntervalLake.write_block``.

    ``meters``  pseudonyms, in the order of the rows
    ``values``  Int32 [meters x quarter-hours of all days], watt-hours, none missing
    """

    meters: tuple[str, ...]
    days: DaySpan
    values: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Population:
    """N homes, numbered from 0. Cycle, rate option and tax place go round by the number.

    ``cycles`` are those the accounts are spread over; ``utility`` is the book's name, under which
    meters get their pseudonyms.
    """

    count: int
    utility: str
    zone_name: str
    cycles: tuple[int, ...] = (1,)
    seed: int = DEFAULT_SEED
    first: int = 0
    """The number of the first home: populations beside each other have no home in common."""

    def __post_init__(self) -> None:
        ensure(0 < self.count <= LARGEST_POPULATION, "a population has between 1 and 10**8 homes")
        ensure(len(self.cycles) > 0, "a population has a reading cycle")

    def account_id(self, number: int) -> str:
        """The home's account."""
        return with_check_digit(f"{500_000_000 + number}")

    def meter_id(self, number: int) -> str:
        """The home's meter."""
        return f"PM{number:08d}"

    def schedule(self, number: int) -> str:
        """The home's rate option: the five in turn."""
        return SCHEDULES[number % len(SCHEDULES)]

    def tax_place(self, number: int) -> str:
        """The home's municipality: each with every option."""
        return TAX_PLACES[number // len(SCHEDULES) % len(TAX_PLACES)]

    def cycle(self, number: int) -> int:
        """The reading cycle of the home's account."""
        return self.cycles[number // (len(SCHEDULES) * len(TAX_PLACES)) % len(self.cycles)]

    def starts(self, *, from_day: date, learned_at: datetime) -> Iterator[ServiceStart]:
        """Every home's start of service, for ``Store.start_services`` in batches."""
        days = Validity(from_day)
        for number in range(self.first, self.first + self.count):
            account, meter = self.account_id(number), self.meter_id(number)
            person, premise, point = f"pp-{number}", f"PP-{number}", f"SP-PP-{number}"
            yield ServiceStart(
                persons=(Person(person, f"Customer {number}", learned_at),),
                account=Account(account, self.cycle(number), from_day, learned_at),
                holders=(AccountHolder(account, person, days, learned_at),),
                premise=Premise(
                    premise, f"{number} Example St", "Millbrook", "MO", "63999", learned_at
                ),
                tax_place=TaxPlace(premise, self.tax_place(number), days, learned_at),
                service_point=ServicePoint(point, premise, learned_at),
                installation=MeterInstallation(point, meter, 1, days, learned_at),
                agreement=Agreement(
                    agreement_name(account, point, from_day),
                    account,
                    point,
                    self.schedule(number),
                    days,
                    learned_at,
                ),
            )

    def blocks(self, days: DaySpan, *, meters_per_block: int = 2048) -> Iterator[Block]:
        """Every home's quarter-hours over the days, some meters at a time, in order of buckets.

        A block of 2,048 meters and a month is some 24 MB.
        """
        named = [
            (pseudonym(self.meter_id(n), self.utility), n)
            for n in range(self.first, self.first + self.count)
        ]
        named.sort(key=lambda one: (bucket_of(one[0]), one[0]))
        for first in range(0, self.count, meters_per_block):
            chunk = named[first : first + meters_per_block]
            homes = traits_of(np.array([number for _, number in chunk]), seed=self.seed)
            parts = [
                day_values(homes, day, seed=self.seed, zone_name=self.zone_name).astype(np.int32)
                for day in days.days()
            ]
            yield Block(tuple(name for name, _ in chunk), days, np.concatenate(parts, axis=1))
