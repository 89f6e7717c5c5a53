"""What pages work out once for a book: its claims, and what its stories really touch.

Lives here      reading ``coverage.yaml`` and running the stories at the first request that needs
                them, kept per book for as long as the process lives.
Lives elsewhere the claims (``rulebook.coverage``), measuring (``usecases.cover_book``).

A running server does not see a changed file: the book itself is read once, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from meterledger.entrypoints.tariff_words import used_without_rules
from meterledger.entrypoints.web.system import Library
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.coverage import Coverage, State, read_coverage
from meterledger.usecases.cover_book import cover_book
from meterledger.usecases.decide import Ruling
from meterledger.usecases.rule_stories import RuleQuestion, decide_story
from meterledger.usecases.stories import run_story
from meterledger.usecases.story_files import Story, find_stories

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class ToldStory:
    """A story of a rule with what the book answers: a ruling, or a refusal's sentence."""

    story: Story
    question: RuleQuestion
    ruling: Ruling | None
    refusal: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """What ``coverage.yaml`` says: the state of every paragraph of every page."""

    coverage: Coverage
    states: Mapping[tuple[str, str], State]
    """By provision and printed page."""
    whys: Mapping[tuple[str, str], str]


@dataclass(slots=True)
class Stories:
    """The stories of rules, by what they touch."""

    of_rule: dict[str, list[ToldStory]] = field(default_factory=dict)
    of_provision: dict[str, list[ToldStory]] = field(default_factory=dict)
    of_reading: dict[str, list[ToldStory]] = field(default_factory=dict)


_lock = threading.Lock()
_kept: dict[tuple[str, str, str], Any] = {}
MOST_KEPT = 12


def claims(library: Library) -> Claims:
    """The book's claims of itself.

    :raises TariffFileBroken: if ``coverage.yaml`` is missing or not in its form
    """
    return _once("claims", library, lambda: _read_claims(library))


def stories(library: Library) -> Stories:
    """Every story of a rule, decided.

    :raises TariffFileBroken: if a story's file is not in its form
    """
    return _once("stories", library, lambda: _tell(library))


def measured(library: Library) -> dict[str, Any]:
    """``BookCoverage.as_json()``: every claim beside what was measured."""
    return _once("measured", library, lambda: _measure(library))


def _once(what: str, library: Library, make: Callable[[], Kept]) -> Kept:
    """One thing of one book, made by the first who asks; others wait for it."""
    key = (what, str(library.folder), library.view.sha256)
    with _lock:
        if key not in _kept:
            made = make()
            while len(_kept) >= MOST_KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[key] = made
        found: Kept = _kept[key]
        return found


def _read_claims(library: Library) -> Claims:
    coverage = read_coverage(library.folder)
    return Claims(
        coverage,
        {(one.provision, one.block): one.state for one in coverage.paragraphs},
        {(one.provision, one.block): one.why for one in coverage.paragraphs},
    )


def _tell(library: Library) -> Stories:
    told = Stories()
    for story in find_stories(library.folder):
        if isinstance(story.question, RuleQuestion):
            one = _told(story, story.question, library)
            told.of_rule.setdefault(one.question.rule.id, []).append(one)
            if one.ruling is not None:
                clauses = (*one.ruling.provisions, *one.ruling.carried)
                for provision in dict.fromkeys(name for name, _ in clauses):
                    told.of_provision.setdefault(provision, []).append(one)
                for key in one.ruling.reading_keys:
                    told.of_reading.setdefault(key, []).append(one)
    return told


def _told(story: Story, question: RuleQuestion, library: Library) -> ToldStory:
    holds = not run_story(story, library.book)
    try:
        return ToldStory(story, question, decide_story(question, library.book), "", holds)
    except Refusal as refusal:
        return ToldStory(story, question, None, refusal.sentence, holds)


def _measure(library: Library) -> dict[str, Any]:
    view = library.view
    covered = cover_book(
        book=library.book,
        view=view,
        coverage=read_coverage(library.folder),
        folder=library.folder,
        used_elsewhere=used_without_rules(view),
    )
    return covered.as_json()
