"""``meterledger program``: who takes part in which programme of the book, and with what credits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, WholeNumber, day_from, refusing, say

if TYPE_CHECKING:
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.facts.participation import Participation
    from meterledger.usecases.programs import TakesPart

Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
Program = Annotated[str, typer.Argument(help="The programme's name in the book.")]
On = Annotated[str | None, typer.Option(help="The day (today unless given).")]
Agreement = Annotated[
    str | None, typer.Option(help="Which service, where the account has several.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        help="Programmes beside a rate option: Solar Blocks, net metering.",
        no_args_is_help=True,
    )
    for name, command in (("join", join), ("leave", leave), ("show", show)):
        commands.command(name)(command)
    app.add_typer(commands, name="program")


def join(
    account: Account,
    program: Program,
    blocks: Annotated[
        int | None,
        typer.Option(click_type=WholeNumber(0, 100_000), help="Solar Blocks subscribed."),
    ] = None,
    on: On = None,
    agreement: Agreement = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Let a service take part in a programme, from the first billing period that begins then."""
    with refusing(), _system("join a programme", [account]) as system:
        from meterledger.usecases.programs import join_program

        system.store.account(account)
        made = join_program(
            account_id=account,
            program=program,
            on=_day(on, system),
            learned_at=system.now,
            view=system.view,
            store=system.store,
            blocks=blocks,
            agreement_id=agreement,
            dry_run=dry_run,
        )
        answer = {**_answer(made), "dry_run": dry_run}
        say(answer, as_json=as_json, words=lambda: print(_words(made)))


def leave(
    account: Account,
    program: Program,
    on: On = None,
    agreement: Agreement = None,
    as_json: JsonFlag = False,
) -> None:
    """End a participation; the day given is the first without it."""
    with refusing(), _system("leave a programme", [account]) as system:
        from meterledger.usecases.programs import leave_program

        system.store.account(account)
        day = _day(on, system)
        name = leave_program(
            account_id=account,
            program=program,
            on=day,
            learned_at=system.now,
            store=system.store,
            agreement_id=agreement,
        )
        answer = {"agreement": name, "program": program, "until": day.isoformat()}
        say(
            answer,
            as_json=as_json,
            words=lambda: print(f"Agreement {name} leaves {program} on {day}."),
        )


def show(account: Account, on: On = None, as_json: JsonFlag = False) -> None:
    """What an account takes part in, and its credits for energy received."""
    with refusing(), _system("show programmes", [account]) as system:
        from meterledger.usecases.programs import programs_of_account

        system.store.account(account)
        day = _day(on, system)
        found = programs_of_account(
            account_id=account, on=day, known_at=system.now, view=system.view, store=system.store
        )
        told = {"account": account, "on": day.isoformat(), "programs": list(map(_told, found))}

        def words() -> None:
            for one in found:
                print(_words(one.participation))
                if one.credits is not None:
                    print(_credit_words(one))
            if not found:
                print(f"Account {account} takes part in nothing.")

        say(told, as_json=as_json, words=words)


def _answer(one: Participation) -> dict[str, Any]:
    until = one.days.until_day
    return {
        "agreement": one.agreement_id,
        "program": one.program,
        "from": one.days.from_day.isoformat(),
        "until": until.isoformat() if until else None,
        "blocks": None if one.blocks is None else str(one.blocks),
    }


def _told(one: TakesPart) -> dict[str, Any]:
    from meterledger.kernel.money import usd_text

    told = {**_answer(one.participation), "name": one.program_name, "credits": None}
    if one.credits is not None:
        told["credits"] = {
            "granted_usd": usd_text(one.credits.granted_cents),
            "used_usd": usd_text(one.credits.used_cents),
            "expired_usd": usd_text(one.credits.expired_cents),
            "open_usd": usd_text(one.credits.open_cents),
            "open": [
                {"issued": issued.isoformat(), "usd": usd_text(cents)}
                for issued, cents in one.credits.open
            ],
        }
    return told


def _words(one: Participation) -> str:
    noun = "Solar Block" if one.blocks == 1 else "Solar Blocks"
    blocks = f" with {one.blocks} {noun}" if one.blocks is not None else ""
    return f"Agreement {one.agreement_id} takes part in {one.program}{blocks}: {one.days}."


def _credit_words(one: TakesPart) -> str:
    from meterledger.kernel.money import usd_display

    account = one.credits
    if account is None:
        return ""
    return (
        f"  Credits for energy received: {usd_display(account.granted_cents)} granted = "
        f"{usd_display(account.used_cents)} used + {usd_display(account.expired_cents)} expired + "
        f"{usd_display(account.open_cents)} open."
    )


def _day(on: str | None, system: System) -> date:
    return day_from(on, option="--on") if on else system.today


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints import wiring
    from meterledger.usecases.ports import Viewer

    with wiring.open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
