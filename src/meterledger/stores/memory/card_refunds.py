"""Refunds to cards in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import (
    OUT,
    CardRefund,
    CardRefundOnFile,
    CardRefundState,
    CardRefundStep,
)
from meterledger.facts.checkouts import CheckoutOnFile
from meterledger.facts.settlements import Act, Means, SettlementCase
from meterledger.stores.channel_words import taken
from meterledger.stores.ledger_words import may_have_left, more_than_taken, no_card_refund
from meterledger.stores.memory.settlements import MemorySettlements
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import NotFound
from meterledger.usecases.settlement_ports import SettlementWrite


class MemoryCardRefunds(MemorySettlements):
    """The part of the store that keeps refunds to cards."""

    _checkouts: dict[str, CheckoutOnFile]
    _expectations: dict[str, Expectation]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._card_refunds: dict[str, CardRefundOnFile] = {}

    def begin_card_refund(self, refund: CardRefund) -> None:
        """Keep that it is begun, before the processor is called."""
        with self._lock:
            if refund.refund_id in self._card_refunds:
                raise taken("a card refund", refund.refund_id)
            if refund.checkout_id not in self._checkouts:
                raise NotFound.of("checkout", refund.checkout_id)
            case = self._settlements.get(refund.settlement_id)
            key = self._checkouts[refund.checkout_id].checkout.payment_key
            others = list(self._card_refunds.values())
            unknown = any(
                one.refund.settlement_id == refund.settlement_id
                and one.state is CardRefundState.UNKNOWN
                for one in others
            )
            fits = (
                case is not None
                and case.is_open_refund
                and case.payee is not None
                and (case.payee.means, case.payee.payment_key) == (Means.CARD, key)
                and (case.account_id, case.cents) == (refund.account_id, refund.cents)
            )
            if not fits or unknown:
                raise no_card_refund(refund.refund_id)
            out = sum(
                one.refund.cents
                for one in others
                if one.refund.checkout_id == refund.checkout_id and one.state in OUT
            )
            back = f"reversal:payment:{key}" in self._entries
            brought = 0 if back or key not in self._payments else self._payments[key].cents
            if out + refund.cents > brought:
                raise more_than_taken(refund.refund_id, refund.cents, refund.checkout_id)
            self._card_refunds[refund.refund_id] = CardRefundOnFile(refund)
            self._note("card refund begun", refund.account_id, refund.started_at)

    def hear_card_refund(
        self,
        step: CardRefundStep,
        *,
        writes: Sequence[SettlementWrite] = (),
        expectations: Sequence[Expectation] = (),
    ) -> None:
        """Add what was heard with what it does to the refund."""
        with self._lock:
            known = self._card_refunds.get(step.refund_id)
            if known is None:
                raise NotFound.of("card refund", step.refund_id)
            if step.number != len(known.steps) + 1:
                raise Moved.meanwhile(f"card refund {step.refund_id}")
            self._card_refunds[step.refund_id] = replace(known, steps=(*known.steps, step))
            try:
                self.record_settlements(writes)
            except BaseException:
                self._card_refunds[step.refund_id] = known
                raise
            self._expectations |= {one.expectation_id: one for one in expectations}
            self._note(f"card refund {step.state.value}", step.refund_id, step.learned_at)

    def card_refund(self, refund_id: str) -> CardRefundOnFile:
        """One with its steps."""
        self._look()
        if refund_id not in self._card_refunds:
            raise NotFound.of("card refund", refund_id)
        return self._card_refunds[refund_id]

    def card_refunds(
        self,
        *,
        settlement_id: str | None = None,
        checkout_id: str | None = None,
        state: CardRefundState | None = None,
    ) -> list[CardRefundOnFile]:
        """Card refunds, the oldest first."""
        self._look()
        found = [
            one
            for one in self._card_refunds.values()
            if (settlement_id is None or one.refund.settlement_id == settlement_id)
            and (checkout_id is None or one.refund.checkout_id == checkout_id)
            and (state is None or one.state is state)
        ]
        return sorted(found, key=lambda one: (one.refund.started_at, one.refund.refund_id))

    def _refuse_left(self, write: SettlementWrite, known: SettlementCase | None) -> None:
        super()._refuse_left(write, known)
        payee = write.case.payee
        act = write.added[0].act
        by_processor = (
            payee is not None
            and payee.means is Means.CARD
            and payee.payment_key.startswith("checkout:")
        )
        if not by_processor or act not in (Act.SENT, Act.REVERSED, Act.UNCLAIMED):
            return
        sendings = self.card_refunds_of(write.case.settlement_id)
        state = sendings[-1].state if sendings else None
        if state is CardRefundState.UNKNOWN or (
            act is Act.SENT and state is not CardRefundState.DONE
        ):
            raise may_have_left(write.case.settlement_id)

    def card_refunds_of(self, settlement_id: str) -> list[CardRefundOnFile]:
        """Sendings of one refund, the oldest first."""
        found = [
            one for one in self._card_refunds.values() if one.refund.settlement_id == settlement_id
        ]
        return sorted(found, key=lambda one: (one.refund.started_at, one.refund.refund_id))
