"""The printed pages: a sheet through its revisions, and the texts that are not held.

Lives here      gathering what these pages show.
Lives elsewhere what each paragraph says in our words (``provisions``), addresses (``addresses``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify

from meterledger.entrypoints.chapter_words import StateWords, natural_key, state_words
from meterledger.entrypoints.web.addresses import (
    SheetPage,
    block_anchor,
    provision_address,
    sheets_of,
    stated_on,
)
from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.provisions import page_words
from meterledger.entrypoints.web.shelf import Claims, claims
from meterledger.entrypoints.web.system import Library
from meterledger.rulebook.blocks import Block, Gap
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.provisions import Provision


@dataclass(frozen=True, slots=True)
class StatementRow:
    """What a paragraph says of one provision."""

    provision: str
    title: str
    address: str
    statement: str
    state: StateWords


@dataclass(frozen=True, slots=True)
class ParagraphRow:
    """A paragraph of a printed page with all that it states."""

    paragraph: str
    statements: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One printed page."""

    block: Block
    title: str
    anchor: str
    in_force: bool
    paragraphs: tuple[ParagraphRow, ...]


@dataclass(frozen=True, slots=True)
class GapRow:
    """A text that is missing, and the provisions that need it."""

    gap: Gap
    anchor: str
    needed_for: tuple[tuple[str, str], ...]
    """Title and address, or a word of the book and nothing."""


@public("read a sheet of the tariff book")
def sheet_page(request: HttpRequest, library: Library, slug: str) -> HttpResponse:
    """Every page held of a sheet, or those in force on a day.

    :raises NoSuchValue: if no sheet has that word in its address
    """
    view, today = library.view, library.now.date()
    sheet = _sheet(view, slug)
    asked = day_asked(request, "on")
    rows = [_block_row(view, block, asked or today, claims(library)) for block in sheet.blocks]
    shown = [row for row in rows if row.in_force] if asked else list(reversed(rows))
    context = {
        "sheet": sheet,
        "instrument": view.pages.instruments[sheet.instrument],
        "rows": shown,
        "all": rows,
        "asked": asked,
        "day": asked or today,
        "today": today,
    }
    return render(request, "web/sheet.html", context)


@public("read what the tariff book does not hold")
def missing_page(request: HttpRequest, library: Library) -> HttpResponse:
    """Texts that rules need and the book does not hold, and sheets that are cited and not held."""
    view = library.view
    context = {
        "gaps": [
            _gap_row(view, gap)
            for gap in sorted(view.pages.gaps.values(), key=lambda one: natural_key(one.gap))
        ],
        "not_held": [
            (instrument, sheet, why)
            for (instrument, sheet), why in sorted(
                view.pages.not_held.items(), key=lambda one: (one[0][0], natural_key(one[0][1]))
            )
        ],
    }
    return render(request, "web/missing.html", context)


def _sheet(view: BookView, slug: str) -> SheetPage:
    sheets = sheets_of(view)
    if slug not in sheets:
        raise NoSuchValue(
            f"The book holds no sheet '{slug[:60]}'",
            do="Choose one from the contents, or see which texts are missing",
        )
    return sheets[slug]


def _block_row(view: BookView, block: Block, day: date, claimed: Claims) -> BlockRow:
    stated: dict[str, list[StatementRow]] = {one: [] for one in block.paragraphs}
    for provision, version in stated_on(view).get(block.block, ()):
        state = claimed.states.get((provision.id, block.block))
        stated[version.paragraph].append(
            StatementRow(
                provision=provision.id,
                title=provision.title,
                address=provision_address(provision.id),
                statement=version.statement,
                state=state_words(state.value if state else None),
            )
        )
    return BlockRow(
        block=block,
        title=page_words(block),
        anchor=block_anchor(block.block),
        in_force=day in block.days,
        paragraphs=tuple(
            ParagraphRow(paragraph, tuple(stated[paragraph]))
            for paragraph in sorted(stated, key=natural_key)
        ),
    )


def _gap_row(view: BookView, gap: Gap) -> GapRow:
    named = [_needed(view, pattern) for pattern in gap.needed_for]
    found = {one.id: one for group in named for one in group}
    found |= {one.id: one for one in view.provisions() if one.gap == gap.gap}
    others = [
        (pattern, "") for pattern, group in zip(gap.needed_for, named, strict=True) if not group
    ]
    return GapRow(
        gap=gap,
        anchor=slugify(gap.gap),
        needed_for=(
            *((one.title, provision_address(one.id)) for _, one in sorted(found.items())),
            *others,
        ),
    )


def _needed(view: BookView, pattern: str) -> list[Provision]:
    """The provisions that an id names, or that begin as ``late.*`` says."""
    if pattern.endswith("*"):
        return [one for one in view.provisions() if one.id.startswith(pattern[:-1])]
    return [one for one in view.provisions() if one.id == pattern]
