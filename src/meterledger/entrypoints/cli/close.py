"""``meterledger close``: a day's night, or several, with a report that accounts for everyone."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_display
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.close_desk import CloseDesk
    from meterledger.usecases.close_told import DayClosed, StepTold

DAYS_MAX = 400


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("close")(close)


def close(
    day: Annotated[str, typer.Argument(help="The day to close, like 2025-07-01.")] = "",
    from_day: Annotated[str, typer.Option("--from", help="First day of several.")] = "",
    to: Annotated[str, typer.Option("--to", help="Last day of several, itself in.")] = "",
    landing: Annotated[
        Path | None, typer.Option(help="The folder that files of readings and events land in.")
    ] = None,
    rendered_then: Annotated[
        str,
        typer.Option(help="Why bills left on their days, where the first is long before today."),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Do the night of a day: readings, usage, money, bills, books, and who was left out.

    Each step is a journey that is safe to run twice: a close that was stopped is run again and does
    what is left. Exit 2 if a step was refused or a figure does not tie; the steps say why.
    """
    with refusing():
        from meterledger.entrypoints.issuing import (
            purpose_of,
            refuse_past_day,
            refuse_wrong_clock,
        )
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.close_day import close_day, refuse_open_day
        from meterledger.usecases.ports import Viewer

        days = list(_days(day, from_day, to))
        viewer = Viewer("close", purpose_of("close the day", days[0], rendered_then))
        with open_system(viewer=viewer, subjects=["everyone"]) as system:
            refuse_open_day(days[-1], system.today)
            refuse_past_day(system, days[0], rendered_then, where="close")
            refuse_wrong_clock(system)
            closed = []
            for one in days:
                if not as_json:
                    print(f"{one}")
                on_step = (lambda told: None) if as_json else _print_step
                closed.append(close_day(_desk(one, system, landing), on_step=on_step))
                if not as_json:
                    _print_day(closed[-1])
        if as_json:
            say({"days": [one.as_json() for one in closed]}, as_json=True, words=lambda: None)
        open_ = [one for one in closed if not one.is_closed]
        if open_:
            print(_why_open(open_[0]), file=sys.stderr)
            raise typer.Exit(2)


def _days(day: str, from_day: str, to: str) -> Iterator[date]:
    from datetime import timedelta

    if bool(day) == bool(from_day or to) or bool(from_day) != bool(to):
        raise BadArgument(
            "A day, or the first and the last of several, is closed",
            where="close",
            do="Write `close 2025-07-01`, or `close --from 2025-07-01 --to 2025-07-04`",
        )
    first = day_from(day or from_day, option="--from" if from_day else "DAY")
    last = day_from(to, option="--to") if to else first
    if not 0 <= (last - first).days < DAYS_MAX:
        raise BadArgument(
            f"From {first} to {last} there is no day, or more than {DAYS_MAX}",
            where="close",
            do="Name a last day that is not before the first, and at most a year at once",
        )
    while first <= last:
        yield first
        first += timedelta(days=1)


@dataclass
class _Landed:
    """What a round over the landing folder brought."""

    taken: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def _desk(day: date, system: System, landing: Path | None) -> CloseDesk:
    from meterledger.entrypoints.progress import progress_bar
    from meterledger.entrypoints.wiring import open_processor
    from meterledger.usecases.close_desk import CloseDesk

    def receive() -> _Landed:
        from meterledger.entrypoints.landing import one_round
        from meterledger.stores.landing import LandingFolder

        landed = _Landed()
        folder = LandingFolder(landing or Path())
        for answer in one_round(folder, system, settle_seconds=10):
            if answer["status"] == "refused":
                landed.refused.append((str(answer["file"]), str(answer["refusal"])))
            else:
                landed.taken += 1
        return landed

    return CloseDesk(
        day,
        system.now,
        system.store,
        system.lake,
        system.book,
        receive=receive if landing is not None else None,
        processor=open_processor(),
        bar=lambda title, total: progress_bar(title, total=total),
    )


def _print_step(told: StepTold) -> None:
    from meterledger.usecases.close_told import StepState

    parts = [f"{count} {word}" for word, count in told.counts.items() if count]
    parts += [f"{usd_display(cents)} {word}" for word, cents in told.cents.items() if cents]
    words = ", ".join(parts)
    if told.state is not StepState.DONE:
        words = f"{told.state.value}{': ' if words else ''}{words}"
    elif not words:
        words = "nothing to do"
    note = f" ({told.note})" if told.note else ""
    print(f"  {told.name:<24}  {words}{note}")
    for of, sentence in told.refused[:20]:
        print(f"      {of}: {sentence}")
    if len(told.refused) > 20:
        print(f"      and {len(told.refused) - 20} more; --json lists all")


def _print_day(closed: DayClosed) -> None:

    accounts = closed.bills.accounts
    print(
        f"  {many(accounts['known'], 'account')} = {accounts['not_due']} not due + "
        f"{accounts['due']} due; "
        f"due = {accounts['billed']} billed + {accounts['held']} held + "
        f"{accounts['excluded']} excluded."
    )
    for one in closed.waiting:
        print(f"      {one.count} {one.code}: {one.words}; {one.owner}")
    corrected = [
        f"{count} {word} ({usd_display(cents)})"
        for word, (count, cents) in closed.corrections.items()
        if count
    ]
    if corrected:
        print(f"  Bills corrected on the day: {', '.join(corrected)}.")
    money = {
        word: f"{count} ({usd_display(cents)})" for word, (count, cents) in closed.money.items()
    }
    received = money.pop("received", "0 (0.00)")
    became = " + ".join(f"{word} {each}" for word, each in money.items()) or "nothing"
    print(f"  Money received: {received} = {became}.")
    for item in closed.unexplained:
        if item.count:
            print(
                f"  Unexplained: {item.words}, {item.count}, {usd_display(item.cents)}; "
                f"{item.owner}"
            )
    ties = len(closed.ties)
    broken = closed.broken
    print(f"  {ties - len(broken)} of {ties} figures tie.")
    for tie in broken:
        print(f"      {tie.says}: {tie.words(tie.left_cents)} IS NOT {tie.words(tie.right_cents)}")


def _why_open(closed: DayClosed) -> str:
    steps = ", ".join(f"{one.name} ({one.state.value})" for one in closed.unfinished)
    ties = "; ".join(one.says for one in closed.broken)
    why = steps or f"these figures do not tie: {ties}"
    return (
        f"close: {closed.day} is not closed: {why}. Put right what the steps name, and close it "
        "again; what was done stays."
    )
