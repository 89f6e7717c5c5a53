"""What must always hold, checked over everything stored: the store's, the lake's and replay's part.

Lives here      gathering the invariants of DESIGN.md section 7 that have a home already.
Lives elsewhere enforcing them (constraints in ``stores``), deciding (rooms).
"""

from __future__ import annotations

from typing import Any, cast

from meterledger.entrypoints.wiring import System
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.replay_bill import replay_bill


def verify_system(system: System) -> list[dict[str, Any]]:
    """Every invariant as ``{name, checked, broken}``; ``broken`` lists sentences."""
    from meterledger.stores.postgres import PostgresStore, verify_invariants

    store = cast(PostgresStore, system.store)

    results = [
        {"name": name, "checked": checked, "broken": list(broken)}
        for name, checked, broken in verify_invariants(store)
    ]
    results.append(_lake_files(system))
    results.append(_vault(system))
    results.append(_documents(system))
    results.append(_estimates(system))
    results.append(_replays(system))
    return results


def _lake_files(system: System) -> dict[str, Any]:
    checked, broken = system.lake.verify(system.store.lake_sequence())
    name = "every published lake file is there, unchanged, with whole meter-days"
    return {"name": name, "checked": checked, "broken": list(broken)}


def _vault(system: System) -> dict[str, Any]:
    checked, broken = system.vault.verify()
    name = "every received file in the vault opens and has its hash"
    return {"name": name, "checked": checked, "broken": list(broken)}


def _documents(system: System) -> dict[str, Any]:
    from meterledger.usecases.one_document import check_documents

    checked, broken = check_documents(system.store, system.documents)
    name = "every issued document is kept byte for byte, with what it is made from"
    return {"name": name, "checked": checked, "broken": broken}


def _estimates(system: System) -> dict[str, Any]:
    from meterledger.usecases.check_estimates import check_estimates

    checked, broken = check_estimates(system.store, system.lake, system.view)
    name = "every estimate on record is what the lake kept of it, to the watt-hour"
    return {"name": name, "checked": checked, "broken": broken}


def _replays(system: System) -> dict[str, Any]:
    from meterledger.stores.lake import FileErased

    broken: list[str] = []
    checked = 0
    for account in system.store.account_ids():
        for stored in system.store.issued_bills_of_account(account):
            checked += 1
            try:
                again = replay_bill(
                    bill_id=stored.bill_id,
                    store=system.store,
                    lake=system.lake,
                    book=system.book,
                )
            except FileErased:  # deleted on schedule, with its tombstone: nothing to compare
                checked -= 1
                continue
            except Refusal as refusal:
                broken.append(f"{stored.bill_id}: {refusal.of_one_case().sentence}")
                continue
            if not again.same_bytes:
                difference = again.differences[0] if again.differences else "other bytes"
                broken.append(f"{stored.bill_id}: {difference}")
    return {"name": "any issued bill rebuilds byte for byte", "checked": checked, "broken": broken}
