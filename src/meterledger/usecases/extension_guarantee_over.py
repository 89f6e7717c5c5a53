"""Whether a guarantee is over, so that a person may give its deposit back.

Lives here      by its bills, by the calendar, and by the end of the service that it was for.
Lives elsewhere testing bills (``extension_guarantees``), giving it back (``extension_money``).
Read first      GRR III.P; docs/operating/extensions.md.

The last bill of a period says that it is over only if it is issued after its end: where the
customer leaves before that, no such bill comes, and the day says it, or that nothing is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.extensions import GuaranteeState
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile
from meterledger.facts.places import BillableService
from meterledger.kernel.months import months_after
from meterledger.usecases.extension_guarantees import (
    GuaranteeStore,
    bills_of_extension,
    untested_bills,
)
from meterledger.usecases.extension_records import ExtensionRefused, Moment
from meterledger.usecases.periods_of_service import last_of_service

PERIOD = "ext_guarantee_ends_when_revenue_covers_period_months"
OVER = {
    GuaranteeState.ENDED_BY_REVENUE.value,
    GuaranteeState.SATISFIED.value,
    GuaranteeState.PERIOD_OVER.value,
}


class OverStore(GuaranteeStore, Protocol):
    """What this needs of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, or NotFound."""


def why_over(on_file: ExtensionOnFile, on: date, store: OverStore, moment: Moment) -> str | None:
    """Why the guarantee is over on a day; None while it runs.

    :raises ExtensionRefused: if it would be over, and bills were not held against it yet
    """
    if on_file.guarantee_state in OVER:
        return on_file.guarantee_state
    found = _by_calendar(on_file, on, moment) or _by_service(on_file, on, store, moment)
    if found is not None:
        bills = bills_of_extension(on_file, store, moment)
        waiting = untested_bills(on_file, bills, on)
        if waiting:
            name = on_file.contract.contract_id
            raise ExtensionRefused(
                f"Bill {waiting[0].bill_id} was not held against the guarantee yet",
                where=f"extension {name}",
                why="What it lacks is charged before the deposit goes back (GRR III.P.2)",
                do=f"Hold it first, with `meterledger extension guarantee {name}`",
            )
    return found


def _by_calendar(on_file: ExtensionOnFile, on: date, moment: Moment) -> str | None:
    tested = on_file.of(ExtensionAct.TESTED)
    started = next((one.data["started_on"] for one in tested if one.data["started_on"]), "")
    if not started:
        return None
    months = moment.view.number(PERIOD).on(on_file.contract.requested_day).value
    until = months_after(date.fromisoformat(started), int(months))
    return f"the period ended before {until}" if on >= until else None


def _by_service(on_file: ExtensionOnFile, on: date, store: OverStore, moment: Moment) -> str | None:
    """By the end of all that it serves; of the account, where nothing was told to be served."""
    ends = [
        last_of_service(
            one, store.services_of_account(one.account.account_id, moment.known_at)
        ).days.until_day
        for one in _served(on_file, store, moment)
    ]
    days = [one for one in ends if one is not None and one <= on]
    return f"service ended before {max(days)}" if days and len(days) == len(ends) else None


def _served(
    on_file: ExtensionOnFile, store: OverStore, moment: Moment
) -> Sequence[BillableService]:
    names = [one.about for one in on_file.of(ExtensionAct.SERVED)]
    if names:
        return [store.service_of_agreement(one, moment.known_at) for one in names]
    return store.services_of_account(on_file.contract.account_id, moment.known_at)
