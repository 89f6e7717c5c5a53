"""Fill the missing intervals of meters' days by the sheet's ladder, ready to be written.

Lives here      reading the earlier days that the ladder asks for, row for row; turning what was
                filled into readings for the lake and estimates for the record.
Lives elsewhere the ladder (``usage.filling``), which meters may be estimated and writing
                (``validate_usage``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.readings import Quality, Reading
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.usage import (
    NOT_KNOWN,
    DayBlock,
    FillingPlan,
    Int8Array,
    Int32Array,
    RegisterCannotAgree,
    agree_with_register,
    estimates_of,
    fill_missing,
)
from meterledger.usecases.usage_days import DayLake, one_day, read_past_day, read_window

HISTORY = timedelta(days=28)
"""How far back a meter is looked at to know its interval length on a day without any value."""

NO_RUNG = "no measured day of the ladder has these intervals, and nothing bounds them"


@dataclass(frozen=True, slots=True)
class FilledDay:
    """One meter's day with gaps filled: readings to write, estimates for the record.

    ``left`` counts the intervals that no rung could fill.
    """

    meter: str
    interval_seconds: int
    readings: tuple[Reading, ...]
    estimates: tuple[Estimate, ...]
    left: int = 0

    @property
    def energy_wh(self) -> int:
        """Watt-hours estimated."""
        return sum(one.value or 0 for one in self.readings)


def fill_days(
    lake: DayLake,
    meters: Sequence[str],
    plan: FillingPlan,
    *,
    zone: str,
    at_sequence: int,
    registers: Mapping[str, int],
    first_slots: Mapping[str, int],
    served_since: Mapping[str, date],
    cause: EstimateCause,
    made_at: datetime,
) -> dict[str, FilledDay]:
    """Fill the plan's day of the meters, each by itself; meters without a gap are left out.

    ``registers`` has by how much the registers moved over the day, of meters of which that is
    known; ``first_slots`` gives the number of seconds into the day before which the time was
    another meter's; ``served_since`` the first day of whoever has service: an estimate from a day
    before it rests on a former occupant's use, and says so. A meter whose usage cannot be given is
    left out, too.
    """
    window = DaySpan(plan.day - HISTORY, plan.day + timedelta(days=1))
    groups, refused = read_window(lake, meters, window, at_sequence=at_sequence)
    alone, _ = read_window(lake, list(refused), one_day(plan.day), at_sequence=at_sequence)
    found: dict[str, FilledDay] = {}
    for days in [*groups, *alone]:
        block = days[-1].block
        past = {one.block.day: one.block for one in days[:-1]}
        for earlier in plan.wanted_days:
            if earlier in past or earlier >= window.from_day:
                continue
            read = read_past_day(
                lake,
                block.meters,
                earlier,
                interval_seconds=block.interval_seconds,
                zone=zone,
                at_sequence=at_sequence,
            )
            if read is not None:
                past[earlier] = read
        found |= _filled(block, past, plan, registers, first_slots, cause, made_at)
    return {meter: _with_occupant(one, served_since.get(meter)) for meter, one in found.items()}


def _with_occupant(filled: FilledDay, since: date | None) -> FilledDay:
    """Mark the estimates that rest on a day of a former occupant."""
    if since is None:
        return filled
    told = tuple(
        replace(one, former_occupant=True) if _source_day(one, since) < since else one
        for one in filled.estimates
    )
    return replace(filled, estimates=told)


def _source_day(one: Estimate, otherwise: date) -> date:
    for name, text in one.inputs:
        if name == "source_day":
            return date.fromisoformat(text)
    return otherwise


def _filled(
    block: DayBlock,
    past: Mapping[date, DayBlock],
    plan: FillingPlan,
    registers: Mapping[str, int],
    first_slots: Mapping[str, int],
    cause: EstimateCause,
    made_at: datetime,
) -> dict[str, FilledDay]:
    ours = _only_ours(block, first_slots)
    moved = np.array([registers.get(meter, NOT_KNOWN) for meter in block.meters], dtype=np.int64)
    wanted = {day: past[day] for day in plan.wanted_days if day in past}
    filled = fill_missing(ours, wanted, plan, moved)
    estimates: dict[str, list[Estimate]] = {}
    for one in estimates_of(filled, cause=cause, made_at=made_at):
        estimates.setdefault(one.meter, []).append(one)
    midnight = int(day_start_utc(block.day, block.zone).timestamp())
    seconds = block.interval_seconds
    found: dict[str, FilledDay] = {}
    for place, row in enumerate(filled.rows.tolist()):
        meter = block.meters[row]
        values, codes = _agreed(filled.value[place], filled.method[place], int(moved[row]))
        new = np.flatnonzero((ours.value[row] == MISSING_VALUE) & (values != MISSING_VALUE))
        readings = tuple(
            Reading(
                midnight + slot * seconds,
                seconds,
                int(values[slot]),
                Quality.ESTIMATED,
                number,
                Method(int(codes[slot])),
            )
            for number, slot in enumerate(new.tolist())
        )
        left = int((values == MISSING_VALUE).sum())
        told = tuple(
            _retold(one, values, codes, midnight, seconds, int(moved[row]))
            for one in estimates.get(meter, ())
        )
        found[meter] = FilledDay(meter, seconds, readings, told, left)
    return found


def _agreed(value: Int32Array, method: Int8Array, register_wh: int) -> tuple[Int32Array, Int8Array]:
    """The day made to sum to its register, where that was read at both ends and can be right.

    Only estimates move. Where they cannot, they stay as the ladder made them: whether register or
    intervals are wrong is for the check of both, and a person.
    """
    if register_wh == NOT_KNOWN or (value == MISSING_VALUE).any():
        return value, method
    try:
        agreed = agree_with_register(value, method, register_wh)
    except RegisterCannotAgree:
        return value, method
    return agreed.value, agreed.method


def _retold(
    one: Estimate,
    value: Int32Array,
    method: Int8Array,
    midnight: int,
    seconds: int,
    register_wh: int,
) -> Estimate:
    """The record of an estimate as it is after the register had its say; the rung stays."""
    first, until = (one.start - midnight) // seconds, (one.until - midnight) // seconds
    if not (method[first:until] == Method.ADJUSTED_TO_REGISTER).any():
        return one
    energy_wh = int(value[first:until].sum())
    told = (("made_to_agree_with_register_wh", str(register_wh)), ("rung_wh", str(one.energy_wh)))
    return replace(one, energy_wh=energy_wh, inputs=(*one.inputs, *told))


def _only_ours(block: DayBlock, first_slots: Mapping[str, int]) -> DayBlock:
    """The block without the gaps of the time before a meter was set inside the day.

    What stands there instead was measured by nobody, so that no flat line takes its level from it.
    """
    set_today = [row for row, meter in enumerate(block.meters) if first_slots.get(meter)]
    if not set_today:
        return block
    value = block.value.copy()
    known = np.int8(Quality.VALID.value) if block.quality is None else block.quality
    quality = np.where(value == MISSING_VALUE, np.int8(Quality.MISSING.value), known)
    for row in set_today:
        first = -(-first_slots[block.meters[row]] // block.interval_seconds)
        before = value[row, :first]
        before[before == MISSING_VALUE] = 0
    return replace(block, value=value, quality=quality)
