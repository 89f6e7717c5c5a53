"""``meterledger compare``: an account's own usage on every rate option open to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say

if TYPE_CHECKING:
    from meterledger.usecases.compare_schedules import Compared


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("compare")(compare)


def compare(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    from_day: Annotated[
        str | None,
        typer.Option("--from", help="First day (in); else the last twelve periods."),
    ] = None,
    to_day: Annotated[
        str | None, typer.Option("--to", help="Day after the last day (out); given with --from.")
    ] = None,
    asked: Annotated[
        str | None, typer.Option(help="The day of the question; today unless given.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Price an account's own usage on every rate option open to it, and say when one may begin."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.local_days import local_day_of
        from meterledger.kernel.span import DaySpan
        from meterledger.usecases.compare_schedules import compare_schedules
        from meterledger.usecases.ports import Viewer

        span = None
        if from_day is not None and to_day is not None:
            start, until = day_from(from_day, option="--from"), day_from(to_day, option="--to")
            if not start < until:
                raise BadArgument(
                    f"The days from {start} to {until} are none",
                    where="--from, --to",
                    do="--to is the day after the last day",
                )
            span = DaySpan(start, until)
        elif (from_day, to_day) != (None, None):
            raise BadArgument(
                "One end of the days is missing",
                where="--from, --to",
                do="Give both, or neither for the last twelve billing periods",
            )
        viewer = Viewer("command line", "compare rate options")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            today = local_day_of(system.now, system.view.time_zone)
            found = compare_schedules(
                account_id=account,
                span=span,
                known_at=system.now,
                asked=day_from(asked, option="--asked") if asked else today,
                store=system.store,
                lake=system.lake,
                book=system.book,
            )
        say(found.as_json(), as_json=as_json, words=lambda: _print(found))
        refusals = [row.refusal for row in found.answers if row.refusal]
        if len(refusals) == len(found.answers):
            raise BadArgument(
                "No rate option of the book prices these days",
                where=f"account {account}, {found.windows[0].from_day} to "
                f"{found.windows[-1].until_day}",
                why=refusals[0],
            )


def _print(found: Compared) -> None:
    from meterledger.entrypoints.cli.words import print_table

    kwh = f"{found.energy_wh // 1000:,}.{found.energy_wh % 1000:03d}"
    first, until = found.windows[0].from_day, found.windows[-1].until_day
    print(f"Account {found.account_id}, {first} to {until}, {kwh} kWh, now on {found.schedule}")
    if found.estimated_wh:
        estimated = f"{found.estimated_wh // 1000:,}.{found.estimated_wh % 1000:03d}"
        print(f"{estimated} kWh of it is estimated, as on its bills.")
    for sentence in found.beside:
        print(sentence)
    ordered = sorted(found.answers, key=lambda row: (row.total_cents is None, row.total_cents or 0))
    table = []
    for row in ordered:
        shown = row.as_json()
        difference = shown["difference_usd"]
        more = "" if difference is None else difference if "-" in difference else f"+{difference}"
        mark = "(now)" if row.schedule == found.schedule else more
        table.append((row.schedule, shown["total_usd"] or "-", mark, row.refusal or row.standing))
    print_table(table, right=frozenset({1, 2}))
    if found.switch is None:
        print(f"A switch: {found.switch_refusal}")
        return
    outcome = found.switch.decision.outcome
    if outcome.takes_effect is None:
        print(f"A switch may be asked for again from {outcome.may_be_asked_again_from}.")
    elif outcome.back_to_the_start:
        print(f"A switch asked for on {found.asked} applies back to {outcome.takes_effect}.")
    else:
        print(f"A switch asked for on {found.asked} takes effect on {outcome.takes_effect}.")
    for reason in found.switch.decision.reasons:
        print(f"  {reason.finding} ({reason.citation.text})")
