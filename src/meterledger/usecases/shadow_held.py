"""Held windows beside what would become of them now: what stands on one side of a shadow only.

A window that a run held is no bill, and is as live as one: its customer waits. It is calculated
once more by the one path; the gate is not asked again. What it would have come to then and what it
would come to now are set beside each other, and neither counts in the sums of the bills.

Lives here      which cases are looked at, and how they come out now.
Lives elsewhere bills beside their shadow (``shadow``), cases and the ways out (``settle_held``).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.held import HeldCase
from meterledger.facts.places import BillableService
from meterledger.facts.shadow import ShadowHeld
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    DueBill,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.ports import Lake

CASES_AT_ONCE = 2_000


class HeldAsked(BilledReadings, Protocol):
    """What is asked of the store."""

    def held_cases(
        self, *, account_id: str | None = None, with_ended: bool = False
    ) -> list[HeldCase]:
        """Open cases, the oldest first."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined, as known then."""


def shadow_of_held(
    cycles: Collection[int],
    *,
    until: date,
    store: HeldAsked,
    lake: Lake,
    view: BookView,
    known_at: datetime,
    at_sequence: int,
) -> list[ShadowHeld]:
    """Every open case of the cycles that a run saw before ``until``, as it was and as it is now.

    :raises NotFound: if the agreement of a case is not known
    """
    due: dict[tuple[DaySpan, date], list[tuple[HeldCase, DueBill]]] = {}
    found: dict[str, ShadowHeld] = {}
    for case in store.held_cases():
        service = store.service_of_agreement(case.agreement_id, known_at)
        if case.seen.on >= until or service.account.cycle not in cycles:
            continue
        if case.days is None:
            found[case.case_id] = _beside(case, None, case.seen.sentence)
            continue
        try:
            one = due_bill(service, window_of(service, case.days, view), view)
        except Refusal as refusal:
            found[case.case_id] = _beside(case, None, refusal.of_one_case().sentence)
        else:
            due.setdefault((case.days, case.seen.on), []).append((case, one))
    for (_, on), every in due.items():
        for first in range(0, len(every), CASES_AT_ONCE):
            some = every[first : first + CASES_AT_ONCE]
            named = {one.service.agreement.agreement_id: case for case, one in some}
            bills, held = calculate_bills(
                [one for _, one in some],
                on=on,
                known_at=known_at,
                sequence=at_sequence,
                lake=lake,
                kept=store,
                view=view,
            )
            for made in bills:
                case = named[made.agreement_id]
                found[case.case_id] = _beside(case, made.total_cents, "")
            for each in held:
                case = named[each.agreement_id]
                found[case.case_id] = _beside(case, None, each.sentence)
    return [found[name] for name in sorted(found)]


def _beside(case: HeldCase, cents: int | None, why: str) -> ShadowHeld:
    return ShadowHeld(
        case_id=case.case_id,
        account_id=case.account_id,
        days=case.days,
        code=case.seen.code,
        held_cents=case.seen.total_cents,
        shadow_cents=cents,
        why=why,
    )
