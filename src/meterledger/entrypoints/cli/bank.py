"""``meterledger bank``: statements of the bank, matched with what we expect, and what is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say
from meterledger.entrypoints.cli.bank_matches import match_pieces, matches, unmatch
from meterledger.entrypoints.cli.bank_spoken import ByOption, ReasonOption, speaking
from meterledger.kernel.money import usd_display, usd_shown
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.facts.bank import BankFile
    from meterledger.usecases.reconcile_bank import BankPosition, BankRun

LineArgument = Annotated[str, typer.Argument(help="The line's name, as `bank open` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="bank",
        help="The bank's statements and our book: matched, not seen, not expected.",
        no_args_is_help=True,
    )
    commands.command("take")(take)
    commands.command("match")(match)
    commands.command("open")(open_)
    commands.command("matches")(matches)
    commands.command("unmatch")(unmatch)
    commands.command("explain")(explain)
    commands.command("adjust")(adjust)
    commands.command("approve")(approve)
    commands.command("reject")(reject)
    app.add_typer(commands)


def take(
    files: Annotated[list[Path], typer.Argument(help="Statements: BAI2, camt.053 or our CSV.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and report, store nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take statements of the bank, each file whole or not at all; a known file changes nothing."""
    with refusing():
        from meterledger.entrypoints.clock import now_utc
        from meterledger.entrypoints.wiring import open_system
        from meterledger.stores.gateways.bank_files import read_bank_file
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.reconcile_bank import take_bank_file

        read = [read_bank_file(one, learned_at=now_utc()) for one in files]
        answers: list[dict[str, Any]] = []
        if dry_run:
            answers = [_file_json(one, "read") for one in read]
        else:
            viewer = Viewer("bank take", "taking statements of the bank")
            with open_system(viewer=viewer, subjects=["bank"]) as system:
                for one in read:
                    stored = take_bank_file(one, today=system.today, store=system.store)
                    answers.append(_file_json(one, "stored" if stored else "known"))

        def words() -> None:
            for one in answers:
                print(
                    f"{one['file']}: {one['status']}, {one['format']}, "
                    f"{many(one['lines'], 'line')}, "
                    f"{usd_shown(one['usd'])} in all"
                )
                for each in one["statements"]:
                    print(
                        f"  {each['bank_account']} of {each['day']}: "
                        f"{usd_shown(each['opening_usd'])} and "
                        f"{usd_shown(each['moved_usd'])} is {usd_shown(each['closing_usd'])}"
                    )

        say({"files": answers}, as_json=as_json, words=words)


def match(
    pieces: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PIECE]...",
            help="By hand: a line of the bank and what we expect of it, or expectations of ours "
            "that cancel each other, as `bank open` names them.",
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="By hand: a person's name.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="By hand: why, in a sentence.")] = "",
    on: Annotated[str, typer.Option(help="The day as of which is matched; today.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Match what is open on both sides by the named rules, or the named pieces by hand."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.reconcile_bank import match_bank

        if pieces or by or reason:
            match_pieces(pieces or [], by=by, reason=reason, on=on, as_json=as_json)
            return
        asked = day_from(on, option="--on") if on else None
        viewer = Viewer("bank match", "matching the bank's lines")
        with open_system(viewer=viewer, subjects=["bank"]) as system:
            run = match_bank(
                on=asked or system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
            )

        def words() -> None:
            _matched_words(run)
            _open_words(run.position)

        say(run.as_json(), as_json=as_json, words=words)


def open_(
    on: Annotated[str, typer.Option(help="The day on which ages are counted; today.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """What is seen and not expected, expected and not seen, with its age and its owner."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.reconcile_bank import bank_position

        asked = day_from(on, option="--on") if on else None
        viewer = Viewer("bank open", "open lines of the bank")
        with open_system(viewer=viewer, subjects=["bank"]) as system:
            position = bank_position(on=asked or system.today, view=system.view, store=system.store)
        say(position.as_json(), as_json=as_json, words=lambda: _open_words(position))


def explain(
    line: LineArgument, by: ByOption, reason: ReasonOption, as_json: JsonFlag = False
) -> None:
    """Say what a line is. Words move no money: it stays open until it is matched or adjusted."""
    with refusing():
        from meterledger.usecases.reconcile_bank import explain_line

        purpose = "explaining a line of the bank"
        with speaking("explain", purpose, [line], by=by, reason=reason) as (word, _):
            step = explain_line(line_id=line, **word)
        answer = {"line": line, "act": step.act.value, "by": step.by, "reason": step.reason}
        say(answer, as_json=as_json, words=lambda: print(f"{line}: {step.by} says: {step.reason}"))


def adjust(
    line: LineArgument,
    to: Annotated[str, typer.Option("--to", help="Ledger account, like 921 for a fee.")],
    by: ByOption,
    reason: ReasonOption,
    as_json: JsonFlag = False,
) -> None:
    """Propose to post a line that no event of ours explains; another person approves."""
    with refusing():
        from meterledger.usecases.reconcile_bank import propose_adjustment

        purpose = "adjusting a line of the bank"
        with speaking("adjust", purpose, [line], by=by, reason=reason) as (word, _):
            step = propose_adjustment(line_id=line, ledger_account=to, **word)
        answer = {"line": line, "act": step.act.value, "by": step.by, "to": step.ledger_account}
        say(
            answer,
            as_json=as_json,
            words=lambda: print(
                f"{line}: {step.by} proposes to post it to {step.ledger_account}. Nothing is "
                f"posted until another person runs `meterledger bank approve`."
            ),
        )


def approve(
    line: LineArgument, by: ByOption, reason: ReasonOption, as_json: JsonFlag = False
) -> None:
    """Let a proposed adjustment go: it is posted and matched. Who proposed it cannot."""
    _decide(line, by, reason, as_json, approved=True)


def reject(
    line: LineArgument, by: ByOption, reason: ReasonOption, as_json: JsonFlag = False
) -> None:
    """Turn a proposed adjustment down; the line stays open."""
    _decide(line, by, reason, as_json, approved=False)


def _decide(line: str, by: str, reason: str, as_json: bool, *, approved: bool) -> None:
    with refusing():
        from meterledger.usecases.reconcile_bank import decide_adjustment

        purpose = "deciding an adjustment of a bank's line"
        with speaking("approve", purpose, [line], by=by, reason=reason) as (word, _):
            entry = decide_adjustment(line_id=line, approve=approved, **word)
        answer = {
            "line": line,
            "approved": approved,
            "by": by.strip(),
            "entry": entry.entry_id if entry else None,
        }
        done = f"posted as {entry.entry_id}" if entry else "rejected, and stays open"
        say(answer, as_json=as_json, words=lambda: print(f"{line}: {done}."))


def _matched_words(run: BankRun) -> None:

    if not run.matches:
        print("Nothing more could be matched.")
    for rule, (count, cents) in run.by_rule.items():
        print(f"Matched {rule}: {count}, {usd_display(cents)}")


def _open_words(position: BankPosition) -> None:
    from meterledger.usecases.reconcile_bank import OWNER_OF_UNEXPECTED, OWNER_OF_UNSEEN

    for says, left, right in position.tie():
        sign = "=" if left == right else "IS NOT"
        print(f"  {says}: {usd_display(left)} {sign} {usd_display(right)}")
    print(
        f"Seen and not expected: {many(len(position.open_lines), 'line')}, "
        f"{usd_display(position.unexpected_cents)} ({OWNER_OF_UNEXPECTED})"
    )
    for one in position.open_lines:
        print(
            f"  {one.line.line_id}  {one.line.booked_day}  {usd_display(one.line.cents):>13}  "
            f"{one.line.reference} {one.line.text}".rstrip()
        )
        for step in one.steps:
            print(f"      {step.act.value} by {step.by}: {step.reason}")
    print(
        f"Expected and not seen: {len(position.unseen)}, {usd_display(position.unseen_cents)}, "
        f"{len(position.overdue)} of them for more than {many(position.overdue_days, 'day')} "
        f"({OWNER_OF_UNSEEN})"
    )
    for expected in position.unseen[:50]:
        print(
            f"  {expected.expectation_id}  {expected.day}  {usd_display(expected.cents):>13}  "
            f"{many(position.age(expected), 'day')}  {expected.ledger_account}  {expected.cause}"
        )
    if len(position.unseen) > 50:
        print(f"  and {len(position.unseen) - 50} more; --json has all.")
    for gap in position.gaps:
        print(f"  {gap}.")


def _file_json(file: BankFile, status: str) -> dict[str, Any]:
    from meterledger.kernel.money import usd_text

    return {
        "file": file.name,
        "sha256": file.sha256,
        "status": status,
        "format": file.format,
        "lines": file.line_count,
        "usd": usd_text(file.cents),
        "statements": [
            {
                "bank_account": one.bank_account,
                "day": one.as_of_day.isoformat(),
                "opening_usd": usd_text(one.opening_cents),
                "moved_usd": usd_text(one.closing_cents - one.opening_cents),
                "closing_usd": usd_text(one.closing_cents),
            }
            for one in file.statements
        ],
    }
