"""Relief on paper: half a charge of a month of the paper town's accounts, agreed by two people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.stores.paper_town import (
    CORRECTED_AT,
    LATER,
    LEARNED,
    account_id,
    bill_of,
    month_of,
    rebill_of,
)

from meterledger.facts.bills import Bill
from meterledger.facts.corrections import Rebill
from meterledger.facts.entry_names import relief_name
from meterledger.facts.money import Entry, Leg
from meterledger.facts.relief import (
    BillRelief,
    ReliefAct,
    ReliefAgreement,
    ReliefStep,
    ReliefTerm,
)
from meterledger.kernel.canonical import canonical_bytes
from meterledger.ledger import reverse_entry
from meterledger.usecases.ports import Store

OFF = 1_000
RECORD = canonical_bytes(
    {
        "lines": [
            {"tax": None, "off_usd": "10.00"},
            {
                "off_usd": "0.04",
                "tax": {
                    "tax": "state_sales",
                    "jurisdiction": "mo",
                    "taxable_off_usd": "0.90",
                    "exempt_off_usd": "0.10",
                },
            },
        ]
    }
)


def agreement(
    number: int = 1, *months: int, name: str = "RL-1", by: str = "Ana", hours: int = 0
) -> ReliefAgreement:
    """Asked for by Ana, of the number-th service point."""
    step = _step(ReliefAct.ASKED, by, LEARNED + timedelta(hours=hours), month_of(0).from_day)
    return ReliefAgreement(
        relief_id=name,
        account_id=account_id(number),
        service_point_id=f"SP-{number}",
        schedule="1M-anytime",
        cause="fire",
        months=tuple(month_of(one) for one in months or (0,)),
        terms=(
            ReliefTerm("energy", share=Fraction(1, 3)),
            ReliefTerm("customer_charge", cents=5_00),
        ),
        steps=(step,),
    )


def after(
    known: ReliefAgreement,
    act: ReliefAct = ReliefAct.APPROVED,
    by: str = "Ben",
    *,
    on: date | None = None,
    from_day: date | None = None,
) -> ReliefAgreement:
    """The same after one more step, an hour later."""
    last = known.steps[-1]
    step = _step(act, by, last.learned_at + timedelta(hours=1), on or last.on)
    return replace(known, steps=(*known.steps, replace(step, from_day=from_day)))


def _step(act: ReliefAct, by: str, learned_at: datetime, on: date) -> ReliefStep:
    return ReliefStep(act, on, by, "it burned", learned_at, f'{{"by":"{by}"}}\n'.encode())


def relieved_bill(
    number: int = 1, month: int = 0, *, off: int = OFF, posted: int | None = None
) -> tuple[Bill, Entry | None]:
    """A bill of a month with what is taken off it; ``posted`` may be another amount."""
    bill, entry = bill_of(number, month)
    return _relieved(bill, off, posted, LATER), entry


def _relieved(bill: Bill, off: int, posted: int | None, at: datetime) -> Bill:
    cents = off if posted is None else posted
    entry = None
    if cents:
        entry = Entry(
            relief_name(bill.bill_id),
            bill.issued_day,
            at,
            (Leg("440", cents), Leg("142", -cents, bill.account_id)),
            "charges adjusted",
        )
    relief = BillRelief(bill.bill_id, "RL-1", bill.account_id, off, 0, entry, RECORD, at)
    return replace(bill, relief=relief)


def relieved_rebill(number: int = 1, month: int = 0, *, off: int = OFF // 2) -> Rebill:
    """That bill corrected: what was taken off it is taken back, and made anew."""
    old, _ = relieved_bill(number, month)
    one = rebill_of(number, month, cents=20_000)
    back = None
    if old.relief is not None and old.relief.entry is not None:
        back = reverse_entry(
            old.relief.entry,
            on=CORRECTED_AT.date(),
            learned_at=CORRECTED_AT,
            cause=f"cancels bill {old.bill_id}",
        )
    bill = _relieved(one.bill, off, None, CORRECTED_AT)
    return replace(one, bill=bill, relief_reversal=back)


def keep_relief(store: Store, *, month: int = 3) -> None:
    """A row in every table of relief, of the first account."""
    asked = agreement(1, month)
    store.record_relief(asked)
    store.record_relief(after(asked))
    store.record_bills([relieved_bill(1, month)])
