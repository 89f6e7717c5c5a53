"""A bill as paper: one tagged page, the same bytes for the same record and facts, for ever.

Lives here      handing the words of a bill to the template, one compiler in each process.
Lives elsewhere the words (``bill_words``), the drawing (``bill.typ``, beside this).
"""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import typst

from meterledger.entrypoints.web.bill_words import BillFacts, BillWords, bill_words
from meterledger.entrypoints.web.words import day_count_words, day_words
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal

TEMPLATE = Path(__file__).with_name("bill.typ")
ACCESSIBLE: Literal["ua-1"] = "ua-1"

_one_at_a_time = threading.Lock()


class NotPrintable(Refusal):
    """The words of a bill cannot be set in the fonts that come with us."""


def bill_pdf(record: dict[str, Any], facts: BillFacts) -> bytes:
    """The bill of a record as PDF/UA-1, US letter. Pure: its date is the day of issue.

    :raises NotPrintable: if a name or address has letters that our fonts lack
    :raises InvariantBroken: if the record's lines do not sum to its total
    """
    words = bill_words(record, facts)
    shown = json.dumps(_shown(words), ensure_ascii=False, sort_keys=True)
    with _one_at_a_time:
        try:
            made = _compiler().compile(
                format="pdf", sys_inputs={"bill": shown}, pdf_standards=ACCESSIBLE
            )
        except typst.TypstError as problem:
            raise NotPrintable(
                "This bill cannot be set as an accessible PDF",
                where=words.bill_id,
                why=str(problem.message),
                do="Read the bill on its page, and report its number to whoever runs this system",
            ) from problem
    ensure(isinstance(made, bytes), f"{words.bill_id} is one document")
    return cast(bytes, made)


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One for the process: fonts are read once, and only those that come with the wheel."""
    return typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)


def _shown(words: BillWords) -> dict[str, Any]:
    """Everything the template prints, as text and whole numbers."""
    facts = words.facts
    estimate = words.estimate
    marked = (
        {
            "estimate": {
                "title": estimate.title,
                "sentence": estimate.sentence,
                "clauses": "; ".join(one.text for one in estimate.citations),
            }
        }
        if estimate
        else {}
    )
    return marked | {
        "utility": facts.utility,
        "number": words.bill_id,
        "account": words.account_id,
        "holders": list(facts.holders),
        "address": list(facts.address_lines),
        "meter": facts.meter_id,
        "schedule": f"{facts.schedule_name} ({words.schedule})",
        "span": words.span,
        "day_count": day_count_words(words.days),
        "issued": day_words(words.issued_day),
        "issued_parts": [words.issued_day.year, words.issued_day.month, words.issued_day.day],
        "due": day_words(words.due_day),
        "charges": words.charges,
        "previous_title": words.previous_title,
        "previous": words.previous,
        "amount_due_title": words.amount_due_title,
        "amount_due": words.amount_due,
        "notice": {"title": words.notice.title, "sentences": list(words.notice.sentences)}
        if words.notice
        else None,
        "groups": [
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
        ],
        "use": words.use_sentence,
        "chart": {
            "alt": f"{words.chart.title}. " + ", ".join(bar.words for bar in words.chart.bars),
            "bars": [{"height": bar.height, "days": bar.day_count} for bar in words.chart.bars],
            "ticks": [{"text": tick.text, "y": tick.y} for tick in words.chart.ticks],
            "labels": list(words.chart.labels),
        },
        "reasons": [
            f"{finding} ({'; '.join(citation.text for citation in citations)})"
            for finding, citations in words.reasons
        ],
    }
