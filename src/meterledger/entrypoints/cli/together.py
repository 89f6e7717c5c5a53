"""``meterledger together``: the meters of one account on one bill (GRR IV.C)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say

if TYPE_CHECKING:
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.facts.together import BilledTogether

Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
By = Annotated[str, typer.Option(help="Who says so.")]
Why = Annotated[str, typer.Option(help="Why, like 'asked on 3 May'.")]
DryRun = Annotated[bool, typer.Option(help="Say what would happen; change nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        help="Meters of one account on one bill, their energy added (GRR IV.C).",
        no_args_is_help=True,
    )
    for name, command in (("start", start), ("end", end), ("show", show)):
        commands.command(name)(command)
    app.add_typer(commands, name="together")


def start(
    account: Account,
    by: By,
    reason: Why,
    on: Annotated[str, typer.Option(help="The first day that is billed together.")],
    with_agreement: Annotated[
        str, typer.Option("--with", help="Whose bill it is (the oldest agreement unless given).")
    ] = "",
    agreement: Annotated[
        list[str] | None,
        typer.Option(help="An agreement to add (all others unless given); repeat it for more."),
    ] = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Bill the meters of an account's service points on one bill, from a day on."""
    with refusing(), _system("bill meters together", account) as system:
        from meterledger.usecases.together import start_together

        system.store.account(account)
        made = start_together(
            account_id=account,
            with_agreement=with_agreement,
            joined=agreement or (),
            on=day_from(on, option="--on"),
            by=by,
            reason=reason,
            learned_at=system.now,
            view=system.view,
            store=system.store,
            dry_run=dry_run,
        )
        answer = {**_answer(account, made.rows), "dry_run": dry_run}
        say(answer, as_json=as_json, words=lambda: _print(answer))


def end(
    account: Account,
    by: By,
    reason: Why,
    on: Annotated[str, typer.Option(help="The first day on which each is billed by itself.")],
    as_json: JsonFlag = False,
) -> None:
    """Bill each of an account's meters by itself again, from a day on.

    With the first day of an arrangement, or one before, it is taken back.
    """
    with refusing(), _system("bill meters apart", account) as system:
        from meterledger.usecases.together import end_together

        system.store.account(account)
        made = end_together(
            account_id=account,
            on=day_from(on, option="--on"),
            by=by,
            reason=reason,
            learned_at=system.now,
            view=system.view,
            store=system.store,
        )
        answer = _answer(account, made.rows)
        say(answer, as_json=as_json, words=lambda: _print(answer))


def show(account: Account, as_json: JsonFlag = False) -> None:
    """Show which meters of an account come on one bill, since when, and who said so."""
    with refusing(), _system("show meters billed together", account) as system:
        system.store.account(account)
        answer = _answer(account, system.store.together_of_account(account))
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _answer(account: str, rows: Sequence[BilledTogether]) -> dict[str, Any]:
    from meterledger.entrypoints.budget_words import reason_answer

    def day(told: date | None) -> str | None:
        return told.isoformat() if told else None

    return {
        "account": account,
        "together": [
            {
                "with": one.agreement_id,
                "agreement": one.joined_agreement,
                "from": one.days.from_day.isoformat(),
                "until": day(one.days.until_day),
                "by": one.by,
                "reason": one.reason,
                "reasons": reason_answer(one.reasons),
            }
            for one in rows
        ],
    }


def _print(answer: dict[str, Any]) -> None:
    if not answer["together"]:
        print(f"Each meter of account {answer['account']} has a bill of its own.")
    for one in answer["together"]:
        days = f"{one['from']} until {one['until'] or 'further notice'}"
        print(f"Agreement {one['agreement']} is billed with {one['with']}, {days}")
        print(f"  {one['by']}: {one['reason']}")
        for reason in one["reasons"]:
            print(f"  {reason['finding']} ({reason['citation']['text']})")


@contextmanager
def _system(purpose: str, account: str) -> Iterator[System]:
    from meterledger.entrypoints import wiring
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", purpose)
    with wiring.open_system(viewer=viewer, subjects=[account]) as system:
        yield system
