"""What changed in the book between two revisions of a sheet, or between two days.

Lives here      two states of the book's texts and values, their differences, and the rules and
                stories that a difference touches.
Lives elsewhere the states of one day (``rulebook``), the words (``cli/tariff_changes``).
Read first      docs/glossary.md: "provision", "block", "carried forward".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import Standing
from meterledger.rulebook.blocks import Block
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.provisions import Clause, Provision, ReviewNeeded
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.usecases.rule_registry import RULES
from meterledger.usecases.rule_stories import RuleQuestion, decide_story
from meterledger.usecases.story_files import Story, ValueQuestion

ORDINALS = ("st", "nd", "rd", "th")


class NoSuchSheet(Refusal):
    """The book holds no page of that sheet, or none of that revision."""


class NoSuchChapter(Refusal):
    """The book has no chapter of that name."""


@dataclass(frozen=True, slots=True)
class BookState:
    """Provisions and values as one revision or one day has them."""

    clauses: Mapping[str, Clause]
    values: Mapping[str, DatedValue[Any]]
    in_review: frozenset[str] = frozenset()
    """Provisions whose last text has ended and whose case a person must decide."""


@dataclass(frozen=True, slots=True)
class ProvisionChange:
    """One provision on both sides; None where it does not stand there."""

    provision: Provision
    old: Clause | None
    new: Clause | None
    elsewhere: Clause | None = None
    """For a side where it does not stand on the sheet: the page that has it instead."""
    in_review: bool = False

    @property
    def kind(self) -> str:
        """``new``, ``ended``, ``changed`` (another text) or ``standing`` (the text is the same)."""
        if self.old is None:
            return "new"
        if self.new is None:
            return "ended"
        return "changed" if self.old.version.statement != self.new.version.statement else "standing"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value on both sides; None where there is none in force."""

    name: str
    value_kind: str
    unit: str
    file: str
    old: DatedValue[Any] | None
    new: DatedValue[Any] | None

    @property
    def kind(self) -> str:
        """``appeared``, ``ended``, ``changed`` (another value) or ``standing`` (the same)."""
        if self.old is None:
            return "appeared"
        if self.new is None:
            return "ended"
        return "changed" if self.old.value != self.new.value else "standing"


@dataclass(slots=True)
class BookChanges:
    """Everything that differs between two states, and what it touches."""

    provisions: list[ProvisionChange] = field(default_factory=list)
    values: list[ValueChange] = field(default_factory=list)
    unchanged_provisions: int = 0
    unchanged_values: int = 0
    rules: list[str] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)


def pages_of(view: BookView, sheet: str) -> list[Block]:
    """Every page held of a sheet, oldest first. ``138`` is ``Sheet 138``.

    :raises NoSuchSheet: naming sheets like it
    """
    wanted = " ".join(sheet.split()).casefold()
    names = dict.fromkeys(block.sheet for block in view.pages.blocks.values())
    by_word = {name.casefold(): name for name in names}
    name = by_word.get(wanted) or by_word.get(f"sheet {wanted}")
    if name is None:
        near = difflib.get_close_matches(f"Sheet {sheet}", names, n=8, cutoff=0.5)
        raise NoSuchSheet(
            f"The book holds no page of the sheet '{sheet[:60]}'",
            do=f"Name one that is held, like {', '.join(near or list(names)[:8])}",
        )
    found = [block for block in view.pages.blocks.values() if block.sheet == name]
    return sorted(found, key=lambda block: (block.days.from_day, block.block))


def pages_of_revision(view: BookView, sheet: str, revision: str) -> list[Block]:
    """The pages held of one revision; ``2nd`` and ``2`` are one, ``0`` is the original.

    :raises NoSuchSheet: naming the revisions that are held
    """
    pages = pages_of(view, sheet)
    wanted = _counted(revision)
    found = [block for block in pages if _counted(block.revision or "none") == wanted]
    if not found:
        held = ", ".join(dict.fromkeys(f"{block.revision or 'none'}" for block in pages))
        raise NoSuchSheet(
            f"The book holds no revision '{revision[:40]}' of {pages[0].sheet}",
            do=f"Name one that is held: {held}",
        )
    return found


def _counted(revision: str) -> str:
    word = revision.strip().casefold()
    if word[:-2].isdigit() and word[-2:] in ORDINALS:
        word = word[:-2]
    return "original" if word == "0" else word


def state_of_pages(view: BookView, pages: Iterable[Block]) -> BookState:
    """What stands on these pages: their provisions, and the values that cite them."""
    ids = {page.block for page in pages}
    clauses: dict[str, Clause] = {}
    for provision in view.provisions():
        for version in provision.versions:
            if version.block in ids:
                clauses[provision.id] = view.clause_of(provision, version, Standing.FILED)
    values: dict[str, DatedValue[Any]] = {}
    for name in view.names():
        for dated in view.series(name).values:
            # What outlives its page is no longer what the page says.
            if dated.standing is Standing.CARRIED_FORWARD:
                continue
            if view.block_of(dated.citation) in ids:
                values[name] = dated
    return BookState(clauses, values)


def state_on_day(view: BookView, day: date, chapter: str | None = None) -> BookState:
    """What is in force on a day, in the whole book or in one chapter (a folder of the book).

    :raises NoSuchChapter: naming the chapters there are
    """
    folders = {view.file_of(name).partition("/")[0] for name in view.names()}
    folders |= {provision.chapter for provision in view.provisions()}
    if chapter is not None and chapter not in folders:
        raise NoSuchChapter(
            f"The book has no chapter '{chapter[:60]}'",
            do=f"Name one of {', '.join(sorted(folders))}",
        )
    clauses: dict[str, Clause] = {}
    in_review = set()
    for provision in view.provisions():
        if chapter is not None and provision.chapter != chapter:
            continue
        try:
            clauses[provision.id] = view.clause(provision.id, day)
        except ReviewNeeded:
            in_review.add(provision.id)
        except NoRuleInForce:
            continue  # not in force on this side: that is what is compared
    values: dict[str, DatedValue[Any]] = {}
    for name in view.names():
        if chapter is not None and view.file_of(name).partition("/")[0] != chapter:
            continue
        dated = view.series(name).covering(day)
        if dated is not None:
            values[name] = dated
    return BookState(clauses, values, frozenset(in_review))


def compare_states(view: BookView, old: BookState, new: BookState) -> BookChanges:
    """The differences of two states, by provision and by value."""
    changes = BookChanges()
    for key in sorted({*old.clauses, *new.clauses}):
        change = _provision_change(view, key, old, new)
        if change.kind == "standing" and _same_standing(change):
            changes.unchanged_provisions += 1
        else:
            changes.provisions.append(change)
    for name in sorted({*old.values, *new.values}):
        series = view.series(name)
        change_of_value = ValueChange(
            name=name,
            value_kind=view.kind_of(name),
            unit=series.unit,
            file=series.file,
            old=old.values.get(name),
            new=new.values.get(name),
        )
        if change_of_value.kind == "standing" and _same_value_standing(change_of_value):
            changes.unchanged_values += 1
        else:
            changes.values.append(change_of_value)
    return changes


def _provision_change(view: BookView, key: str, old: BookState, new: BookState) -> ProvisionChange:
    provision = view.provision(key)
    before, after = old.clauses.get(key), new.clauses.get(key)
    elsewhere = None
    if after is None and before is not None:
        elsewhere = _on_another_sheet(view, provision, before, later=True)
    elif before is None and after is not None:
        elsewhere = _on_another_sheet(view, provision, after, later=False)
    return ProvisionChange(
        provision, before, after, elsewhere, in_review=after is None and key in new.in_review
    )


def _on_another_sheet(
    view: BookView, provision: Provision, clause: Clause, *, later: bool
) -> Clause | None:
    """The nearest version after (or before) a clause, where it stands on another sheet."""
    begins = clause.version.days.from_day
    if later:
        near = [one for one in provision.versions if one.days.from_day > begins][:1]
    else:
        near = [one for one in provision.versions if one.days.from_day < begins][-1:]
    for version in near:
        found = view.clause_of(provision, version, Standing.FILED)
        if found.citation.sheet != clause.citation.sheet:
            return found
    return None


def _same_standing(change: ProvisionChange) -> bool:
    return (
        change.old is not None
        and change.new is not None
        and change.old.standing is change.new.standing
    )


def _same_value_standing(change: ValueChange) -> bool:
    return (
        change.old is not None
        and change.new is not None
        and change.old.standing is change.new.standing
    )


def add_what_is_touched(
    changes: BookChanges,
    *,
    book: TariffBook,
    stories: Iterable[Story],
    advance: Callable[[int], object] = lambda _: None,
) -> None:
    """Name the rules that rest on what changed, and the files of stories decided by it.

    A story is touched if its decision used a changed provision's clause on one of the two pages,
    or one of the two values; what it uses is measured by deciding it.
    """
    provisions = {change.provision.id for change in changes.provisions}
    names = {change.name for change in changes.values}
    changes.rules = [
        rule.id
        for rule in RULES.values()
        if provisions.intersection(rule.provisions) or names.intersection(rule.values)
    ]
    clauses = {
        (change.provision.id, clause.block)
        for change in changes.provisions
        for clause in (change.old, change.new)
        if clause is not None
    }
    dated = {
        (change.name, one.days.from_day)
        for change in changes.values
        for one in (change.old, change.new)
        if one is not None
    }
    files = set()
    for story in stories:
        advance(1)
        if story.file not in files and _touches(story, book, clauses, dated, set(changes.rules)):
            files.add(story.file)
    changes.stories = sorted(files)


def _touches(
    story: Story,
    book: TariffBook,
    clauses: set[tuple[str, str]],
    dated: set[tuple[str, date]],
    rules: set[str],
) -> bool:
    question = story.question
    if isinstance(question, ValueQuestion):
        return _value_asked(book.as_known(question.as_known), question.name, question.day, dated)
    if not isinstance(question, RuleQuestion) or question.rule.id not in rules:
        return False
    try:
        ruling = decide_story(question, book)
    except Refusal:
        return False  # a refused story shows an edge; it rests on no text
    view = book.as_known(question.as_known)
    return bool(clauses.intersection((*ruling.provisions, *ruling.carried))) or any(
        _value_asked(view, name, question.today, dated) for name in ruling.values
    )


def _value_asked(view: BookView, name: str, day: date, dated: set[tuple[str, date]]) -> bool:
    if name not in {one for one, _ in dated}:
        return False
    found = view.series(name).covering(day)
    return found is not None and (name, found.days.from_day) in dated


def marked_words(old: str, new: str) -> str:
    """Both texts as one: ``[-words taken out-]`` and ``{+words put in+}``."""
    before, after = old.split(), new.split()
    parts: list[str] = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            parts += before[old_from:old_to]
            continue
        if old_from < old_to:
            parts.append(f"[-{' '.join(before[old_from:old_to])}-]")
        if new_from < new_to:
            parts.append(f"{{+{' '.join(after[new_from:new_to])}+}}")
    return " ".join(parts)
