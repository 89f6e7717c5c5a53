"""A corrected bill proves itself like any other."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import meterledger_verify as verifier
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.prove_bill import prove_bill, signed_bytes
from meterledger.usecases.rebill import rebill

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
KNOWN = datetime(2026, 12, 1, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)


def proof(town: Any, bill_id: str, folder: Path) -> dict[str, Any]:
    made = prove_bill(bill_id=bill_id, store=town.store, lake=town.lake, book=town.book)
    return {**made, "signature": BillSigner(folder).sign(signed_bytes(made))}


def test_a_corrected_bill_is_proved_from_its_own_readings(town: Any, tmp_path: Path) -> None:
    town.start(1, tax_place="university_city")
    town.read("M1", (JULY, AUGUST), lambda day, count: [100] * count)
    (july,) = town.bill(1, on=AUGUST, known_at=KNOWN).issued
    town.read("M1", (JULY, AUGUST), lambda day, count: [90] * count)
    (one,) = rebill(
        [july.bill_id],
        author="Ana",
        reason="read again",
        on=date(2025, 9, 20),
        known_at=FOUND,
        store=town.store,
        lake=town.lake,
        book=town.book,
    ).corrected

    old, new = (proof(town, name, tmp_path) for name in (july.bill_id, one.bill.bill_id))

    for each in (old, new):
        verifier.verify(verifier.read_proof(json.dumps(each).encode()), None)
    assert new["bill"]["corrects"] == july.bill_id
    assert "corrects" not in old["bill"]
    assert new["bill"]["total_usd"] != old["bill"]["total_usd"]
