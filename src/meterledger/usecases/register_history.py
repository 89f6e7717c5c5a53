"""What the ladders of registers look at: billing periods of a place, good days, who is similar.

Lives here      turning issued bills into past periods, reads into good days, a service into what
                customers are compared by; which bill a bill follows.
Lives elsewhere the ladders (``usage.estimation_*``), the usage of a window (``register_usage``).
Read first      GRR V.E.3; docs/decisions/0018-bills-of-registers.md.

A bill was known to another one if it was issued before it, or is the same agreement's and ended by
then: so a replay looks at the same bills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from meterledger.facts.bills import read_record
from meterledger.facts.places import Agreement
from meterledger.facts.registers import NearbyBill
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.metering import MeteredRegister, RegisterValue, first_on
from meterledger.usage import (
    BillingPeriod,
    Candidate,
    GoodDay,
    Likeness,
    Occupant,
    PastPeriod,
    SimilarSearch,
)
from meterledger.usecases.ports import StoredBill

DAYS_LOOKED_BACK = 42
"""Days before a window whose reads the ladder may take: it looks back four weeks from any day."""


SIMILAR_DAYS_LOOKED_BACK = 400
"""Days before a window whose bills of similar customers are looked at: the prior year's month."""
DAYS_OF_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class EarlierBill:
    """An issued bill of the place, and the usage that its record tells."""

    bill: StoredBill
    usage: dict[str, Any]


def was_issued_before(bill: StoredBill, agreement: Agreement, known_at: datetime) -> bool:
    """Whether a bill of the place that corrects none was there when one of the agreement was made.

    A run has one instant. It bills an account's agreements at a place in their order, so that the
    bills of another rate option before this one were there, too (``issue_bills.follows_another``).
    """
    if bill.agreement_id == agreement.agreement_id or bill.known_at < known_at:
        return True
    return (
        bill.known_at == known_at
        and bill.account_id == agreement.account_id
        and bill.days.until_day <= agreement.days.from_day
    )


def earlier_bills(
    bills: Sequence[StoredBill], agreement: Agreement, window: DaySpan, known_at: datetime
) -> tuple[EarlierBill, ...]:
    """Bills of the place that ended by the window's first day, as they stood then, oldest first.

    A bill that was corrected later was live then; the one that took its place was not known.
    """

    def was_known(one: StoredBill) -> bool:
        if one.corrects is not None:
            return one.known_at <= known_at
        return was_issued_before(one, agreement, known_at)

    return tuple(
        EarlierBill(one, _of_the_place(one, read_record(one.record)["usage"]))
        for one in bills
        if one.days.until_day <= window.from_day and was_known(one) and one.was_live(known_at)
    )


def _of_the_place(bill: StoredBill, usage: dict[str, Any]) -> dict[str, Any]:
    """The usage of the place alone, where the bill has the meters of several."""
    for point in usage.get("points", ()):
        if point["agreement"] == bill.agreement_id:
            mine: dict[str, Any] = point["usage"]
            return mine
    return usage


def bills_with_part(
    bills: Sequence[StoredBill], agreement_id: str, window: DaySpan, known_at: datetime
) -> tuple[EarlierBill, ...]:
    """Bills of other agreements that had the meters of this one on them, and closed with it."""
    found = []
    for one in bills:
        if one.days.until_day != window.from_day or not one.was_live(known_at):
            continue
        if one.agreement_id == agreement_id or one.known_at > known_at:
            continue
        points = read_record(one.record)["usage"].get("points", ())
        found += [EarlierBill(one, each["usage"]) for each in points
                  if each["agreement"] == agreement_id]  # fmt: skip
    return tuple(found)


def billing_period(days: DaySpan) -> BillingPeriod:
    """A window as a numbered billing period: it is of the month of its last day."""
    last = days.last_day
    return BillingPeriod(last.year, last.month, days.from_day, days.until_day)


def past_periods(earlier: Sequence[EarlierBill], account_id: str) -> tuple[PastPeriod, ...]:
    """Earlier billing periods of the place; those of other accounts are a former occupant's."""
    periods = []
    for one in earlier:
        named = billing_period(one.bill.days)
        periods.append(
            PastPeriod(
                year=named.year,
                number=named.number,
                from_day=named.from_day,
                until_day=named.until_day,
                energy_wh=one.usage["energy_wh"],
                occupant=(Occupant.SAME if one.bill.account_id == account_id else Occupant.FORMER),
                estimated="estimated" in one.usage,
            )
        )
    return tuple(periods)


def good_days(
    metered: MeteredRegister,
    reads: Sequence[RegisterValue],
    *,
    until_day: date,
    since: date,
    zone_name: str,
) -> tuple[GoodDay, ...]:
    """Days of the last six weeks before ``until_day`` whose two midnights were read.

    Days before ``since``, when the customer came, are a former occupant's.
    """
    found = []
    day = until_day - timedelta(days=DAYS_LOOKED_BACK)
    before = first_on(reads, day, zone_name)
    while day < until_day:
        after = first_on(reads, day + timedelta(days=1), zone_name)
        if before is not None and after is not None:
            energy = metered.energy_wh(metered.between(before, after))
            if energy is not None:
                whose = Occupant.SAME if since <= day else Occupant.FORMER
                found.append(GoodDay(day, energy, whose))
        day, before = day + timedelta(days=1), after
    return tuple(found)


def periods_in_service(came: date, from_day: date) -> int:
    """Whole billing months from the day the meter came until the window begins."""
    months = (from_day.year - came.year) * 12 + from_day.month - came.month
    return max(0, months - (from_day.day < came.day))


def similar_search(
    nearby: Sequence[NearbyBill],
    own: Sequence[PastPeriod],
    *,
    rate_class: str,
    postal_code: str,
    utility: str,
) -> SimilarSearch | None:
    """Whom the customer is compared with: same rate, same postal code, nearest yearly use.

    How a place is heated and which feeder serves it is on file of nobody, so it tells nobody apart.
    A customer of whom no use is known is expected to use what the middle one of the others does.
    """
    places: dict[str, list[NearbyBill]] = {}
    for bill in nearby:
        places.setdefault(bill.service_point_id, []).append(bill)
    if not places:
        return None

    def like(yearly_wh: int) -> Likeness:
        return Likeness(rate_class, "not on file", "not on file", postal_code, yearly_wh)

    candidates = tuple(
        Candidate(
            key=pseudonym(point, utility),
            likeness=like(_yearly_wh([(one.days, one.energy_wh) for one in bills])),
            history=tuple(_of_neighbor(one) for one in bills),
        )
        for point, bills in sorted(places.items())
    )
    known = [
        (DaySpan(one.from_day, one.until_day), one.energy_wh)
        for one in own
        if one.occupant is Occupant.SAME
    ]
    uses = sorted(one.likeness.yearly_wh for one in candidates)
    expected = _yearly_wh(known) if known else uses[len(uses) // 2]
    return SimilarSearch(like(expected), candidates)


def _yearly_wh(periods: Sequence[tuple[DaySpan, int]]) -> int:
    """The use of a year at the pace of the newest bills that make one up, or of what there is."""
    energy = days = 0
    for span, energy_wh in sorted(periods, key=_first_day, reverse=True):
        if days >= DAYS_OF_A_YEAR - 1:
            break
        energy, days = energy + energy_wh, days + span.day_count
    return to_whole_half_up(Fraction(energy * DAYS_OF_A_YEAR, days))


def _first_day(one: tuple[DaySpan, int]) -> date:
    return one[0].from_day


def _of_neighbor(one: NearbyBill) -> PastPeriod:
    named = billing_period(one.days)
    return PastPeriod(
        year=named.year,
        number=named.number,
        from_day=named.from_day,
        until_day=named.until_day,
        energy_wh=one.energy_wh,
        estimated=one.estimated,
    )
