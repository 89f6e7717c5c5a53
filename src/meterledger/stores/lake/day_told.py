"""Beside the values of a local day: when they came, from which files, and the other channels.

Lives here      decoding the columns that ``usage`` has no need of; energy of the received channel;
                the channels of a meter that has two about one thing.
Lives elsewhere the values themselves (``blocks``), who speaks last (``blocks.survey``).

Where two writers were at work at once, the file that speaks last answers for when and from where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.day_told import ChannelDay, DayTold
from meterledger.facts.readings import Flow
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import blocks
from meterledger.stores.lake.grid import offsets, starts_us
from meterledger.stores.lake.index import BILLABLE, Run
from meterledger.stores.lake.merge import DayKey
from meterledger.stores.lake.opening import Opener, OpenFile
from meterledger.stores.lake.reader import DayReader, Published, find_versions, in_file_order

RECEIVED = "electricity/received/energy"

Rows = npt.NDArray[np.int64]


def day_told(
    opener: Opener, files: Sequence[Published], meters: Sequence[str], day: date, zone: str
) -> DayTold:
    """How the values of the day came. One decode of three columns of the files that speak."""
    count = len(meters)
    arrived = np.full(count, -1, dtype=np.int64)
    early = np.zeros(count, dtype=bool)
    sources: list[tuple[str, ...]] = [()] * count
    span = DaySpan(day, day + timedelta(days=1))
    window = blocks.survey(opener, files, meters, span, zone)
    by_file: dict[Published, list[tuple[Run, Rows, Rows]]] = defaultdict(list)
    for piece in window.pieces:
        mine = window.owner[piece.flow, piece.rows, 0] == piece.number
        if mine.any():
            told = (piece.run, piece.rows[mine], piece.ordinals[mine])
            by_file[piece.published].append(told)
    for published, pieces in by_file.items():
        file = opener.open(published.file)
        for run, rows, ordinals in pieces:
            value = _day_of(file.values(run.group, "value"), run, ordinals, day, zone)
            learned = _day_of(file.instants_us(run.group, "learned_at"), run, ordinals, day, zone)
            there = value != MISSING_VALUE
            begins = starts_us(span, zone, run.form.interval_seconds)
            first = np.where(there, learned, np.iinfo(np.int64).max).min(axis=1)
            arrived[rows] = np.where(there.any(axis=1), first, -1)
            early[rows] = (there & (learned < begins)).any(axis=1)
            _name_sources(file, run, rows, ordinals, there, day, zone, sources)
    return DayTold(arrived, early, tuple(sources), received_wh(opener, files, meters, day, zone))


def _name_sources(
    file: OpenFile,
    run: Run,
    rows: Rows,
    ordinals: Rows,
    there: npt.NDArray[np.bool_],
    day: date,
    zone: str,
    into: list[tuple[str, ...]],
) -> None:
    origins = file.index.origins
    codes, words = file.words(run.group, "source")
    if len(words) == 1 and len(origins) == 1:
        one = (words[0],)
        for row in rows[there.any(axis=1)].tolist():
            into[row] = one
        return
    told = _day_of(codes, run, ordinals, day, zone)
    lowest = np.where(there, told, len(words)).min(axis=1)
    highest = np.where(there, told, -1).max(axis=1)
    for at, row in enumerate(rows.tolist()):
        if highest[at] < 0:
            continue
        if lowest[at] == highest[at]:
            into[row] = (words[int(lowest[at])],)
        else:
            into[row] = tuple(words[code] for code in np.unique(told[at][there[at]]).tolist())


def _day_of(
    column: npt.NDArray[Any], run: Run, ordinals: Rows, day: date, zone: str
) -> npt.NDArray[Any]:
    """The day's slots of some meters of a run, [meters x width], out of a whole column."""
    places = offsets(run.days, zone, run.form.interval_seconds)
    number = (day - run.days.from_day).days
    whole = column[run.row : run.row + len(run.meters) * places[-1]]
    return whole.reshape(len(run.meters), places[-1])[ordinals, places[number] : places[number + 1]]


def received_wh(
    opener: Opener, files: Sequence[Published], meters: Sequence[str], day: date, zone: str
) -> dict[str, int]:
    """Whole watt-hours that each meter received on the day; meters without any are left out."""
    row_of = {meter: row for row, meter in enumerate(meters)}
    owner: dict[str, tuple[Published, Run, int]] = {}
    contested: set[str] = set()
    for published in files:
        for run in opener.index(published.file).runs:
            if run.form.channel != RECEIVED or day not in run.days:
                continue
            for ordinal, meter in enumerate(run.meters):
                if meter not in row_of:
                    continue
                before = owner.get(meter)
                if before is not None and before[0].position >= published.file.after:
                    contested.add(meter)
                owner[meter] = (published, run, ordinal)
    by_run: dict[tuple[str, int, int], tuple[Published, Run, list[str], list[int]]] = {}
    for meter, (published, run, ordinal) in owner.items():
        key = (published.file.name, run.group, run.row)
        told = by_run.setdefault(key, (published, run, [], []))
        told[2].append(meter)
        told[3].append(ordinal)
    found: dict[str, int] = {}
    for published, run, names, ordinals in by_run.values():
        file = opener.open(published.file)
        places = np.array(ordinals, dtype=np.int64)
        value = _day_of(file.values(run.group, "value"), run, places, day, zone)
        there = value != MISSING_VALUE
        sums = np.where(there, value, 0).sum(axis=1, dtype=np.int64)
        for at in np.flatnonzero(there.any(axis=1)).tolist():
            found[names[at]] = _whole_wh(int(sums[at]), run.form.power)
    if contested:
        found |= _resolved(opener, files, sorted(contested), day, zone)
    return found


def _whole_wh(value: int, power: int) -> int:
    return value * int(10**power) if power >= 0 else value // int(10**-power)


def _resolved(
    opener: Opener, files: Sequence[Published], meters: Sequence[str], day: date, zone: str
) -> dict[str, int]:
    places = find_versions(opener, files, [DayKey(RECEIVED, meter, day) for meter in meters])
    reader = DayReader(opener, zone)
    found = {}
    for key in in_file_order(places):
        told = reader.resolve(key, places[key])
        if told.present.any():
            found[key.meter] = _whole_wh(int(told.value[told.present].sum()), told.form.power)
    return found


def delivered_channels(
    opener: Opener, files: Sequence[Published], meters: Sequence[str], day: date, zone: str
) -> dict[str, list[ChannelDay]]:
    """Every channel that claims to be delivered energy of the meters on the day.

    For the few that ``usage`` refuses because there are two. Same refusals as ``merge.resolve``.
    """
    keys = [DayKey(channel, meter, day) for meter in meters for channel in BILLABLE]
    places = find_versions(opener, files, keys)
    reader = DayReader(opener, zone)
    found: dict[str, list[ChannelDay]] = {}
    for key in sorted(places, key=lambda one: (one.meter, one.channel)):
        told = reader.resolve(key, places[key])
        energy = np.where(told.present, told.value, 0)
        power = told.form.power
        energy = energy * 10**power if power >= 0 else energy // 10**-power
        flow = Flow(key.channel.split("/")[1])
        seconds = told.form.interval_seconds
        found.setdefault(key.meter, []).append(ChannelDay(flow, seconds, energy, ~told.present))
    return found
