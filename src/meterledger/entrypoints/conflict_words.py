"""Conflicts and overlaps of the tariff book as JSON, for the command line and its checks.

Lives here      a reading with its options and the rules that ask for it; where one value caps
                another; references between provisions that lead nowhere.
Lives elsewhere the readings (``rulebook.readings``), the pages of the web (``web``).
"""

from __future__ import annotations

from typing import Any

from meterledger.rulebook.book import BookView
from meterledger.rulebook.readings import ReadingRecord
from meterledger.usecases.rule_registry import RULES


def reading_json(view: BookView, record: ReadingRecord) -> dict[str, Any]:
    """One conflict: positions, options, the one chosen, and the rules that ask for it."""
    return {
        "conflict": record.conflict,
        "key": record.key,
        "title": record.title,
        "kind": record.kind,
        "positions": [
            {"source": one.source, "dates": one.dates, "says": one.says} for one in record.positions
        ],
        "options": [{"option": word, "says": says} for word, says in record.options.items()],
        "chosen": view.reading_option(record.key),
        "choices": [
            {"option": one.option, "learned_on": one.learned_on.isoformat(), "note": one.note}
            for one in record.choices
        ],
        "reasoning": record.reasoning,
        "confidence": record.confidence,
        "confirm_with": record.confirm_with,
        "provisions": list(record.provisions),
        "changes": record.changes.value,
        "value": record.value or None,
        "why_nothing": record.why_nothing or None,
        "rules": [rule.id for rule in RULES.values() if record.key in rule.readings],
        "file": record.file,
    }


def overlaps_json(view: BookView) -> list[dict[str, Any]]:
    """Every place where one value caps another on the same days, with both citations."""
    return [
        {
            "value": name,
            "limit": cap,
            "citations": [dated.citation.as_json(), limit.citation.as_json()],
            "sentence": (
                f"{name} ({dated.citation.text}) is capped by {cap} ({limit.citation.text}), "
                f"{limit.days}"
            ),
        }
        for name in view.names()
        for cap in view.limits_over(name)
        for dated in view.series(name).values
        for limit in view.series(cap).values
        if dated.days.overlaps(limit.days)
    ]


def stale_references(view: BookView) -> list[str]:
    """Provisions that refer to others, or to conflicts, which the book does not have."""
    known = {one.id for one in view.provisions()}
    conflicts = {one.conflict for one in view.readings()}
    return [
        f"{one.file}, line {one.line}: '{one.id}' refers to '{related}', which the book does not "
        "have. Correct it, or take it out."
        for one in view.provisions()
        for related in one.related
        if related.rpartition(":")[2] not in (conflicts if ":" in related else known)
    ]
