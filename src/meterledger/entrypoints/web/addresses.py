"""Where the texts of the book stand on our pages: chapters, provisions, sheets, pages, readings.

Lives here      addresses of texts, and the sheets of the book by the word in their address.
Lives elsewhere addresses of values and schedules (``clauses``), the pages themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import slugify

from meterledger.entrypoints.chapter_words import natural_key
from meterledger.kernel.citation import Citation
from meterledger.rulebook.blocks import Block
from meterledger.rulebook.book import BookView
from meterledger.rulebook.provisions import Provision, ProvisionVersion


@dataclass(frozen=True, slots=True)
class SheetPage:
    """A sheet of an instrument: the word in its address, and the printed pages held of it."""

    slug: str
    instrument: str
    sheet: str
    blocks: tuple[Block, ...]


def chapter_address(chapter: str, *, on: date | None = None) -> str:
    """A chapter, as it stands or stood on a day."""
    return _on(reverse("chapter", args=[chapter]), on)


def provision_address(provision: str, *, on: date | None = None) -> str:
    """A provision with its whole past."""
    return _on(reverse("provision", args=[provision]), on)


def reading_address(key: str) -> str:
    """A conflict and the reading chosen."""
    return reverse("reading", args=[key])


def rule_address(rule: str) -> str:
    """A rule with its stories and its form."""
    return reverse("rule", args=[rule])


def gap_address(gap: str) -> str:
    """A text that is missing."""
    return f"{reverse('missing')}#{slugify(gap)}"


def block_anchor(block: str) -> str:
    """The name of a printed page on the page of its sheet."""
    return f"page-{slugify(block)}"


def block_address(view: BookView, block: str) -> str:
    """A printed page, on the page of its sheet."""
    return f"{_slug_of_block(view)[block]}#{block_anchor(block)}"


def citation_page(view: BookView, citation: Citation) -> str | None:
    """The printed page that a citation names; None if it is not held."""
    block = view.block_of(citation)
    return block_address(view, block) if block else None


@lru_cache(maxsize=8)
def sheets_of(view: BookView) -> dict[str, SheetPage]:
    """Every sheet that is held, by the word in its address, in order of instrument and sheet."""
    found: dict[tuple[str, str], list[Block]] = {}
    for block in view.pages.blocks.values():
        found.setdefault((block.instrument, block.sheet), []).append(block)
    sheets: dict[str, SheetPage] = {}
    for instrument, sheet in sorted(found, key=lambda one: (one[0], natural_key(one[1]))):
        slug = slugify(sheet) or "sheet"
        if slug in sheets:
            slug = slugify(f"{sheet} {instrument}")
        blocks = view.pages.blocks_of(instrument, sheet)
        sheets[slug] = SheetPage(slug, instrument, sheet, tuple(blocks))
    return sheets


@lru_cache(maxsize=8)
def stated_on(view: BookView) -> dict[str, tuple[tuple[Provision, ProvisionVersion], ...]]:
    """What each printed page states: provisions and their versions, in order of paragraph."""
    found: dict[str, list[tuple[Provision, ProvisionVersion]]] = {}
    for provision in view.provisions():
        for version in provision.versions:
            found.setdefault(version.block, []).append((provision, version))
    return {
        block: tuple(sorted(stated, key=lambda one: (natural_key(one[1].paragraph), one[0].id)))
        for block, stated in found.items()
    }


@lru_cache(maxsize=8)
def values_of(view: BookView) -> dict[str, tuple[str, ...]]:
    """The names of the values that each provision states."""
    found: dict[str, list[str]] = {}
    for name in view.names():
        found.setdefault(view.provision_of(name), []).append(name)
    found.pop("", None)
    return {provision: tuple(names) for provision, names in found.items()}


@lru_cache(maxsize=8)
def _slug_of_block(view: BookView) -> dict[str, str]:
    return {
        block.block: reverse("sheet", args=[sheet.slug])
        for sheet in sheets_of(view).values()
        for block in sheet.blocks
    }


def _on(address: str, on: date | None) -> str:
    return f"{address}?{urlencode({'on': on.isoformat()})}" if on else address
