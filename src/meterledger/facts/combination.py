"""Combinations: a customer's accounts whose charges come on one combined statement.

Lives here      the combination and its accounts on two clocks; a combined statement with its lines.
Lives elsewhere deciding one (``billing.bill_form``), the journeys (``usecases/combinations``,
                ``usecases/combined_statements``).
Read first      GRR V.B; docs/operating/combination_bills.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan, Validity


@dataclass(frozen=True, slots=True)
class Combination:
    """A customer's request, granted: one combined statement for many premises, on some days."""

    combination_id: str
    customer: str
    days: Validity
    learned_at: datetime
    reasons: tuple[Reason, ...]
    person_id: str = ""
    """Who is responsible for every account; ``customer`` is the name for the paper. Empty where it
    began before persons were asked for: then the people of its accounts say it.
    """


@dataclass(frozen=True, slots=True)
class CombinedAccount:
    """An account of a combination, on some days. An account is in one combination on a day."""

    combination_id: str
    account_id: str
    days: Validity
    learned_at: datetime


class CombinedKind(Enum):
    """What a line of a combined statement does."""

    CHARGED = "charged"
    TAKEN_BACK = "taken back"
    """A bill of an earlier combined statement was cancelled since."""


@dataclass(frozen=True, slots=True)
class CombinedBill:
    """One account's bill on a combined statement, its amounts as they count: negative taken back.

    ``charges_cents`` is the bill's total, as posted; ``asked_cents`` is what is to be paid of it,
    which differs where the account is on a budget plan.
    """

    account_id: str
    bill_id: str
    kind: CombinedKind
    days: DaySpan
    charges_cents: int
    asked_cents: int


@dataclass(frozen=True, slots=True)
class CombinedStatement:
    """The bills of a combination's accounts since the statement before, with one due day.

    :raises InvariantBroken: if no bill is on it, or it is due before it is issued
    """

    statement_id: str
    combination_id: str
    customer: str
    issued_day: date
    due_day: date
    bills: tuple[CombinedBill, ...]
    reasons: tuple[Reason, ...]
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(len(self.bills) > 0, f"statement {self.statement_id} has a bill")
        ensure(self.issued_day <= self.due_day, f"statement {self.statement_id} is due later")

    @property
    def charges_cents(self) -> int:
        """The sum of the bills' totals."""
        return sum(one.charges_cents for one in self.bills)

    @property
    def asked_cents(self) -> int:
        """What is to be paid by the due day: the sum of what the bills ask."""
        return sum(one.asked_cents for one in self.bills)


@dataclass(frozen=True, slots=True)
class CombinationFile:
    """A combination with its accounts and statements, as known at an instant; oldest first."""

    combination: Combination
    accounts: tuple[CombinedAccount, ...]
    statements: tuple[CombinedStatement, ...]

    def accounts_on(self, day: date) -> tuple[str, ...]:
        """The accounts that are in it on a day, in order."""
        return tuple(sorted(one.account_id for one in self.accounts if day in one.days))
