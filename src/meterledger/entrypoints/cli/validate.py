"""``meterledger validate``: check a day's usage and estimate what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from meterledger.facts.estimates import EstimateCause
    from meterledger.usage import Storm
    from meterledger.usecases.validate_usage import UsageReport


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("validate")(validate)


CAUSE_HELP = (
    "Why readings are missing, in the sheet's words: remote_device_failed (unless told otherwise), "
    "weather_emergency, work_stoppage, no_access, not_feasible, undetectable_equipment_failure, "
    "human_or_billing_error, undetected_use_while_vacant."
)


def validate(
    day: Annotated[str, typer.Argument(help="Local day, like 2025-07-01.")] = "",
    from_day: Annotated[str, typer.Option("--from", help="First day of several.")] = "",
    to: Annotated[str, typer.Option("--to", help="Last day of several, itself in.")] = "",
    cause: Annotated[str, typer.Option(help=CAUSE_HELP)] = "",
    storm: Annotated[
        str,
        typer.Option(
            help="Declare a storm over the days, and why: checks that it explains are put off, and "
            "what is missing is missing for the weather."
        ),
    ] = "",
    area: Annotated[
        list[str] | None,
        typer.Option(help="Postal code that the storm is in; several times for several of them."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check every meter's day, hold what a person must see, estimate what the rules let us.

    Safe to run twice, and again after it was interrupted.
    """
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.validate_usage import validate_usage

        days = list(_days(day, from_day, to))
        usual = "weather_emergency" if storm.strip() else "remote_device_failed"
        why = cause_from(cause or usual)
        areas = _areas(area or [], storm)
        viewer = Viewer("validate", "validate and estimate usage")
        reports: list[UsageReport] = []
        with open_system(viewer=viewer, subjects=["all meters"]) as system:
            _not_ahead(days[-1], system.today)
            for each in days:
                total = len(system.store.meters_on_day(each, system.now))
                with progress_bar(f"Validating {each}", total=total) as advance:
                    reports.append(
                        validate_usage(
                            day=each,
                            known_at=system.now,
                            store=system.store,
                            lake=system.lake,
                            view=system.view,
                            cause=why,
                            storms=_storms(each, storm, areas),
                            progress=advance,
                        )
                    )
        say(
            {"days": [_told(one) for one in reports]},
            as_json=as_json,
            words=lambda: _words(reports),
        )


def _areas(codes: list[str], storm: str) -> frozenset[int]:
    """The areas of a storm, by their postal codes; everywhere if none is named.

    :raises BadArgument: if one is no postal code, or there is no storm
    """
    from meterledger.usage import EVERYWHERE

    for code in codes:
        if not storm.strip():
            raise BadArgument(
                "An area without a storm", where="--area", do="Say with --storm why, too"
            )
        if not (len(code) == 5 and code.isascii() and code.isdigit()):
            raise BadArgument(
                f"'{code[:40]}' is no postal code",
                where="--area",
                do="Use its five digits, like 63130",
            )
    return frozenset(map(int, codes)) or frozenset({EVERYWHERE})


def _storms(day: date, why: str, areas: frozenset[int]) -> list[Storm]:
    from meterledger.usage import Storm
    from meterledger.usecases.usage_days import one_day

    if not why.strip():
        return []
    return [Storm(one_day(day), areas, "command line", why.strip())]


def cause_from(text: str) -> EstimateCause:
    """The cause of that word.

    :raises BadArgument: listing the sheet's causes
    """
    from meterledger.facts.estimates import EstimateCause

    try:
        return EstimateCause(text)
    except ValueError:
        raise BadArgument(
            f"'{text[:40]}' is not a cause of the sheet",
            where="--cause",
            do=f"Use one of {', '.join(one.value for one in EstimateCause)}",
        ) from None


def _days(day: str, from_day: str, to: str) -> Iterator[date]:
    from datetime import timedelta

    if bool(day) == bool(from_day or to) or bool(from_day) != bool(to):
        raise BadArgument(
            "Which days are to be validated is not clear",
            where="validate",
            do="Name one day, or several with --from and --to",
        )
    first = day_from(day or from_day, option="DAY" if day else "--from")
    last = first if day else day_from(to, option="--to")
    if last < first:
        raise BadArgument(f"{last} is before {first}", where="--to", do="Give a day from --from on")
    for count in range((last - first).days + 1):
        yield first + timedelta(days=count)


def _not_ahead(day: date, today: date) -> None:
    if day >= today:
        raise BadArgument(
            f"{day} is not over",
            where="validate",
            do=f"Validate days before today, {today}",
        )


def _told(report: UsageReport) -> dict[str, Any]:
    return {
        "day": report.day.isoformat(),
        "run": report.run_id,
        "known": report.known,
        "resumed_batches": report.resumed,
        "lake_sequence": report.sequence,
        **report.counts.as_json(),
        "by_code": dict(sorted(report.by_code.items())),
    }


def _words(reports: list[UsageReport]) -> None:
    for one in reports:
        counts = one.counts
        print(
            f"{one.day}: {many(counts.meter_days, 'meter-day')} = {counts.complete} complete + "
            f"{counts.estimated} estimated + {counts.held} held + {counts.no_meter} without a "
            "meter."
        )
        if one.known:
            print("  Done already; nothing has come since.")
            continue
        if one.resumed:
            were = "was" if one.resumed == 1 else "were"
            print(f"  {many(one.resumed, 'batch', 'batches')} {were} done already.")
        if counts.estimated_intervals:
            intervals = many(counts.estimated_intervals, "interval")
            print(f"  {intervals} estimated, {counts.estimated_wh} Wh.")
        for code, count in sorted(one.by_code.items()):
            print(f"  {code}: {count}")
        if counts.held:
            print("  See what is held with `meterledger review list`.")
