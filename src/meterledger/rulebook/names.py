"""What one file says of another: every name resolves, and a schedule prices all energy once.

Lives here      checks that need the whole book: names, seasons, periods, blocks, demand hours.
Lives elsewhere one file's form (``parsing``), walking the folder (``loading``).
"""

from __future__ import annotations

from meterledger.kernel.ensure import ensure
from meterledger.rulebook.errors import TariffFileBroken, broken
from meterledger.rulebook.parsing import Entry, ParsedSeries
from meterledger.rulebook.parsing_calendars import ScheduleBody
from meterledger.rulebook.schedule import (
    ALL_HOURS,
    Block,
    ChargeKind,
    Seasons,
    ServiceClass,
    TimeOfUse,
)

Book = dict[str, ParsedSeries]

DEMAND_PERIODS = frozenset({"counts", "outside"})
"""The periods of a demand calendar: hours that count for the highest, and hours that do not."""


def check_names(series: ParsedSeries, book: Book) -> None:
    """Check what a file's values say of other files.

    :raises TariffFileBroken: naming the file, the entry's line, what is wrong and what to do
    """
    for entry in series.entries:
        value = entry.dated.value
        if isinstance(value, TimeOfUse):
            _need(value.holidays, "holidays", series, entry, book)
        if isinstance(value, ServiceClass):
            for code in value.schedules:
                _need(code, "schedule", series, entry, book)
                _check_one_class(code, series, entry, book)
        if isinstance(value, ScheduleBody):
            _check_schedule(value, series, entry, book)


def _check_one_class(code: str, series: ParsedSeries, entry: Entry, book: Book) -> None:
    """A schedule is of one class on a day: two files may not name it for the same days."""
    for other in book.values():
        if other.kind != "service_class" or other.name <= series.name:
            continue
        for one in other.entries:
            if code in one.dated.value.schedules and one.dated.days.overlaps(entry.dated.days):
                raise broken(
                    f"The schedule '{code}' is of the class of '{other.name}' and of that of "
                    f"'{series.name}' on the same days",
                    file=other.file,
                    line=one.line,
                    do="Name it in one of the two, or let one end where the other begins",
                )


def _check_schedule(body: ScheduleBody, series: ParsedSeries, entry: Entry, book: Book) -> None:
    seasons: set[str] = set()
    for one in _need(body.seasons, "seasons", series, entry, book).entries:
        ensure(isinstance(one.dated.value, Seasons), "a seasons file holds seasons")
        seasons |= set(one.dated.value.months)
    periods = _periods(body.windows, seasons, series, entry, book) or {ALL_HOURS}
    demand_periods = _periods(body.demand_window, seasons, series, entry, book)
    if demand_periods and demand_periods != DEMAND_PERIODS:
        raise broken(
            f"The demand window '{body.demand_window}' has the periods "
            f"{', '.join(sorted(demand_periods))}",
            file=series.file,
            line=entry.line,
            do=f"Name a calendar whose periods are {' and '.join(sorted(DEMAND_PERIODS))}",
        )
    if body.block_limit is not None:
        _need(body.block_limit, "number", series, entry, book)
    for charge in body.charges:
        _need(charge.price, "price", series, entry, book)
        if charge.season is not None and charge.season not in seasons:
            raise _unknown("season", charge.season, charge.code, seasons, series, entry)
        if charge.period is not None and charge.period not in periods - {ALL_HOURS}:
            raise _unknown(
                "period", charge.period, charge.code, periods - {ALL_HOURS}, series, entry
            )
        if charge.block is not None and body.block_limit is None:
            raise broken(
                f"Charge '{charge.code}' prices a block, and the schedule has no block_limit",
                file=series.file,
                line=entry.line,
                do="Name the series with the first block's kWh a month as block_limit",
            )
        if charge.kind is ChargeKind.DEMAND and body.demand_window is None:
            raise broken(
                f"Charge '{charge.code}' is for demand, and the schedule has no demand_window",
                file=series.file,
                line=entry.line,
                do="Name the calendar of hours that count for demand as demand_window",
            )
    _check_all_energy_is_priced_once(body, seasons, periods, series, entry)


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
            blocks = [charge.block for charge in found]
            if blocks == [None] or sorted(map(str, blocks)) == sorted(map(str, Block)):
                continue
            where = season if period == ALL_HOURS else f"{season}, {period}"
            priced = ", ".join(charge.code for charge in found) or "nothing"
            raise broken(
                f"Energy in {where} is priced by {priced}",
                file=series.file,
                line=entry.line,
                do="Price it once: by one charge, or by one for each block (first and over)",
            )


def _periods(
    name: str | None, seasons: set[str], series: ParsedSeries, entry: Entry, book: Book
) -> set[str]:
    if name is None:
        return set()
    found: set[str] = set()
    calendar = _need(name, "time_of_use", series, entry, book)
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


def _need(name: str, kind: str, series: ParsedSeries, entry: Entry, book: Book) -> ParsedSeries:
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
