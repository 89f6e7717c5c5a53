"""``meterledger due-date``: an account's own due date, chosen or deferred; look and end."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.kernel.money import shown
from meterledger.kernel.written_days import EARLIEST_YEAR, day_from_text

Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
On = Annotated[str | None, typer.Option(help="The day (today unless given).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    due = typer.Typer(
        help="The day on which an account's bills are due: choose one, defer it, look, end.",
        no_args_is_help=True,
    )
    due.command("choose")(choose)
    due.command("defer")(defer)
    due.command("show")(show)
    due.command("end")(end)
    app.add_typer(due, name="due-date")


def choose(
    account: Account,
    day: Annotated[
        int, typer.Option(click_type=WholeNumber(1, 31), help="Day of the month, 1 to 28.")
    ],
    on: On = None,
    approved: Annotated[
        bool | None, typer.Option(help="Whether the utility approves an early second choice.")
    ] = None,
    in_collections: Annotated[
        bool | None, typer.Option(help="Active collections; asked by texts before 2020-06-14.")
    ] = None,
    on_agreement: Annotated[
        bool | None, typer.Option(help="An active deferred payment agreement; asked likewise.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Choose the day of the month on which bills are due, as the sheet allows (GRR V.O)."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.due_dates import choose_due_date
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "choose a due date")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            chosen = choose_due_date(
                account_id=account,
                day_of_month=day,
                on=day_from(on, option="--on") if on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                active_collections=in_collections,
                active_agreement=on_agreement,
                company_approval=approved,
                dry_run=dry_run,
            )
        _say(
            chosen, f"Bills of account {account} are due on day {day} of a month", dry_run, as_json
        )


def defer(
    account: Account,
    birth_date: Annotated[str | None, typer.Option(help="Day of birth.")] = None,
    retired: Annotated[bool, typer.Option(help="Permanently retired.")] = False,
    disabled: Annotated[bool, typer.Option(help="Disabled.")] = False,
    ssi: Annotated[bool, typer.Option(help="Receives Supplemental Security Income.")] = False,
    on: On = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Give a retired or disabled customer the deferred pay date (GRR V.J, to 2018-04-12)."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.due_dates import defer_pay_date
        from meterledger.usecases.ports import Viewer

        person = [
            (name, "yes" if value else "no")
            for name, value in (("retired", retired), ("disabled", disabled), ("ssi", ssi))
        ]
        if birth_date:
            person.append(("birth_date", _birth_date(birth_date).isoformat()))
        viewer = Viewer("command line", "defer a pay date")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            chosen = defer_pay_date(
                account_id=account,
                on=day_from(on, option="--on") if on else system.today,
                person=person,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                dry_run=dry_run,
            )
        _say(chosen, f"Account {account} has the deferred pay date", dry_run, as_json)


def show(account: Account, on: On = None, as_json: JsonFlag = False) -> None:
    """Show an account's own due date and what it stands on, with the choices before it."""
    with refusing():
        from meterledger.entrypoints.budget_words import reasons_words
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "show a due date")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            day = day_from(on, option="--on") if on else system.today
            options = system.store.billing_options([account], system.now).get(account)
        choices = options.due_dates if options else ()
        now = options.due_date_on(day) if options else None

        def words() -> None:
            if now is None:
                print(f"Bills of account {account} have the usual due date on {day}.")
            for one in choices:
                print(f"{one.days}: {_words(one)}")
                reasons_words(one.reasons)

        answer = {
            "account": account,
            "on": day.isoformat(),
            "now": _answer(now) if now else None,
            "choices": [_answer(one) for one in choices],
        }
        say(answer, as_json=as_json, words=words)


def end(account: Account, on: On = None, as_json: JsonFlag = False) -> None:
    """End an account's own due date: bills from that day on have the usual one."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.due_dates import end_due_date
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "end a due date")
        with open_system(viewer=viewer, subjects=[account]) as system:
            day = day_from(on, option="--on") if on else system.today
            end_due_date(account_id=account, on=day, learned_at=system.now, store=system.store)
        say(
            {"account": account, "until": day.isoformat()},
            as_json=as_json,
            words=lambda: print(f"Bills of account {account} have the usual due date from {day}."),
        )


def _birth_date(text: str) -> date:
    """A day of birth: people are older than the days that bills and sheets know."""
    day = day_from_text(text, first=EARLIEST_YEAR)
    if day is None:
        raise BadArgument(
            f"{shown(text)} is no day of birth",
            where="--birth-date",
            do="Write it as year-month-day, like 1950-07-01",
        )
    return day


def _say(chosen: Any, sentence: str, dry_run: bool, as_json: bool) -> None:
    from meterledger.entrypoints.budget_words import reasons_words

    def words() -> None:
        print(f"{sentence}, from {chosen.choice.days.from_day} on{' (dry run)' * dry_run}.")
        for ruling in chosen.rulings:
            reasons_words(ruling.decision.reasons)

    answer = {
        **_answer(chosen.choice),
        "dry_run": dry_run,
        "rulings": [one.as_json() for one in chosen.rulings],
    }
    say(answer, as_json=as_json, words=words)


def _answer(choice: Any) -> dict[str, Any]:
    from meterledger.entrypoints.budget_words import reason_answer

    until = choice.days.until_day
    return {
        "account": choice.account_id,
        "kind": choice.kind.value,
        "day_of_month": choice.day_of_month or None,
        "from": choice.days.from_day.isoformat(),
        "until": until.isoformat() if until else None,
        "reasons": reason_answer(choice.reasons),
    }


def _words(choice: Any) -> str:
    if choice.day_of_month:
        return f"due on day {choice.day_of_month} of a month, as the customer chose"
    return "the deferred pay date of a retired or disabled customer"
