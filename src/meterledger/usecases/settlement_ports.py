"""What settlements need of the store: cases with steps, payees, and one write for all of a journey.

Lives here      the port ``Settlements``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/settlements``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bank import Expectation
from meterledger.facts.money import Entry
from meterledger.facts.receivables import Application
from meterledger.facts.settlements import SettlementCase, SettlementKind, Step, VerifiedPayee
from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class SettlementWrite:
    """A settlement as it stands after a write, and what the write adds to it.

    ``added`` are its last steps. A new settlement adds all of them. ``applications`` say which
    items the entry of a balance that moves pays, on the account that it leaves. ``expectations``
    are lines of the bank that no file of a channel tells of.
    """

    case: SettlementCase
    added: tuple[Step, ...]
    entries: tuple[Entry, ...]
    applications: tuple[Application, ...] = ()
    expectations: tuple[Expectation, ...] = ()

    @property
    def steps_before(self) -> int:
        """How many steps it has to have for this write to follow."""
        return len(self.case.steps) - len(self.added)

    @property
    def is_new(self) -> bool:
        """Whether the settlement begins with this write."""
        return self.steps_before == 0


class Settlements(Protocol):
    """Settlements are added to, never changed; their money moves in the same transaction."""

    def record_settlements(self, writes: Sequence[SettlementWrite]) -> list[bool]:
        """Keep settlements, steps and entries: all of them or nothing.

        For each write whether it was new: a settlement whose name is known with the same contents
        changes nothing. What exists is looked at under a lock on the accounts, so that of two
        callers at once the second is refused.

        :raises Conflict: if a name is used with other contents; if a step does not follow; if who
            asked approves where two people are needed; if more is taken than there is
        :raises Moved: if an item that is applied to was paid by another at once
        :raises NotFound: if there is no such account or settlement
        """

    def settlement(self, settlement_id: str) -> SettlementCase:
        """A settlement by its id. :raises NotFound:"""

    def settlements(
        self,
        *,
        account_id: str | None = None,
        kind: SettlementKind | None = None,
        open_only: bool = False,
    ) -> list[SettlementCase]:
        """Settlements, the oldest first; ``open_only`` leaves those with which nothing is to be
        done by itself: ended ones, and those that are posted and could only be taken back.
        """

    def add_payee(self, payee: VerifiedPayee) -> bool:
        """Keep a payee once; False if this same one is known.

        :raises Conflict: if the name is used with other contents
        :raises NotFound: if there is no such account
        """

    def payee(self, payee_id: str) -> VerifiedPayee:
        """A payee by its id. :raises NotFound:"""

    def payees_of_account(self, account_id: str) -> list[VerifiedPayee]:
        """Verified payees of an account, the oldest first."""

    def accounts_of_same_holder(self, account_id: str, known_at: datetime) -> list[str]:
        """Other accounts for which a person of this one is responsible on some day, in order."""

    def accounts_of_same_people(self, account_id: str, known_at: datetime, on: date) -> list[str]:
        """Other accounts for which the same people are responsible, all of them and nobody else.

        Of each account those of the day count, or of the last day before it that had any. In order
        of their numbers; none where nobody is responsible for the account.
        """

    def accounts_in_credit(self) -> dict[str, int]:
        """Accounts that have more than they owe (142 and 143 with all below), in cents above 0."""

    def revenue_cents(self, days: DaySpan) -> int:
        """What sales of electricity the entries effective on these days brought (440 to 444)."""
