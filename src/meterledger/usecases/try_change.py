"""A changed book beside the book: stories and decisions that come out otherwise, bills in dollars.

Lives here      asking both books the same and keeping what differs.
Lives elsewhere the proposal and its place in the book (``proposals``), one bill's calculation
                (``issue_bills``), one story (``stories``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from meterledger.kernel.money import Cents, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.calculate_bills import calculate_bills, due_bill, window_of
from meterledger.usecases.ports import Lake, StoredBill
from meterledger.usecases.replay_bill import ReplayStore, revision_of
from meterledger.usecases.rule_stories import RuleQuestion, decide_story
from meterledger.usecases.stories import run_story
from meterledger.usecases.story_files import Story

Advance = Callable[[int], object]
LARGEST = 10
"""How many of the largest differences are named."""


@dataclass(frozen=True, slots=True)
class StoryChange:
    """One story that the two books answer otherwise.

    ``kind``  ``fails`` (it held before), ``holds`` (it failed before) or ``other answer`` (as the
              story says little, it holds or fails as before)
    """

    story: str
    where: str
    kind: str
    differences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """One entry of ``stories`` of ``tariff try --json``."""
        return {
            "story": self.story,
            "file": self.where,
            "kind": self.kind,
            "differences": list(self.differences),
        }


@dataclass(frozen=True, slots=True)
class BillChange:
    """One bill by both books, in cents; None after where the changed book makes no bill."""

    bill_id: str
    account_id: str
    days: str
    before_cents: Cents
    after_cents: Cents | None
    why: str = ""

    @property
    def difference_cents(self) -> int:
        """How much more the bill is by the changed book; a bill not made differs by nothing."""
        return 0 if self.after_cents is None else self.after_cents - self.before_cents

    def as_json(self) -> dict[str, Any]:
        """One entry of ``bills.largest`` and ``bills.held`` of ``tariff try --json``."""
        after = self.after_cents
        return {
            "bill": self.bill_id,
            "account": self.account_id,
            "days": self.days,
            "before_usd": usd_text(self.before_cents),
            "after_usd": None if after is None else usd_text(after),
            "difference_usd": None if after is None else usd_text(Cents(self.difference_cents)),
            "why": self.why or None,
        }


@dataclass(slots=True)
class BillsTried:
    """The bills of a town by both books. Totals are of the bills that both books make."""

    first_day: date | None = None
    until_day: date | None = None
    compared: int = 0
    before_cents: int = 0
    after_cents: int = 0
    changed: list[BillChange] = field(default_factory=list)
    held: list[BillChange] = field(default_factory=list)
    """Bills that the changed book does not make, and why."""

    def as_json(self) -> dict[str, Any]:
        """``bills`` of ``tariff try --json``."""
        ordered = sorted(self.changed, key=lambda one: (-abs(one.difference_cents), one.bill_id))
        return {
            "from": self.first_day.isoformat() if self.first_day else None,
            "until": self.until_day.isoformat() if self.until_day else None,
            "compared": self.compared,
            "changed": len(self.changed),
            "before_usd": usd_text(Cents(self.before_cents)),
            "after_usd": usd_text(Cents(self.after_cents)),
            "difference_usd": usd_text(Cents(self.after_cents - self.before_cents)),
            "largest": [one.as_json() for one in ordered[:LARGEST]],
            "held": [one.as_json() for one in self.held],
        }


def changed_stories(
    stories: Iterable[Story],
    *,
    book: TariffBook,
    changed: TariffBook,
    advance: Advance = lambda _: None,
) -> list[StoryChange]:
    """The stories that the two books answer otherwise, each with what differs."""
    found = []
    for story in stories:
        advance(1)
        one = _changed_story(story, book, changed)
        if one is not None:
            found.append(one)
    return found


def _changed_story(story: Story, book: TariffBook, changed: TariffBook) -> StoryChange | None:
    differences: tuple[str, ...] = ()
    if isinstance(story.question, RuleQuestion):
        before, after = (_decided(story.question, one) for one in (book, changed))
        if before == after:
            return None
        differences = tuple(_different("", before, after))
    old, new = run_story(story, book), run_story(story, changed)
    if [str(one) for one in old] == [str(one) for one in new] and not differences:
        return None
    kind = "other answer"
    if new and not old:
        kind = "fails"
    elif old and not new:
        kind = "holds"
    if not differences:
        differences = tuple(
            f"{one.what}: expected {one.expected}, got {one.got}" for one in (new or old)
        )
    return StoryChange(story.sentence, f"{story.file}, line {story.line}", kind, differences)


def _decided(question: RuleQuestion, book: TariffBook) -> dict[str, Any]:
    """A decision as JSON; a refusal is an answer, too, by what it refuses and not what it lists."""
    try:
        return decide_story(question, book).as_json()
    except Refusal as refusal:
        return {"refused": refusal.what}


def _different(path: str, before: Any, after: Any) -> Iterable[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        if "text" in before and "text" in after:  # a citation is named by its short form
            before, after = before["text"], after["text"]
        else:
            for key in dict.fromkeys([*before, *after]):
                where = f"{path}.{key}" if path else key
                yield from _different(where, before.get(key), after.get(key))
            return
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _different(f"{path}[{number}]", one, other)
    elif before != after:
        yield f"{path}: {_words(before)} -> {_words(after)}"


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(one)}" for key, one in value.items())
    return "nothing" if value is None else str(value)


def try_bills(
    bills: Sequence[StoredBill],
    *,
    store: ReplayStore,
    lake: Lake,
    view: BookView,
    changed: BookView,
    advance: Advance = lambda _: None,
) -> BillsTried:
    """Calculate stored bills by both views of the book, by the one calculation path.

    Only a bill's header is used, as in a replay: its agreement, its days, its moment. What the
    book in use does not make (a value corrected since, say) is left out of the comparison.
    """
    tried = BillsTried()
    for stored in bills:
        advance(1)
        before, _ = _total(stored, store, lake, view)
        if before is None:
            continue
        after, why = _total(stored, store, lake, changed)
        one = BillChange(stored.bill_id, stored.account_id, str(stored.days), before, after, why)
        tried.first_day = min(tried.first_day or stored.days.from_day, stored.days.from_day)
        tried.until_day = max(tried.until_day or stored.days.until_day, stored.days.until_day)
        if after is None:
            tried.held.append(one)
            continue
        tried.compared += 1
        tried.before_cents += before
        tried.after_cents += after
        if one.difference_cents:
            tried.changed.append(one)
    return tried


def _total(
    stored: StoredBill, store: ReplayStore, lake: Lake, view: BookView
) -> tuple[Cents | None, str]:
    """The bill's total by a view of the book, or None and why there is none."""
    try:
        service = store.service_of_agreement(stored.agreement_id, stored.known_at)
        due = due_bill(service, window_of(service, stored.days, view, revision_of(stored)), view)
    except Refusal as refusal:
        return None, refusal.of_one_case().sentence
    made, held = calculate_bills(
        [due],
        on=stored.issued_day,
        known_at=stored.known_at,
        sequence=stored.lake_sequence,
        lake=lake,
        kept=store,
        view=view,
        revision=revision_of(stored),
    )
    if not made:
        return None, " ".join(one.sentence for one in held)
    return Cents(made[0].total_cents), ""
