"""``meterledger demo``: a small town lives some months of the main job, then the web is served."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import PORT, BadArgument, JsonFlag, refusing
from meterledger.entrypoints.clock import now_utc

OWN_ADDRESS = "127.0.0.1"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("demo")(demo)


def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the town's data (.meterledger of the project unless given)."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Remove the town that lived there, and begin anew.")
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the web at the end, or end.")
    ] = True,
    port: Annotated[
        int, typer.Option(click_type=PORT, help="Port of the web on this machine.")
    ] = 8000,
    as_json: JsonFlag = False,
) -> None:
    """Build a town of 48 homes from real and simulated meter data and live its months.

    Readings arrive as files, bills go out cycle by cycle, payments come in; it prints what
    happened, one bill with its clauses, and what was counted at the end. On the way bills are held
    and decided, one is corrected, one account joins a budget plan. A second run shows the
    town that is there; a run that was stopped is continued. --json answers and ends. With
    --no-serve it exits with 1 if something that must hold does not.
    """
    with refusing():
        from meterledger.entrypoints.cli.serve import refuse_taken_port
        from meterledger.entrypoints.demo import folder as town_folder
        from meterledger.entrypoints.demo.living import as_json as answer_of

        began = time.monotonic()
        folder = (data or town_folder.default_town_folder()).absolute()
        if serve and not as_json:
            refuse_taken_port(OWN_ADDRESS, port)  # now, and not after a minute
        if fresh:
            town_folder.begin_anew(folder)
        before = town_folder.life_of(folder)
        months, lived = _live(folder, before, quiet=as_json)
        town_folder.set_life(folder, town_folder.Life.LIVED)
        if as_json:
            import json
            import sys

            json.dump(answer_of(months, lived, folder), sys.stdout, ensure_ascii=False, indent=1)
            sys.stdout.write("\n")
            return
        _close(folder, lived, seconds=int(time.monotonic() - began), serve=serve, port=port)


def _live(folder: Path, before: Any, *, quiet: bool) -> tuple[list[Any], Any]:
    from meterledger.entrypoints.demo.folder import Life, set_life
    from meterledger.entrypoints.demo.living import count, live_months, refuse_strangers
    from meterledger.entrypoints.demo.paper import make_documents
    from meterledger.entrypoints.demo.story import book_completed_at
    from meterledger.entrypoints.demo.telling import Teller
    from meterledger.entrypoints.demo.town import build_town
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    teller = None if quiet else Teller()
    if before is Life.NONE:
        set_life(folder, Life.LIVING)
    viewer = Viewer("demo", "live the town's months")
    with open_system(folder, viewer=viewer, subjects=["the town"]) as system:
        learned = book_completed_at(system.book)
        if now_utc() < learned:
            raise BadArgument(
                f"This machine's clock says {now_utc().date()}, and the tariff book was last "
                f"added to on {learned.date()}",
                where="demo",
                do="Set the clock, so that the town can know the book",
            )
        town = build_town(system.view.time_zone)
        refuse_strangers(town, system)
        inbox = folder / "inbox"
        months: list[Any] = []
        if teller is not None:
            teller.opening(town, system.view.name, len(system.view.names()), life=before)
        if before is not Life.LIVED:
            on_month = (lambda month: None) if teller is None else teller.month
            months = live_months(town, system, inbox, on_month)
        lived = replace(count(town, system, inbox), paper=make_documents(system, folder))
        if teller is not None:
            teller.bill(lived.shown, lived.shown_address)
            teller.books(lived.books)
            teller.proofs(lived.proofs)
    return months, lived


def _close(folder: Path, lived: Any, *, seconds: int, serve: bool, port: int) -> None:
    from meterledger.entrypoints.demo.living import look_further
    from meterledger.entrypoints.demo.telling import Teller

    sentences = [
        f"{len(lived.bills)} bills in {folder} after {seconds} s; one hash over all that the story "
        f"issued, and one over its journal, the same on every machine: {lived.fingerprint[:16]} "
        f"{lived.journal_fingerprint[:16]}",
        lived.paper.sentence,
        f"Look further, with METERLEDGER_DATA={folder} .venv/bin/meterledger ...",
        *(f"  {command}  ({shows})" for command, shows in look_further(lived)),
    ]
    if serve:
        web = f"http://{OWN_ADDRESS}:{port}"
        sentences.append(f"This bill: {web}/bills/{lived.shown['bill']}/   Held bills: {web}/held/")
        money = f"{web}/accounts/{lived.late_account}/ledger/"
        sentences.append(f"Somebody's money: {money}   The books: {web}/finance/")
    Teller().closing(sentences)
    if serve:
        os.environ["METERLEDGER_DATA"] = str(folder)
        from meterledger.entrypoints.cli.serve import serve as serve_web

        serve_web(port=port, host=OWN_ADDRESS)
    elif not all(holds for holds, _ in lived.proofs):
        raise typer.Exit(1)
