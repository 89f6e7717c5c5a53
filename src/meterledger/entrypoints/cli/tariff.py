"""``meterledger tariff``: read the tariff book - one value, one sheet, and whether it holds up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say
from meterledger.entrypoints.cli.tariff_book import register_on as register_book
from meterledger.entrypoints.cli.tariff_changes import register_on as register_changes

OnDay = Annotated[str | None, typer.Option("--on", help="The day the question is about.")]
AsKnown = Annotated[
    str | None, typer.Option("--as-known", help="The book as it was known on this day.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    tariff = typer.Typer(
        help="Read the tariff book: its values, sheets and clauses.", no_args_is_help=True
    )
    tariff.command("value")(value)
    tariff.command("show")(show)
    tariff.command("check")(check)
    register_book(tariff)
    register_changes(tariff)
    app.add_typer(tariff, name="tariff")


def value(
    name: Annotated[str, typer.Argument(help="Name, like anytime_summer_usd_per_kwh.")],
    on: OnDay = None,
    as_known: AsKnown = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a value: its whole past, or what is in force on a day, with its clause."""
    with refusing():
        from meterledger.entrypoints.tariff_words import dated_json
        from meterledger.rulebook.terms import Terms

        view = _view(as_known)
        series = view.series(name)
        kind = view.kind_of(name)
        if on is not None:
            day = day_from(on, option="--on")
            terms = Terms(view, day)
            dated = terms.number(name) if kind == "number" else series.on(day)
            answer: dict[str, Any] = {
                "name": name,
                "on": day.isoformat(),
                "unit": series.unit,
                "meaning": series.meaning,
                "kind": kind,
                "file": series.file,
                "reading_key": series.reading_key or None,
                **dated_json(kind, dated),
            }
        else:
            answer = {
                "name": name,
                "meaning": series.meaning,
                "unit": series.unit,
                "kind": kind,
                "file": series.file,
                "reading_key": series.reading_key or None,
                "values": [dated_json(kind, dated) for dated in series.values],
            }

        def words() -> None:
            print(f"{name}: {series.meaning} ({series.unit})")
            if not answer.get("values", [answer]):
                lacks = f": the text {series.gap} is not held" if series.gap else ""
                print(f"  No value is known{lacks}. It belongs into {series.file}.")
            for one in answer.get("values", [answer]):
                until = one["effective_until"] or "further notice"
                print(f"  {one['effective_from']} until {until}: {one['value']}")
                print(f"    {one['citation']['text']} ({one['citation']['instrument']})")
                print(f"    standing {one['standing']}, learned on {one['learned_on']}")
                for limit in one["limited_by"]:
                    print(f"    limited by {limit['text']} ({limit['instrument']})")
                if one["source"]:
                    print(f"    source {one['source']}")
                if one["note"]:
                    print(f"    {one['note']}")

        say(answer, as_json=as_json, words=words)


def show(
    sheet: Annotated[
        str | None, typer.Argument(help="A sheet like 138, or a folder like sheet_054.")
    ] = None,
    on: OnDay = None,
    as_known: AsKnown = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a sheet as it stood on a day (today unless given): every value with its clause."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_table
        from meterledger.entrypoints.sheet_words import printed_sheet_json, sheet_called
        from meterledger.entrypoints.tariff_words import sheet_json
        from meterledger.entrypoints.wiring import known_on

        view = _view(as_known)
        day = day_from(on, option="--on") if on else known_on(None)
        printed = sheet_called(view, sheet) if sheet else None
        if printed is not None:
            answer = printed_sheet_json(view, printed, day)
        else:
            answer = sheet_json(view, sheet, day)

        def words() -> None:
            print(f"{answer['sheet']} of {view.utility}, as it stood on {day}")
            for page in answer.get("pages", []):
                until = page["until"] or "further notice"
                mark = "*" if page["from"] <= answer["on"] < (page["until"] or "9999") else " "
                print(f"{mark} revision {page['revision']}: {page['from']} until {until}")
            for one in answer.get("paragraphs", []):
                print(f"{one['paragraph']} {one['title']} ({one['provision']})")
                print(f"    {one['statement']}")
            print_table(
                [
                    (
                        one["name"],
                        one["shown"],
                        one["unit"],
                        one["standing"] or "-",
                        one["citation"]["text"] if one["citation"] else one["silence"],
                    )
                    for one in answer["values"]
                ],
                right=frozenset({1}),
            )

        say(answer, as_json=as_json, words=words)


def check(
    folder: Annotated[
        Path | None, typer.Argument(help="A book's folder; the one in use unless named.")
    ] = None,
    bills: Annotated[
        bool, typer.Option(help="Ask too whether each bill's book is still there as it was.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read and check a whole book: broken files, gaps in dates, values nothing uses."""
    with refusing():
        from meterledger.entrypoints.book_pins import books_of_bills
        from meterledger.entrypoints.conflict_words import stale_references
        from meterledger.entrypoints.tariff_words import check_book, used_without_rules
        from meterledger.entrypoints.wiring import book_folder, known_on
        from meterledger.rulebook.coverage import coverage_problems, read_coverage
        from meterledger.rulebook.loading import read_book
        from meterledger.usecases.cover_book import cover_book

        chosen = folder or book_folder()
        book, problems = read_book(chosen)
        for problem in problems[:-1]:
            print(problem.sentence, file=sys.stderr)
        if book is None:
            raise problems[-1]
        view = book.as_known(known_on(None))
        coverage = read_coverage(chosen)
        wrong = coverage_problems(coverage, view) + stale_references(view)
        if coverage.paragraphs or view.provisions():
            wrong += cover_book(
                book=book,
                view=view,
                coverage=coverage,
                folder=chosen,
                used_elsewhere=used_without_rules(view),
            ).problems
        if bills:
            wrong += books_of_bills(book)
        findings = [{"weight": "broken", "sentence": sentence} for sentence in wrong]
        findings += check_book(view, known_on(None))
        answer = {
            "ok": not any(one["weight"] == "broken" for one in findings),
            "book": view.name,
            "series": len(view.names()),
            "sha256": view.sha256,
            "not_held": [{"sheet": sheet, "why": why} for sheet, why in coverage.not_held],
            "findings": findings,
        }

        def words() -> None:
            print(f"{view.name}: {len(view.names())} series read and checked, {view.sha256[:16]}")
            for sheet, why in coverage.not_held:
                print(f"  not held: {sheet}. {why}")
            for one in findings:
                print(f"  {one['weight']}: {one['sentence']}")

        say(answer, as_json=as_json, words=words)
        if not answer["ok"]:
            for one in findings:
                if one["weight"] == "broken":
                    print(one["sentence"], file=sys.stderr)
            raise typer.Exit(2)


def _view(as_known: str | None) -> Any:
    from meterledger.entrypoints.wiring import known_on, open_book

    known = known_on(day_from(as_known, option="--as-known") if as_known else None)
    return open_book().as_known(known)
