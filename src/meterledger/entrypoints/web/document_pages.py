"""The page of a cycle's documents: what was printed, sent, set aside, and what has none yet.

Lives here      which cycle and day are asked for, and what the page shows.
Lives elsewhere making documents (``usecases/make_documents``, ``documents cycle``); one bill's
                paper (``bills``).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.budget import asked_of
from meterledger.facts.documents import CameBack, Channel, DocumentKind, IssuedDocument, cycle_run
from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import StoredBill

MOST_SHOWN = 500
MOST_CYCLES = 99
OF_A_CYCLE = re.compile(r"cycle ([1-9][0-9]?)")
PRINTED, SENT, ASIDE, NONE = "printed", "sent electronically", "set aside", "without a document"


class NotACycle(Refusal):
    """The cycle in an address is not one."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill of the cycle, and what became of its document."""

    bill: StoredBill
    asked_cents: int
    state: str
    documents: tuple[IssuedDocument, ...]
    came_back: tuple[CameBack, ...]
    reason: str


@personal("look at documents of a cycle", subjects=lambda: ["documents of a cycle"])
def documents_page(request: HttpRequest, system: System) -> HttpResponse:
    """A cycle's bills of a day with their documents; or the cycles that were run."""
    cycle, on = _cycle_asked(request), day_asked(request, "on")
    without = system.store.days_without_document(system.today + timedelta(days=1))
    context: dict[str, object] = {
        "cycle": cycle,
        "on": on,
        "cycles": _cycles_run(system),
        "without": without[:MOST_SHOWN],
        "without_bills": sum(bills for _, _, bills in without),
    }
    if cycle is not None and on is not None:
        rows = _rows(cycle, on, system)
        counts = Counter(one.state for one in rows)
        cents = {
            state: sum(one.asked_cents for one in rows if one.state == state) for state in counts
        }
        pages = [doc for one in rows for doc in one.documents if doc.channel is Channel.PRINT]
        context |= {
            "run": cycle_run(cycle, on),
            "count": len(rows),
            "states": [
                (state, counts[state], cents[state])
                for state in (PRINTED, SENT, ASIDE, NONE)
                if counts[state]
            ],
            "asked_cents": sum(one.asked_cents for one in rows),
            "pages": sum(one.page_count for one in pages),
            "sheets": sum(one.sheet_count for one in pages),
            "back": sum(bool(one.came_back) for one in rows),
            "rows": sorted(rows, key=lambda one: one.state in (PRINTED, SENT))[:MOST_SHOWN],
            "more": max(0, len(rows) - MOST_SHOWN),
        }
    return render(request, "web/documents.html", context)


def _cycle_asked(request: HttpRequest) -> int | None:
    """:raises NotACycle: saying how a cycle is written"""
    text = request.GET.get("cycle", "").strip()
    if not text:
        return None
    if OF_A_CYCLE.fullmatch(f"cycle {text}") is None:
        raise NotACycle(
            f"{shown(text)} is not a reading cycle",
            where="cycle",
            do=f"Write its number, from 1 to {MOST_CYCLES}, or leave it out",
        )
    return int(text)


def _cycles_run(system: System) -> list[tuple[int, date]]:
    """Cycles and days on which bills left, the newest first, each once."""
    found = {
        (int(told[1]), one.on): None
        for one in system.store.bill_runs()
        if one.counts.billed and (told := OF_A_CYCLE.fullmatch(one.scope)) is not None
    }
    return list(found)[:60]


def _rows(cycle: int, on: date, system: System) -> list[BillRow]:
    """Bills issued on the day, by number, each with the documents that any run made of it."""
    bills = sorted(system.store.bills_issued(cycle, on), key=lambda one: one.bill_id)
    names = [one.bill_id for one in bills]
    documents = system.store.documents_of_bills(names)
    back = system.store.came_back_of_bills(names)
    reliefs = system.store.relief_of_bills(names)
    rows = []
    for bill in bills:
        made = tuple(
            one for one in documents.get(bill.bill_id, ()) if one.kind is not DocumentKind.DUPLICATE
        )
        reason = "" if made else _why_set_aside(bill.bill_id, system)
        printed = any(one.channel is Channel.PRINT for one in made)
        state = PRINTED if printed else SENT if made else ASIDE if reason else NONE
        asked = asked_of(bill.record, bill.total_cents)
        if bill.bill_id in reliefs:
            asked -= reliefs[bill.bill_id].cents
        came_back = tuple(back.get(bill.bill_id, ()))
        rows.append(BillRow(bill, asked, state, made, came_back, reason))
    return rows


def _why_set_aside(bill_id: str, system: System) -> str:
    aside = system.store.set_aside_of_bill(bill_id)
    return aside[-1].reason if aside else ""
