"""``meterledger impact``: what a changed book would make of the bills of some months.

Lives here      the options, the copy of the book with the change in it, the folder of the report.
Lives elsewhere the prices (``usecases/impact``), how they are told (``impact_report``).
"""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from meterledger.rulebook.book import BookView
    from meterledger.usecases.proposals import Proposal

MOST_MONTHS = 120


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("impact")(impact)


def impact(
    change: Annotated[
        Path, typer.Option(help="The proposed revision: a file of changes, as `tariff try` takes.")
    ],
    months: Annotated[
        int, typer.Option(click_type=WholeNumber(0, 240), help="Bills of so many months.")
    ] = 12,
    until: Annotated[
        str | None, typer.Option(help="The last day of rendition; today unless told.")
    ] = None,
    cycle: Annotated[
        int | None,
        typer.Option(click_type=CYCLE, help="One reading cycle only; all of them unless named."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for impact.html, impact.json and accounts.csv."),
    ] = None,
    participants: Annotated[
        Path | None,
        typer.Option(
            help="Who is in which income programme: CSV of account,programme,from,until. "
            "It is read for this report and not kept."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The folder of another system's data.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Price every bill of twelve months by a changed book, told by groups of accounts.

    They are told by account, rate option, use, income programme and place.

    Prices come from kept determinants, changed windows from the intervals. Nothing is issued, and
    nothing changes before the proposal's own days. Totals tie to what was billed, to the cent.
    """
    with refusing():
        from meterledger.entrypoints.cli.shadow import chosen_cycles, ensure_folder
        from meterledger.entrypoints.impact_report import (
            accounts_csv,
            impact_answer,
            impact_page,
            impact_words,
        )
        from meterledger.entrypoints.memory import loaded_for_good
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.proposal_trial import read_proposal_file
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.span import DaySpan
        from meterledger.stores.gateways.participants_csv import read_participants
        from meterledger.stores.lake.determinants import DeterminantFiles
        from meterledger.usecases.impact import Basis, impact_of_change
        from meterledger.usecases.income_programs import check_participants, with_programs
        from meterledger.usecases.ports import Viewer

        if not 1 <= months <= MOST_MONTHS:
            raise BadArgument(
                f"{months} months cannot be looked at",
                where="--months",
                do=f"Name a number from 1 to {MOST_MONTHS}",
            )
        ensure_folder(out)
        proposal = read_proposal_file(change)
        told = "all accounts" if cycle is None else f"cycle {cycle}"
        purpose = f"impact of {proposal.name}"
        said = read_participants(participants) if participants is not None else None
        if said is not None:
            purpose += f", by income programme of {said.name}"
        viewer = Viewer("impact", purpose)
        with open_system(data, viewer=viewer, subjects=[told]) as system:
            last = day_from(until, option="--until") if until else system.today
            end = last + timedelta(days=1)
            before, after = both_views(proposal, system.now.date())
            cycles = chosen_cycles(system, cycle, last)
            since = months_before(end, months)
            if said is not None:
                check_participants(said, days=DaySpan(since, end), view=before, store=system.store)
            with loaded_for_good(), progress_bar("Pricing", total=len(cycles)) as advance:
                found = impact_of_change(
                    cycles,
                    since=since,
                    until=end,
                    basis=Basis(
                        store=system.store,
                        lake=system.lake,  # type: ignore[arg-type]
                        kept=DeterminantFiles(
                            system.data_folder / "determinants", files_at=system.store.lake_files
                        ),
                        before=before,
                        after=after,
                        known_at=system.now,
                        at_sequence=system.store.lake_sequence(),
                    ),
                    progress=advance,
                )
        if said is not None:
            found = with_programs(found, said)
        answer = impact_answer(found, proposal=proposal.name)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "impact.json").write_text(json.dumps(answer, indent=1) + "\n", "utf-8")
            (out / "impact.html").write_text(impact_page(found, answer), "utf-8")
            (out / "accounts.csv").write_text(accounts_csv(found), "utf-8")
        say(answer, as_json=as_json, words=lambda: print(impact_words(found, answer)))


def both_views(proposal: Proposal, today: date) -> tuple[BookView, BookView]:
    """The book in use and the changed one, as known when the newest of the proposal is learned.

    :raises TariffFileBroken: if the book refuses the proposal, naming the proposal's own line
    """
    from meterledger.entrypoints.wiring import book_folder, open_book
    from meterledger.rulebook.loading import read_book
    from meterledger.usecases.proposals import write_proposal

    book = open_book()
    with TemporaryDirectory(prefix="meterledger-impact-") as name:
        copy = Path(shutil.copytree(book_folder(), Path(name) / book_folder().name))
        written = write_proposal(proposal, copy, book.as_known(today))
        changed, problems = read_book(copy)
    if changed is None:
        raise proposal.placed(problems[0], written.inserted)
    learned = [entry.dated.learned_on for one in changed.parsed.values() for entry in one.entries]
    known_on = max(today, *learned)
    return book.as_known(known_on), changed.as_known(known_on)


def months_before(day: date, months: int) -> date:
    """The same day of a month so many months before, or the last one that month has."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
