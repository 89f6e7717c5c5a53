"""``meterledger quarantine``: lines that were set aside, and their way out.

Lives here      the words and the JSON of the answers.
Lives elsewhere the decisions and what they move (``usecases.leave_quarantine``).
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, WholeNumber, refusing, say
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.facts.intake import QuarantinedItem

Number = Annotated[
    int,
    typer.Argument(
        click_type=WholeNumber(0, 10**18 - 1), help="The line's number, from `quarantine list`."
    ),
]
Author = Annotated[str, typer.Option(help="Who decides.")]
Reason = Annotated[str, typer.Option(help="Why: what was corrected, or why it is never used.")]

BYTES_SHOWN = 400
"""How much of a line is shown in words; a line may be a run of thousands of readings."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        help="Lines that were set aside: list, show, release when the cause is corrected, reject.",
        no_args_is_help=True,
    )
    group.command("list")(list_)
    group.command("show")(show)
    group.command("release")(release)
    group.command("reject")(reject)
    app.add_typer(group, name="quarantine")


def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also those that have left it.")] = False,
    file: Annotated[str | None, typer.Option(help="Only of the file with this hash.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the lines that wait, oldest first."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        with open_system(
            viewer=Viewer("command line", "list the quarantine"), subjects=["quarantined lines"]
        ) as system:
            items = system.store.quarantined_items(waiting_only=not all_, sha256=file)

        def words() -> None:
            for one in items:
                state = "" if one.outcome is None else f" [{one.outcome.outcome}]"
                print(
                    f"{one.quarantine_id}{state}  {one.file_name}, line {one.line.line}: ", end=""
                )
                print(one.line.reason)
            if not items:
                print("Nothing waits in the quarantine.")

        say({"lines": [_item(one) for one in items]}, as_json=as_json, words=words)


def show(number: Number, as_json: JsonFlag = False) -> None:
    """Show one line with its bytes; the first 400 characters of a long one."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        with open_system(
            viewer=Viewer("command line", "show a quarantined line"), subjects=[f"line {number}"]
        ) as system:
            item = system.store.quarantined_item(number)
        answer = {**_item(item), "bytes": item.line.data.decode("utf-8", errors="backslashreplace")}

        def words() -> None:
            print(f"{item.quarantine_id}  {item.file_name}, line {item.line.line}")
            print(f"  {item.line.reason}")
            held = answer["bytes"].rstrip()
            print(f"  {_rows(item)}")
            print(f"  {held[:BYTES_SHOWN]}")
            if len(held) > BYTES_SHOWN:
                print(f"  ... {len(held) - BYTES_SHOWN} characters more; --json shows all of them")
            if item.outcome is not None:
                said = item.outcome
                print(f"  {said.outcome} by {said.author}: {said.reason}")

        say(answer, as_json=as_json, words=words)


def _rows(item: QuarantinedItem) -> str:
    rows = many(item.line.rows, "row")
    energy = item.line.energy_wh
    return f"{rows}, energy not known" if energy is None else f"{rows}, {energy} Wh"


def release(number: Number, by: Author, reason: Reason, as_json: JsonFlag = False) -> None:
    """Admit a line now, from its kept bytes; never twice."""
    with refusing():
        from meterledger.entrypoints.intake import channel_answer, intake_of
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.leave_quarantine import release_line
        from meterledger.usecases.ports import Viewer

        with open_system(viewer=Viewer(by, reason), subjects=[f"line {number}"]) as system:
            released = release_line(
                quarantine_id=number,
                author=by,
                reason=reason,
                intake=intake_of(system),
                learned_at=system.now,
            )
        answer = {
            "number": number,
            "outcome": released.outcome.outcome,
            "channels": [channel_answer(one) for one in released.channels],
        }
        readings = sum(len(one.readings) for one in released.channels)
        say(
            answer,
            as_json=as_json,
            words=lambda: print(f"{number}: released, {many(readings, 'reading')} stored"),
        )


def reject(number: Number, by: Author, reason: Reason, as_json: JsonFlag = False) -> None:
    """Decide that a line will never be used; for ever."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.leave_quarantine import reject_line
        from meterledger.usecases.ports import Viewer

        with open_system(viewer=Viewer(by, reason), subjects=[f"line {number}"]) as system:
            outcome = reject_line(
                quarantine_id=number,
                author=by,
                reason=reason,
                store=system.store,
                learned_at=system.now,
            )
        say(
            {"number": number, "outcome": outcome.outcome},
            as_json=as_json,
            words=lambda: print(f"{number}: rejected"),
        )


def _item(one: QuarantinedItem) -> dict[str, Any]:
    from meterledger.facts.intake import exact_text

    energy = one.line.energy_wh
    return {
        "number": one.quarantine_id,
        "file": one.file_name,
        "sha256": one.sha256,
        "line": one.line.line,
        "rows": one.line.rows,
        "energy_wh": None if energy is None else exact_text(energy),
        "reason": one.line.reason,
        "at": one.learned_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "outcome": None
        if one.outcome is None
        else {
            "outcome": one.outcome.outcome,
            "by": one.outcome.author,
            "reason": one.outcome.reason,
            "at": one.outcome.learned_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }
