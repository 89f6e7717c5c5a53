"""Months of special facilities of before 1992: one charge each, until a change.

Lives here      which months are due, one month's charge with its entry.
Lives elsewhere the rule (``extensions``), the change itself (``extension_contracts``).
Read first      GRR III.Q.4, III.Q.5 and III.N.4; docs/operating/extensions.md.
"""

from __future__ import annotations

from datetime import date

from meterledger.extensions import LEGACY_CHARGE, Group, LegacyChargeFacts, Option
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile, FacilityTerms
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.facts.money import Entry
from meterledger.kernel.money import Cents
from meterledger.kernel.months import months_after
from meterledger.ledger import entry_for_facility_month
from meterledger.usecases.extension_ports import ExtensionLog, ExtensionWork
from meterledger.usecases.extension_records import Asked, Moment, event_of, part_of


def due_months(on_file: ExtensionOnFile, on: date) -> tuple[date, ...]:
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
        months.append(month)
        month = months_after(month, 1)
    return tuple(months)


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
