"""The bill that a held window would be, calculated as it stands now; nothing is recorded.

Lives here      the one window of a case through the one calculation, without the gate that held it.
Lives elsewhere deciding what becomes of it (``settle_held``), the gate (``gate_bills``).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bills import Bill
from meterledger.facts.held import HeldCase
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.ports import Lake


class LookStore(BilledReadings, Protocol):
    """What is asked of the store."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, or NotFound."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


def bill_of_case(
    case: HeldCase,
    *,
    store: LookStore,
    lake: Lake,
    book: TariffBook,
    on: date,
    known_at: datetime,
) -> tuple[Bill | None, str]:
    """The bill of the case's window as it would be, or None and why there is none.

    ``on`` is the day on which it would be issued.
    """
    if case.days is None:
        return None, "Its days are not known"
    view = book.as_known(known_at.date())
    try:
        service = store.service_of_agreement(case.agreement_id, known_at)
        due = due_bill(service, window_of(service, case.days, view), view)
        bills, held = calculate_bills(
            [due],
            on=on,
            known_at=known_at,
            sequence=store.lake_sequence(),
            lake=lake,
            kept=store,
            view=view,
        )
    except Refusal as refusal:
        return None, refusal.of_one_case().sentence
    if not bills:
        return None, " ".join(one.sentence for one in held)
    return bills[0], ""
