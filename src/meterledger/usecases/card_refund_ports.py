"""What refunds to cards need of the store.

Lives here      the port ``CardRefunds``.
Lives elsewhere the nouns (``facts/card_refunds``), the processor (``channel_ports``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import (
    CardRefund,
    CardRefundOnFile,
    CardRefundState,
    CardRefundStep,
)
from meterledger.usecases.settlement_ports import SettlementWrite


class CardRefunds(Protocol):
    """Card refunds are added to, never changed."""

    def begin_card_refund(self, refund: CardRefund) -> None:
        """Keep that it is begun, before the processor is called.

        :raises Conflict: if it is of no approved refund to the card of its checkout, if another of
            the refund has no known outcome, or if more would go back than the payment brought
        """

    def hear_card_refund(
        self,
        step: CardRefundStep,
        *,
        writes: Sequence[SettlementWrite] = (),
        expectations: Sequence[Expectation] = (),
    ) -> None:
        """Add what was heard with what it does to the refund, in one transaction.

        :raises Moved: if something was heard meanwhile
        """

    def card_refund(self, refund_id: str) -> CardRefundOnFile:
        """One with its steps. :raises NotFound:"""

    def card_refunds(
        self,
        *,
        settlement_id: str | None = None,
        checkout_id: str | None = None,
        state: CardRefundState | None = None,
    ) -> list[CardRefundOnFile]:
        """Card refunds, the oldest first."""
