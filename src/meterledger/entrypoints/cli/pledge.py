"""``meterledger pledge``: money that agencies promise for a debt, until it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import AMOUNT, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_shown

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.pledges import PledgeOnFile


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="pledge",
        help="Agencies' promises: earmarked to a debt, pending until they come.",
        no_args_is_help=True,
    )
    for name, command in (
        ("promise", promise),
        ("receive", receive),
        ("withdraw", withdraw),
        ("list", listing),
    ):
        commands.command(name)(command)
    app.add_typer(commands)


Id = Annotated[str, typer.Argument(help="The agency's own number of the pledge.")]
By = Annotated[str, typer.Option("--by", help="Who takes it down: a name.")]


def promise(
    pledge: Id,
    account: Annotated[str, typer.Option(help="Account number, ten digits.")],
    agency: Annotated[str, typer.Option(help="Who promises.")],
    cents: Annotated[
        int,
        typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents, like 84.50."),
    ],
    for_items: Annotated[
        list[str] | None,
        typer.Option("--for", help="Open items it is for, like bill:B-...; all if left out."),
    ] = None,
    expires: Annotated[str, typer.Option(help="Last day on which it is pending.")] = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep an agency's promise for what it names."""
    from meterledger.entrypoints.channel_words import pledge_desk
    from meterledger.usecases.pledges import promise_pledge

    with refusing(), _system("keep a pledge", [account]) as system:
        made = promise_pledge(
            pledge,
            account_id=account,
            agency=agency,
            cents=cents,
            for_items=for_items or (),
            by=by,
            desk=pledge_desk(system),
            expires_day=day_from(expires, option="--expires") if expires else None,
        )
        _answer(made, system, as_json=as_json)


def receive(
    pledge: Id,
    cents: Annotated[
        int,
        typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents, like 84.50."),
    ],
    key: Annotated[str, typer.Option(help="The payment's own number: it never posts twice.")],
    on: Annotated[str, typer.Option(help="Day the money came; today unless told.")] = "",
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Money of a pledge came: it pays what the pledge names, and nothing else."""
    from meterledger.entrypoints.channel_words import pledge_desk
    from meterledger.usecases.pledges import receive_pledge

    with refusing(), _system("receive a pledge", [pledge]) as system:
        made = receive_pledge(
            pledge,
            cents=cents,
            payment_key=key,
            on=day_from(on, option="--on") if on else system.today,
            by=by,
            desk=pledge_desk(system),
        )
        _answer(made, system, as_json=as_json)


def withdraw(
    pledge: Id,
    by: By = "",
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """The agency takes its promise back; what has come stays."""
    from meterledger.entrypoints.channel_words import pledge_desk
    from meterledger.usecases.pledges import withdraw_pledge

    with refusing(), _system("withdraw a pledge", [pledge]) as system:
        made = withdraw_pledge(pledge, by=by, reason=reason, desk=pledge_desk(system))
        _answer(made, system, as_json=as_json)


def listing(
    account: Annotated[str, typer.Option(help="Only pledges of this account.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List pledges as they stand today, the oldest first."""
    from meterledger.entrypoints.channel_words import pledge_json

    with refusing(), _system("list pledges", [account or "pledges"]) as system:
        found = system.store.pledges(account_ids=[account] if account else None)
        told = [pledge_json(one, system.today) for one in found]

        def words() -> None:
            for one in told:
                print(
                    f"{one['pledge']}  {one['agency']}  {one['words']}: "
                    f"{usd_shown(one['received_usd'])} of "
                    f"{usd_shown(one['usd'])} for account {one['account']}"
                )

        say({"pledges": told}, as_json=as_json, words=words)


def _answer(made: PledgeOnFile, system: System, *, as_json: bool) -> None:
    from meterledger.entrypoints.channel_words import pledge_json

    told = pledge_json(made, system.today)

    def words() -> None:
        print(
            f"{told['pledge']} of {told['agency']}: {told['words']}, "
            f"{usd_shown(told['received_usd'])} of "
            f"{usd_shown(told['usd'])}, until {told['expires']}, for {', '.join(told['for'])}"
        )

    say(told, as_json=as_json, words=words)


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
