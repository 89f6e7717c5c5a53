"""What of a batch may not be charged: deposits through final bills, periods that two people left.

Lives here      filling a batch with both, each asked once of the store.
Lives elsewhere what it means for a bill (``billing.without_uncharged``), deciding a held bill
                (``settle_held``), deposits (``deposit_through``).
Read first      docs/operating/held_bills.md, "The ways out".

A period that two people leave uncharged has its bill, at zero: its days are billed, a register's
read is its last, and the next period goes on. A correction of that bill leaves it uncharged, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bills import BillKind
from meterledger.facts.held import HeldCase
from meterledger.kernel.span import DaySpan
from meterledger.usecases.deposit_through import DepositsThrough, deposits_through
from meterledger.usecases.due_bills import DueBill


class LeftAsked(DepositsThrough, Protocol):
    """What is asked of the store."""

    def waived_holds(self, agreement_ids: Collection[str]) -> list[HeldCase]:
        """Cases of the agreements, ended ones too, of which somebody left the period uncharged."""


def with_uncharged(
    batch: list[DueBill], on: date, known_at: datetime, store: LeftAsked
) -> list[DueBill]:
    """The batch with which final bills a deposit goes back through, and which periods were left."""
    names = {one.service.agreement.agreement_id for one in batch}
    cases = [one.as_known(known_at) for one in store.waived_holds(names)]
    left = [one for one in cases if one is not None and one.left_on is not None]
    batch = _with_deposits(batch, on, known_at, store)
    if not left:
        return batch
    return [replace(one, left_on=_left_on(one, left)) for one in batch]


def _left_on(due: DueBill, left: Sequence[HeldCase]) -> date | None:
    name = due.service.agreement.agreement_id
    found = [
        one.left_on
        for one in left
        if one.agreement_id == name and one.days is not None and _within(due.window.days, one.days)
    ]
    return found[0] if found else None


def _within(days: DaySpan, whole: DaySpan) -> bool:
    return whole.from_day <= days.from_day and days.until_day <= whole.until_day


def _with_deposits(
    batch: list[DueBill], on: date, known_at: datetime, store: DepositsThrough
) -> list[DueBill]:
    """The batch with which final bills a deposit goes back through; of others nothing is asked."""

    def name(one: DueBill) -> tuple[str, date]:
        return one.service.account.account_id, one.first_issued or on

    finals = {name(one) for one in batch if one.window.kind is BillKind.FINAL}
    found = deposits_through(finals, known_at=known_at, store=store)
    return [
        replace(one, deposit_refunded=name(one) in found) if one.deposit_refunded is None else one
        for one in (batch if found else ())
    ] or batch
