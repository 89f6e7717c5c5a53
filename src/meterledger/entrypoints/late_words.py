"""Words of late charges, for commands and pages alike.

Lives here      a charge as JSON and in words, reasons as sentences.
Lives elsewhere the charge (``facts/late_charges``), deciding it (``usecases``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from meterledger.facts.late_charges import (
    LateCharge,
    LateChargeReversal,
    LateChargeRun,
    LateReason,
)
from meterledger.facts.receivables import BillShown, Movement
from meterledger.kernel.money import usd_text
from meterledger.ledger import first_that_shows

REASONS = {
    LateReason.NO_BILL: "no bill has become delinquent since the bill before",
    LateReason.GRACE: "mail may still be in time",
    LateReason.PAID: "everything was paid in time",
    LateReason.KNOWN: "decided before",
    LateReason.UNKNOWN_PAYMENT: "a payment's outcome is unknown; it is not counted as missed",
    LateReason.DEPOSIT: "deposit arrears are left out",
    LateReason.SPECIAL: "special charges are left out",
    LateReason.OUR_DELAY: "what we billed late or wrongly bears no charge",
    LateReason.MISSING_REPORT: "debt for want of an opt-out customer's report",
    LateReason.AGREEMENT_KEPT: "an agreement that is kept spares what it collects",
    LateReason.AGREEMENT_MISSED: "a missed instalment is charged on itself",
    LateReason.GOVERNMENT: "an account of a government",
    LateReason.TOO_SMALL: "the charge is less than half a cent",
    LateReason.NEW: "charged on what became delinquent",
    LateReason.AGAIN: "charged again on arrears of earlier bills",
    LateReason.COMPOUND: "charged on earlier late charges, as the reading late.compound says",
    LateReason.CORRECTED: "decided again after a bill was corrected",
}
"""A reason's sentence, for people."""


def reason_words(code: str) -> str:
    """What a code says; the code itself where it is none of a charge."""
    known = {reason.value: words for reason, words in REASONS.items()}
    return known.get(code, "the book or a fact is silent" if code == "refused" else code)


def bill_that_shows(charge: LateCharge, bills: Sequence[BillShown]) -> BillShown | None:
    """The bill that tells of a charge: the first that is issued, from its day on and after it was
    known. None as long as there is none; a bill that is held shows nothing.

    :param bills: the account's bills in the order in which they were made
    """
    moved = Movement(charge.entry_id, charge.on, charge.known_at, charge.cents)
    return first_that_shows(moved, bills)


def shown_words(shown: BillShown | None) -> str:
    """Which bill tells of a charge."""
    if shown is None:
        return "to be shown on the next bill that is issued"
    return f"shown on bill {shown.bill_id} of {shown.issued_day}"


def charge_as_json(charge: LateCharge, reversal: LateChargeReversal | None) -> dict[str, Any]:
    """A charge as commands answer it: its record whole, beside what stands about it."""
    return {
        "late_charge": charge.late_charge_id,
        "account": charge.account_id,
        "bill": charge.bill_id,
        "delinquent_day": charge.delinquent_day.isoformat(),
        "on": charge.on.isoformat(),
        "late_charge_usd": usd_text(charge.cents),
        "base_usd": usd_text(charge.base_cents),
        "codes": list(charge.codes),
        "standing": charge.standing,
        "record_sha256": charge.record_sha256,
        "replaces": charge.replaces,
        "reversal": None if reversal is None else reversal_as_json(reversal),
        "record": json.loads(charge.record),
    }


def reversal_as_json(reversal: LateChargeReversal) -> dict[str, Any]:
    """A reversal as commands answer it."""
    return {
        "late_charge": reversal.late_charge_id,
        "cause": reversal.cause.value,
        "reason": reversal.reason,
        "by": reversal.by,
        "approved_by": reversal.approved_by,
        "learned_at": reversal.learned_at.isoformat(),
    }


def run_as_json(run: LateChargeRun) -> dict[str, Any]:
    """What a run came to, as commands answer it."""
    return {
        "run": run.run_id,
        "on": run.on.isoformat(),
        "scope": run.scope,
        "considered": run.considered,
        "charged": run.charged,
        "not_charged": run.not_charged,
        "refused": run.refused,
        "charges": run.charges,
        "total_usd": usd_text(run.cents),
        "by_code": dict(run.by_code),
        "book_sha256": run.book_sha256,
    }


def arithmetic_words(record: dict[str, Any]) -> list[str]:
    """How the amount came about, one step a line: each finding of the rules with its clause."""
    return [
        f"{reason['finding'][:1].upper()}{reason['finding'][1:]} ({reason['citation']['text']})"
        for ruling in record["rulings"]
        for reason in ruling["reasons"]
    ]
