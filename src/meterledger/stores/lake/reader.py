"""Meter-days as published files tell them: who speaks last, and what all say together.

Lives here      choosing files, finding versions of meter-days, resolving them with all columns.
Lives elsewhere decoding a window's values as blocks (``blocks``).
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.grid import offsets
from meterledger.stores.lake.index import FileIndex, Run
from meterledger.stores.lake.merge import DayKey, MeterDay, Version, resolve
from meterledger.stores.lake.names import Chooser, LakeFile, read_name
from meterledger.stores.lake.opening import Opener, OpenFile

_REMEMBERED_GROUPS = 8


@dataclass(frozen=True, slots=True)
class Published:
    """A published file and its place in the order of publication, from 0."""

    position: int
    file: LakeFile


@dataclass(frozen=True)
class Listing:
    """What was published up to a commit sequence.

    ``names``       every file, in order of publication; a file's place is its position for ever
    ``superseded``  those for which a compaction published by then speaks
    """

    names: Sequence[str]
    superseded: AbstractSet[str] = frozenset()

    @cached_property
    def files(self) -> list[Published]:
        """The files that speak, in order of publication."""
        return [
            Published(place, read_name(name))
            for place, name in enumerate(self.names)
            if name not in self.superseded
        ]

    def choose(self, meters: Iterable[str], days: DaySpan) -> list[Published]:
        """The files that can hold the meters on the days, in order of publication."""
        chooser = Chooser(meters, days)
        return [one for one in self.files if chooser.wants(one.file)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version of a meter-day lies."""

    published: Published
    run: Run
    ordinal: int


def find_versions(
    opener: Opener, files: Sequence[Published], keys: Iterable[DayKey]
) -> dict[DayKey, list[Place]]:
    """All published versions of some meter-days, in order of publication."""
    wanted: dict[str, dict[str, list[DayKey]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        wanted[key.channel][key.meter].append(key)
    found: dict[DayKey, list[Place]] = {}
    for published in files:
        for run in opener.index(published.file).runs:
            by_meter = wanted.get(run.form.channel)
            if by_meter is None:
                continue
            for meter in by_meter.keys() & run.ordinal_of.keys():
                ordinal = run.ordinal_of[meter]
                for key in by_meter[meter]:
                    if key.day in run.days:
                        found.setdefault(key, []).append(Place(published, run, ordinal))
    return found


def in_file_order(places: Mapping[DayKey, Sequence[Place]]) -> list[DayKey]:
    """Meter-days in the order of the files that speak last, so that each is decoded once."""
    return sorted(
        places,
        key=lambda key: (
            places[key][-1].published.position,
            places[key][-1].run.group,
            places[key][-1].run.row,
            places[key][-1].ordinal,
            key.day,
        ),
    )


class DayReader:
    """Reads whole meter-days with all their columns; remembers the last row groups it decoded."""

    def __init__(self, opener: Opener, zone: str) -> None:
        self._opener = opener
        self._zone = zone
        self._groups: OrderedDict[tuple[str, int], _Group] = OrderedDict()

    def resolve(self, key: DayKey, places: Sequence[Place]) -> MeterDay:
        """The meter-day as its versions say together. Same refusals as ``merge.resolve``."""
        last = places[-1]
        if len(places) == 1 or last.published.file.after > places[-2].published.position:
            return self._version(key, last).day
        return resolve(key, [self._version(key, place) for place in places])

    def _version(self, key: DayKey, place: Place) -> Version:
        run, file = place.run, place.published.file
        group = self._group(file, run.group)
        seconds = run.form.interval_seconds
        places = offsets(run.days, self._zone, seconds)
        day = (key.day - run.days.from_day).days
        first = run.row + place.ordinal * places[-1] + places[day]
        rows = slice(first, first + places[day + 1] - places[day])
        return Version(
            position=place.published.position,
            after=file.after,
            day=MeterDay(
                form=run.form,
                value=group.value[rows].astype(np.int64),
                quality=group.quality[rows],
                method=group.method[rows],
                learned_us=group.learned_us[rows],
                source=group.sources[group.source[rows]],
            ),
            origins=tuple((word.encode(), at) for word, at in group.index.origins),
        )

    def _group(self, file: LakeFile, number: int) -> _Group:
        key = (file.name, number)
        group = self._groups.get(key)
        if group is None:
            group = _Group.decode(self._opener.open(file), number)
            self._groups[key] = group
            while len(self._groups) > _REMEMBERED_GROUPS:
                self._groups.popitem(last=False)
        else:
            self._groups.move_to_end(key)
        return group


@dataclass(frozen=True)
class _Group:
    """A decoded row group."""

    index: FileIndex
    value: npt.NDArray[np.int32]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8]
    learned_us: npt.NDArray[np.int64]
    source: npt.NDArray[np.int32]
    sources: npt.NDArray[Any]

    @classmethod
    def decode(cls, file: OpenFile, number: int) -> _Group:
        source, words = file.words(number, "source")
        return cls(
            index=file.index,
            value=file.values(number, "value"),
            quality=file.values(number, "quality"),
            method=file.values(number, "method"),
            learned_us=file.instants_us(number, "learned_at"),
            source=source,
            sources=np.array([word.encode() for word in words], dtype="S16"),
        )
