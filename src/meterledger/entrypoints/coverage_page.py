"""Coverage drawn: one cell for each paragraph of each printed page, colored and lettered by state.

Lives here      the map of cells with its totals and tables, alone in a file or inside a page of
                the web, and what of a book is drawn. Pure: all is given, nothing is fetched.
Lives elsewhere measuring it (``usecases.cover_book``), the styles (``web/static``).
Read first      docs/glossary.md: "coverage", "provision", "block".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from meterledger.entrypoints.chapter_words import (
    NO_STATE,
    STATES,
    chapter_title,
    natural_key,
    revision_words,
    state_words,
)
from meterledger.rulebook.book import BookView
from meterledger.rulebook.coverage import Coverage

Answer = dict[str, Any]
Link = Callable[[str], str]
STYLES = ("base.css", "pages.css", "book.css")
BAR = 1000
"""The width of the bar of totals, in units of its drawing."""

MOST_PROBLEMS = 8
"""More of them than this are folded away, so that the map stays in sight."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A provision as one printed page states it."""

    provision: str
    title: str
    block: str
    sheet: str
    revision: str | None
    paragraph: str
    days: str
    from_day: str
    state: str

    @property
    def page(self) -> str:
        """``Sheet 136, revision 1``."""
        return f"{self.sheet}, {revision_words(self.revision)}" if self.revision else self.sheet


def coverage_page(answer: Answer, provisions: list[dict[str, Any]], link: Link | None) -> str:
    """The whole map as one HTML file that needs nothing beside it: no network, no script.

    ``answer``      ``BookCoverage.as_json()``
    ``provisions``  ``{id, title, chapter, versions: [{block, sheet, revision, paragraph, from,
                    until, state}]}``; days as ISO texts or dates, ``until`` None while in force
    ``link``        the address of a provision's page; without it a cell leads to its row below
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<title>Coverage of the tariff book – Meterledger</title>\n"
        f"<style>\n{_styles()}\n</style>\n</head>\n<body>\n"
        '<main id="content" class="wide">\n<h1>Coverage of the tariff book</h1>\n'
        f"{coverage_body(answer, provisions, link)}\n</main>\n</body>\n</html>\n"
    )


def stated_provisions(view: BookView, coverage: Coverage) -> list[dict[str, Any]]:
    """Every provision with its versions and the state that the book claims for each, to be drawn.

    The state is empty where the book claims none.
    """
    states = {(one.provision, one.block): one.state.value for one in coverage.paragraphs}
    return [
        {
            "id": provision.id,
            "title": provision.title,
            "chapter": provision.chapter,
            "versions": [
                {
                    "block": version.block,
                    "sheet": view.pages.blocks[version.block].sheet,
                    "revision": view.pages.blocks[version.block].revision,
                    "paragraph": version.paragraph,
                    "from": version.days.from_day.isoformat(),
                    "until": version.days.until_day.isoformat() if version.days.until_day else None,
                    "state": states.get((provision.id, version.block), ""),
                }
                for version in provision.versions
            ],
        }
        for provision in view.provisions()
    ]


def coverage_body(answer: Answer, provisions: list[dict[str, Any]], link: Link | None) -> str:
    """The same without a frame: totals, legend, problems, and every chapter's pages and table."""
    cells = [cell for provision in provisions for cell in _cells(provision)]
    chapters: dict[str, list[Cell]] = {}
    for provision in provisions:
        chapters.setdefault(provision["chapter"], []).extend(_cells(provision))
    parts = [_totals(answer, cells), _problems(answer["problems"])]
    for chapter in sorted(chapters):
        parts.append(_chapter(chapter, chapters[chapter], answer["provisions"], link))
    return "\n".join(part for part in parts if part)


@lru_cache(maxsize=1)
def _styles() -> str:
    folder = Path(__file__).parent / "web" / "static" / "web"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in STYLES)


def _cells(provision: dict[str, Any]) -> Iterator[Cell]:
    for version in provision["versions"]:
        until = version["until"]
        yield Cell(
            provision=provision["id"],
            title=provision["title"].removesuffix("."),
            block=version["block"],
            sheet=version["sheet"],
            revision=version["revision"],
            paragraph=version["paragraph"],
            days=f"{version['from']} until {until or 'further notice'}",
            from_day=str(version["from"]),
            state=state_words(version["state"]).state,
        )


def _counts(states: Iterable[str]) -> Counter[str]:
    return Counter(state_words(state).state for state in states)


def _totals(answer: Answer, cells: list[Cell]) -> str:
    paragraphs = _counts(cell.state for cell in cells)
    by_provision = _counts(one["state"] for one in answer["provisions"].values())
    shown = [*STATES, *([NO_STATE] if paragraphs["none"] or by_provision["none"] else [])]
    rows = "\n".join(
        f'<tr><th scope="row"><span class="cell {one.state}" aria-hidden="true">{one.letter}'
        f'</span> {one.name}<span class="narrow-only quiet">{one.meaning}</span></th>'
        f'<td class="wide-only">{one.meaning}</td><td class="n">{paragraphs[one.state]:,}'
        f'</td><td class="n">{by_provision[one.state]:,}</td></tr>'
        for one in shown
    )
    return (
        f"<p>{len(cells):,} paragraphs of {len({cell.block for cell in cells}):,} printed pages "
        f"state {len(answer['provisions']):,} provisions. A cell is what one page says of one "
        "provision; a provision is in the weakest state of its versions.</p>\n"
        f"{_bar([paragraphs[one.state] for one in shown], [one.state for one in shown])}\n"
        '<div class="scroll" tabindex="0" role="region" aria-label="Totals">\n'
        '<table class="rows totals"><thead><tr><th scope="col">State</th><th scope="col" '
        'class="wide-only">Meaning</th><th scope="col" class="n">Paragraphs</th>'
        '<th scope="col" class="n">Provisions</th></tr></thead>\n'
        f'<tbody>\n{rows}\n</tbody>\n<tfoot><tr><th scope="row">All</th>'
        f'<td class="wide-only"></td><td class="n">{len(cells):,}</td>'
        f'<td class="n">{len(answer["provisions"]):,}</td>'
        "</tr></tfoot></table>\n</div>"
    )


def _bar(counts: list[int], states: list[str]) -> str:
    """The totals as one bar; the table below it says the same in numbers."""
    whole = sum(counts)
    if not whole:
        return ""
    drawn, done = [], 0
    for count, state in zip(counts, states, strict=True):
        start, end = done * BAR // whole, (done + count) * BAR // whole
        done += count
        if count:
            drawn.append(
                f'<rect class="{state}" x="{start}" y="0" width="{end - start}" height="20"/>'
            )
    return (
        f'<svg class="bar" viewBox="0 0 {BAR} 20" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(drawn)}</svg>"
    )


def _problems(problems: list[str]) -> str:
    if not problems:
        return '<p class="quiet">What the book claims of itself is what was measured.</p>'
    listed = "\n".join(f"<li>{escape(one)}</li>" for one in problems)
    listed = f'<ul class="plain">\n{listed}\n</ul>'
    if len(problems) > MOST_PROBLEMS:
        listed = f"<details><summary>Read all of them</summary>\n{listed}\n</details>"
    return (
        '<section class="notice" aria-labelledby="problems">\n'
        f'<h2 id="problems">What is claimed and is not so: {len(problems):,}</h2>\n'
        f"{listed}\n</section>"
    )


def _chapter(
    chapter: str, cells: list[Cell], answer: dict[str, dict[str, Any]], link: Link | None
) -> str:
    title = escape(chapter_title(chapter))
    name = f"chapter-{escape(chapter)}"
    counts = _counts(cell.state for cell in cells)
    said = ", ".join(
        f"{counts[one.state]:,} {one.name.lower()}"
        for one in (*STATES, NO_STATE)
        if counts[one.state]
    )
    ordered = sorted(
        cells,
        key=lambda cell: (
            natural_key(cell.sheet),
            cell.from_day,
            natural_key(cell.paragraph),
            cell.provision,
        ),
    )
    pages: dict[str, list[Cell]] = {}
    for cell in ordered:
        pages.setdefault(cell.block, []).append(cell)
    drawn = "\n".join(_page(of_page, link) for of_page in pages.values())
    return (
        f'<section class="coverage" aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n'
        f'<p class="quiet">{len(cells):,} paragraphs: {said}.</p>\n'
        f'<dl class="map">\n{drawn}\n</dl>\n'
        f'<details><summary>As a table<span class="unseen">: {title}</span></summary>\n'
        f"{_table(name, title, ordered, answer, link)}\n</details>\n</section>"
    )


def _page(cells: list[Cell], link: Link | None) -> str:
    """A printed page and its cells."""
    first = min(cells, key=lambda cell: cell.from_day)
    return (
        f'<div><dt>{escape(first.page)} <span class="quiet">{first.days}</span></dt>'
        f"<dd><ul>{''.join(_cell(cell, link) for cell in cells)}</ul></dd></div>"
    )


def _cell(cell: Cell, link: Link | None) -> str:
    words = state_words(cell.state)
    label = escape(f"{words.name}: {cell.paragraph}, {cell.title}")
    href = escape(link(cell.provision) if link else f"#{_row_name(cell)}")
    return (
        f'<li><a class="cell {cell.state}" href="{href}" title="{label}">{words.letter}'
        f'<span class="unseen"> {label}</span></a></li>'
    )


def _row_name(cell: Cell) -> str:
    return f"row-{cell.provision}-{cell.block}".replace(" ", "_")


def _table(
    name: str,
    title: str,
    cells: list[Cell],
    answer: dict[str, dict[str, Any]],
    link: Link | None,
) -> str:
    rows = "\n".join(_row(cell, answer.get(cell.provision, {}), link) for cell in cells)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}, as a table">\n'
        f'<table class="rows"><thead><tr><th scope="col">Page</th><th scope="col">Paragraph</th>'
        '<th scope="col">Provision</th><th scope="col">In force</th><th scope="col">State</th>'
        f'<th scope="col">Carried by, or why not</th></tr></thead>\n<tbody>\n{rows}\n</tbody>'
        "</table>\n</div>"
    )


def _row(cell: Cell, entry: dict[str, Any], link: Link | None) -> str:
    words = state_words(cell.state)
    title = escape(cell.title)
    named = f'<a href="{escape(link(cell.provision))}">{title}</a>' if link else title
    return (
        f'<tr id="{escape(_row_name(cell))}"><td>{escape(cell.page)}</td>'
        f'<td>{escape(cell.paragraph)}</td><th scope="row">{named}<br>'
        f"<code>{escape(cell.provision)}</code></th><td>{cell.days}</td>"
        f'<td class="together"><span class="cell {cell.state}" aria-hidden="true">{words.letter}'
        f"</span> {words.name}</td><td>{escape(_by(cell, entry))}</td></tr>"
    )


def _by(cell: Cell, entry: dict[str, Any]) -> str:
    """What carries a cell, and what it still lacks; or why nothing does."""
    why = str(entry.get("why", ""))
    if cell.state != "carried":
        return why
    rules = ", ".join(entry.get("rules", ()))
    everywhere = entry.get("state") == "carried"  # else the reason is another page's
    return f"{rules}. {why}" if why and everywhere else rules
