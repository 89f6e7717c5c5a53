"""What shows that the money of a refund has left, or may not leave any more.

Lives here      the processor's word and the bank's that it was paid; the payment that came back
                before its refund left; the refusals of what would send money twice, or money that
                is not there.
Lives elsewhere stopping and coming back (``refund_credit``), setting apart (``unclaimed``), cards
                (``card_refunds``), the bank's matches (``reconcile_bank``).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from meterledger.facts.bank import BankMatch
from meterledger.facts.card_refunds import CardRefundOnFile, CardRefundState
from meterledger.facts.entry_names import PAYMENT
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile
from meterledger.facts.money import Entry
from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import DUE_TO_DEPOSITORS, control_of


class LeavingStore(Protocol):
    """What is asked of the store."""

    def card_refunds(self, *, settlement_id: str | None = None) -> Sequence[CardRefundOnFile]:
        """Sendings of a refund to a card, the oldest first."""

    def bank_match_of(self, piece: str) -> BankMatch | None:
        """The match that stands and has this expectation; None while it is open."""


LEGS_OF_A_SENDING = (1, 2)
"""A sending moves what is payable to cash: the bank shows the leg on cash, whichever it is."""


class EntriesOfAccount(Protocol):
    """What is asked of the store before money leaves."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""

    def extension(self, contract_id: str) -> ExtensionOnFile:
        """A contract of an extension with its events. :raises NotFound:"""

    def settlements(
        self,
        *,
        account_id: str | None = None,
        kind: SettlementKind | None = None,
        open_only: bool = False,
    ) -> Sequence[SettlementCase]:
        """Settlements, the oldest first."""


NOT_TAKEN = (Act.ASKED, Act.REFUSED, Act.REVERSED)
"""A refund whose last step is one of these has taken nothing off what is due."""


class MustNotLeave(Refusal):
    """The money that an approved refund would give back came back itself."""


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


def came_back_meanwhile(case: SettlementCase, store: EntriesOfAccount) -> str:
    """Why an approved refund must not leave: money that it was asked of came back since.

    Empty where the payment that it goes back to stands, and nothing
    came back after the approval that leaves the account owing.
    """
    if case.source == DUE_TO_DEPOSITORS:
        return _owed_by_depositor(case, store)
    entries = store.entries_of_account(case.account_id)
    back = {one.reverses: one for one in entries if one.reverses}
    key = case.payee.payment_key if case.payee is not None else ""
    source = back.get(f"{PAYMENT}:{key}")
    if key and source is not None:
        return f"payment {key}, to which it goes back, came back itself on {source.effective_day}"
    agreed = max(
        (one.learned_at for one in case.steps if one.act is Act.APPROVED),
        default=case.asked.learned_at,
    )
    since = [
        name.partition(":")[2]
        for name, one in back.items()
        if name.startswith(f"{PAYMENT}:") and one.learned_at > agreed
    ]
    owed = sum(
        leg.cents
        for one in entries
        for leg in one.legs
        if leg.customer_account_id == case.account_id
        and control_of(leg.ledger_account) in ("142", "143")
    )
    if since and owed > 0:
        told = f"payment {since[0]} came back since it was approved, and the account owes "
        return f"{told}{usd_display(owed)}"
    return ""


def still_due(contract_id: str, back_cents: int, refunds: Iterable[SettlementCase]) -> int:
    """What stands on 252.depositors for one contract; below zero where its deposit bounced since.

    ``back_cents`` is what came back of the deposit and stands. Another contract of the same account
    is another party's, and is not looked at.
    """
    return back_cents - sum(
        one.cents
        for one in refunds
        if (one.source, one.about) == (DUE_TO_DEPOSITORS, contract_id)
        and one.last.act not in NOT_TAKEN
    )


def _owed_by_depositor(case: SettlementCase, store: EntriesOfAccount) -> str:
    """A deposit that bounced takes back what had come back of it, and it is on its way already."""
    back = sum(one.cents for one in store.extension(case.about).of(ExtensionAct.REFUNDED))
    refunds = store.settlements(account_id=case.account_id, kind=SettlementKind.REFUND)
    owed = -still_due(case.about, back, refunds)
    if owed <= 0:
        return ""
    return f"the deposit came back since, and {usd_display(owed)} more went back of it than is due"


def refuse_to_leave(case: SettlementCase, store: EntriesOfAccount) -> None:
    """:raises MustNotLeave: naming what came back, and the way out"""
    why = came_back_meanwhile(case, store)
    if why:
        raise MustNotLeave(
            f"Settlement {case.settlement_id} must not leave: {why}",
            where=f"account {case.account_id}",
            why="What it would give back is not there",
            do=f"Take it back with `meterledger settlement undo {case.settlement_id}`, and ask "
            "anew for what is left",
        )
