"""The meters of one account over a billing month, as GRR IV.C asks for them, and what it decides.

Lives here      gathering each meter's energy of the days, in the form of the rules
                ``meters.account_usage`` and ``meters.zero_usage_charge``.
Lives elsewhere the rules (``metering``), the usage of a window (``window_usage``), bills: each
                service point is still billed by its own agreement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from meterledger.facts.places import BillableService
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usage import describe_exchanged, describe_tiled, describe_usage
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.ports import Lake
from meterledger.usecases.rule_registry import rule_named
from meterledger.usecases.window_usage import (
    KeptReadings,
    meters_of_window,
    usage_of_exchange,
    usage_of_window,
)

ACCOUNT_USAGE = "meters.account_usage"
ZERO_USAGE = "meters.zero_usage_charge"


class NoMetersThen(Refusal):
    """The account had no service on any of the days."""


class AccountStore(KeptReadings, Protocol):
    """What this journey needs of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


@dataclass(frozen=True, slots=True)
class MeterOfMonth:
    """One meter of the account: its energy of the days, or why it is not known."""

    meter_id: str
    service_point_id: str
    energy_wh: int | None
    estimated: bool
    why: str = ""

    @property
    def kwh(self) -> str | None:
        """The energy in kilowatt-hours, exact."""
        if self.energy_wh is None:
            return None
        sign, size = ("-" if self.energy_wh < 0 else ""), abs(self.energy_wh)
        return f"{sign}{size // 1000}.{size % 1000:03d}"


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """The account's meters, the sum by GRR IV.C (None while a meter is not known), and, by meter,
    whether a month without usage draws the charge of IV.B.
    """

    account_id: str
    span: DaySpan
    meters: tuple[MeterOfMonth, ...]
    usage: Ruling | None
    zero_usage: tuple[tuple[str, Ruling], ...]

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of ``meters.account_usage``, as ``decide --facts`` takes them."""
        return {
            "account": self.account_id,
            "meters": [
                {"meter": one.meter_id, "account": self.account_id, "kwh": one.kwh}
                for one in self.meters
            ],
        }


def account_meters(
    *,
    account_id: str,
    span: DaySpan,
    known_at: datetime,
    store: AccountStore,
    lake: Lake,
    book: TariffBook,
) -> AccountMonth:
    """Every meter that measured for the account on the days, and what GRR IV.C makes of them.

    :raises NotFound: if there is no such account
    :raises NoMetersThen: if it had no service then
    :raises NoRuleInForce: if the book is silent on the last day
    """
    view = book.as_known(known_at.date())
    sequence = store.lake_sequence()
    meters: list[MeterOfMonth] = []
    for service in store.services_of_account(account_id, known_at):
        days = service.agreement.days.within(span)
        if days is not None:
            meters += _meters_of(service, days, sequence, store, lake, view)
    if not meters:
        raise NoMetersThen(
            f"Account {account_id} had no service on any day from {span}",
            do="Choose days on which an agreement of it was in force",
        )
    month = AccountMonth(account_id, span, tuple(meters), None, ())
    if any(one.energy_wh is None for one in meters):
        return month
    usage = decide(rule=rule_named(ACCOUNT_USAGE), facts=month.facts, day=span.last_day, view=view)
    zero = tuple((one.meter_id, _zero_usage(one, len(meters), span, view)) for one in meters)
    return AccountMonth(account_id, span, tuple(meters), usage, zero)


def _zero_usage(one: MeterOfMonth, count: int, span: DaySpan, view: BookView) -> Ruling:
    facts = {
        "measures": "alternating-current watthours",
        "meters_on_account": count,
        "kwh": one.kwh,
        "estimated": one.estimated,
    }
    return decide(rule=rule_named(ZERO_USAGE), facts=facts, day=span.last_day, view=view)


def _meters_of(
    service: BillableService,
    days: DaySpan,
    sequence: int,
    store: AccountStore,
    lake: Lake,
    view: BookView,
) -> list[MeterOfMonth]:
    """The meters of one service point; one line with the reason where their energy is not known."""
    point = service.agreement.service_point_id
    try:
        installed = meters_of_window(point, service.installations, days, view.time_zone)
    except Refusal as refusal:
        return [MeterOfMonth(f"none at {point}", point, None, False, refusal.sentence)]
    names = {pseudonym(one.meter_id, view.name): one.meter_id for one in installed}
    if len(installed) > 1:
        try:
            exchanged = usage_of_exchange(
                installed, days, zone=view.time_zone, utility=view.name, at_sequence=sequence,
                lake=lake, kept=store,
            )  # fmt: skip
        except Refusal as refusal:
            every = " and ".join(one.meter_id for one in installed)
            told = refusal.of_one_case().sentence
            return [MeterOfMonth(every, point, None, False, told)]
        described = describe_exchanged(exchanged)
        return [
            MeterOfMonth(names[one.meter], point, one.energy_wh, described.estimated is not None)
            for one in described.meters
        ]
    (meter,) = names
    found = usage_of_window(
        {meter: installed[0]}, days, zone=view.time_zone, at_sequence=sequence, lake=lake,
        kept=store,
    )  # fmt: skip
    if meter in found.refused or meter in found.gaps:
        why = found.gaps[meter] if meter in found.gaps else found.refused[meter]
        return [MeterOfMonth(names[meter], point, None, False, why.sentence)]
    usage = (
        describe_tiled(found.tiled[meter])
        if meter in found.tiled
        else describe_usage(found.whole[0].usage)[0]
    )
    return [MeterOfMonth(names[meter], point, usage.energy_wh, usage.estimated is not None)]
