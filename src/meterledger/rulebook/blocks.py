"""The printed pages behind the book: instruments and their rank, sheets and revisions held, gaps.

Lives here      ``instruments.yaml``, ``blocks.yaml`` and ``missing_texts.yaml``; whether a citation
                resolves to a page that is held, or to a sheet that is known not to be held.
Lives elsewhere the paragraphs' rules (``provisions``), the values (``parsing``).
Read first      docs/glossary.md: "block", "instrument", "gap".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from meterledger.kernel.citation import Citation
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.yaml_nodes import Node

INSTRUMENTS_FILE = "instruments.yaml"
BLOCKS_FILE = "blocks.yaml"
GAPS_FILE = "missing_texts.yaml"

INSTRUMENT_KINDS = (
    "statute",
    "commission_rule",
    "tariff",
    "practice",
    "company_promise",
    "information",
)
ORDINALS = ("st", "nd", "rd", "th")
BLOCK_KEYS = frozenset(
    {
        "block",
        "instrument",
        "sheet",
        "revision",
        "contents",
        "from",
        "until",
        "issued",
        "effective",
        "stamped",
        "cancelled",
        "order",
        "cancelled_by",
        "confidence",
        "note",
        "dates_inferred",
        "paragraphs",
    }
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A statute, a rule, a tariff, a practice paper or a promise. Rank 1 outranks all others."""

    name: str
    title: str
    kind: str
    rank: int
    note: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One printed page of one revision of a sheet, the days it is in force, and its paragraphs."""

    block: str
    instrument: str
    sheet: str
    revision: str | None
    contents: str
    days: Validity
    issued: date | None
    effective: date | None
    stamped: date | None
    cancelled: date | None
    order: str | None
    cancelled_by: str | None
    confidence: str
    note: str
    dates_inferred: bool
    standing: Standing
    """How well its text is known: read as filed, or from a secondary source."""
    paragraphs: frozenset[str]
    line: int

    def citation(self, paragraph: str) -> Citation:
        """The clause of this page that a decision cites."""
        return Citation(
            instrument=self.instrument,
            sheet=self.sheet,
            revision=self.revision,
            paragraph=paragraph,
            effective=self.days.from_day,
            order=self.order,
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """A text that the rules need and the book does not hold, and what is done until it is found."""

    gap: str
    missing: str
    period: str
    needed_for: tuple[str, ...]
    interim: str
    clue: str
    line: int


@dataclass(frozen=True, slots=True)
class Pages:
    """Everything the book knows of its sources. A small book may hold none of it."""

    instruments: dict[str, Instrument] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    not_held: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a sheet that values cite is not held, by instrument and sheet."""
    gaps: dict[str, Gap] = field(default_factory=dict)

    by_sheet: dict[tuple[str, str], list[Block]] = field(default_factory=dict)
    """The pages of each sheet, oldest first: every value that a decision uses looks its page up."""

    cited: dict[Citation, Block | None] = field(default_factory=dict)
    """Pages by citation, as they were asked for: citations of a book are few."""

    def hold(self, blocks: dict[str, Block], not_held: dict[tuple[str, str], str]) -> None:
        """Take in what ``blocks.yaml`` says."""
        self.blocks.update(blocks)
        self.not_held.update(not_held)
        for block in sorted(blocks.values(), key=lambda one: one.days.from_day):
            self.by_sheet.setdefault((block.instrument, block.sheet), []).append(block)

    def blocks_of(self, instrument: str, sheet: str) -> list[Block]:
        """The pages held of a sheet, oldest first."""
        return self.by_sheet.get((instrument, sheet), [])

    def block_cited(self, citation: Citation) -> Block | None:
        """The page that a citation names: of its sheet and revision, with its paragraph."""
        if citation not in self.cited:
            self.cited[citation] = next(
                (
                    block
                    for block in self.blocks_of(citation.instrument, citation.sheet)
                    if _same(block, citation) and citation.paragraph in block.paragraphs
                ),
                None,
            )
        return self.cited[citation]

    def what_is_wrong_with(self, citation: Citation, *, filed: bool) -> tuple[str, str]:
        """Why a citation does not resolve and what to do; two empty texts if it does."""
        held = self.blocks_of(citation.instrument, citation.sheet)
        if not held:
            return self._wrong_sheet(citation, filed=filed)
        same = [block for block in held if _same(block, citation)]
        if not same:
            known = ", ".join(dict.fromkeys(str(block.revision) for block in held))
            return (
                f"{citation.sheet} has no revision '{citation.revision}' in {BLOCKS_FILE}",
                f"Cite one that is held ({known}), or add its page to {BLOCKS_FILE}",
            )
        if not any(citation.paragraph in block.paragraphs for block in same):
            known = ", ".join(sorted({one for block in same for one in block.paragraphs}))
            return (
                f"{citation.sheet}, revision {citation.revision}, has no paragraph "
                f"'{citation.paragraph}'",
                f"Cite one it has ({known}), or add the paragraph to {BLOCKS_FILE}",
            )
        return "", ""

    def _wrong_sheet(self, citation: Citation, *, filed: bool) -> tuple[str, str]:
        if (citation.instrument, citation.sheet) not in self.not_held:
            return (
                f"'{citation.sheet}' of '{citation.instrument}' is no sheet that {BLOCKS_FILE} "
                "knows",
                "Correct the sheet, add its page, or say under sheets_not_held why it is not held",
            )
        if filed:
            return (
                f"The value is filed, and '{citation.sheet}' is not held",
                "State the standing it really has, or add the page it was read in",
            )
        return "", ""


def _same(block: Block, citation: Citation) -> bool:
    return _counted(block.revision) == _counted(citation.revision)


def _counted(revision: str | None) -> str | None:
    """``2nd`` and ``2`` are one revision: sheets print the ordinal, most citations the number."""
    if revision is not None and revision[:-2].isdigit() and revision[-2:] in ORDINALS:
        return revision[:-2]
    return revision


def parse_instruments(root: Node) -> dict[str, Instrument]:
    """Read ``instruments.yaml``.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=frozenset({"instruments"}), allowed=frozenset())
    found: dict[str, Instrument] = {}
    for node in keys["instruments"].items():
        one = node.mapping(
            required=frozenset({"name", "title", "kind", "rank"}), allowed=frozenset({"note"})
        )
        kind, rank = one["kind"].text(), one["rank"].as_written()
        if kind not in INSTRUMENT_KINDS:
            raise one["kind"].refuse(
                f"'{kind}' is not a kind of instrument", f"Use one of {', '.join(INSTRUMENT_KINDS)}"
            )
        if rank not in {"1", "2", "3", "4", "5", "6"}:
            raise one["rank"].refuse(f"'{rank}' is not a rank", 'Write "1" to "6"; "1" outranks')
        name = one["name"].text()
        if name in found:
            raise node.refuse(f"The instrument '{name}' stands twice", "Keep one of the two")
        found[name] = Instrument(
            name,
            one["title"].text(),
            kind,
            int(rank),
            one["note"].text_or_none() or "" if "note" in one else "",
            node.line,
        )
    return found


def parse_blocks(root: Node) -> tuple[dict[str, Block], dict[tuple[str, str], str]]:
    """Read ``blocks.yaml``: the pages held, and the sheets known not to be held.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=frozenset({"blocks", "sheets_not_held"}), allowed=frozenset())
    blocks: dict[str, Block] = {}
    for node in keys["blocks"].items():
        block = _block(node)
        if block.block in blocks:
            raise node.refuse(f"The block '{block.block}' stands twice", "Keep one of the two")
        blocks[block.block] = block
    not_held: dict[tuple[str, str], str] = {}
    for node in keys["sheets_not_held"].items():
        one = node.mapping(required=frozenset({"instrument", "sheet", "why"}), allowed=frozenset())
        not_held[one["instrument"].text(), one["sheet"].text()] = one["why"].text()
    return blocks, not_held


def _block(node: Node) -> Block:
    one = node.mapping(required=BLOCK_KEYS, allowed=frozenset({"standing"}))
    standing = one["standing"].text() if "standing" in one else Standing.FILED.value
    if standing not in {each.value for each in Standing}:
        known = ", ".join(each.value for each in Standing)
        raise one["standing"].refuse(f"'{standing}' is not a standing", f"Use one of {known}")
    from_day, until_day = one["from"].day(), one["until"].day_or_none()
    if until_day is not None and until_day <= from_day:
        raise one["until"].refuse(
            f"The page ends on {until_day}, not after it begins on {from_day}",
            "until is the first day on which it is no longer in force",
        )
    return Block(
        block=one["block"].text(),
        instrument=one["instrument"].text(),
        sheet=one["sheet"].text(),
        revision=one["revision"].text_or_none(),
        contents=one["contents"].text(),
        days=Validity(from_day, until_day),
        issued=one["issued"].day_or_none(),
        effective=one["effective"].day_or_none(),
        stamped=one["stamped"].day_or_none(),
        cancelled=one["cancelled"].day_or_none(),
        order=one["order"].text_or_none(),
        cancelled_by=one["cancelled_by"].text_or_none(),
        confidence=one["confidence"].confidence(),
        note=one["note"].text_or_none() or "",
        dates_inferred=one["dates_inferred"].flag(),
        standing=Standing(standing),
        paragraphs=frozenset(paragraph.text() for paragraph in one["paragraphs"].items()),
        line=node.line,
    )


def parse_gaps(root: Node) -> dict[str, Gap]:
    """Read ``missing_texts.yaml``.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=frozenset({"gaps"}), allowed=frozenset())
    found: dict[str, Gap] = {}
    for node in keys["gaps"].items():
        one = node.mapping(
            required=frozenset({"gap", "missing", "period", "needed_for", "interim"}),
            allowed=frozenset({"clue"}),
        )
        name = one["gap"].text()
        if name in found:
            raise node.refuse(f"The gap '{name}' stands twice", "Keep one of the two")
        found[name] = Gap(
            gap=name,
            missing=one["missing"].text(),
            period=one["period"].text(),
            needed_for=tuple(each.text() for each in one["needed_for"].items()),
            interim=one["interim"].text(),
            clue=one["clue"].text_or_none() or "" if "clue" in one else "",
            line=node.line,
        )
    return found
