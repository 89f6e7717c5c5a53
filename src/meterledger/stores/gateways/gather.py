"""From values as a file gives them to channels: repeats, resends, contradictions, one scale.

Lives here      what every format shares once its own rules are applied.
Lives elsewhere each format's rules (``green_button``, ``cmep``, ``table``).
Read first      README.md beside this file: what is done with doubtful readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    QuarantinedLine,
    Reading,
)
from meterledger.stores.gateways.exact import WHOLE_MAX, Exact, common_scale
from meterledger.stores.gateways.instants import instant_text
from meterledger.stores.gateways.refusals import (
    MAX_UNUSABLE,
    UNUSABLE_SHARE_MAX,
    TooMuchUnusable,
)


class ChannelKey(NamedTuple):
    """Whose and which values: what two readings share that belong to one channel."""

    meter: str
    commodity: Commodity
    unit: str
    kind: ChannelKind
    flow: Flow
    stream: str = ""
    """What else tells streams of one meter apart (interval length, reading type)."""


class RawReading(NamedTuple):
    """A value as the file gives it. ``value`` None says that the file reports a gap."""

    start: int
    seconds: int
    value: Exact | None
    quality: Quality
    line: int
    place: tuple[int, int] = (0, 0)
    """Where its bytes are in the file: from, until."""
    resend: bool = False

    def same_value(self, other: RawReading) -> bool:
        """Whether both say the same of the same stretch of time."""
        if self.seconds != other.seconds:
            return False
        if self.value is None or other.value is None:
            return self.value is other.value
        return self.value.same_as(other.value)

    def said(self) -> str:
        """What it says, for a sentence."""
        what = "no value" if self.value is None else str(self.value)
        length = f" over {self.seconds} seconds" if self.seconds else ""
        return f"line {self.line} says {what}{length}"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two readings of a channel that cannot both be true."""

    first: RawReading
    second: RawReading

    @property
    def sentence(self) -> str:
        """Which, and how they differ."""
        if self.first.start == self.second.start:
            return (
                f"Two readings say different things of {instant_text(self.first.start)}: "
                f"{self.first.said()}, {self.second.said()}"
            )
        return (
            f"Two readings overlap: {self.first.said()} from {instant_text(self.first.start)}, "
            f"{self.second.said()} from {instant_text(self.second.start)}"
        )


@dataclass(slots=True)
class Settled:
    """A channel's readings, one for each time, and what was left out on the way."""

    readings: list[RawReading] = field(default_factory=list)
    repeats: list[RawReading] = field(default_factory=list)
    replaced: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)


def settle(raw: Iterable[RawReading]) -> Settled:
    """One reading for each time, in time order.

    A value fills a reported gap. A resend replaces what was sent before, the last resend winning.
    Equal readings count once. Whatever then still differs or overlaps is a contradiction.
    """
    settled = Settled()
    chosen: list[RawReading] = []
    for _, same_start in groupby(sorted(raw, key=_by_time), key=lambda one: one.start):
        candidates = list(same_start)
        if len(candidates) > 1:
            candidates = _one_for_a_start(candidates, settled)
        chosen += candidates
    for reading in chosen:
        before = settled.readings[-1] if settled.readings else None
        if before is not None and before.start + before.seconds > reading.start:
            if before.value is None:
                settled.readings[-1] = reading
                continue
            if reading.value is None:
                continue
            settled.contradictions.append(Contradiction(before, reading))
        settled.readings.append(reading)
    return settled


def _by_time(reading: RawReading) -> tuple[int, int]:
    return (reading.start, reading.line)


def _one_for_a_start(candidates: list[RawReading], settled: Settled) -> list[RawReading]:
    resent = [one for one in candidates if one.resend]
    if resent:
        settled.replaced += len(candidates) - 1
        return [resent[-1]]
    told = [one for one in candidates if one.value is not None] or candidates
    settled.replaced += len(candidates) - len(told)
    first, rest = told[0], told[1:]
    settled.repeats += [one for one in rest if one.same_value(first)]
    for other in rest:
        if not other.same_value(first):
            settled.contradictions.append(Contradiction(first, other))
    return [first]


def to_channel(
    key: ChannelKey,
    readings: Sequence[RawReading],
    *,
    multiplier: str = "1",
    power: int = 0,
) -> tuple[ChannelReadings | None, list[RawReading]]:
    """Whole numbers at one scale, and the readings whose values do not fit 63 bits at it.

    ``power`` is the power of ten that the file says to apply to every value.
    """
    scale = common_scale(one.value for one in readings if one.value is not None)
    kept: list[Reading] = []
    too_large: list[RawReading] = []
    for one in readings:
        whole = None if one.value is None else one.value.at_scale(scale)
        if whole is not None and abs(whole) > WHOLE_MAX:
            too_large.append(one)
            continue
        kept.append(Reading(one.start, one.seconds, whole, one.quality, one.line))
    if not kept:
        return None, too_large
    lengths = {one.seconds for one in kept}
    channel = Channel(
        meter_id=key.meter,
        commodity=key.commodity,
        unit=key.unit,
        kind=key.kind,
        flow=key.flow,
        interval_seconds=(
            lengths.pop() if key.kind is ChannelKind.INTERVAL and len(lengths) == 1 else None
        ),
        scale=scale + power,
        multiplier=multiplier,
    )
    return ChannelReadings(channel, tuple(kept)), too_large


@dataclass(slots=True)
class Sieve:
    """What was set aside, and whether it is too much.

    ``noun`` is what is counted: ``line`` or ``reading``. Repeats are kept here too, with their
    bytes, but do not count as unusable: the value they repeat is used.
    """

    name: str
    noun: str
    lines: list[QuarantinedLine] = field(default_factory=list)
    unusable: int = 0
    _last: tuple[int, bytes] = (-1, b"")
    """The last line set aside: its bytes are kept once for all of its readings."""

    def set_aside(self, line: int, data: bytes, reason: str) -> None:
        """Keep an unusable line with its bytes.

        :raises TooMuchUnusable: once it is more than any file may hold
        """
        self.lines.append(QuarantinedLine(line, self._once(line, data), reason))
        self.unusable += 1
        if self.unusable > MAX_UNUSABLE:
            raise TooMuchUnusable(
                f"More than {MAX_UNUSABLE:,} {self.noun}s cannot be used; the last that was read "
                f"is line {line}: {reason}",
                where=self.name,
                do="Nothing was kept. Ask the sender for a sound file",
            )

    def set_repeat_aside(self, line: int, data: bytes, reason: str, *, rows: int = 1) -> None:
        """Keep a line that says again what another says, so many readings of it."""
        self.lines.append(QuarantinedLine(line, self._once(line, data), reason, rows))

    def _once(self, line: int, data: bytes) -> bytes:
        if self._last != (line, data):
            self._last = (line, data)
        return self._last[1]

    def refuse_if_too_much(self, total: int) -> None:
        """Refuse the file if more than the stated share of it cannot be used.

        :raises TooMuchUnusable: saying how much, the first line, and why
        """
        if self.unusable == 0 or self.unusable <= total * UNUSABLE_SHARE_MAX:
            return
        first = min(
            (one for one in self.lines if not one.reason.startswith(REPEATS)),
            key=lambda one: one.line,
        )
        share = f"more than one in {UNUSABLE_SHARE_MAX.denominator}"
        raise TooMuchUnusable(
            f"{self.unusable} of {total} {self.noun}s cannot be used, {share}; "
            f"the first is line {first.line}: {first.reason}",
            where=self.name,
            do="Nothing was kept. Correct these, or ask the sender for a sound file, and ingest "
            "it again",
        )


REPEATS = "It repeats"
NO_LAST_LINE_END = (
    "The last line has no line end; if the file was cut off there, its last value is too short"
)


def repeat_reason(reading: RawReading, count: int = 1) -> str:
    """Why a repeated reading was set aside, or so many of one line, the first of them given."""
    if count > 1:
        return (
            f"{REPEATS} {count} readings from {instant_text(reading.start)} on exactly; they are "
            "counted once"
        )
    return f"{REPEATS} the reading of {instant_text(reading.start)} exactly; that is counted once"
