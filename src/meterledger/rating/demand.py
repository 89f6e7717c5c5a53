"""The demand of a line's days, of many windows at once: highest parts, floors, ratchets, in watts.

Lives here      a billing demand from what was measured and what was known before; kvar beyond a
                share of it.
Lives elsewhere measuring (``determine``), the numbers (``planning``), what it costs (``price``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.facts.window_facts import DemandHistory, WindowFacts
from meterledger.kernel.ensure import InvariantBroken, ensure
from meterledger.kernel.refusal import Refusal
from meterledger.rating.exact import multiply_divide_down, multiply_divide_half_up
from meterledger.rating.parts import DemandUse, RatchetPlan
from meterledger.rating.plan_shapes import RatePlan

HIGHEST_W = 10**13
"""Ten thousand gigawatts: no demand of one service comes near."""


class HistoryNeeded(Refusal):
    """A schedule bills on the demand of periods before, and they are not known."""

    rows: tuple[int, ...] = ()


class KvarNeeded(Refusal):
    """A schedule bills reactive demand, and none is known."""


def demand_w(
    use: DemandUse,
    segments: Sequence[int],
    determinants: Determinants,
    history: Mapping[str, DemandHistory],
) -> Int64Array:
    """Watts of a demand in some segments, Int64 [N]: the highest of parts, floor and ratchet."""
    found = measured_w(use, segments, determinants)
    if use.floor_w:
        found = np.maximum(found, use.floor_w)
    if use.ratchet is not None:
        found = np.maximum(found, ratchet_w(use.ratchet, history[use.name]))
    return found


def highest_wh(segments: Sequence[int], determinants: Determinants) -> Int64Array:
    """Watt-hours of the highest hour in some segments, Int64 [N]; of several meters, the sum."""
    if determinants.of_meters is not None:
        return _added(highest_wh(segments, determinants.of_meters))
    highest: Int64Array = determinants.peak_wh[:, list(segments)].max(axis=1)
    return highest


def measured_w(use: DemandUse, segments: Sequence[int], determinants: Determinants) -> Int64Array:
    """Watts of the highest part of a demand, without floor and ratchet: what a history keeps.

    Of several meters of an account each one's own is taken, whenever it peaked, and they are added.
    """
    if determinants.of_meters is not None:
        return _added(measured_w(use, segments, determinants.of_meters))
    watts = determinants.demand_w
    if watts is None:
        raise InvariantBroken("the demands that a schedule names are determined")
    found = np.zeros(len(watts), dtype=np.int64)
    for number, share in use.parts:
        highest: Int64Array = watts[:, list(segments), number].max(axis=1)
        ensure(
            highest.size == 0 or int(np.abs(highest).max()) <= HIGHEST_W,
            "a demand is one of a single service",
        )
        found = np.maximum(found, _times(highest, share))
    return found


def _added(of_meters: Int64Array) -> Int64Array:
    added: Int64Array = of_meters.sum(keepdims=True)
    return added


def ratchet_w(ratchet: RatchetPlan, history: DemandHistory) -> Int64Array:
    """A share of the highest measured part of the periods before, Int64 [N]."""
    ends, watts = history.ends[:, : ratchet.periods], history.watts[:, : ratchet.periods]
    counts = ends > 0
    if ratchet.season_days is not None:
        place = np.clip(ends - 1 - ratchet.first_ordinal, 0, len(ratchet.season_days) - 1)
        counts = counts & (ratchet.season_days[place] == 1)
    if watts.shape[1] == 0:
        return np.zeros(len(watts), dtype=np.int64)
    highest: Int64Array = np.where(counts, watts, 0).max(axis=1)
    return _times(highest, ratchet.share)


def excess_var(reactive_var: Int64Array, demand: Int64Array, beyond: Fraction) -> Int64Array:
    """Vars beyond a share of a demand; what is free is rounded down to whole vars."""
    free = multiply_divide_down(demand, beyond.numerator, beyond.denominator)
    excess: Int64Array = np.maximum(reactive_var - free, 0)
    return excess


def need_demands(plan: RatePlan, facts: WindowFacts) -> None:
    """Refuse where a plan needs history or kvar that are not given.

    :raises HistoryNeeded: if periods before are missing, out of order, or of unknown season; its
        ``rows`` are the windows that lack them
    :raises KvarNeeded: if reactive demand is not known
    """
    if plan.needs_kvar and facts.reactive_var is None:
        raise KvarNeeded(
            f"Schedule {plan.schedule.code} bills reactive demand, and no kvar are known of it",
            where=str(plan.window),
            do="Give the highest kvar of the window, or a schedule without a reactive charge",
        )
    for use in plan.ratchets:
        ratchet = use.ratchet
        history = facts.history.get(use.name)
        if history is None or ratchet is None:
            raise _history_needed(plan, use, "nothing is known of them", None)
        _check_history(plan, use, ratchet, history)


def _check_history(
    plan: RatePlan, use: DemandUse, ratchet: RatchetPlan, history: DemandHistory
) -> None:
    ends = history.ends[:, : ratchet.periods]
    known = (ends > 0).sum(axis=1)
    lacks: BoolArray = np.asarray((known < ratchet.periods) & ~history.from_service)
    if lacks.any():
        fewest = int(known[lacks].min())
        raise _history_needed(plan, use, f"{fewest} of {ratchet.periods} are known", lacks)
    first = plan.window.from_day.toordinal()
    ordered = np.where(ends > 0, ends, -np.arange(ends.shape[1])[None, :])
    late = (ends > first).any(axis=1)
    wrong: BoolArray = np.asarray(late | (np.diff(ordered, axis=1) >= 0).any(axis=1))
    if wrong.any():
        raise _history_needed(plan, use, "those given are not periods before, newest first", wrong)
    if ratchet.season_days is not None:
        place = ends - 1 - ratchet.first_ordinal
        outside = (place < 0) | (
            ratchet.season_days[np.clip(place, 0, len(ratchet.season_days) - 1)] < 0
        )
        unknown: BoolArray = np.asarray(((ends > 0) & outside).any(axis=1))
        if unknown.any():
            raise _history_needed(
                plan, use, "the season of one of those given is not known", unknown
            )


def _history_needed(
    plan: RatePlan, use: DemandUse, why: str, rows: BoolArray | None
) -> HistoryNeeded:
    periods = use.ratchet.periods if use.ratchet else 0
    refusal = HistoryNeeded(
        f"Schedule {plan.schedule.code} bills '{use.name}' on the demand of the {periods} billing "
        f"periods before {plan.window.from_day}",
        where=str(plan.window),
        why=f"Of these, {why}",
        do="Give for each period the day after its last and its kW, newest first, or say that the "
        "history begins with the service",
    )
    if rows is not None:
        refusal.rows = tuple(int(row) for row in np.flatnonzero(rows))
    return refusal


def _times(watts: Int64Array, share: Fraction) -> Int64Array:
    if share == 1:
        return watts
    return multiply_divide_half_up(watts, share.numerator, share.denominator)
