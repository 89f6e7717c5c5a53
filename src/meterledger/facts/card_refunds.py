"""Money that goes back to a customer's card through the processor: begun once, heard of afterwards.

Lives here      the nouns. A card refund is one sending of an approved refund, to the card that paid
                one checkout; what the processor says of it are the same answers as of a checkout.
Lives elsewhere whether it may be (``usecases/card_refunds``), the refund itself
                (``facts.settlements``), keeping (``stores``).
Read first      docs/operating/settlements.md, "To a card"; docs/glossary.md: "unknown outcome".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from meterledger.facts.checkouts import SAYS_NOTHING, Answer, HeardBy
from meterledger.kernel.ensure import ensure


class CardRefundState(Enum):
    """How it stands. Only ``DONE`` has left; while it is unknown it is never begun again."""

    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    CAME_BACK = "came back"


OUT = frozenset({CardRefundState.UNKNOWN, CardRefundState.DONE})
"""What may have left of a payment: it counts against what the payment brought."""


@dataclass(frozen=True, slots=True)
class CardRefund:
    """One sending. ``refund_id`` is our key at the processor, for ever: ``refund:KEY``, then :2."""

    refund_id: str
    settlement_id: str
    checkout_id: str
    account_id: str
    cents: int
    started_at: datetime
    processor: str
    by: str

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"card refund {self.refund_id} is of a positive amount")
        ensure(
            self.refund_id == self.settlement_id
            or self.refund_id.startswith(f"{self.settlement_id}:"),
            f"card refund {self.refund_id} is named after its refund",
        )


@dataclass(frozen=True, slots=True)
class CardRefundStep:
    """Something that was heard of it, and how it stands after that."""

    refund_id: str
    number: int
    heard_by: HeardBy
    answer: Answer
    state: CardRefundState
    sentence: str
    learned_at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class CardRefundOnFile:
    """A card refund with its steps, the oldest first. Without one its outcome is unknown."""

    refund: CardRefund
    steps: tuple[CardRefundStep, ...] = ()

    @property
    def state(self) -> CardRefundState:
        """How it stands."""
        return self.steps[-1].state if self.steps else CardRefundState.UNKNOWN

    @property
    def newest_sequence(self) -> int:
        """The highest count of the processor that was heard; -1 before any."""
        told = [
            one.answer.sequence
            for one in self.steps
            if one.answer.said not in SAYS_NOTHING and one.heard_by is not HeardBy.PERSON
        ]
        return max(told, default=-1)
