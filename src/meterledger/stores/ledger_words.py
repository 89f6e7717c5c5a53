"""What stores say when the journal refuses an entry; one set of words for memory and PostgreSQL."""

from __future__ import annotations

import re
from datetime import date

from meterledger.kernel.money import usd_display
from meterledger.usecases.ports import Conflict

RECEIVABLE = "142"  # the control account of what customers owe (FERC Uniform System of Accounts)
_CENTS = re.compile(r"(-?[0-9]{1,18}) cents\b")


def no_cause(entry_id: str, why: str) -> Conflict:
    """An entry is posted because of something that is kept."""
    return _no_cause(f"Entry {entry_id} has no cause: {why}")


def not_taken_back(entry_id: str, reverses: str) -> Conflict:
    """A reversal has the legs of its entry, the other way round."""
    return _not_taken_back(f"Entry {entry_id} does not take back entry {reverses} leg by leg")


def unknown_customer(entry_id: str, account_id: str) -> Conflict:
    """A leg of a sub-ledger is on an account that somebody has."""
    return Conflict(
        f"Entry {entry_id} has a leg on account {account_id}, which nobody has",
        where="ledger",
        do="Start the service of the account first, or correct the account",
    )


def period_not_next(opens: date, asked: date) -> Conflict:
    """Periods are closed in order."""
    return _not_next(f"The period that is to be closed next is {opens:%Y-%m}, not {asked:%Y-%m}")


def refusal_of_journal(constraint: str | None, sentence: str | None) -> Conflict | None:
    """What a constraint of the journal refused, in words; None if it is another one.

    The database tells amounts in cents; people are told dollars.
    """
    if constraint not in REFUSALS:
        return None
    told = _CENTS.sub(lambda found: usd_display(int(found[1])), sentence or "")
    return REFUSALS[constraint](told)


def _no_cause(sentence: str) -> Conflict:
    return Conflict(
        sentence.partition(" in table ")[0],
        where="ledger",
        why="An entry is posted only with what it was posted for, and nothing was changed",
        do="Record its cause in the same step, under the key that the entry is named after",
    )


def _not_taken_back(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="ledger",
        why="A reversal undoes exactly what its entry did, and nothing was changed",
        do="Make it with `reverse_entry`",
    )


def _closed(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="ledger",
        why="What a closed period came to has been reported and stays",
        do="Leave the booked day out: the entry is booked on the first open day",
    )


def _not_next(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="ledger",
        why="Periods are closed in order, each once",
        do="Close the one that comes next",
    )


def no_refund(order_id: str) -> Conflict:
    """A credit leaves for a refund that two people agreed to, and that is not on its way."""
    return _no_refund(f"Order {order_id} is a credit, and no refund is to be sent as it")


def refund_left(settlement_id: str, file_id: str) -> Conflict:
    """What is in a file of the bank is marked as sent before anything else is done with it."""
    return _refund_left(f"Settlement {settlement_id} left with file {file_id}")


def _no_refund(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="payment channels",
        why="Money leaves for an approved refund of the account, of the same cents, once for each "
        "sending; nothing was changed",
        do="Look at the refund with `meterledger settlement show`",
    )


def _refund_left(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="settlements",
        why="It is marked as sent with that file before anything else; nothing was changed",
        do="Mark what is in files with `meterledger refund mark-ach`",
    )


def no_card_refund(refund_id: str) -> Conflict:
    """Money goes back to a card for a refund that two people agreed to."""
    return _no_card_refund(
        f"Card refund {refund_id} is of no refund that is to be sent to its card"
    )


def _no_card_refund(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="payment channels",
        why="Money leaves for an approved refund of the account, of the same cents, to the card "
        "that paid, one sending at a time; nothing was changed",
        do="Look at the refund with `meterledger settlement show`",
    )


def more_than_taken(refund_id: str, cents: int, checkout_id: str) -> Conflict:
    """No more goes back to a card than it paid."""
    return _more_than_taken(
        f"Card refund {refund_id} of {usd_display(cents)} is more than is left of checkout "
        f"{checkout_id}"
    )


def _more_than_taken(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="payment channels",
        why="No more goes back to a card than it paid, and nothing was changed",
        do="Ask for less, or for a refund to a verified payee",
    )


def may_have_left(settlement_id: str) -> Conflict:
    """A refund to a card is sent when the processor says so, and goes no other way until then."""
    return _may_have_left(
        f"Settlement {settlement_id} goes to a card, and the processor has not said that it left"
    )


def _may_have_left(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="settlements",
        why="Money that may have left is neither sent again nor taken back, and nothing was "
        "changed",
        do="Send it, or ask the processor, with `meterledger refund to-card`",
    )


def _relief_of_bill(sentence: str) -> Conflict:
    return Conflict(
        sentence,
        where="relief",
        why="What is taken off a bill is agreed for its month, posted to the cent, and taken back "
        "with the bill; nothing was changed",
        do="Do it again: it is worked out anew",
    )


REFUSALS = {
    "bills_relief_is_agreed": _relief_of_bill,
    "bills_relief_is_posted": _relief_of_bill,
    "relief_is_taken_back_with_its_bill": _relief_of_bill,
    "card_refunds_are_refunds": _no_card_refund,
    "no_more_than_was_taken": _more_than_taken,
    "what_may_have_left_waits": _may_have_left,
    "credits_are_refunds": _no_refund,
    "what_left_is_marked_first": _refund_left,
    "entries_have_causes": _no_cause,
    "reversals_are_exact": _not_taken_back,
    "closed_periods_stay_closed": _closed,
    "periods_close_in_order": _not_next,
}
