"""Take a file of payments: whole or not at all, once, every line and cent accounted for.

Lives here      which lines post, wait for an account, or are refused; the control totals.
Lives elsewhere reading files (``stores/gateways``), what a line writes (``post_payments``).
Read first      docs/operating/payments.md: "A file".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from meterledger.facts.combination import CombinedStatement
from meterledger.facts.payments import Channel, PaymentFile, Receipt, RefusedLine, Totals
from meterledger.facts.receivables import AccountMoney, OpenItem
from meterledger.facts.remittances import RemittanceFile, RemittanceLine
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import movement_of
from meterledger.rulebook.terms import Terms
from meterledger.usecases.combined_payments import (
    accounts_of,
    is_too_long,
    post_part,
    split_receipt,
    statement_told,
)
from meterledger.usecases.payment_ports import Moved, ReceiptPosting
from meterledger.usecases.ports import Conflict
from meterledger.usecases.post_payments import (
    Act,
    again_if_moved,
    post_on_account,
    post_unapplied,
)
from meterledger.usecases.settle_payment import PaymentDesk

REFUSED_PERCENT = "payment_file_refused_percent"


class PaymentFileRefused(Refusal):
    """Nothing of the file is taken."""


def take_payment_file(
    file: RemittanceFile, *, sha256: str, name: str, by: str, desk: PaymentDesk
) -> tuple[PaymentFile, bool]:
    """Post a file in one transaction. The second value is False if it was taken before.

    Money of an account that nobody knows, or that was opened later, waits in 253.unapplied. A line
    whose key is known already is refused alone.

    :raises PaymentFileRefused: if it is of a day to come, or too many of its lines are refused
    """
    known = desk.store.payment_file(sha256)
    if known is not None:
        return known, False
    if file.deposited_day > desk.today:
        raise PaymentFileRefused(
            f"It is of {file.deposited_day}, and today is {desk.today}",
            where=name,
            do="Nothing was kept. Take it on its day, or ask the sender to correct it",
        )

    def take() -> tuple[PaymentFile, bool]:
        lines, refused = _sort_out(file, desk)
        if len(refused) > len(file.refused):  # its payments are known: is it this file's doing?
            taken_before = desk.store.payment_file(sha256)
            if taken_before is not None:
                return taken_before, False
        _refuse_too_many(name, len(file.lines) + len(file.refused), refused, desk)
        postings = _postings(file, lines, sha256, by, desk)
        taken = _totals(file, postings, refused, sha256, name, by, desk)
        try:
            desk.store.post_receipts(postings, file=taken)
        except Conflict as refusal:
            return _taken_meanwhile(sha256, name, [one.key for one in lines], desk, refusal), False
        return taken, True

    return again_if_moved(take)


def _taken_meanwhile(
    sha256: str, name: str, keys: Sequence[str], desk: PaymentDesk, refusal: Conflict
) -> PaymentFile:
    """The file, if somebody else took it at the same time.

    :raises Moved: if somebody else took some of its payments, which then are known
    :raises Conflict: if it was none of this
    """
    known = desk.store.payment_file(sha256)
    if known is not None:
        return known
    if desk.store.known_receipts(keys):
        raise Moved.meanwhile(name) from refusal
    raise refusal


def _sort_out(
    file: RemittanceFile, desk: PaymentDesk
) -> tuple[list[RemittanceLine], list[RefusedLine]]:
    """Lines that are new money, and those that are not."""
    known = desk.store.known_receipts([one.key for one in file.lines])
    seen: set[str] = set()
    lines, refused = [], list(file.refused)
    for one in file.lines:
        why = ""
        if one.key in known:
            why = f"its key {one.key} is known already: this money was taken before"
        elif one.key in seen:
            why = f"its key {one.key} stands in this file twice"
        elif one.received_day > desk.today:
            why = f"it is said to be received on {one.received_day}, and today is {desk.today}"
        if why:
            text = f"{one.key} {one.account_told}"
            refused.append(RefusedLine(one.line, text, one.cents, why))
        else:
            seen.add(one.key)
            lines.append(one)
    return lines, sorted(refused, key=lambda one: one.line)


def _refuse_too_many(
    name: str, count: int, refused: Sequence[RefusedLine], desk: PaymentDesk
) -> None:
    most = Terms(desk.view, desk.today).number(REFUSED_PERCENT)
    if Fraction(100 * len(refused), max(count, 1)) > most.value:
        first = refused[0]
        raise PaymentFileRefused(
            f"{len(refused)} of its {count} lines cannot be taken, more than {most.value} of 100",
            where=name,
            why=f"The first is line {first.line}: {first.why}",
            do="Nothing was kept. Ask its sender for a file that is whole",
        )


def _postings(
    file: RemittanceFile,
    lines: Sequence[RemittanceLine],
    sha256: str,
    by: str,
    desk: PaymentDesk,
) -> list[ReceiptPosting]:
    told = {one.account_told for one in lines}
    accounts: dict[str, AccountMoney] = dict(desk.store.account_money(told))
    statements = {
        one: found
        for one in sorted(told - set(accounts))
        if (found := statement_told(one, desk.store)) is not None
    }
    stated = {account for one in statements.values() for account in accounts_of(one)}
    accounts |= desk.store.account_money(stated - set(accounts))
    deposits: Mapping[str, Sequence[OpenItem]] = desk.asked_deposits(list(accounts))
    act = Act(desk.now, desk.today, by=by)
    postings = []
    for one in lines:
        receipt = Receipt(
            payment_key=one.key,
            account_told=one.account_told,
            cents=one.cents,
            tender=one.tender,
            channel=file.channel,
            received_day=one.received_day,
            learned_at=desk.now,
            is_mailed=file.is_mailed or file.channel is Channel.LOCKBOX,
            reference=one.reference,
            check_number=one.check_number,
            file_sha256=sha256,
            line=one.line,
        )
        made, why = _posted(receipt, accounts, statements, deposits, act, desk)
        if why:
            postings.append(post_unapplied(receipt, replace(act, reason=why)))
        for posting in made:
            postings.append(posting)
            # A second payment of the account in this file finds what the first one left.
            money = accounts[posting.step.account_id or ""]
            accounts[money.account_id] = replace(
                money,
                movements=(
                    *money.movements,
                    *(movement_of(entry, money.account_id) for entry in posting.entries),
                ),
                applications=(*money.applications, *posting.applications),
            )
    return postings


def _posted(
    receipt: Receipt,
    accounts: Mapping[str, AccountMoney],
    statements: Mapping[str, CombinedStatement],
    deposits: Mapping[str, Sequence[OpenItem]],
    act: Act,
    desk: PaymentDesk,
) -> tuple[list[ReceiptPosting], str]:
    """A line on its account, or in parts on those of a combined statement; else why on none."""
    statement = statements.get(receipt.account_told)
    if statement is None:
        money = accounts.get(receipt.account_told)
        why = _no_account(receipt, money.opened_day if money else None)
        if money is None or why:
            return [], why
        asked = deposits.get(receipt.account_told, ())
        return [post_on_account(receipt, money, act, view=desk.view, asked_deposits=asked)], ""
    if is_too_long(receipt.payment_key):
        return [], f"Its key leaves no place for the accounts of {statement.statement_id}"
    parts = split_receipt(receipt, statement, accounts, desk.today)
    for one, account in parts:
        if why := _no_account(replace(one, account_told=account), accounts[account].opened_day):
            return [], why
    return [
        post_part(
            *(one, receipt, statement, accounts[account], act, desk.view),
            deposits.get(account, ()),
        )
        for one, account in parts
    ], ""


def _no_account(one: Receipt, opened: date | None) -> str:
    if opened is None:
        return f"Nobody has the account {one.account_told[:40]!a}"
    if one.received_day < opened:
        return f"Account {one.account_told} was opened on {opened}, after this was received"
    return ""


def _totals(
    file: RemittanceFile,
    postings: Sequence[ReceiptPosting],
    refused: Sequence[RefusedLine],
    sha256: str,
    name: str,
    by: str,
    desk: PaymentDesk,
) -> PaymentFile:
    on_account = [one.receipt for one in postings if one.payment is not None]
    lines = {one.line for one in on_account}  # of a combined statement one line has several parts
    waiting = [one.receipt.cents for one in postings if one.payment is None]
    return PaymentFile(
        sha256=sha256,
        name=name,
        profile=file.profile,
        deposited_day=file.deposited_day,
        received=Totals(len(file.lines) + len(file.refused), file.stated_cents),
        posted=Totals(len(lines), sum(one.cents for one in on_account)),
        unapplied=Totals(len(waiting), sum(waiting)),
        refused=Totals(len(refused), sum(one.cents for one in refused)),
        by=by,
        learned_at=desk.now,
        refused_lines=tuple(refused),
    )
