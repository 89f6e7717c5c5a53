"""``meterledger lake``: keep the interval lake small, and no longer than it must be kept.

Lives here      the words and options of the commands.
Lives elsewhere what they do (``usecases/keep_lake``), how the files are laid out (``stores/lake``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from meterledger.entrypoints.cli.answer import (
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.facts.lake_log import FileOnDisk

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.stores.lake import LakeUpkeep
    from meterledger.usecases.forget_received import Forgotten
    from meterledger.usecases.keep_lake import Compacted, MonthKept

MONTH_FORM = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go; delete nothing.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    lake = typer.Typer(
        no_args_is_help=True,
        help="The interval lake: months put together, deletion on schedule, holds.",
        rich_markup_mode=None,
    )
    lake.command("compact")(compact)
    lake.command("sweep")(sweep)
    lake.command("retention")(retention)
    lake.command("hold")(hold)
    lake.command("release")(release)
    lake.command("holds")(holds)
    app.add_typer(lake, name="lake")


@contextmanager
def _open(purpose: str) -> Iterator[tuple[System, LakeUpkeep]]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.stores.lake import IntervalLake, LakeUpkeep
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=["the lake"]) as system:
        yield system, LakeUpkeep(cast(IntervalLake, system.lake))


def compact(
    before: Annotated[
        str | None,
        typer.Option(help="Only months before this one, like 2026-10 (this month unless given)."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Put the files of past months together: one for each month and bucket of meters.

    Bills and replays read the same values; older sequences still read the files of before, until
    `lake sweep` removes those that no bill was made of.
    """
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.usecases.keep_lake import compact_lake

        with _open("compact the lake") as (system, files):
            until = _month(before, option="--before") if before else system.today.isoformat()[:7]
            months = [one for one in files.months(system.store.lake_sequence()) if one < until]
            with progress_bar("Putting months together", total=len(months)) as advance:
                done = compact_lake(
                    store=system.store,
                    files=files,
                    before=until,
                    learned_at=system.now,
                    progress=advance,
                )
        answer = {"before": until, "months": [_compacted(one) for one in done]}
        say(answer, as_json=as_json, words=lambda: _say_compacted(done, until))
        if any(one.conflict or one.compaction.left for one in done):
            raise typer.Exit(2)


def _compacted(one: Compacted) -> dict[str, Any]:
    return {
        "month": one.compaction.month,
        "status": "conflict" if one.conflict else "compacted" if one.sequence else "left",
        "sequence": one.sequence,
        "files_before": len(one.compaction.superseded),
        "files_after": len(one.compaction.lake_files),
        "bytes_before": one.compaction.bytes_before,
        "bytes_after": one.compaction.bytes_after,
        "left": [*one.compaction.left, *([one.conflict] if one.conflict else [])],
    }


def _say_compacted(done: Sequence[Compacted], until: str) -> None:
    if not done:
        print(f"No month before {until} has files to put together.")
    for one in done:
        made = one.compaction
        if one.sequence is not None:
            print(
                f"{made.month}: {len(made.superseded)} files are {len(made.lake_files)} now, "
                f"{made.bytes_before} bytes {made.bytes_after}; lake sequence {one.sequence}"
            )
        for sentence in (*made.left, *([one.conflict] if one.conflict else [])):
            print(f"{made.month}: left as it is. {sentence}")


def sweep(
    margin_days: Annotated[
        int,
        typer.Option(
            click_type=WholeNumber(0, 36_500),
            help="Keep what was replaced less than so many days ago.",
        ),
    ] = 7,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Remove files that a compaction replaced and no bill was made of.

    Files of writes that were stopped, which nobody ever saw, go with them.
    """
    with refusing():
        from meterledger.usecases.keep_lake import sweep_lake

        if not 1 <= margin_days <= 3660:
            raise BadArgument(
                f"A margin of {margin_days} days cannot be kept",
                where="--margin-days",
                why="Commands that are running may still read what was replaced",
                do="Choose 1 to 3660",
            )
        with _open("sweep the lake") as (system, files):
            swept = sweep_lake(
                store=system.store,
                files=files,
                on=system.today,
                margin_days=margin_days,
                now=system.now,
                dry_run=dry_run,
            )
        answer = {
            "dry_run": dry_run,
            "removed": [_file(one) for one in swept.removed],
            "pinned_by_bills": swept.pinned_count,
            "strays": swept.stray_count,
        }
        would = "would go" if dry_run else "are gone"
        say(
            answer,
            as_json=as_json,
            words=lambda: print(
                f"{len(swept.removed)} replaced files {would}, {_bytes(swept.removed)} bytes; "
                f"{swept.pinned_count} are kept for bills that were made of them; "
                f"{swept.stray_count} strays {would}."
            ),
        )


def retention(
    on: Annotated[str, typer.Option(help="The day of the schedule, like 2026-11-28.")],
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete months whose time is over on the day, by the sheet and the reading over it.

    Received files go by the same rule: the vault makes them unreadable. A dispute or a case of
    tampering keeps files longer: `lake hold`. What goes leaves a tombstone with its counts and
    its hash.
    """
    with refusing():
        from meterledger.usecases.forget_received import forget_received
        from meterledger.usecases.keep_lake import retain_lake

        day = day_from(on, option="--on")
        with _open("delete on schedule") as (system, files):
            if day > system.today:
                raise BadArgument(
                    f"{day} is not here yet: today is {system.today}",
                    where="--on",
                    why="What goes cannot be brought back, so nothing goes before its day",
                    do="Name today or an earlier day",
                )
            months = retain_lake(
                store=system.store,
                files=files,
                view=system.view,
                on=day,
                learned_at=system.now,
                dry_run=dry_run,
            )
            received = forget_received(
                store=system.store,
                vault=system.vault,
                view=system.view,
                on=day,
                learned_at=system.now,
                dry_run=dry_run,
            )
        answer = {
            "on": day.isoformat(),
            "dry_run": dry_run,
            "received_files": {
                "forgotten": [
                    {"sha256": one.sha256, "bytes": one.byte_count, "reason": one.reason}
                    for one in received.files
                ],
                "held": received.held_count,
            },
            "months": [
                {
                    "month": one.month,
                    "may_be_deleted": one.may_be_deleted,
                    "kept_until": one.kept_until.isoformat() if one.kept_until else None,
                    "reason": one.reason,
                    "deleted": [_file(file) for file in one.deleted],
                    "held": list(one.held),
                }
                for one in months
            ],
        }
        say(
            answer, as_json=as_json, words=lambda: _say_kept(months, received, day, dry_run=dry_run)
        )


def _say_kept(
    months: Sequence[MonthKept], received: Forgotten, day: date, *, dry_run: bool
) -> None:
    gone = [one for one in months if one.may_be_deleted]
    if not gone:
        print(f"No month's time is over on {day}.")
    for one in gone:
        verb = "would be deleted" if dry_run else "are deleted"
        print(
            f"{one.month}: {len(one.deleted)} files {verb}, {_bytes(one.deleted)} bytes; "
            f"{len(one.held)} are held. {one.reason}"
        )
    if received.files or received.held_count:
        verb = "would be forgotten" if dry_run else "are forgotten"
        print(f"{len(received.files)} received files {verb}; {received.held_count} are held.")


def hold(
    hold_id: Annotated[str, typer.Argument(help="The hold's own id, used once.")],
    reason: Annotated[str, typer.Option(help="Which dispute or case keeps the data.")],
    author: Annotated[str, typer.Option(help="Who says so.")],
    from_month: Annotated[str, typer.Option("--from", help="First month, like 2021-03.")],
    last_month: Annotated[str, typer.Option("--to", help="Last month, included.")],
    meter: Annotated[
        str | None, typer.Option(help="Meter number; every meter unless given.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Keep months longer than the schedule says."""
    with refusing():
        from meterledger.facts.lake_log import LakeHold
        from meterledger.kernel.ids import pseudonym

        first, last = _month(from_month, option="--from"), _month(last_month, option="--to")
        if first > last or not (reason.strip() and author.strip() and hold_id.strip()):
            raise BadArgument(
                "A hold has an id, an author, a reason, and months in their order",
                where="lake hold",
                do="Give --from and --to like 2021-03, and say who holds the data and why",
            )
        with _open("hold lake files") as (system, _):
            placed = LakeHold(
                hold_id=hold_id,
                meter=pseudonym(meter, system.book.name) if meter else None,
                from_month=first,
                last_month=last,
                reason=reason,
                author=author,
                learned_at=system.now,
            )
            system.store.place_lake_hold(placed)
        answer = {"hold": hold_id, "from": first, "to": last, "status": "in force"}
        say(answer, as_json=as_json, words=lambda: print(f"Hold {hold_id} is in force."))


def release(
    hold_id: Annotated[str, typer.Argument(help="The hold's id.")],
    reason: Annotated[str, typer.Option(help="Why the data need be held no longer.")],
    author: Annotated[str, typer.Option(help="Who says so.")],
    as_json: JsonFlag = False,
) -> None:
    """End a hold; the schedule counts again."""
    with refusing():
        if not (reason.strip() and author.strip()):
            raise BadArgument(
                "A hold is released by somebody, for a reason",
                where="lake release",
                do="Give --author and --reason",
            )
        with _open("release lake files") as (system, _):
            system.store.release_lake_hold(
                hold_id, author=author, reason=reason, learned_at=system.now
            )
        answer = {"hold": hold_id, "status": "released"}
        say(answer, as_json=as_json, words=lambda: print(f"Hold {hold_id} is released."))


def holds(as_json: JsonFlag = False) -> None:
    """List the holds in force."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_table

        with _open("list lake holds") as (system, _):
            found = system.store.lake_holds()
        answer = {
            "holds": [
                {
                    "hold": one.hold_id,
                    "meter_pseudonym": one.meter,
                    "from": one.from_month,
                    "to": one.last_month,
                    "reason": one.reason,
                    "author": one.author,
                }
                for one in found
            ]
        }
        say(
            answer,
            as_json=as_json,
            words=lambda: print_table(
                [
                    (one.hold_id, f"{one.from_month} to {one.last_month}", one.reason, one.author)
                    for one in found
                ],
                right=frozenset(),
            ),
        )


def _month(text: str, *, option: str) -> str:
    if MONTH_FORM.fullmatch(text) is None:
        raise BadArgument(
            f"'{text}' is not a month", where=option, do="Write it as year-month, like 2026-10"
        )
    return text


def _file(one: FileOnDisk) -> dict[str, Any]:
    return {
        "file": one.lake_file,
        "rows": one.row_count,
        "bytes": one.byte_count,
        "sha256": one.sha256,
    }


def _bytes(files: Sequence[FileOnDisk]) -> int:
    return sum(one.byte_count for one in files)
