"""A bill: on one page, as paper, and as the record it is computed again from.

Lives here      gathering what a bill's page and paper show; the clause behind every line.
Lives elsewhere its words (``bill_words``), drawing (``templates``, ``pdf``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.bill_words import BillFacts, BillWords, LineWords, bill_words
from meterledger.entrypoints.web.clauses import citation_address, entry_address, series_address
from meterledger.entrypoints.web.pdf import bill_pdf
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.web.story import bill_states
from meterledger.entrypoints.web.words import label_words
from meterledger.entrypoints.wiring import System
from meterledger.facts.bills import read_record
from meterledger.facts.places import BillableService
from meterledger.kernel.citation import Citation
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
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


@personal("read a bill", subjects=lambda bill_id: [bill_id])
def bill_page(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """What is owed and by when; every line with its clause; everything it was made with."""
    stored, record, words = _read(system, bill_id)
    known = stored.known_at.date()
    view = system.book.as_known(known)
    balance_cents = system.store.balance_cents(stored.account_id)
    states = bill_states(system.store.bills_of_account(stored.account_id), balance_cents)
    state = next(state for state in states if state.bill.bill_id == bill_id)
    context = {
        "bill": words,
        "state": state,
        "paid": state.open_cents == 0 and words.amount_due_cents > 0,
        "groups": [_group(title, lines, view, known) for title, lines in _groups(words)],
        "reasons": [
            (finding, [_row(one, view, known) for one in citations])
            for finding, citations in words.reasons
        ],
        "estimate_clauses": [
            _row(one, view, known) for one in (words.estimate.citations if words.estimate else ())
        ],
        "pins": record["pins"],
        "usage": record["usage"],
        "record_sha256": stored.record_sha256,
        "schedule_address": series_address(view, words.schedule, known=known),
        "days": [(bar.days_words, bar.energy_wh) for bar in words.chart.bars],
    }
    return render(request, "web/bill.html", context)


@personal("print a bill", subjects=lambda bill_id: [bill_id])
def bill_document(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """The bill as one page of paper, from its record and the facts known when it was made."""
    stored = system.store.bill(bill_id)
    record = read_record(stored.record)
    pdf = bill_pdf(record, bill_facts(system, stored, record))
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{_file_name(bill_id)}.pdf"'},
    )


@personal("read a bill's record", subjects=lambda bill_id: [bill_id])
def bill_record(request: HttpRequest, system: System, bill_id: str) -> HttpResponse:
    """The canonical calculation record, byte for byte."""
    stored = system.store.bill(bill_id)
    return HttpResponse(stored.record, content_type="application/json; charset=utf-8")


def bill_facts(system: System, stored: StoredBill, record: dict[str, Any]) -> BillFacts:
    """The facts beside a record, as known when the bill was made: paper stays the same for ever."""
    service = system.store.service_of_agreement(stored.agreement_id, stored.known_at)
    view = system.book.as_known(stored.known_at.date())
    premise = service.premise
    return BillFacts(
        utility=view.utility,
        holders=service.holders,
        address_lines=(
            premise.address,
            f"{premise.city}, {premise.state} {premise.postal_code}",
        ),
        schedule_name=view.schedule(record["schedule"], stored.days.from_day).name,
        meter_id=_meter_of(service, stored.days),
        previous_balance_cents=stored.previous_balance_cents,
    )


def _read(system: System, bill_id: str) -> tuple[StoredBill, dict[str, Any], BillWords]:
    stored = system.store.bill(bill_id)
    record = read_record(stored.record)
    return stored, record, bill_words(record, bill_facts(system, stored, record))


def _meter_of(service: BillableService, days: DaySpan) -> str:
    meters = [one.meter_id for one in service.installations if one.touches(days)]
    return ", ".join(dict.fromkeys(meters))


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
