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

from meterledger.usage.compiled import compiled
from meterledger.usage.validation_evidence import Evidence
from meterledger.usage.validation_facts import (
    HOURS,
    Check,
    DayBlock,
    History,
    MeterFacts,
)
from meterledger.usage.validation_kernel import hours_of
from meterledger.usage.validation_terms import Limit, ValidationTerms

TABLE_BITS = 21
NEVER = np.int64(2**62)
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


def check_between(
    part: DayBlock,
    facts: MeterFacts,
    history: History,
    terms: ValidationTerms,
    whole: Evidence,
    first: int,
) -> None:
    """After a run of rows was checked: pairs inside it, and what later checks will ask of it.

    ``part`` holds the rows from ``first`` on; ``facts``, ``history`` and ``whole`` are of all rows.
    """
    until = first + len(part.meters)
    rows = np.arange(first, until)
    channels = rows[facts.channel_key[first:until] >= 0]
    if len(channels):
        whole.kept_rows.append((channels, part.value[channels - first]))
    neighbor = facts.neighbor[first:until]
    if not part.has_plain_hours or not (neighbor >= 0).any():
        return
    far = rows[(neighbor >= 0) & ((neighbor < first) | (neighbor >= until))]
    if len(far):
        whole.kept_hours.append((far, hours_of(part.value, far - first)))
    _crossed(
        part.value,
        first,
        facts.neighbor,
        history.hour_wh,
        whole.energy_wh,
        whole.off_wh,
        terms.limits,
        terms.made,
        facts.source,
        whole.found,
    )


def check_across(
    facts: MeterFacts, history: History, terms: ValidationTerms, evidence: Evidence
) -> None:
    """Add the findings between meters of different runs, once all rows were checked."""
    _identical_totals(facts, terms, evidence)
    if evidence.kept_rows:
        _channels(facts, terms, evidence)
    if evidence.kept_hours:
        _crossed_far(facts, history, terms, evidence)


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
def _sift_totals(
    area: Any, energy: Any, missing: Any, source: Any, limits: Any, made: Any, table: Any
) -> Any:
    """Rows whose total may stand often enough in their area: few others pass."""
    count = area.shape[0]
    floors = np.empty(limits.shape[0], np.int64)
    fewest = 255
    for group in range(limits.shape[0]):
        is_made = made[group] & IDENTICAL != 0
        floors[group] = limits[group, IDENTICAL_FLOOR] if is_made else NEVER
        if is_made:
            fewest = min(fewest, limits[group, IDENTICAL_METERS])
    for i in range(count):
        if energy[i] > floors[source[i]] and area[i] >= 0 and missing[i] == 0:
            place = _place(energy[i] * 1_000_003 + area[i])
            table[place] += table[place] < 255
    rows = np.empty(count, np.int64)
    kept = 0
    for i in range(count):
        if (
            energy[i] > floors[source[i]]
            and area[i] >= 0
            and missing[i] == 0
            and table[_place(energy[i] * 1_000_003 + area[i])] >= fewest
        ):
            rows[kept] = i
            kept += 1
    return rows[:kept]


def _channels(facts: MeterFacts, terms: ValidationTerms, evidence: Evidence) -> None:
    """Rows that are channels of one meter in one direction: the same twice, or about one time."""
    rows = np.concatenate([some for some, _ in evidence.kept_rows])
    value = np.concatenate([values for _, values in evidence.kept_rows])
    order = np.argsort(facts.channel_key[rows], kind="stable")
    rows, value = rows[order], value[order]
    key = facts.channel_key[rows]
    for apart in range(1, len(rows)):  # each row with the next but so many, while keys are shared
        one = np.flatnonzero(key[apart:] == key[:-apart])
        if len(one) == 0:
            return
        two = one + apart
        there = (value[one] != MISSING) & (value[two] != MISSING)
        same = (value[one] == value[two]).all(axis=1) & there.any(axis=1)
        bits = np.where(same, DUPLICATE, np.where(there.any(axis=1), OVERLAPPING, 0))
        for some in (rows[one], rows[two]):
            np.bitwise_or.at(
                evidence.found, some, (bits & terms.made[facts.source[some]]).astype(np.int32)
            )


def _crossed_far(
    facts: MeterFacts, history: History, terms: ValidationTerms, evidence: Evidence
) -> None:
    """Pairs of neighbors that lie in different runs, by the hours kept of them."""
    rows = np.concatenate([some for some, _ in evidence.kept_hours])
    hours = np.concatenate([some for _, some in evidence.kept_hours])
    order = np.argsort(rows)
    rows, hours = rows[order], hours[order]
    other = facts.neighbor[rows]
    mutual = (facts.neighbor[other] == rows) & (rows < other)
    one, two = rows[mutual], other[mutual]
    if len(one) == 0:
        return
    place = np.searchsorted(rows, two)
    limit = terms.limits[facts.source[one]]
    own = evidence.off_wh[one] + evidence.off_wh[two]
    energy = evidence.energy_wh[one] + evidence.energy_wh[two]
    exchanged = np.abs(hours[mutual] - history.hour_wh[two]).sum(axis=1)
    exchanged += np.abs(hours[place] - history.hour_wh[one]).sum(axis=1)
    is_crossed = (
        ((evidence.off_wh[one] >= 0) & (evidence.off_wh[two] >= 0))
        & ((own > limit[:, CROSSED_FLOOR]) & (own * 100 >= limit[:, CROSSED_OWN] * energy))
        & (exchanged * 100 <= limit[:, CROSSED_BEST] * own)
    )
    for some in (one[is_crossed], two[is_crossed]):
        evidence.found[some] |= (terms.made[facts.source[some]] & CROSSED).astype(np.int32)


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
    first: Any,
    neighbor: Any,
    hour_wh: Any,
    energy: Any,
    off: Any,
    limits: Any,
    made: Any,
    source: Any,
    found: Any,
) -> None:
    until = first + value.shape[0]
    for i in range(first, until):
        j = neighbor[i]
        if j <= i or j >= until or neighbor[j] != i or off[i] < 0 or off[j] < 0:
            continue
        group = source[i]
        own = off[i] + off[j]
        if own <= limits[group, CROSSED_FLOOR]:
            continue
        if own * 100 < limits[group, CROSSED_OWN] * (energy[i] + energy[j]):
            continue
        exchanged = _hours_apart(value[i - first], hour_wh[j])
        exchanged += _hours_apart(value[j - first], hour_wh[i])
        if exchanged * 100 <= limits[group, CROSSED_BEST] * own:
            found[i] |= CROSSED & made[source[i]]
            found[j] |= CROSSED & made[source[j]]
