"""What a person does to a channel's money by hand, as a line that the channel's account expects.

Lives here      the line of a payment that goes back, and of a refund to a bank account that is
                sent or comes back, where no file of the channel tells of it.
Lives elsewhere lines of the channels themselves (``ach_in``, ``ach_out``, ``ach_returns``,
                ``checkouts``, ``card_refunds``, ``pledges``), comparing (``finance_unexplained``).
Read first      docs/operating/payment_channels.md.

What a channel tells itself later has no line by hand. A card payment that is taken back before
the processor's word is told by itself (``finance_unexplained``); a debit that is taken back before
the bank's stays apart until that word comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

from meterledger.facts.bank import Expectation
from meterledger.facts.money import Entry
from meterledger.facts.payments import Channel, PaymentFile, Receipt
from meterledger.facts.pledges import REST
from meterledger.ledger import cash_of
from meterledger.usecases.payment_ports import ReceiptPosting
from meterledger.usecases.settlement_ports import SettlementWrite

BY_HAND = "by-hand:"
CASH_ACH = cash_of(Channel.ACH)
FAR = date(9999, 1, 1)


class LinesStore(Protocol):
    """What is asked of the store about lines."""

    def expected_bank_lines(self, from_day: date, until_day: date) -> list[Expectation]:
        """What our bank statement should show on the days, by day."""


class ReceiptLinesStore(LinesStore, Protocol):
    """What is asked of the store about a receipt."""

    def payment_file(self, sha256: str) -> PaymentFile | None:
        """A file that was taken."""


def with_line_back(posting: ReceiptPosting, store: ReceiptLinesStore) -> ReceiptPosting:
    """Money of a receipt that goes back, with its line where its channel told that it came."""
    receipt = posting.receipt
    account = cash_of(receipt.channel)
    if not posting.entries or not _was_told(receipt, store):
        return posting
    line = _line(f"payment:{receipt.payment_key}", account, posting.entries, receipt.reference)
    return replace(posting, expectations=(line,)) if line else posting


def _was_told(receipt: Receipt, store: ReceiptLinesStore) -> bool:
    if receipt.channel is Channel.AGENCY:
        days = (receipt.received_day, receipt.received_day + timedelta(days=1))
        told = {one.expectation_id for one in store.expected_bank_lines(*days)}
        keys = {receipt.payment_key, receipt.payment_key.removesuffix(REST)}
        return any(f"agency:{key}" in told for key in keys)
    if receipt.channel is Channel.ACH and receipt.file_sha256:
        file = store.payment_file(receipt.file_sha256)
        return file is not None and file.profile == "nacha"
    return False


def with_line_of_refund(write: SettlementWrite, store: LinesStore) -> SettlementWrite:
    """A step of a refund with its line, where it moves cash of ACH and no file tells of it."""
    moved = [one for one in write.entries if _cents([one], CASH_ACH)]
    if not moved:
        return write
    told = {one.expectation_id for one in store.expected_bank_lines(write.case.steps[0].on, FAR)}
    lines = []
    for entry in moved:
        by_file = f"ach:{write.case.last.reference}:credits" in told
        by_hand = f"{BY_HAND}{entry.reverses}" in told if entry.reverses else not by_file
        line = _line(entry.entry_id, CASH_ACH, [entry], write.case.settlement_id)
        if by_hand and line:
            lines.append(line)
    return replace(write, expectations=tuple(lines))


def _line(
    name: str, account: str, entries: Iterable[Entry], reference: str = ""
) -> Expectation | None:
    of_cash = [one for one in entries if _cents([one], account)]
    cents = _cents(of_cash, account)
    if not cents:
        return None
    first = of_cash[0]
    return Expectation(
        f"{BY_HAND}{name}", account, first.effective_day, cents, first.cause, reference
    )


def _cents(entries: Iterable[Entry], account: str) -> int:
    legs = (leg for entry in entries for leg in entry.legs)
    return sum(leg.cents for leg in legs if leg.ledger_account == account)
