"""An agency's promise of money, for a debt that it names.

Lives here      the nouns.
Lives elsewhere what a pledge does (``usecases/pledges``), keeping (``stores``).
Read first      docs/operating/payment_channels.md; docs/glossary.md: "pledge".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True)
class Pledge:
    """Promised money. ``for_items`` are the open items it is for; it pays nothing else."""

    pledge_id: str
    account_id: str
    agency: str
    cents: int
    for_items: tuple[str, ...]
    promised_day: date
    expires_day: date
    by: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"pledge {self.pledge_id} is of a positive amount")
        ensure(bool(self.for_items), f"pledge {self.pledge_id} names what it is for")
        ensure(self.promised_day < self.expires_day, f"pledge {self.pledge_id} lasts a day")


REST = ":rest"
"""How the key ends of what a pledge's debt did not need."""


class PledgeAct(Enum):
    """What became of a promise."""

    RECEIVED = "received"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PledgeStep:
    """Money that came for a pledge, or its end by the agency's word."""

    pledge_id: str
    number: int
    act: PledgeAct
    on: date
    cents: int
    by: str
    reason: str
    learned_at: datetime
    payment_key: str = ""


@dataclass(frozen=True, slots=True)
class PledgeReturn:
    """Money of a pledge that came back: a check that bounced, an error. The payments tell of it."""

    payment_key: str
    on: date
    cents: int
    by: str
    reason: str
    learned_at: datetime
    is_sent_back: bool = False


class PledgeState(Enum):
    """How a pledge stands on a day."""

    PENDING = "pending"
    RECEIVED = "received"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PledgeOnFile:
    """A pledge with its steps, the oldest first, and what of its money came back."""

    pledge: Pledge
    steps: tuple[PledgeStep, ...] = ()
    returns: tuple[PledgeReturn, ...] = ()

    @property
    def returned_cents(self) -> int:
        """What came and did not stay. Money that its debt did not need, and we sent back, did."""
        return sum(one.cents for one in self.returns)

    @property
    def received_cents(self) -> int:
        """What has come of it and stayed."""
        came = sum(one.cents for one in self.steps if one.act is PledgeAct.RECEIVED)
        return came - self.returned_cents

    @property
    def pending_cents(self) -> int:
        """What is promised and has not come, or came back; also of one that has ended."""
        return max(0, self.pledge.cents - self.received_cents)

    def state_on(self, day: date) -> PledgeState:
        """How it stands on a day: on its last day it is still pending."""
        if self.pending_cents == 0:
            return PledgeState.RECEIVED
        if any(one.act is PledgeAct.WITHDRAWN for one in self.steps):
            return PledgeState.WITHDRAWN
        return PledgeState.EXPIRED if day > self.pledge.expires_day else PledgeState.PENDING
