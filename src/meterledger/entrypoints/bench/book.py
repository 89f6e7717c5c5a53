"""The bench of the book: loading and checking all of it, and one decision of a simple rule.

Lives here      the figures, against a bare parse of the same files with the same YAML parser.
Lives elsewhere the limits (``bars.yaml``).
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import yaml

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.wiring import book_folder
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import read_form
from meterledger.rulebook.loading import load_book
from meterledger.usecases.decide import decide_filled
from meterledger.usecases.rule_stories import RuleQuestion
from meterledger.usecases.story_files import find_stories

SIMPLE_RULE = "late.grace"
TIMES = 200


def measure_book(*, accounts: int, repeat: int) -> list[Figure]:
    """Load the book, decide its stories of one simple rule and of all rules; medians.

    ``accounts`` changes nothing: all benches are called alike, and the book has one size.
    """
    folder = book_folder()
    texts = [path.read_bytes() for path in folder.rglob("*.yaml") if "scenarios" not in path.parts]
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    bare = _median(lambda: [yaml.compose(text, Loader=parser) for text in texts], repeat)
    load = _median(lambda: load_book(folder), repeat)
    view = load_book(folder).as_known(max(_known_days(folder)))
    simple: list[float] = []
    every: list[float] = []
    for story in find_stories(folder):
        question = story.question
        if not isinstance(question, RuleQuestion) or question.readings:
            continue
        try:
            facts = read_form(question.rule.facts, question.facts, where="facts")
            decide_filled(rule=question.rule, facts=facts, day=question.today, view=view)
        except Refusal:
            continue  # an edge, not a decision
        start = process_time()
        for _ in range(TIMES):
            decide_filled(rule=question.rule, facts=facts, day=question.today, view=view)
        milliseconds = (process_time() - start) * 1000 / TIMES
        every.append(milliseconds)
        if question.rule.id == SIMPLE_RULE:
            simple.append(milliseconds)
    files = f"{len(texts)} files"
    return [
        Figure("load_seconds", f"{load:.2f}", {"bare_parse_seconds": f"{bare:.2f}"}, files),
        Figure("load_over_bare_parse", f"{load / bare:.2f}"),
        Figure("simple_decision_ms", f"{median(simple):.3f}", {"rule": SIMPLE_RULE}),
        Figure(
            "decision_ms",
            f"{median(every):.3f}",
            {"slowest": f"{max(every):.3f}"},
            f"median of {len(every)} stories of all rules",
        ),
    ]


def _known_days(folder: Any) -> list[Any]:
    book = load_book(folder)
    return [entry.dated.learned_on for one in book.parsed.values() for entry in one.entries]


def _median(run: Callable[[], object], repeat: int) -> float:
    seconds = []
    for _ in range(max(3, repeat)):
        start = process_time()  # of one thread that waits for nothing: others' work is not ours
        run()
        seconds.append(process_time() - start)
    return median(seconds)
