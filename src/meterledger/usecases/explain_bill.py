"""Explain: every line of a bill to its inputs and clause; two bills compared to the cent."""

from __future__ import annotations

import json
from typing import Any, Protocol

from meterledger.billing import split_difference
from meterledger.facts.bills import read_record
from meterledger.facts.corrections import Correction
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.usecases.ports import StoredBill


class ExplainStore(Protocol):
    """What this journey needs of the store."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def correction_of(self, bill_id: str) -> Correction | None:
        """The correction that made this bill; None where it corrects none."""


def explain_bill(*, bill_id: str, store: ExplainStore, versus: str | None = None) -> dict[str, Any]:
    """The shape of ``why --json`` (DESIGN.md section 6).

    With ``versus``, the difference to that earlier bill by cause, and once more by charge: either
    way the parts sum to the difference of the totals exactly. Against the bill that it corrects
    the causes are those of the correction.

    :raises NotFound: if either bill does not exist
    """
    stored = store.bill(bill_id)
    record = read_record(stored.record)
    answer: dict[str, Any] = {
        "bill": bill_id,
        "account": record["account"],
        "schedule": record["schedule"],
        "from": record["from"],
        "to": record["to"],
        "total_usd": record["total_usd"],
        "standing": record["standing"],
        "lines": record["lines"],
        "reasons": record["reasons"],
        "pins": record["pins"],
        "versus": None,
    }
    if versus is not None:
        answer["versus"] = _difference(read_record(store.bill(versus).record), record)
        correction = store.correction_of(bill_id) if stored.corrects == versus else None
        if correction is not None:
            answer["versus"]["parts"] = json.loads(correction.decision)["causes"]
    return answer


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, int] = {}
    labels: dict[str, str] = {}
    for record, sign in ((before, -1), (after, 1)):
        for line in record["lines"]:
            cents = cents_from_text(line["usd"], where=record["bill"])
            parts[line["code"]] = parts.get(line["code"], 0) + sign * cents
            labels[line["code"]] = line["label"]
    return {
        "bill": before["bill"],
        "parts": [
            {"cause": part.cause.value, "usd": usd_text(part.cents)}
            for part in split_difference(before, after)
        ],
        "by_charge": [
            {"cause": labels[code], "code": code, "usd": usd_text(cents)}
            for code, cents in parts.items()
            if cents != 0
        ],
        "estimated_kwh": [_estimated_kwh(before), _estimated_kwh(after)],
        "total_usd": usd_text(sum(parts.values())),
    }


def _estimated_kwh(record: dict[str, Any]) -> str:
    """How much of a bill's energy is an estimate: a difference may be nothing but one."""
    estimated = record["usage"].get("estimated") or {}
    thousandths = int(estimated.get("energy_wh", 0))
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"
