"""A sheet as it stood on a day: its pages in force, what each paragraph says, and its values.

Lives here      finding a sheet by the number an analyst says, and the answer of ``tariff show``.
Lives elsewhere whole folders of the book (``tariff_words``), the pages of the web (``web``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.entrypoints.tariff_words import dated_json, value_text
from meterledger.rulebook.blocks import Block
from meterledger.rulebook.book import BookView


def sheet_called(view: BookView, words: str) -> str | None:
    """The sheet that is held under this name: ``138``, ``Sheet 138``; None if there is none."""
    held = {block.sheet for block in view.pages.blocks.values()}
    for name in (words, f"Sheet {words}", words.replace("sheet", "Sheet")):
        if name in held:
            return name
    return None


def printed_sheet_json(view: BookView, sheet: str, day: date) -> dict[str, Any]:
    """What a printed sheet said on a day: pages, paragraphs in our words, values with clauses."""
    pages = [block for block in view.pages.blocks.values() if block.sheet == sheet]
    in_force = [block for block in pages if day in block.days]
    cited = {(block.instrument, block.sheet) for block in pages}
    names = {block.block for block in in_force}
    values = []
    for name in view.names():
        dated = view.series(name).covering(day)
        if dated is None or (dated.citation.instrument, dated.citation.sheet) not in cited:
            continue
        kind = view.kind_of(name)
        row = {"name": name, "unit": view.series(name).unit, "kind": kind, "silence": ""}
        text = value_text(kind, dated.value)
        row |= dated_json(kind, dated)
        row["shown"] = text if len(text) <= 40 else f"{text[:37]}..."
        values.append(row)
    return {
        "sheet": sheet,
        "on": day.isoformat(),
        "pages": [_page(block) for block in sorted(pages, key=lambda one: one.days.from_day)],
        "paragraphs": [
            {
                "paragraph": version.paragraph,
                "provision": one.id,
                "title": one.title,
                "statement": version.statement,
                "page": version.block,
                "confidence": version.confidence,
            }
            for one in view.provisions()
            for version in one.versions
            if version.block in names and day in version.days
        ],
        "values": values,
    }


def _page(block: Block) -> dict[str, Any]:
    return {
        "page": block.block,
        "instrument": block.instrument,
        "revision": block.revision,
        "from": block.days.from_day.isoformat(),
        "until": block.days.until_day.isoformat() if block.days.until_day else None,
        "order": block.order,
        "cancelled_by": block.cancelled_by,
        "contents": block.contents,
        "dates_inferred": block.dates_inferred,
    }
