"""Which of a window's intervals are estimates of ours, how much energy, by which rungs.

Lives here      counting them by method; the provision behind each method.
Lives elsewhere making them (``filling``, ``estimation_*``), what a bill says of them
                (``estimation_told``), the codes (``facts/estimates``).

A value that its sender called estimated came as received: how it was made is its sender's
knowledge.
A person's edit is no estimate where it says what was measured. Where its quality says that it is
one, it counts as made by hand.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from meterledger.facts.bills import EstimatedBy, EstimatedUsage
from meterledger.facts.estimates import Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import BoolArray, DayValues, TiledUsage, UsageBatch
from meterledger.usage.estimation_allowed import CAPPED_WORDS

PROVISIONS: dict[Method, str] = {
    Method.SAME_DAY: "estimation.ami_interval.ladder",
    Method.LIKE_DAY: "estimation.ami_interval.ladder",
    Method.FLAT_LINE: "estimation.ami_interval.ladder",
    Method.BY_HAND: "estimation.methods.general_and_escape",
    Method.ADJUSTED_TO_REGISTER: "estimation.methods.general_and_escape",
    Method.CUSTOMER_READING: "estimation.source.customer_reading",
    Method.PRIOR_YEAR_DAILY_USE: "estimation.basic.prior_year_adu",
    Method.PRECEDING_PERIOD_DAILY_USE: "estimation.basic.preceding_period_adu",
    Method.SIMILAR_CUSTOMER_OR_OTHER: "estimation.basic.similar_or_other",
    Method.SAME_MONTH_PRIOR_YEAR: "estimation.general.same_month_prior_year",
    Method.PRECEDING_MONTH: "estimation.general.preceding_month",
    **{
        Method(10 + step): f"estimation.ami_register.step{step:02d}" for step in range(1, 16)
    },  # AMI_REGISTER_01 is 11
}
"""The rung behind each way of estimating, by its id in the rulebook."""

METHOD_WORDS: dict[Method, str] = {
    Method.SAME_DAY: "same day of an earlier week",
    Method.LIKE_DAY: "a like day",
    Method.FLAT_LINE: "a flat line",
    Method.BY_HAND: "a person",
    Method.ADJUSTED_TO_REGISTER: "the register's difference",
    Method.CUSTOMER_READING: "the customer's reading",
}
"""How a bill calls a way of estimating; a former occupant's part in it is never said."""

CAPPED_CAUSES = frozenset(CAPPED_WORDS)
"""Causes that the text may cap; which of them it caps on a day is a value of the book."""


def method_words(method: Method) -> str:
    """How a bill calls a way of estimating."""
    return METHOD_WORDS.get(method, "the location's history of use")


def estimated_slots(values: DayValues) -> BoolArray | None:
    """Bool [N x width]: values that are estimates of ours; None where there is none."""
    if values.method is None or values.quality is None:
        return None
    made = values.method != Method.AS_RECEIVED
    told = (values.method == Method.EDITED) & (values.quality != Quality.ESTIMATED.value)
    found = np.asarray(made & ~told & ~values.missing)
    return found if found.any() else None


def estimated_rows(usage: UsageBatch) -> dict[int, EstimatedUsage]:
    """For each row of the batch with any estimate, how much was estimated, by which method."""
    found: dict[int, dict[Method, tuple[int, int]]] = {}
    for values in usage.days:
        slots = estimated_slots(values)
        if slots is None or values.method is None:
            continue
        for row in np.flatnonzero(slots.any(axis=1)).tolist():
            codes = values.method[row][slots[row]]
            codes = np.where(codes == Method.EDITED, np.int8(Method.BY_HAND), codes)
            energy = values.energy_wh[row][slots[row]]
            by_method = found.setdefault(row, {})
            for code in np.unique(codes).tolist():
                of_code = codes == code
                count, so_far = by_method.get(Method(code), (0, 0))
                by_method[Method(code)] = (
                    count + int(of_code.sum()),
                    so_far + int(energy[of_code].sum()),
                )
    return {row: _told(by_method.items()) for row, by_method in found.items()}


def estimated_tiled(usage: TiledUsage) -> EstimatedUsage | None:
    """The same for one meter's intervals of any length; None where none is an estimate."""
    by_method: dict[Method, tuple[int, int]] = {}
    for one in usage.intervals:
        if one.method is not Method.AS_RECEIVED and one.method is not Method.EDITED:
            count, so_far = by_method.get(one.method, (0, 0))
            by_method[one.method] = (count + 1, so_far + one.energy_wh)
    return _told(by_method.items()) if by_method else None


def _told(by_method: Iterable[tuple[Method, tuple[int, int]]]) -> EstimatedUsage:
    parts = tuple(
        EstimatedBy(method.word, PROVISIONS[method], count, energy_wh)
        for method, (count, energy_wh) in sorted(by_method)
    )
    return EstimatedUsage(
        interval_count=sum(one.interval_count for one in parts),
        energy_wh=sum(one.energy_wh for one in parts),
        by=parts,
    )
