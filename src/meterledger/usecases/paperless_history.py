"""What a paperless credit must know besides its bill: other bills, places and accounts.

Lives here      the bills that had the credit before, the one place of an account that has it, and
                whether a person of the account was paperless elsewhere.
Lives elsewhere the credit itself (``billing.paperless_credit``), its line (``bill_options``).
Read first      GRR V.N; docs/operating/due_dates.md, "Delivery".

Asked only of who has chosen electronic bills while the book has an amount: nobody else pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import PAPERLESS_CREDIT, PaperlessBefore
from meterledger.facts.billing_options import AccountOptions, Delivery
from meterledger.facts.bills import read_record
from meterledger.facts.places import BillableService
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.ports import StoredBill

RESIDENTIAL = "residential"


class PaperlessAsked(OptionsAsked, Protocol):
    """What is asked of the store."""

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, cancelled ones too, oldest first."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""

    def accounts_of_same_holder(self, account_id: str, known_at: datetime) -> list[str]:
        """Other accounts for which a person of this one is responsible on some day, in order."""


def paperless_before(
    service: BillableService,
    options: AccountOptions,
    window: DaySpan,
    *,
    on: date,
    known_at: datetime,
    view: BookView,
    store: PaperlessAsked,
) -> PaperlessBefore:
    """What is known of the customer's paperless credit besides a bill first issued ``on`` a day."""
    services = store.services_of_account(service.agreement.account_id, known_at)
    enrolled_now, ever = _elsewhere(options, known_at, store)
    return PaperlessBefore(
        enrolled_now=enrolled_now,
        ever_enrolled=ever,
        has_place=_is_first_place(service, services, window, on, view),
        credited=tuple(
            one.days.last_day
            for one in _bills_before(service, services, window, known_at, store)
            if any(line["code"] == PAPERLESS_CREDIT for line in read_record(one.record)["lines"])
        ),
    )


def _elsewhere(
    options: AccountOptions, known_at: datetime, store: PaperlessAsked
) -> tuple[bool, bool]:
    """Whether a person of the account is paperless elsewhere on its first such day, or ever was.

    Of two accounts that begin on one day the first by number is the first enrollment.
    """
    first = min(
        one.days.from_day for one in options.deliveries if one.medium is Delivery.ELECTRONIC
    )
    others = store.accounts_of_same_holder(options.account_id, known_at)
    found = store.billing_options(others, known_at) if others else {}
    before = [
        each.days
        for one in found.values()
        for each in one.deliveries
        if each.medium is Delivery.ELECTRONIC
        and (each.days.from_day, one.account_id) < (first, options.account_id)
    ]
    return any(first in days for days in before), bool(before)


def _is_first_place(
    service: BillableService,
    services: Iterable[BillableService],
    window: DaySpan,
    on: date,
    view: BookView,
) -> bool:
    """Whether the place is the account's oldest home that is served in the window.

    A place, not whichever bill comes first: bills of one run do not see each other.
    """
    begins: dict[str, date] = {}
    served = {service.agreement.service_point_id}
    for one in services:
        agreement = one.agreement
        home = view.service_class(agreement.schedule, on).value == RESIDENTIAL
        if one.billed_with or not home:
            continue
        point, from_day = agreement.service_point_id, agreement.days.from_day
        begins[point] = min(from_day, begins.get(point, from_day))
        if agreement.days.within(window) is not None:
            served.add(point)
    first = min(served & begins.keys(), key=lambda point: (begins[point], point), default="")
    return first in ("", service.agreement.service_point_id)


def _bills_before(
    service: BillableService,
    services: Sequence[BillableService],
    window: DaySpan,
    known_at: datetime,
    store: PaperlessAsked,
) -> list[StoredBill]:
    """The account's bills of periods that ended before this one does, as they stood then.

    Of its own run a bill sees those of its place alone, which are made one after the other.
    """
    mine = service.agreement
    points = {one.agreement.service_point_id for one in services} | {mine.service_point_id}
    found = []
    for point, bills in store.bills_at(sorted(points)).items():
        here = point == mine.service_point_id
        for one in bills:
            until = window.from_day if here else window.until_day
            known = one.known_at < known_at or (here and one.known_at == known_at)
            if one.account_id != mine.account_id or one.days.until_day > until:
                continue
            if known and one.was_live(known_at):
                found.append(one)
    return found
