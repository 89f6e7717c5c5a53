"""``meterledger meter read``: one meter's readings now, through the head-end."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say
from meterledger.kernel.written_counts import many


def register(meter: typer.Typer) -> None:
    """Add the command to the group of meters."""
    meter.command("read")(read)


def read(
    meter: Annotated[str, typer.Argument(help="Number of the meter.")],
    as_json: JsonFlag = False,
) -> None:
    """Read a meter now, and store what the head-end answers (METERLEDGER_HEAD_END says where)."""
    with refusing():
        from meterledger.entrypoints.intake import answer_of, intake_of
        from meterledger.entrypoints.wiring import open_head_end, open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.try_reading import try_reading

        head_end = open_head_end()
        viewer = Viewer("command line", "read a meter now")
        with open_system(viewer=viewer, subjects=[meter]) as system:
            done = try_reading(
                meter,
                head_end=head_end,
                intake=intake_of(system),
                log=system.store,
                view=system.view,
                by=viewer.name,
                asked_at=system.now,
            )
        shown = done.taken.file.name if done.taken.file is not None else ""
        answer = {"meter": meter, "message": done.message_id, **answer_of(shown, done.taken)}
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _print(answer: dict[str, Any]) -> None:
    count = sum(one["readings"] for one in answer["channels"])
    what = "stored now" if answer["status"] == "stored" else "known already"
    print(f"Meter {answer['meter']} answered: {many(count, 'reading')}, {what}.")
    for one in answer["channels"]:
        print(
            f"  {one['direction']} {one['commodity']}, {one['kind']} in {one['unit']}: "
            f"{one['readings']} from {one['from']} to {one['to']}"
        )
    if answer["quarantined"]:
        count = answer["quarantined"]
        print(f"  {many(count, 'line')} {'is' if count == 1 else 'are'} in quarantine.")
