"""What journeys need of the store for programmes.

Lives here      the ports ``Programs`` and ``ReceivedEnergy``; one suite of promises (tests/stores)
                tests every store.
Lives elsewhere the other ports (``ports``), the noun (``facts/participation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.participation import Participation
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.span import DaySpan


class ProgramsAsked(Protocol):
    """What a calculation asks: who takes part in what, as known at an instant."""

    def participations(
        self, agreement_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, tuple[Participation, ...]]:
        """What the agreements take part in, by first day, as known then or now.

        Asked once for a batch of windows; agreements that take part in nothing are left out.
        """


class Programs(ProgramsAsked, Protocol):
    """Participations on two clocks. An agreement is in a programme once on a day."""

    def join_program(self, participation: Participation) -> None:
        """Keep a participation.

        :raises NotFound: if there is no such agreement of the account
        :raises Conflict: if the agreement is in the programme on one of the days
        """

    def leave_program(
        self, agreement_id: str, program: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """End a participation. What was known before stays as it was.

        :raises NotFound: if the agreement is not in the programme on or after the day
        :raises Conflict: if it would end before its first day is over
        """


class ReceivedEnergy(Protocol):
    """What is asked of the lake for net metering, and for charges on reactive demand."""

    def reactive(
        self, meters: Sequence[str], days: DaySpan, *, at_sequence: int
    ) -> list[UsageBatch]:
        """Reactive energy of the meters in var-hours, in the form of ``Lake.usage``.

        :raises MetersRefused: naming every meter whose values cannot be given, and why
        """

    def received(
        self, meters: Sequence[str], days: DaySpan, *, at_sequence: int
    ) -> list[UsageBatch]:
        """Energy that the meters received from customers, in the form of ``Lake.usage``.

        :raises MetersRefused: naming every meter whose energy cannot be given, and why
        """
