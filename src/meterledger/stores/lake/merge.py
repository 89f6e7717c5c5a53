"""A meter-day as a whole: built from readings, merged with what is known, resolved over versions.

Lives here      the arithmetic of one meter-day; no files.
Lives elsewhere finding the versions (``reader``), cutting readings into days (``incoming``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from meterledger.facts.estimates import Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE
from meterledger.stores.lake.grid import epoch_seconds, nominal_seconds
from meterledger.stores.lake.index import Form
from meterledger.stores.lake.refusals import IntervalLengthChanged, ValueTooLarge

MISSING = Quality.MISSING.value
AS_RECEIVED = Method.AS_RECEIVED.value
EDITED = Method.EDITED.value
LARGEST_VALUE = 2**31 - 1
_LARGEST_POWER = 18


@dataclass(frozen=True, order=True, slots=True)
class DayKey:
    """Which meter-day: its channel, meter and local day."""

    channel: str
    meter: str
    day: date


@dataclass(frozen=True, slots=True)
class MeterDay:
    """One version of a meter-day, every slot present.

    ``value``      Int64 [slots], MISSING_VALUE where quality is 0; times 10**form.scale form.unit
    ``quality``    Int8 [slots]
    ``method``     Int8 [slots] codes of ``facts.estimates.Method``, 0 where missing
    ``learned_us`` Int64 [slots] when the slot's value was learned, microseconds of the epoch
    ``source``     bytes [slots] beginning of the SHA-256 of the file that brought it
    """

    form: Form
    value: npt.NDArray[np.int64]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8]
    learned_us: npt.NDArray[np.int64]
    source: npt.NDArray[np.bytes_]

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which slots have a value."""
        return np.asarray(self.quality != MISSING)

    def same_as(self, other: MeterDay) -> bool:
        """Whether both say the same of every slot, whoever said it and when."""
        return (
            self.form == other.form
            and np.array_equal(self.value, other.value)
            and np.array_equal(self.quality, other.quality)
            and np.array_equal(self.method, other.method)
        )


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a meter-day in a published file: its place in the order, what it had seen."""

    position: int
    after: int
    day: MeterDay
    origins: tuple[tuple[bytes, int], ...]
    """Source and instant of each file whose values it brought."""

    def changes(self) -> npt.NDArray[np.bool_]:
        """The slots whose value this version brought; the others it carried along."""
        own = np.zeros(len(self.day.value), dtype=bool)
        for source, learned_us in self.origins:
            own |= (self.day.source == source) & (self.day.learned_us == learned_us)
        return np.asarray(self.day.present & own)


def merge(key: DayKey, known: MeterDay | None, fresh: MeterDay) -> MeterDay:
    """What is known after ``fresh`` arrived: its values over those known, slot by slot.

    A gap in the fresh readings takes nothing away: that a file has no value for a slot does not
    say that an earlier value was wrong. An estimate never takes the place of a received value, nor
    a received value or an estimate that of a person's edit (docs/decisions/0013). Slots that stay
    the same keep who said it first, and when.

    :raises IntervalLengthChanged: if both have values, in intervals of different length
    :raises ValueTooLarge: if a value does not fit the finer of two scales
    """
    if known is None:
        return fresh
    return _overlay(key, known, fresh, fresh.present)


def resolve(key: DayKey, versions: Sequence[Version]) -> MeterDay:
    """The meter-day as all its published versions say, in order of publication.

    A version that had seen all earlier ones stands for them. One that had not (two writers at
    once) brings only what it changed, so that neither writer's energy is lost.

    :raises IntervalLengthChanged: if two writers at once brought intervals of different length
    """
    start = len(versions) - 1
    while start > 0 and versions[start].after <= versions[start - 1].position:
        start -= 1
    state = versions[start].day
    seen_all_until = versions[start].position
    for version in versions[start + 1 :]:
        if version.after > seen_all_until:
            state = version.day
        else:
            state = _overlay(key, state, version.day, version.changes())
        seen_all_until = version.position
    return state


def _overlay(
    key: DayKey, below: MeterDay, above: MeterDay, changed: npt.NDArray[np.bool_]
) -> MeterDay:
    if below.form.interval_seconds != above.form.interval_seconds:
        if not below.present.any():
            return above
        if not changed.any():
            return below
        raise IntervalLengthChanged(
            f"Meter {key.meter} is known on {key.day} in intervals of "
            f"{below.form.interval_seconds} seconds, and {above.form.interval_seconds} are given",
            where=key.channel,
            why="Neither can be turned into the other without inventing when energy flowed",
            do="Send the day again in the interval length it is known in",
        )
    finer = min(below.form, above.form, key=lambda form: form.power)
    below, above = _in_form(key, below, finer), _in_form(key, above, finer)
    differs = (
        changed
        & (~below.present | (authority(above.method) >= authority(below.method)))
        & (
            (above.value != below.value)
            | (above.quality != below.quality)
            | (above.method != below.method)
        )
    )
    return MeterDay(
        form=finer,
        value=np.where(differs, above.value, below.value),
        quality=np.where(differs, above.quality, below.quality),
        method=np.where(differs, above.method, below.method),
        learned_us=np.where(differs, above.learned_us, below.learned_us),
        source=np.where(differs, above.source, below.source),
    )


def authority(method: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Who may speak over whom: an estimate 0, a received value 1, a person's edit 2."""
    return np.where(method == EDITED, 2, method == AS_RECEIVED).astype(np.int8)


def _in_form(key: DayKey, day: MeterDay, form: Form) -> MeterDay:
    """The same day with its values at a finer scale."""
    steps = day.form.power - form.power
    if steps == 0:
        return day if day.form == form else replace(day, form=form)
    if steps > _LARGEST_POWER or (
        day.present.any() and int(np.abs(day.value[day.present]).max()) * 10**steps > LARGEST_VALUE
    ):
        raise ValueTooLarge(
            f"Meter {key.meter} has values on {key.day} that do not fit beside finer ones",
            where=key.channel,
            why=f"At 10**{form.scale} {form.unit} the lake keeps values up to {LARGEST_VALUE}",
            do="Send the whole day again at one scale",
        )
    value = np.where(day.present, day.value * 10**steps, MISSING_VALUE)
    return replace(day, form=form, value=value)


@dataclass(frozen=True, slots=True)
class Unheard:
    """A received value that differs from a person's edit, which stands.

    ``start`` is in UTC epoch seconds; both values are at the finer of the two scales.
    """

    meter: str
    channel: str
    start: int
    seconds: int
    value: int
    known_value: int


def unheard(
    known: Mapping[DayKey, MeterDay], fresh: Mapping[DayKey, MeterDay], zone: str
) -> list[Unheard]:
    """Slots of fresh meter-days whose received value an edit keeps from speaking."""
    found: list[Unheard] = []
    for key in sorted(known.keys() & fresh.keys()):
        below, above = known[key], fresh[key]
        if below.form.interval_seconds != above.form.interval_seconds:
            continue
        finer = min(below.form, above.form, key=lambda form: form.power)
        below, above = _in_form(key, below, finer), _in_form(key, above, finer)
        kept = (below.method == EDITED) & above.present & (above.method == AS_RECEIVED)
        seconds, midnight = finer.interval_seconds, epoch_seconds(key.day, zone)
        found += [
            Unheard(
                key.meter,
                key.channel,
                midnight + slot * seconds,
                seconds,
                int(above.value[slot]),
                int(below.value[slot]),
            )
            for slot in np.flatnonzero(kept & (above.value != below.value)).tolist()
        ]
    return found


def series_seconds(key: DayKey, day: MeterDay, zone: str) -> int:
    """The interval length by which the meter-day joins others."""
    return nominal_seconds(key.day, zone, day.form.interval_seconds)
