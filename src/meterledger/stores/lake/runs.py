"""Meter-days gathered into runs: blocks of meters with the same unbroken days and one form.

Lives here      sorting and stacking.
Lives elsewhere the meter-days (``merge``), writing runs (``files``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

import numpy as np
import numpy.typing as npt

from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.files import RunValues
from meterledger.stores.lake.index import Form
from meterledger.stores.lake.merge import DayKey, MeterDay

_Stretch = tuple[Form, DaySpan, str, list[MeterDay]]


def make_runs(
    days: Mapping[DayKey, MeterDay], sources: Sequence[bytes]
) -> tuple[tuple[RunValues, ...], tuple[bytes, ...]]:
    """The meter-days of one file as runs, and the list of sources that they refer to.

    The list begins with the sources given, in their order.
    """
    place_of = {source: place for place, source in enumerate(sources)}
    stretches = sorted(_stretches(days), key=lambda one: (form_order(one[0]), one[1], one[2]))
    runs = []
    for (form, span), members in groupby(stretches, key=lambda one: (one[0], one[1])):
        of_meters = [(meter, whole) for _, _, meter, whole in members]
        runs.append(
            RunValues(
                form=form,
                days=span,
                meters=tuple(meter for meter, _ in of_meters),
                value=_stack([[day.value for day in whole] for _, whole in of_meters], np.int32),
                quality=_stack([[day.quality for day in whole] for _, whole in of_meters], np.int8),
                method=_stack([[day.method for day in whole] for _, whole in of_meters], np.int8),
                learned_us=_stack(
                    [[day.learned_us for day in whole] for _, whole in of_meters], np.int64
                ),
                source=_stack(
                    [[_places(day.source, place_of) for day in whole] for _, whole in of_meters],
                    np.int32,
                ),
            )
        )
    return tuple(runs), tuple(place_of)


def _stretches(days: Mapping[DayKey, MeterDay]) -> Iterator[_Stretch]:
    """Unbroken days of one meter, channel and form."""
    ordered = sorted(days, key=lambda key: (key.channel, key.meter, key.day))
    stretch: list[DayKey] = []
    for key in ordered:
        if stretch and not _continues(stretch[-1], key, days):
            yield _stretch(stretch, days)
            stretch = []
        stretch.append(key)
    if stretch:
        yield _stretch(stretch, days)


def _continues(last: DayKey, key: DayKey, days: Mapping[DayKey, MeterDay]) -> bool:
    return (
        last.channel == key.channel
        and last.meter == key.meter
        and last.day + timedelta(days=1) == key.day
        and days[last].form == days[key].form
    )


def _stretch(keys: Sequence[DayKey], days: Mapping[DayKey, MeterDay]) -> _Stretch:
    span = DaySpan(keys[0].day, keys[-1].day + timedelta(days=1))
    return (days[keys[0]].form, span, keys[0].meter, [days[key] for key in keys])


def form_order(form: Form) -> tuple[str, int, str, int]:
    """In which order forms stand in a file."""
    return (form.channel, form.interval_seconds, form.unit, form.scale)


def _stack(parts: list[list[npt.NDArray[np.generic]]], kind: type[np.generic]) -> npt.NDArray:  # type: ignore[type-arg]
    return np.stack([np.concatenate(whole) for whole in parts]).astype(kind)


def _places(source: npt.NDArray[np.bytes_], place_of: dict[bytes, int]) -> npt.NDArray[np.int32]:
    words, inverse = np.unique(source, return_inverse=True)
    places = [place_of.setdefault(bytes(word), len(place_of)) for word in words]
    return np.array(places, dtype=np.int32)[inverse]
