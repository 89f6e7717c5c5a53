"""One meter's days interval by interval, exact: slower than blocks, and for any lengths.

Lives here      the values of meter-days that have one, with their start, length and power of ten.
Lives elsewhere whole windows as matrices (``blocks``), resolving versions (``merge``, ``reader``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meterledger.facts.estimates import Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import KnownInterval
from meterledger.kernel.local_days import seconds_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.grid import epoch_seconds
from meterledger.stores.lake.incoming import two_flows
from meterledger.stores.lake.index import BILLABLE
from meterledger.stores.lake.merge import DayKey
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.reader import DayReader, Published, find_versions, in_file_order
from meterledger.stores.lake.refusals import (
    IntervalLengthChanged,
    MetersRefused,
    ValueTooLarge,
)


def known_intervals(
    opener: Opener, files: Sequence[Published], meter: str, days: DaySpan, zone: str
) -> list[KnownInterval]:
    """Every delivered interval of the meter's days that has a value, in order of time.

    :raises MetersRefused: if a day is known on two delivered channels, or two writers at once
        brought it in different forms
    """
    keys = [DayKey(channel, meter, day) for day in days.days() for channel in BILLABLE]
    places = find_versions(opener, files, keys)
    for day in days.days():
        both = [key for key in (DayKey(channel, meter, day) for channel in BILLABLE)
                if key in places]  # fmt: skip
        if len(both) > 1:
            raise MetersRefused({meter: two_flows(*both)})
    reader = DayReader(opener, zone)
    found: list[KnownInterval] = []
    for key in in_file_order(places):
        try:
            settled = reader.resolve(key, places[key])
        except (IntervalLengthChanged, ValueTooLarge) as refusal:
            raise MetersRefused({meter: refusal}) from refusal
        seconds = seconds_in_day(key.day, zone) // len(settled.value)
        midnight = epoch_seconds(key.day, zone)
        found += [
            KnownInterval(
                midnight + slot * seconds,
                seconds,
                int(settled.value[slot]),
                settled.form.power,
                _method(int(settled.method[slot]), int(settled.quality[slot])),
            )
            for slot in np.flatnonzero(settled.present).tolist()
        ]
    return sorted(found)


def _method(method: int, quality: int) -> Method:
    """How an interval is known. A person's edit that is an estimate counts as one made by hand."""
    if method == Method.EDITED and quality == Quality.ESTIMATED.value:
        return Method.BY_HAND
    return Method(method)
