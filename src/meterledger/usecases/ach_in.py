"""Credits that customers and companies sent to our bank: posted, left unapplied, or refused.

Received is posted, unapplied and refused, in count and in cents, for the file. A credit is known by
its trace number and the day of its file, for ever, so a file that is taken twice posts once.

Lives here      whose money an entry is, and what the file came to.
Lives elsewhere reading the file (``stores/gateways/nacha``), postings (``channel_money``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach import AchBatch, AchEntry, AchFile, code_is_return
from meterledger.facts.bank import Expectation
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, PaymentFile, Receipt, RefusedLine, Totals
from meterledger.kernel.ids import check_digit_holds
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.channel_money import MoneyStore, Postings
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.ports import Conflict
from meterledger.usecases.post_payments import again_if_moved
from meterledger.usecases.take_payment import AskedDeposits, no_deposits

ACH = "131.ach"
ACCOUNT = re.compile(r"(?<!\d)\d{10}(?!\d)", re.ASCII)


class AchInRefused(Refusal):
    """The file is not one of credits for us."""


class AchInStore(MoneyStore, Protocol):
    """What this journey needs of the store."""

    def payment_file(self, sha256: str) -> PaymentFile | None:
        """A file that was taken."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class AchInDesk:
    """Where this journey works."""

    store: AchInStore
    view: BookView
    now: datetime
    asked_deposits: AskedDeposits = no_deposits

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)


def take_ach_credits(
    file: AchFile, *, name: str, sha256: str, by: str, desk: AchInDesk
) -> tuple[PaymentFile, bool]:
    """Take a file of credits. The second value is False when it was taken before.

    :raises AchInRefused: if it holds returns or changes, or is of a day that is not here yet
    """
    known = desk.store.payment_file(sha256)
    if known is not None:
        return known, False
    if any(code_is_return(one.code) for one in file.entries):
        raise AchInRefused(
            "It holds returns or notifications of change",
            where=name,
            do="Take it with `meterledger ach returns`",
        )
    if file.created_day > desk.today:
        raise AchInRefused(
            f"It was made on {file.created_day}, and today is {desk.today}",
            where=name,
            do="Look at the clocks of both sides",
        )

    def take() -> tuple[PaymentFile, bool]:
        try:
            return _take(file, name, sha256, by, desk), True
        except Conflict:  # somebody else took it at the same time, or something is wrong
            taken_before = desk.store.payment_file(sha256)
            if taken_before is None:
                raise
            return taken_before, False

    return again_if_moved(take)


def _take(file: AchFile, name: str, sha256: str, by: str, desk: AchInDesk) -> PaymentFile:
    postings = Postings(
        desk.store,
        desk.view,
        now=desk.now,
        today=desk.today,
        asked_deposits=desk.asked_deposits,
    )
    postings.load({one for entry in file.entries for one in _accounts_named(entry)})
    totals = {"posted": Totals(), "unapplied": Totals(), "refused": Totals()}
    refused: list[RefusedLine] = []
    number = 0
    for batch in file.batches:
        for entry in batch.entries:
            number += 1
            became, line = _one(entry, batch, number, file, sha256, postings, desk)
            totals[became] += Totals(1, entry.cents)
            if line is not None:
                refused.append(line)
    taken = PaymentFile(
        sha256=sha256,
        name=name,
        profile="nacha",
        deposited_day=file.created_day,
        received=totals["posted"] + totals["unapplied"] + totals["refused"],
        **totals,
        by=by,
        learned_at=desk.now,
        refused_lines=tuple(refused),
    )
    cents = (totals["posted"] + totals["unapplied"]).cents
    line_id = f"ach-in:{sha256[:16]}"
    expected = (
        Expectation(line_id, ACH, file.created_day, cents, f"file {name[:80]}") if cents else None
    )
    desk.store.keep_channel(
        ChannelChange(
            "ach credits taken",
            name,
            desk.now,
            receipts=tuple(postings.new),
            payment_file=taken,
            expectations=(expected,) if expected else (),
        )
    )
    return taken


def _one(
    entry: AchEntry,
    batch: AchBatch,
    number: int,
    file: AchFile,
    sha256: str,
    postings: Postings,
    desk: AchInDesk,
) -> tuple[str, RefusedLine | None]:
    if entry.is_debit or entry.cents == 0:
        why = "a debit draws from us" if entry.is_debit else "it moves no money"
        text = f"code {entry.code}, trace {entry.trace}"
        return "refused", RefusedLine(number, text, entry.cents, why)
    receipt = Receipt(
        payment_key=f"ach-in:{file.created_day:%Y%m%d}{file.modifier}:{entry.trace}",
        account_told=entry.identification,
        cents=entry.cents,
        tender=Tender.ACH,
        channel=Channel.ACH,
        received_day=min(batch.effective_day or file.created_day, desk.today),
        learned_at=desk.now,
        reference=entry.trace,
        file_sha256=sha256,
        line=number,
    )
    accounts = [one for one in _accounts_named(entry) if postings.knows(one)]
    if len(accounts) != 1:
        why = "it names no account of ours" if not accounts else "it names several accounts"
        postings.leave_unapplied(receipt, why=why)
        return "unapplied", None
    told = replace(receipt, account_told=entry.identification or accounts[0])
    postings.post(
        told, accounts[0], why=f"{batch.standard.value} credit of {entry.name or 'a bank'}"
    )
    return "posted", None


def _accounts_named(entry: AchEntry) -> list[str]:
    """Account numbers in the identification; where there is none, in the addenda."""
    for texts in ((entry.identification,), entry.information):
        found = {one for text in texts for one in ACCOUNT.findall(text) if check_digit_holds(one)}
        if found:
            return sorted(found)
    return []
