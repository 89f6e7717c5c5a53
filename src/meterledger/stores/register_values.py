"""Which of several versions of a register's value speaks, the same in every store.

Lives here      of one instant and direction the version published last; both where one file says
                two things.
Lives elsewhere keeping rows (``memory``, ``postgres``), differences (``register_moves``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from meterledger.facts.readings import Channel, Flow, Quality
from meterledger.facts.registers import KnownRegisterValue


def value_of(
    channel: Channel, at: int, value: int, quality: Quality, sequence: int
) -> KnownRegisterValue:
    """One row as kept; ``channel`` is of electric energy."""
    return KnownRegisterValue(
        at=at,
        value=value,
        power=channel.energy_wh_power or 0,
        constant=channel.multiplier,
        quality=quality,
        flow=channel.flow,
        sequence=sequence,
    )


def values_speaking(
    versions: Iterable[tuple[str, KnownRegisterValue]],
) -> dict[str, list[KnownRegisterValue]]:
    """By meter, in order of time, direction and value."""
    told: dict[tuple[str, int, Flow], set[KnownRegisterValue]] = defaultdict(set)
    for meter, one in versions:
        known = told[meter, one.at, one.flow]
        newest = max((each.sequence for each in known), default=0)
        if one.sequence > newest:
            known.clear()
        if one.sequence >= newest:
            known.add(one)
    found: dict[str, list[KnownRegisterValue]] = defaultdict(list)
    for (meter, _, _), values in told.items():
        found[meter] += values
    return {meter: sorted(values, key=_order) for meter, values in found.items()}


def _order(one: KnownRegisterValue) -> tuple[int, str, int, int, str]:
    return one.at, one.flow.value, one.value, one.power, one.quality.word
