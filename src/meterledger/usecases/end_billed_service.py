"""Service ended before what is billed, or with it: the last bill is made again, as the final one.

Lives here      the journey: every bill past the end is cancelled; of the one that holds it, one of
                its days until then takes the place and settles what a final bill settles; those
                wholly after it leave nothing; all of it is kept at once.
Lives elsewhere an end of service that no bill is past (``start_service``), that of a point on the
                bill of another agreement (``end_on_another_bill``), corrections on a bill's own
                days (``rebill``), the bill itself (``calculate_bills``).
Read first      GRR V.E.2; docs/operating/corrections.md, "Service that ended".

The limits of GRR V.G.1 do not bind: nothing was billed in error, and the days after the end are
nobody's of this account. What was paid on bills that leave nothing is the account's credit, and
late charges on them are taken back by the next night, as of any cancelled bill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from meterledger.billing import corrected_bill
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.budget import asked_of
from meterledger.facts.corrections import Rebill
from meterledger.facts.places import BillableService
from meterledger.kernel.ids import next_version
from meterledger.kernel.span import DaySpan
from meterledger.ledger import entry_for_bill
from meterledger.rulebook.terms import Terms
from meterledger.usecases.change_then_rebill import NobodyDecides, Signed
from meterledger.usecases.correction_record import billed_sums
from meterledger.usecases.end_on_another_bill import (
    bills_past_its_end,
    made_without,
    rebills_without,
)
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
from meterledger.usecases.rebill_ceiling import refuse_alone, refuse_doubted, refuse_taken_back
from meterledger.usecases.rebill_gate import correction_findings, refuse_unseen
from meterledger.usecases.rebill_holds import refuse_held
from meterledger.usecases.rebill_states import Now, is_same, right_bill
from meterledger.usecases.relieve_bills import relieved

__all__ = ["EndOfService", "EndRefused", "end_billed_service"]


def end_billed_service(
    *,
    agreement_id: str,
    last_day_out: date,
    signed: Signed,
    now: Now,
    store: EndStore,
    dry_run: bool = False,
) -> EndOfService:
    """End an agreement on ``last_day_out`` (out), and make the bill that holds it the final one.

    Where no bill is past the day this is ``stop_service``: but a regular bill that ends on the very
    day is made again, too, where a final one would ask otherwise, as on a budget plan. Other points
    on a bill of several stand on the final one until that day, and go on by themselves; bills of
    another agreement on which it stands are made again without its days past the end.

    :raises NotFound: if no such agreement is known
    :raises EndRefused: if no bill has days before the end, or days of others were left between two
    :raises NobodyDecides: if a bill is made again and nobody signs
    :raises CannotRebill: if its days cannot be billed, or wait for a person
    :raises AboveTheCeiling: if it rises above the ceiling, or bills past the end come to more than
        it, and nobody else agrees
    :raises DoubtedKvar: if it stands on doubtful reactive energy, and nobody else agrees
    :raises FoundByTheGate: if the gate finds what nobody has seen
    :raises Conflict: if it has ended already, or something was learned of it meanwhile
    """
    service = store.service_of_agreement(agreement_id, now.known_at)
    ended = EndOfService(agreement_id, last_day_out)
    others = bills_past_its_end(service, last_day_out, store)
    stored, past = _bills_at_the_end(service, last_day_out, store)
    own = None if stored is None else _made(stored, past, service, last_day_out, now, store)
    made = [] if own is None else [own]
    made += made_without(others, service, last_day_out, now, store)
    if not made:
        if not dry_run:
            store.stop_service(agreement_id, last_day_out, now.known_at)
        return ended
    if own is not None and stored is not None:
        left = (name for name, _ in _points_past([stored, *past], agreement_id, last_day_out))
        ended = replace(ended, corrected=own[0], withdrawn=past, left=tuple(dict.fromkeys(left)))
    ended = replace(ended, cut=tuple(one for one, _ in made if own is None or one is not own[0]))
    if dry_run:
        return ended
    if not signed.is_complete:
        raise _nobody_decides(ended, service)
    who = {"author": signed.author, "approved_by": signed.approved_by}
    amounts = [(one.cancelled.total_cents, one.bill) for one in ended.every]
    refuse_alone(amounts, on=now.on, view=now.view, **who)
    first = ended.every[0]
    refuse_taken_back(ended.taken_back_cents, first.bill, on=now.on, view=now.view, **who)
    refuse_doubted([(one.cancelled, of, one.bill) for one, of in made], now=now, **who)
    found = [(one.cancelled.bill_id, one.findings) for one in ended.every]
    refuse_unseen(found, seen=signed.seen, **who)
    rebills = [] if own is None else [_rebill(own[0], past, signed, now, store)]
    rebills += rebills_without(ended, service, first.cancelled, signed, now, store)
    store.record_rebills(rebills)
    return ended


def _nobody_decides(ended: EndOfService, service: BillableService) -> NobodyDecides:
    """What would be made again, and nobody signs."""
    first, *more = ended.every
    name, days = first.cancelled.bill_id, first.cancelled.days
    told = (
        f"Bill {name} until {days.until_day} is made again as the final one, until {ended.until}"
        if ended.corrected is not None
        else f"Bill {name} is made again without days of {service.agreement.service_point_id} from "
        f"{ended.until} on"
    )
    also = f", and {len(more)} after it" if more else ""
    return NobodyDecides(
        f"{told}{also}: nobody is named who decides",
        where="--by",
        do="Give a name and a reason (`--by`, `--reason`), or look first (`--dry-run`)",
    )


def _bills_at_the_end(
    service: BillableService, last_day_out: date, store: EndStore
) -> tuple[StoredBill | None, tuple[StoredBill, ...]]:
    """The bill that has the last day before the end, if one goes until then; those after it."""
    agreement = service.agreement
    days = agreement.days
    if days.until_day is not None or last_day_out <= days.from_day:
        return None, ()  # the store says why it cannot end so
    every = store.bills_of_account(agreement.account_id)
    bills = [
        one
        for one in every
        if one.agreement_id == agreement.agreement_id and one.days.until_day >= last_day_out
    ]
    if not bills:
        return None, ()
    bills.sort(key=lambda one: one.days.from_day)
    last, *past = bills
    if last.days.from_day >= last_day_out:
        raise EndRefused(
            f"It is billed until {bills[-1].days.until_day}, and no bill has the day before "
            f"{last_day_out}",
            where=f"agreement {agreement.agreement_id}",
            why="A final bill takes the place of one that goes to the end of service or past it",
            do=f"Give a day after {last.days.from_day}, or bill the days before it first",
        )
    _refuse_between(bills, every, agreement.agreement_id, last_day_out, store)
    return last, tuple(past)


def _points_past(
    bills: Sequence[StoredBill], agreement_id: str, last_day_out: date
) -> Iterator[tuple[str, str]]:
    """Other agreements and their service points that have days of the bills from the day on."""
    for stored in bills:
        for one in read_record(stored.record)["usage"].get("points", ()):
            if one["agreement"] != agreement_id and one["to"] > last_day_out.isoformat():
                yield one["agreement"], one["service_point"]


def _refuse_between(
    bills: Sequence[StoredBill],
    every: Sequence[StoredBill],
    agreement_id: str,
    last_day_out: date,
    store: EndStore,
) -> None:
    """Days of another point that the bills lose are billed next: so nothing later of it may be.

    :raises EndRefused: if a later bill is there, and days before it would be on none
    """
    for name, point in _points_past(bills, agreement_id, last_day_out):
        later = [one for one in every if one.agreement_id == name]
        later += [
            one for one in store.bills_with_days_of([point]) if one.agreement_id != agreement_id
        ]
        later = [one for one in later if one.days.until_day > last_day_out]
        if later:
            together = max(
                one.days.until_day for one in bills if "points" in read_record(one.record)["usage"]
            )
            raise EndRefused(
                f"Agreement {name} stood on its bill, and bill {later[0].bill_id} has it from "
                f"{later[0].days.from_day} on",
                where=f"agreement {agreement_id}",
                why=f"Its days from {last_day_out} until then would be on no bill",
                do=f"Give a day from {together} on",
            )


def _made(
    stored: StoredBill,
    past: Sequence[StoredBill],
    service: BillableService,
    last_day_out: date,
    now: Now,
    store: EndStore,
) -> tuple[Corrected, BillableService] | None:
    """The final bill in the place of one; None where none is past it, and it asks the same."""
    cut = cut_service(service, last_day_out, now.known_at)
    seen: Any = StoreOfEnd(store, now.known_at, cut)
    name = next_version(stored.bill_id)
    seen.leave_out([one.bill_id for one in past], cancelled_by=name)
    target = replace(stored, days=DaySpan(stored.days.from_day, last_day_out))
    refuse_held(target, cut, store, now)
    right, _ = right_bill(target, seen, now)
    asks = asked_of(stored.record, stored.total_cents)
    same_days = target.days == stored.days and not past
    if same_days and is_same(stored, right) and right.asked_cents == asks:
        return None
    bill = corrected_bill(
        right,
        bill_id=name,
        billed=billed_sums(stored),
        adjusted=True,
        reasons=(),
        terms=Terms(now.view, now.on),
        was_until=stored.days.until_day,
    )
    findings = correction_findings(stored, bill, cut, store, now)
    parts = parts_of_end(stored, bill)
    return Corrected(stored, bill, adjusted=True, parts=parts, findings=findings), cut


def _rebill(
    one: Corrected, past: Sequence[StoredBill], signed: Signed, now: Now, store: EndStore
) -> Rebill:
    """All that is recorded at once."""
    entries = {each.entry_id: each for each in store.entries_of_account(one.bill.account_id)}
    (bill,) = relieved([one.bill], store=store, view=now.view)
    made: Bill = bill
    kept = Kept(one.cancelled, made, signed, now, entries, store)
    first = kept.of(one.cancelled, one.parts, one.findings)
    return Rebill(
        correction=first.correction,
        bill=made,
        entry=entry_for_bill(made, learned_at=now.known_at),
        reversal=first.reversal,
        relief_reversal=first.relief_reversal,
        ends_service=True,
        withdrawn=tuple(
            kept.of(each, parts_of_end(each, None), leaves_nothing=True) for each in past
        ),
    )
