"""``meterledger combination``: many premises of a customer on one combined statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.entrypoints.cli.whose import of_accounts

if TYPE_CHECKING:
    from datetime import date

    from meterledger.entrypoints.wiring import System

Name = Annotated[str, typer.Argument(help="Name of the combination, like SCHOOLS-1.")]
Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
On = Annotated[str | None, typer.Option(help="The day (today unless given).")]
DryRun = Annotated[bool, typer.Option(help="Say what would happen; change nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        help="Ten and more premises of one customer on one combined statement (GRR V.B).",
        no_args_is_help=True,
    )
    for name, command in (
        ("start", start),
        ("add", add),
        ("end", end),
        ("show", show),
        ("bill", bill),
        ("paper", paper),
    ):
        commands.command(name)(command)
    app.add_typer(commands, name="combination")


def start(
    name: Name,
    accounts: Annotated[list[str], typer.Argument(help="The customer's accounts.")],
    customer: Annotated[
        str, typer.Option(help="Who is responsible: the person's id, as `service show` prints it.")
    ],
    written: Annotated[bool, typer.Option(help="The request came in writing.")] = False,
    on: On = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Combine a customer's accounts, from a day on, as the sheet allows."""
    with refusing(), _system("combine accounts", name, *accounts) as system:
        from meterledger.entrypoints.combined_words import combined_answer, print_combined
        from meterledger.usecases.combinations import start_combination

        for account in accounts:
            system.store.account(account)
        combined = start_combination(
            combination_id=name,
            customer=customer,
            account_ids=accounts,
            in_writing=written,
            on=_day(on, system),
            learned_at=system.now,
            view=system.view,
            store=system.store,
            dry_run=dry_run,
        )
        answer = {**combined_answer(combined), "dry_run": dry_run}
        say(answer, as_json=as_json, words=lambda: print_combined(combined))


def add(
    name: Name,
    account: Account,
    on: On = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Add an account of the customer to a combination, from a day on."""
    with refusing(), _system("combine an account", name, account) as system:
        from meterledger.entrypoints.combined_words import combined_answer, print_combined
        from meterledger.usecases.combinations import add_to_combination

        system.store.account(account)
        combined = add_to_combination(
            combination_id=name,
            account_id=account,
            on=_day(on, system),
            learned_at=system.now,
            view=system.view,
            store=system.store,
            dry_run=dry_run,
        )
        answer = {**combined_answer(combined), "dry_run": dry_run}
        say(answer, as_json=as_json, words=lambda: print_combined(combined))


def end(
    name: Name,
    account: Annotated[
        str | None, typer.Option(help="Take this account out, and no other.")
    ] = None,
    on: On = None,
    as_json: JsonFlag = False,
) -> None:
    """End a combination, or take one account out of it; the day given is the first without it."""
    with refusing(), _system("end a combination", name) as system:
        from meterledger.entrypoints.combined_words import combined_answer, print_combined
        from meterledger.usecases.combinations import end_combination

        day = _day(on, system)
        left = end_combination(
            combination_id=name,
            account_id=account,
            on=day,
            learned_at=system.now,
            view=system.view,
            store=system.store,
        )

        def words() -> None:
            what = f"Account {account} leaves combination {name}" if account else f"{name} ends"
            print(f"{what} on {day}.")
            if left is not None:
                print_combined(left)

        answer = {
            "combination": name,
            "account": account,
            "until": day.isoformat(),
            "left": combined_answer(left) if left is not None else None,
        }
        say(answer, as_json=as_json, words=words)


def show(
    name: Annotated[str | None, typer.Argument(help="The combination; all if none.")] = None,
    on: On = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a combination with its accounts and statements, or list all of them."""
    with refusing(), _system("show a combination", name) as system:
        from meterledger.entrypoints.combined_words import combined_answer, print_combined
        from meterledger.usecases.combinations import look_at_combination

        if name is None:
            names = system.store.combination_ids()
            told = {"combinations": names}
            say(told, as_json=as_json, words=lambda: print("\n".join(names) or "There are none."))
            return
        found = look_at_combination(
            combination_id=name,
            on=_day(on, system),
            known_at=system.now,
            view=system.view,
            store=system.store,
        )
        say(combined_answer(found), as_json=as_json, words=lambda: print_combined(found))


def bill(
    name: Name,
    on: On = None,
    due: Annotated[str | None, typer.Option(help="The due day that the utility chooses.")] = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the combined statement: every account's bills that stand on none yet, added."""
    with refusing(), _system("make a combined statement", name) as system:
        from meterledger.entrypoints.combined_words import print_statement, statement_answer
        from meterledger.usecases.combined_statements import state_combination

        made = state_combination(
            combination_id=name,
            on=_day(on, system),
            due=day_from(due, option="--due") if due else None,
            learned_at=system.now,
            view=system.view,
            store=system.store,
            dry_run=dry_run,
        )
        answer = {**statement_answer(made), "dry_run": dry_run}
        say(answer, as_json=as_json, words=lambda: print_statement(made))


def paper(
    name: Name,
    statement: Annotated[
        str, typer.Argument(help="The statement, as `combination show` names it.")
    ],
    to: Annotated[Path, typer.Option(help="The PDF file to write.")],
    as_json: JsonFlag = False,
) -> None:
    """Write a combined statement as PDF, with its bills listed."""
    with refusing(), _system("print a combined statement", name) as system:
        from meterledger.entrypoints.combined_paper import combined_paper

        made = combined_paper(name, statement, system)
        written = {"statement": statement, "file": str(to), "bytes": str(len(made))}
        try:
            to.write_bytes(made)
        except OSError as problem:
            raise BadArgument(
                f"The file {to} cannot be written",
                where="--to",
                why=problem.strerror or "",
                do="Name a file in a folder that is there",
            ) from problem
        say(written, as_json=as_json, words=lambda: print(f"Written to {to}."))


def _day(on: str | None, system: System) -> date:
    return day_from(on, option="--on") if on else system.today


@contextmanager
def _system(purpose: str, name: str | None, *accounts: str) -> Iterator[System]:
    """The system; the log has the combination, and beside it the accounts that are in it."""
    from meterledger.entrypoints import wiring
    from meterledger.usecases.ports import Viewer

    viewer, subjects = Viewer("command line", purpose), [name or "combinations", *accounts]

    def of_it() -> list[str]:
        found = system.store.combination(name).accounts if name is not None else ()
        return [one.account_id for one in found]

    with (
        wiring.open_system(viewer=viewer, subjects=subjects) as system,
        of_accounts(system, viewer, of_it),
    ):
        yield system
