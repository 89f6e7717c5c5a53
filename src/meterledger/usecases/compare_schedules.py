"""Compare: an account's own usage priced on every schedule of the book, over the same days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from meterledger.billing import reading_day, tax_place_on
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.usage import TiledUsage, UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.calculate_bills import BilledReadings, window_of
from meterledger.usecases.ports import Lake
from meterledger.usecases.rate_usage import UsageNotWhole
from meterledger.usecases.register_estimates import RegisterUsage
from meterledger.usecases.register_usage import price_register, register_usage
from meterledger.usecases.window_usage import (
    meters_of_window,
    usage_of_exchange,
    usage_of_window,
)


class CompareStore(BilledReadings, Protocol):
    """What this journey needs of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


class NoServiceThen(Refusal):
    """The account had no service on all of these days."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One schedule's answer: a total, or a sentence saying why it has none."""

    schedule: str
    total_cents: int | None
    standing: str
    refusal: str | None

    def as_json(self) -> dict[str, Any]:
        """One row of ``compare --json``."""
        return {
            "schedule": self.schedule,
            "total_usd": None if self.total_cents is None else usd_text(self.total_cents),
            "standing": self.standing,
            "refusal": self.refusal,
        }


def compare_schedules(
    *,
    account_id: str,
    span: DaySpan,
    known_at: datetime,
    store: CompareStore,
    lake: Lake,
    book: TariffBook,
) -> tuple[str, int, list[Comparison]]:
    """The account's schedule, its watt-hours over the span, and every schedule's total.

    A span longer than a billing window is cut by months, as bills would be.

    :raises NotFound: if there is no such account
    :raises NoServiceThen: if no one agreement holds over all days
    :raises UsageNotWhole: if intervals are missing
    :raises UsageNotTiled: if an interval lies across a window's edge, or two overlap
    :raises RegisterHeld: if a meter is billed on its register and cannot be on these days
    """
    whole = [
        service
        for service in store.services_of_account(account_id, known_at)
        if service.agreement.days.within(span) == span
    ]
    if len(whole) != 1:
        raise NoServiceThen(
            f"Account {account_id} has no one agreement over all days from {span}",
            do="Choose days on which one agreement was in force",
        )
    service = whole[0]
    view = book.as_known(known_at.date())
    windows = _windows(span, service.account.cycle, view)
    calculator = Calculator(view)
    totals: dict[str, int] = {}
    refusals: dict[str, str] = {}
    standings: dict[str, list[Any]] = {code: [] for code in view.schedule_codes()}
    energy_wh = 0
    sequence = store.lake_sequence()
    for window in windows:
        point = service.agreement.service_point_id
        meters = meters_of_window(point, service.installations, window, view.time_zone)
        usage: UsageBatch | TiledUsage | RegisterUsage | None = register_usage(
            service,
            window_of(service, window, view),
            meters,
            known_at=known_at,
            on=window.until_day,
            sequence=sequence,
            view=view,
            store=store,
        )
        if usage is None:
            usage = _usage(account_id, meters, window, sequence, lake, store, view)
        energy_wh += _energy_wh(usage)
        place = tax_place_on(service.tax_places, window, service.premise.premise_id)
        for code in view.schedule_codes():
            if code in refusals:
                continue
            try:
                lines = (
                    price_register(calculator, code, usage, window)
                    if isinstance(usage, RegisterUsage)
                    else calculator.price_usage(code, window, usage)
                )
                lines = calculator.with_tax(lines, window, place)
            except Refusal as refusal:
                refusals[code] = refusal.sentence
                continue
            totals[code] = totals.get(code, 0) + sum(line.cents for line in lines)
            standings[code] += [line.standing for line in lines]
    answers = [
        Comparison(
            schedule=code,
            total_cents=None if code in refusals else totals[code],
            standing=weakest(standings[code]).value,
            refusal=refusals.get(code),
        )
        for code in view.schedule_codes()
    ]
    return service.agreement.schedule, energy_wh, answers


def _energy_wh(usage: UsageBatch | TiledUsage | RegisterUsage) -> int:
    if isinstance(usage, RegisterUsage):
        return usage.usage.energy_wh
    return usage.energy_wh if isinstance(usage, TiledUsage) else int(usage.total_wh[0])


def _usage(
    account_id: str,
    installed: tuple[MeterInstallation, ...],
    window: DaySpan,
    sequence: int,
    lake: Lake,
    store: CompareStore,
    view: BookView,
) -> UsageBatch | TiledUsage:
    """The meters' usage as a bill would take it: one row of whole days, or tiled intervals."""
    if len(installed) > 1:
        return usage_of_exchange(
            installed,
            window,
            zone=view.time_zone,
            utility=view.name,
            at_sequence=sequence,
            lake=lake,
            kept=store,
        ).tiled
    meter = pseudonym(installed[0].meter_id, view.name)
    found = usage_of_window(
        {meter: installed[0]},
        window,
        zone=view.time_zone,
        at_sequence=sequence,
        lake=lake,
        kept=store,
    )
    if meter in found.refused:
        raise found.refused[meter]
    if meter in found.gaps:
        raise UsageNotWhole(
            found.gaps[meter].sentence,
            where=f"account {account_id}, {window}",
            do="Ingest the missing readings, or choose other days",
        )
    return found.tiled[meter] if meter in found.tiled else found.whole[0].usage


def _windows(span: DaySpan, cycle: int, view: BookView) -> list[DaySpan]:
    """The span itself, or cut on the cycle's reading day of each month when it is longer."""
    if span.day_count <= view.number("regular_period_days_max").on(span.last_day).value:
        return [span]
    months = sorted({(day.year, day.month) for day in span.days()})
    return span.split_at(
        reading_day(cycle=cycle, year=year, month=month, view=view) for year, month in months
    )
