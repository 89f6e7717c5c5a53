"""A proposed revision tried beside the book: a copy of its folder, changed, read, and compared.

Lives here      the temporary copy, and everything ``tariff try`` reports of it as one answer.
Lives elsewhere the form of a proposal (``usecases/proposals``), the comparisons
                (``usecases/try_change``), the words (``cli/tariff_changes``).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from meterledger.entrypoints.tariff_words import check_book
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.loading import read_book
from meterledger.usecases.proposals import Proposal, read_proposal, write_proposal
from meterledger.usecases.stories import StoryFailure, run_story
from meterledger.usecases.story_files import find_stories
from meterledger.usecases.try_change import BillsTried, StoryChange, changed_stories, try_bills


@dataclass(slots=True)
class Trial:
    """What a proposal does to the book. ``changed`` is None where the book refuses it."""

    proposal: Proposal
    book: TariffBook
    changed: TariffBook | None
    problems: list[TariffFileBroken] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    findings: list[dict[str, str]] = field(default_factory=list)
    settled: list[dict[str, str]] = field(default_factory=list)
    stories: list[StoryChange] = field(default_factory=list)
    own_failures: list[StoryFailure] = field(default_factory=list)
    known_on: date = date.max

    def views(self) -> tuple[BookView, BookView]:
        """Both books as known when the newest of the proposal has been learned."""
        changed = self.changed if self.changed is not None else self.book
        return self.book.as_known(self.known_on), changed.as_known(self.known_on)

    def as_json(self, bills: BillsTried | None) -> dict[str, Any]:
        """The shape of ``tariff try --json``."""
        return {
            "proposal": self.proposal.name,
            "ok": self.ok,
            "problems": [problem.sentence for problem in self.problems],
            "ends": self.ended,
            "left_behind": self.left_behind,
            "findings": self.findings,
            "settled": self.settled,
            "own_stories": {
                "run": len(self.proposal.stories),
                "failures": [failure.as_json() for failure in self.own_failures],
            },
            "stories": [change.as_json() for change in self.stories],
            "bills": bills.as_json() if bills is not None else None,
        }

    @property
    def ok(self) -> bool:
        """Whether the book takes the proposal and the stories that come with it hold."""
        return not self.problems and not self.own_failures


def story_count(folder: Path, proposal: Proposal) -> int:
    """How many stories a trial asks, for a progress bar."""
    return len(find_stories(folder)) + len(proposal.stories)


def try_proposal(
    proposal: Proposal,
    *,
    folder: Path,
    book: TariffBook,
    today: date,
    advance: Callable[[int], object] = lambda _: None,
) -> Trial:
    """Load the proposal beside the book and compare. The book's own folder is never written.

    :raises Refusal: if a change has no place in the book
    """
    trial = Trial(proposal, book, None)
    with _copy_of(folder) as copy:
        written = write_proposal(proposal, copy, book.as_known(today))
        changed, problems = read_book(copy)
    trial.changed, trial.ended = changed, written.ended
    trial.problems = [proposal.placed(problem, written.inserted) for problem in problems]
    if changed is None:
        return trial
    learned = [entry.dated.learned_on for one in changed.parsed.values() for entry in one.entries]
    trial.known_on = max(today, *learned)
    before, after = trial.views()
    trial.left_behind = _left_behind(after, written.ended_pages)
    old, new = (check_book(view, today) for view in (before, after))
    trial.findings = [one for one in new if one not in old]
    trial.settled = [one for one in old if one not in new]
    trial.stories = changed_stories(
        find_stories(folder), book=book, changed=changed, advance=advance
    )
    for story in proposal.stories:
        advance(1)
        trial.own_failures += run_story(story, changed)
    return trial


@contextmanager
def _copy_of(folder: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="meterledger-try-") as name:
        copy = Path(name) / folder.name
        yield Path(shutil.copytree(folder, copy))


def _left_behind(view: BookView, ended_pages: list[str]) -> list[str]:
    """Provisions that still stand on a page after its end: a new page restates them or not."""
    found = []
    for provision in view.provisions():
        last = provision.versions[-1]
        if last.block in ended_pages and last.days.until_day is None:
            found.append(
                f"'{provision.id}' ({provision.title}) still stands on the page {last.block}, "
                "which ends. Add its version on the new page, or end it."
            )
    return found


def read_proposal_file(path: Path) -> Proposal:
    """Read a proposal's file from the disk.

    :raises TariffFileBroken: if it cannot be read, or is not in the form
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise TariffFileBroken(
            f"The proposal cannot be read: {problem.strerror}",
            where=str(path),
            do="Name a file in the form of docs/reference/tariff_files.md",
        ) from None
    return read_proposal(data, path.name)


def bills_of_town(
    trial: Trial, *, lived: Any, advance: Callable[[int], object] = lambda _: None
) -> BillsTried:
    """The bills of a lived town (``store``, ``lake``, ``bills``) by both books."""
    before, after = trial.views()
    return try_bills(
        lived.bills,
        store=lived.store,
        lake=lived.lake,
        view=before,
        changed=after,
        advance=advance,
    )
