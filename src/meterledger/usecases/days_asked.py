"""By which day a customer was asked for each bill, for whoever tells whether it was paid in time.

Lives here      the day of each bill of an account, as known at an instant, and by law for a
                government; the day of a bill that would be made.
Lives elsewhere what the day follows from (``stores``: the bill's own due day, documents, combined
                statements), late charges (``late_charge_base``), who asks (``deposit_history``,
                ``write_off``).
Read first      docs/operating/late_charges.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.late_charges import GovernmentAccount, LateBill
from meterledger.rulebook.book import BookView
from meterledger.usecases.bill_options import own_due_day
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.late_charge_base import NEVER, by_law, delinquent_day

__all__ = ["NEVER", "LateBillReads", "days_asked", "due_of_bills"]


class LateBillReads(Protocol):
    """What this needs of the store."""

    def late_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, tuple[LateBill, ...]]:
        """The accounts' bills as late charges know them; accounts without any are left out."""

    def government_accounts(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, tuple[GovernmentAccount, ...]]:
        """What is told of accounts of governments; the others are left out."""


class DueReads(LateBillReads, OptionsAsked, Protocol):
    """What is asked of the store for bills that are not made."""


def days_asked(
    account_id: str, known_at: datetime, store: LateBillReads, *, with_law: bool = True
) -> dict[str, date]:
    """The day by which each bill of the account was asked for, by its item (``bill:B-1``).

    It is the day after which a late charge takes the bill as late: where the law names another for
    an account of a government, that one, unless ``with_law`` is False. ``NEVER`` for one that has
    not gone out.
    """
    bills = store.late_bills([account_id], known_at).get(account_id, ())
    told: Sequence[GovernmentAccount] = ()
    if with_law:
        told = store.government_accounts([account_id], known_at).get(account_id, ())
    return {f"bill:{one.bill_id}": delinquent_day(one, told) for one in bills}


def due_of_bills(
    account_id: str, days: Sequence[date], *, known_at: datetime, view: BookView, store: DueReads
) -> list[date]:
    """By when bills of the account would be due that were issued on the days, as known then.

    It is the account's own due date, or the usual one off a closed day; where the law names a later
    one for a government, that.

    :raises NoRuleInForce: if the book is silent on one of the days
    """
    options = store.billing_options([account_id], known_at).get(account_id)
    told = store.government_accounts([account_id], known_at).get(account_id, ())
    return [max(own_due_day(options, day, view).outcome, by_law(day, told) or day) for day in days]
