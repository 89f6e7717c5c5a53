"""``meterledger compare``: an account's own usage on every schedule it may choose."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("compare")(compare)


def compare(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    from_day: Annotated[str, typer.Option("--from", help="First day (in).")],
    to_day: Annotated[str, typer.Option("--to", help="Day after the last day (out).")],
    as_json: JsonFlag = False,
) -> None:
    """Price an account's own usage of these days on every schedule of the book."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_table
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.span import DaySpan
        from meterledger.usecases.compare_schedules import compare_schedules
        from meterledger.usecases.ports import Viewer

        start, until = day_from(from_day, option="--from"), day_from(to_day, option="--to")
        if not start < until:
            raise BadArgument(
                f"The days from {start} to {until} are none",
                where="--from, --to",
                do="--to is the day after the last day",
            )
        viewer = Viewer("command line", "compare rate options")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            current, energy_wh, rows = compare_schedules(
                account_id=account,
                span=DaySpan(start, until),
                known_at=system.now,
                store=system.store,
                lake=system.lake,
                book=system.book,
            )
        answer = {
            "account": account,
            "from": start.isoformat(),
            "to": until.isoformat(),
            "schedule": current,
            "energy_wh": str(energy_wh),
            "schedules": [row.as_json() for row in rows],
        }

        def words() -> None:
            kwh = f"{energy_wh // 1000:,}.{energy_wh % 1000:03d}"
            print(f"Account {account}, {kwh} kWh, now on {current}")
            table = []
            for row in rows:
                shown = row.as_json()
                mark = "(now)" if row.schedule == current else ""
                table.append(
                    (row.schedule, shown["total_usd"] or "-", mark, row.refusal or row.standing)
                )
            print_table(table, right=frozenset({1}))

        say(answer, as_json=as_json, words=words)
        refusals = [row.refusal for row in rows if row.refusal]
        if len(refusals) == len(rows):
            raise BadArgument(
                "No rate option of the book prices these days",
                where=f"account {account}, {start} to {until}",
                why=refusals[0],
            )
