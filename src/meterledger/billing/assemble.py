"""The bill: lines, tax, total, due day and pins put together. The total is the sum of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meterledger.billing.window import BillWindow
from meterledger.facts.bills import Bill, BilledUsage, BillPins
from meterledger.facts.charges import ChargeLine
from meterledger.facts.places import Agreement
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.ids import bill_id


def assemble_bill(
    *,
    agreement: Agreement,
    window: BillWindow,
    lines: Sequence[ChargeLine],
    usage: BilledUsage,
    tax_place: str,
    issued_day: date,
    due_day: Decision[date],
    reasons: Sequence[Reason],
    pins: BillPins,
    service_class: str = "residential",
) -> Bill:
    """One bill of one agreement's window.

    :raises InvariantBroken: if there is no line or a line lies outside the window
    """
    return Bill(
        bill_id=bill_id(agreement.agreement_id, window.days.from_day, window.days.until_day),
        account_id=agreement.account_id,
        agreement_id=agreement.agreement_id,
        service_point_id=agreement.service_point_id,
        schedule=agreement.schedule,
        kind=window.kind,
        days=window.days,
        issued_day=issued_day,
        due_day=due_day.outcome,
        usage=usage,
        lines=tuple(lines),
        tax_place=tax_place,
        pins=pins,
        reasons=(*reasons, *due_day.reasons),
        service_class=service_class,
    )
