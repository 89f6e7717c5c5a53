"""The tariff book's folder into a book: every file read, every name it uses resolved, or refused.

Lives here      walking the folder, and the checks that need more than one file.
Lives elsewhere one file's form (``parsing``), answering on a day (``book``).
"""

from __future__ import annotations

from pathlib import Path

from meterledger.kernel.ensure import ensure
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.errors import TariffFileBroken, broken
from meterledger.rulebook.parsing import Entry, ParsedSeries, parse_series
from meterledger.rulebook.parsing_calendars import ScheduleBody
from meterledger.rulebook.schedule import ChargeKind, Seasons, TimeOfUse
from meterledger.rulebook.yaml_nodes import read_nodes

NOT_VALUES = frozenset({"utility.yaml", "coverage.yaml"})
UTILITY_KEYS = frozenset({"name", "utility", "time_zone"})


def default_book_folder() -> Path:
    """Where the first tariff book is: ``tariffs/`` of the checkout, or beside the package."""
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "tariffs", here.parents[1] / "tariffs"):
        if (folder / "union_electric_mo6").is_dir():
            return folder / "union_electric_mo6"
    return here.parents[3] / "tariffs" / "union_electric_mo6"


def load_book(folder: Path) -> TariffBook:
    """Read and check a whole book.

    :raises TariffFileBroken: naming file and line, what is wrong and what to do; the book is
        loaded whole or not at all
    """
    utility_file = folder / "utility.yaml"
    if not utility_file.is_file():
        raise TariffFileBroken(
            f"There is no tariff book in {folder.name}",
            why="A book has a utility.yaml with its name and time zone",
            do="Name a folder of tariffs/, or set METERLEDGER_TARIFFS to one",
        )
    utility = read_nodes(utility_file.read_bytes(), "utility.yaml").mapping(
        required=UTILITY_KEYS, allowed=frozenset()
    )
    parsed: dict[str, ParsedSeries] = {}
    for path in sorted(folder.rglob("*.yaml")):
        relative = path.relative_to(folder)
        if path.name in NOT_VALUES or "scenarios" in relative.parts:
            continue
        series = parse_series(path.stem, read_nodes(path.read_bytes(), relative.as_posix()))
        if path.stem in parsed:
            raise broken(
                f"'{path.stem}' is defined already in {parsed[path.stem].file}",
                file=series.file,
                line=1,
                do="Every value has one file; rename one of the two",
            )
        _check_overlaps(series)
        parsed[path.stem] = series
    for series in parsed.values():
        _check_names(series, parsed)
    return TariffBook(
        name=utility["name"].text(),
        utility=utility["utility"].text(),
        time_zone=utility["time_zone"].text(),
        parsed=parsed,
    )


def _check_overlaps(series: ParsedSeries) -> None:
    """Two entries for one day: the later learned must say that it corrects the earlier."""
    ordered = sorted(series.entries, key=lambda entry: entry.dated.learned_on)
    for number, later in enumerate(ordered):
        for earlier in ordered[:number]:
            if not later.dated.days.overlaps(earlier.dated.days):
                continue
            same_day = later.dated.learned_on == earlier.dated.learned_on
            if same_day or not later.corrects:
                raise broken(
                    f"'{series.name}' has two values for the same day: one in force "
                    f"{earlier.dated.days} and one {later.dated.days}",
                    file=series.file,
                    line=max(earlier.line, later.line),
                    do="End the first where the second begins (effective_until), or mark the one "
                    "learned later with corrects",
                )


def _check_names(series: ParsedSeries, parsed: dict[str, ParsedSeries]) -> None:
    for entry in series.entries:
        value = entry.dated.value
        if isinstance(value, TimeOfUse):
            _need(value.holidays, "holidays", series, entry, parsed)
        if isinstance(value, ScheduleBody):
            _check_schedule(value, series, entry, parsed)


def _check_schedule(
    body: ScheduleBody, series: ParsedSeries, entry: Entry, parsed: dict[str, ParsedSeries]
) -> None:
    seasons: set[str] = set()
    for one in _need(body.seasons, "seasons", series, entry, parsed).entries:
        ensure(isinstance(one.dated.value, Seasons), "a seasons file holds seasons")
        seasons |= set(one.dated.value.months)
    periods = _periods(body.windows, seasons, series, entry, parsed)
    _periods(body.demand_window, seasons, series, entry, parsed)
    if body.block_limit is not None:
        _need(body.block_limit, "number", series, entry, parsed)
    for charge in body.charges:
        _need(charge.price, "price", series, entry, parsed)
        if charge.season is not None and charge.season not in seasons:
            raise _unknown("season", charge.season, charge.code, seasons, series, entry)
        if charge.period is not None and charge.period not in periods:
            raise _unknown("period", charge.period, charge.code, periods, series, entry)
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


def _periods(
    name: str | None,
    seasons: set[str],
    series: ParsedSeries,
    entry: Entry,
    parsed: dict[str, ParsedSeries],
) -> set[str]:
    if name is None:
        return set()
    found: set[str] = set()
    calendar = _need(name, "time_of_use", series, entry, parsed)
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


def _need(
    name: str, kind: str, series: ParsedSeries, entry: Entry, parsed: dict[str, ParsedSeries]
) -> ParsedSeries:
    found = parsed.get(name)
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
    return broken(
        f"Charge '{code}' is for the {noun} '{word}', which the schedule's calendar does not have",
        file=series.file,
        line=entry.line,
        do=f"Use one of {', '.join(sorted(known)) or 'none: the schedule has no such calendar'}",
    )


__all__ = ["TariffFileBroken", "default_book_folder", "load_book"]
