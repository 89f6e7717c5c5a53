"""Settlements in the JSON and the words of commands and pages.

Lives here      shapes and sentences.
Lives elsewhere settlements (``facts/settlements``), what may be done (``usecases``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from meterledger.facts.checkouts import OF_CHECKOUT
from meterledger.facts.settlements import Act, Means, SettlementCase, SettlementKind, Step
from meterledger.kernel.money import usd_display, usd_text

KIND_WORDS = {
    SettlementKind.TRANSFER: "balance to another account",
    SettlementKind.REFUND: "refund",
    SettlementKind.WRITE_OFF: "write-off",
    SettlementKind.RECOVERY: "recovery of a write-off",
    SettlementKind.FEE: "charge for a returned payment",
    SettlementKind.CREDIT: "credit of goodwill",
    SettlementKind.PROVISION: "provision",
    SettlementKind.SPECIAL: "special charge",
}
STATE_WORDS = {
    Act.ASKED: "waits for approval",
    Act.APPROVED: "approved",
    Act.REFUSED: "refused",
    Act.REVERSED: "taken back",
    Act.SENT: "sent",
    Act.CLEARED: "paid by the bank",
    Act.STOPPED: "stopped",
    Act.RETURNED: "came back",
    Act.NOTICED: "unclaimed, owner written to",
    Act.UNCLAIMED: "unclaimed",
    Act.CLAIMED: "claimed",
    Act.ESCHEATED: "handed to the State",
}


COMMANDS = {
    Act.APPROVED: "meterledger settlement approve {id}",
    Act.REFUSED: "meterledger settlement refuse {id}",
    Act.SENT: "meterledger refund send {id}",
    Act.CLEARED: "meterledger refund clear {id}",
    Act.STOPPED: "meterledger refund stop {id}",
    Act.RETURNED: "meterledger refund return {id}",
    Act.REVERSED: "meterledger settlement undo {id}",
    Act.NOTICED: "meterledger unclaimed letter {id}",
    Act.UNCLAIMED: "meterledger unclaimed set-apart",
    Act.CLAIMED: "meterledger unclaimed claim {id}",
    Act.ESCHEATED: "meterledger unclaimed hand-over",
}
"""The command of each act, the likeliest first."""
WAYS = {
    Act.APPROVED: "approved",
    Act.REFUSED: "refused",
    Act.SENT: "sent",
    Act.CLEARED: "marked as paid by the bank",
    Act.STOPPED: "stopped",
    Act.RETURNED: "marked as having come back",
    Act.REVERSED: "taken back",
    Act.NOTICED: "marked as told to its owner by letter",
    Act.UNCLAIMED: "set apart as unclaimed",
    Act.CLAIMED: "given to its owner",
    Act.ESCHEATED: "handed to the State",
}
"""What may be done with it, after "it may be"."""
SENDING = {
    Means.CHECK: "meterledger refund send {id} --reference NUMBER",
    Means.ACH: "meterledger refund order-ach",
    Means.CARD: "meterledger refund send {id} --reference NUMBER",
}


def state_words(case: SettlementCase) -> str:
    """Where a settlement stands, in a few words."""
    if case.last.act is Act.APPROVED and case.kind is not SettlementKind.REFUND:
        return "posted"
    if case.last.act is Act.APPROVED:
        return "to be sent"
    return STATE_WORDS[case.last.act]


def settlement_json(case: SettlementCase) -> dict[str, Any]:
    """One settlement of every command."""
    payee = case.payee
    record = json.loads(case.record)
    return {
        "settlement": case.settlement_id,
        "kind": case.kind.value,
        "state": case.last.act.value,
        "account": case.account_id or None,
        "to_account": case.to_account_id or None,
        "usd": usd_text(case.cents),
        "about": case.about or None,
        "by_day": case.by_day.isoformat() if case.by_day else None,
        "needs_two": case.needs_two,
        "payee": None
        if payee is None
        else {
            "name": payee.name,
            "means": payee.means.value,
            "payment": payee.payment_key or None,
            "payee": payee.payee_id or None,
        },
        "standing": record.get("standing"),
        "reasons": record.get("reasons", []),
        "steps": [_step_json(one) for one in case.steps],
        "ways": sorted(one.value for one in case.ways),
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "act": step.act.value,
        "on": step.on.isoformat(),
        "learned_at": step.learned_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "by": step.by,
        "reason": step.reason,
        "entry": step.entry_id or None,
        "reference": step.reference or None,
    }


def settlement_line(case: SettlementCase) -> str:
    """A settlement in one line of a list."""
    return (
        f"{case.settlement_id}  {usd_display(case.cents)}  "
        f"{KIND_WORDS[case.kind]}, {state_words(case)}"
    )


def settlement_words(case: SettlementCase) -> str:
    """A settlement with its decision and its steps, for a person."""
    lines = [settlement_line(case)]
    if case.payee is not None:
        where = case.payee.payment_key or case.payee.payee_id
        lines.append(f"  To {case.payee.name} by {case.payee.means.value} ({where})")
    if case.by_day is not None and case.kind is SettlementKind.REFUND:
        lines.append(f"  To have gone by {case.by_day}")
    for one in reasons_of(case):
        lines.append(f"  Because {one[0]} ({one[1]})")
    for step in case.steps:
        told = f"  {step.on}  {step.act.value} by {step.by}: {step.reason}"
        lines.append(f"{told} [{step.entry_id}]" if step.entry_id else told)
    if case.ways:
        lines.append("  It may be:")
        lines += [f"    {words} with `{command}`" for words, command in ways_of(case)]
    return "\n".join(lines)


def ways_of(case: SettlementCase) -> list[tuple[str, str]]:
    """What may be done with it now, each with the command that does it."""
    found = []
    for act in sorted(case.ways, key=[*COMMANDS].index):
        command = COMMANDS[act].format(id=case.settlement_id)
        if act is Act.SENT and case.payee is not None:
            command = SENDING[case.payee.means].format(id=case.settlement_id)
            if case.payee.means is Means.CARD and case.payee.payment_key.startswith(OF_CHECKOUT):
                command = f"meterledger refund to-card {case.settlement_id}"
        found.append((WAYS[act], command))
    return found


def reasons_of(case: SettlementCase) -> list[tuple[str, str]]:
    """The findings of its decision, each with its clause in short."""
    found = []
    for one in json.loads(case.record).get("reasons", []):
        citation = one["citation"]
        revision = citation["revision"]
        rev = f"rev. {revision}" if revision else f"in force {citation['effective']}"
        clause = f"{citation['sheet']}, {rev}, {citation['paragraph']}"
        found.append((one["finding"], clause))
    return found


def list_words(cases: Iterable[SettlementCase]) -> str:
    """A list of settlements for a person."""
    lines = [settlement_line(one) for one in cases]
    return "\n".join([f"{len(lines)} settlement{'' if len(lines) == 1 else 's'}.", *lines])
