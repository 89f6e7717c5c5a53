"""``meterledger tariff coverage`` and ``conflicts``: what carries a paragraph, what was chosen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say


def register_on(tariff: typer.Typer) -> None:
    """Add the commands to ``meterledger tariff``."""
    tariff.command("coverage")(coverage)
    tariff.command("conflicts")(conflicts)


def coverage(
    provision: Annotated[
        str | None, typer.Argument(help="One provision, like late.charge.rate; all unless named.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the map of paragraphs to this HTML file.")
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Write the measured rules, values and stories to the book."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what carries each paragraph of the book, measured by running its stories."""
    with refusing():
        from meterledger.entrypoints.coverage_page import coverage_page, stated_provisions
        from meterledger.entrypoints.tariff_words import used_without_rules
        from meterledger.entrypoints.wiring import book_folder, known_on, open_book
        from meterledger.rulebook.coverage import FILE, read_coverage
        from meterledger.usecases.cover_book import cover_book, written_coverage

        folder, book = book_folder(), open_book()
        view = book.as_known(known_on(None))
        stated = read_coverage(folder)
        if not stated.paragraphs and not view.provisions():
            raise BadArgument(
                f"The book {view.name} states no paragraphs, so that none is to be carried",
                where=FILE,
                do="Use `meterledger tariff check`, which reads every file of it",
            )
        covered = cover_book(
            book=book,
            view=view,
            coverage=stated,
            folder=folder,
            used_elsewhere=used_without_rules(view),
        )
        answer = covered.as_json()
        if provision is not None:
            view.provision(provision)
            kept = {provision: answer["provisions"].get(provision)}
            answer = {**answer, "provisions": kept if kept[provision] else {}}
        if write:
            _write(folder / FILE, written_coverage((folder / FILE).read_text("utf-8"), covered))
        if html is not None:
            _write(html, coverage_page(answer, stated_provisions(view, stated), None))

        def words() -> None:
            _print_coverage(answer, view)

        say(answer, as_json=as_json, words=words)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise BadArgument(
            f"The file {path} cannot be written: {problem.strerror}", do="Name another place"
        ) from None


def _print_coverage(answer: dict[str, Any], view: Any) -> None:
    from meterledger.entrypoints.cli.words import print_table

    provisions: dict[str, Any] = answer["provisions"]
    if len(provisions) == 1:
        for key, one in provisions.items():
            print(f"{key}: {one['state']}. {one['why']}".rstrip())
            for heading in ("rules", "values", "stories"):
                print(f"  {heading}: {', '.join(one[heading]) or 'none'}")
            for block, state in one["versions"].items():
                print(f"  page {block}: {state}")
        return
    states = ("carried", "planned", "information", "text_missing")
    chapters: dict[str, Counter[str]] = {}
    for key, one in provisions.items():
        chapter = view.provision(key).chapter
        chapters.setdefault(chapter, Counter()).update(one["versions"].values())
    rows: list[tuple[str, ...]] = [("chapter", *states)]
    rows += [
        (chapter, *(str(count[state] or "-") for state in states))
        for chapter, count in sorted(chapters.items())
    ]
    total = sum(chapters.values(), Counter[str]())
    rows.append(("all paragraphs", *(str(total[state]) for state in states)))
    print_table(rows, right=frozenset({1, 2, 3, 4}))
    kinds = Counter(one["state"] for one in provisions.values())
    shown = ", ".join(f"{kinds[state]} {state}" for state in states)
    print(f"{len(provisions)} provisions: {shown}.")
    for sentence in answer["problems"]:
        print(f"  {sentence}")


def conflicts(
    key: Annotated[
        str | None, typer.Argument(help="One conflict, by its key or its id; all unless named.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List where the texts conflict or are silent: what was chosen, instead of what, and why."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_table
        from meterledger.entrypoints.conflict_words import overlaps_json, reading_json
        from meterledger.entrypoints.wiring import known_on, open_book

        view = open_book().as_known(known_on(None))
        records = view.readings()
        if key is not None:
            by_id = [one for one in records if one.conflict == key]
            records = by_id or [view.reading(key)]
        answer = {
            "conflicts": [reading_json(view, one) for one in records],
            "overlaps": overlaps_json(view) if key is None else [],
        }

        def words() -> None:
            if key is None:
                print_table(
                    [
                        (one["conflict"], one["key"], one["chosen"], one["title"])
                        for one in answer["conflicts"]
                    ],
                    right=frozenset(),
                )
                for one in answer["overlaps"]:
                    print(f"overlap: {one['sentence']}")
                print(f"{len(records)} conflicts. 'meterledger tariff conflicts KEY' shows one.")
                return
            for one in answer["conflicts"]:
                _print_reading(one)

        say(answer, as_json=as_json, words=words)


def _print_reading(one: dict[str, Any]) -> None:
    print(f"{one['conflict']}: {one['title']} ({one['key']})")
    for position in one["positions"]:
        dates = f" ({position['dates']})" if position["dates"] else ""
        print(f"  {position['source']}{dates}: {position['says']}")
    for option in one["options"]:
        mark = "chosen" if option["option"] == one["chosen"] else "or"
        print(f"  {mark}: {option['option']} - {option['says']}")
    print(f"  because: {one['reasoning']}")
    print(f"  confidence {one['confidence']}; to be confirmed by {one['confirm_with']}")
    changes = one["why_nothing"] or ", ".join(one["rules"]) or one["value"] or "no rule built yet"
    print(f"  changes: {changes}")
    print(f"  provisions: {', '.join(one['provisions']) or 'none'}")
