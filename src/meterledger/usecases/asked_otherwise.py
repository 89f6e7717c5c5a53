"""What a bill would ask otherwise now, by a choice of its account that was learned late.

Lives here      choices known since a bill was made; the due day that it would have had by them.
Lives elsewhere the credit for paperless billing, a line like any other (``rebill_states``); what
                a budget plan asks: its running difference takes that (``budget_plans``).
Read first      docs/operating/corrections.md.
"""

from __future__ import annotations

from datetime import datetime

from meterledger.facts.billing_options import AccountOptions, DeliveryPreference, DueDateChoice
from meterledger.usecases.bill_options import options_of, own_due_day
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.replay_bill import ReplayStore

Choices = tuple[tuple[DueDateChoice, ...], tuple[DeliveryPreference, ...]]


def choices_of(account_id: str, known_at: datetime, store: ReplayStore) -> Choices:
    """Due dates and deliveries of an account, as known then."""
    options = options_of([account_id], known_at, store).get(account_id)
    return ((), ()) if options is None else (options.due_dates, options.deliveries)


def asks_otherwise(stored: StoredBill, store: ReplayStore, now: Now) -> str:
    """In a sentence, by which day the bill would have been due; "" where it asks what is right.

    A choice of the account's is compared, never a changed book: what that makes of a due day is no
    correction of a bill that was sent.

    :raises NoRuleInForce: if the book is silent on the day of issue
    """
    on = stored.issued_day
    then = options_of([stored.account_id], stored.known_at, store).get(stored.account_id)
    known = options_of([stored.account_id], now.known_at, store).get(stored.account_id)
    if _chosen(then, stored) == _chosen(known, stored):
        return ""
    due = own_due_day(known, on, now.view).outcome
    if due == stored.due_day:
        return ""
    return f"It was due on {stored.due_day}; by what the account has chosen it is due on {due}"


def _chosen(options: AccountOptions | None, stored: StoredBill) -> tuple[object, ...] | None:
    choice = options.due_date_on(stored.issued_day) if options is not None else None
    return None if choice is None else (choice.kind, choice.day_of_month, choice.person)
