"""Registers: running totals of one meter, and what their steps say.

Lives here      noticing a step back.
Lives elsewhere use between two register readings (``usage``), exchanging a meter (``field``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from meterledger.facts.findings import Finding, Weight
from meterledger.facts.readings import ChannelKind, ChannelReadings, Reading

_RUNNING_UNITS_EXCLUDED = frozenset({"V", "A", "W", "kW", "VA", "kVA", "K", "degC", "Hz"})
"""Units of instant values: they may fall, and nothing is wrong."""


def find_backward_steps(channel: ChannelReadings) -> list[Finding]:
    """Report every reading of a running total that is lower than the one before.

    It is never taken for a rollover here: a register of five or six dials rolls from its last
    figure to its first, and a step back of a few units is something else (a meter's own rounding,
    a second transmitter, an exchange).
    """
    if channel.channel.kind is not ChannelKind.REGISTER:
        return []
    if channel.channel.unit in _RUNNING_UNITS_EXCLUDED:
        return []
    told = [(one, one.value) for one in channel.readings if one.value is not None]
    return [
        Finding(
            code="metering.register_backward",
            weight=Weight.NOTE,
            sentence=(
                f"The {channel.channel.unit} register of meter {channel.channel.meter_id} steps "
                f"back at {_instant(later)}: from {before} to {after}."
            ),
            evidence={
                "meter": channel.channel.meter_id,
                "at": _instant(later),
                "before": before,
                "after": after,
                "scale": channel.channel.scale,
                "line": later.line,
            },
        )
        for (_, before), (later, after) in pairwise(told)
        if after < before
    ]


def _instant(reading: Reading) -> str:
    return datetime.fromtimestamp(reading.start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
