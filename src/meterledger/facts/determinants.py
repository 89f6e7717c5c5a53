"""Determinants: the quantities of a window that prices are applied to, for many meters at once.

Made and priced by ``rating``. Segments are the parts of the window between two days on which a
season, a price or a calendar changes; periods are the schedule's times of use.
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.facts.usage import Int64Array
from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True)
class Determinants:
    """What N windows of one plan used.

    ``energy_wh``  Int64 [N x segments x periods], watt-hours
    ``peak_wh``    Int64 [N x segments], watt-hours of the highest clock hour that counts for
                   demand (so the same figure is watts on average over that hour); 0 where the
                   schedule has no demand charge
    ``demand_w``   Int64 [N x segments x demands] watts of each demand that the schedule states by
                   name, in its order; None where it states none
    ``by_days``    true where energy was shared out by days because no interval times were given
    ``of_meters``  where the one window is the sum of several meters of an account: each meter's,
                   whose own peaks are added, whenever each of them peaked (GRR IV.C)
    """

    energy_wh: Int64Array
    peak_wh: Int64Array
    by_days: bool
    demand_w: Int64Array | None = None
    of_meters: Determinants | None = None

    def __post_init__(self) -> None:
        ensure(
            self.energy_wh.ndim == 3
            and self.peak_wh.shape == self.energy_wh.shape[:2]
            and (self.demand_w is None or self.demand_w.shape[:2] == self.peak_wh.shape),
            "determinants have a row for each window and a column for each segment",
        )
        ensure(
            self.of_meters is None or len(self.energy_wh) == 1,
            "the sum of several meters is of one window",
        )

    def of_rows(self, rows: slice) -> Determinants:
        """The determinants of some of the windows."""
        return Determinants(
            energy_wh=self.energy_wh[rows],
            peak_wh=self.peak_wh[rows],
            by_days=self.by_days,
            demand_w=None if self.demand_w is None else self.demand_w[rows],
            of_meters=self.of_meters,
        )
