"""What journeys of deposits need of the store.

Lives here      the port ``DepositLog``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/deposits``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from meterledger.facts.deposits import Deposit, DepositKind, DepositStep
from meterledger.facts.money import Entry
from meterledger.facts.receivables import OpenItem
from meterledger.kernel.span import DaySpan


class BillAtPoint(NamedTuple):
    """A bill at a service point, whoever it was for: as much as an estimate of a year needs."""

    bill_id: str
    days: DaySpan
    issued_day: date
    total_cents: int
    estimated_counts: bool


@dataclass(frozen=True, slots=True)
class DepositWork:
    """What one call writes of one deposit: its next steps, and what they post.

    ``kind`` is there for a deposit that begins with these steps. ``seen`` is how many steps it had
    when this was decided: somebody else's step meanwhile refuses the call.
    """

    deposit_id: str
    account_id: str
    kind: DepositKind
    seen: int
    steps: tuple[DepositStep, ...]
    entries: tuple[Entry, ...] = ()
    beside: frozenset[str] | None = None
    """The account's other deposits that were looked at; one more meanwhile refuses the call, since
    limits are of all together. None where the others do not matter."""


class DepositLog(Protocol):
    """Deposits with their steps, which are only added."""

    def record_deposits(self, work: Sequence[DepositWork]) -> bool:
        """Keep steps and entries in one transaction.

        False, and nothing changed, if every step is known with the same contents.

        :raises NotFound: if an account is not known
        :raises Conflict: if a step is known with other contents, does not follow, or somebody else
            added one meanwhile; if more would leave an account's deposits than they hold
        """

    def deposit(self, deposit_id: str) -> Deposit:
        """A deposit with its steps. :raises NotFound:"""

    def deposits_of_accounts(
        self, account_ids: Collection[str]
    ) -> Mapping[str, tuple[Deposit, ...]]:
        """The accounts' deposits, the oldest first; accounts without one are left out."""

    def deposit_accounts(self, *, with_closed: bool = False) -> list[str]:
        """Accounts that have a deposit that has not ended, in order; or one at all."""

    def asked_deposits(self, account_id: str, at: date) -> tuple[OpenItem, ...]:
        """What of the account's deposits is asked for on the evening of ``at``, before payments."""

    def bills_at_point(
        self, service_point_id: str, days: DaySpan, known_at: datetime
    ) -> list[BillAtPoint]:
        """Bills at a service point whose period touches the days, live as known then, by days."""
