"""``meterledger intake``: what came in, day by day; a landing folder; refused files tried again.

Lives here      the words and the JSON of the answers, waiting for the next round.
Lives elsewhere the totals (``IntakeLog``), the journeys (``usecases``), a round (``landing``).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.intake import ControlTotals, Count, Movement

SIDES = ("received", "stored", "quarantined", "refused")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        help="What came in and what became of it; a landing folder; refused files tried again.",
        no_args_is_help=True,
    )
    group.command("report")(report)
    group.command("watch")(watch)
    group.command("retry")(retry)
    app.add_typer(group, name="intake")


def report(
    from_: Annotated[str, typer.Option("--from", help="First day, like 2026-11-01.")],
    to: Annotated[str, typer.Option("--to", help="The day after the last.")],
    source: Annotated[str | None, typer.Option(help="Only files of this source.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Control totals: received = stored + quarantined + refused, in files, rows, watt-hours.

    By local day of arrival and source; then every refused file with its sentence, numbers of
    sources that never came, and how many lines wait in the quarantine.
    """
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        first, last = _days(from_, to)
        with open_system(
            viewer=Viewer("command line", "report the intake"), subjects=["refused files"]
        ) as system:
            answer = report_of(system, first, last, source)
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _days(from_: str, to: str) -> tuple[date, date]:
    first, after = day_from(from_, option="--from"), day_from(to, option="--to")
    if after <= first:
        raise BadArgument(
            f"--to {after} is not after --from {first}",
            where="--to",
            do="--to is the day after the last",
        )
    return first, after - timedelta(days=1)


def report_of(system: System, first: date, last: date, source: str | None) -> dict[str, Any]:
    """The report as JSON. Inside ``viewing``."""
    from meterledger.facts.intake import REFUSED, ControlTotals

    store, zone = system.store, system.view.time_zone
    days = store.intake_days(first, last, zone_name=zone, source=source)
    total = ControlTotals.sum_of(one.totals for one in days)
    refused = store.movements(first, last, zone_name=zone, status=REFUSED)
    names = [one.name for one in store.sources()] if source is None else [source]
    return {
        "from": first.isoformat(),
        "to": (last + timedelta(days=1)).isoformat(),
        "source": source,
        "totals": {**_totals(total), "repeated_files": sum(one.repeated for one in days)},
        "days": [
            {
                "day": one.day.isoformat(),
                "source": one.source,
                **_totals(one.totals),
                "repeated_files": one.repeated,
            }
            for one in days
        ],
        "refused": [_refused(one) for one in refused if source in (None, one.arrival.source)],
        "gaps": [
            {"source": name, "first": begin, "last": end}
            for name in names
            for begin, end in store.sequence_gaps(name)
        ],
        "waiting_in_quarantine": len(store.quarantined_items()),
    }


def _totals(totals: ControlTotals) -> dict[str, Any]:
    sides: dict[str, Any] = {side: _count(getattr(totals, side)) for side in SIDES}
    return {**sides, "unread_rows": totals.unread_rows}


def _count(count: Count) -> dict[str, Any]:
    from meterledger.facts.intake import exact_text

    return {
        "files": count.files,
        "rows": count.rows,
        "energy_wh": exact_text(count.energy_wh),
    }


def _refused(one: Movement) -> dict[str, Any]:
    return {
        "file": one.arrival.name,
        "sha256": one.arrival.sha256,
        "source": one.arrival.source,
        "door": one.arrival.door,
        "at": one.learned_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "refusal": one.refusal,
    }


def _print(answer: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import print_table

    if not answer["days"]:
        print(f"Nothing came from {answer['from']} until {answer['to']}.")
    rows: list[tuple[str, ...]] = []
    if answer["days"]:
        rows.append(("day", "source", "", "files", "rows", "Wh"))
    for one in answer["days"]:
        rows += _sides(one["day"], one["source"] or "-", one)
    if len(answer["days"]) > 1:
        rows += _sides("together", "", answer["totals"])
    print_table(rows, right=frozenset({3, 4, 5}))
    totals = answer["totals"]
    if totals["repeated_files"]:
        print(f"{_counted(totals['repeated_files'], 'file')} came again and changed nothing.")
    if totals["unread_rows"]:
        print(
            f"{_counted(totals['unread_rows'], 'row')} could not be read; such energy is in no sum."
        )
    for one in answer["refused"]:
        print(f"refused {one['at']}: {one['refusal']}")
        print(f"        {one['sha256'] or 'no bytes'}")
    for one in answer["gaps"]:
        print(f"{one['source']}: files {one['first']} to {one['last']} did not come")
    if answer["waiting_in_quarantine"]:
        waiting = _counted(answer["waiting_in_quarantine"], "line")
        print(f"Not decided in the quarantine: {waiting}; see `meterledger quarantine list`.")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _sides(day: str, source: str, one: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            *((day, source) if side == "received" else ("", "")),
            side,
            str(one[side]["files"]),
            str(one[side]["rows"]),
            one[side]["energy_wh"],
        )
        for side in SIDES
    ]


def watch(
    folder: Annotated[Path, typer.Argument(help="The folder that files land in.")],
    once: Annotated[bool, typer.Option("--once", help="One round, then end.")] = False,
    source: Annotated[
        str, typer.Option(help="Who puts files there, where no label beside a file says.")
    ] = "",
    settle: Annotated[
        int,
        typer.Option(
            click_type=WholeNumber(0, 86_400),
            help="Seconds without a change after which a file is complete.",
        ),
    ] = 10,
    every: Annotated[
        int, typer.Option(click_type=WholeNumber(0, 86_400), help="Seconds between two rounds.")
    ] = 5,
    as_json: JsonFlag = False,
) -> None:
    """Take files from a landing folder, as `ingest` does, and move them to taken/ or refused/.

    A file NAME is complete when NAME.done lies beside it, or when it has not changed for some
    seconds. NAME.sig says who sent it. Safe to run twice and by two at once. Ctrl-C ends it.
    """
    with refusing():
        import time

        from meterledger.entrypoints.clock import now_utc
        from meterledger.entrypoints.landing import one_round
        from meterledger.entrypoints.wiring import open_system
        from meterledger.stores.landing import LandingFolder

        landing = LandingFolder(folder)
        with open_system() as system:
            while True:
                answers = one_round(
                    landing, replace(system, now=now_utc()), settle_seconds=settle, source=source
                )
                if once or answers:
                    _say_round(answers, as_json=as_json)
                if once:
                    break
                time.sleep(max(1, every))
        if any(one["status"] == "refused" for one in answers):
            raise typer.Exit(2)


def _say_round(answers: list[dict[str, Any]], *, as_json: bool) -> None:
    def words() -> None:
        for one in answers:
            print(f"{one['file']}: {one['status']}")
            if one["refusal"]:
                print(one["refusal"], file=sys.stderr)

    say({"files": answers}, as_json=as_json, words=words)
    sys.stdout.flush()


def retry(
    sha256: Annotated[str, typer.Argument(help="The refused file's hash, 64 digits.")],
    meter: Annotated[
        str | None, typer.Option(help="The meter's number, if it was missing.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="The zone, if it was missing.")] = None,
    unit: Annotated[str | None, typer.Option(help="The unit, if it was missing.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read and store a refused file again from the vault, after its cause was corrected."""
    with refusing():
        from meterledger.entrypoints.intake import answer_of, intake_of
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.leave_quarantine import retry_file
        from meterledger.usecases.ports import Viewer

        given = {"meter": meter, "zone": zone, "unit": unit}
        with open_system(
            viewer=Viewer("command line", "retry a refused file"), subjects=[sha256]
        ) as system:
            taken = retry_file(
                sha256=sha256,
                intake=intake_of(system),
                learned_at=system.now,
                given={name: word for name, word in given.items() if word is not None},
            )
        answer = answer_of(sha256, taken)

        def words() -> None:
            print(f"{sha256}: {taken.status}")

        say({"files": [answer]}, as_json=as_json, words=words)
        if taken.refusal is not None:
            sys.stdout.flush()
            print(taken.refusal.sentence, file=sys.stderr)
            raise typer.Exit(2)
