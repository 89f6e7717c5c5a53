"""A finding of validation in words: the sentence, the evidence, and the threshold it used.

Lives here      one sentence for each check.
Lives elsewhere finding it (``validation_kernel``, ``validation_across``), the queue it goes to.
Read first      validation_facts.py: ``Check``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meterledger.facts.findings import Finding, Weight
from meterledger.usage.validation_evidence import Evidence
from meterledger.usage.validation_facts import (
    GENERATES,
    NO_DAYS,
    NOT_KNOWN,
    Check,
    DayBlock,
    History,
    MeterFacts,
    Source,
)
from meterledger.usage.validation_terms import Limit, ValidationTerms

Words = tuple[str, dict[str, str | int], tuple[Limit, ...]]
"""The sentence, its evidence, and the thresholds used."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One meter's row with all that was known of it."""

    row: int
    block: DayBlock
    facts: MeterFacts
    history: History
    terms: ValidationTerms
    evidence: Evidence

    @property
    def energy_wh(self) -> int:
        return int(self.evidence.energy_wh[self.row])

    @property
    def usual_wh(self) -> int:
        return int(self.history.day_wh[self.row])

    @property
    def highest_wh(self) -> int:
        return int(self.evidence.highest[self.row])

    def minutes(self, slots: int) -> int:
        return slots * self.block.interval_seconds // 60

    def limit(self, limit: Limit) -> int:
        return self.terms.limit(limit, Source(int(self.facts.source[self.row])))


def word_finding(
    check: Check,
    row: int,
    block: DayBlock,
    facts: MeterFacts,
    history: History,
    terms: ValidationTerms,
    evidence: Evidence,
    in_storm: bool,
) -> Finding:
    """The finding of a check on one row, as a person reads it. Evidence names each threshold."""
    one = _Row(row, block, facts, history, terms, evidence)
    sentence, shown, limits = _WORDS[check](one)
    source = Source(int(facts.source[row]))
    shown |= {terms.names[source, limit]: one.limit(limit) for limit in limits}
    shown |= {"local_day": block.day.isoformat(), "source": source.word}
    if in_storm:
        shown["storm"] = "declared"
    weight = Weight.HOLD if terms.holds(check, storm=in_storm) else Weight.NOTE
    return Finding(check.code, weight, sentence, shown)


def _gap(one: _Row) -> Words:
    missing, width = int(one.evidence.missing[one.row]), one.block.width
    sentence = (
        f"None of the {width} intervals has arrived."
        if missing == width
        else f"{missing} of {width} intervals are missing."
    )
    return sentence, {"missing": missing, "intervals": width}, ()


def _spike(one: _Row) -> Words:
    third = int(one.evidence.third[one.row])
    return (
        f"One interval has {one.highest_wh} Wh, the third highest of the day {third} Wh.",
        {"highest_wh": one.highest_wh, "third_highest_wh": third},
        (Limit.SPIKE_PERCENT, Limit.SPIKE_FLOOR_WATTS),
    )


def _against_history(one: _Row, word: str) -> tuple[str, dict[str, str | int]]:
    days = int(one.history.days[one.row])
    return (
        f"The day has {one.energy_wh} Wh, {word} the {one.usual_wh} Wh of its {days} like days.",
        {"energy_wh": one.energy_wh, "usual_wh": one.usual_wh, "like_days": days},
    )


def _high(one: _Row) -> Words:
    return (
        *_against_history(one, "far above"),
        (Limit.HIGH_PERCENT, Limit.HIGH_FLOOR_WH, Limit.HISTORY_DAYS_MIN),
    )


def _low(one: _Row) -> Words:
    return (
        *_against_history(one, "far below"),
        (Limit.LOW_PERCENT, Limit.LOW_FLOOR_WH, Limit.HISTORY_DAYS_MIN),
    )


def _negative(one: _Row) -> Words:
    count = int(one.evidence.negative[one.row])
    noun = "interval is" if count == 1 else "intervals are"
    return (
        f"{count} {noun} below zero, and the meter does not measure both ways.",
        {"negative": count},
        (),
    )


def _flat_run(one: _Row) -> Words:
    minutes = one.minutes(int(one.evidence.flat_slots[one.row]))
    return (
        f"The same value came for {minutes} minutes.",
        {"minutes": minutes},
        (Limit.FLAT_RUN_MINUTES,),
    )


def _zero_run(one: _Row) -> Words:
    minutes = one.minutes(int(one.evidence.zero_slots[one.row]))
    return (
        f"Nothing was used for {minutes} minutes at a place that is in use.",
        {"minutes": minutes},
        (Limit.ZERO_RUN_MINUTES,),
    )


def _vacant_use(one: _Row) -> Words:
    return (
        f"{one.energy_wh} Wh were used at a place without a customer.",
        {"energy_wh": one.energy_wh},
        (Limit.VACANT_FLOOR_WH,),
    )


def _inactive_use(one: _Row) -> Words:
    return (
        f"{one.energy_wh} Wh came from a meter that is not in service.",
        {"energy_wh": one.energy_wh},
        (Limit.INACTIVE_FLOOR_WH,),
    )


def _register(one: _Row) -> Words:
    register = int(one.facts.register_wh[one.row])
    multiplier = int(one.facts.multiplier[one.row])
    return (
        f"The intervals sum to {one.energy_wh} Wh and the register moved by {register} Wh.",
        {"energy_wh": one.energy_wh, "register_wh": register, "multiplier": multiplier},
        (Limit.REGISTER_TOLERANCE_WH, Limit.REGISTER_TOLERANCE_PERCENT),
    )


def _multiplier(one: _Row) -> Words:
    location = int(one.facts.location_wh[one.row])
    days = int(one.facts.installed_days[one.row])
    power = max(_power_of_ten(one.energy_wh, location), _power_of_ten(location, one.energy_wh))
    ratio = f"1/{10**power}" if one.energy_wh < location else f"{10**power}"
    return (
        f"{days} days after the meter was set the day has {one.energy_wh} Wh, and the location "
        f"used {location} Wh a day before: nearest to {ratio} times as much.",
        {"energy_wh": one.energy_wh, "location_wh": location, "installed_days": days},
        (Limit.MULTIPLIER_FACTOR, Limit.MULTIPLIER_DAYS, Limit.MULTIPLIER_FLOOR_WH),
    )


def _power_of_ten(larger: int, smaller: int) -> int:
    """Powers of ten in a ratio, to the nearest on the scale of 3.16 to a half power."""
    power = 0
    while smaller > 0 and larger * larger > 10 * (smaller * 10**power) ** 2:
        power += 1
    return power


def _identical_totals(one: _Row) -> Words:
    alike, area = int(one.evidence.alike[one.row]), int(one.facts.area[one.row])
    return (
        f"{alike} meters of area {area} have the same {one.energy_wh} Wh on the day.",
        {"meters": alike, "area": area, "energy_wh": one.energy_wh},
        (Limit.IDENTICAL_METERS, Limit.IDENTICAL_FLOOR_WH),
    )


def _wrong_length(one: _Row) -> Words:
    due = one.block.due_width
    sent = int(one.facts.readings_sent[one.row])
    sent = one.block.width if sent < 0 or one.block.width != due else sent
    return (
        f"{sent} readings were sent for a local day of {due} intervals.",
        {"sent": sent, "intervals": due},
        (),
    )


def _clock_drift(one: _Row) -> Words:
    moved = int(one.evidence.moved[one.row])
    word = "later" if moved > 0 else "earlier"
    return (
        f"The day fits its like days {abs(moved)} hours {word} than the clock says.",
        {
            "hours": moved,
            "off_wh": int(one.evidence.off_wh[one.row]),
            "off_moved_wh": int(one.evidence.best_off_wh[one.row]),
        },
        (
            Limit.DRIFT_OWN_PERCENT,
            Limit.DRIFT_BEST_PERCENT,
            Limit.DRIFT_HOURS,
            Limit.DRIFT_FLOOR_WH,
        ),
    )


def _duplicate_channel(one: _Row) -> Words:
    return "Two channels of the meter carry the same values in one direction.", {}, ()


def _overlapping_channel(one: _Row) -> Words:
    return "Two channels of the meter carry other values about the same intervals.", {}, ()


def _channels_swapped(one: _Row) -> Words:
    received = int(one.facts.received_wh[one.row])
    shown: dict[str, str | int] = {"energy_wh": one.energy_wh, "received_wh": received}
    usual = int(one.history.received_wh[one.row])
    if usual != NOT_KNOWN:
        shown |= {"usual_wh": one.usual_wh, "usual_received_wh": usual}
    if not int(one.facts.state[one.row]) & GENERATES:
        sentence = f"{received} Wh were sent to the grid by a place that makes nothing."
    else:
        sentence = (
            f"{one.energy_wh} Wh were delivered and {received} Wh received: each is what the "
            "other usually is."
        )
    return sentence, shown, (Limit.SWAPPED_FLOOR_WH,)


def _crossed_meter(one: _Row) -> Words:
    neighbor = int(one.facts.neighbor[one.row])
    shown: dict[str, str | int] = {"off_wh": int(one.evidence.off_wh[one.row])}
    if neighbor >= 0:
        shown["neighbor"] = one.block.meters[neighbor]
    return (
        "The day is what the neighbor's meter usually has, and the neighbor's what this one has.",
        shown,
        (Limit.CROSSED_OWN_PERCENT, Limit.CROSSED_BEST_PERCENT, Limit.CROSSED_FLOOR_WH),
    )


def _frozen_clock(one: _Row) -> Words:
    same = int(one.facts.at_one_time[one.row])
    if same >= one.limit(Limit.FROZEN_READINGS):
        return (
            f"{same} readings came with one and the same time.",
            {"readings": same},
            (Limit.FROZEN_READINGS,),
        )
    minutes = one.minutes(int(one.evidence.tail_slots[one.row]))
    return (
        f"Nothing came for the last {minutes} minutes of the day, and the interval before them "
        "holds what they lack.",
        {"minutes": minutes},
        (Limit.FROZEN_MINUTES, Limit.FROZEN_PERCENT, Limit.SPIKE_PERCENT),
    )


def _days_before(count: int) -> str:
    return "on the day before" if count == 1 else f"{count} days before"


def _years_ago(count: int) -> str:
    return "a year before" if count == 1 else f"{count} years before"


def _day_sent_twice(one: _Row) -> Words:
    marks = one.history.recent[one.row]
    before = int((marks == one.evidence.marks[one.row]).argmax()) + 1
    return (
        f"Every interval is what it was {_days_before(before)}.",
        {"of_days_before": before},
        (Limit.TWICE_CHANGES,),
    )


def _day_of_another_year(one: _Row) -> Words:
    late = int(one.facts.late_days[one.row])
    if late != NO_DAYS and late > one.limit(Limit.LATE_DAYS):
        return f"The day arrived {late} days after it was over.", {"days": late}, (Limit.LATE_DAYS,)
    if late != NO_DAYS and late < 0:
        return f"The day arrived {-late} days before it was over.", {"days": late}, ()
    marks = one.history.years[one.row]
    back = int((marks == one.evidence.marks[one.row]).argmax()) + 1
    return (
        f"Every interval is what it was on this date {_years_ago(back)}.",
        {"years": back},
        (Limit.TWICE_CHANGES,),
    )


_WORDS: dict[Check, Callable[[_Row], Words]] = {
    Check.GAP: _gap,
    Check.SPIKE: _spike,
    Check.HIGH: _high,
    Check.LOW: _low,
    Check.NEGATIVE: _negative,
    Check.FLAT_RUN: _flat_run,
    Check.ZERO_RUN: _zero_run,
    Check.VACANT_USE: _vacant_use,
    Check.INACTIVE_USE: _inactive_use,
    Check.REGISTER: _register,
    Check.MULTIPLIER: _multiplier,
    Check.IDENTICAL_TOTALS: _identical_totals,
    Check.WRONG_LENGTH: _wrong_length,
    Check.CLOCK_DRIFT: _clock_drift,
    Check.DUPLICATE_CHANNEL: _duplicate_channel,
    Check.OVERLAPPING_CHANNEL: _overlapping_channel,
    Check.CHANNELS_SWAPPED: _channels_swapped,
    Check.CROSSED_METER: _crossed_meter,
    Check.FROZEN_CLOCK: _frozen_clock,
    Check.DAY_SENT_TWICE: _day_sent_twice,
    Check.DAY_OF_ANOTHER_YEAR: _day_of_another_year,
}
