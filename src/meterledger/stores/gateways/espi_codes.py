"""ESPI code lists as facts: units, commodities, flow, accumulation, quality (NAESB REQ.21).

Lives here      what each number means to us. Unknown numbers keep their number as their unit.
Lives elsewhere where the numbers stand in a feed (``espi_xml``, ``green_button``).
"""

from __future__ import annotations

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality

UNITS = {
    0: "none",
    5: "A",
    6: "K",
    23: "degC",
    27: "s",
    29: "V",
    31: "J",
    33: "Hz",
    38: "W",
    39: "Pa",
    42: "m3",
    61: "VA",
    63: "VAr",
    65: "power factor",
    71: "VAh",
    72: "Wh",
    73: "VArh",
    80: "money",
    106: "Ah",
    111: "count",
    119: "ft3",
    120: "ft3 (compensated)",
    128: "gal",
    130: "imperial gal",
    132: "BTU",
    133: "BTU/h",
    134: "L",
    157: "L (compensated)",
    166: "m3 (uncompensated)",
    167: "m3 (compensated)",
    169: "therm",
}

_COMMODITIES = {
    1: Commodity.ELECTRICITY,
    2: Commodity.ELECTRICITY,
    26: Commodity.ELECTRICITY,
    7: Commodity.GAS,
    8: Commodity.GAS,
    17: Commodity.GAS,
    9: Commodity.WATER,
    11: Commodity.WATER,
    14: Commodity.WATER,
    10: Commodity.STEAM,
}

_SERVICES = {0: Commodity.ELECTRICITY, 1: Commodity.GAS, 2: Commodity.WATER}

_FLOWS = {
    1: Flow.DELIVERED,
    19: Flow.RECEIVED,
    4: Flow.NET,
    20: Flow.TOTAL,
    21: Flow.TOTAL,
}

_REGISTERS = frozenset({1, 2, 3, 6, 9, 12, 13, 14})
"""Bulk quantity, (continuous) cumulative, indicating, summation, instantaneous, latching."""

_PLAIN_QUALIFIERS = frozenset({0, 2, 12, 26})
"""Not applicable, average, normal, sum: the value is the quantity itself, not an extreme of it."""

_TEMPERATURES = frozenset({6, 23})
_TEMPERATURE_KIND = 46

_QUALITIES = {
    0: Quality.VALID,
    7: Quality.ADJUSTED,
    8: Quality.ESTIMATED,
    9: Quality.ESTIMATED,
    10: Quality.QUESTIONABLE,
    11: Quality.ADJUSTED,
    12: Quality.ESTIMATED,
    13: Quality.QUESTIONABLE,
    14: Quality.RAW,
    15: Quality.ADJUSTED,
    16: Quality.QUESTIONABLE,
    17: Quality.VALID,
    18: Quality.VALID,
    19: Quality.VALID,
}

_WEAKEST_FIRST = (
    Quality.QUESTIONABLE,
    Quality.ESTIMATED,
    Quality.SUBSTITUTED,
    Quality.ADJUSTED,
    Quality.RAW,
    Quality.VALID,
)


def unit_of(uom: int, qualifier: int | None) -> str:
    """The unit of a code; an extreme or a threshold of a quantity is not that quantity."""
    unit = UNITS.get(uom, f"uom {uom}")
    if qualifier is None or qualifier in _PLAIN_QUALIFIERS:
        return unit
    return f"{unit} (qualifier {qualifier})"


def commodity_of(
    commodity: int | None, service: int | None, uom: int, kind: int | None
) -> Commodity:
    """What flows: the reading type's word first, else the usage point's service category.

    Temperature is no commodity. Where neither says anything the commodity is ``OTHER``, which is
    kept and never billed.
    """
    if kind == _TEMPERATURE_KIND or uom in _TEMPERATURES:
        return Commodity.OTHER
    if commodity:
        return _COMMODITIES.get(commodity, Commodity.OTHER)
    return Commodity.OTHER if service is None else _SERVICES.get(service, Commodity.OTHER)


def flow_of(direction: int | None) -> Flow:
    """The direction; quadrants and silence are ``UNKNOWN``."""
    return Flow.UNKNOWN if direction is None else _FLOWS.get(direction, Flow.UNKNOWN)


def kind_of(accumulation: int | None) -> ChannelKind:
    """Deltas (and what is not said) are intervals; running totals and instant values registers."""
    return ChannelKind.REGISTER if accumulation in _REGISTERS else ChannelKind.INTERVAL


def quality_of(codes: tuple[int, ...], default: int | None) -> Quality:
    """The weakest of the reading's codes, else the reading type's default, else ``RAW``."""
    said = codes or (() if default is None else (default,))
    words = {_QUALITIES.get(code, Quality.QUESTIONABLE) for code in said}
    return next((word for word in _WEAKEST_FIRST if word in words), Quality.RAW)
