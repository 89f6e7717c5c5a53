"""What journeys need of the store for combination bills.

Lives here      the port ``Combinations``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/combination``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.combination import (
    Combination,
    CombinationFile,
    CombinedAccount,
    CombinedStatement,
)


class Combinations(Protocol):
    """Combinations on two clocks, and their statements. An account is in one on a day."""

    def begin_combination(
        self, combination: Combination, accounts: Sequence[CombinedAccount]
    ) -> None:
        """Keep a combination with its accounts, all of it or nothing.

        :raises NotFound: if an account is unknown
        :raises Conflict: if the name is taken, or an account is in a combination on one of the days
        """

    def combine_account(self, account: CombinedAccount) -> None:
        """Add an account to a combination.

        :raises NotFound: if the combination or the account is unknown
        :raises Conflict: if the account is in a combination on one of the days
        """

    def end_combination(
        self, combination_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """End a combination and every account in it. What was known before stays as it was.

        :raises NotFound: if there is no such combination
        :raises Conflict: if it has ended, or would end before its first day is over, or before an
            account's
        """

    def end_combined_account(
        self, combination_id: str, account_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """Take one account out of a combination from a day on.

        :raises NotFound: if it is not in it
        :raises Conflict: if it would leave before its first day is over
        """

    def combination(self, combination_id: str, known_at: datetime | None = None) -> CombinationFile:
        """A combination with its accounts and statements, as known then or now.

        :raises NotFound: if there is no such combination
        """

    def combinations_of_account(
        self, account_id: str, known_at: datetime | None = None
    ) -> list[CombinedAccount]:
        """When the account is in which combination, by first day, as known then or now."""

    def combined_accounts(self, account_ids: Collection[str]) -> list[CombinedAccount]:
        """When the accounts are in which combination, by first day and account, as known now."""

    def combined_statement(self, statement_id: str) -> CombinedStatement | None:
        """A combined statement by its number; None where nobody knows it."""

    def combination_ids(self) -> list[str]:
        """Every combination, in order."""

    def record_combined_statement(self, statement: CombinedStatement) -> None:
        """Keep a statement. A bill is charged on one statement, and taken back on one.

        :raises NotFound: if there is no such combination
        :raises Conflict: if one of the bills stands on another statement, or the name is taken
        """
