"""The content of a document: everything that its template prints, as canonical JSON.

Lives here      one function. A document is made again from these bytes and its template alone, so
                they are kept with it; nothing is looked up a second time.
Lives elsewhere the words (``web/bill_words``), the template (``templates``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.entrypoints.web.bill_words import HOW_ROUNDED, BillWords, bill_words
from meterledger.entrypoints.web.words import day_count_words, day_words
from meterledger.facts.statements import Statement
from meterledger.kernel.canonical import canonical_bytes


def content_of(statement: Statement, *, duplicate_on: date | None = None) -> bytes:
    """What the paper says, as bytes that are the same for the same statement, for ever.

    ``duplicate_on`` marks a duplicate copy, with the day on which it was made.
    """
    words = bill_words(statement)
    stamp = "" if duplicate_on is None else f"Duplicate, {day_words(duplicate_on)}"
    more = {"stamp": stamp} if stamp else {}
    return canonical_bytes(_content(words) | more | _elsewhere(words))


def _elsewhere(words: BillWords) -> dict[str, Any]:
    """What stands in the place of a due day and of the slip on a bill of a combined statement."""
    if not words.combination:
        return {}
    return {
        "due": "on the combined statement",
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
        "issued": day_words(words.issued_day),
        "issued_parts": [words.issued_day.year, words.issued_day.month, words.issued_day.day],
        "due": day_words(words.due_day),
        "asked_title": words.asked_title,
        "asked": words.asked,
        "owing": words.asked_cents > 0,
        "charges": words.charges,
        "balance": [
            {"words": row.words, "amount": row.amount, "strong": row.strong}
            for row in words.balance
        ],
        "marks": list(words.marks),
        "pay_to": list(words.pay_to),
        "scan": words.scan_line,
        "messages": list(words.messages),
        "contact": list(words.contact),
        "how": HOW_ROUNDED,
        "groups": _groups(words),
    } | _use(words)


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
            "labels": list(words.chart.labels),
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
