"""Meters on one bill on paper: an account has a second service point, billed with its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.stores.paper_town import (
    CLAUSE,
    FIRST_DAY,
    LATER,
    LEARNED,
    account_id,
    agreement_of,
    bill_of,
    month_of,
    start_of,
)

from meterledger.facts.bills import Bill, BilledUsage
from meterledger.facts.money import Entry
from meterledger.facts.places import Agreement
from meterledger.facts.together import BilledTogether, PointShare
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.ports import ServiceStart

SUM = (Reason("the energy of 2 meters of the account is added", CLAUSE),)


def barn_of(number: int) -> Agreement:
    """Another agreement of the number-th account, at a service point of its own."""
    return replace(
        agreement_of(number),
        agreement_id=f"AG-{number}-BARN",
        service_point_id=f"SP-{number}-BARN",
    )


def start_of_barn(number: int) -> ServiceStart:
    """What starting service of the barn records beside what is known of the account."""
    start, agreement = start_of(number), barn_of(number)
    point = agreement.service_point_id
    assert start.service_point is not None
    assert start.installation is not None
    return replace(
        start,
        persons=(),
        account=None,
        holders=(),
        premise=None,
        tax_place=None,
        service_point=replace(start.service_point, service_point_id=point),
        installation=replace(start.installation, service_point_id=point, meter_id=f"MB-{number}"),
        agreement=agreement,
    )


def together_of(number: int, *, learned_at: datetime = LEARNED) -> BilledTogether:
    """The barn's meter on the bill of the account's own agreement, from the first day on."""
    return BilledTogether(
        account_id=account_id(number),
        agreement_id=agreement_of(number).agreement_id,
        joined_agreement=barn_of(number).agreement_id,
        days=Validity(FIRST_DAY),
        by="Ana Rivera",
        reason="asked in May",
        reasons=SUM,
        learned_at=learned_at,
    )


def shared_bill_of(
    number: int, month: int = 0, *, barn_days: DaySpan | None = None
) -> tuple[Bill, Entry | None]:
    """The number-th account's bill of one month on both of its meters, and its entry."""
    bill, entry = bill_of(number, month)
    return with_barn(bill, barn_days or month_of(month)), entry


def with_barn(bill: Bill, days: DaySpan) -> Bill:
    """The bill on the sum of its own meter and of the barn's."""
    number = int(bill.service_point_id.rpartition("-")[2])
    usage = BilledUsage("0123456789abcdef", 900, 2880, 15_000, (500,) * 30, "c" * 64)
    shares = (
        PointShare(bill.agreement_id, bill.service_point_id, bill.days, usage),
        PointShare(barn_of(number).agreement_id, barn_of(number).service_point_id, days, usage),
    )
    return replace(bill, usage=replace(bill.usage, points=shares))


def keep_together(store: Any) -> None:
    """A row in the table of arrangements."""
    store.start_services([start_of(3)])
    store.start_services([start_of_barn(3)])
    store.begin_together([together_of(3, learned_at=LATER)])
