"""``meterledger tariff diff`` and ``try``: what a revision changed, and what a proposed one would.

Lives here      the options and the words.
Lives elsewhere comparing two states (``usecases/compare_book``), trying a proposal
                (``entrypoints/proposal_trial``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.written_counts import many


def register_on(tariff: typer.Typer) -> None:
    """Add the commands to ``meterledger tariff``."""
    tariff.command("diff")(diff)
    tariff.command("try")(try_change)


def diff(
    words_given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SHEET REV REV | [CHAPTER]",
            help="A sheet and two of its revisions, like 138 3 4; with --from and --to a chapter "
            "(a folder of the book), or nothing for the whole book.",
        ),
    ] = None,
    from_day: Annotated[
        str | None, typer.Option("--from", help="The earlier of two days to compare.")
    ] = None,
    to_day: Annotated[
        str | None, typer.Option("--to", help="The later of two days to compare.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what changed between two revisions of a sheet, or between two days.

    Texts in our words with what was taken out [-so-] and put in {+so+}, values, and the rules and
    the stories' files that rest on what changed.
    """
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import book_folder, known_on, open_book
        from meterledger.usecases.compare_book import add_what_is_touched, compare_states
        from meterledger.usecases.story_files import find_stories

        book = open_book()
        view = book.as_known(known_on(None))
        heading, old, new = _two_states(view, words_given or [], from_day, to_day)
        changes = compare_states(view, old, new)
        stories = find_stories(book_folder())
        with progress_bar("Asking the stories", total=len(stories)) as advance:
            add_what_is_touched(changes, book=book, stories=stories, advance=advance)
        answer = {**heading, **_changes_json(changes)}

        def words() -> None:
            _print_changes(answer)

        say(answer, as_json=as_json, words=words)


def _two_states(
    view: Any, given: list[str], from_day: str | None, to_day: str | None
) -> tuple[dict[str, Any], Any, Any]:
    from meterledger.usecases.compare_book import (
        pages_of_revision,
        state_of_pages,
        state_on_day,
    )

    if from_day is not None and to_day is not None and len(given) <= 1:
        start, end = day_from(from_day, option="--from"), day_from(to_day, option="--to")
        if not start < end:
            raise BadArgument(
                f"{end} does not come after {start}",
                where="--from, --to",
                do="Let --from name the earlier day",
            )
        chapter = given[0] if given else None
        heading = {
            "sheet": None,
            "chapter": chapter,
            "old": start.isoformat(),
            "new": end.isoformat(),
        }
        return heading, state_on_day(view, start, chapter), state_on_day(view, end, chapter)
    if from_day is None and to_day is None and len(given) >= 3:
        sheet, before, after = " ".join(given[:-2]), given[-2], given[-1]
        old, new = (pages_of_revision(view, sheet, one) for one in (before, after))
        heading = {
            "sheet": old[0].sheet,
            "chapter": None,
            "old": f"rev. {old[0].revision}, in force {old[0].days}",
            "new": f"rev. {new[0].revision}, in force {new[0].days}",
        }
        return heading, state_of_pages(view, old), state_of_pages(view, new)
    raise BadArgument(
        "Two revisions of a sheet or two days are compared",
        where="tariff diff",
        do="Write `tariff diff 138 3 4`, or `tariff diff --from 2020-06-01 --to 2020-07-01`",
    )


def _changes_json(changes: Any) -> dict[str, Any]:
    return {
        "provisions": [_provision_json(one) for one in changes.provisions],
        "values": [_value_json(one) for one in changes.values],
        "unchanged": {
            "provisions": changes.unchanged_provisions,
            "values": changes.unchanged_values,
        },
        "rules": changes.rules,
        "stories": changes.stories,
    }


def _provision_json(one: Any) -> dict[str, Any]:
    from meterledger.usecases.compare_book import marked_words

    old, new = one.old, one.new
    return {
        "provision": one.provision.id,
        "title": one.provision.title,
        "kind": one.kind,
        "old": _clause_json(old),
        "new": _clause_json(new),
        "marked": marked_words(old.version.statement, new.version.statement)
        if one.kind == "changed"
        else None,
        "change": new.version.change if new is not None else "",
        "elsewhere": one.elsewhere.citation.as_json() if one.elsewhere is not None else None,
        "in_review": one.in_review,
    }


def _clause_json(clause: Any) -> dict[str, Any] | None:
    if clause is None:
        return None
    return {
        "statement": clause.version.statement,
        "from": clause.version.days.from_day.isoformat(),
        "until": clause.version.days.until_day.isoformat()
        if clause.version.days.until_day
        else None,
        "standing": clause.standing.value,
        "citation": clause.citation.as_json(),
    }


def _value_json(one: Any) -> dict[str, Any]:
    from meterledger.entrypoints.tariff_words import dated_json

    return {
        "name": one.name,
        "kind": one.kind,
        "unit": one.unit,
        "file": one.file,
        "old": dated_json(one.value_kind, one.old) if one.old is not None else None,
        "new": dated_json(one.value_kind, one.new) if one.new is not None else None,
    }


def _print_changes(answer: dict[str, Any]) -> None:
    name = answer["sheet"] or answer["chapter"] or "The book"
    print(f"{name}: from {answer['old']} to {answer['new']}")
    for one in answer["provisions"]:
        print(_provision_words(one))
    for one in answer["values"]:
        print(_value_words(one))
    same = answer["unchanged"]
    provisions, values = many(same["provisions"], "provision"), many(same["values"], "value")
    print(f"Unchanged: {provisions}, {values}.")
    print(f"Rules that rest on what changed: {', '.join(answer['rules']) or 'none'}.")
    print(f"Stories that rest on it: {', '.join(answer['stories']) or 'none'}.")


def _provision_words(one: dict[str, Any]) -> str:
    old, new = one["old"], one["new"]
    lines = [f"{one['kind']}: {one['provision']} ({one['title']})"]
    if one["kind"] == "changed":
        lines.append(f"  {one['marked']}")
        lines.append(f"  {old['citation']['text']} -> {new['citation']['text']}")
    elif one["kind"] == "standing":
        lines.append(f"  the same text, {old['standing']} before and {new['standing']} now")
    else:
        side = old or new
        lines.append(f"  {side['statement']}")
        lines.append(f"  {side['citation']['text']}")
        if one["elsewhere"] is not None:
            word = "stands later in" if one["kind"] == "ended" else "stood before in"
            lines.append(f"  {word} {one['elsewhere']['text']}")
        if one["in_review"]:
            lines.append("  its next text is not held: cases wait in the review queue")
    if new is not None and one["change"] and one["kind"] != "standing":
        lines.append(f"  {one['change']}")
    return "\n".join(lines)


def _value_words(one: dict[str, Any]) -> str:
    old, new = one["old"], one["new"]
    head = f"{one['kind']}: {one['name']} ({one['unit']})"
    if one["kind"] == "standing":
        return f"{head}: still {new['value']}, {old['standing']} before and {new['standing']} now"
    before, after = ((side["value"] or "none") if side else "nothing" for side in (old, new))
    clause = (new or old)["citation"]["text"]
    return f"{head}: {before} -> {after}, {clause}"


def try_change(
    file: Annotated[Path, typer.Argument(help="The proposed revision: a file of changes.")],
    town: Annotated[
        bool,
        typer.Option("--town", help="Rate the demo town's bills both ways: dollars of difference."),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="With --town: the folder of a town that has lived."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Try a proposed revision beside the book, before it is in force. Nothing is written.

    Reports what the book refuses, new gaps, decisions and stories that come out otherwise and,
    with --town, bills. The form of the file: docs/reference/tariff_files.md. Exit 2 if the book
    refuses it or a story that comes with it does not hold.
    """
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.proposal_trial import (
            read_proposal_file,
            story_count,
            try_proposal,
        )
        from meterledger.entrypoints.wiring import book_folder, known_on, open_book

        if data is not None and not town:
            raise BadArgument("--data names a town's folder", do="Add --town to rate its bills")
        proposal = read_proposal_file(file)
        folder, book = book_folder(), open_book()
        with progress_bar("Asking both books", total=story_count(folder, proposal)) as advance:
            trial = try_proposal(
                proposal, folder=folder, book=book, today=known_on(None), advance=advance
            )
        bills = _bills_tried(trial, data) if town and trial.changed is not None else None
        answer = trial.as_json(bills)

        def words() -> None:
            _print_trial(answer, trial)

        say(answer, as_json=as_json, words=words)
        if not trial.ok:
            for problem in trial.problems:
                print(problem.sentence, file=sys.stderr)
            raise typer.Exit(2)


def _bills_tried(trial: Any, data: Path | None) -> Any:
    from meterledger.entrypoints.progress import progress_bar
    from meterledger.entrypoints.proposal_trial import bills_of_town

    with (
        _lived_town(trial.book, data) as lived,
        progress_bar("Rating bills both ways", total=len(lived.bills)) as advance,
    ):
        return bills_of_town(trial, lived=lived, advance=advance)


@contextmanager
def _lived_town(book: Any, data: Path | None) -> Iterator[Any]:
    """The town that has lived in a folder, or one that lives its months now and is forgotten."""
    from meterledger.entrypoints.demo.folder import Life, default_town_folder, life_of
    from meterledger.entrypoints.demo.in_memory import MONTHS, LivedTown, town_in_memory
    from meterledger.entrypoints.demo.proofs import all_bills
    from meterledger.entrypoints.progress import progress_bar
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    folder = data or default_town_folder()
    if life_of(folder) is Life.LIVED:
        viewer = Viewer("command line", "try a tariff change")
        with open_system(folder, viewer=viewer, subjects=["the town"]) as system:
            yield LivedTown(system.store, system.lake, book, all_bills(system), system.vault)
        return
    if data is not None:
        raise BadArgument(
            "No town has lived there to its end",
            where=str(data),
            do=f"Run `meterledger demo --data {data} --no-serve` first, or leave --data out",
        )
    with ExitStack() as stack:
        with progress_bar("Living the town's months", total=MONTHS) as advance:
            lived = stack.enter_context(town_in_memory(book, advance=advance))
        yield lived


def _print_trial(answer: dict[str, Any], trial: Any) -> None:
    if answer["problems"]:
        count = len(answer["problems"])
        print(
            f"{answer['proposal']}: the book refuses it ({count} problems, the first of each file)"
        )
        return
    print(f"{answer['proposal']}: the book takes it.")
    for heading, key in (("ends", "ends"), ("left behind", "left_behind")):
        for sentence in answer[key]:
            print(f"  {heading}: {sentence}")
    for key, heading in (("findings", "new"), ("settled", "no longer")):
        for one in answer[key]:
            print(f"  {heading}, {one['weight']}: {one['sentence']}")
    if not answer["findings"]:
        print("No new gap, nothing newly unused.")
    for failure in trial.own_failures:
        print(failure)
    own = answer["own_stories"]
    failed = len({failure.story for failure in trial.own_failures})
    print(f"Stories that come with it: {own['run'] - failed} hold, {failed} do not.")
    for one in answer["stories"]:
        print(f"{one['kind']}: {one['story']}")
        print(f"  {one['file']}")
        for difference in one["differences"]:
            print(f"  {difference}")
    print(f"Stories of the book that are answered otherwise: {len(answer['stories'])}.")
    if answer["bills"] is not None:
        _print_bills(answer["bills"])


def _print_bills(bills: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import dollars, print_table

    change = "changes" if bills["changed"] == 1 else "change"
    print(
        f"{bills['changed']} of {many(bills['compared'], 'bill')} {change} (service from "
        f"{bills['from']} until {bills['until']}): {dollars(bills['before_usd'])} before, "
        f"{dollars(bills['after_usd'])} after, difference {dollars(bills['difference_usd'])}."
    )
    print_table(
        [
            (one["bill"], one["days"], one["before_usd"], one["after_usd"], one["difference_usd"])
            for one in bills["largest"]
        ],
        right=frozenset({2, 3, 4}),
    )
    for one in bills["held"]:
        print(f"  no longer made: {one['bill']}, {one['days']}. {one['why']}")
    if not bills["changed"] and not bills["held"]:
        print(
            "No bill changes. To see dollars of a revision that begins later, try it once more "
            "with its days moved into the days above."
        )
