"""A town whose days can be closed: real lake, three accounts, one of them with a gap and a debt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.journeys.deposit_town import APPLICANT
from tests.journeys.usage_town import UsageTown, usage_town, with_gap

from meterledger.facts.deposits import DepositKind
from meterledger.usecases.close_day import close_day
from meterledger.usecases.close_desk import CloseDesk
from meterledger.usecases.close_told import DayClosed
from meterledger.usecases.deposit_ask import Desk, ask_deposit
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.take_payment import take_payment

CLOSED_AT = datetime(2026, 12, 2, 9, tzinfo=UTC)
AUGUST, SEPTEMBER = date(2025, 8, 1), date(2025, 9, 1)
"""The reading days of cycle 1. August's bills are due on the 22nd."""


def close_town(folder: Path, **changed: Any) -> UsageTown:
    """Account 1 owes, 2 has a deposit, 3 lacks readings of August: its bill will be held."""
    town = usage_town(folder, **changed)
    for number in (1, 2, 3):
        town.start(number)
    town.arrive("M1", (date(2025, 7, 1), SEPTEMBER))
    town.arrive("M2", (date(2025, 7, 1), SEPTEMBER))
    gap = with_gap(date(2025, 8, 9), 0, 96)
    town.arrive("M3", (date(2025, 7, 1), SEPTEMBER), gap)
    known = datetime(2026, 11, 30, 8, tzinfo=UTC)
    ask_deposit(
        town.account_id(2),
        DepositKind.INITIAL,
        on=date(2025, 7, 1),
        told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"},
        cents=None,
        reason="the rules allow it",
        desk=Desk(town.store, town.view, "Ana", known),
    )
    take_payment(
        account_id=town.account_id(2),
        cents=50_00,
        payment_key="D-1",
        received_day=AUGUST,
        learned_at=known,
        view=town.view,
        store=town.store,
        asked_deposits=deposits_asked_on(AUGUST, town.store),
        by="the desk",
    )
    return town


def close(town: UsageTown, day: date, *, now: datetime = CLOSED_AT, **how: Any) -> DayClosed:
    """Close a day, as known in December."""
    desk = CloseDesk(day, now, town.store, town.lake, town.book, **how)
    return close_day(desk)


def end_of(town: UsageTown) -> dict[str, Any]:
    """Everything that a close may have moved, by what it says and not by when it was learned."""
    accounts = town.store.account_ids()
    return {
        "bills": sorted(
            (bill.bill_id, bill.total_cents, bill.previous_balance_cents)
            for account in accounts
            for bill in town.store.bills_of_account(account)
        ),
        "entries": sorted(
            (entry.entry_id, entry.effective_day, entry.legs)
            for account in accounts
            for entry in town.store.entries_of_account(account)
        ),
        "balance": dict(sorted(town.store.trial_balance().items())),
        "held": [(one.case_id, one.seen.code) for one in town.store.held_cases()],
        "accruals": [(one.month_end, one.total_cents) for one in town.store.accruals()],
        "settlements": [(one.settlement_id, one.cents) for one in town.store.settlements()],
    }
