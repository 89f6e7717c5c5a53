"""What reconciliation needs of the store: files of the bank, what is expected, matches, steps.

Lives here      the port ``Reconciliation``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the nouns (``facts.bank``), the rules (``ledger.bank_match``).

An expectation is a leg on cash (131 and its sub-accounts): it is written in the transaction of the
event that moves the money, so that the book's cash and what we expect of the bank are one sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bank import (
    BankFile,
    BankMatch,
    BankStatement,
    BankTotals,
    BankUnmatch,
    Expectation,
    LineStep,
    OpenLine,
)
from meterledger.facts.money import Entry


class Reconciliation(Protocol):
    """The bank's side and ours, added to and never changed. Read inside ``viewing``."""

    def bank_file(self, sha256: str) -> BankFile | None:
        """The file of that hash, if it was taken."""

    def record_bank_file(self, file: BankFile) -> bool:
        """Keep a file whole. False, and nothing changed, if these bytes are kept already.

        :raises Conflict: if a statement of the same account and day is kept from another file
        """

    def bank_statements(self, *, limit: int = 100) -> list[BankStatement]:
        """Statements, the newest day first, without their lines."""

    def open_bank_lines(self) -> list[OpenLine]:
        """Lines that no match has, with what people said of them, oldest first."""

    def bank_line(self, line_id: str) -> OpenLine:
        """A line, in a match or not, with what people said of it. :raises NotFound:"""

    def open_expectations(self) -> list[Expectation]:
        """What no match has, oldest first."""

    def record_bank_matches(self, matches: Sequence[BankMatch], *, learned_at: datetime) -> None:
        """Keep matches, all or none.

        :raises Conflict: if a line or an expectation is matched already, or is unknown
        """

    def bank_matches(self, *, booked_on: date | None = None, limit: int = 200) -> list[BankMatch]:
        """Matches that stand, the newest first; only those of lines of one booked day if named."""

    def bank_match(self, match_id: str) -> BankMatch:
        """A match that stands. :raises NotFound: if there is none, or it was undone"""

    def bank_match_of(self, piece: str) -> BankMatch | None:
        """The match that stands and has this line or expectation; None while it is open."""

    def bank_unmatch_of(self, match_id: str) -> BankUnmatch | None:
        """How the match was undone; None if it stands, or there is none."""

    def bank_unmatches(self) -> list[BankUnmatch]:
        """Matches that were undone, the newest first."""

    def record_bank_unmatch(
        self, undone: BankUnmatch, *, entries: Sequence[Entry] = (), match: BankMatch | None = None
    ) -> None:
        """Undo a match: its pieces are open again, and its lines have a step that says so.

        ``entries`` take back what the match had posted, and ``match`` brings what they took back
        together with it, in the same transaction.

        :raises NotFound: if there is no such match
        :raises Conflict: if it was undone already
        """

    def record_line_step(
        self, step: LineStep, entry: Entry | None = None, match: BankMatch | None = None
    ) -> None:
        """Add what a person said of an open line; an approval posts its entry and matches the line.

        :raises NotFound: if there is no such line
        :raises Conflict: if the line is matched already, if nothing was proposed that could be
            approved or rejected, or if who approves is who proposed
        """

    def bank_totals(self) -> BankTotals:
        """Both sides in cents, and what of them is matched."""
