"""The page of one provision: what it says on a day, its whole past, and everything it touches.

Lives here      gathering what the page shows.
Lives elsewhere its chapter (``chapters``), drawing the line of time (``timeline``), its stories
                (``shelf``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.chapter_words import (
    StateWords,
    chapter_title,
    revision_words,
    state_words,
)
from meterledger.entrypoints.web.addresses import (
    block_address,
    chapter_address,
    citation_page,
    gap_address,
    provision_address,
    reading_address,
    rule_address,
    values_of,
)
from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.clauses import (
    ValueWords,
    entry_address,
    short_meaning,
    value_words,
)
from meterledger.entrypoints.web.policy import public
from meterledger.entrypoints.web.shelf import ToldStory, claims, stories
from meterledger.entrypoints.web.story_rows import story_row
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.web.timeline import Mark, timeline
from meterledger.entrypoints.web.words import validity_words
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.blocks import Block
from meterledger.rulebook.book import BookView
from meterledger.rulebook.provisions import (
    AfterLastText,
    Clause,
    Provision,
    ProvisionVersion,
)
from meterledger.rulebook.readings import ReadingRecord
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue, NoRuleInForce, Series
from meterledger.usecases.rule_registry import RULES

AFTER_WORDS = {
    AfterLastText.IN_FORCE: "Its last text is in force.",
    AfterLastText.IN_FORCE_WITH_GAP: "Its last text is in force; a part of it is not held.",
    AfterLastText.CARRY_FORWARD: (
        "Its last text has ended and its successor is not held: the text is carried forward, and "
        "every decision on it says so."
    ),
    AfterLastText.REVIEW: (
        "Its last text has ended and its successor is not held: a person decides, and the book "
        "refuses."
    ),
    AfterLastText.ENDED: "It has left the tariff.",
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One revision's text with its printed page."""

    version: ProvisionVersion
    block: Block
    page: str
    address: str
    anchor: str
    state: StateWords
    why: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One bar of the line of time, in the table that says the same."""

    name: str
    address: str | None
    days: Validity
    words: ValueWords
    clause: str
    clause_address: str | None
    standing: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule that carries the provision."""

    rule: Rule
    address: str
    stories: int


@public("read a provision of the tariff book")
def provision_page(request: HttpRequest, library: Library, provision: str) -> HttpResponse:
    """Every version of a provision, its values, rules, stories and readings.

    :raises NoSuchValue: naming the nearest ids
    """
    view, today = library.view, library.now.date()
    day = day_asked(request, "on") or today
    found = view.provision(provision)
    clause, silence = _on(view, found, day)
    versions = _versions(view, found, day, library)
    told = stories(library)
    table = _time_rows(view, found)
    context = {
        "provision": found,
        "chapter": (chapter_title(found.chapter), chapter_address(found.chapter)),
        "clause": clause,
        "clause_address": block_address(view, clause.block) if clause else "",
        "silence": silence,
        "after": AFTER_WORDS[found.after_last_text],
        "gap_address": gap_address(found.gap) if found.gap else "",
        "versions": list(reversed(versions)),
        "state": _weakest(versions),
        "line": timeline(_marks(view, found, day), day),
        "table": table,
        "rules": [
            RuleRow(rule, rule_address(rule.id), len(told.of_rule.get(rule.id, ())))
            for rule in RULES.values()
            if provision in rule.provisions
        ],
        "stories": [story_row(one) for one in _in_time(told.of_provision.get(provision, ()))],
        "show_rule": True,
        "readings": [
            (one, reading_address(one.key), view.reading_option(one.key))
            for one in readings_of(view, found)
        ],
        "related": _related(view, found),
        "day": day,
        "today": today,
    }
    return render(request, "web/provision.html", context)


def readings_of(view: BookView, provision: Provision) -> list[ReadingRecord]:
    """The conflicts that name a provision, or that it names."""
    named = {one.removeprefix("conflicts:") for one in provision.related}
    return [
        one for one in view.readings() if provision.id in one.provisions or one.conflict in named
    ]


def page_words(block: Block) -> str:
    """``Sheet 136, revision 1``; a paper that counts no revisions by its name alone."""
    if not block.revision:
        return block.sheet
    return f"{block.sheet}, {revision_words(block.revision)}"


def _in_time(told: Sequence[ToldStory]) -> list[ToldStory]:
    """Stories in the order of the days they are of."""
    return sorted(told, key=lambda one: (one.question.today, one.story.line))


def _on(view: BookView, provision: Provision, day: date) -> tuple[Clause | None, Any]:
    """The clause in force, or the refusal that says why there is none."""
    try:
        return view.clause(provision.id, day), None
    except NoRuleInForce as refusal:
        return None, refusal


def _versions(
    view: BookView, provision: Provision, day: date, library: Library
) -> list[VersionRow]:
    claimed = claims(library)
    rows = []
    for version in provision.versions:
        block = view.pages.blocks[version.block]
        state = claimed.states.get((provision.id, version.block))
        rows.append(
            VersionRow(
                version=version,
                block=block,
                page=page_words(block),
                address=block_address(view, version.block),
                anchor=f"from-{version.days.from_day.isoformat()}",
                state=state_words(state.value if state else None),
                why=claimed.whys.get((provision.id, version.block), ""),
                in_force=day in version.days,
            )
        )
    return rows


def _weakest(versions: Sequence[VersionRow]) -> StateWords:
    """A provision is in the weakest state of its versions."""
    order = ("none", "text_missing", "planned", "information", "carried")
    return min((row.state for row in versions), key=lambda one: order.index(one.state))


def _carried_forward(provision: Provision) -> Validity | None:
    """The days on which the last text is carried forward, if it is."""
    until = provision.versions[-1].days.until_day
    if provision.after_last_text is AfterLastText.CARRY_FORWARD and until is not None:
        return Validity(until)
    return None


def _marks(view: BookView, provision: Provision, day: date) -> list[tuple[str, list[Mark]]]:
    """The text's row, then a row for each value."""
    texts = []
    for version in provision.versions:
        page = page_words(view.pages.blocks[version.block])
        words = f"{validity_words(version.days)}: {page}, {version.paragraph}"
        texts.append(Mark(version.days, page, "text", words))
    carried = _carried_forward(provision)
    if carried is not None:
        words = f"{validity_words(carried)}: carried forward"
        texts.append(Mark(carried, "carried forward", "carried_forward", words))
    rows = [("Text", texts)]
    for name in values_of(view).get(provision.id, ()):
        series = view.series(name)
        kind = view.kind_of(name)
        rows.append(
            (
                short_meaning(series.meaning, provision.title),
                [_value_mark(kind, series, dated) for dated in series.values],
            )
        )
    return rows


def _value_mark(kind: str, series: Series[Any], dated: DatedValue[Any]) -> Mark:
    said = value_words(kind, series.unit, dated).text
    words = f"{validity_words(dated.days)}: {said}"
    return Mark(dated.days, said, dated.standing.value, words)


def _time_rows(view: BookView, provision: Provision) -> list[TimeRow]:
    """Every bar of the drawing as a line of a table: texts first, then value by value."""
    rows = []
    for version in provision.versions:
        block = view.pages.blocks[version.block]
        rows.append(
            TimeRow(
                "Text",
                None,
                version.days,
                ValueWords(page_words(block)),
                version.paragraph,
                block_address(view, version.block),
                "filed",
            )
        )
    carried = _carried_forward(provision)
    if carried is not None:
        last = provision.versions[-1]
        rows.append(
            TimeRow(
                "Text",
                None,
                carried,
                ValueWords(page_words(view.pages.blocks[last.block])),
                last.paragraph,
                block_address(view, last.block),
                _standing_words(Standing.CARRIED_FORWARD),
            )
        )
    for name in values_of(view).get(provision.id, ()):
        series = view.series(name)
        for dated in series.values:
            rows.append(
                TimeRow(
                    short_meaning(series.meaning, provision.title),
                    entry_address(view, name, dated.days.from_day),
                    dated.days,
                    value_words(view.kind_of(name), series.unit, dated),
                    dated.citation.text,
                    citation_page(view, dated.citation),
                    _standing_words(dated.standing),
                )
            )
    return rows


def _standing_words(standing: Standing) -> str:
    return standing.value.replace("_", " ")


def _related(view: BookView, provision: Provision) -> list[tuple[str, str]]:
    """Provisions that it names, (title, address); one that the book does not have stays a word."""
    known = {one.id: one for one in view.provisions()}
    return [
        (known[one].title, provision_address(one)) if one in known else (one, "")
        for one in provision.related
        if not one.startswith("conflicts:")
    ]
