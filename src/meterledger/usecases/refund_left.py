"""What shows that the money of a refund has left, or may have: the processor's word, the bank's.

Lives here      the question, and the refusal of what would send the same money twice.
Lives elsewhere stopping and coming back (``refund_credit``), setting apart (``unclaimed``), cards
                (``card_refunds``), the bank's matches (``reconcile_bank``).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from meterledger.facts.bank import BankMatch
from meterledger.facts.card_refunds import CardRefundOnFile, CardRefundState
from meterledger.facts.settlements import Act, SettlementCase
from meterledger.kernel.refusal import Refusal


class LeavingStore(Protocol):
    """What is asked of the store."""

    def card_refunds(self, *, settlement_id: str | None = None) -> Sequence[CardRefundOnFile]:
        """Sendings of a refund to a card, the oldest first."""

    def bank_match_of(self, piece: str) -> BankMatch | None:
        """The match that stands and has this expectation; None while it is open."""


LEGS_OF_A_SENDING = (1, 2)
"""A sending moves what is payable to cash: the bank shows the leg on cash, whichever it is."""


class HasLeft(Refusal):
    """The money of a refund is with its owner: it is not stopped, and does not come back so."""


def on_a_card(case: SettlementCase, store: LeavingStore) -> CardRefundState | None:
    """How the last sending to a card stands, where it may have left; None otherwise."""
    sendings = store.card_refunds(settlement_id=case.settlement_id)
    last = sendings[-1].state if sendings else None
    return last if last in (CardRefundState.DONE, CardRefundState.UNKNOWN) else None


def paid_by_the_bank(case: SettlementCase, store: LeavingStore) -> str:
    """The match by which the bank has shown that what is sent was paid; empty without one."""
    if case.last.act is not Act.SENT:
        return ""
    for number in LEGS_OF_A_SENDING:
        match = store.bank_match_of(f"{case.last.entry_id}#{number}")
        if match is not None:
            return match.match_id
    return ""


def refuse_done_on_a_card(case: SettlementCase, store: LeavingStore) -> None:
    """:raises HasLeft: if the processor says that the money is on the card, or has not said"""
    state = on_a_card(case, store)
    if state is None or case.last.act is not Act.SENT:
        return
    raise HasLeft(
        f"Settlement {case.settlement_id} went to a card, and the processor says that it is done",
        where=f"account {case.account_id}",
        why="Sent once more, or given back to the account, it would be paid twice",
        do="Only the processor brings it back; its answer is asked for with `meterledger refund "
        "ask-card`",
    )


def refuse_paid(case: SettlementCase, store: LeavingStore) -> None:
    """:raises HasLeft: if the processor or the bank shows that what is sent was paid"""
    refuse_done_on_a_card(case, store)
    match = paid_by_the_bank(case, store)
    if match:
        raise HasLeft(
            f"Settlement {case.settlement_id} was paid: the bank's line is matched, {match}",
            where=f"account {case.account_id}",
            why="What is stopped was not paid, and would be sent once more",
            do=f"If the match is wrong, undo it with `meterledger bank unmatch {match}`; if the "
            "money came back, say so with `meterledger refund return`",
        )
