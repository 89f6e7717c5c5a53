"""Payments as answers and words: one shape for the command line and the pages.

Lives here      JSON of receipts, files and totals; the desk of a running system.
Lives elsewhere receipts (``facts/payments``), what may be done (``usecases/settle_payment``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from meterledger.entrypoints.wiring import System
from meterledger.facts.payments import PaymentFile, ReceiptOnFile, ReceiptTotals, Totals
from meterledger.facts.receivables import Application
from meterledger.kernel.money import usd_shown, usd_text
from meterledger.usecases.combined_payments import CombinedPayment
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.settle_payment import PaymentDesk

STATE_WORDS = {
    "received": "on its way",
    "unknown": "nobody knows yet",
    "posted": "on the account",
    "unapplied": "waits for its account",
    "divided": "stands in parts",
    "returned": "taken back",
    "refused": "never was money",
}

CHANNEL_WORDS = {
    "office": "at the office",
    "lockbox": "through the lockbox",
    "ach": "by ACH",
    "card": "through the processor of cards",
    "agency": "through a pay agency",
    "autopay": "by autopay",
}


def payment_desk(system: System) -> PaymentDesk:
    """What a journey of payments has at hand in a running system."""
    asked = deposits_asked_on(system.today, system.store)
    return PaymentDesk(system.store, system.view, system.now, asked)


def receipt_json(
    known: ReceiptOnFile, applications: Sequence[Application] | None = None
) -> dict[str, Any]:
    """One receipt of ``payment show`` and ``payment list``; a list does not say what each paid."""
    receipt = known.receipt
    told: dict[str, Any] = {
        "payment": receipt.payment_key,
        "state": known.state.value,
        "account": known.account_id,
        "account_told": receipt.account_told,
        "usd": usd_text(receipt.cents),
        "tender": receipt.tender.value,
        "channel": receipt.channel.value,
        "received": receipt.received_day.isoformat(),
        "mailed": receipt.is_mailed,
        "reference": receipt.reference,
        "check": receipt.check_number,
        "file": receipt.file_sha256,
        "line": receipt.line,
        "learned_at": _instant(receipt.learned_at),
        "steps": [
            {
                "number": step.number,
                "act": step.act.value,
                "state": step.state.value,
                "on": step.on.isoformat(),
                "by": step.by,
                "reason": step.reason,
                "entry": step.entry_id,
                "account": step.account_id,
                "learned_at": _instant(step.learned_at),
            }
            for step in known.steps
        ],
    }
    if applications is not None:
        told["applications"] = [
            {
                "application": one.application_id,
                "item": one.item_id,
                "kind": one.kind.value,
                "usd": usd_text(one.cents),
                "on": one.applied_day.isoformat(),
                "undoes": one.undoes,
            }
            for one in applications
        ]
    return told


def parts_json(check: CombinedPayment | None) -> list[dict[str, Any]]:
    """What each account got of a check for a combined statement; none of another payment."""
    return [
        {
            "payment": one.receipt.payment_key,
            "account": one.account_id,
            "usd": usd_text(one.receipt.cents),
            "state": one.state.value,
        }
        for one in (check.parts if check is not None else ())
    ]


def print_parts(parts: Sequence[dict[str, Any]]) -> None:
    """The parts of a check, for a person."""
    for one in parts:
        print(
            f"  account {one['account']}  {usd_shown(one['usd']):>13}  {one['payment']}: "
            f"{one['state']}"
        )


def file_json(file: PaymentFile) -> dict[str, Any]:
    """One file of ``payment file`` and ``payment totals``."""
    return {
        "file": file.name,
        "sha256": file.sha256,
        "profile": file.profile,
        "deposited": file.deposited_day.isoformat(),
        "received": totals_json(file.received),
        "posted": totals_json(file.posted),
        "unapplied": totals_json(file.unapplied),
        "refused": totals_json(file.refused),
        "by": file.by,
        "lines_refused": [
            {"line": one.line, "usd": usd_text(one.cents), "why": one.why, "text": one.text}
            for one in file.refused_lines
        ],
    }


def totals_json(totals: Totals) -> dict[str, Any]:
    """Count and dollars."""
    return {"count": totals.count, "usd": usd_text(totals.cents)}


def day_totals_json(one: ReceiptTotals) -> dict[str, Any]:
    """One row of ``payment totals``: received is the sum of the states."""
    return {
        "day": one.day.isoformat(),
        "channel": one.channel.value,
        "file": one.file_sha256,
        "received": totals_json(one.received),
        "by_state": {state.value: totals_json(totals) for state, totals in one.by_state},
    }


def print_receipt(told: dict[str, Any]) -> None:
    """One receipt, for a person."""
    print(
        f"{told['payment']}  {usd_shown(told['usd'])}, {told['tender']} by "
        f"{told['channel']}, received "
        f"{told['received']}: {told['state']}" + (f" {told['account']}" if told["account"] else "")
    )
    for step in told["steps"]:
        by = f" by {step['by']}" if step["by"] else ""
        print(f"  {step['on']}  {step['act']}{by}: {step['state']}")
        for line in step["reason"].splitlines():
            print(f"      {line}")
    for one in told.get("applications", ()):
        print(f"  {usd_shown(one['usd']):>13}  {one['item']} ({one['kind']})")


def print_totals(rows: Sequence[dict[str, Any]], day: date) -> None:
    """Totals of days, for a person."""
    if not rows:
        print(f"No money was received on {day}.")
    for one in rows:
        parts = ", ".join(
            f"{state} {part['count']} of {usd_shown(part['usd'])}"
            for state, part in one["by_state"].items()
        )
        where = f", file {one['file'][:12]}" if one["file"] else ""
        received = one["received"]
        print(
            f"{one['day']} {one['channel']}{where}: received {received['count']} of "
            f"{usd_shown(received['usd'])} = {parts}"
        )


def _instant(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
