"""A deposit of a service that never began: its account is closed, and no final bill will come.

Lives here      the question whether an account is closed without ever a bill, and since when.
Lives elsewhere giving the deposit back (``deposit_back``), a service with a final bill
                (``deposit_run``), keeping days from being billed (``settle_held``).
Read first      GRR VI.C.2; docs/operating/deposits.md, "Giving it back".

That service ended says not yet that no bill comes: its last days may wait for a reading. So a
person has to say it, who excludes every day of the service from being billed, with a reason. Of an
account that was billed before, the deposit waits for its final bill: days are excluded for a
dispute, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meterledger.facts.held import HeldCase, HeldState
from meterledger.facts.places import Agreement
from meterledger.usecases.deposit_ask import Desk


def closed_without_a_bill(account_id: str, *, on: date, desk: Desk) -> date | None:
    """The first day without service, where the account never had a bill and gets none; else None.

    Every day of its agreements is excluded from being billed by the evening of ``on``: a day that
    is billed is not.
    """
    services = desk.store.services_of_account(account_id, desk.now)
    agreements = [one.agreement for one in services]
    ends = [one.days.until_day for one in agreements if one.days.until_day is not None]
    if not ends or len(ends) < len(agreements) or max(ends) > on:
        return None
    cases = desk.store.held_cases(account_id=account_id)
    if not all(_is_excluded(one, cases, on) for one in agreements):
        return None
    return max(ends)


def _is_excluded(agreement: Agreement, cases: Sequence[HeldCase], on: date) -> bool:
    """Whether no day of the agreement is billed before somebody reopens it."""
    spans = sorted(
        (case.days.from_day, case.days.until_day)
        for case in cases
        if case.agreement_id == agreement.agreement_id
        and case.days is not None
        and case.state is HeldState.EXCLUDED
        and case.decided is not None
        and case.decided.on <= on
    )
    covered = agreement.days.from_day
    for from_day, until_day in spans:
        if from_day <= covered:
            covered = max(covered, until_day)
    return agreement.days.until_day is not None and covered >= agreement.days.until_day
