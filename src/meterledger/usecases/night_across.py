"""The checks between meters of different batches: one total across an area, crossed neighbors.

A batch holds the meters of a part of the lake, so that few files are opened for it; a meter's
neighbor is mostly in another one. Before the batches of a night these two checks are therefore made
over all meters, in parts, and each batch is told what was found of its own.

Lives here      reading the day and its like days in parts; what each meter was found in.
Lives elsewhere the checks (``usage``), the other facts (``day_facts``), the batches
                (``validate_usage``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from meterledger.facts.usage import MISSING_VALUE
from meterledger.facts.usage_log import MeterOnDay
from meterledger.kernel.local_days import intervals_in_day
from meterledger.usage import (
    DayBlock,
    Evidence,
    History,
    MeterFacts,
    check_run,
    finish_day,
    history_of,
)
from meterledger.usecases.day_fact_ports import PlaceOnDay
from meterledger.usecases.day_facts import ACROSS, Across, area_of, neighbors
from meterledger.usecases.look_at_day import LIKE_DAYS, NightTerms, UsageLake, UsageStore
from meterledger.usecases.usage_days import read_day, read_past_day

QUARTER_HOUR = 900


def across_batches(
    batches: Sequence[Mapping[str, MeterOnDay]],
    terms: NightTerms,
    store: UsageStore,
    lake: UsageLake,
    at_sequence: int,
) -> Across:
    """What the checks between meters find over all batches, by pseudonym.

    Meters whose intervals have another length than most are left to their own batch.
    """
    day, zone = terms.run.day, terms.view.time_zone
    names = [name for batch in batches for name in batch]
    where: list[PlaceOnDay | None] = []
    for batch in batches:
        points = [one.service_point_id for one in batch.values()]
        at = store.places_on_day(points, day, terms.known_at)
        where += [at.get(point) for point in points]
    facts = replace(
        MeterFacts.unknown(len(names)),
        area=np.array([area_of(one) for one in where], dtype=np.int32),
        neighbor=neighbors(where),
    )
    del where
    history, evidence = History.none(len(names)), Evidence.blank(len(names))
    seconds = _usual_length(list(batches[0]), terms, lake, at_sequence) if batches else QUARTER_HOUR
    first = 0
    for batch in batches:
        part, until = list(batch), first + len(batch)
        past = history_of(
            [
                block
                for weeks in LIKE_DAYS
                if (block := _read(part, -weeks, seconds, terms, lake, at_sequence)) is not None
            ],
            count=len(part),
        )
        history.days[first:until] = past.days
        history.day_wh[first:until] = past.day_wh
        history.hour_wh[first:until] = past.hour_wh
        block = _read(part, 0, seconds, terms, lake, at_sequence)
        if block is None:
            shape = (len(part), intervals_in_day(day, zone, seconds))
            block = DayBlock(day, zone, seconds, part, np.full(shape, MISSING_VALUE, np.int32))
        check_run(block, history, terms.checks, facts, evidence, first)
        first = until
    heading = DayBlock.heading(day, zone, seconds, names)
    found = finish_day(heading, history, terms.checks, facts, evidence, storms=terms.storms)
    rows = np.flatnonzero(found.found & sum(1 << check for check in ACROSS)).tolist()
    codes = {check.code for check in ACROSS}
    return Across(
        seconds,
        {
            names[row]: tuple(one for one in found.findings_of(row) if one.code in codes)
            for row in rows
        },
    )


def _usual_length(
    names: Sequence[str], terms: NightTerms, lake: UsageLake, at_sequence: int
) -> int:
    """The interval length that most meters of a batch have."""
    blocks, _ = read_day(lake, names, terms.run.day, at_sequence=at_sequence)
    lengths = {one.block.interval_seconds: len(one.block.meters) for one in blocks}
    return max(lengths, key=lambda seconds: lengths[seconds], default=QUARTER_HOUR)


def _read(
    names: Sequence[str],
    days: int,
    seconds: int,
    terms: NightTerms,
    lake: UsageLake,
    at_sequence: int,
) -> DayBlock | None:
    return read_past_day(
        lake,
        names,
        terms.run.day + timedelta(days=days),
        interval_seconds=seconds,
        zone=terms.view.time_zone,
        at_sequence=at_sequence,
    )
