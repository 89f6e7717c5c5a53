"""What the gate of a run finds of a corrected bill, before it takes the place of the issued one.

By night it holds the bill for a person; a person says that it was seen, or another one agrees.

Lives here      asking the checks of a corrected bill, and refusing what nobody has seen.
Lives elsewhere the checks (``billing.gate``), a run's own bills (``gate_bills``), the ceiling and
                doubtful kvar (``rebill_ceiling``).
Read first      docs/operating/corrections.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.billing import PREVIOUS_WITHIN, BillFacts, GateBill, gate_findings, gate_terms
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.held import GateFinding, PastBill
from meterledger.facts.places import BillableService
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.people import same_person
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.bill_estimates import EstimateHolds, is_capped, was_capped
from meterledger.usecases.gate_bills import degrees_about, expected_lines
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_states import Now


class PastBills(EstimateHolds, Protocol):
    """What is compared with a corrected bill, and why its usage was estimated."""

    def bills_before(
        self, account_ids: Sequence[str], days: DaySpan, shift_days: int
    ) -> dict[tuple[str, str], list[PastBill]]:
        """Live bills of the accounts about the window and a year before."""

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Tenths of a degree Fahrenheit of the days that are known, as known then."""


class FoundByTheGate(Refusal):
    """The gate found something of a corrected bill, and nobody says to have seen it.

    ``codes`` are those of all that nobody has seen, of all bills of the correction.
    """

    codes: tuple[str, ...] = ()


def correction_findings(
    stored: StoredBill,
    right: Bill,
    service: BillableService,
    store: PastBills,
    now: Now,
    together: Iterable[tuple[StoredBill, Bill]] = (),
) -> tuple[GateFinding, ...]:
    """What the gate finds of ``right`` in the place of ``stored``; empty where the book has none.

    ``service`` is the one that ``right`` is of: by its meters it is known why usage was estimated.

    It is compared with what the correction has not made: the account's other bills, but those
    whose energy is corrected ``together`` with its own (each as issued, and the one in its place).
    Where there is no such bill, it is compared with those in their places; where there is none
    either, with itself as issued. So of a long row of bills one at least has a measure from
    outside, and each of them one. What is found of the bill as issued in the same words is left
    out: it has left with it.

    :raises NoRuleInForce: if the book is silent on the class of service
    """
    terms = gate_terms(now.view, now.on)
    if terms is None:
        return ()
    shift = terms["gate_season_shift_days"].value
    within = terms[PREVIOUS_WITHIN].value
    past = store.bills_before([stored.account_id], stored.days, shift)
    history = tuple(
        one
        for one in past.get((stored.account_id, right.service_point_id), ())
        if one.bill_id != stored.bill_id
    )
    degrees = degrees_about(stored.days, terms, store, now.known_at)
    moved = {
        old.bill_id: new
        for old, new in together
        if old.bill_id != stored.bill_id and _energy_wh(old) != new.usage.energy_wh
    }
    outside = tuple(one for one in history if one.bill_id not in moved)
    corrected = (*outside, *map(_as_past, moved.values()))

    def found(bill: GateBill, *histories: tuple[PastBill, ...]) -> list[GateFinding]:
        service_class = now.view.service_class(bill.schedule, now.on).value
        lines = expected_lines(now.view, bill.schedule, bill.days)
        for each in (*histories, (*histories[-1], _as_before(stored))):
            facts = BillFacts(bill, service_class, each, *lines, degrees)
            if facts.previous(within) is not None or facts.same_season(shift) is not None:
                break
        return gate_findings(facts, terms)

    numbers = numbers_of_meters(service, now)
    looked_at = GateBill.of(right)
    if looked_at.counts_toward_cap and not is_capped(right.usage, right.days, numbers, store):
        looked_at = replace(looked_at, counts_toward_cap=False)
    of_right = found(looked_at, outside, corrected)
    if not of_right:
        return ()
    as_issued = GateBill.of_record(read_record(stored.record))
    if as_issued.counts_toward_cap and not was_capped(stored, numbers, store):
        as_issued = replace(as_issued, counts_toward_cap=False)
    before = {(one.code, one.sentence) for one in found(as_issued, history)}
    return tuple(one for one in of_right if (one.code, one.sentence) not in before)


def numbers_of_meters(service: BillableService, now: Now) -> dict[str, str]:
    """The number of each meter of a service, and of those beside it on a bill, by pseudonym."""
    services = (service, *(one.service for one in service.joined))
    return {
        pseudonym(each.meter_id, now.view.name): each.meter_id
        for one in services
        for each in one.installations
    }


def _as_past(bill: Bill) -> PastBill:
    return PastBill(bill.bill_id, bill.days, bill.usage.energy_wh, bill.total_cents)


def _as_before(stored: StoredBill) -> PastBill:
    """The bill as issued, as if it were the one before: the only measure of a first bill."""
    count = timedelta(days=stored.days.day_count)
    days = DaySpan(stored.days.from_day - count, stored.days.from_day)
    return PastBill(stored.bill_id, days, _energy_wh(stored), stored.total_cents)


def _energy_wh(stored: StoredBill) -> int:
    return int(read_record(stored.record)["usage"]["energy_wh"])


def codes_of(findings: Iterable[GateFinding]) -> tuple[str, ...]:
    """The codes of findings, each once, in their order: what is named as seen."""
    return tuple(dict.fromkeys(one.code for one in findings))


def refuse_unseen(
    made: Iterable[tuple[str, Sequence[GateFinding]]],
    *,
    author: str,
    approved_by: str,
    seen: Sequence[str],
) -> None:
    """Refuse a corrected bill of which the gate finds what neither was seen nor has a second name.

    ``made`` are bills as issued by name, with what is found of those in their place. ``seen`` are
    codes of findings that the author has looked at.

    :raises FoundByTheGate: naming the findings, and the ways out
    """
    if approved_by.strip() and not same_person(author, approved_by):
        return
    unseen = [
        (name, left)
        for name, findings in made
        if (left := [one for one in findings if one.code not in seen])
    ]
    if not unseen:
        return
    (name, first), *others = unseen
    codes = codes_of(one for _, left in unseen for one in left)
    named = " ".join(f"--seen {code}" for code in codes)
    told = [one.sentence for one in first]
    if others:
        more = ", ".join(other for other, _ in others)
        told.append(f"something is found of {more}, too (`--dry-run` shows it)")
    refusal = FoundByTheGate(
        "; ".join(told),
        where=name,
        why="A run would not have let this bill out before somebody has looked at it",
        do=f"Look at its readings; if it is right, say what you have seen (`{named}`), or name "
        "another person who agrees (`--approved-by`)",
    )
    refusal.codes = codes
    raise refusal
