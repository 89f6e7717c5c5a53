"""What a bill would ask otherwise now, by a choice of its account that was learned late.

Lives here      choices known since a bill was made; the due day that it would have had by them, and
                what it would have asked on a budget plan.
Lives elsewhere the credit for paperless billing, a line like any other (``rebill_states``); what a
                correction moves between bills of a plan: its running difference takes that.
Read first      docs/operating/corrections.md.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.budget import AskedKind, asked_of
from meterledger.kernel.money import usd_display
from meterledger.usecases.bill_options import as_asked, options_of, own_due_day
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_states import Now, asked_now
from meterledger.usecases.replay_bill import ReplayStore, first_issued


def choices_of(account_id: str, known_at: datetime, store: ReplayStore) -> AccountOptions:
    """Due dates, deliveries and the budget plan of an account, as known then; no bill of it."""
    options = options_of([account_id], known_at, store).get(account_id)
    return replace(options, budget_bills=()) if options else AccountOptions(account_id)


def same_choices(one: AccountOptions, other: AccountOptions, on: date) -> bool:
    """Whether an account has chosen the same, as far as a bill issued on that day goes.

    What a later month of review decided, and what was elected for later days, is left out.
    """
    return _until(one, on) == _until(other, on)


def asks_otherwise(stored: StoredBill, right: Bill, store: ReplayStore, now: Now) -> str:
    """In a sentence, what the bill would ask otherwise, or by which day; "" where that is right.

    ``right`` is the period's bill as it comes out now. Choices of the account are compared, never
    a changed book: what that makes of a due day is no correction of a bill that was sent.

    :raises NoRuleInForce: if the book is silent on the day of issue
    """
    then = options_of([stored.account_id], stored.known_at, store).get(stored.account_id)
    known = options_of([stored.account_id], now.known_at, store).get(stored.account_id)
    told = (
        _due_otherwise(stored, then, known, now),
        _settles(stored, right) or _plan_otherwise(stored, right, store, now),
    )
    return "; ".join(one for one in told if one)


def _due_otherwise(
    stored: StoredBill, then: AccountOptions | None, known: AccountOptions | None, now: Now
) -> str:
    if _chosen(then, stored) == _chosen(known, stored) or _was_out(stored, then, known):
        return ""
    due = own_due_day(known, stored.issued_day, now.view).outcome
    if due == stored.due_day:
        return ""
    return f"It was due on {stored.due_day}; by what the account has chosen it is due on {due}"


def _was_out(stored: StoredBill, then: AccountOptions | None, known: AccountOptions | None) -> bool:
    """Whether a choice of the bill's own day, or its end, was told when the bill was out already.

    A choice never reaches such a bill (GRR V.O), and counts from the next one on; one that was made
    before it on that day, and ended after it, was that bill's.
    """
    on_it = then.due_date_on(stored.issued_day) if then is not None else None
    if on_it is not None and on_it.days.from_day == stored.issued_day:
        return True
    return known is not None and any(
        one.learned_at > stored.known_at
        and stored.issued_day in (one.days.from_day, one.days.until_day)
        for one in known.due_dates
    )


def _settles(stored: StoredBill, right: Bill) -> str:
    """What the last bill asks where it was a month's on a plan: service ended with it since."""
    if right.asked is None or right.asked.kind is not AskedKind.ENDED:
        return ""
    told = read_record(stored.record).get("asked")
    if told is None or told["kind"] == AskedKind.ENDED.value or told["plan"] != right.asked.plan_id:
        return ""
    was = asked_of(stored.record, stored.total_cents)
    return (
        f"It asked {usd_display(was)}; it is the last bill now, for service ended with it, and "
        f"settles the budget plan with {usd_display(right.asked_cents)}"
    )


def _plan_otherwise(stored: StoredBill, right: Bill, store: ReplayStore, now: Now) -> str:
    """What a correction would ask by the plan known now, where that is not the one known then."""
    on = stored.issued_day
    then = _until(choices_of(stored.account_id, stored.known_at, store), on)
    known = _until(choices_of(stored.account_id, now.known_at, store), on)
    if _plan_of(then) == _plan_of(known):
        return ""
    options = options_of([stored.account_id], now.known_at, store).get(stored.account_id)
    bills = options.budget_bills if options else ()
    bare = replace(right, asked=None)
    billed_on = first_issued(stored, store)
    asked = [
        as_asked(
            bare, right.kind, replace(one, budget_bills=bills), now.view, billed_on=billed_on
        ).asked_cents
        for one in (then, known)
    ]
    was, becomes = (
        asked_of(stored.record, stored.total_cents),
        asked_now(right, stored, store, now).asked_cents,
    )
    if asked[0] == asked[1] or was == becomes:
        return ""
    return (
        f"It asked {usd_display(was)}; by what is known now of the account's budget plan it asks "
        f"{usd_display(becomes)}"
    )


def _plan_of(options: AccountOptions) -> tuple[object, ...]:
    return options.plans, options.amounts, options.elections


def _until(options: AccountOptions, on: date) -> AccountOptions:
    return replace(
        options,
        amounts=tuple(one for one in options.amounts if one.from_day <= on),
        elections=tuple(one for one in options.elections if one.from_day <= on),
    )


def _chosen(options: AccountOptions | None, stored: StoredBill) -> tuple[object, ...] | None:
    choice = options.due_date_on(stored.issued_day) if options is not None else None
    return None if choice is None else (choice.kind, choice.day_of_month, choice.person)
