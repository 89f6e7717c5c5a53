"""Where the values of a local day came from, beside the values: when, in which files, both ways.

Made by ``stores/lake``, asked by ``usecases/day_facts``. Meters are pseudonyms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meterledger.facts.readings import Flow
from meterledger.facts.usage import BoolArray, Int64Array


@dataclass(frozen=True, slots=True)
class DayTold:
    """One local day of N meters' delivered energy: how the values that speak came.

    ``arrived_us``  Int64 [N] when the first of them was learned, microseconds of the UTC epoch;
                    -1 where there is none
    ``is_early``    bool [N] whether some value was learned before its interval had begun
    ``sources``     for each meter the files that speak, by the beginnings of their SHA-256
    ``received_wh`` by meter, energy of its received channel, where the day has any value of it
    """

    arrived_us: Int64Array
    is_early: BoolArray
    sources: tuple[tuple[str, ...], ...]
    received_wh: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """A local day of one channel of a meter. ``energy_wh`` Int64 [width], ``missing`` bool."""

    flow: Flow
    interval_seconds: int
    energy_wh: Int64Array
    missing: BoolArray
