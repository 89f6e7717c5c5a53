"""Service points of one account that come on one bill, and each one's share of such a bill.

Made by ``usecases/together``; kept by ``stores`` on two clocks; followed by the calculation.
Read first: GRR IV.C; docs/operating/meters_together.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan, Validity

if TYPE_CHECKING:
    from meterledger.facts.bills import BilledUsage


@dataclass(frozen=True, slots=True)
class BilledTogether:
    """On some days the meters of ``joined_agreement`` stand on the bill of ``agreement_id``.

    Both are of one account. ``by`` and ``reason`` are who said so last, and why; ``reasons`` cite
    the rule.
    """

    account_id: str
    agreement_id: str
    joined_agreement: str
    days: Validity
    by: str
    reason: str
    reasons: tuple[Reason, ...]
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.agreement_id != self.joined_agreement, "an agreement is joined to another one")


@dataclass(frozen=True, slots=True)
class BilledWith:
    """Whose bill an agreement's meters stand on, at which point: on ``days``, while that one has
    service.
    """

    agreement_id: str
    days: Validity
    service: Validity
    service_point_id: str


@dataclass(frozen=True, slots=True)
class PointShare:
    """What one service point has on a bill of several: its days of the window, and its usage.

    ``multiplier`` is its meter's; of meters exchanged inside the days each share tells its own.
    """

    agreement_id: str
    service_point_id: str
    days: DaySpan
    usage: BilledUsage
    multiplier: int | None = None

    def told(self, energy: Callable[[int], object]) -> dict[str, object]:
        """As it stands in the record (numbers) and in answers (strings)."""
        return {
            "agreement": self.agreement_id,
            "service_point": self.service_point_id,
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            **({} if self.multiplier is None else {"multiplier": self.multiplier}),
            "usage": self.usage.told(energy),
        }
