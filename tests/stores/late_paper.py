"""Late charges on paper: one of each account, its reversal, what waits, whose account it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of

from meterledger.facts.late_charges import (
    GovernmentAccount,
    LateCharge,
    LateChargeReversal,
    LateChargeRun,
    LateChargeWait,
    ReversalCause,
)
from meterledger.facts.money import Entry, Leg
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.money import usd_text
from meterledger.usecases.late_charge_ports import LateChargeWork
from meterledger.usecases.ports import Store

DAY = date(2025, 2, 21)
SHOWN = date(2025, 3, 2)
RUN = LateChargeRun(
    "late:2025-03-02:1", SHOWN, "accounts", 3, 1, 1, 1, 1, 150, (("new", 1),), "b" * 64, LATER
)


def charge_of(number: int = 1, *, cents: int = 150, version: str = "") -> LateCharge:
    name = f"{account_id(number)}:{DAY.isoformat()}"
    record = canonical_bytes(
        {
            "late_charge": name + version,
            "account": account_id(number),
            "bill": bill_of(number)[0].bill_id,
            "delinquent_day": DAY.isoformat(),
            "shown_on_the_bill_of": SHOWN.isoformat(),
            "late_charge_usd": usd_text(cents),
            "base_usd": "100.00",
        }
    )
    return LateCharge(
        late_charge_id=name + version,
        account_id=account_id(number),
        bill_id=bill_of(number)[0].bill_id,
        delinquent_day=DAY,
        on=SHOWN,
        cents=cents,
        base_cents=10_000,
        codes=("new", "again"),
        rests_on=(f"bill:{bill_of(number)[0].bill_id}",),
        clause="Sheet 136, rev. 1, GRR V.J",
        standing="carried_forward",
        record=record,
        record_sha256=sha256_hex(record),
        book_sha256="b" * 64,
        known_at=LATER,
        replaces=name if version else None,
    )


def entry_of(charge: LateCharge, cents: int = 0) -> Entry:
    owed = cents or charge.cents
    legs = (Leg("142", owed, charge.account_id), Leg("450", -owed))
    return Entry(charge.entry_id, charge.on, charge.known_at, legs, "late payment charge")


def reversal_of(charge: LateCharge) -> tuple[LateChargeReversal, Entry]:
    made = entry_of(charge)
    back = tuple(replace(leg, cents=-leg.cents) for leg in made.legs)
    return LateChargeReversal(
        charge.late_charge_id,
        charge.account_id,
        ReversalCause.BY_DECISION,
        "a first time",
        LATER,
        "Ana",
        "Ben",
    ), Entry(f"reversal:{made.entry_id}", SHOWN, LATER, back, "taken back", made.entry_id)


def work_of(*charges: LateCharge) -> LateChargeWork:
    return LateChargeWork(charges=tuple((one, entry_of(one)) for one in charges))


def government_of(number: int = 1) -> GovernmentAccount:
    """The number-th account as one of the United States."""
    return GovernmentAccount(
        account_id(number), DAY, "U.S. Government", "31 U.S.C. 3902", "0.5", 30, "Ana", LATER
    )


def wait_of(number: int = 1) -> LateChargeWait:
    """A delinquent date of the number-th account that waits."""
    return LateChargeWait(account_id(number), DAY, SHOWN, "unknown_payment", "waits", LATER)


def keep_late_charges(store: Store) -> None:
    """A charge of the first account that is taken back, one that waits, a run, a government."""
    charge = charge_of()
    with store.viewing(ANALYST, [charge.account_id]):
        store.record_late_charges(replace(work_of(charge), waits=(wait_of(),), run=RUN))
        store.record_late_charges(LateChargeWork(reversals=(reversal_of(charge),)))
        store.tell_government_account(government_of())
