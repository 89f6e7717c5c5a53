"""``meterledger stories``: run the stories of the tariff book, or any file in that form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("stories")(stories)


def stories(
    path: Annotated[
        Path | None,
        typer.Argument(help="A story file, or a book's folder; the book in use unless named."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the stories of the tariff book; exit 2 if any does not hold."""
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import book_folder, open_book
        from meterledger.usecases.stories import run_story
        from meterledger.usecases.story_files import find_stories, read_stories

        chosen = path or book_folder()
        book = open_book(_book_of(chosen))
        if chosen.is_file():
            found = list(read_stories(chosen.read_bytes(), chosen.name))
        else:
            found = list(find_stories(chosen))
        failures: list[Any] = []
        with progress_bar("Running stories", total=len(found)) as advance:
            for one in found:
                failures += run_story(one, book)
                advance(1)
        failed = {failure.story for failure in failures}
        answer = {
            "passed": len(found) - len(failed),
            "failed": len(failed),
            "failures": [failure.as_json() for failure in failures],
        }

        def words() -> None:
            for failure in failures:
                print(failure)
                print()
            print(f"{answer['passed']} stories hold, {answer['failed']} do not.")

        say(answer, as_json=as_json, words=words)
        if failures:
            raise typer.Exit(2)


def _book_of(chosen: Path) -> Path | None:
    """The book in whose folder the stories stand; the one in use where they stand in none."""
    for folder in (chosen, *chosen.resolve().parents):
        if (folder / "utility.yaml").is_file():
            return folder
    return None
