"""``meterledger held``: the queue of held bills, the ways out of it, and what runs came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from meterledger.kernel.money import usd_shown
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.facts.held import HeldCase
    from meterledger.usecases.settle_held import Desk, Settled


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="held",
        help="Bills that wait for a person: why, whose they are, and the ways out.",
        no_args_is_help=True,
    )
    commands.command("list")(queue)
    commands.command("show")(show)
    commands.command("release")(release)
    commands.command("approve")(approve)
    commands.command("exclude")(exclude)
    commands.command("reopen")(reopen)
    commands.command("rerun")(rerun)
    commands.command("runs")(runs)
    commands.command("let-go")(let_go)
    app.add_typer(commands)


Case = Annotated[str, typer.Argument(help="Id of the case, like H-0123456789abcdef.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]
On = Annotated[str, typer.Option(help="Day of rendition of a bill that leaves; today unless told.")]


def queue(
    code: Annotated[str, typer.Option(help="Only this code, or codes that begin so.")] = "",
    owner: Annotated[str, typer.Option(help="Only cases of this owner.")] = "",
    older_than: Annotated[
        int,
        typer.Option(click_type=WholeNumber(0, 36_500), help="Only cases open for so many days."),
    ] = 0,
    account: Annotated[str, typer.Option(help="Only cases of this account.")] = "",
    ended: Annotated[bool, typer.Option("--ended", help="List ended cases, too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List held bills, the oldest first, with owner, age and why."""
    from meterledger.entrypoints.held_words import case_json, chosen

    with refusing(), _system("list held bills", [account or "held bills"]) as system:
        if account:
            system.store.account(account)
        cases = system.store.held_cases(account_id=account or None, with_ended=ended)
        found = chosen(cases, system.today, code=code, owner=owner, older_than=older_than)
        told = [case_json(one, system.today) for one in found]

        def words() -> None:
            print(f"{many(len(told), 'held bill')}.")
            for one in told:
                age = many(one["age_days"], "day")
                print(f"{one['case']}  {one['state']}, {age}, {one['owner']}")
                print(f"    {one['code']}: {one['sentence']}")

        say({"held": told}, as_json=as_json, words=words)


def show(case: Case, as_json: JsonFlag = False) -> None:
    """Show one case: what was found with its evidence, its steps, the ways out."""
    from meterledger.entrypoints.held_words import case_json

    with refusing(), _system("look at a held bill", [case]) as system:
        found = system.store.held_case(case)
        told = case_json(found, system.today)
        say(told, as_json=as_json, words=lambda: _print(told))


def release(
    case: Case, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Let the bill go as it is. Above the ceiling it waits for another person's approval."""
    from meterledger.usecases.settle_held import release_held

    _settle(case, "release a held bill", release_held, by, reason, on, as_json=as_json)


def approve(
    case: Case, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Agree, as another person, to a bill above the ceiling, or to a period left uncharged."""
    from meterledger.usecases.settle_held import approve_held

    _settle(case, "approve a held bill", approve_held, by, reason, on, as_json=as_json)


def exclude(
    case: Case,
    this_period: Annotated[
        bool,
        typer.Option(
            "--this-period",
            help="Leave this period alone uncharged, once another person approves it; later ones "
            "go on.",
        ),
    ] = False,
    by: By = "",
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep the window, and all periods after it, from being billed until somebody reopens it."""
    from meterledger.usecases.settle_held import exclude_held, waive_held

    way = waive_held if this_period else exclude_held
    _settle(case, "exclude a held bill", way, by, reason, "", as_json=as_json)


def reopen(case: Case, by: By = "", reason: Reason = "", as_json: JsonFlag = False) -> None:
    """Take a release or an exclusion back."""
    from meterledger.usecases.settle_held import reopen_held

    _settle(case, "reopen a held bill", reopen_held, by, reason, "", as_json=as_json)


def rerun(case: Case, on: On = "", as_json: JsonFlag = False) -> None:
    """Calculate the window again: after readings came, or after a correction."""
    from meterledger.usecases.settle_held import rerun_held

    with refusing(), _system("run a held bill again", [case]) as system:
        settled = rerun_held(case, desk=_desk(system, on))
        _answer(settled, system.today, as_json=as_json)


def runs(
    on: Annotated[str, typer.Option(help="Only runs of this day of rendition.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List runs of bills, the newest first: due = billed + held + excluded, and stops."""
    from meterledger.entrypoints.held_words import run_json

    with refusing(), _system("list runs of bills", ["runs of bills"]) as system:
        day = day_from(on, option="--on") if on else None
        told = [run_json(one) for one in system.store.bill_runs(on=day)]

        def words() -> None:
            for one in told:
                print(
                    f"{one['run']}  {one['on']}  {one['scope']}: {one['due']} due = "
                    f"{one['billed']} billed + {one['held']} held + {one['excluded']} excluded, "
                    f"{usd_shown(one['total_usd'])}, {one['state']}"
                )
                if one["sentence"] or one["reason"]:
                    print(f"    {one['sentence'] or one['by'] + ': ' + one['reason']}")

        say({"runs": told}, as_json=as_json, words=words)


def let_go(
    run: Annotated[str, typer.Argument(help="Id of the run, like R-0123456789abcdef.")],
    by: By = "",
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Let a run go that the breaker stopped: run the bills again after it."""
    from meterledger.entrypoints.held_words import run_json
    from meterledger.usecases.settle_held import let_go_run

    with refusing(), _system("let a run go", [run]) as system:
        made = let_go_run(run, by=by, reason=reason, store=system.store, now=system.now)
        told = f"Run {run} of {made.scope} is let go by {made.by}. Run its bills again."
        say(run_json(made), as_json=as_json, words=lambda: print(told))


def _settle(
    case: str,
    purpose: str,
    way_out: Callable[..., Settled],
    by: str,
    reason: str,
    on: str,
    *,
    as_json: bool,
) -> None:
    with refusing(), _system(purpose, [case]) as system:
        settled = way_out(case, by=by, reason=reason, desk=_desk(system, on))
        _answer(settled, system.today, as_json=as_json)


def _desk(system: System, on: str) -> Desk:
    from meterledger.entrypoints.issuing import refuse_past_day, refuse_wrong_clock
    from meterledger.usecases.settle_held import Desk

    day = day_from(on, option="--on") if on else system.today
    if day > system.today:
        raise BadArgument(
            f"{day} is not here yet",
            where="--on",
            do=f"A bill is rendered on a day up to today, {system.today}",
        )
    refuse_past_day(system, day, None)
    refuse_wrong_clock(system)
    return Desk(system.store, system.lake, system.book, day, system.now)


def _answer(settled: Settled, today: date, *, as_json: bool) -> None:
    from meterledger.entrypoints.held_words import case_json, settled_words

    case: HeldCase = settled.case
    bills = [one.as_answer() for one in settled.run.issued] if settled.run else []
    answer: dict[str, Any] = case_json(case, today) | {"bills": bills}
    say(answer, as_json=as_json, words=lambda: print(settled_words(settled)))


def _print(told: dict[str, Any]) -> None:
    print(f"{told['case']}: {told['state']}, account {told['account']}, {told['from']} to "
          f"{told['to']}, {many(told['age_days'], 'day')} old, {told['owner']}")  # fmt: skip
    print(f"  {told['sentence']}")
    for one in told["findings"]:
        print(f"  {one['code']} ({one['citation']['text']}): {one['sentence']}")
        for name, value in one["evidence"].items():
            print(f"      {name}: {value}")
    for step in told["steps"]:
        who = f" by {step['by']}: {step['reason']}" if step["by"] else ""
        print(f"  {step['on']}  {step['act']}{who} {step['bill']}".rstrip())
    if told["ways_out"]:
        print(f"  Ways out: {', '.join(told['ways_out'])}. {told['correct']}")


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
