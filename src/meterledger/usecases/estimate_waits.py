"""Due bills that wait because of their usage: days held for a person, estimates beyond the cap.

Lives here      telling those of a batch that wait from those that may go on.
Lives elsewhere what holds a day and where the cap is (``bill_estimates``), the run
                (``issue_bills``).
"""

from __future__ import annotations

from collections.abc import Sequence

from meterledger.facts.bills import Bill, HeldBill
from meterledger.kernel.ids import pseudonym
from meterledger.rulebook.book import BookView
from meterledger.usecases.bill_estimates import (
    EstimateHolds,
    beyond_cap,
    held_days,
    held_sentence,
    is_capped,
)
from meterledger.usecases.calculate_bills import DueBill, where_of


def without_held_days(
    batch: Sequence[DueBill], store: EstimateHolds
) -> tuple[list[DueBill], list[HeldBill]]:
    """Those whose window has no day that waits for a person, and the others held."""
    every = [meter for one in batch for meter in one.meters]
    by_meter = held_days(every, batch[0].window.days, store)
    found = {
        one.meter: [finding for meter in one.meters for finding in by_meter.get(meter, ())]
        for one in batch
        if not by_meter.keys().isdisjoint(one.meters)
    }
    held = [
        HeldBill(
            account_id=one.service.account.account_id,
            agreement_id=one.service.agreement.agreement_id,
            days=one.window.days,
            code="usage.held",
            sentence=f"{where_of(one)}: {held_sentence(found[one.meter])}",
        )
        for one in batch
        if one.meter in found
    ]
    return [one for one in batch if one.meter not in found], held


def within_cap(
    batch: Sequence[DueBill], made: Sequence[Bill], view: BookView, store: EstimateHolds
) -> tuple[list[Bill], list[HeldBill]]:
    """The bills that may go out, and those of which only an actual reading can be billed."""
    by_agreement = {one.service.agreement.agreement_id: one for one in batch}
    bills: list[Bill] = []
    held: list[HeldBill] = []
    for bill in made:
        one = by_agreement[bill.agreement_id]
        why = beyond_cap(
            account_id=bill.account_id,
            service_point_id=one.service.agreement.service_point_id,
            meter_ids=_meter_ids(one, bill, view),
            usage=bill.usage,
            days=bill.days,
            view=view,
            store=store,
        )
        if why is None:
            bills.append(bill)
        else:
            code, sentence = "usage.estimate_cap", f"{where_of(one)}: {why}"
            held.append(HeldBill(bill.account_id, bill.agreement_id, bill.days, code, sentence))
    return bills, held


def watched_by_cap(one: DueBill, bill: Bill, view: BookView, store: EstimateHolds) -> bool:
    """Whether the sheet's cap of estimates in a row watches over a bill, and not the gate."""
    return is_capped(bill.usage, bill.days, _meter_ids(one, bill, view), store)


def _meter_ids(one: DueBill, bill: Bill, view: BookView) -> dict[str, str]:
    """The number of each meter by its pseudonym; none where nothing is estimated."""
    if bill.usage.estimated is None:
        return {}
    return {
        pseudonym(each.meter_id, view.name): each.meter_id
        for each in (*one.service.installations, *one.all_installations)
    }
