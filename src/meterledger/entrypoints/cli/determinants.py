"""``meterledger determinants``: what a meter or all of them used, by period, season and demand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.places import MeterInstallation
    from meterledger.usecases.population_determinants import PopulationDeterminants

REFUSED_SHOWN = 20
"""Of meters that are refused, so many are listed with their sentences; all are in the file."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("determinants")(determinants)


def determinants(
    schedule: Annotated[str, typer.Option(help="Rate option, like 1M-smart.")],
    from_day: Annotated[str, typer.Option("--from", help="First day of the window (in).")],
    to_day: Annotated[str, typer.Option("--to", help="Day after the last day (out).")],
    meter: Annotated[
        list[str] | None, typer.Option(help="A meter's number; give it again for more. Else all.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a row for each meter to this Parquet file.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Sum intervals into a schedule's periods, seasons and demand hours: for a meter or for all."""
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.ids import BUCKET_COUNT, pseudonym
        from meterledger.kernel.span import DaySpan
        from meterledger.usecases.population_determinants import population_determinants
        from meterledger.usecases.ports import Viewer

        start, until = day_from(from_day, option="--from"), day_from(to_day, option="--to")
        if not start < until:
            raise BadArgument(
                f"The days from {start} to {until} are none",
                where="--from, --to",
                do="--to is the day after the last day",
            )
        _refuse_no_place(out)
        window = DaySpan(start, until)
        named = list(dict.fromkeys(meter or ()))
        viewer = Viewer("command line", "determinants")
        with open_system(viewer=viewer, subjects=named or ["all meters"]) as system:
            name = system.book.name
            with progress_bar("Summing intervals", total=BUCKET_COUNT) as advance:
                found = population_determinants(
                    schedule=schedule,
                    window=window,
                    view=system.view,
                    lake=system.lake,  # type: ignore[arg-type]
                    at_sequence=system.store.lake_sequence(),
                    meters={pseudonym(one, name): one for one in named} if named else None,
                    installations=_installations(system, named),
                    pseudonym_of=lambda number: pseudonym(number, name),
                    with_quality=True,
                    progress=advance,
                )
        called = {pseudonym(one, name): one for one in named}
        answer = _answer(found, schedule, called)
        if out is not None:
            _write(found, out)
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _installations(system: System, named: list[str]) -> Iterator[MeterInstallation]:
    """Where the meters are and were installed: of those named, or of every account."""
    if named:
        for installations in system.store.meter_installations(named).values():
            yield from installations
        return
    from meterledger.billing import reading_cycle_count

    for cycle in range(1, reading_cycle_count(on=system.today, view=system.view) + 1):
        for service in system.store.services_of_cycle(cycle, system.now):
            yield from service.installations


def _refuse_no_place(out: Path | None) -> None:
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise BadArgument(
            f"'{out}' is not a file that can be written",
            where="--out",
            do="Name a file in a folder that is there",
        )


def _answer(found: PopulationDeterminants, schedule: str, called: dict[str, str]) -> dict[str, Any]:
    plan = found.plan
    seasons, energy_wh, peak_wh = found.by_season()
    names = found.names()
    demand = any(windows is not None for windows in plan.demand_windows)
    counted = [row for row in range(len(names)) if row not in found.refused] if called else []
    refused = sorted(found.refused)
    keep = _not_refused(found)
    return {
        "schedule": schedule,
        "from": plan.window.from_day.isoformat(),
        "to": plan.window.until_day.isoformat(),
        "sequence": found.at_sequence,
        "meters": len(names),
        "complete": int(found.complete.sum()),
        "missing_intervals": str(int(found.missing[keep].sum())),
        "estimated_intervals": str(int(found.sums.estimated[keep].sum())),
        "totals": _periods(seasons, plan.periods, energy_wh[keep].sum(axis=0)),
        "refused": {
            "count": len(refused),
            "first": [
                {"meter": called.get(names[row], names[row]), "why": found.refused[row].sentence}
                for row in refused[:REFUSED_SHOWN]
            ],
        },
        "by_meter": [
            {
                "meter": called.get(names[row], names[row]),
                "missing_intervals": str(int(found.missing[row])),
                "estimated_intervals": str(int(found.sums.estimated[row])),
                "energy": _periods(seasons, plan.periods, energy_wh[row]),
                "highest_hours": [
                    {"season": season, "energy_wh": str(int(peak_wh[row, number]))}
                    for number, season in enumerate(seasons)
                    if demand
                ],
            }
            for row in counted
        ],
    }


def _not_refused(found: PopulationDeterminants) -> Any:
    import numpy as np

    keep = np.ones(len(found.numbers), dtype=bool)
    keep[list(found.refused)] = False
    return keep


def _periods(seasons: tuple[str, ...], periods: tuple[str, ...], energy_wh: Any) -> Any:
    return [
        {"season": season, "period": period, "energy_wh": str(int(energy_wh[number, place]))}
        for number, season in enumerate(seasons)
        for place, period in enumerate(periods)
    ]


def _write(found: PopulationDeterminants, out: Path) -> None:
    """A row for each meter; a meter that is refused has its sentence and no numbers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    seasons, energy_wh, peak_wh = found.by_season()
    refused = ~_not_refused(found)
    columns: dict[str, Any] = {"meter": pa.array(found.names())}
    for number, season in enumerate(seasons):
        for place, period in enumerate(found.plan.periods):
            columns[f"{season}_{period}_wh"] = pa.array(energy_wh[:, number, place], mask=refused)
        if any(windows is not None for windows in found.plan.demand_windows):
            columns[f"{season}_highest_hour_wh"] = pa.array(peak_wh[:, number], mask=refused)
    columns["missing_intervals"] = pa.array(found.missing, mask=refused)
    columns["estimated_intervals"] = pa.array(found.sums.estimated, mask=refused)
    sentences = [
        found.refused[row].sentence if row in found.refused else None
        for row in range(len(found.numbers))
    ]
    columns["refused"] = pa.array(sentences, pa.string())
    unfinished = out.with_name(f".{out.name}.part")
    try:
        pq.write_table(pa.table(columns), unfinished, compression="zstd")
        unfinished.replace(out)
    except OSError as failed:
        unfinished.unlink(missing_ok=True)
        raise BadArgument(
            f"'{out}' cannot be written ({failed.strerror or failed})",
            where="--out",
            do="Name a file that this user may write, where there is room",
        ) from failed


def _print(answer: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import print_table

    print(
        f"{answer['schedule']}, {answer['from']} to {answer['to']}. "
        f"Meters: {answer['meters']:,}, complete: {answer['complete']:,}. Intervals missing: "
        f"{answer['missing_intervals']}, estimated: {answer['estimated_intervals']}"
    )
    rows = [
        (f"{one['season']} {one['period']}", _kwh(one["energy_wh"]), "kWh")
        for one in answer["totals"]
    ]
    print_table(rows, right=frozenset({1}))
    for meter in answer["by_meter"]:
        print(f"Meter {meter['meter']}")
        rows = [
            (f"  {one['season']} {one['period']}", _kwh(one["energy_wh"]), "kWh")
            for one in meter["energy"]
        ]
        rows += [
            (f"  {one['season']} highest hour", _kwh(one["energy_wh"]), "kW")
            for one in meter["highest_hours"]
        ]
        print_table(rows, right=frozenset({1}))
    for one in answer["refused"]["first"]:
        print(f"Meter {one['meter']} is left out. {one['why']}")


def _kwh(energy_wh: str) -> str:
    whole, rest = divmod(abs(int(energy_wh)), 1000)
    return f"{'-' if int(energy_wh) < 0 else ''}{whole:,}.{rest:03d}"
