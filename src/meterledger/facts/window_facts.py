"""What is known of windows beside the energy delivered: demand before, kvar, blocks, credits.

Given by whoever asks for a price, one row for each window; a schedule or programme that needs what
is not given refuses. Read and priced by ``rating``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True)
class DemandHistory:
    """The measured part of a billing demand in billing periods before N windows, newest first.

    ``ends``         Int64 [N x K] day after the period's last, as ``date.toordinal``; 0: none
    ``watts``        Int64 [N x K]
    ``from_service`` bool [N] the history begins with the service: there was no earlier period
    """

    ends: Int64Array
    watts: Int64Array
    from_service: BoolArray

    def __post_init__(self) -> None:
        ensure(
            self.ends.ndim == 2
            and self.ends.shape == self.watts.shape
            and self.from_service.shape == self.ends.shape[:1],
            "a history has a row for each window and a column for each period",
        )


@dataclass(frozen=True, slots=True)
class NetCredits:
    """Credits for energy received in earlier periods, of N windows, oldest first.

    ``issued``  Int64 [N x K] day of issue, as ``date.toordinal``; 0: none
    ``cents``   Int64 [N x K] what is left of each, not negative
    """

    issued: Int64Array
    cents: Int64Array

    def __post_init__(self) -> None:
        ensure(
            self.issued.ndim == 2 and self.issued.shape == self.cents.shape,
            "credits have a row for each window",
        )


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """Facts of N windows of one plan; None where nobody said anything.

    ``history``       by the name of a billing demand
    ``reactive_var``  Int64 [N] highest reactive demand of the window
    ``solar_blocks``  Int64 [N] Solar Blocks subscribed
    ``received``      energy received from the customer, placed by the same plan
    ``credits``       credits of earlier periods
    """

    history: Mapping[str, DemandHistory] = field(default_factory=dict)
    reactive_var: Int64Array | None = None
    solar_blocks: Int64Array | None = None
    received: Determinants | None = None
    credits: NetCredits | None = None

    def of_rows(self, rows: slice) -> WindowFacts:
        """The facts of some of the windows."""
        received, credits = self.received, self.credits
        return WindowFacts(
            history={
                name: DemandHistory(one.ends[rows], one.watts[rows], one.from_service[rows])
                for name, one in self.history.items()
            },
            reactive_var=None if self.reactive_var is None else self.reactive_var[rows],
            solar_blocks=None if self.solar_blocks is None else self.solar_blocks[rows],
            received=None if received is None else received.of_rows(rows),
            credits=None
            if credits is None
            else NetCredits(credits.issued[rows], credits.cents[rows]),
        )


NOTHING_KNOWN = WindowFacts()
