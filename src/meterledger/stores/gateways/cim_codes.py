"""The reading type of IEC 61968-9: eighteen numbers with points between, as facts.

``0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0`` is 15 minutes (2), a difference (4), forward (1),
electricity (1), energy (12), kilo (3), watt-hours (72). Annex C of the standard lists the numbers.

Lives here      what each place of the code means to us; quality codes.
Lives elsewhere the messages (``iec61968``); numbers shared with ESPI (``espi_codes``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality
from meterledger.stores.gateways import espi_codes

CODE = re.compile(r"\d{1,6}(?:\.\d{1,6}){14}\.-?\d{1,3}\.\d{1,6}\.\d{1,6}", re.ASCII)
"""Eighteen numbers, of which the sixteenth (a power of ten) may be negative."""

_MINUTES = {
    1: 10, 2: 15, 3: 1, 4: 1_440, 5: 30, 6: 5, 7: 60, 10: 2, 14: 3, 31: 20,
    50: 60, 51: 30, 52: 20, 53: 15, 54: 10, 55: 5, 56: 1,
}  # fmt: skip
"""Measuring periods of a fixed length, fixed blocks of demand included."""

_DELTA = 4
_RUNNING = frozenset({1, 2, 3, 9, 13, 14})
"""Bulk quantity, (continuous) cumulative, summation, time delay, latching: a total that runs on."""

_ENERGY = 12
_POWER_LIMIT = 18
_KILO, _MEGA = 3, 6
_NAMED = {
    ("Wh", _KILO): "kWh",
    ("Wh", _MEGA): "MWh",
    ("VAh", _KILO): "kVAh",
    ("VArh", _KILO): "kVArh",
    ("W", _KILO): "kW",
    ("VA", _KILO): "kVA",
    ("VAr", _KILO): "kVAr",
}
_ENERGIES = frozenset({"Wh", "VAh", "VArh"})
_WHOLE_PHASES = frozenset({0, 224, 225, 768, 769})
"""Not applicable, all three phases, and both legs of a service of 120/240 V, neutral or not."""

_DIRECTIONS = frozenset({0, 1, 4, 19, 20})


class CimType(NamedTuple):
    """What a reading type says. ``seconds`` is None where no length of an interval is said."""

    commodity: Commodity
    unit: str
    power: int
    kind: ChannelKind
    flow: Flow
    seconds: int | None


@lru_cache(maxsize=1_024)
def cim_type(code: str) -> CimType | None:
    """The facts of a code of eighteen numbers; None if it is none, or its power of ten is absurd.

    Energy of one phase, one tier, one time-of-use rate or one harmonic is a part of another
    channel's energy. Its unit says so (``kWh (phases 128)``), and only plain units are ever billed.
    """
    if not CODE.fullmatch(code):
        return None
    numbers = tuple(int(part) for part in code.split("."))
    (_, aggregate, period, accumulation, flow, commodity, kind) = numbers[:7]
    harmonic, (tou, cpp, tier, phases), (power, uom, currency) = (
        numbers[7:11],
        numbers[11:15],
        numbers[15:],
    )
    if abs(power) > _POWER_LIMIT:
        return None
    base = "money" if currency else espi_codes.unit_of(uom, aggregate)
    unit = _NAMED.get((base, power), "")
    rest = 0 if unit else power
    unit = unit or base
    if base in _ENERGIES:
        parts = [
            f"{word} {number}"
            for word, number, plain in (
                ("kind", kind, kind in (0, _ENERGY) or base != "Wh"),
                ("flow", flow, flow in _DIRECTIONS or base != "Wh"),
                ("harmonic", harmonic[0] or harmonic[2], not any(harmonic)),
                ("tou", tou, tou == 0),
                ("cpp", cpp, cpp == 0),
                ("tier", tier, tier == 0),
                ("phases", phases, phases in _WHOLE_PHASES),
            )
            if not plain
        ]
        unit += f" ({', '.join(parts)})" if parts else ""
    minutes = _MINUTES.get(period)
    seconds = None if minutes is None else minutes * 60
    return CimType(
        commodity=espi_codes.commodity_of(commodity, None, uom, kind),
        unit=unit,
        power=rest,
        kind=_kind_of(accumulation, aggregate, seconds),
        flow=espi_codes.flow_of(flow or None),
        seconds=seconds,
    )


def _kind_of(accumulation: int, aggregate: int, seconds: int | None) -> ChannelKind:
    """Differences are intervals, running totals registers.

    An average or extreme of a period, and demand of one, is of that period; a value of an instant
    is kept like a register, as what it was then.
    """
    if accumulation == _DELTA:
        return ChannelKind.INTERVAL
    if accumulation in _RUNNING or seconds is None:
        return ChannelKind.REGISTER
    return ChannelKind.INTERVAL if aggregate or accumulation == 0 else ChannelKind.REGISTER


_KNOWN_MISSING = "259"
_QUALITY = re.compile(r"\d{1,3}\.(\d{1,3})\.(\d{1,6})", re.ASCII)
_CATEGORIES = {
    0: Quality.VALID,
    7: Quality.ADJUSTED,
    8: Quality.ESTIMATED,
    11: Quality.ADJUSTED,
    12: Quality.ESTIMATED,
}
_WEAKEST_FIRST = (
    Quality.MISSING,
    Quality.QUESTIONABLE,
    Quality.ESTIMATED,
    Quality.ADJUSTED,
    Quality.VALID,
    Quality.RAW,
)


def cim_quality(codes: tuple[str, ...]) -> Quality | None:
    """The weakest of the quality codes ``system.category.index``; None if one is no such code.

    ``RAW`` where there is none. Diagnostics, power, tamper, data collection, reasonability and
    validation flags make a value questionable; index 259 says that it is known to be missing.
    """
    words: set[Quality] = set()
    for code in codes:
        match = _QUALITY.fullmatch(code)
        if match is None:
            return None
        if match.group(2) == _KNOWN_MISSING and match.group(1) in ("4", "5"):
            words.add(Quality.MISSING)
        else:
            words.add(_CATEGORIES.get(int(match.group(1)), Quality.QUESTIONABLE))
    return next((word for word in _WEAKEST_FIRST if word in words), Quality.RAW)
