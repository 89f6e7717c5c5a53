"""What is kept of a correction's decision, as canonical JSON: its facts, outcome and causes.

Lives here      writing and reading it. A corrected bill is computed again from its facts.
Lives elsewhere deciding (``billing.correction_limits``), the bill (``billing.corrected``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from meterledger.billing import (
    Billed,
    BillInError,
    CausePart,
    CorrectionEvidence,
    LimitedCorrection,
    PointEnded,
    corrected_bill,
    decide_correction,
)
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.held import GateFinding
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.ports import StoredBill

FLAGS = (
    "meter_error_within_limits",
    "obstruction_or_misrepresentation",
    "residential",
    "meter_error",
)
DAYS = ("discovered", "inquired", "notified", "meter_in_service_since", "first_occupancy")


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """The facts of a case, as they were when it was decided, and the bill it replaced in sums."""

    bills: tuple[BillInError, ...]
    evidence: CorrectionEvidence
    billed: Billed
    was_until: date | None = None
    """Until when the cancelled bill went, where it is corrected because service ended."""
    point_ended: PointEnded | None = None
    """Which other point on it ended, where it is corrected because of that."""


def billed_sums(stored: StoredBill) -> Billed:
    """A bill as issued, in sums: charges, and each tax by its code."""
    record = read_record(stored.record)
    charges = 0
    taxes: dict[str, int] = {}
    labels: dict[str, str] = {}
    for line in record["lines"]:
        cents = cents_from_text(line["usd"], where=stored.bill_id)
        if line["group"] == ChargeGroup.TAX.value:
            taxes[line["code"]] = taxes.get(line["code"], 0) + cents
            labels.setdefault(line["code"], line["label"])
        else:
            charges += cents
    return Billed(stored.bill_id, stored.issued_day, charges, taxes, labels)


def decision_text(
    case: DecidedCase,
    decision: Decision[LimitedCorrection] | None,
    parts: Sequence[CausePart],
    adjusted: bool,
    *,
    approved_by: str = "",
    findings: Sequence[GateFinding] = (),
    seen: Sequence[str] = (),
) -> str:
    """What is kept of one bill of a case; None was decided where no amount is another one.

    ``approved_by`` is the second person, where one was asked for. ``findings`` are what the gate
    found of the bill, ``seen`` codes of those that the author looked at.
    """
    outcome = decision.outcome if decision else LimitedCorrection(frozenset(), 0, 0, 0, None)
    offer = outcome.repayment
    told: dict[str, Any] = {
        "evidence": {
            **{key: getattr(case.evidence, key) for key in FLAGS},
            **{key: _day_text(getattr(case.evidence, key)) for key in DAYS},
            "wished_months": case.evidence.wished_months,
        },
        "bills": [
            {
                "bill": one.bill_id,
                "from": one.days.from_day.isoformat(),
                "to": one.days.until_day.isoformat(),
                "billed_usd": usd_text(one.billed_cents),
                "correct_usd": usd_text(one.correct_cents),
                "estimated": one.estimated,
            }
            for one in case.bills
        ],
        "billed": {
            "bill": case.billed.bill_id,
            "issued": case.billed.issued_day.isoformat(),
            "charges_usd": usd_text(case.billed.charges_cents),
            "taxes": {
                code: {"label": case.billed.tax_labels[code], "usd": usd_text(cents)}
                for code, cents in case.billed.tax_cents.items()
            },
        },
        "adjusted": adjusted,
        "overcharge_usd": usd_text(outcome.overcharge_cents),
        "undercharge_usd": usd_text(outcome.undercharge_cents),
        "left_usd": usd_text(outcome.left_cents),
        "repayment": None
        if offer is None
        else {
            "amount_usd": usd_text(offer.amount_cents),
            "months_offered": offer.months_offered,
            "months": offer.months,
            "instalment_usd": usd_text(offer.instalment_cents),
            "last_instalment_usd": usd_text(offer.last_instalment_cents),
        },
        "causes": [{"cause": one.cause.value, "usd": usd_text(one.cents)} for one in parts],
        "reasons": [
            {"finding": one.finding, "citation": one.citation.as_json()}
            for one in (decision.reasons if decision else ())
        ],
        **({"service_ended": {"was_until": _day_text(case.was_until)}} if case.was_until else {}),
        **({"point_ended": _point_told(case.point_ended)} if case.point_ended else {}),
        **({"approved_by": approved_by} if approved_by else {}),
        **({"gate": gate_told(findings, seen)} if findings else {}),
    }
    return canonical_bytes(told).decode()


def gate_told(findings: Sequence[GateFinding], seen: Sequence[str]) -> dict[str, Any]:
    """What the gate found of a corrected bill, and which of it its author had seen."""
    codes = [one.code for one in findings]
    return {
        "found": [{"code": one.code, "sentence": one.sentence} for one in findings],
        "seen": [code for code in dict.fromkeys(seen) if code in codes],
    }


def read_case(text: str) -> DecidedCase:
    """The facts of a case, from what is kept of it."""
    told = json.loads(text)
    evidence = told["evidence"]
    billed = told["billed"]
    return DecidedCase(
        bills=tuple(
            BillInError(
                one["bill"],
                DaySpan(date.fromisoformat(one["from"]), date.fromisoformat(one["to"])),
                cents_from_text(one["billed_usd"], where=one["bill"]),
                cents_from_text(one["correct_usd"], where=one["bill"]),
                one["estimated"],
            )
            for one in told["bills"]
        ),
        evidence=CorrectionEvidence(
            **{key: evidence[key] for key in FLAGS},
            **{key: _day(evidence[key]) for key in DAYS},
            wished_months=evidence["wished_months"],
        ),
        billed=Billed(
            bill_id=billed["bill"],
            issued_day=date.fromisoformat(billed["issued"]),
            charges_cents=cents_from_text(billed["charges_usd"], where=billed["bill"]),
            tax_cents={
                code: cents_from_text(one["usd"], where=billed["bill"])
                for code, one in billed["taxes"].items()
            },
            tax_labels={code: one["label"] for code, one in billed["taxes"].items()},
        ),
        was_until=_day(told["service_ended"]["was_until"]) if "service_ended" in told else None,
        point_ended=PointEnded(
            told["point_ended"]["service_point"], _day(told["point_ended"]["until"])
        )
        if "point_ended" in told
        else None,
    )


def corrected_again(right: Bill, *, bill_id: str, decision: str, view: BookView) -> Bill:
    """The corrected bill from its period's right bill and the case as it was decided.

    The case's own amount for this bill is what ``right`` comes to; nothing of the outcome that is
    kept is believed.
    """
    case = read_case(decision)
    own = case.billed.bill_id
    bills = tuple(
        replace(one, correct_cents=right.total_cents) if one.bill_id == own else one
        for one in case.bills
    )
    terms = Terms(view, right.issued_day)
    adjusted = True
    reasons: tuple[Reason, ...] = ()
    if any(one.difference_cents for one in bills):
        decided = decide_correction(bills, case.evidence, terms)
        reasons = decided.reasons
        adjusted = own in decided.outcome.adjusted or _unchanged(bills, own)
    return corrected_bill(
        right,
        bill_id=bill_id,
        billed=case.billed,
        adjusted=adjusted,
        reasons=reasons,
        terms=terms,
        was_until=case.was_until,
        point_ended=case.point_ended,
    )


def _point_told(one: PointEnded) -> dict[str, Any]:
    return {"service_point": one.service_point_id, "until": one.until_day.isoformat()}


def _unchanged(bills: Sequence[BillInError], own: str) -> bool:
    return any(one.bill_id == own and not one.difference_cents for one in bills)


def _day(text: str | None) -> Any:
    return None if text is None else date.fromisoformat(text)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
