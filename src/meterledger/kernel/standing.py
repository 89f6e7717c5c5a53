"""How well a number is known: read in a filed sheet, carried forward, second-hand, or assumed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Standing(Enum):
    """The standing of a value in the tariff book, strongest first (DESIGN.md section 3)."""

    FILED = "filed"
    CARRIED_FORWARD = "carried_forward"
    SECOND_HAND = "second_hand"
    ASSUMED = "assumed"

    @property
    def weakness(self) -> int:
        """0 for the strongest standing; larger is weaker."""
        return _WEAKNESS[self]

    @property
    def sentence(self) -> str:
        """What to tell a reader of a bill that rests on it."""
        return {
            Standing.FILED: "read in a filed sheet or statute",
            Standing.CARRIED_FORWARD: "the last filed text, carried forward past its end",
            Standing.SECOND_HAND: "taken from a published secondary source, not from the sheet",
            Standing.ASSUMED: "assumed by us so that the system runs; no source is known",
        }[self]


_WEAKNESS = {standing: place for place, standing in enumerate(Standing)}


def weakest(standings: Iterable[Standing]) -> Standing:
    """The weakest of the standings; ``FILED`` when there is none."""
    return max(standings, key=lambda standing: standing.weakness, default=Standing.FILED)
