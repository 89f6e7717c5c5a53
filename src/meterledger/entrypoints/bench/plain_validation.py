"""The checks of a day in plain Python, one meter and one value after another: slow, and plain.

What the compiled checks must agree with, in tests and in the bench. It is written from the words of
the validation file, not from the kernels, and shares no code with them but names and thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby, pairwise

from meterledger.facts.usage import MISSING_VALUE
from meterledger.usage import (
    GENERATES,
    INACTIVE,
    NET,
    NO_DAYS,
    NOT_KNOWN,
    VACANT,
    Check,
    DayBlock,
    History,
    Limit,
    MeterFacts,
    Source,
    ValidationTerms,
    mark_key,
)

Row = list[int | None]


def plain_checks(
    block: DayBlock, history: History, terms: ValidationTerms, facts: MeterFacts
) -> list[set[Check]]:
    """The checks that find something, for each row."""
    rows = [[int(v) if v != MISSING_VALUE else None for v in row] for row in block.value]
    found = [
        _own_checks(row, index, block, history, terms, facts) for index, row in enumerate(rows)
    ]
    _between(rows, found, block, history, terms, facts)
    for index, checks in enumerate(found):
        made = int(terms.made[facts.source[index]])
        checks &= {check for check in Check if made >> check & 1}
    return found


def _own_checks(
    row: Row,
    index: int,
    block: DayBlock,
    history: History,
    terms: ValidationTerms,
    facts: MeterFacts,
) -> set[Check]:
    def limit(one: Limit) -> int:
        return terms.limit(one, Source(int(facts.source[index])))

    found: set[Check] = set()
    there = [value for value in row if value is not None]
    energy = sum(there)
    complete = len(there) == len(row)
    state = int(facts.state[index])
    seconds = block.interval_seconds

    if not complete:
        found.add(Check.GAP)
    if any(value < 0 for value in there) and not state & NET:
        found.add(Check.NEGATIVE)
    ordered = sorted(there, reverse=True)
    if len(ordered) >= 3 and ordered[0] > limit(Limit.SPIKE_FLOOR_WATTS) * seconds // 3600:
        over = ordered[0] - ordered[2]
        if over * 100 > limit(Limit.SPIKE_PERCENT) * ordered[2]:
            found.add(Check.SPIKE)
    runs = [(value, len(list(same))) for value, same in groupby(row)]
    if any(v and n * seconds >= limit(Limit.FLAT_RUN_MINUTES) * 60 for v, n in runs):
        found.add(Check.FLAT_RUN)
    if not state & (VACANT | INACTIVE | GENERATES) and any(
        v == 0 and n * seconds >= limit(Limit.ZERO_RUN_MINUTES) * 60 for v, n in runs
    ):
        found.add(Check.ZERO_RUN)
    if state & VACANT and energy > limit(Limit.VACANT_FLOOR_WH):
        found.add(Check.VACANT_USE)
    if state & INACTIVE and energy > limit(Limit.INACTIVE_FLOOR_WH):
        found.add(Check.INACTIVE_USE)

    usual = int(history.day_wh[index])
    known = int(history.days[index]) >= limit(Limit.HISTORY_DAYS_MIN)
    if known:
        if energy * 100 > limit(Limit.HIGH_PERCENT) * usual and energy - usual > limit(
            Limit.HIGH_FLOOR_WH
        ):
            found.add(Check.HIGH)
        few = complete and usual > 0 and energy * 100 < limit(Limit.LOW_PERCENT) * usual
        if few and usual - energy > limit(Limit.LOW_FLOOR_WH):
            found.add(Check.LOW)
        if complete and block.has_plain_hours and energy > limit(Limit.DRIFT_FLOOR_WH):
            hours = _hours(row)
            off = _apart(hours, history.hour_wh[index])
            if off * 100 >= limit(Limit.DRIFT_OWN_PERCENT) * energy:
                best = min(
                    _apart(hours[move:] + hours[:move], history.hour_wh[index])
                    for move in range(-limit(Limit.DRIFT_HOURS), limit(Limit.DRIFT_HOURS) + 1)
                    if move != 0
                )
                if best * 100 <= limit(Limit.DRIFT_BEST_PERCENT) * off:
                    found.add(Check.CLOCK_DRIFT)

    register = int(facts.register_wh[index])
    if complete and register != NOT_KNOWN:
        tolerance = limit(Limit.REGISTER_TOLERANCE_WH) * int(facts.multiplier[index])
        share = limit(Limit.REGISTER_TOLERANCE_PERCENT) * abs(register) / 100
        if abs(energy - register) > max(tolerance, share):
            found.add(Check.REGISTER)
    location = int(facts.location_wh[index])
    if 0 <= facts.installed_days[index] <= limit(Limit.MULTIPLIER_DAYS) and location > limit(
        Limit.MULTIPLIER_FLOOR_WH
    ):
        factor = limit(Limit.MULTIPLIER_FACTOR)
        if energy >= factor * location or (complete and energy * factor <= location):
            found.add(Check.MULTIPLIER)
    received = int(facts.received_wh[index])
    if received != NOT_KNOWN:
        floor = limit(Limit.SWAPPED_FLOOR_WH)
        usual_received = int(history.received_wh[index])
        if received > floor and not state & GENERATES:
            found.add(Check.CHANNELS_SWAPPED)
        if (
            (known and complete and usual_received != NOT_KNOWN)
            and abs(usual - usual_received) > floor
            and 2 * abs(energy - usual_received) < abs(energy - usual)
            and 2 * abs(received - usual) < abs(received - usual_received)
        ):
            found.add(Check.CHANNELS_SWAPPED)

    sent, due = int(facts.readings_sent[index]), block.due_width
    if len(row) != due or sent > due or (sent == 86_400 // seconds and sent != due):
        found.add(Check.WRONG_LENGTH)
    if facts.at_one_time[index] >= limit(Limit.FROZEN_READINGS) or _froze(row, limit, seconds):
        found.add(Check.FROZEN_CLOCK)
    changes = sum(one != other for one, other in pairwise(row))
    if changes >= limit(Limit.TWICE_CHANGES):
        mark = _mark(block.value[index])
        if mark in history.recent[index].tolist():
            found.add(Check.DAY_SENT_TWICE)
        if mark in history.years[index].tolist():
            found.add(Check.DAY_OF_ANOTHER_YEAR)
    late = int(facts.late_days[index])
    if late != NO_DAYS and not 0 <= late <= limit(Limit.LATE_DAYS):
        found.add(Check.DAY_OF_ANOTHER_YEAR)
    return found


def _froze(row: Row, limit: Callable[[Limit], int], seconds: int) -> bool:
    there = [place for place, value in enumerate(row) if value is not None]
    if len(there) < 5:
        return False
    tail = len(row) - 1 - there[-1]
    *before, last = [value for value in row if value is not None]
    highest, energy = max(before), sum(before)
    return bool(
        tail * seconds >= limit(Limit.FROZEN_MINUTES) * 60
        and last > 0
        and (last - highest) * 100 > limit(Limit.SPIKE_PERCENT) * highest
        and last * 100 * len(before) >= limit(Limit.FROZEN_PERCENT) * (tail + 1) * energy
    )


def _between(
    rows: list[Row],
    found: list[set[Check]],
    block: DayBlock,
    history: History,
    terms: ValidationTerms,
    facts: MeterFacts,
) -> None:
    def limit(index: int, one: Limit) -> int:
        return terms.limit(one, Source(int(facts.source[index])))

    count = len(rows)
    complete = [None not in row for row in rows]
    energy = [sum(value or 0 for value in row) for row in rows]
    totals = [
        (int(facts.area[index]), energy[index])
        if complete[index]
        and facts.area[index] >= 0
        and energy[index] > limit(index, Limit.IDENTICAL_FLOOR_WH)
        and int(terms.made[facts.source[index]]) >> Check.IDENTICAL_TOTALS & 1
        else None
        for index in range(count)
    ]
    for index, total in enumerate(totals):
        if total is not None and totals.count(total) >= limit(index, Limit.IDENTICAL_METERS):
            found[index].add(Check.IDENTICAL_TOTALS)
    for index in range(count):
        for other in range(count):
            if index == other or not 0 <= facts.channel_key[index] == facts.channel_key[other]:
                continue
            both = [
                (one, two)
                for one, two in zip(rows[index], rows[other], strict=True)
                if one is not None and two is not None
            ]
            if rows[index] == rows[other] and any(v is not None for v in rows[index]):
                found[index].add(Check.DUPLICATE_CHANNEL)
            elif both:
                found[index].add(Check.OVERLAPPING_CHANNEL)
    for index in range(count):
        other = int(facts.neighbor[index])
        if other <= index or facts.neighbor[other] != index or not block.has_plain_hours:
            continue
        pair = (index, other)
        if not all(
            complete[one] and history.days[one] >= limit(one, Limit.HISTORY_DAYS_MIN)
            for one in pair
        ):
            continue
        hours = {one: _hours(rows[one]) for one in pair}
        own = sum(_apart(hours[one], history.hour_wh[one]) for one in pair)
        exchanged = _apart(hours[index], history.hour_wh[other]) + _apart(
            hours[other], history.hour_wh[index]
        )
        together = energy[index] + energy[other]
        if (
            own > limit(index, Limit.CROSSED_FLOOR_WH)
            and own * 100 >= limit(index, Limit.CROSSED_OWN_PERCENT) * together
            and exchanged * 100 <= limit(index, Limit.CROSSED_BEST_PERCENT) * own
        ):
            for one in pair:
                found[one].add(Check.CROSSED_METER)


def _hours(row: Row) -> list[int]:
    per_hour = len(row) // 24
    return [sum(v or 0 for v in row[at : at + per_hour]) for at in range(0, len(row), per_hour)]


def _apart(hours: list[int], usual: Iterable[int]) -> int:
    return sum(abs(one - int(other)) for one, other in zip(hours, usual, strict=True))


def _mark(values: Iterable[int]) -> int:
    """The mark as ``marks`` documents it: a weighted sum modulo 2**64."""
    values = [int(value) for value in values]
    key = mark_key(len(values)).tolist()
    total: int = sum(value * weight for value, weight in zip(values, key, strict=True))
    return (total + 2**63) % 2**64 - 2**63
