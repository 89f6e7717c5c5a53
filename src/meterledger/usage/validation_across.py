"""The checks between meters: identical totals, two channels of one meter, meters crossed.

Lives here      grouping a whole day's rows, and pairs of neighbors; bits are added to the evidence.
Lives elsewhere checks of one row (``validation_kernel``), thresholds (``validation_terms``).
Read first      validation_facts.py.

Few rows are ever in a group, so a table of counts by a mixed key sifts them first; what passes is
compared exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from meterledger.facts.usage import Int64Array
from meterledger.usage.compiled import compiled
from meterledger.usage.validation_evidence import Evidence
from meterledger.usage.validation_facts import (
    HOURS,
    Check,
    DayBlock,
    History,
    MeterFacts,
)
from meterledger.usage.validation_terms import Limit, ValidationTerms

TABLE_BITS = 24
MISSING = np.int32(-(2**31))
IDENTICAL_METERS, IDENTICAL_FLOOR = int(Limit.IDENTICAL_METERS), int(Limit.IDENTICAL_FLOOR_WH)
CROSSED_OWN, CROSSED_BEST, CROSSED_FLOOR = (
    int(Limit.CROSSED_OWN_PERCENT),
    int(Limit.CROSSED_BEST_PERCENT),
    int(Limit.CROSSED_FLOOR_WH),
)
IDENTICAL, DUPLICATE, OVERLAPPING, CROSSED = (
    1 << Check.IDENTICAL_TOTALS,
    1 << Check.DUPLICATE_CHANNEL,
    1 << Check.OVERLAPPING_CHANNEL,
    1 << Check.CROSSED_METER,
)


def check_across(
    block: DayBlock,
    facts: MeterFacts,
    history: History,
    terms: ValidationTerms,
    evidence: Evidence,
) -> None:
    """Add the findings between meters to the evidence of all rows of the day."""
    _identical_totals(facts, terms, evidence)
    _channels(block, facts, terms, evidence)
    if block.has_plain_hours and bool((facts.neighbor >= 0).any()):
        _crossed(
            block.value,
            facts.neighbor,
            history.hour_wh,
            evidence.energy_wh,
            evidence.off_wh,
            terms.limits,
            terms.made,
            facts.source,
            evidence.found,
        )


def _identical_totals(facts: MeterFacts, terms: ValidationTerms, evidence: Evidence) -> None:
    """Rows whose complete total stands often enough in their area."""
    rows = _sift_totals(
        facts.area,
        evidence.energy_wh,
        evidence.missing,
        facts.source,
        terms.limits,
        terms.made,
        np.zeros(1 << TABLE_BITS, np.uint8),
    )
    if len(rows) == 0:
        return
    pairs = np.stack([facts.area[rows].astype(np.int64), evidence.energy_wh[rows]], axis=1)
    _, group, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    alike = count[group.reshape(-1)]
    enough = alike >= terms.limits[facts.source[rows], Limit.IDENTICAL_METERS]
    evidence.found[rows[enough]] |= IDENTICAL
    evidence.alike[rows[enough]] = alike[enough]


@compiled
def _place(key: Any) -> Any:
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(mixed >> np.uint64(64 - TABLE_BITS))


@compiled
def _is_sifted(area: Any, energy: Any, missing: Any, limit: Any, made: Any) -> Any:
    return area >= 0 and missing == 0 and energy > limit[IDENTICAL_FLOOR] and made & IDENTICAL != 0


@compiled
def _sift_totals(
    area: Any, energy: Any, missing: Any, source: Any, limits: Any, made: Any, table: Any
) -> Any:
    count = area.shape[0]
    for i in range(count):
        group = source[i]
        if _is_sifted(area[i], energy[i], missing[i], limits[group], made[group]):
            place = _place(energy[i] * 1_000_003 + area[i])
            if table[place] < 255:
                table[place] += 1
    fewest = min(limits[0, IDENTICAL_METERS], limits[1, IDENTICAL_METERS])
    fewest = min(255, min(fewest, limits[2, IDENTICAL_METERS]))
    rows = np.empty(count, np.int64)
    kept = 0
    for i in range(count):
        group = source[i]
        if (
            _is_sifted(area[i], energy[i], missing[i], limits[group], made[group])
            and table[_place(energy[i] * 1_000_003 + area[i])] >= fewest
        ):
            rows[kept] = i
            kept += 1
    return rows[:kept]


def _channels(
    block: DayBlock, facts: MeterFacts, terms: ValidationTerms, evidence: Evidence
) -> None:
    """Rows that are channels of one meter in one direction: the same twice, or about one time."""
    rows = np.flatnonzero((facts.channel_key >= 0) & (evidence.missing < block.width))
    if len(rows) < 2:
        return
    for some in _groups(facts.channel_key[rows], rows):
        for row in some:
            others = some[some != row]
            values = block.value[others]
            same = (values == block.value[row]).all(axis=1)
            meets = ((values != MISSING) & (block.value[row] != MISSING)).any(axis=1)
            bits = DUPLICATE if same.any() else 0
            bits |= OVERLAPPING if (meets & ~same).any() else 0
            evidence.found[row] |= bits & int(terms.made[facts.source[row]])


def _groups(keys: Int64Array, rows: Int64Array) -> list[Int64Array]:
    """The rows of each key that more than one row has."""
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    edges = np.flatnonzero(np.diff(keys)) + 1
    return [some for some in np.split(rows, edges) if len(some) > 1]


@compiled
def _hours_apart(row: Any, usual: Any) -> Any:
    """How far a row's hours are off another meter's usual hours, in watt-hours."""
    per_hour = row.shape[0] // HOURS
    off = np.int64(0)
    for hour in range(HOURS):
        one = np.int64(0)
        for j in range(hour * per_hour, (hour + 1) * per_hour):
            one += row[j]
        off += abs(one - usual[hour])
    return off


@compiled
def _crossed(
    value: Any,
    neighbor: Any,
    hour_wh: Any,
    energy: Any,
    off: Any,
    limits: Any,
    made: Any,
    source: Any,
    found: Any,
) -> None:
    for i in range(neighbor.shape[0]):
        j = neighbor[i]
        if j < 0 or j == i or (neighbor[j] == i and j < i) or off[i] < 0 or off[j] < 0:
            continue
        limit = limits[source[i]]
        own = off[i] + off[j]
        if own <= limit[CROSSED_FLOOR] or own * 100 < limit[CROSSED_OWN] * (energy[i] + energy[j]):
            continue
        exchanged = _hours_apart(value[i], hour_wh[j]) + _hours_apart(value[j], hour_wh[i])
        if exchanged * 100 <= limit[CROSSED_BEST] * own:
            found[i] |= CROSSED & made[source[i]]
            found[j] |= CROSSED & made[source[j]]
