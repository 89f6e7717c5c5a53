"""A bill: on one page, as paper, and as the record it is computed again from.

Lives here      gathering what a bill's page and paper show; the clause behind every line.
Lives elsewhere its words (``bill_words``), drawing (``templates``, ``documents``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.before import against_before
from meterledger.entrypoints.web.bill_words import BillWords, LineWords, bill_words
from meterledger.entrypoints.web.budget import budget_of_bill
from meterledger.entrypoints.web.clauses import citation_address, entry_address, series_address
from meterledger.entrypoints.web.combined import statements_of_bill
from meterledger.entrypoints.web.corrections import correction_context
from meterledger.entrypoints.web.payments import items_of_account
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.web.story import bill_states
from meterledger.entrypoints.web.words import label_words
from meterledger.entrypoints.wiring import System
from meterledger.facts.bills import read_record
from meterledger.facts.statements import Statement
from meterledger.kernel.citation import Citation
from meterledger.rulebook.book import BookView
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.estimate_records import records_of
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.make_documents import Paper
from meterledger.usecases.one_document import documents_of_bill, first_document
from meterledger.usecases.ports import StoredBill


@dataclass(frozen=True, slots=True)
class CitationRow:
    """A citation and the page of its clause, or None where the book does not hold it."""

    citation: Citation
    address: str | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with the way to its clause."""

    words: LineWords
    clause: CitationRow
    citations: tuple[CitationRow, ...]
    inputs: tuple[tuple[str, str], ...]
    series_address: str | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Lines of one part of the bill."""

    title: str
    lines: tuple[LineRow, ...]


def _account_of(request: HttpRequest, system: System, bill_id: str) -> list[str]:
    """Whose bill it is, for the log of looks."""
    return [system.store.bill(bill_id).account_id]


@personal("read a bill", subjects=lambda bill_id: [bill_id], accounts=_account_of)
def bill_page(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """What is owed and by when; every line with its clause; everything it was made with."""
    stored = system.store.bill(bill_id)
    record = read_record(stored.record)
    words = bill_words(_statement(system, stored))
    known = stored.known_at.date()
    view = as_pinned(system.book, known, stored.book_sha256)
    money = items_of_account(system, stored.account_id)
    states = bill_states(system.store.bills_of_account(stored.account_id), money)
    state = next((state for state in states if state.bill.bill_id == bill_id), None)
    open_cents = state.open_cents if state else 0
    context = {
        "bill": words,
        "stated": statements_of_bill(system, words.combination, bill_id),
        **correction_context(system, stored),
        "state": state,
        "paid": state is not None and open_cents == 0 and words.asked_cents > 0,
        "groups": [_group(title, lines, view, known) for title, lines in _groups(words)],
        "reasons": [
            (finding, [_row(one, view, known) for one in citations])
            for finding, citations in words.reasons
        ],
        "estimate_clauses": [
            _row(one, view, known) for one in (words.estimate.citations if words.estimate else ())
        ],
        "on_record": [
            (one, _row(one.citation, view, known) if one.citation else None)
            for one in records_of(stored, store=system.store, view=view)
        ],
        "documents": documents_of_bill(bill_id, system.store),
        "budget": budget_of_bill(record, view),
        "against": against_before(system, stored),
        "pins": record["pins"],
        "usage": record["usage"],
        "record_sha256": stored.record_sha256,
        "schedule_address": series_address(view, words.schedule, known=known),
        "days": [(bar.days_words, bar.energy_wh) for bar in words.chart.bars],
    }
    return render(request, "web/bill.html", context)


@personal("print a bill", subjects=lambda bill_id: [bill_id], accounts=_account_of)
def bill_document(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """The bill as paper: the document that went out, byte for byte; before that, what would."""
    stored = system.store.bill(bill_id)
    first = first_document(documents_of_bill(bill_id, system.store))
    if first is not None:
        pdf = Paper(system.documents).pdf(first)
    else:
        pdf = compose(content_of(_statement(system, stored)))
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{_file_name(bill_id)}.pdf"'},
    )


@personal("read a bill's record", subjects=lambda bill_id: [bill_id], accounts=_account_of)
def bill_record(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """The canonical calculation record, byte for byte."""
    stored = system.store.bill(bill_id)
    return HttpResponse(stored.record, content_type="application/json; charset=utf-8")


def _statement(system: System, stored: StoredBill) -> Statement:
    return statement_of(stored, store=system.store, book=system.book, known_at=system.now)


def _file_name(bill_id: str) -> str:
    """A file name of plain letters: bill numbers may hold ``/`` and ``:``."""
    return "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in bill_id)


def _groups(words: BillWords) -> list[tuple[str, tuple[LineWords, ...]]]:
    return [(group.title, group.lines) for group in words.groups]


def _group(title: str, lines: tuple[LineWords, ...], view: BookView, known: date) -> GroupRow:
    return GroupRow(title, tuple(_line(line, view, known) for line in lines))


def _line(line: LineWords, view: BookView, known: date) -> LineRow:
    entry = entry_address(view, line.series, line.from_day, known=known) if line.series else None
    citations = tuple(_row(one, view, known, prefer=line.series) for one in line.citations)
    clause = CitationRow(line.citations[0], entry or citations[0].address)
    return LineRow(
        words=line,
        clause=clause,
        citations=(clause, *citations[1:]),
        inputs=tuple((label_words(name), text) for name, text in line.inputs),
        series_address=entry,
    )


def _row(citation: Citation, view: BookView, known: date, *, prefer: str = "") -> CitationRow:
    return CitationRow(citation, citation_address(view, citation, known=known, prefer=prefer))
