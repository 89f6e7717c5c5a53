"""What journeys of payments need of the store: receipts with their steps, applications, files.

Lives here      the port ``PaymentLog``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/payments``, ``facts/receivables``).

An application is named after its item and its place there (``bill:B-1#2``): whoever wants the same
place second finds it taken, looks again, and spends what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bank import Expectation
from meterledger.facts.money import Entry, Payment
from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    Receipt,
    ReceiptOnFile,
    ReceiptState,
    ReceiptStep,
    ReceiptTotals,
)
from meterledger.facts.receivables import AccountMoney, Application
from meterledger.kernel.refusal import Refusal


class Moved(Refusal):
    """Somebody else moved the same money meanwhile; whoever asks again sees it."""

    is_passing = True

    @classmethod
    def meanwhile(cls, where: str) -> Moved:
        """The open items are not what they were."""
        return cls(
            "What is open was changed by somebody else meanwhile",
            where=where,
            why="Nothing of this call was kept",
            do="Do it again: it looks at what is open now",
        )


@dataclass(frozen=True, slots=True)
class ReceiptPosting:
    """A receipt with its next step, and all that this step writes.

    ``expectations`` are lines of the bank that no file of a channel tells of; of a known receipt.
    """

    receipt: Receipt
    step: ReceiptStep
    payment: Payment | None = None
    entries: tuple[Entry, ...] = ()
    applications: tuple[Application, ...] = ()
    expectations: tuple[Expectation, ...] = ()


class PaymentLog(Protocol):
    """Money that reached us: keys unique for ever, steps and applications only added."""

    def post_receipts(
        self,
        postings: Sequence[ReceiptPosting],
        *,
        file: PaymentFile | None = None,
        whole: bool = False,
    ) -> frozenset[str]:
        """Keep new receipts with all that they write, in one transaction; the file with them.

        Answers the keys that are new. A key that is known with the same contents changes nothing.
        ``whole`` are parts of one sum: all of them are new, or all are known.

        :raises Conflict: if a key is known with other contents, the file is known, or some parts of
            a whole are
        :raises NotFound: if a payment is of an account that nobody knows
        :raises Moved: if an application's place is taken
        """

    def settle_receipt(self, posting: ReceiptPosting) -> None:
        """Add the next step of a known receipt with what it writes, in one transaction.

        :raises NotFound: if nobody knows the receipt
        :raises Conflict: if the step does not follow, or its entry is posted already
        :raises Moved: if somebody else added that step, or took an application's place
        """

    def settle_receipts(self, postings: Sequence[ReceiptPosting]) -> None:
        """Add the next steps of several receipts, all in one transaction; else as for one."""

    def divide_receipt(self, whole: ReceiptPosting, parts: Sequence[ReceiptPosting]) -> None:
        """Add the step of a known receipt by which it is divided, and keep its parts, which are new
        receipts and all of its money: in one transaction; else as for one.

        :raises Conflict: if they are not all of it, or one of them is known
        """

    def receipt(self, payment_key: str) -> ReceiptOnFile:
        """A receipt with its steps. :raises NotFound:"""

    def receipts(
        self,
        *,
        account_id: str | None = None,
        state: ReceiptState | None = None,
        file_sha256: str | None = None,
        received_day: date | None = None,
        channel: Channel | None = None,
        known_at: datetime | None = None,
        limit: int = 500,
    ) -> list[ReceiptOnFile]:
        """Receipts that stand so, or stood so at an instant, the newest first; all their steps."""

    def known_receipts(self, keys: Collection[str]) -> frozenset[str]:
        """Which of the keys are known."""

    def account_money(
        self, account_ids: Collection[str], *, with_due_days: bool = False
    ) -> Mapping[str, AccountMoney]:
        """What open items follow from; an account that nobody knows is left out."""

    def applications_of(self, source_entry_id: str) -> list[Application]:
        """What a credit was applied to, and what was undone, in order."""

    def payment_file(self, sha256: str) -> PaymentFile | None:
        """A file that was taken, with its refused lines."""

    def payment_files(self, *, limit: int = 200) -> list[PaymentFile]:
        """Files that were taken, the newest first, without their refused lines."""

    def receipt_totals(self, from_day: date, until_day: date) -> list[ReceiptTotals]:
        """Receipts by day received (``until_day`` is out), channel and file, as they stand now."""
