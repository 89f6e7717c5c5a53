"""Validation of a day of many meters: every check of the validation file, in bulk.

Lives here      bounds that make whole-number arithmetic safe, running the compiled checks over
                runs of rows, what a storm changes, and a meter's history from its past days.
Lives elsewhere the checks (``validation_kernel``, ``validation_across``), thresholds
                (``validation_terms``), the words (``validation_words``), gaps (``filling``).
Read first      validation_facts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from meterledger.facts.findings import Finding
from meterledger.facts.usage import MISSING_VALUE, BoolArray, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.usage.validation_evidence import Evidence, bits_where
from meterledger.usage.validation_facts import (
    HOURS,
    NOT_KNOWN,
    Check,
    DayBlock,
    History,
    Int32Array,
    MeterFacts,
    Source,
    Storm,
)
from meterledger.usage.validation_terms import Limit, ValidationTerms
from meterledger.usage.validation_words import word_finding

ROWS_AT_ONCE = 8192
"""A run of rows small enough to stay near the processor while it is checked."""

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class DayFindings:
    """What validation found on one day of N meters.

    ``found``     Int32 [N] bits of ``Check``, without those that a storm puts off
    ``deferred``  Int32 [N] bits that a storm puts off: to be looked at after it
    ``in_storm``  Bool  [N]
    """

    block: DayBlock
    facts: MeterFacts
    history: History
    terms: ValidationTerms
    evidence: Evidence
    found: Int32Array
    deferred: Int32Array
    in_storm: BoolArray

    @property
    def holds(self) -> BoolArray:
        """Bool [N]: meters whose day waits for a person or the estimator."""
        holding = np.where(
            self.in_storm, self.terms.holding & ~self.terms.noted, self.terms.holding
        )
        return np.asarray(self.found & holding != 0)

    def rows_with(self, check: Check) -> Int64Array:
        """The rows in which a check found something."""
        return np.flatnonzero(self.found & (1 << check)).astype(np.int64)

    def counts(self) -> dict[str, int]:
        """How many meters each check found something in, by the check's word."""
        return {check.word: len(self.rows_with(check)) for check in Check}

    def findings_of(self, row: int, *, deferred: bool = False) -> list[Finding]:
        """The findings of one meter in words, or those that a storm puts off."""
        bits = int(self.deferred[row] if deferred else self.found[row])
        storm = bool(self.in_storm[row])
        return [
            word_finding(
                check, row, self.block, self.facts, self.history, self.terms, self.evidence, storm
            )
            for check in Check
            if bits & (1 << check)
        ]


def validate_day(
    block: DayBlock,
    history: History,
    terms: ValidationTerms,
    facts: MeterFacts | None = None,
    *,
    storms: Sequence[Storm] = (),
    threads: int = 1,
) -> DayFindings:
    """Make every check of the validation file on a day of N meters.

    Values are never changed. ``facts`` left out means that nothing is known beside the values.
    With ``threads`` above 1, runs of rows are checked side by side; the findings are the same.

    :raises InvariantBroken: if arrays differ in length, or a figure is beyond all meters
    """
    facts = facts if facts is not None else MeterFacts.unknown(len(block.meters))
    evidence = Evidence.blank(len(block.meters))
    runs = range(0, len(block.meters), ROWS_AT_ONCE)

    def check(first: int) -> int:
        part = block.part(first, first + ROWS_AT_ONCE)
        return check_run(part, history, terms, facts, evidence, first)

    if threads > 1 and len(runs) > 1:
        with ThreadPoolExecutor(threads) as pool:
            checked = sum(pool.map(check, runs))
    else:
        checked = sum(map(check, runs))
    ensure(checked == len(block.meters), "every meter is checked once")
    return finish_day(block, history, terms, facts, evidence, storms=storms)


def check_run(
    part: DayBlock,
    history: History,
    terms: ValidationTerms,
    facts: MeterFacts,
    evidence: Evidence,
    first: int,
) -> int:
    """Check the rows of a part of the day, each by itself; returns how many there were.

    ``part`` holds the rows from ``first`` on of the meters that ``history``, ``facts`` and
    ``evidence`` are of. For callers that read a day in parts: check each part when it is there
    (several threads may), then ``finish_day``. The part's values are not asked for again.

    :raises InvariantBroken: if arrays differ in length, or a figure is beyond all meters
    """
    from meterledger.usage.validation_across import check_between
    from meterledger.usage.validation_kernel import check_rows

    until = first + len(part.meters)
    ensure(
        len(facts) == len(history) == len(evidence.found) and until <= len(facts),
        "facts and history are of these meters",
    )
    some, past = facts.rows(first, until), history.rows(first, until)
    known_sources = (some.source >= min(Source)) & (some.source <= max(Source))
    ensure(bool(known_sources.all()), "each day came from the head end, a person or a customer")
    into = evidence.rows(first, until)
    beyond = check_rows(
        part.value,
        mark_key(part.width),
        _by_slot(terms, part.interval_seconds),
        terms.made,
        part.due_width,
        HOURS * HOUR_SECONDS // part.interval_seconds,
        part.has_plain_hours,
        some.source,
        some.state,
        some.multiplier,
        some.register_wh,
        some.installed_days,
        some.location_wh,
        some.received_wh,
        some.readings_sent,
        some.at_one_time,
        some.late_days,
        past.days,
        past.day_wh,
        past.hour_wh,
        past.received_wh,
        past.recent,
        past.years,
        into.found,
        into.energy_wh,
        into.missing,
        into.highest,
        into.third,
        into.negative,
        into.flat_slots,
        into.zero_slots,
        into.tail_slots,
        into.moved,
        into.off_wh,
        into.best_off_wh,
        into.marks,
    )
    ensure(
        beyond == 0, "no meter moves more than 2**40 watt-hours a day, and multipliers are whole"
    )
    check_between(part, facts, history, terms, evidence, first)
    return until - first


def finish_day(
    block: DayBlock,
    history: History,
    terms: ValidationTerms,
    facts: MeterFacts,
    evidence: Evidence,
    *,
    storms: Sequence[Storm] = (),
) -> DayFindings:
    """Make the checks between meters once every row has been checked, and apply storms.

    ``block`` is of all meters; of its values nothing is asked (``DayBlock.heading``).
    """
    from meterledger.usage.validation_across import check_across

    check_across(facts, history, terms, evidence)
    in_storm = np.zeros(len(block.meters), dtype=np.bool_)
    for storm in storms:
        in_storm |= storm.rows(block.day, facts.area)
    found = evidence.found
    deferred = np.zeros_like(found)
    if in_storm.any():
        put_off = bits_where(in_storm, terms.deferred)
        found, deferred = evidence.found & ~put_off, evidence.found & put_off
    return DayFindings(block, facts, history, terms, evidence, found, deferred, in_storm)


@lru_cache(maxsize=64)
def _slot_limits(key: tuple[bytes, int]) -> Int64Array:
    limits = np.frombuffer(key[0], dtype=np.int64).reshape(-1, len(Limit)).copy()
    seconds = key[1]
    for limit in (Limit.FLAT_RUN_MINUTES, Limit.ZERO_RUN_MINUTES, Limit.FROZEN_MINUTES):
        limits[:, limit] = -(-limits[:, limit] * 60 // seconds)
    limits[:, Limit.SPIKE_FLOOR_WATTS] = (
        limits[:, Limit.SPIKE_FLOOR_WATTS] * seconds // HOUR_SECONDS
    )
    limits.setflags(write=False)
    return limits


def _by_slot(terms: ValidationTerms, interval_seconds: int) -> Int64Array:
    """The limits with minutes as slots, rounded up, and watts as watt-hours of an interval."""
    return _slot_limits((terms.limits.tobytes(), interval_seconds)).copy()


@lru_cache(maxsize=64)
def _key(width: int) -> Int64Array:
    numbers, state = [], 0x4D455445524C4544
    for _ in range(width):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        numbers.append((mixed ^ (mixed >> 31)) | 1)
    return np.array(numbers, dtype=np.uint64).view(np.int64)


def mark_key(width: int) -> Int64Array:
    """Int64 [width]: odd weights by which a row's values are summed, modulo 2**64."""
    return _key(width).copy()


def day_marks(block: DayBlock) -> Int64Array:
    """Int64 [N]: a number for each row that two rows share only if all their values are equal.

    Two different rows share one by chance in 2**64; for ``History.recent`` and ``years``.
    """
    with np.errstate(over="ignore"):
        return np.asarray(block.value.astype(np.int64) @ mark_key(block.width))


def history_of(
    like_days: Sequence[DayBlock],
    *,
    recent: Sequence[DayBlock] = (),
    years: Sequence[DayBlock] = (),
    received: Sequence[DayBlock] = (),
    count: int,
) -> History:
    """The history of ``count`` meters from past days, every block with the same rows.

    ``like_days``  days that went by as this one should: complete, measured rows count
    ``recent``     the days just before; ``years`` the same date of years before
    ``received``   the received channel on the like days
    Days of 23 and 25 hours are left out of the means.
    """
    days = np.zeros(count, np.int64)
    energy = np.zeros(count, np.int64)
    hours = np.zeros((count, HOURS), np.int64)
    for block in like_days:
        ensure(len(block.meters) == count, "a past day has the rows of this one")
        if not block.has_plain_hours:
            continue
        whole = block.whole_rows()
        value = np.where(whole[:, None], block.value, 0).astype(np.int64)
        days += whole
        hours += value.reshape(count, HOURS, -1).sum(axis=2)
        energy += value.sum(axis=1)
    divisor = np.maximum(days, 1)
    blank = History.none(count)
    return replace(
        blank,
        days=days.astype(np.int16),
        day_wh=energy // divisor,
        hour_wh=np.clip(hours // divisor[:, None], -(2**31) + 1, 2**31 - 1).astype(np.int32),
        received_wh=_mean_received(received, count),
        recent=_marks(recent, count),
        years=_marks(years, count),
    )


def _mean_received(blocks: Sequence[DayBlock], count: int) -> Int64Array:
    days = np.zeros(count, np.int64)
    energy = np.zeros(count, np.int64)
    for block in blocks:
        whole = block.whole_rows()
        days += whole
        energy += np.where(whole[:, None], block.value, 0).sum(axis=1, dtype=np.int64)
    return np.where(days > 0, energy // np.maximum(days, 1), NOT_KNOWN)


def _marks(blocks: Sequence[DayBlock], count: int) -> Int64Array:
    if not blocks:
        return np.zeros((count, 0), np.int64)
    return np.ascontiguousarray(
        np.stack(
            [
                np.where((one.value != MISSING_VALUE).any(axis=1), day_marks(one), 0)
                for one in blocks
            ],
            axis=1,
        )
    )


def register_agrees(
    energy_wh: int, register_wh: int, *, multiplier: int, tolerance_wh: int, tolerance_percent: int
) -> bool:
    """Whether intervals and register agree: within tolerance times multiplier, or the share.

    The same rule as the check ``register``, for one period of any length.
    """
    apart = abs(energy_wh - register_wh)
    return apart <= tolerance_wh * multiplier or apart * 100 <= tolerance_percent * abs(register_wh)
