"""``meterledger bill-cycle --shadow``: the population beside what is live. Nothing is written.

Lives here      the options' words; exit 2 where a cent is not explained.
Lives elsewhere the run (``usecases/shadow``), how it is told (``shadow_report``).
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, day_from, refusing, say
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.rulebook.book import BookView

DAYS_BACK = 31
"""Bills of so many days: each account's newest, where all are billed every month."""


def shadow_cycle(
    cycle: int | None,
    *,
    on: str | None,
    since: str | None,
    book: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare, tell, and exit 2 if something is not explained."""
    with refusing():
        from meterledger.entrypoints.memory import loaded_for_good
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.shadow_report import (
            shadow_answer,
            shadow_page,
            shadow_words,
        )
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.shadow import Shadow, shadow_bills

        ensure_folder(out)
        told = "all cycles" if cycle is None else f"cycle {cycle}"
        with open_system(viewer=Viewer("bill-cycle", "shadow billing"), subjects=[told]) as system:
            last = day_from(on, option="--on") if on else system.today
            first = day_from(since, option="--since") if since else last - timedelta(DAYS_BACK - 1)
            if first > last:
                raise BadArgument(f"{first} comes after {last}", where="--since, --on")
            cycles = chosen_cycles(system, cycle, last)
            shadow = Shadow(
                store=system.store,
                lake=system.lake,  # type: ignore[arg-type]
                book=system.book,
                view=system.view if book is None else view_of_folder(book, system.now.date()),
                known_at=system.now,
                at_sequence=system.store.lake_sequence(),
            )
            with loaded_for_good(), progress_bar("Shadow", total=len(cycles)) as advance:
                run = shadow_bills(
                    cycles,
                    since=first,
                    until=last + timedelta(days=1),
                    shadow=shadow,
                    progress=advance,
                )
        answer = shadow_answer(run, book=shadow.view.sha256, cycles=cycles)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "shadow.json").write_text(json.dumps(answer, indent=1) + "\n", "utf-8")
            (out / "shadow.html").write_text(shadow_page(run, answer), "utf-8")
        say(answer, as_json=as_json, words=lambda: print(shadow_words(run, answer)))
        if run.unexplained:
            sys.stdout.flush()
            are, it = ("is", "it") if len(run.unexplained) == 1 else ("are", "one")
            print(
                f"{many(len(run.unexplained), 'bill')} {are} not explained. Replay {it} with "
                f"`meterledger replay {run.unexplained[0].bill_id}`, and do not release this "
                "program.",
                file=sys.stderr,
            )
            raise typer.Exit(2)


def chosen_cycles(system: System, cycle: int | None, on: date) -> list[int]:
    """The cycle that is asked for, or all there are.

    :raises BadArgument: if there is no such cycle
    """
    from meterledger.billing import reading_cycle_count

    count = reading_cycle_count(on=on, view=system.view)
    if cycle is not None and not 1 <= cycle <= count:
        raise BadArgument(
            f"There is no reading cycle {cycle}",
            where="bill-cycle",
            do=f"Name a cycle from 1 to {count}",
        )
    return list(range(1, count + 1)) if cycle is None else [cycle]


def view_of_folder(folder: Path, today: date) -> BookView:
    """The book of a folder, as known when the newest of its values has been learned."""
    from meterledger.entrypoints.wiring import open_book

    if not folder.is_dir():
        raise BadArgument(f"'{folder}' is no folder", where="--book", do="Name a book's folder")
    book = open_book(folder)
    learned: list[Any] = [
        entry.dated.learned_on for one in book.parsed.values() for entry in one.entries
    ]
    return book.as_known(max(today, *learned))


def ensure_folder(out: Path | None) -> None:
    """Refuse a place that is no folder before anything is reckoned.

    :raises BadArgument: naming it
    """
    if out is not None and out.exists() and not out.is_dir():
        raise BadArgument(f"'{out}' is not a folder", where="--out", do="Name a folder")
