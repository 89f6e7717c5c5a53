"""Times of a CSV file: ISO instants, local times of a named zone, and how long intervals are.

Lives here      what may be concluded from how a time is written, and what must not: the order of
                day and month, a zone, or which of two equal local hours is meant.
Lives elsewhere the table itself (``table``).
"""

from __future__ import annotations

import re
import zoneinfo
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from meterledger.kernel.local_days import zone
from meterledger.stores.gateways.instants import epoch_of
from meterledger.stores.gateways.refusals import LengthNotNamed, ZoneNotNamed

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_SAME_SHARE = (9, 10)
_DAY = 86_400
_CLOCK_CHANGE = 3_600


class BadTime(Exception):
    """A time cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """A time as written: an instant if its offset stands with it, else a local time."""

    epoch: int | None
    local: datetime | None


def read_time(text: str) -> WrittenTime:
    """Read an ISO 8601 time.

    :raises BadTime: if it is written another way, or there is no such time
    """
    match = _ISO.fullmatch(text)
    if match is None:
        raise BadTime(
            f"'{text[:40]}' is not a time like 2025-07-01T00:15:00-05:00 or 2025-07-01 00:15 "
            "(year, month, day: their order is never guessed)"
        )
    *numbers, offset = match.groups()
    try:
        local = datetime(*(int(number or 0) for number in numbers))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        raise BadTime(f"There is no time '{text}'") from None
    if offset is None:
        return WrittenTime(None, local)
    ahead = timedelta(0)
    if offset != "Z":
        digits = offset[1:].replace(":", "")
        ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if ahead > timedelta(hours=14):
            raise BadTime(f"No clock is {offset} from UTC")
        ahead = -ahead if offset[0] == "-" else ahead
    try:
        return WrittenTime(epoch_of(local.replace(tzinfo=UTC) - ahead), local)
    except OverflowError:
        raise BadTime(f"There is no time '{text}'") from None


class LocalClock:
    """Local times of one zone as instants, told in the order of the file."""

    def __init__(
        self, name: str, zone_name: str | None, locals_in_order: Sequence[datetime]
    ) -> None:
        """``locals_in_order`` are the local start times of one meter, as the file has them.

        :raises ZoneNotNamed: if there are local times and no zone, or there is no such zone
        """
        if zone_name is None:
            raise ZoneNotNamed(
                "The times are local: no offset stands with them",
                where=name,
                why="The same clock time is another instant in every zone",
                do="Say where with --zone, like --zone America/Chicago",
            )
        try:
            self._zone = zone(zone_name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ZoneNotNamed(
                f"There is no time zone '{zone_name[:60]}'",
                where="--zone",
                do="Use a name of the IANA list, like America/Chicago",
            ) from None
        self._times_told = Counter(locals_in_order)
        self._times_seen: Counter[datetime] = Counter()

    def start(self, local: datetime) -> int:
        """The instant of a start time; of two equal ones the first in the file is the earlier.

        :raises BadTime: if the clocks skipped that time, or repeated it and only one is there
        """
        first, second = self._both(local)
        if second < first:
            raise BadTime(f"{local} did not happen that day: the clocks skipped it")
        if first == second:
            return first
        if self._times_told[local] < 2:
            raise BadTime(
                f"{local} happened twice that day (the clocks went back), and only one is there: "
                "write the offset with the time"
            )
        self._times_seen[local] += 1
        return first if self._times_seen[local] == 1 else second

    def end(self, start: int, start_local: datetime, local: datetime, usual: int | None) -> int:
        """The instant of an end time: the one that gives the usual length, else the next one.

        An end that the clocks skipped is the instant at which they did.
        """
        instants = {*self._both(local), start + int((local - start_local).total_seconds())}
        later = sorted(one for one in instants if one > start)
        if not later:
            raise BadTime(f"It ends at {local}, which is not after its start")
        if usual is not None and start + usual in later:
            return start + usual
        return later[0]

    def _both(self, local: datetime) -> tuple[int, int]:
        """The instants of the earlier and the later reading of a clock time."""
        return (
            epoch_of(local.replace(tzinfo=self._zone, fold=0)),
            epoch_of(local.replace(tzinfo=self._zone, fold=1)),
        )


def usual_length(lengths: Sequence[int]) -> int | None:
    """The length that most have, or None if there is none."""
    return Counter(lengths).most_common(1)[0][0] if lengths else None


def lengths_from_starts(starts: Sequence[int], *, name: str) -> dict[int, int]:
    """How long each interval is, where only starts are given, in any order.

    Only a series at one regular step says so by itself: nine in ten steps are the same, and the
    others are gaps of whole steps, or days of 23 or 25 hours.

    :raises LengthNotNamed: if the steps vary, or there is only one reading
    """
    ordered = sorted(set(starts))
    steps = [later - earlier for earlier, later in pairwise(ordered)]
    usual = usual_length(steps)
    if usual is None or steps.count(usual) * _SAME_SHARE[1] < len(steps) * _SAME_SHARE[0]:
        raise LengthNotNamed(
            "The file has start times only, and their steps vary, so nobody says how long each "
            "interval is",
            where=name,
            why="The last interval, and every one before a gap, would have to be guessed",
            do="Add a column 'end' or 'interval_seconds'",
        )
    lengths = dict.fromkeys(ordered, usual)
    for earlier, step in zip(ordered, steps, strict=False):
        if usual == _DAY and abs(step - _DAY) == _CLOCK_CHANGE:
            lengths[earlier] = step
    return lengths
