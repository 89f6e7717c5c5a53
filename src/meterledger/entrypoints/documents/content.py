"""The content of a document: everything that its template prints, as canonical JSON.

Lives here      one function. A document is made again from these bytes and its template alone, so
                they are kept with it; nothing is looked up a second time.
Lives elsewhere the words (``web/bill_words``), the template (``templates``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from meterledger.entrypoints.web.bill_words import HOW_ROUNDED, BillWords, bill_words
from meterledger.entrypoints.web.statement_words import MoneyRow
from meterledger.entrypoints.web.words import day_count_words, day_words
from meterledger.facts.statements import Statement
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.money import usd_display


def content_of(statement: Statement, *, duplicate_on: date | None = None) -> bytes:
    """What the paper says, as bytes that are the same for the same statement, for ever.

    ``duplicate_on`` marks a duplicate copy, with the day on which it was made.
    """
    words = bill_words(statement)
    stamp = "" if duplicate_on is None else f"Duplicate, {day_words(duplicate_on)}"
    more = {"stamp": stamp} if stamp else {}
    return canonical_bytes(_content(words) | more | _elsewhere(words))


def _elsewhere(words: BillWords) -> dict[str, Any]:
    """What stands in the place of the slip on a bill that is cancelled, or that another paper asks
    for; of a combined statement in that of the due day, too.
    """
    if words.cancelled:
        return {
            "asked_title": "Cancelled: nothing to pay",
            "asked": usd_display(0),
            "owing": False,
            "credit": False,
            "no_slip_title": "Nothing to pay",
            "no_slip": "There is no slip to return with this bill: it is cancelled.",
        }
    if words.asked_on:
        return {
            "no_slip_title": "Asked for elsewhere",
            "no_slip": f"There is no slip to return with this bill: bill {words.asked_on} of the "
            "same day has one for all.",
        }
    if not words.combination:
        return {}
    return {
        "due": "on the combined statement",
        "no_slip_title": "Asked for elsewhere",
        "no_slip": f"There is no slip to return with this bill: combined statement "
        f"{words.combination} has one for all.",
    }


def _content(words: BillWords) -> dict[str, Any]:
    return {
        "utility": words.utility,
        "phone": words.phone,
        "number": words.bill_id,
        "account": words.account_id,
        "holders": list(words.holders),
        "address": list(words.address_lines),
        "meter": words.meters,
        "schedule": f"{words.schedule_name} ({words.schedule})",
        "span": words.span,
        "day_count": day_count_words(words.days),
        "kind": words.kind,
        "issued": day_words(words.issued_day),
        "issued_parts": [words.issued_day.year, words.issued_day.month, words.issued_day.day],
        "due": day_words(words.due_day),
        "asked_title": words.asked_title,
        "asked": words.asked,
        "owing": words.asked_cents > 0,
        "credit": words.asked_cents < 0,
        "charges": words.charges,
        "balance": _rows(words.balance),
        "balance_short": _rows(words.balance_short),
        "marks": list(words.marks),
        "autopay": words.autopay,
        "pay_to": list(words.pay_to),
        "scan": words.scan_line,
        "messages": list(words.messages),
        "contact": list(words.contact),
        "how": HOW_ROUNDED,
        "groups": _groups(words),
    } | _use(words)


def _rows(rows: Sequence[MoneyRow]) -> list[dict[str, Any]]:
    return [{"words": row.words, "amount": row.amount, "strong": row.strong} for row in rows]


def _three(labels: Sequence[str]) -> list[str]:
    """What stands below the chart at its left, in its middle and at its right."""
    first, *others = labels
    return [first, *others] if len(others) != 1 else [first, "", *others]


def _use(words: BillWords) -> dict[str, Any]:
    estimate = words.estimate
    return {
        "estimate": {
            "title": estimate.title,
            "sentence": estimate.sentence,
            "methods": estimate.methods,
            "clauses": "; ".join(one.text for one in estimate.citations),
        }
        if estimate
        else None,
        "notice": {"title": words.notice.title, "sentences": list(words.notice.sentences)}
        if words.notice
        else None,
        "use": words.use_sentence,
        "comparison": {
            "sentence": words.comparison.sentence,
            "rows": [[row.span, row.daily, row.temperature] for row in words.comparison.rows],
        },
        "chart": {
            "title": words.chart.title,
            "alt": f"{words.chart.title}. " + ", ".join(bar.words for bar in words.chart.bars),
            "bars": [{"height": bar.height, "days": bar.day_count} for bar in words.chart.bars],
            "ticks": [{"text": tick.text, "y": tick.y} for tick in words.chart.ticks],
            "labels": _three(words.chart.labels),
        },
        "intervals": words.interval_sentence,
        "periods": [list(row) for row in words.periods],
        "reads": [
            [row.meter, row.opened, row.closed, row.multiplier, row.used] for row in words.reads
        ],
        "reasons": [
            f"{finding} ({'; '.join(citation.text for citation in citations)})"
            for finding, citations in words.reasons
        ],
    }


def _groups(words: BillWords) -> list[dict[str, Any]]:
    return [
        {
            "title": group.title,
            "lines": [
                {
                    "label": line.label,
                    "note": line.note,
                    "quantity": line.quantity,
                    "price": line.price,
                    "amount": line.amount,
                    "clause": line.citations[0].text,
                }
                for line in group.lines
            ],
        }
        for group in words.groups
    ]
