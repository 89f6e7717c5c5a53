"""``meterledger documents``: the paper of a cycle's bills, its print file, duplicates, returns."""

from __future__ import annotations

import csv
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    CYCLE,
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.facts.documents import Delivery, IssuedDocument
from meterledger.kernel.money import usd_shown
from meterledger.kernel.written_counts import many

BillArgument = Annotated[str, typer.Argument(help="Bill number.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    group = typer.Typer(
        help="Documents of bills: print file and electronic bills of a cycle, duplicates, returns.",
        no_args_is_help=True,
    )
    for command in (cycle, show, duplicate, bounced):
        group.command(command.__name__)(command)
    app.add_typer(group, name="documents")


def cycle(
    number: Annotated[
        int, typer.Argument(click_type=CYCLE, help="Number of the reading cycle, counted from 1.")
    ],
    on: Annotated[str, typer.Option(help="The day on which the bills were issued.")],
    out: Annotated[Path, typer.Option(help="Folder for the print file, its index and the outbox.")],
    electronic: Annotated[
        Path | None,
        typer.Option(
            help="CSV of account,address that goes before the preferences kept: who agreed, where."
        ),
    ] = None,
    portal: Annotated[
        str, typer.Option(help="Where customers read their bills; for the link in messages.")
    ] = "http://127.0.0.1:8000",
    processes: Annotated[
        int | None,
        typer.Option(
            click_type=WholeNumber(1, 256), help="Processes that set the pages; one for each core."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the documents of a cycle's bills, keep them, and write them for the mail house.

    Safe to run twice: what is kept is written again as it is.
    """
    with refusing():
        from meterledger.entrypoints.documents.files import write_run
        from meterledger.entrypoints.documents.pool import MOST_PROCESSES, presses
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.document_ports import PreferredDeliveries, StatedDeliveries
        from meterledger.usecases.make_documents import make_cycle_documents
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.print_file import control_totals

        day = day_from(on, option="--on")
        if processes is not None and not 1 <= processes <= MOST_PROCESSES:
            raise BadArgument(
                f"{processes} processes cannot be",
                where="--processes",
                do=f"Name 1 to {MOST_PROCESSES}",
            )
        listed = _deliveries(electronic) if electronic else {}
        viewer = Viewer("documents", "issue documents")
        with (
            open_system(viewer=viewer, subjects=[f"cycle {number}"]) as system,
            presses(processes) as press,
        ):
            run = make_cycle_documents(
                cycle=number,
                on=day,
                made_at=system.now,
                store=system.store,
                vault=system.documents,
                press=press,
                deliveries=StatedDeliveries(listed, PreferredDeliveries(system.store, system.now)),
                book=system.book,
            )
            if not run.bills:
                raise BadArgument(
                    f"No bill of cycle {number} was issued on {day}, and none waits for paper",
                    where="documents cycle",
                    do=f"Issue them first with `meterledger bill-cycle {number} --on {day}`",
                )
            names = write_run(run, out, vault=system.documents, portal=portal)
        answer = control_totals(run) | {
            "newly_made": run.newly_made,
            "folder": str(out),
            "files": names,
            "reasons": [{"bill": one.bill_id, "reason": one.reason} for one, _ in run.set_aside],
            "not_rendered_bills": [one.bill_id for one in run.not_rendered],
        }

        def words() -> None:
            totals: dict[str, Any] = answer
            printed, sent, aside = (totals[key] for key in ("printed", "electronic", "set_aside"))
            print(
                f"{_counted(totals['bills']['count'], 'bill')}, "
                f"{usd_shown(totals['bills']['usd'])} = "
                f"{printed['count']} printed ({usd_shown(printed['usd'])}) + "
                f"{sent['count']} electronic "
                f"({usd_shown(sent['usd'])}) + {aside['count']} set aside "
                f"({usd_shown(aside['usd'])})"
            )
            pages, sheets = _counted(printed["pages"], "page"), _counted(printed["sheets"], "sheet")
            print(f"{pages} on {sheets}, in {out}")
            for bill in run.not_rendered[:20]:
                print(f"{bill.reason}: {bill.bill_id}")
            for one in run.set_aside[:20]:
                print(f"Set aside: {one[0].bill_id}: {one[0].reason}")
            if len(run.set_aside) > 20:
                print(f"... and {len(run.set_aside) - 20} more; set_aside.csv lists them all.")

        say(answer, as_json=as_json, words=words)


def show(bill: BillArgument, as_json: JsonFlag = False) -> None:
    """What went out of a bill, when, how and under which hash; what came back; why it waits."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.one_document import documents_of_bill
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "look at documents")
        with open_system(viewer=viewer, subjects=[bill]) as system:
            known = documents_of_bill(bill, system.store)
        answer = {
            "bill": bill,
            "documents": [_told(one) for one in known.documents],
            "came_back": [
                {
                    "sha256": one.sha256,
                    "reason": one.reason,
                    "author": one.author,
                    "at": _instant(one.learned_at),
                }
                for one in known.came_back
            ],
            "set_aside": [
                {"run": one.run_id, "reason": one.reason, "at": _instant(one.made_at)}
                for one in known.set_aside
            ],
        }

        def words() -> None:
            for one in known.documents:
                print(_line(one))
            for back in known.came_back:
                print(f"Came back: {back.reason} ({back.author}, {_instant(back.learned_at)})")
            for aside in known.set_aside:
                print(f"Set aside, {aside.run_id}: {aside.reason}")
            if not (known.documents or known.set_aside):
                print("Nothing has gone out yet.")

        say(answer, as_json=as_json, words=words)


def duplicate(
    bill: BillArgument,
    out: Annotated[Path, typer.Option(help="Where to write the PDF.")],
    on: Annotated[str | None, typer.Option(help="The day on it; today unless told.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a copy of a bill that is marked as a duplicate with its day, keep it, and write it."""
    with refusing():
        from meterledger.entrypoints.documents.pool import OnePress
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.make_documents import Paper
        from meterledger.usecases.one_document import make_duplicate
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "make a duplicate")
        with open_system(viewer=viewer, subjects=[bill]) as system:
            made = make_duplicate(
                bill,
                on=day_from(on, option="--on") if on else system.today,
                made_at=system.now,
                store=system.store,
                vault=system.documents,
                press=OnePress(),
                book=system.book,
            )
            pdf = Paper(system.documents).pdf(made)
        try:
            out.write_bytes(pdf)
        except OSError as problem:
            raise BadArgument(
                f"The file cannot be written: {problem.strerror}",
                where=str(out),
                do="Name another with --out",
            ) from problem
        answer = _told(made) | {"file": str(out)}
        say(answer, as_json=as_json, words=lambda: print(f"{_line(made)}: {out}"))


def bounced(
    bill: BillArgument,
    reason: Annotated[str, typer.Option(help="Why it was not delivered, in a few words.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "command line",
    as_json: JsonFlag = False,
) -> None:
    """Say that an electronic bill came back: the next print file takes it."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.one_document import say_it_came_back
        from meterledger.usecases.ports import Viewer

        viewer = Viewer(by, "say that a bill came back")
        with open_system(viewer=viewer, subjects=[bill]) as system:
            back = say_it_came_back(
                bill, reason=reason, author=by, learned_at=system.now, store=system.store
            )
        answer = {"bill": bill, "sha256": back.sha256, "reason": back.reason}
        say(
            answer,
            as_json=as_json,
            words=lambda: print(f"{bill} came back: {back.reason}. The next print file takes it."),
        )


def _deliveries(path: Path) -> dict[str, Delivery]:
    """Who agreed to electronic bills, from a file."""
    found: dict[str, Delivery] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as problem:
        raise BadArgument(
            "The list of electronic bills cannot be read",
            where=str(path),
            why=str(problem),
            do="Name a CSV file with the columns account,address",
        ) from problem
    for number, row in enumerate(rows, start=2):
        account, address = row.get("account"), row.get("address")
        if not account or not address or "@" not in address:
            raise BadArgument(
                f"Line {number} names no account with an address",
                where=str(path),
                do="Write account,address in each line, like 4000000010,ana@example.com",
            )
        found[account] = Delivery(electronic=True, address=address)
    return found


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _told(one: IssuedDocument) -> dict[str, Any]:
    return {
        "bill": one.bill_id,
        "kind": one.kind.value,
        "channel": one.channel.value,
        "address": one.address,
        "sha256": one.sha256,
        "content_sha256": one.content_sha256,
        "template": one.template,
        "template_sha256": one.template_sha256,
        "compiler": one.compiler,
        "pages": one.page_count,
        "run": one.run_id,
        "made_at": _instant(one.made_at),
        "due": one.due_day.isoformat() if one.due_day else None,
    }


def _line(one: IssuedDocument) -> str:
    to = f" to {one.address}" if one.address else ""
    late = f", went out late: to be paid by {one.due_day}" if one.due_day else ""
    return (
        f"{one.kind.value}, {one.channel.value}{to}, {one.run_id}, "
        f"{many(one.page_count, 'page')}, "
        f"{one.sha256[:16]}{late}"
    )


def _instant(at: Any) -> str:
    return str(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
