"""Budget plans and what a bill asks on one: two numbers that differ, and the running difference.

Lives here      the plan, its elections and amounts on two clocks; what a bill asks, and its row.
Lives elsewhere deciding any of it (``billing.budget_*``), due dates and delivery
                (``billing_options``).
Read first      GRR V.I; docs/operating/budget_billing.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import first_version
from meterledger.kernel.money import cents_from_text, usd_display, usd_text
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.written_counts import many


class PlanEnd(Enum):
    """Why a plan ended."""

    CUSTOMER = "by the customer"
    NON_PAYMENT = "for non-payment"
    MOVE = "with the final bill"


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """An account is on the plan on some days, at one service point.

    ``days`` begin with the day of enrollment; the plan ends on the day out. ``ended`` says why.
    """

    plan_id: str
    account_id: str
    service_point_id: str
    days: Validity
    learned_at: datetime
    reasons: tuple[Reason, ...]
    ended: PlanEnd | None = None


class AmountCause(Enum):
    """When a monthly amount was decided."""

    JOINED = "joined"
    INTERIM = "interim review"
    REEVALUATION = "re-evaluation"


@dataclass(frozen=True, slots=True)
class YearEstimate:
    """What a year of service is estimated to cost, and how much of that is known.

    ``billed_days`` of the year stand on bills, of which ``estimated_days`` are on bills with
    estimated usage; the rest is the same cost a day. With no bill the figure is told: ``told``
    says by whom and from what.
    """

    annual_cents: int
    billed_cents: int
    billed_days: int
    bill_count: int
    estimated_days: int = 0
    told: str = ""

    @property
    def sentence(self) -> str:
        """The degree of estimation, for people."""
        annual = usd_display(self.annual_cents)
        if self.told:
            return f"A year is estimated at {annual}, as told: {self.told}"
        of_estimates = (
            f", {self.estimated_days} of them on bills with estimated usage"
            if self.estimated_days
            else ""
        )
        return (
            f"A year is estimated at {annual}: {usd_display(self.billed_cents)} was billed for "
            f"{many(self.billed_days, 'day')} on {many(self.bill_count, 'bill')}{of_estimates}, "
            "taken to 365 days"
        )

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "annual_usd": usd_text(self.annual_cents),
            "billed_usd": usd_text(self.billed_cents),
            "billed_days": self.billed_days,
            "bill_count": self.bill_count,
            "estimated_days": self.estimated_days,
            "told": self.told,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> YearEstimate:
        """As it was kept."""
        return cls(
            cents_from_text(told["annual_usd"], where="annual_usd"),
            cents_from_text(told["billed_usd"], where="billed_usd"),
            told["billed_days"],
            told["bill_count"],
            told["estimated_days"],
            told["told"],
        )


@dataclass(frozen=True, slots=True)
class BudgetAmount:
    """A decision on the monthly amount of a plan: once for each month of review.

    ``month`` is the first day of the month that it was decided for; ``adjusted`` is false where
    the review left the amount as it was.
    """

    plan_id: str
    account_id: str
    month: date
    from_day: date
    cents: int
    cause: AmountCause
    adjusted: bool
    estimate: YearEstimate
    reasons: tuple[Reason, ...]
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class BudgetElection:
    """What the customer elected: the yearly month, and how the difference is settled.

    Options are "a" or "b"; ``settlement_option`` is "" where nothing was elected.
    ``reevaluation_month`` is 1 to 12. ``elected`` false: nothing was elected, the sheet's word
    holds, and nothing is locked.
    """

    plan_id: str
    account_id: str
    from_day: date
    month_option: str
    reevaluation_month: int
    settlement_option: str
    elected: bool
    reasons: tuple[Reason, ...]
    learned_at: datetime


class AskedKind(Enum):
    """What kind of amount a bill asks."""

    PLAN = "plan"
    SETTLED = "settled"
    """The difference is settled in the month of re-evaluation: on this bill, or rolled over."""
    ENDED = "ended"
    """The plan has ended, or ends with this final bill: nothing stays open."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bill of an account with a budget plan asks, beside what its period costs.

    The running difference is cost less what was asked, since enrollment: above zero the customer
    owes it, below zero it is the customer's. ``rolled_over_cents`` are added, in order, to the
    bills that follow; they are part of the difference until they are asked.

    :raises InvariantBroken: if the parts do not sum to what is asked, or the difference does not
        follow from it
    """

    plan_id: str
    kind: AskedKind
    plan_amount_cents: int
    rolled_over_part_cents: int
    settlement_cents: int
    charges_cents: int
    asked_cents: int
    difference_before_cents: int
    difference_after_cents: int
    rolled_over_cents: tuple[int, ...]
    reasons: tuple[Reason, ...]
    after_end: bool = False
    """Whether a later bill has settled the plan: then a correction asks all that it changes."""

    def __post_init__(self) -> None:
        ensure(
            self.asked_cents
            == self.plan_amount_cents + self.rolled_over_part_cents + self.settlement_cents,
            "what is asked is the plan's amount, what was rolled over and what is settled",
        )
        ensure(
            self.difference_after_cents
            == self.difference_before_cents + self.charges_cents - self.asked_cents,
            "the running difference moves by cost less what is asked",
        )
        ensure(
            self.kind is not AskedKind.ENDED or self.difference_after_cents == 0,
            "nothing stays open when a plan has ended",
        )

    @property
    def deferred_cents(self) -> int:
        """What of the bill's charges is not asked now; below zero, what is asked beyond them."""
        return self.charges_cents - self.asked_cents

    def as_json(self, cite: Callable[[Citation], object] = Citation.as_json) -> dict[str, Any]:
        """As it stands in a bill's record."""
        return {
            "plan": self.plan_id,
            "kind": self.kind.value,
            "plan_amount_usd": usd_text(self.plan_amount_cents),
            "rolled_over_part_usd": usd_text(self.rolled_over_part_cents),
            "settlement_usd": usd_text(self.settlement_cents),
            "charges_usd": usd_text(self.charges_cents),
            "asked_usd": usd_text(self.asked_cents),
            "difference_before_usd": usd_text(self.difference_before_cents),
            "difference_after_usd": usd_text(self.difference_after_cents),
            "rolled_over_usd": [usd_text(one) for one in self.rolled_over_cents],
            "reasons": [
                {"finding": one.finding, "citation": cite(one.citation)} for one in self.reasons
            ],
        }


def asked_cents(record: dict[str, Any]) -> int:
    """What a bill asks, from its record: the plan's word where there is one, else its total."""
    told = record["asked"]["asked_usd"] if "asked" in record else record["total_usd"]
    return cents_from_text(told, where=record["bill"])


def asked_of(record: bytes, total_cents: int) -> int:
    """What a stored bill asks, from its record as bytes: most have no plan and are not read."""
    if b'"asked":' not in record:
        return total_cents
    return asked_cents(json.loads(record))


@dataclass(frozen=True, slots=True)
class BudgetBill:
    """What an issued bill asked, as it is kept beside the plan: nothing needs its record.

    ``learned_at`` is the instant that the bill pins. Of two rows of one period the later one holds:
    a corrected bill took the other's place.
    """

    plan_id: str
    account_id: str
    bill_id: str
    days: DaySpan
    kind: AskedKind
    plan_amount_cents: int
    rolled_over_part_cents: int
    settlement_cents: int
    charges_cents: int
    asked_cents: int
    rolled_over_cents: tuple[int, ...]
    learned_at: datetime

    @property
    def deferred_cents(self) -> int:
        """Cost less what was asked."""
        return self.charges_cents - self.asked_cents


def holding(rows: Iterable[BudgetBill], *, by_first_day: bool = False) -> tuple[BudgetBill, ...]:
    """Of each bill the row of its newest correction, oldest period first.

    A correction is known by its name: its days may be fewer, where service ended earlier than was
    known, or begin on another one. ``by_first_day`` tells rows apart by their first days alone, as
    they were before: two places of an account have the same.
    """
    newest: dict[date | str, BudgetBill] = {}
    for one in sorted(rows, key=lambda row: (row.learned_at, row.bill_id)):
        newest[one.days.from_day if by_first_day else first_version(one.bill_id)] = one
    return tuple(sorted(newest.values(), key=lambda row: (row.days.from_day, row.bill_id)))
