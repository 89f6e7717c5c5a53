"""Switching one reading changes exactly the decisions that cite it, over every story of a rule.

Lives here      every story decided with the chosen option and with every other one.
Lives elsewhere what each option decides (tariffs/*/*/scenarios/), what a reading is (rulebook).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import pytest

from meterledger.entrypoints.wiring import open_book
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import FactsRefused, read_form
from meterledger.rulebook.loading import default_book_folder
from meterledger.rulebook.readings import Changes, ReadingRecord
from meterledger.usecases.decide import decide_filled
from meterledger.usecases.rule_registry import RULES
from meterledger.usecases.rule_stories import RuleQuestion, decide_story
from meterledger.usecases.story_files import find_stories

BOOK = open_book(default_book_folder())
VIEW = BOOK.as_known(date.max)
READINGS = {record.key: record for record in VIEW.readings()}
CHOSEN = {key: record.chosen(date.max) for key, record in READINGS.items()}
CARRIED = {provision for rule in RULES.values() for provision in rule.provisions}
ASKED_FOR = {key for rule in RULES.values() for key in rule.readings} | {
    reading.key for provision, reading in BOOK.carriers().items() if provision in CARRIED
}
"""Readings that a rule asks for, or that carry a rule's provision past its last text."""


@dataclass(frozen=True)
class Case:
    """A story of a rule: its name, its question, and its facts in the rule's form."""

    name: str
    question: RuleQuestion
    facts: Any


@dataclass(frozen=True)
class Answer:
    """What was decided and in which words, or the words of the refusal; the reading keys cited."""

    outcome: Any
    reasons: tuple[Any, ...]
    refused: str
    cites: frozenset[str]

    def differs_from(self, other: Answer) -> bool:
        """Whether anything in the two answers differs, a cited clause included."""
        return (self.outcome, self.reasons, self.refused) != (
            other.outcome,
            other.reasons,
            other.refused,
        )

    def reads_otherwise_than(self, other: Answer) -> bool:
        """Whether the outcome or the words differ: another citation alone is no other answer."""
        return (self.outcome, self.words, self.refused) != (
            other.outcome,
            other.words,
            other.refused,
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The findings, without their clauses."""
        return tuple(reason.finding for reason in self.reasons)


def _cases() -> list[Case]:
    found = []
    for story in find_stories(default_book_folder()):
        if isinstance(story.question, RuleQuestion):
            question = story.question
            try:
                facts = read_form(question.rule.facts, question.facts, where="facts")
            except FactsRefused:
                continue  # the facts are refused before the book is asked
            found.append(Case(f"{story.file}: {story.sentence}", question, facts))
    return found


CASES = _cases()


@cache
def _view(known_on: date, readings: tuple[tuple[str, str], ...]) -> BookView:
    view = BOOK.as_known(known_on)
    return view.with_readings(dict(readings)) if readings else view


@cache
def _answer(number: int, readings: tuple[tuple[str, str], ...]) -> Answer:
    question = CASES[number].question
    try:
        ruling = decide_filled(
            rule=question.rule,
            facts=CASES[number].facts,
            day=question.today,
            view=_view(question.as_known, readings),
        )
    except Refusal as refusal:
        return Answer(None, (), str(refusal), frozenset())
    decision = ruling.decision
    return Answer(decision.outcome, decision.reasons, "", frozenset(ruling.reading_keys))


def _decided(number: int, switched: Mapping[str, str]) -> Answer:
    """The story's answer if, beside what it supposes itself, other options were chosen.

    An option that is chosen anyway needs no supposing: the answers are remembered.
    """
    supposed = {**CASES[number].question.readings, **switched}
    told = {key: option for key, option in supposed.items() if option != CHOSEN[key]}
    return _answer(number, tuple(sorted(told.items())))


def _others(record: ReadingRecord) -> list[str]:
    return [option for option in record.options if option != CHOSEN[record.key]]


def _changed_by(record: ReadingRecord, option: str) -> list[int]:
    """The stories that this option answers otherwise than the chosen one does."""
    return [
        number
        for number in range(len(CASES))
        if _decided(number, {record.key: CHOSEN[record.key]}).reads_otherwise_than(
            _decided(number, {record.key: option})
        )
    ]


def test_the_stories_are_asked_as_the_story_runner_asks_them() -> None:
    decided = [number for number in range(len(CASES)) if not _decided(number, {}).refused]
    assert len(decided) > 300

    for number in decided[::25]:
        ruling = decide_story(CASES[number].question, BOOK)

        answer = _decided(number, {})
        assert ruling.decision.outcome == answer.outcome
        assert ruling.decision.reasons == answer.reasons
        assert set(ruling.reading_keys) == answer.cites


@pytest.mark.parametrize("place", range(max(len(one.options) for one in READINGS.values()) - 1))
def test_a_decision_does_not_change_with_the_readings_that_it_does_not_cite(place: int) -> None:
    """All of them are switched at once, each to another option: not one word may differ."""
    wrong = []
    for number, case in enumerate(CASES):
        before = _decided(number, {})
        if before.refused:
            continue
        fixed = before.cites | set(case.question.readings)
        switched = {
            key: _others(record)[min(place, len(_others(record)) - 1)]
            for key, record in READINGS.items()
            if key not in fixed
        }
        after = _decided(number, switched)
        if after.differs_from(before) or after.cites != before.cites:
            guilty = [
                key
                for key, option in switched.items()
                if _decided(number, {key: option}).differs_from(before)
            ]
            wrong.append(f"{case.name}: changed by {', '.join(guilty) or 'several together'}")

    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("key", sorted(ASKED_FOR))
def test_a_decision_that_cites_a_reading_would_be_another_under_another_option(key: str) -> None:
    record = READINGS[key]
    citing = 0
    wrong = []
    for number, case in enumerate(CASES):
        for option in record.options:
            answer = _decided(number, {key: option})
            if key not in answer.cites:
                continue
            citing += 1
            rest = [_decided(number, {key: other}) for other in record.options if other != option]
            if not any(answer.reads_otherwise_than(other) for other in rest):
                wrong.append(f"{case.name}: cites {key} ({option}), and every option says the same")

    assert not wrong, "\n" + "\n".join(wrong)
    assert citing, f"no story's decision cites {key}"


@pytest.mark.parametrize("key", sorted(ASKED_FOR))
def test_every_option_of_a_reading_that_a_rule_asks_for_changes_some_story(key: str) -> None:
    idle = [option for option in _others(READINGS[key]) if not _changed_by(READINGS[key], option)]

    assert not idle, f"no story would be answered otherwise by {', '.join(idle)}"


@pytest.mark.parametrize("key", sorted(ASKED_FOR))
def test_a_story_that_a_reading_changes_cites_it_on_one_side_at_least(key: str) -> None:
    """A refusal cites nothing: then the decision on the other side does."""
    record = READINGS[key]
    wrong = []
    for option in _others(record):
        for number in _changed_by(record, option):
            chosen = _decided(number, {key: CHOSEN[key]})
            other = _decided(number, {key: option})
            for answer in (chosen, other):
                if not answer.refused and key not in answer.cites:
                    wrong.append(f"{CASES[number].name} ({option})")

    assert not wrong, "\n" + "\n".join(wrong)


def test_a_reading_that_no_rule_asks_for_yet_changes_no_story() -> None:
    """Planned ones, those that a value carries, and those that change no decision."""
    switched = {
        place: {
            key: _others(record)[min(place, len(_others(record)) - 1)]
            for key, record in READINGS.items()
            if key not in ASKED_FOR
        }
        for place in range(3)
    }
    assert len(switched[0]) > 20

    for number, case in enumerate(CASES):
        for options in switched.values():
            assert not _decided(number, options).differs_from(_decided(number, {})), case.name


def test_a_reading_that_concerns_a_carried_provision_is_asked_for_or_changes_nothing() -> None:
    forgotten = [
        key
        for key, record in READINGS.items()
        if record.changes is Changes.RULES
        and CARRIED & set(record.provisions)
        and key not in ASKED_FOR
    ]

    assert not forgotten


@pytest.mark.parametrize(
    "key", sorted(key for key, one in READINGS.items() if one.changes is Changes.NOTHING)
)
def test_a_reading_that_changes_nothing_is_asked_for_by_no_rule_and_says_why(key: str) -> None:
    assert key not in ASKED_FOR
    assert len(READINGS[key].why_nothing.split()) >= 6, "a sentence, not a word"


@pytest.mark.parametrize(
    "key", sorted(key for key, one in READINGS.items() if one.changes is Changes.VALUE)
)
def test_a_reading_that_a_value_carries_switches_that_value_and_no_other(key: str) -> None:
    record = READINGS[key]
    for option in _others(record):
        view = VIEW.with_readings({key: option})
        changed = {
            name for name in VIEW.names() if view.series(name).values != VIEW.series(name).values
        }

        assert changed == {record.value}
        assert {dated.value for dated in view.series(record.value).values} == {option}


def test_every_conflict_has_another_option_to_switch_to() -> None:
    assert len(READINGS) >= 76
    assert [key for key, record in READINGS.items() if not _others(record)] == []
