"""Billing periods of a service that goes on: over changes of the rate option, and after its end.

Lives here      the agreements by which an account's service at a place went on, the last of them;
                the months of the calendar since it ended, as periods of which there is no bill.
Lives elsewhere the limits that are counted over them (``billing.correction_limits``).
Read first      GRR V.G.1: up to so many monthly billing periods, counted back from the discovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Protocol

from meterledger.billing import BillInError
from meterledger.facts.places import Agreement, BillableService
from meterledger.kernel.months import months_after
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import StoredBill


class ServicesAsked(Protocol):
    """What is asked of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


def going_on(
    agreement_id: str, account_id: str, known_at: datetime, store: ServicesAsked
) -> list[Agreement]:
    """The agreement with those of its account at the place that it continues, and that continue it.

    Oldest first: another rate option is another agreement, and the same service.
    """
    known = {
        one.agreement.agreement_id: one for one in store.services_of_account(account_id, known_at)
    }
    names = {agreement_id}
    for forward in (False, True):
        name = agreement_id
        while (one := known.get(name)) is not None:
            name = one.continued_by if forward else one.continues
            if not name or name in names:
                break
            names.add(name)
    found = [one.agreement for name, one in known.items() if name in names]
    return sorted(found, key=lambda one: one.days.from_day)


def last_of_service(service: BillableService, services: Sequence[BillableService]) -> Agreement:
    """The agreement with which the service goes on to its end, or to no end.

    ``services`` are those of its account: another rate option, booked or begun, is no end.
    """
    known = {one.agreement.agreement_id: one for one in services}
    last = service
    while last.continued_by in known:
        last = known[last.continued_by]
    return last.agreement


def periods_billed(
    chain: Sequence[BillableService], issued: Iterable[StoredBill], until: date, most: int
) -> list[DaySpan]:
    """The last periods of a service as they are billed by a day, oldest first.

    None where they do not tile. ``issued`` are bills of the place; ``chain`` are the agreements by
    which the service goes on.
    """
    names = {one.agreement.agreement_id for one in chain}
    live = [
        one.days
        for one in issued
        if one.agreement_id in names and one.cancelled_by is None and one.days.until_day <= until
    ]
    last = sorted(live, key=lambda days: days.from_day)[-most:]
    tiled = all(one.until_day == then.from_day for one, then in pairwise(last))
    return last if tiled else []


def months_without_service(ended: date, found: date) -> tuple[BillInError, ...]:
    """The whole months of the calendar from the end of service until an error was found."""
    months = []
    count = 0
    while (until := months_after(ended, count + 1)) <= found:
        months.append(BillInError("", DaySpan(months_after(ended, count), until), 0, 0))
        count += 1
    return tuple(months)
