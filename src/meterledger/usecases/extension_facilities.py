"""Months of special facilities of before 1992: one charge each, until a change.

Lives here      which months are due, one month's charge with its entry.
Lives elsewhere the rule (``extensions``), the change itself (``extension_contracts``).
Read first      GRR III.Q.4, III.Q.5 and III.N.4; docs/operating/extensions.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from meterledger.extensions import LEGACY_CHARGE, Group, LegacyChargeFacts, Option
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile, FacilityTerms
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.facts.money import Entry
from meterledger.facts.places import BillableService
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import Cents
from meterledger.kernel.months import months_after
from meterledger.kernel.span import Validity
from meterledger.ledger import entry_for_facility_month
from meterledger.usecases.extension_ports import ExtensionLog, ExtensionWork
from meterledger.usecases.extension_records import (
    Asked,
    Moment,
    event_of,
    part_of,
    reversals_of,
    undoing,
)


class FacilityStore(ExtensionLog, Protocol):
    """What months of facilities need of the store."""

    def entries_of_account(self, account_id: str) -> Sequence[Entry]:
        """Entries that touch the account, oldest first."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


def services_of(
    on_file: ExtensionOnFile, store: FacilityStore, moment: Moment
) -> tuple[Validity, ...]:
    """The days of the account's agreements, as known then."""
    found = store.services_of_account(on_file.contract.account_id, moment.known_at)
    return tuple(one.agreement.days for one in found)


def is_used(month: date, services: Sequence[Validity]) -> bool:
    """Whether the customer is served on the first day of a month, or was not served before it.

    The charge is of customers who use such facilities (GRR III.Q.4): it ends with their service.
    """
    ended = any(one.until_day is not None and one.until_day <= month for one in services)
    served = any(
        one.from_day <= month and (one.until_day is None or month < one.until_day)
        for one in services
    )
    return served or not ended


def due_months(
    on_file: ExtensionOnFile, on: date, services: Sequence[Validity] = ()
) -> tuple[date, ...]:
    """First days of months up to a day that were not decided; none after the charge has ended."""
    terms = on_file.contract.facility
    if terms is None:
        return ()
    charged = on_file.ever(ExtensionAct.CHARGED)
    if charged and charged[-1].data["ended"]:
        return ()
    months = []
    month = months_after(charged[-1].on, 1) if charged else terms.charges_from
    while month <= on:
        if is_used(month, services):
            months.append(month)
        month = months_after(month, 1)
    return tuple(months)


def unused_months(on_file: ExtensionOnFile, services: Sequence[Validity]) -> tuple[Event, ...]:
    """Months that stand charged, and for which the customer had left."""
    return tuple(
        one
        for one in on_file.of(ExtensionAct.CHARGED)
        if one.cents and not is_used(one.on, services)
    )


def without_months(
    on_file: ExtensionOnFile,
    months: Sequence[Event],
    *,
    by: str,
    reason: str,
    store: FacilityStore,
    moment: Moment,
) -> tuple[tuple[Event, ...], tuple[Entry, ...]]:
    """The events and reversals by which months do not stand any more; nothing is written yet."""
    today = local_day_of(moment.known_at, moment.view.time_zone)
    events: list[Event] = []
    for one in months:
        events.append(undoing(on_file, one, today, by, reason, moment))
        on_file = replace(on_file, events=(*on_file.events, events[-1]))
    posted = store.entries_of_account(on_file.contract.account_id) if events else ()
    return tuple(events), reversals_of(events, posted, moment)


def charge_month(
    on_file: ExtensionOnFile, month: date, *, store: ExtensionLog, moment: Moment
) -> Event:
    """Charge one month, or keep why it costs nothing."""
    event = charged(on_file, month, moment)
    store.record_extension(ExtensionWork((event,), entries_of_month(on_file, event)))
    return event


def charged(on_file: ExtensionOnFile, month: date, moment: Moment) -> Event:
    """The event of one month, with its record.

    :raises NoRuleInForce: where the book is silent on the month
    :raises Refusal: if the charge on the billing record is needed and nobody gave it
    """
    terms = part_of(on_file.contract.facility, on_file.contract.contract_id)
    asked = Asked(moment)
    found = asked.ask(LEGACY_CHARGE, _facts(on_file, terms), day=month)
    return event_of(
        on_file,
        ExtensionAct.CHARGED,
        about=f"{terms.facility}.{month:%Y-%m}",
        on=month,
        moment=moment,
        asked=asked,
        cents=found.monthly_cents,
        data={"group": found.group.value, "ended": found.standard_billing},
    )


def _facts(on_file: ExtensionOnFile, terms: FacilityTerms) -> LegacyChargeFacts:
    frozen = terms.frozen_monthly_cents
    if frozen is None:
        in_place = [
            one.cents
            for one in on_file.of(ExtensionAct.CHARGED)
            if one.data["group"] != Group.BEFORE_1992.value
        ]
        frozen = in_place[-1] if in_place else None
    return LegacyChargeFacts(
        installed_on=terms.installed_on,
        installed_cost_cents=Cents(terms.installed_cost_cents),
        option=Option(terms.option) if terms.option else None,
        same_customer=terms.same_customer,
        changed_on=on_file.changed_on,
        frozen_monthly_cents=None if frozen is None else Cents(frozen),
    )


def entries_of_month(on_file: ExtensionOnFile, event: Event) -> tuple[Entry, ...]:
    """The charge's entry; none for a month that costs nothing."""
    if not event.cents:
        return ()
    contract = on_file.contract
    facility = contract.facility.facility if contract.facility else contract.contract_id
    return (
        entry_for_facility_month(
            event.key,
            contract.account_id,
            event.cents,
            on=event.on,
            learned_at=event.learned_at,
            cause=f"special facility {facility}, {event.on:%Y-%m}",
        ),
    )
