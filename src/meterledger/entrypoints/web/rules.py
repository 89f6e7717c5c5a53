"""Rules: the list, and a page for each with its stories and a form to try it on other facts.

Lives here      gathering what these pages show; asking the same call as ``decide``.
Lives elsewhere the rules (rooms), fields from facts (``facts_form``), stories (``shelf``).

Trying a rule stores nothing: the facts are in the address, and the answer is this page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from meterledger.entrypoints.chapter_words import chapter_title
from meterledger.entrypoints.web.addresses import (
    chapter_address,
    provision_address,
    reading_address,
    rule_address,
)
from meterledger.entrypoints.web.asked import NotADay, day_asked
from meterledger.entrypoints.web.clauses import citation_address, entry_address, series_address
from meterledger.entrypoints.web.facts_form import (
    facts_of,
    form_rows,
    put_problem,
)
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.shelf import stories
from meterledger.entrypoints.web.story_rows import story_row, value_text
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.web.words import label_words
from meterledger.kernel.citation import Citation
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import FactsRefused, fields_of, plain_form
from meterledger.rulebook.rules import Rule
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.rule_registry import RULES, rule_named

MOST_OF_A_QUERY = 20_000
"""Characters of an address that are read as facts."""


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A finding with the way to its clause."""

    finding: str
    citation: Citation
    address: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision as the page shows it."""

    day: date
    outcome: list[tuple[str, str, str]]
    """Each field's name in words, its value, what it means."""
    reasons: list[ReasonRow]
    standing: Standing
    readings: list[tuple[str, str, str]]
    """Key, option used, address."""
    values: list[tuple[str, str]]
    supposed: bool
    """Whether another option than the chosen one was supposed for some reading."""


@dataclass(frozen=True, slots=True)
class ReadingChoice:
    """A reading that the rule may ask for, with its options."""

    key: str
    title: str
    address: str
    options: list[tuple[str, bool, bool]]
    """Option, whether it is the book's, whether it is the one asked for."""


@public("read the rules")
def rules_page(request: HttpRequest, library: Library) -> HttpResponse:
    """Every rule, by chapter."""
    told = stories(library)
    by_chapter: dict[str, list[tuple[Rule, str, int]]] = {}
    for rule in RULES.values():
        row = (rule, rule_address(rule.id), len(told.of_rule.get(rule.id, ())))
        by_chapter.setdefault(rule.chapter, []).append(row)
    context = {
        "chapters": [
            (chapter_title(chapter), chapter_address(chapter), rows)
            for chapter, rows in sorted(by_chapter.items())
        ],
        "count": len(RULES),
    }
    return render(request, "web/rules.html", context)


@public("read a rule and try it on made-up facts")
def rule_page(request: HttpRequest, library: Library, rule_id: str) -> HttpResponse:
    """A rule, its stories, and what it decides on the facts of the address, if any.

    :raises NoSuchRule: naming the nearest ids
    """
    rule = rule_named(rule_id)
    view, today = library.view, library.now.date()
    query = _query(request)
    rows = form_rows(rule.facts, query)
    answer, refusal, problem = None, None, None
    asked = "today" in query and not query.get("more")
    if asked:
        try:
            answer = _answer(rule, query, request, view)
        except Refusal as no:
            refusal = no
            problem = put_problem(rows, no) if isinstance(no, FactsRefused) else None
    told = sorted(
        stories(library).of_rule.get(rule.id, ()), key=lambda one: (one.story.file, one.story.line)
    )
    context = {
        "rule": rule,
        "chapter": (chapter_title(rule.chapter), chapter_address(rule.chapter)),
        "provisions": [
            (view.provision(one).title if _has(view, one) else one, provision_address(one))
            for one in rule.provisions
        ],
        "outcome": [(label_words(key), meaning) for key, meaning in _fields(rule.outcome)],
        "values": [
            (view.series(name).meaning, series_address(view, name))
            for name in rule.values
            if name in view.names()
        ],
        "stories": [story_row(one) for one in told],
        "rows": rows,
        "readings": _choices(rule, view, query),
        "day": query.get("today") or today.isoformat(),
        "answer": answer,
        "refusal": refusal,
        "problem": problem,
        "facts": _json(rule, query) if asked else "",
    }
    return render(request, "web/rule.html", context, status=422 if refusal else 200)


def _query(request: HttpRequest) -> QueryDict:
    if len(request.META.get("QUERY_STRING", "")) > MOST_OF_A_QUERY:
        raise FactsRefused(
            f"The facts are longer than {MOST_OF_A_QUERY} characters",
            where="facts",
            do="Put them into a file and ask `meterledger decide`",
        )
    return request.GET


def _answer(rule: Rule, query: QueryDict, request: HttpRequest, view: BookView) -> Answer:
    day = day_asked(request, "today")
    if day is None:
        raise NotADay(
            "The day that counts is missing", where="today", do=f"Give it: {rule.governing_day}"
        )
    supposed = {
        key: option
        for key in rule.readings
        if (option := query.get(f"reading.{key}")) and option != view.reading_option(key)
    }
    asked_of = view.with_readings(supposed) if supposed else view
    ruling = decide(rule=rule, facts=facts_of(rule.facts, query), day=day, view=asked_of)
    return _shown(ruling, asked_of, view, supposed=bool(supposed))


def _shown(ruling: Ruling, asked_of: BookView, view: BookView, *, supposed: bool) -> Answer:
    outcome = plain_form(ruling.decision.outcome)
    meanings = dict(_fields(ruling.rule.outcome))
    return Answer(
        day=ruling.day,
        outcome=[
            (label_words(key), value_text(value), meanings[key]) for key, value in outcome.items()
        ],
        reasons=[
            ReasonRow(one.finding, one.citation, citation_address(view, one.citation))
            for one in ruling.decision.reasons
        ],
        standing=ruling.standing,
        readings=[
            (key, asked_of.reading_option(key), reading_address(key)) for key in ruling.reading_keys
        ],
        values=[
            (
                view.series(name).meaning,
                entry_address(view, name, ruling.day) or series_address(view, name),
            )
            for name in ruling.values
        ],
        supposed=supposed,
    )


def _choices(rule: Rule, view: BookView, query: QueryDict) -> list[ReadingChoice]:
    return [
        ReadingChoice(
            key=key,
            title=view.reading(key).title,
            address=reading_address(key),
            options=[
                (
                    option,
                    option == view.reading_option(key),
                    option == (query.get(f"reading.{key}") or view.reading_option(key)),
                )
                for option in view.reading(key).options
            ],
        )
        for key in rule.readings
        if any(one.key == key for one in view.readings())
    ]


def _json(rule: Rule, query: QueryDict) -> str:
    return json.dumps(facts_of(rule.facts, query), indent=1, ensure_ascii=False)


def _has(view: BookView, provision: str) -> bool:
    return any(one.id == provision for one in view.provisions())


def _fields(form: type[Any]) -> list[tuple[str, str]]:
    return [(one.key, one.meaning) for one in fields_of(form)]
