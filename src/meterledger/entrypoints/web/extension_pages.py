"""Contracts of extensions on pages: all of them, and one as a story with its clauses.

Lives here      rows of the list, one contract's money and steps, each with what decided it.
Lives elsewhere a contract in words (``extension_words``), the journeys (``usecases``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.extension_words import (
    ACT_WORDS,
    account_is_the_depositors,
    decisions_of,
    parts_of,
)
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.extensions import (
    ExtensionAct,
    ExtensionEvent,
    ExtensionOnFile,
    Purpose,
)
from meterledger.kernel.citation import Citation
from meterledger.usecases.extension_records import Moment
from meterledger.usecases.extension_refunds import refund_dates

ACTS_WITHOUT_MONEY = frozenset(
    {
        ExtensionAct.SIGNED,
        ExtensionAct.RELEASED,
        ExtensionAct.SERVED,
        ExtensionAct.NOTIFIED,
        ExtensionAct.VERIFIED,
        ExtensionAct.REJECTED,
        ExtensionAct.CHANGED,
    }
)


@dataclass(frozen=True, slots=True)
class WhyRow:
    """A finding and its clause, with the page that shows it."""

    finding: str
    clause: str
    address: str | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """One event of a contract. ``held_cents`` is what stands on 252 after it."""

    on: date
    words: str
    about: str
    bill_id: str
    cents: int
    moves_money: bool
    held_cents: int
    by: str
    reason: str
    why: tuple[WhyRow, ...]


@personal("list contracts of extensions", subjects=lambda: ["extensions"])
def extensions_page(request: HttpRequest, system: System) -> HttpResponse:
    """Every contract with what was advanced and what is held."""
    rows = [(one, " and ".join(parts_of(one.contract))) for one in system.store.extensions()]
    held = sum(one.held_cents for one, _ in rows)
    return render(request, "web/extensions.html", {"rows": rows, "held_cents": held})


@personal(
    "look at a contract of an extension",
    subjects=lambda contract_id: [contract_id],
    accounts=lambda request, system, contract_id: [
        system.store.extension(contract_id).contract.account_id
    ],
)
def extension_page(request: HttpRequest, system: System, contract_id: str) -> HttpResponse:
    """One contract: where its money stands, and what happened, step by step."""
    on_file = system.store.extension(contract_id)
    contract = on_file.contract
    dates = refund_dates(on_file, Moment.at(system.now, system.book))
    done = {one.on for one in on_file.of(ExtensionAct.REFUNDED)}
    coming = next((one for one in dates if one not in done), None)
    return render(
        request,
        "web/extension.html",
        {
            "contract": contract,
            "file": on_file,
            "parts": " and ".join(parts_of(contract)),
            "account_is_the_depositors": account_is_the_depositors(contract),
            "asked": [
                (purpose.value, contract.asked_cents(purpose), on_file.paid_cents(purpose))
                for purpose in Purpose
                if contract.asked_cents(purpose)
            ],
            "opened_why": _why(system, contract.record),
            "steps": _steps(system, on_file),
            "next_date": coming if on_file.held_cents else None,
            "last_date": dates[-1] if dates else None,
            "guarantee_state": on_file.guarantee_state.replace("_", " "),
        },
    )


def extensions_of_account(system: System, account_id: str) -> list[tuple[str, str]]:
    """Names and parts of an account's contracts, for its page."""
    return [
        (one.contract.contract_id, " and ".join(parts_of(one.contract)))
        for one in system.store.extensions(account_id=account_id)
    ]


def _steps(system: System, on_file: ExtensionOnFile) -> list[StepRow]:
    rows, held = [], 0
    for one in on_file.events:
        held += one.advance_cents
        rows.append(_step(system, one, held))
    return rows


def _step(system: System, event: ExtensionEvent, held: int) -> StepRow:
    bill = event.data.get("bill", "")
    about = {
        ExtensionAct.PAID: f"{event.data.get('purpose')}, key {event.data.get('key')}",
        ExtensionAct.TESTED: f"bill {event.data.get('bill_number')}",
        ExtensionAct.CHANGED: str(event.data.get("change", "")).replace("_", " "),
    }.get(event.act, "" if event.about == event.on.isoformat() else event.about)
    return StepRow(
        on=event.on,
        words=ACT_WORDS[event.act],
        about=about,
        bill_id=bill,
        cents=event.cents,
        moves_money=event.act not in ACTS_WITHOUT_MONEY,
        held_cents=held,
        by=event.by,
        reason=event.reason,
        why=_why(system, event.record),
    )


def _why(system: System, record: bytes) -> tuple[WhyRow, ...]:
    view = system.view
    rows: list[WhyRow] = []
    for decision in decisions_of(record):
        for reason in decision["reasons"]:
            rows.append(_row(view, reason))
    return tuple(rows)


def _row(view: Any, reason: dict[str, Any]) -> WhyRow:
    citation = Citation.from_json(reason["citation"])
    finding = reason["finding"]
    return WhyRow(
        finding[:1].upper() + finding[1:],
        citation.text,
        citation_address(view, citation, known=view.known_on),
    )
