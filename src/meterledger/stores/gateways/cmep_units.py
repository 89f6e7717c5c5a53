"""CMEP unit words (protocol version 1.20, and those that vendors add) as facts.

Lives here      what KWH, GKWH, SKWHREG, PULSE ... measure, in which direction, as what.
Lives elsewhere the records they stand in (``cmep``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality

COMMODITIES = {
    "E": Commodity.ELECTRICITY,
    "G": Commodity.GAS,
    "W": Commodity.WATER,
    "S": Commodity.STEAM,
}

_PLAIN = {
    "VOLTS": "V",
    "BTU": "BTU",
    "THERM": "therm",
    "GAL": "gal",
    "CF": "CF",
    "CCF": "CCF",
    "MCF": "MCF",
    "ACFT": "acre-ft",
    "LBS": "lb",
}
_DIRECTED = {
    "KWH": "kWh",
    "KVAH": "kVAh",
    "KVARH": "kVArh",
    "KW": "kW",
    "KVA": "kVA",
    "KVAR": "kVAr",
}
_FLOWS = {
    "": Flow.DELIVERED,
    "G": Flow.RECEIVED,
    "N": Flow.NET,
    "S": Flow.TOTAL,
}
_PULSE_MEANS = {Commodity.ELECTRICITY: "kWh", Commodity.GAS: "therm"}
"""What a pulse times its constant is: the protocol names KWH and THERM, and no other."""

_UNIT_WORD = re.compile(r"[A-Z][A-Z0-9/$-]{0,11}")

QUALITIES = {
    "": Quality.VALID,
    "R": Quality.RAW,
    "E": Quality.ESTIMATED,
    "A": Quality.ADJUSTED,
    "N": Quality.MISSING,
}
"""By the letter; the digits after it are a vendor's bits. ``A`` is adjusted, as the protocol says;
a head-end that sends it on ordinary readings needs a mapping of its own."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What a unit word says. ``pulse``: values mean nothing without the calculation constant."""

    unit: str
    kind: ChannelKind
    flow: Flow
    pulse: bool = False


def unit_facts(word: str, commodity: Commodity) -> UnitFacts | None:
    """What the word says of this commodity; None if it is no unit word, or says nothing of it.

    A word that is not of the protocol keeps itself as the unit, so that it is kept, shown and
    never taken for energy.
    """
    if word == "PULSE":
        unit = _PULSE_MEANS.get(commodity)
        if unit is None:
            return None
        return UnitFacts(unit, ChannelKind.INTERVAL, Flow.DELIVERED, pulse=True)
    base = word.removesuffix("REG")
    kind = ChannelKind.REGISTER if base != word else ChannelKind.INTERVAL
    if base in _PLAIN:
        flow = Flow.UNKNOWN if base == "VOLTS" else Flow.DELIVERED
        return UnitFacts(_PLAIN[base], kind, flow)
    if base == "GAS" and kind is ChannelKind.REGISTER:
        return UnitFacts("GASREG", kind, Flow.DELIVERED)
    for prefix, flow in _FLOWS.items():
        rest = base.removeprefix(prefix)
        if base.startswith(prefix) and rest in _DIRECTED:
            return UnitFacts(_DIRECTED[rest], kind, flow)
    return UnitFacts(word, kind, Flow.UNKNOWN) if _UNIT_WORD.fullmatch(word) else None
