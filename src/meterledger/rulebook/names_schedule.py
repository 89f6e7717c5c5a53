"""What a schedule or a programme says of other files: every name resolves, energy is priced once.

Lives here      checks that need the whole book: names, seasons, periods, blocks, demands, lines of
                lines.
Lives elsewhere one file's form (``parsing_schedules``), other values (``names``).
"""

from __future__ import annotations

from meterledger.kernel.ensure import ensure
from meterledger.rulebook.errors import TariffFileBroken, broken
from meterledger.rulebook.parsing import Entry, ParsedSeries
from meterledger.rulebook.parsing_schedules import ScheduleBody
from meterledger.rulebook.schedule import (
    ALL_HOURS,
    OF_LINES,
    PROGRAM_KINDS,
    Block,
    ChargeKind,
    ChargeRule,
    Program,
    Seasons,
    TimeOfUse,
)

Book = dict[str, ParsedSeries]

DEMAND_PERIODS = frozenset({"counts", "outside"})
"""The periods of a demand calendar: hours that count for the highest, and hours that do not."""
OF_PERIODS = ("cycle_read_day_rule", "billing_period_number_rule")
OF_BOTH_METHODS = "season_method_switch"
"""The rules that a calendar needs whose seasons go by billing periods, or by both methods."""
ENERGY = "energy"
"""What a programme's ``replaces`` calls all charges for energy together."""


def check_schedule(body: ScheduleBody, series: ParsedSeries, entry: Entry, book: Book) -> None:
    """Check the names of a schedule, and that it prices all energy once."""
    seasons: set[str] = set()
    methods: set[bool] = set()
    for one in need(body.seasons, "seasons", series, entry, book).entries:
        ensure(isinstance(one.dated.value, Seasons), "a seasons file holds seasons")
        seasons |= set(one.dated.value.months)
        methods.add(one.dated.value.by_period)
    if True in methods:
        for rule in (*OF_PERIODS, *((OF_BOTH_METHODS,) if False in methods else ())):
            need(rule, "text", series, entry, book)
    periods = _periods(body.windows, seasons, series, entry, book) or {ALL_HOURS}
    for calendar in (body.demand_window, *(one.hours for one in body.demands)):
        _check_demand_hours(calendar, seasons, series, entry, book)
    if body.block_limit is not None:
        need(body.block_limit, "number", series, entry, book)
    _check_demands(body, seasons, series, entry, book)
    demands = {one.name for one in body.demands} | {one.name for one in body.billing_demands}
    for blocks in body.block_sets:
        for limit in blocks.limits:
            need(limit, "number", series, entry, book)
        if blocks.demand is not None:
            _check_demand(blocks.demand, blocks.name, demands, series, entry)
    for charge in body.charges:
        need(charge.price, price_kind(charge.kind), series, entry, book)
        if charge.season is not None and charge.season not in seasons:
            raise _unknown("season", charge.season, charge.code, seasons, series, entry)
        if charge.period is not None and charge.period not in periods - {ALL_HOURS}:
            raise _unknown(
                "period", charge.period, charge.code, periods - {ALL_HOURS}, series, entry
            )
        _check_block(charge, body, series, entry)
        if charge.kind is ChargeKind.DEMAND and not charge.demand and body.demand_window is None:
            raise broken(
                f"Charge '{charge.code}' is for demand, and the schedule has no demand_window",
                file=series.file,
                line=entry.line,
                do="Name the calendar of hours that count for demand as demand_window",
            )
        for name in (charge.demand, charge.over):
            if name is not None:
                _check_demand(name, charge.code, demands, series, entry)
        for name, kind in ((charge.beyond, "number"), (charge.demand_price, "price")):
            if name is not None:
                need(name, kind, series, entry, book)
    _check_lines(body.charges, series, entry)
    _check_all_energy_is_priced_once(body, seasons, periods, series, entry)


def check_program(program: Program, series: ParsedSeries, entry: Entry, book: Book) -> None:
    """Check the names of a programme, and that its charges do not have codes of its schedules."""
    codes: set[str] = set()
    for code in program.schedules:
        for one in need(code, "schedule", series, entry, book).entries:
            codes |= {charge.code for charge in one.dated.value.charges}
    for charge in program.charges:
        if charge.code in codes:
            raise broken(
                f"Charge '{charge.code}' has the code of a charge of its schedules",
                file=series.file,
                line=entry.line,
                do="Rename it",
            )
        if charge.kind is ChargeKind.SOLAR_BLOCK:
            kind = "number" if book.get(charge.price, series).kind == "number" else "price"
            need(charge.price, kind, series, entry, book)
        elif charge.kind is not ChargeKind.NET_CREDIT:
            need(charge.price, price_kind(charge.kind), series, entry, book)
        _check_program_kind(charge, program, series, entry)
    if program.net_metering is not None:
        need(program.net_metering.expires_months, "number", series, entry, book)
    if program.solar is not None:
        need(program.solar.block_kwh, "number", series, entry, book)
        for name in program.solar.replaces:
            if name != ENERGY and name not in codes:
                raise broken(
                    f"'{name}' is not a charge of the schedules that the programme is for",
                    file=series.file,
                    line=entry.line,
                    do=f"Name {ENERGY}, or the code of a charge per kWh",
                )


def _check_program_kind(
    charge: ChargeRule, program: Program, series: ParsedSeries, entry: Entry
) -> None:
    net = charge.kind in (ChargeKind.NET_EXCESS, ChargeKind.NET_CREDIT)
    lacks = (
        "net_metering"
        if net and program.net_metering is None
        else "solar"
        if charge.kind is ChargeKind.SOLAR_BLOCK and program.solar is None
        else ""
    )
    allowed = PROGRAM_KINDS | {ChargeKind.MONTHLY, ChargeKind.PER_BILL, ChargeKind.DAILY}
    if lacks or charge.kind not in allowed:
        raise broken(
            f"Charge '{charge.code}' is of the kind {charge.kind.value}, "
            + (f"and the programme has no {lacks}" if lacks else "which no programme has"),
            file=series.file,
            line=entry.line,
            do=f"Add {lacks}, or take the charge out" if lacks else "Put it into a schedule",
        )


def price_kind(kind: ChargeKind) -> str:
    """The kind of value that is the price of a charge of a kind."""
    return "number" if kind is ChargeKind.PERCENT else "price"


def _check_demand_hours(
    calendar: str | None, seasons: set[str], series: ParsedSeries, entry: Entry, book: Book
) -> None:
    found = _periods(calendar, seasons, series, entry, book)
    if found and found != DEMAND_PERIODS:
        raise broken(
            f"The demand window '{calendar}' has the periods {', '.join(sorted(found))}",
            file=series.file,
            line=entry.line,
            do=f"Name a calendar whose periods are {' and '.join(sorted(DEMAND_PERIODS))}",
        )


def _check_demands(
    body: ScheduleBody, seasons: set[str], series: ParsedSeries, entry: Entry, book: Book
) -> None:
    measured = {one.name for one in body.demands}
    for billing in body.billing_demands:
        for part in billing.parts:
            _check_demand(part.demand, billing.name, measured, series, entry)
        ratchet = billing.ratchet
        numbers = [part.share for part in billing.parts] + [billing.floor]
        numbers += [ratchet.share, ratchet.periods] if ratchet else []
        for name in numbers:
            if name is not None:
                need(name, "number", series, entry, book)
        if ratchet and ratchet.season is not None and ratchet.season not in seasons:
            raise _unknown("season", ratchet.season, billing.name, seasons, series, entry)


def _check_demand(
    name: str, user: str, known: set[str], series: ParsedSeries, entry: Entry
) -> None:
    if name not in known:
        raise broken(
            f"'{user}' is for the demand '{name}', which the schedule does not state",
            file=series.file,
            line=entry.line,
            do=f"Use one of {', '.join(sorted(known))}" if known else "State it under demands",
        )


def _check_block(
    charge: ChargeRule, body: ScheduleBody, series: ParsedSeries, entry: Entry
) -> None:
    if charge.block is not None and body.block_limit is None:
        raise broken(
            f"Charge '{charge.code}' prices a block, and the schedule has no block_limit",
            file=series.file,
            line=entry.line,
            do="Name the series with the first block's kWh a month as block_limit",
        )
    if charge.block_set is None:
        return
    sets = {one.name: len(one.limits) + 1 for one in body.block_sets}
    if (charge.block_number or 0) > sets.get(charge.block_set, 0):
        raise broken(
            f"Charge '{charge.code}' is for block {charge.block_number} of '{charge.block_set}', "
            f"which has {sets.get(charge.block_set, 'not been stated')}",
            file=series.file,
            line=entry.line,
            do="Name a block that the set has: one more than it has limits",
        )


def _check_lines(charges: tuple[ChargeRule, ...], series: ParsedSeries, entry: Entry) -> None:
    """A line of other lines is reckoned after them."""
    above: set[str] = set()
    for charge in charges:
        if charge.kind in OF_LINES:
            for code in charge.of:
                if code not in above:
                    raise broken(
                        f"Charge '{charge.code}' is of '{code}', which does not stand above it",
                        file=series.file,
                        line=entry.line,
                        do="Name charges that stand above it, and each once",
                    )
        above.add(charge.code)


def _check_all_energy_is_priced_once(
    body: ScheduleBody, seasons: set[str], periods: set[str], series: ParsedSeries, entry: Entry
) -> None:
    """Energy that no charge prices would be billed at nothing; energy priced twice, twice."""
    energy = [charge for charge in body.charges if charge.kind is ChargeKind.ENERGY]
    for season in sorted(seasons):
        for period in sorted(periods):
            found = [
                charge
                for charge in energy
                if charge.season in (None, season) and charge.period in (None, period)
            ]
            if _priced_once(found, body):
                continue
            where = season if period == ALL_HOURS else f"{season}, {period}"
            priced = ", ".join(charge.code for charge in found) or "nothing"
            raise broken(
                f"Energy in {where} is priced by {priced}",
                file=series.file,
                line=entry.line,
                do="Price it once: by one charge, or by one for each block (first and over)",
            )


def _priced_once(found: list[ChargeRule], body: ScheduleBody) -> bool:
    """Whether the charges of one season and period price its energy once."""
    sets = {charge.block_set for charge in found}
    if sets == {None}:
        blocks = [charge.block for charge in found]
        return blocks == [None] or sorted(map(str, blocks)) == sorted(map(str, Block))
    if len(sets) != 1:
        return False
    (name,) = sets
    limits = next(len(one.limits) for one in body.block_sets if one.name == name)
    numbers = sorted(charge.block_number or 0 for charge in found)
    return numbers == list(range(1, limits + 2))


def _periods(
    name: str | None, seasons: set[str], series: ParsedSeries, entry: Entry, book: Book
) -> set[str]:
    if name is None:
        return set()
    found: set[str] = set()
    calendar = need(name, "time_of_use", series, entry, book)
    for one in calendar.entries:
        value: TimeOfUse = one.dated.value
        found |= set(value.periods)
        for days in (value.working_day, value.weekend_or_holiday):
            missing = sorted(seasons - days.keys())
            if missing:
                raise broken(
                    f"The windows of '{name}' leave out the season '{missing[0]}'",
                    file=calendar.file,
                    line=one.line,
                    do="Give windows for every season of the schedules that use them",
                )
    return found


def need(name: str, kind: str, series: ParsedSeries, entry: Entry, book: Book) -> ParsedSeries:
    found = book.get(name)
    if found is None or found.kind != kind:
        what = f"is a {found.kind}" if found else "is in no file"
        raise broken(
            f"'{series.name}' uses '{name}' as {kind}, which {what}",
            file=series.file,
            line=entry.line,
            do=f"Correct the name, or add a file {name}.yaml of kind {kind}",
        )
    return found


def _unknown(
    noun: str, word: str, code: str, known: set[str], series: ParsedSeries, entry: Entry
) -> TariffFileBroken:
    if not known:
        what, do = "and the schedule has no calendar for it", f"Name one, or leave out the {noun}"
    else:
        what = "which the schedule's calendar does not have"
        do = f"Use one of {', '.join(sorted(known))}"
    return broken(
        f"Charge '{code}' is for the {noun} '{word}', {what}",
        file=series.file,
        line=entry.line,
        do=do,
    )
