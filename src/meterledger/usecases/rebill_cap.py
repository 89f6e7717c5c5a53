"""The cap of estimated bills in a row, asked of a corrected bill before it takes its place.

Lives here      whether a bill that was issued on readings may come to rest on estimates: it, and
                those after it that rest on them already.
Lives elsewhere the cap (``usage.estimation_allowed``), bills of a run (``estimate_waits``).
Read first      GRR V.E.1; docs/operating/corrections.md.
"""

from __future__ import annotations

from dataclasses import replace

from meterledger.facts.bills import Bill
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.places import BillableService
from meterledger.rulebook.terms import Terms
from meterledger.usage import CAPPED_CAUSES
from meterledger.usecases.bill_estimates import (
    EstimateHolds,
    beyond_cap_after,
    billed_period,
    counted_cause,
    was_capped,
)
from meterledger.usecases.dry_bills import stored_as
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_gate import numbers_of_meters
from meterledger.usecases.rebill_states import CannotRebill, Now


def cap_why(
    stored: StoredBill, right: Bill, service: BillableService, store: EstimateHolds, now: Now
) -> str:
    """Why only an actual reading can be billed in the place of ``stored``; empty where it may be.

    What was issued on estimates already may be corrected on them: no month more is estimated.
    With a month that was billed on readings, the months after it come to be in a row, too.
    """
    numbers = numbers_of_meters(service, now)
    cause = counted_cause(right.usage, right.days, numbers, store)
    if cause not in CAPPED_CAUSES or was_capped(stored, numbers, store):
        return ""
    point = right.service_point_id
    row = [
        one
        for one in store.bills_at([point]).get(point, ())
        if one.cancelled_by is None
        and one.account_id == right.account_id
        and one.days.overlap(right.days) is None
    ]
    before = [one for one in row if one.days.until_day <= right.days.from_day]
    periods = [billed_period(one, numbers, store) for one in before]
    of, days = "", right.days
    period = replace(billed_period(stored_as(right), numbers, store), cause=cause)
    for after in (*row[len(before) :], None):
        why = beyond_cap_after(cause, periods, Terms(now.view, days.last_day))
        if why is not None:
            return f"{of}{why} Obtain an actual reading, ingest it, then correct the bill again."
        if after is None or not was_capped(after, numbers, store):
            break
        periods.append(period)
        of, days = f"Of bill {after.bill_id}, which follows: ", after.days
        period = billed_period(after, numbers, store)
        cause = period.cause or EstimateCause.HUMAN_OR_BILLING_ERROR
    return ""


def refuse_beyond_cap(
    stored: StoredBill, right: Bill, service: BillableService, store: EstimateHolds, now: Now
) -> None:
    """Nothing where the corrected bill may rest on what it rests on.

    :raises CannotRebill: naming how many months in a row would be billed on estimates
    """
    why = cap_why(stored, right, service, store, now)
    if why:
        raise CannotRebill(why, where=stored.bill_id)
