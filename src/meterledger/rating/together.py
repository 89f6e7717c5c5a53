"""Determinants of several meters of one account, added: energy, and each meter's own peaks.

Lives here      the sum that one bill is priced on.
Lives elsewhere which meters stand on one bill (``usecases/bills_together``), a demand (``demand``).
Read first      GRR IV.C.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.kernel.ensure import ensure


def add_meters(each: Sequence[Determinants]) -> Determinants:
    """One window's determinants: the sum of one row of each meter.

    Energy is added by segment and period, which is adding it interval by interval: every interval
    lies in one of them. Demands are added whenever each meter peaked; over several segments the
    highest of each meter is taken first, so that what a line asks for looks at ``of_meters``.
    """
    ensure(len(each) > 0, "a sum is of one meter or more")
    demands = [one.demand_w for one in each if one.demand_w is not None]
    rows = Determinants(
        energy_wh=np.concatenate([one.energy_wh for one in each]),
        peak_wh=np.concatenate([one.peak_wh for one in each]),
        by_days=any(one.by_days for one in each),
        demand_w=np.concatenate(demands) if demands else None,
    )
    return Determinants(
        energy_wh=rows.energy_wh.sum(axis=0, keepdims=True),
        peak_wh=rows.peak_wh.sum(axis=0, keepdims=True),
        by_days=rows.by_days,
        demand_w=None if rows.demand_w is None else rows.demand_w.sum(axis=0, keepdims=True),
        of_meters=rows,
    )
