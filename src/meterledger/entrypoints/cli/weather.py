"""``meterledger weather``: how warm it was, day by day, for the comparison on bills."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.written_counts import many


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    group = typer.Typer(
        help="Daily mean temperatures of a station: load them, show them.", no_args_is_help=True
    )
    group.command("load")(load)
    group.command("show")(show)
    app.add_typer(group, name="weather")


Station = Annotated[str, typer.Option(help="The station's code, like KSTL.")]


def load(
    file: Annotated[Path, typer.Argument(help="CSV of day,mean_f or of hourly dt,tempF; or .gz.")],
    station: Station,
    source: Annotated[str, typer.Option(help="Who published the figures.")],
    as_json: JsonFlag = False,
) -> None:
    """Keep the daily means of a file. The same file twice changes nothing."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.stores.gateways.daily_temperature import read_temperatures

        if not station.strip() or not source.strip():
            raise BadArgument(
                "A temperature needs a station and a source",
                where="--station, --source",
                do="Name both",
            )
        with open_system() as system:
            days = read_temperatures(
                file,
                station=station,
                source=source,
                zone_name=system.view.time_zone,
                learned_at=system.now,
            )
            newly = system.store.record_temperatures(days)
        answer = {"station": station, "days": len(days), "new": newly}
        say(
            answer,
            as_json=as_json,
            words=lambda: print(
                f"{station}: {many(len(days), 'day')} read, {newly} new or changed."
            ),
        )


def show(
    station: Station,
    begin: Annotated[str, typer.Option("--from", help="First day.")],
    until: Annotated[str, typer.Option("--to", help="The day after the last.")],
    as_json: JsonFlag = False,
) -> None:
    """The days that are known, in degrees Fahrenheit, and how many are not."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.span import DaySpan

        first, after = day_from(begin, option="--from"), day_from(until, option="--to")
        if after <= first:
            raise BadArgument(
                f"From {first} to {after} there is no day",
                where="--to",
                do=f"Name a day after {first}, like {first + timedelta(days=1)}",
            )
        with open_system() as system:
            known = system.store.temperatures(station, DaySpan(first, after), system.now)
        missing = (after - first).days - len(known)
        days = {
            day.isoformat(): f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"
            for day, tenths in sorted(known.items())
        }

        def words() -> None:
            for day, degrees in days.items():
                print(f"{day}  {degrees} F")
            print(f"{many(len(days), 'day')} known, {missing} not.")

        say({"station": station, "days": days, "not_known": missing}, as_json=as_json, words=words)
