"""Services of one account that come on one bill: which stand on a window's, and on which days.

Lives here      the other agreements of a due window, whether they are billed alike, which days are
                billed first; services as a run has billed them.
Lives elsewhere the arrangement (``usecases/together``), the usage and its sum (``bills_together``).
Read first      GRR IV.C; docs/operating/meters_together.md.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from meterledger.billing import tax_place_on, tax_subject_of
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.window_usage import meters_of_window


class NotTogether(Refusal):
    """Meters of an account cannot be billed as one. ``code`` says whose queue the bill is in."""

    code = "together.refused"


@dataclass(frozen=True, slots=True)
class JoinedDue:
    """Another agreement of the account on a window's bill: its days of it, and its meters."""

    service: BillableService
    days: DaySpan
    installations: tuple[MeterInstallation, ...]


def joined_due(service: BillableService, window: DaySpan, view: BookView) -> tuple[JoinedDue, ...]:
    """The other agreements that stand on the bill of a window, in order of their service points.

    :raises NotTogether: if one of them is not billed as the agreement is
    :raises MeterNotWhole: if at some time of its days no meter measured a service point
    """
    found: list[JoinedDue] = []
    for one in service.joined:
        days = one.days.within(window)
        days = None if days is None else one.service.agreement.days.within(days)
        if days is None:
            continue
        refuse_unlike(service, one.service, days, window)
        point = one.service.agreement.service_point_id
        there = meters_of_window(point, one.service.installations, days, view.time_zone)
        found.append(JoinedDue(one.service, days, there))
    return tuple(found)


def measured_as(service: BillableService, other: BillableService) -> BillableService:
    """The service with the meters of ``other``, a service of the same agreement; so its points."""
    theirs = {one.service.agreement.agreement_id: one.service for one in other.joined}
    return replace(
        service,
        installations=other.installations,
        joined=tuple(
            replace(one, service=replace(one.service, installations=theirs[name].installations))
            if (name := one.service.agreement.agreement_id) in theirs
            else one
            for one in service.joined
        ),
    )


def meters_on_bill(service: BillableService, days: DaySpan) -> list[MeterInstallation]:
    """Every meter that measured some of a bill's days: its own, and those of the other points."""
    found = [one for one in service.installations if one.touches(days)]
    for joined in service.joined:
        inner = joined.days.within(days)
        if inner is not None:
            found += [one for one in joined.service.installations if one.touches(inner)]
    return found


def refuse_unlike(
    service: BillableService, other: BillableService, days: DaySpan, window: DaySpan
) -> None:
    """One sum is priced on one schedule and taxed in one place.

    ``days`` are the other's of the bill's ``window``. The tax of the bill goes by one day of its
    window, so that a certificate of its own agreement counts on all of it.

    :raises NotTogether: naming what differs
    """
    mine, its = _told(service, days), _told(other, days)
    for what, one, two in zip(("schedules", "tax places", "sales-tax places"), mine, its,
                              strict=True):  # fmt: skip
        if one != two:
            raise NotTogether(
                f"The meters of account {service.account.account_id} are on several {what}: "
                f"{one or 'unknown'} at {service.agreement.service_point_id} and {two or 'unknown'}"
                f" at {other.agreement.service_point_id}",
                where=f"account {service.account.account_id}, {days}",
                why="One sum is priced on one schedule and taxed in one place (GRR IV.C)",
                do="Bill each by itself: end the arrangement with `meterledger together end`",
            )
    held = [(one, window) for one in service.tax_exemptions]
    for each, of in (*held, *((one, days) for one in other.tax_exemptions)):
        if each.agreement_id and each.days.within(of) is not None:
            raise NotTogether(
                f"Agreement {each.agreement_id} of account {service.account.account_id} has a tax "
                "exemption of its own",
                where=f"account {service.account.account_id}, {days}",
                why="One bill is taxed as a whole, and a certificate for a part of it is not",
                do="Bill each by itself, or record the certificate for the whole account",
            )


def _told(service: BillableService, days: DaySpan) -> tuple[str, str, str]:
    subject = tax_subject_of(service, days)
    place = tax_place_on(service.tax_places, days, service.premise.premise_id)
    return service.agreement.schedule, place, f"{subject.state} {subject.sales_place or ''}".strip()


def refuse_unbilled_before(service: BillableService, joined: Sequence[JoinedDue]) -> None:
    """Days before the one bill are billed first: they would be behind it, and nobody's.

    :raises NotTogether: naming the agreement with such days
    """
    for one in joined:
        agreement = one.service.agreement
        until = one.service.billed_until or agreement.days.from_day
        if until != one.days.from_day:
            raise NotTogether(
                f"Agreement {agreement.agreement_id} is billed until {until} only, and its meters "
                f"stand on the bill of agreement {service.agreement.agreement_id} from "
                f"{one.days.from_day} on",
                where=f"account {agreement.account_id}",
                why="Its days between would be on no bill",
                do="Look at its own bill first with `meterledger held list`",
            )


def as_billed(service: BillableService, billed: Mapping[str, date]) -> BillableService:
    """The service with what this run has billed of the agreements that stand on its bill."""
    return replace(
        service,
        joined=tuple(
            replace(one, service=replace(one.service, billed_until=billed[name]))
            if (name := one.service.agreement.agreement_id) in billed
            else one
            for one in service.joined
        ),
    )


def waits_for(service: BillableService, names: Container[str]) -> bool:
    """Whether an agreement on its bill has days before that this round still bills."""
    return any(
        (one.service.billed_until or one.service.agreement.days.from_day) < one.days.from_day
        and one.service.agreement.agreement_id in names
        for one in service.joined
    )


def carried_on(
    services: Sequence[BillableService], carried: Container[str], billed: Mapping[str, date]
) -> list[BillableService]:
    """Services of which another agreement's bill of this round had days: they go on, too."""
    return [
        replace(one, billed_until=billed[name])
        for one in services
        if one.billed_with and (name := one.agreement.agreement_id) in carried
        if one.billed_until is None or one.billed_until < billed[name]
    ]


def days_of_its_own(service: BillableService, begin: date, until: date) -> list[DaySpan]:
    """Of the days from ``begin`` up to ``until`` (out), those on no other agreement's bill.

    Each is on one bill: what another agreement carries of them is told with that one.
    """
    left = [DaySpan(begin, until)] if begin < until else []
    for one in service.billed_with:
        cut = [one.service.within(days) for each in left if (days := one.days.within(each))]
        for carried in cut:
            if carried is not None:
                left = [
                    DaySpan(*part)
                    for each in left
                    for part in (
                        (each.from_day, min(each.until_day, carried.from_day)),
                        (max(each.from_day, carried.until_day), each.until_day),
                    )
                    if part[0] < part[1]
                ]
    return left


def stands_on_another(service: BillableService, window: DaySpan) -> bool:
    """Whether the window, or its first days, are billed with another agreement.

    :raises NotTogether: if an arrangement has the days, and the agreement of the bill has ended
    """
    for one in service.billed_with:
        days = one.days.within(window)
        if days is None:
            continue
        carried = one.service.within(days)
        if carried is not None and carried.from_day == window.from_day:
            return True
        raise NotTogether(
            f"Agreement {service.agreement.agreement_id} is billed with agreement "
            f"{one.agreement_id}, {one.days}, and that one has service {one.service}",
            where=f"account {service.account.account_id}, {window}",
            why="Nobody has said whose bill the days are on",
            do=f"End the arrangement on the last day of both with `meterledger together end "
            f"{service.account.account_id}`",
        )
    return False
