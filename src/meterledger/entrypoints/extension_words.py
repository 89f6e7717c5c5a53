"""Contracts of extensions as commands answer them and pages show them.

Lives here      a contract with its money and events as JSON, and in words.
Lives elsewhere asking and doing (``usecases/extension_*``), the page (``web/extension_pages``).
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from meterledger.facts.extensions import (
    ExtensionAct,
    ExtensionContract,
    ExtensionEvent,
    ExtensionOnFile,
    Purpose,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.money import usd_shown, usd_text

ACT_WORDS = {
    ExtensionAct.PAID: "Paid in",
    ExtensionAct.PAYMENT_RETURNED: "A payment bounced",
    ExtensionAct.SIGNED: "The guarantee was signed",
    ExtensionAct.RELEASED: "Construction was released",
    ExtensionAct.SERVED: "Permanent service began",
    ExtensionAct.NOTIFIED: "A connection was told",
    ExtensionAct.VERIFIED: "A connection was verified",
    ExtensionAct.REJECTED: "A connection was not found",
    ExtensionAct.REFUNDED: "Half-yearly refund",
    ExtensionAct.FORFEITED: "Kept after the last date",
    ExtensionAct.TESTED: "A bill was held against the guarantee",
    ExtensionAct.GIVEN_BACK: "The guarantee's deposit was given back",
    ExtensionAct.CHARGED: "A month of the special facility",
    ExtensionAct.CHANGED: "The special facility was changed",
    ExtensionAct.TAKEN_BACK: "Taken back",
}


def extension_json(on_file: ExtensionOnFile, dates: tuple[date, ...]) -> dict[str, Any]:
    """A contract with where its money stands. ``dates`` are its refund dates."""
    contract = on_file.contract
    return {
        "extension": contract.contract_id,
        "account": contract.account_id,
        "requested": contract.requested_day.isoformat(),
        "opened_by": contract.by,
        "account_is_the_depositors": account_is_the_depositors(contract),
        "depositor": contract.depositor,
        "parts": parts_of(contract),
        "asked_usd": {
            purpose.value: usd_text(contract.asked_cents(purpose))
            for purpose in Purpose
            if contract.asked_cents(purpose)
        },
        "advanced_usd": usd_text(on_file.advanced_cents),
        "refunded_usd": usd_text(on_file.refunded_cents),
        "kept_usd": usd_text(on_file.forfeited_cents),
        "held_usd": usd_text(on_file.held_cents),
        "contributed_usd": usd_text(on_file.paid_cents(Purpose.CONTRIBUTION)),
        "released": bool(on_file.of(ExtensionAct.RELEASED)),
        "guarantee": on_file.guarantee_state if contract.guarantee else None,
        "refund_dates": [one.isoformat() for one in dates],
        "decisions": decisions_of(contract.record),
        "record_sha256": sha256_hex(contract.record),
        "events": [event_json(one) for one in on_file.events],
    }


def account_is_the_depositors(contract: ExtensionContract) -> bool:
    """Whether another party gives the deposit, and it was said that the account is theirs."""
    told: dict[str, Any] = json.loads(contract.record)
    return told.get("account_is_the_depositors", False) is True


def parts_of(contract: ExtensionContract) -> list[str]:
    """What the contract is about, in words."""
    named = {
        "advance refundable deposit": contract.deposit,
        "guarantee agreement": contract.guarantee,
        "special facilities": contract.contribution,
        "monthly facility charge": contract.facility,
    }
    return [words for words, part in named.items() if part is not None]


def event_json(event: ExtensionEvent) -> dict[str, Any]:
    """One event with the clauses that decided it."""
    return {
        "event": event.key,
        "act": event.act.value,
        "on": event.on.isoformat(),
        "about": event.about,
        "usd": usd_text(event.cents),
        "by": event.by,
        "reason": event.reason,
        "data": {
            key: usd_text(value) if key.endswith("_cents") else value
            for key, value in event.data.items()
        },
        "decisions": decisions_of(event.record),
        "record_sha256": sha256_hex(event.record),
    }


def decisions_of(record: bytes) -> list[dict[str, Any]]:
    """Rule, reasons and standing of each decision in a record."""
    return [
        {
            "rule": one["rule"],
            "on": one["on"],
            "standing": one["standing"],
            "reading_keys": one["reading_keys"],
            "outcome": one["outcome"],
            "reasons": one["reasons"],
        }
        for one in json.loads(record)["decisions"]
    ]


def extension_words(told: dict[str, Any]) -> list[str]:
    """A contract as lines for a terminal."""
    lines = [
        f"{told['extension']}: {' and '.join(told['parts'])}, account {told['account']}, requested "
        f"{told['requested']}",
        f"  advanced {usd_shown(told['advanced_usd'])} = refunded "
        f"{usd_shown(told['refunded_usd'])} + kept "
        f"{usd_shown(told['kept_usd'])} + held {usd_shown(told['held_usd'])}",
    ]
    if told["account_is_the_depositors"]:
        lines.append("  the deposit is another party's, and the account is said to be theirs")
    if told["depositor"]:
        lines.append(
            f"  the deposit is of payee {told['depositor']}: what comes back of it goes to them "
            f"alone, asked for with `meterledger extension to-depositor {told['extension']}`"
        )
    for one in told["events"]:
        who = f" by {one['by']}" if one["by"] else ""
        lines.append(f"  {one['on']}  {one['act']} {one['about']}  {usd_shown(one['usd'])}{who}")
        for decision in one["decisions"]:
            for reason in decision["reasons"]:
                lines.append(f"      {reason['finding']} ({reason['citation']['text']})")
    return lines
