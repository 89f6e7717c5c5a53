"""What one bill on the sum of an account's meters charges, beside its bills by service point.

Lives here      the meters of an account added and priced once, and each alone; no bill is made.
Lives elsewhere the rule of the sum (``metering``, by ``account_meters``), prices (``calculate``),
                one bill on the sum, by arrangement (``bills_together``).
Read first      GRR IV.C; docs/operating/combination_bills.md, "Several meters on one account".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meterledger.billing import tax_place_on, tax_subject_of
from meterledger.facts.bills import BilledUsage
from meterledger.facts.charges import ChargeLine
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.account_meters import AccountStore
from meterledger.usecases.bills_together import Usage, add_by_rule, peak_wh, usage_of_point
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.decide import Ruling
from meterledger.usecases.ports import Lake
from meterledger.usecases.window_usage import meters_of_window


class CannotAdd(Refusal):
    """The meters of an account cannot be priced as one."""


@dataclass(frozen=True, slots=True)
class MeterAlone:
    """One meter by itself: its share of the sum, and what its own lines charge."""

    meter_id: str
    service_point_id: str
    usage: BilledUsage
    lines: tuple[ChargeLine, ...]

    @property
    def cents(self) -> int:
        """The total of its lines."""
        return sum(one.cents for one in self.lines)


@dataclass(frozen=True, slots=True)
class Together:
    """The meters of an account priced as one, and each alone; the rule behind the sum."""

    account_id: str
    schedule: str
    days: DaySpan
    energy_wh: int
    lines: tuple[ChargeLine, ...]
    alone: tuple[MeterAlone, ...]
    ruling: Ruling

    @property
    def cents(self) -> int:
        """The total of the lines on the sum."""
        return sum(one.cents for one in self.lines)

    @property
    def difference_cents(self) -> int:
        """What one bill on the sum charges less what the bills by service point do."""
        return self.cents - sum(one.cents for one in self.alone)


def price_together(
    *,
    account_id: str,
    days: DaySpan,
    known_at: datetime,
    store: AccountStore,
    lake: Lake,
    book: TariffBook,
) -> Together:
    """Price an account's meters on the sum of their energy (GRR IV.C), and each by itself.

    :raises NotFound: if there is no such account
    :raises CannotAdd: if there are not several meters, or they are not billed alike on all days
    :raises Refusal: if the energy of one of them is not known: a sum with a part missing is no sum
    :raises NoRuleInForce: if the book is silent
    """
    view = book.as_known(known_at.date())
    services = _alike(account_id, days, store.services_of_account(account_id, known_at), view)
    sequence = store.lake_sequence()
    calculator = Calculator(view, cycle=services[0].account.cycle)
    schedule = services[0].agreement.schedule
    parts: list[Usage] = []
    alone: list[MeterAlone] = []
    for service in services:
        point = service.agreement.service_point_id
        installed = meters_of_window(point, service.installations, days, view.time_zone)
        found = usage_of_point(installed, days, sequence=sequence, lake=lake, kept=store, view=view)
        parts.append(found.usage)
        priced = calculator.price_usage(schedule, days, found.usage)
        lines = _with_tax(service, days, priced, calculator)
        named = " and ".join(one.meter_id for one in installed)
        alone.append(MeterAlone(named, point, found.described, lines))
    energy_wh = sum(one.usage.energy_wh for one in alone)
    each = calculator.determine_each(schedule, days, parts)
    together = calculator.price_together(schedule, days, each)
    lines = _with_tax(services[0], days, together, calculator)
    measured = [(one.meter_id, one.usage.energy_wh, peak_wh(each[place]))
                for place, one in enumerate(alone)]  # fmt: skip
    ruling = add_by_rule(account_id, measured, energy_wh, days, view)
    return Together(account_id, schedule, days, energy_wh, lines, tuple(alone), ruling)


def _alike(
    account_id: str, days: DaySpan, services: Sequence[BillableService], view: BookView
) -> list[BillableService]:
    """The account's services on all of the days, of one schedule and one tax place."""
    there = [one for one in services if one.agreement.days.within(days) == days]
    if len(there) < 2:
        raise CannotAdd(
            f"Account {account_id} has {len(there)} metered service points on all days of {days}",
            where=f"account {account_id}",
            why="Only several meters are added",
            do="Choose days on which the account has two or more",
        )
    schedules = sorted({one.agreement.schedule for one in there})
    places = {
        tax_place_on(one.tax_places, days, one.premise.premise_id) for one in there
    } if len(schedules) == 1 else set()  # fmt: skip
    if len(schedules) > 1 or len(places) > 1:
        what = f"schedules {' and '.join(schedules)}" if len(schedules) > 1 else "tax places"
        raise CannotAdd(
            f"The meters of account {account_id} are on several {what}",
            where=f"account {account_id}, {days}",
            why="One sum is priced on one schedule and taxed in one place",
            do="Price each by itself; the text does not say which one counts",
        )
    return sorted(there, key=lambda one: one.agreement.service_point_id)


def _with_tax(
    service: BillableService,
    days: DaySpan,
    lines: tuple[ChargeLine, ...],
    calculator: Calculator,
) -> tuple[ChargeLine, ...]:
    return calculator.with_tax(
        lines,
        days,
        tax_place_on(service.tax_places, days, service.premise.premise_id),
        schedule=service.agreement.schedule,
        subject=tax_subject_of(service, days),
    )
