"""What both stores promise about receipts, in the same words.

Lives here      which step may follow which; refusals; order.
Lives elsewhere keeping rows (``memory``, ``postgres``). PostgreSQL's triggers are what cannot be
                raced; what is found here first is found in better words.
"""

from __future__ import annotations

from collections.abc import Sequence

from meterledger.facts.payments import (
    Receipt,
    ReceiptAct,
    ReceiptOnFile,
    ReceiptState,
    ReceiptStep,
)
from meterledger.kernel.money import usd_display
from meterledger.kernel.people import same_person
from meterledger.usecases.payment_ports import ReceiptPosting
from meterledger.usecases.ports import Conflict, NotFound

UNDECIDED = frozenset(ReceiptState) - {ReceiptState.DIVIDED}
FOLLOWS: dict[ReceiptState, frozenset[ReceiptState]] = {
    ReceiptState.RECEIVED: UNDECIDED,
    ReceiptState.UNKNOWN: UNDECIDED,
    ReceiptState.POSTED: frozenset({ReceiptState.RETURNED}),
    ReceiptState.UNAPPLIED: frozenset(
        {
            ReceiptState.UNAPPLIED,
            ReceiptState.POSTED,
            ReceiptState.DIVIDED,
            ReceiptState.RETURNED,
        }
    ),
    ReceiptState.DIVIDED: frozenset({ReceiptState.RETURNED}),
    ReceiptState.RETURNED: frozenset(),
    ReceiptState.REFUSED: frozenset(),
}
"""Which state may follow which. The same table stands in the database."""


def no_receipt(payment_key: str) -> NotFound:
    """Nobody knows the key."""
    return NotFound.of("receipt", payment_key)


def other_receipt(known: Receipt) -> Conflict:
    """The key is used for other money."""
    return Conflict(
        f"Payment key {known.payment_key} is used already, for {usd_display(known.cents)} on "
        f"account {known.account_told}, received {known.received_day}",
        where="payment",
        why="A key posts once, for ever, and nothing was changed",
        do="Use the key of this receipt, or correct the amount, account, day or tender",
    )


def some_parts_known(first: Receipt) -> Conflict:
    """Some parts of one sum are known, and others are not."""
    return Conflict(
        f"Some parts of payment {first.payment_key} are known, and others are not",
        where="payment",
        why="What came as one sum is kept as one, and nothing was changed",
        do="Look at it with `meterledger payment show`; another sum has a key of its own",
    )


def not_its_parts(payment_key: str) -> Conflict:
    """What a receipt is divided into is not the receipt."""
    return Conflict(
        "Its parts are not all of it, or some of them are known",
        where=f"payment {payment_key}",
        why="What came as one sum is kept as one, and nothing was changed",
        do="Look at it with `meterledger payment show`",
    )


def refuse_other_parts(whole: ReceiptPosting, parts: Sequence[ReceiptPosting]) -> None:
    """Parts are all of a receipt's money, each with the receipt's key before its own.

    :raises Conflict: if they are not
    """
    key = whole.receipt.payment_key
    named = {one.receipt.payment_key for one in parts}
    named = {one for one in named if one.startswith(f"{key}:")}
    cents = sum(one.receipt.cents for one in parts)
    if not parts or len(named) != len(parts) or cents != whole.receipt.cents:
        raise not_its_parts(key)


def refuse_receipt_step(known: ReceiptOnFile, step: ReceiptStep) -> None:
    """A step follows the last one.

    :raises Conflict: if it does not, or who sends money back is who asked for it
    """
    last = known.steps[-1]
    where = f"payment {step.payment_key}"
    if step.state not in FOLLOWS[last.state]:
        raise Conflict(
            f"It is {last.state.value} since {last.on} and cannot become {step.state.value}",
            where=where,
            do="Look at it with `meterledger payment show`",
        )
    if step.act is not ReceiptAct.SENT_BACK:
        return
    if last.act is not ReceiptAct.SEND_BACK_ASKED:
        raise Conflict(
            "Nobody has asked to send this money back",
            where=where,
            do="Ask for it first; another person then agrees",
        )
    if same_person(last.by, step.by):
        raise Conflict(
            f"{step.by} asked to send it back, and cannot agree to it as well",
            where=where,
            why="Money leaves by two people",
            do="Let another person agree",
        )


def known_file(name: str, sha256: str) -> Conflict:
    """The file was taken already."""
    return Conflict(
        f"A file with the hash {sha256[:16]}... was taken already",
        where=name,
        do="Nothing is to be done: its payments are kept",
    )
