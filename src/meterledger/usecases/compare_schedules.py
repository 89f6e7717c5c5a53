"""Compare: an account's own usage on every option open to it, over the same days.

Lives here      which days and options, their totals window by window, what a switch would mean.
Lives elsewhere prices (``calculate``), usage of a window (``window_usage``), programmes and what
                else a bill is given (``beside_usage``), the rule of a switch
                (``billing.rate_term``, asked by ``change_rate``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import reading_day, tax_place_on, tax_subject_of
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.usage import TiledUsage, UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usage import estimated_rows, estimated_tiled
from meterledger.usecases.beside_usage import NETS, Beside, BesideSources, BesideUsage
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.calculate_bills import BilledReadings, window_of
from meterledger.usecases.change_rate import EvasionReads, options_open_to
from meterledger.usecases.compare_switch import NoServiceThen, switch_asked
from meterledger.usecases.decide import Ruling
from meterledger.usecases.option_availability import (
    MetersNamed,
    OptionNotOpen,
    meters_on,
    refuse_not_open,
)
from meterledger.usecases.periods_of_service import periods_billed
from meterledger.usecases.ports import Lake
from meterledger.usecases.rate_usage import UsageNotWhole
from meterledger.usecases.register_estimates import RegisterUsage
from meterledger.usecases.register_usage import price_register, register_usage
from meterledger.usecases.window_usage import (
    meters_of_window,
    usage_of_exchange,
    usage_of_window,
)

PERIODS = "billing_periods_twelve_per_year_periods_per_calendar_year"


class CompareStore(BilledReadings, BesideSources, EvasionReads, MetersNamed, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One schedule's answer: totals by window, or a sentence saying why it has none.

    ``difference_cents`` is what it would have cost more than the present one (less: negative); None
    where one of the two has no answer.
    """

    schedule: str
    windows_cents: tuple[int, ...] | None
    standing: str
    refusal: str | None
    difference_cents: int | None = None

    @property
    def total_cents(self) -> int | None:
        """The sum over the windows."""
        return None if self.windows_cents is None else sum(self.windows_cents)

    @property
    def saving_cents(self) -> int:
        """What it would have cost less than the present one."""
        return -(self.difference_cents or 0)

    def as_json(self) -> dict[str, Any]:
        """One row of ``compare --json``."""

        def usd(cents: int | None) -> str | None:
            return None if cents is None else usd_text(cents)

        return {
            "schedule": self.schedule,
            "total_usd": usd(self.total_cents),
            "difference_usd": usd(self.difference_cents),
            "standing": self.standing,
            "refusal": self.refusal,
            "windows_usd": None
            if self.windows_cents is None
            else list(map(usd, self.windows_cents)),
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """An account's own usage on every option open to it, and what the sheet says of a switch.

    ``switch`` is the ruling on a request for another option on ``asked``; None where the rule
    cannot answer, with the sentence in ``switch_refusal``.
    """

    account_id: str
    schedule: str
    windows: tuple[DaySpan, ...]
    windows_wh: tuple[int, ...]
    answers: tuple[Comparison, ...]
    asked: date
    switch: Ruling | None
    switch_refusal: str
    estimated_wh: int = 0
    """How much of the energy is estimated, as on its bills."""
    beside: tuple[str, ...] = ()
    """What is to be known beside this energy: programmes, how little of a year it is, in words."""

    @property
    def energy_wh(self) -> int:
        """All energy that was delivered."""
        return sum(self.windows_wh)

    def as_json(self) -> dict[str, Any]:
        """The answer of ``compare --json``."""
        return {
            "account": self.account_id,
            "from": self.windows[0].from_day.isoformat(),
            "to": self.windows[-1].until_day.isoformat(),
            "schedule": self.schedule,
            "energy_wh": str(self.energy_wh),
            "estimated_wh": str(self.estimated_wh),
            "windows": [
                {
                    "from": window.from_day.isoformat(),
                    "to": window.until_day.isoformat(),
                    "energy_wh": str(energy_wh),
                }
                for window, energy_wh in zip(self.windows, self.windows_wh, strict=True)
            ],
            "beside": list(self.beside),
            "schedules": [row.as_json() for row in self.answers],
            "switch": {
                "asked": self.asked.isoformat(),
                "refusal": self.switch_refusal or None,
                "ruling": None if self.switch is None else self.switch.as_json(),
            },
        }


def compare_schedules(
    *,
    account_id: str,
    span: DaySpan | None,
    known_at: datetime,
    asked: date,
    store: CompareStore,
    lake: Lake,
    book: TariffBook,
) -> Compared:
    """An account's usage priced on every option of its class, and what a switch would mean.

    ``span`` is cut at the cycle's reading days, as bills would be; without one it is the twelve
    periods until the last bill, or as many as there are. ``asked`` is the day of the question.
    Programmes count as on bills; credits for energy received are those that its bills had.

    :raises NotFound: if there is no such account
    :raises NoServiceThen: if the account had not one service over all days
    :raises NoRuleInForce: if the book does not say of which class the option is
    :raises UsageNotWhole: if intervals are missing
    :raises UsageNotTiled: if an interval lies across a window's edge, or two overlap
    :raises RegisterHeld: if a meter is billed on its register and cannot be on these days
    """
    view = book.as_known(known_at.date())
    services = store.services_of_account(account_id, known_at)
    chain = _chain(account_id, services, span.last_day if span else asked)
    billed: list[DaySpan] = []
    of_a_year = int(view.number(PERIODS).on(asked).value) if span is None else 0
    if span is None and chain[-1].earlier_cycles:  # its reading days were other ones before
        point = chain[-1].agreement.service_point_id
        issued = store.bills_at([point]).get(point, [])
        billed = periods_billed(chain, issued, asked, of_a_year)
    if billed:
        span = DaySpan(billed[0].from_day, billed[-1].until_day)
    if span is None:
        span = _twelve_periods(account_id, chain, asked, view)
    if not chain[0].agreement.days.from_day <= span.from_day:
        raise NoServiceThen(
            f"Account {account_id} has not one service over all days from {span}",
            do="Choose days on which its service at one place went on",
        )
    service = chain[-1]
    windows = billed or _windows(span, service.account.cycle, view)
    calculator = Calculator(view, cycle=service.account.cycle)
    codes = options_open_to(service, span.last_day, view)
    cents: dict[str, list[int]] = {code: [] for code in codes}
    refusals = _not_open(service, codes, asked, known_at, view, store)
    standings: dict[str, list[Standing]] = {code: [] for code in codes}
    windows_wh: list[int] = []
    told: dict[str, None] = {}
    estimated_wh = 0
    sequence = store.lake_sequence()
    for window in windows:
        there = _at(chain, window)
        usage = usage_as_billed(there, window, known_at, sequence, lake, store, view)
        windows_wh.append(_energy_wh(usage))
        estimated_wh += _estimated_wh(usage)
        place = tax_place_on(service.tax_places, window, service.premise.premise_id)
        for code in codes:
            if code in refusals:
                continue
            try:
                beside = _beside(
                    _on(code, there), window, usage, known_at, sequence, calculator, lake, store
                )
                told |= dict.fromkeys(_in_words(beside))
                lines = (
                    price_register(calculator, code, usage, window, beside.given)
                    if isinstance(usage, RegisterUsage)
                    else calculator.price_usage(code, window, usage, beside.given)
                )
                lines = calculator.with_tax(
                    lines,
                    window,
                    place,
                    schedule=code,
                    subject=tax_subject_of(service, window),
                )
            except Refusal as refusal:
                refusals[code] = refusal.sentence
                continue
            cents[code].append(sum(line.cents for line in lines))
            standings[code] += [line.standing for line in lines]
    present = service.agreement.schedule
    now = None if present in refusals else sum(cents[present])
    switch, why_not = switch_asked(service, services, asked, known_at, view, store)
    return Compared(
        account_id=account_id,
        schedule=present,
        windows=tuple(windows),
        windows_wh=tuple(windows_wh),
        answers=tuple(
            Comparison(
                schedule=code,
                windows_cents=None if code in refusals else tuple(cents[code]),
                standing=weakest(standings[code]).value,
                refusal=refusals.get(code),
                difference_cents=None
                if code in refusals or now is None
                else sum(cents[code]) - now,
            )
            for code in codes
        ),
        asked=asked,
        switch=switch,
        switch_refusal=why_not,
        estimated_wh=estimated_wh,
        beside=(*told, *_no_year(len(windows), of_a_year)),
    )


def _on(code: str, service: BillableService) -> BillableService:
    """The service as if it were on another option."""
    return replace(service, agreement=replace(service.agreement, schedule=code))


def _beside(
    service: BillableService,
    window: DaySpan,
    usage: UsageBatch | TiledUsage | RegisterUsage,
    known_at: datetime,
    sequence: int,
    calculator: Calculator,
    lake: Lake,
    store: CompareStore,
) -> Beside:
    """What the bill of the window would be given beside its usage, on the service's option.

    :raises Refusal: as the bill would be held
    """
    found = BesideUsage(
        [service],
        window,
        known_at=known_at,
        sequence=sequence,
        calculator=calculator,
        lake=lake,
        store=store,
    )
    if isinstance(usage, RegisterUsage):
        return found.without_intervals(service)
    point, zone = service.agreement.service_point_id, calculator.view.time_zone
    meter, *others = meters_of_window(point, service.installations, window, zone)
    if others:
        return found.of_exchanged(service, (meter, *others))
    if not isinstance(usage, UsageBatch):
        return found.without_intervals(service)
    found.with_received({service.agreement.agreement_id: (service, meter)})
    return found.of(service)


def _no_year(count: int, of_a_year: int) -> list[str]:
    """That what is compared is less than a year, whose other seasons may tell otherwise."""
    if count >= of_a_year:
        return []
    of = f"one of the {of_a_year}" if count == 1 else f"{count} of the {of_a_year}"
    return [f"This is {of} billing periods of a year: the others may tell otherwise."]


def _in_words(beside: Beside) -> list[str]:
    """Of the bill's reasons those of programmes; how much was received is another each month."""
    told = []
    for one in beside.reasons:
        if "takes part in" in one.finding:
            what, nets, _ = one.finding.partition(NETS)
            told.append(f"{what[:1].upper()}{what[1:]}{nets}.")
    return told


def _chain(
    account_id: str, services: Sequence[BillableService], day: date
) -> list[BillableService]:
    """The account's service of that day with those it continues, oldest first."""
    there = [one for one in services if day in one.agreement.days]
    if len(there) != 1:
        several = ", ".join(one.agreement.service_point_id for one in there)
        raise NoServiceThen(
            f"Account {account_id} has {f'services at {several}' if there else 'no service'} "
            f"on {day}",
            why="" if there else _ended(services, day),
            do="Choose days on which it had one service",
        )
    if there[0].joined or there[0].billed_with:
        raise NoServiceThen(
            f"Meters of account {account_id} are billed together",
            why="An option is chosen by each agreement, and the sum is priced on one",
            do=f"See what the sum costs with `meterledger meter account {account_id} --priced`",
        )
    by_name = {one.agreement.agreement_id: one for one in services}
    chain = [there[0]]
    while chain[0].continues in by_name:
        chain.insert(0, by_name[chain[0].continues])
    return chain


def _ended(services: Sequence[BillableService], day: date) -> str:
    """When its last service ended before the day; nothing where none did."""
    ends = [until for one in services if (until := one.agreement.days.until_day) and until <= day]
    return f"Its service ended on {max(ends)}" if ends else ""


def _at(chain: Sequence[BillableService], window: DaySpan) -> BillableService:
    return next(one for one in chain if window.from_day in one.agreement.days)


def _twelve_periods(
    account_id: str, chain: Sequence[BillableService], asked: date, view: BookView
) -> DaySpan:
    """Twelve whole periods until the last bill, or as many as there are since service began.

    Where nothing is billed yet they are those before ``asked``.
    """
    billed = max((one.billed_until for one in chain if one.billed_until), default=asked)
    asked = min(asked, billed)
    cycle, began = chain[-1].account.cycle, chain[0].agreement.days.from_day
    count = view.number(PERIODS).on(asked).value
    year, month, edges = asked.year, asked.month, list[date]()
    while len(edges) <= count:
        day = reading_day(cycle=cycle, year=year, month=month, view=view)
        if day < began:
            edges.append(began)
            break
        if day <= asked:
            edges.append(day)
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    first, last = edges[-1], edges[0]
    if not first < last:
        raise NoServiceThen(
            f"Account {account_id} has no whole billing period before {asked}",
            do="Wait for the first reading day, or give days with --from and --to",
        )
    return DaySpan(first, last)


def _not_open(
    service: BillableService,
    codes: Sequence[str],
    asked: date,
    known_at: datetime,
    view: BookView,
    store: CompareStore,
) -> dict[str, str]:
    """Options that are not open to the meter, each with its sentence; the present one is billed."""
    found: dict[str, str] = {}
    meters = meters_on(service, asked)
    for code in codes:
        if code == service.agreement.schedule:
            continue
        try:
            refuse_not_open(code, meters, on=asked, known_at=known_at, view=view, store=store)
        except OptionNotOpen as refusal:
            found[code] = refusal.sentence
    return found


def usage_as_billed(
    service: BillableService,
    window: DaySpan,
    known_at: datetime,
    sequence: int,
    lake: Lake,
    store: BilledReadings,
    view: BookView,
) -> UsageBatch | TiledUsage | RegisterUsage:
    """The usage of one window as its bill would take it."""
    point = service.agreement.service_point_id
    meters = meters_of_window(point, service.installations, window, view.time_zone)
    usage = register_usage(
        service,
        window_of(service, window, view),
        meters,
        known_at=known_at,
        on=window.until_day,
        sequence=sequence,
        view=view,
        store=store,
    )
    if usage is not None:
        return usage
    return _usage(service.account.account_id, meters, window, sequence, lake, store, view)


def _energy_wh(usage: UsageBatch | TiledUsage | RegisterUsage) -> int:
    if isinstance(usage, RegisterUsage):
        return usage.usage.energy_wh
    return usage.energy_wh if isinstance(usage, TiledUsage) else int(usage.total_wh[0])


def _estimated_wh(usage: UsageBatch | TiledUsage | RegisterUsage) -> int:
    if isinstance(usage, RegisterUsage):
        found = usage.usage.estimated
    elif isinstance(usage, TiledUsage):
        found = estimated_tiled(usage)
    else:
        found = estimated_rows(usage).get(0)
    return found.energy_wh if found else 0


def _usage(
    account_id: str,
    installed: tuple[MeterInstallation, ...],
    window: DaySpan,
    sequence: int,
    lake: Lake,
    store: BilledReadings,
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
