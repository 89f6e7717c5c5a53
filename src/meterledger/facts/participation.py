"""Participation: that a service takes part in a programme on some days, and with how much.

Lives here      the fact, on two clocks.
Lives elsewhere what a programme does to a bill (``rating``), joining and leaving
                (``usecases/programs``), what a bill was given for it (``usecases/beside_usage``).
Read first      docs/operating/programs.md; glossary: "solar block", "net metering".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import Validity


@dataclass(frozen=True, slots=True)
class Participation:
    """An agreement takes part in a programme of the book on some days.

    ``program`` is the programme's name in the book; ``blocks`` counts Solar Blocks, or is None.
    """

    agreement_id: str
    account_id: str
    program: str
    days: Validity
    learned_at: datetime
    blocks: int | None = None

    def __post_init__(self) -> None:
        ensure(self.blocks is None or self.blocks > 0, "blocks that are subscribed are counted")


def taking_part(known: tuple[Participation, ...], first_day: date) -> tuple[Participation, ...]:
    """Those that hold for a billing period: what holds on its first day holds for all of it."""
    return tuple(sorted((o for o in known if first_day in o.days), key=lambda o: o.program))
