"""``meterledger take-back``: what an account has booked, before its first effect."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import (
    BadArgument,
    JsonFlag,
    day_from,
    refusing,
    say,
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("take-back")(take_back)


def take_back(
    what: Annotated[
        str, typer.Argument(help="due-date, delivery, rate, budget, budget-end or budget-election.")
    ],
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    service_point: Annotated[
        str, typer.Option(help="Service point; needed where changes are booked at several.")
    ] = "",
    until: Annotated[
        str | None,
        typer.Option(help="Of a rate: the first day without service, where it ended before."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take back what is booked and has had no effect: a due date, a rate option, a budget plan."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases import take_back as journey
        from meterledger.usecases.ports import Viewer

        kinds = {one.value: one for one in journey.Booked}
        if what not in kinds:
            raise BadArgument(
                f"'{what[:40]}' is nothing that is booked",
                where="take-back",
                do=f"Give one of {', '.join(kinds)}",
            )
        if until is not None and kinds[what] is not journey.Booked.RATE:
            raise BadArgument(
                f"'{what}' is no rate, and has no day without service",
                where="--until",
                do="Leave --until out: it is told of a rate whose service had ended before it",
            )
        ended = None if until is None else day_from(until, option="--until")
        viewer = Viewer("command line", "take back what is booked")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            first = journey.take_back(
                kinds[what],
                account_id=account,
                on=system.today,
                known_at=system.now,
                store=system.store,
                service_point_id=service_point,
                service_until=ended,
            )
        say(
            {"account": account, "what": what, "from": first.isoformat()},
            as_json=as_json,
            words=lambda: print(
                f"What account {account} had booked from {first} on ({what}) is taken back."
            ),
        )
