"""A service point ended before what is billed of it, on the bill of another agreement.

Lives here      which bills these are; each made again without its days past the end, on its own
                period; what is recorded of each.
Lives elsewhere the journey, and bills of the agreement itself (``end_billed_service``), the
                arrangement (``together``), the sum (``bills_together``).
Read first      GRR V.E.2, IV.C; docs/operating/meters_together.md.

The limits of GRR V.G.1 do not bind: nothing was billed in error, and the days after the end are
nobody's of this account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from meterledger.billing import PointEnded, corrected_bill
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.corrections import PartEnded, Rebill
from meterledger.facts.places import BillableService
from meterledger.kernel.ids import next_version
from meterledger.ledger import entry_for_bill
from meterledger.rulebook.terms import Terms
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.correction_record import billed_sums
from meterledger.usecases.ended_service import (
    EndOfService,
    EndRefused,
    EndStore,
    Kept,
    StoreOfEnd,
    cut_service,
    parts_of_end,
)
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill import Corrected
from meterledger.usecases.rebill_gate import correction_findings
from meterledger.usecases.rebill_holds import refuse_held
from meterledger.usecases.rebill_states import Now, asked_now, right_bill
from meterledger.usecases.relieve_bills import relieved

A_DAY = timedelta(days=1)


def bills_past_its_end(
    service: BillableService, last_day_out: date, store: EndStore
) -> list[StoredBill]:
    """Bills of other agreements that have days of the service from the day on, oldest first.

    :raises EndRefused: if bills of its own came after them, which no final bill of its own precedes
    """
    agreement = service.agreement
    name, days = agreement.agreement_id, agreement.days
    if days.until_day is not None or last_day_out <= days.from_day:
        return []  # the store says why it cannot end so
    bills = [
        one
        for one in store.bills_with_days_of([agreement.service_point_id])
        if one.agreement_id != name and _until(one, name) > last_day_out.isoformat()
    ]
    own = [
        one
        for one in (store.bills_of_account(agreement.account_id) if bills else ())
        if one.agreement_id == name and one.days.until_day > last_day_out
    ]
    if own and all(one.days.from_day >= last_day_out for one in own):
        until = max(one.days.until_day for one in own)
        raise EndRefused(
            f"It is billed past {last_day_out} on bill {bills[0].bill_id} of agreement "
            f"{bills[0].agreement_id}, and by itself after it, until {until}",
            where=f"agreement {name}",
            why="Bills of its own past the end leave nothing with a final bill of its own, and the "
            "bill that has the day before the end is of another agreement",
            do=f"Give a day from {min(one.days.from_day for one in own) + A_DAY} on",
        )
    return sorted(bills, key=lambda one: one.days.from_day)


def _until(stored: StoredBill, name: str) -> str:
    """Until when (out) an agreement has days of a bill; "" where it has none."""
    points = read_record(stored.record)["usage"].get("points", ())
    return max((str(one["to"]) for one in points if one["agreement"] == name), default="")


def made_without(
    bills: Sequence[StoredBill], service: BillableService, until: date, now: Now, store: EndStore
) -> list[tuple[Corrected, BillableService]]:
    """Each bill without the days past the end, and the service that it is of; oldest first.

    :raises CannotRebill: if a bill cannot be made without them, or waits for a person
    """
    if not bills:
        return []
    point = PointEnded(service.agreement.service_point_id, until)
    seen: Any = StoreOfEnd(store, now.known_at, cut_service(service, until, now.known_at))
    rights: list[tuple[StoredBill, Bill, BillableService]] = []
    for stored in bills:
        of = seen.service_of_agreement(stored.agreement_id, now.known_at)
        refuse_held(stored, of, store, now)
        right, of = right_bill(stored, seen, now)
        seen.put_in_place(stored.bill_id, replace(right, bill_id=next_version(stored.bill_id)))
        rights.append((stored, right, of))
    found: list[tuple[Corrected, BillableService]] = []
    for stored, right, of in rights:
        bill = corrected_bill(
            asked_now(right, stored, seen, now),
            bill_id=next_version(stored.bill_id),
            billed=billed_sums(stored),
            adjusted=True,
            reasons=(),
            terms=Terms(now.view, now.on),
            point_ended=point,
        )
        seen.remember_asked(bill)
        parts = parts_of_end(stored, bill)
        found.append((Corrected(stored, bill, adjusted=True, parts=parts), of))
    together = [(one.cancelled, one.bill) for one, _ in found]
    return [
        (
            replace(
                one, findings=correction_findings(one.cancelled, one.bill, of, store, now, together)
            ),
            of,
        )
        for one, of in found
    ]


def rebills_without(
    ended: EndOfService,
    service: BillableService,
    first: StoredBill,
    signed: Signed,
    now: Now,
    store: EndStore,
) -> list[Rebill]:
    """All that is recorded of them at once; ``first`` is the bill that names the case."""
    point = PointEnded(service.agreement.service_point_id, ended.until)
    found: list[Rebill] = []
    entries = {
        each.entry_id: each for each in store.entries_of_account(service.agreement.account_id)
    }
    for one in ended.cut:
        (bill,) = relieved([one.bill], store=store, view=now.view)
        kept = Kept(first, bill, signed, now, entries, store, point_ended=point)
        told = kept.of(one.cancelled, one.parts, one.findings)
        found.append(
            Rebill(
                correction=told.correction,
                bill=bill,
                entry=entry_for_bill(bill, learned_at=now.known_at),
                reversal=told.reversal,
                relief_reversal=told.relief_reversal,
                part_ended=PartEnded(ended.agreement_id, ended.until),
            )
        )
    return found
